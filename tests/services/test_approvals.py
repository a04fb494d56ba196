"""Approval from another PC: asked, answered by whoever may, done once, and only exactly what was approved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from staffed_office import NAMES, add_everybody, desk_of, proof_of, quick_passwords
from support_office import Diary

from app.errors import NotPermitted, SignInAgain, UserError
from app.services import (
    accounts,
    approvals,
    billing,
    checks,
    credits,
    customerdata,
    limits,
    outstanding,
    people,
    refunds,
    requestpreview,
    subscriptions,
)
from app.services.desk import Approver, Desk
from app.services.limits import Limits
from app.services.requestlines import request_lines

pytestmark = pytest.mark.both_databases


@pytest.fixture
def office() -> Iterator[Diary]:
    with quick_passwords(), Diary() as diary:
        add_everybody(diary)
        yield diary
        diary.assert_books_right()


def at(office: Diary, role: str) -> Desk:
    desk = desk_of(office, role)
    return replace(desk, pc=f"PC of {desk.actor}")


def do(office: Diary, desk: Desk, service: Callable[..., Any], *given: Any, **named: Any) -> Any:
    with office.books.write() as session:
        return service(session, desk, *given, **named)


def refused(office: Diary, desk: Desk, service: Callable[..., Any], *given: Any, **named: Any) -> NotPermitted:
    with pytest.raises(NotPermitted) as found:
        do(office, desk, service, *given, **named)
    return found.value


def open_account(office: Diary, name: str = "Ann Ames", monthly: int = 9000) -> int:
    clerk = at(office, "clerk")
    account: int = do(
        office, clerk, accounts.open_account, accounts.AccountForm(name, address=("5 Elm St", "Custer SD 57730"))
    )
    do(office, clerk, subscriptions.add_service, account, "net", monthly)
    return account


def limit(office: Diary, **given: Any) -> None:
    do(office, at(office, "administrator"), limits.change_limits, Limits(**given), "as agreed")


def last(office: Diary) -> tuple[Any, ...]:
    return office.sql("SELECT what, actor, role, approved_by FROM action ORDER BY id DESC LIMIT 1")[0]


def states(office: Diary) -> list[str]:
    return [row[0] for row in office.sql("SELECT state FROM approval ORDER BY id")]


def credit_asked(office: Diary, account: int, cents: int = 6200) -> int:
    said = refused(office, at(office, "clerk"), credits.courtesy_credit, account, cents, "an outage")
    return int(do(office, at(office, "clerk"), approvals.ask, said))


def test_a_clerks_credit_is_approved_at_another_pc_and_counts_once(office: Diary) -> None:
    account, clerk, supervisor = open_account(office), at(office, "clerk"), at(office, "supervisor")
    request = credit_asked(office, account)
    assert credit_asked(office, account) == request, "asked twice it is one request"
    ((waiting,), mine) = office.see(approvals.waiting_requests, supervisor), office.see(approvals.waiting_requests, clerk)
    assert (waiting.id, waiting.asked_by, waiting.role) == (request, NAMES["clerk"], "supervisor") and mine == []
    assert "A courtesy credit of 62.00 on account" in waiting.words and waiting.words.endswith("an outage")
    assert [line.page for line in office.see(request_lines, supervisor)] == ["approvals"]
    assert office.see(approvals.answer_of, request).state == "asked"
    refused(office, clerk, credits.courtesy_credit, account, 6200, "an outage")
    do(office, supervisor, approvals.answer, request, approves=True)
    assert office.see(approvals.answer_of, request) == ("approved", NAMES["supervisor"], "")
    assert [line.key for line in office.see(request_lines, clerk)] == ["approved"]
    do(office, clerk, credits.courtesy_credit, account, 6200, "an outage")
    assert last(office) == ("courtesy-credit", NAMES["clerk"], "clerk", f"{NAMES['supervisor']} (supervisor)")
    assert states(office) == ["used"] and office.see(request_lines, clerk) == []
    refused(office, clerk, credits.courtesy_credit, account, 6200, "an outage")


def test_anything_else_than_what_was_approved_is_refused(office: Diary) -> None:
    account, other = open_account(office), open_account(office, "Bob Birk")
    clerk = at(office, "clerk")
    do(office, at(office, "supervisor"), approvals.answer, credit_asked(office, account), approves=True)
    give = partial(refused, office, clerk, credits.courtesy_credit)
    give(account, 6201, "an outage")
    give(account, 6200, "another outage")
    give(other, 6200, "an outage")
    refused(office, clerk, credits.write_off, account, 6200, "an outage")
    refused(office, replace(clerk, on=clerk.on - timedelta(days=1)), credits.courtesy_credit, account, 6200, "an outage")
    assert states(office) == ["approved"]
    do(office, clerk, credits.courtesy_credit, account, 6200, "an outage")


def test_an_approval_ends_with_its_day_and_serves_its_asker_alone(office: Diary) -> None:
    account = open_account(office)
    request, late = credit_asked(office, account), credit_asked(office, account, 100)
    do(office, at(office, "supervisor"), approvals.answer, request, approves=True)
    administrator = at(office, "administrator")
    with quick_passwords():
        form = people.PersonForm("Cora Clerk", "cora", "clerk", "rides a tandem bicycle")
        number = do(office, administrator, people.add_person, form)
        proof = proof_of(office, number, "rides a tandem bicycle")
    cora = replace(at(office, "manager"), actor="Cora Clerk", role="clerk", person=number, proof=proof)
    refused(office, cora, credits.courtesy_credit, account, 6200, "an outage")
    office.day = office.day + timedelta(days=1)
    tomorrow = at(office, "clerk")
    refused(office, tomorrow, credits.courtesy_credit, account, 6200, "an outage")
    refused(office, replace(tomorrow, on=date(2026, 1, 1)), credits.courtesy_credit, account, 6200, "an outage")
    assert office.see(request_lines, tomorrow) == [] == office.see(approvals.waiting_requests, at(office, "manager"))
    with pytest.raises(UserError, match="of another day"):
        do(office, at(office, "supervisor"), approvals.answer, late, approves=True)


def test_a_refusal_says_why_and_nothing_goes_through(office: Diary) -> None:
    account, supervisor = open_account(office), at(office, "supervisor")
    request = credit_asked(office, account)
    with pytest.raises(UserError, match="needs a reason"):
        do(office, supervisor, approvals.answer, request, approves=False)
    do(office, supervisor, approvals.answer, request, approves=False, why="had one last week")
    assert office.see(approvals.answer_of, request) == ("refused", NAMES["supervisor"], "had one last week")
    refused(office, at(office, "clerk"), credits.courtesy_credit, account, 6200, "an outage")
    with pytest.raises(UserError, match="was refused already"):
        do(office, at(office, "manager"), approvals.answer, request, approves=True)


def test_nobody_answers_their_own_request_nor_one_above_their_role(office: Diary) -> None:
    limit(office, credit=5000)
    account, supervisor, manager = open_account(office), at(office, "supervisor"), at(office, "manager")
    said = refused(office, supervisor, credits.courtesy_credit, account, 6200, "an outage")
    assert said.role == "manager"
    request = do(office, supervisor, approvals.ask, said)
    assert "your own request" in refused(office, supervisor, approvals.answer, request, approves=True).message
    clerks = credit_asked(office, account)
    do(office, supervisor, approvals.answer, clerks, approves=True)
    above = refused(office, at(office, "clerk"), credits.courtesy_credit, account, 6200, "an outage")
    assert above.role == "manager", "a supervisor's word is not enough for this amount"
    second = do(office, at(office, "clerk"), approvals.ask, above)
    assert "needs a manager" in refused(office, supervisor, approvals.answer, second, approves=True).message
    for one in (request, second):
        do(office, manager, approvals.answer, one, approves=True)
    do(office, supervisor, credits.courtesy_credit, account, 6200, "an outage")
    do(office, at(office, "clerk"), credits.courtesy_credit, account, 6200, "an outage")
    assert last(office)[3] == f"{NAMES['manager']} (manager)" and set(states(office)) == {"used"}
    for role in ("auditor", "clerk"):
        assert office.see(approvals.waiting_requests, at(office, role)) == []


def test_who_is_blocked_meanwhile_approves_nothing(office: Diary) -> None:
    account, clerk = open_account(office), at(office, "clerk")
    supervisor = at(office, "supervisor")
    do(office, supervisor, approvals.answer, credit_asked(office, account), approves=True)
    do(office, at(office, "administrator"), people.block_person, supervisor.person, "left")
    refused(office, clerk, credits.courtesy_credit, account, 6200, "an outage")


def test_the_two_person_month_end_is_approved_from_another_pc(office: Diary) -> None:
    open_account(office)
    limit(office, two_for_billing=True)
    office.on(2, 1)
    manager = at(office, "manager")
    with pytest.raises(NotPermitted) as said:
        billing.run_billing(office.books, manager)
    assert said.value.second and said.value.words == "The billing run of 02/01/2026"
    request = do(office, manager, approvals.ask, said.value)
    do(office, at(office, "supervisor"), approvals.answer, request, approves=True)
    assert billing.run_billing(office.books, manager).invoices == 1
    assert last(office) == ("run-billing", NAMES["manager"], "manager", f"{NAMES['supervisor']} (supervisor)")
    assert states(office) == ["used"]


@pytest.mark.parametrize("in_the_run", [True, False])
def test_large_refunds_are_approved_as_they_were_asked(office: Diary, in_the_run: bool) -> None:
    limit(office, two_for_refunds_over=50_000)
    manager = at(office, "manager")
    office.on(1, 5)
    account = open_account(office, "Cleo Closed", 0)
    office_desk = replace(manager, on=office.day, today=office.day)
    do(office, office_desk, checks.post_check, checks.CheckForm(account, 60_000, "77"))
    do(office, office_desk, subscriptions.cancel_account, account, office.day)
    office.on(2, 16)
    manager = at(office, "manager")
    service: Callable[..., Any] = refunds.refund_now
    given: tuple[Any, ...] = (account, "asked for it")
    named: dict[str, Any] = {}
    if in_the_run:
        service, given, named = refunds.run_refunds, (), {"force": True, "reason": "asked for it"}
    said = refused(office, manager, service, *given, **named)
    assert said.second and "600.00" in said.words
    do(office, at(office, "supervisor"), approvals.answer, do(office, manager, approvals.ask, said), approves=True)
    do(office, manager, service, *given, **named)
    assert last(office)[3] == f"{NAMES['supervisor']} (supervisor)"
    assert office.sql("SELECT cents FROM refund") == [(60_000,)] and states(office) == ["used"]


def closed_account(office: Diary) -> int:
    """A closed account with 600.00 of credit, on a refund date."""
    office.on(1, 5)
    account, manager = open_account(office, "Cleo Closed", 0), at(office, "manager")
    do(office, manager, checks.post_check, checks.CheckForm(account, 60_000, "77"))
    do(office, manager, subscriptions.cancel_account, account, office.day)
    office.on(2, 16)
    return account


def approver(office: Diary, role: str) -> Approver:
    desk = at(office, role)
    return Approver(int(desk.person or 0), desk.actor, desk.role, desk.proof)


@pytest.mark.parametrize("answered", [True, False])
def test_what_was_approved_here_meanwhile_cannot_be_done_a_second_time(office: Diary, answered: bool) -> None:
    account, clerk = open_account(office), at(office, "clerk")
    request, other = credit_asked(office, account), credit_asked(office, account, 100)
    if answered:
        do(office, at(office, "supervisor"), approvals.answer, request, approves=True)
    here = clerk.approved_by(approver(office, "supervisor"))
    do(office, here, credits.courtesy_credit, account, 6200, "an outage")
    assert states(office) == ["used" if answered else "withdrawn", "asked"], "the other amount is another action"
    if not answered:
        with pytest.raises(UserError, match="was withdrawn already"):
            do(office, at(office, "supervisor"), approvals.answer, request, approves=True)
    refused(office, clerk, credits.courtesy_credit, account, 6200, "an outage")
    do(office, at(office, "supervisor"), approvals.answer, other, approves=True)
    assert office.sql("SELECT cents FROM credit") == [(6200,)]


def test_a_request_stays_open_when_the_action_fails_or_somebody_else_does_the_same(office: Diary) -> None:
    account, clerk = open_account(office), at(office, "clerk")
    credit_asked(office, account)
    here = clerk.approved_by(approver(office, "supervisor"))
    with pytest.raises(RuntimeError), office.books.write() as session:
        credits.courtesy_credit(session, here, account, 6200, "an outage")
        raise RuntimeError
    do(office, at(office, "supervisor"), credits.courtesy_credit, account, 6200, "an outage")
    assert states(office) == ["asked"]


@pytest.mark.parametrize("in_the_run", [True, False])
def test_a_refund_is_approved_for_its_payee_and_no_other(office: Diary, in_the_run: bool) -> None:
    limit(office, two_for_refunds_over=50_000)
    account = closed_account(office)
    manager, supervisor = at(office, "manager"), at(office, "supervisor")
    service: Callable[..., Any] = partial(do, office, manager, refunds.refund_now, account, "asked for it")
    if in_the_run:
        service = partial(do, office, manager, refunds.run_refunds, force=True, reason="asked for it")
    with pytest.raises(NotPermitted) as said:
        service()
    assert "Cleo Closed, 5 Elm St, Custer SD 57730" in said.value.words
    do(office, supervisor, approvals.answer, do(office, manager, approvals.ask, said.value), approves=True)
    do(office, at(office, "clerk"), accounts.change_name, account, "Max Money")
    with pytest.raises(NotPermitted) as again:
        service()
    assert "Max Money" in again.value.words and office.sql("SELECT count(*) FROM refund") == [(0,)]
    do(office, at(office, "clerk"), accounts.change_name, account, "Cleo Closed")
    service()
    assert office.sql("SELECT payee FROM refund") == [("Cleo Closed",)] and states(office) == ["used"]


@pytest.mark.parametrize("limited", [{"two_for_refunds_over": 50_000}, {"refund": 50_000}])
def test_an_unclaimed_refund_is_paid_within_the_same_limits_as_a_refund(office: Diary, limited: dict[str, int]) -> None:
    account = closed_account(office)
    refund = do(office, at(office, "manager"), refunds.refund_now, account, "asked for it")
    supervisor = at(office, "supervisor")
    do(office, supervisor, refunds.move_to_unclaimed, refund, "never cashed")
    limit(office, **limited)
    said = refused(office, supervisor, outstanding.reissue_unclaimed, refund, "found it")
    assert "An unclaimed refund of 600.00 to account" in said.words and "Cleo Closed, 5 Elm St" in said.words
    request = do(office, supervisor, approvals.ask, said)
    do(office, at(office, "manager"), approvals.answer, request, approves=True)
    do(office, supervisor, outstanding.reissue_unclaimed, refund, "found it")
    assert last(office) == ("pay-unclaimed", NAMES["supervisor"], "supervisor", f"{NAMES['manager']} (manager)")
    assert states(office) == ["used"]


def test_blanking_a_customer_takes_what_was_asked_about_them_too(office: Diary) -> None:
    office.on(1, 5)
    account, other = open_account(office, "Ann Ames", 0), open_account(office, "Bob Birk", 0)
    typed, clerk, supervisor = "her husband Zebedee died", at(office, "clerk"), at(office, "supervisor")
    for number, why in ((account, typed), (account, f"{typed} again"), (other, "Bob's outage")):
        said = refused(office, clerk, credits.courtesy_credit, number, 6200, why)
        do(office, supervisor, approvals.answer, do(office, clerk, approvals.ask, said), approves=False, why="by Zebedee?")
    do(office, clerk, subscriptions.cancel_account, account, office.day)
    do(office, at(office, "manager"), customerdata.blank_customer, account, "asked in writing")
    left = str(office.dump(leave_out=()))
    assert typed not in left and "Bob's outage" in left
    assert office.sql("SELECT words, state FROM approval ORDER BY id")[:2] == [("(blanked)", "refused")] * 2
    said_of_bob = office.sql("SELECT reason FROM action WHERE what = 'answer-approval' AND reason <> ''")
    assert len(said_of_bob) == 1 and "Bob's outage" in said_of_bob[0][0]


def test_what_cannot_be_asked_for_is_said_so(office: Diary) -> None:
    with pytest.raises(UserError, match="cannot be approved from another PC"):
        do(office, at(office, "clerk"), approvals.ask, NotPermitted("no", "supervisor"))
    with pytest.raises(SignInAgain):
        do(office, replace(at(office, "clerk"), person=None), approvals.ask, NotPermitted("no", "supervisor", subject="x"))
    with pytest.raises(UserError, match="no such request"):
        do(office, at(office, "manager"), approvals.answer, 99, approves=True)


def waiting_for(office: Diary, role: str) -> approvals.WaitingRequest:
    (found,) = office.see(approvals.waiting_requests, at(office, role))
    return found


def test_who_answers_sees_what_month_end_would_bill_and_whom_it_would_not(office: Diary) -> None:
    open_account(office)
    open_account(office, "Bob Birk", 3100)
    limit(office, two_for_billing=True)
    office.on(2, 1)
    manager, supervisor = at(office, "manager"), at(office, "supervisor")
    with pytest.raises(NotPermitted) as said:
        billing.run_billing(office.books, manager)
    do(office, manager, approvals.ask, said.value)
    lines = requestpreview.preview_of(office.books, supervisor, waiting_for(office, "supervisor"))
    totals = billing.preview(office.books, manager)
    assert lines[0].startswith("2 invoices of 2 accounts") and "121.00 in all" in lines[0]
    assert "Services: 2, 121.00" in lines
    assert totals.cents == 12_100
    forged = waiting_for(office, "supervisor")._replace(words="The billing run of 01/01/2026")
    assert "of another date" in requestpreview.preview_of(office.books, supervisor, forged)[0]


def test_who_answers_sees_the_account_and_what_it_was_given_before(office: Diary) -> None:
    account, manager = open_account(office), at(office, "manager")
    do(office, manager, checks.post_check, checks.CheckForm(account, 1_000, "77"))
    do(office, manager, credits.courtesy_credit, account, 500, "an outage")
    credit_asked(office, account)
    lines = requestpreview.preview_of(office.books, at(office, "supervisor"), waiting_for(office, "supervisor"))
    assert "Ann Ames: active, opened 01/01/2026, owes " in lines[0]
    assert lines[1].startswith("Last payment: 10.00 on 01/")
    assert lines[2] == "In the last twelve months: 5.00 of courtesy credits (1)."


def test_who_answers_sees_each_check_of_a_refund_run(office: Diary) -> None:
    limit(office, two_for_refunds_over=50_000)
    closed_account(office)
    manager = at(office, "manager")
    said = refused(office, manager, refunds.run_refunds, force=True, reason="asked for it")
    do(office, manager, approvals.ask, said)
    lines = requestpreview.preview_of(office.books, at(office, "supervisor"), waiting_for(office, "supervisor"))
    assert lines[0] == "As the books are now: 1 check, 600.00 in all:" and "600.00 to Cleo Closed, account" in lines[1]
