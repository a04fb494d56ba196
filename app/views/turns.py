"""Several people at one PC: what each of them left as it was when somebody else signed in, and the button to do so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, SignalInstance
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QStackedWidget

from app.views.dialog import FormDialog
from app.views.fields import button, named
from app.views.page_area import PageArea

if TYPE_CHECKING:
    from app.views.page import Page


class Turns:
    """The pages and open dialogs of those who are not at work at this PC just now, by the person's id."""

    def __init__(self, stack: QStackedWidget) -> None:
        self._stack = stack
        self._left: dict[int, tuple[list[PageArea], list[FormDialog]]] = {}

    def put_aside(self, person: int) -> None:
        """Hide what is shown and open, as it is."""
        dialogs = [
            widget
            for widget in QApplication.topLevelWidgets()
            if isinstance(widget, FormDialog) and widget.isVisible() and widget.window() is widget
        ]
        for dialog in dialogs:
            dialog.setVisible(False)
        shown = [self._stack.widget(place) for place in range(self._stack.count())]
        areas = [area for area in shown if isinstance(area, PageArea)]
        for area in areas:
            self._stack.removeWidget(area)
            area.setParent(self._stack.window())  # still the frame's, but not among what can be shown
            area.hide()
        self._left[person] = (areas, dialogs)

    def take_back(self, person: int) -> tuple[dict[str, Page], list[FormDialog]]:
        """What the person left: the pages, in the stack again, by key; the dialogs, not yet shown."""
        areas, dialogs = self._left.pop(person, ([], []))
        for area in areas:
            self._stack.addWidget(area)
        return {area.page.key: area.page for area in areas}, dialogs

    def pages(self) -> list[Page]:
        """Everybody's pages that were put aside."""
        return [area.page for areas, _dialogs in self._left.values() for area in areas]

    def forget(self) -> None:
        """Another office is open: nobody has left anything there."""
        for areas, dialogs in self._left.values():
            for gone in (*areas, *dialogs):
                gone.deleteLater()
        self._left.clear()


def make_person_button(lock: SignalInstance, switch: SignalInstance, password: SignalInstance) -> QPushButton:
    """Says who is signed in; its menu emits what is wanted."""
    made = button("", "frame.person", tip="Who is signed in: lock, another person, password (Ctrl+Shift+L locks)")
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    menu = QMenu(made)
    named(menu, "frame.person-menu", "Who is signed in")
    for text, signal in (
        ("&Lock\tCtrl+Shift+L", lock),
        ("&Another person signs in", switch),
        ("Change my &password…", password),
    ):
        menu.addAction(text).triggered.connect(signal.emit)
    made.setMenu(menu)
    made.hide()
    return made
