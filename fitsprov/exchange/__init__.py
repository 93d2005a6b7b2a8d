"""Provenance documents in and out: run records, and drawings of a lineage."""
