"""What Ctrl+K offers wherever one is: the pages, lists of them that are wanted often, and how the program looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtWidgets import QApplication

from app.views import style
from app.views.finder import Command
from app.views.pages.registry import PAGES
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance


class Frame(Protocol):
    """What the commands need of the program's window."""

    workplace: Workplace
    office_wanted: SignalInstance
    lock_wanted: SignalInstance
    switch_wanted: SignalInstance
    password_wanted: SignalInstance

    def go(self, key: str, where: dict[str, Any]) -> None: ...
    def open_new_account(self) -> None: ...
    def open_returned(self) -> None: ...
    def edit_date(self) -> None: ...
    def open_help(self) -> None: ...
    def close(self) -> bool: ...


def of_window(frame: Frame) -> list[Command]:
    """What can be done whichever page is shown."""
    workplace = frame.workplace
    people = (
        Command("Lock this PC", "Ctrl+Shift+L", frame.lock_wanted.emit),
        Command("Another person signs in", "", frame.switch_wanted.emit),
        Command("Change my password", "", frame.password_wanted.emit),
    )
    return [
        *to_pages(frame.go),
        Command("Open a new account", "", frame.open_new_account),
        *to_lists(frame.go),
        Command("Returned item: a payment came back", "", frame.open_returned),
        Command("Change the business date", "Ctrl+D", frame.edit_date),
        Command("Help for this page", "F1", frame.open_help),
        Command("Open another office", "", frame.office_wanted.emit),
        Command("Back to the office, from a backup looked into", "", workplace.leave_backup),
        *looks(workplace),
        *(people if workplace.person is not None else ()),
        Command("Close the program", "Ctrl+Q", frame.close),
    ]


def to_pages(go: Callable[[str, dict[str, Any]], object]) -> list[Command]:
    """The pages with a key; `go(key, where)` shows one."""
    return [Command(entry.title, entry.keys, partial(go, entry.key, {})) for entry in PAGES if entry.keys]


def to_lists(go: Callable[[str, dict[str, Any]], object]) -> tuple[Command, ...]:
    """Lists that are not the first thing of their page."""
    return (
        Command("Members waiting for work", "", partial(go, "accounts", {"waits": "work"})),
        Command("Authorization forms not signed", "", partial(go, "accounts", {"waits": "form"})),
    )


def looks(workplace: Workplace) -> tuple[Command, ...]:
    """Light or dark; remembered on this PC."""
    return (
        Command("Light look", "", partial(_choose_theme, workplace, "light")),
        Command("Dark look", "", partial(_choose_theme, workplace, "dark")),
    )


def _choose_theme(workplace: Workplace, theme: style.Theme) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    workplace.settings.put("look/theme", theme)
    style.apply_theme(application, theme)
