"""The drawer and the bank: checks taken there with one ticket (rulebook section 6)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute_many, fetch, insert_with_id
from app.services.desk import Desk, begin
from app.services.ledger import Gl, Transfer, post


class DepositItem(NamedTuple):
    """A check on a deposit ticket."""

    mail_check_id: int
    number: str
    payer: str
    cents: int


# The name on a deposit ticket, and what of a check is good: nothing of a part that came back or was reversed.
_DRAWER = """
SELECT m.id, m.number, coalesce(nullif(m.payer, ''), (SELECT min(a.name) FROM payment p JOIN account a
    ON a.id = p.account_id WHERE p.mail_check_id = m.id), ''),
  CASE WHEN m.deposit_id IS NOT NULL THEN m.deposited_cents WHEN m.state = 'held' THEN m.cents
    ELSE (SELECT coalesce(sum(p.cents), 0) FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id
      WHERE p.mail_check_id = m.id AND r.payment_id IS NULL) END
FROM mail_check m
"""


def undeposited(session: Session) -> list[DepositItem]:
    """Checks in the drawer: posted or held, still good, and not yet taken to the bank."""
    rows = fetch(
        session,
        _DRAWER + "WHERE m.deposit_id IS NULL AND m.state IN ('posted', 'held', 'logged') ORDER BY m.id",
    )
    return [DepositItem(*row) for row in rows if row[3] > 0]


def make_deposit(session: Session, desk: Desk, token: str | None = None) -> int:
    """Take every check in the drawer to the bank with one ticket; returns the deposit's id.

    Raises UserError when the drawer is empty.
    """
    items = undeposited(session)
    if not items:
        raise UserError("There is no check to deposit.", field="deposit")
    act = begin(session, desk, "deposit", token=token)
    total = sum(item.cents for item in items)
    entry_id = post(session, act, "deposit", [Transfer(Gl.BANK, Gl.UNDEPOSITED_FUNDS, total)])
    deposit_id = insert_with_id(
        session,
        "deposit",
        business_date=desk.on,
        count=len(items),
        cents=total,
        entry_id=entry_id,
        action_id=act.id,
    )
    execute_many(
        session,
        "UPDATE mail_check SET deposit_id = ?, deposited_cents = ? WHERE id = ?",
        [(deposit_id, item.cents, item.mail_check_id) for item in items],
    )
    return deposit_id


def deposit_items(session: Session, deposit_id: int) -> list[DepositItem]:
    """The checks of a deposit, as on its ticket."""
    return [DepositItem(*row) for row in fetch(session, _DRAWER + "WHERE m.deposit_id = ? ORDER BY m.id", deposit_id)]
