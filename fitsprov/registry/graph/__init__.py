"""The graph out of the tables: lineages, walks, and the ways between two datasets."""
