"""What every page shares: the office that is open, the business date, who works, and the way to other pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.errors import UserError
from app.views.fields import told_dates
from app.views.settings import Settings
from app.views.tasks import Tasks

if TYPE_CHECKING:
    from app.services.desk import Approver, Desk
    from app.services.signin import SignedIn


def this_day() -> date:
    """The calendar day of this PC; only the program's start asks, everything else is told."""
    return datetime.now().astimezone().date()


def this_moment() -> datetime:
    """The instant (UTC); it stands in the record, and ends lock-outs."""
    return datetime.now(UTC)


class Workplace(QObject):
    """The one object handed to pages and dialogs.

    Signals: `person_changed(SignedIn or None)` who works here; `date_changed(date)` the business date chosen;
    `said(tone, text)` a message for the person (`good`, `warning`, `bad`), `unsaid(text)` when it no longer applies;
    `going(page, where)` a page wanted, with what it is to show. `looking(books, words)`: a backup opened to be looked
    at, which `leaving_backup()` ends; `replacing(work)`: the office is to be closed, `work` done to its file, and the
    office opened again. `opening(path, said)`: another office is to be opened in place of this one, and `said` then.
    `approving(refused, again, widget)`: somebody else is to sign in for what was refused, which is then done again.
    `unlocked()`: somebody signed in at the cover (`is_locked` until then), and what was held meanwhile may be done.
    """

    person_changed = Signal(object)
    approving = Signal(object, object, object)
    date_changed = Signal(object)
    said = Signal(str, str)
    unsaid = Signal(str)
    going = Signal(str, dict)
    looking = Signal(object, str)
    replacing = Signal(object)
    opening = Signal(object, str)
    leaving_backup = Signal()
    unlocked = Signal()

    def __init__(self, tasks: Tasks, settings: Settings, calendar: Callable[[], date] = this_day) -> None:
        super().__init__()
        self.moment: Callable[[], datetime] = this_moment
        self.person: SignedIn | None = None
        self.is_locked = False
        self._approver: Approver | None = None
        self.tasks = tasks
        self.settings = settings
        self.calendar = calendar
        self.office_path: Path | None = None
        self.present_office: Path | None = None
        self._on: date = calendar()
        self._wrong_input = ""

    @property
    def today(self) -> date:
        """The calendar day: nothing can be dated after it."""
        return self.calendar()

    @property
    def on(self) -> date:
        """The business date that people are working on."""
        return self._on

    def choose_date(self, on: date) -> None:
        """Work on another business date. Raises UserError for one that has not come."""
        if on > self.today:
            raise UserError(f"{on:%m/%d/%Y} has not come yet; today is {self.today:%m/%d/%Y}.", field="frame.date")
        self._on = on
        self.date_changed.emit(on)

    @property
    def is_looking(self) -> bool:
        """Whether a backup is open, only to be looked at, and not the office itself."""
        return self.office_path != self.present_office

    def leave_backup(self) -> None:
        """Back from a backup that was looked at to the office."""
        if self.is_looking:
            self.leaving_backup.emit()

    @property
    def folder(self) -> Path:
        """The office's folder, where its paper and letters go. Raises UserError when no office is open."""
        if self.office_path is None:
            raise UserError("No office is open; open one first.")
        return self.office_path.parent

    def desk(self, token: str | None = None) -> Desk:
        """Who acts, for a service; `token` is the mark of the form that posts (`new_token`).

        While nobody signs in here (the sample office), the name and the role are settings of this PC.
        """
        from app.services.desk import Desk

        if self.person is not None:
            return self.desk_of(self.person, token)
        settings = self.settings
        return Desk(settings.actor, settings.role, settings.pc, self._on, self.today, self.moment, token)

    def desk_of(self, person: SignedIn, token: str | None = None) -> Desk:
        """The desk of somebody who signed in."""
        from app.services.desk import Desk

        pc, moment = self.settings.pc, self.moment
        return Desk(
            person.name, person.role, pc, self._on, self.today, moment, token, person.id, self._approver, person.proof
        )

    def seat(self, person: SignedIn | None) -> None:
        """Somebody works here from now on, or nobody does."""
        if person != self.person:
            self.person = person
            self.person_changed.emit(person)

    def with_approval(self, approver: Approver, act: Callable[[], object]) -> None:
        """Do one action that somebody else approves: the desk that `act` asks for names them."""
        self._approver = approver
        try:
            act()
        finally:
            self._approver = None

    @staticmethod
    def new_token() -> str:
        """A mark for a form that opens: posted twice, it counts once."""
        return uuid.uuid4().hex

    def go(self, page: str, **where: Any) -> None:
        """Show a page; `where` says what it is to show."""
        self.going.emit(page, where)

    def open_account(self, account_id: int) -> None:
        """Show an account's page."""
        self.go("account", account_id=account_id)

    def say(self, text: str, tone: str = "good") -> None:
        """Tell the person something that happened."""
        self.said.emit(tone, told_dates(text))

    def refuse(self, error: UserError) -> None:
        """Tell the person what was refused, and why."""
        self.said.emit("bad", told_dates(error.message))

    def refuse_input(self, error: UserError) -> None:
        """As `refuse`, of what was typed: it is told until that is put right."""
        self.refuse(error)
        self.until_put_right(error)

    def until_put_right(self, error: UserError) -> None:
        """What was just refused is about an input: `put_right` takes it back."""
        self._wrong_input = error.message

    def put_right(self) -> None:
        """The input is right now, or is tried again: that it was wrong is not to stand there any more.

        What the books refused stays until it is read: fast hands go on typing before they see it.
        """
        wrong, self._wrong_input = self._wrong_input, ""
        if wrong:
            self.unsay(wrong)

    def unsay(self, text: str) -> None:
        """What was asked for is done: take the message away if it is still there."""
        self.unsaid.emit(told_dates(text))
