"""Who may sign in, what was tried at the door, and what needs a second person."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Code, Day, Id, Instant, Name, OptionalCents


class Person(Base):
    """Someone who works in the office. `login` is kept in small letters; `state` is `active` or `blocked`.

    `password_hash` is Argon2's own text, its parameters included; `must_change` is 1 while the password is one
    that an administrator gave.
    """

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("role IN ('clerk', 'supervisor', 'manager', 'administrator', 'auditor')", name="role"),
        CheckConstraint("state IN ('active', 'blocked')", name="state"),
    )

    id: Mapped[Id]
    name: Mapped[Name]
    login: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[Code]
    password_hash: Mapped[Name]
    state: Mapped[Code]
    must_change: Mapped[int]


class SignInGuard(Base):
    """Wrong passwords in a row for a name as it was typed, known here or not; only a short digest of it is kept."""

    __tablename__ = "sign_in_guard"

    login_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    failed: Mapped[int]
    locked_until: Mapped[Instant | None]


class SignIn(Base):
    """What happened at the door: `in`, `out`, `wrong`, `locked`, `unlocked`, `approved`; no person: an unknown name."""

    __tablename__ = "sign_in"

    id: Mapped[Id]
    at: Mapped[Instant]
    pc: Mapped[Name]
    person_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("person.id"))
    outcome: Mapped[Code]


class OfficeControl(Base):
    """The office's limits, one row: what a supervisor may do alone, and what takes two people. NULL: no limit."""

    __tablename__ = "office_control"
    __table_args__ = (CheckConstraint("id = 1", name="one_office"),)

    id: Mapped[Id]
    credit_limit_cents: Mapped[OptionalCents]
    write_off_limit_cents: Mapped[OptionalCents]
    waiver_limit_cents: Mapped[OptionalCents]
    refund_limit_cents: Mapped[OptionalCents]
    two_for_billing: Mapped[int]
    two_for_refunds_over_cents: Mapped[OptionalCents]


class Approval(Base):
    """What one person asks another to approve at their own PC; `subject` says exactly what, `words` tells a person.

    `state` is `asked`, `approved`, `refused`, `used` or `withdrawn` (not needed any more); an approval counts
    once, on its business date, for its asker.
    """

    __tablename__ = "approval"

    id: Mapped[Id]
    what: Mapped[Code]
    subject: Mapped[Name]
    words: Mapped[Name]
    on: Mapped[Day] = mapped_column("business_date")
    asked_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("person.id"))
    asked_at: Mapped[Instant]
    answered_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("person.id"))
    answered_at: Mapped[Instant | None]
    state: Mapped[Code]
