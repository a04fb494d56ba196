"""Two people at one account: what the other did since it was opened is told, and nothing is written over unseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from staffed_office import StaffedOffice
from support_office import Diary

from app.errors import UserError
from app.models.bulk import fetch_value
from app.models.tables import Base
from app.services import accountforms, accounts, choices, meanwhile, notes, payments, subscriptions
from app.services.accountforms import ContactForm
from app.services.desk import Desk
from app.services.meanwhile import ChangedMeanwhile

pytestmark = pytest.mark.both_databases
NOW = datetime(2026, 1, 2, 17, 42, tzinfo=UTC)
# An action about an account stands here as well, in a table that is asked.
ALSO_ELSEWHERE = {"allocation", "invoice_reversal"}


def sue(diary: Diary) -> Desk:
    return replace(diary.desk, actor="Sue", pc="PC 2", now=lambda: NOW)


def by_sue(diary: Diary, service: object, *given: object) -> None:
    with diary.books.write() as session:
        service(session, sue(diary), *given)  # type: ignore[operator]


def test_every_table_that_names_an_account_and_an_action_is_asked() -> None:
    both = {
        table.name
        for table in Base.metadata.tables.values()
        if {"account_id", "action_id"} <= {column.name for column in table.columns}
    }
    assert both - ALSO_ELSEWHERE == set(meanwhile.BY_ACCOUNT)


def test_nothing_done_is_nothing_told_and_the_mark_is_the_accounts_own() -> None:
    with Diary() as diary:
        ann, bob = diary.open("Ann Ames", 4995), diary.open("Bob Birk", 4995)
        mark = diary.see(meanwhile.last_action, ann)
        assert mark > 0 and diary.see(choices.choices, ann, diary.day).last_action == mark
        by_sue(diary, notes.add_note, bob, "called")
        diary.check(bob, 100, "7")
        assert diary.see(meanwhile.since, ann, mark) is None
        diary.see(meanwhile.refuse_unseen, ann, mark)
        assert diary.see(meanwhile.last_action, ann) == mark < diary.see(meanwhile.last_action, bob)


def test_who_did_what_when_and_both_values_are_told_once_for_each_field() -> None:
    with Diary() as diary:
        account = diary.open("Ann Ames", phone="605-555-0100")
        mark = diary.see(meanwhile.last_action, account)
        by_sue(diary, accounts.change_phone, account, "605-555-0111")
        by_sue(diary, accounts.change_phone, account, "605-555-0122")
        by_sue(diary, accounts.change_address, account, ("9 Oak Ave", "Custer SD 57730"))
        found = diary.see(meanwhile.since, account, mark)
        assert found is not None and len(found.deeds) == 3
        assert found.upto == diary.see(meanwhile.last_action, account)
        deed = found.deeds[0]
        assert (deed.who, deed.pc, deed.at, deed.what) == ("Sue", "PC 2", "10:42 AM", "Changing an address")
        assert found.short == "Sue changed this account at 10:42 AM (PC 2): changing an address, and 2 more changes."
        assert [(field.field, field.before, field.after) for field in found.fields] == [
            ("Phone", "605-555-0100", "605-555-0122"),
            ("Address", "5 Elm St, Hill City SD 57745", "9 Oak Ave, Custer SD 57730"),
        ]


def test_what_was_seen_is_not_told_again_and_what_came_after_is() -> None:
    with Diary() as diary:
        account = diary.open("Ann Ames")
        mark = diary.see(meanwhile.last_action, account)
        by_sue(diary, accounts.change_email, account, "ann@example.org")
        with pytest.raises(ChangedMeanwhile, match="what you typed is kept") as refused:
            diary.see(meanwhile.refuse_unseen, account, mark)
        seen = refused.value.found.upto
        diary.see(meanwhile.refuse_unseen, account, seen)
        by_sue(diary, notes.add_note, account, "called")
        with pytest.raises(ChangedMeanwhile) as again:
            diary.see(meanwhile.refuse_unseen, account, seen)
        assert [deed.what for deed in again.value.found.deeds] == ["Writing a note"]


def test_money_that_moved_is_told_as_well() -> None:
    with Diary() as diary:
        account = diary.open("Ann Ames", 4995)
        payment = diary.check(account, 1000, "12")
        for service, given, words in (
            (payments.reverse_payment, (payment, "wrong account"), "Reversing a payment keyed wrongly"),
            (subscriptions.change_price, (account, "net", 5995, date(2026, 3, 1)), "Changing a price"),
        ):
            mark = diary.see(meanwhile.last_action, account)
            by_sue(diary, service, *given)
            found = diary.see(meanwhile.since, account, mark)
            assert found is not None and found.deeds[0].what == words
        mark = diary.see(meanwhile.last_action, account)
        diary.check(account, 1000, "13")
        assert diary.see(meanwhile.since, account, mark) is not None
        other = diary.open("Bob Birk", 4995)
        mark = diary.see(meanwhile.last_action, other)
        diary.on(2, 1).bill()
        found = diary.see(meanwhile.since, other, mark)
        assert found is not None and [deed.what for deed in found.deeds] == ["The billing run"]


def test_asked_in_the_writing_transaction_the_form_is_not_saved() -> None:
    with Diary() as diary:
        account = diary.open("Ann Ames", phone="605-555-0100")
        mark = diary.see(meanwhile.last_action, account)
        by_sue(diary, accounts.change_phone, account, "605-555-0111")
        form = ContactForm("Ann Ames", ("5 Elm St", "Hill City SD 57745"), "", "605-555-0199")
        with pytest.raises(UserError, match="Somebody else changed"), diary.books.write() as session:
            meanwhile.refuse_unseen(session, account, mark)
            accountforms.change_contact(session, diary.desk, account, form)
        assert diary.see(fetch_value, "SELECT phone FROM account WHERE id = ?", account) == "605-555-0111"


def test_an_action_of_a_signed_in_person_is_told_by_their_name() -> None:
    with StaffedOffice() as office:
        office.role = "supervisor"
        account = office.open("Ann Ames")
        mark = office.see(meanwhile.last_action, account)
        office.do(notes.add_note, account, "called")
        found = office.see(meanwhile.since, account, mark)
        assert found is not None and found.deeds[0].who == "Sue Super"
