"""Random hands on the program: keys, wrong values, clicks. The same seed does the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QDesktopServices
from PySide6.QtPrintSupport import QPrintDialog
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QWidget,
)
from ui.window import TODAY, Window, type_text

from app.views.dialog import FormDialog
from app.views.main_window import MainWindow
from app.views.table import Table

_K = Qt.Key
_NO, _CTRL, _ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
MOVES = (_K.Key_Tab, _K.Key_Backtab, _K.Key_Up, _K.Key_Down, _K.Key_Left, _K.Key_Right, _K.Key_Home, _K.Key_End)
MOVES += (_K.Key_PageDown, _K.Key_Space, _K.Key_Delete, _K.Key_Backspace, _K.Key_F4)
CONTROL_LETTERS = "ABCDEFGHIJKLNPRSTUVXYZ1234567890"
ALT_LETTERS = "ABCDEFGHIKLMNOPRSTUVWXYZ1234567890"
VALUES = ("", " ", "abc", "-5", "1e9", "0", "0.00", "00000", "99999999999999999999", "92233720368547758.08", "12/45", "13/1")
VALUES += ("2/29/2027", "t", "1/1/1899", "'; DROP TABLE account; --", '"', "%_", "\U0001f4b8", "é", "x" * 300, "5+", "1,2,3")
VALUES += ("12.345", "77.34", "20", "3", "1", "1001", "smith", "(", "*", "=1+1", "\u202e", "٣")


@contextmanager
def no_native_dialogs(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """The system's own dialogs answer by themselves, and nothing ends the program."""
    answers = [("", ""), (str(folder / "chosen"), ""), (str(folder / "no such folder" / "chosen"), "")]
    turn = [0]

    def choose(*_args: Any, **_named: Any) -> tuple[str, str]:
        turn[0] += 1
        return answers[turn[0] % len(answers)]

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_n: choose()[0])
    monkeypatch.setattr(QPrintDialog, "exec", lambda _dialog: QDialog.DialogCode.Rejected)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    monkeypatch.setattr(MainWindow, "close", lambda _frame: False)
    yield


class Hands:
    """One pair of hands; `told` is what they did, for the report of a failure."""

    def __init__(self, window: Window, seed: int) -> None:
        self.window = window
        self.chance = random.Random(seed)
        self.told: list[str] = []

    def where(self) -> QWidget:
        """Where the next key goes, as the desktop would say: a menu, a dialog, the page."""
        popup = QApplication.activePopupWidget()
        if popup is not None:
            return popup
        self.let_the_desktop_choose()
        modal = QApplication.activeModalWidget()
        focus = QApplication.focusWidget()
        if modal is not None and (focus is None or focus.window() is not modal):
            return modal.focusWidget() or modal
        return focus or self.window.frame

    def let_the_desktop_choose(self) -> None:
        """A desktop gives the keys to the window below one that closed; the screen that is none does not."""
        if QApplication.activeWindow() is None and QApplication.activePopupWidget() is None:
            (QApplication.activeModalWidget() or self.window.frame).activateWindow()
            QApplication.processEvents()

    def tell(self, what: str) -> None:
        target = self.where()
        self.told.append(f"{what} at {type(target).__name__} {target.objectName()}")

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = _NO) -> None:
        self.tell(f"key {key.name} {modifier}")
        QTest.keyClick(self.where(), key, modifier)

    def type_value(self) -> None:
        value = self.chance.choice(VALUES)
        target = self.where()
        self.tell(f"types {value[:40]!r}")
        if isinstance(target, QLineEdit | QPlainTextEdit) and self.chance.random() < 0.7:
            target.selectAll()
        top = target.window()
        is_held = isinstance(top, FormDialog) and not top.cancel.isEnabled()  # then no key and no click gets in
        if len(value) > 40 and isinstance(target, QLineEdit) and not is_held:
            target.insert(value)  # pasted
        else:
            type_text(target, value)
        if self.chance.random() < 0.5:
            QTest.keyClick(self.where(), self.chance.choice((_K.Key_Return, _K.Key_Tab)))

    def click(self) -> None:
        """Press some control that can be pressed in the window or dialog on top."""
        top = QApplication.activePopupWidget() or QApplication.activeModalWidget() or QApplication.activeWindow()
        if top is None:
            top = self.window.frame
        if isinstance(top, QMenu):
            actions = [action for action in top.actions() if action.isEnabled() and not action.isSeparator()]
            if actions:
                action = self.chance.choice(actions)
                self.told.append(f"chooses {action.text()}")
                top.hide()
                action.trigger()
            return
        kinds = (QAbstractButton, QLineEdit, QComboBox, QAbstractItemView, QTabBar, QPlainTextEdit)
        found = [w for w in top.findChildren(QWidget) if isinstance(w, kinds) and w.isVisible() and w.isEnabled()]
        found = [w for w in found if w.window() is top]
        if not found:
            return
        chosen = self.chance.choice(found)
        self.told.append(f"clicks {type(chosen).__name__} {chosen.objectName()}")
        target: QWidget = chosen.viewport() if isinstance(chosen, QAbstractItemView) else chosen
        spot = target.rect().center()
        if isinstance(chosen, QAbstractItemView | QTabBar):
            spot.setX(self.chance.randrange(max(1, target.width())))
            spot.setY(self.chance.randrange(max(1, min(200, target.height()))))
        if isinstance(chosen, Table) and self.chance.random() < 0.2:
            self.told.append("opens its menu by the key")
            by_key = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, spot, target.mapToGlobal(spot))
            QApplication.sendEvent(target, by_key)
        elif isinstance(chosen, QAbstractItemView) and self.chance.random() < 0.3:
            QTest.mouseDClick(target, Qt.MouseButton.LeftButton, _NO, spot)
        else:
            QTest.mouseClick(target, Qt.MouseButton.LeftButton, _NO, spot)

    def step(self) -> None:
        """One thing that a hand does."""
        dice = self.chance.random()
        if dice < 0.22:
            self.press(self.chance.choice(MOVES))
        elif dice < 0.34:
            self.press(_K.Key_Return)
            if self.chance.random() < 0.5:
                self.press(_K.Key_Return)
        elif dice < 0.40:
            self.press(_K.Key_Escape)
        elif dice < 0.62:
            self.type_value()
        elif dice < 0.84:
            self.click()
        elif dice < 0.91:
            letter = self.chance.choice(CONTROL_LETTERS)
            self.press(getattr(_K, f"Key_{letter}"), _CTRL | (_SHIFT if self.chance.random() < 0.2 else _NO))
        elif dice < 0.97:
            self.press(getattr(_K, f"Key_{self.chance.choice(ALT_LETTERS)}"), _ALT)
        elif dice < 0.985:
            self.press(self.chance.choice((_K.Key_Return, _K.Key_Enter)), _CTRL)
        else:
            self.change_day()
        if self.chance.random() < 0.5:
            QApplication.processEvents()

    def change_day(self) -> None:
        """Another business date, from wherever."""
        day = TODAY - timedelta(days=self.chance.choice((0, 0, 1, 2, 30, 400)))
        self.told.append(f"business date {day}")
        self.window.program.workplace.choose_date(day)

    def put_away(self) -> None:
        """Leave menus and dialogs with Escape, as often as each asks; one that cannot be left is stuck."""
        for _ in range(40):
            top = QApplication.activePopupWidget() or QApplication.activeModalWidget() or self._open_dialog()
            if top is None:
                return
            QTest.keyClick(top.focusWidget() or top, _K.Key_Escape)
            self.window.settle()
        raise AssertionError(f"{top.objectName()} cannot be left")

    def _open_dialog(self) -> QDialog | None:
        tops = QApplication.topLevelWidgets()
        return next((w for w in tops if isinstance(w, QDialog) and w.isVisible()), None)

    def check(self) -> None:
        """After a burst: all answered, no form left waiting, at most one dialog of a kind."""
        self.window.settle()
        dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
        names = [(dialog.objectName(), dialog.windowTitle()) for dialog in dialogs]
        assert len(set(names)) == len(names), f"open twice: {names}"
        for dialog in dialogs:
            if isinstance(dialog, FormDialog):
                assert dialog.cancel.isEnabled(), f"{dialog.objectName()} waits for ever"

    def check_cursor(self) -> None:
        """With nothing open, the next key goes to something that can be seen."""
        self.let_the_desktop_choose()
        self.window.settle()  # the window brings a cursor back that came late to a page which was left
        focus = QApplication.focusWidget()
        if focus is None:
            return  # the screen that is none gives it to nobody after the list of a combo box was closed
        assert focus.isVisible(), f"the cursor is in {focus.objectName()}, which cannot be seen on {self.window.frame.page}"
        assert focus.isEnabled(), f"the cursor is in {focus.objectName()}, which cannot be used"
