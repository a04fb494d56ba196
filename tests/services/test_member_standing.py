"""What a member's page says of the days fixed for it: an instruction to charge sooner, and the first fee date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from services.customer_lists import CUTOVER
from services.test_import_members import RUNNING, taken_over
from support_members import MEMBERSHIP, both_books, sign_up
from support_office import Diary

from app.services import members, policychanges, subscriptions, terms
from app.services.loading import card
from app.services.memberstanding import MemberStanding, member_standing
from app.services.policies.policyfile import shipped_policy_path


@pytest.fixture
def office() -> Iterator[Diary]:
    with both_books() as diary:
        yield diary
        diary.assert_books_right()


def standing(office: Diary, member: int) -> MemberStanding:
    found = office.see(lambda session: member_standing(session, card(session, member), office.day))
    assert found is not None
    return found


def test_an_instruction_to_charge_sooner_is_said_before_and_after_work_is_performed(office: Diary) -> None:
    member = sign_up(office.on(1, 1))
    office.do(members.instruct_early, member, date(2026, 1, 3))
    assert (
        "Work is waited for until Jan 11; the processing fee of $60.00 is charged as soon as it is performed, from Jan 3 "
        "on, as the customer asked." in standing(office, member).sentence
    )
    assert "as soon as it is performed, as the customer asked." in standing(office.on(1, 4), member).sentence
    assert "was to be performed by Jan 11" in standing(office.on(1, 12), member).sentence
    office.on(1, 4).do(members.record_work_performed, member)
    said = standing(office, member).sentence
    assert "Work was performed on Jan 4; the processing fee of $60.00 is charged on Jan 4, as the customer asked." in said


def test_a_day_that_the_customer_asked_for_and_work_made_late_is_not_said_to_be_sooner(office: Diary) -> None:
    member = sign_up(office.on(1, 1))
    office.do(members.instruct_early, member, date(2026, 1, 3))
    office.on(1, 9).do(members.record_work_performed, member)
    assert "is charged on Jan 9. " in standing(office, member).sentence


def paid_member(office: Diary) -> int:
    """Charged on Jan 6 and paid on Jan 10: the first fee date is Feb 9."""
    member = sign_up(office.on(1, 1))
    office.on(1, 2).do(members.record_work_performed, member)
    office.on(1, 6).bill()
    office.on(1, 10).check(member, 6000, "7")
    return member


def test_the_first_fee_date_keeps_the_terms_under_which_it_was_set(office: Diary) -> None:
    member = paid_member(office)
    office.on(1, 20).do(policychanges.change_policy, MEMBERSHIP, date(2026, 2, 1), {"first_fee_after_days": 10}, "sooner")
    assert standing(office.on(2, 2), member).first_fee_on == date(2026, 2, 9)
    office.on(2, 9).bill()
    assert standing(office.on(2, 10), member).first_fee_on == date(2026, 2, 9)


def test_a_moved_first_fee_date_is_shown_before_and_after_its_fee_and_after_later_moves(office: Diary) -> None:
    member = paid_member(office)
    office.on(1, 12).do(members.change_fee_day, member, 20)
    assert standing(office, member).first_fee_on == date(2026, 2, 20)
    office.on(2, 20).bill()
    office.on(2, 21).do(members.change_fee_day, member, 28)
    found = standing(office, member)
    assert (found.first_fee_on, found.next_fee_on, found.fee_day) == (date(2026, 2, 20), date(2026, 3, 28), 28)


def test_a_membership_ended_before_its_first_fee_has_no_first_fee_date(office: Diary) -> None:
    member = paid_member(office)
    office.on(1, 20).do(subscriptions.cancel_account, member)
    assert standing(office, member).first_fee_on is None


@pytest.mark.parametrize(("in_force_from", "first"), [(date(2026, 3, 6), date(2026, 4, 5)), (date(2026, 3, 7), None)])
def test_a_member_taken_over_has_a_first_fee_date_only_where_the_terms_of_its_day_are_known(
    tmp_path: Path, in_force_from: date, first: date | None
) -> None:
    with Diary(date(2026, 1, 1)) as office:
        body = shipped_policy_path(MEMBERSHIP).read_text(encoding="utf-8")
        with office.books.write() as session:
            terms.adopt_policy(session, MEMBERSHIP, body, in_force_from)
        office.day = CUTOVER
        (member,) = taken_over(office, tmp_path, RUNNING)
        found = standing(office, member)
        assert (found.first_fee_on, found.next_fee_on) == (first, date(2026, 11, 5))
