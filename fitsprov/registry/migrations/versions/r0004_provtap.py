"""Views in the words of IVOA ProvenanceDM 1.0."""

from alembic import op

from fitsprov.registry.facts.views import create_views, drop_views

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply this revision."""
    drop_views(op.get_bind())
    create_views(op.get_bind())
