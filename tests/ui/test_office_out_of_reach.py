"""The office's file is held by another program, or gone: the window says so, and what was typed is posted later."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from PySide6.QtCore import Qt
from sqlalchemy import event
from ui.posting_keys import ENTER, dollars, open_page, owing, payments, typed
from ui.window import Window

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.mark.parametrize(
    ("way", "said"), [("held", "is in use by another program; wait a moment"), ("gone", "is no longer there; put it back")]
)
def test_while_the_office_cannot_be_written_it_is_said_and_the_check_is_posted_afterwards(
    window: Window, way: str, said: str
) -> None:
    (account_id, account, _, cents), *_ = owing(window, 1)
    open_page(window, 1, cents)
    before = payments(window)
    books = window.program.tasks.books
    assert books is not None
    event.listen(books.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 20"))
    books.engine.dispose()
    away = window.path.with_name("away.db")
    with closing(sqlite3.connect(window.path, isolation_level=None)) as other:
        if way == "held":
            other.execute("BEGIN IMMEDIATE")
        window.press(account, ENTER)
        window.settle()
        if way == "gone":
            window.path.rename(away)
        window.press(dollars(cents), ENTER, "9911")
        window.shortcut(ENTER, CONTROL)
        window.settle()
        assert said in window.message, window.message
        assert "9911" in typed(window, "checks.number")
    if way == "gone":
        away.rename(window.path)
    assert payments(window) == before
    window.shortcut(ENTER, CONTROL)
    window.settle()
    assert window.rows("SELECT account_id, cents, check_number FROM payment ORDER BY id DESC LIMIT 1") == [
        (account_id, cents, "9911")
    ]
