"""Before the pages: signing in, the first administrator of an office, a new password. One card in the middle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.errors import UserError
from app.services import people, signin
from app.services.books import Books
from app.services.desk import Proof
from app.services.signin import SignedIn
from app.views import style
from app.views.fields import button, label, mark_wrong, named
from app.views.page import point_at
from app.views.workplace import Workplace

Result = TypeVar("Result")
REMEMBERED_NAME = "signin/name"


class PasswordEdit(QLineEdit):
    """A password; `caps(bool)` when a letter shows whether Caps Lock is on."""

    caps = Signal(bool)

    def __init__(self, object_name: str, accessible: str) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setMaxLength(400)
        self.textEdited.connect(lambda: mark_wrong(self, wrong=False))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        letter = event.text()
        if len(letter) == 1 and letter.isalpha() and letter.lower() != letter.upper():
            with_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.caps.emit(letter.isupper() != with_shift)
        super().keyPressEvent(event)


class DoorCard(QWidget):
    """A card in the middle: a heading, what to know, a form, what was refused, one action that Enter does."""

    def __init__(self, workplace: Workplace, key: str, title: str, said: str, action: str) -> None:
        super().__init__()
        self.workplace = workplace
        self.key = key
        named(self, key, title)
        card = QFrame()
        card.setProperty("role", "card")
        card.setMinimumWidth(min(64 * self.fontMetrics().averageCharWidth(), 760))
        self.box = QVBoxLayout(card)
        self.box.setContentsMargins(style.WIDE, style.LARGE, style.WIDE, style.LARGE)
        self.box.setSpacing(style.MEDIUM)
        self.heading = label(title, "title", wrap=True)
        self.said = label(said, "quiet", wrap=True)
        self.form = QFormLayout()
        self.form.setSpacing(style.SMALL)
        self.caps = label("Caps Lock is on.", "warning")
        named(self.caps, f"{key}.caps", "Caps Lock is on")
        self.refusal = label("", "bad", wrap=True)
        named(self.refusal, f"{key}.refusal", "What was refused")
        self.action = button(action, f"{key}.action", primary=True)
        self.action.clicked.connect(self.press)
        self.buttons = QHBoxLayout()
        self.buttons.addStretch(1)
        self.buttons.addWidget(self.action)
        for part in (self.heading, self.said):
            self.box.addWidget(part)
        self.box.addLayout(self.form)
        for part in (self.caps, self.refusal):
            self.box.addWidget(part)
            part.hide()
        self.box.addLayout(self.buttons)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(card)
        middle.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addLayout(middle)
        outer.addStretch(3)

    def add_text(self, text: str, part: str, accessible: str) -> QLineEdit:
        """A row with a line of text; Enter goes on."""
        edit = QLineEdit()
        named(edit, f"{self.key}.{part}", accessible)
        edit.setMaxLength(80)
        edit.textEdited.connect(lambda: mark_wrong(edit, wrong=False))
        return self._add(text, edit)

    def add_password(self, text: str, part: str, accessible: str) -> PasswordEdit:
        """A row with a password; Enter goes on."""
        edit = PasswordEdit(f"{self.key}.{part}", accessible)
        edit.caps.connect(self.caps.setVisible)
        self._add(text, edit)
        return edit

    def _add(self, text: str, edit: QLineEdit) -> QLineEdit:
        edit.returnPressed.connect(self.press)
        self.form.addRow(label(text, buddy=edit), edit)
        return edit

    def add_second(self, text: str, part: str, act: Callable[[], object]) -> None:
        """Another button, left of the action."""
        made = button(text, f"{self.key}.{part}")
        made.clicked.connect(lambda: act())
        self.buttons.insertWidget(0, made)

    def press(self) -> None:
        """The action's button or Enter: once."""
        if not self.action.isEnabled():
            return
        self.refusal.hide()
        try:
            self.submit()
        except UserError as error:
            self.refuse(error)

    def submit(self) -> None:
        """Read the inputs and go on. Raises UserError for one that cannot be used."""
        raise NotImplementedError

    def work(self, work: Callable[[Books], Result], then: Callable[[Result], None]) -> None:
        """Do something on the office in a worker; a refusal keeps what was typed but for the passwords."""
        books = self.workplace.tasks.books
        if books is None:
            return
        self.action.setEnabled(False)

        def done(result: Any) -> None:
            self.action.setEnabled(True)
            then(result)

        self.workplace.tasks.compute(lambda: work(books), done, owner=self, otherwise=self.refuse)

    def refuse(self, error: UserError) -> None:
        """Show what was refused; the passwords are typed again."""
        self.action.setEnabled(True)
        self.refusal.setText(error.message)
        self.refusal.show()
        for edit in self.findChildren(PasswordEdit):
            edit.clear()
        point_at(self, self.key, error)


def same_twice(one: QLineEdit, other: QLineEdit) -> str:
    """A new password, typed twice. Raises UserError when they differ."""
    if one.text() != other.text():
        raise UserError("The two passwords differ; type the new one twice.", field="password")
    return one.text()


class SignInCard(DoorCard):
    """Name and password; `signed_in(SignedIn)`. The name is remembered on this PC. `said` on top, if anything."""

    signed_in = Signal(object)

    def __init__(self, workplace: Workplace, office: str, said: str = "") -> None:
        super().__init__(workplace, "signin", office, said or "Sign in to work in this office.", "&Sign in")
        self.name = self.add_text("&Name", "name", "Your sign-in name")
        self.password = self.add_password("&Password", "password", "Your password")
        self.name.setText(workplace.settings.text(REMEMBERED_NAME))

    def focus_first(self) -> None:
        """The cursor goes where something is to be typed."""
        (self.password if self.name.text() else self.name).setFocus()

    def submit(self) -> None:
        """Sign in."""
        name, password, pc, now = self.name.text(), self.password.text(), self.workplace.settings.pc, self.workplace.moment()
        if not name.strip():
            raise UserError("Type the name under which you sign in.", field="name")
        self.work(lambda books: signin.sign_in(books, name, password, pc, now), self._came_in)

    def _came_in(self, person: SignedIn) -> None:
        self.workplace.settings.put(REMEMBERED_NAME, person.login)
        self.password.clear()
        self.signed_in.emit(person)


class FirstAdministratorCard(DoorCard):
    """An office without people: who looks after it? `signed_in(SignedIn)`."""

    signed_in = Signal(object)

    def __init__(self, workplace: Workplace, office: str) -> None:
        said = (
            "Everybody who works here signs in with a name and a password, so that each entry says who made it. You are the "
            "first: the administrator, who adds the others on the page Office, tab People. Choose a password of at least 10 "
            "characters that you will not forget: nobody can look it up, and you are the only one who resets passwords."
        )
        super().__init__(workplace, "firstadmin", f"Who looks after {office}?", said, "&Begin")
        self.name = self.add_text("Your &name", "name", "Your name, as it stands in the record")
        self.login = self.add_text("&Sign-in name", "login", "The name that you type to sign in")
        self.password = self.add_password("&Password", "password", "Password")
        self.again = self.add_password("Password a&gain", "again", "The same password again")
        self.name.textEdited.connect(self._suggest)

    def focus_first(self) -> None:
        """The cursor goes where something is to be typed."""
        self.name.setFocus()

    def _suggest(self, name: str) -> None:
        if not self.login.isModified():
            self.login.setText(name.split()[0].casefold() if name.split() else "")

    def submit(self) -> None:
        """Make the administrator, and sign in."""
        name, login = self.name.text(), self.login.text()
        password = same_twice(self.password, self.again)
        desk, pc = self.workplace.desk(), self.workplace.settings.pc

        def work(books: Books) -> SignedIn:
            with books.write() as session:
                people.make_first_administrator(session, desk, name, login, password)
            return signin.sign_in(books, login, password, pc, desk.now())

        def done(person: SignedIn) -> None:
            self.workplace.settings.put(REMEMBERED_NAME, person.login)
            self.signed_in.emit(person)

        self.work(work, done)


class NewPasswordCard(DoorCard):
    """A password of one's own in place of the one that the administrator gave; `changed(SignedIn)`."""

    changed = Signal(object)

    def __init__(self, workplace: Workplace, person: SignedIn) -> None:
        said = (
            "The administrator gave you your password, so somebody else knows it. Choose one of your own, of at least 10 "
            "characters; three or four words in a row are easy to keep."
        )
        super().__init__(workplace, "newpassword", f"Welcome, {person.name}", said, "&Use this password")
        self.person = person
        self.old = self.add_password("&Present password", "old", "The password that you were given")
        self.password = self.add_password("&New password", "password", "New password")
        self.again = self.add_password("New password a&gain", "again", "The new password again")

    def focus_first(self) -> None:
        """The cursor goes where something is to be typed."""
        self.old.setFocus()

    def submit(self) -> None:
        """Change it."""
        old, new = self.old.text(), same_twice(self.password, self.again)
        desk = self.workplace.desk_of(self.person)

        def work(books: Books) -> Proof:
            with books.write() as session:
                return people.change_own_password(session, desk, old, new)

        self.work(work, lambda proof: self.changed.emit(self.person._replace(must_change=False, proof=proof)))
