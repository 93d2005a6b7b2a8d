"""Views in the words of IVOA ProvenanceDM 1.0; they are made by the newest revision that changes their tables."""

from alembic import op

from fitsprov.registry.facts.views import drop_views

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply this revision."""
    drop_views(op.get_bind())
