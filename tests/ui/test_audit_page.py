"""Audit (F12) by keys and clicks: what was done, by whom and why, before and after, found, saved and verified."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QLineEdit, QTabWidget
from ui.window import TODAY, Window

from app.services import accounts, credits
from app.services.books import open_office
from app.services.desk import Desk
from app.views.audit_table import TrailTable
from app.views.table import Table

SAM = Desk("Sam Supervisor", "supervisor", "PC 7", TODAY, TODAY)


@pytest.fixture
def trail(window: Window) -> Window:
    """Two things done a moment ago at another PC, and the page on screen."""
    with open_office(window.path) as books:
        with books.write() as session:
            accounts.change_phone(session, SAM, 3, "605-555-0188")
        with books.write() as session:
            credits.courtesy_credit(session, SAM, 4, 1250, "=three days without service")
    window.shortcut(Qt.Key.Key_F12)
    return window


def listed(window: Window) -> TrailTable:
    return window.control("audit.list", TrailTable)


def text(window: Window, name: str) -> str:
    return window.control(name, QLabel).text()


def table(window: Window, name: str) -> list[Any]:
    return list(window.control(name, Table).rows_model.rows)


def choose(window: Window, name: str, words: str) -> None:
    box = window.control(name, QComboBox)
    box.setFocus()
    place = box.findText(words)
    assert place > 0, [box.itemText(n) for n in range(box.count())]
    while box.currentIndex() != place:
        window.press(Qt.Key.Key_Down if box.currentIndex() < place else Qt.Key.Key_Up)
    window.settle()


def test_the_newest_action_is_on_top_with_who_where_and_why(trail: Window) -> None:
    tester = QAbstractItemModelTester(listed(trail).paged)
    row = listed(trail).current_row()
    assert row is not None
    assert (row.actor, row.role, row.pc, row.on) == ("Sam Supervisor", "Supervisor", "PC 7", TODAY)
    assert text(trail, "audit.heading").startswith("A courtesy credit, ")
    assert text(trail, "audit.why") == "Sam Supervisor (Supervisor) at PC 7. Why: =three days without service"
    assert any("12.50" in written.says for written in table(trail, "audit.written"))
    assert "Sealed as entry" in text(trail, "audit.seal")
    assert tester.model() is not None


def test_a_change_shows_each_field_before_and_after_and_leads_to_the_account(trail: Window) -> None:
    ((number, before),) = trail.rows(
        "SELECT number, json_extract((SELECT before FROM audit_change WHERE account_id = 3 ORDER BY id DESC), '$.phone') "
        "FROM account WHERE id = 3"
    )
    listed(trail).setFocus()
    trail.press(Qt.Key.Key_Down)
    trail.settle()
    (change,) = table(trail, "audit.changes")
    assert (change.field, change.before, change.after) == ("Phone", before or "nothing", "605-555-0188")
    assert trail.control("audit.tabs", QTabWidget).currentIndex() == 0
    trail.click("audit.open")
    assert trail.frame.page.key == "account"  # type: ignore[union-attr]
    assert number in trail.frame.page.heading.text() or trail.frame.page.account_id == 3  # type: ignore[union-attr]


def test_it_is_found_by_person_by_kind_by_words_and_by_days(trail: Window) -> None:
    everything = len(listed(trail).paged.ids)
    assert everything > 100
    choose(trail, "audit.actor", "Sam Supervisor")
    assert text(trail, "audit.count") == "2 actions"
    choose(trail, "audit.what", "Changing a telephone number")
    assert text(trail, "audit.count") == "1 action"
    trail.click("audit.clear")
    assert len(listed(trail).paged.ids) == everything
    trail.type_into("audit.find", "0188")
    trail.press(Qt.Key.Key_Return)
    trail.settle()
    assert text(trail, "audit.count") == "1 action"
    trail.type_into("audit.find", "DAYS WITHOUT")
    trail.press(Qt.Key.Key_Return)
    trail.settle()
    assert text(trail, "audit.count") == "1 action"
    trail.click("audit.clear")
    trail.type_into("audit.first", "12/1/2026")
    trail.press(Qt.Key.Key_Return)
    trail.settle()
    assert trail.control("audit.empty").isVisible()
    assert not trail.control("audit.save-csv").isEnabled()


def test_a_day_that_is_none_is_refused_at_its_input(trail: Window) -> None:
    trail.type_into("audit.last", "32/32")
    trail.press(Qt.Key.Key_Return)
    trail.settle()
    assert trail.message
    assert trail.control("audit.last", QLineEdit).hasFocus()
    assert trail.control("audit.last", QLineEdit).text() == "32/32"


def test_it_is_filtered_by_account(trail: Window) -> None:
    trail.go("audit", account=3)
    assert text(trail, "audit.count") != "0 actions"
    assert listed(trail).current_row().what == "Changing a telephone number"  # type: ignore[union-attr]
    ids = listed(trail).paged.ids
    ((other,),) = trail.rows("SELECT max(id) FROM action")
    assert other not in ids, "the credit was another account's"


def test_what_is_filtered_is_saved_with_its_changes_and_no_formula(
    trail: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trail.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    choose(trail, "audit.actor", "Sam Supervisor")
    trail.click("audit.save-csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head[:3] == ["Recorded (UTC)", "Business date", "Who"]
    assert [row[5] for row in rows if row[5]][:1] == ["A courtesy credit"]
    assert any(row[6] == "'=three days without service" for row in rows)
    assert any(row[-1] == "605-555-0188" for row in rows)
    workbook = path.with_suffix(".xlsx")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(workbook), ""))
    trail.click("audit.save-xlsx")
    assert workbook.read_bytes()[:2] == b"PK"


def test_a_row_changed_past_the_program_is_named_by_the_verification(trail: Window) -> None:
    trail.click("audit.verify")
    assert text(trail, "audit.result") == "Every row is as the program wrote it, and the trail is whole."
    assert not trail.control("audit.problems").isVisible()
    with closing(sqlite3.connect(trail.path)) as other, other:
        other.execute("DROP TRIGGER payment_no_update")
        ((payment,),) = other.execute("SELECT max(id) FROM payment").fetchall()
        other.execute("UPDATE payment SET kind = 'cash' WHERE id = ?", (payment,))
    trail.click("audit.verify")
    assert "past it" in text(trail, "audit.result")
    problems = table(trail, "audit.problems")
    assert any(f"payment: row {payment} " in problem for problem in problems)
    assert any("trigger payment_no_update" in problem for problem in problems)


def test_the_day_close_report_names_the_end_of_the_trail_at_the_close(window: Window) -> None:
    from app.services.reporting import Period, make_report

    ((closed,),) = window.rows("SELECT max(business_date) FROM action WHERE what = 'close-day'")
    on = date.fromisoformat(closed)
    report = window.read(lambda session: make_report(session, "day", Period(on, on)))
    ((n, hashed),) = window.rows(
        "SELECT n, hash FROM audit WHERE first_action_id <= (SELECT min(id) FROM action WHERE what = 'close-day' AND "
        "business_date = ?) ORDER BY n DESC LIMIT 1", closed,
    )  # fmt: skip
    assert f"{n}:{hashed[:16]}" in report.note
