"""Who acts, in which role, at which PC, on which business date: the one gate of every change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import NotPermitted, SignInAgain, UserError
from app.models.bulk import fetch_one, fetch_value, insert_with_id, on_server, parse_day
from app.services.inputs import LONGEST_REASON, text_block
from app.services.permissions import ANYBODY, AUDITOR, a_role, may, rank, right_of

LAST_YEAR = 9000
# Before there are people; and in a restored copy, whose people are those of an earlier day.
_BY_ROLE_ALONE = ("first-administrator", "restore")

# A session whose work is always taken back: what is only tried needs nobody's permission.
TRIAL = "trial"


def utc_now() -> datetime:
    """The instant at which something is keyed; never used as a business date."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """That somebody typed their password: what only the password gives (hex), and what the office's server checks.

    Kept in memory while they are signed in; it is never written down nor shown.
    """

    value: str = ""

    def __repr__(self) -> str:
        return "Proof(...)" if self.value else "Proof()"

    def fits(self, kept: str) -> bool:
        """Whether it was made with the password whose hash is kept (`passwords.hash_of`)."""
        return compare_digest(sha256(bytes.fromhex(self.value)).hexdigest(), kept.rpartition("$")[2])


NO_PROOF = Proof()


class Approver(NamedTuple):
    """Who approves one action of somebody else, signed in at the same window or answering from another PC.

    The `proof` is empty for an answer from another PC: there the request that was approved is what proves it.
    """

    person: int
    name: str
    role: str
    proof: Proof = NO_PROOF


@dataclass(frozen=True, slots=True)
class Desk:
    """Someone at work. `on` is the business date chosen; `today` is the office's calendar day.

    `token` is the mark of the form that is being posted: two quick clicks post once. `person` is who is signed in
    (None in an office that has no people yet); `approver` lends this one action a role and stands in its record.
    `proof`: that the person did sign in, without which an office's server takes no action of theirs.
    """

    actor: str
    role: str
    pc: str
    on: date
    today: date
    now: Callable[[], datetime] = utc_now
    token: str | None = None
    person: int | None = None
    approver: Approver | None = None
    proof: Proof = NO_PROOF

    def dated(self, on: date) -> Desk:
        """The same desk, working on another business date."""
        return replace(self, on=on)

    def approved_by(self, approver: Approver | None) -> Desk:
        """The same desk for an action that somebody approves."""
        return replace(self, approver=approver)

    @property
    def rank(self) -> int:
        """How much may be done here: one's own role or, for one action, the approver's. An auditor stays one."""
        if self.role == AUDITOR or self.approver is None:
            return rank(self.role)
        return max(rank(self.role), rank(self.approver.role))


class Act(NamedTuple):
    """An action that has begun: its id and its business date."""

    id: int
    on: date


def closed_through(session: Session) -> date | None:
    """The last closed business date (ADV-6)."""
    found = fetch_value(session, "SELECT closed_through FROM office WHERE id = 1")
    return None if found is None else parse_day(found)


def require_role(desk: Desk, role: str, what: str) -> None:
    """Raises NotPermitted unless the desk's role, or its approver's, is at least `role` (BOTH-4)."""
    if desk.role == AUDITOR and role != ANYBODY:
        raise NotPermitted(f"An auditor reads everything and changes nothing. {what} needs {a_role(role)}.")
    if desk.rank < rank(role):
        raise NotPermitted(f"{what} needs {a_role(role)}; ask one to sign in.", role)


def require_right(session: Session, desk: Desk, what: str) -> None:
    """The gate of roles that every action goes through (`permissions.RIGHTS`).

    In an office with people, the person must be known, active, and still of the role and name that the desk has;
    so must an approver. Raises SignInAgain or NotPermitted. What is only tried (`TRIAL`) is let through.
    """
    if TRIAL in session.info:
        return
    right = right_of(what)
    if not may(desk.role, what):
        require_role(desk, right.role, right.words)
    if what in _BY_ROLE_ALONE:
        return
    if desk.person is None and desk.approver is None:
        if fetch_value(session, "SELECT 1 FROM person LIMIT 1"):
            raise SignInAgain("This office has people who sign in; sign in first.")
        return
    if desk.person is not None:
        _refuse_changed(session, Approver(desk.person, desk.actor, desk.role, desk.proof))
    if desk.approver is not None:
        _refuse_changed(session, desk.approver)


def _refuse_changed(session: Session, who: Approver) -> None:
    name = who.name
    row = fetch_one(session, "SELECT name, role, state, password_hash FROM person WHERE id = ?", who.person)
    if row is None or row.state != "active":
        raise SignInAgain(f"{name} may not sign in any more; ask the administrator.")
    if (row.name, row.role) != (name, who.role):
        raise SignInAgain(f"{name}'s name or role was changed by the administrator; sign in again.")
    if who.proof.value and not who.proof.fits(row.password_hash):
        raise SignInAgain(f"{name}'s password was changed; sign in again.")


def require_reason(reason: str, what: str) -> str:
    """The reason, trimmed. Raises UserError when there is none (BOTH-4)."""
    if not reason.strip():
        raise UserError(f"{what} needs a reason; say in a few words why.", field="reason")
    return text_block(reason, "A reason", "reason", LONGEST_REASON)


def refuse_closed_or_future(session: Session, desk: Desk) -> None:
    """Raises UserError when the business date is closed (ADV-6) or has not come yet."""
    if not 1970 <= desk.on.year <= LAST_YEAR:
        raise UserError(f"{desk.on} is no business date of this program; it knows 1970 to {LAST_YEAR}.", field="on")
    closed = closed_through(session)
    if closed is not None and desk.today < closed:
        raise UserError(
            f"The books are closed through {closed}, but this PC says that today is {desk.today}; check its clock.",
            field="on",
        )
    if closed is not None and desk.on <= closed:
        raise UserError(f"{desk.on} is closed (closed through {closed}); choose a later business date.", field="on")
    if desk.on > desk.today:
        raise UserError(f"{desk.on} has not come yet; nothing can be dated after {desk.today}.", field="on")


def begin(session: Session, desk: Desk, what: str, *, reason: str = "", token: str | None = None) -> Act:
    """Open the action under which everything of this transaction is recorded.

    Raises NotPermitted or SignInAgain when the desk may not do it, UserError for a closed or future business
    date, and when the form with this token has already been posted.
    """
    require_right(session, desk, what)
    refuse_closed_or_future(session, desk)
    return _begin(session, desk, what, reason, token)


def begin_on_any_day(session: Session, desk: Desk, what: str, *, reason: str = "", token: str | None = None) -> Act:
    """As `begin` for what a closed day still accepts: sending receipts and closing again (ADV-6)."""
    require_right(session, desk, what)
    return _begin(session, desk, what, reason, token)


def prove(session: Session, proof: Proof, approver: Proof = NO_PROOF) -> None:
    """Tell the office's server, until the transaction ends, who signed in (`models.serverpeople`)."""
    if on_server(session):
        sql = "SELECT set_config('counterfoil.proof', ?, true), set_config('counterfoil.approver', ?, true)"
        fetch_one(session, sql, proof.value, approver.value)


def _role_on_record(session: Session, desk: Desk) -> str:
    """The desk's role; of what is only tried in a higher one, the person's own."""
    if desk.person is None or TRIAL not in session.info:
        return desk.role
    return str(fetch_value(session, "SELECT role FROM person WHERE id = ?", desk.person) or desk.role)


def _begin(session: Session, desk: Desk, what: str, reason: str, token: str | None) -> Act:
    if desk.on > desk.today:
        raise UserError(f"{desk.on} has not come yet; nothing can be dated after {desk.today}.", field="on")
    token = token or desk.token
    if token is not None and fetch_value(session, "SELECT 1 FROM action WHERE token = ?", token):
        raise UserError("This has already been posted; it was not posted a second time.", field="token")
    reason = text_block(reason, "A reason", "reason", LONGEST_REASON)
    if desk.person is not None:
        prove(session, desk.proof, NO_PROOF if desk.approver is None else desk.approver.proof)
    action_id = insert_with_id(
        session,
        "action",
        what=what,
        business_date=desk.on,
        recorded_at=desk.now(),
        actor=desk.actor,
        role=_role_on_record(session, desk),
        pc=desk.pc,
        reason=reason,
        token=token,
        person_id=desk.person,
        approved_by="" if desk.approver is None else f"{desk.approver.name} ({desk.approver.role})",
        approver_id=None if desk.approver is None else desk.approver.person,
    )
    return Act(action_id, desk.on)
