"""What people typed as their reasons is personal too: it may be emptied, and is sealed with a salt beside the chain."""

from alembic import op

from app.models import searchindex, triggers

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The rows are sealed anew after this, by the layout that knows the columns.
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
