"""The drawer and the bank: checks taken there with one ticket (rulebook section 6)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import day_or_none, execute_many, fetch, fetch_one, insert_with_id
from app.money import format_cents
from app.services.desk import Desk, begin
from app.services.ledger import Gl, Transfer, post


class DepositItem(NamedTuple):
    """A check on a deposit ticket."""

    mail_check_id: int
    number: str
    payer: str
    cents: int


# The name on a deposit ticket, and what of a check is good: nothing of a part that came back or was reversed.
_GOOD_CENTS = """CASE WHEN m.deposit_id IS NOT NULL THEN m.deposited_cents WHEN m.state = 'held' THEN m.cents
    ELSE (SELECT coalesce(sum(p.cents), 0) FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id
      WHERE p.mail_check_id = m.id AND r.payment_id IS NULL) END"""
_DRAWER = f"""
SELECT m.id, m.number, coalesce(nullif(m.payer, ''), (SELECT min(a.name) FROM payment p JOIN account a
    ON a.id = p.account_id WHERE p.mail_check_id = m.id), ''), {_GOOD_CENTS}
FROM mail_check m
"""


def undeposited(session: Session) -> list[DepositItem]:
    """Checks in the drawer: posted or held, still good, and not yet taken to the bank."""
    rows = fetch(
        session,
        _DRAWER + "WHERE m.deposit_id IS NULL AND m.state IN ('posted', 'held', 'logged') ORDER BY m.id",
    )
    return [DepositItem(*row) for row in rows if row[3] > 0]


class DrawerTotals(NamedTuple):
    """What the drawer holds: how many checks, their cents, and the earliest day on which one was received."""

    how_many: int
    cents: int
    since: date | None


def drawer_totals(session: Session) -> DrawerTotals:
    """The totals of `undeposited`, counted by the database."""
    row = fetch_one(
        session,
        f"SELECT count(*), coalesce(sum(cents), 0), min(received_on) FROM (SELECT {_GOOD_CENTS} AS cents, m.received_on "
        "FROM mail_check m WHERE m.deposit_id IS NULL AND m.state IN ('posted', 'held', 'logged')) WHERE cents > 0",
    )
    assert row is not None, "an aggregate has a row"
    return DrawerTotals(row[0], row[1], day_or_none(row[2]))


def make_deposit(session: Session, desk: Desk, token: str | None = None, *, shown_cents: int | None = None) -> int:
    """Take every check in the drawer to the bank with one ticket; returns the deposit's id.

    `shown_cents`: the total that the person saw before. Raises UserError when the drawer is empty or holds
    another total by now.
    """
    items = undeposited(session)
    if not items:
        raise UserError("There is no check to deposit.", field="deposit")
    if shown_cents is not None and shown_cents != (found := sum(item.cents for item in items)):
        raise UserError(
            f"The drawer has changed meanwhile: it holds {format_cents(found)} now, not {format_cents(shown_cents)}. "
            "Look at it again.",
            field="deposit",
        )
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
