"""Notes of what changes in what activities are found by, since the adjacency file lists them by it.

The trigger on updates of `activity`, of revision 0003, heeded its key alone.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

NOTE = (
    "INSERT INTO graph_change (activity_id) SELECT OLD.id"
    " WHERE OLD.id <= (SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'graph_activity')"
)
COLUMNS = ("id", "task_id", "run_id", "config_id", "software_env_id", "execution_id")


def upgrade() -> None:
    """Apply this revision."""
    postgres = op.get_bind().dialect.name == "postgresql"
    unlike = "IS DISTINCT FROM" if postgres else "IS NOT"
    note = "EXECUTE FUNCTION note_activity()" if postgres else f"BEGIN {NOTE}; END"
    changes = " OR ".join(f"OLD.{name} {unlike} NEW.{name}" for name in COLUMNS)
    op.execute("DROP TRIGGER activity_changed" + (" ON activity" if postgres else ""))
    op.execute(
        f"CREATE TRIGGER activity_changed AFTER UPDATE OF {', '.join(COLUMNS)} ON activity"
        f" FOR EACH ROW WHEN ({changes}) {note}"
    )
