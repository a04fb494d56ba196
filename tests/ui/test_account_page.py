"""An account's page: its sentence and figures, its lists, why each line is there, and the days gone by."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QSlider, QTabBar, QTextEdit
from ui.window import Window

from app.money import format_cents
from app.services import accounts, asof, checks, history, loading, payments, status, subscriptions
from app.views.table import Table


def past_due_account(window: Window) -> int:
    return int(
        window.rows(
            "SELECT a.id FROM account a JOIN invoice i ON i.account_id = a.id "
            "WHERE a.status = 'active' AND i.open_cents > 0 AND i.due_on < '2026-11-21' ORDER BY a.id"
        )[0][0]
    )


def payer(window: Window) -> tuple[int, int]:
    """An account with a payment by check, and that payment."""
    return window.rows("SELECT account_id, id FROM payment WHERE kind = 'check' ORDER BY id")[0]  # type: ignore[return-value]


def open_page(window: Window, account_id: int, **where: Any) -> Any:
    page = window.go("account", account_id=account_id, **where)
    window.settle()
    return page


def text(window: Window, name: str) -> str:
    return window.control(name, QLabel).text()


def explained(window: Window) -> str:
    return window.control("account.explain", QTextEdit).toPlainText()


def rows(window: Window, tab: str) -> list[Any]:
    return list(window.control(f"account.{tab}", Table).rows_model.rows)


def change(window: Window, account_id: int, work: Any) -> None:
    """Something that another page does."""
    window.program.tasks.write(work, lambda _result: None, owner=window.frame, accounts=[account_id])
    window.settle()
    window.settle()


def test_a_past_due_account_says_what_happens_next_and_its_figures_are_the_books(window: Window) -> None:
    account_id = past_due_account(window)
    page = open_page(window, account_id)
    facts = window.read(lambda session: status.account_page(session, account_id, date(2026, 11, 21)))
    late = format_cents(facts.standing.past_due_cents)
    sentence = text(window, "account.sentence")
    assert sentence.startswith(f"Past due ${late} since ")
    assert f"unless ${late} is paid or arrangements are made" in sentence
    assert text(window, "account.balance") == format_cents(facts.card.balance_cents)
    assert text(window, "account.past-due") == late
    assert facts.next_bill is not None and text(window, "account.next-bill") == format_cents(facts.next_bill.cents)
    assert page.heading.text() == facts.card.name and facts.card.number in text(window, "account.contact")


def test_the_ledger_ends_in_the_balance_and_begins_with_the_latest_line(window: Window) -> None:
    account_id = past_due_account(window)
    open_page(window, account_id)
    lines = rows(window, "ledger")
    told = window.read(lambda session: history.account_history(session, account_id))
    assert [line.row for line in lines] == told[::-1]
    assert lines[0].balance_cents == window.rows("SELECT balance_cents FROM account WHERE id = ?", account_id)[0][0]
    assert lines[-1].balance_cents == told[0].cents


def test_the_cursor_on_a_line_shows_its_clause_its_sentence_and_the_arithmetic(window: Window) -> None:
    open_page(window, past_due_account(window))
    lines = rows(window, "ledger")
    place = next(n for n, line in enumerate(lines) if line.row.clause == "ADV-1")
    window.control("account.ledger", Table).setFocus()
    window.press(Qt.Key.Key_Home)
    for _ in range(place):
        window.press(Qt.Key.Key_Down)
    said = explained(window)
    assert "ADV-1" in said and "billed in advance" in said and lines[place].row.why in said
    assert lines[place].row.why


@pytest.mark.parametrize("modifier", [Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier])
def test_alt_or_ctrl_with_a_number_shows_that_list(window: Window, modifier: Qt.KeyboardModifier) -> None:
    page = open_page(window, past_due_account(window))
    keys = "1234567890"
    for number, key in enumerate(keys):
        window.shortcut(getattr(Qt.Key, f"Key_{key}"), modifier)
        assert page.bar.currentIndex() == number == page.stack.currentIndex()
        assert window.control("account.tabs", QTabBar).tabText(number).startswith(key)


def test_what_a_payment_paid_is_told_beside_it(window: Window) -> None:
    account_id, payment_id = payer(window)
    open_page(window, account_id, kind="payment", document=payment_id)
    assert window.control("account.tabs", QTabBar).currentIndex() == 2
    (line,) = [row for row in rows(window, "payments") if row.id == payment_id]
    paid = window.rows("SELECT invoice_id, sum(cents) FROM allocation WHERE credit_id = ? GROUP BY 1", payment_id)
    for invoice_id, cents in paid:
        assert f"Pays invoice {invoice_id}: {format_cents(cents)}" in explained(window)
    assert paid and line.cents >= sum(cents for _, cents in paid)


def test_an_invoice_or_a_check_that_was_looked_for_has_the_cursor(window: Window) -> None:
    account_id, invoice_id = window.rows("SELECT account_id, min(id) FROM invoice GROUP BY account_id HAVING count(*) > 1")[
        0
    ]
    open_page(window, account_id, kind="invoice", document=invoice_id)
    table = window.control("account.invoices", Table)
    row = table.current_row()
    assert row is not None and row.row.id == invoice_id
    assert f"Invoice {invoice_id}" in explained(window)
    owner, check_id, payment_id = window.rows("SELECT account_id, mail_check_id, id FROM payment WHERE mail_check_id > 0")[
        -1
    ]
    open_page(window, owner, kind="check", document=check_id)
    found = window.control("account.payments", Table).current_row()
    assert found is not None and found.id == payment_id


def test_enter_on_a_ledger_line_goes_to_its_document(window: Window) -> None:
    account_id, payment_id = payer(window)
    page = open_page(window, account_id)
    lines = rows(window, "ledger")
    place = next(n for n, line in enumerate(lines) if line.row.document == f"credit {payment_id}")
    table = window.control("account.ledger", Table)
    table.setFocus()
    table.selectRow(place)
    window.press(Qt.Key.Key_Return)
    assert page.bar.currentIndex() == 2
    found = window.control("account.payments", Table).current_row()
    assert found is not None and found.id == payment_id


def test_the_slider_shows_the_account_as_of_an_earlier_day_and_back(window: Window) -> None:
    account_id, payment_id = payer(window)
    paid_on = date.fromisoformat(window.rows("SELECT business_date FROM payment WHERE id = ?", payment_id)[0][0])
    page = open_page(window, account_id)
    now = text(window, "account.balance"), len(rows(window, "ledger")), text(window, "account.sentence")
    slider = window.control("account.day-slider", QSlider)
    slider.setFocus()
    steps = (date(2026, 11, 21) - paid_on).days + 1
    for _ in range(steps):
        window.press(Qt.Key.Key_Left)
    day = date.fromordinal(paid_on.toordinal() - 1)
    window.wait_for(lambda: page.shown.then is not None and page.shown.then.on == day)
    then = window.read(lambda session: asof.account_as_of(session, account_id, day))
    assert text(window, "account.balance") == format_cents(then.balance_cents)
    assert text(window, "account.sentence").startswith(f"On {day:%b} {day.day}, 2026: ")
    assert then.sentence in text(window, "account.sentence")
    assert all(line.row.on <= day for line in rows(window, "ledger"))
    assert rows(window, "ledger")[0].balance_cents == then.balance_cents
    open_then = {line.row.id: line.open_cents for line in rows(window, "invoices") if line.open_cents}
    assert open_then == {item.id: item.open_cents for item in then.open_invoices}
    assert payment_id not in [row.id for row in rows(window, "payments")]
    window.click("account.present")
    window.wait_for(lambda: page.shown.then is None)
    assert (text(window, "account.balance"), len(rows(window, "ledger")), text(window, "account.sentence")) == now


def test_on_an_earlier_business_date_the_slider_ends_on_that_date(window: Window) -> None:
    account_id = past_due_account(window)
    day = date(2026, 11, 18)
    window.program.workplace.choose_date(day)
    page = open_page(window, account_id)
    assert window.control("account.as-of", QLineEdit).text() == "11/18/2026"
    assert page.head.days.is_present and page.head.days.current_day == page.shown.on == day


def test_a_day_is_typed_and_one_before_the_account_is_refused(window: Window) -> None:
    account_id = past_due_account(window)
    page = open_page(window, account_id)
    window.type_into("account.as-of", "10/15")
    window.press(Qt.Key.Key_Return)
    window.wait_for(lambda: page.shown.then is not None and page.shown.then.on == date(2026, 10, 15))
    window.type_into("account.as-of", "1/1/1999")
    window.press(Qt.Key.Key_Return)
    assert "when the account was opened" in window.message
    assert window.control("account.as-of", QLineEdit).text() == "01/01/1999"
    assert page.shown.then.on == date(2026, 10, 15)


def test_a_change_made_elsewhere_shows_and_list_cursor_and_scroll_stay(window: Window) -> None:
    account_id = past_due_account(window)
    page = open_page(window, account_id)
    window.shortcut(Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier)
    window.press(Qt.Key.Key_End)
    table = window.control("account.invoices", Table)
    before = table.current_row()
    assert before is not None
    desk = window.program.workplace.desk()
    change(window, account_id, lambda s: checks.post_check(s, desk, checks.CheckForm(account_id, 5_000_00, "9001")))
    assert text(window, "account.sentence").startswith("Has a credit of $")
    assert page.bar.currentIndex() == 1
    after = table.current_row()
    assert after is not None and after.row.id == before.row.id and after.open_cents == 0
    assert window.books_agree()


def test_another_accounts_change_does_not_read_this_one_again(window: Window) -> None:
    account_id = past_due_account(window)
    page = open_page(window, account_id)
    assert page.concerns(None) and page.concerns(frozenset({account_id, 5000}))
    assert not page.concerns(frozenset({account_id + 1}))


def test_a_returned_payment_is_said_in_words_and_its_charges_are_listed(window: Window) -> None:
    account_id, payment_id = payer(window)
    open_page(window, account_id)
    desk = window.program.workplace.desk()
    change(window, account_id, lambda s: payments.return_payment(s, desk, payment_id, 700))
    kinds = [line.row.kind for line in rows(window, "ledger")[:3]]
    assert set(kinds) == {"returned", "returned-bank-fee", "returned-admin-fee"}
    (line,) = [row for row in rows(window, "payments") if row.id == payment_id]
    assert line.state == "returned"
    day_before = (date(2026, 11, 20),)
    window.type_into("account.as-of", f"{day_before[0]:%m/%d/%Y}")
    window.press(Qt.Key.Key_Return)
    window.wait_for(lambda: [row.state for row in rows(window, "payments") if row.id == payment_id] == ["posted"])


def test_a_price_change_to_come_is_listed_and_the_next_bill_counts_it(window: Window) -> None:
    account_id = past_due_account(window)
    code, cents = window.rows(
        "SELECT code, monthly_cents FROM service WHERE account_id = ? AND last_day IS NULL", account_id
    )[0]
    open_page(window, account_id)
    before = window.rows("SELECT count(*) FROM line")
    desk = window.program.workplace.desk()
    told = text(window, "account.next-bill")
    change(
        window, account_id, lambda s: subscriptions.change_price(s, desk, account_id, code, cents + 1000, date(2026, 12, 1))
    )
    window.wait_for(lambda: text(window, "account.next-bill") not in (told, "…"))
    # December's days were billed at the old price, January's are billed at the new one.
    assert rows(window, "services")[0][1] == "new price 12/01/2026"
    assert sum(row.cents for row in rows(window, "bill")) == window.frame.page.shown.page.next_bill.cents  # type: ignore[union-attr]
    assert window.rows("SELECT count(*) FROM line") == before
    assert window.rows("SELECT state FROM scheduled_change") == [("waiting",)]


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (960, 600)])
def test_no_list_scrolls_sideways_and_no_figure_is_cut(window: Window, width: int, height: int) -> None:
    window.frame.resize(width, height)
    page = open_page(window, past_due_account(window))
    for number, tab in enumerate(page.tabs):
        page.show_tab(number)
        window.settle()
        if tab.has_rows:
            window.wait_for(lambda table=tab.table: table.horizontalScrollBar().maximum() == 0)
    for value in page.head.figures.values.values():
        assert value.width() >= value.sizeHint().width(), value.objectName()
    window.go("accounts")
    window.settle()
    window.wait_for(lambda: window.control("accounts.list", Table).horizontalScrollBar().maximum() == 0)


def test_going_back_to_the_page_shows_the_same_account(window: Window) -> None:
    account_id = past_due_account(window)
    open_page(window, account_id)
    window.go("today")
    window.shortcut(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert window.frame.page is not None and window.frame.page.account_id == account_id  # type: ignore[attr-defined]
    name = window.read(lambda session: loading.card(session, account_id).name)
    assert window.frame.page.heading.text() == name


def test_an_earlier_day_shows_the_contact_and_the_services_of_that_day(window: Window) -> None:
    account_id, _opened = window.rows(
        "SELECT a.id, a.opened_on FROM account a WHERE a.status = 'active' AND a.policy = 'isp-advance' AND a.opened_on < "
        "'2026-11-01' AND a.phone <> '' AND EXISTS (SELECT 1 FROM service s WHERE s.account_id = a.id) ORDER BY a.id LIMIT 1"
    )[0]
    old = window.rows("SELECT email FROM account WHERE id = ?", account_id)[0][0] or "no e-mail"
    desk = window.program.workplace.desk()
    window.program.tasks.write(
        lambda session: accounts.change_email(session, desk, account_id, "brand.new@example.net"),
        lambda _done: None,
        owner=window.frame,
    )
    window.settle()
    page = open_page(window, account_id)
    assert "brand.new@example.net" in text(window, "account.contact")
    page.head.days.slider.setValue(page.head.days.slider.maximum() - 1)
    window.wait_for(lambda: page.shown.then is not None)
    assert old in text(window, "account.contact") and "brand.new@example.net" not in text(window, "account.contact")
    listed = rows(window, "services")
    assert listed and {state for _, state in listed} == {"price as of today"}
    assert all(line.first_day <= page.shown.then.on and line.billed_through is None for line, _ in listed)
    assert window.control("account.exceptions").isHidden()
    window.click("account.present")
    window.wait_for(lambda: page.shown.then is None)
    assert "brand.new@example.net" in text(window, "account.contact")
    assert any(line.billed_through for line, _ in rows(window, "services"))


def test_what_acts_without_a_numbered_clause_is_named_in_words(window: Window) -> None:
    (account_id,) = window.rows("SELECT min(account_id) FROM line WHERE clause = 'section 6'")[0]
    open_page(window, account_id)
    table = window.control("account.ledger", Table)
    column = [c.title for c in table.rows_model.columns].index("Clause")
    shown = {table.model().index(row, column).data() for row in range(table.model().rowCount())}
    assert "Opening balance" in shown
    assert not [clause for clause in shown if str(clause).startswith("section")]
