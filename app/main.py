"""`python -m app`: settings, window, then the office. The first picture needs no database."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from datetime import date
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QStandardPaths, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.errors import ServerPasswordRefused
from app.faults import FaultFormatter
from app.views import style
from app.views.doorkeeper import Door
from app.views.fields import label
from app.views.main_window import MainWindow
from app.views.opening import OpeningPage
from app.views.settings import Settings
from app.views.tasks import Tasks
from app.views.workplace import Workplace, this_day

if TYPE_CHECKING:
    from app.errors import UserError
    from app.services.books import Books
    from app.services.restoring import Restored
    from app.views.first_run import FirstRun

LOG_BYTES = 2_000_000
IDLE_MS = 50
log = logging.getLogger("app")


class Program:
    """The running program: one window on at most one office."""

    def __init__(self, settings: Settings, calendar: Callable[[], date] = this_day) -> None:
        self.settings = settings
        self.tasks = Tasks()
        self.workplace = Workplace(self.tasks, settings, calendar)
        self.window = MainWindow(self.workplace)
        self.window.office_wanted.connect(lambda: self.choose_office(""))
        self.door = Door(self.workplace, self.window)
        self.tasks.crashed.connect(self.show_crash)
        self._crash_is_shown = False
        self._after_opening = ("", "")
        self.workplace.looking.connect(self.look_into)
        self.workplace.leaving_backup.connect(self.leave_backup)
        self.workplace.replacing.connect(self.replace_office)
        self.workplace.opening.connect(self.open_other)

    def start(self, office: Path | None = None) -> None:
        """Show the window, then open the office: the one named, else the last one, else ask."""
        self.window.show()
        path = office or self.settings.last_office
        if path is None:
            self.choose_office("")
            return
        opening = OpeningPage(path)
        self.window.show_alone(opening)
        # The window is painted first; what opening an office needs is imported after that.
        QTimer.singleShot(0, lambda: self._open(path, opening))

    def choose_office(self, said: str, damaged: Path | None = None) -> FirstRun:
        """The short set-up: a new office, another one, the sample, or a backup (`FirstRun`)."""
        from app.views.first_run import FirstRun

        first_run = FirstRun(self.workplace, said, damaged)
        first_run.opened.connect(self.use)
        self.window.show_alone(first_run)
        first_run.name.setFocus()
        return first_run

    def open_other(self, path: Path, said: str) -> None:
        """Open another office in place of the one that is open, when what is under way is done."""
        self._after_opening = (said, "good")
        self._when_idle(lambda: self._open(path))

    def use(self, books: Books, path: Path) -> None:
        """Work in an office that has been opened."""
        self.workplace.present_office = path
        self.settings.put("office/last", str(path))
        self.settings.save()
        self._show(books, path)

    def _show(self, books: Books, path: Path, words: str = "") -> None:
        before, self.tasks.books = self.tasks.books, books
        if before is not None and before is not books:
            before.close()
        self.workplace.office_path = path

        def opened() -> None:
            (said, tone), self._after_opening = self._after_opening, ("", "")
            if said:
                self.workplace.say(said, tone)

        self.door.come_to(path, words, opened)

    # Backups

    def look_into(self, books: Books, words: str) -> None:
        """Show a backup in place of the office; nothing in it can be changed."""
        assert books.path is not None
        self._show(books, books.path, words)

    def leave_backup(self) -> None:
        """Show the office again."""
        path = self.workplace.present_office
        if path is not None:
            self._open(path)

    def replace_office(self, work: Callable[[], Restored]) -> None:
        """Close the office, put a backup in its place, and open it; or open it as it was, and say why."""
        path = self.workplace.present_office
        assert path is not None
        self.workplace.seat(None)  # the people of the restored office are those of its day
        words = label("Restoring and checking the backup … The office opens again by itself.", "quiet")
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.window.show_alone(words)
        self._when_idle(lambda: self._replace(path, work))

    def _when_idle(self, then: Callable[[], None]) -> None:
        """What is under way is let finish first."""
        if self.tasks.is_idle:
            then()
        else:
            QTimer.singleShot(IDLE_MS, self.window, lambda: self._when_idle(then))

    def _replace(self, path: Path, work: Callable[[], Restored]) -> None:
        books, self.tasks.books = self.tasks.books, None
        if books is not None:
            books.close()

        def done(restored: Restored) -> None:
            kept = "" if restored.replaced is None else f" The office as it was before is {restored.replaced}."
            said = f"Restored: the office as of {restored.backup.on}.{kept}"
            self._after_opening = (f"{said} {restored.remark}", "bad") if restored.remark else (said, "good")
            self._open(path)

        def refused(error: UserError) -> None:
            self._after_opening = (error.message, "bad")
            self._open(path)

        self.tasks.compute(work, done, owner=self.window, otherwise=refused)

    def _open(self, path: Path, opening: OpeningPage | None = None) -> None:
        page = opening or OpeningPage(path)
        if opening is None:
            page.upgrading.connect(lambda: self.window.show_alone(page))

        def work() -> Books:
            from app.services.books import open_office

            return open_office(path, page.progress)

        self.tasks.compute(
            work,
            lambda books: self.use(books, path),
            owner=self.window,
            otherwise=lambda error: self._not_opened(path, error),
        )

    def _not_opened(self, path: Path, error: UserError) -> None:
        if isinstance(error, ServerPasswordRefused):
            self.choose_office("").ask_password(path, error)
        else:
            from app.services.books import is_on_server

            self.choose_office(error.message, None if is_on_server(path) else path)

    def show_crash(self, error: BaseException) -> None:
        """A bug: a dialog with a report to copy; one at a time."""
        if self._crash_is_shown:
            return
        from app.views.crash_dialog import CrashDialog

        self._crash_is_shown = True
        dialog = CrashDialog(error, str(log_file(self.settings)), self.window)
        dialog.finished.connect(self._crash_was_seen)
        dialog.open()

    def _crash_was_seen(self) -> None:
        self._crash_is_shown = False

    def excepthook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """What nothing else caught in the window's thread."""
        if issubclass(kind, KeyboardInterrupt):
            QCoreApplication.quit()
            return
        log.critical("not caught", exc_info=(kind, error, trace))
        self.show_crash(error)


def log_file(settings: Settings) -> Path:
    """Where everything that goes wrong is written down on this PC."""
    return settings.folder / "counterfoil.log"


def _place(word: str) -> Path:
    """The office's file; for the address of a server the link to it, which is made in this user's documents."""
    if not word.startswith("postgres"):
        return Path(word)
    from app.services.connecting import link_to

    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return link_to(word, Path(documents) / "Counterfoil")


def _keep_log(settings: Settings) -> None:
    settings.folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(log_file(settings), maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8", delay=True)
    handler.setFormatter(FaultFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(handler)


def run(words: list[str]) -> int:
    """Open the program's window; `words` may name the office's file. Returns the exit code."""
    QCoreApplication.setApplicationName("Counterfoil")
    QCoreApplication.setOrganizationName("Counterfoil")
    application = QApplication(sys.argv[:1])
    settings = Settings()
    _keep_log(settings)
    style.apply_theme(application, settings.theme)
    program = Program(settings)
    sys.excepthook = program.excepthook
    program.start(_place(words[0]) if words else None)
    return application.exec()
