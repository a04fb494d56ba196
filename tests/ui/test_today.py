"""Today: what waits, where each row leads, auto-pay, and the charts with their figures."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import date
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from ui.test_day_close_page import until_in_dialog
from ui.window import TODAY, Window

from app.money import format_cents
from app.services import autopay, billing, checks, todayfigures, waiting
from app.services.backupstanding import backup_standing, waiting_backup
from app.services.books import open_office
from app.services.desk import Desk
from app.views.backups import start_backup
from app.views.charts import BarChart
from app.views.style import apply_theme
from app.views.table import Table

SUPERVISOR = Desk("sam", "supervisor", "PC 2", TODAY, TODAY)


def table(window: Window) -> Table[Any]:
    return window.control("today.waiting", Table)


def keys(window: Window) -> list[str]:
    return [row.key for row in table(window).rows_model.rows]


def do(window: Window, service: Any, *args: Any) -> Any:
    """What somebody does at this PC on another page."""
    done: list[Any] = []
    window.program.tasks.write(lambda session: service(session, SUPERVISOR, *args), done.append, owner=window.frame)
    window.settle()
    return done[0]


def put_cursor_on(window: Window, key: str) -> Any:
    row = next(row for row in table(window).rows_model.rows if row.key == key)
    table(window).setFocus()
    table(window).select_row(row)
    return row


def going(window: Window) -> list[tuple[str, dict[str, Any]]]:
    gone: list[tuple[str, dict[str, Any]]] = []
    window.program.workplace.going.connect(lambda page, where: gone.append((page, where)))
    return gone


def test_the_list_is_what_the_service_says_in_its_order(window: Window) -> None:
    backup = window.read(lambda session: waiting_backup(backup_standing(session, TODAY)))
    expected = window.read(lambda session: waiting.what_waits(session, TODAY))
    assert list(table(window).rows_model.rows) == [*expected, backup]
    assert "held" in keys(window)
    QAbstractItemModelTester(table(window).model(), QAbstractItemModelTester.FailureReportingMode.Fatal, table(window))


def test_enter_on_a_row_opens_the_page_where_it_is_done(window: Window) -> None:
    row = put_cursor_on(window, "authorization-missing")
    gone = going(window)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert gone == [(row.page, {"waits": "form"})]
    assert window.frame.page is not None and window.frame.page.key == "accounts"


def test_a_click_on_a_row_opens_it_too(window: Window) -> None:
    put_cursor_on(window, "clearing")
    place = keys(window).index("clearing")
    index = table(window).model().index(place, 0)
    table(window).clicked.emit(index)
    window.settle()
    assert window.frame.page is not None and window.frame.page.key == "dayclose"


def test_mail_logged_meanwhile_shows_without_being_asked_and_enter_goes_to_post_it(window: Window) -> None:
    assert "unposted" not in keys(window)
    batch = do(window, checks.log_mail, 1, 500)
    logged = do(window, checks.log_check, batch, 500, "77")
    row = put_cursor_on(window, "unposted")
    assert (row.how_many, row.cents) == (1, 500)
    # The posting page keeps what is in hand; here it only matters where Enter leads.
    window.program.workplace.going.disconnect()
    gone = going(window)
    window.press(Qt.Key.Key_Return)
    assert gone == [("checks", {"mail_check_id": logged})]


def test_when_nothing_waits_it_says_so(window: Window, monkeypatch: Any) -> None:
    monkeypatch.setattr(waiting, "what_waits", lambda _session, _on: [])
    start_backup(window.program.workplace, "by-hand")
    window.settle()
    window.program.tasks.books_changed.emit(None)
    window.settle()
    assert window.control("today.nothing", QLabel).isVisible()
    assert window.control("today.nothing", QLabel).text() == "Nothing waits on 11/21/2026."
    assert not table(window).isVisible()


def test_auto_pay_is_due_after_the_month_is_billed_and_is_run_from_here_once(window: Window) -> None:
    window.day = date(2026, 12, 1)
    window.program.workplace.choose_date(window.day)
    with open_office(window.path) as books:
        billing.run_billing(books, Desk("sam", "manager", "PC 2", window.day, window.day))
    window.program.tasks.books_changed.emit(None)
    window.settle()
    due = put_cursor_on(window, "autopay")
    assert due.how_many > 1
    window.press(Qt.Key.Key_Return)
    window.settle()
    dialog = window.dialog()
    said = window.control("autopay.due", QLabel, dialog).text()
    assert said.startswith(f"{due.how_many} accounts are asked for {format_cents(due.cents)} in all")
    until_in_dialog(window)
    window.press(Qt.Key.Key_Return, Qt.Key.Key_Return)
    window.settle()
    asked = "SELECT count(*), sum(cents) FROM payment_attempt WHERE business_date = '2026-12-01'"
    assert window.rows(asked) == [(due.how_many, due.cents)]
    assert window.rows("SELECT count(*) FROM run WHERE what = 'autopay' AND business_date = '2026-12-01'") == [(1,)]
    assert window.message.startswith("Auto-pay: ")
    assert "autopay" not in keys(window)
    assert (window.path.parent / "autopay" / "autopay-2026-12-01.csv").is_file()
    assert window.books_agree()


def test_auto_pay_is_stopped_by_its_key_and_goes_on_when_it_is_run_again(window: Window, monkeypatch: Any) -> None:
    window.day = date(2026, 12, 1)
    window.program.workplace.choose_date(window.day)
    with open_office(window.path) as books:
        billing.run_billing(books, Desk("sam", "manager", "PC 2", window.day, window.day))
    window.program.tasks.books_changed.emit(None)
    window.settle()
    due = put_cursor_on(window, "autopay")
    held = threading.Event()
    real = autopay.attempt

    def slowly(*args: Any) -> bool:
        held.wait(10)
        return real(*args)

    monkeypatch.setattr(autopay, "attempt", slowly)
    window.press(Qt.Key.Key_Return)
    window.settle()
    dialog = window.dialog()
    until_in_dialog(window)
    window.press(Qt.Key.Key_Return)
    stop = window.control("autopay.stop", QPushButton, dialog)
    window.wait_for(stop.isVisible)
    QTest.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.AltModifier)
    window.wait_for(lambda: not stop.isEnabled())
    held.set()
    window.settle()
    assert "run auto-pay again to ask the others" in window.message
    ((asked,),) = window.rows("SELECT count(*) FROM payment_attempt WHERE business_date = '2026-12-01'")
    assert 0 < asked < due.how_many
    window.click("today.autopay")
    window.click("autopay.action", window.dialog())
    assert window.rows("SELECT count(*) FROM payment_attempt WHERE business_date = '2026-12-01'") == [(due.how_many,)]
    assert window.books_agree()


def test_auto_pay_with_nobody_to_ask_says_so_and_enter_closes_it(window: Window, monkeypatch: Any) -> None:
    monkeypatch.setattr(waiting, "autopay_due", lambda _session, _on: [])
    window.click("today.autopay")
    dialog = window.dialog()
    assert "Nobody who can be asked owes" in window.control("autopay.due", QLabel, dialog).text()
    until_in_dialog(window)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert QApplication.activeModalWidget() is None
    assert window.rows("SELECT count(*) FROM payment_attempt WHERE business_date = '2026-11-21'") == [(0,)]


def test_the_charts_stand_beside_their_figures_as_text(window: Window) -> None:
    aged = window.read(lambda session: todayfigures.aging_now(session, TODAY))
    received = window.read(lambda session: todayfigures.receipts_by_day(session, TODAY))
    (owed,) = window.rows("SELECT sum(balance_cents) FROM account")[0]
    figures = window.control("today.aging-figures").accessibleDescription()
    assert f"Not due: {format_cents(aged.current)}" in figures and f"Receivable: {format_cents(owed)}" in figures
    total = sum(day.cents for day in received)
    assert total > 0
    assert f"30 days: {format_cents(total)}" in window.control("today.receipts-figures").accessibleDescription()
    shown = {text.text() for text in window.control("today.aging-figures").findChildren(QLabel)}
    assert format_cents(aged.over_90) in shown
    assert "11/01/2026: " in window.control("today.receipts", BarChart).accessibleDescription()
    assert f"31-60: {format_cents(aged.days_31_60)}" in window.control("today.aging", BarChart).accessibleDescription()


def test_the_charts_follow_the_palette(window: Window) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    chart = window.control("today.aging", BarChart)
    try:
        apply_theme(application, "light")
        QApplication.processEvents()
        light = chart._across.labelsColor()
        apply_theme(application, "dark")
        QApplication.processEvents()
        assert chart._across.labelsColor().lightness() > light.lightness()
    finally:
        apply_theme(application, "light")


def test_every_control_of_the_page_has_a_name_for_a_screen_reader(window: Window) -> None:
    page = window.frame.page
    assert page is not None
    for control in [*page.findChildren(QPushButton), *page.findChildren(Table)]:
        assert control.accessibleName() and control.objectName().startswith("today."), control
    assert isinstance(page.findChild(QWidget, "today.receipts"), BarChart)


def test_the_page_loads_neither_charts_nor_paper_before_its_list_is_shown() -> None:
    said = (
        "import sys; import app.views.pages.today; "
        "print([name for name in sys.modules if name.split('.')[0] == 'reportlab' or name == 'PySide6.QtCharts'])"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True, encoding="utf-8")
    assert done.stdout.strip() == "[]"
