"""Our own refund checks, found by number, amount or payee (Ctrl+K).

A refund check's number is its row's key, so a beginning is a few ranges of it. A payee is found by way of the
accounts that were found: refunds are made out to the name of their account.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_one
from app.services.searchtyped import numbers_from

_REFUND_CHECK = (
    "SELECT c.number, f.account_id, f.payee, f.cents, c.business_date, c.state, c.printed_on, c.cleared_on "
    "FROM issued_check c JOIN refund f ON f.id = c.refund_id WHERE "
)
_STANDS = {"void": "void", "stopped": "stopped", "stale": "unclaimed"}


def numbered(session: Session, digits: str, limit: int) -> list[Any]:
    """Refund checks whose numbers begin so: the exact one, then shorter numbers first, then newest first."""
    known = fetch_one(session, "SELECT (SELECT min(number) FROM issued_check), (SELECT max(number) FROM issued_check)")
    found: list[Any] = []
    for low, high in numbers_from(digits, known):
        if len(found) < limit:
            sql = _REFUND_CHECK + "c.number BETWEEN ? AND ? ORDER BY c.number DESC LIMIT ?"
            found += fetch(session, sql, low, high, limit - len(found))
    return found


def of_amount(session: Session, cents: int, payee: Sequence[str], limit: int) -> list[Any]:
    """Refund checks of an amount, the newest first; those whose payee holds all these words."""
    sql = _REFUND_CHECK + "f.cents = ? ORDER BY c.number DESC LIMIT ?"
    rows = fetch(session, sql, cents, 10 * limit)
    return [row for row in rows if all(word.lower() in row[2].lower() for word in payee)][:limit]


def of_accounts(session: Session, account_ids: Sequence[int], limit: int) -> list[Any]:
    """Refund checks of these accounts, the newest first."""
    if not account_ids:
        return []
    marks = ", ".join("?" * len(account_ids))
    sql = f"{_REFUND_CHECK}f.account_id IN ({marks}) ORDER BY c.number DESC LIMIT ?"
    return list(fetch(session, sql, *account_ids, limit))


def stands(state: str, printed_on: Any, cleared_on: Any) -> str:
    """How a check stands, in a word or two."""
    if state != "issued":
        return _STANDS.get(state, state)
    if cleared_on is not None:
        return "cleared"
    return "outstanding" if printed_on is not None else "to be printed"
