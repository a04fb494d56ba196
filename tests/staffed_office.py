"""An office in which people sign in: one person of each role, whose passwords are quick to check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from argon2 import PasswordHasher
from support_databases import made_once
from support_members import office_of_both
from support_office import NEW_YEAR, Diary, opened

from app.services import passwords, people
from app.services.desk import NO_PROOF, Approver, Desk, Proof
from app.services.people import PersonForm
from app.services.permissions import ROLES

NAMES = {
    "administrator": "Ada Admin",
    "clerk": "Carl Clerk",
    "supervisor": "Sue Super",
    "manager": "Max Money",
    "auditor": "Otto Audit",
}
PASSWORDS = {role: f"{role} rides a bicycle" for role in ROLES}
NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)


@contextmanager
def quick_passwords() -> Iterator[None]:
    """Argon2 with the least work, as a test has many sign-ins."""
    before, passwords.hasher = passwords.hasher, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    try:
        yield
    finally:
        passwords.hasher = before


def proof_of(diary: Diary, person: int, password: str) -> Proof:
    """What somebody has who typed that password."""
    ((kept,),) = diary.sql("SELECT password_hash FROM person WHERE id = ?", person)
    return passwords.proof_of(kept, password) or NO_PROOF


def desk_of(diary: Diary, role: str) -> Desk:
    """The desk of the first person of a role, signed in."""
    number, name = diary.sql("SELECT id, name FROM person WHERE role = ? ORDER BY id", role)[0]
    proof = proof_of(diary, number, PASSWORDS[role])
    return Desk(name, role, "PC 1", diary.day, diary.day, person=number, proof=proof)


def add_everybody(diary: Diary) -> None:
    """The first administrator, then one person of each other role."""
    first = diary.do(people.make_first_administrator, NAMES["administrator"], "Ada", PASSWORDS["administrator"])
    desk = desk_of(diary, "administrator")
    assert desk.person == first
    for role in ROLES:
        if role != "administrator":
            form = PersonForm(NAMES[role], NAMES[role].split()[0], role, PASSWORDS[role])
            with diary.books.write() as session:
                people.add_person(session, desk, form)


@made_once
def _staffed() -> bytes:
    with quick_passwords(), Diary(image=office_of_both()) as diary:
        add_everybody(diary)
        return diary.image()


class StaffedOffice(Diary):
    """A diary whose `role` says which of the people is at work; `approver`: the role of who approves, if anybody."""

    def __init__(self, first_day: date = NEW_YEAR) -> None:
        super().__init__(first_day, image=_staffed())
        self.approver: str | None = None
        self.folder = Path()
        self._people = {}
        for role in ROLES:
            who = desk_of(self, role)
            self._people[role] = Approver(int(who.person or 0), who.actor, role, who.proof)

    def person(self, role: str) -> Approver:
        """Who had a role when the office was made."""
        return self._people[role]

    def signed_in(self, role: str, password: str) -> None:
        """They sign in anew, with another password than at first."""
        who = self.person(role)
        self._people[role] = who._replace(proof=proof_of(self, who.person, password))

    def turn_back(self, image: bytes) -> None:
        """Everything as it was in an `image`, on a connection that remembers nothing."""
        self.books.close()
        self._end_of_use()
        self.books = opened(image)
        self._watch_use()

    @property
    def desk(self) -> Desk:
        """Who is at work, signed in."""
        who = self.person(self.role)
        approver = None if self.approver is None else self.person(self.approver)
        made = Desk(who.name, self.role, "PC 1", self.day, self.today or self.day, person=who.person, proof=who.proof)
        return made.approved_by(approver)
