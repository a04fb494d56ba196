"""What the tests of the posting window share: a morning's accounts, and a check typed as a clerk types it."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from ui.window import Window

from app.services import checks
from app.services.books import open_office
from app.services.desk import Desk

ENTER, TAB, ESCAPE, SPACE = Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Escape, Qt.Key.Key_Space


def owing(window: Window, count: int) -> list[tuple[int, str, str, int]]:
    """Accounts that owe something: id, number, name, balance in cents."""
    found = window.rows(
        "SELECT id, number, name, balance_cents FROM account WHERE balance_cents > 0 AND status <> 'closed' "
        "ORDER BY id LIMIT ?",
        count,
    )
    assert len(found) == count
    return [(int(i), str(number), str(name), int(cents)) for i, number, name, cents in found]


def desk(window: Window, on: date | None = None) -> Desk:
    """The desk of the person at work."""
    return Desk("pat", "manager", "PC 1", on or window.day, window.day)


def log_mail(window: Window, count: int, total_cents: int, on: date | None = None) -> int:
    """A batch logged by a colleague."""
    with open_office(window.path) as books, books.write() as session:
        return checks.log_mail(session, desk(window, on), count, total_cents)


def open_page(window: Window, count: int, total_cents: int) -> int:
    """The page on a batch logged by keys; its id."""
    window.go("checks")
    window.shortcut(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    window.press(str(count), ENTER, dollars(total_cents), ENTER)
    window.settle()
    return int(window.rows("SELECT max(id) FROM mail_batch")[0][0])


def dollars(cents: int) -> str:
    """As typed: 49.95."""
    return f"{cents // 100}.{cents % 100:02d}"


def type_check(window: Window, account: str, cents: int, number: str) -> None:
    """Account, Enter, amount, Enter, number, then Enter past date and bank: posted."""
    window.press(account, ENTER, dollars(cents), ENTER, number, ENTER, ENTER, ENTER)
    window.settle()


def text(window: Window, name: str) -> str:
    """What a label shows."""
    return window.control(name, QLabel).text()


def cursor() -> str:
    """The name of the input that has the cursor."""
    focus = QApplication.focusWidget()
    return "" if focus is None else focus.objectName()


def typed(window: Window, name: str) -> str:
    """What stands in an input."""
    return window.control(name, QLineEdit).text()


def payments(window: Window) -> int:
    """How many payments by check stand."""
    return int(
        window.rows(
            "SELECT count(*) FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
            "WHERE p.kind = 'check' AND r.payment_id IS NULL"
        )[0][0]
    )
