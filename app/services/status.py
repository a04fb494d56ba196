"""How an account stands, in a sentence that a person would say, and all that its page first shows."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import day_or_none, fetch_tuples, parse_day
from app.money import format_cents
from app.services import history, loading
from app.services.collections import has_kept_arrangement
from app.services.exceptions import open_codes
from app.services.history import (
    AppliedLine,
    ChangeLine,
    HistoryRow,
    InvoiceRow,
    PaymentLine,
    RefundLine,
    WorkLine,
)
from app.services.loading import AccountCard, card
from app.services.policies.facts import OpenInvoice, ScheduledFacts


class Standing(NamedTuple):
    """An account's standing on a date; amounts in cents."""

    balance_cents: int
    past_due_cents: int
    past_due_since: date | None
    arrangement_kept: bool
    sentence: str


class ServiceLine(NamedTuple):
    """A service as the account page lists it."""

    name: str
    monthly_cents: int
    first_day: date
    last_day: date | None
    billed_through: date | None


class AccountPage(NamedTuple):
    """Everything the account page first shows."""

    card: AccountCard
    standing: Standing
    services: tuple[ServiceLine, ...]
    open_invoices: tuple[OpenInvoice, ...]
    history: tuple[HistoryRow, ...]
    invoices: tuple[InvoiceRow, ...]
    payments: tuple[PaymentLine, ...]
    applications: tuple[AppliedLine, ...]
    refunds: tuple[RefundLine, ...]
    work: tuple[WorkLine, ...]
    changes: tuple[ChangeLine, ...]
    scheduled: tuple[ScheduledFacts, ...]
    exceptions: tuple[str, ...]


def standing(session: Session, account: AccountCard, on: date, invoices: list[OpenInvoice]) -> Standing:
    """The standing of an account on a date, from its card and open invoices (oldest due first)."""
    late = [invoice for invoice in invoices if invoice.due_on < on]
    past_due = sum(invoice.open_cents for invoice in late)
    since = late[0].due_on if late else None
    kept = has_kept_arrangement(session, account.id, on)
    return Standing(account.balance_cents, past_due, since, kept, _sentence(account, past_due, since, kept))


def _sentence(account: AccountCard, past_due: int, since: date | None, kept: bool) -> str:
    owes = format_cents(account.balance_cents)
    if account.status == "closed":
        if account.balance_cents < 0:
            return f"Closed, with a credit of ${format_cents(-account.balance_cents)} that the next refund run pays out."
        return f"Closed, and still owes ${owes}." if account.balance_cents else "Closed, and settled."
    if account.status == "suspended":
        return f"Suspended until ${owes} is paid or arrangements are made."
    if since is not None:
        start = f"Past due ${format_cents(past_due)} since {since:%b} {since.day}, {since.year}."
        if kept:
            return f"{start} An arrangement is being kept."
        return f"{start} Services will be suspended on the next suspension run unless it is paid or arrangements are made."
    if account.balance_cents > 0:
        return f"Owes ${owes}, nothing of it past due."
    if account.balance_cents < 0:
        return f"Has a credit of ${format_cents(-account.balance_cents)}."
    return "Paid in full."


def account_page(session: Session, account_id: int, on: date) -> AccountPage:
    """All that the account page first shows, as of now. Raises UserError for an unknown account."""
    account = card(session, account_id)
    invoices = loading.open_invoices(session, account_id, account_id).get(account_id, [])
    services = tuple(
        ServiceLine(row[0], row[1], parse_day(row[2]), day_or_none(row[3]), day_or_none(row[4]))
        for row in fetch_tuples(
            session,
            "SELECT name, monthly_cents, first_day, last_day, billed_through FROM service WHERE account_id = ? ORDER BY id",
            account_id,
        )
    )
    return AccountPage(
        account,
        standing(session, account, on, invoices),
        services,
        tuple(invoices),
        tuple(history.account_history(session, account_id)),
        tuple(history.account_invoices(session, account_id)),
        tuple(history.account_payments(session, account_id)),
        tuple(history.account_applications(session, account_id)),
        tuple(history.account_refunds(session, account_id)),
        tuple(history.account_work(session, account_id)),
        tuple(history.account_changes(session, account_id)),
        tuple(loading.scheduled(session, account_id, account_id).get(account_id, ())),
        tuple(open_codes(session, account_id)),
    )
