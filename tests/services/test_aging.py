"""Aging by days past due, as the books stand and as they stood at the end of any day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from support_histories import KINDS, History, Step, ends_of_days, steps
from support_office import Diary, imported

from app.services import aging, collections, credits, payments, refunds, subscriptions
from app.services.aging import AgingRow
from app.services.customerfile_types import ImportOpenItem

NET = 3100
DUE = date(2026, 1, 31)


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def one(office: Diary, on: date, *, as_of: bool = False) -> tuple[int, ...]:
    """The only account's buckets: not due, 1-30, 31-60, 61-90, over 90, credit."""
    (row,) = office.see(aging.aging, on, as_of=as_of)
    return tuple(row[1:])


@pytest.mark.parametrize(
    ("days", "bucket"), [(0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (400, 4)]
)
@pytest.mark.parametrize("as_of", [False, True])
def test_an_invoice_is_in_the_bucket_of_its_days_past_due(office: Diary, days: int, bucket: int, as_of: bool) -> None:
    office.open(service_cents=NET)  # due in 30 days
    expected = [0] * 6
    expected[bucket] = 2 * NET
    assert one(office, DUE + timedelta(days=days), as_of=as_of) == tuple(expected)


def test_each_invoice_is_in_its_own_bucket_and_totals_add_up(office: Diary) -> None:
    account = office.open(service_cents=NET)
    for month in (2, 3):
        office.on(month, 1).bill()
    office.on(3, 15)
    # The activation, due January 31; February's cycle; March's with a late fee, not due yet.
    assert one(office, office.day) == (NET + 1000, NET, 2 * NET, 0, 0, 0)
    assert sum(one(office, office.day)) == office.balance(account)
    imported(office, credit_cents=700)
    rows = office.see(aging.aging, office.day)
    assert aging.totals(rows) == (NET + 1000, NET, 2 * NET, 0, 0, -700)


def test_a_part_payment_leaves_the_rest_in_the_oldest_bucket(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 20).check(account, 200, "1")
    assert one(office, office.day) == (0, 2 * NET - 200, 0, 0, 0, 0)


def test_an_invoice_paid_later_was_open_then(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(3, 10).check(account, 2 * NET, "1")
    assert office.see(aging.aging, office.day) == office.see(aging.aging, office.day, as_of=True) == []
    assert one(office, date(2026, 3, 9), as_of=True) == (0, 0, 2 * NET, 0, 0, 0)


def test_a_payment_that_came_back_later_was_good_then(office: Diary) -> None:
    account = office.open(service_cents=NET)
    payment = office.on(1, 5).check(account, 2 * NET, "1")
    office.on(2, 5).do(payments.return_payment, payment, 0)
    assert office.see(aging.aging, date(2026, 2, 4), as_of=True) == []
    assert one(office, date(2026, 2, 5), as_of=True) == (2500, 2 * NET, 0, 0, 0, 0)
    assert one(office, date(2026, 1, 4), as_of=True) == (2 * NET, 0, 0, 0, 0, 0)


def test_credit_is_shown_apart_and_was_there_before_it_was_used(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 5).check(account, 3 * NET, "1")
    office.on(2, 1).bill()
    assert office.see(aging.aging, office.day) == []
    assert one(office, date(2026, 1, 31), as_of=True) == (0, 0, 0, 0, 0, -NET)


def refunded(office: Diary) -> tuple[int, int]:
    """Cancelled on January 17, a payment of 50.00 left 33.00 over, refunded on February 2."""
    account = office.open(service_cents=NET)
    office.on(1, 17).do(subscriptions.cancel_account, account)
    payment = office.check(account, 5000, "1")
    office.on(2, 2).do(refunds.run_refunds)
    return account, payment


def test_a_refund_whose_payment_came_back_is_owed_but_never_past_due(office: Diary) -> None:
    account, payment = refunded(office)
    office.on(2, 10).do(payments.return_payment, payment, 0)
    much_later = date(2027, 2, 10)
    # 17.00 of the invoice that it had paid and the fee are past due; the 33.00 refunded are not.
    for as_of in (False, True):
        assert one(office, much_later, as_of=as_of) == (3300, 0, 0, 0, 1700 + 2500, 0)
    assert office.see(collections.past_due_cents, account, much_later) == 1700 + 2500
    assert office.see(aging.aging, date(2026, 2, 9), as_of=True) == []


def test_a_void_refund_is_a_credit_again_from_that_day(office: Diary) -> None:
    account, _ = refunded(office)
    office.on(2, 20).do(refunds.void_refund, office.see(refunds.latest_refund, account), "lost")
    assert one(office, office.day) == one(office, office.day, as_of=True) == (0, 0, 0, 0, 0, -3300)
    assert office.see(aging.aging, date(2026, 2, 19), as_of=True) == []
    assert one(office, date(2026, 2, 1), as_of=True) == (0, 0, 0, 0, 0, -3300)


def test_a_refund_voided_after_its_payment_came_back_was_owed_in_between(office: Diary) -> None:
    account, payment = refunded(office)
    office.on(2, 10).do(payments.return_payment, payment, 0)
    office.on(2, 20).do(refunds.void_refund, office.see(refunds.latest_refund, account), "lost")
    assert sum(one(office, office.day)) == 1700 + 2500
    assert one(office, date(2026, 2, 19), as_of=True) == (3300 + 2500, 1700, 0, 0, 0, 0)


def test_a_write_off_leaves_nothing_to_age(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 20).do(credits.write_off, account, 2 * NET, "gone")
    assert office.see(aging.aging, office.day) == []
    assert one(office, date(2026, 2, 19), as_of=True) == (0, 2 * NET, 0, 0, 0, 0)


def test_an_imported_item_is_aged_by_its_old_due_date(office: Diary) -> None:
    imported(office, open_items=(ImportOpenItem("old", date(2025, 9, 1), date(2025, 9, 30), 800),))
    assert one(office, office.day) == one(office, office.day, as_of=True) == (0, 0, 0, 0, 800, 0)


@given(steps([kind for kind in KINDS if kind not in ("reprint", "receipts")], least=20, most=40))
@settings(max_examples=30)
def test_as_of_a_day_is_what_was_seen_at_the_end_of_that_day(history: list[Step]) -> None:
    seen: dict[date, list[AgingRow]] = {}

    def look(office: History) -> None:
        rows = office.diary.see(aging.aging, office.diary.day)
        aged = {row.account_id: row.balance_cents for row in rows}
        owing: dict[int, int] = dict(office.diary.sql("SELECT id, balance_cents FROM account WHERE balance_cents <> 0"))
        assert {account: cents for account, cents in aged.items() if cents} == owing
        seen[office.diary.day] = rows

    found = ends_of_days(history, look)
    for day, rows in seen.items():
        assert found.diary.see(aging.aging, day, as_of=True) == rows, day
    found.diary.close()
