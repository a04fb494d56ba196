"""Recorded returns and chargebacks can be taken back."""

import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "return_taken_back",
        sa.Column("payment_id", _ID, autoincrement=False, nullable=False),
        sa.Column("by_payment_id", sa.BigInteger(), nullable=False),
        sa.Column("first_payment_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("return_action_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_return_taken_back_account_id")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_return_taken_back_action_id")),
        sa.ForeignKeyConstraint(["by_payment_id"], ["payment.id"], name=op.f("fk_return_taken_back_by_payment_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_return_taken_back_entry_id")),
        sa.ForeignKeyConstraint(["first_payment_id"], ["payment.id"], name=op.f("fk_return_taken_back_first_payment_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_return_taken_back_payment_id")),
        sa.ForeignKeyConstraint(["return_action_id"], ["action.id"], name=op.f("fk_return_taken_back_return_action_id")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_return_taken_back")),
        sa.UniqueConstraint("by_payment_id", name=op.f("uq_return_taken_back_by_payment_id")),
    )
    op.create_index(op.f("ix_return_taken_back_account_id"), "return_taken_back", ["account_id"], unique=False)
    op.create_index(op.f("ix_return_taken_back_business_date"), "return_taken_back", ["business_date"], unique=False)
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
