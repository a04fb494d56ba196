"""Members billed in arrears: their terms and fee dates, failed attempts, and revenue not billed at month ends."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import AccountRef, ActionRef, Base, Cents, Code, Day, EntryRef, GivenId, Id, Name, OptionalDay


class Membership(Base):
    """A member's terms and where its fees stand: one row for each account billed in arrears.

    Fees from `period_from` on are not billed yet; the next one is due on `next_fee_on`, and `fee_day` is the day
    of the month on which later ones fall (ARR-2, ARR-8). All three are set while the processing fee is paid, on
    `processing_paid_on`. `instructed_on` is the day on which the customer asked to be charged (ARR-1).
    """

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("individuals >= 1", name="individuals"),
        CheckConstraint("monthly_cents >= 0 AND processing_cents >= 0", name="amounts"),
        CheckConstraint("(next_fee_on IS NULL) = (period_from IS NULL)", name="period"),
    )

    account_id: Mapped[GivenId] = mapped_column(ForeignKey("account.id"))
    plan: Mapped[Code]
    monthly_cents: Mapped[Cents]
    processing_cents: Mapped[Cents]
    individuals: Mapped[int]
    signed_up_on: Mapped[Day]
    work_performed_on: Mapped[OptionalDay]
    instructed_on: Mapped[OptionalDay]
    processing_invoice_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("invoice.id"), unique=True)
    processing_paid_on: Mapped[OptionalDay]
    period_from: Mapped[OptionalDay]
    next_fee_on: Mapped[OptionalDay]
    fee_day: Mapped[int | None]
    monthly_fee_charged: Mapped[bool]


class PlanChange(Base):
    """Another plan agreed with a member: for the fee periods that begin on `from_day` or later (ARR-3)."""

    __tablename__ = "plan_change"
    __table_args__ = (CheckConstraint("monthly_cents >= 0", name="amount"),)

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    from_day: Mapped[Day]
    plan: Mapped[Code]
    monthly_cents: Mapped[Cents]
    action_id: Mapped[ActionRef]


class PlanChangeUndone(Base):
    """A plan change that was taken back before it counted for a fee."""

    __tablename__ = "plan_change_undone"

    plan_change_id: Mapped[GivenId] = mapped_column(ForeignKey("plan_change.id"))
    action_id: Mapped[ActionRef]


class FailedAttempt(Base):
    """An invoice whose payment failed or came back, for each time that it did (ARR-6, ARR-7)."""

    __tablename__ = "failed_attempt"

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    invoice_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("invoice.id"), index=True)
    on: Mapped[Day] = mapped_column("business_date")
    how: Mapped[Code]
    attempt: Mapped[Name]
    action_id: Mapped[ActionRef]


class UnbilledRevenue(Base):
    """What members owed for services of a month that were not billed by its end, and its reversal on the 1st."""

    __tablename__ = "unbilled_revenue"

    month_end: Mapped[Day] = mapped_column(primary_key=True)
    cents: Mapped[Cents]
    entry_id: Mapped[EntryRef]
    reversal_entry_id: Mapped[EntryRef]
