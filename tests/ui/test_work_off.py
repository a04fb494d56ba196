"""Lists that open from Today and are worked off there: checks held, receipts without an e-mail address."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit
from ui.window import Window

from app.services import dayclose, heldchecks, paperreceipts
from app.services.desk import Desk
from app.services.gateways.mail import NoMail
from app.views.account_edit import AccountEdit
from app.views.pdf_preview import PdfPreview
from app.views.table import Table


def open_from_today(window: Window, key: str) -> Any:
    window.go("today")
    table = window.control("today.waiting", Table)
    table.setFocus()
    table.select_row(next(row for row in table.rows_model.rows if row.key == key))
    window.press(Qt.Key.Key_Return)
    window.settle()
    return window.dialog()


def test_a_held_check_is_moved_to_its_account_by_keys_and_leaves_the_list(window: Window) -> None:
    held = window.read(lambda session: heldchecks.held_checks(session, window.day))
    (account_id, number) = window.rows("SELECT id, number FROM account WHERE status = 'active' ORDER BY id LIMIT 1")[0]
    dialog = open_from_today(window, "held")
    listed = window.control("held.list", Table, dialog)
    assert [row.id for row in listed.rows_model.rows] == [row.id for row in held]
    listed.setFocus()
    window.press(Qt.Key.Key_Return)  # to the account
    edit = window.control("held.account", AccountEdit, dialog)
    assert edit.hasFocus()
    window.press(number, Qt.Key.Key_Return)
    window.settle()
    assert edit.account_id == account_id
    said = window.control("held.pays", QLabel, dialog).text()
    assert number in said and "Balance after it" in said
    window.press(Qt.Key.Key_Return, on=window.control("held.action", inside=dialog))
    window.settle()
    posted = window.rows("SELECT account_id, cents, business_date FROM payment WHERE mail_check_id = ?", held[0].id)
    assert posted == [(account_id, held[0].cents, window.day.isoformat())]
    assert window.rows("SELECT state FROM mail_check WHERE id = ?", held[0].id) == [("posted",)]
    assert "is moved to" in window.message
    assert window.books_agree()
    if len(held) > 1:
        assert [row.id for row in listed.rows_model.rows] == [row.id for row in held[1:]]
        dialog.reject()


def test_a_held_check_without_an_account_is_refused_at_the_input_and_can_be_opened_in_post_checks(window: Window) -> None:
    held = window.read(lambda session: heldchecks.held_checks(session, window.day))
    dialog = open_from_today(window, "held")
    window.click("held.action", dialog)
    assert "Which account is it for?" in window.control("held.refusal", QLabel, dialog).text()
    window.click("held.open", dialog)
    assert window.frame.page is not None and window.frame.page.key == "checks"
    assert window.control("checks.number", QLineEdit).text() == held[0].number


@pytest.fixture
def missing(window: Window) -> list[paperreceipts.MissingReceipt]:
    """The day before is closed: some payments of the sample have no receipt."""
    if not window.read(lambda session: paperreceipts.missing_receipts(session, window.day)):
        desk = Desk("pat", "manager", "PC 1", window.day, window.day)
        window.program.tasks.write(
            lambda session: dayclose.close_day(session, desk, NoMail()), lambda _done: None, owner=window.frame
        )
        window.settle()
    return window.read(lambda session: paperreceipts.missing_receipts(session, window.day))


def test_an_address_recorded_in_the_list_takes_the_customer_off_it(
    window: Window, missing: list[paperreceipts.MissingReceipt]
) -> None:
    dialog = open_from_today(window, "no-receipt-address")
    listed = window.control("receipts.list", Table, dialog)
    assert [row.payment_id for row in listed.rows_model.rows] == [row.payment_id for row in missing]
    email = window.control("receipts.email", QLineEdit, dialog)
    listed.setFocus()
    window.press(Qt.Key.Key_Return)
    assert email.hasFocus()
    window.press("nobody", Qt.Key.Key_Return)
    window.settle()
    assert window.control("receipts.refusal", QLabel, dialog).isVisible() and email.text() == "nobody"
    window.type_into("receipts.email", "new@example.net", dialog)
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert window.rows("SELECT email FROM account WHERE id = ?", missing[0].account_id) == [("new@example.net",)]
    assert window.rows("SELECT count(*) FROM receipt WHERE address = 'by hand'") == [(0,)]
    left = window.read(lambda session: paperreceipts.missing_receipts(session, window.day))
    assert missing[0].account_id not in {row.account_id for row in left}
    if left:
        assert [row.payment_id for row in listed.rows_model.rows] == [row.payment_id for row in left]
        dialog.reject()


def test_receipts_are_printed_and_marked_as_handed_over(window: Window, missing: list[paperreceipts.MissingReceipt]) -> None:
    dialog = open_from_today(window, "no-receipt-address")
    listed = window.control("receipts.list", Table, dialog)
    listed.selectAll()
    window.click("receipts.print", dialog)
    (preview,) = dialog.findChildren(PdfPreview)
    assert preview.document.pageCount() == len({row.account_id for row in missing})
    assert window.rows("SELECT count(*) FROM receipt WHERE address = 'by hand'") == [(0,)]
    preview.close()
    listed.selectAll()
    window.click("receipts.action", dialog)
    handed = {row[0] for row in window.rows("SELECT payment_id FROM receipt WHERE address = 'by hand'")}
    assert handed == {row.payment_id for row in missing}
    assert "recorded as handed over" in window.message
    assert "no-receipt-address" not in {row.key for row in window.control("today.waiting", Table).rows_model.rows}
    assert window.books_agree()
