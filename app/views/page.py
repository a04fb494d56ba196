"""What a page is: a widget that reads the books when it is shown, and again when something changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.errors import NotPermitted, UserError
from app.views import style
from app.views.fields import find_control, label, mark_wrong
from app.views.workplace import Workplace


class Page(QWidget):
    """Base of the pages. A page overrides `refresh` (read and show) and, if it is told where to go, `arrive`.

    `body` is the layout below the title row; `title_row` takes what stands beside the title.
    """

    title: ClassVar[str]
    key: ClassVar[str]

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self.tasks = workplace.tasks
        self.setObjectName(self.key)
        self.setAccessibleName(self.title)
        self._is_stale = True
        self.heading = label(self.title, "title")
        self.title_row = QHBoxLayout()
        self.title_row.setSpacing(style.MEDIUM)
        self.title_row.addWidget(self.heading)
        self.title_row.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(style.WIDE, style.LARGE, style.WIDE, style.LARGE)
        outer.setSpacing(style.MEDIUM)
        outer.addLayout(self.title_row)
        self.body = QVBoxLayout()
        self.body.setSpacing(style.MEDIUM)
        outer.addLayout(self.body, 1)
        self.tasks.books_changed.connect(self.on_books_changed)
        workplace.date_changed.connect(self._on_date_changed)

    def refresh(self) -> None:
        """Read what the page shows, through the task runner."""

    def arrive(self, **where: Any) -> None:
        """The page was gone to; `where` says what to show."""

    def has_work_in_hand(self) -> bool:
        """Whether something typed here has not been saved; it is kept, and the person is told on closing."""
        return False

    def commands(self) -> list[tuple[str, str, Callable[[], object]]]:
        """What Ctrl+K offers of this page as it stands: title, keys, and what it does."""
        return []

    def concerns(self, accounts: frozenset[int] | None) -> bool:
        """Whether a change of these accounts (None: of anything) shows on this page."""
        return True

    def on_books_changed(self, accounts: frozenset[int] | None) -> None:
        """Another page (or this one) changed the books: read again now, or when shown next."""
        if not self.concerns(accounts):
            return
        if self.isVisible():
            self.refresh()
        else:
            self._is_stale = True

    def _on_date_changed(self, _on: date) -> None:
        self.on_books_changed(None)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._is_stale = False
            self.refresh()

    def shortcut(self, keys: str, act: Callable[[], object]) -> QShortcut:
        """A key of this page and what is inside it."""
        made = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        made.activated.connect(act)
        return made

    def refuse(self, error: UserError, again: Callable[[], object] | None = None) -> None:
        """Say what was refused and put the cursor into the input at fault (`UserError.field`).

        `again`: what is done when somebody who may approves it by signing in at this window.
        """
        self.workplace.refuse(error)
        if again is not None and can_be_approved(self.workplace, error):
            self.workplace.approving.emit(error, again, self)
            return
        point_at(self, self.key, error)

    def attempt(self, act: Callable[[], object]) -> bool:
        """Do something that reads inputs; a UserError is shown at its input. Returns whether it went through."""
        self.workplace.put_right()
        try:
            act()
        except UserError as error:
            self.refuse(error)
            self.workplace.until_put_right(error)
            return False
        return True


def can_be_approved(workplace: Workplace, error: UserError) -> bool:
    """Whether somebody else's sign-in at this window would let it through."""
    return isinstance(error, NotPermitted) and bool(error.role) and workplace.person is not None


def point_at(root: QWidget, prefix: str, error: UserError) -> None:
    """Put the cursor into the input that an error names, if it is on screen."""
    if not error.field:
        return
    control = find_control(root, error.field) or find_control(root, f"{prefix}.{error.field}")
    if control is None:
        return
    if control.isVisibleTo(root):  # another tab may be shown by the time the answer is there
        control.setFocus(Qt.FocusReason.OtherFocusReason)
    if isinstance(control, QLineEdit):
        mark_wrong(control, wrong=True)
        control.selectAll()
