"""Refunds, the checks that carry them, and the stock that they are printed on."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
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


class CheckStock(Base):
    """A box of checks: which drawing of the sheet it has, and the numbers that are left in it."""

    __tablename__ = "check_stock"

    id: Mapped[Id]
    name: Mapped[Name]
    layout: Mapped[Name]
    next_number: Mapped[int] = mapped_column(BigInteger)
    last_number: Mapped[int] = mapped_column(BigInteger)


class Refund(Base):
    """A credit paid back by check. `open_cents`: the part whose payment came back after the refund (ADV-9)."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("cents > 0 AND open_cents BETWEEN 0 AND cents", name="open"),
        Index(
            "ix_refund_open",
            "account_id",
            sqlite_where=text("open_cents > 0"),
        ),
        Index("ix_refund_cents", "cents"),
    )

    id: Mapped[Id]
    account_id: Mapped[AccountRef] = mapped_column(index=True)
    on: Mapped[Day] = mapped_column("business_date")
    cents: Mapped[Cents]
    open_cents: Mapped[Cents]
    reopened_on: Mapped[OptionalDay]
    payee: Mapped[Name]
    address: Mapped[Words]
    why: Mapped[Words]
    run_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("run.id"), index=True)
    entry_id: Mapped[EntryRef]
    action_id: Mapped[ActionRef]


class RefundVoid(Base):
    """A refund check declared void: the credit is back on the account (BOTH-6)."""

    __tablename__ = "refund_void"

    refund_id: Mapped[GivenId] = mapped_column(ForeignKey("refund.id"))
    on: Mapped[Day] = mapped_column("business_date")
    reason: Mapped[Words]
    entry_id: Mapped[EntryRef]
    action_id: Mapped[ActionRef]


class IssuedCheck(Base):
    """A check number given to a sheet: spent for ever, also when the sheet was spoiled or voided.

    `state`: `issued` (also once cleared), `void`, `stopped` (at the bank, reissued) or `stale` (its money lies in
    unclaimed refunds). `printed_on`: the day on which somebody saw that the sheet had come out well.
    """

    __tablename__ = "issued_check"

    number: Mapped[GivenId]
    stock_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("check_stock.id"))
    refund_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("refund.id"), index=True)
    on: Mapped[Day] = mapped_column("business_date")
    state: Mapped[Code]
    printed_on: Mapped[OptionalDay]
    cleared_on: Mapped[OptionalDay]
    reason: Mapped[Words]
    action_id: Mapped[ActionRef]


class StatementPrint(Base):
    """Statements of a billing run that went to paper or files: the range of places in the run's printing order."""

    __tablename__ = "statement_print"

    id: Mapped[Id]
    run_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("run.id"), index=True)
    delivery: Mapped[Code]
    first_place: Mapped[int]
    last_place: Mapped[int]
    how: Mapped[Name]
    action_id: Mapped[ActionRef]
