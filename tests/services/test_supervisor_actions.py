"""What a supervisor does outside the runs: waivers, single refunds, stale checks; and looking accounts up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from support_office import Diary

from app.errors import NotPermitted, UserError
from app.services import accounts, credits, payments, refunds, scheduled, subscriptions
from app.services.ledger import Gl

FOR_YEARS = "good customer for years"


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def in_arrears(office: Diary) -> int:
    """An account whose activation invoice of Jan 1 (due Jan 31) stays unpaid; billed on Feb 1 and Mar 1."""
    account = office.open(service_cents=3100, delivery="paper", address=("1 Elm St", "Custer SD 57730"))
    office.on(2, 1).bill()
    office.on(3, 1).bill()
    return account


def charged(office: Diary, account: int, kind: str) -> int:
    return int(office.sql("SELECT coalesce(sum(cents), 0) FROM line WHERE account_id = ? AND kind = ?", account, kind)[0][0])


def test_a_late_fee_waived_before_the_cycle_is_never_charged(office: Diary) -> None:
    account = office.open(service_cents=3100)
    office.on(2, 20)
    office.do(credits.waive_before_charged, account, "late-fee:2026-03", FOR_YEARS)
    office.on(3, 1).bill()
    assert charged(office, account, "late-fee") == 0
    office.on(4, 1).bill()
    assert charged(office, account, "late-fee") == 1000, "the waiver was for March alone"


def test_a_paper_fee_waived_before_the_cycle_is_never_charged(office: Diary) -> None:
    account = office.open(service_cents=3100, delivery="paper")
    office.do(credits.waive_before_charged, account, "paper-statement:2026-02", FOR_YEARS)
    office.on(2, 1).bill()
    assert charged(office, account, "paper-statement") == 0


@pytest.mark.parametrize("key", ["recurring:1:2026-03", "late-fee", "late-fee:March"])
def test_only_a_fee_of_a_named_month_is_waived_before_it_is_charged(office: Diary, key: str) -> None:
    account = office.open()
    with pytest.raises(UserError, match="names no fee"):
        office.do(credits.waive_before_charged, account, key, FOR_YEARS)


def test_a_fee_is_waived_once_and_not_after_it_was_charged(office: Diary) -> None:
    account = in_arrears(office)
    with pytest.raises(UserError, match="charged already"):
        office.do(credits.waive_before_charged, account, "late-fee:2026-03", FOR_YEARS)
    office.do(credits.waive_before_charged, account, "late-fee:2026-04", FOR_YEARS)
    with pytest.raises(UserError, match="waived already"):
        office.do(credits.waive_before_charged, account, "late-fee:2026-04", FOR_YEARS)


def test_a_charged_late_fee_is_waived_by_a_credit_of_its_own_kind(office: Diary) -> None:
    account = in_arrears(office)
    before = office.balance(account)
    (invoice, n) = office.sql("SELECT invoice_id, n FROM line WHERE account_id = ? AND kind = 'late-fee'", account)[0]
    office.do(credits.waive_charge, invoice, n, FOR_YEARS)
    assert office.balance(account) == before - 1000
    with pytest.raises(UserError, match="waived already"):
        office.do(credits.waive_charge, invoice, n, FOR_YEARS)


def test_the_fees_of_a_return_can_be_waived_before_they_are_charged(office: Diary) -> None:
    account = office.open(service_cents=3100)
    payment = office.check(account, 1000, "7")
    office.do(payments.return_payment, payment, 750, FOR_YEARS, waive=frozenset({"returned-admin-fee"}))
    assert charged(office, account, "returned-admin-fee") == 0
    assert charged(office, account, "returned-bank-fee") == 750


def in_credit(office: Diary) -> int:
    account = office.open(service_cents=3100, address=("1 Elm St", "Custer SD 57730"))
    office.check(account, 10000, "7")
    office.on(1, 31)
    office.do(subscriptions.cancel_account, account)
    return account


def test_one_account_is_refunded_outside_the_run_with_a_reason(office: Diary) -> None:
    account = in_credit(office)
    owed = -office.balance(account)
    office.on(2, 4)
    with pytest.raises(UserError, match="reason"):
        office.do(refunds.refund_now, account, "  ")
    refund = office.do(refunds.refund_now, account, "moves abroad tomorrow")
    assert office.balance(account) == 0
    assert [tuple(row) for row in office.sql("SELECT id, cents FROM refund")] == [(refund, owed)]


def test_an_open_account_is_not_refunded(office: Diary) -> None:
    account = office.open()
    office.check(account, 1000, "7")
    with pytest.raises(UserError, match="closed account"):
        office.do(refunds.refund_now, account, "asked for it")


def test_a_check_that_nobody_cashed_moves_to_unclaimed_refunds_and_stays_there(office: Diary) -> None:
    account = in_credit(office)
    office.on(2, 4)
    refund = office.do(refunds.refund_now, account, "moves abroad tomorrow")
    cents = office.sql("SELECT cents FROM refund")[0][0]
    office.on(8, 10)
    posted = office.posted_by(lambda: office.do(refunds.move_to_unclaimed, refund, "180 days"))
    assert posted == [(Gl.BANK, Gl.UNCLAIMED_REFUNDS, cents)]
    for again in (refunds.move_to_unclaimed, refunds.void_refund, refunds.reprint_refund):
        with pytest.raises(UserError, match="stale"):
            office.do(again, refund, "once more")


def test_an_account_is_found_by_its_number_and_never_by_a_wrong_one(office: Diary) -> None:
    account = office.open()
    number = office.sql("SELECT number FROM account")[0][0]
    assert office.see(accounts.find_by_number, f" {number[:3]} {number[3:]} ") == account
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    with pytest.raises(UserError, match="check digit"):
        office.see(accounts.find_by_number, wrong)


def test_changes_that_wait_for_their_day_are_listed_until_it_has_come(office: Diary) -> None:
    account = office.open(service_cents=3100)
    office.do(subscriptions.change_price, account, "net", 4000, date(2026, 2, 10))
    (waiting,) = office.see(scheduled.waiting_changes)
    assert (waiting.what, waiting.effective, waiting.monthly_cents) == ("price", date(2026, 2, 10), 4000)
    office.on(2, 10)
    with pytest.raises(UserError, match="cannot be undone"):
        office.do(scheduled.undo_scheduled, waiting.id)
    office.bill()
    assert office.see(scheduled.waiting_changes) == []


def test_a_clerk_may_do_none_of_it(office: Diary) -> None:
    account = in_credit(office)
    office.role = "clerk"
    for action in (
        lambda: office.do(refunds.refund_now, account, "asked"),
        lambda: office.do(credits.waive_before_charged, account, "late-fee:2026-03", "asked"),
    ):
        with pytest.raises(NotPermitted, match="supervisor"):
            action()
