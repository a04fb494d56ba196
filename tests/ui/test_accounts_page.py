"""The list of accounts: typing, choosing, opening, order; all from the keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit
from ui.conftest import CUSTOMERS
from ui.window import Window

from app.views.account_list import AccountsTable
from app.views.paged_table import PAGE
from app.views.table import Table


def table(window: Window) -> AccountsTable:
    return window.control("accounts.list", AccountsTable)


def names(window: Window) -> list[str]:
    found = table(window)
    rows = [found.accounts.known(place) for place in range(len(found.accounts.ids))]
    window.settle()
    rows = [found.accounts.known(place) for place in range(len(found.accounts.ids))]
    return [row.name for row in rows if row is not None]


def choose(window: Window, name: str, value: str) -> None:
    """Choose in a drop-down with the arrow key, as from the keyboard."""
    box = window.control(name, QComboBox)
    box.setFocus()
    for _ in range(box.findData(value) - box.currentIndex()):
        window.press(Qt.Key.Key_Down)
    assert box.currentData() == value
    window.settle()


def find(window: Window, text: str) -> None:
    window.type_into("accounts.find", text)
    window.wait_for(lambda: not window.frame.page._is_looking)  # type: ignore[union-attr]
    window.settle()


def test_f5_lists_all_accounts_by_name_with_the_cursor_in_the_find_line(window: Window) -> None:
    window.shortcut(Qt.Key.Key_F5)
    expected = [row[0] for row in window.rows("SELECT name FROM account ORDER BY name COLLATE NOCASE, id")]
    assert names(window) == expected
    assert window.control("accounts.find", QLineEdit).hasFocus()
    assert window.control("accounts.count", QLabel).text().startswith(f"{len(expected)} accounts")


def test_typing_finds_and_enter_opens_the_first(window: Window) -> None:
    (account_id, name), *_ = window.rows("SELECT id, name FROM account ORDER BY id LIMIT 1 OFFSET 7")
    window.go("accounts")
    window.control("accounts.find", QLineEdit).setFocus()
    window.press(name, Qt.Key.Key_Return)  # Enter before anything was found
    window.wait_for(lambda: window.frame.page is not None and window.frame.page.key == "account")
    window.settle()
    assert window.frame.page.account_id in [row[0] for row in window.rows("SELECT id FROM account WHERE name = ?", name)]  # type: ignore[union-attr]
    assert account_id


def test_the_arrow_goes_from_the_find_line_into_the_list_and_enter_opens_that_account(window: Window) -> None:
    window.go("accounts")
    window.control("accounts.find", QLineEdit).setFocus()
    window.press(Qt.Key.Key_Down)
    wanted = table(window).accounts.ids[1]
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert window.frame.page is not None and window.frame.page.account_id == wanted  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("control", "value", "condition"),
    [
        ("accounts.status", "active", "status = 'active'"),
        ("accounts.status", "closed", "status = 'closed'"),
        ("accounts.balance", "credit", "balance_cents < 0"),
        ("accounts.delivery", "paper", "delivery = 'paper'"),
        ("accounts.autopay", "card", "autopay = 'card'"),
        (
            "accounts.balance",
            "past-due",
            "id IN (SELECT account_id FROM invoice WHERE open_cents > 0 AND due_on < '2026-11-21')",
        ),
    ],
)
def test_each_choice_lists_the_accounts_that_fit(window: Window, control: str, value: str, condition: str) -> None:
    window.go("accounts")
    choose(window, control, value)
    expected = [row[0] for row in window.rows(f"SELECT id FROM account WHERE {condition} ORDER BY name COLLATE NOCASE, id")]
    assert expected, "the sample has some"
    assert list(table(window).accounts.ids) == expected


def test_choices_stay_while_the_program_runs_and_clear_takes_them_back(window: Window) -> None:
    window.go("accounts")
    choose(window, "accounts.status", "closed")
    kept = table(window).accounts.ids
    assert kept
    window.go("today")
    window.go("accounts")
    assert table(window).accounts.ids == kept
    window.click("accounts.clear")
    assert len(table(window).accounts.ids) == CUSTOMERS
    assert window.control("accounts.find", QLineEdit).hasFocus()


def test_nothing_that_fits_says_what_to_do(window: Window) -> None:
    window.go("accounts")
    find(window, "zzzzqqq")
    assert "press Clear" in window.control("accounts.count", QLabel).text()
    window.press(Qt.Key.Key_Escape)
    window.wait_for(lambda: len(table(window).accounts.ids) == CUSTOMERS)


def test_a_column_s_title_puts_the_list_in_its_order(window: Window) -> None:
    window.go("accounts")
    table(window).sortByColumn(3, Qt.SortOrder.DescendingOrder)
    window.settle()
    expected = [row[0] for row in window.rows("SELECT id FROM account ORDER BY balance_cents DESC, id")]
    assert list(table(window).accounts.ids) == expected


def test_letters_typed_into_the_list_go_on_in_the_find_line(window: Window) -> None:
    window.go("accounts")
    table(window).setFocus()
    window.press("ma")
    window.wait_for(lambda: not window.frame.page._is_looking)  # type: ignore[union-attr]
    assert window.control("accounts.find", QLineEdit).text() == "ma"
    assert all("ma" in f"{name}".lower() for name in names(window)[:1])


def test_the_model_keeps_the_rules_of_models_and_reads_a_page_at_a_time(window: Window) -> None:
    window.go("accounts")
    model = table(window).accounts
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    asked: list[int] = []
    model.page_wanted.connect(asked.append)
    model.show_ids(tuple(range(1, 1001)))
    assert model.known(0) is None and model.known(PAGE - 1) is None and model.known(PAGE) is None
    assert asked == [0, PAGE]
    assert model.known(1000) is None and asked == [0, PAGE]
    model.show_ids(table(window).accounts.ids[:0])
    window.settle()
    del tester


def test_a_payment_posted_elsewhere_shows_in_the_list_and_the_cursor_stays(window: Window) -> None:
    window.go("accounts")
    choose(window, "accounts.balance", "owes")
    place = table(window)
    place.setFocus()
    window.press(Qt.Key.Key_Down)
    other, mine = place.accounts.ids[:2]
    (owed,) = window.rows("SELECT balance_cents FROM account WHERE id = ?", other)[0]
    desk = window.program.workplace.desk()

    def pay(session: object) -> None:
        from app.services import checks

        checks.post_check(session, desk, checks.CheckForm(other, owed, "777"))  # type: ignore[arg-type]

    window.program.tasks.write(pay, lambda _none: None, owner=window.frame, accounts=[other])
    window.settle()
    window.settle()
    assert other not in place.accounts.ids
    assert place.current_id() == mine
    assert window.books_agree()


def test_whoever_comes_for_something_sees_all_of_it_whatever_was_typed_and_chosen_before(window: Window) -> None:
    (waiting,) = window.rows("SELECT count(*) FROM account WHERE autopay <> 'none' AND authorized_on IS NULL")[0]
    assert waiting > 0
    window.go("accounts")
    choose(window, "accounts.status", "closed")
    choose(window, "accounts.delivery", "paper")
    find(window, "no such name")
    assert window.control("accounts.count", QLabel).text().startswith("No account fits")
    window.shortcut(Qt.Key.Key_F2)
    listed = window.control("today.waiting", Table)
    listed.select_row(next(row for row in listed.rows_model.rows if row.key == "authorization-missing"))
    listed.setFocus()
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert window.control("accounts.count", QLabel).text().startswith(f"{waiting} account")
    assert window.control("accounts.find", QLineEdit).text() == ""
    window.shortcut(Qt.Key.Key_F2)
    window.shortcut(Qt.Key.Key_F5)
    assert window.control("accounts.count", QLabel).text().startswith(f"{waiting} account"), "the key alone changes nothing"
