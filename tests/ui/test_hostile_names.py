"""Names, addresses and notes that nobody meant well: every page shows them, and none is taken for formatted text."""

from __future__ import annotations

import pytest
from hostile.texts import NASTY
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from ui.window import Window

from app.errors import UserError
from app.services import accounts, checks, notes, subscriptions
from app.services.desk import Desk


def fill(window: Window) -> dict[int, str]:
    """An account of each hostile name, with a service, a check and a note that say the same; id -> text."""
    made: dict[int, str] = {}
    desk = Desk("pat", "manager", "PC 1", window.day, window.day)
    assert window.program.tasks.books is not None
    for n, text in enumerate(NASTY):
        try:
            with window.program.tasks.books.write() as session:
                form = accounts.AccountForm(text, address=(text, "Hill City SD 57745"), notes=text, phone=text, payer=text)
                account = accounts.open_account(session, desk, form)
                subscriptions.add_service(session, desk, account, text, 1000 + n)
                checks.post_check(session, desk, checks.CheckForm(account, 500, f"h{n}", payer=text))
                notes.add_note(session, desk, account, text)
        except UserError as refused:
            assert "needs" in refused.message, "only what is empty without its hidden signs"
            continue
        made[account] = text
    window.program.tasks.books_changed.emit(None)
    window.settle()
    return made


def refuse_formatted(page: QWidget) -> None:
    for found in page.findChildren(QLabel):
        if "<b>bold" in found.text() or "<font" in found.text():
            assert found.textFormat() == Qt.TextFormat.PlainText, found.objectName()


def test_every_hostile_name_is_shown_on_its_page_and_in_the_lists(window: Window) -> None:
    made = fill(window)
    assert len(made) > len(NASTY) - 4
    for account in made:
        page = window.go("account", account_id=account)
        window.settle()
        refuse_formatted(page)
        assert not page.grab().isNull()
    for key in ("accounts", "checks", "dayclose", "collections", "today"):
        page = window.go(key)
        window.settle()
        refuse_formatted(page)
        assert not page.grab().isNull()
    assert window.books_agree()


@pytest.mark.parametrize("text", [NASTY[0], "'; DROP TABLE account; --", "\u202etxt.exe", "%_%", "(" * 300])
def test_anything_looked_for_with_ctrl_k_changes_nothing(window: Window, text: str) -> None:
    before = window.rows("SELECT count(*), sum(balance_cents) FROM account")
    window.shortcut(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    window.settle()
    window.press(text)
    window.settle()
    window.press(Qt.Key.Key_Escape)
    window.settle()
    assert window.rows("SELECT count(*), sum(balance_cents) FROM account") == before
