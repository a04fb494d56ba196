"""Notes with reminders, and which statements and refund checks have been printed."""

import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_note_account_id")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_note_action_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index(op.f("ix_note_account_id"), "note", ["account_id"], unique=False)
    op.create_index(
        "ix_note_waiting",
        "note",
        ["remind_on"],
        unique=False,
        sqlite_where=sa.text("remind_on IS NOT NULL AND done_on IS NULL"),
        postgresql_where=sa.text("remind_on IS NOT NULL AND done_on IS NULL"),
    )
    op.create_table(
        "statement_print",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery", sa.String(length=24), nullable=False),
        sa.Column("first_place", sa.Integer(), nullable=False),
        sa.Column("last_place", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(length=200), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_statement_print_action_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_statement_print_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_print")),
    )
    op.create_index(op.f("ix_statement_print_run_id"), "statement_print", ["run_id"], unique=False)
    op.add_column("issued_check", sa.Column("printed_on", sa.Date(), nullable=True))
    # What was issued before sheets were confirmed has long been printed.
    op.execute("UPDATE issued_check SET printed_on = business_date")
    op.create_table(
        "invoice_reversal",
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("by_invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_invoice_reversal_account_id")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_invoice_reversal_action_id")),
        sa.ForeignKeyConstraint(["by_invoice_id"], ["invoice.id"], name=op.f("fk_invoice_reversal_by_invoice_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_reversal_invoice_id")),
        sa.PrimaryKeyConstraint("invoice_id", name=op.f("pk_invoice_reversal")),
        sa.UniqueConstraint("by_invoice_id", name=op.f("uq_invoice_reversal_by_invoice_id")),
    )
    op.create_index(op.f("ix_invoice_reversal_account_id"), "invoice_reversal", ["account_id"], unique=False)
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
