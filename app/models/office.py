"""The office itself, its policies, and who did what."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import ActionRef, Base, Cents, Code, Day, GivenId, Id, Instant, Name, OptionalDay, Words


class Office(Base):
    """The one row about the office; `closed_through` is the last closed business date (ADV-6)."""

    __tablename__ = "office"
    __table_args__ = (CheckConstraint("id = 1", name="one_office"),)

    id: Mapped[Id]
    name: Mapped[Name]
    address: Mapped[Words]
    phone: Mapped[Name]
    email: Mapped[Name]
    website: Mapped[Name]
    time_zone: Mapped[Name]
    bank_name: Mapped[Name]
    bank_routing: Mapped[Name]
    bank_account_last4: Mapped[Name]
    statement_message: Mapped[Words]
    opened_on: Mapped[Day]
    closed_through: Mapped[OptionalDay]
    # 1: the sample office, in which anybody may try anything without signing in.
    is_sample: Mapped[int] = mapped_column(server_default=text("0"))


class PolicyVersion(Base):
    """A policy file as it was taken over: TOML text, in force from a business date."""

    __tablename__ = "policy_version"

    id: Mapped[Id]
    name: Mapped[Name]
    effective_on: Mapped[Day]
    body: Mapped[Words]


class PolicyWithdrawal(Base):
    """A policy version that was taken back before its day had come: it never counts."""

    __tablename__ = "policy_withdrawal"

    policy_version_id: Mapped[GivenId] = mapped_column(ForeignKey("policy_version.id"))
    action_id: Mapped[ActionRef]


class Action(Base):
    """One user action, or one chunk of a run: one transaction. Every document names its action."""

    __tablename__ = "action"

    id: Mapped[Id]
    what: Mapped[Code]
    on: Mapped[Day] = mapped_column("business_date", index=True)
    recorded_at: Mapped[Instant]
    actor: Mapped[Name]
    role: Mapped[Code]
    pc: Mapped[Name]
    reason: Mapped[Words]
    token: Mapped[str | None] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    approved_by: Mapped[str] = mapped_column(String(200), server_default=text("''"))
    approver_id: Mapped[int | None] = mapped_column(BigInteger)


class Run(Base):
    """A billing, auto-pay, refund or statement run; `state` is `running` until it has finished."""

    __tablename__ = "run"

    id: Mapped[Id]
    what: Mapped[Code]
    on: Mapped[Day] = mapped_column("business_date")
    state: Mapped[Code]
    started_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    actor: Mapped[Name]
    accounts: Mapped[int]
    documents: Mapped[int]
    cents: Mapped[Cents]
    through_action_id: Mapped[int]
