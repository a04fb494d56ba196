"""Dialogs of an account: opening one, its card, its services, cancelling, notes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QLineEdit, QPlainTextEdit, QWidget
from ui.account_dialogs import balance, choose, filled, is_closed, open_action, shown, somebody
from ui.window import Window

from app.services.loading import card
from app.views.dialog import FormDialog
from app.views.dialogs import account_actions
from app.views.dialogs.account_actions import ACTIONS
from app.views.dialogs.acting import ActionDialog

WITH_SERVICE = "status = 'active' AND EXISTS (SELECT 1 FROM service s WHERE s.account_id = a.id AND s.last_day IS NULL)"
ENTER = Qt.Key.Key_Return


def test_every_action_opens_its_dialog_with_the_cursor_in_a_named_input(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE)
    for action in ACTIONS:
        dialog = action.open(window.program.workplace, account_id, window.frame)
        window.settle()
        assert window.dialog() is dialog and isinstance(dialog, FormDialog)
        focused = QApplication.focusWidget()
        assert focused is not None and dialog.isAncestorOf(focused), action.key
        assert focused.objectName().startswith(dialog.key + "."), (action.key, focused.objectName())
        for control in dialog.findChildren(QWidget):
            is_part = control.objectName().startswith("qt_") or control.focusProxy() is not None
            if control.focusPolicy() & Qt.FocusPolicy.TabFocus and control.isVisible() and not is_part:
                assert control.accessibleName(), (action.key, control.objectName())
        if isinstance(dialog, ActionDialog):
            assert shown(window, dialog), action.key
        window.press(Qt.Key.Key_Escape)
        window.settle()
        assert is_closed(dialog), action.key
    assert len({action.key for action in ACTIONS}) == len(ACTIONS)


def test_the_letters_of_the_menu_and_of_each_dialog_are_used_once(window: Window) -> None:
    def letters(texts: list[str]) -> list[str]:
        return [text[text.index("&") + 1].casefold() for text in texts if "&" in text]

    menu = letters([action.title for action in ACTIONS])
    assert len(set(menu)) == len(menu) == len(ACTIONS)
    account_id = somebody(window, WITH_SERVICE)
    for key in [*(action.key for action in ACTIONS), "new"]:
        if key == "new":
            dialog = filled(window, account_actions.open_new_account(window.program.workplace, window.frame))
        else:
            action = next(action for action in ACTIONS if action.key == key)
            dialog = action.open(window.program.workplace, account_id, window.frame)
            window.settle()
        texts = [control.text() for control in dialog.findChildren(QWidget) if hasattr(control, "text")]
        used = letters([text for text in texts if isinstance(text, str)])
        assert len(set(used)) == len(used), (key, used)
        dialog.reject()
        window.settle()


def test_an_account_is_opened_with_its_services_from_the_keyboard_alone(window: Window) -> None:
    (code, price) = window.rows(
        "SELECT code, monthly_cents FROM service WHERE last_day IS NULL GROUP BY 1, 2 ORDER BY count(*) DESC"
    )[0]
    dialog = filled(window, account_actions.open_new_account(window.program.workplace, window.frame))
    window.press("Ada Lovelace", Qt.Key.Key_Tab)
    window.press("12 Elm St", ENTER, "Hill City SD 57745", Qt.Key.Key_Tab)
    window.press("605-555-0142", Qt.Key.Key_Tab, "ada@example.com")
    window.control("newaccount.service-1").setFocus()
    window.press(code, Qt.Key.Key_Tab)
    assert window.control("newaccount.monthly-1", QLineEdit).text() == f"{price // 100}.{price % 100:02d}"
    said = shown(window, dialog)
    assert f"{code}, Nov 21-30, 2026" in said and "An invoice of" in said
    assert window.rows("SELECT 1 FROM account WHERE name = 'Ada Lovelace'") == []
    window.press(ENTER)
    window.settle()
    ((account_id, address, phone, status),) = window.rows(
        "SELECT id, address, phone, status FROM account WHERE name = 'Ada Lovelace'"
    )
    assert (address, phone, status) == ("12 Elm St\nHill City SD 57745", "605-555-0142", "active")
    assert window.rows("SELECT code, monthly_cents FROM service WHERE account_id = ?", account_id) == [(code, price)]
    assert window.frame.page is not None and window.frame.page.key == "account"
    assert "Ada Lovelace is open" in window.message
    assert window.books_agree()


def test_two_quick_enters_open_one_account(window: Window) -> None:
    filled(window, account_actions.open_new_account(window.program.workplace, window.frame))
    window.press("Twice Only", ENTER, ENTER)
    window.settle()
    assert len(window.rows("SELECT 1 FROM account WHERE name = 'Twice Only'")) == 1


def test_a_name_that_is_known_already_is_said_while_it_is_typed(window: Window) -> None:
    ((number, name),) = window.rows("SELECT number, name FROM account ORDER BY id LIMIT 1")
    dialog = filled(window, account_actions.open_new_account(window.program.workplace, window.frame))
    same = window.control("newaccount.same", QLabel)
    assert not same.isVisible()
    window.press(name.upper(), Qt.Key.Key_Tab)
    assert "nothing is billed yet. Without an e-mail address no statement can be sent." in shown(window, dialog)
    assert same.isVisible() and number in same.text()
    window.type_into("newaccount.name", "Nobody Else")
    window.press(Qt.Key.Key_Tab)
    window.settle()
    assert not same.isVisible()


def test_half_a_service_row_is_refused_at_its_price_and_nothing_is_lost(window: Window) -> None:
    dialog = filled(window, account_actions.open_new_account(window.program.workplace, window.frame))
    window.press("Half Row")
    window.control("newaccount.service-1", QComboBox).setEditText("Special line")
    window.click("newaccount.action", dialog)
    assert dialog.isVisible() and "price of Special line is missing" in dialog.refusal.text()
    focused = QApplication.focusWidget()
    assert focused is not None and focused.objectName() == "newaccount.monthly-1"
    assert window.control("newaccount.name", QLineEdit).text() == "Half Row"
    assert window.rows("SELECT 1 FROM account WHERE name = 'Half Row'") == []
    window.press("30", ENTER)
    window.settle()
    assert len(window.rows("SELECT 1 FROM account WHERE name = 'Half Row'")) == 1


def test_a_new_accounts_unsigned_card_is_kept_but_not_used(window: Window) -> None:
    dialog = filled(window, account_actions.open_new_account(window.program.workplace, window.frame))
    window.press("Not Signed")
    choose(window, "newaccount.autopay", "Card")
    window.type_into("newaccount.label", "Visa ending 4242")
    assert window.control("newaccount.signed", QCheckBox).isVisible()
    window.click("newaccount.action", dialog)
    row = window.rows("SELECT autopay, method_label, authorized_on FROM account WHERE name = 'Not Signed'")
    assert row == [("card", "Visa ending 4242", None)]


def test_what_is_different_on_the_card_is_changed_and_the_old_stays_in_the_history(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE)
    before = window.read(lambda session: card(session, account_id))
    dialog = open_action(window, "contact", account_id)
    assert window.control("contact.name", QLineEdit).text() == before.name
    assert window.control("contact.address", QPlainTextEdit).toPlainText() == before.address
    assert "Nothing on this form is different" in shown(window, dialog)
    window.type_into("contact.phone", "605-555-0199")
    window.type_into("contact.email", "new.one@example.com")
    assert "Changes the e-mail and phone" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert window.rows("SELECT name, address, email, phone FROM account WHERE id = ?", account_id) == [
        (before.name, before.address, "new.one@example.com", "605-555-0199")
    ]
    changes = window.rows("SELECT what, before, after FROM account_change WHERE account_id = ? ORDER BY id DESC", account_id)
    assert changes[:2] == [("phone", before.phone, "605-555-0199"), ("email", before.email, "new.one@example.com")]


def test_an_address_that_is_no_mail_address_is_refused_at_its_input(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE)
    dialog = open_action(window, "contact", account_id)
    window.type_into("contact.email", "nobody at home")
    window.press(ENTER)
    window.settle()
    assert dialog.isVisible() and "not an e-mail address" in dialog.refusal.text()
    edit = window.control("contact.email", QLineEdit)
    assert edit.hasFocus() and edit.text() == "nobody at home" and edit.property("wrong")


def test_statements_on_paper_say_what_they_cost_beforehand(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE + " AND delivery = 'email'")
    dialog = open_action(window, "delivery", account_id)
    assert "3.00 for paper (ADV-4)" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert window.rows("SELECT delivery FROM account WHERE id = ?", account_id) == [("paper",)]


def test_statements_that_are_sent_that_way_already_are_left_alone(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE + " AND delivery = 'email'")
    dialog = open_action(window, "delivery", account_id)
    choose(window, "delivery.delivery", "By e-mail")
    assert shown(window, dialog) == "Statements are sent that way already."
    window.press(ENTER)
    window.settle()
    assert dialog.isVisible() and "that way already" in dialog.refusal.text()
    assert window.rows("SELECT 1 FROM account_change WHERE account_id = ? AND what = 'delivery'", account_id) == []


def test_a_method_is_recorded_unsigned_and_its_form_later_with_the_day_on_it(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE + " AND autopay = 'none'")
    dialog = open_action(window, "autopay", account_id)
    choose(window, "autopay.autopay", "E-Check")
    window.type_into("autopay.label", "checking ending 0012")
    assert "not used before its signed form is here" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    query = "SELECT autopay, method_label, authorized_on FROM account WHERE id = ?"
    assert window.rows(query, account_id) == [("echeck", "checking ending 0012", None)]
    dialog = open_action(window, "autopay", account_id)
    window.type_into("autopay.signed_on", "11/19")
    assert "Signed 11/19/2026" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert window.rows(query, account_id) == [("echeck", "checking ending 0012", "2026-11-19")]


def test_a_whole_card_number_is_refused(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE + " AND autopay = 'none'")
    dialog = open_action(window, "autopay", account_id)
    choose(window, "autopay.autopay", "Card")
    window.type_into("autopay.label", "4242 4242 4242 4242")
    window.press(ENTER)
    window.settle()
    assert "last four digits" in dialog.refusal.text()
    assert window.rows("SELECT autopay FROM account WHERE id = ?", account_id) == [("none",)]


def test_a_service_is_added_and_its_first_invoice_shown_beforehand(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE)
    dialog = open_action(window, "addservice", account_id)
    window.press("Door bell camera", Qt.Key.Key_Tab, "31")
    said = shown(window, dialog)
    assert "Door bell camera, Nov 21-30, 2026 · 31.00 x 10/30: 10.33." in said
    owed = balance(window, account_id)
    window.press(ENTER)
    window.settle()
    assert balance(window, account_id) == owed + 1033 + 3100
    assert "runs from 11/21/2026" in window.message
    assert window.books_agree()


def test_a_price_from_a_later_day_waits_shows_what_it_will_do_and_is_taken_back(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE)
    dialog = open_action(window, "price", account_id)
    window.type_into("price.monthly", "12.50")
    window.type_into("price.effective", "12/10")
    said = shown(window, dialog)
    assert "waits until 12/10/2026" in said and "12.50 x 22/31" in said
    window.press(ENTER)
    window.settle()
    query = "SELECT what, effective, monthly_cents, state FROM scheduled_change WHERE account_id = ?"
    assert window.rows(query, account_id) == [("price", "2026-12-10", 1250, "waiting")]
    dialog = open_action(window, "undoscheduled", account_id)
    assert "12/10/2026" in shown(window, dialog)
    window.click("undoscheduled.action", dialog)
    assert window.rows(query, account_id) == [("price", "2026-12-10", 1250, "undone")]


def test_a_service_ends_with_the_credit_that_was_shown(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE + " AND balance_cents = 0")
    dialog = open_action(window, "endservice", account_id)
    said = shown(window, dialog)
    assert "A credit memo of" in said
    window.press(ENTER)
    window.settle()
    owed = balance(window, account_id)
    assert owed < 0 and f"from 0.00 to -{-owed // 100}.{-owed % 100:02d}." in said
    assert window.books_agree()


def test_cancelling_shows_the_refund_and_its_run_before_it_is_done(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE + " AND balance_cents = 0 AND address <> ''")
    dialog = open_action(window, "cancel", account_id)
    said = shown(window, dialog)
    assert "The account is closed." in said and "with the run of 12/01/2026" in said
    assert window.rows("SELECT status FROM account WHERE id = ?", account_id) == [("active",)]
    window.press(ENTER)
    window.settle()
    assert window.rows("SELECT status, closed_on FROM account WHERE id = ?", account_id) == [("closed", "2026-11-21")]
    credit = -balance(window, account_id)
    assert f"A refund check of {credit // 100}.{credit % 100:02d} is due" in said
    assert window.books_agree()


def test_a_day_before_the_services_began_cannot_be_the_last_one(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE)
    dialog = open_action(window, "cancel", account_id)
    window.type_into("cancel.effective", "1/1/2001")
    assert "opened on" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert dialog.isVisible() and "opened on" in dialog.refusal.text()
    assert window.control("cancel.effective", QLineEdit).hasFocus()


def test_escape_leaves_everything_as_it_is(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE)
    actions = window.rows("SELECT count(*) FROM action")
    dialog = open_action(window, "cancel", account_id)
    assert shown(window, dialog)
    window.press(Qt.Key.Key_Escape)
    window.settle()
    assert window.rows("SELECT count(*) FROM action") == actions


def test_what_was_typed_is_lost_only_with_a_second_escape(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE)
    for key, part in (("note", "body"), ("credit", "amount"), ("contact", "name")):
        dialog = open_action(window, key, account_id)
        window.press("12", Qt.Key.Key_Escape)
        window.settle()
        assert not is_closed(dialog) and "not saved" in dialog.refusal.text(), key
        focused = QApplication.focusWidget()
        assert focused is not None and focused.objectName() == f"{key}.{part}"
        window.press(Qt.Key.Key_Escape)
        window.settle()
        assert is_closed(dialog), key


def test_a_note_with_a_reminder_is_written_and_marked_done(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE)
    dialog = open_action(window, "note", account_id)
    window.press("Promised to call", ENTER, "on Friday", Qt.Key.Key_Tab, "+6")
    assert "Fri, Nov 27, 2026" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    query = "SELECT body, remind_on, done_on FROM note WHERE account_id = ?"
    assert window.rows(query, account_id) == [("Promised to call\non Friday", "2026-11-27", None)]
    dialog = open_action(window, "notedone", account_id)
    assert "Promised to call" in shown(window, dialog)
    window.press(ENTER)
    window.settle()
    assert window.rows(query, account_id) == [("Promised to call\non Friday", "2026-11-27", "2026-11-21")]


def test_ctrl_enter_saves_a_note_from_inside_its_words(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE)
    open_action(window, "note", account_id)
    window.press("Has a dog")
    window.shortcut(ENTER, Qt.KeyboardModifier.ControlModifier)
    assert window.rows("SELECT body, remind_on FROM note WHERE account_id = ?", account_id) == [("Has a dog", None)]


def test_an_empty_note_is_refused_and_the_dialog_stays(window: Window) -> None:
    account_id = somebody(window, WITH_SERVICE)
    dialog = open_action(window, "note", account_id)
    window.click("note.action", dialog)
    assert dialog.isVisible() and "needs words" in dialog.refusal.text()
