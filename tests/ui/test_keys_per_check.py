"""How many keys a check costs: at most 14 beside its amount and its number, whichever way the account is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QCheckBox
from sqlalchemy.orm import Session
from ui.posting_keys import ENTER, cursor, dollars, open_page, owing, payments, typed
from ui.window import Window

from app.services import search

MOST_KEYS = 14
CHECKS = 6


class KeyCounter(QObject):
    """Counts the keys that arrive in the program, while it is asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.pressed = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # A key that an input does not use goes on to the widgets around it: it counts where it arrives first.
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and watched is QApplication.focusWidget():
            self.pressed += 1
        return False


@pytest.fixture
def keys(qapp: QApplication) -> Iterator[KeyCounter]:
    counter = KeyCounter()
    qapp.installEventFilter(counter)
    yield counter
    qapp.removeEventFilter(counter)


def by_number(_window: Window, _account_id: int, number: str, _name: str) -> str:
    """The number on the check's stub, with its check digit."""
    return number


def by_name(window: Window, account_id: int, _number: str, name: str) -> str:
    """As much of the name as brings the account to the top of the list, where Enter takes it."""
    words = name.casefold().split()
    wanted = [word[:length] for length in range(2, 9) for word in reversed(words) if len(word) >= length]
    wanted += [f"{words[-1][:5]} {words[0][:length]}" for length in range(1, 4)]

    def finds(session: Session) -> str | None:
        first = ((text, search.find_accounts(session, text, 1)) for text in wanted)
        return next((text for text, hits in first if hits and hits[0].id == account_id), None)

    found = window.read(finds)
    assert found is not None, f"{name} is not found by name"
    return found


def by_invoice(window: Window, account_id: int, _number: str, _name: str) -> str:
    """The number on the coupon that came with the check."""
    return str(window.rows("SELECT max(id) FROM invoice WHERE account_id = ?", account_id)[0][0])


@pytest.mark.parametrize("found_by", [by_number, by_name, by_invoice], ids=lambda way: way.__name__)
def test_a_practised_clerk_posts_a_check_in_at_most_14_keys_beside_amount_and_number(
    window: Window, keys: KeyCounter, found_by: Callable[[Window, int, str, str], str]
) -> None:
    payers = owing(window, CHECKS)
    open_page(window, CHECKS, sum(cents for *_, cents in payers))
    before = payments(window)
    for place, (account_id, account, name, cents) in enumerate(payers):
        window.wait_for(lambda: cursor() == "checks.account")
        words = found_by(window, account_id, account, name)
        number = str(1041 + place)
        keys.pressed = 0
        window.press(words, ENTER, dollars(cents), ENTER, number, ENTER, ENTER, ENTER)
        window.settle()
        ((paid, posted, written),) = window.rows(
            "SELECT account_id, cents, check_number FROM payment ORDER BY id DESC LIMIT 1"
        )
        assert (paid, posted, written) == (account_id, cents, number), words
        # Each key that was pressed arrived and was counted.
        assert keys.pressed == len(words) + len(dollars(cents)) + len(number) + 5
        assert keys.pressed - len(dollars(cents)) - len(number) <= MOST_KEYS, words
        assert typed(window, "checks.account") == ""
    assert payments(window) == before + CHECKS
    assert window.books_agree()


def test_a_quick_clerk_posts_from_the_check_number_with_two_keys_less(window: Window, keys: KeyCounter) -> None:
    (account_id, account, _, cents), *_ = owing(window, 1)
    open_page(window, 1, cents)
    window.control("checks.quick", QCheckBox).setChecked(True)
    window.wait_for(lambda: cursor() == "checks.account")
    keys.pressed = 0
    window.press(account, ENTER, dollars(cents), ENTER, "7", ENTER)
    window.settle()
    assert keys.pressed == len(account) + len(dollars(cents)) + 1 + 3
    assert window.rows("SELECT account_id, cents, check_number FROM payment ORDER BY id DESC LIMIT 1") == [
        (account_id, cents, "7")
    ]
