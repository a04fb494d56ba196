"""Deposit and close: the drawer, the ticket, what arrived in the bank, and the end of the day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from ui.window import TODAY, Window

from app.services import checks, daypreview
from app.services.desk import Desk
from app.views.dayclose_close import CloseDialog
from app.views.table import Table


def desk(on: date = TODAY) -> Desk:
    return Desk("pat", "manager", "PC 1", on, TODAY)


def post(window: Window, *cents: int, on: date = TODAY) -> None:
    """Post a balanced batch of checks to the first active accounts, as another PC would."""
    ids = [row[0] for row in window.rows("SELECT id FROM account WHERE status = 'active' AND email <> '' ORDER BY id")]

    def work(session):  # type: ignore[no-untyped-def]
        batch = checks.log_mail(session, desk(on), len(cents), sum(cents))
        for n, (account, amount) in enumerate(zip(ids, cents, strict=False)):
            logged = checks.log_check(session, desk(on), batch, amount, str(9000 + n))
            checks.post_check(session, desk(on), checks.CheckForm(account, amount, str(9000 + n), mail_check_id=logged))

    change(window, work)


def change(window: Window, work) -> None:  # type: ignore[no-untyped-def]
    window.program.tasks.write(work, lambda _done: None, owner=window.frame)
    window.settle()


def alt(window: Window, key: Qt.Key) -> None:
    """Alt and a letter: the button goes down and up again before it acts."""
    window.shortcut(key, Qt.KeyboardModifier.AltModifier)
    until_in_dialog(window)


def until_in_dialog(window: Window) -> None:
    """Wait until the cursor is in the dialog that opens."""

    def is_in_dialog() -> bool:
        dialog, focused = QApplication.activeModalWidget(), QApplication.focusWidget()
        return dialog is not None and focused is not None and dialog.isAncestorOf(focused)

    window.wait_for(is_in_dialog)


def words(window: Window, name: str) -> str:
    return window.control(name, QLabel).text()


def no_preview(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Tickets that would be shown; the preview has tests of its own."""
    from app.views import dayclose_deposit

    shown: list[Path] = []
    monkeypatch.setattr(dayclose_deposit.DepositPart, "_show_paper", lambda _self, path, _deposit: shown.append(path))
    return shown


def test_an_empty_drawer_says_so_and_makes_no_deposit(window: Window) -> None:
    window.go("dayclose")
    assert window.control("dayclose.drawer-empty").isVisible()
    assert not window.control("dayclose.deposit", QPushButton).isEnabled()


def test_the_drawer_is_taken_to_the_bank_by_keys_with_its_ticket(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = no_preview(monkeypatch)
    post(window, 4995, 10001)
    window.shortcut(Qt.Key.Key_F4)
    assert words(window, "dayclose.drawer-total") == "In the drawer: 2 checks, 149.96"
    alt(window, Qt.Key.Key_M)
    assert "2 checks, 149.96" in window.control("deposit.total", QLabel, window.dialog()).text()
    window.press(Qt.Key.Key_Return, Qt.Key.Key_Return)
    window.settle()
    ((count, cents, on),) = window.rows("SELECT count, cents, business_date FROM deposit ORDER BY id DESC LIMIT 1")
    assert (count, cents, on) == (2, 14996, "2026-11-21")
    assert len(window.rows("SELECT id FROM deposit WHERE business_date = '2026-11-21'")) == 1
    assert "149.96 is made" in window.message
    assert window.control("dayclose.drawer-empty").isVisible()
    assert [path.parent.name for path in shown] == ["deposits"] and shown[0].read_bytes().startswith(b"%PDF")
    assert window.books_agree()


def test_a_check_posted_while_the_deposit_is_asked_stops_it(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    no_preview(monkeypatch)
    post(window, 4995)
    window.go("dayclose")
    window.click("dayclose.deposit")
    post(window, 700)
    window.click("deposit.action", window.dialog())
    assert (
        "has changed meanwhile: it holds 56.95 now, not 49.95"
        in window.control("deposit.refusal", QLabel, window.dialog()).text()
    )
    assert window.rows("SELECT count(*) FROM deposit WHERE business_date = '2026-11-21'") == [(0,)]


def test_a_held_check_says_so_and_enter_opens_it_for_posting(window: Window) -> None:
    def hold(session):  # type: ignore[no-untyped-def]
        batch = checks.log_mail(session, desk(), 1, 500)
        checks.hold_check(session, desk(), checks.log_check(session, desk(), batch, 500, "1"), "whose?")

    change(window, hold)
    window.go("dayclose")
    assert words(window, "dayclose.drawer-total") == "In the drawer: 1 check, 5.00, 1 of them held"
    window.control("dayclose.drawer", Table).setFocus()
    gone: list[tuple[str, object]] = []
    window.program.workplace.going.disconnect()
    window.program.workplace.going.connect(lambda page, where: gone.append((page, where)))
    window.press(Qt.Key.Key_Return)
    (held,) = window.rows("SELECT max(id) FROM mail_check")[0]
    assert gone == [("checks", {"mail_check_id": held})]


def test_a_deposit_made_before_shows_its_ticket_again(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = no_preview(monkeypatch)
    window.go("dayclose")
    window.control("dayclose.deposits", Table).setFocus()
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert len(shown) == 1 and "deposit-2026-10-" in shown[0].name


def test_what_keeps_the_day_open_is_listed_and_enter_goes_there(window: Window) -> None:
    change(window, lambda session: checks.log_mail(session, desk(), 2, 1000))
    window.go("dayclose", part="close")
    assert not window.control("dayclose.close", QPushButton).isEnabled()
    blockers = window.control("dayclose.blockers", Table)
    assert "0 of 2 checks, 0.00 of 10.00" in blockers.rows_model.row_at(0).problem
    assert "1 thing keeps" in words(window, "dayclose.blocked")
    blockers.setFocus()
    window.press(Qt.Key.Key_Return)
    assert window.frame.page is not None and window.frame.page.key == "checks"


def test_the_day_is_closed_by_keys_and_does_what_the_page_said(window: Window) -> None:
    post(window, 4995, 10001)
    window.go("dayclose", part="close")
    assert "2 receipts go out by e-mail" in words(window, "dayclose.will")
    alt(window, Qt.Key.Key_C)
    dialog = window.dialog()
    assert any("drawer still holds 2 checks, 149.96" in said.text() for said in dialog.findChildren(QLabel))
    window.press(Qt.Key.Key_Return, Qt.Key.Key_Return)
    window.settle()
    assert "11/21/2026 is closed. 2 receipts sent." in window.message
    assert window.rows("SELECT closed_through FROM office") == [("2026-11-21",)]
    letters = list((window.path.parent / "mail").glob("receipt-*.eml"))
    assert len(letters) == 2
    assert words(window, "dayclose.day") == "11/21/2026 is closed"
    assert "No receipt waits" in words(window, "dayclose.will")
    assert not window.control("dayclose.close", QPushButton).isEnabled()
    assert "closed" in words(window, "frame.day")
    assert window.books_agree()


def test_escape_leaves_the_day_open(window: Window) -> None:
    before = window.rows("SELECT closed_through FROM office")
    window.go("dayclose")
    window.click("dayclose.close")
    until_in_dialog(window)
    window.press(Qt.Key.Key_Escape)
    window.settle()
    assert QApplication.activeModalWidget() is None
    assert window.rows("SELECT closed_through FROM office") == before


def test_the_month_ends_revenue_is_announced_and_then_recognised(window: Window) -> None:
    window.day = date(2026, 11, 30)
    window.program.workplace.choose_date(window.day)
    window.go("dayclose")
    preview = window.read(lambda session: daypreview.close_preview(session, window.program.workplace.desk()))
    ((last_day, cents),) = preview.months
    assert last_day == date(2026, 11, 30) and cents > 0
    said = f"The revenue of November 2026 is recognised: {cents // 100:,}.{cents % 100:02d}"
    assert said in words(window, "dayclose.will")
    window.click("dayclose.close")
    window.click("close.action", window.dialog())
    assert window.rows("SELECT cents FROM recognition WHERE month_end = '2026-11-30'") == [(cents,)]
    assert window.books_agree()


def test_a_closed_day_only_sends_the_receipts_that_wait(window: Window) -> None:
    window.program.workplace.choose_date(date(2026, 11, 2))
    window.go("dayclose")
    waiting = window.rows(
        "SELECT p.id, p.account_id FROM payment p WHERE p.receipt_due = 1 AND p.business_date <= '2026-11-02' LIMIT 1"
    )
    assert waiting, "the sample has a payer without an address"
    assert not window.control("dayclose.close", QPushButton).isEnabled()

    def give_address(session):  # type: ignore[no-untyped-def]
        from app.services import accounts

        accounts.change_email(session, desk(), waiting[0][1], "payer@example.net")

    change(window, give_address)
    assert window.control("dayclose.close", QPushButton).text() == "&Send receipts…"
    window.click("dayclose.close")
    window.click("close.action", window.dialog())
    assert "was closed already" in window.message and "1 receipt sent" in window.message
    assert window.rows("SELECT receipt_due FROM payment WHERE id = ?", waiting[0][0]) == [(0,)]


def test_card_payments_that_arrived_are_settled_once(window: Window) -> None:
    window.go("dayclose", part="clearing")
    table = window.control("dayclose.clearing", Table)
    first = table.rows_model.row_at(0)
    unsettled = "SELECT count(*), sum(cents) FROM payment WHERE kind = ? AND settled_on IS NULL AND business_date = ?"
    assert window.rows(unsettled, first.kind, first.on.isoformat()) == [(first.how_many, first.cents)]
    table.setFocus()
    window.press(Qt.Key.Key_Return)
    until_in_dialog(window)
    window.press(Qt.Key.Key_Return, Qt.Key.Key_Return)
    window.settle()
    assert window.rows(unsettled, first.kind, first.on.isoformat()) == [(0, None)]
    assert "arrived in the bank on 11/21/2026" in window.message
    assert window.rows("SELECT count(*) FROM action WHERE what = 'settle'") == [(1,)]
    assert first not in table.rows_model.rows
    assert window.books_agree()


def test_the_preview_of_a_close_writes_nothing(window: Window) -> None:
    post(window, 4995)
    before = window.rows("SELECT count(*), max(id) FROM action")
    window.go("dayclose")
    window.click("dayclose.close")
    assert isinstance(window.dialog(), CloseDialog)
    window.press(Qt.Key.Key_Escape)
    assert window.rows("SELECT count(*), max(id) FROM action") == before
