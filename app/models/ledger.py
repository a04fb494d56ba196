"""The ledger: append-only double entry. A posting is one transfer, so no entry can be out of balance."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import AccountRef, ActionRef, Base, Cents, Code, Day, Id, Name, Words


class GlAccount(Base):
    """An account of the chart of accounts."""

    __tablename__ = "gl_account"

    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    name: Mapped[Name]


class Entry(Base):
    """What happened on a business date; its postings are the transfers that it made."""

    __tablename__ = "entry"

    id: Mapped[Id]
    on: Mapped[Day] = mapped_column("business_date", index=True)
    what: Mapped[Code]
    reverses_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("entry.id"))
    action_id: Mapped[ActionRef]


class Posting(Base):
    """A transfer of `cents` > 0 from the credited to the debited account; receivable names the customer."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("cents > 0", name="positive"),
        CheckConstraint("debit <> credit", name="transfer"),
        {"sqlite_with_rowid": False},
    )

    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entry.id"), primary_key=True)
    n: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    debit: Mapped[int] = mapped_column(SmallInteger, ForeignKey("gl_account.number"))
    credit: Mapped[int] = mapped_column(SmallInteger, ForeignKey("gl_account.number"))
    cents: Mapped[Cents]
    account_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("account.id"))


class DeferralRelease(Base):
    """Deferred revenue taken back by a write-off before it was earned: a month's recognition is less by it."""

    __tablename__ = "deferral_release"

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    recognise_on: Mapped[Day]
    cents: Mapped[Cents]
    invoice_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("invoice.id"))
    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entry.id"))
    why: Mapped[Words]


class OpeningDeferral(Base):
    """What an imported service had been billed for days after the import: earned at `recognise_on`."""

    __tablename__ = "opening_deferral"

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    service_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("service.id"))
    recognise_on: Mapped[Day]
    period_from: Mapped[Day]
    period_to: Mapped[Day]
    cents: Mapped[Cents]
    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entry.id"))


class Recognition(Base):
    """A month whose revenue has been recognised, dated its last day: each month once (ADV-6)."""

    __tablename__ = "recognition"

    month_end: Mapped[Day] = mapped_column(primary_key=True)
    cents: Mapped[Cents]
    entry_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("entry.id"))
    what: Mapped[Code]
