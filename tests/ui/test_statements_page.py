"""The Statements page: what is in the list, printing and marking, a range again after a jam, e-mail."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton
from ui.paper import page_sizes, pdf_printer
from ui.window import Window

from app.errors import UserError
from app.services import accounts, billing
from app.services.billingreversal import reverse_run
from app.services.books import open_office
from app.views import printing
from app.views.pages.statements import StatementsPage
from app.views.pdf_preview import PdfPreview


@pytest.fixture
def page(window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StatementsPage:
    monkeypatch.setattr(printing, "choose_printer", lambda _parent: pdf_printer(tmp_path / "paper.pdf", 100))
    found = window.go("statements")
    assert isinstance(found, StatementsPage)
    return found


def choose(window: Window, delivery: str) -> None:
    """Choose a way of delivery by the arrow keys."""
    box = window.control("statements.delivery", QComboBox)
    box.setFocus()
    window.press(Qt.Key.Key_Home, *[Qt.Key.Key_Down] * box.findData(delivery))
    window.settle()


def preview_of(window: Window) -> PdfPreview:
    found = window.dialog()
    assert isinstance(found, PdfPreview)
    return found


def marks(window: Window) -> list[tuple[str, int, int, str]]:
    return [
        (str(delivery), int(first), int(last), str(how))
        for delivery, first, last, how in window.rows("SELECT delivery, first_place, last_place, how FROM statement_print")
    ]


def test_the_page_shows_the_latest_runs_paper_statements_with_what_they_say_is_owed(
    window: Window, page: StatementsPage
) -> None:
    rows = page.table.rows_model.rows
    assert rows and all(row.delivery == "paper" and row.sent_on is None for row in rows)
    summary = window.control("statements.summary", QLabel).text()
    assert summary.startswith(f"{len(rows)} statements, $") and f"0 went out, {len(rows)} to do" in summary
    assert "11/01/2026" in window.control("statements.run", QComboBox).currentText()


def test_another_delivery_shows_its_statements_and_all_shows_every_one(window: Window, page: StatementsPage) -> None:
    paper = len(page.table.rows_model.rows)
    choose(window, "email")
    by_mail = len(page.table.rows_model.rows)
    assert {row.delivery for row in page.table.rows_model.rows} == {"email"}
    choose(window, "all")
    assert len(page.table.rows_model.rows) == paper + by_mail


def test_print_prints_every_paper_statement_and_marks_it(window: Window, page: StatementsPage, tmp_path: Path) -> None:
    rows = list(page.table.rows_model.rows)
    page.table.setFocus()
    window.click("statements.print")
    window.settle()
    assert len(page_sizes(tmp_path / "paper.pdf")) >= len(rows)
    assert marks(window) == [("paper", rows[0].place, rows[-1].place, "a file")]
    assert all(row.sent_on == window.day for row in page.table.rows_model.rows)
    assert f"{len(rows)} statements printed" in window.message
    assert window.control("statements.summary", QLabel).text().endswith(f"{len(rows)} went out, 0 to do")
    choose(window, "email")
    assert all(row.sent_on is None for row in page.table.rows_model.rows)
    assert window.books_agree()


def test_two_quick_enters_print_once(window: Window, page: StatementsPage) -> None:
    button = window.control("statements.print", QPushButton)
    button.setFocus()
    window.press(Qt.Key.Key_Space, Qt.Key.Key_Space)
    window.settle()
    window.settle()
    assert len(marks(window)) == 1


def test_after_a_jam_the_range_from_an_account_to_another_is_printed_again(
    window: Window, page: StatementsPage, tmp_path: Path
) -> None:
    rows = page.table.rows_model.rows
    first, last = rows[2], rows[4]
    window.type_into("statements.first", first.number)
    window.type_into("statements.last", str(last.place))
    assert "again" in window.control("statements.print", QPushButton).text()
    window.press(Qt.Key.Key_Return)
    window.settle()
    window.settle()
    assert marks(window) == [("paper", first.place, last.place, "a file")]
    assert [row.place for row in page.table.rows_model.rows if row.sent_on] == [row.place for row in rows[2:5]]
    (made,) = (tmp_path / "statements").glob("*-to-*.pdf")
    assert len(page_sizes(made)) == len(page_sizes(tmp_path / "paper.pdf"))


def test_a_range_that_is_none_is_refused_at_its_input_and_stays(window: Window, page: StatementsPage) -> None:
    window.type_into("statements.first", "nobody")
    window.press(Qt.Key.Key_Return)
    assert "neither an account nor a number" in window.message
    assert QApplication.focusWidget() is window.control("statements.first", QLineEdit)
    rows = page.table.rows_model.rows
    window.type_into("statements.first", str(rows[3].place))
    window.type_into("statements.last", str(rows[1].place))
    window.press(Qt.Key.Key_Return)
    assert "ends before it begins" in window.message and marks(window) == []


def test_enter_on_a_row_shows_that_statement_alone(window: Window, page: StatementsPage) -> None:
    row = page.table.rows_model.rows[3]
    page.table.select_row(row)
    page.table.setFocus()
    window.press(Qt.Key.Key_Return)
    window.settle()
    preview = preview_of(window)
    assert row.name in preview.windowTitle()
    assert row.number in preview.document.getAllText(0).text()
    assert marks(window) == []
    window.press(Qt.Key.Key_Escape, on=preview)
    window.settle()
    assert [found for found in QApplication.topLevelWidgets() if isinstance(found, PdfPreview) and found.isVisible()] == []


def test_printing_all_sheets_from_the_preview_marks_them(window: Window, page: StatementsPage) -> None:
    rows = list(page.table.rows_model.rows)
    window.click("statements.preview")
    preview = preview_of(window)
    assert preview.document.pageCount() >= len(rows)
    window.click("preview.print", preview)
    window.settle()
    assert marks(window) == [("paper", rows[0].place, rows[-1].place, "the file")]
    preview.close()


def test_e_mails_are_written_once_and_marked_and_a_customer_without_an_address_is_named(
    window: Window, page: StatementsPage, tmp_path: Path
) -> None:
    choose(window, "email")
    rows = page.table.rows_model.rows
    window.click("statements.mail")
    window.settle()
    addressed = [row for row in rows if row.email]
    letters = sorted((tmp_path / "mail").glob("statement-2026-11-01-*.eml"))
    assert len(letters) == len(addressed) > 0
    assert f"{len(addressed)} e-mails written" in window.message
    assert [row.sent_on for row in page.table.rows_model.rows] == [window.day if row.email else None for row in rows]
    before = {path: path.stat().st_mtime_ns for path in letters}
    window.click("statements.mail")
    window.settle()
    assert "were written before" in window.message
    assert {path: path.stat().st_mtime_ns for path in letters} == before
    assert window.books_agree()


def test_letters_that_were_taken_out_of_the_folder_are_not_written_a_second_time(
    window: Window, page: StatementsPage, tmp_path: Path
) -> None:
    choose(window, "email")
    window.click("statements.mail")
    letters = list((tmp_path / "mail").glob("statement-*.eml"))
    assert letters
    for letter in letters:
        letter.unlink()  # sent by the mail program
    window.click("statements.mail")
    assert "were written before" in window.message
    assert list((tmp_path / "mail").glob("statement-*.eml")) == []
    row = next(row for row in page.table.rows_model.rows if row.email)
    window.type_into("statements.first", row.number)
    window.type_into("statements.last", row.number)
    window.click("statements.mail")
    assert [row.number in letter.name for letter in (tmp_path / "mail").glob("statement-*.eml")] == [True]


def test_a_run_billed_again_on_the_same_day_is_e_mailed_again(window: Window, tmp_path: Path) -> None:
    window.day = date(2026, 12, 1)
    window.program.workplace.choose_date(window.day)
    desk = window.program.workplace.desk()
    with open_office(window.path) as books:
        first = billing.run_billing(books, desk).run_id
    page = window.go("statements")
    choose(window, "email")
    window.click("statements.mail")
    addressed = sum(bool(row.email) for row in page.table.rows_model.rows)
    assert len(list((tmp_path / "mail").glob("statement-2026-12-01-*.eml"))) == addressed > 0
    with open_office(window.path) as books:
        reverse_run(books, desk, first, "wrong prices")
        second = billing.run_billing(books, desk).run_id
    assert second != first
    window.shortcut(Qt.Key.Key_F2)
    window.shortcut(Qt.Key.Key_F7)
    window.click("statements.mail")
    assert f"{addressed} e-mails written" in window.message
    assert len(list((tmp_path / "mail").glob(f"statement-2026-12-01-run-{second}-*.eml"))) == addressed
    assert [row.number for row in page.table.rows_model.rows if bool(row.sent_on) != bool(row.email)] == []


def test_a_customer_whose_address_comes_later_is_still_to_be_e_mailed(
    window: Window, page: StatementsPage, tmp_path: Path
) -> None:
    choose(window, "email")
    missing = page.table.rows_model.rows[2]

    def give_address(address: str) -> None:
        desk = window.program.workplace.desk()
        with open_office(window.path) as books, books.write() as session:
            accounts.change_email(session, desk, missing.account_id, address)
        window.program.tasks.books_changed.emit(None)
        window.settle()

    give_address("")
    window.type_into("statements.first", missing.number)
    window.type_into("statements.last", missing.number)
    window.click("statements.mail")
    assert "None of these statements goes to an e-mail address" in window.message
    for part in ("first", "last"):
        window.type_into(f"statements.{part}", "")
        window.press(Qt.Key.Key_Backspace)
    window.click("statements.mail")
    give_address("new@b.example")
    (row,) = [row for row in page.table.rows_model.rows if row.account_id == missing.account_id]
    assert (row.email, row.sent_on) == ("new@b.example", None)
    window.click("statements.mail")
    assert "1 e-mail written" in window.message
    (row,) = [row for row in page.table.rows_model.rows if row.account_id == missing.account_id]
    assert row.sent_on == window.day


def test_going_there_for_an_account_puts_the_cursor_on_its_statement(window: Window, page: StatementsPage) -> None:
    (account_id,) = window.rows(
        "SELECT account_id FROM invoice WHERE run_id IS NOT NULL ORDER BY account_id LIMIT 1 OFFSET 7"
    )[0]
    window.go("statements", account_id=account_id)
    row = page.table.current_row()
    assert row is not None and row.account_id == account_id


def test_before_the_first_billing_run_the_page_says_what_to_do(window: Window) -> None:
    page = window.go("statements")
    page._show(([], None, []))
    assert "Make the billing run first" in window.control("statements.empty", QLabel).text()
    assert not window.control("statements.print", QPushButton).isEnabled()


def test_of_several_files_those_that_the_printer_has_whole_are_marked_when_it_gives_up(
    window: Window, page: StatementsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list(page.table.rows_model.rows)
    assert len(rows) > 6
    monkeypatch.setattr("app.services.printing.SHEETS_PER_FILE", 3)
    sent: list[Path] = []

    def gives_up(path: Path, *_args: object, **_named: object) -> int:
        if len(sent) == 2:
            raise UserError("The printer is off.")
        sent.append(path)
        return 3

    monkeypatch.setattr(printing, "print_pdf", gives_up)
    page.table.setFocus()
    window.click("statements.print")
    window.settle()
    window.wait_for(lambda: bool(marks(window)))
    window.settle()
    assert len(sent) == 2
    assert marks(window) == [("paper", rows[0].place, rows[5].place, "a file")]
    assert [row.place for row in page.table.rows_model.rows if row.sent_on] == [row.place for row in rows[:6]]


def test_pages_printed_from_the_preview_mark_their_statements_and_no_others(window: Window, page: StatementsPage) -> None:
    rows = list(page.table.rows_model.rows)
    window.click("statements.preview")
    window.settle()
    preview = preview_of(window)
    preview.printed.emit(2, 3, "Front desk")
    window.settle()
    assert marks(window) == [("paper", rows[1].place, rows[2].place, "Front desk")]
    assert window.message.startswith("2 statements printed on Front desk")
    preview.close()
