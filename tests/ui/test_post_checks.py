"""Post checks: the row of a check typed by keys, what is shown before Enter, posted once."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit
from ui.posting_keys import (
    ENTER,
    SPACE,
    cursor,
    desk,
    dollars,
    log_mail,
    open_page,
    owing,
    payments,
    text,
    type_check,
    typed,
)
from ui.window import Window

from app.services.accounts import change_address
from app.services.books import open_office
from app.views.account_edit import AccountEdit
from app.views.checks_account import AccountPanel, InvoiceTable
from app.views.checks_batch import BatchTable

CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


def newest(window: Window) -> tuple[int, int, str]:
    """Account, cents and number of the newest payment."""
    ((account, cents, number),) = window.rows("SELECT account_id, cents, check_number FROM payment ORDER BY id DESC LIMIT 1")
    return int(account), int(cents), str(number)


def open_invoices(window: Window, at_least: int) -> tuple[int, str, list[tuple[int, int]]]:
    """An account with so many open invoices: id, number, and its invoices with their open cents, oldest due first."""
    ((account, number),) = window.rows(
        "SELECT a.id, a.number FROM account a WHERE status = 'active' AND (SELECT count(*) FROM invoice i "
        "WHERE i.account_id = a.id AND open_cents > 0) >= ? ORDER BY a.id LIMIT 1",
        at_least,
    )
    invoices = window.rows(
        "SELECT id, open_cents FROM invoice WHERE account_id = ? AND open_cents > 0 ORDER BY due_on, id", account
    )
    return int(account), str(number), [(int(i), int(cents)) for i, cents in invoices]


# Posting by keys


def test_enter_waits_for_the_account_to_be_found_while_fast_hands_type_on(window: Window) -> None:
    (account_id, account, name, cents), *_ = owing(window, 1)
    open_page(window, 1, cents)
    # All keys are in the queue before the first answer can be delivered.
    for key in account:
        QTest.keyClick(window.control("checks.account"), key)
    QTest.keyClick(window.control("checks.account"), ENTER)
    for control, typing in (("checks.amount", dollars(cents)), ("checks.number", "88")):
        for key in typing:
            QTest.keyClick(window.control(control), key)
        QTest.keyClick(window.control(control), ENTER)
    QTest.keyClick(window.control("checks.dated"), ENTER)
    QTest.keyClick(window.control("checks.bank"), ENTER)
    window.wait_for(lambda: name in text(window, "checks.said"))
    window.settle()
    assert newest(window) == (account_id, cents, "88")


def test_two_quick_enters_post_once_and_the_cursor_is_at_the_account_at_once(window: Window) -> None:
    (_, account, _, cents), *_ = owing(window, 1)
    open_page(window, 2, 2 * cents)
    before = payments(window)
    window.press(account, ENTER)
    window.settle()
    window.press(dollars(cents), ENTER, "1041", ENTER, ENTER)
    bank = window.control("checks.bank")
    QTest.keyClick(bank, ENTER)
    QTest.keyClick(bank, ENTER)
    assert cursor() == "checks.account"
    window.settle()
    assert payments(window) == before + 1
    assert window.rows("SELECT count(*) FROM mail_check WHERE number = '1041'") == [(1,)]


def test_a_second_check_typed_before_the_first_is_answered_is_posted_after_it(window: Window) -> None:
    (one, number_one, _, cents_one), (two, number_two, _, cents_two) = owing(window, 2)
    batch = open_page(window, 2, cents_one + cents_two)
    account = window.control("checks.account", AccountEdit)
    # Another write is under way: the first answer has to wait.
    with window.program.tasks._writing:
        for number, cents, check in ((number_one, cents_one, "11"), (number_two, cents_two, "12")):
            window.press(number, ENTER)
            window.wait_for(lambda: not account.is_waiting)
            window.press(dollars(cents), ENTER, check, ENTER, ENTER, ENTER)
        assert (typed(window, "checks.number"), cursor()) == ("12", "checks.bank")
    window.wait_for(lambda: window.program.tasks.is_idle and text(window, "checks.count") == "2 of 2")
    assert window.rows(
        "SELECT m.number, p.account_id FROM mail_check m JOIN payment p ON p.mail_check_id = m.id "
        "WHERE m.batch_id = ? ORDER BY m.id",
        batch,
    ) == [("11", one), ("12", two)]
    assert window.books_agree()


def test_the_date_written_and_the_bank_are_kept_with_the_check(window: Window) -> None:
    (_, account, _, cents), *_ = owing(window, 1)
    open_page(window, 1, cents)
    window.press(account, ENTER, dollars(cents), ENTER, "5", ENTER, "11/16", ENTER, SPACE, ENTER)
    window.settle()
    assert window.rows("SELECT dated, via, received_on FROM mail_check WHERE number = '5'") == [
        ("2026-11-16", "bank", "2026-11-21")
    ]


def test_an_amount_can_be_a_sum_and_with_implied_cents_needs_no_point(window: Window) -> None:
    (account_id, account, _, _), *_ = owing(window, 1)
    open_page(window, 2, 3234)
    window.press(account, ENTER, "12.5+7.5", ENTER, "1", ENTER, ENTER, ENTER)
    window.settle()
    assert newest(window) == (account_id, 2000, "1")
    # The setting changes while this page stands open behind the other.
    window.go("office", tab="desk")
    window.control("office.implied", QCheckBox).setFocus()
    window.press(Qt.Key.Key_Space)
    window.go("checks")
    window.settle()
    window.press(account, ENTER, "1234", ENTER, "2", ENTER, ENTER, ENTER)
    window.settle()
    assert newest(window) == (account_id, 1234, "2")


# What is refused stays as it was typed


def test_without_a_batch_nothing_is_posted_and_the_page_says_to_log_the_mail(window: Window) -> None:
    (_, account, _, _), *_ = owing(window, 1)
    before = payments(window)
    window.day = window.day.replace(day=22)
    window.program.workplace.choose_date(window.day)
    page = window.go("checks")
    page._desk = page._desk._replace(batch=None)
    window.press(account, ENTER, "10", ENTER, "5", ENTER, ENTER, ENTER)
    window.settle()
    assert payments(window) == before
    assert "Log the mail first" in window.message
    assert typed(window, "checks.number") == "5"


def test_a_wrong_amount_is_pointed_at_and_nothing_typed_is_lost(window: Window) -> None:
    (_, account, name, cents), *_ = owing(window, 1)
    open_page(window, 1, cents)
    before = payments(window)
    window.press(account, ENTER, "12.345", ENTER)
    assert "more than two decimals" in window.message
    assert cursor() == "checks.amount"
    window.shortcut(ENTER, CONTROL)
    assert payments(window) == before
    assert typed(window, "checks.account") == name and typed(window, "checks.amount") == "12.345"


def test_a_refusal_is_gone_once_its_input_is_put_right(window: Window) -> None:
    (_, account, name, cents), *_ = owing(window, 1)
    open_page(window, 1, cents)
    window.press("zzzzqq", ENTER)
    window.settle()
    assert "No account is found" in window.message
    window.type_into("checks.account", account)
    window.press(ENTER)
    window.settle()
    assert window.message == "" and typed(window, "checks.account") == name
    window.press("12.345", ENTER)
    assert "more than two decimals" in window.message
    window.type_into("checks.amount", dollars(cents))
    window.press(ENTER)
    assert window.message == "" and cursor() == "checks.number"
    window.shortcut(ENTER, CONTROL)
    assert "needs its number" in window.message
    window.press("901", ENTER)
    assert window.message == "" and cursor() == "checks.dated"
    window.press("13/45", ENTER)
    assert window.message != "" and cursor() == "checks.dated"
    window.type_into("checks.dated", "11/20")
    window.press(ENTER)
    assert window.message == ""


def test_a_check_without_its_number_is_not_posted(window: Window) -> None:
    (_, account, _, cents), *_ = owing(window, 1)
    open_page(window, 1, cents)
    before = payments(window)
    window.press(account, ENTER, dollars(cents), ENTER, ENTER, ENTER, ENTER)
    window.settle()
    assert payments(window) == before
    assert "needs its number" in window.message and cursor() == "checks.number"


def test_an_account_that_is_not_found_brings_the_cursor_back_to_it(window: Window) -> None:
    open_page(window, 1, 1000)
    window.press("zzzzqq", ENTER)
    window.settle()
    assert "No account is found" in window.message
    assert cursor() == "checks.account" and typed(window, "checks.account") == "zzzzqq"


def test_a_mistyped_account_number_is_refused_by_its_check_digit(window: Window) -> None:
    (_, account, _, cents), *_ = owing(window, 1)
    open_page(window, 1, cents)
    wrong = f"{account[0]}9{account[2:]}"
    assert not window.rows("SELECT 1 FROM invoice WHERE id = ?", int(wrong))
    window.press(wrong, ENTER)
    window.settle()
    assert cursor() == "checks.account"
    assert "No account is found" in window.message


def test_an_account_found_by_an_invoices_number_is_said_so(window: Window) -> None:
    ((invoice, name),) = window.rows("SELECT i.id, a.name FROM invoice i JOIN account a ON a.id = account_id LIMIT 1")
    open_page(window, 1, 100)
    assert not window.rows("SELECT 1 FROM account WHERE number = ?", str(invoice))
    window.press(str(invoice), ENTER)
    window.settle()
    assert typed(window, "checks.account") == name
    assert text(window, "checks.said") == f"Found by invoice {invoice}, not by an account's number"


def test_a_part_of_a_number_that_fits_several_accounts_is_not_taken_until_one_is_chosen(window: Window) -> None:
    (account_id, account, name, _), *_ = owing(window, 1)
    open_page(window, 1, 100)
    edit = window.control("checks.account", AccountEdit)
    window.press(account[:3], ENTER)
    window.settle()
    assert edit.account_id is None and edit.is_open and cursor() == "checks.account"
    assert "no whole account number" in window.message
    window.press(ENTER)
    window.settle()
    assert edit.account_id is None
    places = [hit.id for hit in edit.hits.hit_model.hits]
    window.press(Qt.Key.Key_Down, ENTER)
    window.settle()
    assert edit.account_id == places[1]
    assert text(window, "checks.said") == "Found by a part of its number, not by an account's number"
    assert cursor() == "checks.amount"
    window.shortcut(Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    window.press(account, ENTER)
    window.settle()
    assert (edit.account_id, edit.text(), text(window, "checks.said")) == (account_id, name, "")


def test_digits_of_one_street_alone_are_taken_and_said_so(window: Window) -> None:
    account_id = int(window.rows("SELECT id FROM account WHERE status = 'active' ORDER BY id")[0][0])
    with open_office(window.path) as books, books.write() as session:
        change_address(session, desk(window), account_id, ("918273 Elm St",))
    open_page(window, 1, 100)
    window.press("918273", ENTER)
    window.settle()
    assert window.control("checks.account", AccountEdit).account_id == account_id
    assert text(window, "checks.said") == "Found by its street, not by an account's number"


# What is shown before Enter


def test_the_account_its_standing_and_what_the_check_pays_are_shown_before_it_is_posted(window: Window) -> None:
    account_id, account, invoices = open_invoices(window, 1)
    ((name, balance),) = window.rows("SELECT name, balance_cents FROM account WHERE id = ?", account_id)
    open_page(window, 1, 1000)
    first, open_cents = invoices[0]
    window.press(account, ENTER)
    window.settle()
    assert text(window, "checks.account-name") == name
    assert dollars(balance) in text(window, "checks.balance").replace(",", "")
    assert text(window, "checks.standing")
    window.press(dollars(open_cents - 1), ENTER)
    window.settle()
    assert f"pays {dollars(open_cents - 1)} of invoice {first}" in text(window, "checks.pays").replace(",", "")
    line = window.control("checks.invoices", InvoiceTable).rows_model.row_at(0)
    assert (line.invoice.id, line.pays_cents) == (first, open_cents - 1)
    assert window.rows("SELECT count(*) FROM payment WHERE account_id = ? AND cents = ?", account_id, open_cents - 1) == [
        (0,)
    ]


def test_a_ticked_invoice_is_paid_first_on_screen_and_in_the_books(window: Window) -> None:
    account_id, account, invoices = open_invoices(window, 2)
    open_page(window, 1, 500)
    last, open_cents = invoices[-1]
    window.press(account, ENTER, "5", ENTER, "31", ENTER)
    window.settle()
    table = window.control("checks.invoices", InvoiceTable)
    window.shortcut(Qt.Key.Key_I, ALT)
    for _ in invoices[1:]:
        window.press(Qt.Key.Key_Down)
    window.press(SPACE)
    assert f"pays 5.00 of invoice {last}" in text(window, "checks.pays")
    assert table.rows_model.row_at(len(invoices) - 1).place == 1
    window.shortcut(ENTER, CONTROL)
    assert newest(window) == (account_id, 500, "31")
    assert window.rows("SELECT open_cents FROM invoice WHERE id = ?", last) == [(open_cents - 500,)]
    assert window.books_agree()


def test_ticking_twice_takes_the_tick_away(window: Window) -> None:
    _, account, invoices = open_invoices(window, 2)
    open_page(window, 1, 500)
    window.press(account, ENTER, "5", ENTER)
    window.settle()
    window.shortcut(Qt.Key.Key_I, ALT)
    window.press(Qt.Key.Key_Down, SPACE, SPACE)
    assert f"of invoice {invoices[0][0]}" in text(window, "checks.pays")


def test_a_look_alike_is_pointed_out_before_enter(window: Window) -> None:
    (_, account, name, cents), *_ = owing(window, 1)
    open_page(window, 2, 2 * cents)
    type_check(window, account, cents, "700")
    assert not window.control("checks.look-alike", QLabel).isVisible()
    window.press(account, ENTER, dollars(cents), ENTER, "700", ENTER)
    window.settle()
    assert window.control("checks.look-alike", QLabel).isVisible()
    assert name in text(window, "checks.look-alike")


def test_another_account_typed_over_forgets_the_first_ones_standing(window: Window) -> None:
    (_, account, name, _), *_ = owing(window, 1)
    open_page(window, 1, 500)
    window.press(account, ENTER)
    window.settle()
    assert text(window, "checks.account-name") == name
    window.type_into("checks.account", "x")
    assert window.control("checks.account-name", QLabel).isHidden()
    assert window.control("checks.balance", QLabel).isHidden()


def test_what_another_page_posts_shows_without_losing_what_is_typed(window: Window) -> None:
    (account_id, account, name, cents), *_ = owing(window, 1)
    open_page(window, 1, 500)
    window.press(account, ENTER, "5", ENTER, "31")
    window.settle()
    from app.services import checks

    desk = window.program.workplace.desk()
    window.program.tasks.write(
        lambda session: checks.post_check(session, desk, checks.CheckForm(account_id, cents, "900")),
        lambda _id: None,
        owner=window.frame,
        accounts=[account_id],
    )
    window.settle()
    window.settle()
    assert "0.00" in text(window, "checks.balance")
    assert (typed(window, "checks.account"), typed(window, "checks.number")) == (name, "31")
    panel = window.frame.page.findChild(AccountPanel) if window.frame.page else None
    assert panel is not None and panel.account is not None and panel.account.card.balance_cents == 0


# Batches


def test_a_batch_of_the_business_date_is_chosen_and_another_one_by_hand(window: Window) -> None:
    first = log_mail(window, 3, 3000)
    second = log_mail(window, 4, 4000)
    window.go("checks")
    assert text(window, "checks.count") == "0 of 4"
    combo = window.control("checks.batch", QComboBox)
    assert combo.currentData() == second
    combo.setFocus()
    window.press(Qt.Key.Key_Up)
    window.settle()
    assert combo.currentData() == first
    assert text(window, "checks.count") == "0 of 3"


def test_figures_that_were_counted_wrongly_are_corrected_with_a_reason(window: Window) -> None:
    batch = open_page(window, 3, 3000)
    window.click("checks.figures")
    window.press("4", ENTER, "extra envelope", ENTER)
    window.settle()
    assert window.rows("SELECT count, total_cents FROM mail_batch WHERE id = ?", batch) == [(4, 3000)]
    assert text(window, "checks.count") == "0 of 4"


def test_a_batch_without_a_count_is_not_logged(window: Window) -> None:
    window.go("checks")
    before = window.rows("SELECT count(*) FROM mail_batch")
    window.shortcut(Qt.Key.Key_L, CONTROL)
    dialog = window.dialog()
    window.press("many", ENTER)
    assert window.control("mail.refusal", QLabel, dialog).text() == "How many checks came? Type a number such as 25."
    assert window.control("mail.count", QLineEdit, dialog).text() == "many"
    window.press(Qt.Key.Key_Escape)
    assert window.rows("SELECT count(*) FROM mail_batch") == before


def test_the_table_of_checks_opens_the_account_of_a_posted_one(window: Window) -> None:
    (_, account, _, cents), *_ = owing(window, 1)
    open_page(window, 1, cents)
    type_check(window, account, cents, "700")
    window.control("checks.posted", BatchTable).setFocus()
    window.press(ENTER)
    window.settle()
    assert window.frame.page is not None and window.frame.page.key == "account"
