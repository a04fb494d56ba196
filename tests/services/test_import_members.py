"""Members in a customer list: read with every fault named, continued where they stand, written out again."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from services.customer_lists import CUTOVER, GOOD, OPEN, SERVICE, as_csv
from support_members import both_books, sign_up
from support_office import Diary

from app.errors import NotPermitted, UserError
from app.services import (
    autopayanswers,
    collections,
    credits,
    importing,
    importmembers,
    memberplans,
    members,
    payments,
    subscriptions,
)
from app.services.customerfile import CustomerFile, read_customer_file
from app.services.customerfile_export import export_customers
from app.services.loading import card
from app.services.memberstanding import member_standing

MEMBER = GOOD | {"plan": "Premiere", "opened_on": "2026-03-01", "autopay": "bank-draft", "authorized_on": "2026-03-01"}
CHARGED = MEMBER | {"work_performed_on": "2026-03-04", "processing_charged_on": "2026-03-06"}
RUNNING = CHARGED | {"processing_paid_on": "2026-03-06", "next_fee_on": "2026-11-05", "fee_from": "2026-10-05"}


@pytest.fixture
def office() -> Iterator[Diary]:
    with both_books(date(2026, 1, 1)) as diary:
        diary.day = CUTOVER
        yield diary
        diary.assert_books_right()


def read(office: Diary, folder: Path, *rows: dict[str, str]) -> CustomerFile:
    path = folder / "list.csv"
    path.write_text(as_csv(*rows), encoding="utf-8")
    offered = office.see(importmembers.offered, office.day)
    return read_customer_file(path, office.day, offered)


def taken_over(office: Diary, folder: Path, *rows: dict[str, str]) -> list[int]:
    found = read(office, folder, *rows)
    assert found.problems == ()
    return list(office.do(importing.import_accounts, found.accounts).account_ids)


def faults(office: Diary, folder: Path, row: dict[str, str]) -> dict[str, str]:
    found = read(office, folder, row)
    assert found.accounts == () and all(problem.line == 2 for problem in found.problems)
    return {problem.column: problem.reason for problem in found.problems}


def test_a_running_member_goes_on_with_its_fee_date_and_is_charged_no_processing_fee_again(
    office: Diary, tmp_path: Path
) -> None:
    (member,) = taken_over(office, tmp_path, RUNNING)
    assert office.balance(member) == 0
    terms = "SELECT plan, individuals, signed_up_on, work_performed_on, next_fee_on, period_from, fee_day FROM membership"
    assert office.sql(terms) == [("Premiere", 1, "2026-03-01", "2026-03-04", "2026-11-05", "2026-10-05", 5)]
    assert office.bill().invoices == 0
    office.on(11, 5).bill()
    lines = office.sql("SELECT kind, period_from, period_to FROM line WHERE account_id = ? AND cents > 0", member)
    assert lines == [("monthly-fee", "2026-10-05", "2026-11-04")]
    assert office.sql("SELECT next_fee_on FROM membership") == [("2026-12-05",)]


def test_a_member_who_waits_for_work_is_charged_as_any_other(office: Diary, tmp_path: Path) -> None:
    row = MEMBER | {
        "opened_on": "2026-10-28",
        "authorized_on": "",
        "individuals": "3",
        "processing_fee": "75",
        "monthly_fee": "80",
    }
    (member,) = taken_over(office, tmp_path, row)
    office.on(10, 31).do(members.record_work_performed, member)
    office.on(11, 2).bill()
    assert office.balance(member) == 7500
    assert office.sql("SELECT monthly_cents, individuals FROM membership") == [(8000, 3)]


def test_an_open_processing_fee_sets_the_fee_date_when_it_is_paid(office: Diary, tmp_path: Path) -> None:
    (member,) = taken_over(office, tmp_path, CHARGED | {"processing_open": "40.00"})
    assert office.balance(member) == 4000
    assert office.on(11, 1).bill().invoices == 0
    payment = office.on(11, 3).check(member, 4000, "7")
    assert office.sql("SELECT processing_paid_on, next_fee_on FROM membership") == [("2026-11-03", "2026-12-03")]
    office.on(11, 4).do(payments.return_payment, payment)
    assert office.sql("SELECT next_fee_on FROM membership") == [(None,)]
    assert office.sql("SELECT clause FROM line WHERE kind = 'late-charge'") == [("ARR-6",)], "it had never failed before"


def test_suspended_and_closed_members_and_what_they_owe(office: Diary, tmp_path: Path) -> None:
    suspended, closed = taken_over(
        office,
        tmp_path,
        RUNNING | OPEN | {"status": "suspended", "open1_due": "2026-10-10"},
        CHARGED | {"name": "Gone", "processing_paid_on": "2026-03-06", "status": "closed", "closed_on": "2026-08-01"},
    )
    office.on(11, 3).check(suspended, 4995, "1")
    assert office.see(card, suspended).status == "active"
    assert office.on(11, 5).bill().invoices == 1
    assert office.see(card, closed).status == "closed"
    standing = office.see(lambda session: member_standing(session, card(session, closed), office.day))
    assert standing is not None and "ended" in standing.sentence


def test_a_fee_taken_over_open_costs_the_plans_late_charge_when_it_first_fails(office: Diary, tmp_path: Path) -> None:
    (member,) = taken_over(office, tmp_path, RUNNING | OPEN | {"plan": "Optimize", "open1_due": "2026-10-05"})
    office.do(autopayanswers.record_attempt, member, approved=False)
    office.on(10, 31).do(autopayanswers.record_attempt, member, approved=False)
    late = office.sql("SELECT clause, cents FROM line WHERE kind = 'late-charge' ORDER BY invoice_id")
    assert late == [("ARR-6", 500), ("ARR-7", 1500)]


def test_the_end_of_a_month_stays_the_fee_day(office: Diary, tmp_path: Path) -> None:
    row = RUNNING | {"processing_paid_on": "2026-05-01", "fee_from": "", "next_fee_on": "2026-11-30", "fee_day": "31"}
    office.on(10, 31)
    taken_over(office, tmp_path, row)
    assert office.sql("SELECT period_from FROM membership") == [("2026-10-31",)]
    office.on(11, 30).bill()
    assert office.sql("SELECT next_fee_on FROM membership") == [("2026-12-31",)]


@pytest.mark.parametrize(
    ("cutover", "cells", "ended_on", "cents"),
    [
        # 99.00 for 11 of the period's days: from Oct 31 of 30, from Jan 31 of 28, from the day paid of 30.
        (date(2026, 11, 1), {"next_fee_on": "2026-11-30", "fee_day": "31"}, date(2026, 11, 10), 3630),
        (date(2027, 2, 1), {"next_fee_on": "2027-02-28", "fee_day": "31"}, date(2027, 2, 10), 3889),
        (date(2026, 10, 30), {"processing_paid_on": "2026-10-20", "next_fee_on": "2026-11-19"}, date(2026, 10, 30), 3630),
    ],
)
def test_an_empty_fee_from_is_the_fee_date_before_or_the_day_the_processing_fee_was_paid(
    office: Diary, tmp_path: Path, cutover: date, cells: dict[str, str], ended_on: date, cents: int
) -> None:
    office.day = CUTOVER if cutover < CUTOVER else cutover
    path = tmp_path / "list.csv"
    path.write_text(as_csv(RUNNING | {"fee_from": ""} | cells), encoding="utf-8")
    found = read_customer_file(path, cutover, office.see(importmembers.offered, cutover))
    assert found.problems == ()
    (member,) = office.do(importing.import_accounts, found.accounts).account_ids
    office.day = ended_on
    office.do(subscriptions.cancel_account, member)
    assert office.sql("SELECT cents FROM line WHERE account_id = ? AND kind = 'final-fee'", member) == [(cents,)]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"processing_paid_on": "2026-10-10", "fee_from": "2026-10-10"}, "first monthly fee falls on 2026-11-09 or later"),
        ({"fee_from": "", "next_fee_on": "2026-12-05"}, "after the cut-over"),
        ({"instructed_on": "2026-03-07"}, "must lie from 2026-03-01 through 2026-03-06"),
        (
            {
                "processing_paid_on": "",
                "next_fee_on": "",
                "fee_from": "",
                "processing_fee": "60",
                "processing_open": "60.01",
            },
            "60.01 cannot be open of a processing fee of 60.00",
        ),
        ({"instructed_on": "2026-02-28"}, "must lie from 2026-03-01 through 2026-03-06"),
    ],
)
def test_days_that_the_policy_speaks_against_are_refused_at_the_import(
    office: Diary, tmp_path: Path, cells: dict[str, str], said: str
) -> None:
    found = read(office, tmp_path, RUNNING | cells)
    assert found.problems == ()
    with pytest.raises(UserError, match=f"Line 2: .*{said}"):
        office.do(importing.import_accounts, found.accounts)


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ({"plan": "Gold"}, "plan", "no such plan"),
        ({"plan": ""}, "plan", "needs a plan"),
        ({"policy": "gym"}, "policy", "no such policy"),
        ({"policy": "isp-advance"}, "policy", "bills services, not plans"),
        ({"autopay": "echeck"}, "autopay", "bank-draft"),
        ({"individuals": "0"}, "individuals", "whole number"),
        ({"individuals": "two"}, "individuals", "whole number"),
        ({"monthly_fee": "-1"}, "monthly_fee", "negative"),
        ({"work_performed_on": "2026-02-28"}, "work_performed_on", "before the member signed up"),
        ({"work_performed_on": ""}, "work_performed_on", "on which day"),
        ({"work_performed_on": "2026-11-01"}, "work_performed_on", "after the cut-over day"),
        ({"processing_charged_on": "2026-03-03"}, "processing_charged_on", "before work was performed"),
        ({"processing_charged_on": ""}, "processing_charged_on", "on which day"),
        ({"processing_paid_on": "2026-03-05"}, "processing_paid_on", "before the fee was charged"),
        ({"processing_paid_on": ""}, "processing_open", "how much of it is still open"),
        ({"processing_open": "5"}, "processing_open", "leave this empty"),
        ({"next_fee_on": ""}, "next_fee_on", "which?"),
        ({"fee_from": "2026-11-05"}, "fee_from", "must cover days before it"),
        ({"fee_from": "2026-10-31"}, "fee_from", "after the cut-over day"),
        ({"next_fee_on": "2026-10-29", "fee_from": "2026-09-29"}, "next_fee_on", "before the cut-over day"),
        ({"next_fee_on": "2026-12-31"}, "next_fee_on", "a month would be lost"),
        ({"fee_from": "2026-03-05"}, "fee_from", "before the processing fee was paid"),
        ({"fee_day": "6"}, "fee_day", "does not fall on that day"),
        ({"fee_day": "32"}, "fee_day", "whole number"),
        ({"hourly_rate": "90"}, "hourly_rate", "no hourly rate"),
        ({"suspended_on": "2026-09-01"}, "suspended_on", "only a suspended one"),
        ({"status": "suspended", "suspended_on": "2026-02-01"}, "suspended_on", "before the account was opened"),
        (SERVICE, "service1_name", "a plan and no services"),
        ({"status": "closed", "closed_on": "2026-09-01"}, "next_fee_on", "no fee date"),
    ],
)
def test_a_fault_of_a_members_row_is_named_at_its_column(
    office: Diary, tmp_path: Path, cells: dict[str, str], column: str, said: str
) -> None:
    assert said in faults(office, tmp_path, RUNNING | cells)[column]


def test_a_fee_date_before_the_fee_is_paid_and_a_credit_beside_an_open_fee_are_faults(office: Diary, tmp_path: Path) -> None:
    assert (
        "before the processing fee is paid"
        in faults(office, tmp_path, MEMBER | {"next_fee_on": "2026-11-05"})["next_fee_on"]
    )
    row = CHARGED | {"processing_open": "1", "credit": "5", "credit_date": "2026-10-01"}
    assert "both an open processing fee and a credit" in faults(office, tmp_path, row)["credit"]


def test_an_office_without_members_refuses_them_and_a_list_read_without_the_office_is_checked_at_the_import(
    office: Diary, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(as_csv(RUNNING), encoding="utf-8")
    unchecked = read_customer_file(path, CUTOVER)
    with Diary(date(2026, 1, 1)) as isp:
        isp.day = CUTOVER
        assert "no policy for members" in faults(isp, tmp_path, RUNNING)["plan"]
        with pytest.raises(UserError, match="Line 2: this office has no policy for members"):
            isp.do(importing.import_accounts, unchecked.accounts)
    path.write_text(as_csv(RUNNING | {"plan": "Gold"}), encoding="utf-8")
    with pytest.raises(UserError, match="Line 2: “Gold” is no plan"):
        office.do(importing.import_accounts, read_customer_file(path, CUTOVER).accounts)
    path.write_text(as_csv(RUNNING | {"policy": "isp-advance"}), encoding="utf-8")
    with pytest.raises(UserError, match="no policy isp-advance for members"):
        office.do(importing.import_accounts, read_customer_file(path, CUTOVER).accounts)


def _kept(path: Path) -> list[dict[str, str]]:
    """The rows of a list, but for what the new office gives anew: numbers, and open items under them."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        row.pop("old_number")
        for column in list(row):
            if column.endswith("_description"):
                row[column] = row[column].partition(": ")[2]
    return rows


def test_a_list_written_by_one_office_is_taken_over_by_another_and_written_the_same_again(
    office: Diary, tmp_path: Path
) -> None:
    home = office.on(1, 2).open("Home, “with” quotes", 3100, phone="605-555-0100", email="h@example.net")
    office.open("In credit", address=("1 Elm St", "Unit 4", "Lead SD 57754"), delivery="paper")
    office.on(1, 5).check(home + 1, 700, "1")
    form = {"autopay": "card", "email": "m@example.net"}
    running, _waiting, unpaid, gone = (sign_up(office.on(2, 1), f"Member {n}", **form) for n in range(4))
    for member in (running, unpaid, gone):
        office.on(2, 2).do(members.record_work_performed, member)
    office.on(2, 6).bill()
    for member, number in ((running, "2"), (gone, "3")):
        office.check(member, 6000, number)
    office.check(unpaid, 2000, "4")
    office.on(3, 8).bill()
    office.check(running, office.balance(running), "5")
    office.on(3, 9).do(members.change_fee_day, running, 31)
    office.do(memberplans.change_plan, running, "Limited", 7000, date(2026, 3, 31))
    office.on(4, 1).bill()
    office.do(collections.suspend)
    office.do(credits.courtesy_credit, gone, office.balance(gone), "moving away")
    office.do(subscriptions.cancel_account, gone)
    first, again = tmp_path / "first.csv", tmp_path / "again.csv"
    assert office.on(4, 2).do(export_customers, first) == 6
    assert {row["status"] for row in _kept(first)} == {"active", "suspended", "closed"}
    with both_books(date(2026, 1, 1)) as other:
        other.on(4, 2)
        found = read_customer_file(first, other.day, other.see(importmembers.offered, other.day))
        assert found.problems == ()
        other.do(importing.import_accounts, found.accounts)
        balances = "SELECT name, balance_cents, status FROM account ORDER BY id"
        assert other.sql(balances) == office.sql(balances)
        other.do(export_customers, again)
        assert _kept(again) == _kept(first)
        # What both offices bill next is the same.
        for diary in (office, other):
            diary.on(5, 1).bill()
        new = "SELECT a.name, l.kind, l.cents, l.period_from, l.period_to FROM line l JOIN invoice i ON i.id = l.invoice_id "
        new += "JOIN account a ON a.id = l.account_id WHERE i.issued_on = '2026-05-01' ORDER BY 1, 2, 4"
        assert other.sql(new) == office.sql(new) != []
        other.assert_books_right()


def test_only_a_manager_gives_the_list_out_and_a_folder_that_is_not_there_is_said(office: Diary, tmp_path: Path) -> None:
    office.open("Home", 3100)
    with pytest.raises(UserError, match="cannot be written"):
        office.do(export_customers, tmp_path / "no" / "list.csv")
    office.role = "supervisor"
    with pytest.raises(NotPermitted):
        office.do(export_customers, tmp_path / "list.csv")
    assert not (tmp_path / "list.csv").exists()
