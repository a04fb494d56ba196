"""What Ctrl+K offers to do: what the page shown offers, the pages, and what belongs to no page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from app.views import style
from app.views.finder import Command
from app.views.pages.registry import PAGES

if TYPE_CHECKING:
    from app.views.main_window import MainWindow
    from app.views.workplace import Workplace


def commands(window: MainWindow) -> list[Command]:
    """All that can be done now, in the order in which it is offered."""
    workplace = window.workplace
    here = [] if window.page is None else [Command(*offered) for offered in window.page.commands()]
    pages = [Command(entry.title, entry.keys, partial(window.go, entry.key, {})) for entry in PAGES if entry.keys]
    return [
        *here,
        *pages,
        Command("Open a new account", "", window.open_new_account),
        Command("Members waiting for work", "", partial(window.go, "accounts", {"waits": "work"})),
        Command("Authorization forms not signed", "", partial(window.go, "accounts", {"waits": "form"})),
        Command("Returned item: a payment came back", "", window.open_returned),
        Command("Change the business date", "Ctrl+D", window.edit_date),
        Command("Help for this page", "F1", window.open_help),
        Command("Open another office", "", window.office_wanted.emit),
        Command("Back to the office, from a backup looked into", "", workplace.leave_backup),
        Command("Light look", "", partial(_choose_theme, workplace, "light")),
        Command("Dark look", "", partial(_choose_theme, workplace, "dark")),
        *(_of_people(window) if workplace.person is not None else ()),
        Command("Close the program", "Ctrl+Q", window.close),
    ]


def _of_people(window: MainWindow) -> tuple[Command, ...]:
    return (
        Command("Lock this PC", "Ctrl+Shift+L", window.lock_wanted.emit),
        Command("Another person signs in", "", window.switch_wanted.emit),
        Command("Change my password", "", window.password_wanted.emit),
    )


def _choose_theme(workplace: Workplace, theme: style.Theme) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    workplace.settings.put("look/theme", theme)
    style.apply_theme(application, theme)
