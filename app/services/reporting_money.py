"""Reports of money: cash receipts by day, deposits, refunds and the checks that are still out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app.models.bulk import day_or_none, fetch_tuples, parse_day
from app.services.documents.content import Chart, KeyFigure
from app.services.reporting import (
    METHODS,
    UNDONE,
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

# Money comes in once: a held check when it is held, and not again when its account is found. A payment out of a
# check held (or deposited before) moves it from unidentified receipts; its entry has no debit of the drawer. The payment
# that stands for one whose return was taken back came in with the first.
_RECEIVED = """
SELECT p.business_date AS business_date, p.kind AS kind, p.cents AS cents, p.id AS payment_id, p.account_id AS account_id,
  p.check_number AS number, NULL AS held_id, '' AS state
FROM payment p JOIN credit c ON c.id = p.id
WHERE p.business_date BETWEEN ? AND ? AND p.id NOT IN (SELECT by_payment_id FROM return_taken_back)
  AND (p.mail_check_id IS NULL OR EXISTS (
  SELECT 1 FROM posting g WHERE g.entry_id = c.entry_id AND g.debit <> 2200))
UNION ALL
SELECT e.business_date, 'held', m.cents, NULL, NULL, m.number, CASE WHEN m.state = 'held' THEN m.id END, m.state
FROM entry e JOIN mail_check m ON m.held_entry_id = e.id
WHERE e.business_date BETWEEN ? AND ? AND e.what = 'hold-check'
"""
# What left again: each reversal on its own day, unless the money of a deposited check stayed (unidentified, BOTH-11).
_TAKEN_BACK = """
SELECT r.business_date AS business_date, r.state AS state, p.cents AS cents, p.account_id AS account_id,
  p.check_number AS number, p.kind AS kind
FROM payment_reversal r JOIN payment p ON p.id = r.payment_id
WHERE r.business_date BETWEEN ? AND ? AND EXISTS (
  SELECT 1 FROM posting g WHERE g.entry_id = r.entry_id AND g.credit <> 2200)
UNION ALL
SELECT t.business_date, 'taken-back', -p.cents, p.account_id, p.check_number, p.kind
FROM return_taken_back t JOIN payment p ON p.id = t.by_payment_id WHERE t.business_date BETWEEN ? AND ?
UNION ALL
SELECT e.business_date, 'sent-back', m.cents, NULL, m.number, 'held' FROM entry e
JOIN mail_check m ON m.held_entry_id = e.reverses_id
WHERE e.business_date BETWEEN ? AND ? AND e.what = 'return-to-sender'
"""


def receipts_report(session: Session, period: Period, _about: str) -> Report:
    """Receipts by day and method, as they moved the drawer and the clearing accounts of the ledger."""
    days = (period.first, period.last) * 2
    came: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    place = {"check": 0, "card": 1, "echeck": 2, "bank-draft": 2, "held": 3}
    counts: defaultdict[date, int] = defaultdict(int)
    for on, kind, cents, count in fetch_tuples(
        session, f"SELECT business_date, kind, sum(cents), count(*) FROM ({_RECEIVED}) GROUP BY 1, 2", *days
    ):
        came[parse_day(on)][place[kind]] += cents
        counts[parse_day(on)] += count
    for on, cents in fetch_tuples(
        session, f"SELECT business_date, sum(cents) FROM ({_TAKEN_BACK}) GROUP BY 1", *days, *period
    ):
        came[parse_day(on)][4] -= cents
    columns = (
        ReportColumn("Day", "date", 11),
        ReportColumn("Receipts", "count", 9),
        ReportColumn("Checks", _MONEY, 11),
        ReportColumn("Cards", _MONEY, 11),
        ReportColumn("E-Checks", _MONEY, 11),
        ReportColumn("Held", _MONEY, 10),
        ReportColumn("Received", _MONEY, 12),
        ReportColumn("Came back", _MONEY, 11),
        ReportColumn("Net", _MONEY, 12),
    )
    rows = tuple(
        ReportRow(
            (on, counts[on], *amounts[:4], sum(amounts[:4]), amounts[4], sum(amounts)), Drill("receipts-behind", on, on)
        )
        for on, amounts in sorted(came.items())
    )
    totals = sums(columns, rows)
    received = sum(sum(amounts[:4]) for amounts in came.values())
    back = sum(amounts[4] for amounts in came.values())
    return Report(
        "receipts",
        "Cash receipts",
        period_words(period),
        columns,
        rows,
        totals,
        (
            KeyFigure("Received", received),
            KeyFigure("Came back", back),
            KeyFigure("Net", received + back),
            KeyFigure("Receipts", sum(counts.values()), money=False),
        ),
        _by_day(period, {on: sum(amounts[:4]) for on, amounts in came.items()}),
        note="Held: checks whose account was not known when they came. Came back: returned, charged back, "
        "reversed; less what was taken back of it.",
        empty="No money came in or went back on these days.",
    )


def _by_day(period: Period, cents: dict[date, int], what: str = "Received") -> Chart | None:
    """A bar a day, or a bar a month when there are too many days."""
    count = (period.last - period.first).days + 1
    if count == 1:
        return None
    if count <= 62:
        days = [period.first + timedelta(days=n) for n in range(count)]
        return Chart(
            f"{what} by day", tuple(f"{day.month}/{day.day}" for day in days), tuple(cents.get(d, 0) for d in days), "days"
        )
    months: defaultdict[str, int] = defaultdict(int)
    for on, amount in sorted(cents.items()):
        months[f"{on:%b} {on.year}"] += amount
    return Chart(f"{what} by month", tuple(months), tuple(months.values()))


_HELD_SINCE = {"held": "Account not known yet", "returned-to-sender": "Sent back since"}


def receipts_behind(session: Session, period: Period, _about: str) -> Report:
    """Each receipt of the days, and what came back on them."""
    days = (period.first, period.last) * 2
    columns = (
        ReportColumn("Day", "date", 11),
        ReportColumn("What", width=20),
        ReportColumn("Check", width=10),
        ReportColumn("Account", width=9),
        ReportColumn("Name", width=0),
        ReportColumn("Amount", _MONEY, 12),
    )
    found = fetch_tuples(
        session,
        "SELECT x.business_date, x.kind, x.number, a.number, coalesce(a.name, x.state), x.cents, x.account_id, x.held_id "
        f"FROM ({_RECEIVED}) x "
        "LEFT JOIN account a ON a.id = x.account_id ORDER BY 1, 2, x.payment_id, x.number",
        *days,
    )
    back = fetch_tuples(
        session,
        f"SELECT x.business_date, x.state, x.number, a.number, a.name, -x.cents, x.account_id, NULL FROM ({_TAKEN_BACK}) x "
        "LEFT JOIN account a ON a.id = x.account_id ORDER BY 1, 2",
        *days,
        *period,
    )
    rows = tuple(
        ReportRow(
            (
                parse_day(on),
                METHODS.get(what) or UNDONE.get(what) or "Check held",
                number,
                account or "",
                _HELD_SINCE.get(name, "Moved to its account since") if what == "held" else name or "",
                cents,
            ),
            None,
            account_id,
            held_id,
        )
        for on, what, number, account, name, cents, account_id, held_id in (*found, *back)
    )
    return Report("receipts-behind", "Receipts in detail", period_words(period), columns, rows, sums(columns, rows))


def deposits_report(session: Session, period: Period, _about: str) -> Report:
    """Deposits of the days, and what was taken out of one again, on its own day: what the ledger moved to the bank."""
    columns = (
        ReportColumn("Deposit", width=10),
        ReportColumn("Day", "date", 12),
        ReportColumn("Checks", "count", 10),
        ReportColumn("Amount", _MONEY, 14),
        ReportColumn("Correction", width=0),
    )
    rows = tuple(
        ReportRow(
            (str(number), parse_day(on), count, cents, why),
            Drill("deposit-checks", parse_day(on), parse_day(on), f"{number}-{correction}" if correction else str(number)),
        )
        for number, on, count, cents, why, correction in fetch_tuples(
            session,
            "SELECT id, business_date, count, cents, '', 0 FROM deposit WHERE business_date BETWEEN ? AND ? "
            "UNION ALL SELECT d.id, x.business_date, -count(x.id), -sum(x.cents), min('Taken out again: ' || y.reason), "
            "x.action_id FROM deposit_removal x JOIN deposit d ON d.id = x.deposit_id "
            "JOIN action y ON y.id = x.action_id WHERE x.business_date BETWEEN ? AND ? "
            "GROUP BY d.id, x.business_date, x.action_id ORDER BY 2, 1, 6",
            period.first,
            period.last,
            period.first,
            period.last,
        )
    )
    by_day: dict[date, int] = defaultdict(int)
    for row in rows:
        _number, on, _count, cents, _why = row.cells
        if isinstance(on, date) and isinstance(cents, int):
            by_day[on] += cents
    return Report(
        "deposits",
        "Deposits",
        period_words(period),
        columns,
        rows,
        sums(columns, rows),
        (KeyFigure("Deposited", sum(row.cells[3] for row in rows if isinstance(row.cells[3], int))),),
        _by_day(period, by_day, "Deposited"),
        empty="No deposit was made on these days.",
    )


_LISTED = """SELECT id, deposited_cents AS cents, NULL AS out_on FROM mail_check WHERE deposit_id = ?
    UNION ALL SELECT mail_check_id, cents, business_date FROM deposit_removal WHERE deposit_id = ?"""
_TAKEN_OUT = """SELECT mail_check_id AS id, -cents AS cents, business_date AS out_on FROM deposit_removal
    WHERE deposit_id = ? AND action_id = ?"""


def deposit_checks(session: Session, period: Period, about: str) -> Report:
    """The checks on one ticket as it was made, and when one was taken out again; a split one names its first account.

    `about`: the deposit's number; with `-` and the id of a correction's action, only what that took out.
    """
    number, _, correction = about.partition("-")
    columns = (
        ReportColumn("Check", width=12),
        ReportColumn("From", width=0),
        ReportColumn("Account", width=9),
        ReportColumn("Received", "date", 11),
        ReportColumn("Taken out", "date", 11),
        ReportColumn("Amount", _MONEY, 12),
    )
    rows = tuple(
        ReportRow((check, payer, account or "held", parse_day(on), day_or_none(out), cents), None, account_id)
        for check, payer, account, on, out, cents, account_id in fetch_tuples(
            session,
            "SELECT m.number, coalesce(nullif(m.payer, ''), min(a.name), ''), min(a.number), m.received_on, "
            f"listed.out_on, listed.cents, min(a.id) FROM ({_TAKEN_OUT if correction else _LISTED}) listed "
            "JOIN mail_check m ON m.id = listed.id "
            "LEFT JOIN payment p ON p.mail_check_id = m.id LEFT JOIN account a ON a.id = p.account_id "
            "GROUP BY m.id, listed.out_on, listed.cents ORDER BY m.id",
            int(number),
            int(correction or number),
        )
    )
    title = f"Deposit {number}, taken out again" if correction else f"Deposit {number}"
    return Report("deposit-checks", title, day_words(period.last), columns, rows, sums(columns, rows))


_CHECKS = """
SELECT f.business_date, (SELECT max(c.number) FROM issued_check c WHERE c.refund_id = f.id), f.payee, a.number, f.cents,
  v.business_date, (SELECT max(c.cleared_on) FROM issued_check c WHERE c.refund_id = f.id),
  (SELECT max(CASE WHEN c.state = 'stale' THEN 1 ELSE 0 END) FROM issued_check c WHERE c.refund_id = f.id), f.account_id
FROM refund f JOIN account a ON a.id = f.account_id LEFT JOIN refund_void v ON v.refund_id = f.id
"""


def _state(void: str | None, cleared: str | None, stale: int | None) -> str:
    if void is not None:
        return f"Void since {parse_day(void):%m/%d/%Y}"
    if stale:
        return "Unclaimed"
    return "Outstanding" if cleared is None else f"Cleared {parse_day(cleared):%m/%d/%Y}"


def refunds_report(session: Session, period: Period, _about: str) -> Report:
    """Refund checks issued on the days; the total is what the ledger moved from the bank to receivable."""
    columns = (
        ReportColumn("Day", "date", 11),
        ReportColumn("Check", width=9),
        ReportColumn("Payee", width=0),
        ReportColumn("Account", width=9),
        ReportColumn("State", width=18),
        ReportColumn("Amount", _MONEY, 12),
    )
    found = fetch_tuples(session, _CHECKS + "WHERE f.business_date BETWEEN ? AND ? ORDER BY f.id", period.first, period.last)
    rows = tuple(
        ReportRow((parse_day(on), str(check or ""), payee, number, _state(void, cleared, stale), cents), None, account_id)
        for on, check, payee, number, cents, void, cleared, stale, account_id in found
    )
    void_cents = sum(row[4] for row in found if row[5] is not None)
    return Report(
        "refunds",
        "Refunds",
        period_words(period),
        columns,
        rows,
        sums(columns, rows),
        (
            KeyFigure("Issued", sum(row[4] for row in found)),
            KeyFigure("Of these void", void_cents),
            KeyFigure("Outstanding", sum(row[4] for row in found if row[5] is None and row[6] is None and not row[7])),
            KeyFigure("Checks", len(found), money=False),
        ),
        empty="No refund was made on these days.",
    )


def outstanding_report(session: Session, period: Period, _about: str) -> Report:
    """Checks that are not void, not unclaimed and not paid by the bank, the oldest first; days as of the last day."""
    columns = (
        ReportColumn("Check", width=9),
        ReportColumn("Issued", "date", 11),
        ReportColumn("Days out", "count", 9),
        ReportColumn("Payee", width=0),
        ReportColumn("Account", width=9),
        ReportColumn("Amount", _MONEY, 12),
    )
    rows = tuple(
        ReportRow(
            (str(check or ""), parse_day(on), (period.last - parse_day(on)).days, payee, number, cents), None, account_id
        )
        for on, check, payee, number, cents, void, cleared, stale, account_id in fetch_tuples(
            session, _CHECKS + "ORDER BY f.business_date, f.id"
        )
        if void is None and cleared is None and not stale
    )
    total = sum(row.cells[5] for row in rows if isinstance(row.cells[5], int))
    return Report(
        "outstanding",
        "Outstanding checks",
        "As the books stand now",
        columns,
        rows,
        ("Total", None, None, None, None, total),
        (KeyFigure("Outstanding", total), KeyFigure("Checks", len(rows), money=False)),
        _by_days_out(rows),
        note="A check is cleared when the bank has paid it. After 180 days one is stopped and issued again, or unclaimed.",
        empty="Every refund check has been paid by the bank or was voided.",
    )


def _by_days_out(rows: Sequence[ReportRow]) -> Chart | None:
    """What is out by how long it has been."""
    ends = (30, 60, 90, 180)
    cents = [0] * (len(ends) + 1)
    for row in rows:
        days, amount = row.cells[2], row.cells[5]
        if isinstance(days, int) and isinstance(amount, int):
            cents[sum(days > end for end in ends)] += amount
    labels = ("Up to 30 days", "31-60", "61-90", "91-180", "Over 180 days")
    return Chart("Outstanding by days since they were issued", labels, tuple(cents)) if rows else None


MAKERS = {
    "receipts": receipts_report,
    "receipts-behind": receipts_behind,
    "deposits": deposits_report,
    "deposit-checks": deposit_checks,
    "refunds": refunds_report,
    "outstanding": outstanding_report,
}
