"""What a request would do, for whoever is to answer it: looked at in the books at their own PC, before they say yes."""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_one, fetch_value, parse_day
from app.models.database import Database
from app.money import format_cents
from app.periods import add_months
from app.services import billing, refunds
from app.services.approvals import WaitingRequest, is_request
from app.services.chargenames import CHARGE_NAMES
from app.services.desk import Desk
from app.services.refundapproval import RefundDue

MOST_NAMED = 8
_DAY = re.compile(r"(\d\d)/(\d\d)/(\d{4})$")
_ACCOUNT = re.compile(r"account (\d+)")


def preview_of(books: Database, desk: Desk, request: WaitingRequest) -> list[str]:
    """Lines for a person: of month-end its totals by kind and its exceptions, of refunds the checks, else the account."""
    if request.what == "run-billing":
        return _month_end(books, desk, request)
    with books.read() as session:
        if request.what == "run-refunds":
            return _refund_run(session, desk.today)
        found = _ACCOUNT.search(request.words)
        if found is None:
            return []
        account_id = fetch_value(session, "SELECT id FROM account WHERE number = ?", found[1])
        return [] if account_id is None else _account(session, int(account_id), desk.today)


def _month_end(books: Database, desk: Desk, request: WaitingRequest) -> list[str]:
    found = _DAY.search(request.words)
    if found is None:
        return []
    day = date(int(found[3]), int(found[1]), int(found[2]))
    # The words are for people; what is approved is what the request names exactly.
    if not is_request(desk.dated(day), request):
        return ["The run of another date is asked for than these words say; refuse it."]
    totals = billing.preview(books, desk.dated(day))
    due = f"{totals.accounts:,} accounts that are due"
    lines = [f"{_many(totals.invoices, 'invoice')} of {due}, {format_cents(totals.cents)} in all:"]
    lines += [
        f"{CHARGE_NAMES.get(kind, kind)}: {count:,}, {format_cents(cents)}"
        for kind, (count, cents) in sorted(totals.by_kind.items(), key=lambda item: -abs(item[1][1]))
    ]
    with books.read() as session:
        number_of = "SELECT number FROM account WHERE id = ?"
        parked = [f"Not billed: account {fetch_value(session, number_of, i)}, {why}" for i, why in totals.parked]
        listed = fetch(
            session,
            "SELECT a.number, e.detail FROM listed_exception e JOIN account a ON a.id = e.account_id "
            "WHERE e.closed_on IS NULL ORDER BY e.id",
        )
    open_now = [f"On the exceptions list: account {row.number}, {row.detail or 'no more is known'}" for row in listed]
    return lines + _cut(parked + open_now, "exceptions")


def _cut(lines: list[str], what: str) -> list[str]:
    more = len(lines) - MOST_NAMED
    return lines if more <= 0 else [*lines[:MOST_NAMED], f"and {more:,} more {what}"]


def _refund_run(session: Session, today: date) -> list[str]:
    due = sorted(refunds.refunds_due(session, today), key=lambda item: -item.cents)
    total = format_cents(sum(item.cents for item in due))
    lines = [_check(item) for item in due]
    return [f"As the books are now: {_many(len(due), 'check')}, {total} in all:", *_cut(lines, "checks")]


def _check(item: RefundDue) -> str:
    words = f"{format_cents(item.cents)} to {item.name}, account {item.number}"
    if not item.check_number:
        return words
    return f"{words}; their check {item.check_number} of {format_cents(item.check_cents)} may not have cleared"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _account(session: Session, account_id: int, today: date) -> list[str]:
    row = fetch_one(session, "SELECT number, name, status, balance_cents, opened_on FROM account WHERE id = ?", account_id)
    assert row is not None
    cents = format_cents(abs(row.balance_cents))
    stands = f"owes {cents}" if row.balance_cents >= 0 else f"{cents} in credit"
    lines = [f"Account {row.number}, {row.name}: {row.status}, opened {parse_day(row.opened_on):%m/%d/%Y}, {stands}."]
    paid = fetch_one(
        session,
        "SELECT p.business_date, p.cents FROM payment p WHERE p.account_id = ? "
        "AND p.id NOT IN (SELECT payment_id FROM payment_reversal) ORDER BY p.business_date DESC, p.id DESC LIMIT 1",
        account_id,
    )
    if paid is not None:
        lines.append(f"Last payment: {format_cents(paid.cents)} on {parse_day(paid.business_date):%m/%d/%Y}.")
    since = add_months(today, -12)
    given = fetch(
        session,
        "SELECT CASE WHEN a.what = 'waive-charge' THEN 'waived fees' WHEN c.kind = 'write-off' THEN 'write-offs' "
        "ELSE 'courtesy credits' END AS called, count(*) AS times, sum(c.cents) AS cents FROM credit c "
        "JOIN action a ON a.id = c.action_id WHERE c.account_id = ?1 AND c.business_date > ?2 "
        "AND a.what IN ('courtesy-credit', 'write-off', 'waive-charge') GROUP BY 1 ORDER BY 1",
        account_id,
        since,
    )
    said = [f"{format_cents(item.cents)} of {item.called} ({item.times})" for item in given]
    lines.append("In the last twelve months: " + (", ".join(said) if said else "no credit, write-off or waived fee") + ".")
    return lines
