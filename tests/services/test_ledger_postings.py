"""Section 6 of the rulebook, row by row: what the services debit and credit, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from support_office import Diary, imported

from app.errors import UserError
from app.services import autopay, checks, credits, dayclose, deposits, ledger, payments, refunds, subscriptions, work
from app.services.customerfile_types import ImportOpenItem, ImportService
from app.services.gateways.autopay import DeclineListGateway
from app.services.gateways.mail import NoMail
from app.services.ledger import Gl

pytestmark = pytest.mark.both_databases

# January has 31 days and February 28, so that a day of a service of 31.00 costs 1.00 in January.
NET = 3100


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def close(office: Diary) -> dayclose.DayCloseResult:
    return office.do(dayclose.close_day, NoMail())


def balances(office: Diary, through: date | None = None) -> dict[Gl, int]:
    return {Gl(row.number): row.balance_cents for row in office.see(ledger.trial_balance, through)}


def autopaid(office: Diary, method: str) -> int:
    account = office.open(service_cents=NET, autopay=method)
    autopay.run_autopay(office.books, office.desk, DeclineListGateway())
    return int(office.sql("SELECT max(id) FROM payment WHERE account_id = ?", account)[0][0])


def logged(office: Diary, cents: int, number: str = "7") -> int:
    batch = office.do(checks.log_mail, 1, cents)
    return office.do(checks.log_check, batch, cents, number)


def test_a_service_billed_in_advance_waits_in_deferred_revenue(office: Diary) -> None:
    account = office.open()
    posted = office.posted_by(lambda: office.do(subscriptions.add_service, account, "net", NET))
    assert posted == [(Gl.RECEIVABLE, Gl.DEFERRED_REVENUE, 2 * NET)]


def test_fees_are_fee_revenue_and_work_is_service_revenue(office: Diary) -> None:
    account = office.open(service_cents=NET, delivery="paper")
    office.on(1, 10)
    hours = datetime.fromisoformat("2026-01-10T09:00"), datetime.fromisoformat("2026-01-10T10:00")
    office.do(work.log_work, account, "out-of-scope", *hours)
    office.on(3, 2)  # the activation invoice was due on January 31
    assert sorted(office.posted_by(office.bill)) == [
        (Gl.RECEIVABLE, Gl.DEFERRED_REVENUE, 2 * NET),
        (Gl.RECEIVABLE, Gl.SERVICE_REVENUE, 9500),
        (Gl.RECEIVABLE, Gl.FEE_REVENUE, 1000 + 300),
    ]


def test_the_unused_part_goes_back_out_of_deferred_revenue(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 17)
    posted = office.posted_by(lambda: office.do(subscriptions.cancel_account, account))
    assert posted == [(Gl.DEFERRED_REVENUE, Gl.RECEIVABLE, 1400 + NET)]


def test_a_courtesy_credit_and_a_waived_fee_are_allowances(office: Diary) -> None:
    account = office.open(service_cents=NET)
    payment = office.check(account, 1000, "1")
    office.do(payments.return_payment, payment)
    fee = int(office.sql("SELECT invoice_id FROM line WHERE kind = 'returned-admin-fee'")[0][0])
    assert office.posted_by(lambda: office.do(credits.courtesy_credit, account, 500, "outage")) == [
        (Gl.CREDITS_AND_ALLOWANCES, Gl.RECEIVABLE, 500)
    ]
    assert office.posted_by(lambda: office.do(credits.waive_charge, fee, 1, "first time")) == [
        (Gl.CREDITS_AND_ALLOWANCES, Gl.RECEIVABLE, 2500)
    ]


def test_a_write_off_takes_back_what_is_unearned_before_it_is_bad_debt(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 17)
    posted = office.posted_by(lambda: office.do(credits.write_off, account, 2 * NET, "gone"))
    assert posted == [
        (Gl.DEFERRED_REVENUE, Gl.RECEIVABLE, 1400 + NET),
        (Gl.BAD_DEBTS, Gl.RECEIVABLE, 1700),
    ]
    office.on(2, 28)
    assert close(office).recognised == ((date(2026, 1, 31), 1700), (date(2026, 2, 28), 0))
    assert balances(office)[Gl.DEFERRED_REVENUE] == 0


def test_a_write_off_of_less_is_unearned_first(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 17)
    assert office.posted_by(lambda: office.do(credits.write_off, account, 1000, "gone")) == [
        (Gl.DEFERRED_REVENUE, Gl.RECEIVABLE, 1000)
    ]
    assert office.posted_by(lambda: office.do(credits.write_off, account, 4000, "gone")) == [
        (Gl.DEFERRED_REVENUE, Gl.RECEIVABLE, 400 + NET),
        (Gl.BAD_DEBTS, Gl.RECEIVABLE, 500),
    ]


def test_a_payment_of_a_closed_account_reverses_its_write_off(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 17)
    office.do(subscriptions.cancel_account, account)
    office.do(credits.write_off, account, 1700, "gone")
    office.on(3, 2)
    assert office.posted_by(lambda: office.check(account, 1000, "1")) == [
        (Gl.UNDEPOSITED_FUNDS, Gl.RECEIVABLE, 1000),
        (Gl.RECEIVABLE, Gl.BAD_DEBT_RECOVERIES, 1000),
    ]
    assert office.posted_by(lambda: office.check(account, 900, "2")) == [
        (Gl.UNDEPOSITED_FUNDS, Gl.RECEIVABLE, 900),
        (Gl.RECEIVABLE, Gl.BAD_DEBT_RECOVERIES, 700),
    ]
    assert office.balance(account) == -200


def test_a_check_waits_undeposited_until_it_is_taken_to_the_bank(office: Diary) -> None:
    account = office.open(service_cents=NET)
    assert office.posted_by(lambda: office.check(account, NET, "1")) == [(Gl.UNDEPOSITED_FUNDS, Gl.RECEIVABLE, NET)]
    assert office.posted_by(lambda: office.do(deposits.make_deposit)) == [(Gl.BANK, Gl.UNDEPOSITED_FUNDS, NET)]
    with pytest.raises(UserError, match="no check to deposit"):
        office.do(deposits.make_deposit)


def test_a_held_check_is_unidentified_until_its_account_is_known(office: Diary) -> None:
    account = office.open(service_cents=NET)
    held = logged(office, 1500)
    assert office.posted_by(lambda: office.do(checks.hold_check, held, "no name on it")) == [
        (Gl.UNDEPOSITED_FUNDS, Gl.UNIDENTIFIED_RECEIPTS, 1500)
    ]
    office.do(deposits.make_deposit)
    office.on(1, 9)
    posted = office.posted_by(lambda: office.check(account, 1500, "7", mail_check_id=held))
    assert posted == [(Gl.UNIDENTIFIED_RECEIPTS, Gl.RECEIVABLE, 1500)]
    assert office.sql("SELECT business_date FROM payment") == [("2026-01-09",)]
    assert office.sql("SELECT received_on, state FROM mail_check") == [("2026-01-01", "posted")]


def test_a_held_check_sent_back_reverses_its_own_entry(office: Diary) -> None:
    first, second = logged(office, 1500, "7"), logged(office, 1500, "8")
    office.do(checks.hold_check, first, "whose?")
    held_by = office.last_entry()
    office.do(checks.hold_check, second, "whose?")
    posted = office.posted_by(lambda: office.do(checks.return_to_sender, first, "not ours"))
    assert posted == [(Gl.UNIDENTIFIED_RECEIPTS, Gl.UNDEPOSITED_FUNDS, 1500)]
    assert office.sql("SELECT reverses_id FROM entry WHERE id = ?", office.last_entry()) == [(held_by,)]


def test_a_held_check_in_the_bank_cannot_be_sent_back(office: Diary) -> None:
    held = logged(office, 1500)
    office.do(checks.hold_check, held, "whose?")
    office.do(deposits.make_deposit)
    with pytest.raises(UserError, match="taken to the bank"):
        office.do(checks.return_to_sender, held, "not ours")


@pytest.mark.parametrize(("method", "clearing"), [("card", Gl.CARD_CLEARING), ("echeck", Gl.ECHECK_CLEARING)])
def test_card_and_e_check_money_clears_before_it_is_in_the_bank(office: Diary, method: str, clearing: Gl) -> None:
    payment = autopaid(office, method)
    assert office.postings()[-1] == (clearing, Gl.RECEIVABLE, 2 * NET)
    posted = office.posted_by(lambda: office.do(payments.settle_clearing, [payment]))
    assert posted == [(Gl.BANK, clearing, 2 * NET)]
    with pytest.raises(UserError):
        office.do(payments.settle_clearing, [payment])


@pytest.mark.parametrize(("deposited", "stands"), [(False, Gl.UNDEPOSITED_FUNDS), (True, Gl.BANK)])
def test_a_returned_check_comes_out_of_where_the_money_stands(office: Diary, deposited: bool, stands: Gl) -> None:
    account = office.open(service_cents=NET)
    payment = office.check(account, NET, "1")
    if deposited:
        office.do(deposits.make_deposit)
    assert office.posted_by(lambda: office.do(payments.return_payment, payment, 800)) == [
        (Gl.RECEIVABLE, stands, NET),
        (Gl.BANK_AND_PROCESSOR_FEES, Gl.BANK, 800),
        (Gl.RECEIVABLE, Gl.FEE_REVENUE, 800 + 2500),
    ]
    assert office.see(deposits.undeposited) == []


@pytest.mark.parametrize("settled", [False, True])
def test_a_returned_e_check_comes_out_of_clearing_until_settled(office: Diary, settled: bool) -> None:
    payment = autopaid(office, "echeck")
    if settled:
        office.do(payments.settle_clearing, [payment])
    stands = Gl.BANK if settled else Gl.ECHECK_CLEARING
    assert office.posted_by(lambda: office.do(payments.return_payment, payment, 800)) == [
        (Gl.RECEIVABLE, stands, 2 * NET),
        (Gl.BANK_AND_PROCESSOR_FEES, stands, 800),
        (Gl.RECEIVABLE, Gl.FEE_REVENUE, 800 + 2500),
    ]


@pytest.mark.parametrize("settled", [False, True])
def test_a_chargeback_is_a_reversal_without_a_fee(office: Diary, settled: bool) -> None:
    payment = autopaid(office, "card")
    if settled:
        office.do(payments.settle_clearing, [payment])
    assert office.posted_by(lambda: office.do(payments.charge_back, payment)) == [
        (Gl.RECEIVABLE, Gl.BANK if settled else Gl.CARD_CLEARING, 2 * NET)
    ]


def test_a_reversal_names_the_entry_it_reverses(office: Diary) -> None:
    account = office.open(service_cents=NET)
    payment = office.check(account, NET, "1")
    posted_by = office.last_entry()
    office.do(payments.reverse_payment, payment, "keyed to the wrong account")
    assert office.sql("SELECT reverses_id FROM entry WHERE id = ?", office.last_entry()) == [(posted_by,)]


def test_a_check_keyed_wrongly_after_its_deposit_is_posted_right_without_leaving_the_bank(
    office: Diary,
) -> None:
    wrong, right = office.open(service_cents=NET), office.open("Bo", service_cents=NET)
    mail = logged(office, NET)
    payment = office.check(wrong, NET, "7", mail_check_id=mail)
    office.do(deposits.make_deposit)
    office.do(payments.reverse_payment, payment, "other account")
    office.check(right, NET, "7", mail_check_id=mail)
    assert office.see(deposits.undeposited) == []
    after = balances(office)
    assert after[Gl.BANK] == NET
    assert after.get(Gl.UNDEPOSITED_FUNDS, 0) == after.get(Gl.UNIDENTIFIED_RECEIPTS, 0) == 0
    assert (office.balance(wrong), office.balance(right)) == (2 * NET, NET)


def test_a_refund_check_leaves_the_bank_and_a_void_brings_it_back(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.check(account, 2 * NET, "1")
    office.on(1, 17)
    office.do(subscriptions.cancel_account, account)
    office.on(2, 2)  # February 1, 2026 is a Sunday
    credit = 1400 + NET
    assert office.posted_by(lambda: office.do(refunds.run_refunds)) == [(Gl.RECEIVABLE, Gl.BANK, credit)]
    issued_by = office.last_entry()
    refund = office.see(refunds.latest_refund, account)
    assert office.posted_by(lambda: office.do(refunds.reprint_refund, refund, "jammed")) == []
    assert office.posted_by(lambda: office.do(refunds.void_refund, refund, "lost")) == [(Gl.BANK, Gl.RECEIVABLE, credit)]
    assert office.sql("SELECT reverses_id FROM entry WHERE id = ?", office.last_entry()) == [(issued_by,)]


def test_an_imported_balance_stands_against_opening_balances(office: Diary) -> None:
    office.on(1, 17)
    item = ImportOpenItem("January", date(2025, 12, 1), date(2025, 12, 31), 2000)
    service = ImportService("net", NET, date(2025, 5, 1), date(2026, 2, 28))
    assert sorted(office.posted_by(lambda: imported(office, services=(service,), open_items=(item,)))) == [
        (Gl.RECEIVABLE, Gl.OPENING_BALANCES, 2000),
        (Gl.OPENING_BALANCES, Gl.DEFERRED_REVENUE, 1400),
        (Gl.OPENING_BALANCES, Gl.DEFERRED_REVENUE, NET),
    ]
    assert office.posted_by(lambda: imported(office, old_number="A-2", credit_cents=700)) == [
        (Gl.OPENING_BALANCES, Gl.RECEIVABLE, 700)
    ]


@pytest.mark.parametrize(
    ("day", "recognised"),
    [
        (date(2026, 1, 30), ()),
        (date(2026, 1, 31), ((date(2026, 1, 31), NET),)),
        (date(2026, 2, 1), ((date(2026, 1, 31), NET),)),
    ],
)
def test_a_month_is_recognised_by_the_first_close_on_or_after_its_last_day(
    office: Diary, day: date, recognised: tuple[tuple[date, int], ...]
) -> None:
    office.open(service_cents=NET)
    office.on(1, 15)
    assert close(office).recognised == ()
    office.day = day
    assert close(office).recognised == recognised
    assert office.sql("SELECT business_date FROM entry WHERE what = 'recognition'") == [
        (month_end.isoformat(),) for month_end, _ in recognised
    ]
    assert balances(office).get(Gl.SERVICE_REVENUE, 0) == -sum(cents for _, cents in recognised)
    assert close(office).recognised == ()


def test_a_close_that_comes_late_recognises_every_month_once(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 1).bill()
    office.on(2, 20)
    office.do(subscriptions.end_service, account, "net", date(2026, 2, 14))
    office.on(4, 2)
    assert close(office).recognised == (
        (date(2026, 1, 31), NET),
        (date(2026, 2, 28), NET // 2),
        (date(2026, 3, 31), 0),
    )
    assert balances(office)[Gl.DEFERRED_REVENUE] == 0
    office.on(4, 30)
    assert close(office).recognised == ((date(2026, 4, 30), 0),)


def test_a_credit_for_days_of_a_recognised_month_comes_out_of_the_month_it_is_made_in(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 31)
    close(office)
    office.on(2, 10)
    office.do(subscriptions.cancel_account, account, date(2026, 1, 30))
    office.on(2, 28)
    assert close(office).recognised == ((date(2026, 2, 28), -100),)
    assert balances(office)[Gl.DEFERRED_REVENUE] == 0


def test_the_trial_balance_of_a_day_leaves_out_what_came_later(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 10)
    office.check(account, NET, "1")
    office.on(1, 11)
    office.do(deposits.make_deposit)
    office.on(1, 31)
    close(office)
    assert balances(office, date(2025, 12, 31)) == {}
    first = {Gl.RECEIVABLE: 2 * NET, Gl.DEFERRED_REVENUE: -2 * NET}
    assert balances(office, date(2026, 1, 9)) == first
    tenth = first | {Gl.UNDEPOSITED_FUNDS: NET, Gl.RECEIVABLE: NET}
    assert balances(office, date(2026, 1, 10)) == tenth
    eleventh = tenth | {Gl.BANK: NET, Gl.UNDEPOSITED_FUNDS: 0}
    assert balances(office, date(2026, 1, 30)) == eleventh
    last = eleventh | {Gl.DEFERRED_REVENUE: -NET, Gl.SERVICE_REVENUE: -NET}
    assert balances(office, date(2026, 1, 31)) == balances(office) == last
    assert sum(last.values()) == 0
