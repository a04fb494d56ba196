"""Checks held in unidentified receipts until their account is known (ADV-6)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import day_or_none, fetch, parse_day


class HeldCheck(NamedTuple):
    """A held check. `cents` is what of it is on no account yet; `dated` what is written on it, `why` the holder's reason."""

    id: int
    received_on: date
    number: str
    cents: int
    payer: str
    via: str
    dated: date | None
    why: str
    is_at_bank: bool


def held_checks(session: Session, on: date) -> list[HeldCheck]:
    """The checks received up to `on` that are held, the one held longest first."""
    rows = fetch(
        session,
        "SELECT m.id, m.received_on, m.number, m.cents - coalesce((SELECT sum(p.cents) FROM payment p "
        "LEFT JOIN payment_reversal r ON r.payment_id = p.id WHERE p.mail_check_id = m.id "
        "AND (r.state IS NULL OR r.state <> 'reversed') "
        "AND p.id NOT IN (SELECT payment_id FROM return_taken_back)), 0) AS left_cents, "
        "m.payer, m.via, m.dated, m.reason, m.deposit_id IS NOT NULL FROM mail_check m "
        "WHERE m.state = 'held' AND m.received_on <= ? ORDER BY m.received_on, m.id",
        on,
    )
    return [
        HeldCheck(row[0], parse_day(row[1]), row[2], row[3], row[4], row[5], day_or_none(row[6]), row[7], bool(row[8]))
        for row in rows
    ]
