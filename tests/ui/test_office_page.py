"""Office: its data, this PC, policies, check stock, taking over customers, checking the books."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton, QTabWidget
from ui.window import TODAY, Window

from app.services import checkstock, customerfile, sample
from app.services.office import office_form
from app.views.pages.office import OfficePage
from app.views.style import apply_theme, is_dark
from app.views.table import Table

CONTROL = Qt.KeyboardModifier.ControlModifier


def page(window: Window, tab: str) -> OfficePage:
    shown = window.go("office", tab=tab)
    assert isinstance(shown, OfficePage)
    return shown


def text(window: Window, name: str) -> str:
    return window.control(name, QLabel).text()


def test_each_section_is_reached_by_its_number(window: Window) -> None:
    page(window, "details")
    tabs = window.control("office.tabs", QTabWidget)
    for place in range(tabs.count()):
        window.shortcut(Qt.Key(Qt.Key.Key_0 + (place + 1) % 10), CONTROL)
        assert tabs.currentIndex() == place


def test_a_change_of_the_offices_data_needs_a_reason_and_is_recorded(window: Window) -> None:
    shown = page(window, "details")
    window.type_into("office.phone", "605-555-0199")
    assert shown.has_work_in_hand()
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "needs a reason" in window.message
    assert window.control("office.reason").hasFocus()
    assert window.control("office.phone", QLineEdit).text() == "605-555-0199"
    window.press("new line", Qt.Key.Key_Return, Qt.Key.Key_Return)
    window.settle()
    assert window.read(office_form).phone == "605-555-0199"
    assert window.rows("SELECT reason, role FROM action WHERE what = 'change-office'") == [("new line", "manager")]
    assert not shown.has_work_in_hand()


def test_a_clerk_does_not_change_the_offices_data(window: Window) -> None:
    before = window.read(office_form)
    window.settings.put("desk/role", "clerk")
    page(window, "details")
    window.type_into("office.phone", "1")
    window.type_into("office.reason", "why not")
    window.click("office.save")
    assert "needs a manager" in window.message
    assert window.read(office_form) == before


def test_a_routing_number_with_a_wrong_check_digit_is_refused_at_its_input(window: Window) -> None:
    page(window, "details")
    window.type_into("office.reason", "bank")
    window.type_into("office.routing", "091000020")
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "is no routing number" in window.message
    assert window.control("office.routing").hasFocus()
    window.type_into("office.routing", "091000019")
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert window.read(office_form).bank_routing == "091000019"


def test_who_works_here_and_in_which_role_is_kept_on_this_pc_and_recorded(window: Window) -> None:
    page(window, "desk")
    window.type_into("office.actor", "Dana")
    window.press(Qt.Key.Key_Tab)
    window.control("office.role", QComboBox).setCurrentText("supervisor")
    assert (window.settings.actor, window.settings.role) == ("Dana", "supervisor")
    desk = window.program.workplace.desk()
    assert (desk.actor, desk.role) == ("Dana", "supervisor")


def test_implied_cents_and_the_look_hold_at_once(window: Window) -> None:
    page(window, "desk")
    try:
        look = window.control("office.look", QComboBox)
        look.setCurrentIndex(look.findData("dark"))
        assert is_dark() and window.settings.theme == "dark"
        window.control("office.implied", QCheckBox).setFocus()
        window.press(Qt.Key.Key_Space)
        assert window.settings.implied_cents()
    finally:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        apply_theme(application, "light")


def test_the_file_of_the_office_is_shown(window: Window) -> None:
    page(window, "desk")
    assert window.control("office.file", QLineEdit).text() == str(window.path)


def test_the_policies_in_force_are_shown_with_their_values_and_clauses(window: Window) -> None:
    page(window, "policies")
    rows = window.control("office.policies", Table).rows_model.rows
    shown = {row.meaning: (row.value, row.clause) for row in rows}
    assert shown["Late fee"] == ("10.00", "ADV-14")
    assert shown["Refund checks go out on these days of the month"] == ("1 and 15", "ADV-9")


def test_a_box_of_checks_is_added_and_a_number_is_in_no_two_boxes(window: Window) -> None:
    page(window, "stock")
    window.click("office.add-box")
    dialog = window.dialog()
    window.type_into("box.name", "November", dialog)
    window.type_into("box.first", "105000", dialog)
    window.type_into("box.last", "105999", dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "no number may be in two boxes" in window.control("box.refusal", QLabel, dialog).text()
    window.type_into("box.first", "105001", dialog)
    window.press(Qt.Key.Key_Return, Qt.Key.Key_Return)
    window.settle()
    box = window.read(checkstock.boxes)[-1]
    assert (box.name, box.layout, box.next_number, box.last_number, box.left) == (
        "November",
        "voucher-top",
        105001,
        105999,
        999,
    )
    assert list(window.control("office.boxes", Table).rows_model.rows) == window.read(checkstock.boxes)
    assert len(window.read(checkstock.boxes)) == 2


@pytest.fixture
def customers(tmp_path: Path) -> Path:
    """A list of ten customers."""
    path = tmp_path / "customers.csv"
    lines = sample.SAMPLE_LIST.read_text(encoding="utf-8-sig").splitlines()
    # Numbers of another old program: the sample office has these customers already.
    rows = [lines[0], *(f"N{line}" for line in lines[1:11])]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def read_list(window: Window, path: Path) -> None:
    page(window, "import")
    window.type_into("office.import-file", str(path))
    window.press(Qt.Key.Key_Return)
    window.settle()


def test_a_list_is_read_and_imported_with_its_opening_balances(window: Window, customers: Path) -> None:
    before = window.rows("SELECT count(*), sum(balance_cents) FROM account")[0]
    found = customerfile.read_customer_file(customers, TODAY)
    assert found.accounts and not found.problems
    read_list(window, customers)
    assert f"{len(found.accounts)} rows can be imported" in text(window, "office.import-words")
    window.click("office.import-start")
    window.click("import.action", window.dialog())
    assert f"{len(found.accounts)} accounts imported" in window.message
    after = window.rows("SELECT count(*), sum(balance_cents) FROM account")[0]
    moved = sum(item.cents for a in found.accounts for item in a.open_items) - sum(a.credit_cents for a in found.accounts)
    assert (after[0] - before[0], after[1] - before[1]) == (len(found.accounts), moved)
    assert not window.control("office.import-start", QPushButton).isEnabled()
    assert window.books_agree()


def test_all_customers_are_saved_as_a_list_that_can_be_read_again(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QFileDialog

    target = tmp_path / "all.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_known: (str(target), ""))
    page(window, "import")
    window.settings.put("desk/role", "supervisor")
    window.click("office.export-list")
    assert "needs a manager" in window.message and not target.exists()
    window.settings.put("desk/role", "manager")
    window.click("office.export-list")
    ((count,),) = window.rows("SELECT count(*) FROM account")
    window.wait_for(lambda: f"{count} accounts are in" in window.message)
    found = customerfile.read_customer_file(target, TODAY)
    # Every account comes out; only what the form itself refuses (statements by e-mail without an address) would be named.
    assert len(found.accounts) + len({problem.line for problem in found.problems}) == count
    assert {problem.column for problem in found.problems} <= {"email"}


def test_rows_that_cannot_be_used_are_listed_by_line_and_nothing_is_imported(window: Window, customers: Path) -> None:
    lines = customers.read_text(encoding="utf-8").splitlines()
    customers.write_text("\n".join([*lines[:4], "broken,row", *lines[4:]]), encoding="utf-8")
    read_list(window, customers)
    problems = window.control("office.import-problems", Table).rows_model.rows
    assert [problem.line for problem in problems] == [5]
    assert "1 cannot; nothing is imported" in text(window, "office.import-words")
    assert not window.control("office.import-start", QPushButton).isEnabled()
    assert window.control("office.import-good", QPushButton).isEnabled()


def test_the_bad_rows_are_saved_with_their_problems(
    window: Window, customers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtWidgets import QFileDialog

    lines = customers.read_text(encoding="utf-8").splitlines()
    customers.write_text("\n".join([*lines, "broken,row"]), encoding="utf-8")
    read_list(window, customers)
    target = tmp_path / "bad.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_known: (str(target), ""))
    window.click("office.import-bad")
    assert "too few cells" in target.read_text(encoding="utf-8-sig")
    assert str(target) in window.message


def test_a_file_that_is_not_there_is_said_and_the_path_stays(window: Window, tmp_path: Path) -> None:
    read_list(window, tmp_path / "missing.csv")
    assert "missing.csv" in window.message
    assert window.control("office.import-file", QLineEdit).text().endswith("missing.csv")


def test_books_that_agree_are_said_to_agree(window: Window) -> None:
    page(window, "verify")
    window.click("office.verify")
    assert text(window, "office.verify-words") == "Every figure agrees with the ledger, and the file is sound."


def test_figures_that_do_not_agree_are_listed(window: Window) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(window.path)) as connection, connection:
        connection.execute("UPDATE account SET balance_cents = balance_cents + 1 WHERE id = 1")
    page(window, "verify")
    window.click("office.verify")
    assert "not agree" in text(window, "office.verify-words")
    rows: Any = window.control("office.verify-problems", Table).rows_model.rows
    assert rows and any("account 1" in row for row in rows)
