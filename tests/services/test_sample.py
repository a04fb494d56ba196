"""The sample office: the shipped list, its shifted copies, and a morning's mail."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UserError
from app.periods import add_months, month_end
from app.services import sample
from app.services.customerfile import ImportAccount, read_customer_file
from app.services.sample import SAMPLE_CUTOVER, SampleCheck, sample_mail, shift_day

ACCOUNTS = sample.read_sample(None, SAMPLE_CUTOVER).accounts
OCTOBER = date(2026, 10, 1)
ZIPS = {
    "Rapid City": {"57701", "57702", "57703"},
    "Box Elder": {"57719"},
    "Summerset": {"57718"},
    "Piedmont": {"57769"},
    "Sturgis": {"57785"},
    "Spearfish": {"57783"},
    "Whitewood": {"57793"},
    "Deadwood": {"57732"},
    "Lead": {"57754"},
    "Belle Fourche": {"57717"},
    "Newell": {"57760"},
    "Hill City": {"57745"},
    "Keystone": {"57751"},
    "Custer": {"57730"},
    "Hot Springs": {"57747"},
    "Hermosa": {"57744"},
}


def owed(account: ImportAccount) -> int:
    return sum(item.cents for item in account.open_items)


def days_late(due_on: date) -> int:
    return (SAMPLE_CUTOVER - due_on).days


def mail() -> list[SampleCheck]:
    return sample_mail(ACCOUNTS, SAMPLE_CUTOVER, 1)


# The shipped list


def test_the_shipped_list_is_what_the_generator_writes() -> None:
    with sample.SAMPLE_LIST.open(encoding="utf-8", newline="") as stream:
        header, *rows = [tuple(cells) for cells in csv.reader(stream)]
    assert header == sample.SAMPLE_COLUMNS
    assert rows == list(sample.sample_rows(sample.SHIPPED_CUSTOMERS))


def test_the_shipped_list_reads_without_problems_or_remarks() -> None:
    file = read_customer_file(sample.SAMPLE_LIST, SAMPLE_CUTOVER)
    assert (file.problems, file.notes) == ((), ())
    assert len(file.accounts) == 480


def test_more_customers_are_added_after_those_of_the_shipped_list() -> None:
    more = sample.read_sample(600, SAMPLE_CUTOVER)
    assert more.problems == ()
    assert len(more.accounts) == 600
    assert more.accounts[:480] == ACCOUNTS
    assert sample.read_sample(7, SAMPLE_CUTOVER).accounts == ACCOUNTS[:7]


def test_another_seed_makes_other_people() -> None:
    names = [{row[1] for row in sample.sample_rows(50, seed)} for seed in (1, 2)]
    assert len(names[0] & names[1]) < 25


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [
        (lambda a: a.kind == "business", 0.18, 0.30),
        (lambda a: a.managed, 0.05, 0.20),
        (lambda a: a.delivery == "paper", 0.20, 0.30),
        (lambda a: a.autopay == "none", 0.50, 0.70),
        (lambda a: a.autopay == "card", 0.15, 0.30),
        (lambda a: a.autopay == "echeck", 0.08, 0.25),
        (lambda a: a.autopay != "none" and a.authorized_on is None, 0.01, 0.06),
        (lambda a: a.status == "suspended", 0.02, 0.10),
        (lambda a: a.status == "closed", 0.02, 0.10),
        (lambda a: any(item.on == OCTOBER for item in a.open_items), 0.50, 0.65),
        (lambda a: a.credit_cents > 0 and a.status != "closed", 0.01, 0.08),
        (lambda a: a.payer, 0.02, 0.12),
        (lambda a: a.hourly_rate_cents is not None, 0.01, 0.06),
        (lambda a: len(a.services) == 1, 0.20, 0.50),
        (lambda a: len(a.services) == 5, 0.005, 0.10),
        (lambda a: any(service.since.day > 1 for service in a.services[1:]), 0.1, 0.9),
    ],
)
def test_each_sort_of_account_has_its_share(share: object, low: float, high: float) -> None:
    assert callable(share)
    assert low <= sum(bool(share(account)) for account in ACCOUNTS) / len(ACCOUNTS) <= high


@pytest.mark.parametrize(("low", "high"), [(-99, 0), (1, 30), (31, 60), (61, 90), (91, 999)])
def test_there_are_arrears_of_every_age(low: int, high: int) -> None:
    late = [account for account in ACCOUNTS if any(low <= days_late(i.due_on) <= high for i in account.open_items)]
    assert len(late) >= 5


def test_closed_accounts_have_credits_with_and_without_an_address_or_owe_or_neither() -> None:
    closed = [account for account in ACCOUNTS if account.status == "closed"]
    assert any(account.credit_cents and account.address for account in closed)
    assert any(account.credit_cents and not account.address for account in closed)
    assert any(account.open_items for account in closed)
    assert any(not account.open_items and not account.credit_cents for account in closed)


def test_october_has_new_accounts_added_services_and_some_not_billed_yet() -> None:
    assert any(account.opened_on > OCTOBER for account in ACCOUNTS)
    later = [s for a in ACCOUNTS if a.opened_on < OCTOBER for s in a.services if s.since > OCTOBER]
    assert any(service.billed_through for service in later)
    assert any(service.billed_through is None for service in later)


def test_whoever_is_suspended_is_past_due() -> None:
    for account in ACCOUNTS:
        if account.status == "suspended":
            assert any(item.due_on < SAMPLE_CUTOVER for item in account.open_items)


def test_all_that_was_billed_is_billed_through_the_end_of_november() -> None:
    through = {service.billed_through for account in ACCOUNTS for service in account.services}
    assert through == {date(2026, 11, 30), None}


def test_open_items_follow_the_rulebook() -> None:
    """ADV-3 for the due dates, ADV-4 for paper, ADV-14 for late fees."""
    for account in ACCOUNTS:
        for place, item in enumerate(account.open_items):
            if not item.description.startswith("Monthly"):
                assert item.due_on == item.on + timedelta(days=30)
                continue
            assert (item.on.day, item.due_on) == (1, month_end(item.on))
            late = any(add_months(earlier.due_on, 1) <= item.on for earlier in account.open_items[:place])
            assert late == item.description.endswith("late fee")
            services = sum(s.monthly_cents for s in account.services if s.since < item.on)
            assert item.cents == services + 300 * (account.delivery == "paper") + 1000 * late


def test_an_activation_is_billed_by_days_through_the_end_of_the_next_month() -> None:
    """ADV-2: Fiber 100 from October 17: 15/31 of 49.95 is 24.17, and November 49.95."""
    rows = (dict(zip(sample.SAMPLE_COLUMNS, row, strict=True)) for row in sample.sample_rows(5000))
    found = next(
        row
        for row in rows
        if (row["service1_monthly"], row["service2_name"], row["open1_description"]) == ("49.95", "", "Activation")
        and row["open1_date"] == "2026-10-17"
    )
    assert (found["open1_amount"], found["open1_due"]) == ("74.12", "2026-11-16")


def test_a_closed_account_is_credited_its_unused_days() -> None:
    """ADV-9: whoever left in the second half of October gets the rest of it and all of November back."""
    leavers = [a for a in ACCOUNTS if a.closed_on and a.closed_on >= OCTOBER]
    assert leavers
    assert all(a.credit_cents > 4995 and a.credit_on == a.closed_on for a in leavers)


def test_everybody_lives_in_the_black_hills_under_the_right_zip_code() -> None:
    seen = set()
    for account in ACCOUNTS:
        if account.address:
            city, zip_code = re.fullmatch(r"(.+) SD (\d{5})(?:-\d{4})?", account.address[-1]).groups()  # type: ignore[union-attr]
            assert zip_code in ZIPS[city]
            seen.add(city)
    assert seen == set(ZIPS)


def test_nobody_can_be_reached_by_telephone_or_mail() -> None:
    for account in ACCOUNTS:
        assert re.fullmatch(r"(605-555-01\d\d)?", account.phone)
        assert re.fullmatch(r"([a-z0-9.]+@(example\.(com|org|net)|[a-z-]+\.example))?", account.email)


def test_names_are_of_many_kinds() -> None:
    names = {account.name for account in ACCOUNTS}
    letters = {letter for name in names for letter in name}
    assert set("øÅüßñíŋȟễạ'") <= letters
    assert any(len(name) > 80 for name in names)
    assert len(names) > 300


def test_no_label_shows_more_than_an_ending_and_an_expiry() -> None:
    labels = {account.method_label for account in ACCOUNTS if account.autopay != "none"}
    assert all(re.fullmatch(r"\w+ ending \d{4} exp \d\d/\d\d|(checking|savings) ending \d{4}", label) for label in labels)


# Shifted to another month


@pytest.mark.parametrize(
    ("day", "months", "shifted"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 11, 30), 1, date(2026, 12, 31)),
        (date(2026, 10, 30), 4, date(2027, 2, 28)),
        (date(2026, 10, 30), 1, date(2026, 11, 30)),
        (date(2026, 10, 29), 16, date(2028, 2, 29)),
        (date(2024, 2, 28), 1, date(2024, 3, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 10, 1), 0, date(2026, 10, 1)),
    ],
)
def test_a_month_end_stays_one_and_other_days_are_clamped(day: date, months: int, shifted: date) -> None:
    assert shift_day(day, months) == shifted


@given(
    st.dates(date(2005, 1, 1), date(2030, 1, 1)),
    st.dates(date(2005, 1, 1), date(2030, 1, 1)),
    st.integers(-300, 300),
)
def test_shifting_never_turns_two_days_round(one: date, other: date, months: int) -> None:
    early, late = sorted((one, other))
    assert shift_day(early, months) <= shift_day(late, months)


def test_the_cutover_falls_into_the_month_asked_for() -> None:
    assert sample.sample_cutover(date(2026, 10, 2)) == SAMPLE_CUTOVER
    assert sample.sample_cutover(date(2027, 2, 15)) == date(2027, 2, 28)
    assert sample.sample_cutover(date(2025, 12, 31)) == date(2025, 12, 30)


def test_all_days_of_an_account_are_shifted_and_the_cards_expire_later() -> None:
    file = sample.read_sample(None, date(2027, 1, 5))
    assert len(file.accounts) == len(ACCOUNTS)
    for before, after in zip(ACCOUNTS, file.accounts, strict=True):
        assert (after.opened_on, after.line) == (shift_day(before.opened_on, 3), before.line)
        for name in ("authorized_on", "closed_on", "credit_on"):
            day = getattr(before, name)
            assert getattr(after, name) == (day and shift_day(day, 3))
        assert {s.billed_through for s in after.services} <= {date(2027, 2, 28), None}
        assert [s.since for s in after.services] == [shift_day(s.since, 3) for s in before.services]
        assert [(i.on, i.due_on, i.cents) for i in after.open_items] == [
            (shift_day(i.on, 3), shift_day(i.due_on, 3), i.cents) for i in before.open_items
        ]
    labels = [(b.method_label, a.method_label) for b, a in zip(ACCOUNTS, file.accounts, strict=True)]
    (before_label, after_label) = next(pair for pair in labels if "exp 11/" in pair[0])
    year = int(before_label[-2:])
    assert after_label == before_label[:-5] + f"02/{year + 1:02d}"


@pytest.mark.parametrize("customers", [0, -1])
def test_fewer_than_one_customer_is_refused(customers: int) -> None:
    with pytest.raises(UserError) as caught:
        sample.read_sample(customers, SAMPLE_CUTOVER)
    assert caught.value.field == "customers"


@pytest.mark.parametrize("day", [date(1999, 12, 31), date(2101, 1, 1), date.max, date.min])
def test_a_year_far_away_is_refused(day: date) -> None:
    with pytest.raises(UserError):
        sample.read_sample(1, day)
    with pytest.raises(UserError):
        sample.sample_cutover(day)


# The morning's mail


def test_the_same_morning_brings_the_same_mail_and_another_one_other_mail() -> None:
    assert mail() == mail()
    assert mail() != sample_mail(ACCOUNTS, SAMPLE_CUTOVER, 2)


@pytest.mark.parametrize("seed", range(20))
def test_a_morning_brings_forty_to_sixty_checks_each_of_something(seed: int) -> None:
    checks = sample_mail(ACCOUNTS, SAMPLE_CUTOVER, seed)
    assert 40 <= len(checks) <= 60
    assert all(check.amount_cents > 0 for check in checks)
    assert all(SAMPLE_CUTOVER - timedelta(days=6) <= check.dated <= SAMPLE_CUTOVER for check in checks)


@pytest.mark.parametrize("seed", range(20))
def test_most_checks_pay_what_is_open_some_less_and_some_more(seed: int) -> None:
    open_cents = {account.line: owed(account) for account in ACCOUNTS}
    known = [c for c in sample_mail(ACCOUNTS, SAMPLE_CUTOVER, seed) if c.account_line is not None]
    gaps = [check.amount_cents - open_cents[check.account_line or 0] for check in known]
    assert sum(gap == 0 for gap in gaps) > len(gaps) * 0.6
    assert any(gap < 0 for gap in gaps)
    assert any(gap > 0 for gap in gaps)


def test_checks_come_only_from_open_accounts_that_owe_and_pay_by_check() -> None:
    by_line = {account.line: account for account in ACCOUNTS}
    for check in mail():
        if check.account_line is not None:
            account = by_line[check.account_line]
            assert (account.autopay, bool(account.open_items)) == ("none", True)
            assert account.status != "closed"


def test_one_check_is_for_two_accounts_of_one_payer() -> None:
    first, second = [check for check in mail() if "two accounts" in check.note]
    assert (first.check_number, first.payer, first.dated) == (second.check_number, second.payer, second.dated)
    assert first.account_line != second.account_line
    payers = {account.line: account.payer for account in ACCOUNTS}
    assert {payers[check.account_line or 0] for check in (first, second)} == {first.payer}


def test_one_check_comes_a_second_time() -> None:
    *earlier, again = mail()
    key = (again.account_line, again.check_number, again.amount_cents, again.dated)
    assert [(c.account_line, c.check_number, c.amount_cents, c.dated) for c in earlier].count(key) == 1


def test_one_check_is_from_somebody_nobody_knows() -> None:
    (check,) = [check for check in mail() if check.account_line is None]
    assert check.payer not in {name for account in ACCOUNTS for name in (account.name, account.payer)}


def test_one_check_comes_from_a_bank_six_days_after_its_date() -> None:
    assert any(c.via_bank and c.dated == SAMPLE_CUTOVER - timedelta(days=6) for c in mail())


@pytest.mark.parametrize("count", range(12))
def test_few_accounts_bring_little_mail(count: int) -> None:
    senders = [account for account in ACCOUNTS if account.autopay == "none" and account.open_items]
    checks = sample_mail(list(islice(senders, count)), SAMPLE_CUTOVER, 1)
    assert len(checks) <= count + 2
    assert bool(checks) == bool(count)


# The office


def test_the_office_is_as_invented_as_its_customers() -> None:
    office = sample.OFFICE
    assert office.phone.startswith("605-555-01")
    assert office.email.endswith(".example")
    assert office.website.endswith(".example")
    assert office.time_zone == "America/Denver"
    assert office.address[-1].startswith("Rapid City SD 577")
    assert office.name
    assert office.bank
