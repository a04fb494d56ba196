"""What waits on a business date, the charts beside it, and the previews of deposit and close."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session
from support_office import Diary, imported

from app.errors import UserError
from app.services import (
    accounts,
    aging,
    autopay,
    checks,
    collections,
    dayclose,
    daypreview,
    deposits,
    notes,
    payments,
    refunds,
    subscriptions,
    todayfigures,
    waiting,
    work,
)
from app.services.gateways.autopay import DeclineListGateway
from app.services.gateways.mail import NoMail
from app.services.policies.conduct import adv_9_last_refund_date, adv_9_next_refund_date
from app.services.policies.facts import InstalmentFacts
from app.services.waiting import Waiting

NET = 3100


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary


def waits(office: Diary, key: str) -> Waiting | None:
    return next((row for row in office.see(waiting.what_waits, office.day) if row.key == key), None)


def test_nothing_waits_in_an_office_without_accounts(office: Diary) -> None:
    assert office.see(waiting.what_waits, office.day) == []


def test_mail_logged_and_unposted_waits_with_its_amount_until_it_is_dealt_with(office: Diary) -> None:
    office.on(1, 5)
    account = office.open()
    batch = office.do(checks.log_mail, 2, 1500)
    first = office.do(checks.log_check, batch, 1000, "1")
    second = office.do(checks.log_check, batch, 500, "2")
    row = waits(office, "unposted")
    assert row is not None and (row.how_many, row.cents, row.since, row.page) == (2, 1500, date(2026, 1, 5), "checks")
    assert row.where == (("mail_check_id", first),)
    office.check(account, 1000, "1", mail_check_id=first)
    office.do(checks.hold_check, second, "whose?")
    assert waits(office, "unposted") is None
    held = waits(office, "held")
    assert held is not None and (held.how_many, held.cents) == (1, 500)
    assert held.page == "held"


def test_of_several_batches_and_held_checks_the_earliest_check_is_opened(office: Diary) -> None:
    office.on(1, 5)
    account = office.open()
    finished = office.do(checks.log_mail, 1, 100)
    office.check(account, 100, "1", mail_check_id=office.do(checks.log_check, finished, 100, "1"))
    logged = []
    for day in (6, 7, 8):
        batch = office.on(1, day).do(checks.log_mail, 1, 200)
        logged.append(office.do(checks.log_check, batch, 200, f"{day}"))
    row = waits(office, "unposted")
    assert row is not None and (row.how_many, row.where) == (3, (("mail_check_id", logged[0]),))
    office.do(checks.hold_check, logged[2], "whose?")
    office.do(checks.hold_check, logged[1], "whose?")
    held = waits(office, "held")
    assert held is not None and (held.how_many, held.since) == (2, date(2026, 1, 7))


def test_a_batch_out_of_balance_says_by_how_much_and_one_in_balance_says_nothing(office: Diary) -> None:
    account = office.open()
    batch = office.do(checks.log_mail, 2, 1500)
    logged = office.do(checks.log_check, batch, 1000, "1")
    office.check(account, 1000, "1", mail_check_id=logged)
    row = waits(office, "out-of-balance")
    assert row is not None and (row.how_many, row.cents, row.where) == (1, 500, (("batch_id", batch),))
    office.do(checks.correct_batch, batch, 1, 1000, "counted wrongly")
    assert waits(office, "out-of-balance") is None


def test_the_drawer_waits_for_the_bank(office: Diary) -> None:
    account = office.on(1, 5).open()
    office.check(account, 700, "1")
    wrong = office.check(account, 800, "2")
    office.do(payments.reverse_payment, wrong, "wrong")
    row = waits(office, "deposit")
    assert row is not None and (row.how_many, row.cents, row.since) == (1, 700, date(2026, 1, 5))
    assert office.see(deposits.drawer_totals) == (1, 700, date(2026, 1, 5))
    assert [(c.number, c.cents, c.account_id) for c in office.see(daypreview.drawer)] == [("1", 700, account)]
    office.do(deposits.make_deposit)
    assert waits(office, "deposit") is None
    assert office.see(deposits.drawer_totals) == (0, 0, None)
    (made,) = office.see(daypreview.deposits_made)
    assert (made.on, made.how_many, made.cents) == (date(2026, 1, 5), 1, 700)


def test_a_split_check_in_the_drawer_names_no_single_account(office: Diary) -> None:
    one, other = office.open(), office.open("Bo Birch")
    office.do(checks.post_split_check, checks.CheckForm(one, 900, "1"), ((one, 400), (other, 500)))
    (check,) = office.see(daypreview.drawer)
    assert (check.account, check.account_id, check.cents) == ("several", None, 900)


def test_a_deposit_of_another_total_than_was_shown_is_refused(office: Diary) -> None:
    office.check(office.open(), 700, "1")
    with pytest.raises(UserError, match=r"holds 7\.00 now, not 6\.00"):
        office.do(deposits.make_deposit, shown_cents=600)
    office.do(deposits.make_deposit, shown_cents=700)


def test_a_deposit_holds_only_checks_received_by_its_day(office: Diary) -> None:
    account = office.on(1, 5).open()
    office.check(account, 700, "1")
    later = office.on(1, 6).check(account, 800, "2")
    sheet = office.sql("SELECT mail_check_id FROM payment WHERE id = ?", later)[0][0]
    office.on(1, 5)
    with pytest.raises(UserError, match=r"Check 2 was received on 2026-01-06; a deposit dated 2026-01-05, before that"):
        office.do(deposits.make_deposit)
    assert office.sql("SELECT count(*) FROM deposit") == [(0,)]
    office.do(deposits.make_deposit, leave_out=[sheet])
    office.on(1, 6).do(deposits.make_deposit)
    assert office.sql("SELECT business_date, cents FROM deposit ORDER BY id") == [("2026-01-05", 700), ("2026-01-06", 800)]


def test_card_payments_wait_from_the_next_day_until_they_have_arrived(office: Diary) -> None:
    account = office.on(1, 5).open(service_cents=NET, autopay="card", method_label="Visa")
    autopay.run_autopay(office.books, office.desk, DeclineListGateway())
    paid = -office.balance(account) + office.sql("SELECT sum(total_cents) FROM invoice")[0][0]
    assert waits(office, "clearing") is None
    office.on(1, 6)
    row = waits(office, "clearing")
    assert row is not None and (row.how_many, row.cents, row.since) == (1, paid, date(2026, 1, 5))
    (line,) = office.see(daypreview.clearing)
    assert (line.on, line.kind, line.how_many, line.cents) == (date(2026, 1, 5), "card", 1, paid)
    ids = office.see(daypreview.clearing_payments, line.on, line.kind)
    with pytest.raises(UserError, match="has changed meanwhile"):
        office.do(payments.settle_clearing, ids, shown_cents=paid + 1)
    with pytest.raises(UserError, match="cannot have arrived on 2026-01-04"):
        office.on(1, 4).do(payments.settle_clearing, ids, shown_cents=paid)
    office.on(1, 6).do(payments.settle_clearing, ids, shown_cents=paid)
    assert waits(office, "clearing") is None and office.see(daypreview.clearing) == []


def test_earlier_days_with_entries_wait_to_be_closed_and_days_without_do_not(office: Diary) -> None:
    account = office.open()
    for day in (5, 5, 8):
        office.on(1, day).check(account, 100 + day, f"{day}{len(office.sql('SELECT id FROM entry'))}")
    row = waits(office, "open-days")
    assert row is not None and (row.how_many, row.since) == (1, date(2026, 1, 5))
    row = waits(office.on(1, 9), "open-days")
    assert row is not None and row.how_many == 2
    office.on(1, 8).do(dayclose.close_day, NoMail())
    assert waits(office.on(1, 9), "open-days") is None


def test_a_month_waits_to_be_billed_until_its_run_is_done(office: Diary) -> None:
    office.open(service_cents=NET)
    row = waits(office.on(2, 1), "billing")
    assert row is not None and (row.title, row.how_many) == ("February is not billed", 1)
    office.bill()
    assert waits(office, "billing") is None
    office.on(2, 20).open("Bo Birch", NET)
    assert waits(office, "billing") is None
    assert waits(office.on(3, 1), "billing") is not None


def test_a_billing_run_that_was_cut_off_waits_to_be_made_again(office: Diary) -> None:
    from app.services import billing

    office.open(service_cents=NET)
    office.on(2, 1)
    with office.books.write() as session:
        billing._open_run(session, office.desk)
    row = waits(office, "billing")
    assert row is not None and row.title == "A billing run was cut off"
    office.bill()
    assert waits(office, "billing") is None


def test_auto_pay_waits_after_the_month_is_billed_for_what_the_run_would_ask(office: Diary) -> None:
    for name, method in (("Ann", "card"), ("Bo", "echeck"), ("Cy", "card")):
        office.open(name, NET, autopay=method, method_label="x")
    office.do(accounts.change_payment_method, office.open("Di", NET), "card", label="x")
    assert waits(office, "autopay") is None
    office.on(2, 1).bill()
    row = waits(office, "autopay")
    due = office.see(autopay.due, office.desk)
    assert row is not None and (row.how_many, row.cents) == (len(due), sum(item.cents for item in due)) and row.how_many == 3
    methods = office.see(waiting.autopay_due, office.day)
    assert [(line.method, line.how_many) for line in methods] == [("card", 2), ("echeck", 1)]
    missing = waits(office, "authorization-missing")
    assert missing is not None and missing.how_many == 1
    autopay.run_autopay(office.books, office.desk, DeclineListGateway())
    assert waits(office, "autopay") is None
    assert office.see(waiting.autopay_due, office.day) == []


def test_refunds_wait_on_their_date_and_after_it_until_the_run_is_made(office: Diary) -> None:
    office.on(1, 5)
    account = office.open()
    office.check(account, 1000, "1")
    office.do(subscriptions.cancel_account, account)
    assert waits(office.on(1, 14), "refunds") is None
    row = waits(office.on(1, 15), "refunds")
    assert row is not None and (row.how_many, row.cents, row.detail) == (1, 1000, "Today is a refund date")
    row = waits(office.on(1, 16), "refunds")
    assert row is not None and "01/15/2026 was not made" in row.detail
    office.on(1, 15).do(refunds.run_refunds)
    assert waits(office, "refunds") is None
    assert waits(office.on(1, 16), "refunds") is None


def test_the_refund_dates_around_a_day_move_to_business_days() -> None:
    # 11/01/2026 is a Sunday and 11/15/2026 too.
    assert adv_9_last_refund_date(date(2026, 11, 1), [1, 15]) == date(2026, 10, 15)
    assert adv_9_last_refund_date(date(2026, 11, 2), [1, 15]) == date(2026, 11, 2)
    assert adv_9_next_refund_date(date(2026, 11, 3), [1, 15]) == date(2026, 11, 16)
    assert adv_9_next_refund_date(date(2026, 11, 16), [1, 15]) == date(2026, 11, 16)
    assert adv_9_next_refund_date(date(2026, 11, 2), []) is None
    assert adv_9_last_refund_date(date(2026, 11, 2), []) is None


def test_instalments_of_the_coming_week_and_broken_arrangements_wait(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(3, 1).bill()
    office.do(
        collections.arrange, account, [InstalmentFacts(date(2026, 3, 10), 1000), InstalmentFacts(date(2026, 3, 20), 2100)]
    )
    assert waits(office.on(3, 3), "instalments") is None
    row = waits(office.on(3, 4), "instalments")
    assert row is not None and (row.how_many, row.cents, row.since) == (1, 1000, date(2026, 3, 10))
    assert waits(office.on(3, 10), "broken") is None
    row = waits(office.on(3, 11), "broken")
    assert row is not None and (row.how_many, row.cents, row.since) == (1, office.balance(account), date(2026, 3, 10))
    assert waits(office, "instalments") is None
    office.check(account, office.balance(account), "9")
    assert waits(office, "broken") is None


def test_exceptions_wait_by_their_code(office: Diary) -> None:
    account = office.open()
    hours = datetime.fromisoformat("2026-01-03T20:00"), datetime.fromisoformat("2026-01-03T21:00")
    office.on(1, 5).do(work.log_work, account, "repair", *hours)
    row = waits(office, "needs-decision")
    assert row is not None and (row.how_many, row.page, row.since) == (1, "collections", date(2026, 1, 3))


def test_a_reminder_waits_from_its_day_until_the_note_is_done(office: Diary) -> None:
    account = office.on(1, 5).open("Ann Ames")
    note = office.do(notes.add_note, account, "Call back\nabout the router", remind_on=date(2026, 1, 8))
    assert [row for row in office.see(waiting.what_waits, date(2026, 1, 7)) if row.key.startswith("note")] == []
    (row,) = [row for row in office.see(waiting.what_waits, date(2026, 1, 8)) if row.key.startswith("note")]
    assert (row.title, row.detail, row.page) == ("Reminder: Ann Ames", "Call back about the router", "account")
    assert dict(row.where)["account_id"] == account
    office.on(1, 8).do(notes.mark_done, note)
    assert [row for row in office.see(waiting.what_waits, office.day) if row.key.startswith("note")] == []


def test_more_reminders_than_can_be_read_are_counted(office: Diary) -> None:
    account = office.open()
    for n in range(waiting.REMINDERS_SHOWN + 3):
        office.do(notes.add_note, account, f"note {n}", remind_on=office.day)
    rows = office.see(waiting.what_waits, office.day)
    assert sum(row.key.startswith("note-") for row in rows) == waiting.REMINDERS_SHOWN
    assert [row.how_many for row in rows if row.key == "more-notes"] == [3]


def test_receipts_by_day_hold_every_day_and_leave_out_mistakes(office: Diary) -> None:
    account = office.on(1, 2).open()
    office.check(account, 100, "1")
    office.on(1, 31).check(account, 300, "2")
    office.do(payments.reverse_payment, office.check(account, 400, "3"), "wrong")
    days = office.see(todayfigures.receipts_by_day, date(2026, 1, 31))
    assert len(days) == 30 and days[0] == (date(2026, 1, 2), 100) and days[-1] == (date(2026, 1, 31), 300)
    assert sum(day.cents for day in days) == 400
    assert sum(day.cents for day in office.see(todayfigures.receipts_by_day, date(2026, 2, 1))) == 300


@pytest.mark.parametrize("month_day", [(3, 31), (4, 1), (4, 30), (6, 30), (8, 1)])
def test_the_aging_chart_is_the_aging_of_every_account_summed(office: Diary, month_day: tuple[int, int]) -> None:
    day = date(2026, *month_day)
    for month in (1, 2, 3):
        office.on(month, 1).open(f"Ann {month}", NET)
        office.bill()
    office.check(office.open("Credit"), 555, "1")
    assert office.see(todayfigures.aging_now, day) == aging.totals(office.see(aging.aging, day))
    assert sum(office.see(todayfigures.aging_now, day)) == office.sql("SELECT sum(balance_cents) FROM account")[0][0]


def test_the_preview_of_a_close_says_what_the_close_then_does(office: Diary) -> None:
    with_mail = office.on(1, 30).open("Ann", NET, email="ann@example.net")
    office.check(with_mail, 100, "1")
    office.check(office.open("Bo"), 200, "2")
    office.do(subscriptions.end_service, with_mail, "net", date(2026, 1, 31))
    office.on(1, 31)
    before = office.dump(leave_out=())
    preview = office.see(daypreview.close_preview, office.desk)
    assert office.dump(leave_out=()) == before
    assert (preview.receipts, preview.without_address, preview.blockers, preview.is_closed) == (1, 1, (), False)
    assert preview.days == (date(2026, 1, 30),) and preview.drawer.cents == 300
    assert [change.what for change in preview.changes] == ["end"]
    assert [day for day, _ in preview.months] == [date(2026, 1, 31)]
    result = office.do(dayclose.close_day, NoMail())
    assert (result.receipts.sent, result.receipts.without_address) == (1, 1)
    assert result.changes_carried_out == 1 and [day for day, _ in result.recognised] == [date(2026, 1, 31)]
    again = office.see(daypreview.close_preview, office.desk)
    assert again.is_closed and (again.receipts, again.without_address, again.months, again.changes) == (0, 1, (), ())


def test_the_preview_names_the_batch_that_blocks_the_close(office: Diary) -> None:
    batch = office.on(1, 5).do(checks.log_mail, 1, 500)
    office.do(checks.log_check, batch, 400, "1")
    found = office.on(1, 6).see(daypreview.close_preview, office.desk).blockers
    assert [(blocker.batch_id, blocker.received_on) for blocker in found] == [(batch, date(2026, 1, 5))] * 2
    assert [blocker.sentence for blocker in found] == office.see(dayclose.blockers, office.day)


def test_an_imported_office_is_not_asked_for_a_month_that_the_old_program_billed(office: Diary) -> None:
    from app.services.customerfile_types import ImportService

    service = ImportService("net", NET, date(2025, 1, 1), date(2026, 2, 28))
    imported(office, services=(service,))
    assert waits(office, "billing") is None
    assert waits(office.on(2, 1), "billing") is not None


@pytest.mark.file_only("asks SQLite how it reads")
def test_no_row_of_today_reads_every_payment_check_or_entry(office: Diary) -> None:
    """They grow for ever, and Today is read after each change: an index must lead to what waits."""

    def plans(session: Session) -> list[str]:
        driver = session.connection().connection.driver_connection
        assert driver is not None
        asked: list[str] = []
        driver.set_trace_callback(asked.append)
        waiting.what_waits(session, office.day)
        driver.set_trace_callback(None)
        selects = [text for text in asked if text.lstrip().startswith(("SELECT", "WITH"))]
        return [row[3] for text in selects for row in driver.execute(f"EXPLAIN QUERY PLAN {text}")]

    found = office.see(plans)
    assert any("ix_payment_clearing" in step for step in found)
    assert any("ix_mail_check_held" in step for step in found)
    whole = re.compile(r"SCAN (payment|p|mail_check|m|entry)(?! USING INDEX ix_(mail_check_held|mail_check_drawer))\b")
    assert [step for step in found if whole.match(step)] == []
