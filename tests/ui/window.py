"""The real program on a copy of the sample office, driven by keys and clicks."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy.orm import Session

from app.main import Program
from app.services.books import open_office
from app.services.verification import verify_books
from app.views.settings import Settings

Control = TypeVar("Control", bound=QWidget)
Result = TypeVar("Result")
TODAY = date(2026, 11, 21)
PATIENCE_MS = 15_000


class Window:
    """A program under test. `day` is the calendar's day and can be moved before something is done."""

    def __init__(self, qtbot: QtBot, folder: Path, sample: Path, today: date = TODAY) -> None:
        self.qtbot = qtbot
        self.day = today
        self.path = folder / "office.db"
        shutil.copy(sample, self.path)
        self.settings = Settings(folder / "settings" / "counterfoil.ini")
        self.crashes: list[BaseException] = []
        self._start()

    def _start(self) -> None:
        self.program = Program(self.settings, lambda: self.day)
        # What another program changes arrives when a test asks for it (`watch_others`), not at any moment of it.
        self.program.tasks._looker.stop()
        self.frame = self.program.window
        self.frame.new_day.timer.stop()  # the calendar is looked at when a test asks for it
        self.program.tasks.crashed.disconnect()
        self.program.tasks.crashed.connect(self.crashes.append)
        # A test may end with work in hand; nobody is there to answer whether to close all the same.
        self.qtbot.addWidget(self.frame, before_close_func=lambda frame: (frame._pages.clear(), frame.turns.forget()))

    def start_again(self) -> Window:
        """The next start of the program, on the same file and settings, without a farewell from this one."""
        second = Window.__new__(Window)
        second.__dict__.update(self.__dict__)
        second.settings = Settings(self.settings.folder / "counterfoil.ini")
        second._start()
        second.open()
        return second

    def open(self) -> None:
        """Show the window and wait until the office is open and Today is filled."""
        self.frame.resize(1366, 768)
        self.program.start(self.path)
        self.qtbot.waitUntil(lambda: self.frame.page is not None, timeout=PATIENCE_MS)
        self.settle()

    def close(self) -> None:
        """End the program; raises what went wrong inside it."""
        self.program.tasks.close()
        self.frame.hide()
        if self.crashes:
            raise self.crashes[0]

    def settle(self) -> None:
        """Wait until nothing is under way, nor begun by what came of it (a page reads its charts after its list)."""

        def quiet() -> bool:
            if not self.program.tasks.is_idle:
                return False
            QApplication.processEvents()
            return self.program.tasks.is_idle

        self.qtbot.waitUntil(quiet, timeout=PATIENCE_MS)
        if self.crashes:
            raise self.crashes[0]

    def wait_for(self, true: Callable[[], bool]) -> None:
        """Wait until something shows."""
        self.qtbot.waitUntil(true, timeout=PATIENCE_MS)

    def watch_others(self) -> None:
        """Look once a second what other programs change, as the program does."""
        self.program.tasks._looker.start()

    def control(self, name: str, kind: type[Control] = QWidget, inside: QObject | None = None) -> Control:  # type: ignore[assignment]
        """The control of that object name in the window, or in one of its dialogs."""
        found = (inside or self.frame).findChild(kind, name)
        assert found is not None, f"no {kind.__name__} named {name}"
        return found

    def go(self, key: str, **where: Any) -> Any:
        """Show a page, as if gone there from another; returns it."""
        self.program.workplace.go(key, **where)
        self.settle()
        return self.frame.page

    def press(self, *keys: str | Qt.Key, on: QWidget | None = None) -> None:
        """Press keys (a text types its characters) where the cursor is."""
        for key in keys:
            target = on or QApplication.focusWidget() or self.frame
            if isinstance(key, str):
                type_text(target, key)
            else:
                QTest.keyClick(target, key)
        QApplication.processEvents()

    def shortcut(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key combination on the window."""
        QTest.keyClick(QApplication.focusWidget() or self.frame, key, modifier)
        self.settle()

    def type_into(self, name: str, text: str, inside: QObject | None = None) -> None:
        """Replace what stands in an input by typing."""
        edit = self.control(name, QLineEdit, inside)
        edit.setFocus()
        edit.selectAll()
        type_text(edit, text)

    def click(self, name: str, inside: QObject | None = None) -> None:
        """Click a button, then wait until all is done."""
        QTest.mouseClick(self.control(name, QWidget, inside), Qt.MouseButton.LeftButton)
        self.settle()

    def dialog(self) -> QWidget:
        """The dialog that is open."""
        found = [
            w
            for w in QApplication.topLevelWidgets()
            if w.isVisible() and w is not self.frame and w.objectName().endswith(".dialog")
        ]
        assert len(found) == 1, [w.objectName() for w in found]
        return found[0]

    @property
    def message(self) -> str:
        """What the message line says."""
        return self.frame.message.text

    def read(self, work: Callable[[Session], Result]) -> Result:
        """Ask the books, as the services do."""
        with open_office(self.path) as books, books.read() as session:
            return work(session)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the office's file."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql, values).fetchall()

    def books_agree(self) -> bool:
        """Whether every stored figure agrees with the ledger."""
        return self.read(verify_books) == []


def type_text(target: QWidget, text: str) -> None:
    """Type characters; those beyond ASCII, which QTest does not know, as the key events that they come in."""
    for character in text:
        if character.isascii():
            QTest.keyClicks(target, character)
        else:
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QApplication.sendEvent(
                    target, QKeyEvent(kind, Qt.Key.Key_unknown, Qt.KeyboardModifier.NoModifier, character)
                )
