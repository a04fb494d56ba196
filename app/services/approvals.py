"""Approval from another PC: one person asks, another answers at a PC of their own, and the action counts once.

A request names exactly what is to be done by a digest of the action's arguments. The service that refused the action
finds the approved request when the same action is tried again by the same person on the same day, records the approver
with it, and uses the request up; any other amount, account, reason or date is another action.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.errors import NotPermitted, SignInAgain, UserError
from app.models.bulk import execute, fetch, fetch_one, insert_with_id
from app.services.desk import TRIAL, Approver, Desk, begin_on_any_day, require_reason, require_role
from app.services.permissions import a_role, rank

LONGEST_WORDS = 200


class Request(NamedTuple):
    """What is to be done: the action's code, how people call it with its amount, and all its arguments."""

    what: str
    words: str
    facts: tuple[Any, ...]


class WaitingRequest(NamedTuple):
    """A request that waits for an answer; `at` is UTC, `role` the least that may answer; `digest` says what exactly."""

    id: int
    asked_by: str
    at: datetime
    words: str
    role: str
    what: str = ""
    digest: str = ""


class Answer(NamedTuple):
    """What became of a request: `state` as `Approval.state`, who answered, and why it was refused."""

    state: str
    by: str
    why: str


def allowed(session: Session, desk: Desk, request: Request, check: Callable[[Desk], None]) -> Desk:
    """The desk that may do what is requested: the own one, or one with the approver who answered at another PC.

    `check` raises NotPermitted for a desk that may not; it is raised on with what could be asked for (`ask`).
    A request is used up here, in the transaction of the action; one that was made for it and then was not needed, as
    somebody approved at this PC, is closed with it.
    """
    try:
        check(desk)
        if desk.person is not None and TRIAL not in session.info:
            _close(session, desk, request.what, _digest(desk, request))
        return desk
    except NotPermitted as error:
        refused = error
    if not refused.role or desk.person is None or TRIAL in session.info:
        raise refused
    subject = _digest(desk, request)
    named = {"what": request.what, "subject": subject, "words": request.words[:LONGEST_WORDS]}
    rows = _approved(session, desk, request.what, subject)
    if desk.approver is None and rows:
        best = max(rows, key=lambda row: rank(row.role))
        lent = desk.approved_by(Approver(best.answered_by, best.name, best.role))
        try:
            check(lent)
        except NotPermitted as error:
            refused = error
        else:
            _close(session, desk, request.what, subject)
            return lent
    raise NotPermitted(refused.message, refused.role, second=refused.second, **named)


def approved_before(session: Session, desk: Desk, what: str) -> Desk:
    """The desk that takes up a run of its business date that was stopped: approved once, it is approved to its end.

    `what`: the code of the run's actions. The same desk when none of them was approved, or by nobody who still may.
    """
    row = fetch_one(
        session,
        "SELECT p.id, p.name, p.role FROM action a JOIN person p ON p.id = a.approver_id "
        "WHERE a.what = ? AND a.business_date = ? AND p.state = 'active' ORDER BY a.id DESC LIMIT 1",
        what,
        desk.on,
    )
    return desk if row is None or desk.approver is not None else desk.approved_by(Approver(row.id, row.name, row.role))


def _close(session: Session, desk: Desk, what: str, subject: str) -> None:
    """The action is done: no request for it stays open."""
    execute(
        session,
        "UPDATE approval SET state = CASE state WHEN 'approved' THEN 'used' ELSE 'withdrawn' END "
        "WHERE what = ? AND subject LIKE ? AND asked_by = ? AND business_date = ? AND state IN ('asked', 'approved')",
        what,
        f"%:{subject}",
        desk.person,
        desk.today,
    )


def forget(session: Session, request_id: int) -> None:
    """Blank what a request says of a customer; one that is still open ends."""
    row = fetch_one(session, f"{_SELECT} WHERE a.id = ?", request_id)
    if row is None:
        return
    role, _, _ = row.subject.partition(":")
    state = "withdrawn" if row.state in ("asked", "approved") else row.state
    execute(
        session,
        "UPDATE approval SET words = '(blanked)', subject = ?, state = ? WHERE id = ?",
        f"{role}:",
        state,
        request_id,
    )


def _digest(desk: Desk, request: Request) -> str:
    told = json.dumps([request.what, desk.on, *request.facts], default=str, ensure_ascii=False)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def is_request(desk: Desk, waiting: WaitingRequest) -> bool:
    """Whether a request without arguments is for the desk's business date."""
    return _digest(desk, Request(waiting.what, waiting.words, ())) == waiting.digest


def _approved(session: Session, desk: Desk, what: str, subject: str) -> list[Any]:
    return fetch(
        session,
        "SELECT a.id, a.answered_by, p.name, p.role FROM approval a JOIN person p ON p.id = a.answered_by "
        "WHERE a.what = ? AND a.subject LIKE ? AND a.asked_by = ? AND a.business_date = ? AND a.state = 'approved' "
        "AND p.state = 'active'",
        what,
        f"%:{subject}",
        desk.person,
        desk.today,
    )


def ask(session: Session, desk: Desk, refused: NotPermitted) -> int:
    """Put what was refused before those who may approve it, until the day ends; the request's id.

    Asked for twice it is one request. Raises UserError for what nobody can approve from another PC.
    """
    if desk.person is None:
        raise SignInAgain("Nobody is signed in here.")
    if not refused.subject:
        raise UserError("This cannot be approved from another PC; somebody signs in here for it.")
    begin_on_any_day(session, desk, "ask-approval", reason=refused.words)
    subject = f"{refused.role}:{refused.subject}"
    found = fetch_one(
        session,
        "SELECT id FROM approval WHERE subject = ? AND asked_by = ? AND business_date = ? "
        "AND state IN ('asked', 'approved')",
        subject,
        desk.person,
        desk.today,
    )
    if found is not None:
        return int(found.id)
    return insert_with_id(
        session,
        "approval",
        what=refused.what,
        subject=subject,
        words=refused.words,
        business_date=desk.today,
        asked_by=desk.person,
        asked_at=desk.now(),
        answered_by=None,
        answered_at=None,
        state="asked",
    )


def answer(session: Session, desk: Desk, request_id: int, *, approves: bool, why: str = "") -> None:
    """Approve or refuse a request of somebody else, of a role that may; a refusal says why.

    Raises NotPermitted for one's own request or one that needs a higher role, UserError for one that was answered
    already or whose day is over.
    """
    require_role(desk, "supervisor", "Answering a request")
    if desk.person is None:
        raise SignInAgain("Nobody is signed in here.")
    row = fetch_one(session, f"{_SELECT} WHERE a.id = ?", request_id)
    if row is None:
        raise UserError("There is no such request.", field="request")
    role = row.subject.partition(":")[0]
    if row.asked_by == desk.person:
        raise NotPermitted("That is your own request; somebody else answers it.")
    if rank(desk.role) < rank(role):
        raise NotPermitted(f"This request needs {a_role(role)}; you are {a_role(desk.role)}.")
    if row.state != "asked":
        raise UserError(f"This request was {row.state} already.", field="request")
    if date.fromisoformat(row.business_date) != desk.today:
        raise UserError("This request was of another day and has ended; it can be made again.", field="request")
    if not approves:
        why = require_reason(why, "Refusing a request")
    said = f"{'approved' if approves else 'refused'}: {row.words}" + (f" - {why}" if why.strip() else "")
    act = begin_on_any_day(session, desk, "answer-approval", reason=said)
    execute(
        session,
        "UPDATE approval SET state = ?, answered_by = ?, answered_at = (SELECT recorded_at FROM action WHERE id = ?) "
        "WHERE id = ?",
        "approved" if approves else "refused",
        desk.person,
        act.id,
        request_id,
    )


_SELECT = (
    "SELECT a.id, a.what, a.subject, a.words, a.business_date, a.asked_by, a.asked_at, a.answered_by, a.answered_at, "
    "a.state, p.name AS asker FROM approval a JOIN person p ON p.id = a.asked_by"
)


def waiting_requests(session: Session, desk: Desk) -> list[WaitingRequest]:
    """What the person at work may answer today, the oldest first; nothing for a clerk or an auditor."""
    if desk.person is None or rank(desk.role) < rank("supervisor"):
        return []
    rows = fetch(
        session,
        f"{_SELECT} WHERE a.state = 'asked' AND a.business_date = ? AND a.asked_by <> ? ORDER BY a.id",
        desk.today,
        desk.person,
    )
    found = []
    for row in rows:
        role = row.subject.partition(":")[0]
        if rank(desk.role) >= rank(role):
            at = datetime.fromisoformat(row.asked_at).replace(tzinfo=UTC)
            found.append(WaitingRequest(row.id, row.asker, at, row.words, role, row.what, row.subject.partition(":")[2]))
    return found


def own_approved(session: Session, desk: Desk) -> list[Request]:
    """What the person at work asked for today, that was approved and not done yet; without its arguments."""
    rows = fetch(
        session,
        f"{_SELECT} WHERE a.state = 'approved' AND a.asked_by = ? AND a.business_date = ? ORDER BY a.id",
        desk.person,
        desk.today,
    )
    return [Request(row.what, row.words, ()) for row in rows]


def answer_of(session: Session, request_id: int) -> Answer:
    """What became of a request. Raises UserError for an unknown one."""
    row = fetch_one(session, f"{_SELECT} WHERE a.id = ?", request_id)
    if row is None:
        raise UserError("There is no such request.", field="request")
    if row.answered_by is None:
        return Answer(row.state, "", "")
    by = fetch_one(session, "SELECT name FROM person WHERE id = ?", row.answered_by)
    said = fetch_one(
        session,
        "SELECT reason FROM action WHERE what = 'answer-approval' AND person_id = ? AND recorded_at = ? ORDER BY id DESC",
        row.answered_by,
        row.answered_at,
    )
    why = "" if said is None else said.reason.removeprefix(f"refused: {row.words}").removeprefix(" - ")
    return Answer(row.state, "" if by is None else by.name, why if row.state == "refused" else "")
