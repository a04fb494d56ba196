"""A billing run of members taken back: their fee dates go back, and each fee is billed again exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from support_histories import Step
from support_members import BothBooks, both_books, sign_up, steps_of_both
from support_office import Diary, Row

from app.errors import UserError
from app.periods import ONE_DAY
from app.services import collections, members, payments, subscriptions
from app.services.billingreversal import reverse_run
from app.services.reversaloutlook import ReversalOutlook, reversal_outlook

FEES = (
    "SELECT l.account_id, l.kind, l.cents, l.period_from, l.period_to, i.due_on FROM line l JOIN invoice i "
    "ON i.id = l.invoice_id WHERE i.what <> 'reversal' AND i.id NOT IN (SELECT invoice_id FROM invoice_reversal) "
    "ORDER BY 1, 2, 4"
)


@pytest.fixture
def office() -> Iterator[Diary]:
    with both_books() as diary:
        yield diary


def charged_member(office: Diary, **form: object) -> int:
    """Signed up on Jan 1, its processing fee of 60.00 charged by the run of Jan 6."""
    member = sign_up(office.on(1, 1), **form)
    office.on(1, 2).do(members.record_work_performed, member)
    office.on(1, 6).bill()
    return member


def paid_member(office: Diary) -> int:
    """As above, paid on Jan 6: 90.00 a month, the first fee date is Feb 5."""
    member = charged_member(office)
    office.check(member, 6000, "1")
    return member


def last_run(office: Diary) -> int:
    found = office.sql("SELECT max(id) FROM run WHERE what = 'billing' AND documents > 0 AND state = 'done'")
    return int(found[0][0] or 0)


def outlook(office: Diary, run_id: int | None = None) -> ReversalOutlook:
    return office.see(reversal_outlook, run_id or last_run(office), office.day)


def reverse(office: Diary, run_id: int | None = None) -> int:
    return reverse_run(office.books, office.desk, run_id or last_run(office), "wrong day")


def membership(office: Diary) -> list[Row]:
    return office.sql(
        "SELECT account_id, processing_invoice_id, processing_paid_on, period_from, next_fee_on, fee_day, "
        "monthly_fee_charged FROM membership ORDER BY account_id"
    )


def test_the_first_monthly_fee_is_as_if_it_had_not_been_billed(office: Diary) -> None:
    member = paid_member(office)
    before = membership(office)
    office.on(2, 5).bill()
    fees = office.sql(FEES)
    assert outlook(office)[2:5] == (1, 9000, 0)
    assert reverse(office) == 1
    assert membership(office) == before and office.balance(member) == 0
    office.assert_books_right()
    again = office.bill()
    assert again.by_kind == {"monthly-fee": (1, 9000)}
    assert office.sql(FEES) == fees
    keys = [row[0] for row in office.sql("SELECT key FROM line WHERE kind = 'monthly-fee' AND cents > 0 ORDER BY key")]
    assert keys == ["monthly-fee:2026-02-05", "monthly-fee:2026-02-05#2"]
    assert office.bill().invoices == 0
    office.assert_books_right()


def test_several_fee_dates_of_one_run_go_back_to_the_first(office: Diary) -> None:
    paid_member(office)
    before = membership(office)
    assert office.on(4, 20).bill().by_kind == {"monthly-fee": (3, 27000)}
    assert reverse(office) == 3
    assert membership(office) == before
    office.on(2, 5).today = date(2026, 4, 20)
    assert office.on(4, 20).bill().by_kind == {"monthly-fee": (3, 27000)}
    office.assert_books_right()


def test_a_later_fee_goes_back_to_where_the_one_before_left_it(office: Diary) -> None:
    member = paid_member(office)
    office.on(2, 5).bill()
    office.check(member, 9000, "2")
    before = membership(office)
    office.on(3, 5).bill()
    reverse(office)
    assert membership(office) == before and before[0][-1] == 1
    office.assert_books_right()


def test_a_processing_fee_is_as_if_it_had_not_been_charged(office: Diary) -> None:
    member = charged_member(office)
    assert reverse(office) == 1
    assert membership(office) == [(member, None, None, None, None, None, 0)]
    office.assert_books_right()
    office.on(1, 8).bill()
    office.check(member, 6000, "1")
    assert membership(office)[0][4] == "2026-02-07"
    keys = office.sql("SELECT key FROM line WHERE kind = 'processing-fee' AND cents > 0 ORDER BY key")
    assert keys == [("processing-fee",), ("processing-fee#2",)]
    office.assert_books_right()


def test_a_processing_fee_that_credit_had_paid_gives_the_credit_back_and_the_fee_date_goes(office: Diary) -> None:
    member = sign_up(office.on(1, 1))
    office.check(member, 10000, "1")
    office.on(1, 2).do(members.record_work_performed, member)
    office.on(1, 6).bill()
    assert membership(office)[0][4] == "2026-02-05"
    assert outlook(office).credit_cents == 6000
    reverse(office)
    assert membership(office) == [(member, None, None, None, None, None, 0)]
    assert office.balance(member) == -10000
    office.assert_books_right()
    office.on(1, 9).bill()
    assert membership(office)[0][4] == "2026-02-08" and office.balance(member) == -4000
    office.assert_books_right()


def test_no_monthly_fee_stands_and_the_processing_payment_came_back_so_the_fee_date_is_withdrawn(office: Diary) -> None:
    member = paid_member(office)
    office.on(2, 5).bill()
    ((payment_id,),) = office.sql("SELECT id FROM payment")
    office.on(2, 6).do(payments.return_payment, payment_id, 0, "R01")
    assert membership(office)[0][4] == "2026-03-05"
    reverse(office)
    assert membership(office)[0][2:] == (None, None, None, None, 0)
    office.assert_books_right()
    office.on(2, 9).check(member, office.balance(member), "2")
    assert membership(office)[0][4] == "2026-03-11"
    office.assert_books_right()


@pytest.mark.parametrize("why", ["a payment of", "failed since", "fee date was moved", "closed since"])
def test_what_keeps_it_from_being_taken_back_is_named(office: Diary, why: str) -> None:
    member = paid_member(office)
    office.on(2, 5).bill()
    run_id = last_run(office)
    office.on(2, 6)
    if why == "a payment of":
        office.check(member, 100, "2")
    elif why == "failed since":
        payment_id = office.check(member, 9000, "2")
        office.do(payments.return_payment, payment_id, 0, "R01")
    elif why == "fee date was moved":
        office.do(members.change_fee_day, member, 20)
    else:
        office.do(subscriptions.cancel_account, member)
    found = outlook(office, run_id)
    assert found.blocked == 1 and why in found.blockers[0].why
    with pytest.raises(UserError, match=why):
        reverse(office, run_id)


def test_a_membership_that_the_run_ended_stays_ended(office: Diary) -> None:
    ended, other = paid_member(office), sign_up(office.on(1, 10), "Oda")
    office.on(1, 20).do(members.record_work_performed, other)
    office.do(subscriptions.cancel_account, ended, date(2026, 2, 20))
    made = office.on(2, 25).bill()
    assert made.by_kind.keys() == {"monthly-fee", "final-fee", "processing-fee"}
    seen = outlook(office)
    assert (seen.invoices, seen.cents, seen.staying, seen.blocked) == (1, 6000, 2, 0)
    owed = office.balance(ended)
    assert reverse(office) == 1
    assert office.balance(ended) == owed > 9000 and office.balance(other) == 0
    office.assert_books_right()


def test_a_later_run_of_other_accounts_does_not_matter_but_one_of_the_same_does(office: Diary) -> None:
    first = paid_member(office)
    second = sign_up(office.on(1, 10), "Oda")
    office.on(2, 5).bill()
    earlier = last_run(office)
    office.on(2, 7).do(members.record_work_performed, second)
    office.on(2, 8).bill()
    assert last_run(office) != earlier
    assert outlook(office, earlier).refusal == ""
    office.on(3, 5).bill()
    assert "later run, of 03/05/2026" in outlook(office, earlier).refusal
    reverse(office)
    assert reverse(office, earlier) == 1 and office.balance(first) == 0
    office.assert_books_right()


def test_days_without_services_are_prorated_again_when_billed_anew(office: Diary) -> None:
    member = paid_member(office)
    office.on(2, 5).bill()
    office.on(2, 15).do(collections.suspend)
    office.on(3, 5).bill()
    fees = office.sql(FEES)
    assert reverse(office) == 1
    office.bill()
    assert office.sql(FEES) == fees and office.balance(member) > 9000
    office.assert_books_right()


@settings(max_examples=25)
@given(taken=steps_of_both(12, 30))
def test_after_any_history_a_run_taken_back_and_made_again_charges_the_same(taken: list[Step]) -> None:
    with both_books() as diary:
        history = BothBooks(diary)
        history.start()
        for step in taken:
            history.cycles_until(diary.day + timedelta(days=step.wait), diary.bill)
            history.try_step(step)
        diary.day += ONE_DAY  # the last one may be closed
        run_id = (diary.bill().run_id) or 0
        fees, before = diary.sql(FEES), membership(diary)
        found = outlook(diary, run_id)
        if found.refusal or found.blocked:
            return
        reverse(diary, run_id)
        diary.assert_books_right()
        diary.bill()
        assert diary.sql(FEES) == fees
        assert [row[2:] for row in membership(diary)] == [row[2:] for row in before]
        diary.assert_books_right()
