"""Notes of what changes in the graph behind what an adjacency file has.

Rows are noted up to the keys that the newest file has (``graph_activity``, ``graph_entity`` in `meta`); where there is
no file, nothing is. Inserts have no trigger, which would slow every load down: what is new has greater keys, and who
adds inputs to an older activity notes it.
"""

import sqlalchemy as sa
from alembic import op

from fitsprov.registry.migrations.spelling import pointer
from fitsprov.registry.schema import Key

revision = "0003"
down_revision = "0002"

MARK = "SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'graph_%s'"
NOTE = "INSERT INTO graph_change (%s_id) SELECT OLD.%s WHERE OLD.%s <= ({mark})"
FACTS = ("id", "gen_aid", "dataset_type_id", "run_id")
NOTED = {
    "used": ("activity", "activity_id", ()),
    "activity": ("activity", "id", ("id",)),  # a key that is free may be given again
    "entity": ("entity", "id", FACTS),
}
"""Table → what changes, its key, and the columns that matter; none for all."""


def upgrade() -> None:
    """Apply this revision."""
    op.create_table(
        "graph_change",
        sa.Column("id", Key, nullable=False, autoincrement=True),
        *(pointer("activity_id"), pointer("entity_id")),
        sa.PrimaryKeyConstraint("id", name="pk_graph_change"),
        sqlite_autoincrement=True,
    )
    postgres = op.get_bind().dialect.name == "postgresql"
    for table, (kind, key, columns) in NOTED.items():
        note = (NOTE % (kind, key, key)).format(mark=MARK % kind)
        if postgres:
            op.execute(
                f"CREATE FUNCTION note_{table}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN {note}; RETURN NULL; END $$"
            )
            note = f"EXECUTE FUNCTION note_{table}()"
        else:
            note = f"BEGIN {note}; END"
        unlike = "IS DISTINCT FROM" if postgres else "IS NOT"
        changes = " OR ".join(f"OLD.{name} {unlike} NEW.{name}" for name in columns)
        what, when = (f"OF {', '.join(columns)}", f"WHEN ({changes})") if columns else ("", "")
        op.execute(f"CREATE TRIGGER {table}_deleted AFTER DELETE ON {table} FOR EACH ROW {note}")
        op.execute(f"CREATE TRIGGER {table}_changed AFTER UPDATE {what} ON {table} FOR EACH ROW {when} {note}")
