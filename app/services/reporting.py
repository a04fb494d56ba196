"""Reports in one shape: the screen, the PDF, the CSV and the spreadsheet all show the same frozen rows.

Each report is one function of the session and a period; each of its lines may name the rows behind it (`Drill`)
or an account. Amounts are cents, dates business dates.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.periods import month_end, month_start
from app.services.documents.content import Cell, Chart, KeyFigure


class Period(NamedTuple):
    """The days of a report, both included; a report as of a day uses `last` alone."""

    first: date
    last: date


class Drill(NamedTuple):
    """The rows behind a line: a report's key, its days, and what it is about (a number or a word)."""

    key: str
    first: date
    last: date
    about: str = ""


class ReportColumn(NamedTuple):
    """A column. `kind`: text, money (cents), count or date. `width` in characters; 0 takes what is left."""

    title: str
    kind: str = "text"
    width: int = 12


class ReportRow(NamedTuple):
    """A line: its cells, the rows behind it if there are any, and the account it is about, if it is one.

    `mail_check_id`: a check that waits to be posted, logged or held.
    """

    cells: tuple[Cell, ...]
    drill: Drill | None = None
    account_id: int | None = None
    mail_check_id: int | None = None


class Report(NamedTuple):
    """A report as it stands. `totals` has a cell for each column, or there are none; `note` explains a figure.

    `month`: the last day of the month of a month-end report, whose paper has more than the list shows.
    """

    key: str
    title: str
    subtitle: str
    columns: tuple[ReportColumn, ...]
    rows: tuple[ReportRow, ...]
    totals: tuple[Cell, ...] | None = None
    figures: tuple[KeyFigure, ...] = ()
    chart: Chart | None = None
    note: str = ""
    empty: str = "Nothing to list for these days."
    month: date | None = None


class ReportKind(NamedTuple):
    """A report to choose. `asks`: day (as of), on (one day), period, month or nothing. `about`: a sentence."""

    key: str
    title: str
    asks: str
    about: str


REPORTS = (
    ReportKind("aging", "Aging", "day", "What every account owes by days past due, as the books stood that evening."),
    ReportKind("receipts", "Cash receipts", "period", "Money that came in by day and method, and what came back."),
    ReportKind("deposits", "Deposits", "period", "Checks taken to the bank, ticket by ticket."),
    ReportKind("day", "Day close", "on", "All that happened on one business day."),
    ReportKind("month", "Month-end", "month", "The month's figures, charges, receipts and balances."),
    ReportKind("revenue", "Revenue", "period", "What was earned by month: services, fees, allowances, bad debts."),
    ReportKind("deferred", "Deferred revenue", "period", "Billed in advance and not earned yet: the roll-forward by month."),
    ReportKind("fees", "Fees", "period", "Fees charged and waived, by kind."),
    ReportKind("refunds", "Refunds", "period", "Refund checks issued, and what became of them."),
    ReportKind("outstanding", "Outstanding checks", "nothing", "Refund checks that the bank has not paid yet."),
    ReportKind("trial", "Trial balance", "day", "Every account of the ledger as of a day."),
    ReportKind("exceptions", "Exceptions", "nothing", "What waits for somebody to decide or complete it."),
)
KINDS = {kind.key: kind for kind in REPORTS}

METHODS = {"check": "Check", "card": "Card", "echeck": "E-Check", "bank-draft": "Bank draft"}
UNDONE = {
    "returned": "Returned",
    "charged-back": "Charged back",
    "reversed": "Reversed as a mistake",
    "sent-back": "Sent back",
    "taken-back": "Return taken back",
}

LONG_AGO = date(1970, 1, 1)

Maker = Callable[[Session, Period, str], Report]

# Where each report and each list behind a line is made; a module is imported when one of its own is wanted.
_MODULES = {
    "aging": "receivable",
    "account-items": "receivable",
    "exceptions": "receivable",
    "receipts": "money",
    "receipts-behind": "money",
    "deposits": "money",
    "deposit-checks": "money",
    "refunds": "money",
    "outstanding": "money",
    "mail-behind": "behind",
    "held-behind": "behind",
    "payments-behind": "behind",
    "voids-behind": "behind",
    "sent-behind": "behind",
    "day": "days",
    "month": "days",
    "trial": "ledger",
    "ledger-behind": "ledger",
    "entries-behind": "ledger",
    "revenue": "ledger",
    "revenue-behind": "ledger",
    "deferred": "ledger",
    "fees": "charges",
    "fees-behind": "charges",
    "charges-behind": "charges",
}


def make_report(session: Session, key: str, period: Period, about: str = "") -> Report:
    """A report, or the rows behind a line. Raises UserError for days in the wrong order or an unknown key."""
    if period.last < period.first:
        raise UserError("The last day is before the first; turn them round.", field="reports.last")
    if key not in _MODULES:
        raise UserError(f"There is no report “{key}”.", field="reports.list")
    module = importlib.import_module(f"app.services.reporting_{_MODULES[key]}")
    maker: Maker = module.MAKERS[key]
    return maker(session, period, about)


def first_period(kind: ReportKind, on: date) -> Period:
    """The days that a report first shows on a business date: up to it, from the start of its month or year."""
    if kind.asks == "period":
        start = date(on.year, 1, 1) if kind.key in ("revenue", "deferred") else month_start(on)
        return Period(start, on)
    if kind.asks == "month":
        return Period(month_start(on), month_end(on))
    return Period(on, on)


def sums(columns: Sequence[ReportColumn], rows: Sequence[ReportRow], word: str = "Total") -> tuple[Cell, ...]:
    """A totals line: the amounts and counts added up, and a word in the first column."""
    cells: list[Cell] = []
    for place, column in enumerate(columns):
        if column.kind in ("money", "count"):
            cells.append(sum(value for row in rows if isinstance(value := row.cells[place], int)))
        else:
            cells.append(word if place == 0 else None)
    return tuple(cells)


def day_words(on: date) -> str:
    """`November 21, 2026`."""
    return f"{on:%B} {on.day}, {on.year}"


def period_words(period: Period) -> str:
    """The days as a subtitle: one day, or from one through another."""
    if period.first == period.last:
        return day_words(period.last)
    return f"{day_words(period.first)} through {day_words(period.last)}"
