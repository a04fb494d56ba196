"""Inputs for amounts and dates as office hands type them, and the little helpers that every form uses."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget

from app.errors import UserError
from app.money import format_cents, parse_typed_cents
from app.periods import parse_typed_day
from app.views.style import figures_font

_ISO_DAY = re.compile(r"(?<![\w./-])([12]\d{3})-([01]\d)-([0-3]\d)(?![\w/-]|\.\w)")


def named(widget: QWidget, object_name: str, accessible: str) -> None:
    """Give a control its `page.part` name and what a screen reader says."""
    widget.setObjectName(object_name)
    widget.setAccessibleName(accessible)


def label(text: str = "", role: str = "", *, buddy: QWidget | None = None, wrap: bool = False) -> QLabel:
    """A label; `role` is title, heading, figure, quiet, good, warning or bad."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if role:
        made.setProperty("role", role)
    if role == "figure":
        made.setFont(figures_font(made.font()))
    if buddy is not None:
        made.setBuddy(buddy)
        # The underlined letter is drawn by itself, without kerning, but measured with it: "To" would lose half its o.
        font = made.font()
        font.setKerning(False)
        made.setFont(font)
    made.setWordWrap(wrap)
    return made


class ElidingLabel(QLabel):
    """A label that gives way: what does not fit ends in an ellipsis, and stands whole in the tooltip."""

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 6, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width())
        self.setToolTip("" if shown == self.text() else self.text())
        if shown == self.text():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), int(self.alignment()), shown)
        painter.end()


def set_role(widget: QWidget, role: str) -> None:
    """Change the style role of a label or frame that is on screen already."""
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


class Button(QPushButton):
    """A button that Enter presses while the cursor is on it, as Space does: never the default one instead."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self.click()
        else:
            super().keyPressEvent(event)


def button(text: str, object_name: str, *, primary: bool = False, tip: str = "") -> QPushButton:
    """A button; `&` before the letter of its Alt key."""
    made = Button(text)
    named(made, object_name, text.replace("&", ""))
    made.setAutoDefault(False)
    if primary:
        made.setProperty("role", "primary")
    if tip:
        made.setToolTip(tip)
    return made


def mark_wrong(edit: QLineEdit, *, wrong: bool) -> None:
    """Show that what stands in the input cannot be used; as soon as something else stands there, it is not shown."""
    if wrong and not edit.property("heals"):
        edit.setProperty("heals", True)
        edit.textChanged.connect(lambda: mark_wrong(edit, wrong=False))
    if bool(edit.property("wrong")) != wrong:
        edit.setProperty("wrong", wrong)
        edit.style().unpolish(edit)
        edit.style().polish(edit)


class MoneyEdit(QLineEdit):
    """An amount: `1234`, `12.34`, `1,234.50`, `12.5+7.5`. Leaving it writes it out; `changed` when it does.

    `implied_cents` is asked whenever the amount is read: the setting may change while the input stands there.
    """

    changed = Signal()

    def __init__(
        self, object_name: str, accessible: str, *, implied_cents: Callable[[], bool], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        named(self, object_name, accessible)
        self.implied_cents = implied_cents
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFont(figures_font(self.font()))
        self.setMaxLength(60)
        self.textEdited.connect(lambda: mark_wrong(self, wrong=False))
        self.editingFinished.connect(self._write_out)
        self._written = ""

    def cents(self) -> int | None:
        """The amount in cents, None when nothing stands here. Raises UserError when it is no amount."""
        text = self.text()
        if not text.strip():
            return None
        try:
            # What was written out already has its point; only typed digits can be implied cents.
            return parse_typed_cents(text, implied_cents=self.implied_cents())
        except ValueError as error:
            mark_wrong(self, wrong=True)
            raise UserError(f"{error}.", field=self.objectName()) from None

    def required_cents(self, what: str = "The amount") -> int:
        """The amount in cents. Raises UserError when nothing usable stands here."""
        cents = self.cents()
        if cents is None:
            mark_wrong(self, wrong=True)
            raise UserError(f"{what} is missing; type it in dollars and cents.", field=self.objectName())
        return cents

    def set_cents(self, cents: int | None) -> None:
        """Show an amount, or nothing."""
        self._written = "" if cents is None else format_cents(cents)
        self.setText(self._written)
        mark_wrong(self, wrong=False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def _write_out(self) -> None:
        if self.text() == self._written:
            return
        try:
            cents = self.cents()
        except UserError:
            return
        self.set_cents(cents)
        self.changed.emit()


class DayEdit(QLineEdit):
    """A date: `15`, `3/15`, `mar 15`, `t` for today. Leaving it writes it out; `changed` when it does."""

    changed = Signal()

    def __init__(self, object_name: str, accessible: str, today: date, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, object_name, accessible)
        self.today = today
        self.setMaxLength(30)
        self.setPlaceholderText("t, 15, 3/15")
        self.textEdited.connect(lambda: mark_wrong(self, wrong=False))
        self.editingFinished.connect(self._write_out)

    def day(self) -> date | None:
        """The date, None when nothing stands here. Raises UserError when it is no date."""
        if not self.text().strip():
            return None
        try:
            return parse_typed_day(self.text(), self.today)
        except ValueError as error:
            mark_wrong(self, wrong=True)
            raise UserError(f"{error}.", field=self.objectName()) from None

    def required_day(self, what: str = "The date") -> date:
        """The date. Raises UserError when nothing usable stands here."""
        found = self.day()
        if found is None:
            mark_wrong(self, wrong=True)
            raise UserError(f"{what} is missing; type 15, 3/15, mar 15 or t for today.", field=self.objectName())
        return found

    def set_day(self, day: date | None) -> None:
        """Show a date, or nothing."""
        self.setText("" if day is None else format_day(day))
        mark_wrong(self, wrong=False)

    def _write_out(self) -> None:
        try:
            found = self.day()
        except UserError:
            return
        written = "" if found is None else format_day(found)
        if self.text() != written:
            self.setText(written)
            self.changed.emit()


def format_day(day: date | None) -> str:
    """A date as the windows show it: `03/15/2026`."""
    return "" if day is None else f"{day:%m/%d/%Y}"


def spoken_day(day: date) -> str:
    """A date in words: `Sun, Mar 15, 2026`."""
    return f"{day:%a, %b} {day.day}, {day.year}"


def told_dates(text: str) -> str:
    """A service's sentence with its dates as the windows show them: `2026-11-21` becomes `11/21/2026`.

    A date that is part of a longer word, such as a file's name, stays.
    """
    return _ISO_DAY.sub(r"\2/\3/\1", text) if "-" in text else text


def find_control(root: QObject, object_name: str) -> QWidget | None:
    """The control of that name below `root`."""
    found = root.findChild(QWidget, object_name)
    return found if isinstance(found, QWidget) else None
