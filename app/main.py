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

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.views import style
from app.views.fields import label
from app.views.main_window import MainWindow
from app.views.settings import Settings
from app.views.tasks import Tasks
from app.views.workplace import Workplace, this_day

if TYPE_CHECKING:
    from app.services.books import Books

LOG_BYTES = 2_000_000
log = logging.getLogger("app")


class Program:
    """The running program: one window on at most one office."""

    def __init__(self, settings: Settings, calendar: Callable[[], date] = this_day) -> None:
        self.settings = settings
        self.tasks = Tasks()
        self.workplace = Workplace(self.tasks, settings, calendar)
        self.window = MainWindow(self.workplace)
        self.window.office_wanted.connect(lambda: self.choose_office(""))
        self.tasks.crashed.connect(self.show_crash)
        self._crash_is_shown = False

    def start(self, office: Path | None = None) -> None:
        """Show the window, then open the office: the one named, else the last one, else ask."""
        self.window.show()
        path = office or self.settings.last_office
        if path is None:
            self.choose_office("")
            return
        opening = label(f"Opening {path} …", "quiet")
        opening.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.window.show_alone(opening)
        # The window is painted first; what opening an office needs is imported after that.
        QTimer.singleShot(0, lambda: self._open(path))

    def choose_office(self, said: str) -> None:
        """The short set-up: a new office, another one, or the sample."""
        from app.views.first_run import FirstRun

        first_run = FirstRun(self.workplace, said)
        first_run.opened.connect(self.use)
        self.window.show_alone(first_run)
        first_run.name.setFocus()

    def use(self, books: Books, path: Path) -> None:
        """Work in an office that has been opened."""
        before, self.tasks.books = self.tasks.books, books
        if before is not None and before is not books:
            before.close()
        self.workplace.office_path = path
        self.settings.put("office/last", str(path))
        self.settings.save()
        from app.services.office import office_form

        self.tasks.read(lambda session: office_form(session).name, self.window.office_opened, owner=self.window)

    def _open(self, path: Path) -> None:
        def work() -> Books:
            from app.services.books import open_office

            return open_office(path)

        self.tasks.compute(
            work,
            lambda books: self.use(books, path),
            owner=self.window,
            otherwise=lambda error: self.choose_office(error.message),
        )

    def show_crash(self, error: BaseException) -> None:
        """A bug: a dialog with a report to copy; one at a time."""
        if self._crash_is_shown:
            return
        from app.views.messages import CrashDialog

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


def _keep_log(settings: Settings) -> None:
    settings.folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(log_file(settings), maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
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
    program.start(Path(words[0]) if words else None)
    return application.exec()
