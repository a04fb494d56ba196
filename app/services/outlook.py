"""What an action would do: done by the real services in a transaction that is taken back (BOTH-1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_value, parse_day
from app.models.database import Database
from app.money import format_cents
from app.services.books import taken_back
from app.services.collections import past_due_cents
from app.services.desk import Desk
from app.services.history import account_history
from app.services.loading import AccountCard, card
from app.services.policies.conduct import adv_9_next_refund_date
from app.services.terms import policy_of

Deed = Callable[[Session, Desk], Any]


class OutlookLine(NamedTuple):
    """A line that the action makes; cents move the balance (`waits`: with the next cycle invoice)."""

    description: str
    why: str
    clause: str
    cents: int
    waits: bool = False


class OutlookInvoice(NamedTuple):
    """An invoice that the action issues; a total below zero is a credit memo."""

    total_cents: int
    due_on: date


class Outlook(NamedTuple):
    """The account before and after an action. `result` is what the service returned.

    `before` is None for an account that the action opens. `scheduled` is the day for which it is listed.
    """

    before: AccountCard | None
    after: AccountCard
    past_due_before: int
    past_due_after: int
    lines: tuple[OutlookLine, ...]
    invoices: tuple[OutlookInvoice, ...]
    scheduled: date | None
    refund_on: date | None
    result: Any


def look_ahead(books: Database, desk: Desk, account_id: int | None, deed: Deed) -> Outlook:
    """Do `deed` on an account (None: it opens one and returns its id), take it back, and say what it did.

    Raises what the deed refuses.
    """
    return taken_back(books, lambda session: _done(session, desk, account_id, deed))


def _done(session: Session, desk: Desk, account_id: int | None, deed: Deed) -> Outlook:
    last = fetch_value(session, "SELECT coalesce(max(id), 0) FROM action")
    before = None if account_id is None else card(session, account_id)
    past_due = 0 if account_id is None else past_due_cents(session, account_id, desk.on)
    result = deed(session, desk)
    account_id = int(result) if account_id is None else account_id
    after = card(session, account_id)
    policy = policy_of(session, account_id, desk.on)
    paid_out = after.status == "closed" and after.balance_cents < 0
    return Outlook(
        before,
        after,
        past_due,
        past_due_cents(session, account_id, desk.on),
        tuple(_new_lines(session, account_id, last)),
        tuple(
            OutlookInvoice(row[0], parse_day(row[1]))
            for row in fetch(
                session,
                "SELECT total_cents, due_on FROM invoice WHERE account_id = ? AND action_id > ? ORDER BY id",
                account_id,
                last,
            )
        ),
        _new_day(session, account_id, last),
        adv_9_next_refund_date(desk.on, policy.refund_days) if paid_out else None,
        result,
    )


def _new_lines(session: Session, account_id: int, last: int) -> list[OutlookLine]:
    lines = [
        OutlookLine(row.description, row.why, row.clause, row.cents)
        for row in account_history(session, account_id)
        if row.action_id > last
    ]
    waiting = fetch(
        session,
        "SELECT description, why, clause, cents FROM pending_charge WHERE account_id = ? AND action_id > ? "
        "AND invoice_id IS NULL ORDER BY id",
        account_id,
        last,
    )
    return lines + [OutlookLine(row[0], row[1], row[2], row[3], True) for row in waiting]


def _new_day(session: Session, account_id: int, last: int) -> date | None:
    day = fetch_value(
        session,
        "SELECT max(effective) FROM scheduled_change WHERE account_id = ? AND action_id > ? AND state = 'waiting'",
        account_id,
        last,
    )
    return None if day is None else parse_day(day)


def sentences(outlook: Outlook) -> list[str]:
    """What will have happened, as short sentences with their figures."""
    before, after = outlook.before, outlook.after
    said = []
    invoices = [invoice for invoice in outlook.invoices if invoice.total_cents > 0]
    if len({invoice.due_on for invoice in invoices}) == 1:
        total, due = sum(invoice.total_cents for invoice in invoices), f"{invoices[0].due_on:%m/%d/%Y}"
        many = f"{len(invoices)} invoices of {format_cents(total)} in all are made, due {due}."
        said.append(many if len(invoices) > 1 else f"An invoice of {format_cents(total)} is made, due {due}.")
    else:
        said += [
            f"An invoice of {format_cents(invoice.total_cents)} is made, due {invoice.due_on:%m/%d/%Y}."
            for invoice in invoices
        ]
    memos = [-invoice.total_cents for invoice in outlook.invoices if invoice.total_cents < 0]
    said += [f"A credit memo of {format_cents(cents)} is made." for cents in memos]
    waiting = [line.cents for line in outlook.lines if line.waits]
    if waiting:
        total = sum(waiting)
        what = "credited" if total < 0 else "billed"
        said.append(f"{format_cents(abs(total))} is {what} with the next billing run.")
    if outlook.scheduled is not None:
        said.append(f"It waits until {outlook.scheduled:%m/%d/%Y}; until then it can be taken back.")
    if before is not None and before.status != after.status:
        said.append(_STATUS[after.status])
    if before is not None and before.balance_cents != after.balance_cents:
        said.append(f"The balance goes from {format_cents(before.balance_cents)} to {format_cents(after.balance_cents)}.")
    elif before is not None:
        said.append(f"The balance stays {format_cents(after.balance_cents)}.")
    if outlook.past_due_before != outlook.past_due_after:
        said.append(
            f"Past due after it: {format_cents(outlook.past_due_after)}."
            if outlook.past_due_after
            else "Nothing is past due after it."
        )
    if outlook.refund_on is not None:
        said.append(
            f"A refund check of {format_cents(-after.balance_cents)} is due with the run of {outlook.refund_on:%m/%d/%Y}."
            if after.address
            else f"A refund of {format_cents(-after.balance_cents)} is due, but no address is known to send it to."
        )
    return said


_STATUS = {
    "active": "Services are restored.",
    "suspended": "Services are suspended.",
    "closed": "The account is closed.",
}
