"""Making a registry and bringing it up to date; the one module that needs Alembic, which is slow to load."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

__all__ = ["migrate"]

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the schema to a revision, the newest by default, inside the caller's transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
