"""An account as of any day, held against the aging and against what was seen on the day itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from support_histories import KINDS, History, Step, ends_of_days, steps
from support_office import Diary, imported

from app.errors import UserError
from app.services import accounts, aging, asof, collections, history, loading, status, subscriptions
from app.services.asof import AsOf
from app.services.customerfile_types import ImportOpenItem
from app.services.ledger import Gl
from app.services.policies.facts import InstalmentFacts

NET = 3100
_RECEIVABLE = (
    "SELECT e.business_date, p.account_id, p.debit, p.cents FROM posting p JOIN entry e ON e.id = p.entry_id "
    "WHERE ? IN (p.debit, p.credit) AND p.debit <> p.credit"
)


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def on(office: Diary, account: int, month: int, day: int) -> AsOf:
    return office.see(asof.account_as_of, account, date(2026, month, day))


def test_an_invoice_paid_later_was_open_and_past_due_then(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(3, 10).check(account, 2 * NET, "1")
    then = on(office, account, 3, 9)
    assert (then.balance_cents, then.past_due_cents, then.past_due_since) == (2 * NET, 2 * NET, date(2026, 1, 31))
    assert [item.open_cents for item in then.open_invoices] == [2 * NET]
    assert then.sentence.startswith("Past due $62.00 since Jan 31.")
    now = on(office, account, 3, 10)
    assert (now.balance_cents, now.open_invoices, now.sentence) == (0, (), "Paid in full.")


@pytest.mark.parametrize(("days", "late"), [(0, 0), (1, 2 * NET)])
def test_the_due_day_itself_is_not_past_due(office: Diary, days: int, late: int) -> None:
    account = office.open(service_cents=NET)
    assert office.see(asof.account_as_of, account, date(2026, 1, 31) + timedelta(days)).past_due_cents == late


def test_a_suspension_counts_from_its_day_through_the_day_before_restoration(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 10).do(collections.suspend)
    office.on(2, 20).check(account, 2 * NET, "1")
    found = [on(office, account, 2, day).status for day in (9, 10, 19, 20)]
    assert found == ["active", "suspended", "suspended", "active"]
    assert on(office, account, 2, 19).sentence.startswith("Suspended since Feb 10.")


def test_a_closed_account_was_active_until_its_last_day(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 17).do(subscriptions.cancel_account, account)
    assert [on(office, account, 1, day).status for day in (16, 17, 18)] == ["active", "closed", "closed"]


def test_an_arrangement_made_later_did_not_protect_before(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 10).do(collections.arrange, account, [InstalmentFacts(date(2026, 2, 20), 2 * NET)])
    assert "arrangement is being kept: $62.00 is due by Feb 20" in on(office, account, 2, 10).sentence
    assert "suspended on the next suspension run" in on(office, account, 2, 9).sentence
    # Not paid: broken from the day after the instalment.
    assert "suspended on the next suspension run" in on(office, account, 2, 21).sentence


def test_what_was_taken_over_counts_from_its_own_date(office: Diary) -> None:
    account = imported(office, open_items=(ImportOpenItem("old", date(2025, 9, 1), date(2025, 9, 30), 800),))
    before = office.see(asof.account_as_of, account, date(2025, 10, 1))
    assert before.balance_cents == before.past_due_cents == before.aging.balance_cents == 800
    assert office.see(asof.account_as_of, account, date(2025, 8, 31)).balance_cents == 0


def test_imported_items_are_part_of_the_balance_as_of_a_day(office: Diary) -> None:
    account = imported(office, open_items=(ImportOpenItem("old", date(2025, 9, 1), date(2025, 9, 30), 800),))
    now = office.see(asof.account_as_of, account, office.day)
    assert now.balance_cents == now.past_due_cents == now.aging.over_90 == 800


@given(steps([kind for kind in KINDS if kind not in ("reprint", "receipts")], least=15, most=30))
@settings(max_examples=12)
def test_as_of_agrees_with_the_aging_and_with_what_was_seen_on_the_day(history: list[Step]) -> None:
    """As of today is the present; as of a day is the aging of that day, and what the page said then."""
    seen: dict[tuple[date, int], tuple[object, ...]] = {}

    def look(office: History) -> None:
        for (account,) in office.diary.sql("SELECT id FROM account"):
            today = office.diary.day
            page = office.diary.see(status.account_page, account, today)
            now = office.diary.see(asof.account_as_of, account, today)
            assert (now.balance_cents, now.past_due_cents) == (page.standing.balance_cents, page.standing.past_due_cents)
            assert now.aging == page.aging and now.open_invoices == page.open_invoices
            assert now.aging.balance_cents == now.balance_cents == page.card.balance_cents
            seen[today, account] = (now.balance_cents, now.past_due_cents, now.aging, now.open_invoices)

    found = ends_of_days(history, look).diary
    ledger: dict[tuple[str, int], int] = {}
    for day_text, account, debit, cents in found.sql(_RECEIVABLE, int(Gl.RECEIVABLE)):
        ledger[day_text, account] = ledger.get((day_text, account), 0) + (cents if debit == Gl.RECEIVABLE else -cents)
    for (day, account), figures in seen.items():
        then = found.see(asof.account_as_of, account, day)
        assert (then.balance_cents, then.past_due_cents, then.aging, then.open_invoices) == figures
        assert then.balance_cents == sum(
            cents for (moved, whose), cents in ledger.items() if whose == account and moved <= day.isoformat()
        )
        rows = {row.account_id: row for row in found.see(aging.aging, day, as_of=True)}
        assert rows.get(account, aging.AgingRow(account, 0, 0, 0, 0, 0, 0)) == then.aging


def test_the_aging_buckets_of_the_page_and_of_the_report_have_the_same_edges() -> None:
    due = date(2026, 1, 31)
    found = [status.age([(due, 1)], due + timedelta(days)).index(1) for days in (-1, 0, 1, 30, 31, 60, 61, 90, 91)]
    assert found == [0, 0, 1, 1, 2, 2, 3, 3, 4]


def test_an_account_of_no_office_is_refused(office: Diary) -> None:
    with pytest.raises(UserError, match="no such account"):
        office.see(asof.account_as_of, 999, office.day)


def test_the_card_of_an_earlier_day_reads_as_it_did_then() -> None:
    with Diary() as office:
        office.on(1, 5)
        account = office.open("Ann Ames", address=("1 Old St",), email="old@example.net")
        office.on(1, 10).do(accounts.change_address, account, ("2 New St",))
        office.do(accounts.change_email, account, "mid@example.net")
        office.on(1, 20).do(accounts.change_email, account, "new@example.net")
        office.do(accounts.change_name, account, "Ann Bell")
        card = office.see(loading.card, account)
        changes = office.see(history.account_changes, account)
        seen = [asof.card_then(card, changes, date(2026, 1, day)) for day in (9, 10, 19, 20)]
        assert [(then.name, then.address, then.email) for then in seen] == [
            ("Ann Ames", "1 Old St", "old@example.net"),
            ("Ann Ames", "2 New St", "mid@example.net"),
            ("Ann Ames", "2 New St", "mid@example.net"),
            ("Ann Bell", "2 New St", "new@example.net"),
        ]
        assert seen[-1] == card
