"""From the start of a process to a painted window, and to one that can be worked in; measured from outside.

The child prints the monotonic clock, which all processes of a machine share, at each point. It imports nothing
that the program itself would not have imported by then.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PATIENCE_MS = 120_000
SEARCHED = "gunder"


def measure(side: str, office: Path, today: date) -> dict[str, Any]:
    """Start the program (`product`) or a bare window (`floor`) as on any day but the first; seconds to `seconds` and
    `ready_seconds`."""
    # On the first day Python compiles what it imports, of the program as of its libraries, and keeps the result.
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, "PYTHONPYCACHEPREFIX": str(office.parent / "bytecode")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    _start(side, office, today, environment)
    return _start(side, office, today, environment)


def _start(side: str, office: Path, today: date, environment: dict[str, str]) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "bench.start", side, str(office), folder, today.isoformat()],
            check=True,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment,
        )
    painted, ready, peak = done.stdout.split()
    return {
        "seconds": float(painted) - started,
        "ready_seconds": float(ready) - started,
        "peak_rss_mb": None if peak == "None" else int(peak),
    }


def _say(painted: float | None) -> None:
    ready = time.monotonic()
    from bench.sample import peak_rss_mb

    print(painted, ready, peak_rss_mb(), flush=True)
    # What is drawn afterwards, charts for instance, is not waited for.
    os._exit(0)


def _product(office: Path, folder: Path, today: date) -> None:
    gc.disable()  # as `python -m app` does before it imports the window

    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication, QTableView

    from app.main import Program
    from app.views import style
    from app.views.settings import Settings

    class FirstPaint(QObject):
        at: float | None = None

        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and FirstPaint.at is None:
                # Counted once the painting of this event is over.
                QTimer.singleShot(0, note)
            return False

    def note() -> None:
        if FirstPaint.at is None:
            FirstPaint.at = time.monotonic()

    application = QApplication(sys.argv[:1])
    settings = Settings(folder / "counterfoil.ini")
    style.apply_theme(application, settings.theme)
    program = Program(settings, lambda: today)
    watcher = FirstPaint()
    program.window.installEventFilter(watcher)
    program.tasks.crashed.connect(lambda error: os._exit(3))
    asked: list[str] = []

    def answered(hits: Any) -> None:
        assert hits, "the search found nobody"
        _say(FirstPaint.at)

    def poll() -> None:
        page = program.window.page
        if page is None or page.key != "today" or asked:
            return
        # This office's days were never closed, so something always waits.
        waiting = page.findChild(QTableView, "today.waiting")
        if waiting is None or waiting.model().rowCount() == 0:
            return
        asked.append(SEARCHED)
        from app.services import search

        program.tasks.read(lambda session: search.find(session, SEARCHED), answered, owner=program.window)

    timer = QTimer()
    timer.timeout.connect(poll)
    timer.start(2)
    QTimer.singleShot(PATIENCE_MS, lambda: os._exit(4))
    program.start(office)
    application.exec()


def _floor(office: Path) -> None:
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow

    class FirstPaint(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                QTimer.singleShot(0, go_on)
            return False

    def go_on() -> None:
        painted = time.monotonic()
        import sqlalchemy
        import sqlalchemy.orm

        engine = sqlalchemy.create_engine(f"sqlite:///{office.as_posix()}")
        with sqlalchemy.orm.Session(engine) as session:
            session.execute(sqlalchemy.text("SELECT name FROM office")).scalar()
        _say(painted)

    application = QApplication(sys.argv[:1])
    window = QMainWindow()
    watcher = FirstPaint()
    window.installEventFilter(watcher)
    window.resize(1280, 760)
    window.show()
    application.exec()


if __name__ == "__main__":
    if sys.argv[1] == "product":
        _product(Path(sys.argv[2]), Path(sys.argv[3]), date.fromisoformat(sys.argv[4]))
    else:
        _floor(Path(sys.argv[2]))
