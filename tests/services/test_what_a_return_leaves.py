"""What a payment that came back leads to, and leaves when it is taken back: auto-pay, what comes next, a waiver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support_members import both_books, sign_up
from support_office import Diary

from app.errors import UserError
from app.keystore import FileKeyStore
from app.services import (
    accounts,
    autopay,
    autopayanswers,
    collections,
    membercorrections,
    members,
    officekey,
    paymentmethods,
    payments,
    returnedoutlook,
)
from app.services.bank_numbers import BankNumber
from app.services.gateways.autopay import DeclineListGateway
from app.services.returneditems import ReturnedItem
from app.services.returnreversal import take_back_return


@pytest.fixture
def office() -> Iterator[Diary]:
    with both_books() as diary:
        yield diary
        diary.assert_books_right()


def member_that_paid(office: Diary, **form: object) -> tuple[int, int]:
    """A member whose processing fee of 60.00 was paid on Jan 6 by bank draft: first fee date Feb 5."""
    member = sign_up(office.on(1, 1), **{"autopay": "bank-draft", "method_label": "Hill Bank ending 1", **form})
    office.on(1, 2).do(members.record_work_performed, member)
    office.on(1, 6).bill()
    run(office)
    ((payment,),) = office.sql("SELECT id FROM payment WHERE account_id = ?", member)
    return member, payment


def run(office: Diary) -> None:
    autopay.run_autopay(office.books, office.desk, DeclineListGateway([]))


def autopay_sentence(office: Diary, payment: int, **form: object) -> str:
    item = ReturnedItem(payment)._replace(**form)  # type: ignore[arg-type]
    seen = returnedoutlook.look_ahead(office.books, office.desk, item)
    (said,) = (sentence for sentence in seen.sentences if "uto-pay" in sentence)
    return said


def signed(office: Diary, account: int) -> str | None:
    ((day,),) = office.sql("SELECT authorized_on FROM account WHERE id = ?", account)
    return None if day is None else str(day)


# What the next attempt would cost


def test_after_a_first_failure_the_next_one_costs_what_it_then_costs(office: Diary) -> None:
    member, payment = member_that_paid(office, plan="Optimize")
    said = autopay_sentence(office.on(1, 9), payment)
    assert "If that fails, it costs $50.00: $15.00 (ARR-7) and $35.00 (ARR-7)." in said
    office.do(payments.return_payment, payment)
    before = office.balance(member)
    office.do(autopayanswers.record_attempt, member, approved=False)
    assert office.balance(member) - before == 5000


def test_with_a_fee_among_it_that_never_failed_the_next_failure_is_a_first_one(office: Diary) -> None:
    member, payment = member_that_paid(office, plan="Optimize")
    office.on(2, 5).bill()
    said = autopay_sentence(office, payment)
    assert "If that fails, it costs $40.00: $5.00 (ARR-6) and $35.00 (ARR-7)." in said
    office.do(payments.return_payment, payment)
    before = office.balance(member)
    office.do(autopayanswers.record_attempt, member, approved=False)
    assert office.balance(member) - before == 4000


def test_a_check_that_came_back_says_what_auto_pay_will_ask_for_too(office: Diary) -> None:
    member = sign_up(office.on(1, 1), plan="Limited", autopay="card")
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    payment = office.check(member, 6000, "7")
    assert "asks for $105.00. If that fails, it costs $50.00" in autopay_sentence(office.on(1, 9), payment)


@pytest.mark.parametrize(
    ("method", "costs"),
    [
        ("card", "If it is declined, that costs nothing (BOTH-9)."),
        ("echeck", "If it comes back, it costs $25.00 (ADV-10) besides what the bank takes."),
    ],
)
def test_a_home_is_told_what_its_own_policy_charges(office: Diary, method: str, costs: str) -> None:
    home = office.on(1, 1).open("Ann Ames", 4900, autopay=method)
    payment = office.on(1, 5).check(home, 9800, "1042")
    assert costs in autopay_sentence(office.on(1, 9), payment)


# The bank account that is closed, and another one on file


def test_a_closed_old_bank_account_leaves_the_new_one_and_its_form_in_use(office: Diary) -> None:
    member, payment = member_that_paid(office)
    office.on(1, 7).do(accounts.change_payment_method, member, "bank-draft", form_signed=True, label="Valley Bank ending 2")
    said = autopay_sentence(office.on(1, 9), payment, code="R02")
    assert said.startswith("Auto-pay by bank draft stays, as another bank account was put on file since: the next")
    assert "another bank account" not in autopay_sentence(office, payment, code="R01")
    office.do(payments.return_payment, payment, 0, "R02")
    assert signed(office, member) == "2026-01-07"
    run(office)
    assert office.balance(member) == 0


def test_the_same_bank_account_entered_again_is_still_the_closed_one(office: Diary) -> None:
    member, payment = member_that_paid(office)
    office.on(1, 7).do(accounts.change_payment_method, member, "bank-draft", form_signed=True, label="Hill Bank ending 1")
    office.on(1, 9).do(payments.return_payment, payment, 0, "R02")
    assert signed(office, member) is None


@pytest.mark.parametrize(("number", "is_used"), [("000123456", False), ("000129999", True)])
def test_bank_account_numbers_tell_two_accounts_apart_whatever_they_are_called(
    office: Diary, tmp_path: Path, number: str, is_used: bool
) -> None:
    keys = FileKeyStore(tmp_path / "keys")
    office.do(officekey.make_key, keys)
    home = office.on(1, 1).open("Ann Ames", 4900)
    put = paymentmethods.change_bank_account
    first, second = (BankNumber("091400046", digits, "checking") for digits in ("000123456", number))
    office.do(put, keys, home, "echeck", first, label="Joint", signed_on=office.day)
    run(office)
    ((payment,),) = office.sql("SELECT id FROM payment WHERE account_id = ?", home)
    office.on(1, 3).do(put, keys, home, "echeck", second, label="Household", signed_on=office.day)
    office.on(1, 5).do(payments.return_payment, payment, 0, "R02")
    assert (signed(office, home) is not None) == is_used


def test_a_payment_whose_return_was_taken_back_is_of_the_account_it_was_first_taken_from(office: Diary) -> None:
    member, payment = member_that_paid(office)
    office.on(1, 7).do(accounts.change_payment_method, member, "bank-draft", form_signed=True, label="Valley Bank ending 2")
    office.on(1, 8).do(payments.return_payment, payment, 0, "R01")
    again = office.do(take_back_return, payment, "the bank was wrong")
    office.on(1, 9).do(payments.return_payment, again, 0, "R02")
    assert signed(office, member) == "2026-01-07"


def two_drafts_of_a_closed_account(office: Diary) -> tuple[int, int, int]:
    member, first = member_that_paid(office)
    office.on(2, 5).bill()
    run(office)
    ((second,),) = office.sql("SELECT max(id) FROM payment WHERE account_id = ?", member)
    for payment in (first, second):
        office.on(2, 9).do(payments.return_payment, payment, 0, "R02")
    assert signed(office, member) is None
    return member, first, second


@pytest.mark.parametrize("in_order", [True, False])
def test_two_returns_for_a_closed_account_both_taken_back_leave_the_form_as_it_was(office: Diary, in_order: bool) -> None:
    member, *drafts = two_drafts_of_a_closed_account(office)
    first, last = drafts if in_order else reversed(drafts)
    office.on(2, 10).do(take_back_return, first, "the bank was wrong")
    assert signed(office, member) is None, "the other one still says that the account is closed"
    office.on(2, 11).do(take_back_return, last, "the bank was wrong")
    assert signed(office, member) == "2026-01-01"


def test_a_form_signed_between_two_returns_taken_back_is_the_one_that_counts(office: Diary) -> None:
    member, first, second = two_drafts_of_a_closed_account(office)
    office.on(2, 10).do(accounts.record_authorization, member)
    for payment in (first, second):
        office.on(2, 11).do(take_back_return, payment, "the bank was wrong")
    assert signed(office, member) == "2026-02-10"


# A fee for re-activation that was waived


def suspended_by_a_return_alone(office: Diary) -> tuple[int, int]:
    """A home suspended once before, and again because its payment of Apr 2 came back; restored by a payment since."""
    home = office.on(1, 1).open("Ann Ames", 4900)
    office.on(2, 2).do(collections.suspend, [home])
    office.on(2, 3).check(home, 9800, "1")
    for month in (2, 3, 4):
        office.on(month, 4 if month == 2 else 1).bill()
    payment = office.on(4, 2).check(home, office.balance(home), "2")
    office.on(5, 1).bill()
    office.on(5, 2).do(payments.return_payment, payment)
    office.on(5, 3).do(collections.suspend, [home])
    office.on(5, 4).check(home, office.balance(home), "3")
    assert office.sql("SELECT reactivation FROM suspension ORDER BY id") == [("",), ("proposed",)]
    return home, payment


def test_a_waived_re_activation_fee_stays_waived_when_the_return_behind_it_is_taken_back(office: Diary) -> None:
    home, payment = suspended_by_a_return_alone(office)
    office.do(collections.waive_reactivation, home, "a good customer")
    office.on(5, 6).do(take_back_return, payment, "the bank was wrong")
    assert office.sql("SELECT reactivation FROM suspension ORDER BY id") == [("",), ("waived-void",)]
    with pytest.raises(UserError, match="No re-activation fee is proposed"):
        office.do(collections.approve_reactivation, home)


def test_a_suspension_from_a_return_alone_costs_nothing_when_it_ends_later(office: Diary) -> None:
    home = office.on(1, 1).open("Ann Ames", 4900)
    office.on(2, 2).do(collections.suspend, [home])
    office.on(2, 3).check(home, 9800, "1")
    office.bill()
    office.on(3, 1).bill()
    payment = office.on(3, 20).check(home, office.balance(home), "2")
    office.on(4, 1).do(payments.return_payment, payment)
    office.bill()
    office.on(4, 2).do(collections.suspend, [home])
    office.on(5, 5).do(take_back_return, payment, "the bank was wrong")  # by then another bill is past due
    assert office.sql("SELECT status FROM account WHERE id = ?", home) == [("suspended",)]
    assert office.sql("SELECT reactivation FROM suspension ORDER BY id") == [("",), ("void",)]
    office.on(5, 6).check(home, office.balance(home), "3")
    assert office.sql("SELECT reactivation FROM suspension ORDER BY id") == [("",), ("void",)]


# A moved fee date


def member_that_paid_by_check(office: Diary) -> tuple[int, int]:
    """A member whose processing fee of 60.00 of Jan 6 was paid by check on Jan 10: first fee date Feb 9."""
    member = sign_up(office.on(1, 1))
    office.on(1, 2).do(members.record_work_performed, member)
    office.on(1, 6).bill()
    return member, office.on(1, 10).check(member, 6000, "7")


def fee_dates(office: Diary) -> list[tuple[object, ...]]:
    return office.sql("SELECT processing_paid_on, next_fee_on, fee_day FROM membership")


def test_of_two_moves_the_one_that_was_not_taken_back_holds_again(office: Diary) -> None:
    member, payment = member_that_paid_by_check(office)
    office.on(1, 12).do(members.change_fee_day, member, 20)
    office.on(1, 13).do(members.change_fee_day, member, 25)
    office.on(1, 14).do(membercorrections.take_back, member, "fee-day", "misheard")
    office.on(1, 20).do(payments.return_payment, payment)
    assert fee_dates(office) == [(None, None, None)]
    office.on(1, 21).do(take_back_return, payment, "the bank was wrong")
    assert fee_dates(office) == [("2026-01-10", "2026-02-20", 20)]


def test_a_move_made_under_another_payment_is_made_again_from_the_date_of_the_first(office: Diary) -> None:
    member, payment = member_that_paid_by_check(office)
    office.on(1, 11).do(payments.return_payment, payment)
    office.on(1, 22).check(member, office.balance(member), "8")
    office.on(1, 23).do(members.change_fee_day, member, 15)
    assert fee_dates(office) == [("2026-01-22", "2026-03-15", 15)]
    office.on(1, 25).do(take_back_return, payment, "the bank was wrong")
    assert fee_dates(office) == [("2026-01-10", "2026-02-15", 15)]


@pytest.mark.parametrize("day", [20, 15])
def test_a_move_that_holds_again_is_taken_back_to_the_date_of_the_payment_that_counts(office: Diary, day: int) -> None:
    member, payment = member_that_paid_by_check(office)
    office.on(1, 11).do(payments.return_payment, payment)
    office.on(1, 18).check(member, office.balance(member), "8")
    office.on(1, 19).do(members.change_fee_day, member, day)
    assert fee_dates(office) == [("2026-01-18", f"2026-0{2 if day == 20 else 3}-{day}", day)]  # from Feb 17
    office.on(1, 25).do(take_back_return, payment, "the bank was wrong")
    assert fee_dates(office) == [("2026-01-10", f"2026-02-{day}", day)]
    words = [step.words for step in office.see(membercorrections.steps, member)]
    assert words == [f"Fee date moved from 2026-02-09 to 2026-02-{day}"]
    office.do(membercorrections.take_back, member, "fee-day", "misheard")
    assert fee_dates(office) == [("2026-01-10", "2026-02-09", 9)]


def test_moves_of_two_payments_hold_one_after_the_other_from_the_first_date(office: Diary) -> None:
    member, payment = member_that_paid_by_check(office)
    office.on(1, 12).do(members.change_fee_day, member, 31)
    office.on(1, 13).do(payments.return_payment, payment)
    office.on(1, 22).check(member, office.balance(member), "8")
    office.on(1, 23).do(members.change_fee_day, member, 5)
    office.on(1, 25).do(take_back_return, payment, "the bank was wrong")
    assert fee_dates(office) == [("2026-01-10", "2026-03-05", 5)]  # Feb 9, then Feb 28, then Mar 5


def test_the_move_before_one_taken_back_can_be_taken_back_too(office: Diary) -> None:
    member, _ = member_that_paid_by_check(office)
    for day in (20, 25):
        office.on(1, 12).do(members.change_fee_day, member, day)
    for _ in range(2):
        office.do(membercorrections.take_back, member, "fee-day", "misheard")
    assert fee_dates(office) == [("2026-01-10", "2026-02-09", 9)]
    assert office.balance(member) == 0
    assert "fee-day" not in [step.key for step in office.see(membercorrections.steps, member)]
