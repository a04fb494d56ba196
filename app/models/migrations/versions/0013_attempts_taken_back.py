"""A failed payment attempt that was recorded by mistake can be taken back."""

import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "attempt_taken_back",
        sa.Column("attempt_id", _ID, autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt_action_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_attempt_taken_back_account_id")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_attempt_taken_back_action_id")),
        sa.ForeignKeyConstraint(["attempt_action_id"], ["action.id"], name=op.f("fk_attempt_taken_back_attempt_action_id")),
        sa.ForeignKeyConstraint(["attempt_id"], ["payment_attempt.id"], name=op.f("fk_attempt_taken_back_attempt_id")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_attempt_taken_back")),
    )
    op.create_index(op.f("ix_attempt_taken_back_account_id"), "attempt_taken_back", ["account_id"], unique=False)
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
