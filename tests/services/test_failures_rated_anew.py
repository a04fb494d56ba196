"""A failure taken back after a later one: that one is then rated as what it is, the first (ARR-6, ARR-7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_members import both_books, sign_up
from support_office import Diary

from app.errors import UserError
from app.services import (
    autopayanswers,
    credits,
    membercorrections,
    memberplans,
    members,
    payments,
    returnreversaloutlook,
    subscriptions,
)
from app.services.dishonored import COUNTS
from app.services.history import charged_by_kind
from app.services.loading import card
from app.services.memberstanding import member_standing
from app.services.returnreversal import take_back_return


@pytest.fixture
def office() -> Iterator[Diary]:
    with both_books() as diary:
        yield diary
        diary.assert_books_right()


def twice_declined(office: Diary, plan: str = "Optimize") -> tuple[int, int, int]:
    """A member whose processing fee of 60.00 of Jan 6 was declined on Jan 6 and Jan 7; and both attempts."""
    member = sign_up(office.on(1, 1), autopay="card", plan=plan)
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    for day in (6, 7):
        office.on(1, day).do(autopayanswers.record_attempt, member, approved=False)
    first, second = (row[0] for row in office.sql("SELECT id FROM payment_attempt ORDER BY id"))
    return member, first, second


def take_back(office: Diary, member: int, attempt: int) -> None:
    office.do(membercorrections.take_back, member, f"attempt:{attempt}", "another member's")


def cost(office: Diary, member: int) -> dict[str, int]:
    found = office.see(charged_by_kind, member)
    return {kind: cents for kind, cents in found.items() if kind in ("late-charge", "dishonored-fee") and cents}


@pytest.mark.parametrize(("plan", "cents"), [("Optimize", 500), ("Limited", 1000), ("Premiere", 1500)])
def test_a_later_attempt_costs_the_plans_late_charge_when_the_first_was_a_mistake(
    office: Diary, plan: str, cents: int
) -> None:
    member, first, second = twice_declined(office, plan)
    assert cost(office, member) == {"late-charge": cents + 1500, "dishonored-fee": 7000}
    take_back(office.on(1, 9), member, first)
    assert cost(office, member) == {"late-charge": cents, "dishonored-fee": 3500}
    assert office.balance(member) == 6000 + cents + 3500
    standing = office.see(lambda session: member_standing(session, card(session, member), office.day))
    assert standing is not None
    assert [(line.on.day, line.charged_cents) for line in standing.attempts] == [(7, cents + 3500)]
    take_back(office.on(1, 10), member, second)
    assert cost(office, member) == {} and office.balance(member) == 6000


def test_a_third_attempt_stays_a_further_one_until_the_second_is_taken_back_too(office: Diary) -> None:
    member, first, second = twice_declined(office)
    office.on(1, 8).do(autopayanswers.record_attempt, member, approved=False)
    take_back(office.on(1, 9), member, first)
    assert cost(office, member) == {"late-charge": 500 + 1500, "dishonored-fee": 7000}
    take_back(office, member, second)
    assert cost(office, member) == {"late-charge": 500, "dishonored-fee": 3500}


def test_a_late_charge_that_was_paid_becomes_credit_and_a_waived_one_stays_waived(office: Diary) -> None:
    member, first, _ = twice_declined(office)
    office.on(1, 8).check(member, office.balance(member), "1")
    take_back(office.on(1, 9), member, first)
    assert office.balance(member) == -(500 + 3500) - (1500 - 500)
    other, mistaken, _ = (*twice_declined_again(office),)
    ((invoice, n),) = office.sql("SELECT invoice_id, n FROM line WHERE account_id = ? AND cents = 1500", other)
    office.do(credits.waive_charge, invoice, n, "a good customer")
    take_back(office.on(2, 9), other, mistaken)
    assert office.balance(other) == 6000 + 3500


def twice_declined_again(office: Diary) -> tuple[int, int, int]:
    """As `twice_declined`, of another member, a month later."""
    member = sign_up(office.on(2, 1), "Other", autopay="card", plan="Optimize")
    office.do(members.record_work_performed, member)
    office.on(2, 6).bill()
    for day in (6, 7):
        office.on(2, day).do(autopayanswers.record_attempt, member, approved=False)
    first, second = (row[0] for row in office.sql("SELECT id FROM payment_attempt WHERE account_id = ? ORDER BY id", member))
    return member, first, second


def test_a_late_charge_rated_anew_can_be_waived_once_and_the_one_before_it_no_more(office: Diary) -> None:
    member, first, second = twice_declined(office)
    take_back(office.on(1, 9), member, first)
    (old, anew) = office.sql(
        "SELECT invoice_id, n FROM line WHERE kind = 'late-charge' AND key LIKE 'late-charge:date:2026-01-07%' ORDER BY 1"
    )
    with pytest.raises(UserError, match="taken back"):
        office.do(credits.waive_charge, *old, "again")
    office.do(credits.waive_charge, *anew, "a good customer")
    assert office.balance(member) == 6000 + 3500
    take_back(office.on(1, 10), member, second)
    assert office.balance(member) == 6000


def test_a_return_taken_back_makes_a_later_failure_the_first_and_says_so(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="card", plan="Optimize")
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    payment = office.check(member, 6000, "1")
    office.on(2, 5).bill()
    office.on(2, 7).do(payments.return_payment, payment)
    office.on(2, 8).check(member, 6000, "2")
    later = office.sql("SELECT max(id) FROM payment")[0][0]
    office.on(2, 9).do(payments.return_payment, later)  # it had paid the same fee, which failed before
    assert cost(office, member) == {"late-charge": 500 + 1500, "dishonored-fee": 7000}
    done = office.on(2, 10).do(returnreversaloutlook.take_back, payment, "the bank was wrong")
    assert "A later failure is the first for its fee now: its late charge is 5.00 (ARR-6)." in done.sentences
    assert cost(office, member) == {"late-charge": 500, "dishonored-fee": 3500}
    office.on(2, 11).do(take_back_return, later, "the bank was wrong again")
    assert cost(office, member) == {}


def test_it_is_rated_by_the_plan_of_the_day_on_which_it_failed(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="card", plan="Limited")
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    office.check(member, 6000, "1")
    office.on(2, 5).bill()
    for day in (6, 7):
        office.on(2, day).do(autopayanswers.record_attempt, member, approved=False)
    office.do(memberplans.change_plan, member, "Optimize", 2000, office.on(3, 5).day)
    office.bill()
    ((first,),) = office.sql("SELECT min(id) FROM payment_attempt")
    take_back(office.on(3, 6), member, first)
    assert cost(office, member) == {"late-charge": 1000, "dishonored-fee": 3500}


@pytest.mark.parametrize("day", [20, 25])
def test_of_an_ended_membership_the_plan_of_its_last_period_counts_not_one_for_later(office: Diary, day: int) -> None:
    member = sign_up(office.on(1, 1), autopay="card", plan="Limited")
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    office.check(member, 6000, "1")
    office.on(2, 5).bill()
    office.check(member, 9000, "2")
    office.on(2, 10).do(memberplans.change_plan, member, "Optimize", 2000)  # it would count from Mar 5 on
    office.on(2, 20).do(subscriptions.cancel_account, member)
    office.on(2, day).do(autopayanswers.record_attempt, member, approved=False)
    assert cost(office, member) == {"late-charge": 1000, "dishonored-fee": 3500}


def test_an_attempt_recorded_late_costs_by_the_plan_of_its_own_day(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="card", plan="Limited")
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    office.check(member, 6000, "1")
    office.on(2, 5).bill()
    office.on(2, 10).do(memberplans.change_plan, member, "Optimize", 2000)  # counts from Mar 5 on
    office.on(3, 5).bill()
    office.on(3, 4).do(autopayanswers.record_attempt, member, approved=False)
    assert cost(office, member) == {"late-charge": 1000, "dishonored-fee": 3500}


def test_what_was_a_first_failure_anyway_keeps_what_it_cost(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="card", plan="Limited")
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    office.do(autopayanswers.record_attempt, member, approved=False)
    office.on(1, 7).check(member, office.balance(member), "1")
    office.on(2, 6).bill()
    office.do(autopayanswers.record_attempt, member, approved=False)
    before = cost(office, member)
    office.on(2, 7).do(memberplans.change_plan, member, "Optimize", 2000, office.on(2, 6).day)
    ((first,),) = office.sql("SELECT min(id) FROM payment_attempt")
    take_back(office.on(2, 8), member, first)
    assert cost(office, member) == {"late-charge": before["late-charge"] - 1000, "dishonored-fee": 3500}


Deed = Callable[[Diary, int, int], None]


def _decline(office: Diary, member: int, _: int) -> None:
    office.do(autopayanswers.record_attempt, member, approved=False)


def _pay_and_return(office: Diary, member: int, n: int) -> None:
    payment = office.check(member, max(office.balance(member) // (n % 2 + 1), 1), str(office.day))
    office.do(payments.return_payment, payment)


def _take_an_attempt_back(office: Diary, member: int, n: int) -> None:
    found = [step.key for step in office.see(membercorrections.steps, member) if step.key.startswith("attempt:")]
    if found:
        office.do(membercorrections.take_back, member, found[n % len(found)], "a mistake")


def _take_a_return_back(office: Diary, _: int, n: int) -> None:
    found = office.sql(
        "SELECT payment_id FROM payment_reversal WHERE payment_id NOT IN (SELECT payment_id FROM return_taken_back)"
    )
    if found:
        office.do(take_back_return, found[n % len(found)][0], "a mistake")


DEEDS = (_decline, _decline, _pay_and_return, _pay_and_return, _take_an_attempt_back, _take_a_return_back)


@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 3), st.sampled_from((1, 1, 9))), min_size=4, max_size=14))
@settings(max_examples=20)
def test_in_whatever_order_failures_come_and_are_taken_back_each_costs_what_it_is(
    steps: list[tuple[Deed, int, int]],
) -> None:
    with both_books() as office:
        member = sign_up(office.on(1, 1), autopay="card", plan="Optimize")
        office.do(members.record_work_performed, member)
        office.on(1, 6).bill()
        for deed, n, days in steps:
            office.day += timedelta(days=days)
            office.bill()
            with suppress(UserError):
                deed(office, member, n)
        standing = office.sql(
            "SELECT f.action_id, f.attempt, min(CASE WHEN l.kind IS NULL OR EXISTS (SELECT 1 FROM failed_attempt g "
            f"WHERE g.invoice_id = f.invoice_id AND g.action_id < f.action_id AND {COUNTS.replace('f.', 'g.')}) "
            "THEN 1 ELSE 0 END) FROM failed_attempt f LEFT JOIN line l ON l.invoice_id = f.invoice_id "
            f"AND l.kind IN ('processing-fee', 'monthly-fee') WHERE {COUNTS} GROUP BY f.action_id, f.attempt"
        )
        late = office.sql("SELECT key, cents FROM line WHERE kind = 'late-charge'")
        for _, attempt, is_further in standing:
            mine = [cents for key, cents in late if key.partition("late-charge:")[2].removesuffix(":first") == attempt]
            assert sum(mine) == (1500 if is_further else 500), attempt
        office.assert_books_right()
