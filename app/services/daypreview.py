"""What the drawer holds and what the close of a day will do, before it is done. Nothing here writes."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch, parse_day
from app.services import dayclose, deposits
from app.services.dayclose import Blocker
from app.services.deposits import DrawerTotals
from app.services.desk import Desk, closed_through
from app.services.mailaddress import is_mail_address
from app.services.receipts import receipts_due
from app.services.scheduled import WaitingChange, waiting_changes


class DrawerCheck(NamedTuple):
    """A check in the drawer; `account` is the number of its account, `several` or `held`."""

    mail_check_id: int
    number: str
    payer: str
    cents: int
    received_on: date
    account: str
    account_id: int | None


def drawer(session: Session) -> list[DrawerCheck]:
    """The checks that the next deposit takes to the bank, in the order received."""
    about = {
        row[0]: row
        for row in fetch(
            session,
            "SELECT m.id, m.received_on, count(DISTINCT p.account_id), min(a.number), min(a.id) FROM mail_check m "
            "LEFT JOIN payment p ON p.mail_check_id = m.id AND NOT EXISTS "
            "(SELECT 1 FROM payment_reversal r WHERE r.payment_id = p.id) LEFT JOIN account a ON a.id = p.account_id "
            "WHERE m.deposit_id IS NULL AND m.state IN ('posted', 'held', 'logged') GROUP BY m.id",
        )
    }
    found = []
    for item in deposits.undeposited(session):
        _, received_on, accounts, number, account_id = about[item.mail_check_id]
        shown = {0: "held", 1: number}.get(accounts, "several")
        found.append(DrawerCheck(*item, parse_day(received_on), shown, account_id if accounts == 1 else None))
    return found


class DepositMade(NamedTuple):
    """A deposit that was made, as it stands: what was taken out of it again is not counted in, but named."""

    id: int
    on: date
    how_many: int
    cents: int
    taken_out: int = 0
    taken_out_cents: int = 0


def deposits_made(session: Session, limit: int = 100) -> list[DepositMade]:
    """The latest deposits, the newest first."""
    rows = fetch(
        session,
        "SELECT d.id, d.business_date, d.count, d.cents, count(x.id), coalesce(sum(x.cents), 0) FROM deposit d "
        "LEFT JOIN deposit_removal x ON x.deposit_id = d.id GROUP BY d.id ORDER BY d.id DESC LIMIT ?",
        limit,
    )
    return [
        DepositMade(number, parse_day(on), count - out, cents - out_cents, out, out_cents)
        for number, on, count, cents, out, out_cents in rows
    ]


class Clearing(NamedTuple):
    """Payments of one day by one method that have not arrived in the bank."""

    on: date
    kind: str
    how_many: int
    cents: int


_UNSETTLED = (
    "FROM payment p WHERE kind <> 'check' AND settled_on IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM payment_reversal r WHERE r.payment_id = p.id)"
)


def clearing(session: Session) -> list[Clearing]:
    """Card and E-Check payments on their way to the bank, by day and method, the oldest first."""
    rows = fetch(
        session,
        f"SELECT business_date, kind, count(*), sum(cents) {_UNSETTLED} GROUP BY business_date, kind ORDER BY 1, 2",
    )
    return [Clearing(parse_day(row[0]), row[1], row[2], row[3]) for row in rows]


def clearing_payments(session: Session, on: date, kind: str) -> list[int]:
    """The payments' ids behind a row of `clearing`."""
    return [
        row[0] for row in fetch(session, f"SELECT id {_UNSETTLED} AND business_date = ? AND kind = ? ORDER BY id", on, kind)
    ]


class ClosePreview(NamedTuple):
    """What closing `on` would do as the books stand.

    `days`: open days with entries that it closes. `receipts` go out by e-mail, `without_address` are listed.
    `changes` are carried out first, so that what they bill can still change what `months` (a month's last day,
    cents) earn. `drawer`: checks that would stay undeposited, which blocks nothing.
    """

    on: date
    closed_through: date | None
    blockers: tuple[Blocker, ...]
    days: tuple[date, ...]
    receipts: int
    without_address: int
    changes: tuple[WaitingChange, ...]
    months: tuple[tuple[date, int], ...]
    drawer: DrawerTotals

    @property
    def is_closed(self) -> bool:
        """Whether the day is closed already: then only receipts are sent."""
        return self.closed_through is not None and self.on <= self.closed_through


def close_preview(session: Session, desk: Desk) -> ClosePreview:
    """What closing the desk's business date would do (ADV-6, ADV-7)."""
    closed = closed_through(session)
    due = receipts_due(session, desk)
    sent = sum(is_mail_address(row[4]) for row in due)
    in_drawer = deposits.drawer_totals(session)
    if closed is not None and desk.on <= closed:
        return ClosePreview(desk.on, closed, (), (), sent, len(due) - sent, (), (), in_drawer)
    months = tuple(
        (last_day, dayclose.month_earned_cents(session, last_day))
        for last_day in dayclose.months_to_recognise(session, desk.on)
    )
    return ClosePreview(
        desk.on,
        closed,
        tuple(dayclose.blocking_batches(session, desk.on)),
        tuple(day for day in dayclose.days_with_unclosed_entries(session) if day <= desk.on),
        sent,
        len(due) - sent,
        tuple(change for change in waiting_changes(session) if change.effective <= desk.on),
        months,
        in_drawer,
    )
