"""Reports (F10) by keys and clicks: choosing, days, drilling down to the account, totals, files."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLabel, QLineEdit, QListWidget, QWidget
from ui.window import Window

from app.money import format_cents
from app.services.reporting import REPORTS
from app.views.table import Table


def shown(window: Window, key: str) -> Table[Any]:
    return window.control(f"reports.{key}", Table)


def total(window: Window, column: int) -> str:
    model = window.control("reports.totals", Table).rows_model
    return str(model.index(0, column).data())


def choose(window: Window, title: str) -> None:
    """Go down the list with the arrow key until the report is marked."""
    reports = window.control("reports.list", QListWidget)
    reports.setFocus()
    window.press(Qt.Key.Key_Home)
    while reports.currentItem().text() != title:
        before = reports.currentRow()
        window.press(Qt.Key.Key_Down)
        assert reports.currentRow() == before + 1, title
    window.settle()


def test_f10_shows_the_aging_and_its_total_is_the_receivable(window: Window) -> None:
    window.shortcut(Qt.Key.Key_F10)
    ((receivable,),) = window.rows("SELECT sum(balance_cents) FROM account")
    assert total(window, 8) == format_cents(receivable)
    assert f"Receivable  ${format_cents(receivable)}" in window.control("reports.figures", QLabel).text()
    assert window.control("reports.chart").isVisible()


def test_enter_goes_from_the_aging_to_the_open_items_to_the_account_and_escape_back(window: Window) -> None:
    window.shortcut(Qt.Key.Key_F10)
    shown(window, "aging").setFocus()
    window.press(Qt.Key.Key_Down, Qt.Key.Key_Down)
    row = shown(window, "aging").current_row()
    window.press(Qt.Key.Key_Return)
    window.settle()
    items = shown(window, "account-items")
    assert items.hasFocus()
    assert total(window, 5) == format_cents(row.cells[-1])
    assert row.cells[1] in window.control("reports.heading", QLabel).text()
    window.press(Qt.Key.Key_Escape)
    window.settle()
    assert shown(window, "aging").current_row() == row
    shown(window, "aging").setFocus()
    window.press(Qt.Key.Key_Return)
    window.settle()
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert window.frame.page is not None and window.frame.page.key == "account"


@pytest.mark.parametrize("kind", REPORTS, ids=lambda kind: kind.key)
def test_every_report_shows_its_rows_and_totals(window: Window, kind: Any) -> None:
    window.shortcut(Qt.Key.Key_F10)
    choose(window, kind.title)
    page = window.frame.page
    assert page is not None and page.report.key == kind.key
    table = shown(window, kind.key)
    assert list(table.rows_model.rows) == list(page.report.rows)
    QAbstractItemModelTester(table.rows_model, QAbstractItemModelTester.FailureReportingMode.Fatal, window.frame)
    assert not page.report.rows or table.horizontalHeader().length() <= table.viewport().width() + 1
    if page.report.totals is not None and page.report.rows:
        totals = window.control("reports.totals", Table)
        for place in range(len(page.report.columns)):
            assert totals.columnWidth(place) == table.columnWidth(place)


def test_days_are_typed_and_enter_shows_them(window: Window) -> None:
    window.shortcut(Qt.Key.Key_F10)
    choose(window, "Cash receipts")
    window.type_into("reports.first", "10/30")
    window.type_into("reports.last", "11/1")
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "October 30, 2026 through November 1, 2026" in window.control("reports.heading", QLabel).text()
    ((cents,),) = window.rows(
        "SELECT sum(cents) FROM entry JOIN posting ON entry_id = id WHERE what IN ('payment', 'hold-check') "
        "AND debit IN (1010, 1020, 1030)"
    )
    assert total(window, 6) == format_cents(cents)
    choose(window, "Aging")
    choose(window, "Cash receipts")
    assert window.control("reports.first", QLineEdit).text() == "10/30/2026"


def test_days_in_the_wrong_order_are_refused_and_stay_as_typed(window: Window) -> None:
    window.shortcut(Qt.Key.Key_F10)
    choose(window, "Cash receipts")
    window.type_into("reports.last", "10/1")
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert "turn them round" in window.message
    assert window.control("reports.last", QLineEdit).text() == "10/01/2026"
    assert window.control("reports.last").hasFocus()


def test_the_month_end_steps_through_the_months(window: Window) -> None:
    window.shortcut(Qt.Key.Key_F10)
    choose(window, "Month-end")
    window.click("reports.earlier")
    assert "October 2026" in window.control("reports.heading", QLabel).text()
    window.click("reports.later")
    window.click("reports.later")
    assert "December 2026" in window.control("reports.heading", QLabel).text()


def test_the_chart_can_be_put_away_and_stays_away(window: Window) -> None:
    window.shortcut(Qt.Key.Key_F10)
    window.control("reports.with-chart", QCheckBox).click()
    assert not window.control("reports.chart").isVisible()
    assert not window.settings.flag("reports/chart", default=True)
    choose(window, "Deferred revenue")
    assert not window.control("reports.chart").isVisible()


@pytest.mark.parametrize("suffix", ["pdf", "xlsx", "csv"])
def test_what_is_shown_is_saved_as_a_file(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    asked: list[str] = []

    def ask(_parent: QWidget, _title: str, proposed: str, _kinds: str) -> tuple[str, str]:
        asked.append(proposed)
        return str(tmp_path / f"chosen.{suffix}"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    window.go("reports", report="aging")
    window.click(f"reports.save-{suffix}")
    assert Path(asked[0]).name == f"aging-2026-11-21.{suffix}"
    assert "Saved as" in window.message and (tmp_path / f"chosen.{suffix}").stat().st_size > 500
    if suffix == "csv":
        with (tmp_path / "chosen.csv").open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
        ((receivable,),) = window.rows("SELECT sum(balance_cents) FROM account")
        assert lines[-1][-1] == format_cents(receivable).replace(",", "")


def test_a_file_that_cannot_be_written_is_said_and_can_be_tried_again(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [str(tmp_path / "gone" / "a.csv"), "", str(tmp_path / "a")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (answers.pop(0), ""))
    window.go("reports", report="aging")
    window.click("reports.save-csv")
    assert "could not be written" in window.message
    window.click("reports.save-csv")  # the dialog was left with Escape
    window.click("reports.save-csv")
    assert (tmp_path / "a.csv").exists()


def test_a_report_follows_what_another_page_changes(window: Window) -> None:
    from app.services.checks import CheckForm, post_check

    window.go("reports", report="aging")
    before = total(window, 8)
    ((account,), *_) = window.rows("SELECT id FROM account WHERE status = 'active' ORDER BY id")
    desk = window.program.workplace.desk()
    window.program.tasks.write(
        lambda session: post_check(session, desk, CheckForm(account, 1234, "555")), lambda _done: None, owner=window.frame
    )
    window.settle()
    window.settle()
    ((receivable,),) = window.rows("SELECT sum(balance_cents) FROM account")
    assert total(window, 8) == format_cents(receivable) != before


def test_a_page_can_be_gone_to_with_a_report_and_its_days(window: Window) -> None:
    window.go("reports", report="deposits", first=date(2026, 10, 1), last=date(2026, 10, 31))
    assert [row.cells[1] for row in shown(window, "deposits").rows_model.rows] == [date(2026, 10, 30)]
    shown(window, "deposits").setFocus()
    window.press(Qt.Key.Key_Return)
    window.settle()
    ((count,),) = window.rows("SELECT count(*) FROM mail_check WHERE deposit_id IS NOT NULL")
    assert len(shown(window, "deposit-checks").rows_model.rows) == count > 0
