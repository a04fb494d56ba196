"""Refund checks are found by their amount."""

from alembic import op

from app.models import searchindex, triggers

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_refund_cents", "refund", ["cents"], unique=False)
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
