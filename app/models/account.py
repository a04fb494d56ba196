"""Accounts, their services, and what was agreed with them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    AccountRef,
    ActionRef,
    Base,
    Cents,
    Code,
    Day,
    Id,
    Name,
    OptionalCents,
    OptionalDay,
    Words,
)


class Account(Base):
    """A customer's account. `address` holds one line a row, empty when none is known.

    `balance_cents` is stored for speed and equals the account's receivable postings; `cycle_done` is the
    first day of the last month whose cycle was done for it (ADV-1).
    """

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'suspended', 'closed')", name="status"),
        CheckConstraint("delivery IN ('email', 'paper')", name="delivery"),
        CheckConstraint("kind IN ('residential', 'business')", name="kind"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(16), unique=True)
    policy: Mapped[Code]
    name: Mapped[Name]
    kind: Mapped[Code]
    managed: Mapped[bool]
    email: Mapped[Name]
    phone: Mapped[Name]
    address: Mapped[Words]
    delivery: Mapped[Code]
    autopay: Mapped[Code]
    method_label: Mapped[Name]
    authorized_on: Mapped[OptionalDay]
    hourly_rate_cents: Mapped[OptionalCents]
    status: Mapped[Code]
    opened_on: Mapped[Day]
    closed_on: Mapped[OptionalDay]
    old_number: Mapped[Name]
    payer: Mapped[Name]
    notes: Mapped[Words]
    balance_cents: Mapped[Cents]
    cycle_done: Mapped[OptionalDay]


class AccountChange(Base):
    """What was changed on an account's card (address, delivery, auto-pay ...), before and after."""

    __tablename__ = "account_change"

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    on: Mapped[Day] = mapped_column("business_date")
    what: Mapped[Code]
    before: Mapped[Words]
    after: Mapped[Words]
    action_id: Mapped[ActionRef]


class Service(Base):
    """A service from `first_day` to `last_day` (none: goes on). `monthly_cents` is the price in force.

    `billed_through` is the last day that is settled: billed, or never to be billed.
    """

    __tablename__ = "service"

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    name: Mapped[Name]
    code: Mapped[Name]
    monthly_cents: Mapped[Cents]
    first_day: Mapped[Day]
    last_day: Mapped[OptionalDay]
    billed_through: Mapped[OptionalDay]


class ServicePrice(Base):
    """The price of a service from a day on; the latest row recorded for a day counts."""

    __tablename__ = "service_price"

    id: Mapped[Id]
    service_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("service.id"), index=True)
    from_day: Mapped[Day]
    monthly_cents: Mapped[Cents]
    action_id: Mapped[ActionRef]


class ScheduledChange(Base):
    """A price change, end of service or cancellation that names a later day (BOTH-10)."""

    __tablename__ = "scheduled_change"
    __table_args__ = (
        CheckConstraint("what IN ('price', 'end', 'cancel')", name="what"),
        Index(
            "ix_scheduled_change_waiting",
            "account_id",
            sqlite_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[Id]
    account_id: Mapped[AccountRef]
    service_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("service.id"))
    what: Mapped[Code]
    effective: Mapped[Day]
    monthly_cents: Mapped[OptionalCents]
    state: Mapped[Code]
    action_id: Mapped[ActionRef]


class Suspension(Base):
    """Services suspended from `on` through the day before `restored_on` (ADV-15, ADV-17)."""

    __tablename__ = "suspension"

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    on: Mapped[Day] = mapped_column("business_date")
    restored_on: Mapped[OptionalDay]
    restored_by: Mapped[Code]
    reactivation: Mapped[Code]
    action_id: Mapped[ActionRef]


class Arrangement(Base):
    """Dated instalments agreed with the customer (ADV-16); the latest arrangement counts."""

    __tablename__ = "arrangement"

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    made_on: Mapped[Day]
    action_id: Mapped[ActionRef]


class Instalment(Base):
    """One dated amount of an arrangement."""

    __tablename__ = "instalment"

    arrangement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("arrangement.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    due_on: Mapped[Day]
    cents: Mapped[Cents]


class Work(Base):
    """Work done for a customer, in the office's local time, and how it is billed (ADV-11 to ADV-13)."""

    __tablename__ = "work"

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    kind: Mapped[Code]
    starts_at: Mapped[datetime] = mapped_column(DateTime)
    ends_at: Mapped[datetime] = mapped_column(DateTime)
    description: Mapped[Words]
    decision: Mapped[Code]
    clause: Mapped[Code]
    why: Mapped[Words]
    action_id: Mapped[ActionRef]


class ListedException(Base):
    """Something that a run found and a person must see; closed when its cause is gone."""

    __tablename__ = "listed_exception"

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    code: Mapped[Code]
    opened_on: Mapped[Day]
    closed_on: Mapped[OptionalDay]
    detail: Mapped[Words]


class Note(Base):
    """What somebody wrote down about an account; with `remind_on` it waits on the list until `done_on`."""

    __tablename__ = "note"
    __table_args__ = (
        Index(
            "ix_note_waiting",
            "remind_on",
            sqlite_where=text("remind_on IS NOT NULL AND done_on IS NULL"),
        ),
    )

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    on: Mapped[Day] = mapped_column("business_date")
    body: Mapped[Words]
    remind_on: Mapped[OptionalDay]
    done_on: Mapped[OptionalDay]
    action_id: Mapped[ActionRef]
