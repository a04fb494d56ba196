"""The answer to one attempt to be paid, told by a person: outside the run, or when a bank answers later (ADV-5, ARR-5)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import fetch_value
from app.services.autopay import AutopayDue, record_outcome
from app.services.desk import Desk, begin, require_reason, require_role
from app.services.gateways.autopay import Outcome
from app.services.loading import AccountCard, card


def record_attempt(
    session: Session,
    desk: Desk,
    account_id: int,
    *,
    approved: bool,
    reference: str = "",
    waive: frozenset[str] = frozenset(),
    reason: str = "",
) -> bool:
    """One account was asked for its whole balance outside the run; returns whether it was paid.

    `waive`: kinds of charge that a supervisor waives before they are made, with `reason` (BOTH-4). Raises UserError
    when it has no method or no signed form for it, owes nothing, or was asked on that date already.
    """
    account = card(session, account_id)
    _refuse_attempt(session, desk, account)
    if waive:
        require_role(desk, "supervisor", "Waiving a fee")
        reason = require_reason(reason, "Waiving a fee")
    act = begin(session, desk, "record-attempt", reason=reason)
    item = AutopayDue(account_id, account.number, account.autopay, account.method_label, account.balance_cents)
    said = reference.strip() or ("approved" if approved else "declined")
    record_outcome(session, act, item, Outcome(approved, said), waive)
    return approved


def _refuse_attempt(session: Session, desk: Desk, account: AccountCard) -> None:
    if account.autopay == "none":
        raise UserError(f"Account {account.number} has no card or bank account on file.", field="account")
    if account.authorized_on is None:
        raise UserError("The signed form for the method on file is not here; it cannot be asked before.", field="account")
    if account.balance_cents <= 0:
        raise UserError(f"Account {account.number} owes nothing that could be asked for.", field="account")
    if fetch_value(session, "SELECT 1 FROM payment_attempt WHERE account_id = ? AND business_date = ?", account.id, desk.on):
        raise UserError(f"Account {account.number} was asked on {desk.on} already; once a date is all.", field="account")
