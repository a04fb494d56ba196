"""The billing page: what it says before, what a preview shows, the run, stopping it, and taking one back."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QTabWidget
from ui.paper import pdf_printer
from ui.window import Window

from app.errors import UserError
from app.services import billing
from app.views import printing
from app.views.billing_tables import KindsTable, local_time
from app.views.pages.billing import DIFFERENCE, EXCEPTIONS, RUNS, TOTALS
from app.views.table import Table

FIRST = date(2026, 12, 1)


def at_month_end(window: Window, on: date = FIRST) -> Any:
    """The billing page on the first of the next month."""
    window.day = on
    window.program.workplace.choose_date(on)
    window.settle()
    return window.go("billing")


def text(window: Window, name: str) -> str:
    return window.control(name, QLabel).text()


def shown(window: Window, name: str) -> Any:
    return window.control(name, Table).rows_model


def billed(window: Window) -> tuple[int, int]:
    """Invoices and cents of the December cycle that stand in the books."""
    query = "SELECT count(*), coalesce(sum(total_cents), 0) FROM invoice WHERE what = 'cycle' AND issued_on >= '2026-12-01' "
    query += "AND id NOT IN (SELECT invoice_id FROM invoice_reversal)"
    count, cents = window.rows(query)[0]
    return count, cents


def run_it(window: Window) -> None:
    window.click("billing.run")
    window.click("billing-run.action", window.dialog())


def test_it_says_which_month_it_bills_through_when_and_for_how_many(window: Window) -> None:
    at_month_end(window)
    assert text(window, "billing.month-name") == "Cycle of December 2026"
    said = text(window, "billing.sentence")
    assert "through Sun, Jan 31, 2027" in said
    assert "dated 12/01/2026 and due 12/31/2026" in said
    (left,) = window.rows("SELECT count(*) FROM account WHERE status <> 'closed'")[0]
    assert f"{left} accounts to bill" in said
    assert not window.control("billing.warnings").isVisible()


def test_a_month_that_is_done_is_said_and_a_preview_finds_nothing(window: Window) -> None:
    window.go("billing")
    assert "nothing left to bill" in text(window, "billing.warnings")
    window.click("billing.preview")
    assert text(window, "billing.totals-said").startswith("There is nothing to bill")
    assert text(window, "billing.cents") == "$0.00"


def test_a_closed_day_says_so_and_offers_nothing(window: Window) -> None:
    (closed,) = window.rows("SELECT closed_through FROM office")[0]
    window.program.workplace.choose_date(date.fromisoformat(closed))
    window.go("billing")
    assert "is closed" in text(window, "billing.warnings")
    assert not window.control("billing.preview").isEnabled()
    assert not window.control("billing.run").isEnabled()


def test_the_preview_shows_totals_and_writes_nothing(window: Window) -> None:
    at_month_end(window)
    window.click("billing.preview")
    assert billed(window) == (0, 0)
    rows = window.control("billing.kinds", KindsTable).rows_model.rows
    assert {"recurring", "paper-statement"} <= {row.kind for row in rows}
    assert text(window, "billing.cents") == f"${sum(row.cents for row in rows) / 100:,.2f}"
    assert not window.control("billing.kinds", KindsTable).isColumnHidden(KindsTable.BEFORE)
    assert "Nothing has been written" in text(window, "billing.totals-said")
    run_it(window)
    assert f"${billed(window)[1] / 100:,.2f}" == text(window, "billing.cents")


def test_the_first_month_ever_has_no_column_of_a_month_before(window: Window) -> None:
    window.go("billing")
    window.click("billing.preview")
    assert window.control("billing.kinds", KindsTable).isColumnHidden(KindsTable.BEFORE)
    assert "nothing to compare with" in text(window, "billing.difference-said")


def test_the_difference_narrows_with_the_threshold_and_opens_into_the_account(window: Window) -> None:
    at_month_end(window)
    window.click("billing.preview")
    tabs = window.control("billing.tabs", QTabWidget)
    tabs.setCurrentIndex(DIFFERENCE)
    table = window.control("billing.differences", Table)
    before = len(table.rows_model.rows)
    assert all(abs(row.change_cents) > 500 for row in table.rows_model.rows if row.what == "changed")
    window.type_into("billing.threshold", "1000000")
    window.press(Qt.Key.Key_Return)
    assert len(table.rows_model.rows) < before
    window.type_into("billing.threshold", "0")
    window.press(Qt.Key.Key_Return)
    assert len(table.rows_model.rows) >= before
    assert "Against November 2026" in text(window, "billing.difference-said")
    table.setFocus()
    table.selectRow(0)
    wanted = table.rows_model.rows[0].account_id
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert window.frame.page is not None and window.frame.page.key == "account"
    went: list[int] = []
    window.go("billing")
    window.control("billing.differences", Table).chosen.connect(lambda row: went.append(row.account_id))
    window.press(Qt.Key.Key_Return, on=table)
    assert went == [wanted]


def test_a_threshold_that_is_no_amount_is_marked_and_the_list_stays(window: Window) -> None:
    at_month_end(window)
    window.click("billing.preview")
    window.control("billing.tabs", QTabWidget).setCurrentIndex(DIFFERENCE)
    before = list(shown(window, "billing.differences").rows)
    window.type_into("billing.threshold", "five")
    window.press(Qt.Key.Key_Return)
    edit = window.control("billing.threshold", QLineEdit)
    assert (edit.text(), edit.property("wrong")) == ("five", True)
    assert list(shown(window, "billing.differences").rows) == before


def test_a_change_in_the_books_since_the_preview_is_said_and_the_run_asks_without_its_figures(window: Window) -> None:
    at_month_end(window)
    window.click("billing.preview")
    window.program.tasks.books_changed.emit(frozenset({1}))
    window.settle()
    assert "Something changed" in text(window, "billing.totals-said")
    window.click("billing.run")
    dialog = window.dialog()
    assert "was not previewed" in window.control("billing-run.said", QLabel, dialog).text()
    window.press(Qt.Key.Key_Escape, on=dialog)
    window.settle()
    assert billed(window) == (0, 0)


def test_a_preview_with_changes_due_is_not_taken_for_a_change_itself(window: Window) -> None:
    (service,) = window.rows("SELECT id FROM service WHERE last_day IS NULL LIMIT 1")[0]
    import sqlite3

    with sqlite3.connect(window.path) as connection:
        connection.execute(
            "INSERT INTO scheduled_change (id, account_id, service_id, what, effective, state, action_id) SELECT 900, "
            "account_id, id, 'end', '2026-11-30', 'waiting', 1 FROM service WHERE id = ?",
            (service,),
        )
    connection.close()
    at_month_end(window)
    window.click("billing.preview")
    assert "exactly what the run will bill" in text(window, "billing.totals-said")
    assert window.rows("SELECT state FROM scheduled_change WHERE id = 900") == [("waiting",)]
    window.program.tasks.books_changed.emit(None)
    window.settle()
    assert "Something changed" in text(window, "billing.totals-said")


def test_another_business_date_forgets_the_preview(window: Window) -> None:
    at_month_end(window)
    window.click("billing.preview")
    window.program.workplace.choose_date(date(2026, 11, 30))
    window.settle()
    assert text(window, "billing.month-name") == "Cycle of November 2026"
    assert not window.control("billing.cents").isVisible()
    assert not window.control("billing.kinds", Table).rows_model.rows


def test_an_account_that_fails_is_listed_with_its_reason_and_the_others_are_billed(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = billing.write_invoices

    def refuse_one(session: Any, act: Any, drafts: Any, run_id: Any = None) -> Any:
        if any(draft.account_id == 5 for draft in drafts):
            raise UserError("The postal code of this account is missing.")
        return real(session, act, drafts, run_id)

    monkeypatch.setattr(billing, "write_invoices", refuse_one)
    page = at_month_end(window)
    run_it(window)
    monkeypatch.undo()
    assert page.tabs.currentIndex() == EXCEPTIONS
    assert "1 account could not be billed" in window.message
    (row,) = shown(window, "billing.parked").rows
    assert (row.account_id, row.reason) == (5, "The postal code of this account is missing.")
    assert page.tabs.tabText(EXCEPTIONS).endswith("(1)")
    run_it(window)
    assert window.message == "Billed 1 invoice to 1 account."
    assert not shown(window, "billing.parked").rows
    assert window.books_agree()


def test_a_run_that_is_stopped_keeps_what_it_billed_and_goes_on_when_run_again(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(billing, "CHUNK", 10)
    page = at_month_end(window)
    real = billing._bill_chunk

    def stop_after_three(*given: Any) -> None:
        real(*given)
        if given[3] > 20:
            page._run.cancel()

    monkeypatch.setattr(billing, "_bill_chunk", stop_after_three)
    run_it(window)
    assert "Stopped" in window.message
    part = billed(window)[0]
    assert 0 < part < 60
    assert "was cut off after" in text(window, "billing.warnings")
    assert shown(window, "billing.runs").rows[0].state == "running"
    assert not window.control("billing.stop").isVisible()
    monkeypatch.setattr(billing, "_bill_chunk", real)
    run_it(window)
    assert billed(window)[0] > part
    (state, documents) = window.rows("SELECT state, documents FROM run WHERE what = 'billing' ORDER BY id DESC LIMIT 1")[0]
    assert (state, documents) == ("done", billed(window)[0])
    assert window.books_agree()


def test_the_stop_button_stops_a_preview_and_says_that_nothing_was_written(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(billing, "CHUNK", 10)
    page = at_month_end(window)
    page.preview()
    assert window.control("billing.stop", QPushButton).isVisible()
    assert not window.control("billing.preview").isEnabled()
    page.stop()
    window.settle()
    assert not window.control("billing.stop").isVisible()
    assert window.control("billing.preview").isEnabled()
    assert window.message == "Stopped. Nothing was written."


def test_two_quick_enters_in_the_question_make_one_run(window: Window) -> None:
    page = at_month_end(window)
    window.click("billing.run")
    dialog = window.dialog()
    dialog.press()  # type: ignore[attr-defined]
    dialog.press()  # type: ignore[attr-defined]
    page.bill()
    window.settle()
    assert len(window.rows("SELECT id FROM run WHERE what = 'billing' AND business_date = '2026-12-01'")) == 1
    assert window.books_agree()


def test_a_run_is_taken_back_with_a_reason_and_the_month_can_be_billed_again(window: Window) -> None:
    page = at_month_end(window)
    run_it(window)
    first = billed(window)
    page.tabs.setCurrentIndex(RUNS)
    assert window.control("billing.reverse").isEnabled()
    window.click("billing.reverse")
    dialog = window.dialog()
    assert f"{first[0]:,} invoices" in window.control("billing-reverse.details", QLabel, dialog).text()
    window.press(Qt.Key.Key_Return, on=window.control("billing-reverse.reason", QLineEdit, dialog))
    assert "why" in window.control("billing-reverse.refusal", QLabel, dialog).text()
    window.type_into("billing-reverse.reason", "wrong price list", dialog)
    window.press(Qt.Key.Key_Return, on=window.control("billing-reverse.reason", QLineEdit, dialog))
    window.settle()
    assert billed(window) == (0, 0)
    assert window.message == f"Reversed {first[0]:,} invoices. The month can be billed again."
    row = shown(window, "billing.runs").rows[0]
    assert (row.state, "wrong price list" in row.note) == ("reversed", True)
    assert not window.control("billing.reverse").isEnabled()
    assert window.books_agree()
    run_it(window)
    assert billed(window) == first
    assert window.books_agree()


def test_before_a_run_is_taken_back_each_statement_that_went_out_is_counted_once(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = at_month_end(window)
    run_it(window)
    page.tabs.setCurrentIndex(RUNS)
    assert shown(window, "billing.runs").rows[0].sent_on is None
    monkeypatch.setattr(printing, "choose_printer", lambda _parent: pdf_printer(tmp_path / "paper.pdf", 100))
    statements = window.go("statements")
    on_paper = len(statements.table.rows_model.rows)
    window.click("statements.print")
    window.type_into("statements.first", "1")
    window.click("statements.print")  # again, after a jam
    window.type_into("statements.first", "")
    window.press(Qt.Key.Key_Backspace)
    delivery = window.control("statements.delivery", QComboBox)
    delivery.setCurrentIndex(delivery.findData("email"))
    by_mail = sum(bool(row.email) for row in statements.table.rows_model.rows)
    window.click("statements.mail")
    window.go("billing", tab="runs")
    assert shown(window, "billing.runs").rows[0].sent_on == window.day
    window.click("billing.reverse")
    said = window.control("billing-reverse.details", QLabel, window.dialog()).text()
    assert f"Note: {on_paper} statements of this run were printed on paper." in said
    assert f"Note: {by_mail} statements of this run were written as e-mail" in said
    window.press(Qt.Key.Key_Escape, on=window.dialog())


def test_a_run_that_somebody_paid_names_the_accounts_and_cannot_be_taken_back(window: Window) -> None:
    page = at_month_end(window)
    page.tabs.setCurrentIndex(RUNS)
    table = window.control("billing.runs", Table)
    november = next(row for row in table.rows_model.rows if row.invoices)
    table.select_row(november)
    window.click("billing.reverse")
    dialog = window.dialog()
    assert "cannot be reversed" in window.control("billing-reverse.details", QLabel, dialog).text()
    assert not window.control("billing-reverse.action", QPushButton, dialog).isEnabled()
    blockers = window.control("billing-reverse.blockers", Table, dialog)
    assert "payment" in blockers.rows_model.rows[0].why
    blockers.selectRow(0)
    window.press(Qt.Key.Key_Return, on=blockers)
    window.settle()
    assert window.frame.page is not None and window.frame.page.key == "account"


def test_a_clerk_is_told_that_it_needs_a_manager(window: Window) -> None:
    page = at_month_end(window)
    run_it(window)
    window.settings.put("desk/role", "clerk")
    page.tabs.setCurrentIndex(RUNS)
    window.click("billing.reverse")
    dialog = window.dialog()
    assert "needs a manager" in window.control("billing-reverse.details", QLabel, dialog).text()
    assert not window.control("billing-reverse.action", QPushButton, dialog).isEnabled()
    window.press(Qt.Key.Key_Escape, on=dialog)
    window.settle()
    assert billed(window)[0] > 0


def test_it_opens_on_the_tab_asked_for_with_the_cursor_on_preview(window: Window) -> None:
    page = window.go("billing", tab="runs")
    assert page.tabs.currentIndex() == RUNS
    page = window.go("billing", tab="totals")
    assert page.tabs.currentIndex() == TOTALS
    assert window.control("billing.preview").hasFocus()


def test_an_instant_is_shown_by_the_clock_of_this_pc(window: Window) -> None:
    (started,) = window.rows("SELECT started_at FROM run WHERE what = 'billing' ORDER BY id DESC LIMIT 1")[0]
    from datetime import datetime

    instant = datetime.fromisoformat(f"{started}+00:00")
    page = window.go("billing")
    assert local_time(page.runs.table.rows_model.rows[0].started_at) == local_time(instant)
