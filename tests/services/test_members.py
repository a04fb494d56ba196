"""Members beside homes: one run and one close for both, terms by date, roles, and revenue at month ends."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from support_members import MEMBERSHIP, both_books, sign_up
from support_office import Diary

from app.errors import NotPermitted, UserError
from app.models.bulk import execute
from app.services import (
    autopay,
    autopayanswers,
    billingdrafts,
    billingreversal,
    dayclose,
    duetoday,
    membercorrections,
    members,
    payments,
    statementprints,
    statements,
    status,
    subscriptions,
    terms,
    verification,
)
from app.services.accounts import AccountForm, open_account
from app.services.gateways.autopay import DeclineListGateway
from app.services.gateways.mail import NoMail
from app.services.ledger import Gl
from app.services.policies.dishonored import Cost
from app.services.policies.policyfile import (
    ArrearsPolicy,
    PlanTerms,
    PolicyError,
    load_policy,
    parse_policy,
    shipped_policy_path,
)

SHIPPED = shipped_policy_path(MEMBERSHIP).read_text(encoding="utf-8")


@pytest.fixture
def office() -> Iterator[Diary]:
    with both_books() as diary:
        yield diary


def paid_member(office: Diary, **form: Any) -> int:
    """Signed up on Jan 1, charged and paid on Jan 6: the first fee date is Feb 5."""
    member = sign_up(office.on(1, 1), **form)
    office.on(1, 2).do(members.record_work_performed, member)
    office.on(1, 6).bill()
    office.check(member, 6000, "1")
    return member


def test_the_shipped_file_has_the_documented_values() -> None:
    shipped = tomllib.loads(SHIPPED)
    plans = shipped.pop("plans")
    assert shipped == {
        "policy": "arrears",
        "processing_after_days": 5,
        "processing_before_days": 10,
        "first_fee_after_days": 30,
        "final_fee": "prorated",
        "late_charge": {
            "Essentials": "15.00",
            "Premiere": "15.00",
            "Exclusive": "15.00",
            "Limited": "10.00",
            "Monitor": "10.00",
            "Optimize": "5.00",
        },
        "late_charge_again": "15.00",
        "dishonored_fee": "35.00",
        "date_change_fee": "15.00",
        "chargeback_fee": "500.00",
        "refund_days": [1, 15],
    }
    assert set(plans) == set(shipped["late_charge"])
    policy = load_policy(MEMBERSHIP)
    assert isinstance(policy, ArrearsPolicy)
    assert policy.late_charge["Optimize"] == 500
    assert policy.plans["Premiere"] == PlanTerms(9900, 9900)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("late_charge", "15.00"),
        ("late_charge", {}),
        ("late_charge", {"Premiere": 15}),
        ("final_fee", "half"),
        ("first_fee_after_days", 0),
        ("plans", {"Premiere": "99.00"}),
        ("plans", {"Silver": {"monthly": "99.00"}}),
        ("plans", {"Silver": {"monthly": "99.00", "processing": "1.00"}}),
        ("late_fee", "10.00"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(key: str, value: Any) -> None:
    if key == "late_charge" and value == {}:
        body = SHIPPED[: SHIPPED.index("[late_charge]")] + "[late_charge]\n"
        with pytest.raises(PolicyError, match="late_charge"):
            parse_policy(body, name="office", label="office.toml")
        return
    with pytest.raises(PolicyError, match="office"):
        parse_policy(SHIPPED, name="office", label="office.toml", override={key: value})


def test_an_override_names_only_the_plans_that_change() -> None:
    policy = load_policy(MEMBERSHIP, {"late_charge": {"Optimize": "7.00"}})
    assert isinstance(policy, ArrearsPolicy)
    assert (policy.late_charge["Optimize"], policy.late_charge["Limited"]) == (700, 1000)


def test_a_new_plan_and_a_new_amount_count_from_their_day_and_old_charges_keep_their_terms(office: Diary) -> None:
    member = paid_member(office, plan="Optimize", autopay="card")
    office.do(payments.return_payment, office.sql("SELECT max(id) FROM payment")[0][0])
    newer = SHIPPED.replace('Optimize = "5.00"', 'Optimize = "6.00"\nFamily = "20.00"').replace(
        "[plans]", '[plans]\nFamily = { monthly = "150.00", processing = "90.00" }'
    )
    office.do(lambda session, _desk: terms.adopt_policy(session, MEMBERSHIP, newer, date(2026, 2, 1)))
    with pytest.raises(UserError, match="Family"):
        sign_up(office.on(1, 31), plan="Family")
    family = office.on(2, 1).do(open_account, AccountForm("Fay", MEMBERSHIP, plan="Family"))
    assert office.sql("SELECT monthly_cents, processing_cents FROM membership WHERE account_id = ?", family) == [
        (15000, 9000)
    ]
    office.on(2, 2).check(member, 10000, "2")
    office.on(2, 3).do(payments.return_payment, office.sql("SELECT max(id) FROM payment")[0][0])
    late = "SELECT cents FROM line WHERE account_id = ? AND kind = 'late-charge' ORDER BY invoice_id"
    assert office.sql(late, member) == [(500,), (1500,)]
    office.on(3, 5).bill()
    autopay.run_autopay(office.books, office.desk, DeclineListGateway(office.sql("SELECT number FROM account")[0]))
    assert office.sql(late, member)[:2] == [(500,), (1500,)]
    with pytest.raises(UserError, match="Optimize"):
        lost = newer.replace('Optimize = "6.00"\n', "").replace("Optimize = {", "Family2 = {")
        lost = lost.replace("[late_charge]", '[late_charge]\nFamily2 = "1.00"')
        office.do(lambda session, _desk: terms.adopt_policy(session, MEMBERSHIP, lost, date(2026, 4, 1)))


def test_one_run_and_one_close_serve_both_books(office: Diary) -> None:
    home = office.open("Home", 3100)
    member = paid_member(office, monthly_cents=9000)
    made = office.on(2, 5).bill()
    assert made.by_kind == {"monthly-fee": (1, 9000), "recurring": (1, 3100)}
    assert office.sql("SELECT account_id, what FROM invoice WHERE run_id = ? ORDER BY account_id", made.run_id) == [
        (home, "cycle"),
        (member, "monthly-fee"),
    ]
    closed = office.on(2, 28).do(dayclose.close_day, NoMail())
    assert [day for day, _ in closed.recognised] == [date(2026, 1, 31), date(2026, 2, 28)]
    office.assert_books_right()


def test_members_cost_the_run_of_homes_no_row(office: Diary) -> None:
    office.open("Home", 3100)
    office.on(2, 1)
    with office.books.read() as session:
        policy = load_policy(MEMBERSHIP)
        assert isinstance(policy, ArrearsPolicy)
        assert billingdrafts.drafts_of_range(session, policy, 0, 10_000, office.day) == (0, [])


def on_month_end(office: Diary) -> list[tuple[str, Gl, Gl, int]]:
    return [
        (day, Gl(debit), Gl(credit), cents)
        for day, debit, credit, cents in office.sql(
            "SELECT e.business_date, p.debit, p.credit, p.cents FROM posting p JOIN entry e ON e.id = p.entry_id "
            "WHERE p.debit = 1110 OR p.credit = 1110 ORDER BY e.id"
        )
    ]


def test_a_month_end_posts_what_members_owe_and_the_first_reverses_it(office: Diary) -> None:
    paid_member(office)
    office.on(1, 31).do(dayclose.close_day, NoMail())
    # Jan 6 - 31 is 26 of the 30 days through Feb 4: 90.00 x 26/30.
    january = [
        ("2026-01-31", Gl.UNBILLED_RECEIVABLE, Gl.SERVICE_REVENUE, 7800),
        ("2026-02-01", Gl.SERVICE_REVENUE, Gl.UNBILLED_RECEIVABLE, 7800),
    ]
    assert on_month_end(office) == january
    office.on(2, 5).bill()
    assert (Gl.RECEIVABLE, Gl.SERVICE_REVENUE, 9000) in office.postings()
    office.on(3, 2).do(dayclose.close_day, NoMail())
    # Feb 5 - 28 is 24 of the 28 days through Mar 4: 77.14. The days billed on Feb 5 are not in it.
    assert on_month_end(office)[2:] == [
        ("2026-02-28", Gl.UNBILLED_RECEIVABLE, Gl.SERVICE_REVENUE, 7714),
        ("2026-03-01", Gl.SERVICE_REVENUE, Gl.UNBILLED_RECEIVABLE, 7714),
    ]
    office.assert_books_right()


def test_a_month_closed_late_counts_what_was_billed_since(office: Diary) -> None:
    paid_member(office)
    office.on(2, 5).bill()
    office.on(2, 10).do(dayclose.close_day, NoMail())
    assert on_month_end(office)[0] == ("2026-01-31", Gl.UNBILLED_RECEIVABLE, Gl.SERVICE_REVENUE, 7800)


def test_a_month_end_leaves_out_suspended_days_and_dates_that_no_run_billed_count_whole(office: Diary) -> None:
    paid_member(office)
    office.on(3, 31).do(dayclose.close_day, NoMail())
    assert [row[3] for row in on_month_end(office)[::2]] == [7800, 9000 + 7714, 9000 + 9000 + 7839]


def test_deciding_on_fraud_and_waiving_a_date_change_need_a_supervisor(office: Diary) -> None:
    member = paid_member(office)
    office.role = "clerk"
    with pytest.raises(NotPermitted):
        office.do(members.change_fee_day, member, 9, waive=True, reason="asked")
    office.role = "supervisor"
    with pytest.raises(UserError, match="reason"):
        office.do(members.change_fee_day, member, 9, waive=True)
    assert office.do(members.change_fee_day, member, 9) == date(2026, 2, 9)


def test_fraud_needs_a_supervisor_and_costs_stand_on_the_invoice(office: Diary) -> None:
    member = sign_up(office.on(1, 1), individuals=2, autopay="card")
    office.on(1, 2).do(members.record_work_performed, member)
    office.on(1, 6).bill()
    autopay.run_autopay(office.books, office.desk, DeclineListGateway())
    payment = office.sql("SELECT max(id) FROM payment")[0][0]
    office.role = "clerk"
    with pytest.raises(NotPermitted):
        office.do(payments.charge_back, payment, fraudulent=True)
    office.role = "supervisor"
    office.do(payments.charge_back, payment, fraudulent=True, costs=[Cost("attorney", 12345)])
    lines = "SELECT kind, cents, clause, why FROM line WHERE account_id = ? AND clause = 'ARR-9' ORDER BY n"
    assert office.sql(lines, member) == [
        ("chargeback-fee", 100_000, "ARR-9", "500.00 x 2 individuals"),
        ("chargeback-cost", 12_345, "ARR-9", "123.45, what it cost"),
    ]


def test_either_fee_of_a_return_can_be_waived_before_it_is_charged(office: Diary) -> None:
    member = paid_member(office)
    payment = office.sql("SELECT max(id) FROM payment")[0][0]
    office.do(payments.return_payment, payment, 0, "bank's error", waive=frozenset({"dishonored-fee"}))
    assert office.sql("SELECT kind, cents FROM line WHERE account_id = ? AND kind <> 'processing-fee'", member) == [
        ("late-charge", 1500)
    ]


def test_what_a_member_cannot_have_is_refused(office: Diary) -> None:
    member = paid_member(office)
    with pytest.raises(UserError, match="plan"):
        office.do(subscriptions.add_service, member, "net", 1000)
    home = office.open("Home", 3100)
    for deed in (members.record_work_performed, lambda s, d, a: members.change_fee_day(s, d, a, 3)):
        with pytest.raises(UserError, match="no membership"):
            office.do(deed, home)
    with pytest.raises(UserError, match="no plans"):
        office.open("Odd", plan="Premiere")
    assert office.see(status.account_page, member, office.day).card.status == "active"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE membership SET next_fee_on = '2026-02-07', processing_paid_on = '2026-01-08'",
        "UPDATE membership SET next_fee_on = NULL, period_from = NULL",
        "UPDATE membership SET processing_invoice_id = NULL",
        "UPDATE membership SET monthly_fee_charged = 1",
    ],
)
def test_check_finds_a_membership_that_disagrees_with_its_invoices(office: Diary, change: str) -> None:
    paid_member(office)
    assert office.see(verification.verify_books) == []
    with office.books.write() as session:
        execute(session, change)
    assert any("member" in problem for problem in office.see(verification.verify_books))


@pytest.mark.parametrize("change", ["status = 'closed'", "closed_on = '2026-01-31'"])
def test_check_finds_an_account_that_is_half_closed(office: Diary, change: str) -> None:
    paid_member(office)
    with office.books.write() as session:
        execute(session, f"UPDATE account SET {change}")
    assert any("closed and its last day" in problem for problem in office.see(verification.verify_books))


def test_a_member_is_told_where_it_stands_from_sign_up_to_the_end(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="card")

    def standing() -> status.MemberStanding:
        found = office.see(status.account_page, member, office.day).member
        assert found is not None
        return found

    assert standing().sentence == (
        "Signed up on Jan 1. Work is waited for; the processing fee of $60.00 is charged from Jan 6 to Jan 11, once it is "
        "performed. Cancelling today would cost nothing more."
    )
    assert (standing().window_from, standing().window_to) == (date(2026, 1, 6), date(2026, 1, 11))
    assert not standing().overdue
    assert standing().ending == ()
    office.on(1, 12)
    assert standing().overdue
    assert "was to be performed by Jan 11" in standing().sentence
    office.on(1, 3).do(members.record_work_performed, member)
    assert standing().charge_on == date(2026, 1, 6)
    assert standing().ending_cents == 6000
    assert "is charged on Jan 6. Cancelling today would bill $60.00, the processing fee." in standing().sentence
    office.on(1, 6).bill()
    autopay.run_autopay(office.books, office.desk, DeclineListGateway(office.sql("SELECT number FROM account")[0]))
    assert "was charged on Jan 6 and is not paid; monthly fees start 30 days after it is." in standing().sentence
    autopay.run_autopay(office.books, office.on(1, 7).desk, DeclineListGateway())
    found = standing()
    assert [(line.on.day, line.outcome, line.cents, line.charged_cents) for line in found.attempts] == [
        (7, "approved", 11_000, 0),
        (6, "declined", 6000, 5000),
    ]
    assert (found.first_fee_on, found.next_fee_on) == (date(2026, 2, 6), date(2026, 2, 6))
    assert (found.covers_from, found.covers_through, found.next_fee_cents) == (date(2026, 1, 7), date(2026, 2, 5), 9000)
    assert "The next fee, $90.00 on Feb 6, is for Jan 7 through Feb 5." in found.sentence
    expected = office.on(1, 20).see(status.account_page, member, office.day).member
    assert expected is not None
    office.do(subscriptions.cancel_account, member)
    charged = office.sql("SELECT cents, why FROM line WHERE account_id = ? AND kind = 'final-fee'", member)
    assert charged == [(charge.cents, charge.why) for charge in expected.ending] == [(4200, "90.00 x 14/30")]
    assert standing().sentence == "The membership ended on Jan 20."
    assert standing().ending == ()


def test_an_account_billed_in_advance_has_no_member_standing(office: Diary) -> None:
    home = office.open("Home", 3100)
    assert office.see(status.account_page, home, office.day).member is None


def test_everything_due_asks_a_member_for_each_fee_once(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="card")
    other = sign_up(office.on(1, 2), "Oda", autopay="card")
    for account in (member, other):
        office.on(1, 3).do(members.record_work_performed, account)
    refuse = DeclineListGateway([row[0] for row in office.sql("SELECT number FROM account")])

    def due(day: int) -> tuple[int, int]:
        asked = duetoday.do_everything_due(office.books, office.on(1, day).desk, refuse, NoMail()).autopay
        return (0, 0) if asked is None else (asked.approved, asked.declined)

    # The first is charged on the 6th, the other one on the 7th; nobody is asked for a fee a second time.
    assert [due(day) for day in (5, 6, 7, 8, 9)] == [(0, 0), (0, 1), (0, 1), (0, 0), (0, 0)]
    assert autopay.run_autopay(office.books, office.on(1, 10).desk, refuse).declined == 2


@pytest.mark.parametrize("approved", [False, True])
def test_everything_due_asks_again_for_a_fee_whose_attempt_was_a_mistake(office: Diary, approved: bool) -> None:
    member = sign_up(office.on(1, 1), autopay="card")
    other = sign_up(office.on(1, 2), "Oda")
    for account in (member, other):
        office.on(1, 3).do(members.record_work_performed, account)

    def due(day: int) -> int:
        made = duetoday.do_everything_due(office.books, office.on(1, day).desk, DeclineListGateway([]), NoMail())
        return 0 if made.autopay is None else made.autopay.approved

    office.on(1, 6).bill()
    office.do(autopayanswers.record_attempt, member, approved=approved)
    ((attempt, payment),) = office.sql("SELECT id, payment_id FROM payment_attempt")
    if approved:
        office.do(payments.reverse_payment, payment, "another member's")
    else:
        office.do(membercorrections.take_back, member, f"attempt:{attempt}", "another member's")
    assert due(6) == 0, "it counts as asked on that date"
    assert due(7) == 1, "the run after the bills of the 7th"
    assert office.balance(member) == 0


def test_a_run_of_both_books_taken_back_takes_both_back_and_is_billed_again_once(office: Diary) -> None:
    home = office.open("Home", 3100)
    member = paid_member(office)
    office.check(home, 6200, "h")
    made = office.on(2, 5).bill()
    assert made.run_id is not None
    assert billingreversal.reverse_run(office.books, office.desk, made.run_id, "wrong day") == 2
    assert office.sql("SELECT balance_cents FROM account ORDER BY id") == [(0,), (0,)]
    office.assert_books_right()
    again = office.on(2, 6).bill()
    assert again.by_kind == {"monthly-fee": (1, 9000), "recurring": (1, 3100)}
    assert office.see(status.account_page, member, office.day).member is not None
    office.assert_books_right()


def test_statements_are_offered_of_the_month_before_those_of_a_members_run(office: Diary) -> None:
    office.on(1, 1).open("Home", 3100)
    paid_member(office)
    office.on(2, 1).bill()
    office.on(2, 5).bill()
    members_run, month, first = office.see(statementprints.statement_runs)
    assert [(run.period, run.cycle) for run in (members_run, month, first)] == [
        ("members' fees", False),
        ("March 2026", True),
        ("members' fees", False),
    ]
    assert office.see(statements.latest_billing_run) == month.run_id
    assert statementprints.run_to_send([members_run, month, first]) == month.run_id
    office.do(statementprints.mark_sent, month.run_id, "all", 1, 1, "printed")
    assert statementprints.run_to_send(office.see(statementprints.statement_runs)) == members_run.run_id
    office.do(statementprints.mark_sent, members_run.run_id, "all", 1, 1, "printed")
    assert statementprints.run_to_send(office.see(statementprints.statement_runs)) == month.run_id
    assert statementprints.run_to_send([members_run]) == members_run.run_id
