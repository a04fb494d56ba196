"""Collections: who is past due by age, who a suspension run takes, arrangements, proposed fees, work to decide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest
from support_office import Diary

from app.errors import UserError
from app.services import collections, credits, pastdue, payments, subscriptions, work
from app.services.arrangementlines import ArrangementLine, arrangement_lines
from app.services.policies.facts import InstalmentFacts

NET = 3100  # a month; the first invoice of January 1 bills January and February, due January 31


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def arranged(office: Diary, account: int, *instalments: tuple[int, int, int]) -> None:
    facts = [InstalmentFacts(date(2026, month, day), cents) for month, day, cents in instalments]
    office.do(collections.arrange, account, facts)


def line(office: Diary) -> ArrangementLine:
    (found,) = office.see(arrangement_lines, office.day)
    return found


def test_nothing_is_past_due_on_the_due_date_and_everything_the_day_after(office: Diary) -> None:
    account = office.open(service_cents=NET)
    assert office.see(pastdue.aged_accounts, date(2026, 1, 31)) == []
    (row,) = office.see(pastdue.aged_accounts, date(2026, 2, 1))
    assert (row.account_id, row.buckets, row.past_due_cents) == (account, (2 * NET, 0, 0, 0), 2 * NET)
    assert row.oldest_due_on == date(2026, 1, 31)


def test_each_age_is_in_its_own_bucket_and_they_add_up_to_what_is_past_due(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 1).bill()
    office.on(3, 15)
    (row,) = office.see(pastdue.aged_accounts, office.day)
    assert row.buckets == (NET, 2 * NET, 0, 0)
    assert row.past_due_cents == office.see(collections.past_due_cents, account, office.day)


def test_a_suspended_and_a_closed_account_stay_on_the_list_of_ages_but_not_on_the_suspension_list(office: Diary) -> None:
    suspended, closed = office.open("Sue", NET), office.open("Carl", NET)
    office.on(2, 10).do(collections.suspend, [suspended])
    office.do(subscriptions.cancel_account, closed)
    assert {row.status for row in office.see(pastdue.aged_accounts, office.day)} == {"suspended", "closed"}
    assert office.see(pastdue.candidates, office.day) == []
    (row,) = office.see(pastdue.suspended_accounts, office.day)
    assert (row.account_id, row.since, row.past_due_cents) == (suspended, office.day, 2 * NET)
    assert row.balance_cents == office.balance(suspended)


def test_the_last_payment_shown_is_one_that_did_not_come_back(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 5).check(account, 100, "1")
    returned = office.on(1, 9).check(account, 100, "2")
    office.on(1, 12).do(payments.return_payment, returned, 0)
    (row,) = office.see(pastdue.aged_accounts, date(2026, 2, 5))
    assert row.last_paid_on == date(2026, 1, 5)


def test_a_kept_arrangement_protects_and_the_list_says_until_when(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 5)
    arranged(office, account, (2, 20, 3000), (3, 20, 3200))
    (row,) = office.see(pastdue.candidates, office.day)
    assert row.protected == "Arrangement kept: $30.00 due 02/20/2026"
    (aged,) = office.see(pastdue.aged_accounts, office.day)
    assert aged.arrangement == "kept"
    (row,) = office.see(pastdue.candidates, date(2026, 2, 21))
    assert row.protected == ""
    with pytest.raises(UserError, match="not on the suspension list"):
        office.do(pastdue.suspend_confirmed, [account])


def test_an_arrangement_is_kept_through_its_date_and_broken_from_the_day_after(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 5)
    arranged(office, account, (2, 20, 3000), (3, 20, 3200))
    office.on(2, 20)
    kept = line(office)
    assert (kept.state, kept.next_due_on, kept.next_cents, kept.broken_since) == ("kept", office.day, 3000, None)
    office.on(2, 21)
    broken = line(office)
    assert (broken.state, broken.broken_since) == ("broken", office.day)
    assert (broken.next_due_on, broken.next_cents) == (date(2026, 3, 20), 6200)


def test_a_payment_moves_on_to_what_is_missing_at_the_next_date(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 5)
    arranged(office, account, (2, 20, 3000), (3, 20, 3200))
    payment = office.on(2, 20).check(account, 3500, "7")
    found = line(office)
    assert (found.state, found.paid_cents, found.next_due_on, found.next_cents) == ("kept", 3500, date(2026, 3, 20), 2700)
    office.on(2, 25).do(payments.return_payment, payment, 0)
    found = line(office)
    assert (found.state, found.paid_cents, found.broken_since) == ("broken", 0, date(2026, 2, 21))


def test_an_arrangement_that_ended_is_listed_only_while_something_is_past_due(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 5)
    arranged(office, account, (2, 20, 3000))
    office.on(2, 18).check(account, 3000, "7")
    office.on(2, 21)
    over = line(office)
    assert (over.state, over.next_due_on, over.past_due_cents) == ("over", None, 3200)
    assert over.broken_since == office.day
    office.check(account, 3200, "8")
    assert office.see(arrangement_lines, office.day) == []


def test_a_run_suspends_the_confirmed_and_notes_why_the_others_were_left_out(office: Diary) -> None:
    one, two = office.open("One", NET), office.open("Two", NET)
    office.on(2, 10)
    assert office.do(pastdue.suspend_confirmed, [one], {two: " pays Friday "}) == [one]
    assert office.sql("SELECT status FROM account ORDER BY id") == [("suspended",), ("active",)]
    assert office.sql("SELECT account_id, body FROM note") == [(two, "Left out of the suspension run: pays Friday")]
    (row,) = office.see(pastdue.candidates, office.day)
    assert (row.account_id, row.left_out_before) == (two, "02/10/2026: pays Friday")


def test_a_run_needs_a_reason_for_each_left_out_and_somebody_to_decide_about(office: Diary) -> None:
    one = office.open("One", NET)
    office.on(2, 10)
    with pytest.raises(UserError, match="needs a reason"):
        office.do(pastdue.suspend_confirmed, [], {one: "  "})
    with pytest.raises(UserError, match="nothing to do"):
        office.do(pastdue.suspend_confirmed, [])
    with pytest.raises(UserError, match="both confirmed and left out"):
        office.do(pastdue.suspend_confirmed, [one], {one: "pays"})
    assert office.sql("SELECT count(*) FROM note") == [(0,)]
    assert office.sql("SELECT status FROM account") == [("active",)]


def habitually_late(office: Diary) -> int:
    account = office.open(service_cents=NET)
    office.on(2, 10).do(collections.suspend)
    office.check(account, office.balance(account), "1")
    office.on(3, 1).bill()
    office.on(4, 5).do(collections.suspend)
    assert office.see(pastdue.proposed_fees, office.day) == []
    office.check(account, office.balance(account), "2")
    return account


def test_a_second_suspension_ended_by_a_payment_proposes_the_fee_and_it_is_charged(office: Diary) -> None:
    account = habitually_late(office)
    (row,) = office.see(pastdue.proposed_fees, office.day)
    assert (row.account_id, row.suspensions, row.fee_cents, row.restored_on) == (account, 2, 3500, office.day)
    office.do(pastdue.decide_reactivation, account, "", charge=True)
    assert office.balance(account) == 3500
    assert office.see(pastdue.proposed_fees, office.day) == []


def test_waiving_the_fee_needs_a_reason_and_charges_nothing(office: Diary) -> None:
    account = habitually_late(office)
    with pytest.raises(UserError, match="needs a reason"):
        office.do(pastdue.decide_reactivation, account, " ", charge=False)
    with pytest.raises(UserError, match="needs a reason"):
        office.do(collections.waive_reactivation, account, " ")
    office.do(pastdue.decide_reactivation, account, "long-time customer", charge=False)
    assert (office.balance(account), office.see(pastdue.proposed_fees, office.day)) == (0, [])


@pytest.mark.parametrize(("rate", "cents"), [(None, 16625), (6000, 10500)])
def test_undecided_work_shows_what_its_hours_cost_at_the_agreed_rate(office: Diary, rate: int | None, cents: int) -> None:
    account = office.open(hourly_rate_cents=rate)
    office.on(2, 10)
    start, end = datetime.fromisoformat("2026-02-09 20:00"), datetime.fromisoformat("2026-02-09 21:40")
    assert office.do(work.log_work, account, "repair", start, end, "no signal") == "needs-decision"
    (row,) = office.see(pastdue.undecided_work, office.day)
    assert (row.account_id, row.starts_at, row.ends_at, row.description) == (account, start, end, "no signal")
    assert row.at_rate_cents == cents  # an hour and 40 minutes count as seven quarters
    office.do(work.decide_work, row.work_id, 0, "warranty")
    assert office.see(pastdue.undecided_work, office.day) == []


def test_the_page_reads_all_lists_at_one_moment(office: Diary) -> None:
    office.open(service_cents=NET)
    office.on(2, 10)
    found = office.see(pastdue.collections_on, office.day)
    assert (len(found.aged), len(found.candidates), found.suspended, found.on) == (1, 1, (), office.day)


def test_a_write_off_takes_an_account_off_every_list(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 10).do(credits.write_off, account, 2 * NET, "gone")
    found = office.see(pastdue.collections_on, office.day)
    assert (found.aged, found.candidates) == ((), ())
