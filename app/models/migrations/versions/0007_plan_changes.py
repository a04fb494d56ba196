"""Another plan for a member from a fee period on."""

import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "plan_change",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("plan", sa.String(length=24), nullable=False),
        sa.Column("monthly_cents", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("monthly_cents >= 0", name=op.f("ck_plan_change_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_plan_change_account_id")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_plan_change_action_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_change")),
    )
    op.create_index(op.f("ix_plan_change_account_id"), "plan_change", ["account_id"], unique=False)
    op.create_table(
        "plan_change_undone",
        sa.Column("plan_change_id", _ID, autoincrement=False, nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_plan_change_undone_action_id")),
        sa.ForeignKeyConstraint(["plan_change_id"], ["plan_change.id"], name=op.f("fk_plan_change_undone_plan_change_id")),
        sa.PrimaryKeyConstraint("plan_change_id", name=op.f("pk_plan_change_undone")),
    )
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
