"""The audit trail: a chain of sealed transactions, and what each changed."""

import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("n", _ID, autoincrement=False, nullable=False),
        sa.Column("first_action_id", sa.BigInteger(), nullable=True),
        sa.Column("last_action_id", sa.BigInteger(), nullable=True),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("salts", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_first_action_id"), "audit", ["first_action_id"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("layout_n", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_head")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_change",
        sa.Column("id", _ID, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=True),
        sa.Column("action_id", sa.BigInteger(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("table_name", sa.String(length=40), nullable=False),
        sa.Column("row_key", sa.String(length=80), nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.CheckConstraint("what IN ('update', 'delete')", name=op.f("ck_audit_change_what")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_change")),
    )
    for column in ("n", "action_id", "account_id"):
        op.create_index(op.f(f"ix_audit_change_{column}"), "audit_change", [column], unique=False)
    op.create_index("ix_audit_change_row", "audit_change", ["table_name", "row_key"], unique=False)
    where = sa.text("n IS NULL")
    op.create_index(
        "ix_audit_change_unsealed", "audit_change", ["id"], unique=False, sqlite_where=where, postgresql_where=where
    )
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
