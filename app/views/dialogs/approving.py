"""Somebody else signs in at this window for one action: a supervisor's override, or the second person of two."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from app.errors import NotPermitted, UserError
from app.services import approvals, signin
from app.services.approvals import Answer
from app.services.permissions import a_role, rank
from app.services.signin import SignedIn
from app.views.dialog import FormDialog
from app.views.door import PasswordEdit
from app.views.fields import button, label, mark_wrong, named, told_dates
from app.views.workplace import Workplace


class ApproveDialog(FormDialog):
    """Name and password of whoever approves; `approved(Approver)`. The person at work stays signed in.

    Or it is asked of somebody at another PC: `approved_elsewhere()` when they have approved it.
    """

    approved = Signal(object)
    approved_elsewhere = Signal()

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
        self.request: int | None = None
        self.elsewhere = button("As&k at another PC", "approve.elsewhere", tip="Whoever may approve sees it on Today there")
        self.elsewhere.clicked.connect(self.ask_elsewhere)
        self.elsewhere.setVisible(bool(refused.subject))
        self.waiting = label("", "warning", wrap=True)
        named(self.waiting, "approve.waiting", "What is waited for")
        self.waiting.hide()
        self.body.addWidget(self.elsewhere, alignment=Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self.waiting)
        self.tasks.books_changed.connect(self._books_changed)
        workplace.unlocked.connect(self._look)

    # At another PC

    def ask_elsewhere(self) -> None:
        """Put it before those who may approve it; it is done as soon as one of them has."""
        desk, refused = self.workplace.desk(), self.refused
        self.elsewhere.setEnabled(False)
        self.refusal.hide()
        self.tasks.write(
            lambda session: approvals.ask(session, desk, refused),
            self._asked,
            owner=self,
            accounts=(),
            otherwise=self.refuse,
        )

    def _asked(self, request: int) -> None:
        self.request = request
        who = a_role(self.refused.role).capitalize()
        self.waiting.setText(
            f"Asked. {who} sees it on Today at another PC; when it is approved there, it is done here at once. If you close "
            "this, do the same again after Today says that it was approved. The request ends with the day."
        )
        self.waiting.show()
        self.fit()
        self._look()

    def _books_changed(self, _accounts: frozenset[int] | None) -> None:
        self._look()

    def showEvent(self, event: QShowEvent) -> None:
        """Put aside for somebody else at this PC and taken up again, it may have been answered meanwhile."""
        super().showEvent(event)
        self._look()

    def _look(self) -> None:
        request = self.request
        if request is not None and self.isVisible() and not self.workplace.is_locked:
            self.tasks.read(lambda session: approvals.answer_of(session, request), self._answered, owner=self, name="answer")

    def _answered(self, answer: Answer) -> None:
        # Nothing is done while the PC is locked or with somebody else at work; it is asked again when they are back.
        if self.request is None or answer.state == "asked" or self.workplace.is_locked or not self.isVisible():
            return
        self.request = None
        if answer.state == "refused":
            self.waiting.hide()
            self.refuse(UserError(f"{answer.by} refused it: {answer.why}"))
            return
        self.accept()
        if answer.state == "approved":
            self.workplace.say(f"{answer.by} approved it.")
            self.approved_elsewhere.emit()

    # Here

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
        self.elsewhere.setEnabled(True)
        super().refuse(error)


def ask_approval(workplace: Workplace, error: UserError, again: Callable[[], object], parent: QWidget) -> None:
    """Ask for somebody's sign-in, then do `again` with that approval."""
    if isinstance(error, NotPermitted):
        dialog = ApproveDialog(workplace, error, parent)
        dialog.approved.connect(lambda approver: workplace.with_approval(approver, again))
        dialog.approved_elsewhere.connect(again)
        dialog.open()
