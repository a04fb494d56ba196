"""Whatever happens in an office, in whatever order: the books agree, and nothing is billed twice or missed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_histories import RUNS, History, Step, net_by_month, played, service_days, steps
from support_office import Diary, Row

from app.errors import Cancelled
from app.models.bulk import execute, parse_day
from app.models.database import Database
from app.periods import ONE_DAY, month_end
from app.services import billing, collections, exceptions, history, statements, subscriptions, work
from app.services.billing import BillingTotals
from app.services.documents.content import StatementContent

CHARGING = ("add", "price", "end", "cancel", "leave", "undo", "close", "bill")
# What differs between two ways to the same books: which action wrote a row, and when that was.
HOW = ("action_id", "through_action_id", "started_at", "finished_at", "recorded_at")


def assert_balances_are_open_items_less_credits(diary: Diary) -> None:
    for account, balance, owed, left in diary.sql(
        "SELECT a.id, a.balance_cents, (SELECT coalesce(sum(open_cents), 0) FROM invoice WHERE account_id = a.id) "
        "+ (SELECT coalesce(sum(open_cents), 0) FROM refund WHERE account_id = a.id), "
        "(SELECT coalesce(sum(remaining_cents), 0) FROM credit WHERE account_id = a.id) FROM account a"
    ):
        assert balance == owed - left
        assert balance == sum(row.cents for row in diary.see(history.account_history, account))
        assert not (owed and left), "credit lies beside something that it could pay"


def assert_no_charge_twice(diary: Diary) -> None:
    keys = diary.sql(
        "SELECT account_id, key FROM line UNION ALL SELECT account_id, key FROM pending_charge WHERE invoice_id IS NULL"
    )
    assert len(keys) == len(set(keys))
    services = diary.sql("SELECT id, first_day, last_day, billed_through FROM service")
    billed = service_days(diary)
    for service, first, last, through in services:
        days = {day for day, times in billed.get(service, {}).items() if times}
        assert all(times in (0, 1) for times in billed.get(service, {}).values()), f"service {service}"
        end = through if last is None else min(last, through or last)
        expected: set[date] = set()
        day = parse_day(first)
        while end is not None and day <= parse_day(end):
            expected.add(day)
            day += ONE_DAY
        assert days == expected, f"service {service}"


def assert_credit_is_at_most_what_was_billed(diary: Diary) -> None:
    ended = {row[0]: parse_day(row[1]) for row in diary.sql("SELECT id, last_day FROM service") if row[1]}
    for (service, month), cents in net_by_month(diary).items():
        assert cents >= 0, f"service {service}, {month}"
        if service in ended and month_end(ended[service]) < month:
            # Each change of price within a month may leave a cent of rounding behind, never more.
            assert cents <= 3, f"service {service}, {month}: nothing is left of a month after the end"


def assert_sound(diary: Diary, *, charged: bool = True) -> None:
    """All that must hold between any two steps; `charged`: the charges may have changed."""
    diary.assert_books_right(trail=False)
    assert_balances_are_open_items_less_credits(diary)
    if charged:
        assert_no_charge_twice(diary)
        assert_credit_is_at_most_what_was_billed(diary)
    for status, balance, running in diary.sql(
        "SELECT status, balance_cents, (SELECT count(*) FROM service s WHERE s.account_id = a.id "
        "AND s.last_day IS NULL) FROM account a"
    ):
        assert not (status == "suspended" and balance <= 0), "a suspended account that owes nothing"
        assert not (status == "closed" and running), "a service of a closed account runs on"


def previewed_and_billed(diary: Diary) -> None:
    """A billing run: its preview says the same and writes nothing; made again it changes nothing."""
    before = diary.image()
    expected = billing.preview(diary.books, diary.desk)
    assert diary.image() == before
    made = diary.bill()
    assert made._replace(run_id=None) == expected._replace(run_id=None)
    assert_sound(diary)
    after = diary.dump(("action", "run"), HOW)
    assert diary.bill().invoices == 0
    assert diary.dump(("action", "run"), HOW) == after


@given(steps())
@settings(max_examples=20)
def test_the_books_agree_after_every_step_of_any_history(taken: list[Step]) -> None:
    found = History(Diary())
    found.start()
    for step in taken:
        day = found.diary.day + timedelta(days=step.wait)
        found.cycles_until(day, lambda: previewed_and_billed(found.diary))
        before = found.diary.image()
        if not found.try_step(step):
            assert found.diary.image() == before, "refused, but something changed"
            continue
        assert_sound(found.diary, charged=step.do in CHARGING)
        if step.do in RUNS:
            after = found.diary.dump(("action", "run"))
            found.try_step(step)
            assert found.diary.dump(("action", "run")) == after, f"{step.do} again changed something"
    found.diary.assert_books_right(trail=True)
    found.diary.close()


@given(
    changes=st.lists(st.tuples(st.integers(1, 28), st.integers(100, 9999)), min_size=2, max_size=5),
    last=st.sampled_from((-1, -1, 0, 9)),
)
@settings(max_examples=50)
def test_cancelling_after_any_new_prices_credits_at_most_what_was_billed(changes: list[tuple[int, int]], last: int) -> None:
    with Diary() as diary:
        account = diary.open(service_cents=4999)
        diary.on(2, 1).bill()
        diary.on(2, 28)
        for day, cents in changes:
            diary.do(subscriptions.change_price, account, "net", cents, date(2026, 2, day))
        diary.do(subscriptions.cancel_account, account, date(2026, 2, 1) + last * ONE_DAY)
        assert_sound(diary)


ORDINARY = ("add", "price", "end", "work", "pay", "delivery")


def charges(diary: Diary) -> list[Row]:
    """What was charged, but for late fees, which follow the date of the run.

    A change that waits is numbered when it is carried out, so that the number of a price change may differ.
    """
    rows = diary.sql("SELECT account_id, kind, key, cents, period_from, period_to FROM line WHERE kind <> 'late-fee'")
    return sorted((row[0], row[1], re.sub("price-change:[0-9]+", "price-change", row[2]), *row[3:]) for row in rows)


@given(steps(ORDINARY, least=15, most=30))
@settings(max_examples=5)
def test_billing_every_day_charges_what_billing_on_each_1st_charges(taken: list[Step]) -> None:
    end = date(2026, 12, 1)

    def office(every_day: bool) -> Diary:
        found = History(Diary())
        found.start(autopay_too=False)

        def turn_to(day: date) -> None:
            while found.diary.day < min(day, end):
                found.diary.day += ONE_DAY
                if every_day or found.diary.day.day == 1:
                    found.diary.bill()

        for step in taken:
            turn_to(found.diary.day + timedelta(days=step.wait))
            found.try_step(step)
        turn_to(end)
        return found.diary

    daily, monthly = office(True), office(False)
    assert charges(daily) == charges(monthly)
    assert charges(daily), "nothing was charged"
    daily.close()
    monthly.close()


class PowerCut(BaseException):
    """The machine stops: no `except` of the program sees it."""


def office_of_seven() -> bytes:
    """Seven accounts on February 1: late, on paper, with waiting work, in credit, suspended, to be changed."""
    with Diary() as diary:
        homes = [diary.open(f"Home {n}", 1000 + 500 * n, delivery=("email", "paper")[n % 2]) for n in range(7)]
        diary.on(1, 5).check(homes[2], 9000, "1")
        start = datetime.fromisoformat("2026-01-05T09:00")
        diary.do(work.log_work, homes[1], "out-of-scope", start, start + timedelta(hours=2))
        diary.do(subscriptions.change_price, homes[4], "net", 4000, date(2026, 2, 20))
        diary.do(subscriptions.cancel_account, homes[5], date(2026, 2, 25))
        diary.on(2, 1).bill()
        diary.on(2, 10).do(collections.suspend)
        return diary.image()


def on_march_1(image: bytes) -> Diary:
    return Diary(date(2026, 3, 1), image=image)


def printed(diary: Diary) -> list[StatementContent]:
    run = diary.see(statements.statement_run, diary.see(statements.latest_billing_run))
    ids = [account.account_id for account in diary.see(statements.statement_accounts, run)]
    return diary.see(lambda session: list(statements.contents(session, run, ids)))


def _cut(service: Callable[..., Any], nth: int, *, after: bool) -> Callable[..., Any]:
    calls = 0

    def stops(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and not after:
            raise PowerCut
        result = service(*args, **kwargs)
        if calls == nth:
            raise PowerCut
        return result

    return stops


@pytest.mark.parametrize("chunk", [1, 2, 3, 4])
@pytest.mark.parametrize("where", ["before it", "before its commit", "after its commit"])
def test_a_run_cut_off_between_or_within_chunks_is_finished_by_making_it_again(
    monkeypatch: pytest.MonkeyPatch, chunk: int, where: str
) -> None:
    monkeypatch.setattr(billing, "CHUNK", 2)
    image = office_of_seven()
    with on_march_1(image) as straight, on_march_1(image) as cut_off:
        whole = straight.bill()

        def stop_at(done: int, _of: int) -> None:
            if where == "after its commit" and done >= min(2 * chunk, 7):
                raise PowerCut

        with monkeypatch.context() as patch:
            if where == "before it":
                patch.setattr(billing, "_bill_range", _cut(billing._bill_range, chunk, after=False))
            elif where == "before its commit":
                patch.setattr(billing, "_bill_range", _cut(billing._bill_range, chunk, after=True))
            with pytest.raises(PowerCut):
                billing.run_billing(cut_off.books, cut_off.desk, stop_at)
        done = cut_off.sql("SELECT count(*) FROM account WHERE cycle_done = '2026-03-01'")[0][0]
        expected = 2 * chunk if where == "after its commit" else 2 * chunk - 2
        assert done <= expected
        resumed = cut_off.bill()
        assert cut_off.dump(columns=HOW) == straight.dump(columns=HOW)
        assert printed(cut_off) == printed(straight)
        assert _totals(resumed) == _totals(whole)
        assert_sound(cut_off)


def _totals(totals: BillingTotals) -> tuple[int, int, dict[str, tuple[int, int]]]:
    return totals.invoices, totals.cents, totals.by_kind


def test_a_run_that_was_asked_to_stop_is_finished_by_making_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing, "CHUNK", 2)
    image = office_of_seven()
    with on_march_1(image) as straight, on_march_1(image) as stopped:
        straight.bill()
        answers = iter([False, False, True])
        with pytest.raises(Cancelled):
            billing.run_billing(stopped.books, stopped.desk, cancelled=lambda: next(answers))
        assert stopped.sql("SELECT count(*) FROM invoice WHERE issued_on = '2026-03-01'") == [(4,)]
        stopped.bill()
        assert stopped.dump(columns=HOW) == straight.dump(columns=HOW)


def test_a_chunk_that_fails_once_is_done_account_by_account(monkeypatch: pytest.MonkeyPatch) -> None:
    image = office_of_seven()
    with on_march_1(image) as straight, on_march_1(image) as stumbling:
        whole = straight.bill()
        real = billing._bill_range
        calls = iter([RuntimeError("a passing hiccup")])

        def once(*args: Any) -> Any:
            for error in calls:
                raise error
            return real(*args)

        monkeypatch.setattr(billing, "_bill_range", once)
        made = stumbling.bill()
        assert made.parked == ()
        assert _totals(made) == _totals(whole)
        assert charges(stumbling) == charges(straight)
        assert_sound(stumbling)


def collide(diary: Diary, account: int, billed_through: str) -> None:
    """Let the program believe that less (or enough) of the account's service was billed."""

    def set_back(books: Database) -> None:
        with books.write() as session:
            execute(session, "UPDATE service SET billed_through = ? WHERE account_id = ?", billed_through, account)

    set_back(diary.books)


@pytest.mark.parametrize("chunk", [1, 2, 3, 2000])
def test_an_account_that_cannot_be_billed_is_parked_and_billed_once_the_cause_is_gone(
    monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(billing, "CHUNK", chunk)
    with Diary() as diary:
        homes = [diary.open(f"Home {n}", 1000) for n in range(3)]
        parked = homes[2]
        collide(diary, parked, "2026-01-31")
        made = diary.on(2, 1).bill()
        assert (made.accounts, made.invoices, made.cents) == (2, 2, 2000)
        assert made.by_kind == {"recurring": (2, 2000)}
        ((account, reason),) = made.parked
        assert account == parked
        assert diary.sql("SELECT state, documents, cents FROM run") == [("done", 2, 2000)]
        (listed,) = diary.see(exceptions.open_exceptions)
        assert (listed.account_id, listed.code, listed.since) == (parked, "billing-failed", date(2026, 2, 1))
        assert listed.detail == reason[:500]
        assert ("UNIQUE" in reason and "line.key" in reason) or "uq_line_account_id_key" in reason
        assert diary.on(2, 2).bill().parked == ((parked, reason),)
        assert len(diary.see(exceptions.open_exceptions)) == 1

        collide(diary, parked, "2026-02-28")
        later = diary.on(2, 3).bill()
        assert (later.invoices, later.cents, later.parked) == (1, 1000, ())
        assert diary.see(exceptions.open_exceptions) == []
        assert_sound(diary)


def test_the_only_account_of_an_office_is_parked_too() -> None:
    with Diary() as diary:
        account = diary.open(service_cents=1000)
        collide(diary, account, "2026-01-31")
        made = diary.on(2, 1).bill()
        assert [parked for parked, _ in made.parked] == [account]
        assert (made.invoices, made.cents) == (0, 0)


@given(steps(least=20, most=30))
@settings(max_examples=6)
def test_any_history_ends_with_debits_equal_to_credits(taken: list[Step]) -> None:
    found = played(taken)
    debits, credits = (
        {row[0]: row[1] for row in found.diary.sql(f"SELECT {side}, sum(cents) FROM posting GROUP BY 1")}
        for side in ("debit", "credit")
    )
    assert sum(debits.values()) == sum(credits.values())
    receivable = debits.get(1100, 0) - credits.get(1100, 0)
    assert found.diary.sql("SELECT sum(balance_cents) FROM account") == [(receivable,)]
    found.diary.close()
