"""Changes that wait for their day: listed, and undoable until then (BOTH-10)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch, fetch_one, parse_day
from app.services.desk import Desk, begin


def undo_scheduled(session: Session, desk: Desk, change_id: int) -> None:
    """Take back a change whose day has not come (BOTH-10). Raises UserError once it has."""
    row = fetch_one(session, "SELECT state, effective FROM scheduled_change WHERE id = ?", change_id)
    if row is None or row[0] != "waiting" or row[1] <= desk.on.isoformat():
        raise UserError("The day of that change has come; it cannot be undone any more.", field="change")
    begin(session, desk, "undo-scheduled")
    execute(session, "UPDATE scheduled_change SET state = 'undone' WHERE id = ?", change_id)


class WaitingChange(NamedTuple):
    """A change that waits for its day, for a list; `monthly_cents` only for a price."""

    id: int
    number: str
    name: str
    what: str
    service: str
    effective: date
    monthly_cents: int | None


def waiting_changes(session: Session) -> list[WaitingChange]:
    """Everything scheduled and not carried out yet, by day (BOTH-10)."""
    rows = fetch(
        session,
        "SELECT c.id, a.number, a.name, c.what, coalesce(s.name, ''), c.effective, c.monthly_cents "
        "FROM scheduled_change c JOIN account a ON a.id = c.account_id LEFT JOIN service s ON s.id = c.service_id "
        "WHERE c.state = 'waiting' ORDER BY c.effective, c.id",
    )
    return [WaitingChange(row[0], row[1], row[2], row[3], row[4], parse_day(row[5]), row[6]) for row in rows]
