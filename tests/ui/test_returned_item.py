"""The returned item by keys and clicks, for both books: found, looked at, confirmed once, told in a letter."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton
from ui.account_dialogs import balance, choose
from ui.window import TODAY, Window

from app.money import format_cents
from app.services import accounts, autopay, billing, checks, members
from app.services.books import open_office
from app.services.desk import Desk
from app.services.gateways.autopay import DeclineListGateway
from app.views.dialogs.returned_item import ReturnedItemDialog, open_returned_item
from app.views.pdf_preview import PdfPreview
from app.views.table import Table

ENTER, ESCAPE, DOWN = Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Down
CTRL = Qt.KeyboardModifier.ControlModifier
LATEST = (
    "SELECT p.id, p.account_id, p.cents, p.check_number FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
    "WHERE p.kind = ? AND r.payment_id IS NULL ORDER BY p.business_date DESC, p.id DESC LIMIT 1"
)


def opened(window: Window, **where: Any) -> ReturnedItemDialog:
    dialog = open_returned_item(window.program.workplace, window.frame, **where)
    window.settle()
    assert isinstance(dialog, ReturnedItemDialog) and window.dialog() is dialog
    return dialog


def at_payment(window: Window, payment_id: int) -> ReturnedItemDialog:
    dialog = opened(window, payment_id=payment_id)
    window.wait_for(dialog.action.isEnabled)
    return dialog


def follows(window: Window) -> str:
    window.settle()
    return window.control("returned.follows", QLabel).text()


def fees(window: Window) -> str:
    window.settle()
    return window.control("returned.fees").accessibleDescription()


def letter(window: Window) -> str:
    window.settle()
    return window.control("returned.letter-text", QPlainTextEdit).toPlainText()


def record(window: Window, dialog: ReturnedItemDialog) -> None:
    window.click("returned.action", dialog)
    window.settle()
    for preview in window.frame.findChildren(PdfPreview):
        preview.close()
    window.settle()


def member_that_paid(window: Window, method: str, individuals: int = 2) -> tuple[int, int]:
    """A member whose processing fee of 60.00 auto-pay has just paid: the account and the payment."""
    desk = Desk("pat", "manager", "PC 1", TODAY, TODAY)
    with open_office(window.path) as books:
        with books.write() as session:
            form = accounts.AccountForm(
                "Mia Member",
                "membership-arrears",
                address=("5 Elm St", "Custer SD 57730"),
                email="mia@example.com",
                plan="Premiere",
                monthly_cents=9000,
                processing_cents=6000,
                individuals=individuals,
                autopay=method,
            )
            member = accounts.open_account(session, desk, form)
            members.record_work_performed(session, desk, member)
            members.instruct_early(session, desk, member, TODAY)
            billing.bill_account(session, desk, member)
        with books.write() as session:
            (due,) = [item for item in autopay.due(session, desk) if item.account_id == member]
            autopay.attempt(session, desk, due, DeclineListGateway([]))
    ((payment_id,),) = window.rows("SELECT id FROM payment WHERE account_id = ?", member)
    return member, payment_id


def test_by_keys_alone_from_ctrl_k_a_check_is_found_looked_at_and_recorded(window: Window) -> None:
    ((payment_id, account_id, cents, number),) = window.rows(LATEST, "check")
    owed = balance(window, account_id)
    window.shortcut(Qt.Key.Key_K, CTRL)
    window.press("returned item", ENTER)
    window.settle()
    dialog = window.dialog()
    assert isinstance(dialog, ReturnedItemDialog)
    assert QApplication.focusWidget() is window.control("returned.find")
    window.press(number)
    window.wait_for(lambda: [row.payment_id for row in dialog.picker.items.rows_model.rows] == [payment_id])
    window.press(ENTER)
    window.settle()
    assert f"Check {number} of {format_cents(cents)}" in window.control("returned.subject", QLabel).text()
    window.wait_for(dialog.action.isEnabled)
    window.type_into("returned.bank_fee", "7.5")
    assert "Bank's fee, check" in fees(window) and "25.00 for each return, ADV-10: 25.00" in fees(window)
    assert f"from ${format_cents(owed)} to ${format_cents(owed + cents + 3250)}" in follows(window)
    assert "was returned because there was not enough money" in letter(window)
    ledger = window.control("returned.ledger", Table).rows_model.rows
    assert sum(row.cents for row in ledger if row.debit == "Accounts receivable") == cents + 3250
    assert balance(window, account_id) == owed, "looking has written"
    window.press(ENTER)
    window.settle()
    assert balance(window, account_id) == owed + cents + 3250
    assert window.rows("SELECT state, reason, bank_fee_cents FROM payment_reversal WHERE payment_id = ?", payment_id) == [
        ("returned", "R01", 750)
    ]
    assert f"Recorded: check {number}" in window.message and "32.50" in window.message
    assert window.books_agree()
    record_of_letter = Path(window.path).parent
    made = [*record_of_letter.glob("mail/returned-payment-*.eml"), *record_of_letter.glob("letters/returned-payment-*.pdf")]
    assert made


def test_two_quick_enters_on_the_list_confirm_nothing(window: Window) -> None:
    ((_payment_id, account_id, _cents, number),) = window.rows(LATEST, "check")
    owed = balance(window, account_id)
    dialog = opened(window, typed=number)
    window.press(ENTER, ENTER, ENTER)
    window.settle()
    assert dialog.isVisible() and not dialog.action.isEnabled()
    window.press(ENTER)
    window.settle()
    assert balance(window, account_id) == owed
    assert window.rows("SELECT count(*) FROM payment_reversal WHERE business_date = ?", TODAY.isoformat()) == [(0,)]


def test_the_arrows_move_through_what_was_found_while_typing(window: Window) -> None:
    ((_id, _account, cents, _number),) = window.rows(LATEST, "check")
    dialog = opened(window)
    assert len(dialog.picker.items.rows_model.rows) > 10
    window.press(DOWN, DOWN)
    assert dialog.picker.items.currentIndex().row() == 2
    window.press(format_cents(cents))
    window.wait_for(lambda: all(row.cents == cents for row in dialog.picker.items.rows_model.rows))
    window.type_into("returned.find", "nobody at all")
    window.wait_for(window.control("returned.nothing").isVisible)
    window.press(ENTER)
    window.settle()
    assert "Choose the payment" in dialog.refusal.text()


@pytest.mark.parametrize("kind", ["returned-admin-fee", "returned-bank-fee"])
def test_one_fee_is_waived_by_a_tick_and_a_reason(window: Window, kind: str) -> None:
    ((payment_id, account_id, cents, _number),) = window.rows(LATEST, "check")
    owed = balance(window, account_id)
    dialog = at_payment(window, payment_id)
    assert not window.control("returned.reason").isVisible()
    window.type_into("returned.bank_fee", "7")
    window.settle()
    window.control(f"returned.waive-{kind}", QCheckBox).click()
    assert "waived" in fees(window)
    window.click("returned.action", dialog)
    assert "needs a reason" in dialog.refusal.text() and window.control("returned.reason", QLineEdit).hasFocus()
    window.press("the bank's mistake")
    record(window, dialog)
    assert balance(window, account_id) == owed + cents + (700 if kind == "returned-admin-fee" else 2500)
    ((reason,),) = window.rows("SELECT reason FROM payment_reversal WHERE payment_id = ?", payment_id)
    assert reason.endswith("the bank's mistake)")


def test_a_clerk_sees_it_all_and_records_it_but_cannot_waive(window: Window) -> None:
    ((payment_id, account_id, cents, _number),) = window.rows(LATEST, "check")
    owed = balance(window, account_id)
    window.settings.put("desk/role", "clerk")
    dialog = at_payment(window, payment_id)
    window.control("returned.waive-returned-admin-fee", QCheckBox).click()
    assert "waived" in fees(window)
    window.type_into("returned.reason", "asked nicely")
    window.click("returned.action", dialog)
    window.settle()
    assert dialog.isVisible() and "supervisor" in dialog.refusal.text()
    window.control("returned.waive-returned-admin-fee", QCheckBox).click()
    window.settle()
    made: list[object] = []
    window.program.workplace.said.connect(lambda _tone, text: made.append(text))
    record(window, dialog)
    assert balance(window, account_id) == owed + cents + 2500
    assert sum("The letter lies in" in str(text) for text in made) == 1, "one letter, also after a refusal"


def test_a_card_of_a_home_is_charged_back_without_a_fee(window: Window) -> None:
    ((payment_id, account_id, cents, _number),) = window.rows(LATEST, "card")
    owed = balance(window, account_id)
    dialog = at_payment(window, payment_id)
    for name in ("cause", "bank_fee", "fraud", "cost-court", "reason"):
        assert not window.control(f"returned.{name}").isVisible(), name
    assert fees(window) == "No fee follows."
    window.type_into("returned.remark", "disputed")
    record(window, dialog)
    assert balance(window, account_id) == owed + cents
    assert window.rows("SELECT state, reason FROM payment_reversal WHERE payment_id = ?", payment_id) == [
        ("charged-back", "disputed")
    ]


def test_a_members_draft_returned_for_a_closed_account(window: Window) -> None:
    member, payment_id = member_that_paid(window, "bank-draft")
    dialog = at_payment(window, payment_id)
    choose(window, "returned.cause", "R02")
    assert "Late charge, Premiere" in fees(window) and "ARR-6: 15.00" in fees(window) and "ARR-7: 35.00" in fees(window)
    assert "stops: the bank account is closed (ARR-10)" in follows(window)
    assert "failed attempt number 1" in follows(window) and "is withdrawn" in follows(window)
    assert "newly signed authorization form" in letter(window)
    assert window.control("returned.letter", QComboBox).currentText() == "By e-mail, to mia@example.com"
    record(window, dialog)
    assert balance(window, member) == 6000 + 5000
    assert window.rows("SELECT authorized_on FROM account WHERE id = ?", member) == [(None,)]
    assert (window.path.parent / "mail" / f"returned-payment-{payment_id}.eml").exists(), window.message
    assert window.books_agree()


def test_a_members_card_charged_back_by_fraud_with_costs(window: Window) -> None:
    member, payment_id = member_that_paid(window, "card", individuals=3)
    dialog = at_payment(window, payment_id)
    assert fees(window) == "No fee follows."
    window.control("returned.fraud", QCheckBox).click()
    assert "500.00 x 3 individuals" in fees(window)
    window.type_into("returned.cost-attorney", "300")
    assert "Chargeback: attorney" in fees(window)
    window.control("returned.waive-chargeback-cost-attorney", QCheckBox).click()
    window.type_into("returned.cost-court", "125")  # comes before it: the tick stays with its own line
    window.type_into("returned.cost-processing", "20")
    assert "Chargeback: court, 125.00, what it cost, ARR-9: 125.00." in fees(window)
    assert "Chargeback: attorney, 300.00, what it cost, ARR-9: 300.00, waived." in fees(window)
    assert window.control("returned.waive-chargeback-cost-attorney", QCheckBox).isChecked()
    assert not window.control("returned.waive-chargeback-cost-court", QCheckBox).isChecked()
    window.type_into("returned.reason", "settled")
    choose(window, "returned.letter", "None")
    record(window, dialog)
    assert balance(window, member) == 6000 + 150_000 + 12_500 + 2_000
    assert not (window.path.parent / "mail" / f"returned-payment-{payment_id}.eml").exists()
    assert window.books_agree()


def test_another_payment_starts_anew_and_escape_keeps_what_was_typed_once(window: Window) -> None:
    ((payment_id, *_),) = window.rows(LATEST, "check")
    dialog = at_payment(window, payment_id)
    window.control("returned.waive-returned-admin-fee", QCheckBox).click()
    window.settle()
    window.click("returned.another", dialog)
    assert QApplication.focusWidget() is window.control("returned.find")
    window.press(DOWN, ENTER)
    window.wait_for(dialog.action.isEnabled)
    assert dialog.row is not None and dialog.row.payment_id != payment_id and not dialog.fees.waived()
    window.type_into("returned.remark", "half a")
    window.press(ESCAPE)
    assert dialog.isVisible() and "Escape once more" in dialog.refusal.text()
    window.press(ESCAPE)
    window.settle()
    assert window.rows("SELECT count(*) FROM payment_reversal WHERE business_date = ?", TODAY.isoformat()) == [(0,)]


def test_a_date_before_the_payment_or_one_not_come_is_told_and_refused(window: Window) -> None:
    ((payment_id, account_id, *_),) = window.rows(LATEST, "check")
    owed = balance(window, account_id)
    dialog = at_payment(window, payment_id)
    window.type_into("returned.on", "11/25/2026")
    assert "has not come yet" in follows(window)
    window.type_into("returned.on", "nonsense")
    assert "date" in follows(window)
    window.click("returned.action", dialog)
    assert dialog.isVisible() and balance(window, account_id) == owed


def test_a_payment_that_came_back_already_says_so_and_offers_the_others(window: Window) -> None:
    ((payment_id, *_),) = window.rows(LATEST, "check")
    dialog = at_payment(window, payment_id)
    record(window, dialog)
    again = opened(window, payment_id=payment_id)
    assert "already returned" in again.refusal.text()
    assert payment_id not in [row.payment_id for row in again.picker.items.rows_model.rows]


def test_it_is_reached_from_post_checks_and_from_collections(window: Window) -> None:
    window.go("checks")
    window.shortcut(Qt.Key.Key_B, CTRL)
    dialog = window.dialog()
    assert isinstance(dialog, ReturnedItemDialog) and dialog.row is None
    dialog.reject()
    window.go("collections")
    row = window.control("collections.pastdue", Table).current_row()
    window.control("collections.pastdue-returned", QPushButton).click()
    window.settle()
    offered = window.dialog().picker.items.rows_model.rows  # type: ignore[attr-defined]
    assert {item.account_id for item in offered} <= {row.account_id}


def test_the_letter_is_had_again_from_the_payment(window: Window) -> None:
    ((payment_id, account_id, *_),) = window.rows(LATEST, "check")
    desk = Desk("pat", "manager", "PC 1", date(2026, 11, 21), TODAY)
    with open_office(window.path) as books, books.write() as session:
        from app.services import payments

        payments.return_payment(session, desk, payment_id, 0, "R01")
        checks.post_check(session, desk, checks.CheckForm(account_id, 100, "again"))
    from app.views.dialogs import account_actions

    account_actions.open_returned_letter(window.program.workplace, payment_id, window.frame)
    window.settle()
    assert f"returned-payment-{payment_id}.pdf" in window.message
    (preview,) = window.frame.findChildren(PdfPreview)
    assert preview.document.pageCount() == 1
    preview.close()
