"""A whole month-end from the keyboard: preview, difference, run, result, history; a second run bills nothing."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QProgressBar, QTabWidget, QWidget
from ui.window import Window

from app.services import billing
from app.services.books import open_office
from app.services.desk import Desk
from app.views.pages.billing import DIFFERENCE, RUNS, TOTALS
from app.views.table import Table

ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
Key = Qt.Key


def letter(window: Window, key: Qt.Key) -> None:
    """Alt and a letter, where the cursor is."""
    window.shortcut(key, ALT)


def asked(window: Window) -> QWidget:
    """The question before a run; a button pressed by its letter goes down for a moment first."""
    letter(window, Key.Key_R)
    window.wait_for(lambda: QApplication.activeModalWidget() is not None)
    dialog = window.dialog()
    action = window.control("billing-run.action", QWidget, dialog)
    window.wait_for(action.hasFocus)
    return dialog


def test_a_whole_month_end_by_keys(window: Window) -> None:
    window.day = date(2026, 12, 1)
    window.shortcut(Key.Key_D, CONTROL)
    window.press("12/1", Key.Key_Return)
    window.settle()
    window.shortcut(Key.Key_F6)
    tabs = window.control("billing.tabs", QTabWidget)

    # Preview: the cursor waits on its button.
    assert window.control("billing.preview").hasFocus()
    progressed: list[int] = []
    window.control("billing.progress", QProgressBar).valueChanged.connect(progressed.append)
    window.press(Key.Key_Return)
    window.settle()
    assert progressed
    cents = window.control("billing.cents", QLabel).text()
    with open_office(window.path) as books:
        expected = billing.preview(books, Desk("x", "manager", "pc", window.day, window.day))
    assert cents == f"${expected.cents / 100:,.2f}"
    assert window.rows("SELECT count(*) FROM invoice WHERE issued_on = '2026-12-01'") == [(0,)]

    # Difference, into an account and back.
    letter(window, Key.Key_I)
    assert tabs.currentIndex() == DIFFERENCE
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
    assert window.control("billing.cents", QLabel).text() == cents

    # The run: asked once more, then Enter.
    dialog = asked(window)
    assert cents in window.control("billing-run.said", QLabel, dialog).text()
    window.press(Key.Key_Return)
    window.settle()
    assert f"Billed {expected.invoices:,} invoices" in window.message
    assert tabs.currentIndex() == TOTALS
    assert window.control("billing.totals-said", QLabel).text().startswith("Billed by run")
    (state, documents, billed) = window.rows("SELECT state, documents, cents FROM run ORDER BY id DESC LIMIT 1")[0]
    assert (state, documents, billed) == ("done", expected.invoices, expected.cents)

    # The history has it first.
    letter(window, Key.Key_U)
    assert tabs.currentIndex() == RUNS
    first = window.control("billing.runs", Table).rows_model.rows[0]
    assert (first.on, first.state, first.invoices) == (date(2026, 12, 1), "done", expected.invoices)

    # A second run bills nothing.
    asked(window)
    window.press(Key.Key_Return)
    window.settle()
    assert "nothing to bill" in window.message
    assert window.rows("SELECT sum(total_cents) FROM invoice WHERE issued_on = '2026-12-01'") == [(expected.cents,)]
    assert len(window.control("billing.runs", Table).rows_model.rows) == len(
        window.rows("SELECT id FROM run WHERE what = 'billing'")
    )

    # Its statements are one key away.
    letter(window, Key.Key_U)
    table = window.control("billing.runs", Table)
    table.setFocus()
    table.selectRow(0)
    window.press(Key.Key_Return)
    window.settle()
    assert window.frame.page.key == "statements"
    assert window.books_agree()
