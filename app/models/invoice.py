"""Invoices, their lines, charges waiting for the next invoice, credits and what they were applied to."""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    AccountRef,
    ActionRef,
    Base,
    Cents,
    Code,
    Day,
    EntryRef,
    GivenId,
    Id,
    Name,
    OptionalDay,
    Words,
)


class Invoice(Base):
    """Everything billed to an account at one moment; its id is its number.

    `open_cents` is stored for speed: the total less what was applied; 0 for a credit memo.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        Index(
            "ix_invoice_open",
            "account_id",
            "due_on",
            "id",
            "open_cents",
            "issued_on",
            sqlite_where=text("open_cents > 0"),
        ),
        CheckConstraint("open_cents >= 0", name="open"),
    )

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    issued_on: Mapped[Day]
    due_on: Mapped[Day]
    total_cents: Mapped[Cents]
    open_cents: Mapped[Cents]
    what: Mapped[Code]
    run_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("run.id"))
    entry_id: Mapped[EntryRef]
    action_id: Mapped[ActionRef]


class InvoiceReversal(Base):
    """An invoice of a billing run that was taken back: at most once, by an invoice of the opposite amounts."""

    __tablename__ = "invoice_reversal"

    invoice_id: Mapped[GivenId] = mapped_column(ForeignKey("invoice.id"))
    by_invoice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("invoice.id"), unique=True)
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    action_id: Mapped[ActionRef]


class Line(Base):
    """A charge (credits negative) with its clause and arithmetic; `key` names what it is for.

    The database refuses a second line with the same key on one account, so nothing is billed twice.
    `recognise_on` is the month end at which deferred revenue is earned; none when earned at once.
    """

    __tablename__ = "line"
    __table_args__ = (UniqueConstraint("account_id", "key"), {"sqlite_with_rowid": False})

    invoice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("invoice.id"), primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    account_id: Mapped[AccountRef]
    kind: Mapped[Code]
    key: Mapped[str] = mapped_column(String(80))
    cents: Mapped[Cents]
    clause: Mapped[Code]
    description: Mapped[Name]
    why: Mapped[Words]
    service_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("service.id"))
    period_from: Mapped[OptionalDay]
    period_to: Mapped[OptionalDay]
    recognise_on: Mapped[OptionalDay]


class PendingCharge(Base):
    """A charge that waits for the account's next cycle invoice (work, price changes)."""

    __tablename__ = "pending_charge"
    __table_args__ = (
        Index(
            "ix_pending_charge_waiting",
            "account_id",
            sqlite_where=text("invoice_id IS NULL"),
        ),
    )

    id: Mapped[Id]
    account_id: Mapped[AccountRef]
    made_on: Mapped[Day]
    kind: Mapped[Code]
    key: Mapped[str] = mapped_column(String(80))
    cents: Mapped[Cents]
    clause: Mapped[Code]
    description: Mapped[Name]
    why: Mapped[Words]
    service_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("service.id"))
    period_from: Mapped[OptionalDay]
    period_to: Mapped[OptionalDay]
    deferred: Mapped[bool]
    invoice_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("invoice.id"))
    action_id: Mapped[ActionRef]


class FeeWaiver(Base):
    """A fee that a supervisor waived before it was charged: the line of that key is never made (BOTH-4)."""

    __tablename__ = "fee_waiver"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    id: Mapped[Id]
    account_id: Mapped[AccountRef]
    key: Mapped[str] = mapped_column(String(80))
    reason: Mapped[Words]
    action_id: Mapped[ActionRef]


class Credit(Base):
    """Money or allowance in the customer's favour: a payment, a credit memo, a courtesy credit, a write-off.

    `remaining_cents` is what is not applied yet; used up oldest first by date, then as recorded.
    """

    __tablename__ = "credit"
    __table_args__ = (
        Index(
            "ix_credit_remaining",
            "account_id",
            sqlite_where=text("remaining_cents > 0"),
        ),
        CheckConstraint("cents > 0 AND remaining_cents BETWEEN 0 AND cents", name="remaining"),
    )

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    on: Mapped[Day] = mapped_column("business_date")
    kind: Mapped[Code]
    cents: Mapped[Cents]
    remaining_cents: Mapped[Cents]
    clause: Mapped[Code]
    description: Mapped[Name]
    why: Mapped[Words]
    invoice_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("invoice.id"))
    entry_id: Mapped[EntryRef]
    action_id: Mapped[ActionRef]


class Allocation(Base):
    """Part of a credit applied to an invoice or to a refund check, on a date; negative undoes one."""

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint("(invoice_id IS NULL) <> (refund_id IS NULL)", name="one_target"),
        CheckConstraint("cents <> 0", name="not_zero"),
        # All that "as of" asks of later applications, so that it never looks at the rows themselves.
        Index("ix_allocation_as_of", "business_date", "invoice_id", "credit_id", "refund_id", "cents"),
    )

    id: Mapped[Id]
    account_id: Mapped[AccountRef]
    credit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("credit.id"), index=True)
    invoice_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("invoice.id"), index=True)
    refund_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("refund.id"), index=True)
    cents: Mapped[Cents]
    on: Mapped[date] = mapped_column("business_date")
    action_id: Mapped[ActionRef]
