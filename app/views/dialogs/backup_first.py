"""An office from a backup before any office is open: on a new PC, or in place of one that cannot be opened any more."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from app.errors import OfficeFileError, UserError
from app.services.backupfiles import BackupFile
from app.services.restoring import Restored, restore
from app.views import style
from app.views.dialogs.backup_restore import BackupDialog
from app.views.door import PasswordEdit
from app.views.fields import button, label, named
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Books
    from app.services.desk import Desk
    from app.views.server_part import ServerPart


class RestoreFirstDialog(BackupDialog):
    """`opened(books, path)`: the office made of the backup, in `folder` or in place of the one in `damaged`."""

    opened = Signal(object, object)

    def __init__(
        self, workplace: Workplace, path: Path, folder: Path, damaged: Path | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(workplace, path, "restore-first", "Restore a backup", "&Restore and open", parent)
        self.folder, self.damaged = folder, damaged
        self.target = QLineEdit()
        named(self.target, "restore-first.target", "File of the office")
        browse = button("Browse…", "restore-first.browse")
        browse.clicked.connect(self._browse)
        self._row = QHBoxLayout()
        self._row.setSpacing(style.SMALL)
        self._row.addWidget(self.target, 1)
        self._row.addWidget(browse)
        self.form.addRow(label("&File", buddy=self.target), self._row)
        self.words = label("", wrap=True)
        self.body.insertWidget(1, self.words)
        self.who = QLineEdit()
        named(self.who, "restore-first.login", "Name of a billing manager or administrator")
        self.who.setPlaceholderText("empty where nobody signs in")
        self.add_row("Sign-in &name", self.who)
        self.password = PasswordEdit("restore-first.password", "Password")
        self.add_row("Pass&word", self.password)
        self.place: ServerPart | None = None
        self.target.textChanged.connect(lambda _text: self._explain())

    def _read(self, backup: BackupFile) -> None:
        if backup.is_of_server:
            from app.views.server_part import ServerPart  # the driver of servers takes long to import

            self.place = ServerPart("restore-first")
            self.body.insertWidget(2, self.place)
            self.form.setRowVisible(self._row, False)
        elif not self.target.text():
            new = self.folder / "office.db"
            if new.exists():
                new = self.folder / f"restored-{backup.on}-no-{backup.number:06d}.db"
            self.target.setText(str(self.damaged or new))
        self._explain()
        super()._read(backup)

    def _browse(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "File of the office", self.target.text(), "Offices (*.db)")
        if chosen:
            self.target.setText(chosen)

    @property
    def _replaces(self) -> bool:
        return self.place is None and self.damaged is not None and Path(self.target.text().strip()) == self.damaged

    def _explain(self) -> None:
        """What will happen; who must sign in for it."""
        asks = self._replaces and self.damaged is not None and self.damaged.exists()
        for field in (self.who, self.password):
            self.form.setRowVisible(field, asks)
        if self.place is not None:
            said = "This backup is of an office on a server. It is restored into an empty database there, and opened here."
        elif asks:
            said = (
                "The office in this file cannot be opened. It is kept in the folder backups beside it, and the backup takes "
                "its place. A billing manager or administrator of that office signs in for it."
            )
        else:
            said = "The backup becomes an office of its own in this file. Every figure is checked first."
        self.words.setText(said)
        self.fit()

    def submit(self) -> None:
        """Restore it, check it, open it."""
        path, typed = self.path, self.passphrase.text() or None
        desk = self._desk()
        if self.place is not None:
            address = self.place.place().address
            self._compute(partial(_on_server, path, address, self.folder, desk, typed))
            return
        if not self.target.text().strip():
            raise UserError("Where shall the restored office be? Type a file's name.", field="target")
        target = Path(self.target.text().strip())
        replaces = self._replaces and target.exists()
        who = (self.who.text().strip(), self.password.text())
        self._compute(partial(_in_file, path, target, desk, typed, who if replaces else None))

    def _desk(self) -> Desk:
        from app.services.desk import Desk

        settings, today = self.workplace.settings, self.workplace.today
        return Desk(settings.actor, "manager", settings.pc, today, today)

    def _compute(self, work: partial[tuple[Books, Path]]) -> None:
        self.action.setEnabled(False)
        self.progress.setRange(0, 0)
        self.progress.show()
        self.tasks.compute(work, self._came, owner=self, otherwise=self.refuse)

    def _came(self, found: tuple[Books, Path]) -> None:
        self.accept()
        self.opened.emit(*found)

    def refuse(self, error: UserError) -> None:
        self.progress.hide()
        self.action.setEnabled(True)
        super().refuse(error)


def _in_file(
    file: Path, target: Path, desk: Desk, passphrase: str | None, who: tuple[str, str] | None
) -> tuple[Books, Path]:
    from app.services.books import open_office

    done: Restored
    if who is None:
        done = restore(file, target, desk, passphrase)
    else:
        _refuse_sound(target)
        done = restore(file, target, desk, passphrase, replace=True, vouch=partial(_signed_in, who=who, desk=desk))
    return open_office(done.path), done.path


def _on_server(file: Path, address: str, folder: Path, desk: Desk, passphrase: str | None) -> tuple[Books, Path]:
    from app.services.books import open_office
    from app.services.serverrestoring import restore_with_link

    folder.mkdir(parents=True, exist_ok=True)
    _, link = restore_with_link(file, address, folder, desk, passphrase)
    return open_office(link), link


def _refuse_sound(office: Path) -> None:
    """Raises UserError for an office that opens after all: its own people restore there, on its page Office."""
    from app.services.books import open_office

    try:
        open_office(office).close()
    except OfficeFileError:
        return
    raise UserError(
        f"{office} can be opened again. Open it and restore on its page Office, Backups, or type another file here.",
        field="target",
    )


def _signed_in(books: Books, who: tuple[str, str], desk: Desk) -> Desk:
    """Who restores, by the people of the backup: those of the damaged office cannot be read any more."""
    import dataclasses

    from app.services import signin
    from app.services.desk import utc_now

    with books.read() as session:
        if not signin.has_people(session):
            return desk
    login, password = who
    if not login:
        raise UserError("People sign in to this office; a billing manager or administrator does it here.", field="login")
    person = signin.sign_in(books, login, password, desk.pc, utc_now())
    if person.must_change:
        raise UserError(f"{person.name} has to choose a new password first; somebody else signs in here.", field="login")
    return dataclasses.replace(desk, actor=person.name, role=person.role, person=person.id, proof=person.proof)
