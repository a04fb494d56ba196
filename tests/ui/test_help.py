"""F1: every page has its help, links lead somewhere, and the guide names no key that is not there."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidget, QTextBrowser
from ui.window import Window

import app.views
from app.views.dialog import FormDialog
from app.views.dialogs.account_payments import UndoPaymentDialog
from app.views.dialogs.acting import ActionDialog
from app.views.dialogs.acting_inputs import ActionForm
from app.views.dialogs.backup_restore import BackupDialog
from app.views.dialogs.working_off import WorkOffDialog
from app.views.fields import MoneyEdit
from app.views.help import HelpWindow, topics
from app.views.help_places import PLACES
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


def dialogs() -> list[type[FormDialog]]:
    """Every dialog that can be opened: the classes below FormDialog that no other builds on."""
    for module in pkgutil.walk_packages(app.views.__path__, "app.views."):
        importlib.import_module(module.name)
    found, waiting = [], [FormDialog]
    while waiting:
        below = waiting.pop().__subclasses__()
        waiting += below
        found += [kind for kind in below if kind.__module__.startswith("app.") and not kind.__name__.startswith("_")]
    return [kind for kind in found if kind not in (ActionForm, ActionDialog, WorkOffDialog, UndoPaymentDialog, BackupDialog)]


def test_every_dialog_has_its_place_in_the_guide_and_no_place_is_without_a_dialog() -> None:
    known = {kind.__name__: kind for kind in dialogs()}
    known |= {f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}": kind for kind in dialogs()}
    placed = {known[name] for name in PLACES if name in known}
    assert [kind.__name__ for kind in dialogs() if kind not in placed] == []
    assert set(PLACES) - set(known) == {"WhatIfDialog"}
    for name, (topic, words) in PLACES.items():
        document = QTextDocument()
        document.setMarkdown(topics()[topic].text)
        lines = document.toPlainText().split("\n")
        assert any(line.strip().startswith(words) for line in lines), f"{name}: “{words}” begins nothing in {topic}"


def test_f1_in_a_dialog_shows_the_place_about_it_and_escape_returns_with_nothing_lost(window: Window) -> None:
    (account,) = window.rows("SELECT min(id) FROM account WHERE balance_cents > 0 AND status = 'active'")[0]
    window.go("account", account_id=account).do("arrange")
    window.settle()
    dialog = window.dialog()
    window.type_into("arrange.total", "60", dialog)
    QTest.keyClick(window.control("arrange.total", MoneyEdit, dialog), Qt.Key.Key_F1)
    (helped,) = dialog.findChildren(HelpWindow)
    browser = window.control("help.text", QTextBrowser, helped)
    assert browser.toPlainText().startswith(topics()["account"].title)
    assert browser.textCursor().block().text().startswith("Make an arrangement")
    place = browser.cursorRect(browser.textCursor())
    assert browser.viewport().rect().contains(place.center())
    window.press(Qt.Key.Key_Escape, on=helped)
    window.wait_for(lambda: not shiboken6.isValid(helped) or not helped.isVisible())
    assert dialog.isVisible()
    assert window.control("arrange.total", MoneyEdit, dialog).cents() == 6000
    dialog.reject()


def test_after_a_dialogs_help_f1_of_the_page_is_the_pages_again(window: Window) -> None:
    window.go("checks")
    window.shortcut(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    dialog = window.dialog()
    QTest.keyClick(dialog, Qt.Key.Key_F1)
    assert len(dialog.findChildren(HelpWindow)) == 1
    dialog.reject()
    window.settle()
    window.shortcut(Qt.Key.Key_F1)
    (helped,) = [found for found in window.frame.findChildren(HelpWindow) if found.isVisible()]
    assert helped.parentWidget() is window.frame
    assert window.control("help.text", QTextBrowser, helped).toPlainText().startswith("Post checks")
    helped.close()
