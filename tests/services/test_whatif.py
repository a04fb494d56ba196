"""What if it pays, cancels, makes an arrangement: the answer is what then happens, and nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from support_histories import KINDS, Step, ends_of_days, steps
from support_office import NEW_YEAR, Diary

from app.errors import UserError
from app.services import billing, collections, history, instalments, nextbill, status, subscriptions, whatif
from app.services.loading import card
from app.services.policies.facts import InstalmentFacts
from app.services.whatif import WhatIf

NET = 3100


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def written(answer: WhatIf) -> list[tuple[str, int, str]]:
    return [(row.kind, row.cents, row.why) for row in answer.written]


def history_of(office: Diary, account: int, after: int) -> list[tuple[str, int, str]]:
    rows = office.see(history.account_history, account)
    return [(row.kind, row.cents, row.why) for row in rows if row.action_id > after]


def last_action(office: Diary) -> int:
    return int(office.sql("SELECT max(id) FROM action")[0][0])


def test_a_payment_pays_the_oldest_and_says_what_stays_open(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 1).bill()
    first, second = (row[0] for row in office.sql("SELECT id FROM invoice ORDER BY id"))
    answer = whatif.pays(office.books, office.desk, account, 7000)
    assert [tuple(item) for item in answer.paid] == [(first, None, 2 * NET, 0), (second, None, 800, NET - 800)]
    assert (answer.before.balance_cents, answer.after.balance_cents) == (3 * NET, 3 * NET - 7000)
    assert (answer.before.past_due_cents, answer.after.past_due_cents) == (2 * NET, 0)
    assert answer.after.sentence == "Owes $23.00; nothing is past due. It is due by Feb 28."
    assert answer.credit_left_cents == 0


def test_the_answer_to_a_payment_is_what_the_payment_then_does(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 10).do(collections.suspend)
    answer = whatif.pays(office.books, office.desk, account, 10_000)
    assert (answer.before.status, answer.after.status) == ("suspended", "active")
    assert answer.credit_left_cents == 10_000 - 2 * NET
    office.check(account, 10_000, "1")
    now = office.see(status.account_page, account, office.day)
    assert now.standing.sentence == answer.after.sentence
    assert (now.card.status, now.card.balance_cents) == (answer.after.status, answer.after.balance_cents)


def test_a_cancellation_today_says_the_refund_and_its_day(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 5).check(account, 2 * NET, "1")
    office.on(1, 17)
    before = last_action(office)
    answer = whatif.cancels(office.books, office.desk, account, office.day)
    office.do(subscriptions.cancel_account, account)
    assert written(answer) == history_of(office, account, before)
    assert answer.refund_cents == -office.balance(account) > 0
    # February 1 is a Sunday.
    assert answer.refund_on == date(2026, 2, 2)
    assert answer.after.sentence == (
        f"Closed on Jan 17. A credit of ${answer.refund_cents / 100:.2f} is paid back by check on the refund run of Feb 2."
    )


def test_a_cancellation_to_come_bills_the_months_on_the_way(office: Diary) -> None:
    account = office.open(service_cents=NET)
    last_day = date(2026, 3, 10)
    before = last_action(office)
    answer = whatif.cancels(office.books, office.desk, account, last_day)
    office.do(subscriptions.cancel_account, account, last_day)
    office.on(2, 1).bill()
    office.on(3, 1).bill()
    office.on(3, 10).bill()
    assert written(answer) == history_of(office, account, before)
    assert answer.after.balance_cents == office.balance(account)
    assert (answer.after.on, answer.after.status) == (last_day, "closed")


@pytest.mark.parametrize("last_day", [date(2026, 2, 1), date(2026, 1, 31)])
def test_a_cancellation_at_the_turn_of_a_month_is_carried_out_once(office: Diary, last_day: date) -> None:
    account = office.open(service_cents=NET)
    answer = whatif.cancels(office.books, office.desk, account, last_day)
    office.do(subscriptions.cancel_account, account, last_day)
    office.on(last_day.month, last_day.day).bill()
    assert (answer.after.balance_cents, answer.after.status) == (office.balance(account), "closed")


def test_an_arrangement_protects_and_is_listed(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 10)
    parts = instalments.in_parts(2 * NET, 3, date(2026, 2, 28), "month")
    assert parts == tuple(
        InstalmentFacts(date(2026, *day), cents) for day, cents in (((2, 28), 2066), ((3, 28), 2066), ((4, 28), 2068))
    )
    answer = whatif.arranges(office.books, office.desk, account, parts)
    assert answer.instalments == parts
    assert "unless $62.00 is paid" in answer.before.sentence
    assert answer.after.sentence == ("Past due $62.00 since Jan 31. An arrangement is being kept: $20.66 is due by Feb 28.")
    assert office.sql("SELECT count(*) FROM arrangement") == [(0,)]


def test_a_question_leaves_not_a_byte(tmp_path: Path) -> None:
    path = tmp_path / "office.db"
    with Diary(path=path) as office:
        account = office.open(service_cents=NET)
        office.check(account, 100, "1")
        office.do(subscriptions.change_price, account, "net", 4000, date(2026, 1, 20))
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with Diary(path=tmp_path / "copy.db", image=files["office.db"]) as office:
        office.on(1, 10)
        before = office.dump(leave_out=())
        whatif.pays(office.books, office.desk, account, 500)
        whatif.cancels(office.books, office.desk, account, date(2026, 4, 5))
        whatif.arranges(office.books, office.desk, account, instalments.in_parts(900, 2, office.day, "month"))
        assert whatif.next_bill(office.books, office.desk, account) is not None
        assert office.dump(leave_out=()) == before
    assert (tmp_path / "copy.db").read_bytes() == files["office.db"]


def test_what_the_real_thing_refuses_the_question_refuses_and_nothing_is_kept(office: Diary) -> None:
    account = office.open(service_cents=NET)
    before = office.digest()
    books, desk = office.books, office.desk
    with pytest.raises(UserError, match="more than zero"):
        whatif.pays(books, desk, account, 0)
    with pytest.raises(UserError, match="was opened on"):
        whatif.cancels(books, desk, account, date(2025, 12, 31))
    with pytest.raises(UserError, match="next 3 years"):
        whatif.cancels(books, desk, account, date(2030, 1, 1))
    with pytest.raises(UserError, match="follow one another"):
        whatif.arranges(books, desk, account, [InstalmentFacts(date(2025, 12, 1), 100)])
    with pytest.raises(UserError, match="cannot be split"):
        instalments.in_parts(2, 3, NEW_YEAR, "month")
    assert office.digest() == before


# The next bill


def next_of(office: Diary, account: int) -> nextbill.NextBill | None:
    return office.see(status.account_page, account, office.day).next_bill


@pytest.mark.parametrize("delivery", ["email", "paper"])
def test_the_next_bill_is_what_the_run_then_bills(office: Diary, delivery: str) -> None:
    account = office.open(service_cents=NET, delivery=delivery)
    office.bill()
    office.on(1, 20)
    told = next_of(office, account)
    assert told is not None and told.on == date(2026, 2, 1)
    office.on(2, 1).bill()
    total, due = office.sql("SELECT total_cents, due_on FROM invoice ORDER BY id DESC")[0]
    assert (told.cents, told.due_on, told.complete) == (total, date.fromisoformat(due), True)
    # Told on the day itself it is the month after.
    again = next_of(office, account)
    assert again is not None and again.on == date(2026, 3, 1)


def test_a_month_not_billed_yet_is_the_next_bill_today(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(3, 5)
    told = next_of(office, account)
    assert told is not None and told.on == office.day
    totals = billing.preview(office.books, office.desk)
    assert told.cents == totals.cents == 2 * NET + 1000


def test_a_price_change_before_the_bill_is_told_by_a_trial_run(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.bill()
    office.do(subscriptions.change_price, account, "net", 4100, date(2026, 2, 1))
    told = next_of(office, account)
    assert told is not None and not told.complete
    tried = whatif.next_bill(office.books, office.desk, account)
    office.on(2, 1)
    assert billing.preview(office.books, office.desk).cents == 4100 + 1000
    assert tried is not None and (tried.on, tried.cents, tried.complete) == (office.day, 5100, True)


def test_a_closed_account_has_no_next_bill(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.do(subscriptions.cancel_account, account)
    assert next_of(office, account) is None
    assert whatif.next_bill(office.books, office.desk, account) is None
    assert office.see(card, account).status == "closed"


@given(steps([kind for kind in KINDS if kind not in ("reprint", "receipts")], least=10, most=25))
@settings(max_examples=12)
def test_the_next_bill_of_any_account_is_what_the_run_then_bills(drawn: list[Step]) -> None:
    """BOTH-1, whatever happened before, with scheduled changes carried out on the way (BOTH-10)."""
    office = ends_of_days(drawn, lambda _office: None).diary
    told = {
        account: bill
        for (account,) in office.sql("SELECT id FROM account")
        if (bill := whatif.next_bill(office.books, office.desk, account)) is not None
    }
    for account, bill in told.items():
        page_bill = next_of(office, account)
        assert page_bill is not None and page_bill.on == bill.on
        if page_bill.complete:
            assert page_bill == bill
    for day in sorted({bill.on for bill in told.values()}):
        office.on(day.month, day.day, day.year)
        last = int(office.sql("SELECT coalesce(max(id), 0) FROM invoice")[0][0])
        office.bill()
        billed = dict(
            office.sql("SELECT account_id, sum(total_cents) FROM invoice WHERE id > ? AND what = 'cycle' GROUP BY 1", last)
        )
        due = {account: bill.cents for account, bill in told.items() if bill.on == day}
        assert {account: billed.get(account, 0) for account in due} == due
