"""A tired clerk on every page and dialog: random keys, wrong values, clicks anywhere. Nothing breaks or posts twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from ui.hands import Hands, no_native_dialogs
from ui.window import Window

from app.views.dialogs.account_actions import ACTIONS
from app.views.pages.registry import PAGES

SEED = int(os.environ.get("COUNTERFOIL_HANDS_SEED", "1"))
BURSTS = int(os.environ.get("COUNTERFOIL_HANDS_BURSTS", "12"))
STEPS = 16
KEYS = [entry.key for entry in PAGES]
pytestmark = pytest.mark.qt_log_ignore("grabbing the keyboard", extend=True)


@pytest.fixture
def tired(qtbot: QtBot, tmp_path: Path, sample_office: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    with no_native_dialogs(monkeypatch, tmp_path):
        made = Window(qtbot, tmp_path, sample_office)
        monkeypatch.setattr(made.program, "choose_office", lambda _said: None)
        made.open()
        yield made
        made.close()


def an_account(window: Window, number: int) -> int:
    found = window.rows("SELECT id FROM account ORDER BY balance_cents DESC, id LIMIT 1 OFFSET ?", number)
    return int(found[0][0])


def nothing_is_posted_twice(window: Window) -> None:
    twice = window.rows(
        "SELECT mail_check_id, account_id FROM payment p WHERE mail_check_id IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM payment_reversal r WHERE r.payment_id = p.id) GROUP BY 1, 2 HAVING count(*) > 1"
    )
    assert twice == []
    assert window.books_agree()


def go_wild(window: Window, key: str, hands: Hands) -> None:
    try:
        for burst in range(BURSTS):
            window.go(key, **({"account_id": an_account(window, burst)} if key == "account" else {}))
            for _ in range(STEPS):
                hands.step()
            hands.check()
            hands.put_away()
            hands.check_cursor()
    except BaseException:
        print("\n".join(hands.told[-60:]))
        raise
    nothing_is_posted_twice(window)


@pytest.mark.parametrize("key", KEYS)
def test_tired_hands_break_nothing_on_a_page(tired: Window, key: str) -> None:
    go_wild(tired, key, Hands(tired, SEED))


@pytest.mark.parametrize("action", [action.key for action in ACTIONS])
def test_tired_hands_break_nothing_in_a_dialog_of_the_account(tired: Window, action: str) -> None:
    hands = Hands(tired, SEED)
    try:
        for burst in range(max(2, BURSTS // 4)):
            page = tired.go("account", account_id=an_account(tired, burst * 7))
            page.do(action)
            tired.settle()
            for _ in range(STEPS):
                hands.step()
            hands.check()
            hands.put_away()
            hands.check_cursor()
    except BaseException:
        print("\n".join(hands.told[-60:]))
        raise
    nothing_is_posted_twice(tired)
