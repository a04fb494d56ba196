"""Who acts, in which role, at which PC, on which business date: the one gate of every change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import NotPermitted, UserError
from app.models.bulk import fetch_value, insert_with_id, parse_day

LAST_YEAR = 9000
ROLES = ("clerk", "supervisor", "manager", "administrator")


def utc_now() -> datetime:
    """The instant at which something is keyed; never used as a business date."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Desk:
    """Someone at work. `on` is the business date chosen; `today` is the office's calendar day.

    `token` is the mark of the form that is being posted: two quick clicks post once.
    """

    actor: str
    role: str
    pc: str
    on: date
    today: date
    now: Callable[[], datetime] = utc_now
    token: str | None = None

    def dated(self, on: date) -> Desk:
        """The same desk, working on another business date."""
        return replace(self, on=on)


class Act(NamedTuple):
    """An action that has begun: its id and its business date."""

    id: int
    on: date


def closed_through(session: Session) -> date | None:
    """The last closed business date (ADV-6)."""
    found = fetch_value(session, "SELECT closed_through FROM office WHERE id = 1")
    return None if found is None else parse_day(found)


def require_role(desk: Desk, role: str, what: str) -> None:
    """Raises NotPermitted unless the desk's role is at least `role` (BOTH-4)."""
    if ROLES.index(desk.role) < ROLES.index(role):
        raise NotPermitted(f"{what} needs a {role}; ask one to sign in.")


def require_reason(reason: str, what: str) -> str:
    """The reason, trimmed. Raises UserError when there is none (BOTH-4)."""
    if not reason.strip():
        raise UserError(f"{what} needs a reason; say in a few words why.", field="reason")
    return reason.strip()


def refuse_closed_or_future(session: Session, desk: Desk) -> None:
    """Raises UserError when the business date is closed (ADV-6) or has not come yet."""
    if not 1970 <= desk.on.year <= LAST_YEAR:
        raise UserError(f"{desk.on} is no business date of this program; it knows 1970 to {LAST_YEAR}.", field="on")
    closed = closed_through(session)
    if closed is not None and desk.on <= closed:
        raise UserError(f"{desk.on} is closed (closed through {closed}); choose a later business date.", field="on")
    if desk.on > desk.today:
        raise UserError(f"{desk.on} has not come yet; nothing can be dated after {desk.today}.", field="on")


def begin(session: Session, desk: Desk, what: str, *, reason: str = "", token: str | None = None) -> Act:
    """Open the action under which everything of this transaction is recorded.

    Raises UserError for a closed or future business date, and when the form with this token has already
    been posted.
    """
    refuse_closed_or_future(session, desk)
    return begin_on_any_day(session, desk, what, reason=reason, token=token)


def begin_on_any_day(session: Session, desk: Desk, what: str, *, reason: str = "", token: str | None = None) -> Act:
    """As `begin` for what a closed day still accepts: sending receipts and closing again (ADV-6)."""
    if desk.on > desk.today:
        raise UserError(f"{desk.on} has not come yet; nothing can be dated after {desk.today}.", field="on")
    token = token or desk.token
    if token is not None and fetch_value(session, "SELECT 1 FROM action WHERE token = ?", token):
        raise UserError("This has already been posted; it was not posted a second time.", field="token")
    action_id = insert_with_id(
        session,
        "action",
        what=what,
        business_date=desk.on,
        recorded_at=desk.now(),
        actor=desk.actor,
        role=desk.role,
        pc=desk.pc,
        reason=reason,
        token=token,
    )
    return Act(action_id, desk.on)
