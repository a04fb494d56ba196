"""Dialogs of an account that move money: arrangements, work, credits, fees, payments undone."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QSpinBox
from sqlalchemy.orm import Session
from ui.account_dialogs import balance, choose, filled, open_action, shown, somebody
from ui.window import TODAY, Window

from app.money import format_cents
from app.services import checks, collections, payments
from app.services.books import open_office
from app.services.desk import Desk
from app.services.loading import card
from app.views.dialogs import account_actions

ENTER = Qt.Key.Key_Return
OWES = "status = 'active' AND balance_cents > 5000"
PAID_BY_CHECK = (
    "SELECT p.id, p.account_id, p.cents, p.check_number FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
    "WHERE p.kind = ? AND r.payment_id IS NULL ORDER BY p.id DESC LIMIT 1"
)


def do(window: Window, action: object, *args: object) -> None:
    """Something done in the office before the dialog is opened."""
    desk = Desk("pat", "manager", "PC 1", TODAY, TODAY)
    with open_office(window.path) as books, books.write() as session:
        action(session, desk, *args)  # type: ignore[operator]


def suspended(window: Window) -> int:
    """An account that the office has just suspended."""
    account_id = window.read(lambda session: collections.suspension_list(session, TODAY))[0].account_id
    do(window, collections.suspend, [account_id])
    return account_id


def be(window: Window, role: str) -> None:
    window.settings.put("desk/role", role)


def instalments_of(window: Window, account_id: int) -> list[tuple[str, int]]:
    return window.rows(  # type: ignore[return-value]
        "SELECT due_on, cents FROM instalment WHERE arrangement_id = "
        "(SELECT max(id) FROM arrangement WHERE account_id = ?) ORDER BY n",
        account_id,
    )


def test_the_calculator_splits_what_is_past_due_and_enter_agrees_it(window: Window) -> None:
    account_id = suspended(window)
    past_due = window.read(lambda session: collections.past_due_cents(session, account_id, TODAY))
    dialog = open_action(window, "arrange", account_id)
    assert window.control("arrange.total", QLineEdit).text() == format_cents(past_due)
    window.type_into("arrange.total", "100")
    assert "Services are restored today" in shown(window, dialog)
    amounts = [window.control(f"arrange.amount-{n}", QLineEdit).text() for n in (1, 2, 3)]
    assert amounts == ["33.33", "33.33", "33.34"]
    window.press(ENTER)
    window.settle()
    assert instalments_of(window, account_id) == [("2026-11-28", 3333), ("2026-12-28", 3333), ("2027-01-28", 3334)]
    assert window.rows("SELECT status FROM account WHERE id = ?", account_id) == [("active",)]
    assert window.books_agree()


def test_an_instalment_changed_by_hand_is_taken_from_the_last_one(window: Window) -> None:
    account_id = somebody(window, OWES)
    dialog = open_action(window, "arrange", account_id)
    window.type_into("arrange.total", "100")
    window.type_into("arrange.amount-1", "50")
    window.type_into("arrange.due-1", "11/24")
    assert window.control("arrange.amount-3", QLineEdit).text() == "16.67"
    assert "3 instalments, 100.00 in all" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert instalments_of(window, account_id) == [("2026-11-24", 5000), ("2026-12-28", 3333), ("2027-01-28", 1667)]


def test_a_half_typed_instalment_is_refused_where_it_stands(window: Window) -> None:
    account_id = somebody(window, OWES)
    dialog = open_action(window, "arrange", account_id)
    window.type_into("arrange.total", "100")
    window.type_into("arrange.amount-2", "ten")
    window.press(ENTER)
    window.settle()
    assert dialog.isVisible() and "not an amount" in dialog.refusal.text()
    edit = window.control("arrange.amount-2", QLineEdit)
    assert edit.hasFocus() and edit.text() == "ten"
    assert instalments_of(window, account_id) == []


def test_an_amount_each_week_is_paid_until_the_rest(window: Window) -> None:
    account_id = somebody(window, OWES)
    dialog = open_action(window, "arrange", account_id)
    window.type_into("arrange.total", "95")
    window.type_into("arrange.each", "40")
    assert window.control("arrange.count", QSpinBox).value() == 0
    choose(window, "arrange.every", "every week")
    window.type_into("arrange.first", "11/27")
    assert "3 instalments, 95.00 in all" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert instalments_of(window, account_id) == [("2026-11-27", 4000), ("2026-12-04", 4000), ("2026-12-11", 1500)]


def test_an_instalment_of_a_day_that_is_over_is_refused(window: Window) -> None:
    account_id = somebody(window, OWES)
    dialog = open_action(window, "arrange", account_id)
    window.type_into("arrange.first", "11/1")
    assert "must follow one another from" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert dialog.isVisible() and instalments_of(window, account_id) == []


def test_repair_at_night_needs_a_decision_that_a_supervisor_then_makes(window: Window) -> None:
    account_id = somebody(window, OWES + " AND kind = 'residential'")
    dialog = open_action(window, "logwork", account_id)
    window.type_into("logwork.start", "11/20")
    window.type_into("logwork.from", "7p")
    window.type_into("logwork.end", "9p")
    assert "Needs a decision" in shown(window, dialog) and "(ADV-13)" in shown(window, dialog)
    window.type_into("logwork.description", "Line down")
    window.press(ENTER)
    window.settle()
    assert "a supervisor has to decide" in window.message
    query = "SELECT starts_at, decision, description FROM work WHERE account_id = ?"
    ((starts_at, decision, words),) = window.rows(query, account_id)
    assert (starts_at[:16], decision, words) == ("2026-11-20 19:00", "needs-decision", "Line down")

    dialog = open_action(window, "decidework", account_id)
    assert "7:00 PM to 9:00 PM" in window.control("decidework.work", QComboBox).currentText()
    window.type_into("decidework.amount", "40")
    assert "40.00 is billed with the next billing run" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert dialog.isVisible() and "needs a reason" in dialog.refusal.text()
    assert window.control("decidework.reason", QLineEdit).hasFocus()
    window.press("customer agreed by phone", ENTER)
    window.settle()
    assert window.rows("SELECT cents, kind FROM pending_charge WHERE account_id = ?", account_id) == [(4000, "work")]


def test_work_within_business_hours_is_free_and_says_so_beforehand(window: Window) -> None:
    account_id = somebody(window, OWES)
    dialog = open_action(window, "logwork", account_id)
    window.type_into("logwork.start", "11/20")
    window.type_into("logwork.from", "830")
    window.type_into("logwork.end", "5 pm")
    assert "No charge: within business hours (ADV-11)" in shown(window, dialog)


def test_billable_work_shows_hours_times_the_rate(window: Window) -> None:
    account_id = somebody(window, OWES + " AND hourly_rate_cents IS NULL")
    dialog = open_action(window, "logwork", account_id)
    choose(window, "logwork.kind", "Unscheduled change")
    window.type_into("logwork.start", "11/20")
    window.type_into("logwork.from", "10")
    window.type_into("logwork.end", "11:20")
    assert "Billed 142.50 with the next billing run: 1.50 h x 95.00 (ADV-13)" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert window.rows("SELECT cents FROM pending_charge WHERE account_id = ?", account_id) == [(14250,)]


def test_work_over_midnight_ends_on_the_next_day(window: Window) -> None:
    account_id = somebody(window, OWES)
    dialog = open_action(window, "logwork", account_id)
    window.type_into("logwork.start", "11/20")
    window.type_into("logwork.from", "11p")
    window.type_into("logwork.end", "1a")
    assert "ends on the next day, Sat, Nov 21, 2026" in shown(window, dialog)


def test_a_time_that_is_none_is_refused_where_it_stands(window: Window) -> None:
    account_id = somebody(window, OWES)
    dialog = open_action(window, "logwork", account_id)
    window.type_into("logwork.from", "half past")
    window.press(ENTER)
    window.settle()
    assert "not a time of day" in dialog.refusal.text()
    edit = window.control("logwork.from", QLineEdit)
    assert edit.hasFocus() and edit.text() == "half past"


def test_a_credit_shows_the_balance_after_it_and_needs_a_reason(window: Window) -> None:
    account_id = somebody(window, OWES)
    owed = balance(window, account_id)
    dialog = open_action(window, "credit", account_id)
    window.press("12.5+7.5")
    assert f"from {format_cents(owed)} to {format_cents(owed - 2000)}" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert dialog.isVisible() and "needs a reason" in dialog.refusal.text() and balance(window, account_id) == owed
    window.press("two days without service", ENTER, ENTER)
    window.settle()
    assert balance(window, account_id) == owed - 2000
    reason = window.rows("SELECT reason FROM action WHERE what = 'courtesy-credit' ORDER BY id DESC LIMIT 1")
    assert reason == [("two days without service",)]
    assert window.books_agree()


def test_a_clerk_is_told_before_typing_a_reason_that_a_credit_needs_a_supervisor(window: Window) -> None:
    account_id = somebody(window, OWES)
    be(window, "clerk")
    owed = balance(window, account_id)
    dialog = open_action(window, "credit", account_id)
    window.press("20")
    assert "needs a supervisor" in shown(window, dialog)
    window.type_into("credit.reason", "was asked to")
    window.press(ENTER)
    window.settle()
    assert "needs a supervisor" in dialog.refusal.text() and balance(window, account_id) == owed
    assert window.control("credit.amount", QLineEdit).text() == "20.00"


def test_the_preview_of_a_credit_leaves_not_one_row(window: Window) -> None:
    account_id = somebody(window, OWES)
    counts = "SELECT (SELECT count(*) FROM action), (SELECT count(*) FROM credit), (SELECT count(*) FROM posting)"
    before = window.rows(counts)
    dialog = open_action(window, "credit", account_id)
    window.press("20")
    assert "-20.00" in shown(window, dialog)
    assert window.rows(counts) == before


def test_all_that_is_owed_is_offered_to_be_written_off(window: Window) -> None:
    account_id = somebody(window, OWES)
    dialog = open_action(window, "writeoff", account_id)
    assert window.control("writeoff.amount", QLineEdit).text() == format_cents(balance(window, account_id))
    assert "to 0.00" in shown(window, dialog)
    window.type_into("writeoff.reason", "moved away, no address")
    window.press(ENTER)
    window.settle()
    assert balance(window, account_id) == 0
    assert window.books_agree()


def test_a_fee_of_the_next_cycle_is_waived_before_it_is_charged(window: Window) -> None:
    account_id = somebody(window, "status = 'active' AND delivery = 'paper'")
    dialog = open_action(window, "waive", account_id)
    choose(window, "waive.fee", "Paper statement fee of the December 2026 cycle")
    assert "will not charge it" in shown(window, dialog)
    window.type_into("waive.reason", "promised on the phone")
    window.press(ENTER)
    window.settle()
    assert window.rows("SELECT key, reason FROM fee_waiver WHERE account_id = ?", account_id) == [
        ("paper-statement:2026-12", "promised on the phone")
    ]


def test_a_payment_keyed_wrongly_is_taken_back_without_a_fee(window: Window) -> None:
    ((payment_id, account_id, cents, _number),) = window.rows(PAID_BY_CHECK, "check")
    owed = balance(window, account_id)
    dialog = filled(window, account_actions.open_reverse_payment(window.program.workplace, payment_id, window.frame))
    assert f"to {format_cents(owed + cents)}" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert "needs a reason" in dialog.refusal.text()
    window.press("posted to the wrong account", ENTER)
    window.settle()
    assert balance(window, account_id) == owed + cents
    assert window.books_agree()


def suspended_twice_and_paid(window: Window) -> int:
    """A suspended account that pays by a check that comes back, is suspended again and pays again (ADV-17)."""
    account_id = suspended(window)

    def pay(session: Session, desk: Desk, number: str) -> None:
        checks.post_check(session, desk, checks.CheckForm(account_id, card(session, account_id).balance_cents, number))

    do(window, pay, "88001")
    ((payment_id,),) = window.rows("SELECT id FROM payment WHERE check_number = '88001'")
    do(window, payments.return_payment, payment_id)
    do(window, collections.suspend, [account_id])
    do(window, pay, "88002")
    return account_id


def test_a_proposed_reactivation_fee_is_charged(window: Window) -> None:
    account_id = suspended_twice_and_paid(window)
    dialog = open_action(window, "reactivation", account_id)
    assert "An invoice of 35.00 is made, due 12/21/2026." in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert balance(window, account_id) == 3500
    assert window.books_agree()


def test_a_proposed_reactivation_fee_is_let_go(window: Window) -> None:
    account_id = suspended_twice_and_paid(window)
    dialog = open_action(window, "reactivation", account_id)
    choose(window, "reactivation.decision", "Waive")
    assert "is not charged" in shown(window, dialog)
    window.click("reactivation.action", dialog)
    assert "needs a reason" in dialog.refusal.text()
    assert window.control("reactivation.reason", QLineEdit).hasFocus()
    window.press("paid in person", ENTER)
    window.settle()
    assert balance(window, account_id) == 0
    states = window.rows("SELECT reactivation FROM suspension WHERE account_id = ? ORDER BY id DESC LIMIT 1", account_id)
    assert states == [("waived",)]


def test_without_a_proposed_fee_there_is_nothing_to_decide(window: Window) -> None:
    account_id = somebody(window, OWES)
    dialog = open_action(window, "reactivation", account_id)
    assert "No re-activation fee is proposed" in shown(window, dialog)
    window.click("reactivation.action", dialog)
    assert dialog.isVisible() and "No re-activation fee is proposed" in dialog.refusal.text()
