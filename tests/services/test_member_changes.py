"""What an office changes for a member: the plan, and what is taken back while nothing was billed by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from support_members import both_books, sign_up
from support_office import Diary

from app.errors import NotPermitted, UserError
from app.services import (
    accounts,
    autopay,
    autopayanswers,
    dayclose,
    membercorrections,
    memberplans,
    members,
    payments,
    status,
    subscriptions,
)
from app.services.gateways.mail import NoMail
from app.services.memberplans import NewTerms

DAY = date(2026, 1, 1)


@pytest.fixture
def office() -> Iterator[Diary]:
    with both_books() as diary:
        yield diary
        diary.assert_books_right()


def paid_member(office: Diary, **form: Any) -> int:
    """Signed up on Jan 1, charged and paid on Jan 6: fee dates are Feb 5, Mar 5, ..., the first period from Jan 6."""
    member = sign_up(office.on(1, 1), **form)
    office.on(1, 2).do(members.record_work_performed, member)
    office.on(1, 6).bill()
    office.check(member, 6000, "1")
    return member


def fees(office: Diary, member: int) -> list[tuple[Any, ...]]:
    return office.sql(
        "SELECT cents, description FROM line WHERE account_id = ? AND kind IN ('monthly-fee', 'final-fee') "
        "ORDER BY invoice_id",
        member,
    )


def steps(office: Diary, member: int) -> list[str]:
    return [step.key.partition(":")[0] for step in office.see(membercorrections.steps, member)]


# Plans


@pytest.mark.parametrize(
    ("effective", "counts_from", "first_fee_on"),
    [
        (date(2026, 1, 6), date(2026, 1, 6), date(2026, 2, 5)),
        (date(2026, 1, 7), date(2026, 2, 5), date(2026, 3, 5)),
        (date(2026, 2, 5), date(2026, 2, 5), date(2026, 3, 5)),
        (date(2026, 2, 6), date(2026, 3, 5), date(2026, 4, 5)),
    ],
)
def test_a_plan_counts_from_the_first_fee_period_on_or_after_its_day(
    office: Diary, effective: date, counts_from: date, first_fee_on: date
) -> None:
    member = paid_member(office)
    agreed = office.on(1, 20).do(memberplans.change_plan, member, "Limited", None, effective)
    assert agreed == NewTerms("Limited", 4900, counts_from, first_fee_on)
    for month in (2, 3, 4):
        office.on(month, 5).bill()
    old = [(9000, "Premiere")] * ([date(2026, 2, 5), date(2026, 3, 5), date(2026, 4, 5)].index(first_fee_on))
    found = [(cents, words.split(", ")[1]) for cents, words in fees(office, member)]
    assert found == [*old, *[(4900, "Limited")] * (3 - len(old))]


def test_missed_fee_dates_are_billed_each_by_the_plan_of_its_period(office: Diary) -> None:
    member = paid_member(office)
    office.on(1, 20).do(memberplans.change_plan, member, "Monitor", 3100, date(2026, 2, 20))
    office.on(4, 10).bill()
    assert [cents for cents, _ in fees(office, member)] == [9000, 9000, 3100]


def test_a_plan_agreed_for_later_is_not_named_once_the_membership_has_ended(office: Diary) -> None:
    member = paid_member(office)
    office.on(1, 20).do(memberplans.change_plan, member, "Limited", 3100, date(2026, 3, 20))
    office.on(2, 18).do(subscriptions.cancel_account, member)
    page = office.see(status.account_page, member, office.day)
    assert page.member is not None
    assert (page.member.plan, page.member.coming) == ("Premiere", ())


def test_the_final_fee_and_the_standing_know_the_plan_of_the_open_period(office: Diary) -> None:
    member = paid_member(office)
    office.on(1, 20).do(memberplans.change_plan, member, "Limited")
    page = office.see(status.account_page, member, office.day)
    assert page.member is not None
    assert (page.member.plan, page.member.monthly_cents, page.member.next_fee_cents) == ("Premiere", 9000, 9000)
    assert [(terms.plan, terms.from_day) for terms in page.member.coming] == [("Limited", date(2026, 1, 20))]
    office.on(2, 5).bill()
    page = office.see(status.account_page, member, office.day)
    assert page.member is not None and page.member.coming == ()
    assert (page.member.plan, page.member.monthly_cents, page.member.next_fee_cents) == ("Limited", 4900, 4900)
    # Feb 5 - 18 are 14 of the 28 days through Mar 4.
    office.on(2, 18).do(subscriptions.cancel_account, member)
    assert fees(office, member)[-1] == (2450, "Final fee, Limited, Feb 5, 2026 - Feb 18, 2026")


def test_a_failed_attempt_costs_the_late_charge_of_the_plan_in_force(office: Diary) -> None:
    member = paid_member(office, autopay="card")
    office.on(1, 20).do(memberplans.change_plan, member, "Optimize", None, date(2026, 2, 6))
    late = "SELECT cents FROM line WHERE account_id = ? AND kind = 'late-charge' ORDER BY invoice_id"
    office.on(2, 5).bill()
    office.on(3, 4).do(autopayanswers.record_attempt, member, approved=False)
    assert office.sql(late, member) == [(1500,)]  # Premiere still
    office.check(member, office.balance(member), "2")
    office.on(3, 5).bill()
    office.do(autopayanswers.record_attempt, member, approved=False)
    assert office.sql(late, member) == [(1500,), (500,)]


def test_a_month_end_counts_unbilled_days_by_their_plan(office: Diary) -> None:
    member = paid_member(office)
    office.on(1, 20).do(memberplans.change_plan, member, "Limited")
    office.on(2, 5).bill()
    office.on(2, 28).do(dayclose.close_day, NoMail())
    # Feb 5 - 28 is 24 of the 28 days through Mar 4: 49.00 x 24/28.
    assert office.sql("SELECT cents FROM unbilled_revenue ORDER BY month_end DESC LIMIT 1") == [(4200,)]


def test_before_the_first_fee_date_a_plan_counts_from_the_first_period_and_the_processing_fee_stays(office: Diary) -> None:
    member = sign_up(office.on(1, 1))
    assert office.on(1, 3).do(memberplans.change_plan, member, "Limited") == NewTerms("Limited", 4900, None, None)
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    assert office.balance(member) == 6000
    office.check(member, 6000, "1")
    office.on(2, 5).bill()
    assert fees(office, member) == [(4900, "Monthly fee, Limited, Jan 6, 2026 - Feb 4, 2026")]


def test_a_plan_that_cannot_be_is_refused_and_changes_nothing(office: Diary) -> None:
    member, home = paid_member(office), office.open("Home", 3100)
    office.on(2, 5).bill()
    refused = [
        (("Silver", None, None), "no plan"),
        (("Premiere", 9000, None), "That is the plan already"),
        (("Limited", -1, None), "from 0.00"),
        (("Limited", None, date(2026, 1, 6)), "is billed and keeps its terms"),
        (("Limited", None, date(2025, 12, 31)), "signed up"),
    ]
    for (plan, cents, effective), words in refused:
        with pytest.raises(UserError, match=words):
            office.do(memberplans.change_plan, member, plan, cents, effective)
    with pytest.raises(UserError, match="no membership"):
        office.do(memberplans.change_plan, home, "Limited")
    office.do(subscriptions.cancel_account, member)
    with pytest.raises(UserError, match="closed"):
        office.do(memberplans.change_plan, member, "Limited")
    assert office.sql("SELECT count(*) FROM plan_change") == [(0,)]


def test_a_plan_change_is_taken_back_until_a_fee_was_billed_by_it(office: Diary) -> None:
    member = paid_member(office)
    office.on(1, 20).do(memberplans.change_plan, member, "Limited")
    (step,) = office.see(membercorrections.steps, member)
    assert step.words == "Plan Limited at 49.00 from 2026-01-20"
    with pytest.raises(UserError, match="needs a reason"):
        office.do(membercorrections.take_back, member, step.key, " ")
    office.do(membercorrections.take_back, member, step.key, "wrong member")
    assert steps(office, member) == []
    with pytest.raises(UserError, match="taken back already"):
        office.do(membercorrections.take_back, member, step.key, "again")
    office.on(2, 5).bill()
    office.on(2, 6).do(memberplans.change_plan, member, "Monitor", None, date(2026, 2, 6))
    office.on(4, 5).bill()
    assert [cents for cents, _ in fees(office, member)] == [9000, 9000, 2900]
    (change,) = office.sql("SELECT max(id) FROM plan_change")[0]
    assert steps(office, member) == []
    with pytest.raises(UserError, match="A fee was billed under that plan"):
        office.do(memberplans.undo_plan_change, change, "too late")


def test_the_individuals_on_a_plan_count_at_once(office: Diary) -> None:
    member = paid_member(office)
    office.do(memberplans.change_individuals, member, 3)
    assert office.sql("SELECT individuals FROM membership") == [(3,)]
    for many, words in ((3, "already"), (0, "from 1|1 to"), (1001, "1 to")):
        with pytest.raises(UserError, match=words):
            office.do(memberplans.change_individuals, member, many)


# Taking back


def test_work_and_an_instruction_are_taken_back_until_the_processing_fee_is_charged(office: Diary) -> None:
    member = sign_up(office.on(1, 1))
    office.do(members.record_work_performed, member)
    office.do(members.instruct_early, member, date(2026, 1, 3))
    assert sorted(steps(office, member)) == ["instruction", "work"]
    office.on(1, 2).do(membercorrections.take_back, member, "work", "another member's")
    office.do(membercorrections.take_back, member, "instruction", "another member's")
    office.on(1, 20).bill()
    assert office.balance(member) == 0
    office.do(members.record_work_performed, member)
    office.bill()
    assert office.balance(member) == 6000
    assert steps(office, member) == []
    with pytest.raises(UserError, match="cannot be taken back any more"):
        office.do(membercorrections.take_back, member, "work", "too late")


def test_an_instruction_before_the_sign_up_or_after_the_fee_is_charged_is_refused(office: Diary) -> None:
    member = sign_up(office.on(1, 3))
    for day, words in ((date(2026, 1, 2), "signed up on 2026-01-03"), (date(2026, 1, 9), "from 2026-01-08 on anyway")):
        with pytest.raises(UserError, match=words):
            office.do(members.instruct_early, member, day)
    office.do(members.instruct_early, member, date(2026, 1, 3))
    office.do(members.record_work_performed, member)
    office.on(1, 4).bill()
    assert office.balance(member) == 6000
    with pytest.raises(UserError, match="was charged on 2026-01-04 already"):
        office.do(members.instruct_early, member, date(2026, 1, 4))


def test_a_moved_fee_date_goes_back_to_its_old_day_and_its_fee_is_waived(office: Diary) -> None:
    member = sign_up(office.on(1, 1))
    office.on(1, 1).do(members.record_work_performed, member)
    office.do(members.instruct_early, member, office.day)
    office.bill()
    office.check(member, 6000, "1")  # paid Jan 1: the first fee date is Jan 31, and the day of the month 31
    office.on(2, 1).bill()
    assert office.sql("SELECT next_fee_on, fee_day FROM membership") == [("2026-02-28", 31)]
    before = office.balance(member)
    office.do(members.change_fee_day, member, 10)
    assert office.sql("SELECT next_fee_on, fee_day FROM membership") == [("2026-03-10", 10)]
    office.role = "clerk"
    with pytest.raises(NotPermitted):
        office.do(membercorrections.take_back, member, "fee-day", "misheard")
    office.role = "supervisor"
    office.do(membercorrections.take_back, member, "fee-day", "misheard")
    assert office.sql("SELECT next_fee_on, fee_day FROM membership") == [("2026-02-28", 31)]
    assert office.balance(member) == before
    assert steps(office, member) == []
    office.role = "manager"
    office.on(3, 31).bill()
    assert [words.split(", ", 2)[2] for _, words in fees(office, member)] == [
        "Jan 1, 2026 - Jan 30, 2026",
        "Jan 31, 2026 - Feb 27, 2026",
        "Feb 28, 2026 - Mar 30, 2026",
    ]


def test_a_waived_move_is_taken_back_by_a_clerk_and_a_billed_one_by_nobody(office: Diary) -> None:
    member = paid_member(office)
    office.do(members.change_fee_day, member, 20, waive=True, reason="first time")
    office.role = "clerk"
    office.do(membercorrections.take_back, member, "fee-day", "misheard")
    assert office.sql("SELECT next_fee_on, fee_day FROM membership") == [("2026-02-05", 5)]
    office.do(members.change_fee_day, member, 20)
    office.role = "manager"
    office.on(2, 20).bill()
    with pytest.raises(UserError, match="cannot be taken back any more"):
        office.do(membercorrections.take_back, member, "fee-day", "too late")
    home = office.open("Home", 3100)
    assert steps(office, home) == []


# Attempts told by hand


def test_an_attempt_told_by_hand_is_paid_or_costs_what_the_run_would_charge(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="bank-draft")
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    assert office.do(autopayanswers.record_attempt, member, approved=False, reference="R01") is False
    assert office.balance(member) == 6000 + 1500 + 3500
    with pytest.raises(UserError, match="asked on 2026-01-06 already"):
        office.do(autopayanswers.record_attempt, member, approved=True)
    office.on(1, 7).do(autopayanswers.record_attempt, member, approved=False)
    assert office.balance(member) == 11000 + 1500 + 3500
    assert office.on(1, 8).do(autopayanswers.record_attempt, member, approved=True) is True
    assert office.balance(member) == 0
    found = office.see(status.account_page, member, office.day).attempts
    assert [(line.outcome, line.cents, line.charged_cents) for line in found] == [
        ("approved", 16000, 0),
        ("declined", 11000, 5000),
        ("declined", 6000, 5000),
    ]
    with pytest.raises(UserError, match="owes nothing"):
        office.on(1, 9).do(autopayanswers.record_attempt, member, approved=True)


def test_a_declined_attempt_recorded_by_mistake_is_taken_back_and_counts_no_more(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="card", plan="Optimize")
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    office.do(autopayanswers.record_attempt, member, approved=False)
    office.on(1, 7).do(autopayanswers.record_attempt, member, approved=False)
    first, second = (row[0] for row in office.sql("SELECT id FROM payment_attempt ORDER BY id"))
    assert office.balance(member) == 6000 + 500 + 3500 + 1500 + 3500
    assert steps(office, member)[:2] == ["attempt", "attempt"]
    office.role = "clerk"
    with pytest.raises(NotPermitted):
        office.do(membercorrections.take_back, member, f"attempt:{second}", "another member's")
    office.role = "supervisor"
    with pytest.raises(UserError, match="reason"):
        office.do(membercorrections.take_back, member, f"attempt:{second}", " ")
    with pytest.raises(UserError, match="before that"):
        office.on(1, 6).do(membercorrections.take_back, member, f"attempt:{second}", "another member's")
    for attempt in (second, first):
        office.on(1, 8).do(membercorrections.take_back, member, f"attempt:{attempt}", "another member's")
    assert office.balance(member) == 6000
    with pytest.raises(UserError, match="taken back already"):
        office.do(membercorrections.take_back, member, f"attempt:{first}", "again")
    assert office.see(status.account_page, member, office.day).attempts == ()
    office.do(autopayanswers.record_attempt, member, approved=False)
    assert office.balance(member) == 6000 + 500 + 3500, "it fails for the first time"
    office.assert_books_right()


def test_another_amount_taken_at_the_terminal_is_a_payment_like_any_other(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="card")
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    assert office.do(autopayanswers.record_attempt, member, approved=True, cents=2500, reference="T1")
    assert office.balance(member) == 3500
    assert office.do(autopayanswers.record_attempt, member, approved=True, cents=3600), "a second one of that date came too"
    assert office.balance(member) == -100
    assert office.sql("SELECT cents, outcome FROM payment_attempt") == [(2500, "approved")]
    first, second = (row[0] for row in office.sql("SELECT id FROM payment ORDER BY id"))
    office.on(1, 9).do(payments.charge_back, second)
    assert office.balance(member) == 3500
    office.do(payments.charge_back, first, fraudulent=True)
    assert office.balance(member) == 6000 + 50_000
    for cents, said in ((0, "above zero"), (-5, "above zero"), (60_001 * 100, "cannot have failed")):
        with pytest.raises(UserError, match=said):
            office.do(autopayanswers.record_attempt, member, approved=False, cents=cents)


def test_a_declined_part_fails_only_the_invoices_that_it_would_have_paid(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="bank-draft", plan="Optimize")
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    office.check(member, 6000, "1")
    office.on(2, 5).bill()
    office.on(3, 5).bill()
    january, february = (row[0] for row in office.sql("SELECT id FROM invoice WHERE what = 'monthly-fee' ORDER BY id"))
    assert not office.do(autopayanswers.record_attempt, member, approved=False, cents=9000)
    assert office.sql("SELECT invoice_id FROM failed_attempt") == [(january,)]
    assert office.balance(member) == 18_000 + 500 + 3500  # never failed before: the plan's late charge
    office.on(3, 6).do(autopayanswers.record_attempt, member, approved=False, cents=9000)
    assert office.balance(member) == 22_000 + 1500 + 3500
    office.on(3, 7).do(autopayanswers.record_attempt, member, approved=False, cents=9001)
    late = office.sql("SELECT cents FROM line WHERE kind = 'late-charge' ORDER BY invoice_id DESC LIMIT 1")
    assert late == [(500,)], "February's fee had not failed before"
    assert (february,) in office.sql("SELECT invoice_id FROM failed_attempt WHERE business_date = '2026-03-07'")


def test_charges_of_an_attempt_told_by_hand_are_waived_by_a_supervisor_with_a_reason(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="card")
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    waive = frozenset({"late-charge"})
    office.role = "clerk"
    with pytest.raises(NotPermitted):
        office.do(autopayanswers.record_attempt, member, approved=False, waive=waive, reason="our processor was down")
    office.role = "supervisor"
    with pytest.raises(UserError, match="reason"):
        office.do(autopayanswers.record_attempt, member, approved=False, waive=waive)
    office.do(autopayanswers.record_attempt, member, approved=False, waive=waive, reason="our processor was down")
    assert office.balance(member) == 6000 + 3500


def test_a_method_without_its_signed_form_is_never_asked(office: Diary) -> None:
    member = sign_up(office.on(1, 1))
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    with pytest.raises(UserError, match="no card or bank account"):
        office.do(autopayanswers.record_attempt, member, approved=True)
    office.do(accounts.change_payment_method, member, "bank-draft", label="Hill Bank ending 9")
    with pytest.raises(UserError, match="signed form"):
        office.do(autopayanswers.record_attempt, member, approved=True)
    assert office.see(autopay.due, office.desk) == []
    office.do(accounts.record_authorization, member)
    assert office.do(autopayanswers.record_attempt, member, approved=True) is True


def test_a_declined_attempt_of_a_home_costs_nothing_and_stands_on_its_page(office: Diary) -> None:
    home = office.on(1, 1).open("Home", 3100, autopay="card")
    balance = office.balance(home)
    office.do(autopayanswers.record_attempt, home, approved=False, reference="do not honor")
    assert office.balance(home) == balance
    (line,) = office.see(status.account_page, home, office.day).attempts
    assert (line.outcome, line.cents, line.charged_cents) == ("declined", balance, 0)
