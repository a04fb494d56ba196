"""Ctrl+K finds our own refund checks: by number, by amount, by whom they are made out to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support_office import Diary

from app.money import format_cents
from app.services import outstanding, refunds, returneditems, subscriptions
from app.services.search import Hit, find


@pytest.fixture
def office() -> Iterator[Diary]:
    """Ann Ames and Bob Bell, refunded by checks 5001 and 5002 on Feb 2."""
    with Diary() as diary:
        for name in ("Ann Ames", "Bob Bell"):
            diary.on(1, 5)
            account = diary.open(name, 3000 if name == "Ann Ames" else 4000)
            diary.on(1, 10)
            diary.check(account, diary.balance(account), "77")
            diary.on(1, 20)
            diary.do(subscriptions.cancel_account, account)
        diary.on(2, 2)
        diary.do(refunds.run_refunds)
        yield diary
        diary.assert_books_right()


def refund_hits(office: Diary, typed: str) -> list[Hit]:
    return [hit for hit in office.see(find, typed) if hit.kind == "refund check"]


def test_a_refund_check_is_found_by_its_whole_number_before_all_else(office: Diary) -> None:
    (cents,) = office.sql("SELECT cents FROM refund ORDER BY id LIMIT 1")[0]
    first = office.see(find, "5001")[0]
    assert (first.kind, first.id, first.title) == ("refund check", 5001, f"Refund check 5001 for {format_cents(cents)}")
    assert first.detail == "Ann Ames · dated 2026-02-02 · to be printed"
    assert refund_hits(office, "#5001") == [first]


def test_the_beginning_of_a_number_finds_the_newest_first_and_another_number_none(office: Diary) -> None:
    assert [hit.id for hit in refund_hits(office, "500")] == [5002, 5001]
    for typed in ("001", "05001", "5003", "50011"):
        assert refund_hits(office, typed) == [], typed


def test_an_amount_finds_the_refund_checks_of_exactly_that_amount(office: Diary) -> None:
    cents = dict(office.sql("SELECT payee, cents FROM refund"))
    assert cents["Ann Ames"] != cents["Bob Bell"]
    for typed in (format_cents(cents["Bob Bell"]), f"${format_cents(cents['Bob Bell'])}"):
        assert [hit.id for hit in refund_hits(office, typed)] == [5002], typed
    assert [hit.id for hit in refund_hits(office, f"bell {format_cents(cents['Bob Bell'])}")] == [5002]
    assert refund_hits(office, f"ames {format_cents(cents['Bob Bell'])}") == []
    assert refund_hits(office, format_cents(cents["Bob Bell"] + 1)) == []


@pytest.mark.parametrize("typed", ["check 5001", "Check #5001", "ck 5001", "chk. no. 5001", "refund check 5001"])
def test_a_kind_named_before_a_number_is_understood(office: Diary, typed: str) -> None:
    first = office.see(find, typed)[0]
    assert (first.kind, first.id) == ("refund check", 5001)


@pytest.mark.parametrize("typed", ["invoice 1001", "inv #1001", "Invoice No. 1001"])
def test_an_invoice_named_before_its_number_is_the_first_found(office: Diary, typed: str) -> None:
    (number,) = office.sql("SELECT min(id) FROM invoice")[0]
    hits = office.see(find, typed.replace("1001", str(number)))
    assert (hits[0].kind, hits[0].id) == ("invoice", number)
    assert {hit.kind for hit in hits} == {"invoice"}


def test_a_check_named_with_an_amount_finds_those_of_that_amount(office: Diary) -> None:
    (cents,) = office.sql("SELECT cents FROM refund WHERE payee = 'Bob Bell'")[0]
    assert [(hit.kind, hit.id) for hit in office.see(find, f"check ${format_cents(cents)}")] == [("refund check", 5002)]
    assert office.see(find, "refund invoice 5001") == []
    assert office.see(find, "check ames") == office.see(find, "ames check")


def test_a_payees_name_finds_the_account_first_and_its_refund_check_after(office: Diary) -> None:
    assert [hit.kind for hit in office.see(find, "bell bob")] == ["account", "refund check"]
    account = office.sql("SELECT number FROM account WHERE name = 'Bob Bell'")[0][0]
    assert [hit.id for hit in refund_hits(office, account)] == [5002]
    assert refund_hits(office, account[:4]) == []  # a part of a number says nothing of a payee


def test_it_says_how_the_check_stands(office: Diary) -> None:
    office.do(outstanding.confirm_sheets, [5001, 5002], ())
    assert refund_hits(office, "5001")[0].detail.endswith("· outstanding")
    (refund,) = office.sql("SELECT refund_id FROM issued_check WHERE number = 5001")[0]
    office.do(refunds.stop_and_reissue, refund, "lost in the mail")
    assert refund_hits(office, "5001")[0].detail.endswith("· stopped")


def test_a_refund_check_is_no_payment_that_can_come_back(office: Diary) -> None:
    assert office.see(returneditems.find_items, "5001", office.day) == []
