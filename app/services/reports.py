"""The office's reports as rows and figures: month-end, deposits, day close. Drawing them is for documents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import fetch
from app.periods import month_end, month_start
from app.services import aging, ledger
from app.services.chargenames import CHARGE_NAMES
from app.services.deposits import deposit_as_it_stands
from app.services.desk import closed_through
from app.services.documents.content import (
    Chart,
    Column,
    DepositedCheck,
    DepositTicketContent,
    KeyFigure,
    ReportContent,
    Section,
)
from app.services.exceptions import open_exceptions

_AGING_LABELS = ("Not due", "1-30", "31-60", "61-90", "Over 90")
_METHOD_NAMES = {"check": "Checks", "card": "Cards", "echeck": "E-Checks", "bank-draft": "Bank drafts"}
EXCEPTIONS_SHOWN = 60
_ARRIVES = (int(ledger.Gl.UNDEPOSITED_FUNDS), int(ledger.Gl.CARD_CLEARING), int(ledger.Gl.ECHECK_CLEARING))


def deposit_ticket(session: Session, deposit_id: int) -> DepositTicketContent:
    """The ticket of a deposit as it stands, check by check. Raises UserError when every check was taken out again."""
    made = deposit_as_it_stands(session, deposit_id)
    items = made.checks
    if not items:
        raise UserError(f"Every check of deposit {deposit_id} was taken out again; it has no ticket.", field="deposit")
    numbers = {
        row[0]: row[1]
        for row in fetch(
            session,
            "SELECT m.id, min(a.number) FROM mail_check m JOIN payment p ON p.mail_check_id = m.id "
            "JOIN account a ON a.id = p.account_id WHERE m.deposit_id = ? GROUP BY m.id",
            deposit_id,
        )
    }
    checks = tuple(
        DepositedCheck(item.number, item.payer, numbers.get(item.mail_check_id, "held"), "", item.cents) for item in items
    )
    corrected_on = max((out.on for out in made.taken_out), default=None)
    total = sum(item.cents for item in items)
    return DepositTicketContent(str(deposit_id), made.on, checks, total, len(items), corrected_on)


class MonthFigures(NamedTuple):
    """A month's figures in cents; `receivable` and `deferred` are balances at its end."""

    billed: int
    received: int
    recognised: int
    receivable: int
    deferred: int
    refunded: int


def month_figures(session: Session, last_day: date) -> MonthFigures:
    """The figures of the month that ends on `last_day`."""
    return _figures(session, last_day, ledger.trial_balance(session, last_day))


def _figures(session: Session, last_day: date, trial: Sequence[ledger.TrialBalanceRow]) -> MonthFigures:
    of_month = fetch(
        session,
        "SELECT e.what, p.debit, p.credit, sum(p.cents) FROM entry e JOIN posting p ON p.entry_id = e.id "
        "WHERE e.business_date BETWEEN ? AND ? AND e.what IN ('invoice', 'payment', 'hold-check', 'recognition', 'refund') "
        "GROUP BY e.what, p.debit, p.credit",
        month_start(last_day),
        last_day,
    )

    def debited(numbers: Collection[int], what: str) -> int:
        return sum(cents for entry, debit, _, cents in of_month if entry == what and debit in numbers)

    def credited(number: int, what: str) -> int:
        return sum(cents for entry, _, credit, cents in of_month if entry == what and credit == number)

    receivable = int(ledger.Gl.RECEIVABLE)
    balances = {row.number: row.balance_cents for row in trial}
    return MonthFigures(
        debited((receivable,), "invoice") - credited(receivable, "invoice"),
        # A check that was held counts when it came, not again when it is posted out of unidentified receipts.
        debited(_ARRIVES, "payment") + debited(_ARRIVES, "hold-check"),
        credited(int(ledger.Gl.SERVICE_REVENUE), "recognition"),
        balances.get(receivable, 0),
        -balances.get(int(ledger.Gl.DEFERRED_REVENUE), 0),
        debited((receivable,), "refund"),
    )


def month_end_report(session: Session, last_day: date, printed_on: date) -> ReportContent:
    """The month-end report of the month that ends on `last_day`, as the books stood at its end."""
    last_day = month_end(last_day)
    trial = ledger.trial_balance(session, last_day)
    figures = _figures(session, last_day, trial)
    aged = aging.totals(aging.aging(session, last_day, as_of=True))
    cycle_rows = _next_cycle(session, last_day, printed_on)
    key_figures = (
        KeyFigure("Received", figures.received),
        KeyFigure("Charged", figures.billed),
        KeyFigure("Revenue recognised", figures.recognised),
        KeyFigure("Refunded", figures.refunded),
        KeyFigure("Receivable at month end", figures.receivable),
        KeyFigure("Past due", sum(aged[1:5])),
        KeyFigure("Deferred at month end", figures.deferred),
        KeyFigure("Billed for the new month", sum(row[2] for row in cycle_rows)),
    )
    days, receipts = _receipts_by_day(session, last_day)
    charts = (
        Chart("Receivable by days past due", _AGING_LABELS, aged[:5]),
        Chart("Receipts by day", days, receipts, "days"),
    )
    sections = (
        _charges_section(session, last_day),
        _cycle_section(cycle_rows, last_day),
        _receipts_section(session, last_day),
        _aging_section(aged),
        _trial_balance_section(trial),
        _exceptions_section(session),
    )
    title = f"Month-end report, {last_day:%B} {last_day.year}"
    return ReportContent(
        title,
        _as_of(session, last_day),
        printed_on,
        key_figures,
        charts,
        sections,
    )


def _as_of(session: Session, last_day: date) -> str:
    closed = closed_through(session)
    if closed is not None and last_day <= closed:
        return f"As the books stood on {last_day:%B} {last_day.day}, {last_day.year}"
    return "Not closed yet: as the books stand now"


def _receipts_by_day(session: Session, last_day: date) -> tuple[tuple[str, ...], tuple[int, ...]]:
    by_day = {
        row[0]: row[1]
        for row in fetch(
            session,
            "SELECT p.business_date, sum(p.cents) FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
            "WHERE p.business_date BETWEEN ? AND ? AND (r.state IS NULL OR r.state <> 'reversed') "
            "AND p.id NOT IN (SELECT by_payment_id FROM return_taken_back) GROUP BY 1",
            month_start(last_day),
            last_day,
        )
    }
    days = [month_start(last_day) + timedelta(days=n) for n in range(last_day.day)]
    return tuple(str(day.day) for day in days), tuple(by_day.get(day.isoformat(), 0) for day in days)


def _charges_section(session: Session, last_day: date) -> Section:
    rows = [
        (CHARGE_NAMES.get(kind, kind), count, cents)
        for kind, count, cents in fetch(
            session,
            "SELECT kind, count(*), sum(cents) FROM ("
            # By IN, so that the lines are looked up invoice by invoice: there are many more of other months.
            " SELECT kind, cents FROM line WHERE invoice_id IN"
            " (SELECT id FROM invoice WHERE issued_on BETWEEN ? AND ? AND what <> 'opening')"
            " UNION ALL SELECT kind, -cents FROM credit WHERE business_date BETWEEN ? AND ?"
            " AND kind NOT IN ('payment', 'credit-memo', 'opening')) GROUP BY kind ORDER BY sum(cents) DESC",
            month_start(last_day),
            last_day,
            month_start(last_day),
            last_day,
        )
    ]
    columns = (Column("Kind", share=4), Column("Lines", "count"), Column("Amount", "money", 1.5))
    total = ("Total", sum(row[1] for row in rows), sum(row[2] for row in rows))
    return Section("Charges and credits", columns, tuple(rows), total)


def _next_cycle(session: Session, last_day: date, printed_on: date) -> list[tuple[str, int, int]]:
    """What the cycle of the month after billed until the report was printed: kind, lines, cents."""
    return [
        (CHARGE_NAMES.get(kind, kind), count, cents)
        for kind, count, cents in fetch(
            session,
            "SELECT kind, count(*), sum(cents) FROM line WHERE invoice_id IN (SELECT id FROM invoice WHERE run_id IN "
            "(SELECT id FROM run WHERE what = 'billing' AND state <> 'reversed' AND business_date BETWEEN ? AND ?)) "
            "GROUP BY kind ORDER BY sum(cents) DESC",
            last_day + timedelta(days=1),
            printed_on,
        )
    ]


def _cycle_section(rows: list[tuple[str, int, int]], last_day: date) -> Section:
    columns = (Column("Kind", share=4), Column("Lines", "count"), Column("Amount", "money", 1.5))
    month = last_day + timedelta(days=1)
    total = ("Total", sum(row[1] for row in rows), sum(row[2] for row in rows))
    return Section(f"Billed by the cycle of {month:%B} {month.year}", columns, tuple(rows), total)


def _receipts_section(session: Session, last_day: date) -> Section:
    rows = [
        (_METHOD_NAMES[kind], count, cents, undone)
        for kind, count, cents, undone in fetch(
            session,
            "SELECT p.kind, count(*), sum(p.cents), coalesce(sum(CASE WHEN r.payment_id IS NULL THEN 0 ELSE p.cents END), 0)"
            " FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id AND r.business_date <= ? "
            "WHERE p.business_date BETWEEN ? AND ? GROUP BY p.kind ORDER BY p.kind",
            last_day,
            month_start(last_day),
            last_day,
        )
    ]
    columns = (
        Column("Method", share=3),
        Column("Payments", "count"),
        Column("Received", "money", 1.5),
        Column("Returned or reversed", "money", 2),
    )
    total = ("Total", sum(row[1] for row in rows), sum(row[2] for row in rows), sum(row[3] for row in rows))
    return Section("Receipts", columns, tuple(rows), total)


def _aging_section(aged: aging.AgingTotals) -> Section:
    labels = (
        "Not due yet",
        "1 to 30 days",
        "31 to 60 days",
        "61 to 90 days",
        "Over 90 days",
        "Credits on accounts",
    )
    columns = (Column("Days past due", share=4), Column("Amount", "money", 1.5))
    return Section("Receivable by age", columns, tuple(zip(labels, aged, strict=True)), ("Receivable", sum(aged)))


def _trial_balance_section(rows: Sequence[ledger.TrialBalanceRow]) -> Section:
    columns = (
        Column("Account"),
        Column("Name", share=3),
        Column("Debits", "money", 1.5),
        Column("Credits", "money", 1.5),
        Column("Balance", "money", 1.5),
    )
    total = (
        "",
        "Total",
        sum(row.debits for row in rows),
        sum(row.credits for row in rows),
        sum(r.balance_cents for r in rows),
    )
    return Section(
        "Trial balance",
        columns,
        tuple((str(row.number), row.name, row.debits, row.credits, row.balance_cents) for row in rows),
        total,
    )


def _exceptions_section(session: Session) -> Section:
    found = open_exceptions(session)
    columns = (
        Column("Account"),
        Column("Name", share=2.5),
        Column("What", share=2),
        Column("Detail", share=3),
    )
    rows = tuple((item.number, item.name, item.code.replace("-", " "), item.detail) for item in found[:EXCEPTIONS_SHOWN])
    more = len(found) - len(rows)
    return Section("Open exceptions", columns, rows, note=f"and {more} more" if more > 0 else "")
