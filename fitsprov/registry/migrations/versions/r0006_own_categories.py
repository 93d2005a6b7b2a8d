"""Categories of datasets themselves, where their types state none."""

import sqlalchemy as sa
from alembic import op

from fitsprov.registry.facts.views import create_views, drop_views
from fitsprov.registry.migrations.spelling import make, text, word_key
from fitsprov.registry.schema import String

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply this revision."""
    drop_views(op.get_bind())
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("dataset_type", "name", nullable=True)
        op.add_column("dataset_type", sa.Column("own", String))
        op.drop_constraint("uq_dataset_type_name", "dataset_type")
        op.create_unique_constraint("uq_dataset_type_name_own", "dataset_type", ["name", "own"])
    else:
        make_again()
    create_views(op.get_bind())


def make_again() -> None:
    """Make the table anew, because SQLite changes no constraint; that datasets point to it is checked at the end."""
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TEMPORARY TABLE older AS SELECT id, name, category FROM dataset_type")
    op.execute("DROP TABLE dataset_type")
    columns = (word_key(), text("name"), sa.Column("own", String), sa.Column("category", String))
    make("dataset_type", *columns, unique=("name", "own"))
    op.execute("INSERT INTO dataset_type (id, name, category) SELECT id, name, category FROM older")
    op.execute("DROP TABLE older")
