"""A whole refund run by keys and clicks: due, run, sheets, one spoiled, one void, cleared by hand and by the bank's file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pypdfium2
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QTabWidget
from ui.window import Window

from app.services import checks, outstanding, subscriptions
from app.services.books import open_office
from app.services.desk import Desk
from app.views.table import Table
from app.views.tick_table import TickTable

REFUND_DAY = date(2026, 11, 16)


def cancel_some(window: Window, count: int) -> list[int]:
    """Accounts with an address that paid by check and left, on the refund date."""
    rows = window.rows(
        "SELECT id, balance_cents FROM account WHERE status = 'active' AND address <> '' AND balance_cents >= 0 "
        "ORDER BY id LIMIT ?",
        count,
    )
    desk = Desk("pat", "manager", "PC 2", REFUND_DAY, window.day)
    with open_office(window.path) as books:
        for place, (account, owed) in enumerate(rows):
            with books.write() as session:
                checks.post_check(session, desk, checks.CheckForm(account, owed + 1000, str(700 + place)))
                subscriptions.cancel_account(session, desk, account, REFUND_DAY)
        with books.write() as session:
            older = [row.number for row in outstanding.sheets_to_confirm(session, REFUND_DAY)]
            outstanding.confirm_sheets(session, desk, older, ())
    return [row[0] for row in rows]


def work_on(window: Window, day: str) -> None:
    window.shortcut(Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    window.press(day, Qt.Key.Key_Return)
    window.settle()


def pdf_text(path: Path) -> list[str]:
    """The text of each page."""
    document = pypdfium2.PdfDocument(path)
    pages = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return pages


def close_preview(window: Window) -> None:
    for shown in QApplication.topLevelWidgets():
        if isinstance(shown, QDialog) and shown.isVisible() and shown.objectName() == "preview.dialog":
            window.press(Qt.Key.Key_Escape, on=shown)
    window.settle()


def mark_check(window: Window, number: int) -> None:
    table = window.control("refunds.checks", Table)
    table.select_row(next(row for row in table.rows_model.rows if row.number == number))


def test_a_refund_run_from_the_list_to_the_bank(window: Window) -> None:
    cancel_some(window, 4)
    work_on(window, "11/16")
    window.shortcut(Qt.Key.Key_F8)
    due = window.control("refunds.due", TickTable)
    rows = [row for row in due.rows_model.rows if row.address]
    assert len(rows) >= 4
    looked_at = [due.rows_model.columns[5].text(row) for row in rows]
    assert sum("May not have cleared: check 70" in text for text in looked_at) == 4

    # One is left out: it was paid by a check that may come back.
    left_out = rows[0]
    due.select_row(left_out)
    window.press(Qt.Key.Key_Space, on=due)
    assert not due.tick_model.is_ticked(left_out)
    chosen = due.tick_model.ticked()
    total = sum(row.cents for row in chosen)
    (first,) = (row[0] for row in window.rows("SELECT next_number FROM check_stock"))

    # The wrong paper is in the printer; then the right one.
    window.click("refunds.run")
    dialog = window.dialog()
    window.type_into("refundrun.first", str(first + 1), dialog)
    window.press(Qt.Key.Key_Return, on=window.control("refundrun.first", QLineEdit, dialog))
    window.settle()
    assert window.rows("SELECT count(*) FROM refund WHERE business_date = '2026-11-16'") == [(0,)]
    assert window.control("refundrun.refusal", inside=dialog).isVisible()
    window.type_into("refundrun.first", str(first), dialog)
    window.press(Qt.Key.Key_Return, Qt.Key.Key_Return, on=window.control("refundrun.first", QLineEdit, dialog))
    window.settle()
    booked = window.rows(
        "SELECT c.number, f.cents, f.payee FROM issued_check c JOIN refund f ON f.id = c.refund_id "
        "WHERE f.business_date = '2026-11-16' ORDER BY c.number"
    )
    assert [row[0] for row in booked] == list(range(first, first + len(chosen)))
    assert sum(row[1] for row in booked) == total
    assert window.rows("SELECT balance_cents < 0 FROM account WHERE id = ?", left_out.account_id) == [(1,)]
    assert window.books_agree()

    # The sheets are drawn and shown, one for each check.
    (path,) = (window.path.parent / "refunds").glob("*.pdf")
    pages = pdf_text(path)
    assert len(pages) == len(booked)
    for page, (number, cents, payee) in zip(pages, booked, strict=True):
        assert str(number) in page and payee in page and f"{cents / 100:,.2f}" in page
    close_preview(window)
    sheets = window.control("refunds.sheets", TickTable)
    assert [row.number for row in sheets.rows_model.rows] == [row[0] for row in booked]

    # The second sheet jammed: it gets a new number and is drawn alone.
    sheets.selectRow(1)
    window.press(Qt.Key.Key_Space, on=sheets)
    window.click("refunds.sheets-done")
    dialog = window.dialog()
    window.press(Qt.Key.Key_Return, on=window.control("refundspoiled.reason", QLineEdit, dialog))
    window.settle()
    new = first + len(booked)
    assert f"{first + 1} becomes {new}" in window.message
    assert window.rows("SELECT state FROM issued_check WHERE number = ?", first + 1) == [("void",)]
    (again,) = (window.path.parent / "refunds").glob(f"*-{new}-{new}.pdf")
    (page,) = pdf_text(again)
    assert str(new) in page and booked[1][2] in page
    close_preview(window)
    assert [row.number for row in sheets.rows_model.rows] == [new]
    window.click("refunds.sheets-done")
    assert "1 sheet is good" in window.message
    assert window.rows("SELECT count(*) FROM issued_check WHERE printed_on IS NULL AND state = 'issued'") == [(0,)]

    # The first one is void: its credit is due again.
    window.control("refunds.tabs", QTabWidget).setCurrentIndex(2)
    mark_check(window, first)
    window.click("refunds.void")
    dialog = window.dialog()
    window.type_into("refundcheck.reason", "wrong person", dialog)
    window.press(Qt.Key.Key_Return, on=window.control("refundcheck.reason", QLineEdit, dialog))
    window.settle()
    assert f"Check {first} is void" in window.message
    assert window.rows("SELECT state, reason FROM issued_check WHERE number = ?", first) == [("void", "wrong person")]
    assert {row.account_id for row in due.rows_model.rows} >= {left_out.account_id, chosen[0].account_id}
    assert window.books_agree()

    # One is cleared by hand.
    mark_check(window, first + 2)
    window.click("refunds.clear")
    dialog = window.dialog()
    window.type_into("refundclear.on", "11/17", dialog)
    window.press(Qt.Key.Key_Return, on=window.control("refundclear.on", QLineEdit, dialog))
    window.settle()
    assert window.rows("SELECT cleared_on FROM issued_check WHERE number = ?", first + 2) == [("2026-11-17",)]

    # The others come from the bank's file: one matches, one has another amount, one is void, one is unknown.
    (older, older_cents), *_ = window.rows(
        "SELECT c.number, f.cents FROM issued_check c JOIN refund f ON f.id = c.refund_id "
        "WHERE c.state = 'issued' AND c.cleared_on IS NULL AND c.number < ? ORDER BY 1",
        first,
    )
    file = window.path.parent / "paid.csv"
    file.write_text(
        "Posting Date,Check #,Description,Amount\n"
        f'11/18/2026,{new:08d},CHECK,"-{booked[1][1] / 100:,.2f}"\n'
        f"11/18/2026,{older},CHECK,-{(older_cents + 100) / 100:.2f}\n"
        f"11/18/2026,{first},CHECK,-{booked[0][1] / 100:.2f}\n"
        "11/18/2026,90210,CHECK,-12.00\n"
        "11/18/2026,,DEPOSIT,400.00\n",
        encoding="utf-8-sig",
    )
    window.click("refunds.bank")
    dialog = window.dialog()
    window.type_into("refundbank.path", str(file), dialog)
    window.press(Qt.Key.Key_Return, on=window.control("refundbank.path", QLineEdit, dialog))
    window.settle()
    window.settle()
    found = window.control("refundbank.found", Table, dialog)
    verdicts = {row.line.number: row.verdict for row in found.rows_model.rows}
    assert verdicts == {new: "matched", older: "wrong-amount", first: "not-out", 90210: "unknown"}
    window.click("refundbank.action", dialog)
    assert "1 check is cleared" in window.message
    assert window.rows("SELECT cleared_on FROM issued_check WHERE number = ?", new) == [("2026-11-18",)]
    assert window.rows("SELECT cleared_on FROM issued_check WHERE number = ?", older) == [(None,)]
    assert window.books_agree()
