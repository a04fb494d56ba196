"""Opening an office on a server at this PC: by typing where it is, or by its link when only the password is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from app.services import serverplaces
from app.views.dialog import FormDialog
from app.views.door import PasswordEdit
from app.views.fields import label, named
from app.views.server_part import ServerPart
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.errors import UserError
    from app.services.books import Books

_KEEP = "&Keep the password in this PC's key store"


class OpenServerDialog(FormDialog):
    """`opened(books, link)`: the office that was typed; a link to it lies in `folder` from then on."""

    opened = Signal(object, object)

    def __init__(self, workplace: Workplace, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "open-server", "Open an office on a server", "Ope&n", parent)
        self.folder = folder
        said = (
            "Whoever looks after the server knows these. A small file that names the server, without the password, is kept "
            f"in {folder}; this PC's letters and papers go there too."
        )
        self.body.insertWidget(0, label(said, wrap=True))
        self.place = ServerPart("open-server")
        self.body.insertWidget(1, self.place)
        self.keep = _keep_box("open-server.keep")
        self.body.addWidget(self.keep)

    def submit(self) -> None:
        """Sign in at the server and open the office."""
        address, folder, keep = self.place.place().address, self.folder, self.keep.isChecked()
        self.action.setEnabled(False)
        self.tasks.compute(
            lambda: serverplaces.open_by_address(address, folder, keeps_password=keep),
            self._came,
            owner=self,
            otherwise=self.refuse,
        )

    def _came(self, found: tuple[Books, Path, str]) -> None:
        books, link, said = found
        self.accept()
        if said:
            self.workplace.say(said)
        self.opened.emit(books, link)


class ServerPasswordDialog(FormDialog):
    """The server refused what this PC knows: `opened(books, link)` with the password that is typed."""

    opened = Signal(object, object)

    def __init__(self, workplace: Workplace, link: Path, refused: UserError, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "server-password", "The server's password", "&Open", parent)
        self.link = link
        self.body.insertWidget(0, label(f"{refused.message} The office is named by {link}.", wrap=True))
        self.password = PasswordEdit("server-password.password", "Password of the server's user")
        self.caps = label("Caps Lock is on.", "warning")
        self.caps.hide()
        self.password.caps.connect(self.caps.setVisible)
        self.add_row("&Password", self.password)
        self.body.addWidget(self.caps)
        self.keep = _keep_box("server-password.keep")
        self.body.addWidget(self.keep)

    def submit(self) -> None:
        """Try it."""
        link, typed, keep = self.link, self.password.text(), self.keep.isChecked()
        self.action.setEnabled(False)
        self.tasks.compute(
            lambda: serverplaces.open_with_password(link, typed, keeps_password=keep),
            self._came,
            owner=self,
            otherwise=self.refuse,
        )

    def _came(self, books: Books) -> None:
        self.accept()
        self.opened.emit(books, self.link)

    def refuse(self, error: UserError) -> None:
        self.password.clear()
        super().refuse(error)


def _keep_box(name: str) -> QCheckBox:
    box = QCheckBox(_KEEP)
    named(box, name, _KEEP.replace("&", ""))
    box.setChecked(True)
    return box
