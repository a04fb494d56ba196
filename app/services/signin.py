"""At the door: a name and a password, lock-out with back-off, and a note of everything that was tried.

Whoever calls passes `now`, a UTC instant. Five wrong passwords in a row lock a name for a minute; each further one
doubles that, up to an hour. Names that are not known here are answered, counted and locked in just the same way,
so that trying names tells nothing.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch_one, fetch_value, insert_row, insert_with_id
from app.models.database import Database
from app.services.desk import NO_PROOF, Approver, Proof, prove

FREE_TRIES = 5
FIRST_LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(hours=1)
Outcome = Literal["in", "out", "wrong", "locked", "unlocked", "approved"]

_WRONG = "That name and that password do not belong together; try again."


class SignedIn(NamedTuple):
    """Who signed in; `must_change`: with a password that an administrator gave, to be changed first."""

    id: int
    name: str
    login: str
    role: str
    must_change: bool
    proof: Proof = NO_PROOF

    @property
    def approver(self) -> Approver:
        """The same person approving somebody else's action."""
        return Approver(self.id, self.name, self.role, self.proof)


def has_people(session: Session) -> bool:
    """Whether people sign in here; without any, whoever sits at a PC works in the role set there."""
    return fetch_value(session, "SELECT 1 FROM person LIMIT 1") is not None


def needs_first_administrator(session: Session) -> bool:
    """Whether the office has no people yet and is no sample office."""
    return not has_people(session) and not fetch_value(session, "SELECT is_sample FROM office WHERE id = 1")


def folded_login(typed: str) -> str:
    """A sign-in name as it is kept and compared."""
    return " ".join(typed.split()).casefold()


def sign_in(
    books: Database, login: str, password: str, pc: str, now: datetime, outcome: Literal["in", "unlocked", "approved"] = "in"
) -> SignedIn:
    """The person with that name and password. Raises UserError, the same for a wrong name as for a wrong password.

    Takes the office, not a session: the try is counted before the password is looked at, in a transaction of its
    own, so that neither a refusal nor many tries at once go uncounted.
    """
    name = folded_login(login)
    digest = _digest(name)
    with books.write() as session:
        person = fetch_one(
            session, "SELECT id, name, role, state, password_hash, must_change FROM person WHERE login = ?", name
        )
        known = None if person is None else person.id
        wait = _locked_for(session, digest, now)
        if wait is None:
            _count_try(session, digest, now)
        else:
            _note(session, now, pc, known, "locked")
            # If the clock was set back the lock begins anew by it: that neither opens it nor locks for days.
            sql = "UPDATE sign_in_guard SET locked_until = ? WHERE login_digest = ? AND locked_until > ?"
            execute(session, sql, now + LONGEST_LOCK, digest, now + LONGEST_LOCK)
    if wait is not None:
        raise UserError(_locked_words(wait), field="password")
    from app.services import passwords  # the hashing is needed by those who type a password, not to start

    usable = person is not None and person.state == "active"
    proof = passwords.proof_of(person.password_hash if person is not None and usable else None, password)
    with books.write() as session:
        if person is None or proof is None:
            _note(session, now, pc, known, "wrong")
            wait = _locked_for(session, digest, now)
        else:
            execute(session, "DELETE FROM sign_in_guard WHERE login_digest = ?", digest)
            _note(session, now, pc, known, outcome)
            if passwords.is_outdated(person.password_hash):
                proof = _kept_anew(session, person.id, password, proof)
    if person is None or proof is None:
        raise UserError(_WRONG if wait is None else f"{_WRONG} {_locked_words(wait)}", field="password")
    return SignedIn(person.id, person.name, name, person.role, bool(person.must_change), proof)


def _kept_anew(session: Session, person: int, password: str, before: Proof) -> Proof:
    """Keep the password's hash with today's parameters; what proves it from now on."""
    from app.services import passwords

    prove(session, before)
    kept = passwords.hash_of(password)
    execute(session, "UPDATE person SET password_hash = ? WHERE id = ?", kept, person)
    return passwords.proof_of(kept, password) or NO_PROOF


def sign_out(session: Session, person: int, pc: str, now: datetime) -> None:
    """Note that somebody left the PC."""
    _note(session, now, pc, person, "out")


def forget_wrong_tries(session: Session, login: str) -> None:
    """An administrator lets somebody try again at once."""
    execute(session, "DELETE FROM sign_in_guard WHERE login_digest = ?", _digest(folded_login(login)))


def locked_until(session: Session, login: str, now: datetime) -> datetime | None:
    """Until when nobody signs in under that name, if so (UTC)."""
    wait = _locked_for(session, _digest(folded_login(login)), now)
    return None if wait is None else now + wait


def instant(text: str | None) -> datetime | None:
    """A UTC instant as the driver gives it."""
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


def _digest(name: str) -> str:
    # People type their password into the name by mistake: what is kept tells too little to find it again.
    return hashlib.sha256(name.encode()).hexdigest()[:5]


def _locked_for(session: Session, digest: str, now: datetime) -> timedelta | None:
    until = instant(fetch_value(session, "SELECT locked_until FROM sign_in_guard WHERE login_digest = ?", digest))
    if until is None or until <= now:
        return None
    return min(until - now, LONGEST_LOCK)


def _count_try(session: Session, digest: str, now: datetime) -> None:
    execute(session, "DELETE FROM sign_in_guard WHERE locked_until < ?", now - timedelta(days=1))
    failed = fetch_value(session, "SELECT failed FROM sign_in_guard WHERE login_digest = ?", digest)
    tries = 1 if failed is None else int(failed) + 1
    over = tries - FREE_TRIES
    until = None if over < 0 else now + min(FIRST_LOCK * 2 ** min(over, 10), LONGEST_LOCK)
    if failed is None:
        insert_row(session, "sign_in_guard", login_digest=digest, failed=tries, locked_until=until)
    else:
        sql = "UPDATE sign_in_guard SET failed = ?, locked_until = ? WHERE login_digest = ?"
        execute(session, sql, tries, until, digest)


def _locked_words(wait: timedelta) -> str:
    minutes = -(-int(wait.total_seconds() + 0.999) // 60)
    some = "a minute" if minutes <= 1 else f"{minutes} minutes"
    return f"Too many wrong passwords: wait {some}, or ask the administrator."


def _note(session: Session, now: datetime, pc: str, person: int | None, outcome: Outcome) -> None:
    insert_with_id(session, "sign_in", at=now, pc=pc, person_id=person, outcome=outcome)
