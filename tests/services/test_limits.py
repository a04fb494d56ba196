"""Limits by amount, and what takes two people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace

import pytest
from staffed_office import StaffedOffice, proof_of, quick_passwords
from support_members import sign_up
from support_office import Diary

from app.errors import Cancelled, NotPermitted, UserError
from app.services import (
    billing,
    collections,
    credits,
    limits,
    members,
    outstanding,
    payments,
    people,
    refunds,
    subscriptions,
)
from app.services.limits import Limits
from app.services.people import PersonForm


@pytest.fixture
def office() -> Iterator[StaffedOffice]:
    with quick_passwords(), StaffedOffice() as made:
        yield made
        made.assert_books_right()


def set_limits(office: StaffedOffice, **given: object) -> None:
    office.role, before = "administrator", office.role
    office.do(limits.change_limits, Limits(**given), "as agreed")  # type: ignore[arg-type]
    office.role = before


def closed_in_credit(office: StaffedOffice, cents: int) -> int:
    office.role = "manager"
    account = office.on(1, 5).open("Cleo Closed", address=("1 Elm St", "Custer SD 57730"))
    office.check(account, cents, f"c{account}")
    office.do(subscriptions.cancel_account, account)
    return account


def test_there_is_no_limit_at_first(office: StaffedOffice) -> None:
    assert office.see(limits.limits) == Limits()


@pytest.mark.parametrize("what", ["credit", "write_off"])
def test_a_supervisor_gives_up_to_the_limit_and_the_manager_approves_a_cent_more(office: StaffedOffice, what: str) -> None:
    account = office.open(service_cents=90000)
    set_limits(office, **{what: 5000})
    service = {"credit": credits.courtesy_credit, "write_off": credits.write_off}[what]
    office.role = "supervisor"
    office.do(service, account, 5000, "an outage")
    with pytest.raises(NotPermitted, match="above what a supervisor may do alone") as refused:
        office.do(service, account, 5001, "an outage")
    assert refused.value.role == "manager" and not refused.value.second
    office.approver = "manager"
    office.do(service, account, 5001, "an outage")
    office.role, office.approver = "manager", None
    office.do(service, account, 5001, "an outage")


def test_a_clerk_still_needs_a_supervisor_below_the_limit(office: StaffedOffice) -> None:
    account = office.open(service_cents=90000)
    set_limits(office, credit=5000)
    office.role = "clerk"
    with pytest.raises(NotPermitted, match="needs a supervisor"):
        office.do(credits.courtesy_credit, account, 100, "an outage")
    office.approver = "supervisor"
    office.do(credits.courtesy_credit, account, 100, "an outage")
    with pytest.raises(NotPermitted, match="needs a manager"):
        office.do(credits.courtesy_credit, account, 5001, "an outage")


def test_a_waived_fee_and_a_refund_outside_the_run_have_their_limits(office: StaffedOffice) -> None:
    account = office.open(service_cents=3100)
    office.do(payments.return_payment, office.check(account, 1000, "1"))
    invoice, line = office.sql("SELECT invoice_id, n FROM line WHERE kind = 'returned-admin-fee'")[0]
    set_limits(office, waiver=2499, refund=999)
    owed = closed_in_credit(office, 1000)
    office.role = "supervisor"
    with pytest.raises(NotPermitted, match=r"25\.00"):
        office.do(credits.waive_charge, invoice, line, "good customer")
    with pytest.raises(NotPermitted, match=r"10\.00"):
        office.do(refunds.refund_now, owed, "moves away")
    set_limits(office, waiver=2500, refund=1000)
    office.do(credits.waive_charge, invoice, line, "good customer")
    office.do(refunds.refund_now, owed, "moves away")


def test_a_large_refund_takes_two_people_and_a_smaller_one_does_not(office: StaffedOffice) -> None:
    large, small = closed_in_credit(office, 50001), closed_in_credit(office, 50000)
    set_limits(office, two_for_refunds_over=50000)
    office.do(refunds.refund_now, small, "moves away")
    with pytest.raises(NotPermitted, match="two people") as refused:
        office.do(refunds.refund_now, large, "moves away")
    assert refused.value.second and refused.value.role == "supervisor"
    for nobody in ("manager", "clerk", "auditor"):
        office.approver = nobody
        with pytest.raises(NotPermitted, match="two people"):
            office.do(refunds.refund_now, large, "moves away")
    office.approver = "supervisor"
    office.do(refunds.refund_now, large, "moves away")
    assert office.sql("SELECT actor, approved_by FROM action ORDER BY id DESC LIMIT 1") == [
        ("Max Money", "Sue Super (supervisor)")
    ]


@pytest.mark.parametrize("again", [refunds.reprint_refund, refunds.stop_and_reissue])
def test_a_large_refund_goes_out_a_second_time_with_two_people_only(
    office: StaffedOffice, again: Callable[..., int]
) -> None:
    large, small = closed_in_credit(office, 50001), closed_in_credit(office, 50000)
    office.role = "supervisor"
    first = {
        cents: office.do(refunds.refund_now, account, "moves away") for cents, account in ((50001, large), (50000, small))
    }
    checks_out = office.see(outstanding.sheets_to_confirm, office.day)
    office.do(outstanding.confirm_sheets, [row.number for row in checks_out], [])
    set_limits(office, two_for_refunds_over=50000)
    numbers = office.sql("SELECT number FROM issued_check ORDER BY number")
    with pytest.raises(NotPermitted, match="two people") as refused:
        office.do(again, first[50001], "never arrived")
    assert refused.value.second and "500.01" in refused.value.words and "never arrived" in refused.value.words
    assert office.sql("SELECT number FROM issued_check ORDER BY number") == numbers
    office.do(again, first[50000], "never arrived")
    office.approver = "manager"
    office.do(again, first[50001], "never arrived")
    assert office.sql("SELECT approved_by FROM action ORDER BY id DESC LIMIT 1") == [("Max Money (manager)",)]
    assert len(office.sql("SELECT number FROM issued_check")) == len(numbers) + 2


def test_a_sheet_spoiled_in_the_printer_is_printed_again_by_one_person(office: StaffedOffice) -> None:
    office.role = "supervisor"
    office.do(refunds.refund_now, closed_in_credit(office, 60000), "moves away")
    set_limits(office, two_for_refunds_over=50000)
    (waiting,) = office.see(outstanding.sheets_to_confirm, office.day)
    office.role = "supervisor"
    done = office.do(outstanding.confirm_sheets, [], [waiting.number], "torn")
    assert list(done.new_numbers) == [waiting.number]


def test_a_refund_run_with_a_large_check_takes_two_people_and_refunds_nobody_without(office: StaffedOffice) -> None:
    closed_in_credit(office, 900)
    closed_in_credit(office, 60000)
    set_limits(office, two_for_refunds_over=50000)
    office.on(1, 15).role = "supervisor"
    with pytest.raises(NotPermitted, match="two people"):
        office.do(refunds.run_refunds)
    assert office.sql("SELECT count(*) FROM refund") == [(0,)]
    office.approver = "manager"
    assert len(office.do(refunds.run_refunds).refund_ids) == 2


def test_the_billing_run_takes_two_people_when_that_is_switched_on(office: StaffedOffice) -> None:
    office.open(service_cents=3100)
    set_limits(office, two_for_billing=True)
    office.on(2, 1).role = "manager"
    assert billing.preview(office.books, office.desk).invoices == 1, "looking takes one"
    with pytest.raises(NotPermitted, match="The billing run takes two people") as refused:
        office.bill()
    assert refused.value.second
    assert office.sql("SELECT count(*) FROM run") == [(0,)]
    office.approver = "supervisor"
    assert office.bill().invoices == 1
    assert office.sql("SELECT DISTINCT approved_by FROM action WHERE what = 'run-billing'") == [("Sue Super (supervisor)",)]


def test_a_stopped_run_that_was_approved_goes_on_without_asking_again(
    office: StaffedOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(billing, "CHUNK", 1)
    for _ in range(3):
        office.open(service_cents=3100)
    set_limits(office, two_for_billing=True)
    office.on(2, 1).role = "manager"
    office.approver = "supervisor"
    answers = iter([False, True])
    with pytest.raises(Cancelled):
        billing.run_billing(office.books, office.desk, cancelled=lambda: next(answers))
    assert billing.preview(office.books, office.desk).invoices > 0
    office.approver = None
    assert office.bill().invoices >= 3
    assert billing.preview(office.books, office.desk).invoices == 0
    approved = office.sql(
        "SELECT DISTINCT approved_by FROM action WHERE what = 'run-billing' AND business_date = ?", office.day
    )
    assert approved == [("Sue Super (supervisor)",)]
    office.on(3, 1)
    with pytest.raises(NotPermitted, match="two people"):
        office.bill()


def test_who_approved_a_stopped_run_does_not_take_it_up_alone(
    office: StaffedOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(billing, "CHUNK", 1)
    for _ in range(2):
        office.open(service_cents=3100)
    set_limits(office, two_for_billing=True)
    office.on(2, 1).role = "manager"
    office.approver = "administrator"
    answers = iter([False, True])
    with pytest.raises(Cancelled):
        billing.run_billing(office.books, office.desk, cancelled=lambda: next(answers))
    office.role, office.approver = "administrator", None
    with pytest.raises(NotPermitted, match="two people"):
        office.bill()


def test_limits_are_changed_with_a_reason_and_kept(office: StaffedOffice) -> None:
    wanted = Limits(1, 2, 3, 4, True, 0)
    office.role = "administrator"
    with pytest.raises(UserError, match="reason"):
        office.do(limits.change_limits, wanted, " ")
    office.do(limits.change_limits, wanted, "as agreed")
    assert office.see(limits.limits) == wanted
    office.do(limits.change_limits, Limits(), "no more")
    assert office.see(limits.limits) == Limits()
    with pytest.raises(UserError, match="less than nothing"):
        office.do(limits.change_limits, Limits(refund=-1), "a slip")


def test_two_people_are_not_demanded_where_only_one_can_approve() -> None:
    with quick_passwords(), Diary() as fresh:
        fresh.role = "administrator"
        first = fresh.do(people.make_first_administrator, "Ada Admin", "ada", "apples and pears")
        proof = proof_of(fresh, first, "apples and pears")
        desk = replace(fresh.desk, actor="Ada Admin", person=first, proof=proof)
        demands = Limits(two_for_billing=True), Limits(two_for_refunds_over=0)
        for wanted in demands:
            with pytest.raises(UserError, match="only one here"), fresh.books.write() as session:
                limits.change_limits(session, desk, wanted, "for safety")
        # Neither a clerk nor an auditor can be the second one.
        for role in ("clerk", "auditor", "supervisor"):
            with fresh.books.write() as session:
                people.add_person(session, desk, PersonForm(f"Pat {role}", role, role, "plums and quinces"))
            for wanted in demands:
                may = pytest.raises(UserError, match="only one here") if role != "supervisor" else nullcontext()
                with may, fresh.books.write() as session:
                    limits.change_limits(session, desk, wanted, "for safety")


def refused_then_done(office: StaffedOffice, cents: int, deed: object, *given: object, **more: object) -> None:
    """A supervisor may not waive so much a cent above the limit, and may at the limit."""
    set_limits(office, waiver=cents - 1)
    office.role = "supervisor"
    with pytest.raises(NotPermitted, match=r"A waiver of .* above what a supervisor may do alone"):
        office.do(deed, *given, **more)
    set_limits(office, waiver=cents)
    office.do(deed, *given, **more)
    office.role = "manager"


def test_fees_waived_before_they_are_charged_have_the_limit_of_waivers(office: StaffedOffice) -> None:
    account = office.open(service_cents=3100)
    refused_then_done(office, 1000, credits.waive_before_charged, account, "late-fee:2026-02", "a good customer")
    office.on(1, 3)  # what was waived the day before does not count
    refused_then_done(office, 300, credits.waive_before_charged, account, "paper-statement:2026-02", "a good customer")
    office.on(1, 4)
    paid = office.check(account, 1000, "1")
    waived = frozenset({"returned-bank-fee", "returned-admin-fee"})
    refused_then_done(office, 2500 + 700, payments.return_payment, paid, 700, "the bank erred", waive=waived)


def test_a_waived_reactivation_fee_has_the_limit_of_waivers(office: StaffedOffice) -> None:
    account = office.open(service_cents=3100)
    office.on(3, 2)
    for number in ("2", "3"):
        office.do(collections.suspend, [account])
        office.check(account, office.balance(account), number)
        office.on(4, 2).open("Somebody Else")
        billing.run_billing(office.books, office.desk)
        office.on(5, 2)
    assert office.sql("SELECT count(*) FROM suspension WHERE reactivation = 'proposed'") == [(1,)]
    refused_then_done(office, 3500, collections.waive_reactivation, account, "a good customer")


def test_a_members_waived_fees_have_the_limit_of_waivers(office: StaffedOffice) -> None:
    member = sign_up(office)
    office.do(members.record_work_performed, member)
    office.on(1, 7)
    billing.run_billing(office.books, office.desk)
    paid = office.check(member, office.balance(member), "1")
    refused_then_done(office, 1500, members.change_fee_day, member, 20, waive=True, reason="our mistake")
    waived = frozenset({"late-charge", "dishonored-fee"})
    office.on(1, 8)
    refused_then_done(office, 1500 + 3500, payments.return_payment, paid, 0, "the bank erred", waive=waived)


@pytest.mark.parametrize("what", ["credit", "write_off"])
def test_several_small_ones_on_one_day_are_no_way_around_a_limit(office: StaffedOffice, what: str) -> None:
    account, other = office.open(service_cents=90000), office.open(service_cents=90000)
    set_limits(office, **{what: 10_000})
    service = {"credit": credits.courtesy_credit, "write_off": credits.write_off}[what]
    office.role = "supervisor"
    office.do(service, account, 9_000, "an outage")
    office.do(service, account, 1_000, "exactly to the limit")
    with pytest.raises(NotPermitted, match=r"after 100\.00 on this account the same day") as refused:
        office.do(service, account, 1, "a cent more")
    assert refused.value.role == "manager"
    office.do(service, other, 9_000, "another account")
    office.approver = "manager"
    office.do(service, account, 50_000, "the manager's own decision")
    office.approver = None
    with pytest.raises(NotPermitted, match=r"after 100\.00 on"):
        office.do(service, account, 1, "the manager's does not count, one's own does")
    office.on(1, 3)
    office.do(service, account, 10_000, "another day")


def test_what_a_supervisor_approved_for_clerks_counts_as_the_supervisors(office: StaffedOffice) -> None:
    account = office.open(service_cents=90000)
    set_limits(office, credit=10_000)
    office.role, office.approver = "clerk", "supervisor"
    office.do(credits.courtesy_credit, account, 9_000, "an outage")
    office.role, office.approver = "supervisor", None
    with pytest.raises(NotPermitted, match=r"after 90\.00 on"):
        office.do(credits.courtesy_credit, account, 9_000, "an outage")


def test_fees_waived_in_every_way_count_together(office: StaffedOffice) -> None:
    account = office.open(service_cents=3100)
    office.do(payments.return_payment, office.check(account, 1000, "1"))
    invoice, line = office.sql("SELECT invoice_id, n FROM line WHERE kind = 'returned-admin-fee'")[0]
    set_limits(office, waiver=1000 + 300 + 2500 - 1)
    office.role = "supervisor"
    office.do(credits.waive_before_charged, account, "late-fee:2026-02", "a good customer")
    office.do(credits.waive_before_charged, account, "paper-statement:2026-02", "a good customer")
    with pytest.raises(NotPermitted, match=r"25\.00, after 13\.00 on this account"):
        office.do(credits.waive_charge, invoice, line, "a good customer")
    set_limits(office, waiver=1000 + 300 + 2500)
    office.role = "supervisor"
    office.do(credits.waive_charge, invoice, line, "a good customer")


def test_refunds_of_one_day_count_together(office: StaffedOffice) -> None:
    account = closed_in_credit(office, 1000)
    set_limits(office, refund=1500)
    office.role = "supervisor"
    office.do(refunds.refund_now, account, "moves away")
    office.role = "manager"
    office.check(account, 501, "late")
    office.role = "supervisor"
    with pytest.raises(NotPermitted, match=r"5\.01, after 10\.00 on this account"):
        office.do(refunds.refund_now, account, "a check came late")
    office.approver = "manager"
    office.do(refunds.refund_now, account, "a check came late")


def test_a_members_fee_dates_moved_without_a_fee_count_together(office: StaffedOffice) -> None:
    member = sign_up(office)
    office.do(members.record_work_performed, member)
    office.on(1, 7)
    billing.run_billing(office.books, office.desk)
    office.check(member, office.balance(member), "1")
    set_limits(office, waiver=2 * 1500 - 1)
    office.role = "supervisor"
    office.do(members.change_fee_day, member, 20, waive=True, reason="our mistake")
    with pytest.raises(NotPermitted, match=r"15\.00, after 15\.00 on this account"):
        office.do(members.change_fee_day, member, 21, waive=True, reason="our mistake")
    office.do(members.change_fee_day, member, 21)
    with pytest.raises(NotPermitted, match=r"after 15\.00 on this account"):
        office.do(members.change_fee_day, member, 22, waive=True, reason="one charged does not count")
