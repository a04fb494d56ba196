"""The office's own data, its boxes of checks, and its policies in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support_office import FORM, Diary

from app.errors import NotPermitted, UserError
from app.services import checkstock, depositpaper, deposits, subscriptions
from app.services.checkstock import add_box
from app.services.office import FIRST_CHECK_NUMBER, is_routing_number, office_form, update_office
from app.services.policiesinforce import policies_in_force
from app.services.refunds import run_refunds


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary


def test_everything_that_was_changed_is_read_back(office: Diary) -> None:
    changed = replace(
        FORM,
        name="New Name",
        address=("2 Main St", "Custer SD 57730"),
        bank_routing="091000019",
        bank_account_last4="1234",
        statement_message="Hello",
        email="a@example.net",
    )
    office.do(update_office, changed, "moved")
    assert office.see(office_form) == changed


def test_the_offices_texts_are_kept_in_lines_without_hidden_signs_and_never_endless(office: Diary) -> None:
    typed = replace(
        FORM,
        name=" The \u202eeciffO\0 ",
        address=("2 Main St\nSuite 5", "  ", "Custer SD 57730\u2066"),
        phone="605\t555-0100",
        statement_message="Thank you\r\nfor paying\x07 early",
    )
    office.do(update_office, typed, "moved")
    kept = office.see(office_form)
    assert (kept.name, kept.address) == ("The eciffO", ("2 Main St Suite 5", "Custer SD 57730"))
    assert (kept.phone, kept.statement_message) == ("605 555-0100", "Thank you\nfor paying  early")
    for endless in ({"name": "x" * 201}, {"website": "x" * 5_000}, {"statement_message": "x" * 1_001}):
        with pytest.raises(UserError, match="at most"):
            office.do(update_office, replace(FORM, **endless), "moved")
    assert office.see(office_form) == kept


@pytest.mark.parametrize(
    ("known", "field"),
    [
        ({"name": " "}, "name"),
        ({"address": ("1 Main St",)}, "address"),
        ({"email": "nobody"}, "email"),
        ({"bank_routing": "091000018"}, "routing"),
        ({"bank_routing": "9100001"}, "routing"),
        ({"bank_account_last4": "12345"}, "last4"),
        ({"bank_account_last4": "12a4"}, "last4"),
    ],
)
def test_data_that_cannot_be_right_names_its_input_and_changes_nothing(
    office: Diary, known: dict[str, str], field: str
) -> None:
    with pytest.raises(UserError) as refused:
        office.do(update_office, replace(FORM, **known), "why")  # type: ignore[arg-type]
    assert refused.value.field == field
    assert office.see(office_form) == FORM


def test_the_offices_data_need_a_manager_and_a_reason(office: Diary) -> None:
    with pytest.raises(UserError, match="needs a reason"):
        office.do(update_office, replace(FORM, phone="1"), "  ")
    office.role = "supervisor"
    with pytest.raises(NotPermitted):
        office.do(update_office, replace(FORM, phone="1"), "why")


def test_a_routing_number_has_nine_digits_and_a_right_sum() -> None:
    assert is_routing_number("091000019") and is_routing_number("021000021")
    for wrong in ("091000018", "0910000190", "09100001", "09100001x", "²91000019", ""):
        assert not is_routing_number(wrong)


def test_a_box_may_begin_right_after_another_and_not_within_it(office: Diary) -> None:
    (first,) = office.see(checkstock.boxes)
    assert (first.next_number, first.left) == (FIRST_CHECK_NUMBER, first.last_number - FIRST_CHECK_NUMBER + 1)
    with pytest.raises(UserError, match="two boxes"):
        office.do(add_box, "B", "voucher-top", first.last_number, first.last_number + 9)
    office.do(add_box, "B", "voucher-middle", first.last_number + 1, first.last_number + 1)
    assert [box.left for box in office.see(checkstock.boxes)] == [first.left, 1]


def test_a_number_that_was_spent_is_in_no_new_box(office: Diary) -> None:
    office.on(1, 5)
    account = office.open()
    office.check(account, 1000, "1")
    office.do(subscriptions.cancel_account, account)
    office.on(1, 15).do(run_refunds)
    with pytest.raises(UserError, match=f"{FIRST_CHECK_NUMBER} was used before"):
        office.do(add_box, "B", "voucher-top", 1, FIRST_CHECK_NUMBER)
    office.do(add_box, "B", "voucher-top", 1, FIRST_CHECK_NUMBER - 1)


@pytest.mark.parametrize(
    ("name", "layout", "first", "last", "field"),
    [
        (" ", "voucher-top", 1, 9, "name"),
        ("B", "wallet", 1, 9, "layout"),
        ("B", "voucher-top", 9, 8, "last"),
        ("B", "voucher-top", 0, 8, "last"),
        ("B", "voucher-top", 1, checkstock.HIGHEST_NUMBER + 1, "last"),
    ],
)
def test_a_box_that_makes_no_sense_names_its_input(
    office: Diary, name: str, layout: str, first: int, last: int, field: str
) -> None:
    with pytest.raises(UserError) as refused:
        office.do(add_box, name, layout, first, last)
    assert refused.value.field == field


def test_a_clerk_adds_no_box(office: Diary) -> None:
    office.role = "clerk"
    with pytest.raises(NotPermitted):
        office.do(add_box, "B", "voucher-top", 1, 9)


def test_every_value_of_the_policy_has_words_and_a_clause(office: Diary) -> None:
    rows = office.see(policies_in_force, date(2026, 1, 1))
    assert all(row.policy == "isp-advance" and row.meaning and row.value and row.clause.startswith("ADV-") for row in rows)
    values = {row.meaning: row.value for row in rows}
    assert values["Re-activation fee"] == "35.00" and values["Services are billed while suspended"] == "yes"
    assert values["A new service is first billed"] == "on the day it starts"


def test_the_ticket_of_a_deposit_lies_in_its_folder(office: Diary, tmp_path: Path) -> None:
    office.on(1, 5).check(office.open(), 700, "1")
    deposit = office.do(deposits.make_deposit)
    path = office.see(depositpaper.print_deposit_ticket, deposit, tmp_path / "deposits")
    assert path.name == f"deposit-2026-01-05-{deposit}.pdf" and path.read_bytes().startswith(b"%PDF")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        office.see(depositpaper.print_deposit_ticket, deposit, tmp_path / "file")
