"""What if, asked from the account's page: by keys, with the answer on screen and nothing in the books."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QRadioButton, QSpinBox, QWidget
from ui.window import Window

from app.money import format_cents
from app.services import instalments, whatif
from app.views.table import Table


def owing(window: Window) -> tuple[int, int]:
    """An active account with one open invoice or more, and what it owes."""
    return window.rows(  # type: ignore[return-value]
        "SELECT a.id, a.balance_cents FROM account a JOIN service s ON s.account_id = a.id "
        "WHERE a.status = 'active' AND a.balance_cents > 0 ORDER BY a.id"
    )[0]


def ask(window: Window, account_id: int) -> QWidget:
    window.go("account", account_id=account_id)
    window.settle()
    window.shortcut(Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    return window.dialog()


def said(window: Window, name: str, dialog: QWidget) -> str:
    return window.control(f"whatif.{name}", QLabel, dialog).text()


def books(window: Window) -> list[object]:
    tables = ("action", "payment", "invoice", "line", "allocation", "arrangement", "posting", "account", "service")
    return [window.rows(f"SELECT * FROM {table}") for table in tables]


def test_a_payment_typed_says_what_it_pays_and_what_stays_open(window: Window) -> None:
    account_id, owes = owing(window)
    dialog = ask(window, account_id)
    before = books(window)
    assert window.control("whatif.amount", QLineEdit, dialog).text() == format_cents(owes)
    window.type_into("whatif.amount", format_cents(owes - 100), dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "1.00 stays open" in said(window, "paid", dialog)
    assert f"Balance {format_cents(owes)}" in said(window, "before", dialog)
    assert "Balance 1.00" in said(window, "after", dialog)
    (line,) = window.control("whatif.lines", Table, dialog).rows_model.rows
    assert line.cents == 100 - owes
    assert books(window) == before


def test_a_cancellation_chosen_by_its_letter_is_worked_out(window: Window) -> None:
    account_id, _owes = owing(window)
    dialog = ask(window, account_id)
    before = books(window)
    window.control("whatif.cancels", QRadioButton, dialog).click()
    assert window.control("whatif.last_day", QLineEdit, dialog).hasFocus()
    window.press("12/10", Qt.Key.Key_Return)
    window.settle()
    desk = window.program.workplace.desk()
    expected = whatif.cancels(window.program.tasks.books, desk, account_id, date(2026, 12, 10))  # type: ignore[arg-type]
    assert expected.after.sentence in said(window, "after", dialog)
    assert "closed instead of active" in said(window, "paid", dialog)
    assert list(window.control("whatif.lines", Table, dialog).rows_model.rows) == list(expected.written)
    assert books(window) == before


def test_an_arrangement_is_split_into_its_parts(window: Window) -> None:
    account_id, owes = owing(window)
    dialog = ask(window, account_id)
    before = books(window)
    window.control("whatif.parts", QSpinBox, dialog).setFocus()
    window.press(Qt.Key.Key_Up)
    assert window.control("whatif.arranges", QRadioButton, dialog).isChecked()
    window.press(Qt.Key.Key_Return)
    window.settle()
    words = said(window, "paid", dialog)
    parts = instalments.in_parts(owes, 4, date(2026, 11, 21), "month")
    for part in parts:
        assert f"Instalment of {part.due_on:%m/%d/%Y}: {format_cents(part.cents)}." in words
    assert books(window) == before


def test_a_wrong_input_is_refused_at_its_place_and_keeps_what_was_typed(window: Window) -> None:
    account_id, _owes = owing(window)
    dialog = ask(window, account_id)
    window.type_into("whatif.amount", "abc", dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "not an amount" in said(window, "refusal", dialog)
    assert window.control("whatif.amount", QLineEdit, dialog).text() == "abc"
    window.type_into("whatif.amount", "0", dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "more than zero" in said(window, "refusal", dialog)


def test_escape_closes_it(window: Window) -> None:
    account_id, _owes = owing(window)
    ask(window, account_id)
    window.press(Qt.Key.Key_Escape)
    window.settle()
    assert not [w for w in QApplication.topLevelWidgets() if w.isVisible() and w.objectName() == "whatif.dialog"]
    assert window.frame.page is not None and window.frame.page.key == "account"


def test_the_days_and_amounts_of_an_arrangement_can_be_typed_as_in_the_real_dialog(window: Window) -> None:
    account_id, owes = owing(window)
    dialog = ask(window, account_id)
    before = books(window)
    dialog.choice.button(2).click()
    every = window.control("whatif.every", QComboBox, dialog)
    every.setCurrentIndex(every.findData("two-weeks"))
    every.activated.emit(every.currentIndex())
    window.type_into("whatif.instalments", "12/01/2026", dialog)
    window.type_into("whatif.part.amount-1", "10", dialog)
    window.type_into("whatif.part.due-2", "12/20/2026", dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()
    third = (owes - 1000) - owes // 3
    expected = (("12/01/2026", 1000), ("12/20/2026", owes // 3), ("12/29/2026", third))
    words = said(window, "paid", dialog)
    for day, cents in expected:
        assert f"Instalment of {day}: {format_cents(cents)}." in words
    assert books(window) == before
