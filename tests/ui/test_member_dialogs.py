"""Members by keys and clicks: signing up, where a member stands, every action with what the books then say."""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPdf import QPdfDocument
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QLineEdit, QSpinBox, QWidget
from ui.account_dialogs import balance, choose, filled, is_closed, shown
from ui.window import TODAY, Window

from app.models.bulk import execute
from app.screenmembers import OVERDUE, RUNNING, WAITING, sign_up_members
from app.services import members
from app.services.accounts import AccountForm, open_account
from app.services.books import open_office
from app.services.desk import Desk
from app.services.waiting import what_waits
from app.views.dialogs import account_actions
from app.views.dialogs.account_actions import ACTIONS, FOR_MEMBERS
from app.views.dialogs.acting import ActionDialog
from app.views.pages.account import AccountPage
from app.views.timeline import Timeline

ENTER, TAB = Qt.Key.Key_Return, Qt.Key.Key_Tab
DESK = Desk("Pat", "manager", "PC 1", TODAY, TODAY)


@pytest.fixture
def three(window: Window) -> dict[str, int]:
    """A member waited for, one overdue, one whose fees run since Nov 10, of 120.00 a month from Dec 10 on."""
    with open_office(window.path) as books:
        found = sign_up_members(books, DESK)
    window.program.tasks.books_changed.emit(None)
    window.settle()
    return found


def page_of(window: Window, account_id: int) -> AccountPage:
    page = window.go("account", account_id=account_id)
    window.settle()
    assert isinstance(page, AccountPage)
    return page


def act(window: Window, account_id: int, key: str) -> ActionDialog:
    """The dialog of an action, opened from the account's page."""
    page_of(window, account_id).do(key)
    window.settle()
    dialog = window.dialog()
    assert isinstance(dialog, ActionDialog), window.message
    return filled(window, dialog)


def member_row(window: Window, account_id: int, columns: str) -> tuple[object, ...]:
    return window.rows(f"SELECT {columns} FROM membership WHERE account_id = ?", account_id)[0]


# Signing up


def test_a_member_is_signed_up_from_the_keyboard_and_told_what_will_be_charged(window: Window) -> None:
    dialog = filled(window, account_actions.open_new_account(window.program.workplace, window.frame))
    window.press("Mia Member", TAB)
    choose(window, "newaccount.policy", "Membership")
    assert not window.control("newaccount.service-1").isVisible()
    choose(window, "newaccount.plan", "Premiere")
    assert window.control("newaccount.monthly", QLineEdit).text() == "99.00"
    window.type_into("newaccount.monthly", "90")
    window.press(TAB)
    window.control("newaccount.individuals", QSpinBox).setValue(3)
    said = shown(window, dialog)
    assert "Processing fee, Premiere · charged between 11/26/2026 and 12/01/2026" in said
    assert "Monthly fee, Premiere · starts 30 days after that is paid (ARR-2): 90.00" in said
    assert "the first monthly fee is due 12/26/2026" in said and "Nothing is billed today." in said
    window.control("newaccount.name").setFocus()
    window.press(ENTER)
    window.settle()
    row = window.rows(
        "SELECT a.policy, a.autopay, m.plan, m.monthly_cents, m.processing_cents, m.individuals, m.work_performed_on "
        "FROM account a JOIN membership m ON m.account_id = a.id WHERE a.name = 'Mia Member'"
    )
    assert row == [("membership-arrears", "none", "Premiere", 9000, 9900, 3, None)]
    assert window.frame.page is not None and window.frame.page.key == "account"
    assert "Work is waited for" in window.control("account.member", QLabel).text()
    assert window.books_agree()


def test_a_sign_up_with_work_and_an_early_charge_says_so_and_keeps_both(window: Window) -> None:
    dialog = filled(window, account_actions.open_new_account(window.program.workplace, window.frame))
    window.press("Earl Early")
    choose(window, "newaccount.policy", "Membership")
    choose(window, "newaccount.autopay", "Bank draft")
    window.type_into("newaccount.label", "Hill Bank ending 12")
    window.control("newaccount.performed", QCheckBox).setChecked(True)
    window.type_into("newaccount.charge_on", "t")
    assert "The next billing run charges the processing fee." in shown(window, dialog)
    window.type_into("newaccount.charge_on", "12/1")
    assert "name that day or one before" in shown(window, dialog)
    window.type_into("newaccount.charge_on", "11/22")
    assert "charged on 11/22/2026 (ARR-1)" in shown(window, dialog)
    window.click("newaccount.action", dialog)
    assert window.rows(
        "SELECT a.autopay, a.method_label, a.authorized_on, m.work_performed_on, m.instructed_on FROM account a "
        "JOIN membership m ON m.account_id = a.id WHERE a.name = 'Earl Early'"
    ) == [("bank-draft", "Hill Bank ending 12", None, "2026-11-21", "2026-11-22")]


def test_a_fee_that_was_typed_stays_when_the_plan_changes(window: Window) -> None:
    filled(window, account_actions.open_new_account(window.program.workplace, window.frame))
    choose(window, "newaccount.policy", "Membership")
    window.type_into("newaccount.processing", "5")
    choose(window, "newaccount.plan", "Limited")
    texts = [window.control(f"newaccount.{part}", QLineEdit).text() for part in ("monthly", "processing")]
    assert texts == ["49.00", "5.00"]


def test_the_policy_of_the_latest_account_is_offered_first(window: Window, three: dict[str, int]) -> None:
    filled(window, account_actions.open_new_account(window.program.workplace, window.frame))
    assert window.control("newaccount.policy", QComboBox).currentData() == "membership-arrears"
    assert window.control("newaccount.plan").isVisible()


# Where a member stands


def test_the_page_tells_the_window_the_fee_and_what_cancelling_costs(window: Window, three: dict[str, int]) -> None:
    page_of(window, three[WAITING])
    line = window.control("account.timeline", Timeline)
    said = line.accessibleDescription()
    assert said.startswith("Nov 13 signed up; Nov 18 day 5; Nov 21 today; Nov 23 day 10;")
    assert "The processing fee may be charged: Nov 18 to Nov 23" in said
    page_of(window, three[OVERDUE])
    assert "Nov 15 work was due" in line.accessibleDescription()
    page = page_of(window, three[RUNNING])
    assert line.accessibleDescription() == "Nov 10 processing fee paid; Nov 21 today; Dec 10 first fee, 99.00."
    assert "Cancelling today would bill $39.60" in window.control("account.member", QLabel).text()
    assert "Exclusive at 129.00" in window.control("account.member-terms", QLabel).text()
    window.shortcut(Qt.Key.Key_5, Qt.KeyboardModifier.AltModifier)
    assert page.bar.tabText(4).startswith("5 Membership")
    rows = [(row.what, row.cents, row.state) for row in page.tabs[4].table.rows_model.rows]
    assert ("Processing fee", 9900, "paid 11/10/2026") in rows
    assert ("Next monthly fee", 9900, "due 12/10/2026") in rows
    assert ("If it cancelled on 11/21/2026: final fee", 3960, "not billed") in rows
    page.head.days.slider.setValue(0)
    window.wait_for(lambda: not page.head.member.isVisible())


def test_a_homes_page_has_no_strip_and_lists_services_again(window: Window, three: dict[str, int]) -> None:
    page = page_of(window, three[RUNNING])
    home = window.rows("SELECT account_id FROM service WHERE last_day IS NULL LIMIT 1")[0][0]
    assert page_of(window, home) is page
    assert not page.head.member.isVisible()
    assert page.bar.tabText(4).startswith("5 Services")
    assert page.tabs[4].table.rows_model.rows


def test_a_declined_attempt_stands_among_the_payments_with_what_it_cost(window: Window, three: dict[str, int]) -> None:
    page = page_of(window, three[RUNNING])
    page.show_tab(2)
    rows = [(row.on, row.state, row.cents) for row in page.tabs[2].table.rows_model.rows]
    assert rows == [(date(2026, 11, 10), "posted", 14900), (date(2026, 11, 8), "declined", 9900)]
    window.press(Qt.Key.Key_Down)
    assert "the attempt cost 50.00" in page.explain.toPlainText()
    window.press(ENTER)  # a declined attempt has no menu: nothing was paid that could come back
    assert QApplication.activePopupWidget() is None


# Actions


def test_every_action_of_a_member_opens_with_the_cursor_in_a_named_input(window: Window, three: dict[str, int]) -> None:
    for key in ("performed", "feedate", "plan", "takeback", "answer", "authform", "sooner"):
        action = next(action for action in (*ACTIONS, *FOR_MEMBERS) if action.key == key)
        dialog = filled(window, action.open(window.program.workplace, three[RUNNING], window.frame))
        focused = QApplication.focusWidget()
        assert focused is not None and focused.objectName().startswith(dialog.key + "."), key
        for control in dialog.findChildren(QWidget):
            is_part = control.objectName().startswith("qt_") or control.focusProxy() is not None
            if control.focusPolicy() & Qt.FocusPolicy.TabFocus and control.isVisible() and not is_part:
                assert control.accessibleName(), (key, control.objectName())
        texts = [control.text() for control in dialog.findChildren(QWidget) if hasattr(control, "text")]
        used = [text[text.index("&") + 1].casefold() for text in texts if isinstance(text, str) and "&" in text]
        assert len(set(used)) == len(used), (key, used)
        assert shown(window, dialog), key
        window.press(Qt.Key.Key_Escape)
        window.settle()
        assert is_closed(dialog), key


def test_a_members_menu_has_its_own_actions_each_with_its_own_letter(window: Window, three: dict[str, int]) -> None:
    page = page_of(window, three[WAITING])
    page._fill_menu()
    texts = [action.text() for action in page.menu.actions()]
    letters = [text[text.index("&") + 1].casefold() for text in texts]
    assert len(set(letters)) == len(letters)
    names = {action.objectName().rpartition(".")[2] for action in page.menu.actions()}
    assert {"performed", "plan", "takeback", "authform", "cancel"} <= names
    assert not {"addservice", "price", "logwork", "feedate"} & names
    page.do("addservice")
    assert "not possible on this account" in window.message


def test_recorded_work_says_when_the_fee_comes_and_is_taken_back(window: Window, three: dict[str, int]) -> None:
    member = three[WAITING]
    dialog = act(window, member, "performed")
    assert "79.00 is charged by the next billing run" in shown(window, dialog)
    window.type_into("performed.on", "11/14")
    window.press(ENTER)
    window.settle()
    assert member_row(window, member, "work_performed_on") == ("2026-11-14",)
    assert "Work is recorded" in window.message
    dialog = act(window, member, "takeback")
    window.type_into("takeback.reason", "another member's")
    assert "once work is performed" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert member_row(window, member, "work_performed_on") == (None,)
    assert window.books_agree()


def test_a_fee_date_is_moved_with_its_fee_or_waived_with_a_reason(window: Window, three: dict[str, int]) -> None:
    member = three[RUNNING]
    dialog = act(window, member, "feedate")
    assert "The fee falls on day 10 now" in shown(window, dialog)
    window.press("5")
    said = shown(window, dialog)
    assert "Monthly fee date moved · 15.00: from 12/10/2026 to 01/05/2027: 15.00" in said
    assert "due 01/05/2027 and covers 11/10/2026 through 01/04/2027" in said
    window.control("feedate.waive", QCheckBox).setChecked(True)
    window.click("feedate.action", dialog)
    assert "reason" in dialog.refusal.text()
    window.type_into("feedate.reason", "first move is free")
    window.press(ENTER)
    window.settle()
    assert member_row(window, member, "next_fee_on, fee_day") == ("2027-01-05", 5)
    assert balance(window, member) == 0
    dialog = act(window, member, "takeback")
    choose(window, "takeback.step", "Fee date moved")
    window.type_into("takeback.reason", "misheard")
    window.press(ENTER)
    window.settle()
    assert member_row(window, member, "next_fee_on, fee_day") == ("2026-12-10", 10)
    assert window.books_agree()


def test_a_fee_day_at_the_end_of_a_short_month_is_the_day_agreed(window: Window, three: dict[str, int]) -> None:
    member = three[RUNNING]
    with open_office(window.path) as books, books.write() as session:
        fields = "next_fee_on = '2026-11-30', period_from = '2026-10-31', fee_day = 31"
        execute(session, f"UPDATE membership SET {fields} WHERE account_id = ?", member)
    dialog = act(window, member, "feedate")
    assert "The fee falls on day 31 now" in shown(window, dialog)
    window.press("30")
    assert "is due 11/30/2026 and covers 10/31/2026 through 11/29/2026; then on day 30" in shown(window, dialog)
    window.click("feedate.action", dialog)
    assert member_row(window, member, "next_fee_on, fee_day") == ("2026-11-30", 30)


def test_another_plan_says_from_which_fee_it_counts(window: Window, three: dict[str, int]) -> None:
    member = three[RUNNING]
    dialog = act(window, member, "plan")
    assert "Nothing here is different" in shown(window, dialog)
    choose(window, "plan.plan", "Limited")
    assert window.control("plan.monthly", QLineEdit).text() == "49.00"
    window.control("plan.individuals", QSpinBox).setValue(4)
    said = shown(window, dialog)
    assert "Limited at 49.00 counts from the fee period that begins 12/10/2026: its first fee is due 01/10/2027." in said
    assert "The fee of 12/10/2026 stays 99.00." in said and "4 individuals" in said
    window.click("plan.action", dialog)
    assert window.rows("SELECT plan, monthly_cents FROM plan_change WHERE account_id = ? ORDER BY id", member) == [
        ("Exclusive", 12900),
        ("Limited", 4900),
    ]
    assert member_row(window, member, "individuals") == (4,)


def test_a_first_and_a_second_declined_answer_cost_what_the_preview_says(window: Window, three: dict[str, int]) -> None:
    member = three[RUNNING]
    dialog = act(window, member, "feedate")
    window.press("20")
    window.click("feedate.action", dialog)
    assert balance(window, member) == 1500
    dialog = act(window, member, "answer")
    said = shown(window, dialog)
    assert "All that is open failed before." in said and "The balance goes from 15.00 to 65.00." in said
    window.control("answer.late", QCheckBox).setChecked(True)
    window.type_into("answer.reason", "the line was down")
    assert "The balance goes from 15.00 to 50.00." in shown(window, dialog)
    window.click("answer.action", dialog)
    assert balance(window, member) == 5000
    dialog = act(window, member, "answer")
    assert "asked on 11/21/2026 already" in shown(window, dialog)
    # Another amount, taken at the terminal after all.
    choose(window, "answer.answer", "Paid")
    window.type_into("answer.amount", "20.00")
    assert "The balance goes from 50.00 to 30.00." in shown(window, dialog)
    window.click("answer.action", dialog)
    assert balance(window, member) == 3000
    assert window.rows("SELECT kind, cents FROM payment WHERE account_id = ? ORDER BY id DESC LIMIT 1", member) == [
        (window.rows("SELECT autopay FROM account WHERE id = ?", member)[0][0], 2000)
    ]
    assert window.books_agree()


def test_the_authorization_form_opens_in_the_preview_filled_in(window: Window, three: dict[str, int]) -> None:
    dialog = act(window, three[WAITING], "authform")
    assert "is not here yet" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    (path,) = (window.path.parent / "forms").glob("*.pdf")
    document = QPdfDocument()
    document.load(str(path))
    text = document.getAllText(0).text()
    assert document.pageCount() == 1
    for words in ("Rosalind Vega", "Essentials, 1 individual", "79.00", "Hill Bank ending 0412", "Signature", "checking"):
        assert words in text, words
    document.close()
    window.dialog().close()


def test_the_charge_sooner_is_offered_only_before_the_window(window: Window) -> None:
    with open_office(window.path) as books, books.write() as session:
        form = AccountForm("Sue Sooner", "membership-arrears", plan="Monitor")
        member = open_account(session, DESK, form)
    dialog = act(window, member, "sooner")
    assert "once work is performed, from 11/21/2026 on" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert member_row(window, member, "instructed_on") == ("2026-11-21",)


def test_cancelling_shows_the_final_fee_and_bills_it(window: Window, three: dict[str, int]) -> None:
    member = three[RUNNING]
    dialog = act(window, member, "cancel")
    said = shown(window, dialog)
    assert "Final fee, Premiere" in said and "39.60" in said
    window.click("cancel.action", dialog)
    assert balance(window, member) == 3960
    assert "The membership ended" in window.control("account.member", QLabel).text()
    assert not window.control("account.timeline").isVisible()
    assert window.books_agree()


def test_delivery_and_auto_pay_speak_of_a_member(window: Window, three: dict[str, int]) -> None:
    dialog = act(window, three[WAITING], "delivery")
    assert (
        shown(window, dialog) == "From the next fee on statements are printed and mailed; for a member that costs nothing."
    )
    dialog.reject()
    dialog = act(window, three[WAITING], "autopay")
    box = window.control("autopay.autopay", QComboBox)
    assert [box.itemData(n) for n in range(box.count())] == ["none", "card", "bank-draft"]
    window.type_into("autopay.signed_on", "11/20")
    assert "Signed 11/20/2026" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert window.rows("SELECT authorized_on FROM account WHERE id = ?", three[WAITING]) == [("2026-11-20",)]


# Lists, Today, Ctrl+K


def test_the_list_and_today_find_members_that_wait(window: Window, three: dict[str, int]) -> None:
    waits = {row.key: row for row in window.read(lambda session: what_waits(session, TODAY))}
    assert (waits["member-work"].how_many, waits["member-work"].since) == (1, date(2026, 11, 13))
    assert waits["processing-fee-overdue"].how_many == 1
    window.go("today")
    window.program.workplace.go(waits["member-work"].page, **dict(waits["member-work"].where))
    window.settle()
    assert window.control("accounts.count", QLabel).text().startswith("2 accounts.")
    choose(window, "accounts.waits", "Form not signed")
    ((unsigned,),) = window.rows("SELECT count(*) FROM account WHERE autopay <> 'none' AND authorized_on IS NULL")
    assert unsigned >= 1 and window.control("accounts.count", QLabel).text().startswith(f"{unsigned} account")
    window.click("accounts.clear")
    choose(window, "accounts.policy", "Memberships")
    assert window.control("accounts.count", QLabel).text().startswith("3 accounts.")


def test_ctrl_k_offers_what_the_members_page_can_do(window: Window, three: dict[str, int]) -> None:
    page_of(window, three[WAITING])
    window.frame.open_finder()
    window.frame.finder.input.setText("work was performed")
    window.settle()
    window.press(ENTER, on=window.frame.finder.input)
    window.settle()
    dialog = window.dialog()
    assert dialog.objectName() == "performed.dialog"
    window.press(Qt.Key.Key_Escape)


def test_work_recorded_elsewhere_shows_on_the_page(window: Window, three: dict[str, int]) -> None:
    page_of(window, three[WAITING])
    with open_office(window.path) as books, books.write() as session:
        members.record_work_performed(session, DESK, three[WAITING])
    window.program.tasks.books_changed.emit(None)
    window.settle()
    assert "Nov 21 work performed" in window.control("account.timeline", Timeline).accessibleDescription()
