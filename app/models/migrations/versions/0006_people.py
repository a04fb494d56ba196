"""People who sign in, limits of what one may do alone, approvals; who approved an action."""

import sqlalchemy as sa
from alembic import op

from app.models import searchindex, triggers

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("must_change", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "role IN ('clerk', 'supervisor', 'manager', 'administrator', 'auditor')", name=op.f("ck_person_role")
        ),
        sa.CheckConstraint("state IN ('active', 'blocked')", name=op.f("ck_person_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
    )
    op.create_table(
        "sign_in_guard",
        sa.Column("login_digest", sa.String(length=64), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("login_digest", name=op.f("pk_sign_in_guard")),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("pc", sa.String(length=200), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sign_in_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
    )
    op.create_table(
        "office_control",
        sa.Column("id", _ID, nullable=False),
        sa.Column("credit_limit_cents", sa.BigInteger(), nullable=True),
        sa.Column("write_off_limit_cents", sa.BigInteger(), nullable=True),
        sa.Column("waiver_limit_cents", sa.BigInteger(), nullable=True),
        sa.Column("refund_limit_cents", sa.BigInteger(), nullable=True),
        sa.Column("two_for_billing", sa.Integer(), nullable=False),
        sa.Column("two_for_refunds_over_cents", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_office_control_one_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_control")),
    )
    op.create_table(
        "approval",
        sa.Column("id", _ID, nullable=False),
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_approval_answered_by")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_approval_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    op.add_column("action", sa.Column("person_id", sa.BigInteger(), nullable=True))
    op.add_column("action", sa.Column("approved_by", sa.String(length=200), server_default=sa.text("''"), nullable=False))
    op.add_column("action", sa.Column("approver_id", sa.BigInteger(), nullable=True))
    op.add_column("office", sa.Column("is_sample", sa.Integer(), server_default=sa.text("0"), nullable=False))
    # The sample office was always made by itself, under this name at this PC.
    op.execute(
        "UPDATE office SET is_sample = 1 WHERE EXISTS (SELECT 1 FROM action WHERE id = 1 AND actor = 'demo' AND pc = 'demo')"
    )
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
