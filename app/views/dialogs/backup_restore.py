"""Looking into a backup, and making an office of it: a new one, or in place of the present one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QProgressBar, QRadioButton, QVBoxLayout, QWidget

from app.errors import UserError
from app.services.backupfiles import BackupFile, read_backup
from app.services.desk import require_role
from app.services.restoring import Restored, look_inside, restore
from app.views import style
from app.views.backups import size_in_words
from app.views.dialog import FormDialog
from app.views.fields import button, format_day, label, named
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Books
    from app.views.server_part import ServerPart
    from app.views.tasks import Progress, Run


class BackupDialog(FormDialog):
    """What each of these dialogs begins with: the backup in words, and its passphrase when it is encrypted."""

    def __init__(self, workplace: Workplace, path: Path, key: str, title: str, action: str, parent: QWidget | None) -> None:
        super().__init__(workplace, key, title, action, parent)
        self.path = path
        self.backup: BackupFile | None = None
        self._run: Run | None = None
        self.said = label(f"Reading {path.name} …", "heading", wrap=True)
        named(self.said, f"{key}.said", "The backup")
        self.body.insertWidget(0, self.said)
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.setPlaceholderText("only when this PC does not know it")
        named(self.passphrase, f"{key}.passphrase", "Passphrase of the backup")
        self.add_row("&Passphrase", self.passphrase)
        self.form.setRowVisible(self.passphrase, False)
        self.progress = QProgressBar()
        named(self.progress, f"{key}.progress", "Progress")
        self.progress.hide()
        self.body.addWidget(self.progress)
        self.action.setEnabled(False)
        self.tasks.compute(lambda: read_backup(path), self._read, owner=self, otherwise=self._unreadable)

    def _read(self, backup: BackupFile) -> None:
        self.backup = backup
        secret = ", encrypted" if backup.is_sealed else ""
        self.said.setText(f"{backup.office} as of {format_day(backup.on)} ({size_in_words(backup.size)}{secret})")
        self.form.setRowVisible(self.passphrase, backup.is_sealed)
        self.action.setEnabled(True)
        # While nothing could be done yet the cursor was on Cancel, where Enter would leave.
        if backup.is_sealed:
            self.passphrase.setFocus()
        elif self.cancel.hasFocus():
            self.action.setFocus()
        self.fit()

    def _unreadable(self, error: UserError) -> None:
        self.said.setText(self.path.name)
        self.refuse(error)
        self.action.setEnabled(False)

    def begin(self, run: Run) -> None:
        """Show how far it is; Cancel stops it."""
        self._run = run
        self.action.setEnabled(False)
        self.progress.setRange(0, 0)
        self.progress.show()
        run.progressed.connect(self._progressed)
        run.finished.connect(self._ended)

    def _progressed(self, done: int, of: int) -> None:
        self.progress.setRange(0, of)
        self.progress.setValue(done)

    def _ended(self) -> None:
        self._run = None
        self.progress.hide()
        self.action.setEnabled(True)

    def reject(self) -> None:
        if self._run is not None:
            self._run.cancel()
        super().reject()


class LookInsideDialog(BackupDialog):
    """Open a backup in this window, only to look."""

    def __init__(self, workplace: Workplace, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(workplace, path, "look-inside", "Look inside a backup", "&Look inside", parent)
        said = "The window shows the backup; nothing in it can be changed. Ctrl+K, Back to the office, returns."
        self.body.insertWidget(1, label(said, wrap=True))

    def submit(self) -> None:
        """Unpack a private copy and show it."""
        path, typed = self.path, self.passphrase.text() or None

        def work(_books: Books, progress: Progress, cancelled: Callable[[], bool]) -> Books:
            return look_inside(path, typed, progress=progress, cancelled=cancelled)

        self.begin(self.tasks.run("Opening the backup", work, self._open, owner=self, writes=False, otherwise=self.refuse))

    def _open(self, books: Books) -> None:
        assert self.backup is not None
        self.accept()
        self.workplace.looking.emit(books, f"backup of {format_day(self.backup.on)}, only to look at")


class RestoreDialog(BackupDialog):
    """Make an office of a backup: a new file, in place of the present office, or for a server's in a database there."""

    def __init__(self, workplace: Workplace, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(workplace, path, "restore", "Restore a backup", "&Restore", parent)
        self.as_new = QRadioButton("As a &new office; the present one stays")
        named(self.as_new, "restore.new", "As a new office")
        self.in_place = QRadioButton("In place of the present &office; a copy of it is kept first")
        named(self.in_place, "restore.replace", "In place of the present office")
        choices = QVBoxLayout()
        choices.setSpacing(style.TIGHT)
        choices.addWidget(self.as_new)
        choices.addWidget(self.in_place)
        self.body.insertLayout(1, choices)
        self.target = QLineEdit()
        named(self.target, "restore.target", "File of the new office")
        browse = button("Browse…", "restore.browse")
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(self.target, 1)
        row.addWidget(browse)
        self.form.addRow(label("&File", buddy=self.target), row)
        self.warning = label(
            "Everything entered since this backup was made will be missing from the office. The program must be closed "
            "on every other PC.",
            "warning",
            wrap=True,
        )
        self.body.insertWidget(3, self.warning)
        said = (
            "This backup is of an office on a server. It is restored into an empty database there, never over an office; "
            "the present office stays as it is. This PC gets a link to the restored one beside its own."
        )
        self.server_words = label(said, wrap=True)
        self.body.insertWidget(4, self.server_words)
        self.server_words.hide()
        self.place: ServerPart | None = None
        self.as_new.setChecked(True)
        self.as_new.toggled.connect(self._chosen)
        self.in_place.setEnabled(workplace.office_path is not None and not workplace.is_looking)
        self._row = row
        self._chosen()

    def _read(self, backup: BackupFile) -> None:
        super()._read(backup)
        if backup.is_of_server:
            self._ask_server()
            return
        if not self.target.text():
            office = self.workplace.present_office
            beside = office.parent if office is not None else self.path.parent
            self.target.setText(str(beside / f"restored-{backup.on}-no-{backup.number:06d}.db"))

    def _ask_server(self) -> None:
        """A server's backup: where on a server it goes, in place of a file."""
        from app.views.server_part import ServerPart  # the driver of servers takes long to import

        for part in (self.as_new, self.in_place, self.warning):
            part.hide()
        self.form.setRowVisible(self._row, False)
        self.server_words.show()
        self.place = ServerPart("restore")
        self.body.insertWidget(5, self.place)
        if self.backup is None or not self.backup.is_sealed:
            self.place.server.setFocus()
        self.fit()

    def _browse(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "File of the new office", self.target.text(), "Offices (*.db)")
        if chosen:
            self.target.setText(chosen)

    def _chosen(self) -> None:
        self.form.setRowVisible(self._row, self.as_new.isChecked())
        self.warning.setVisible(self.in_place.isChecked())
        self.fit()

    def submit(self) -> None:
        """Restore as chosen."""
        desk, path, typed = self.workplace.desk(), self.path, self.passphrase.text() or None
        require_role(desk, "manager", "Restoring a backup")
        if self.place is not None:
            self._restore_there(self.place.place().address)
            return
        if self.in_place.isChecked():
            office = self.workplace.office_path
            assert office is not None
            self.accept()
            self.workplace.replacing.emit(lambda: restore(path, office, desk, typed, replace=True))
            return
        if not self.target.text().strip():
            raise UserError("Where shall the restored office be? Type a file's name.", field="target")
        target = Path(self.target.text().strip())

        def work(_books: Books, progress: Progress, cancelled: Callable[[], bool]) -> Restored:
            return restore(path, target, desk, typed, progress=progress, cancelled=cancelled)

        self.begin(self.tasks.run("Restoring", work, self._restored, owner=self, writes=False, otherwise=self.refuse))

    def _restore_there(self, address: str) -> None:
        desk, path, typed = self.workplace.desk(), self.path, self.passphrase.text() or None
        folder = self.workplace.folder

        def work(_books: Books, progress: Progress, cancelled: Callable[[], bool]) -> tuple[str, Path, str]:
            from app.services.serverrestoring import restore_with_link

            said: list[str] = []
            place, link = restore_with_link(
                path, address, folder, desk, typed, progress=progress, cancelled=cancelled, remark=said.append
            )
            return place, link, " ".join(said)

        self.begin(self.tasks.run("Restoring", work, self._restored_there, owner=self, writes=False, otherwise=self.refuse))

    def _restored_there(self, found: tuple[str, Path, str]) -> None:
        place, link, remark = found
        self.accept()
        self.workplace.say(
            f"Restored and checked: {place}. Ctrl+K, Open another office, opens it by {link}. {remark}".rstrip()
        )

    def _restored(self, done: Restored) -> None:
        self.accept()
        said = f"Restored and checked: {done.path}. Ctrl+K, Open another office, opens it."
        self.workplace.say(f"{said} {done.remark}".rstrip(), "bad" if done.remark else "good")
