"""The morning's mail and the evening's close: control figures, look-alikes, closed days, roles, receipts."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from support_actions import KINDS_OF_WORK, NET, SUPERVISED, everything_else, in_credit, supervised
from support_office import Diary

from app.errors import Cancelled, DuplicateCheck, NotPermitted, UserError
from app.models.bulk import execute
from app.services import (
    accounts,
    autopay,
    checks,
    dayclose,
    deposits,
    exceptions,
    payments,
    receipts,
    refunds,
)
from app.services.checks import CheckForm
from app.services.gateways.autopay import DeclineListGateway
from app.services.gateways.mail import FolderMail, NoMail


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def close(office: Diary) -> dayclose.DayCloseResult:
    return office.do(dayclose.close_day, NoMail())


# The mail log


def test_a_batch_is_balanced_when_count_and_total_are_those_of_the_mail(office: Diary) -> None:
    batch = office.do(checks.log_mail, 2, 3000)
    office.do(checks.log_check, batch, 1000, "1")
    assert [state.is_balanced for state in office.see(checks.batches, office.day)] == [False]
    office.do(checks.log_check, batch, 2000, "2")
    (state,) = office.see(checks.batches, office.day)
    assert (state.is_balanced, state.entered_count, state.entered_cents, state.unposted) == (True, 2, 3000, 2)


def test_a_batch_out_of_balance_keeps_the_day_open_with_its_figures(office: Diary) -> None:
    account = office.open(service_cents=NET)
    batch = office.do(checks.log_mail, 1, 1001)
    mail = office.do(checks.log_check, batch, 1000, "1")
    office.check(account, 1000, "1", mail_check_id=mail)
    before = office.digest()
    with pytest.raises(UserError, match=r"out of balance: 1 of 1 checks, 10\.00 of 10\.01\."):
        close(office)
    assert office.digest() == before


def test_an_unposted_check_of_an_earlier_day_keeps_the_day_open(office: Diary) -> None:
    batch = office.do(checks.log_mail, 1, 1000)
    office.do(checks.log_check, batch, 1000, "1")
    office.on(1, 3)
    with pytest.raises(UserError, match=r"Batch 1 of 2026-01-01 has 1 logged check that is neither"):
        close(office)


@pytest.mark.parametrize("end", ["posted", "held", "returned-to-sender"])
def test_a_logged_check_that_has_come_to_an_end_lets_the_day_close(office: Diary, end: str) -> None:
    account = office.open(service_cents=NET)
    mail = office.do(checks.log_check, office.do(checks.log_mail, 1, 1000), 1000, "1")
    if end == "posted":
        office.check(account, 1000, "1", mail_check_id=mail)
    elif end == "held":
        office.do(checks.hold_check, mail, "no name on it")
    else:
        office.do(checks.return_to_sender, mail, "not signed")
    assert office.sql("SELECT state FROM mail_check") == [(end,)]
    assert not close(office).already_closed


def test_holding_and_sending_back_need_a_reason(office: Diary) -> None:
    mail = office.do(checks.log_check, office.do(checks.log_mail, 1, 1000), 1000, "1")
    for service in (checks.hold_check, checks.return_to_sender):
        with pytest.raises(UserError, match="needs a reason"):
            office.do(service, mail, "  ")
    assert office.sql("SELECT state FROM mail_check") == [("logged",)]


def test_a_logged_check_counts_on_the_day_it_was_received(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 30)
    mail = office.do(checks.log_check, office.do(checks.log_mail, 1, 1000), 1000, "1", dated=date(2026, 1, 2))
    office.on(2, 2).check(account, 1000, "1", mail_check_id=mail)
    assert office.sql("SELECT business_date FROM payment") == [("2026-01-30",)]


def test_a_logged_check_is_posted_once_and_over_its_own_amount(office: Diary) -> None:
    account = office.open(service_cents=NET)
    mail = office.do(checks.log_check, office.do(checks.log_mail, 1, 1000), 1000, "1")
    with pytest.raises(UserError, match=r"logged for 10\.00, not 10\.01"):
        office.check(account, 1001, "1", mail_check_id=mail)
    office.check(account, 1000, "1", mail_check_id=mail)
    with pytest.raises(UserError, match="already posted"):
        office.check(account, 1000, "1", mail_check_id=mail, force="again")


@pytest.mark.parametrize(("cents", "number", "via"), [(0, "1", "bank"), (-1, "1", "bank"), (1, " ", "bank"), (1, "1", "x")])
def test_a_check_that_makes_no_sense_is_refused(office: Diary, cents: int, number: str, via: str) -> None:
    account = office.open(service_cents=NET)
    batch = office.do(checks.log_mail, 1, 1000)
    before = office.digest()
    with pytest.raises(UserError):
        office.check(account, cents, number, via=via)
    with pytest.raises(UserError):
        office.do(checks.log_check, batch, cents, number, via=via)
    assert office.digest() == before


def test_a_split_check_pays_several_accounts_and_is_one_check_to_the_bank(office: Diary) -> None:
    one, two = office.open(service_cents=NET), office.open("Bo", service_cents=NET)
    office.do(checks.post_split_check, CheckForm(one, 5000, "9"), ((one, 3000), (two, 2000)))
    assert (office.balance(one), office.balance(two)) == (3200, 4200)
    assert [item.cents for item in office.see(deposits.undeposited)] == [5000]


@pytest.mark.parametrize("parts", [(3000, 1999), (3000, 2001), (5000, 0), (6000, -1000)])
def test_parts_that_do_not_add_up_are_refused(office: Diary, parts: tuple[int, int]) -> None:
    one, two = office.open(service_cents=NET), office.open("Bo", service_cents=NET)
    with pytest.raises(UserError, match="add up"):
        office.do(checks.post_split_check, CheckForm(one, 5000, "9"), tuple(zip((one, two), parts, strict=True)))


def test_a_part_that_came_back_is_not_on_the_deposit_ticket(office: Diary) -> None:
    one, two = office.open(service_cents=NET), office.open("Bo", service_cents=NET)
    first, _ = office.do(checks.post_split_check, CheckForm(one, 5000, "9"), ((one, 3000), (two, 2000)))
    office.do(payments.return_payment, first)
    deposit = office.do(deposits.make_deposit)
    assert [item.cents for item in office.see(deposits.deposit_items, deposit)] == [2000]
    assert office.sql("SELECT count, cents FROM deposit") == [(1, 2000)]


# Look-alikes (BOTH-5)


def test_the_same_number_and_amount_for_the_same_account_stops_the_clerk(office: Diary) -> None:
    account, other = office.open(service_cents=NET), office.open("Bo", service_cents=NET)
    office.check(account, 1000, "77")
    before = office.digest()
    with pytest.raises(DuplicateCheck) as stopped:
        office.check(account, 1000, " 77 ")
    assert "check 77 for 10.00 of Ann Ames" in stopped.value.earlier
    assert "2026-01-01" in stopped.value.earlier
    assert office.digest() == before
    for who, cents, number in ((account, 1001, "77"), (account, 1000, "78"), (other, 1000, "77")):
        office.check(who, cents, number)


def test_the_same_bank_account_and_number_stops_the_clerk_whoever_it_is_for(office: Diary) -> None:
    account, other = office.open(service_cents=NET), office.open("Bo", service_cents=NET)
    office.check(account, 1000, "77", bank_hash="h1")
    with pytest.raises(DuplicateCheck):
        office.check(other, 2500, "77", bank_hash="h1")
    office.check(other, 2500, "77", bank_hash="h2")
    office.check(other, 2600, "78", bank_hash="h1")


def test_a_logged_check_is_compared_by_the_bank_in_the_mail_log(office: Diary) -> None:
    account, other = office.open(service_cents=NET), office.open("Bo", service_cents=NET)
    office.check(account, 1000, "77", bank_hash="h1")
    batch = office.do(checks.log_mail, 1, 1500)
    mail = office.do(checks.log_check, batch, 1500, "77", bank_hash="h1")
    with pytest.raises(DuplicateCheck):
        office.check(other, 1500, "77", mail_check_id=mail)


@pytest.mark.parametrize("undone", ["returned", "reversed"])
def test_a_returned_check_is_still_a_look_alike_and_a_reversed_one_is_not(office: Diary, undone: str) -> None:
    account = office.open(service_cents=NET)
    payment = office.check(account, 1000, "77", bank_hash="h1")
    if undone == "reversed":
        office.do(payments.reverse_payment, payment, "keyed twice")
        office.check(account, 1000, "77", bank_hash="h1")
        return
    office.do(payments.return_payment, payment)
    with pytest.raises(DuplicateCheck):
        office.check(account, 1000, "77", bank_hash="h1")


def test_a_look_alike_is_posted_only_with_a_reason_and_the_reason_is_kept(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.check(account, 1000, "77")
    with pytest.raises(DuplicateCheck):
        office.check(account, 1000, "77", force="   ")
    office.check(account, 1000, "77", force="two books of checks")
    assert office.sql("SELECT reason FROM action ORDER BY id DESC LIMIT 1") == [("two books of checks",)]


def test_a_form_posts_once(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.check(account, 1000, "1", token="form-1")
    before = office.digest()
    with pytest.raises(UserError, match="not posted a second time"):
        office.check(account, 2000, "2", token="form-1")
    assert office.digest() == before
    office.check(account, 2000, "2", token="form-2")


# Closed and future days, roles


@pytest.mark.parametrize("n", range(KINDS_OF_WORK))
def test_a_closed_day_accepts_only_receipts_and_closing_again(office: Diary, n: int) -> None:
    account = office.open(service_cents=NET, autopay="card")
    payment = office.check(account, 1000, "1")
    office.on(1, 10)
    close(office)
    office.on(1, 9)
    call = everything_else(office, account, payment)[n]
    before = office.digest()
    with pytest.raises(UserError, match="closed"):
        call()
    assert office.digest() == before
    assert office.do(receipts.send_receipts, NoMail()).sent == 0
    assert close(office).already_closed


@pytest.mark.parametrize("n", range(KINDS_OF_WORK))
def test_nothing_is_dated_after_today(office: Diary, n: int) -> None:
    account = office.open(service_cents=NET, autopay="card")
    payment = office.check(account, 1000, "1")
    office.on(1, 10)
    office.today = date(2026, 1, 9)
    before = office.digest()
    with pytest.raises(UserError, match="has not come yet"):
        everything_else(office, account, payment)[n]()
    assert office.digest() == before


def test_a_day_that_has_not_come_is_not_closed_and_sends_no_receipts(office: Diary) -> None:
    office.open(service_cents=NET)
    office.on(1, 10)
    office.today = date(2026, 1, 9)
    before = office.digest()
    with pytest.raises(UserError, match="has not come yet"):
        close(office)
    with pytest.raises(UserError, match="has not come yet"):
        office.do(receipts.send_receipts, NoMail())
    assert office.digest() == before


def test_the_database_itself_refuses_an_entry_in_a_closed_day(office: Diary) -> None:
    office.open(service_cents=NET)
    close(office)
    with pytest.raises(UserError, match="closed"), office.books.write() as session:
        execute(session, "INSERT INTO entry VALUES (999, '2026-01-01', 'sneaked in', NULL, 1)")


@pytest.mark.parametrize("n", range(SUPERVISED))
def test_what_needs_a_supervisor_needs_a_reason_too(office: Diary, n: int) -> None:
    call = supervised(office)[n]
    before = office.digest()
    office.role = "clerk"
    with pytest.raises(NotPermitted, match="supervisor"):
        call("good reason")
    office.role = "supervisor"
    with pytest.raises(UserError, match="needs a reason"):
        call(" ")
    assert office.digest() == before
    call("good reason")
    assert office.sql("SELECT role, reason FROM action ORDER BY id DESC LIMIT 1") == [("supervisor", "good reason")]


def test_a_clerk_may_do_the_daily_work(office: Diary) -> None:
    office.role = "clerk"
    account = office.open(service_cents=NET)
    office.check(account, 1000, "1")
    office.do(deposits.make_deposit)
    assert not close(office).already_closed


# Refund checks


def test_check_numbers_go_up_and_none_is_used_twice(office: Diary) -> None:
    one, two = in_credit(office), in_credit(office)
    office.on(1, 15).do(refunds.run_refunds)
    first, second = (office.see(refunds.latest_refund, account) for account in (one, two))
    assert office.do(refunds.reprint_refund, first, "jammed") == 5003
    office.do(refunds.void_refund, second, "lost")
    office.on(2, 2).do(refunds.run_refunds)
    found = office.sql("SELECT number, refund_id, state FROM issued_check ORDER BY number")
    third = office.see(refunds.latest_refund, two)
    voids, issued = [(5001, first, "void"), (5002, second, "void")], [(5003, first, "issued")]
    assert found == [*voids, *issued, (5004, third, "issued")]
    with pytest.raises(UserError, match="void already"):
        office.do(refunds.reprint_refund, second, "again")


def test_an_account_gets_one_refund_check_a_run_for_all_its_credit(office: Diary) -> None:
    account = in_credit(office)
    office.check(account, 250, "extra")
    assert office.on(1, 15).do(refunds.run_refunds).total_cents == 1250
    assert office.do(refunds.run_refunds).refund_ids == ()
    assert office.sql("SELECT cents FROM refund WHERE account_id = ?", account) == [(1250,)]


def test_a_refund_without_an_address_is_listed_until_there_is_one(office: Diary) -> None:
    account = in_credit(office, address=())
    assert office.on(1, 15).do(refunds.run_refunds).without_address == (account,)
    assert office.see(exceptions.open_codes, account) == ["no-refund-address"]
    office.do(refunds.run_refunds)
    assert office.sql("SELECT count(*) FROM listed_exception") == [(1,)]
    office.do(accounts.change_address, account, ("5 New St", "Custer SD 57730"))
    assert office.see(exceptions.open_codes, account) == []
    assert office.on(2, 2).do(refunds.run_refunds).total_cents == 1000
    assert office.sql("SELECT address FROM refund") == [("5 New St\nCuster SD 57730",)]


def test_a_refund_without_an_address_is_forgotten_when_the_credit_is_gone(office: Diary) -> None:
    account = in_credit(office, address=())
    office.on(1, 15).do(refunds.run_refunds)
    payment = int(office.sql("SELECT id FROM payment WHERE account_id = ?", account)[0][0])
    office.do(payments.reverse_payment, payment, "keyed to the wrong account")
    assert office.see(exceptions.open_codes, account) == []


def test_an_empty_box_of_checks_stops_the_run_and_nothing_is_refunded(office: Diary) -> None:
    in_credit(office), in_credit(office)
    with office.books.write() as session:
        execute(session, "UPDATE check_stock SET last_number = 5001")
    before = office.on(1, 15).digest()
    with pytest.raises(UserError, match="No check numbers are left"):
        office.do(refunds.run_refunds)
    assert office.digest() == before


# Auto-pay and receipts


def test_autopay_asks_once_a_date_and_a_declined_account_again_on_the_next(office: Diary) -> None:
    paying, declined = (office.open(n, service_cents=NET, autopay="card") for n in ("Pia", "Dan"))
    number = office.sql("SELECT number FROM account WHERE id = ?", declined)[0][0]
    gateway = DeclineListGateway([number])
    first = autopay.run_autopay(office.books, office.desk, gateway)
    assert (first.approved, first.approved_cents) == (first.declined, first.declined_cents) == (1, 2 * NET)
    again = autopay.run_autopay(office.books, office.desk, DeclineListGateway())
    assert (again.approved, again.declined) == (0, 0)
    office.day += timedelta(days=1)
    later = autopay.run_autopay(office.books, office.desk, DeclineListGateway())
    assert (later.approved_cents, later.declined) == (2 * NET, 0)
    assert (office.balance(paying), office.balance(declined)) == (0, 0)


def test_autopay_that_is_stopped_asks_the_others_when_it_is_run_again(office: Diary) -> None:
    for name in ("Pia", "Dan", "Eve"):
        office.open(name, service_cents=NET, autopay="card")
    seen: list[tuple[int, int]] = []
    with pytest.raises(Cancelled):
        autopay.run_autopay(
            office.books,
            office.desk,
            DeclineListGateway(),
            progress=lambda done, of: seen.append((done, of)),
            cancelled=lambda: len(seen) == 2,
        )
    assert seen == [(0, 3), (1, 3)]
    assert office.sql("SELECT count(*) FROM payment_attempt") == [(2,)]
    assert office.sql("SELECT count(*) FROM run WHERE what = 'autopay'") == [(0,)]
    # The run that finishes takes in what the stopped one asked.
    assert autopay.run_autopay(office.books, office.desk, DeclineListGateway()).approved == 3
    assert office.sql("SELECT count(*) FROM payment_attempt") == [(3,)]


def letters(folder: Path) -> dict[str, EmailMessage]:
    found = {}
    for path in folder.iterdir():
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        found[path.name] = message
    return found


def test_a_receipt_is_a_mail_to_the_payer_sent_once(office: Diary, tmp_path: Path) -> None:
    account = office.open("Zoë Ångström", service_cents=NET, email="zoe@example.net")
    payment = office.check(account, 1234, "77")
    mail = FolderMail(tmp_path, "Test Office", "office@example.net", office.day)
    assert office.do(dayclose.close_day, mail).receipts == receipts.ReceiptsResult(1, 0)
    ((name, letter),) = letters(tmp_path).items()
    assert name == f"receipt-{payment}.eml"
    assert letter["To"] == "Zoë Ångström <zoe@example.net>"
    assert letter["From"] == "Test Office <office@example.net>"
    text = letter.get_content()
    assert "Dear Zoë Ångström" in text
    assert "$12.34 by check number 77 on January 1, 2026" in text
    assert "$49.66" in text
    (tmp_path / name).unlink()
    assert office.do(receipts.send_receipts, mail) == receipts.ReceiptsResult(0, 0)
    assert letters(tmp_path) == {}


def test_a_returned_payment_gets_its_receipt_and_a_mistake_does_not(office: Diary, tmp_path: Path) -> None:
    account = office.open(service_cents=NET, email="ann@example.net")
    returned, mistake = office.check(account, 1000, "1"), office.check(account, 2000, "2")
    office.do(payments.return_payment, returned)
    office.do(payments.reverse_payment, mistake, "keyed to the wrong account")
    mail = FolderMail(tmp_path, "Test Office", "office@example.net", office.day)
    assert office.do(dayclose.close_day, mail).receipts == receipts.ReceiptsResult(1, 0)
    assert list(letters(tmp_path)) == [f"receipt-{returned}.eml"]


def test_a_payer_without_an_address_is_listed_and_gets_the_receipt_later(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.check(account, 1000, "1")
    assert close(office).receipts == receipts.ReceiptsResult(0, 1)
    assert office.see(exceptions.open_codes, account) == ["no-receipt-address"]
    office.on(1, 2).do(accounts.change_email, account, "ann@example.net")
    assert close(office).receipts == receipts.ReceiptsResult(1, 0)
    assert office.see(exceptions.open_codes, account) == []
