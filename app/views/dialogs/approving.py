"""Somebody else signs in at this window for one action: a supervisor's override, or the second person of two."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from app.errors import NotPermitted, UserError
from app.services import signin
from app.services.permissions import a_role, rank
from app.services.signin import SignedIn
from app.views.dialog import FormDialog
from app.views.door import PasswordEdit
from app.views.fields import label, mark_wrong, named, told_dates
from app.views.workplace import Workplace


class ApproveDialog(FormDialog):
    """Name and password of whoever approves; `approved(Approver)`. The person at work stays signed in."""

    approved = Signal(object)

    def __init__(self, workplace: Workplace, refused: NotPermitted, parent: QWidget | None = None) -> None:
        who = "A second person" if refused.second else a_role(refused.role).capitalize()
        super().__init__(workplace, "approve", f"{who} approves", "&Approve", parent)
        self.refused = refused
        said = f"{told_dates(refused.message)} Your name goes into the record as the one who approved this one action."
        self.body.insertWidget(0, label(said, wrap=True))
        self.name = QLineEdit()
        named(self.name, "approve.name", "Sign-in name of who approves")
        self.name.setMaxLength(80)
        self.name.textEdited.connect(lambda: mark_wrong(self.name, wrong=False))
        self.password = PasswordEdit("approve.password", "Password of who approves")
        self.caps = label("Caps Lock is on.", "warning")
        self.caps.hide()
        self.password.caps.connect(self.caps.setVisible)
        self.add_row("&Name", self.name)
        self.add_row("&Password", self.password)
        self.body.addWidget(self.caps)

    def submit(self) -> None:
        """Sign the other person in for this action."""
        books, pc, now = self.tasks.books, self.workplace.settings.pc, self.workplace.moment()
        name, password = self.name.text(), self.password.text()
        if not name.strip():
            raise UserError("Type the sign-in name of who approves.", field="name")
        if books is None:
            return
        self.action.setEnabled(False)
        self.tasks.compute(
            lambda: signin.sign_in(books, name, password, pc, now, "approved"),
            self._came,
            owner=self,
            otherwise=self.refuse,
        )

    def _came(self, person: SignedIn) -> None:
        self.action.setEnabled(True)
        at_work = self.workplace.person
        if self.refused.second and at_work is not None and person.id == at_work.id:
            self.refuse(UserError("That is you; it takes a second person.", field="name"))
        elif person.must_change:
            words = f"{person.name} has to sign in once and choose a new password before approving anything."
            self.refuse(UserError(words, field="name"))
        elif rank(person.role) < rank(self.refused.role):
            words = f"{person.name} is {a_role(person.role)} and cannot approve this; it needs {a_role(self.refused.role)}."
            self.refuse(UserError(words, field="name"))
        else:
            self.accept()
            self.approved.emit(person.approver)

    def refuse(self, error: UserError) -> None:
        """The password is typed again."""
        self.password.clear()
        super().refuse(error)


def ask_approval(workplace: Workplace, error: UserError, again: Callable[[], object], parent: QWidget) -> None:
    """Ask for somebody's sign-in, then do `again` with that approval."""
    if isinstance(error, NotPermitted):
        dialog = ApproveDialog(workplace, error, parent)
        dialog.approved.connect(lambda approver: workplace.with_approval(approver, again))
        dialog.open()
