"""The short set-up: a new office, one that exists already, or the sample office to try things on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from PySide6.QtCore import QSize, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.errors import ServerPasswordRefused, UserError
from app.views import style
from app.views.fields import button, label, named
from app.views.page import point_at
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Books

AMERICAN_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
)
POLICIES = (
    (("isp-advance",), "Internet service, billed in advance"),
    (("membership-arrears",), "Memberships, billed in arrears"),
    (("isp-advance", "membership-arrears"), "Both"),
)


class FirstRun(QScrollArea):
    """`opened(books, path)` when an office is ready to work in."""

    opened = Signal(object, object)
    _progressed = Signal(str, int, int)

    def __init__(self, workplace: Workplace, said: str = "", damaged: Path | None = None) -> None:
        """`said`: why the last office was not opened; `damaged`: its file, when a backup may take its place."""
        super().__init__()
        self.workplace, self.damaged = workplace, damaged
        named(self, "setup", "Set up an office")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        inside = QWidget()
        box = QVBoxLayout(inside)
        box.setContentsMargins(style.WIDE, style.LARGE, style.WIDE, style.LARGE)
        box.setSpacing(style.LARGE)
        box.addWidget(label("Welcome to Counterfoil", "title"))
        box.addWidget(label("Checks in, month-end, statements and refund checks out. Choose how to begin.", wrap=True))
        self.refusal = label(said, "bad", wrap=True)
        named(self.refusal, "setup.refusal", "What was refused")
        self.refusal.setVisible(bool(said))
        box.addWidget(self.refusal)
        columns = QHBoxLayout()
        columns.setSpacing(style.WIDE)
        columns.addWidget(self._make_form(), 3, Qt.AlignmentFlag.AlignTop)
        columns.addLayout(self._make_others(), 2)
        box.addLayout(columns)
        self.progress = QProgressBar()
        named(self.progress, "setup.progress", "Progress")
        self.progress.hide()
        box.addWidget(self.progress)
        box.addStretch(1)
        self.setWidget(inside)
        self._progressed.connect(self._show_progress)

    def _make_form(self) -> QFrame:
        card = QFrame()
        card.setProperty("role", "card")
        box = QVBoxLayout(card)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        box.setSpacing(style.MEDIUM)
        box.addWidget(label("A new office", "heading"))
        form = QFormLayout()
        form.setSpacing(style.SMALL)
        self.name = QLineEdit()
        named(self.name, "setup.name", "Office name")
        self.address = QPlainTextEdit()
        named(self.address, "setup.address", "Office address")
        self.address.setTabChangesFocus(True)
        self.address.setFixedHeight(self.address.fontMetrics().height() * 3 + style.LARGE)
        self.phone = QLineEdit()
        named(self.phone, "setup.phone", "Office phone")
        self.email = QLineEdit()
        named(self.email, "setup.email", "Office e-mail")
        self.zone = QComboBox()
        named(self.zone, "setup.zone", "Time zone")
        self.zone.addItems([*AMERICAN_ZONES, *sorted(available_timezones() - set(AMERICAN_ZONES))])
        self.zone.setCurrentText("America/Denver")
        self.policy = QComboBox()
        named(self.policy, "setup.policy", "Billing policy")
        for names, words in POLICIES:
            self.policy.addItem(words, names)
        self.folder = QLineEdit(str(_documents() / "Counterfoil"))
        named(self.folder, "setup.folder", "Folder for the office's files")
        choose = button("&Browse…", "setup.browse")
        choose.clicked.connect(self._choose_folder)
        folder_row = QHBoxLayout()
        folder_row.addWidget(self.folder, 1)
        folder_row.addWidget(choose)
        form.addRow(label("Office &name", buddy=self.name), self.name)
        form.addRow(label("Add&ress", buddy=self.address), self.address)
        form.addRow(label("&Phone", buddy=self.phone), self.phone)
        form.addRow(label("&E-mail", buddy=self.email), self.email)
        form.addRow(label("Time &zone", buddy=self.zone), self.zone)
        form.addRow(label("Billing po&licy", buddy=self.policy), self.policy)
        form.addRow(label("F&older", buddy=self.folder), folder_row)
        box.addLayout(form)
        self.make = button("&Make this office", "setup.make", primary=True)
        self.make.clicked.connect(self._make_office)
        self.name.returnPressed.connect(self._make_office)
        box.addWidget(self.make, alignment=Qt.AlignmentFlag.AlignRight)
        return card

    def _make_others(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(style.LARGE)
        self.try_sample = button("&Try it with the sample office", "setup.sample")
        self.try_sample.clicked.connect(self._make_sample)
        self.open = button("Open an office on t&his PC…", "setup.open")
        self.open.clicked.connect(self._choose_office)
        self.open_server = button("Open an office on a &server…", "setup.open-server")
        self.open_server.clicked.connect(self._type_server)
        self.restore = button("Restore a bac&kup…", "setup.restore")
        self.restore.clicked.connect(self._choose_backup)
        for heading, words, control in (
            (
                "Just looking?",
                "The sample office has some 480 invented customers of an Internet provider, with a morning's mail posted "
                "and a month billed. Nothing you do there is real.",
                self.try_sample,
            ),
            (
                "An office that exists already",
                "Choose its office.db file, which stays where it is, or the office.server file of an office on a server.",
                self.open,
            ),
            (
                "An office on a server",
                "Several PCs work in one office there. Type where it is; this PC remembers it.",
                self.open_server,
            ),
            (
                "A backup",
                "After the loss of a disk or a PC: choose the backup's file. It is checked figure by figure first.",
                self.restore,
            ),
        ):
            card = QFrame()
            card.setProperty("role", "card")
            box = QVBoxLayout(card)
            box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
            box.setSpacing(style.SMALL)
            box.addWidget(label(heading, "heading"))
            box.addWidget(label(words, wrap=True))
            box.addWidget(control, alignment=Qt.AlignmentFlag.AlignLeft)
            column.addWidget(card)
        column.addStretch(1)
        return column

    def sizeHint(self) -> QSize:
        return QSize(1000, 640)

    # What the buttons do

    def _choose_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for the office's files", self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    def _choose_office(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Open an office", str(_documents()), "Offices (*.db *.server)")
        if chosen:
            self.open_path(Path(chosen))

    def open_path(self, path: Path) -> None:
        """Open an office that exists."""
        from app.services.books import open_office

        words = f"Opening {path} …"
        self._work(words)
        self.workplace.tasks.compute(
            lambda: open_office(path, lambda done, of: self._progressed.emit(words, done, of)),
            lambda books: self._done(books, path),
            owner=self,
            otherwise=lambda error: self._not_opened(path, error),
        )

    def _not_opened(self, path: Path, error: UserError) -> None:
        if isinstance(error, ServerPasswordRefused):
            self.ask_password(path, error)
        else:
            self._refuse(error)

    def ask_password(self, link: Path, refused: ServerPasswordRefused) -> None:
        """The server of an office refused what this PC knows: somebody types its password."""
        from app.views.dialogs.server_open import ServerPasswordDialog

        self._rest()
        dialog = ServerPasswordDialog(self.workplace, link, refused, self)
        dialog.opened.connect(self._done)
        dialog.open()

    def _type_server(self) -> None:
        from app.views.dialogs.server_open import OpenServerDialog

        dialog = OpenServerDialog(self.workplace, _documents() / "Counterfoil", self)
        dialog.opened.connect(self._done)
        dialog.open()

    def _choose_backup(self) -> None:
        start = _documents() if self.damaged is None else self.damaged.parent
        kinds = "Backups (*.db *.sealed *.pgdump);;All files (*)"
        chosen, _ = QFileDialog.getOpenFileName(self, "A backup", str(start), kinds)
        if chosen:
            self.restore_from(Path(chosen))

    def restore_from(self, backup: Path) -> None:
        """Make an office of a backup's file."""
        from app.views.dialogs.backup_first import RestoreFirstDialog

        dialog = RestoreFirstDialog(self.workplace, backup, _documents() / "Counterfoil", self.damaged, self)
        dialog.opened.connect(self._done)
        dialog.open()

    def _make_office(self) -> None:
        from app.services.books import OFFICE_FILE, make_office
        from app.services.office import OfficeForm

        try:
            if not self.name.text().strip():
                raise UserError("What is the office called? Its name stands on every statement.", field="name")
            lines = tuple(line.strip() for line in self.address.toPlainText().splitlines() if line.strip())
            if len(lines) < 2:
                raise UserError("The address needs a street and a city line; payments are sent there.", field="address")
            if not self.folder.text().strip():
                raise UserError("Choose the folder in which the office's files are kept.", field="folder")
        except UserError as error:
            self._refuse(error)
            return
        form = OfficeForm(
            self.name.text().strip(),
            lines,
            phone=self.phone.text().strip(),
            email=self.email.text().strip(),
            time_zone=self.zone.currentText(),
        )
        path = Path(self.folder.text().strip()) / OFFICE_FILE
        today = self.workplace.today

        policies = self.policy.currentData()

        def work() -> Books:
            _make_folder(path.parent)
            return make_office(path, form, today, policies)

        self._work("Making the office …")
        self.workplace.tasks.compute(work, lambda books: self._done(books, path), owner=self, otherwise=self._refuse)

    def _make_sample(self) -> None:
        from app.services import demo
        from app.services.books import OFFICE_FILE

        folder = _documents() / "Counterfoil sample"
        today = self.workplace.today

        @contextmanager
        def progress(title: str) -> Iterator[object]:
            self._progressed.emit(title, 0, 0)
            yield lambda done, of: self._progressed.emit(title, done, of)

        def work() -> Books:
            _make_folder(folder)
            return demo.run_demo(folder, None, today, progress)  # type: ignore[arg-type]

        self._work("Making the sample office …")
        self.workplace.tasks.compute(
            work, lambda books: self._done(books, folder / OFFICE_FILE), owner=self, otherwise=self._refuse
        )

    def _work(self, said: str) -> None:
        self.refusal.hide()
        for control in (self.make, self.try_sample, self.open, self.open_server, self.restore):
            control.setEnabled(False)
        self._show_progress(said, 0, 0)

    def _show_progress(self, title: str, done: int, of: int) -> None:
        self.progress.setRange(0, of)
        self.progress.setValue(done)
        self.progress.setFormat(f"{title}  %p%" if of else title)
        self.progress.show()

    def _done(self, books: Books, path: Path) -> None:
        self.opened.emit(books, path)

    def _refuse(self, error: UserError) -> None:
        self._rest()
        self.refusal.setText(error.message)
        self.refusal.show()
        point_at(self, "setup", error)

    def _rest(self) -> None:
        self.progress.hide()
        for control in (self.make, self.try_sample, self.open, self.open_server, self.restore):
            control.setEnabled(True)


def _documents() -> Path:
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}; choose another folder.", field="folder") from None
