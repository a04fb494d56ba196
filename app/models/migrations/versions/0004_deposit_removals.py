"""Checks that are taken out of a deposit again, by reversal."""

import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deposit_removal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("deposit_id", sa.BigInteger(), nullable=False),
        sa.Column("mail_check_id", sa.BigInteger(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_deposit_removal_positive")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_deposit_removal_action_id")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposit.id"], name=op.f("fk_deposit_removal_deposit_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_deposit_removal_entry_id")),
        sa.ForeignKeyConstraint(["mail_check_id"], ["mail_check.id"], name=op.f("fk_deposit_removal_mail_check_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_removal")),
        sa.UniqueConstraint("deposit_id", "mail_check_id", name=op.f("uq_deposit_removal_deposit_id_mail_check_id")),
    )
    op.create_index(op.f("ix_deposit_removal_business_date"), "deposit_removal", ["business_date"], unique=False)
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
