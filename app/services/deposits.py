"""The drawer and the bank: checks taken there with one ticket (rulebook section 6)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import day_or_none, execute_many, fetch, fetch_one, insert_with_id, parse_day
from app.money import format_cents
from app.services.desk import Desk, begin, closed_through, require_reason, require_role
from app.services.ledger import Gl, Transfer, post, reverse


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


def make_deposit(
    session: Session,
    desk: Desk,
    token: str | None = None,
    *,
    shown_cents: int | None = None,
    leave_out: Collection[int] = (),
) -> int:
    """Take the checks in the drawer to the bank with one ticket; returns the deposit's id.

    `leave_out`: checks (of the mail log) that stay in the drawer. `shown_cents`: the total of the others that the
    person saw before. Raises UserError when nothing is left to take, when the drawer holds something else by now,
    for a check of which a part is on no account, and for one received after the desk's day.
    """
    drawer = undeposited(session)
    if not drawer:
        raise UserError("There is no check to deposit.", field="deposit")
    items = [item for item in drawer if item.mail_check_id not in leave_out]
    if len(items) + len(leave_out) != len(drawer):
        raise UserError("A check that you left out is not in the drawer any more. Look at it again.", field="deposit")
    if shown_cents is not None and shown_cents != (found := sum(item.cents for item in items)):
        raise UserError(
            f"The drawer has changed meanwhile: it holds {format_cents(found)} now, not {format_cents(shown_cents)}. "
            "Look at it again.",
            field="deposit",
        )
    if not items:
        raise UserError("Every check is left out; there is nothing to deposit.", field="deposit")
    _refuse_posted_in_part(session, items)
    _refuse_received_later(session, desk.on, items)
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


def _refuse_received_later(session: Session, on: date, items: Collection[DepositItem]) -> None:
    """On an earlier business date the drawer held none of what came after it."""
    ids = {item.mail_check_id for item in items}
    for check_id, number, received_on in fetch(
        session,
        "SELECT id, number, received_on FROM mail_check WHERE deposit_id IS NULL AND received_on > ? "
        "AND state IN ('posted', 'held', 'logged') ORDER BY received_on, id",
        on,
    ):
        if check_id in ids:
            raise UserError(
                f"Check {number} was received on {received_on}; a deposit dated {on}, before that, cannot hold it. Leave it "
                "out, or choose a later business date.",
                field="deposit",
            )


def _refuse_posted_in_part(session: Session, items: Collection[DepositItem]) -> None:
    """The bank takes whole checks: one of which a part was reversed and not posted right yet would be short."""
    ids = {item.mail_check_id for item in items}
    for check_id, number, cents in fetch(
        session,
        "SELECT m.id, m.number, m.cents - sum(p.cents) FROM mail_check m JOIN payment p ON p.mail_check_id = m.id "
        "LEFT JOIN payment_reversal r ON r.payment_id = p.id "
        "WHERE m.deposit_id IS NULL AND m.state IN ('posted', 'logged') AND (r.state IS NULL OR r.state <> 'reversed') "
        "AND p.id NOT IN (SELECT payment_id FROM return_taken_back) GROUP BY m.id "
        "HAVING sum(p.cents) < m.cents ORDER BY m.id",
    ):
        if check_id in ids:
            raise UserError(
                f"{format_cents(cents)} of check {number} is on no account: a part of it was taken back. Post that part, "
                "or leave the check out of this deposit.",
                field="deposit",
            )


class CorrectedDeposit(NamedTuple):
    """A deposit as it was made and as it stands; dates are business dates, amounts cents."""

    id: int
    on: date
    entry_id: int
    checks: tuple[DepositItem, ...]
    taken_out: tuple[TakenOut, ...]


class TakenOut(NamedTuple):
    """A check that was taken out of a deposit again, when, and why."""

    item: DepositItem
    on: date
    reason: str


def deposit_as_it_stands(session: Session, deposit_id: int) -> CorrectedDeposit:
    """The checks that a deposit still has and those taken out of it. Raises UserError for an unknown one."""
    row = fetch_one(session, "SELECT business_date, entry_id FROM deposit WHERE id = ?", deposit_id)
    if row is None:
        raise UserError("There is no such deposit.", field="deposit")
    out = fetch(
        session,
        "SELECT m.id, m.number, coalesce(nullif(m.payer, ''), (SELECT min(a.name) FROM payment p JOIN account a "
        "ON a.id = p.account_id WHERE p.mail_check_id = m.id), ''), x.cents, x.business_date, y.reason "
        "FROM deposit_removal x JOIN mail_check m ON m.id = x.mail_check_id JOIN action y ON y.id = x.action_id "
        "WHERE x.deposit_id = ? ORDER BY x.id",
        deposit_id,
    )
    taken = tuple(TakenOut(DepositItem(*found[:4]), parse_day(found[4]), found[5]) for found in out)
    return CorrectedDeposit(deposit_id, parse_day(row[0]), row[1], tuple(deposit_items(session, deposit_id)), taken)


def take_out(
    session: Session, desk: Desk, deposit_id: int, mail_check_ids: Collection[int], reason: str, token: str | None = None
) -> int:
    """Checks listed on a deposit never went to the bank: they are in the drawer again; returns their cents.

    By reversal, dated the desk's day (BOTH-3); the deposit as it was made stays on record. Once its day is closed
    a supervisor does this. Raises UserError without a reason or a check, for a day before the deposit, and for a
    check that the deposit does not have or that came back from the bank.
    """
    made = deposit_as_it_stands(session, deposit_id)
    reason = require_reason(reason, "Correcting a deposit")
    if not mail_check_ids:
        raise UserError("No check is marked; say which did not go to the bank.", field="checks")
    items = [item for item in made.checks if item.mail_check_id in mail_check_ids]
    if len(items) != len(mail_check_ids):
        raise UserError(f"Deposit {deposit_id} has changed meanwhile. Look at it again.", field="checks")
    if desk.on < made.on:
        raise UserError(f"The deposit is dated {made.on}; it cannot be corrected on {desk.on}, before that.", field="on")
    closed = closed_through(session)
    if closed is not None and made.on <= closed:
        require_role(desk, "supervisor", f"Correcting a deposit of {made.on}, which is closed,")
    _refuse_unsound(session, items)
    act = begin(session, desk, "correct-deposit", reason=reason, token=token)
    for item in items:
        back = [Transfer(Gl.UNDEPOSITED_FUNDS, Gl.BANK, item.cents)]
        entry_id = reverse(session, act, made.entry_id, "correct-deposit", back)
        insert_with_id(
            session,
            "deposit_removal",
            deposit_id=deposit_id,
            mail_check_id=item.mail_check_id,
            business_date=desk.on,
            cents=item.cents,
            entry_id=entry_id,
            action_id=act.id,
        )
    execute_many(
        session,
        "UPDATE mail_check SET deposit_id = NULL, deposited_cents = NULL WHERE id = ?",
        [(item.mail_check_id,) for item in items],
    )
    return sum(item.cents for item in items)


def _refuse_unsound(session: Session, items: Collection[DepositItem]) -> None:
    """Raises UserError for a check that came back from the bank, and for one that is on its accounts in part only."""
    for item in items:
        # A part that was returned while the check lay in the drawer came off the drawer, and was never at the bank.
        state, good_cents, came_back = fetch_one(
            session,
            "SELECT m.state, coalesce(sum(CASE WHEN r.state IS NULL THEN p.cents END), 0), "
            "min(CASE WHEN r.state = 'returned' AND t.payment_id IS NULL AND NOT EXISTS (SELECT 1 FROM posting d WHERE "
            f"d.entry_id = r.entry_id AND d.credit = {int(Gl.UNDEPOSITED_FUNDS)}) THEN r.business_date END) "
            "FROM mail_check m LEFT JOIN payment p ON p.mail_check_id = m.id "
            "LEFT JOIN payment_reversal r ON r.payment_id = p.id LEFT JOIN return_taken_back t ON t.payment_id = p.id "
            "WHERE m.id = ? GROUP BY m.id",
            item.mail_check_id,
        ) or ("", 0, None)
        if came_back is not None:
            raise UserError(
                f"Check {item.number} came back from the bank on {came_back}: it was in the deposit.", field="checks"
            )
        if state != "held" and good_cents != item.cents:
            # That part is unidentified (BOTH-11); the drawer holds only what is on an account, or a check held whole.
            raise UserError(
                f"{format_cents(item.cents - good_cents)} of check {item.number} is on no account: a part of it was taken "
                "back. Post that part first, then correct the deposit.",
                field="checks",
            )


def deposit_items(session: Session, deposit_id: int) -> list[DepositItem]:
    """The checks of a deposit, as on its ticket."""
    return [DepositItem(*row) for row in fetch(session, _DRAWER + "WHERE m.deposit_id = ? ORDER BY m.id", deposit_id)]
