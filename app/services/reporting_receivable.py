"""Reports of what customers owe: the aging as of any day, the open items behind it, and the exceptions."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from app.models.bulk import fetch_named, fetch_tuples, iso, parse_day
from app.services import aging
from app.services.documents.content import Chart, KeyFigure
from app.services.exceptions import open_exceptions
from app.services.loading import card
from app.services.reporting import Drill, Period, Report, ReportColumn, ReportRow, day_words, sums

_MONEY = "money"
AGES = ("Not due", "1-30 days", "31-60 days", "61-90 days", "Over 90")


def aging_report(session: Session, period: Period, _about: str) -> Report:
    """Every account's open items by age at the end of a day; the total is the receivable of the trial balance."""
    on = period.last
    aged = aging.aging(session, on, as_of=True)
    cards = {row[0]: row[1:] for row in fetch_tuples(session, "SELECT id, number, name FROM account")}
    columns = (
        ReportColumn("Account", width=9),
        ReportColumn("Name", width=0),
        *(ReportColumn(age, _MONEY, 11) for age in AGES),
        ReportColumn("Credit", _MONEY, 9),
        ReportColumn("Balance", _MONEY, 10),
    )
    rows = tuple(
        ReportRow(
            (*cards[row.account_id], *(cents or None for cents in row[1:7]), row.balance_cents),
            Drill("account-items", on, on, str(row.account_id)),
            row.account_id,
        )
        for row in sorted(aged, key=lambda row: cards[row.account_id][0])
    )
    totals = aging.totals(aged)
    return Report(
        "aging",
        "Aging",
        f"As the books stood on {day_words(on)}",
        columns,
        rows,
        sums(columns, rows),
        (
            KeyFigure("Receivable", sum(totals)),
            KeyFigure("Past due", sum(totals[1:5])),
            KeyFigure("Credits on accounts", totals.credit),
            KeyFigure("Accounts", len(rows), money=False),
        ),
        Chart("Receivable by days past due", AGES, tuple(totals[:5])),
        empty="Nobody owed anything, and nobody had a credit.",
    )


_ITEMS = """
SELECT 'Invoice ' || id, issued_on, due_on, total, cents FROM (
  SELECT i.id, i.issued_on, i.due_on, i.total_cents AS total, i.open_cents + coalesce((SELECT sum(a.cents)
    FROM allocation a WHERE a.invoice_id = i.id AND a.business_date > :on), 0) AS cents
  FROM invoice i WHERE i.account_id = :account AND i.issued_on <= :on AND i.total_cents > 0
) WHERE cents <> 0
UNION ALL
SELECT CASE kind WHEN 'payment' THEN 'Payment' ELSE description END, business_date, NULL, -total, -cents FROM (
  SELECT c.kind, c.description, c.business_date, c.cents AS total, c.remaining_cents
    + coalesce((SELECT sum(a.cents) FROM allocation a WHERE a.credit_id = c.id AND a.business_date > :on), 0)
    + coalesce((SELECT p.cents FROM payment_reversal r JOIN payment p ON p.id = r.payment_id WHERE p.id = c.id
      AND r.business_date > :on), 0) AS cents
  FROM credit c WHERE c.account_id = :account AND c.business_date <= :on
) WHERE cents <> 0
UNION ALL
SELECT 'Refund ' || id || ', its payment came back', business_date, NULL, total, cents FROM (
  SELECT f.id, f.business_date, f.cents AS total, CASE
    WHEN v.business_date > :on THEN f.cents - coalesce((SELECT sum(x.cents) FROM allocation x WHERE x.refund_id = f.id
      AND x.business_date <= :on), 0)
    ELSE f.open_cents + coalesce((SELECT sum(a.cents) FROM allocation a WHERE a.refund_id = f.id
      AND a.business_date > :on), 0) END AS cents
  FROM refund f LEFT JOIN refund_void v ON v.refund_id = f.id
  WHERE f.account_id = :account AND f.business_date <= :on AND (v.business_date IS NULL OR v.business_date > :on)
) WHERE cents <> 0
ORDER BY 2, 1
"""


def account_items(session: Session, period: Period, about: str) -> Report:
    """The open items of one account (its id in `about`) at the end of a day; they add up to its line of the aging."""
    on, account = period.last, card(session, int(about))
    columns = (
        ReportColumn("Item", width=0),
        ReportColumn("Date", "date", 11),
        ReportColumn("Due", "date", 11),
        ReportColumn("Days past due", "count", 13),
        ReportColumn("Amount", _MONEY, 11),
        ReportColumn("Open", _MONEY, 11),
    )
    rows = []
    for what, dated, due, total, cents in fetch_named(session, _ITEMS, {"account": account.id, "on": iso(on)}):
        due_on = None if due is None else parse_day(due)
        late = None if due_on is None or due_on >= on else (on - due_on) // timedelta(days=1)
        rows.append(ReportRow((what, parse_day(dated), due_on, late, total, cents), None, account.id))
    return Report(
        "account-items",
        f"Open items of {account.name}",
        f"Account {account.number}, as the books stood on {day_words(on)}",
        columns,
        tuple(rows),
        ("Total", None, None, None, None, sum(row.cells[5] for row in rows if isinstance(row.cells[5], int))),
    )


EXCEPTION_WORDS = {
    "needs-decision": "Work to decide",
    "authorization-missing": "No signed authorization",
    "reactivation-proposed": "Re-activation fee proposed",
    "no-refund-address": "Refund without an address",
    "no-receipt-address": "Receipt without an address",
    "billing-failed": "Billing failed",
    "change-failed": "Change failed",
}


def exceptions_report(session: Session, _period: Period, _about: str) -> Report:
    """Everything open now, by kind."""
    columns = (
        ReportColumn("What", width=28),
        ReportColumn("Since", "date", 11),
        ReportColumn("Account", width=9),
        ReportColumn("Name", width=24),
        ReportColumn("Detail", width=0),
    )
    rows = tuple(
        ReportRow(
            (
                EXCEPTION_WORDS.get(item.code, item.code.replace("-", " ").capitalize()),
                item.since,
                item.number,
                item.name,
                f"{item.detail[:1].upper()}{item.detail[1:]}",
            ),
            None,
            item.account_id,
        )
        for item in open_exceptions(session)
    )
    return Report(
        "exceptions",
        "Exceptions",
        "As the books stand now",
        columns,
        rows,
        figures=(KeyFigure("Open", len(rows), money=False),),
        empty="No exceptions: nothing waits for a person.",
    )


MAKERS = {"aging": aging_report, "account-items": account_items, "exceptions": exceptions_report}
