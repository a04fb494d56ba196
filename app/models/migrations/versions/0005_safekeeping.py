"""Backups and their log, and bank account numbers under the office's key."""

import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "safekeeping",
        sa.Column("id", _ID, nullable=False),
        sa.Column("office_mark", sa.String(length=32), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("second_folder", sa.Text(), nullable=False),
        sa.Column("passphrase_salt", sa.String(length=64), nullable=False),
        sa.Column("passphrase_check", sa.String(length=64), nullable=False),
        sa.Column("keep_daily", sa.Integer(), nullable=False),
        sa.Column("keep_weekly", sa.Integer(), nullable=False),
        sa.Column("keep_monthly", sa.Integer(), nullable=False),
        sa.Column("warn_after_days", sa.Integer(), nullable=False),
        sa.Column("key_check", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_safekeeping_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safekeeping")),
    )
    op.create_table(
        "backup_log",
        sa.Column("number", _ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=False),
        sa.Column("pc", sa.String(length=200), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("second", sa.Text(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('begun', 'verified', 'failed')", name=op.f("ck_backup_log_state")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_backup_log_action_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_backup_log")),
    )
    op.create_table(
        "bank_number",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("account_type", sa.String(length=24), nullable=False),
        sa.Column("last4", sa.String(length=24), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_bank_number_account_id")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_bank_number_action_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_number")),
    )
    op.create_index(op.f("ix_bank_number_account_id"), "bank_number", ["account_id"], unique=False)
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
