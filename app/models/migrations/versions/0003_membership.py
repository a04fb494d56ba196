"""Members billed in arrears: their terms and fee dates, failed attempts, unbilled revenue."""

import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "membership",
        sa.Column("account_id", _ID, autoincrement=False, nullable=False),
        sa.Column("plan", sa.String(length=24), nullable=False),
        sa.Column("monthly_cents", sa.BigInteger(), nullable=False),
        sa.Column("processing_cents", sa.BigInteger(), nullable=False),
        sa.Column("individuals", sa.Integer(), nullable=False),
        sa.Column("signed_up_on", sa.Date(), nullable=False),
        sa.Column("work_performed_on", sa.Date(), nullable=True),
        sa.Column("instructed_on", sa.Date(), nullable=True),
        sa.Column("processing_invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("processing_paid_on", sa.Date(), nullable=True),
        sa.Column("period_from", sa.Date(), nullable=True),
        sa.Column("next_fee_on", sa.Date(), nullable=True),
        sa.Column("fee_day", sa.Integer(), nullable=True),
        sa.Column("monthly_fee_charged", sa.Boolean(), nullable=False),
        sa.CheckConstraint("individuals >= 1", name=op.f("ck_membership_individuals")),
        sa.CheckConstraint("monthly_cents >= 0 AND processing_cents >= 0", name=op.f("ck_membership_amounts")),
        sa.CheckConstraint("(next_fee_on IS NULL) = (period_from IS NULL)", name=op.f("ck_membership_period")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_membership_account_id")),
        sa.ForeignKeyConstraint(["processing_invoice_id"], ["invoice.id"], name=op.f("fk_membership_processing_invoice_id")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_membership")),
        sa.UniqueConstraint("processing_invoice_id", name=op.f("uq_membership_processing_invoice_id")),
    )
    op.create_table(
        "failed_attempt",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("how", sa.String(length=24), nullable=False),
        sa.Column("attempt", sa.String(length=200), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_failed_attempt_account_id")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_failed_attempt_action_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_failed_attempt_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_attempt")),
    )
    op.create_index(op.f("ix_failed_attempt_account_id"), "failed_attempt", ["account_id"], unique=False)
    op.create_index(op.f("ix_failed_attempt_invoice_id"), "failed_attempt", ["invoice_id"], unique=False)
    op.create_table(
        "unbilled_revenue",
        sa.Column("month_end", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("reversal_entry_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name=op.f("fk_unbilled_revenue_entry_id")),
        sa.ForeignKeyConstraint(["reversal_entry_id"], ["entry.id"], name=op.f("fk_unbilled_revenue_reversal_entry_id")),
        sa.PrimaryKeyConstraint("month_end", name=op.f("pk_unbilled_revenue")),
    )
    # Today counts both each time it is shown; without these it reads every payment and check of the office.
    for name, table, column, where in (
        ("ix_mail_check_held", "mail_check", "received_on", "state = 'held'"),
        ("ix_payment_clearing", "payment", "business_date", "kind <> 'check' AND settled_on IS NULL"),
    ):
        op.create_index(name, table, [column], unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
