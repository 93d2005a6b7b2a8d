"""The graph beside the database: a file of adjacencies that answers faster, and is never believed unchecked."""
