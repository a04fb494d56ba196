"""A policy change can be withdrawn before its day, and another one set for the same day."""

import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("policy_version") as table:
        table.drop_constraint(op.f("uq_policy_version_name_effective_on"), type_="unique")
    op.create_table(
        "policy_withdrawal",
        sa.Column("policy_version_id", _ID, autoincrement=False, nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_policy_withdrawal_action_id")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_version.id"], name=op.f("fk_policy_withdrawal_policy_version_id")
        ),
        sa.PrimaryKeyConstraint("policy_version_id", name=op.f("pk_policy_withdrawal")),
    )
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
