"""A whole morning by keys alone: mail logged, 25 checks with two mistakes and a duplicate, balance, deposit, close."""

from __future__ import annotations

from typing import NamedTuple

import pypdfium2
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from ui.posting_keys import ENTER, ESCAPE, cursor, dollars, open_page, owing, payments, text, type_check, typed
from ui.window import Window

from app.money import format_cents
from app.services import daypreview
from app.services.daypreview import DepositMade, DrawerCheck
from app.views.checks_batch import BatchTable
from app.views.pdf_preview import PdfPreview
from app.views.table import Table

ALT, CONTROL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
SWAPPED, ABOVE = 7, 12  # the places in the stack of the two checks that are posted wrongly


class Stack(NamedTuple):
    """The morning's checks as they lie on the desk: id, number and name of the payer, and cents; the last is a second
    sheet of the first payer with the same number and amount."""

    payers: list[tuple[int, str, str]]
    cents: list[int]

    @property
    def total(self) -> int:
        return sum(self.cents)


def a_stack_of_25(window: Window) -> Stack:
    found = owing(window, 24)
    cents = [owed for *_, owed in found]
    cents[SWAPPED] = 4590
    payers = [(account_id, number, name) for account_id, number, name, _ in found]
    return Stack([*payers, payers[0]], [*cents, cents[0]])


def test_a_morning_of_25_checks_with_two_mistakes_and_a_duplicate_is_posted_banked_and_closed(window: Window) -> None:
    stack = a_stack_of_25(window)
    batch = open_page(window, 25, stack.total)
    assert text(window, "checks.count") == "0 of 25"
    window.wait_for(lambda: cursor() == "checks.account")
    post_the_first_24(window, stack)
    the_look_alike_is_stopped(window, stack)
    the_swapped_digits_are_found_and_corrected(window)
    the_check_on_the_wrong_account_is_moved(window, stack)
    the_books_have_each_check_where_it_belongs(window, stack, batch)
    deposit = the_drawer_goes_to_the_bank(window, stack, batch)
    the_ticket_lists_every_sheet(window, stack, deposit)
    the_day_is_closed(window)
    assert window.books_agree()


def post_the_first_24(window: Window, stack: Stack) -> None:
    for place, (_, account, name) in enumerate(stack.payers[:24]):
        if place == SWAPPED:
            # First mistake: two digits swapped, 45.90 read as 49.50.
            type_check(window, account, 4950, "2007")
        elif place == ABOVE:
            # Second mistake: posted to the customer above in the stack.
            type_check(window, stack.payers[place - 1][1], stack.cents[place], "2012")
        else:
            type_check(window, account, stack.cents[place], f"20{place:02d}")
            assert name in text(window, "checks.said")
        assert text(window, "checks.count") == f"{place + 1} of 25"
        assert cursor() == "checks.account"
        assert typed(window, "checks.account") == ""


def the_look_alike_is_stopped(window: Window, stack: Stack) -> None:
    """The earlier one is shown; nothing is posted until a reason is given."""
    before = payments(window)
    type_check(window, stack.payers[24][1], stack.cents[24], "2000")
    assert cursor() == "checks.reason"
    assert dollars(stack.cents[24]) in text(window, "checks.stop-text").replace(",", "")
    assert stack.payers[24][2] in text(window, "checks.stop-text")
    assert payments(window) == before
    window.press("both sheets are here", ENTER)
    window.settle()
    assert payments(window) == before + 1
    assert window.rows("SELECT forced FROM payment ORDER BY id DESC LIMIT 1") == [("both sheets are here",)]


def the_swapped_digits_are_found_and_corrected(window: Window) -> None:
    """All are entered and the batch is out: the swapped digits are pointed at, taken back and posted right."""
    assert text(window, "checks.difference") == "Out: 3.60 too much"
    assert "Two digits swapped? Check 2007" in text(window, "checks.doubt-1")
    assert "45.90 would balance" in text(window, "checks.doubt-1")
    marked = window.control("checks.posted", BatchTable).current_row()
    assert marked is not None and marked.number == "2007"

    window.shortcut(Qt.Key.Key_R, CONTROL)
    window.press("45.90, not 49.50", ENTER)
    window.settle()
    assert (typed(window, "checks.amount"), typed(window, "checks.number")) == ("49.50", "2007")
    assert cursor() == "checks.account"
    window.press(ENTER, "45.90", ENTER, ENTER, ENTER)
    window.settle()
    assert text(window, "checks.difference") == "✓ In balance"
    assert "in balance: 25 checks" in window.message
    assert cursor() == "checks.account"


def the_check_on_the_wrong_account_is_moved(window: Window, stack: Stack) -> None:
    """Found in the list with the arrows, taken back, posted to the right account."""
    listed = window.control("checks.posted", BatchTable)
    window.shortcut(Qt.Key.Key_C, ALT)
    while (line := listed.current_row()) is not None and line.number != "2012":
        window.press(Qt.Key.Key_Down if line.sheet > ABOVE + 1 else Qt.Key.Key_Up)
    window.press(Qt.Key.Key_Delete)
    window.press("was posted to the one above", ENTER)
    window.settle()
    assert "1 still to be posted" in text(window, "checks.difference")
    window.press(stack.payers[ABOVE][1], ENTER, ENTER, ENTER, ENTER, ENTER)
    window.settle()
    assert text(window, "checks.difference") == "✓ In balance"


def the_books_have_each_check_where_it_belongs(window: Window, stack: Stack, batch: int) -> None:
    posted = window.rows(
        "SELECT p.account_id, p.cents FROM payment p JOIN mail_check m ON m.id = p.mail_check_id "
        "LEFT JOIN payment_reversal r ON r.payment_id = p.id WHERE m.batch_id = ? AND r.payment_id IS NULL",
        batch,
    )
    right = [(account_id, cents) for (account_id, *_), cents in zip(stack.payers, stack.cents, strict=True)]
    assert sorted(posted) == sorted(right)
    assert window.rows("SELECT count(*) FROM mail_check WHERE batch_id = ? AND state <> 'posted'", batch) == [(0,)]
    assert window.rows("SELECT count(*) FROM payment_reversal WHERE state = 'reversed'") == [(2,)]
    assert window.books_agree()


def in_a_dialog(window: Window, key: Qt.Key) -> None:
    """Alt and a letter, which presses a button for a moment; then the cursor is in the dialog that it opens."""

    def is_there() -> bool:
        dialog, focused = QApplication.activeModalWidget(), QApplication.focusWidget()
        return dialog is not None and focused is not None and dialog.isAncestorOf(focused)

    window.shortcut(key, ALT)
    window.wait_for(is_there)


def the_drawer_goes_to_the_bank(window: Window, stack: Stack, batch: int) -> int:
    """F4 and Alt+M; the deposit's number."""
    window.shortcut(Qt.Key.Key_F4)
    total = format_cents(stack.total)
    assert text(window, "dayclose.drawer-total") == f"In the drawer: 25 checks, {total}"
    shown: list[DrawerCheck] = list(window.control("dayclose.drawer", Table).rows_model.rows)
    assert sorted(check.cents for check in shown) == sorted(stack.cents)
    in_a_dialog(window, Qt.Key.Key_M)
    assert window.control("deposit.total", QLabel, window.dialog()).text() == f"25 checks, {total}"
    window.press(ENTER)
    window.settle()
    ((deposit, count, cents, on),) = window.rows(
        "SELECT id, count, cents, business_date FROM deposit ORDER BY id DESC LIMIT 1"
    )
    assert (count, cents, on) == (25, stack.total, window.day.isoformat())
    assert window.rows("SELECT count(*) FROM mail_check WHERE batch_id = ? AND deposit_id = ?", batch, deposit) == [(25,)]
    assert f"Deposit {deposit} of {total} is made" in window.message
    assert window.control("dayclose.drawer-empty").isVisible()
    made: DepositMade = window.control("dayclose.deposits", Table).rows_model.row_at(0)
    assert (made.id, made.how_many, made.cents) == (deposit, 25, stack.total)
    return int(deposit)


def the_ticket_lists_every_sheet(window: Window, stack: Stack, deposit: int) -> None:
    """It is shown without being asked for; Escape puts it away and gives the keys back to the page."""

    def ticket() -> PdfPreview | None:
        found = [w for w in QApplication.topLevelWidgets() if isinstance(w, PdfPreview) and w.isVisible()]
        return found[0] if found else None

    window.wait_for(lambda: ticket() is not None)
    preview = ticket()
    assert preview is not None and preview.path is not None
    assert preview.windowTitle() == f"Deposit ticket {deposit}"
    assert preview.path.parent == window.path.parent / "deposits"
    words = read(preview)
    assert all(words.count(format_cents(cents)) >= stack.cents.count(cents) for cents in stack.cents)
    assert format_cents(stack.total) in words
    window.press(ESCAPE, on=preview.view)
    window.wait_for(lambda: ticket() is None)


def read(preview: PdfPreview) -> str:
    """The words of the paper shown."""
    document = pypdfium2.PdfDocument(preview.path)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def the_day_is_closed(window: Window) -> None:
    """Alt+C and Enter; what the page said would happen has happened."""
    expected = window.read(lambda session: daypreview.close_preview(session, window.program.workplace.desk()))
    assert not expected.blockers and expected.receipts > 0 and expected.drawer.how_many == 0
    assert f"{expected.receipts} receipts go out by e-mail" in text(window, "dayclose.will")
    in_a_dialog(window, Qt.Key.Key_C)
    assert not [said for said in words_of(window.dialog().findChildren(QLabel)) if "drawer still holds" in said]
    window.press(ENTER)
    window.settle()
    assert f"11/21/2026 is closed. {expected.receipts} receipts sent." in window.message
    assert window.rows("SELECT closed_through FROM office") == [("2026-11-21",)]
    assert len(list((window.path.parent / "mail").glob("receipt-*.eml"))) == expected.receipts
    assert text(window, "dayclose.day") == "11/21/2026 is closed"
    assert "closed" in text(window, "frame.day")
    assert not window.control("dayclose.close", QPushButton).isEnabled()


def words_of(labels: list[QLabel]) -> list[str]:
    return [shown.text() for shown in labels]
