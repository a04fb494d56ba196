"""The mail, payments, what became of them, deposits and receipts."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
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
    OptionalCents,
    OptionalDay,
    Words,
)


class MailBatch(Base):
    """A morning's mail: how many checks were counted and their adding-machine total (ADV-6)."""

    __tablename__ = "mail_batch"

    id: Mapped[Id]
    received_on: Mapped[Day] = mapped_column(index=True)
    count: Mapped[int]
    total_cents: Mapped[Cents]
    action_id: Mapped[ActionRef]


class MailCheck(Base):
    """A paper check as received. `state`: logged, posted, held, returned-to-sender, reversed.

    `dated` is the date written on it, kept for information only (ADV-8). `bank_hash` is a keyed hash of
    routing and account number, never the numbers themselves.
    """

    __tablename__ = "mail_check"
    __table_args__ = (
        CheckConstraint("cents > 0", name="positive"),
        Index("ix_mail_check_bank", "bank_hash", "number"),
        Index(
            "ix_mail_check_drawer",
            "id",
            sqlite_where=text("deposit_id IS NULL"),
        ),
        Index(
            "ix_mail_check_held",
            "received_on",
            sqlite_where=text("state = 'held'"),
        ),
    )

    id: Mapped[Id]
    batch_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("mail_batch.id"), index=True)
    received_on: Mapped[Day] = mapped_column(index=True)
    number: Mapped[str] = mapped_column(String(40))
    cents: Mapped[Cents]
    dated: Mapped[OptionalDay]
    via: Mapped[Code]
    payer: Mapped[Name]
    bank_hash: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[Code]
    held_entry_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("entry.id"))
    deposit_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("deposit.id"), index=True)
    deposited_cents: Mapped[OptionalCents]
    reason: Mapped[Words]
    action_id: Mapped[ActionRef]


class Payment(Base):
    """Money from the customer; its id is its credit's. A check split over accounts is several payments."""

    __tablename__ = "payment"
    __table_args__ = (
        Index("ix_payment_duplicate", "account_id", "check_number"),
        Index(
            "ix_payment_receipt_due",
            "id",
            sqlite_where=text("receipt_due = 1"),
        ),
        Index(
            "ix_payment_clearing",
            "business_date",
            sqlite_where=text("kind <> 'check' AND settled_on IS NULL"),
        ),
    )

    id: Mapped[GivenId] = mapped_column(ForeignKey("credit.id"))
    account_id: Mapped[AccountRef]
    on: Mapped[Day] = mapped_column("business_date", index=True)
    kind: Mapped[Code]
    cents: Mapped[Cents]
    check_number: Mapped[str] = mapped_column(String(40))
    mail_check_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("mail_check.id"), index=True)
    settled_on: Mapped[OptionalDay]
    receipt_due: Mapped[bool]
    forced: Mapped[Words]


class PaymentReversal(Base):
    """A payment that was returned, charged back or reversed as a mistake: at most once each."""

    __tablename__ = "payment_reversal"
    __table_args__ = (CheckConstraint("state IN ('returned', 'charged-back', 'reversed')", name="state"),)

    payment_id: Mapped[GivenId] = mapped_column(ForeignKey("payment.id"))
    state: Mapped[Code]
    on: Mapped[Day] = mapped_column("business_date", index=True)
    reason: Mapped[Words]
    bank_fee_cents: Mapped[OptionalCents]
    entry_id: Mapped[EntryRef]
    action_id: Mapped[ActionRef]


class ReturnTakenBack(Base):
    """A recorded return or chargeback that was taken back: the payment counts again, as another one, at most once.

    `by_payment_id` is the payment that stands for it since, `first_payment_id` the one as it first came in, when it
    was returned more than once. `return_action_id` is the action that had recorded the return.
    """

    __tablename__ = "return_taken_back"

    payment_id: Mapped[GivenId] = mapped_column(ForeignKey("payment.id"))
    by_payment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("payment.id"), unique=True)
    first_payment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("payment.id"))
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    on: Mapped[Day] = mapped_column("business_date", index=True)
    reason: Mapped[Words]
    return_action_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("action.id"))
    entry_id: Mapped[EntryRef]
    action_id: Mapped[ActionRef]


class PaymentAttempt(Base):
    """An auto-pay attempt: at most one for an account and date (ADV-5)."""

    __tablename__ = "payment_attempt"
    __table_args__ = (UniqueConstraint("account_id", "business_date"),)

    id: Mapped[Id]
    account_id: Mapped[AccountRef]
    on: Mapped[Day] = mapped_column("business_date")
    method: Mapped[Code]
    cents: Mapped[Cents]
    outcome: Mapped[Code]
    payment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("payment.id"))
    reference: Mapped[Name]
    action_id: Mapped[ActionRef]


class AttemptTakenBack(Base):
    """A failed attempt that was recorded by mistake: its charges were taken back and it counts no more, at most once."""

    __tablename__ = "attempt_taken_back"

    attempt_id: Mapped[GivenId] = mapped_column(ForeignKey("payment_attempt.id"))
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    attempt_action_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("action.id"))
    action_id: Mapped[ActionRef]


class Receipt(Base):
    """The one receipt of a payment (ADV-7)."""

    __tablename__ = "receipt"

    payment_id: Mapped[GivenId] = mapped_column(ForeignKey("payment.id"))
    on: Mapped[Day] = mapped_column("business_date")
    address: Mapped[Name]
    action_id: Mapped[ActionRef]


class Deposit(Base):
    """Checks taken to the bank with one ticket."""

    __tablename__ = "deposit"

    id: Mapped[Id]
    on: Mapped[Day] = mapped_column("business_date")
    count: Mapped[int]
    cents: Mapped[Cents]
    entry_id: Mapped[EntryRef]
    action_id: Mapped[ActionRef]


class DepositRemoval(Base):
    """A check taken out of a deposit again because it never went to the bank: the reversal of its part (BOTH-3)."""

    __tablename__ = "deposit_removal"
    __table_args__ = (UniqueConstraint("deposit_id", "mail_check_id"), CheckConstraint("cents > 0", name="positive"))

    id: Mapped[Id]
    deposit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("deposit.id"))
    mail_check_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("mail_check.id"))
    on: Mapped[Day] = mapped_column("business_date", index=True)
    cents: Mapped[Cents]
    entry_id: Mapped[EntryRef]
    action_id: Mapped[ActionRef]
