"""The business date as the windows show it: open, with mail unposted, or closed."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch_value
from app.services.desk import closed_through


class DayState(NamedTuple):
    """A business date's state: `open`, `unposted` (mail logged and not dealt with) or `closed`."""

    on: date
    state: str
    unposted: int
    closed_through: date | None

    @property
    def words(self) -> str:
        """The state as a person says it."""
        if self.state == "closed":
            return "closed"
        if self.unposted:
            return f"open, {self.unposted} {'check' if self.unposted == 1 else 'checks'} unposted"
        return "open"


def day_state(session: Session, on: date) -> DayState:
    """The state of a business date."""
    closed = closed_through(session)
    if closed is not None and on <= closed:
        return DayState(on, "closed", 0, closed)
    unposted = fetch_value(
        session, "SELECT count(*) FROM mail_check WHERE state = 'logged' AND received_on <= ? AND deposit_id IS NULL", on
    )
    return DayState(on, "unposted" if unposted else "open", unposted, closed)
