"""Lineages for the eye: trees, tables, graphs and pictures."""
