"""An account as it stood at the end of any day: balance, aging, open invoices, status.

As in `aging`: today's open amounts, with every later application taken back and every later document left out.
What was taken over from an old program counts from its own dates, also before the day on which it was taken over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch_named, fetch_one, fetch_tuples, iso, parse_day
from app.services import loading
from app.services.aging import AgingRow
from app.services.history import ChangeLine
from app.services.loading import AccountCard, card
from app.services.policies.arrangements import arrangement_kept
from app.services.policies.facts import ArrangementFacts, InstalmentFacts, OpenInvoice
from app.services.sentences import StandingFacts, standing_sentence
from app.services.status import age, next_due, next_instalment, was_charged


class AsOf(NamedTuple):
    """An account at the end of a day; cents. `open_invoices` come oldest due first."""

    on: date
    status: str
    balance_cents: int
    past_due_cents: int
    past_due_since: date | None
    aging: AgingRow
    open_invoices: tuple[OpenInvoice, ...]
    sentence: str


_INVOICES = """
SELECT due_on, id, cents FROM (
  SELECT i.due_on, i.id, i.open_cents + coalesce((SELECT sum(a.cents) FROM allocation a
    WHERE a.invoice_id = i.id AND a.business_date > :on), 0) AS cents
  FROM invoice i WHERE i.account_id = :account AND i.issued_on <= :on
) AS items WHERE cents > 0 ORDER BY due_on, id
"""
_REFUNDS = """
SELECT coalesce(sum(cents), 0) FROM (
  SELECT f.open_cents + coalesce((SELECT sum(a.cents) FROM allocation a
    WHERE a.refund_id = f.id AND a.business_date > :on), 0) AS cents
  FROM refund f WHERE f.account_id = :account AND f.business_date <= :on
  UNION ALL SELECT f.cents - coalesce((SELECT sum(x.cents) FROM allocation x WHERE x.refund_id = f.id), 0) - f.open_cents
  FROM refund_void v JOIN refund f ON f.id = v.refund_id
  WHERE f.account_id = :account AND v.business_date > :on AND f.business_date <= :on
)
"""
_CREDITS = """
SELECT coalesce(sum(cents), 0) FROM (
  SELECT c.remaining_cents + coalesce((SELECT sum(a.cents) FROM allocation a
    WHERE a.credit_id = c.id AND a.business_date > :on), 0)
    + CASE WHEN r.business_date > :on THEN c.cents ELSE 0 END AS cents
  FROM credit c LEFT JOIN payment_reversal r ON r.payment_id = c.id
  WHERE c.account_id = :account AND c.business_date <= :on
)
"""


def account_as_of(session: Session, account_id: int, on: date) -> AsOf:
    """The account as it stood at the end of `on`. Raises UserError for an unknown account."""
    account = card(session, account_id)
    values = {"account": account_id, "on": iso(on)}
    invoices = [
        OpenInvoice(account_id, parse_day(due_on), invoice_id, cents)
        for due_on, invoice_id, cents in fetch_named(session, _INVOICES, values)
    ]
    reopened = int(fetch_named(session, _REFUNDS, values)[0][0])
    credit = int(fetch_named(session, _CREDITS, values)[0][0])
    buckets = age([(invoice.due_on, invoice.open_cents) for invoice in invoices], on)
    row = AgingRow(account_id, buckets[0] + reopened, *buckets[1:], -credit)
    balance = row.balance_cents
    late = [invoice for invoice in invoices if invoice.due_on < on]
    past_due = sum(invoice.open_cents for invoice in late)
    since = late[0].due_on if late else None
    status, suspended_on = _status(session, account, on)
    arrangement = _arrangement(session, account_id, on)
    kept = arrangement_kept(arrangement, loading.payments(session, [account_id])[account_id], on)
    sentence = standing_sentence(
        StandingFacts(
            on,
            status,
            balance,
            past_due,
            since,
            *next_due(invoices, on),
            closed_on=account.closed_on,
            suspended_on=suspended_on,
            kept=kept,
            instalment=next_instalment(arrangement, on) if kept else None,
            charged=was_charged(session, account_id, on),
        )
    )
    return AsOf(on, status, balance, past_due, since, row, tuple(invoices), sentence)


def card_then(card: AccountCard, changes: Sequence[ChangeLine], on: date) -> AccountCard:
    """The card as it read at the end of `on`: every later change of name, address, e-mail, phone, delivery undone.

    `changes`: all that were made, the latest first.
    """
    was = {
        "name": card.name,
        "address": card.address,
        "email": card.email,
        "phone": card.phone,
        "delivery": card.delivery,
    }
    for change in sorted(changes, key=lambda row: row.on, reverse=True):
        if change.what in was and parse_day(change.on) > on:
            was[change.what] = change.before
    return card._replace(
        name=was["name"], address=was["address"], email=was["email"], phone=was["phone"], delivery=was["delivery"]
    )


def _status(session: Session, account: AccountCard, on: date) -> tuple[str, date | None]:
    """Active, suspended or closed at the end of `on`, and since when it was suspended.

    A day is open again only when a suspension that began by it had not ended by it.
    """
    if account.status == "closed" and account.closed_on is not None and account.closed_on <= on:
        return "closed", None
    for suspension in reversed(loading.suspensions(session, account.id, account.id).get(account.id, [])):
        if suspension.on <= on and (suspension.restored_on is None or suspension.restored_on > on):
            return "suspended", suspension.on
    return "active", None


def _arrangement(session: Session, account_id: int, on: date) -> ArrangementFacts | None:
    """The arrangement that counted at the end of `on`: the latest made by then."""
    latest = fetch_one(
        session,
        "SELECT id, made_on FROM arrangement WHERE account_id = ? AND made_on <= ? ORDER BY id DESC",
        account_id,
        on,
    )
    if latest is None:
        return None
    parts = fetch_tuples(session, "SELECT due_on, cents FROM instalment WHERE arrangement_id = ? ORDER BY n", latest.id)
    return ArrangementFacts(
        parse_day(latest.made_on), tuple(InstalmentFacts(parse_day(due_on), cents) for due_on, cents in parts)
    )
