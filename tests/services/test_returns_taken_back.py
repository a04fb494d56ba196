"""A recorded return taken back: everything as if the payment had never come back, by opposite entries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_histories import Step
from support_members import MEMBERSHIP, BothBooks, both_books, sign_up, steps_of_both
from support_office import Diary, Row

from app.errors import NotPermitted, UserError
from app.services import (
    accounts,
    autopay,
    autopayanswers,
    checks,
    collections,
    credits,
    deposits,
    history,
    membercorrections,
    members,
    payments,
    policychanges,
    receipts,
    refunds,
    returnreversaloutlook,
    subscriptions,
    terms,
)
from app.services.customerfile_export import export_customers
from app.services.gateways.autopay import DeclineListGateway
from app.services.gateways.mail import NoMail
from app.services.ledger import Gl
from app.services.policies.dishonored import Cost
from app.services.policies.facts import InstalmentFacts
from app.services.policies.policyfile import shipped_policy_path
from app.services.returnreversal import later_charges, recorded_return, take_back_return


@pytest.fixture
def office() -> Iterator[Diary]:
    with both_books() as diary:
        yield diary
        diary.assert_books_right()


def back(office: Diary, payment: int, reason: str = "the bank was wrong") -> int:
    return office.do(take_back_return, payment, reason)


def home_that_paid(office: Diary, cents: int = 9800, **form: Any) -> tuple[int, int]:
    """A home started on Jan 1 for 49.00 a month (98.00 due Jan 31), paid by check 1042 on Jan 5."""
    home = office.on(1, 1).open("Ann Ames", 4900, **form)
    return home, office.on(1, 5).check(home, cents, "1042")


def member_that_paid(office: Diary, **form: Any) -> tuple[int, int]:
    """A member whose processing fee of 60.00 was paid on Jan 6 by auto-pay: first fee date Feb 5."""
    member = sign_up(office.on(1, 1), **{"autopay": "bank-draft", **form})
    office.on(1, 2).do(members.record_work_performed, member)
    office.on(1, 6).bill()
    autopay.run_autopay(office.books, office.desk, DeclineListGateway([]))
    ((payment_id,),) = office.sql("SELECT id FROM payment WHERE account_id = ?", member)
    return member, payment_id


def stands(office: Diary, account: int) -> list[Row]:
    """Balance, status, authorization, fee dates and what is open: all that a return could have moved."""
    return [
        *office.sql("SELECT balance_cents, status, authorized_on FROM account WHERE id = ?", account),
        *office.sql(
            "SELECT id, open_cents FROM invoice WHERE account_id = ? AND what NOT IN ('returned-payment', 'failed-attempt', "
            "'chargeback', 'return-taken-back') ORDER BY id",
            account,
        ),
        *office.sql(
            "SELECT processing_paid_on, period_from, next_fee_on, fee_day FROM membership WHERE account_id = ?", account
        ),
    ]


def test_taking_back_a_return_posts_the_exact_opposite_and_charges_nothing(office: Diary) -> None:
    home, payment = home_that_paid(office)
    before = stands(office, home)
    done = office.on(1, 9).posted_by(lambda: office.do(payments.return_payment, payment, 700))
    undone = office.on(1, 12).posted_by(lambda: back(office, payment))
    assert sorted((credit, debit, cents) for debit, credit, cents in done) == sorted(undone)
    assert undone and stands(office, home) == before
    ((entry, reversed_entry),) = office.sql(
        "SELECT e.id, e.reverses_id FROM entry e JOIN return_taken_back t ON t.entry_id = e.id"
    )
    assert office.sql("SELECT entry_id FROM payment_reversal WHERE payment_id = ?", payment) == [(reversed_entry,)]
    assert office.sql("SELECT business_date FROM entry WHERE id = ?", entry) == [("2026-01-12",)]
    assert office.see(history.charged_by_kind, home) == {"recurring": 9800}


def test_the_payment_that_stands_again_can_be_returned_again_and_that_taken_back_too(office: Diary) -> None:
    home, payment = home_that_paid(office)
    before = stands(office, home)
    office.on(1, 9).do(payments.return_payment, payment, 700)
    again = back(office, payment)
    office.on(1, 20).do(payments.return_payment, again, 0)
    assert office.balance(home) == 9800 + 2500
    third = back(office.on(1, 21), again)
    assert stands(office, home) == before
    assert office.sql("SELECT payment_id, by_payment_id, first_payment_id FROM return_taken_back") == [
        (payment, again, payment),
        (again, third, payment),
    ]


def test_it_pays_again_what_it_had_paid_even_when_something_older_is_open(office: Diary) -> None:
    home = office.on(1, 1).open("Ann Ames", 4900)
    office.on(2, 1).bill()
    older, newer = (row[0] for row in office.sql("SELECT id FROM invoice WHERE account_id = ? ORDER BY id", home))
    payment = office.on(2, 2).check(home, 4900, "1", apply_to=(newer,))
    office.on(2, 3).do(payments.return_payment, payment)
    office.check(home, 4900, "2", apply_to=(newer,))
    back(office.on(2, 4), payment)
    assert office.sql("SELECT id, open_cents FROM invoice WHERE account_id = ? ORDER BY id", home)[:2] == [
        (older, 9800 - 4900),  # the money that had paid the newer one since went to the oldest
        (newer, 0),
    ]


def test_a_fee_paid_meanwhile_becomes_credit_and_a_waived_one_is_not_given_twice(office: Diary) -> None:
    home, payment = home_that_paid(office)
    office.on(1, 9).do(payments.return_payment, payment, 700)
    ((fees,),) = office.sql("SELECT id FROM invoice WHERE what = 'returned-payment'")
    office.do(credits.waive_charge, fees, 2, "first time")
    office.on(1, 10).check(home, 9800 + 700, "2000")
    assert office.balance(home) == 0
    back(office.on(1, 12), payment)
    assert office.balance(home) == -9800 - 700
    with pytest.raises(UserError, match="taken back with the return"):
        office.do(credits.waive_charge, fees, 1, "again")
    with pytest.raises(UserError, match="waived already"):
        office.do(credits.waive_charge, fees, 2, "again")


def test_it_needs_a_supervisor_a_reason_and_a_return_that_stands(office: Diary) -> None:
    home, payment = home_that_paid(office)
    with pytest.raises(UserError, match="did not come back"):
        back(office, payment)
    office.on(1, 9).do(payments.return_payment, payment)
    with pytest.raises(UserError, match="reason"):
        back(office, payment, " ")
    with pytest.raises(UserError, match="cannot be taken back on 2026-01-08"):
        back(office.on(1, 8), payment)
    office.on(1, 9).role = "clerk"
    with pytest.raises(NotPermitted):
        back(office, payment)
    office.role = "supervisor"
    back(office, payment)
    with pytest.raises(UserError, match="taken back already, on 01/09/2026"):
        back(office, payment)
    other = office.check(home, 100, "7")
    office.do(payments.reverse_payment, other, "keyed wrongly")
    with pytest.raises(UserError, match="did not come back"):
        back(office, other)


def test_a_check_that_was_in_the_drawer_is_in_it_again_and_one_in_the_bank_stays_there(office: Diary) -> None:
    _, payment = home_that_paid(office)
    office.on(1, 9).do(payments.return_payment, payment)
    assert office.see(deposits.undeposited) == []
    assert (Gl.UNDEPOSITED_FUNDS, Gl.RECEIVABLE, 9800) in office.posted_by(lambda: back(office, payment))
    assert [item.cents for item in office.see(deposits.undeposited)] == [9800]
    deposit = office.do(deposits.make_deposit)
    again = office.sql("SELECT max(id) FROM payment")[0][0]
    office.on(1, 12).do(payments.return_payment, again)
    assert (Gl.BANK, Gl.RECEIVABLE, 9800) in office.posted_by(lambda: back(office, again))
    ((check,),) = office.sql("SELECT id FROM mail_check")
    office.do(deposits.take_out, deposit, [check], "left on the desk")


def test_part_of_a_check_whose_rest_was_deposited_since_is_refused_with_the_way_out(office: Diary) -> None:
    one, other = office.open("Ann", 4900), office.open("Ben", 4900)
    parts = [(one, 4900), (other, 5000)]
    office.do(checks.post_split_check, checks.CheckForm(one, 9900, "77"), parts)
    payment = office.sql("SELECT id FROM payment WHERE account_id = ?", one)[0][0]
    office.do(payments.return_payment, payment)
    deposit = office.do(deposits.make_deposit)
    with pytest.raises(UserError, match=f"out of deposit {deposit} first"):
        back(office, payment)
    ((check,),) = office.sql("SELECT id FROM mail_check")
    assert office.do(deposits.take_out, deposit, [check], "one part was missing") == 5000
    back(office, payment)
    office.do(deposits.make_deposit)
    assert office.sql("SELECT cents FROM deposit ORDER BY id") == [(5000,), (9900,)]


def test_a_card_charged_back_before_and_after_it_arrived_in_the_bank(office: Diary) -> None:
    home = office.open("Ann Ames", 4900, autopay="card")
    autopay.run_autopay(office.books, office.desk, DeclineListGateway([]))
    ((payment,),) = office.sql("SELECT id FROM payment WHERE account_id = ?", home)
    office.do(payments.charge_back, payment)
    again = back(office, payment)
    assert office.sql("SELECT settled_on FROM payment WHERE id = ?", again) == [(None,)]
    office.do(payments.settle_clearing, [again])
    office.on(1, 9).do(payments.charge_back, again)
    third = back(office, again)
    assert office.sql("SELECT settled_on FROM payment WHERE id = ?", third) == [("2026-01-01",)]
    assert office.balance(home) == 0


def test_a_fraudulent_chargeback_of_a_member_gives_its_fee_and_costs_back(office: Diary) -> None:
    member, payment = member_that_paid(office, autopay="card", individuals=2)
    before = stands(office, member)
    office.on(1, 9).do(payments.charge_back, payment, fraudulent=True, costs=[Cost("court", 12_000)])
    assert office.balance(member) == 6000 + 100_000 + 12_000
    back(office.on(1, 10), payment)
    assert stands(office, member) == before


def test_the_fee_date_is_again_as_the_payment_had_set_it(office: Diary) -> None:
    member, payment = member_that_paid(office)
    before = stands(office, member)
    assert before[-1] == ("2026-01-06", "2026-01-06", "2026-02-05", 5)
    office.on(1, 9).do(payments.return_payment, payment)
    assert stands(office, member)[-1] == (None, None, None, None)
    back(office.on(1, 12), payment)
    assert stands(office, member) == before


def test_the_fee_date_is_that_of_the_first_payment_even_when_it_was_paid_again_and_moved(office: Diary) -> None:
    member, payment = member_that_paid(office)
    office.on(1, 7).do(members.change_fee_day, member, 31)
    moved = stands(office, member)[-1]
    assert moved == ("2026-01-06", "2026-01-06", "2026-02-28", 31)
    office.check(member, 1500, "1")
    office.on(1, 9).do(payments.return_payment, payment)
    office.check(member, office.balance(member), "2")
    assert stands(office, member)[-1][2] == "2026-02-08"
    back(office.on(1, 12), payment)
    assert stands(office, member)[-1] == moved
    assert office.balance(member) == -6000 - 5000  # paid twice, and the fees of the return


def test_a_fee_date_stays_once_the_first_monthly_fee_was_charged(office: Diary) -> None:
    member, payment = member_that_paid(office)
    office.on(1, 9).do(payments.return_payment, payment)
    office.check(member, office.balance(member), "2")
    office.on(2, 8).bill()
    standing = stands(office, member)[-1]
    assert standing[2] == "2026-03-08"
    back(office.on(2, 9), payment)
    assert stands(office, member)[-1] == standing


def test_the_failure_that_was_taken_back_counts_no_more(office: Diary) -> None:
    _, payment = member_that_paid(office, plan="Optimize")
    office.on(1, 9).do(payments.return_payment, payment)
    again = back(office, payment)
    office.on(1, 12).do(payments.return_payment, again)
    late = office.sql("SELECT clause, cents FROM line WHERE kind = 'late-charge' AND cents > 0 ORDER BY invoice_id")
    assert late == [("ARR-6", 500), ("ARR-6", 500)]


def test_auto_pay_comes_back_only_when_this_return_alone_switched_it_off(office: Diary) -> None:
    member, payment = member_that_paid(office)
    office.on(1, 9).do(payments.return_payment, payment, 0, "R02 gone")
    assert office.sql("SELECT authorized_on FROM account WHERE id = ?", member) == [(None,)]
    again = back(office.on(1, 12), payment)
    assert office.sql("SELECT authorized_on FROM account WHERE id = ?", member) == [("2026-01-01",)]
    office.do(payments.return_payment, again, 0, "R02 gone")
    office.do(accounts.change_payment_method, member, "bank-draft")  # another bank account, whose form is not here yet
    back(office, again)
    assert office.sql("SELECT authorized_on FROM account WHERE id = ?", member) == [(None,)]


@pytest.mark.parametrize("other_return", [False, True])
def test_a_form_that_was_missing_before_the_return_is_missing_after_it_was_taken_back(
    office: Diary, other_return: bool
) -> None:
    member, first = member_that_paid(office)
    office.on(2, 5).bill()
    autopay.run_autopay(office.books, office.desk, DeclineListGateway([]))
    ((second,),) = office.sql("SELECT max(id) FROM payment WHERE account_id = ?", member)
    if other_return:  # another return had made it unusable; it still stands
        office.on(2, 8).do(payments.return_payment, first, 0, "R02")
    else:  # another bank account, whose form was never here
        office.on(2, 8).do(accounts.change_payment_method, member, "bank-draft", form_signed=False)
    office.on(2, 9).do(payments.return_payment, second, 0, "R02")
    back(office.on(2, 10), second)
    assert office.sql("SELECT autopay, authorized_on FROM account WHERE id = ?", member) == [("bank-draft", None)]


def test_a_suspension_from_the_return_alone_ends_and_counts_for_no_reactivation_fee(office: Diary) -> None:
    home, payment = home_that_paid(office, cents=9800 * 3)
    office.on(2, 1).bill()
    office.on(3, 1).bill()
    office.on(3, 2).do(payments.return_payment, payment)
    office.on(4, 2).do(collections.suspend)
    back(office.on(4, 3), payment)
    assert office.sql("SELECT status FROM account WHERE id = ?", home) == [("active",)]
    assert office.sql("SELECT restored_on, restored_by, reactivation FROM suspension") == [("2026-04-03", "other", "void")]
    # Two later ones: only the second of them is a habit.
    for n, month in enumerate((6, 9), start=1):
        office.on(month, 1).bill()
        office.on(month + 1, 2).do(collections.suspend)
        assert office.sql("SELECT status FROM account WHERE id = ?", home) == [("suspended",)]
        office.check(home, office.balance(home), f"late {n}")
        proposals = office.sql("SELECT reactivation FROM suspension ORDER BY id")
        assert proposals == [("void",), ("",), ("proposed",)][: n + 1]


def test_a_suspension_that_would_have_come_anyway_stays_until_everything_is_paid(office: Diary) -> None:
    home, payment = home_that_paid(office, cents=4900)  # half of what is due on Jan 31
    office.on(1, 9).do(payments.return_payment, payment)
    office.on(2, 2).do(collections.suspend)
    back(office.on(2, 3), payment)
    assert office.sql("SELECT status FROM account WHERE id = ?", home) == [("suspended",)]
    assert office.sql("SELECT restored_on, reactivation FROM suspension") == [(None, "")]


def test_an_arrangement_is_kept_again_and_old_money_keeps_no_new_one(office: Diary) -> None:
    home = office.on(1, 1).open("Ann Ames", 4900)
    office.on(2, 2).do(
        collections.arrange, home, [InstalmentFacts(date(2026, 2, 9), 5000), InstalmentFacts(date(2026, 3, 9), 4800)]
    )
    payment = office.on(2, 9).check(home, 5000, "1")
    assert office.on(2, 10).see(collections.has_kept_arrangement, home, office.day)
    office.on(2, 12).do(payments.return_payment, payment)
    assert not office.see(collections.has_kept_arrangement, home, office.day)
    again = back(office.on(2, 14), payment)
    assert office.see(collections.has_kept_arrangement, home, office.day)
    assert not office.see(collections.has_kept_arrangement, home, date(2026, 2, 13)), "as it stood then"
    office.do(payments.return_payment, again)
    office.on(2, 15).do(
        collections.arrange, home, [InstalmentFacts(date(2026, 2, 16), 5000), InstalmentFacts(date(2026, 3, 9), 1)]
    )
    back(office.on(2, 16), again)
    assert not office.on(2, 17).see(collections.has_kept_arrangement, home, office.day), "it came before the arrangement"


def test_what_was_written_off_since_the_return_comes_back_so_that_nothing_is_refunded(office: Diary) -> None:
    home, payment = home_that_paid(office)
    office.on(1, 9).do(payments.return_payment, payment)
    office.on(1, 10).do(credits.write_off, home, office.balance(home), "moved away")
    back(office.on(1, 12), payment)
    assert office.balance(home) == 0
    assert office.sql("SELECT sum(cents) FROM line WHERE kind = 'write-off'") == [(9800 + 2500,)]


def test_an_older_write_off_of_an_open_account_is_left_alone(office: Diary) -> None:
    home = office.on(1, 1).open("Ann Ames", 4900)
    office.do(credits.write_off, home, 1000, "a mistake of ours")
    payment = office.on(1, 5).check(home, 10_000, "1")
    office.on(1, 9).do(payments.return_payment, payment)
    back(office, payment)
    assert office.balance(home) == -1200
    assert office.sql("SELECT count(*) FROM line WHERE kind = 'write-off'") == [(0,)]


def test_a_membership_ended_while_its_processing_fee_counted_as_unpaid_is_refused(office: Diary) -> None:
    member, payment = member_that_paid(office)
    office.on(1, 9).do(payments.return_payment, payment)
    office.on(1, 20).do(subscriptions.cancel_account, member)
    with pytest.raises(UserError, match="no final fee was billed"):
        back(office.on(1, 21), payment)


def test_a_closed_account_has_its_money_back_as_credit_to_be_refunded(office: Diary) -> None:
    home, payment = home_that_paid(office)
    office.on(1, 9).do(payments.return_payment, payment)
    office.on(1, 20).do(subscriptions.cancel_account, home)
    owed = office.balance(home)
    back(office.on(1, 21), payment)
    assert office.balance(home) == owed - 9800 - 2500 < 0


def test_an_account_closed_while_suspended_stays_closed(office: Diary) -> None:
    home, payment = home_that_paid(office)
    office.on(1, 9).do(payments.return_payment, payment, 700)
    office.on(2, 15).do(collections.suspend, [home])
    office.on(2, 16).do(subscriptions.cancel_account, home)
    back(office.on(2, 20), payment)
    assert office.sql("SELECT status, closed_on FROM account WHERE id = ?", home) == [("closed", "2026-02-16")]
    assert office.sql("SELECT reactivation FROM suspension WHERE account_id = ?", home) == [("void",)]


def test_a_membership_ended_while_suspended_stays_ended(office: Diary) -> None:
    member, _ = member_that_paid(office)
    office.on(2, 5).bill()
    payment = office.check(member, 9000, "2")
    office.on(2, 8).do(payments.return_payment, payment)
    office.on(2, 10).do(collections.suspend, [member])
    office.on(2, 12).do(subscriptions.cancel_account, member)
    back(office, payment)
    assert office.sql("SELECT status, closed_on FROM account WHERE id = ?", member) == [("closed", "2026-02-12")]


def test_money_that_had_been_refunded_is_no_open_item_any_more(office: Diary) -> None:
    home, payment = home_that_paid(office, cents=20_000)
    office.on(1, 10).do(subscriptions.cancel_account, home)
    office.on(1, 15).do(refunds.run_refunds)
    before = stands(office, home)
    office.on(1, 16).do(payments.return_payment, payment)
    assert office.sql("SELECT open_cents > 0 FROM refund") == [(1,)]
    back(office.on(1, 17), payment)
    assert stands(office, home) == before and office.sql("SELECT open_cents FROM refund") == [(0,)]


def test_no_second_receipt_goes_out(office: Diary) -> None:
    home, payment = home_that_paid(office, email="ann@example.net")
    office.on(1, 9).do(payments.return_payment, payment)
    back(office, payment)
    office.do(receipts.send_receipts, NoMail())
    assert office.sql("SELECT payment_id FROM receipt") == [(payment,)]
    assert office.see(history.receipts_sent, home) == 1


def test_fees_charged_later_are_named_until_they_are_waived(office: Diary) -> None:
    _, payment = home_that_paid(office)
    office.on(1, 9).do(payments.return_payment, payment)
    office.on(3, 1).bill()
    found = office.see(lambda session: later_charges(session, recorded_return(session, payment)))
    assert [(item[0], item[1], item[2]) for item in found] == [("Late fee", 1000, date(2026, 3, 1))]
    ((invoice, n),) = office.sql("SELECT invoice_id, n FROM line WHERE kind = 'late-fee'")
    office.do(credits.waive_charge, invoice, n, "the bank was wrong")
    assert office.see(lambda session: later_charges(session, recorded_return(session, payment))) == []


def _returnable(office: Diary) -> list[tuple[int, int]]:
    """Payments that stand and were not refunded, the newest first, with their account."""
    return [
        (row[0], row[1])
        for row in office.sql(
            "SELECT p.id, p.account_id FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
            "WHERE r.payment_id IS NULL ORDER BY p.id DESC LIMIT 4"
        )
    ]


@given(steps_of_both(least=15, most=35), st.integers(0, 3))
@settings(max_examples=15)
def test_a_return_taken_back_at_once_leaves_any_office_as_it_was(taken: list[Step], code: int) -> None:
    with both_books() as diary:
        found = BothBooks(diary)
        found.start()
        for step in taken:
            found.cycles_until(diary.day + timedelta(days=step.wait), diary.bill)
            found.try_step(step)
        diary.day += timedelta(days=1)
        for payment, account in _returnable(diary):
            before, owed = (
                stands(diary, account),
                diary.sql("SELECT sum(remaining_cents) FROM credit WHERE account_id = ?", account),
            )
            conduct = diary.see(collections.has_kept_arrangement, account, diary.day)
            kind = diary.sql("SELECT kind FROM payment WHERE id = ?", payment)[0][0]
            if kind == "card":
                diary.do(payments.charge_back, payment, fraudulent=code > 1)
            else:
                diary.do(payments.return_payment, payment, 700, "R02" if code == 3 else "R01")
            try:
                back(diary, payment)
            except UserError as refused:
                assert "deposited since" in refused.message or "final fee" in refused.message
                continue
            assert stands(diary, account) == before
            assert diary.sql("SELECT sum(remaining_cents) FROM credit WHERE account_id = ?", account) == owed
            assert diary.see(collections.has_kept_arrangement, account, diary.day) == conduct
        diary.assert_books_right()


@pytest.mark.both_databases
def test_a_return_an_attempt_and_a_policy_change_are_taken_back_on_either_database(tmp_path: Path) -> None:
    with Diary() as diary:
        body = shipped_policy_path(MEMBERSHIP).read_text(encoding="utf-8")
        with diary.books.write() as session:
            terms.adopt_policy(session, MEMBERSHIP, body, diary.day)
        home, check = home_that_paid(diary)
        diary.on(1, 9).do(payments.return_payment, check, 700)
        diary.on(2, 1).bill()
        diary.on(2, 2).do(collections.suspend)
        seen = diary.do(returnreversaloutlook.take_back, check, "the bank was wrong")
        assert seen.sentences[0].startswith("It pays again 98.00 of invoice")
        assert diary.sql("SELECT status FROM account WHERE id = ?", home) == [("active",)]
        assert diary.sql("SELECT reactivation FROM suspension") == [("void",)]
        assert len(diary.see(history.account_payments, home)) == 2
        member = sign_up(diary, autopay="bank-draft")
        diary.do(members.record_work_performed, member)
        diary.on(2, 7).bill()
        diary.do(autopayanswers.record_attempt, member, approved=False, cents=6000)
        ((attempt,),) = diary.sql("SELECT id FROM payment_attempt")
        diary.do(membercorrections.take_back, member, f"attempt:{attempt}", "another member's")
        diary.on(2, 8).do(autopayanswers.record_attempt, member, approved=True, cents=6000)
        ((draft,),) = diary.sql("SELECT id FROM payment WHERE account_id = ?", member)
        before = stands(diary, member)
        diary.do(payments.return_payment, draft, 0, "R02")
        back(diary, draft)
        assert stands(diary, member) == before
        diary.do(policychanges.change_policy, MEMBERSHIP, date(2026, 3, 1), {"dishonored_fee": "40.00"}, "costs")
        version = diary.see(policychanges.policy_versions)[0].id
        diary.do(policychanges.withdraw_change, version, "typed wrongly")
        assert diary.see(terms.policy_named, MEMBERSHIP, date(2026, 3, 1)).dishonored_fee == 3500  # type: ignore[union-attr]
        assert diary.do(export_customers, tmp_path / "all.csv") == 2
        diary.assert_books_right()
