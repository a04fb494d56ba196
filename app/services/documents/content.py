"""What a document says: plain frozen values, the only input of the writers.

Money is in US cents (int). Dates are business dates, never timestamps. All text is shown as given;
characters that the embedded fonts lack become a visible replacement sign.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Office:
    """The office whose name stands on the paper; given once to a writer, not with each statement.

    `address_lines` is the return address and, unless `remit_lines` is given, the remit-to address.
    Of the bank account only the last four digits are ever printed.
    """

    name: str
    address_lines: tuple[str, ...]
    phone: str = ""
    email: str = ""
    website: str = ""
    bank_name: str = ""
    bank_routing: str = ""
    bank_account_last4: str = ""
    remit_lines: tuple[str, ...] = ()

    @property
    def contact_line(self) -> str:
        """Phone, e-mail and web address on one line, leaving out what is empty."""
        return "  ·  ".join(part for part in (self.phone, self.email, self.website) if part)


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """Something posted since the last statement; `cents` is negative for payments and credits."""

    on: date
    description: str
    cents: int


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """A line of the new invoice; the service dates are both included, or both None for one-off lines."""

    service_from: date | None
    service_to: date | None
    description: str
    cents: int


@dataclass(frozen=True, slots=True)
class Aging:
    """What is owed, by days past due, in cents."""

    current: int
    days_1_30: int
    days_31_60: int
    days_61_90: int
    over_90: int


@dataclass(frozen=True, slots=True)
class StatementContent:
    """One account's statement.

    `balance` is the amount due in cents, negative when the customer has a credit; it must equal
    `previous_balance` plus the activity plus `total_new_charges`. `statement_number` is the invoice's
    number. `autopay` is a whole sentence, or None when the customer pays by hand.
    """

    account_number: str
    customer_name: str
    address_lines: tuple[str, ...]
    statement_number: int
    statement_date: date
    due_on: date
    period: str
    previous_balance: int
    activity: tuple[ActivityLine, ...]
    charges: tuple[ChargeLine, ...]
    total_new_charges: int
    balance: int
    past_due: int
    aging: Aging
    message: str = ""
    autopay: str | None = None

    def __post_init__(self) -> None:
        """Paper that does not add up is never printed."""
        charged = sum([line.cents for line in self.charges])
        if charged != self.total_new_charges:
            raise ValueError(
                f"statement {self.statement_number}: new charges add up to {charged} cents, "
                f"not to the total of {self.total_new_charges} cents"
            )
        owed = self.previous_balance + sum([line.cents for line in self.activity]) + charged
        if owed != self.balance:
            raise ValueError(
                f"statement {self.statement_number}: its lines add up to {owed} cents, "
                f"not to the balance of {self.balance} cents"
            )


@dataclass(frozen=True, slots=True)
class WorkedOutLine:
    """One step of how a refund came about: what, the arithmetic in words and figures, and its cents."""

    description: str
    arithmetic: str
    cents: int


@dataclass(frozen=True, slots=True)
class RefundCheckContent:
    """One refund check; `amount` in cents must be positive and be the sum of its worked-out lines."""

    check_number: int
    dated: date
    payee: str
    address_lines: tuple[str, ...]
    amount: int
    memo: str
    account_number: str
    worked_out: tuple[WorkedOutLine, ...] = ()

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError(f"check {self.check_number}: the amount of a check must be more than zero")
        if self.worked_out and (total := sum([line.cents for line in self.worked_out])) != self.amount:
            raise ValueError(f"check {self.check_number}: its lines add up to {total} cents, not to {self.amount} cents")


@dataclass(frozen=True, slots=True)
class DepositedCheck:
    """A check in a deposit: its own number, whose account it pays, and a hint of the bank it is drawn on."""

    number: str
    payer: str
    account_number: str
    bank_hint: str
    cents: int


@dataclass(frozen=True, slots=True)
class DepositTicketContent:
    """A day's checks for the bank; `total` (cents) and `count` are checked against the list.

    `corrected_on`: when checks were last taken out of it again, None while it is as it was made.
    """

    deposit_number: str
    deposited_on: date
    checks: tuple[DepositedCheck, ...]
    total: int
    count: int
    corrected_on: date | None = None

    def __post_init__(self) -> None:
        listed = sum([check.cents for check in self.checks])
        if listed != self.total or len(self.checks) != self.count:
            raise ValueError(
                f"deposit {self.deposit_number}: {len(self.checks)} checks of {listed} cents are listed, "
                f"but the ticket says {self.count} checks of {self.total} cents"
            )


Cell = str | int | date | None
"""A cell of a report: text, cents (int), a date, or empty."""


@dataclass(frozen=True, slots=True)
class Column:
    """A report column. `kind` is "text", "money" (cells in cents), "count" or "date"; `share` is its
    part of the table's width relative to the other columns."""

    heading: str
    kind: str = "text"
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Section:
    """A table of a report; `totals` is a last row in bold, with as many cells as there are columns."""

    heading: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[Cell, ...] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A number worth reading first: cents when `money`, a plain count otherwise."""

    label: str
    value: int
    money: bool = True
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars, one a label; values are cents. `kind` is "bars" (few wide bars, each labelled with its amount)
    or "days" (one thin bar a day of a month)."""

    heading: str
    labels: tuple[str, ...]
    values: tuple[int, ...]
    kind: str = "bars"


@dataclass(frozen=True, slots=True)
class ReportContent:
    """A report of the office: key figures, charts, then tables; used for month-end and the day's close."""

    title: str
    subtitle: str
    printed_on: date
    key_figures: tuple[KeyFigure, ...] = ()
    charts: tuple[Chart, ...] = ()
    sections: tuple[Section, ...] = field(default=())
