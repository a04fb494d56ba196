"""Reports out of the ledger itself: trial balance, revenue by month, the deferred-revenue roll-forward."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy.orm import Session

from app.models.bulk import fetch_tuples, fetch_value, parse_day
from app.periods import month_end, month_start, months_between
from app.services.documents.content import Cell, Chart, KeyFigure
from app.services.ledger import GL_NAMES, Gl, trial_balance
from app.services.reporting import (
    LONG_AGO,
    Drill,
    Period,
    Report,
    ReportColumn,
    ReportRow,
    day_words,
    period_words,
    sums,
)

_MONEY = "money"
_DEFERRED = int(Gl.DEFERRED_REVENUE)


# What an entry of the ledger records, as an office says it.
ENTRY_WORDS = {
    "invoice": "Billed",
    "opening": "Taken over at the opening",
    "payment": "Payments",
    "payment-returned": "Payments returned",
    "payment-charged-back": "Payments charged back",
    "payment-reversed": "Payments reversed as mistakes",
    "return-taken-back": "Returns taken back",
    "hold-check": "Checks held, account not known",
    "return-to-sender": "Held checks sent back",
    "deposit": "Deposits",
    "correct-deposit": "Checks taken out of a deposit again",
    "settlement": "Cards and E-Checks arrived in the bank",
    "bank-fee": "Bank's fees",
    "bank-fee-back": "Bank's fees given back",
    "recognition": "Earned, posted at month end",
    "unbilled-revenue": "Earned and not billed yet",
    "unbilled-reversed": "Earned and not billed yet, reversed on the 1st",
    "waiver": "Fees waived",
    "courtesy-credit": "Courtesy credits",
    "write-off": "Write-offs",
    "refund": "Refund checks",
    "void-refund": "Refund checks voided",
    "unclaimed-refund": "Refund checks unclaimed",
    "unclaimed-paid": "Unclaimed refunds that the bank paid after all",
    "pay-unclaimed": "Unclaimed refunds paid",
}


def trial_report(session: Session, period: Period, _about: str) -> Report:
    """The trial balance through a day; debits equal credits."""
    on = period.last
    columns = (
        ReportColumn("Account", width=10),
        ReportColumn("Name", width=0),
        ReportColumn("Debits", _MONEY, 14),
        ReportColumn("Credits", _MONEY, 14),
        ReportColumn("Balance", _MONEY, 14),
    )
    rows = tuple(
        ReportRow(
            (str(row.number), row.name, row.debits, row.credits, row.balance_cents),
            Drill("ledger-behind", LONG_AGO, on, str(row.number)),
        )
        for row in trial_balance(session, on)
    )
    return Report(
        "trial",
        "Trial balance",
        f"Through {day_words(on)}",
        columns,
        rows,
        sums(columns, rows),
        note="Balance: debits less credits. What the office owes, and what it earned, is negative.",
        empty="Nothing is in the books up to this day.",
    )


def ledger_behind(session: Session, period: Period, about: str) -> Report:
    """What moved an account of the ledger (its number in `about`), by day and by what happened."""
    gl = int(about)
    found = fetch_tuples(
        session,
        "SELECT e.business_date, e.what, count(*), sum(CASE WHEN p.debit = ? THEN p.cents ELSE 0 END), "
        "sum(CASE WHEN p.credit = ? THEN p.cents ELSE 0 END) FROM entry e JOIN posting p ON p.entry_id = e.id "
        "WHERE (p.debit = ? OR p.credit = ?) AND e.business_date BETWEEN ? AND ? GROUP BY 1, 2 ORDER BY 1, 2",
        gl,
        gl,
        gl,
        gl,
        period.first,
        period.last,
    )
    columns = (
        ReportColumn("Day", "date", 12),
        ReportColumn("What", width=0),
        ReportColumn("Entries", "count", 10),
        ReportColumn("Debits", _MONEY, 14),
        ReportColumn("Credits", _MONEY, 14),
    )
    rows = tuple(
        ReportRow(
            (parse_day(on), entry_words(what), count, debits, credits),
            Drill("entries-behind", parse_day(on), parse_day(on), f"{gl}:{what}"),
        )
        for on, what, count, debits, credits in found
    )
    name = GL_NAMES.get(Gl(gl), about)
    words = f"Through {day_words(period.last)}" if period.first == LONG_AGO else period_words(period)
    return Report("ledger-behind", f"{gl} {name}", words, columns, rows, sums(columns, rows))


def entries_behind(session: Session, period: Period, about: str) -> Report:
    """The postings of one kind on an account of the ledger (`about`: number, colon, what happened)."""
    number, _, what = about.partition(":")
    gl = int(number)
    columns = (
        ReportColumn("Day", "date", 11),
        ReportColumn("Entry", width=9),
        ReportColumn("Other side", width=20),
        ReportColumn("Account", width=9),
        ReportColumn("Name", width=0),
        ReportColumn("Debit", _MONEY, 11),
        ReportColumn("Credit", _MONEY, 11),
    )
    rows = tuple(
        ReportRow(
            (
                parse_day(on),
                str(entry),
                GL_NAMES[Gl(credit if debit == gl else debit)],
                account or "",
                name or "",
                cents if debit == gl else 0,
                0 if debit == gl else cents,
            ),
            None,
            account_id,
        )
        for on, entry, debit, credit, cents, account, name, account_id in fetch_tuples(
            session,
            "SELECT e.business_date, e.id, p.debit, p.credit, p.cents, a.number, a.name, a.id FROM entry e "
            "JOIN posting p ON p.entry_id = e.id LEFT JOIN account a ON a.id = p.account_id "
            "WHERE (p.debit = ? OR p.credit = ?) AND e.business_date BETWEEN ? AND ? AND e.what = ? ORDER BY e.id, p.n",
            gl,
            gl,
            period.first,
            period.last,
            what,
        )
    )
    title = f"{GL_NAMES[Gl(gl)]}, {entry_words(what)}"
    return Report("entries-behind", title, period_words(period), columns, rows, sums(columns, rows))


_REVENUE = (Gl.SERVICE_REVENUE, Gl.FEE_REVENUE, Gl.BAD_DEBT_RECOVERIES, Gl.CREDITS_AND_ALLOWANCES, Gl.BAD_DEBTS)


def revenue_report(session: Session, period: Period, _about: str) -> Report:
    """Revenue by month as the ledger has it; allowances and bad debts are negative."""
    period = _since_the_first_entry(session, period)
    marks = ", ".join("?" * len(_REVENUE))
    moved: defaultdict[str, dict[int, int]] = defaultdict(lambda: dict.fromkeys((int(gl) for gl in _REVENUE), 0))
    for month, debit, credit, cents in fetch_tuples(
        session,
        "SELECT substr(e.business_date, 1, 7), p.debit, p.credit, sum(p.cents) FROM entry e JOIN posting p "
        f"ON p.entry_id = e.id WHERE e.business_date BETWEEN ? AND ? AND (p.debit IN ({marks}) OR p.credit IN ({marks})) "
        "GROUP BY 1, 2, 3",
        period.first,
        period.last,
        *map(int, _REVENUE),
        *map(int, _REVENUE),
    ):
        if credit in moved[month]:
            moved[month][credit] += cents
        if debit in moved[month]:
            moved[month][debit] -= cents
    columns = (
        ReportColumn("Month", width=0),
        ReportColumn("Services", _MONEY, 13),
        ReportColumn("Fees", _MONEY, 12),
        ReportColumn("Recoveries", _MONEY, 12),
        ReportColumn("Allowances", _MONEY, 12),
        ReportColumn("Bad debts", _MONEY, 12),
        ReportColumn("Net", _MONEY, 13),
    )
    rows = []
    for first, last in months_between(period.first, period.last):
        amounts = tuple(moved[f"{first:%Y-%m}"].values())
        cells: tuple[Cell, ...] = (_month(first, last), *amounts, sum(amounts))
        rows.append(ReportRow(cells, Drill("revenue-behind", first, last)))
    totals = sums(columns, rows)
    labels = tuple(f"{first:%b} {first:%y}" for first, _ in months_between(period.first, period.last))
    net = tuple(row.cells[6] for row in rows if isinstance(row.cells[6], int))
    return Report(
        "revenue",
        "Revenue",
        period_words(period),
        columns,
        tuple(rows),
        totals,
        (KeyFigure("Net revenue", sum(net)),),
        Chart("Net revenue by month", labels, net),
        note="Services count when they are earned: at the close of the month's last day. Recoveries: debts written off and "
        "paid after all. Allowances: courtesy credits and waived fees.",
    )


def revenue_behind(session: Session, period: Period, _about: str) -> Report:
    """What made the revenue of the days: the ledger's accounts of it, and what happened; it adds up to the net."""
    numbers = [int(gl) for gl in _REVENUE]
    marks = ", ".join("?" * len(numbers))
    side = (
        "SELECT e.what AS what, p.{side} AS gl, {sign}p.cents AS cents FROM entry e JOIN posting p ON p.entry_id = e.id "
        f"WHERE e.business_date BETWEEN ? AND ? AND p.{{side}} IN ({marks})"
    )
    columns = (
        ReportColumn("Account", width=28),
        ReportColumn("What", width=0),
        ReportColumn("Entries", "count", 10),
        ReportColumn("Amount", _MONEY, 14),
    )
    credited, debited = side.format(side="credit", sign=""), side.format(side="debit", sign="-")
    rows = tuple(
        ReportRow(
            (f"{gl} {GL_NAMES[Gl(gl)]}", entry_words(what), count, cents),
            Drill("entries-behind", period.first, period.last, f"{gl}:{what}"),
        )
        for gl, what, count, cents in fetch_tuples(
            session,
            f"SELECT gl, what, count(*), sum(cents) FROM ({credited} UNION ALL {debited}) x GROUP BY gl, what ORDER BY 1, 2",
            *period,
            *numbers,
            *period,
            *numbers,
        )
    )
    return Report(
        "revenue-behind",
        "What made the revenue",
        period_words(period),
        columns,
        rows,
        sums(columns, rows),
        empty="Nothing was earned, charged or allowed on these days.",
    )


def entry_words(what: str) -> str:
    """What an entry of the ledger records, in a clerk's words."""
    return ENTRY_WORDS.get(what, what.replace("-", " ").capitalize())


def _since_the_first_entry(session: Session, period: Period) -> Period:
    """Without the months before the books began."""
    begun = fetch_value(session, "SELECT min(business_date) FROM entry")
    if begun is None or parse_day(begun) > period.last:
        return period
    return period._replace(first=max(period.first, month_start(parse_day(begun))))


def _month(first: date, last: date) -> str:
    whole = first.day == 1 and last == month_end(first)
    return f"{first:%B} {first.year}" if whole else f"{first:%b} {first.day} to {last:%b} {last.day}, {last.year}"


# What raises and lowers deferred revenue, by what happened and by the side of the posting.
_COLUMN_OF = {("invoice", True): 1, ("invoice", False): 2, ("write-off", False): 3, ("recognition", False): 4}


def deferred_report(session: Session, period: Period, _about: str) -> Report:
    """Opening + billed - credited - written off - earned (+ other) = closing, month by month; all of it GL 2100."""
    period = _since_the_first_entry(session, period)
    opening = int(
        fetch_value(
            session,
            "SELECT coalesce(sum(CASE WHEN p.credit = ? THEN p.cents ELSE -p.cents END), 0) FROM entry e JOIN posting p "
            "ON p.entry_id = e.id WHERE (p.credit = ? OR p.debit = ?) AND e.business_date < ?",
            _DEFERRED,
            _DEFERRED,
            _DEFERRED,
            period.first,
        )
    )
    moved: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for month, what, raised, cents in fetch_tuples(
        session,
        "SELECT substr(e.business_date, 1, 7), e.what, p.credit = ?, sum(p.cents) FROM entry e JOIN posting p "
        "ON p.entry_id = e.id WHERE (p.credit = ? OR p.debit = ?) AND e.business_date BETWEEN ? AND ? GROUP BY 1, 2, 3",
        _DEFERRED,
        _DEFERRED,
        _DEFERRED,
        period.first,
        period.last,
    ):
        column = _COLUMN_OF.get((what, bool(raised)), 5)
        moved[month][column - 1] += cents if raised else -cents
    columns = (
        ReportColumn("Month", width=0),
        ReportColumn("Opening", _MONEY, 12),
        ReportColumn("Billed", _MONEY, 12),
        ReportColumn("Credited", _MONEY, 11),
        ReportColumn("Written off", _MONEY, 11),
        ReportColumn("Earned", _MONEY, 12),
        ReportColumn("Other", _MONEY, 11),
        ReportColumn("Closing", _MONEY, 12),
    )
    rows, start, balance = [], opening, opening
    for first, last in months_between(period.first, period.last):
        month = moved[f"{first:%Y-%m}"]
        cells: tuple[Cell, ...] = (_month(first, last), balance, *month, balance + sum(month))
        rows.append(ReportRow(cells, Drill("ledger-behind", first, last, str(_DEFERRED))))
        balance += sum(month)
    totals = list(sums(columns, rows))
    totals[1], totals[7] = start, balance
    labels = tuple(f"{first:%b} {first:%y}" for first, _ in months_between(period.first, period.last))
    closings = tuple(row.cells[7] for row in rows if isinstance(row.cells[7], int))
    later = _earned_later(session, period.last)
    return Report(
        "deferred",
        "Deferred revenue",
        period_words(period),
        columns,
        tuple(rows),
        tuple(totals),
        (KeyFigure("Opening", start), KeyFigure("Closing", balance), *later),
        Chart("Deferred at month end", labels, closings),
        note="Billed in advance and not earned yet. Other: taken over at the opening, and reversals.",
    )


def _earned_later(session: Session, on: date) -> tuple[KeyFigure, ...]:
    """What the next recognitions will earn, as the lines say now; only for a day not before the last recognition."""
    done = fetch_value(session, "SELECT max(month_end) FROM recognition")
    if done is not None and parse_day(done) > on:
        return ()
    found = fetch_tuples(
        session,
        "SELECT recognise_on, sum(cents) FROM (SELECT recognise_on, cents FROM line WHERE recognise_on > ? "
        "UNION ALL SELECT recognise_on, cents FROM opening_deferral WHERE recognise_on > ? "
        "UNION ALL SELECT recognise_on, -cents FROM deferral_release WHERE recognise_on > ?) GROUP BY 1 ORDER BY 1 LIMIT 2",
        *([done or "0001-01-01"] * 3),
    )
    return tuple(KeyFigure(f"To be earned {parse_day(day):%B}", cents) for day, cents in found)


MAKERS = {
    "trial": trial_report,
    "ledger-behind": ledger_behind,
    "entries-behind": entries_behind,
    "revenue": revenue_report,
    "revenue-behind": revenue_behind,
    "deferred": deferred_report,
}
