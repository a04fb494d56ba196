"""A whole month-end by keys alone: preview, run, auto-pay, statements on paper and by e-mail, close, reports."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QListWidget, QProgressBar, QTabWidget, QWidget
from ui.paper import page_sizes, pdf_printer
from ui.window import Window

from app.money import format_cents
from app.services import billing, daypreview, waiting
from app.services.billing import BillingTotals
from app.services.books import open_office
from app.services.desk import Desk
from app.services.ledger import Gl
from app.services.reporting import REPORTS
from app.views import printing
from app.views.pages.billing import DIFFERENCE, RUNS, TOTALS
from app.views.pdf_preview import PdfPreview
from app.views.table import Table

ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
Key = Qt.Key
FIRST = date(2026, 12, 1)


def letter(window: Window, key: Qt.Key) -> None:
    """Alt and a letter, where the cursor is."""
    window.shortcut(key, ALT)


def asked(window: Window, key: Qt.Key, action: str) -> QWidget:
    """The question that a button asks, pressed by its letter; the button goes down for a moment first."""
    letter(window, key)
    window.wait_for(lambda: QApplication.activeModalWidget() is not None)
    dialog = window.dialog()
    button = window.control(action, QWidget, dialog)
    window.wait_for(button.hasFocus)
    return dialog


def said(window: Window, name: str, inside: QWidget | None = None) -> str:
    return window.control(name, QLabel, inside).text()


def test_a_whole_month_end_by_keys(window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paper = tmp_path / "paper.pdf"
    # The system's own dialog asks for the printer; what it answers here is one that writes a file.
    monkeypatch.setattr(printing, "choose_printer", lambda _parent: pdf_printer(paper, 100))
    window.day = FIRST
    window.shortcut(Key.Key_D, CONTROL)
    window.press("12/1", Key.Key_Return)
    window.settle()
    expected = the_month_is_previewed(window)
    the_difference_leads_into_an_account_and_back(window, expected)
    the_month_is_billed_once(window, expected)
    a_second_run_bills_nothing(window, expected)
    auto_pay_asks_everybody_for_what_is_billed(window)
    run_id = its_statements_are_one_key_away(window)
    the_statements_are_previewed(window, run_id)
    the_paper_ones_are_printed_and_marked(window, run_id, paper)
    the_others_go_by_e_mail(window, run_id)
    the_day_is_closed_and_november_recognised(window)
    the_reports_say_what_the_books_say(window)
    assert window.books_agree()


def the_month_is_previewed(window: Window) -> BillingTotals:
    """The cursor waits on the button of the preview, which writes nothing."""
    window.shortcut(Key.Key_F6)
    assert window.control("billing.preview").hasFocus()
    progressed: list[int] = []
    window.control("billing.progress", QProgressBar).valueChanged.connect(progressed.append)
    window.press(Key.Key_Return)
    window.settle()
    assert progressed
    with open_office(window.path) as books:
        expected = billing.preview(books, Desk("x", "manager", "pc", window.day, window.day))
    assert said(window, "billing.cents") == f"${format_cents(expected.cents)}"
    assert window.rows("SELECT count(*) FROM invoice WHERE issued_on = '2026-12-01'") == [(0,)]
    return expected


def the_difference_leads_into_an_account_and_back(window: Window, expected: BillingTotals) -> None:
    letter(window, Key.Key_I)
    assert window.control("billing.tabs", QTabWidget).currentIndex() == DIFFERENCE
    letter(window, Key.Key_M)
    window.press("0", Key.Key_Return)
    window.press(Key.Key_Tab)
    table = window.control("billing.differences", Table)
    assert table.hasFocus() and table.rows_model.rows
    window.press(Key.Key_Down, Key.Key_Return)
    window.settle()
    assert window.frame.page is not None and window.frame.page.key == "account"
    window.shortcut(Key.Key_Left, ALT)
    assert window.frame.page.key == "billing"
    assert said(window, "billing.cents") == f"${format_cents(expected.cents)}"


def the_month_is_billed_once(window: Window, expected: BillingTotals) -> None:
    """Asked once more, then Enter; the result and the history show it."""
    dialog = asked(window, Key.Key_R, "billing-run.action")
    assert format_cents(expected.cents) in said(window, "billing-run.said", dialog)
    window.press(Key.Key_Return)
    window.settle()
    assert f"Billed {expected.invoices:,} invoices" in window.message
    tabs = window.control("billing.tabs", QTabWidget)
    assert tabs.currentIndex() == TOTALS
    assert said(window, "billing.totals-said").startswith("Billed by run")
    (state, documents, billed) = window.rows("SELECT state, documents, cents FROM run ORDER BY id DESC LIMIT 1")[0]
    assert (state, documents, billed) == ("done", expected.invoices, expected.cents)
    letter(window, Key.Key_U)
    assert tabs.currentIndex() == RUNS
    first = window.control("billing.runs", Table).rows_model.rows[0]
    assert (first.on, first.state, first.invoices) == (FIRST, "done", expected.invoices)


def a_second_run_bills_nothing(window: Window, expected: BillingTotals) -> None:
    asked(window, Key.Key_R, "billing-run.action")
    window.press(Key.Key_Return)
    window.settle()
    assert "nothing to bill" in window.message
    assert window.rows("SELECT sum(total_cents) FROM invoice WHERE issued_on = '2026-12-01'") == [(expected.cents,)]
    assert len(window.control("billing.runs", Table).rows_model.rows) == len(
        window.rows("SELECT id FROM run WHERE what = 'billing'")
    )


def auto_pay_asks_everybody_for_what_is_billed(window: Window) -> None:
    """From Today; each is asked once for all it owes, and the answers are in the books (ADV-5)."""
    window.shortcut(Key.Key_F2)
    due = window.read(lambda session: waiting.autopay_due(session, FIRST))
    count, cents = sum(row.how_many for row in due), sum(row.cents for row in due)
    assert count > 1
    dialog = asked(window, Key.Key_A, "autopay.action")
    assert said(window, "autopay.due", dialog).startswith(f"{count} accounts are asked for {format_cents(cents)} in all")
    window.press(Key.Key_Return)
    window.settle()
    asked_for = "SELECT count(*), sum(cents) FROM payment_attempt WHERE business_date = '2026-12-01'"
    assert window.rows(asked_for) == [(count, cents)]
    ((paid, paid_cents),) = window.rows(
        "SELECT count(*), coalesce(sum(cents), 0) FROM payment WHERE business_date = '2026-12-01' AND kind <> 'check'"
    )
    assert window.message.startswith(f"Auto-pay: {paid:,} paid {format_cents(paid_cents)}")
    assert (window.path.parent / "autopay" / "autopay-2026-12-01.csv").is_file()
    assert window.read(lambda session: waiting.autopay_due(session, FIRST)) == []


def its_statements_are_one_key_away(window: Window) -> int:
    """From the run's line in the history; the run's number."""
    window.shortcut(Key.Key_F6)
    letter(window, Key.Key_U)
    table = window.control("billing.runs", Table)
    window.press(Key.Key_Tab)
    while not table.hasFocus():
        window.press(Key.Key_Tab)
    window.press(Key.Key_Home, Key.Key_Return)
    window.settle()
    assert window.frame.page is not None and window.frame.page.key == "statements"
    ((run_id,),) = window.rows("SELECT max(id) FROM run WHERE what = 'billing' AND documents > 0")
    assert window.control("statements.run", QComboBox).currentData() == run_id
    return int(run_id)


def delivered(window: Window, run_id: int, delivery: str) -> int:
    """How many statements of the run stand in the list of a way of delivery, chosen by keys."""
    box = window.control("statements.delivery", QComboBox)
    letter(window, Key.Key_L)
    assert box.hasFocus()
    window.press(Key.Key_Home, *[Key.Key_Down] * box.findData(delivery))
    window.settle()
    count = len(window.control("statements.list", Table).rows_model.rows)
    ((in_the_books,),) = window.rows(
        "SELECT count(*) FROM invoice i JOIN account a ON a.id = i.account_id WHERE i.run_id = ? AND a.delivery = ?",
        run_id,
        delivery,
    )
    assert count == in_the_books > 0
    return count


def the_statements_are_previewed(window: Window, run_id: int) -> None:
    """Made as PDF into the office's folder and shown; a preview marks nothing."""
    count = delivered(window, run_id, "paper")
    letter(window, Key.Key_V)
    window.wait_for(lambda: shown_paper() is not None)
    preview = shown_paper()
    assert preview is not None and preview.path is not None
    document = pypdfium2.PdfDocument(preview.path)
    words = "\n".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    rows = window.control("statements.list", Table).rows_model.rows
    assert [row.number for row in rows if row.number not in words] == []
    assert preview.windowTitle() == f"{count} statements of 12/01/2026"
    window.press(Key.Key_Escape, on=preview.view)
    window.wait_for(lambda: shown_paper() is None)
    assert all(row.sent_on is None for row in rows)


def shown_paper() -> PdfPreview | None:
    found = [w for w in QApplication.topLevelWidgets() if isinstance(w, PdfPreview) and w.isVisible()]
    return found[0] if found else None


def the_paper_ones_are_printed_and_marked(window: Window, run_id: int, paper: Path) -> None:
    count = delivered(window, run_id, "paper")
    letter(window, Key.Key_P)
    window.wait_for(lambda: f"{count} statements printed" in window.message)
    window.settle()
    assert len(page_sizes(paper)) >= count
    assert all(row.sent_on == FIRST for row in window.control("statements.list", Table).rows_model.rows)
    assert said(window, "statements.summary").endswith(f"{count} went out, 0 to do")
    assert window.rows("SELECT delivery, how FROM statement_print WHERE run_id = ?", run_id) == [("paper", "a file")]


def the_others_go_by_e_mail(window: Window, run_id: int) -> None:
    count = delivered(window, run_id, "email")
    letter(window, Key.Key_M)
    window.wait_for(lambda: f"{count} e-mails written" in window.message)
    window.settle()
    assert said(window, "statements.summary").endswith(f"{count} went out, 0 to do")
    assert len(list((window.path.parent / "mail").glob("statement-*.eml"))) == count


def the_day_is_closed_and_november_recognised(window: Window) -> None:
    window.shortcut(Key.Key_F4)
    expected = window.read(lambda session: daypreview.close_preview(session, window.program.workplace.desk()))
    assert not expected.blockers
    ((month, cents),) = expected.months
    assert month == date(2026, 11, 30) and cents > 0
    assert f"The revenue of November 2026 is recognised: {format_cents(cents)}" in said(window, "dayclose.will")
    asked(window, Key.Key_C, "close.action")
    window.press(Key.Key_Return)
    window.settle()
    assert f"12/01/2026 is closed. {expected.receipts} receipts sent." in window.message
    assert f"Revenue of November 2026: {format_cents(cents)}" in window.message
    assert window.rows("SELECT closed_through FROM office") == [("2026-12-01",)]
    assert window.rows("SELECT cents FROM recognition WHERE month_end = '2026-11-30'") == [(cents,)]
    assert said(window, "dayclose.day") == "12/01/2026 is closed"


def the_reports_say_what_the_books_say(window: Window) -> None:
    """Gone through with the arrow key, one after the other; what they say in figures is what the ledger holds."""
    window.shortcut(Key.Key_F10)
    listed = window.control("reports.list", QListWidget)
    assert listed.hasFocus()
    window.press(Key.Key_Home)
    ((owed,),) = window.rows("SELECT sum(balance_cents) FROM account")
    ((came_in, how_many),) = window.rows("SELECT sum(cents), count(*) FROM payment WHERE business_date = '2026-12-01'")
    ((waits,),) = window.rows(
        "SELECT sum(CASE WHEN credit = ?1 THEN cents ELSE -cents END) FROM posting WHERE ?1 IN (credit, debit)",
        int(Gl.DEFERRED_REVENUE),
    )
    expected = {
        "aging": f"Receivable  ${format_cents(owed)}",
        "receipts": f"Net  ${format_cents(came_in)}     Receipts  {how_many}",
        "deferred": f"Closing  ${format_cents(waits)}",
    }
    for place, kind in enumerate(REPORTS):
        if place:
            window.press(Key.Key_Down)
        window.settle()
        assert listed.currentItem().text() == kind.title
        assert said(window, "reports.heading").startswith(kind.title)
        assert expected.get(kind.key, "") in said(window, "reports.figures")
