"""Taking over a customer list: what was owed, billed and unearned in the old program goes on as it stood."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_office import Diary, imported, listed

from app.errors import NotPermitted, UserError
from app.models.bulk import insert_ready_rows
from app.periods import ONE_DAY, add_months, month_end, months_between, prorate
from app.services import collections, credits, dayclose, history, importing, ledger, refunds, subscriptions
from app.services.customerfile_types import ImportOpenItem, ImportService
from app.services.gateways.mail import NoMail
from app.services.ledger import Gl

TAKEN_OVER = date(2026, 1, 17)
# 31.00 a month: a day of January is 1.00.
NET = ImportService("net", 3100, date(2025, 3, 1), date(2026, 2, 28))
DECEMBER = ImportOpenItem("December", date(2025, 12, 1), date(2025, 12, 31), 2000)
FEBRUARY = ImportOpenItem("February", date(2026, 1, 1), date(2026, 1, 31), 3100)


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        diary.day = TAKEN_OVER
        yield diary
        diary.assert_books_right()


def balance_of(office: Diary, gl: Gl) -> int:
    return {row.number: row.balance_cents for row in office.see(ledger.trial_balance)}.get(int(gl), 0)


def billed_periods(office: Diary, account: int) -> list[tuple[str, str, int]]:
    rows = office.sql(
        "SELECT period_from, period_to, cents FROM line WHERE account_id = ? AND kind = 'recurring' ORDER BY period_from",
        account,
    )
    return [(row[0], row[1], row[2]) for row in rows]


def test_open_items_become_open_invoices_with_their_own_dates(office: Diary) -> None:
    account = imported(office, open_items=(FEBRUARY, DECEMBER))
    found = {(i.issued_on, i.due_on, i.open_cents) for i in office.see(history.account_invoices, account)}
    assert found == {
        (date(2025, 12, 1), date(2025, 12, 31), 2000),
        (date(2026, 1, 1), date(2026, 1, 31), 3100),
    }
    assert office.balance(account) == 5100
    assert balance_of(office, Gl.OPENING_BALANCES) == -5100


def test_a_payment_goes_to_the_item_that_was_due_first(office: Diary) -> None:
    account = imported(office, open_items=(FEBRUARY, DECEMBER))
    office.check(account, 2500, "1")
    found = {i.due_on: i.open_cents for i in office.see(history.account_invoices, account)}
    assert found == {date(2025, 12, 31): 0, date(2026, 1, 31): 2600}


def test_old_due_dates_count_for_past_due_and_for_the_late_fee(office: Diary) -> None:
    account = imported(office, open_items=(DECEMBER, FEBRUARY), services=(NET,))
    assert office.see(collections.past_due_cents, account, TAKEN_OVER) == 2000
    office.on(2, 1).bill()
    assert [row.kind for row in office.see(history.account_history, account)].count("late-fee") == 1


def test_a_credit_is_kept_with_its_day_and_pays_the_next_invoice(office: Diary) -> None:
    account = imported(office, credit_cents=700, credit_on=date(2025, 11, 3), services=(NET,))
    assert office.balance(account) == -700
    assert office.sql("SELECT business_date, remaining_cents FROM credit") == [("2025-11-03", 700)]
    office.on(2, 1).bill()
    assert [i.open_cents for i in office.see(history.account_invoices, account)] == [3100 - 700]


def test_a_closed_account_with_credit_is_refunded_and_never_billed(office: Diary) -> None:
    account = imported(office, status="closed", closed_on=date(2025, 12, 5), credit_cents=700)
    office.on(2, 2)
    assert office.bill().accounts == 0
    assert office.do(refunds.run_refunds).total_cents == 700
    assert office.balance(account) == 0


def test_a_suspended_account_stays_suspended_until_it_has_paid(office: Diary) -> None:
    account = imported(office, status="suspended", open_items=(DECEMBER,))
    assert office.sql("SELECT status FROM account") == [("suspended",)]
    assert office.do(collections.suspend) == []
    office.on(1, 20).check(account, 1999, "1")
    assert office.sql("SELECT status FROM account") == [("suspended",)]
    office.check(account, 1, "2")
    assert office.sql("SELECT status FROM account") == [("active",)]


def test_what_was_billed_beyond_the_day_is_deferred_and_earned_by_month(office: Diary) -> None:
    imported(office, services=(NET,))
    assert balance_of(office, Gl.DEFERRED_REVENUE) == -(1400 + 3100)
    office.on(2, 28)
    closed = office.do(dayclose.close_day, NoMail())
    assert closed.recognised == ((date(2026, 1, 31), 1400), (date(2026, 2, 28), 3100))
    assert balance_of(office, Gl.DEFERRED_REVENUE) == 0
    assert balance_of(office, Gl.SERVICE_REVENUE) == -4500


@given(
    since=st.dates(date(2025, 6, 1), date(2026, 1, 31)),
    billed_days=st.integers(-40, 130),
    cents=st.integers(100, 20_000),
)
@settings(max_examples=25)
def test_the_unearned_part_is_the_price_of_the_days_after_the_take_over(since: date, billed_days: int, cents: int) -> None:
    billed_through = max(TAKEN_OVER + billed_days * ONE_DAY, since)
    with Diary() as office:
        office.day = TAKEN_OVER
        imported(office, services=(ImportService("net", cents, since, billed_through),))
        pieces = months_between(max(TAKEN_OVER + ONE_DAY, since), billed_through)
        expected = sum(prorate(cents, (b - a).days + 1, month_end(a).day) for a, b in pieces)
        assert -balance_of(office, Gl.DEFERRED_REVENUE) == expected
        office.assert_books_right()


@given(
    since=st.dates(date(2025, 10, 1), date(2026, 1, 31)),
    billed_days=st.none() | st.integers(-60, 90),
    months=st.integers(1, 5),
)
@settings(max_examples=25)
def test_the_cycles_go_on_without_a_gap_or_an_overlap(since: date, billed_days: int | None, months: int) -> None:
    billed = None if billed_days is None else max(TAKEN_OVER + billed_days * ONE_DAY, since)
    with Diary() as office:
        office.day = TAKEN_OVER
        account = imported(office, services=(ImportService("net", 3100, since, billed),))
        for n in range(1, months + 1):
            office.day = add_months(date(2026, 1, 1), n)
            office.bill()
        next_day = since if billed is None else billed + ONE_DAY
        for first, last, _ in billed_periods(office, account):
            assert date.fromisoformat(first) == next_day
            next_day = date.fromisoformat(last) + ONE_DAY
        assert next_day == max(add_months(date(2026, 1, 1), months + 2), (billed or since) + ONE_DAY)
        office.assert_books_right()


def test_the_month_that_the_old_program_billed_is_not_billed_again(office: Diary) -> None:
    account = imported(office, services=(NET,))
    office.on(1, 20)
    assert office.bill().invoices == 0
    office.on(2, 1)
    assert office.bill().invoices == 1
    assert billed_periods(office, account) == [("2026-03-01", "2026-03-31", 3100)]


def test_cancelling_credits_what_the_old_program_billed(office: Diary) -> None:
    account = imported(office, services=(NET,))
    office.on(1, 31)
    office.do(subscriptions.cancel_account, account)
    assert office.balance(account) == -3100
    assert balance_of(office, Gl.DEFERRED_REVENUE) == -1400


def test_cancelling_credits_a_month_that_both_programs_billed_a_part_of(office: Diary) -> None:
    account = imported(office, services=(ImportService("net", 2800, date(2025, 3, 1), date(2026, 2, 14)),))
    office.on(1, 20).bill()
    assert billed_periods(office, account) == [("2026-02-15", "2026-02-28", 1400)]
    office.on(1, 31)
    office.do(subscriptions.cancel_account, account)
    assert office.balance(account) == -1400


def test_cancelling_after_a_new_price_credits_what_the_old_program_billed(office: Diary) -> None:
    account = imported(office, services=(NET,))
    office.on(1, 31)
    office.do(subscriptions.change_price, account, "net", 2800, date(2026, 2, 1))
    office.on(2, 1)
    office.do(subscriptions.cancel_account, account, date(2026, 1, 31))
    assert office.balance(account) == -3100


def test_a_write_off_takes_back_what_the_old_program_billed_ahead(office: Diary) -> None:
    account = imported(office, services=(NET,), open_items=(FEBRUARY,))
    assert office.posted_by(lambda: office.do(credits.write_off, account, 3100, "gone")) == [
        (Gl.DEFERRED_REVENUE, Gl.RECEIVABLE, 3100)
    ]


def test_totals_say_what_was_brought_in(office: Diary) -> None:
    result = office.do(
        importing.import_accounts,
        [
            listed(services=(NET,), open_items=(DECEMBER, FEBRUARY)),
            listed(line=3, old_number="A-2", credit_cents=700),
        ],
    )
    assert result._replace(account_ids=()) == importing.ImportResult((), 1, 2, 5100, 700, 4500)
    assert [office.balance(account) for account in result.account_ids] == [5100, -700]


def test_the_same_list_twice_is_refused_and_nothing_changes(office: Diary) -> None:
    people = [listed(), listed(line=3, old_number="A-2")]
    office.do(importing.import_accounts, people)
    before = office.digest()
    with pytest.raises(UserError, match=r"Line 2: the old number A-1 is in this office already"):
        office.do(importing.import_accounts, people)
    with pytest.raises(UserError, match=r"Line 4: the old number A-2"):
        office.do(importing.import_accounts, [listed(old_number="B-1"), listed(line=4, old_number="A-2")])
    assert office.digest() == before


def test_one_row_that_fails_leaves_nothing_of_the_list(office: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    before = office.digest()

    def fails_at_the_prices(*args: object) -> None:
        if args[1] == "service_price":
            raise RuntimeError("the disk broke")
        insert_ready_rows(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "insert_ready_rows", fails_at_the_prices)
    with pytest.raises(RuntimeError, match="the disk broke"):
        office.do(importing.import_accounts, [listed(), listed(old_number="A-2", services=(NET,))])
    assert office.digest() == before


def test_a_failure_in_a_later_part_takes_the_earlier_parts_back(office: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    before = office.digest()
    monkeypatch.setattr(importing, "_PART", 2)
    people = [listed(line=n + 2, old_number=f"A-{n}") for n in range(5)]

    def full(done: int, of: int) -> None:
        assert of == 5
        if done == 4:
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        office.do(importing.import_accounts, people, progress=full)
    assert office.digest() == before
    assert len(office.do(importing.import_accounts, people).account_ids) == 5


def test_an_empty_list_and_a_clerk_are_refused(office: Diary) -> None:
    with pytest.raises(UserError, match="no account"):
        office.do(importing.import_accounts, [])
    office.role = "supervisor"
    with pytest.raises(NotPermitted):
        office.do(importing.import_accounts, [listed()])
    assert office.sql("SELECT count(*) FROM account") == [(0,)]


def test_a_list_cannot_be_taken_over_on_a_closed_or_future_day(office: Diary) -> None:
    office.do(dayclose.close_day, NoMail())
    with pytest.raises(UserError, match="is closed"):
        office.do(importing.import_accounts, [listed()])
    office.on(1, 19)
    office.today = date(2026, 1, 18)
    with pytest.raises(UserError, match="has not come yet"):
        office.do(importing.import_accounts, [listed()])
