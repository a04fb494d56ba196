"""The customer list, row by row: what a row may hold, and every reason to refuse it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from customer_lists import (
    ADDRESS,
    GOOD,
    OPEN,
    SERVICE,
    VISA,
    account_of,
    as_csv,
    only_column,
    problems_of,
    read_bytes,
    read_rows,
)

from app.services.customerfile import (
    ImportAccount,
    ImportOpenItem,
    ImportService,
)
from app.services.customerfile_header import OPEN_PARTS, SERVICE_PARTS

# What a good row becomes


def test_a_full_row_becomes_an_account_with_cents_and_days(tmp_path: Path) -> None:
    account = account_of(
        tmp_path,
        **(ADDRESS | SERVICE | OPEN | {"state": "sd", "zip": "577011234"}),
        old_number="A-17",
        kind="Business",
        managed="YES",
        phone="605-555-0101",
        address2="Suite 2",
        delivery="paper",
        autopay="card",
        method_label="Visa ending 4242 exp 08/28",
        authorized_on="5/18/2020",
        hourly_rate="$1,110.00",
        status="suspended",
        payer="Solveig Ødegaard",
        notes="Dog.\r\nCall first.",
    )
    assert account == ImportAccount(
        line=2,
        old_number="A-17",
        name="Anna Ødegaard",
        kind="business",
        managed=True,
        email="anna@example.com",
        phone="605-555-0101",
        address=("12 Elm St", "Suite 2", "Rapid City SD 57701-1234"),
        delivery="paper",
        autopay="card",
        method_label="Visa ending 4242 exp 08/28",
        authorized_on=date(2020, 5, 18),
        hourly_rate_cents=111000,
        status="suspended",
        opened_on=date(2020, 5, 17),
        closed_on=None,
        payer="Solveig Ødegaard",
        notes="Dog.\nCall first.",
        services=(ImportService("Fiber 100", 4995, date(2020, 5, 17), date(2026, 11, 30)),),
        open_items=(ImportOpenItem("Monthly services", date(2026, 10, 1), date(2026, 10, 31), 4995),),
        credit_cents=0,
        credit_on=None,
    )


def test_what_may_be_empty_reads_as_none_or_its_default(tmp_path: Path) -> None:
    account = account_of(tmp_path)
    assert (account.managed, account.autopay, account.address) == (False, "none", ())
    assert (account.hourly_rate_cents, account.authorized_on, account.credit_on) == (None, None, None)
    assert (account.services, account.open_items, account.credit_cents) == ((), (), 0)


def test_optional_columns_may_be_missing_from_the_header(tmp_path: Path) -> None:
    file = read_bytes(tmp_path, as_csv(GOOD, header=[*GOOD]).encode())
    assert [account.name for account in file.accounts] == ["Anna Ødegaard"]


def test_groups_are_read_in_the_order_of_their_numbers_and_may_have_gaps(tmp_path: Path) -> None:
    header = [*GOOD, *(f"service{n}_{part}" for n in (10, 2, 5) for part in SERVICE_PARTS)]
    row = GOOD | {key.replace("1", number): value for number in ("10", "2") for key, value in SERVICE.items()}
    row |= {"service2_name": "Two", "service10_name": "Ten"}
    (account,) = read_bytes(tmp_path, as_csv(row, header=header).encode()).accounts
    assert [service.name for service in account.services] == ["Two", "Ten"]


def test_header_names_may_be_written_with_capitals_and_blanks(tmp_path: Path) -> None:
    header = [name.replace("_", " ").title() for name in GOOD]
    content = as_csv(header=header) + ",".join(GOOD.values()) + "\n"
    assert len(read_bytes(tmp_path, content.encode()).accounts) == 1


def test_a_formula_is_just_text(tmp_path: Path) -> None:
    assert account_of(tmp_path, name='=HYPERLINK("x")', notes="+1-1").name == '=HYPERLINK("x")'


def test_names_written_with_separate_accents_are_composed(tmp_path: Path) -> None:
    assert account_of(tmp_path, name="Jose\u0301").name == "Jos\u00e9"


# Values that must be there, and choices


@pytest.mark.parametrize("column", ["name", "kind", "delivery", "status", "opened_on"])
def test_a_required_value_may_not_be_empty(tmp_path: Path, column: str) -> None:
    assert only_column(tmp_path, **{column: " "}) == column


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "farm"),
        ("managed", "maybe"),
        ("delivery", "fax"),
        ("autopay", "prepaid"),
        ("status", "cancelled"),
    ],
)
def test_a_choice_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path, column: str, value: str) -> None:
    ((at, reason),) = problems_of(tmp_path, **{column: value})
    assert at == column
    assert " or " in reason


def test_only_a_business_can_be_managed(tmp_path: Path) -> None:
    assert only_column(tmp_path, managed="yes") == "managed"
    assert account_of(tmp_path, kind="business", managed="yes").managed


def test_delivery_by_email_needs_an_email_and_paper_does_not(tmp_path: Path) -> None:
    assert only_column(tmp_path, email="") == "email"
    assert account_of(tmp_path, email="", delivery="paper").email == ""


@pytest.mark.parametrize(
    "email",
    ["anna", "anna@", "@example.com", "a b@example.com", "anna@example", "a@b@example.com", "a@x..com"],
)
def test_what_is_not_an_email_address_is_refused(tmp_path: Path, email: str) -> None:
    assert only_column(tmp_path, email=email) == "email"


def test_paper_without_an_address_is_remarked_upon_for_the_whole_file(tmp_path: Path) -> None:
    without = read_rows(tmp_path, GOOD | {"delivery": "paper"})
    assert len(without.accounts) == 1
    assert "no address: 1" in without.notes[0]
    assert read_rows(tmp_path, GOOD | {"delivery": "paper"} | ADDRESS).notes == ()


# The address


@pytest.mark.parametrize("column", ["address1", "city", "state", "zip"])
def test_a_part_of_an_address_is_not_enough(tmp_path: Path, column: str) -> None:
    assert only_column(tmp_path, **{**ADDRESS, column: ""}) == column


def test_a_second_line_alone_is_no_address(tmp_path: Path) -> None:
    columns = [column for column, _ in problems_of(tmp_path, address2="Apt 3")]
    assert columns == ["address1", "city", "state", "zip"]


@pytest.mark.parametrize("state", ["XX", "South Dakota", "S"])
def test_a_state_that_is_none_is_refused(tmp_path: Path, state: str) -> None:
    assert only_column(tmp_path, **{**ADDRESS, "state": state}) == "state"


@pytest.mark.parametrize(("text", "kept"), [("57701", "57701"), ("57701-1234", "57701-1234")])
def test_a_zip_code_has_five_or_nine_digits(tmp_path: Path, text: str, kept: str) -> None:
    assert account_of(tmp_path, **{**ADDRESS, "zip": text}).address[-1] == f"Rapid City SD {kept}"


@pytest.mark.parametrize("text", ["5770", "577011", "57701-12", "5770A", "５７７０１", "57701 1234"])
def test_any_other_zip_code_is_refused(tmp_path: Path, text: str) -> None:
    assert only_column(tmp_path, **{**ADDRESS, "zip": text}) == "zip"


# Card and bank numbers


@pytest.mark.parametrize(
    "label",
    [
        VISA,
        "Visa 4242424242424242",
        "4242-4242-4242-4242 exp 08/28",
        "Amex 3782 822463 10005",
        "acct 123456789012",
        "acct 12345678",
        "４２４２ ４２４２ ４２４２ ４２４２",
    ],
)
def test_a_label_with_a_full_number_is_refused_and_not_repeated(tmp_path: Path, label: str) -> None:
    (problem,) = read_rows(tmp_path, GOOD | {"autopay": "card", "method_label": label}).problems
    assert problem.column == "method_label"
    assert "not imported" in problem.reason
    assert sum(character.isdigit() for character in problem.value.partition("exp")[0]) <= 4


@pytest.mark.parametrize("label", ["Visa ending 4242 exp 08/28", "checking ending 1234", "no. 1234567", ""])
def test_a_label_with_an_ending_is_fine(tmp_path: Path, label: str) -> None:
    assert account_of(tmp_path, autopay="card", method_label=label).method_label == label


@pytest.mark.parametrize("column", ["notes", "name", "payer"])
def test_a_card_number_is_found_in_any_text(tmp_path: Path, column: str) -> None:
    assert only_column(tmp_path, **{column: f"card {VISA} on file"}) == column


def test_a_long_number_that_is_no_card_may_stand_in_notes(tmp_path: Path) -> None:
    assert account_of(tmp_path, notes="parcel 4242424242424241").notes == "parcel 4242424242424241"


# Amounts and days


@pytest.mark.parametrize(
    ("text", "cents"),
    [("49.95", 4995), ("$1,234.50", 123450), ("50", 5000), ("0", 0), ("1000000", 10**8)],
)
def test_amounts_are_read_as_cents(tmp_path: Path, text: str, cents: int) -> None:
    assert account_of(tmp_path, **{**SERVICE, "service1_monthly": text}).services[0].monthly_cents == cents


@pytest.mark.parametrize(
    "text", ["49.955", "-1.00", "(1.00)", "−1", "ten", "1,23.00", "1e3", "$", "1000000.01", "=1+1", "9" * 400]
)
def test_amounts_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    assert only_column(tmp_path, **{**SERVICE, "service1_monthly": text}) == "service1_monthly"
    assert only_column(tmp_path, hourly_rate=text) == "hourly_rate"


@pytest.mark.parametrize("text", ["2020-05-17", "5/17/2020", "05/17/2020", " 2020-5-17 "])
def test_days_are_read_as_iso_or_as_written_in_the_us(tmp_path: Path, text: str) -> None:
    assert account_of(tmp_path, opened_on=text).opened_on == date(2020, 5, 17)


@pytest.mark.parametrize(
    "text",
    [
        "17/5/2020",
        "5/17/20",
        "2020-02-30",
        "May 17",
        "20200517",
        "0020-05-17",
        "1899-12-31",
        "２０２０-05-17",
    ],
)
def test_days_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    assert only_column(tmp_path, opened_on=text) == "opened_on"


@pytest.mark.parametrize(
    ("column", "others"),
    [
        ("opened_on", {}),
        ("authorized_on", {}),
        ("service1_since", SERVICE),
        ("open1_date", OPEN | {"open1_due": "2026-12-31"}),
        ("credit_date", {"credit": "5.00"}),
        ("closed_on", {"status": "closed"}),
    ],
)
def test_what_has_happened_cannot_lie_after_the_cutover(tmp_path: Path, column: str, others: dict[str, str]) -> None:
    assert problems_of(tmp_path, **{**others, column: "2026-10-30"}) == []
    assert only_column(tmp_path, **{**others, column: "2026-10-31"}) == column


@pytest.mark.parametrize(("column", "others"), [("service1_billed_through", SERVICE), ("open1_due", OPEN)])
def test_what_is_to_come_may_lie_ahead_but_not_by_more_than_five_years(
    tmp_path: Path, column: str, others: dict[str, str]
) -> None:
    assert problems_of(tmp_path, **{**others, column: "2031-12-31"}) == []
    assert only_column(tmp_path, **{**others, column: "2032-01-01"}) == column


# Closed accounts


def test_a_closed_account_needs_its_day_and_only_it_has_one(tmp_path: Path) -> None:
    assert account_of(tmp_path, status="closed", closed_on="2026-10-29").closed_on == date(2026, 10, 29)
    assert only_column(tmp_path, status="closed") == "closed_on"
    assert only_column(tmp_path, status="suspended", closed_on="2026-10-29") == "closed_on"


def test_an_account_is_not_closed_before_it_was_opened(tmp_path: Path) -> None:
    assert account_of(tmp_path, status="closed", closed_on="2020-05-17").status == "closed"
    assert only_column(tmp_path, status="closed", closed_on="2020-05-16") == "closed_on"


def test_a_closed_account_has_no_services(tmp_path: Path) -> None:
    assert only_column(tmp_path, status="closed", closed_on="2026-10-29", **SERVICE) == "status"


# Services, open items, credits


@pytest.mark.parametrize("part", ["name", "monthly", "since"])
def test_a_service_needs_all_but_billed_through(tmp_path: Path, part: str) -> None:
    assert only_column(tmp_path, **{**SERVICE, f"service1_{part}": ""}) == f"service1_{part}"


def test_a_service_never_billed_has_no_billed_through(tmp_path: Path) -> None:
    assert account_of(tmp_path, **{**SERVICE, "service1_billed_through": ""}).services[0].billed_through is None


def test_billed_through_is_at_the_earliest_the_day_before_the_service_began(tmp_path: Path) -> None:
    assert account_of(tmp_path, **{**SERVICE, "service1_billed_through": "2020-05-16"}).services
    assert only_column(tmp_path, **{**SERVICE, "service1_billed_through": "2020-05-15"}) == ("service1_billed_through")


@pytest.mark.parametrize("part", OPEN_PARTS)
def test_an_open_item_needs_all_its_parts(tmp_path: Path, part: str) -> None:
    assert only_column(tmp_path, **{**OPEN, f"open1_{part}": ""}) == f"open1_{part}"


def test_an_open_item_is_not_due_before_its_date(tmp_path: Path) -> None:
    assert account_of(tmp_path, **{**OPEN, "open1_due": "2026-10-01"}).open_items
    assert only_column(tmp_path, **{**OPEN, "open1_due": "2026-09-30"}) == "open1_due"


def test_an_open_item_is_more_than_zero(tmp_path: Path) -> None:
    assert account_of(tmp_path, **{**OPEN, "open1_amount": "0.01"}).open_items[0].cents == 1
    assert only_column(tmp_path, **{**OPEN, "open1_amount": "0.00"}) == "open1_amount"
    assert only_column(tmp_path, **{**OPEN, "open1_amount": "-5"}) == "open1_amount"


def test_a_credit_is_kept_with_its_day(tmp_path: Path) -> None:
    account = account_of(tmp_path, credit="12.50", credit_date="2026-10-30")
    assert (account.credit_cents, account.credit_on) == (1250, date(2026, 10, 30))


def test_a_credit_and_its_day_need_each_other(tmp_path: Path) -> None:
    assert only_column(tmp_path, credit="12.50") == "credit_date"
    assert only_column(tmp_path, credit_date="2026-10-01") == "credit"


def test_a_credit_of_zero_is_none(tmp_path: Path) -> None:
    account = account_of(tmp_path, credit="0.00", credit_date="2026-10-01", **OPEN)
    assert (account.credit_cents, account.credit_on) == (0, None)


def test_an_account_cannot_have_both_open_items_and_a_credit(tmp_path: Path) -> None:
    assert only_column(tmp_path, credit="0.01", credit_date="2026-10-01", **OPEN) == "credit"
