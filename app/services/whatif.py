"""What if the account pays, cancels, or makes an arrangement: the real thing is done, looked at, and taken back.

Each question runs the services themselves in one transaction that is always rolled back, so the answer is
theirs and not a row is left (BOTH-1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from app.errors import UserError
from app.models.bulk import day_or_none, fetch, fetch_value
from app.models.database import Database
from app.periods import next_month_start
from app.services import billing, collections, history, loading, status, subscriptions
from app.services import nextbill as bills
from app.services.books import Session, taken_back
from app.services.desk import Desk, begin
from app.services.history import HistoryRow
from app.services.loading import card
from app.services.nextbill import NextBill
from app.services.payments import record_payment
from app.services.policies.conduct import adv_9_next_refund_date
from app.services.policies.facts import InstalmentFacts, OpenInvoice
from app.services.terms import policy_of

# Beyond it nobody plans, and each month on the way is billed to know.
MOST_YEARS = 3


class Outlook(NamedTuple):
    """How the account stands; cents."""

    on: date
    status: str
    balance_cents: int
    past_due_cents: int
    sentence: str
    open_invoices: tuple[OpenInvoice, ...]


class Paid(NamedTuple):
    """What would be applied to an invoice (or to a refund that came back), and what stays open of it; cents."""

    invoice_id: int | None
    refund_id: int | None
    cents: int
    left_cents: int


class WhatIf(NamedTuple):
    """The answer: before, after, the lines that would be written, and what would be paid.

    `refund_cents` and `refund_on`: the refund check of an account that is closed then, 0 and None when none is due.
    """

    before: Outlook
    after: Outlook
    written: tuple[HistoryRow, ...]
    paid: tuple[Paid, ...]
    credit_left_cents: int
    refund_cents: int = 0
    refund_on: date | None = None
    instalments: tuple[InstalmentFacts, ...] = ()


def pays(books: Database, desk: Desk, account_id: int, cents: int) -> WhatIf:
    """If a check of `cents` came today. Raises UserError for an amount that is none, or on a closed day."""
    if cents <= 0:
        raise UserError("What if it pays how much? Type an amount of more than zero.", field="amount")

    def act(session: Session) -> date:
        record_payment(session, begin(session, desk, "what-if"), account_id, "check", cents)
        return desk.on

    return _tried(books, desk, account_id, act)


def cancels(books: Database, desk: Desk, account_id: int, last_day: date) -> WhatIf:
    """If it cancelled with `last_day` as the last day of service, monthly bills until then included.

    Raises UserError on a closed account, for a day before its services began or too far away.
    """
    if last_day.year > desk.on.year + MOST_YEARS:
        raise UserError(f"Choose a day of the next {MOST_YEARS} years.", field="last_day")

    def act(session: Session) -> date:
        subscriptions.cancel_account(session, desk, account_id, last_day)
        day, later = desk.on, desk
        while day < last_day:
            day = min(next_month_start(day), last_day)
            later = replace(desk, on=day, today=max(day, desk.today))
            if day.day == 1:
                billing.bill_account(session, later, account_id)
        if day > desk.on:
            subscriptions.carry_out_due(session, begin(session, later, "what-if"), account_id, account_id)
        return day

    return _tried(books, desk, account_id, act)


def arranges(books: Database, desk: Desk, account_id: int, instalments: Sequence[InstalmentFacts]) -> WhatIf:
    """If this arrangement were made today (ADV-16). Raises UserError as the arrangement itself does."""

    def act(session: Session) -> date:
        collections.arrange(session, desk, account_id, instalments)
        return desk.on

    return _tried(books, desk, account_id, act)._replace(instalments=tuple(instalments))


def next_bill(books: Database, desk: Desk, account_id: int) -> NextBill | None:
    """The next bill when a scheduled change comes first (BOTH-10): both are carried out, and taken back."""

    def look(session: Session) -> NextBill | None:
        account = card(session, account_id)
        day = bills.cycle_day(account.status, _cycle_done(session, account_id), desk.on)
        if day is None:
            return None
        later = replace(desk, on=day, today=max(day, desk.today))
        subscriptions.carry_out_due(session, begin(session, later, "what-if"), account_id, account_id)
        return bills.next_bill(session, card(session, account_id), _cycle_done(session, account_id), day)

    return taken_back(books, look)


def _cycle_done(session: Session, account_id: int) -> date | None:
    return day_or_none(fetch_value(session, "SELECT cycle_done FROM account WHERE id = ?", account_id))


def _tried(books: Database, desk: Desk, account_id: int, act: Callable[[Session], date]) -> WhatIf:
    def look(session: Session) -> WhatIf:
        before = _outlook(session, account_id, desk.on)
        last_action = fetch_value(session, "SELECT coalesce(max(id), 0) FROM action")
        last_application = fetch_value(session, "SELECT coalesce(max(id), 0) FROM allocation")
        day = act(session)
        after = _outlook(session, account_id, day)
        written = tuple(row for row in history.account_history(session, account_id) if row.action_id > last_action)
        paid = _paid(session, account_id, last_application)
        left = fetch_value(session, "SELECT coalesce(sum(remaining_cents), 0) FROM credit WHERE account_id = ?", account_id)
        refund = -after.balance_cents if after.status == "closed" and after.balance_cents < 0 else 0
        refund_days = policy_of(session, account_id, day).refund_days
        refund_on = adv_9_next_refund_date(day, refund_days) if refund else None
        return WhatIf(before, after, written, paid, int(left), refund, refund_on)

    return taken_back(books, look)


def _outlook(session: Session, account_id: int, on: date) -> Outlook:
    account = card(session, account_id)
    invoices = loading.open_invoices(session, account_id, account_id).get(account_id, [])
    standing = status.standing(session, account, on, invoices)
    return Outlook(on, account.status, standing.balance_cents, standing.past_due_cents, standing.sentence, tuple(invoices))


def _paid(session: Session, account_id: int, last_application: int) -> tuple[Paid, ...]:
    rows = fetch(
        session,
        "SELECT a.invoice_id, a.refund_id, sum(a.cents) AS cents, coalesce(i.open_cents, f.open_cents) AS left_cents "
        "FROM allocation a LEFT JOIN invoice i ON i.id = a.invoice_id LEFT JOIN refund f ON f.id = a.refund_id "
        "WHERE a.id > ? AND a.account_id = ? GROUP BY a.invoice_id, a.refund_id, i.open_cents, f.open_cents, i.due_on "
        "HAVING sum(a.cents) <> 0 "
        "ORDER BY a.refund_id IS NOT NULL, i.due_on, a.invoice_id",
        last_application,
        account_id,
    )
    return tuple(Paid(*row) for row in rows)
