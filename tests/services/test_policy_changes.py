"""A policy changed from a day on: who may, from when, what it says, and what the run it previews then charges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from support_members import MEMBERSHIP, both_books, sign_up
from support_office import Diary

from app.errors import Cancelled, NotPermitted, UserError
from app.services import autopay, members, policychanges
from app.services.accounts import AccountForm, open_account
from app.services.gateways.autopay import DeclineListGateway
from app.services.policies.policyfile import PolicyError
from app.services.policychanges import (
    NewPlan,
    change_policy,
    plan_as_override,
    policy_versions,
    preview_change,
    withdraw_change,
)
from app.services.policyvalues import as_override
from app.services.terms import policy_named

ISP = "isp-advance"
MARCH = date(2026, 3, 1)


@pytest.fixture
def office() -> Iterator[Diary]:
    """Two homes on paper billed for February, one past due since January, on Feb 10."""
    with both_books() as diary:
        for name in ("Ann Ames", "Bea Boone"):
            diary.on(1, 1).open(name, 4900, delivery="paper")
        diary.on(2, 1).bill()
        diary.on(2, 10).check(2, diary.balance(2), "7")
        yield diary


def change(office: Diary, override: dict[str, object], on: date = MARCH, name: str = ISP) -> str:
    return office.do(change_policy, name, on, override, "prices went up")


def test_a_fee_changes_on_its_day_and_what_was_charged_before_keeps_its_terms(office: Diary) -> None:
    before = office.sql("SELECT invoice_id, n, cents FROM line ORDER BY 1, 2")
    assert change(office, {"paper_statement_fee": "4.00"}) == "Fee for a statement on paper: 3.00 → 4.00"
    assert office.sql("SELECT invoice_id, n, cents FROM line ORDER BY 1, 2") == before
    assert [office.see(policy_named, ISP, day).paper_statement_fee for day in (date(2026, 2, 28), MARCH)] == [300, 400]
    office.on(3, 1).bill()
    assert [row[0] for row in office.sql("SELECT cents FROM line WHERE kind = 'paper-statement' ORDER BY invoice_id")] == [
        300,
        300,
        400,
        400,
    ]
    office.assert_books_right()


def test_the_preview_says_what_the_run_then_charges_and_writes_nothing(office: Diary) -> None:
    override = {"paper_statement_fee": "4.00", "late_fee": "25.00"}
    image = office.image()
    seen = preview_change(office.books, ISP, MARCH, override)
    assert office.image() == image
    assert (seen.on, seen.accounts, seen.differing) == (MARCH, 2, 3)
    assert seen.by_kind == {"paper-statement": (2, 600, 800), "late-fee": (1, 1000, 2500)}
    assert {(row.name, row.description, row.before_cents, row.now_cents) for row in seen.rows} == {
        ("Ann Ames", "Late fee", 1000, 2500),
        ("Ann Ames", "Paper statement", 300, 400),
        ("Bea Boone", "Paper statement", 300, 400),
    }
    plain = office.on(3, 1)
    change(plain, override)
    made = plain.bill().by_kind
    assert made["paper-statement"] == (2, 800) and made["late-fee"] == (1, 2500)


def test_a_charge_can_be_new_or_gone_in_the_preview(office: Diary) -> None:
    gone = preview_change(office.books, ISP, MARCH, {"late_after_months": 2})
    assert [(row.before_cents, row.now_cents) for row in gone.rows] == [(1000, 0)]
    back = preview_change(office.books, ISP, date(2026, 3, 15), {"late_after_months": 0})
    assert back.on == date(2026, 4, 1)


def test_a_change_that_the_next_run_does_not_show_differs_in_nothing(office: Diary) -> None:
    seen = preview_change(office.books, ISP, MARCH, {"returned_admin_fee": "30.00"})
    assert (seen.differing, seen.rows, seen.by_kind) == (0, (), {})


def test_a_preview_is_stopped(office: Diary) -> None:
    with pytest.raises(Cancelled):
        preview_change(office.books, ISP, MARCH, {"late_fee": "1.00"}, cancelled=lambda: True)


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (date(2026, 2, 9), "from 2026-02-10 on or later"),
        (date(2026, 2, 10), None),
        (date(2026, 2, 11), None),
    ],
)
def test_a_policy_changes_today_or_later(office: Diary, on: date, said: str | None) -> None:
    if said is None:
        assert change(office, {"late_fee": "12.00"}, on)
    else:
        with pytest.raises(UserError, match=said):
            change(office, {"late_fee": "12.00"}, on)


def test_the_next_change_is_made_to_the_newest_terms_from_a_later_day(office: Diary) -> None:
    change(office, {"late_fee": "12.00"}, date(2026, 4, 1))
    for day in (MARCH, date(2026, 4, 1)):
        with pytest.raises(UserError, match="terms from 2026-04-01 on already"):
            change(office, {"net_days": 20}, day)
    change(office, {"net_days": 20}, date(2026, 4, 2))
    policy = office.see(policy_named, ISP, date(2026, 4, 2))
    assert (policy.late_fee, policy.net_days) == (1200, 20)  # type: ignore[union-attr]
    assert [(row.since, row.changed) for row in office.see(policy_versions)] == [
        (date(2026, 4, 2), "Days until an invoice outside the cycle is due: 30 → 20"),
        (date(2026, 4, 1), "Late fee: 10.00 → 12.00"),
    ]


def test_a_manager_changes_it_with_a_reason_that_is_kept(office: Diary) -> None:
    with pytest.raises(UserError, match="reason"):
        office.do(change_policy, ISP, MARCH, {"late_fee": "12.00"}, " ")
    office.role = "supervisor"
    with pytest.raises(NotPermitted, match="manager"):
        change(office, {"late_fee": "12.00"})
    office.role = "manager"
    change(office, {"late_fee": "12.00"})
    ((reason,),) = office.sql("SELECT reason FROM action WHERE what = 'change-policy'")
    assert reason == "isp-advance from 2026-03-01: Late fee: 10.00 → 12.00: prices went up"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ({"late_fee": "12"}, "two decimals"),
        ({"net_days": 400}, "from 0 to 365"),
        ({"colour": "red"}, "unknown"),
        ({"late_fee": "10.00"}, "Nothing is changed"),
        ({}, "Nothing is changed"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_nothing_is_written(
    office: Diary, override: dict[str, object], said: str
) -> None:
    before = office.image()
    with pytest.raises(UserError, match=said):
        change(office, override)
    with pytest.raises(UserError, match=said):
        preview_change(office.books, ISP, MARCH, override)
    assert office.image() == before


def test_an_unknown_policy_is_refused(office: Diary) -> None:
    with pytest.raises(UserError, match="no policy"):
        change(office, {"late_fee": "1.00"}, name="other")


def test_a_plan_is_offered_from_its_day_and_its_late_charge_counts(office: Diary) -> None:
    plan = NewPlan("Gold", 14900, 9900, 2000)
    override = office.see(plan_as_override, MEMBERSHIP, plan)
    change(office, override, name=MEMBERSHIP)
    form = AccountForm("Mia", MEMBERSHIP, plan="Gold", autopay="card")
    with pytest.raises(UserError):
        office.on(2, 28).do(open_account, form)
    member = office.on(3, 1).do(open_account, form)
    assert office.sql("SELECT plan, monthly_cents, processing_cents FROM membership") == [("Gold", 14900, 9900)]
    office.on(3, 2).do(members.record_work_performed, member)
    office.on(3, 6).bill()
    number = office.sql("SELECT number FROM account WHERE id = ?", member)[0][0]
    autopay.run_autopay(office.books, office.desk, DeclineListGateway([number]))
    assert office.balance(member) == 9900 + 2000 + 3500


def test_a_members_late_charge_changes_for_failures_from_its_day_on(office: Diary) -> None:
    first, second = (sign_up(office.on(2, 10), name, autopay="card") for name in ("Mia", "Oda"))
    for member in (first, second):
        office.do(members.record_work_performed, member)
    terms = next(each for each in office.see(policychanges.newest_terms) if each.name == MEMBERSHIP)
    assert terms.has_plans
    override = as_override(terms.body, {("late_charge", "Premiere"): "17.50"})
    assert change(office, override, date(2026, 2, 20), MEMBERSHIP).endswith("Premiere: 15.00 → 17.50")
    office.on(2, 15).bill()
    numbers = dict(office.sql("SELECT id, number FROM account"))
    for day, member in ((19, first), (20, second)):
        with office.on(2, day).books.write() as session:
            (due,) = [item for item in autopay.due(session, office.desk) if item.account_id == member]
            autopay.attempt(session, office.desk, due, DeclineListGateway(numbers.values()))
    charged = office.sql("SELECT account_id, cents FROM line WHERE kind = 'late-charge' ORDER BY account_id")
    assert charged == [(first, 1500), (second, 1750)]


@pytest.mark.parametrize(
    ("plan", "policy", "said"),
    [
        (NewPlan("Premiere", 1, 1, 1), MEMBERSHIP, "has a plan Premiere already"),
        (NewPlan("  ", 1, 1, 1), MEMBERSHIP, "Type the name"),
        (NewPlan("Gold", 1, 1, 1), ISP, "not plans"),
    ],
)
def test_a_plan_that_cannot_be_added_says_why(office: Diary, plan: NewPlan, policy: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        office.see(plan_as_override, policy, plan)


def test_a_name_too_long_for_a_plan_is_refused_by_the_policy(office: Diary) -> None:
    override = office.see(plan_as_override, MEMBERSHIP, NewPlan("x" * 25, 100, 100, 100))
    with pytest.raises(PolicyError, match="late_charge"):
        change(office, override, name=MEMBERSHIP)


def waiting(office: Diary) -> int:
    return next(row.id for row in office.see(policy_versions) if not row.is_withdrawn)


def test_a_change_is_withdrawn_before_its_day_and_another_one_set_for_the_same_day(office: Diary) -> None:
    change(office, {"late_fee": "12.00"}, date(2026, 4, 1))
    said = office.do(withdraw_change, waiting(office), "typed wrongly")
    assert said == "isp-advance from 2026-04-01: Late fee: 10.00 → 12.00"
    assert office.see(policy_named, ISP, date(2026, 4, 1)).late_fee == 1000  # type: ignore[union-attr]
    with pytest.raises(UserError, match="withdrawn already"):
        office.do(withdraw_change, office.see(policy_versions)[0].id, "again")
    change(office, {"late_fee": "11.00"}, date(2026, 4, 1))
    assert office.see(policy_named, ISP, date(2026, 4, 1)).late_fee == 1100  # type: ignore[union-attr]
    found = [(row.changed, row.is_withdrawn, row.is_newest) for row in office.see(policy_versions)]
    assert found == [("Late fee: 10.00 → 11.00", False, True), ("Late fee: 10.00 → 12.00", True, False)]
    ((reason,),) = office.sql("SELECT reason FROM action WHERE what = 'withdraw-policy'")
    assert reason == "isp-advance from 2026-04-01: Late fee: 10.00 → 12.00: typed wrongly"


def test_a_change_whose_day_has_come_or_on_which_another_stands_is_not_withdrawn(office: Diary) -> None:
    first = date(2026, 4, 1)
    change(office, {"late_fee": "12.00"}, first)
    version = waiting(office)
    change(office, {"net_days": 20}, date(2026, 5, 1))
    with pytest.raises(UserError, match="withdraw the later one first"):
        office.do(withdraw_change, version, "typed wrongly")
    office.do(withdraw_change, waiting(office), "typed wrongly")
    with pytest.raises(UserError, match="reason"):
        office.do(withdraw_change, version, " ")
    office.day = first
    with pytest.raises(UserError, match="in force since 2026-04-01"):
        office.do(withdraw_change, version, "typed wrongly")
    # Work on an earlier business date does not bring a day back that has come.
    office.day, office.today = date(2026, 3, 31), first
    with pytest.raises(UserError, match="in force since 2026-04-01"):
        office.do(withdraw_change, version, "typed wrongly")
    office.today = None
    office.do(withdraw_change, version, "typed wrongly")
    assert office.see(policy_named, ISP, first).late_fee == 1000  # type: ignore[union-attr]
