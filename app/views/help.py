"""F1: the user guide, opened at the page that is shown."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import ClassVar, NamedTuple

import shiboken6
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeyEvent, QTextCursor
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from app import resources
from app.views import style
from app.views.fields import button, label, named
from app.views.placing import hand_keys_back, open_as_large_as

FIRST = "index"
_ORDER = (
    "index",
    "today",
    "checks",
    "dayclose",
    "accounts",
    "account",
    "members",
    "returned",
    "billing",
    "statements",
    "refunds",
    "collections",
    "reports",
    "office",
    "audit",
    "rehearsal",
    "stories",
    "keys",
)


class Topic(NamedTuple):
    """A page of the guide: its name, its title (the first line), its text."""

    name: str
    title: str
    text: str


@cache
def topics() -> dict[str, Topic]:
    """The guide's pages by name, in the order of reading."""
    found = {}
    for path in sorted(resources.path("help").glob("*.md"), key=_place):
        text = path.read_text(encoding="utf-8")
        found[path.stem] = Topic(path.stem, text.partition("\n")[0].lstrip("# ").strip(), text)
    return found


def _place(path: Path) -> tuple[int, str]:
    return (_ORDER.index(path.stem) if path.stem in _ORDER else len(_ORDER), path.stem)


class HelpWindow(QDialog):
    """A window beside the work: the topics, a filter over all their text, and the text. Escape closes it."""

    _shown: ClassVar[HelpWindow | None] = None

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Help - Counterfoil")
        named(self, "help.dialog", "Help")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.filter = QLineEdit()
        named(self.filter, "help.filter", "Find in the help")
        self.filter.setPlaceholderText("Find in the help")
        self.filter.setClearButtonEnabled(True)
        self.list = QListWidget()
        named(self.list, "help.topics", "Topics")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.browser = QTextBrowser()
        named(self.browser, "help.text", "Help text")
        self.browser.setOpenLinks(False)
        self.browser.document().setDocumentMargin(style.LARGE)
        close = button("Close", "help.close")
        close.clicked.connect(self.close)
        left = QVBoxLayout()
        left.setSpacing(style.SMALL)
        left.addWidget(label("&Find", buddy=self.filter))
        left.addWidget(self.filter)
        left.addWidget(self.list, 1)
        left.addWidget(close)
        row = QHBoxLayout(self)
        row.setContentsMargins(style.MEDIUM, style.MEDIUM, style.MEDIUM, style.MEDIUM)
        row.setSpacing(style.MEDIUM)
        row.addLayout(left, 1)
        row.addWidget(self.browser, 3)
        self.filter.textChanged.connect(self._filter)
        self.list.currentItemChanged.connect(self._show_chosen)
        self.browser.anchorClicked.connect(self._follow)
        self._fill("")
        self.list.setFixedWidth(self._room_for_titles())
        open_as_large_as(self, 900, 640)
        hand_keys_back(self)

    @classmethod
    def show_topic(cls, parent: QWidget, topic: str, words: str = "") -> HelpWindow:
        """Open the help at a topic (the first one when there is none of that name); one window for all.

        `words`: with which the place begins that is wanted.
        """
        if cls._shown is not None and shiboken6.isValid(cls._shown) and cls._shown.parentWidget() is not parent:
            # A dialog lets the keys go to nothing but its own windows, and one of its own goes with it.
            cls._shown.close()
            cls._shown = None
        if cls._shown is None or not shiboken6.isValid(cls._shown):
            cls._shown = cls(parent)
        cls._shown.open_topic(topic)
        cls._shown.show()
        cls._shown.raise_()
        cls._shown.activateWindow()
        cls._shown.go_to(words)
        return cls._shown

    def open_topic(self, name: str) -> None:
        """Show a topic."""
        wanted = name if name in topics() else FIRST
        self.filter.clear()
        for place in range(self.list.count()):
            if self.list.item(place).data(Qt.ItemDataRole.UserRole) == wanted:
                self.list.setCurrentRow(place)
        self.browser.setFocus()

    def go_to(self, words: str) -> None:
        """Scroll to the paragraph that begins with these words; without any, to the top."""
        block = self.browser.document().begin()
        while words and block.isValid() and not block.text().strip().startswith(words):
            block = block.next()
        if not words or not block.isValid():
            return
        cursor = QTextCursor(block)
        self.browser.setTextCursor(cursor)
        top = self.browser.document().documentLayout().blockBoundingRect(block).top()
        self.browser.verticalScrollBar().setValue(int(top) - style.MEDIUM)
        # Marked, so that the eye finds it where the page cannot scroll so far.
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        place = QTextEdit.ExtraSelection()
        # The bindings know these as plain attributes, which their stubs leave out.
        place.cursor = cursor
        place.format.setBackground(self.palette().alternateBase())
        self.browser.setExtraSelections([place])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.filter.text():
            self.filter.clear()
        else:
            super().keyPressEvent(event)

    def _fill(self, words: str) -> None:
        shown = self.list.currentItem()
        kept = shown.data(Qt.ItemDataRole.UserRole) if shown is not None else FIRST
        self.list.clear()
        wanted = words.casefold().split()
        for topic in topics().values():
            if all(word in topic.text.casefold() for word in wanted):
                item = QListWidgetItem(topic.title)
                item.setData(Qt.ItemDataRole.UserRole, topic.name)
                self.list.addItem(item)
                if topic.name == kept:
                    self.list.setCurrentItem(item)
        if self.list.currentRow() < 0 and self.list.count():
            self.list.setCurrentRow(0)

    def _room_for_titles(self) -> int:
        """The width of the list, in pixels: no title is cut, beside its scroll bar or without one."""
        widest = max(self.list.fontMetrics().horizontalAdvance(topic.title) for topic in topics().values())
        return widest + self.list.verticalScrollBar().sizeHint().width() + 2 * style.SMALL

    def _filter(self, words: str) -> None:
        self._fill(words)

    def _show_chosen(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.browser.setExtraSelections([])
            self.browser.setMarkdown(topics()[item.data(Qt.ItemDataRole.UserRole)].text)

    def _follow(self, link: QUrl) -> None:
        if link.scheme() in ("http", "https", "mailto"):
            QDesktopServices.openUrl(link)
        else:
            self.open_topic(Path(link.path()).stem)
