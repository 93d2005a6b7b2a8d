"""Provenance documents: W3C PROV and IVOA ProvenanceDM."""
