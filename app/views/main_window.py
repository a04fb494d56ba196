"""The frame: pages on the left, the business date and the day's state above, one message line. Navigation only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QMessageBox,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.errors import UserError
from app.services.permissions import ROLE_NAMES
from app.views import style
from app.views.fields import DayEdit, ElidingLabel, button, label, named, spoken_day
from app.views.messages import MessageBar
from app.views.navigation import Navigation
from app.views.new_day import NewDay
from app.views.page_area import PageArea
from app.views.pages.registry import BY_KEY, PAGES, make_page
from app.views.turns import Turns, make_person_button
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.officeday import DayState
    from app.views.finder import Command, Finder
    from app.views.page import Page


CHARACTERS_FOR_NAMES = 175


class MainWindow(QMainWindow):
    """The program's one window. `office_wanted()`: somebody wants to open or make another office.

    `lock_wanted()`, `switch_wanted()`, `password_wanted()`: what whoever is signed in wants at the door.
    """

    office_wanted = Signal()
    lock_wanted = Signal()
    switch_wanted = Signal()
    password_wanted = Signal()

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self._pages: dict[str, Page] = {}
        self._finder: Finder | None = None
        self._was_on: list[str] = []
        self._is_inside = False
        self.setWindowTitle("Counterfoil")
        named(self, "frame", "Counterfoil")
        self.navigation = Navigation()
        self.navigation.wanted.connect(lambda key: self.go(key, {}))
        self.stack = QStackedWidget()
        self.stack.setObjectName("frame.stack")
        self.turns = Turns(self.stack)
        self.message = MessageBar()
        self._build()
        self._is_narrow: bool | None = None
        self._narrow(False)
        self._keys()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)
        workplace.said.connect(self.message.show_message)
        workplace.unsaid.connect(self.message.take_back)
        workplace.going.connect(self.go)
        workplace.tasks.failed.connect(workplace.refuse)
        workplace.tasks.books_changed.connect(lambda _ids: self._read_day())
        workplace.date_changed.connect(lambda _on: self._read_day())
        self.new_day = NewDay(workplace, self)
        self.new_day.turned.connect(self._read_day)
        self.setMinimumSize(640, 360)  # 1366x768 at 200%, less the desktop's bar
        self._restore_place()

    # The frame

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._narrow(self.width() < self.fontMetrics().averageCharWidth() * CHARACTERS_FOR_NAMES)

    def _narrow(self, narrow: bool) -> None:
        """In a narrow window the pages are named by their keys alone; their tips still say which they are."""
        if self._is_narrow == narrow:
            return
        self._is_narrow = narrow
        self.navigation.narrow(narrow=narrow)
        self.help_button.setText("F1" if narrow else "F1   Help")

    def _build(self) -> None:
        self.office_name = ElidingLabel("Counterfoil")
        self.office_name.setTextFormat(Qt.TextFormat.PlainText)
        self.office_name.setProperty("role", "heading")
        self.office_name.setObjectName("frame.office")
        self.find_button = button("&Find   Ctrl+K", "frame.find")
        self.find_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.find_button.clicked.connect(self.open_finder)
        self.person_button = make_person_button(self.lock_wanted, self.switch_wanted, self.password_wanted)
        self.date = DayEdit("frame.date", "Business date", self.workplace.today)
        self.date.setFixedWidth(self.date.fontMetrics().averageCharWidth() * 16)
        self.date.setToolTip("Business date (Ctrl+D): type another one and press Enter")
        self.date.set_day(self.workplace.on)
        self.date.returnPressed.connect(self._choose_date)
        self.day_words = ElidingLabel()
        self.day_words.setProperty("role", "quiet")
        named(self.day_words, "frame.day", "State of the business date")
        top = QHBoxLayout()
        top.setContentsMargins(style.WIDE, style.SMALL, style.WIDE, 0)
        top.setSpacing(style.MEDIUM)
        top.addWidget(self.office_name, 1)
        top.addWidget(self.find_button)
        top.addSpacing(style.MEDIUM)
        top.addWidget(label("Business &date", buddy=self.date))
        top.addWidget(self.date)
        top.addWidget(self.day_words)
        top.addWidget(self.person_button)
        message_row = QHBoxLayout()
        message_row.setContentsMargins(style.WIDE, style.SMALL, style.WIDE, 0)
        message_row.addWidget(self.message)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addLayout(top)
        right.addLayout(message_row)
        right.addWidget(self.stack, 1)
        left = QVBoxLayout()
        left.setContentsMargins(style.SMALL, style.MEDIUM, 0, style.SMALL)
        left.addWidget(self.navigation, 1)
        self.help_button: QPushButton = button("F1   Help", "frame.help")
        self.help_button.clicked.connect(self.open_help)
        left.addWidget(self.help_button)
        central = QWidget()
        row = QHBoxLayout(central)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left)
        row.addLayout(right, 1)
        self.setCentralWidget(central)

    def _keys(self) -> None:
        for entry in PAGES:
            if entry.keys:
                self._key(entry.keys, partial(self.go, entry.key, {}))
        self._key("Ctrl+K", self.open_finder)
        self._key("Ctrl+D", self.edit_date)
        self._key("F1", self.open_help)
        self._key("Alt+Left", self.go_back)
        self._key("Ctrl+Q", self.close)
        self._key("Ctrl+Shift+L", self.lock_wanted.emit)

    def _key(self, keys: str, act: Callable[[], object]) -> None:
        made = QShortcut(QKeySequence(keys), self)
        made.activated.connect(act)

    # Pages

    @property
    def page(self) -> Page | None:
        """The page shown."""
        shown = self.stack.currentWidget()
        return next((page for page in self._pages.values() if isinstance(shown, PageArea) and shown.page is page), None)

    def go(self, key: str, where: dict[str, Any]) -> None:
        """Show a page, made when it is first wanted."""
        if self.workplace.tasks.books is None or not self._is_inside:
            return
        shown = self.page
        page = self._pages.get(key)
        if page is None:
            page = self._pages[key] = make_page(key, self.workplace)
            self.stack.addWidget(PageArea(page))
        if shown is not None and shown is not page:
            self._was_on = [*self._was_on[-20:], shown.key]
        if shown is not page or where:  # another account is another page to whoever looks at it
            self.message.leave_page()
        page.arrive(**where)
        self.stack.setCurrentIndex(next(n for n in range(self.stack.count()) if self._shows(n, page)))
        self.navigation.mark(key)
        self.setWindowTitle(f"{page.title} - {self.office_name.text()} - Counterfoil")
        self._move_cursor(page)

    def _shows(self, place: int, page: Page) -> bool:
        area = self.stack.widget(place)
        return isinstance(area, PageArea) and area.page is page

    def _move_cursor(self, page: Page) -> None:
        """The cursor goes to the page shown: where it was on it, else to the page itself."""
        before, held = _cursor_of(page), _cursor_of(self)
        if before is None and not page.isAncestorOf(held or page):
            page.setFocus()
        elif held is not None and self.stack.isAncestorOf(held) and held is not page and not page.isAncestorOf(held):
            # Left behind on the page before while another window, such as Ctrl+K, had the keys.
            is_usable = before is not None and before.isVisibleTo(page) and before.isEnabled()
            (before if before is not None and is_usable else page).setFocus()

    def _focus_moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        area = self.stack.currentWidget()
        if now is not None and isinstance(area, PageArea) and now is not area.page and area.page.isAncestorOf(now):
            area.bring_into_sight(now)
        # An answer that comes late may put the cursor into the page that was left: typing would go unseen.
        if now is not None and not now.isVisible() and self.stack.isAncestorOf(now):
            QTimer.singleShot(0, self, self._bring_cursor_back)

    def _bring_cursor_back(self) -> None:
        held, page = _cursor_of(self), self.page
        if page is not None and held is not None and not held.isVisible():
            self._move_cursor(page)

    def go_back(self) -> None:
        """The page shown before (Alt+Left)."""
        if self._was_on:
            key = self._was_on.pop()
            self.go(key, {})
            if self._was_on:
                self._was_on.pop()

    def show_alone(self, widget: QWidget) -> None:
        """Show something that stands in for all pages: opening, the first set-up."""
        self._be_inside(inside=False)
        self.stack.addWidget(widget)
        self.stack.setCurrentWidget(widget)

    def _be_inside(self, *, inside: bool) -> None:
        self._is_inside = inside
        for control in (self.navigation, self.find_button, self.date, self.person_button):
            control.setEnabled(inside)
        self.person_button.setVisible(inside and self.workplace.person is not None)

    def office_opened(self, name: str) -> None:
        """An office is open: forget the pages of the one before, and begin with Today."""
        while (widget := self.stack.widget(0)) is not None:
            self.stack.removeWidget(widget)
            widget.deleteLater()
        self._pages.clear()
        self._was_on.clear()
        self.turns.forget()
        self.office_name.setText(name)
        self._enter()

    def _enter(self) -> None:
        person = self.workplace.person
        self.person_button.setText("" if person is None else f"{person.name} · {ROLE_NAMES[person.role]}")
        self.person_button.setAccessibleName(f"Signed in: {self.person_button.text()}")
        self._be_inside(inside=True)
        self.go("today", {})
        self._read_day()

    # Who is at work

    def leave(self, person: int) -> None:
        """Somebody's turn at this PC ends: their pages and open dialogs are put aside as they are."""
        self.turns.put_aside(person)
        self._pages.clear()
        self._was_on.clear()

    def come_back(self, person: int) -> None:
        """Somebody signed in: their pages and dialogs as they left them, else Today."""
        while (card := self.stack.widget(0)) is not None:  # the sign-in, which stood in for all pages
            self.stack.removeWidget(card)
            card.deleteLater()
        self._pages, dialogs = self.turns.take_back(person)
        self._enter()
        for dialog in dialogs:
            dialog.show()

    # The business date

    def edit_date(self) -> None:
        """Ctrl+D: another business date is typed."""
        if not self._is_inside:
            return
        self.date.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.date.selectAll()

    def _choose_date(self) -> None:
        self.date.today = self.workplace.today  # `t` means the calendar's day, also after midnight
        try:
            self.workplace.choose_date(self.date.required_day("The business date"))
        except UserError as error:
            self.workplace.refuse(error)
            self.date.set_day(self.workplace.on)
            self.date.selectAll()
            return
        page = self.page
        if page is not None:
            page.setFocus()

    def _read_day(self) -> None:
        if self.workplace.tasks.books is None:
            return
        from app.services import officeday

        on = self.workplace.on
        self.date.today = self.workplace.today
        if not self.date.hasFocus():
            self.date.set_day(on)
        self.workplace.tasks.read(lambda session: officeday.day_state(session, on), self._show_day, owner=self, name="day")

    def _show_day(self, state: DayState) -> None:
        is_today = state.on == self.workplace.today
        words = state.words if is_today else f"{state.words}, not today"
        self.day_words.setText(f"{state.on:%A}: {words}")
        self.day_words.setAccessibleName(f"Business date {spoken_day(state.on)}: {words}")
        tone = {"closed": "quiet", "unposted": "warning", "open": "good" if is_today else "warning"}[state.state]
        self.day_words.setProperty("role", tone)
        self.day_words.style().unpolish(self.day_words)
        self.day_words.style().polish(self.day_words)

    # Find and help

    def commands(self) -> list[Command]:
        """What can be done from anywhere, after what the page offers that is shown."""
        from app.views.commands import of_window
        from app.views.finder import Command

        offered = [] if self.page is None else [Command(*one) for one in self.page.commands()]
        return [*offered, *of_window(self)]

    def open_new_account(self) -> None:
        """The dialog that opens an account or signs up a member."""
        from app.views.dialogs.account_actions import open_new_account

        open_new_account(self.workplace, self)

    @property
    def finder(self) -> Finder:
        """The window of Ctrl+K, made when it is first wanted."""
        if self._finder is None:
            from app.views.finder import Finder

            self._finder = Finder(self.workplace, self.commands(), self)
        return self._finder

    def open_finder(self) -> None:
        """Ctrl+K."""
        if self.workplace.tasks.books is not None and self._is_inside:
            # What the page offers depends on what it shows now.
            self.finder.offer(self.commands())
            self.finder.open_over(self)

    def open_returned(self) -> None:
        """The returned item: any payment that came back, found by its number, amount or account."""
        from app.views.dialogs.returned_item import open_returned_item

        open_returned_item(self.workplace, self.page or self)

    def open_help(self) -> None:
        """F1: the help of the page shown."""
        from app.views.help import HelpWindow

        HelpWindow.show_topic(self, self.page.key if self.page is not None else "index")

    # Closing

    def closeEvent(self, event: QCloseEvent) -> None:
        kept = [BY_KEY[page.key].title for page in (*self._pages.values(), *self.turns.pages()) if page.has_work_in_hand()]
        if kept:
            asked = QMessageBox(self)
            asked.setObjectName("frame.closing")
            asked.setWindowTitle("Close Counterfoil?")
            asked.setText(f"There is work in hand on: {', '.join(kept)}.")
            asked.setInformativeText("It is kept as it is and will be there when you come back.")
            leave = asked.addButton("&Close and keep it", QMessageBox.ButtonRole.AcceptRole)
            stay = asked.addButton("&Go on working", QMessageBox.ButtonRole.RejectRole)
            asked.setDefaultButton(stay)
            asked.setEscapeButton(stay)
            asked.exec()
            if asked.clickedButton() is not leave:
                event.ignore()
                return
        self._remember_place()
        self.workplace.tasks.close()
        super().closeEvent(event)

    def _restore_place(self) -> None:
        remembered = self.workplace.settings.blob("frame/geometry")
        if remembered.isEmpty() or not self.restoreGeometry(remembered):
            self.resize(QSize(1280, 760))

    def _remember_place(self) -> None:
        self.workplace.settings.put("frame/geometry", self.saveGeometry())
        self.workplace.settings.save()


def _cursor_of(widget: QWidget) -> QWidget | None:
    """What below a widget had the cursor last; nothing when none had."""
    return widget.focusWidget()
