"""Personal values in rows that never change may be emptied: the triggers say so."""

from alembic import op

from app.models import searchindex, triggers

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
