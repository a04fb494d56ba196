"""F1: every page has its help, links lead somewhere, and the guide names no key that is not there."""

from __future__ import annotations

import re

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget, QTextBrowser
from ui.window import Window

from app.views.help import HelpWindow, topics
from app.views.pages.registry import PAGES


def test_every_page_has_a_topic_and_every_link_a_target() -> None:
    assert {entry.key for entry in PAGES} <= topics().keys()
    for topic in topics().values():
        assert topic.title and topic.text.startswith(f"# {topic.title}\n")
        for target in re.findall(r"\]\(([^)]+)\)", topic.text):
            assert target.removesuffix(".md") in topics(), f"{topic.name} links to {target}"


@pytest.mark.parametrize("key", [entry.key for entry in PAGES if entry.keys])
def test_f1_opens_the_help_of_the_page_shown_and_escape_closes_it(window: Window, key: str) -> None:
    window.go(key)
    window.shortcut(Qt.Key.Key_F1)
    help_window = window.dialog()
    assert isinstance(help_window, HelpWindow)
    shown = window.control("help.text", QTextBrowser, help_window).toPlainText()
    assert shown.startswith(topics()[key].title)
    window.press(Qt.Key.Key_Escape, on=help_window)
    assert not shiboken6.isValid(help_window) or not help_window.isVisible()


def test_words_typed_in_the_help_leave_the_topics_that_hold_them(window: Window) -> None:
    window.shortcut(Qt.Key.Key_F1)
    help_window = window.dialog()
    window.type_into("help.filter", "swapped digits", help_window)
    listed = window.control("help.topics", QListWidget, help_window)
    assert [listed.item(row).text() for row in range(listed.count())] == ["Post checks"]
    assert "two digits swapped" in window.control("help.text", QTextBrowser, help_window).toPlainText()
    help_window.close()


def test_the_f_keys_of_the_guide_are_those_of_the_pages() -> None:
    keys = {entry.keys: entry.title for entry in PAGES if entry.keys}
    named = re.findall(r"\*\*(F\d+) ([A-Z][a-z]+(?: [a-z]+)*)\*\*", topics()["index"].text)
    assert len(named) >= 8
    assert dict(named).items() <= keys.items()
