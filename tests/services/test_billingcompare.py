"""The preview's difference against the month before, and what is said before a month is billed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from support_office import Diary

from app.errors import Cancelled, UserError
from app.models.bulk import execute
from app.services import billing, checks, dayclose, subscriptions, work
from app.services.billingcompare import BillingPreview, Difference, compare, month_before
from app.services.billingoutlook import BillingOutlook, billing_outlook, billing_runs
from app.services.billingreversal import reverse_run
from app.services.gateways.mail import NoMail
from app.services.standing import BILLING_FAILED

NET = 4995


@pytest.fixture
def office() -> Diary:
    """Three homes, all billed on February 1; on March 1 nothing has been paid."""
    diary = Diary()
    diary.on(1, 1)
    for name in ("Ann", "Bob", "Cleo"):
        diary.open(name, NET)
    for n in (1, 2, 3):
        diary.check(n, 2 * NET, f"a{n}")
    diary.on(2, 1).bill()
    for n in (1, 2, 3):
        diary.check(n, NET, f"b{n}")
    return diary.on(3, 1)


def seen(diary: Diary) -> BillingPreview:
    return compare(diary.books, diary.desk)


def by_name(diary: Diary) -> dict[str, Difference]:
    return {row.name: row for row in seen(diary).differences}


def outlook(diary: Diary, today: date | None = None) -> BillingOutlook:
    return diary.see(billing_outlook, diary.day, today or diary.day)


def test_a_month_like_the_one_before_differs_nowhere(office: Diary) -> None:
    found = seen(office)
    assert (found.compared_with, found.same, found.differences) == (date(2026, 2, 1), 3, ())
    assert found.before_cents == found.cycle_cents == 3 * NET


def test_the_totals_are_those_of_the_preview_and_of_the_run(office: Diary) -> None:
    found = seen(office)
    assert found.totals == billing.preview(office.books, office.desk)
    assert [(row.kind, row.lines, row.cents, row.before_cents) for row in found.by_kind] == [
        ("recurring", 3, 3 * NET, 3 * NET)
    ]
    assert office.bill().cents == found.totals.cents


def test_it_writes_nothing(office: Diary) -> None:
    before = office.digest()
    seen(office)
    office.do(subscriptions.cancel_account, 3, date(2026, 3, 5))
    office.on(3, 6)
    waiting = office.digest()
    seen(office)
    assert office.digest() == waiting != before


def test_an_account_opened_since_is_new_and_says_since_when(office: Diary) -> None:
    office.on(2, 10).open("Dora", 3000)
    row = by_name(office.on(3, 1))["Dora"]
    assert (row.what, row.before_cents, row.now_cents) == ("new", 0, 3000)
    assert row.why == "first cycle since it was opened on 02/10/2026"


def test_an_old_account_with_a_new_service_says_that_the_last_cycle_billed_it_nothing(office: Diary) -> None:
    office.on(1, 20).open("Late", None)
    office.on(2, 10).do(subscriptions.add_service, 4, "net", 3000)
    assert by_name(office.on(3, 1))["Late"].why == "the cycle of February 2026 billed it nothing"


def test_a_closed_account_is_gone_and_so_is_one_whose_services_ended(office: Diary) -> None:
    office.on(2, 10).do(subscriptions.cancel_account, 2)
    office.do(subscriptions.end_service, 3, "net")
    found = by_name(office.on(3, 1))
    assert [(found[name].what, found[name].now_cents) for name in ("Bob", "Cleo")] == [("gone", 0), ("gone", 0)]
    assert found["Bob"].why == "account closed, last day 02/10/2026"
    assert found["Cleo"].why == "services ended, the last one on 02/10/2026"


def test_what_changed_is_said_by_kind_the_largest_first(office: Diary) -> None:
    start = datetime.fromisoformat("2026-02-11T09:00")
    office.on(2, 11).do(work.log_work, 1, "out-of-scope", start, start + timedelta(hours=1))
    office.do(subscriptions.change_price, 1, "net", 3995, date(2026, 4, 1))
    row = by_name(office.on(3, 1))["Ann"]
    assert (row.what, row.before_cents, row.change_cents) == ("changed", NET, 9500 - NET)
    assert row.why == "work +95.00, services -49.95"  # billed through March, before the price changes


def test_a_cent_makes_a_difference_and_no_cent_makes_none(office: Diary) -> None:
    with office.books.write() as session:
        execute(session, "UPDATE service SET monthly_cents = monthly_cents + 1 WHERE account_id = 1")
    found = seen(office)
    assert [(row.name, row.change_cents, row.why) for row in found.differences] == [("Ann", 1, "services +0.01")]
    assert found.same == 2


def test_before_the_first_cycle_there_is_nothing_to_compare_with(office: Diary) -> None:
    found = seen(office.on(2, 1))
    assert (found.compared_with, found.differences, found.same) == (None, (), 0)


def test_with_a_month_skipped_it_compares_with_the_last_one_billed(office: Diary) -> None:
    office.on(4, 1)
    assert office.see(month_before, office.day) == date(2026, 2, 1)
    row = by_name(office)["Ann"]
    assert (row.before_cents, row.now_cents) == (NET, 2 * NET)
    assert any("Nothing was billed for the cycle of March 2026" in text for text in outlook(office).warnings)


def test_after_the_run_it_still_says_how_the_month_differs(office: Diary) -> None:
    office.on(2, 10).open("Dora", 3000)
    before = seen(office.on(3, 1))
    office.bill()
    after = seen(office)
    assert after.totals.invoices == 0
    assert (after.differences, after.cycle_cents, after.same) == (before.differences, before.cycle_cents, before.same)


def test_a_run_taken_back_does_not_count_as_billed(office: Diary) -> None:
    before = seen(office)
    office.bill()
    reverse_run(office.books, office.desk, billing.run_billing(office.books, office.desk).run_id or 0, "wrong")
    assert seen(office) == before
    office.on(4, 1)
    assert office.see(month_before, office.day) == date(2026, 2, 1)


def test_changes_due_are_carried_out_first_and_taken_back(office: Diary) -> None:
    office.on(2, 10).do(subscriptions.cancel_account, 2, date(2026, 2, 28))
    office.on(3, 1)
    assert outlook(office).changes_due
    row = by_name(office)["Bob"]
    assert (row.what, row.why) == ("gone", "account closed, last day 02/28/2026")
    assert office.sql("SELECT state FROM scheduled_change") == [("waiting",)]


def test_an_account_that_cannot_be_billed_is_named_with_the_reason(office: Diary) -> None:
    office.on(2, 10).do(subscriptions.change_price, 3, "net", 2000, date(2026, 3, 1))  # so that the run is tried out
    office.on(3, 1)
    with office.books.write() as session:
        execute(session, "UPDATE service SET billed_through = '2026-02-28' WHERE account_id = 1")
    found = seen(office)
    assert [(row.account_id, row.name) for row in found.parked] == [(1, "Ann")]
    assert "refused a row" in found.parked[0].reason
    office.bill()
    listed = outlook(office).exceptions
    assert [(row.account_id, row.code) for row in listed] == [(1, BILLING_FAILED)]


def test_small_ranges_give_the_same_as_one(office: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    office.on(2, 10).open("Dora", 3000)
    office.do(subscriptions.cancel_account, 2)
    whole = seen(office.on(3, 1))
    monkeypatch.setattr(billing, "CHUNK", 1)
    assert seen(office) == whole


def test_a_closed_day_is_refused_with_and_without_changes_due_and_a_stop_is_heard(office: Diary) -> None:
    with pytest.raises(Cancelled):
        compare(office.books, office.desk, cancelled=lambda: True)
    office.do(dayclose.close_day, NoMail())
    with pytest.raises(UserError, match="closed"):
        seen(office)
    with office.books.write() as session:
        execute(
            session,
            "INSERT INTO scheduled_change (id, account_id, service_id, what, effective, state, action_id) "
            "VALUES (99, 1, 1, 'end', '2026-02-01', 'waiting', 1)",
        )
    with pytest.raises(UserError, match="closed"):
        seen(office)


def test_the_outlook_says_which_month_through_when_and_for_how_many(office: Diary) -> None:
    found = outlook(office)
    assert (found.month, found.through, found.due_on) == (date(2026, 3, 1), date(2026, 4, 30), date(2026, 3, 31))
    assert (found.accounts_left, found.accounts_done, found.is_billed) == (3, 0, False)
    assert found.refusal == "" and found.warnings == ()
    office.bill()
    found = outlook(office)
    assert (found.accounts_left, found.accounts_done, found.is_billed) == (0, 3, True)


def test_the_outlook_warns_of_a_day_that_is_not_the_first_and_of_a_month_billed_already(office: Diary) -> None:
    found = outlook(office.on(3, 9))
    assert any("belongs to the 1st" in text for text in found.warnings)
    assert found.due_on == date(2026, 3, 31)
    assert outlook(office.on(3, 12)).due_on == date(2026, 4, 30)  # fewer than 20 days left
    office.on(3, 1).bill()
    office.on(3, 5).open("Dora", 3000)
    assert any("was billed on 03/01/2026" in text and "1 account " in text for text in outlook(office.on(3, 9)).warnings)
    office.bill()
    assert any("nothing left to bill" in text for text in outlook(office).warnings)


def test_the_outlook_warns_of_unposted_mail_and_of_a_run_that_was_cut_off(office: Diary) -> None:
    batch = office.do(checks.log_mail, 1, NET)
    office.do(checks.log_check, batch, NET, "77")
    assert any("1 check of the mail is not posted yet" in text for text in outlook(office).warnings)
    office.bill()
    with office.books.write() as session:
        execute(session, "UPDATE run SET state = 'running' WHERE business_date = '2026-03-01'")
    assert any("was cut off after 3 accounts" in text for text in outlook(office).warnings)


def test_the_outlook_refuses_a_closed_day_and_one_that_has_not_come(office: Diary) -> None:
    assert "not come yet" in outlook(office, today=date(2026, 2, 27)).refusal
    office.do(dayclose.close_day, NoMail())
    assert "closed" in outlook(office).refusal
    assert outlook(office.on(3, 2)).refusal == ""


def test_the_runs_are_listed_the_latest_first_with_who_reversed_one(office: Diary) -> None:
    run_id = office.bill().run_id
    assert [(run.on, run.state, run.invoices) for run in office.see(billing_runs)] == [
        (date(2026, 3, 1), "done", 3),
        (date(2026, 2, 1), "done", 3),
    ]
    reverse_run(office.books, office.desk, run_id or 0, "wrong price list")
    assert office.see(billing_runs)[0].note == "reversed 03/01/2026 by pat: wrong price list"
