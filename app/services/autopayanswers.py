"""The answer to one attempt to be paid, told by a person: outside the run, or when a bank answers later (ADV-5, ARR-5)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import fetch_one, fetch_tuples, fetch_value, insert_row, parse_day
from app.money import format_cents
from app.services import standing
from app.services.autopay import AutopayDue, record_outcome
from app.services.chargesback import rate_later_failures, settle_memos, take_back_charges
from app.services.desk import Desk, begin, require_reason, require_role
from app.services.gateways.autopay import Outcome
from app.services.inputs import refuse_large
from app.services.loading import AccountCard, card
from app.services.payments import record_payment


def record_attempt(
    session: Session,
    desk: Desk,
    account_id: int,
    *,
    approved: bool,
    cents: int | None = None,
    reference: str = "",
    waive: frozenset[str] = frozenset(),
    reason: str = "",
) -> bool:
    """One account was asked outside the run, at the terminal or by the bank; returns whether it was paid.

    `cents`: another amount than its whole balance, as the customer said; what is paid beyond it stays as credit. A
    declined one is a failed attempt of the invoices that it would have paid, the oldest first (ARR-6, ARR-7).
    `waive`: kinds of charge that a supervisor waives before they are made, with `reason` (BOTH-4). Raises UserError
    when it has no method or no signed form for it (ARR-10), for an amount that is none, and for a declined one when
    it owes nothing; and on a date on which it was asked already, unless so much was then paid.
    """
    account = card(session, account_id)
    whole = cents is None
    cents = account.balance_cents if cents is None else cents
    asked = _asked_on(session, desk, account_id)
    _refuse_attempt(desk, account, cents, approved=approved, asked=asked and (whole or not approved))
    if waive:
        require_role(desk, "supervisor", "Waiving a fee")
        reason = require_reason(reason, "Waiving a fee")
    act = begin(session, desk, "record-attempt", reason=reason)
    if approved and asked:
        # The money came: it is recorded, and what that date's attempt was stays as it is.
        record_payment(session, act, account_id, account.autopay, cents)
        return True
    item = AutopayDue(account_id, account.number, account.autopay, account.method_label, cents)
    said = reference.strip() or ("approved" if approved else "declined")
    record_outcome(session, act, item, Outcome(approved, said), waive)
    return approved


def _asked_on(session: Session, desk: Desk, account_id: int) -> bool:
    found = fetch_value(
        session, "SELECT 1 FROM payment_attempt WHERE account_id = ? AND business_date = ?", account_id, desk.on
    )
    return found is not None


def _refuse_attempt(desk: Desk, account: AccountCard, cents: int, *, approved: bool, asked: bool) -> None:
    if account.autopay == "none":
        raise UserError(f"Account {account.number} has no card or bank account on file.", field="account")
    if account.authorized_on is None:
        raise UserError("The signed form for the method on file is not here; it cannot be asked before.", field="account")
    if account.balance_cents <= 0 and (cents <= 0 or not approved):
        raise UserError(f"Account {account.number} owes nothing that could be asked for.", field="amount")
    if cents <= 0:
        raise UserError("How much was asked for? Type an amount above zero.", field="amount")
    refuse_large(cents, "amount")
    if not approved and cents > account.balance_cents:
        owed = format_cents(account.balance_cents)
        raise UserError(f"The account owes {owed}; more than that cannot have failed.", field="amount")
    if asked:
        raise UserError(f"Account {account.number} was asked on {desk.on} already; once a date is all.", field="account")


class Declined(NamedTuple):
    """A failed attempt that counts; cents asked."""

    id: int
    on: date
    cents: int
    action_id: int


def declined_attempts(session: Session, account_id: int, limit: int = 5) -> list[Declined]:
    """An account's failed attempts that were not taken back, the latest first."""
    rows = fetch_tuples(
        session,
        "SELECT id, business_date, cents, action_id FROM payment_attempt WHERE account_id = ? AND outcome = 'declined' "
        "AND id NOT IN (SELECT attempt_id FROM attempt_taken_back) ORDER BY business_date DESC, id DESC LIMIT ?",
        account_id,
        limit,
    )
    return [Declined(row[0], parse_day(row[1]), row[2], row[3]) for row in rows]


def take_back_attempt(session: Session, desk: Desk, attempt_id: int, reason: str) -> None:
    """A failed attempt was recorded by mistake: its charges are taken back, and it counts no more (BOTH-3, ARR-6, ARR-7).

    A later failure that is the first now costs the plan's late charge instead of the one for further attempts.
    A supervisor's, with a reason. Raises UserError for one that was paid or taken back already, or a day before it.
    """
    row = fetch_one(
        session,
        "SELECT account_id, business_date, action_id FROM payment_attempt WHERE id = ? AND outcome = 'declined' "
        "AND id NOT IN (SELECT attempt_id FROM attempt_taken_back)",
        attempt_id,
    )
    if row is None:
        raise UserError("That attempt did not fail, or was taken back already.", field="step")
    if desk.on < parse_day(row.business_date):
        raise UserError(f"The attempt is dated {row.business_date}; it cannot be taken back before that.", field="on")
    require_role(desk, "supervisor", "Taking back a failed attempt")
    reason = require_reason(reason, "Taking back a failed attempt")
    act = begin(session, desk, "take-back-attempt", reason=reason)
    insert_row(
        session,
        "attempt_taken_back",
        attempt_id=attempt_id,
        account_id=row.account_id,
        attempt_action_id=row.action_id,
        action_id=act.id,
    )
    settle_memos(session, act, row.account_id, take_back_charges(session, act, row.account_id, row.action_id))
    settle_memos(session, act, row.account_id, rate_later_failures(session, act, row.account_id, row.action_id))
    standing.after_money(session, act, row.account_id, "other")
