"""Dialogs about people: add, change, block, let in again, another password, and one's own password."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from app.services import people
from app.services.books import Session
from app.services.desk import Proof
from app.services.people import PersonForm, PersonRow
from app.services.permissions import ROLE_NAMES
from app.views.dialog import FormDialog
from app.views.door import PasswordEdit, same_twice
from app.views.fields import label, mark_wrong, named
from app.views.workplace import Workplace

_GIVEN = "They choose a password of their own when they sign in with this one."


class _PersonDialog(FormDialog):
    """Base of these dialogs, with the kinds of rows that they have."""

    def add_text(self, text: str, part: str, accessible: str) -> QLineEdit:
        """A row with a line of text."""
        edit = QLineEdit()
        named(edit, f"{self.key}.{part}", accessible)
        edit.setMaxLength(120)
        edit.textEdited.connect(lambda: mark_wrong(edit, wrong=False))
        self.add_row(text, edit)
        return edit

    def add_password(self, text: str, part: str, accessible: str) -> PasswordEdit:
        """A row with a password."""
        edit = PasswordEdit(f"{self.key}.{part}", accessible)
        self.add_row(text, edit)
        return edit

    def add_roles(self, role: str) -> QComboBox:
        """A row with the roles."""
        box = QComboBox()
        named(box, f"{self.key}.role", "Role")
        for code, words in ROLE_NAMES.items():
            box.addItem(words, code)
        box.setCurrentIndex(box.findData(role))
        self.add_row("&Role", box)
        return box

    def remark(self, text: str) -> None:
        """A quiet line below the form."""
        self.form.addRow(label(text, "quiet", wrap=True))


class AddPersonDialog(_PersonDialog):
    """Somebody new."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "person-add", "Add a person", "A&dd the person", parent)
        self.name = self.add_text("&Name", "name", "The person's name, as it stands in the record")
        self.login = self.add_text("&Sign-in name", "login", "The name that the person types to sign in")
        self.role = self.add_roles("clerk")
        self.password = self.add_password("First &password", "password", "The first password")
        self.again = self.add_password("Password &again", "again", "The first password again")
        self.name.textEdited.connect(self._suggest)
        self.remark(_GIVEN)

    def _suggest(self, name: str) -> None:
        if not self.login.isModified():
            self.login.setText(name.split()[0].casefold() if name.split() else "")

    def submit(self) -> None:
        """Add them."""
        password = same_twice(self.password, self.again)
        form = PersonForm(self.name.text(), self.login.text(), str(self.role.currentData()), password)
        desk = self.workplace.desk(self.token)

        def work(session: Session) -> int:
            return people.add_person(session, desk, form)

        self.save(work, f"{form.name.strip()} can sign in now as “{form.login.strip().casefold()}”.", ())


class ChangePersonDialog(_PersonDialog):
    """Another name or role."""

    def __init__(self, workplace: Workplace, row: PersonRow, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "person-change", f"Change {row.name}", "&Change", parent)
        self.row = row
        self.name = self.add_text("&Name", "name", "The person's name, as it stands in the record")
        self.name.setText(row.name)
        self.role = self.add_roles(row.role)
        self.reason = self.add_text("R&eason", "reason", "Reason")
        self.remark("Whoever is signed in with the old name or role signs in again before the next entry.")

    def submit(self) -> None:
        """Change them."""
        desk, row, reason = self.workplace.desk(self.token), self.row, self.reason.text()
        name, role = self.name.text(), str(self.role.currentData())

        def work(session: Session) -> None:
            people.change_person(session, desk, row.id, name, role, reason)

        self.save(work, f"{name.strip()} is changed: {ROLE_NAMES[role].lower()}.", ())


class BlockDialog(_PersonDialog):
    """Block somebody, or let them sign in again."""

    def __init__(self, workplace: Workplace, row: PersonRow, parent: QWidget | None = None) -> None:
        self.blocks = row.state == "active"
        title = f"Block {row.name}" if self.blocks else f"Let {row.name} sign in again"
        super().__init__(workplace, "person-block", title, "&Block" if self.blocks else "&Let in", parent)
        self.row = row
        self.reason = self.add_text("R&eason", "reason", "Reason")
        if self.blocks:
            self.remark("From now on nothing more can be entered under this name. What was entered stays.")

    def submit(self) -> None:
        """Do it."""
        desk, row, reason, act = self.workplace.desk(self.token), self.row, self.reason.text(), people.unblock_person
        if self.blocks:
            act = people.block_person

        def work(session: Session) -> None:
            act(session, desk, row.id, reason)

        self.save(work, f"{row.name} is blocked." if self.blocks else f"{row.name} can sign in again.", ())


class ResetPasswordDialog(_PersonDialog):
    """Another password for somebody who forgot it."""

    def __init__(self, workplace: Workplace, row: PersonRow, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "person-password", f"Another password for {row.name}", "&Give it", parent)
        self.row = row
        self.password = self.add_password("&Password", "password", "The password that you give")
        self.again = self.add_password("Password &again", "again", "The same password again")
        self.reason = self.add_text("R&eason", "reason", "Reason")
        self.remark(_GIVEN)

    def submit(self) -> None:
        """Give it."""
        desk, row, reason = self.workplace.desk(self.token), self.row, self.reason.text()
        password = same_twice(self.password, self.again)

        def work(session: Session) -> None:
            people.reset_password(session, desk, row.id, password, reason)

        self.save(work, f"{row.name} signs in with the new password, and then chooses another.", ())


class OwnPasswordDialog(_PersonDialog):
    """Everybody's own."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "own-password", "Change my password", "&Change it", parent)
        self.old = self.add_password("&Present password", "old", "Your present password")
        self.password = self.add_password("&New password", "password", "New password")
        self.again = self.add_password("New password &again", "again", "The new password again")
        self.remark("At least 10 characters; three or four words in a row are easy to keep.")

    def submit(self) -> None:
        """Change it."""
        desk, old, new = self.workplace.desk(self.token), self.old.text(), same_twice(self.password, self.again)

        def work(session: Session) -> Proof:
            return people.change_own_password(session, desk, old, new)

        def said(proof: Proof) -> str:
            # Whoever stays at work goes on with the new one.
            if self.workplace.person is not None:
                self.workplace.seat(self.workplace.person._replace(proof=proof))
            return "Your password is changed."

        self.save(work, said, ())
