"""DataLink 1.1: {links} documents, their rows, writer, validator and reader."""
