"""Members in the office's lists, on Today, and on the form that they sign."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support_members import MEMBERSHIP, both_books, sign_up
from support_office import Diary

from app.errors import UserError
from app.services import accountlist, accounts, members, subscriptions
from app.services.accountlist import AccountFilter
from app.services.authorizationpaper import authorization_content, print_authorization
from app.services.membersignup import policies_for_new_accounts, sign_up_outlook, waiting_for_work
from app.services.policies.policyfile import ArrearsPolicy, load_policy
from app.services.waiting import what_waits

ON = date(2026, 1, 10)


@pytest.fixture
def office() -> Iterator[Diary]:
    with both_books() as diary:
        yield diary
        diary.assert_books_right()


def policy() -> ArrearsPolicy:
    found = load_policy(MEMBERSHIP)
    assert isinstance(found, ArrearsPolicy)
    return found


def listed(office: Diary, waits: str) -> tuple[int, ...]:
    return office.see(accountlist.account_ids, AccountFilter(waits=waits), office.day).ids


def next_fee(office: Diary, account: int) -> date | None:
    (row,) = office.see(accountlist.account_rows, [account], office.day)
    return row.next_bill_on


def test_members_are_listed_by_what_they_wait_for(office: Diary) -> None:
    office.open("Home", 3100)
    member = sign_up(office.on(1, 1), autopay="none")
    assert (listed(office, "work"), listed(office, "processing"), listed(office, "form")) == ((member,), (), ())
    office.do(members.record_work_performed, member)
    assert (listed(office, "work"), listed(office, "processing")) == ((), (member,))
    office.on(1, 6).bill()
    assert listed(office, "processing") == (member,)
    office.check(member, 6000, "1")
    assert listed(office, "processing") == ()
    office.do(accounts.change_payment_method, member, "card")
    assert listed(office, "form") == (member,)
    office.do(accounts.record_authorization, member)
    assert listed(office, "form") == ()
    other = sign_up(office)
    office.do(subscriptions.cancel_account, other)
    assert listed(office, "work") == ()


def test_the_list_tells_a_members_next_fee_date(office: Diary) -> None:
    member = sign_up(office.on(1, 1))
    assert next_fee(office, member) is None
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    office.check(member, 6000, "1")
    assert next_fee(office, member) == date(2026, 2, 5)
    assert next_fee(office.on(2, 9), member) == date(2026, 2, 9)  # a run missed it: the next one bills it


@pytest.mark.parametrize(("day", "how_many"), [(1, 1), (11, 1), (12, 0)])
def test_work_waits_on_today_through_the_last_day_of_the_window(office: Diary, day: int, how_many: int) -> None:
    sign_up(office.on(1, 1))
    office.on(1, day)
    assert office.see(waiting_for_work, office.day) == (how_many, date(2026, 1, 1) if how_many else None)
    keys = {row.key for row in office.see(what_waits, office.day)}
    assert ("member-work" in keys, "processing-fee-overdue" in keys) == (bool(how_many), not how_many)


def test_work_that_was_performed_and_a_membership_that_ended_wait_no_more(office: Diary) -> None:
    first, second = sign_up(office.on(1, 1)), sign_up(office.on(1, 3))
    assert office.see(waiting_for_work, office.day) == (2, date(2026, 1, 1))
    office.do(members.record_work_performed, first)
    assert office.see(waiting_for_work, office.day) == (1, date(2026, 1, 3))
    office.do(subscriptions.cancel_account, second)
    assert office.see(waiting_for_work, office.day) == (0, None)


def test_the_outlook_of_a_sign_up_is_what_then_happens(office: Diary) -> None:
    on = date(2026, 1, 1)
    seen = sign_up_outlook(policy(), "Limited", on, performed=True, instructed_on=date(2026, 1, 3))
    assert (seen.charge_on, seen.first_fee_on) == (date(2026, 1, 3), date(2026, 2, 2))
    assert (seen.late_charge, seen.dishonored_fee) == (1000, 3500)
    member = sign_up(office.on(1, 1), plan="Limited")
    office.do(members.record_work_performed, member)
    office.do(members.instruct_early, member, date(2026, 1, 3))
    office.on(1, 2).bill()
    assert office.balance(member) == 0
    office.on(1, 3).bill()
    office.check(member, 6000, "1")
    assert office.sql("SELECT next_fee_on FROM membership") == [(seen.first_fee_on.isoformat(),)]
    plain = sign_up_outlook(policy(), "Limited", on)
    assert (plain.window_from, plain.window_to, plain.charge_on) == (date(2026, 1, 6), date(2026, 1, 11), None)


def test_new_accounts_are_offered_the_policy_of_the_latest_one(office: Diary) -> None:
    found, latest = office.see(policies_for_new_accounts, office.day)
    assert ([item.name for item in found], latest) == (["isp-advance", MEMBERSHIP], "")
    sign_up(office)
    assert office.see(policies_for_new_accounts, office.day)[1] == MEMBERSHIP


def test_a_members_form_names_the_plan_and_what_a_failed_payment_costs(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="bank-draft", method_label="Hill Bank ending 9")
    content = office.see(authorization_content, member, "bank-draft", ON)
    terms = dict(content.terms)
    assert terms["Plan"] == "Premiere, 1 individual"
    assert (terms["Processing fee"], terms["Monthly fee, for the month before"]) == ("60.00", "90.00")
    assert terms["If a payment is not honored"].startswith("15.00 late charge")
    assert content.method_label == "Hill Bank ending 9"
    assert office.see(authorization_content, member, "card", ON).method_label == ""
    blank = office.see(authorization_content, member, "card", ON, blank=True)
    assert (blank.number, blank.terms, {text for _, text in blank.customer}) == ("", (), {""})
    with pytest.raises(UserError, match="no form for that"):
        office.see(authorization_content, member, "echeck", ON)


def test_a_homes_form_is_for_its_whole_balance_and_no_bank_draft(office: Diary) -> None:
    home = office.open("Home", 3100)
    content = office.see(authorization_content, home, "echeck", ON)
    assert content.terms == (("Each month, on the 1st", "the whole balance of the account, as billed"),)
    assert any("25.00" in sentence for sentence in content.agreed)
    for method in ("bank-draft", "none", "prepaid"):
        with pytest.raises(UserError, match="no form for that"):
            office.see(authorization_content, home, method, ON)


def test_the_form_is_one_page_and_a_folder_that_cannot_be_made_is_said(office: Diary, tmp_path: Path) -> None:
    member = sign_up(office.on(1, 1), name="A name that goes on and on " * 7, autopay="card")
    path = office.see(print_authorization, member, "card", tmp_path / "forms", ON)
    assert path.read_bytes().startswith(b"%PDF") and b"/Count 1" in path.read_bytes()
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        office.see(print_authorization, member, "card", tmp_path / "taken", ON)
