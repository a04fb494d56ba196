"""A billing run taken back: everything stands as before it, and the month is billed again exactly once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from support_histories import History, Step, net_by_month, steps
from support_office import Diary, Row

from app.errors import Cancelled, NotPermitted, UserError
from app.models.bulk import REFUSED_ROW, execute, parse_day
from app.services import (
    aging,
    billing,
    collections,
    credits,
    dayclose,
    history,
    payments,
    refunds,
    statements,
    subscriptions,
    work,
)
from app.services.billingreversal import reverse_run
from app.services.desk import begin
from app.services.documents.content import StatementContent
from app.services.gateways.mail import NoMail
from app.services.ledger import trial_balance
from app.services.reversaloutlook import ReversalOutlook, reversal_outlook

NET = 4995


def last_run(diary: Diary) -> int:
    """The last billing run that billed something and stands."""
    query = "SELECT max(id) FROM run WHERE what = 'billing' AND documents > 0 AND state = 'done'"
    return int(diary.sql(query)[0][0] or 0)


def reverse(diary: Diary, run_id: int | None = None, reason: str = "wrong prices") -> int:
    return reverse_run(diary.books, diary.desk, last_run(diary) if run_id is None else run_id, reason)


def outlook(diary: Diary) -> ReversalOutlook:
    return diary.see(reversal_outlook, last_run(diary), diary.day)


def standing(diary: Diary) -> tuple[list[Row], ...]:
    """What a run changes and its reversal must put back."""
    return (
        diary.sql("SELECT id, balance_cents, status FROM account ORDER BY id"),
        diary.sql("SELECT id, billed_through, monthly_cents, last_day FROM service ORDER BY id"),
        diary.sql("SELECT id, cents, key FROM pending_charge WHERE invoice_id IS NULL ORDER BY id"),
        diary.sql("SELECT account_id, due_on, open_cents FROM invoice WHERE open_cents > 0 ORDER BY id"),
        diary.sql("SELECT account_id, sum(remaining_cents) FROM credit WHERE remaining_cents > 0 GROUP BY 1 ORDER BY 1"),
    )


def balances(diary: Diary) -> dict[int, int]:
    return {row.number: row.balance_cents for row in diary.see(trial_balance) if row.balance_cents}


def charged(diary: Diary) -> list[Row]:
    """What stands charged: account, what for, cents; an issue taken back and what took it back left out."""
    return diary.sql(
        "SELECT l.account_id, l.kind, l.description, l.cents, l.period_from, l.period_to FROM line l JOIN invoice i "
        "ON i.id = l.invoice_id WHERE i.what <> 'reversal' AND i.id NOT IN (SELECT invoice_id FROM invoice_reversal) "
        "ORDER BY 1, 2, 3, 5"
    )


@pytest.fixture
def office() -> Diary:
    """Two homes billed for February, one of them on paper and in arrears."""
    diary = Diary()
    diary.on(1, 1)
    for delivery in ("email", "paper"):
        diary.open(delivery.title(), NET, delivery=delivery)
    diary.on(2, 1).check(1, 2 * NET, "1")
    diary.bill()
    diary.on(3, 15)
    return diary


def test_everything_stands_as_before_the_run_and_the_ledger_too(office: Diary) -> None:
    office.on(3, 1)
    before, ledger = standing(office), balances(office)
    cycles = office.sql("SELECT id, cycle_done FROM account ORDER BY id")
    assert office.bill().invoices == 2
    assert reverse(office) == 2
    assert standing(office) == before
    assert office.sql("SELECT id, cycle_done FROM account ORDER BY id") == cycles == [(1, "2026-02-01"), (2, "2026-02-01")]
    assert balances(office) == ledger
    office.assert_books_right()


def test_the_month_is_billed_again_exactly_once_under_a_key_of_its_own(office: Diary) -> None:
    first = office.on(3, 1).bill()
    billed = charged(office)
    reverse(office)
    again = office.bill()
    assert again._replace(run_id=0) == first._replace(run_id=0)
    assert charged(office) == billed
    keys = [row[0] for row in office.sql("SELECT key FROM line WHERE key LIKE 'recurring:1:2026-04%' ORDER BY key")]
    assert keys == ["recurring:1:2026-04", "recurring:1:2026-04#2"]
    assert office.bill().invoices == 0
    reverse(office)
    office.bill()
    assert office.sql("SELECT 1 FROM line WHERE key = 'recurring:1:2026-04#3'")
    assert charged(office) == billed
    office.assert_books_right()


def test_the_database_refuses_the_same_charge_twice_after_a_reversal_as_well(office: Diary) -> None:
    office.on(3, 1).bill()
    reverse(office)
    office.bill()
    with office.books.write() as session:
        execute(session, "UPDATE service SET billed_through = '2026-03-31'")
        execute(session, "UPDATE account SET cycle_done = NULL")
    again = office.bill()
    assert again.invoices == 0
    assert [account for account, _ in again.parked] == [1, 2]


def test_an_invoice_is_taken_back_once_at_most(office: Diary) -> None:
    office.on(3, 1).bill()
    run_id = last_run(office)
    reverse(office)
    with pytest.raises(UserError, match="reversed already"):
        reverse(office, run_id)
    (row,) = office.sql("SELECT invoice_id, account_id, action_id FROM invoice_reversal LIMIT 1")
    with pytest.raises(REFUSED_ROW), office.books.write() as session:
        execute(session, "INSERT INTO invoice_reversal VALUES (?, 1, ?, ?)", *row)


def test_credit_that_the_run_used_is_given_back_and_used_again(office: Diary) -> None:
    office.on(2, 20).check(1, 3 * NET, "2")  # more than is owed: a credit on the account
    office.on(3, 1)
    before = standing(office)
    office.bill()
    assert outlook(office).credit_cents == NET
    reverse(office)
    assert standing(office) == before
    office.bill()
    assert office.sql("SELECT open_cents FROM invoice WHERE account_id = 1 ORDER BY id DESC LIMIT 1") == [(0,)]
    office.assert_books_right()


def test_work_and_a_late_fee_of_the_run_are_charged_again_by_the_next(office: Diary) -> None:
    start = datetime.fromisoformat("2026-02-11T09:00")
    office.on(2, 11).do(work.log_work, 2, "out-of-scope", start, start + timedelta(hours=1))
    office.on(3, 10)
    first = office.bill()
    assert {"work", "late-fee"} <= set(first.by_kind)
    reverse(office)
    assert office.sql("SELECT count(*) FROM pending_charge WHERE invoice_id IS NULL") == [(1,)]
    assert office.bill().by_kind == first.by_kind


def test_a_fee_taken_back_can_be_waived_before_it_is_charged_again(office: Diary) -> None:
    office.on(3, 1).bill()
    (invoice,) = office.sql("SELECT invoice_id, n FROM line WHERE key = 'paper-statement:2026-03'")
    reverse(office)
    with pytest.raises(UserError, match="taken back"):
        office.do(credits.waive_charge, *invoice, "first time")
    office.do(credits.waive_before_charged, 2, "paper-statement:2026-03", "first time")
    assert "paper-statement" not in office.bill().by_kind


def test_a_credit_memo_of_the_run_is_taken_back_with_what_it_paid(office: Diary) -> None:
    office.on(2, 25).do(subscriptions.change_price, 1, "net", 100, date(2026, 1, 2))
    office.do(subscriptions.end_service, 1, "net", date(2026, 2, 25))
    before_memo = office.sql("SELECT count(*) FROM invoice WHERE total_cents < 0")
    office.on(3, 1)
    before = standing(office)
    office.bill()
    assert office.sql("SELECT count(*) FROM invoice WHERE total_cents < 0") != before_memo
    reverse(office)
    assert standing(office) == before
    office.assert_books_right()


def test_an_end_of_service_that_the_run_carried_out_stays(office: Diary) -> None:
    office.on(2, 5).do(subscriptions.end_service, 1, "net", date(2026, 2, 28))
    office.on(3, 1).bill()
    closing = office.sql("SELECT id, open_cents FROM invoice WHERE what = 'closing'")
    assert outlook(office).staying == len(closing) == 1
    reverse(office)
    assert office.sql("SELECT state FROM scheduled_change") == [("done",)]
    assert office.sql("SELECT last_day FROM service WHERE id = 1") == [("2026-02-28",)]
    assert office.sql("SELECT id, open_cents FROM invoice WHERE what = 'closing'") == closing
    office.assert_books_right()


WHAT_CAME_SINCE: dict[str, Callable[[Diary], object]] = {
    "a payment of": lambda diary: diary.check(2, 4 * NET, "9"),
    "a credit of": lambda diary: diary.do(credits.courtesy_credit, 2, 4 * NET, "outage"),
    "was waived": lambda diary: diary.do(
        credits.waive_charge, *diary.sql("SELECT invoice_id, n FROM line WHERE key = 'paper-statement:2026-03'")[0], "once"
    ),
    "was ended or changed": lambda diary: diary.do(subscriptions.change_price, 2, "net", 5995),
    "was closed since": lambda diary: diary.do(subscriptions.cancel_account, 2),
}


@pytest.mark.parametrize("why", WHAT_CAME_SINCE)
def test_what_came_since_refuses_the_whole_and_names_the_account(office: Diary, why: str) -> None:
    office.on(3, 1).bill()
    WHAT_CAME_SINCE[why](office)
    before = office.dump()
    found = outlook(office)
    assert found.blocked == 1
    assert (found.blockers[0].account_id, why in found.blockers[0].why) == (2, True)
    with pytest.raises(UserError, match=found.blockers[0].number):
        reverse(office)
    assert office.dump() == before


def test_a_payment_that_went_to_an_older_invoice_does_not_refuse_it(office: Diary) -> None:
    office.on(3, 1).bill()
    office.check(2, NET, "9")
    assert reverse(office) == 2
    office.assert_books_right()


def test_a_payment_that_came_back_does_not_refuse_it(office: Diary) -> None:
    office.on(3, 1).bill()
    payment = office.check(2, 4 * NET, "9")
    assert outlook(office).blocked == 1
    office.do(payments.reverse_payment, payment, "keyed wrongly")
    assert reverse(office) == 2


def test_a_written_off_invoice_refuses_it(office: Diary) -> None:
    office.on(3, 1).bill()
    office.do(credits.write_off, 2, office.balance(2), "gone")
    assert outlook(office).blocked == 1


def test_a_refunded_credit_memo_refuses_it(office: Diary) -> None:
    office.on(2, 25).do(subscriptions.change_price, 1, "net", 100, date(2026, 1, 2))
    office.on(3, 1).bill()
    office.do(subscriptions.cancel_account, 1)
    office.do(refunds.run_refunds, force=True, reason="asked")
    assert outlook(office).blocked


def test_only_the_last_run_can_be_reversed_then_the_one_before_it(office: Diary) -> None:
    february = last_run(office)
    office.on(3, 1).bill()
    with pytest.raises(UserError, match="later run"):
        reverse(office, february)
    reverse(office)
    found = office.see(reversal_outlook, february, office.day)
    assert not found.refusal
    assert found.blocked == 0 or found.blockers[0].why.startswith("a payment")


def test_a_run_that_was_cut_off_is_made_again_before_it_is_reversed(office: Diary) -> None:
    office.on(3, 1).bill()
    with office.books.write() as session:
        execute(session, "UPDATE run SET state = 'running' WHERE id = (SELECT max(id) FROM run)")
    with pytest.raises(UserError, match="cut off"):
        reverse(office, int(office.sql("SELECT max(id) FROM run")[0][0]))


def test_it_needs_a_manager_a_reason_and_an_open_day_not_before_the_run(office: Diary) -> None:
    office.on(3, 1).bill()
    with pytest.raises(UserError, match="reason"):
        reverse(office, reason="  ")
    office.role = "supervisor"
    with pytest.raises(NotPermitted):
        reverse(office)
    office.role = "manager"
    office.on(2, 27).today = date(2026, 3, 1)
    with pytest.raises(UserError, match="dated 03/01/2026"):
        reverse(office)
    office.on(3, 1).do(dayclose.close_day, NoMail())
    with pytest.raises(UserError, match="closed"):
        reverse(office)


def test_stopped_half_way_nothing_is_written(office: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.billingreversal.CHUNK", 1)
    office.on(3, 1).bill()
    before = office.dump()
    asked = iter((False, True))
    with pytest.raises(Cancelled):
        reverse_run(office.books, office.desk, last_run(office), "x", cancelled=lambda: next(asked))
    assert office.dump() == before


def test_who_reversed_it_and_why_is_kept_and_each_entry_names_the_one_it_reverses(office: Diary) -> None:
    office.on(3, 1).bill()
    reverse(office, reason="wrong price list")
    assert office.sql("SELECT actor, reason FROM action WHERE what = 'reverse-billing-run'") == [("pat", "wrong price list")]
    pairs = office.sql(
        "SELECT i.entry_id, e.reverses_id FROM invoice_reversal r JOIN invoice i ON i.id = r.invoice_id "
        "JOIN invoice b ON b.id = r.by_invoice_id JOIN entry e ON e.id = b.entry_id"
    )
    assert len(pairs) == 2
    assert all(entry == reversed_entry for entry, reversed_entry in pairs)


def test_reversed_days_later_the_books_stand_as_they_did_on_each_day(office: Diary) -> None:
    office.on(3, 1)
    before = office.see(aging.aging, date(2026, 3, 1))
    office.bill()
    billed = office.see(aging.aging, date(2026, 3, 1))
    office.do(dayclose.close_day, NoMail())
    office.on(3, 3)
    reverse(office)
    assert office.see(aging.aging, date(2026, 3, 1), as_of=True) == billed
    assert office.see(aging.aging, date(2026, 3, 2), as_of=True) == billed
    assert office.see(aging.aging, date(2026, 3, 1)) == before
    assert office.see(aging.aging, date(2026, 3, 3), as_of=True) == office.see(aging.aging, date(2026, 3, 3))
    office.bill()
    office.on(3, 31).do(dayclose.close_day, NoMail())
    office.assert_books_right()


def test_a_run_reversed_after_its_month_was_recognised_takes_the_revenue_back(office: Diary) -> None:
    office.on(3, 31).do(dayclose.close_day, NoMail())
    office.on(4, 1).bill()
    office.on(4, 30).do(dayclose.close_day, NoMail())
    ledger = balances(office)
    office.on(5, 1)
    reverse(office)
    office.assert_books_right()
    office.bill()
    office.on(5, 31).do(dayclose.close_day, NoMail())
    office.on(6, 30).do(dayclose.close_day, NoMail())
    office.assert_books_right()
    assert ledger != balances(office)


def test_the_statement_of_the_run_made_again_shows_neither_the_run_taken_back_nor_its_reversal(office: Diary) -> None:
    def read(session: Session, run_id: int) -> list[StatementContent]:
        run = statements.statement_run(session, run_id)
        found = statements.contents(session, run, statements.statement_account_ids(session, run))
        return [replace(statement, statement_number=0) for statement in found]

    def shown(diary: Diary) -> list[StatementContent]:
        return diary.see(read, last_run(diary))

    office.on(3, 1).bill()
    first = shown(office)
    reverse(office)
    with pytest.raises(UserError, match="finished billing run"):
        office.see(statements.statement_run, int(office.sql("SELECT max(id) FROM run")[0][0]))
    office.bill()
    assert shown(office) == first


def test_the_accounts_history_adds_up_and_says_what_was_taken_back(office: Diary) -> None:
    office.on(3, 1).bill()
    reverse(office)
    rows = office.see(history.account_history, 2)
    assert sum(row.cents for row in rows) == office.balance(2)
    taken = [row for row in rows if row.clause == "BOTH-3"]
    assert {row.description.partition(":")[0] for row in taken} == {"Reversed"}
    assert all("takes back line" in row.why for row in taken)
    kinds = office.see(history.charged_by_kind, 2)
    office.bill()
    assert office.see(history.charged_by_kind, 2)["recurring"] == kinds["recurring"] + NET


def test_a_suspended_account_that_owes_nothing_without_the_run_is_restored(office: Diary) -> None:
    office.on(2, 20).check(2, office.balance(2), "5")
    office.on(3, 1).bill()
    office.on(4, 5).do(collections.suspend)
    suspended = office.sql("SELECT id FROM account WHERE status = 'suspended' ORDER BY id")
    assert suspended == [(1,), (2,)]
    reverse(office)
    assert office.sql("SELECT count(*) FROM account WHERE status = 'suspended' AND balance_cents <= 0") == [(0,)]


@given(steps(), st.integers(0, 3), st.sampled_from(("true", "false")))
@settings(max_examples=25)
def test_in_any_history_a_run_reversed_at_once_leaves_all_as_before_and_is_made_again_alike(
    taken: list[Step], later: int, while_suspended: str
) -> None:
    found = History(Diary(bill_while_suspended=while_suspended))
    found.start()
    diary = found.diary

    def stands() -> list[object]:
        parts: list[object] = list(standing(diary))
        if while_suspended == "false":
            # Whole months left out for a suspension count as settled before or after the reversal: nothing is billed
            # for them either way, as the run made again shows.
            parts[1] = diary.sql("SELECT id, monthly_cents, last_day FROM service ORDER BY id")
        return parts

    def billed_reversed_and_billed_again() -> None:
        with diary.books.write() as session:  # what waits for today is carried out by a run and stays so
            subscriptions.carry_out_due(session, begin(session, diary.desk, "test"), 0, 10_000)
        before, ledger, stood, months = stands(), balances(diary), charged(diary), net_by_month(diary)
        first = diary.bill()
        if not first.invoices:
            return
        now = charged(diary)
        reverse(diary)
        diary.assert_books_right()
        assert stands() == before
        assert balances(diary) == ledger
        assert charged(diary) == stood
        assert {key: cents for key, cents in net_by_month(diary).items() if cents} == {
            key: cents for key, cents in months.items() if cents
        }
        again = diary.bill()
        # An account that the run billed nothing had its cycle all the same, and that is not taken back.
        assert again._replace(run_id=0, accounts=0) == first._replace(run_id=0, accounts=0)
        assert again.accounts == again.invoices
        assert charged(diary) == now
        assert diary.bill().invoices == 0
        diary.assert_books_right()

    for step in taken:
        found.cycles_until(diary.day + timedelta(days=step.wait), billed_reversed_and_billed_again)
        found.try_step(step)
        if later == step.n and last_run(diary):
            # Reversed whenever the office lets it: the books agree, whatever happened since.
            try:
                reverse(diary)
            except UserError:
                continue
            diary.assert_books_right()
            diary.bill()
        diary.assert_books_right()
    for service, through in diary.sql("SELECT id, billed_through FROM service WHERE last_day IS NULL"):
        assert through is None or parse_day(through) >= parse_day(
            diary.sql("SELECT first_day FROM service WHERE id = ?", service)[0][0]
        )
    diary.close()


def test_billing_is_as_before_where_nothing_was_reversed(office: Diary) -> None:
    office.on(3, 1)
    assert billing.preview(office.books, office.desk)._replace(run_id=0) == office.bill()._replace(run_id=0)
