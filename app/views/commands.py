"""What Ctrl+K offers wherever one is: the pages, lists of them that are wanted often, and how the program looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QApplication

from app.views import style
from app.views.finder import Command
from app.views.pages.registry import PAGES
from app.views.workplace import Workplace


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
