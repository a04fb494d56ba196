"""The people of an office: an administrator adds, changes and blocks them; everybody changes the own password.

There is always an active administrator. Nobody is ever deleted, so that everything done keeps its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch, fetch_one, fetch_value, insert_with_id
from app.services import passwords, signin
from app.services.desk import NO_PROOF, Desk, Proof, begin_on_any_day, require_reason, require_role
from app.services.permissions import ROLES, a_role

LONGEST_LOGIN = 80


@dataclass(frozen=True, slots=True)
class PersonForm:
    """Someone to add. `login` is the name typed at the door; `password` the first one."""

    name: str
    login: str
    role: str
    password: str


class PersonRow(NamedTuple):
    """Someone as the People page shows them; instants are UTC. `state`: active, blocked or locked (wrong passwords)."""

    id: int
    name: str
    login: str
    role: str
    state: str
    must_change: bool
    last_in: datetime | None
    locked_until: datetime | None


def people(session: Session, now: datetime) -> list[PersonRow]:
    """Everybody, those who may sign in first, then by name."""
    rows = fetch(
        session,
        "SELECT p.id, p.name, p.login, p.role, p.state, p.must_change, (SELECT max(s.at) FROM sign_in s "
        "WHERE s.person_id = p.id AND s.outcome = 'in') AS last_in FROM person p ORDER BY p.state, lower(p.name), p.id",
    )
    found = []
    for row in rows:
        locked = signin.locked_until(session, row.login, now) if row.state == "active" else None
        state = "locked" if locked is not None else row.state
        found.append(
            PersonRow(
                row.id, row.name, row.login, row.role, state, bool(row.must_change), signin.instant(row.last_in), locked
            )
        )
    return found


def make_first_administrator(session: Session, desk: Desk, name: str, login: str, password: str) -> int:
    """The one who may let others in; from now on people sign in here. Raises UserError when there are people."""
    if signin.has_people(session):
        raise UserError("This office has people already; an administrator adds others on the page Office, People.")
    form = _checked(session, PersonForm(name, login, "administrator", password))
    begin_on_any_day(session, desk, "first-administrator", reason=form.name)
    return _insert(session, form, must_change=0)


def add_person(session: Session, desk: Desk, form: PersonForm) -> int:
    """Someone new, who changes the password given here when signing in first. An administrator's."""
    require_role(desk, "administrator", "Adding a person")
    if not signin.has_people(session):
        raise UserError("Make the first administrator first; then add the others.", field="role")
    form = _checked(session, form)
    begin_on_any_day(session, desk, "add-person", reason=f"{form.name}, {form.role}")
    return _insert(session, form, must_change=1)


def change_person(session: Session, desk: Desk, person_id: int, name: str, role: str, reason: str) -> None:
    """Another name or role; whoever is signed in under the old one signs in again. An administrator's, with a reason."""
    row = _person(session, person_id)
    require_role(desk, "administrator", "Changing a person")
    reason = require_reason(reason, "Changing a person")
    name = _checked_name(name)
    if role not in ROLES:
        raise UserError(f"“{role}” is no role; choose one of the list.", field="role")
    if (name, role) == (row.name, row.role):
        raise UserError("Nothing is different; change the name or the role first.", field="name")
    if role != "administrator":
        _keep_an_administrator(session, row)
    changes = [f"{row.name} becomes {name}"] if name != row.name else []
    changes += [f"{name}: from {row.role} to {role}"] if role != row.role else []
    begin_on_any_day(session, desk, "change-person", reason=f"{', '.join(changes)}: {reason}")
    execute(session, "UPDATE person SET name = ?, role = ? WHERE id = ?", name, role, person_id)


def block_person(session: Session, desk: Desk, person_id: int, reason: str) -> None:
    """May not sign in any more, nor finish what is begun. An administrator's, with a reason; not the last one."""
    row = _person(session, person_id)
    require_role(desk, "administrator", "Blocking a person")
    reason = require_reason(reason, "Blocking a person")
    if row.state == "blocked":
        raise UserError(f"{row.name} is blocked already.", field="person")
    _keep_an_administrator(session, row)
    begin_on_any_day(session, desk, "block-person", reason=f"{row.name}: {reason}")
    execute(session, "UPDATE person SET state = 'blocked' WHERE id = ?", person_id)


def unblock_person(session: Session, desk: Desk, person_id: int, reason: str) -> None:
    """May sign in again, also after too many wrong passwords. An administrator's, with a reason."""
    row = _person(session, person_id)
    require_role(desk, "administrator", "Letting a person sign in again")
    reason = require_reason(reason, "Letting a person sign in again")
    begin_on_any_day(session, desk, "unblock-person", reason=f"{row.name}: {reason}")
    execute(session, "UPDATE person SET state = 'active' WHERE id = ?", person_id)
    signin.forget_wrong_tries(session, row.login)


def reset_password(session: Session, desk: Desk, person_id: int, password: str, reason: str) -> None:
    """Another password, to be changed at the next sign-in. An administrator's, with a reason."""
    row = _person(session, person_id)
    require_role(desk, "administrator", "Resetting a password")
    reason = require_reason(reason, "Resetting a password")
    passwords.refuse_weak(password, row.name, row.login)
    begin_on_any_day(session, desk, "reset-password", reason=f"{row.name}: {reason}")
    kept = passwords.hash_of(password)
    execute(session, "UPDATE person SET password_hash = ?, must_change = 1 WHERE id = ?", kept, person_id)
    signin.forget_wrong_tries(session, row.login)


def change_own_password(session: Session, desk: Desk, old: str, new: str) -> Proof:
    """Everybody's own, auditors too; what proves it from now on. Raises UserError for a wrong old or a bad new one."""
    if desk.person is None:
        raise UserError("Nobody is signed in here.", field="old")
    row = _person(session, desk.person)
    if passwords.proof_of(row.password_hash, old) is None:
        raise UserError("That is not your present password.", field="old")
    passwords.refuse_weak(new, row.name, row.login)
    if new == old:
        raise UserError("The new password is the old one; choose another.", field="password")
    begin_on_any_day(session, desk, "change-password")
    kept = passwords.hash_of(new)
    execute(session, "UPDATE person SET password_hash = ?, must_change = 0 WHERE id = ?", kept, row.id)
    return passwords.proof_of(kept, new) or NO_PROOF


def _person(session: Session, person_id: int) -> Any:
    row = fetch_one(session, "SELECT id, name, login, role, state, password_hash FROM person WHERE id = ?", person_id)
    if row is None:
        raise UserError("There is no such person in this office.", field="person")
    return row


def _keep_an_administrator(session: Session, row: Any) -> None:
    others = fetch_value(
        session,
        "SELECT count(*) FROM person WHERE role = 'administrator' AND state = 'active' AND id <> ?",
        row.id,
    )
    if row.role == "administrator" and row.state == "active" and not others:
        raise UserError(
            f"{row.name} is the only administrator; make somebody else {a_role('administrator')} first.", field="role"
        )


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise UserError("What is the person called? The name stands in the record of everything done.", field="name")
    if len(name) > 80:
        raise UserError("That name is too long; 80 characters are enough.", field="name")
    return name


def _checked(session: Session, form: PersonForm) -> PersonForm:
    name, login = _checked_name(form.name), signin.folded_login(form.login)
    if not login:
        raise UserError("Which name is typed to sign in? A first name will do.", field="login")
    if len(login) > LONGEST_LOGIN:
        raise UserError(f"That sign-in name is too long; {LONGEST_LOGIN} characters are enough.", field="login")
    if form.role not in ROLES:
        raise UserError(f"“{form.role}” is no role; choose one of the list.", field="role")
    if fetch_value(session, "SELECT 1 FROM person WHERE login = ?", login):
        raise UserError(f"Somebody signs in as “{login}” already; choose another name.", field="login")
    passwords.refuse_weak(form.password, name, login)
    return PersonForm(name, login, form.role, form.password)


def _insert(session: Session, form: PersonForm, *, must_change: int) -> int:
    return insert_with_id(
        session,
        "person",
        name=form.name,
        login=form.login,
        role=form.role,
        password_hash=passwords.hash_of(form.password),
        state="active",
        must_change=must_change,
    )
