"""The list of accounts: what each choice keeps, the orders, the rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from support_office import Diary, imported

from app.services import accountlist, collections, subscriptions
from app.services.accountlist import ORDERS, OWING, AccountFilter
from app.services.customerfile_types import ImportOpenItem

NET = 3100


@pytest.fixture
def office() -> Iterator[Diary]:
    """Ames owes since January, Baker has credit, Clark is closed, Dunn is settled and on paper with a card."""
    with Diary() as diary:
        diary.open("Ann Ames", NET)
        diary.check(diary.open("bob baker"), 500, "1")
        clark = diary.open("Cid Clark")
        diary.open("Dee Dunn", delivery="paper", autopay="card", method_label="Visa 4242")
        diary.do(subscriptions.cancel_account, clark)
        yield diary


def names(office: Diary, order: str = "", *, descending: bool = False, **chosen: str) -> list[str]:
    found = office.see(accountlist.account_ids, AccountFilter(**chosen), office.day, order, descending=descending)
    rows = office.see(accountlist.account_rows, found.ids, office.day)
    return [row.name.split()[1].title() for row in rows]


def test_without_a_choice_all_accounts_are_listed_by_name(office: Diary) -> None:
    assert names(office) == ["Ames", "Baker", "Clark", "Dunn"]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"status": "closed"}, ["Clark"]),
        ({"status": "active"}, ["Ames", "Baker", "Dunn"]),
        ({"owing": "owes"}, ["Ames"]),
        ({"owing": "credit"}, ["Baker"]),
        ({"owing": "settled"}, ["Clark", "Dunn"]),
        ({"delivery": "paper"}, ["Dunn"]),
        ({"autopay": "card"}, ["Dunn"]),
        ({"autopay": "none", "status": "active"}, ["Ames", "Baker"]),
        ({"policy": "isp-advance"}, ["Ames", "Baker", "Clark", "Dunn"]),
        ({"policy": "membership-arrears"}, []),
        ({"typed": "dunn"}, ["Dunn"]),
        ({"typed": "dunn", "status": "closed"}, []),
        ({"typed": "nobody at all"}, []),
    ],
)
def test_a_choice_keeps_the_accounts_that_fit(office: Diary, chosen: dict[str, str], expected: list[str]) -> None:
    assert names(office, **chosen) == expected


@pytest.mark.parametrize(
    ("days", "fits"),
    [
        (0, ""),
        (1, "past-due"),
        (30, "past-due"),
        (31, "past-due-30"),
        (61, "past-due-60"),
        (90, "past-due-60"),
        (91, "past-due-90"),
    ],
)
def test_past_due_counts_from_the_day_after_the_due_date(office: Diary, days: int, fits: str) -> None:
    office.day = date.fromordinal(date(2026, 1, 31).toordinal() + days)
    reached = [owing for owing in OWING if owing.startswith("past-due") and names(office, owing=owing)]
    steps = ["past-due", "past-due-30", "past-due-60", "past-due-90"]
    assert reached == (steps[: steps.index(fits) + 1] if fits else [])


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_lists_everybody_both_ways(office: Diary, order: str) -> None:
    assert (
        sorted(names(office, order)) == sorted(names(office, order, descending=True)) == ["Ames", "Baker", "Clark", "Dunn"]
    )


def test_orders_by_what_is_owed_and_since_when(office: Diary) -> None:
    imported(office, name="Old Evans", open_items=(ImportOpenItem("x", date(2025, 9, 1), date(2025, 9, 30), 800),))
    office.on(2, 10)
    assert names(office, "past_due", descending=True)[:2] == ["Ames", "Evans"]
    # Who is not past due comes last, whichever way the dates go.
    assert names(office, "since")[:2] == ["Evans", "Ames"]
    assert names(office, "since", descending=True)[:2] == ["Ames", "Evans"]
    assert names(office, "balance")[0] == "Baker"


def test_a_row_says_what_is_past_due_and_when_the_next_bill_comes(office: Diary) -> None:
    office.on(2, 10)
    ids = office.see(accountlist.account_ids, AccountFilter(), office.day).ids
    ames, baker, clark, dunn = office.see(accountlist.account_rows, ids, office.day)
    assert (ames.past_due_cents, ames.past_due_since, ames.balance_cents) == (2 * NET, date(2026, 1, 31), 2 * NET)
    assert ames.next_bill_on == office.day  # February's bill has not been made
    assert baker.next_bill_on is None  # nothing to bill without a service
    assert (clark.status, clark.next_bill_on) == ("closed", None)
    assert (dunn.autopay, dunn.method_label, dunn.authorized_on) == ("card", "Visa 4242", date(2026, 1, 1))
    office.bill()
    assert office.see(accountlist.account_rows, ids[:1], office.day)[0].next_bill_on == date(2026, 3, 1)


def test_rows_come_in_the_order_of_the_ids_and_unknown_ones_are_left_out(office: Diary) -> None:
    first, second = office.see(accountlist.account_ids, AccountFilter(), office.day).ids[:2]
    rows = office.see(accountlist.account_rows, [second, 999_999, first], office.day)
    assert [row.id for row in rows] == [second, first]
    assert office.see(accountlist.account_rows, [], office.day) == []


def test_a_suspended_account_is_chosen_by_its_status(office: Diary) -> None:
    office.on(2, 10).do(collections.suspend)
    assert names(office, status="suspended") == ["Ames"]


def test_what_was_typed_lists_the_best_fit_first_unless_an_order_is_chosen(office: Diary) -> None:
    office.open("Dunn Aaron")
    typed = office.see(accountlist.account_ids, AccountFilter("dunn"), office.day).ids
    assert len(typed) == 2
    by_name = office.see(accountlist.account_ids, AccountFilter("dunn"), office.day, "name", descending=True).ids
    assert [row.name for row in office.see(accountlist.account_rows, by_name, office.day)] == ["Dunn Aaron", "Dee Dunn"]


def test_more_fits_than_are_listed_is_told(office: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    assert office.see(accountlist.account_ids, AccountFilter("10"), office.day) == accountlist.AccountIds((1, 2, 3, 4))
    monkeypatch.setattr(accountlist, "MOST_TYPED", 2)
    found = office.see(accountlist.account_ids, AccountFilter("10"), office.day)
    assert (len(found.ids), found.cut_off) == (2, True)
