"""Whatever happens in an office of both books: they agree, nobody is billed twice, and a run again changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_histories import RUNS, Step, net_by_month
from support_members import BothBooks, both_books, office_of_both, sign_up, steps_of_both
from support_office import Diary, Row

from app.errors import UserError
from app.periods import ONE_DAY
from app.services import billing, history, members, returnedoutlook, subscriptions, whatif
from app.services.policychanges import preview_change
from app.services.returneditems import ReturnedItem

# Lines that give a member something back; the fees of a return that was taken back may.
CREDITED = (
    "SELECT * FROM line l JOIN membership m ON m.account_id = l.account_id WHERE l.cents < 0 "
    "AND l.kind NOT IN ('late-charge', 'dishonored-fee', 'chargeback-fee', 'chargeback-cost')"
)
# What differs between two ways to the same books: which action wrote a row, and when that was.
HOW = ("action_id", "through_action_id", "started_at", "finished_at", "recorded_at")


def assert_sound(diary: Diary) -> None:
    """What must hold between any two steps."""
    diary.assert_books_right(trail=False)
    for account, balance, owed, left in diary.sql(
        "SELECT a.id, a.balance_cents, (SELECT coalesce(sum(open_cents), 0) FROM invoice WHERE account_id = a.id) "
        "+ (SELECT coalesce(sum(open_cents), 0) FROM refund WHERE account_id = a.id), "
        "(SELECT coalesce(sum(remaining_cents), 0) FROM credit WHERE account_id = a.id) FROM account a"
    ):
        assert balance == owed - left
        assert balance == sum(row.cents for row in diary.see(history.account_history, account))
        assert not (owed and left), "credit lies beside something that it could pay"
    keys = diary.sql("SELECT account_id, key FROM line")
    assert len(keys) == len(set(keys))
    assert diary.sql(CREDITED) == []
    once = "SELECT account_id FROM line WHERE kind IN ('processing-fee', 'final-fee') GROUP BY 1, kind HAVING count(*) > 1"
    assert diary.sql(once) == []
    (debits,), (credits,) = (
        diary.sql(f"SELECT coalesce(sum(cents), 0) FROM posting WHERE {side} = 1100")[0] for side in ("debit", "credit")
    )
    assert diary.sql("SELECT sum(balance_cents) FROM account") == [(debits - credits,)]
    for early in diary.sql(
        "SELECT i.issued_on, m.signed_up_on, m.work_performed_on FROM membership m "
        "JOIN invoice i ON i.id = m.processing_invoice_id"
    ):
        assert early[2] is not None and early[0] >= early[2] >= early[1], "charged before work was performed"


def previewed_and_billed(diary: Diary) -> None:
    """A billing run: its preview says the same and writes nothing; made again it changes nothing."""
    before = diary.image()
    expected = billing.preview(diary.books, diary.desk)
    assert diary.image() == before
    made = diary.bill()
    assert made._replace(run_id=None) == expected._replace(run_id=None)
    after = diary.dump(("action", "run"), HOW)
    assert diary.bill().invoices == 0
    assert diary.dump(("action", "run"), HOW) == after


@given(steps_of_both())
@settings(max_examples=15)
def test_the_books_of_both_policies_agree_after_every_step(taken: list[Step]) -> None:
    with both_books() as diary:
        found = BothBooks(diary)
        found.start()
        for step in taken:
            found.cycles_until(diary.day + timedelta(days=step.wait), lambda: previewed_and_billed(diary))
            before = diary.image()
            if not found.try_step(step):
                assert diary.image() == before, f"{step.do} was refused, but something changed"
                continue
            assert_sound(diary)
            if step.do in RUNS:
                after = diary.dump(("action", "run"))
                found.try_step(step)
                assert diary.dump(("action", "run")) == after, f"{step.do} again changed something"
        diary.assert_books_right(trail=True)


def charges(diary: Diary) -> list[Row]:
    """What members were charged; a moved fee date is named by its action, of which there are more with more runs."""
    return sorted(
        (account, kind, key.split(":")[0] if kind == "date-change-fee" else key, *rest)
        for account, kind, key, *rest in diary.sql(
            "SELECT l.account_id, l.kind, l.key, l.cents, l.period_from, l.period_to, i.due_on FROM line l "
            "JOIN invoice i ON i.id = l.invoice_id JOIN membership m ON m.account_id = l.account_id"
        )
    )


@given(steps_of_both(least=20, most=35))
@settings(max_examples=5)
def test_a_year_of_daily_runs_charges_what_one_run_for_each_due_date_charges(taken: list[Step]) -> None:
    end = date(2026, 12, 31)
    kinds = ("performed", "exact", "instruct", "sign-up", "pay", "return", "return-back", "reverse", "fee-day")
    ordinary = [step for step in taken if step.do in kinds]

    def office(every_day: bool) -> list[Row]:
        with both_books() as diary:
            found = BothBooks(diary)
            found.start(autopay_too=False)
            for member in found.accounts[2:]:
                diary.do(members.record_work_performed, member)

            def turn_to(day: date) -> None:
                while diary.day < min(day, end):
                    diary.day += ONE_DAY
                    if every_day or billing.preview(diary.books, diary.desk).invoices:
                        diary.bill()

            for step in ordinary:
                turn_to(diary.day + timedelta(days=step.wait))
                found.try_step(step)
            for member in found.accounts[2:]:
                if diary.balance(member) > 0:
                    diary.check(member, diary.balance(member), "last")
            turn_to(end)
            assert_sound(diary)
            return charges(diary)

    daily, when_due = office(True), office(False)
    assert daily == when_due
    assert daily, "nothing was charged"


class PowerCut(BaseException):
    """The machine stops: no `except` of the program sees it."""


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


def office_before_a_run() -> bytes:
    """Homes and members on March 1: paid, not paid, in credit, suspended, to be cancelled, with missed fee dates."""
    with Diary(image=office_of_both()) as diary:
        for n in range(3):
            diary.open(f"Home {n}", 1000 + n)
            member = sign_up(diary, f"Member {n}", monthly_cents=5000 + n)
            diary.do(members.record_work_performed, member)
            if n < 2:
                diary.check(member, 6000 + 9000 * n, str(n))
        diary.on(1, 6).bill()
        return diary.image()


@pytest.mark.parametrize("chunk", [1, 2, 3])
@pytest.mark.parametrize("after", [False, True])
def test_a_run_of_both_books_cut_off_is_finished_by_making_it_again(
    monkeypatch: pytest.MonkeyPatch, chunk: int, after: bool
) -> None:
    monkeypatch.setattr(billing, "CHUNK", 2)
    image = office_before_a_run()
    march = date(2026, 3, 10)
    with Diary(march, image=image) as straight, Diary(march, image=image) as cut_off:
        whole = straight.bill()
        with monkeypatch.context() as patch:
            patch.setattr(billing, "_bill_range", _cut(billing._bill_range, chunk, after=after))
            with pytest.raises(PowerCut):
                cut_off.bill()
        resumed = cut_off.bill()
        assert cut_off.dump(columns=HOW) == straight.dump(columns=HOW)
        assert (resumed.invoices, resumed.cents, resumed.by_kind) == (whole.invoices, whole.cents, whole.by_kind)
        assert whole.by_kind["monthly-fee"][0] == 4
        assert_sound(cut_off)


def history_of(taken: list[Step], diary: Diary) -> BothBooks:
    """A random history of both books, played in a diary."""
    found = BothBooks(diary)
    found.start()
    for step in taken:
        found.cycles_until(diary.day + timedelta(days=step.wait), diary.bill)
        found.try_step(step)
    diary.day += ONE_DAY  # the last one may be closed
    return found


@given(steps_of_both(least=15, most=35), st.integers(-40, 0))
@settings(max_examples=15)
def test_cancelling_never_credits_more_than_was_billed(taken: list[Step], days: int) -> None:
    with both_books() as diary:
        history_of(taken, diary)
        open_accounts = [row[0] for row in diary.sql("SELECT id FROM account WHERE status <> 'closed' ORDER BY id")]
        for account in open_accounts:
            billed = diary.sql("SELECT coalesce(sum(cents), 0) FROM line WHERE account_id = ? AND cents > 0", account)[0][0]
            last_line = diary.sql("SELECT coalesce(max(invoice_id), 0) FROM line")[0][0]
            try:
                diary.do(subscriptions.cancel_account, account, diary.day + timedelta(days=days))
            except UserError:
                diary.do(subscriptions.cancel_account, account)  # its services began later than that
            credited = diary.sql(
                "SELECT coalesce(sum(-l.cents), 0) FROM line l WHERE l.account_id = ? AND l.cents < 0 AND l.invoice_id > ?",
                account,
                last_line,
            )[0][0]
            assert 0 <= credited <= billed
        assert all(cents >= 0 for cents in net_by_month(diary).values())
        assert diary.sql(CREDITED) == []
        assert_sound(diary)


@given(steps_of_both(least=15, most=35))
@settings(max_examples=10)
def test_looking_ahead_at_anything_writes_nothing(taken: list[Step]) -> None:
    with both_books() as diary:
        history_of(taken, diary)
        before, books, desk = diary.digest(), diary.books, diary.desk
        looks: list[Callable[[], object]] = [
            lambda: billing.preview(books, desk),
            lambda: preview_change(books, "isp-advance", diary.day, {"late_fee": "77.00", "paper_statement_fee": "9.00"}),
        ]
        for (account,) in diary.sql("SELECT id FROM account WHERE status <> 'closed'"):
            looks += [
                lambda account=account: whatif.pays(books, desk, account, 1234),
                lambda account=account: whatif.cancels(books, desk, account, diary.day + timedelta(days=40)),
            ]
        for payment, kind in diary.sql(
            "SELECT p.id, p.kind FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
            "WHERE r.payment_id IS NULL ORDER BY p.id DESC LIMIT 6"
        ):
            form = ReturnedItem(payment, "R02", bank_fee_cents=700, fraudulent=kind == "card")
            looks.append(lambda form=form: returnedoutlook.look_ahead(books, desk, form))
        seen = 0
        for look in looks:
            try:
                seen += look() is not None
            except UserError:
                continue
        assert seen >= 2
        assert diary.digest() == before
