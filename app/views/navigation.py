"""The list of pages on the left: their keys and names, or in a narrow window their keys alone."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from app.views import style
from app.views.fields import named
from app.views.pages.registry import PAGES


class Navigation(QListWidget):
    """`wanted(key)`: a page was clicked or chosen with Enter."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        named(self, "frame.pages", "Pages")
        for entry in PAGES:
            if entry.keys:
                item = QListWidgetItem()
                item.setData(Qt.ItemDataRole.UserRole, entry.key)
                item.setToolTip(f"{entry.title} ({entry.keys})")
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.title}, {entry.keys}")
                item.setSizeHint(QSize(0, self.fontMetrics().height() + 2 * style.SMALL))
                self.addItem(item)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for signal in (self.itemClicked, self.itemActivated):
            signal.connect(lambda item: self.wanted.emit(item.data(Qt.ItemDataRole.UserRole)))

    def narrow(self, *, narrow: bool) -> None:
        """In a narrow window the pages are named by their keys alone; their tips still say which they are."""
        character = self.fontMetrics().averageCharWidth()
        for row, entry in enumerate(entry for entry in PAGES if entry.keys):
            keys = entry.keys.replace("Shift+", "⇧")
            self.item(row).setText(keys if narrow else f"{keys:<4} {entry.title}")
        self.setFixedWidth((character * 5 if narrow else character * 26) + 2 * style.LARGE)

    def mark(self, key: str) -> None:
        """The page shown; an account's page belongs to the list of accounts."""
        key = "accounts" if key == "account" else key
        for row in range(self.count()):
            if self.item(row).data(Qt.ItemDataRole.UserRole) == key:
                self.setCurrentRow(row)
