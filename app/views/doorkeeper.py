"""Who comes in, who is away, who takes over: from an office that was opened to its pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.errors import UserError
from app.views.idle import IdleWatch
from app.views.main_window import MainWindow
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session
    from app.services.signin import SignedIn
    from app.views.locking import LockCover


class Door(QObject):
    """The way into the office that is open: straight in while nobody signs in there, else by a sign-in."""

    def __init__(self, workplace: Workplace, window: MainWindow) -> None:
        super().__init__(window)
        self.workplace = workplace
        self.window = window
        self.office = ""
        self._path: Path | None = None
        self._inside: Path | None = None  # the office for which the person at work signed in
        self._then: Callable[[], None] = _nothing
        self.cover: LockCover | None = None
        self._left: int | None = None  # who left the PC to somebody else, with pages and dialogs put aside
        self.idle = IdleWatch(workplace, window)
        self.idle.idle.connect(self.lock)
        workplace.approving.connect(self.ask_approval)
        window.lock_wanted.connect(self.lock)
        window.switch_wanted.connect(self.switch)
        window.password_wanted.connect(self.change_password)

    def come_to(self, path: Path, words: str, then: Callable[[], None]) -> None:
        """An office was opened: see who has to do what before its pages are shown; `then` when they are.

        `words`: it is a backup that is only looked into, by whoever is at work.
        """
        if not words and path != self._inside:
            self.workplace.seat(None)
        self._path, self._then = None if words else path, then

        def came(found: tuple[str, bool, bool]) -> None:
            self._came_to(found, words)

        self.workplace.tasks.read(_situation, came, owner=self.window)

    def _came_to(self, found: tuple[str, bool, bool], words: str) -> None:
        name, has_people, needs_first = found
        self.office = f"{name}, {words}" if words else name
        if words or self.workplace.person is not None or not (has_people or needs_first):
            self._open()
        elif needs_first:
            from app.views.door import FirstAdministratorCard

            card = FirstAdministratorCard(self.workplace, self.office)
            card.signed_in.connect(self._came_in)
            self.window.show_alone(card)
            card.focus_first()
        else:
            self._ask_who()

    def _open(self) -> None:
        self._inside = self._path or self._inside
        self.window.office_opened(self.office)
        then, self._then = self._then, _nothing
        then()

    def _ask_who(self, said: str = "") -> None:
        from app.views.door import SignInCard

        card = SignInCard(self.workplace, self.office, said)
        card.signed_in.connect(self._came_in)
        self.window.show_alone(card)
        card.focus_first()

    def _came_in(self, person: SignedIn) -> None:
        if person.must_change:
            from app.views.door import NewPasswordCard

            card = NewPasswordCard(self.workplace, person)
            card.changed.connect(self._came_in)
            self.window.show_alone(card)
            card.focus_first()
            return
        before, self._left = self._left, None
        self.workplace.seat(person)
        self.idle.touch()
        if before is None:
            self._open()
        else:
            self.window.come_back(person.id)

    # At work

    def lock(self) -> None:
        """Cover the window until somebody signs in; nothing is closed."""
        if self.workplace.person is None or self.cover is not None:
            return
        from app.views.locking import LockCover

        self.workplace.is_locked = True
        self.cover = LockCover(self.workplace, self.window)
        self.cover.card.opened.connect(self._unlocked)
        self.cover.destroyed.connect(self._cover_gone)
        self.cover.cover()

    def _cover_gone(self) -> None:
        """However it went: what is gone must not keep the PC from being locked again."""
        if self.cover is not None and not shiboken6.isValid(self.cover):
            self.cover = None

    def _unlocked(self, person: SignedIn) -> None:
        before, cover, self.cover = self.workplace.person, self.cover, None
        if cover is not None:
            cover.lift()
        self.idle.touch()
        self.workplace.is_locked = False
        if before is not None and before.id == person.id:
            self.workplace.seat(person)
        else:
            self._put_aside()
            self._came_in(person)
        self.workplace.unlocked.emit()

    def switch(self) -> None:
        """Somebody else signs in; what the one at work has typed is put aside for them."""
        if self.workplace.person is None:
            return
        from app.services.signin import sign_out

        person, pc, now = self.workplace.person.id, self.workplace.settings.pc, self.workplace.moment()
        self._put_aside()
        self.workplace.tasks.write(
            lambda session: sign_out(session, person, pc, now), lambda _none: None, owner=self.window, accounts=()
        )
        self._ask_who()

    def _put_aside(self) -> None:
        if self.workplace.person is not None:
            self._left = self.workplace.person.id
            self.window.leave(self.workplace.person.id)
            self.workplace.seat(None)

    def ask_approval(self, refused: UserError, again: Callable[[], object], above: QWidget) -> None:
        """Somebody else signs in for one action; the person at work stays."""
        from app.views.dialogs.approving import ask_approval

        ask_approval(self.workplace, refused, again, above)

    def change_password(self) -> None:
        """A form for one's own password."""
        if self.workplace.person is not None:
            from app.views.dialogs.people import OwnPasswordDialog

            OwnPasswordDialog(self.workplace, self.window).open()


def _nothing() -> None:
    """Nobody waits for the pages."""


def _situation(session: Session) -> tuple[str, bool, bool]:
    """The office's name, whether people sign in there, and whether its first administrator is missing."""
    from app.services import signin
    from app.services.office import office_form

    return office_form(session).name, signin.has_people(session), signin.needs_first_administrator(session)
