"""Where registries are kept: SQLite files and PostgreSQL, opened, migrated, read and written."""
