"""Moving the office from its file to a server: what is needed, what will happen, how far it is, what came of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import connecting, serverplaces
from app.services.connecting import Moved
from app.views import style
from app.views.dialog import FormDialog
from app.views.door import PasswordEdit
from app.views.fields import button, label, mark_wrong, named, set_role
from app.views.server_part import ServerPart
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Books
    from app.services.serverplaces import ServerLook
    from app.views.tasks import Progress, Run

_WHAT = (
    "Every row is copied into an empty database of a PostgreSQL server, read again on both sides and compared, and every "
    "figure is checked there; if anything differs, nothing stays on the server. Nobody can post meanwhile. The file {file} "
    "stays as it was; from then on the work is done on the server, at this PC and at every other that opens it."
)
_HOW = "How to set up the server and make its database stands in README, “Several PCs”."


class MoveToServerDialog(FormDialog):
    """An administrator's. Ends with the office open on the server (`Workplace.opening`)."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "move-server", "Move this office to a server", "&Move the office", parent)
        office = workplace.present_office
        assert office is not None, "an office is open"
        self.office: Path = office
        self.link: Path | None = None
        self._run: Run | None = None
        self.what = label(f"{_WHAT.format(file=office.name)} {_HOW}", wrap=True)
        named(self.what, "move-server.what", "What will happen")
        self.done_words = label("The office is on the server; every figure agrees.", "heading", wrap=True)
        self.done_words.hide()
        self.place = ServerPart("move-server")
        self.place.changed.connect(self._typed)
        self.role = QLineEdit()
        named(self.role, "move-server.role", "Role as which the PCs sign in on the server")
        self.role.setMaxLength(63)
        self.role.setPlaceholderText("safer than the user above: counterfoil_office (made if missing)")
        self.role.textEdited.connect(lambda: mark_wrong(self.role, wrong=False))
        self.role.textChanged.connect(self._role_typed)
        self.role_password = PasswordEdit("move-server.role_password", "Password of that role")
        self.test = button("&Test the connection", "move-server.test")
        self.test.clicked.connect(self.try_out)
        self.answer = label("", "quiet", wrap=True)
        named(self.answer, "move-server.answer", "What the server answers")
        self.progress = QProgressBar()
        named(self.progress, "move-server.progress", "Progress of the move")
        self.progress.hide()
        self._lay_out()
        self.widen(92)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(style.MEDIUM)
        row.addWidget(self.test)
        row.addWidget(self.answer, 1)
        self.body.insertWidget(0, self.done_words)
        self.body.insertWidget(1, self.what)
        self.body.insertWidget(2, self.place)
        self.place.form.addRow(label("PCs sign in &as", buddy=self.role), self.role)
        self.place.form.addRow(label("Pass&word of it", buddy=self.role_password), self.role_password)
        self.place.form.setRowVisible(self.role_password, False)
        self.body.addLayout(row)
        self.body.addWidget(self.progress)

    def _typed(self) -> None:
        self.answer.setText("")
        self.fit()

    def _role_typed(self, text: str) -> None:
        self.place.form.setRowVisible(self.role_password, bool(text.strip()))
        self.fit()

    # Trying the way there

    def try_out(self) -> None:
        """Sign in at the server and say what is there; nothing is changed."""
        self.refusal.hide()
        try:
            address = self.place.place().address
        except UserError as error:
            self.refuse(error)
            return
        self._busy("Asking the server …")
        self.tasks.compute(
            lambda: serverplaces.look_at_server(address, for_new=True), self._answered, owner=self, otherwise=self.refuse
        )

    def _busy(self, said: str) -> None:
        self.test.setEnabled(False)
        self.action.setEnabled(False)
        self.answer.setText(said)
        set_role(self.answer, "quiet")

    def _answered(self, found: ServerLook) -> None:
        how = f"encrypted ({found.encryption})" if found.encryption else "not encrypted"
        self.answer.setText(f"PostgreSQL {found.version} answers, {how}; the database is empty and can be filled.")
        set_role(self.answer, "good")
        self.test.setEnabled(True)
        self.action.setEnabled(True)
        self.action.setFocus()
        self.fit()

    def refuse(self, error: UserError) -> None:
        self.answer.setText("")
        self.test.setEnabled(True)
        self._be_still()
        super().refuse(error)

    # The move

    def submit(self) -> None:
        """Move it; when it has been moved already, go on working there."""
        if self.link is not None:
            self._open_there()
            return
        desk = self.workplace.desk()
        connecting.require_mover(desk)
        address, office = self.place.place().address, self.office
        role, password = self.role.text().strip(), self.role_password.text()
        if role and not password:
            raise UserError(f"Type the password with which the PCs sign in as {role}.", field="role_password")

        def work(_books: Books, progress: Progress, cancelled: Callable[[], bool]) -> Moved:
            return connecting.move_to_server(office, address, progress, cancelled, role, password, desk)

        self._busy("Moving the office; other work waits …")
        self.place.setEnabled(False)
        self.cancel.setText("&Stop")
        self.cancel.setFocus()
        self.progress.setRange(0, 0)
        self.progress.show()
        self.fit()
        self._run = self.tasks.run("Moving the office to a server", work, self._moved, owner=self, otherwise=self.refuse)
        self._run.progressed.connect(self._progressed)
        self._run.finished.connect(self._ended)

    def _progressed(self, done: int, of: int) -> None:
        self.progress.setRange(0, of)
        self.progress.setValue(done)

    def _ended(self) -> None:
        run = self._run
        self._be_still()
        if run is not None and run.is_cancelled():
            self.refuse(UserError("Stopped: nothing is on the server, and the office is as it was."))

    def _be_still(self) -> None:
        self._run = None
        self.place.setEnabled(True)
        self.progress.hide()
        self.cancel.setText("Cancel")
        self.cancel.setEnabled(True)

    def _moved(self, moved: Moved) -> None:
        self.link = moved.link
        # A program that ends here opens the office where it is now.
        self.workplace.settings.put("office/last", str(moved.link))
        self.workplace.settings.save()
        for part in (self.place, self.test, self.answer, self.refusal):
            part.hide()
        self.done_words.show()
        self.what.setText(_told(moved, self.office))
        self.what.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.action.setText("&Work on the server")
        self.action.setAccessibleName("Work on the server")
        self.action.setEnabled(True)
        self.action.setFocus()
        self.cancel.hide()
        QTimer.singleShot(0, self, self.adjustSize)

    def _open_there(self) -> None:
        assert self.link is not None
        self.accept()
        self.workplace.opening.emit(self.link, "The office is on the server now; this PC opens it there from now on.")

    def reject(self) -> None:
        """Escape or Stop: a move that goes on is stopped first; one that is done leads to the server."""
        if self.link is not None:
            self._open_there()
        elif self._run is not None:
            self.cancel.setEnabled(False)
            self.answer.setText("Stopping; the server is left as empty as it was …")
            self._run.cancel()
        else:
            super().reject()


def _told(moved: Moved, office: Path) -> str:
    lines = [
        f"{moved.rows:,} rows of {len(moved.tables)} tables were moved; each was read again and compared.",
        f"{moved.accounts:,} accounts stand at {format_cents(moved.balance_cents)} there, as in the file.",
        f"This PC opens the office by {moved.link}. A copy of that small file, with the user's password typed once, opens "
        "it at another PC: Open an office on this PC. Or type the server's name there: Open an office on a server.",
        f"{office} is as it was. Keep it as a backup; what is posted into it from now on is not in the office.",
    ]
    if moved.password:
        lines.append(moved.password)
    return "\n\n".join(lines)
