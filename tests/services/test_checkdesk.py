"""The posting window's services: what a check will pay is what it then pays; corrections of a batch's checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support_office import Diary

from app.errors import DuplicateCheck, UserError
from app.models.bulk import execute
from app.services import checkdesk, checkentry, checks, collections, credits, deposits, payments
from app.services.checkdesk import Preview
from app.services.checkentry import LoggedDiffers
from app.services.checks import CheckForm

NET = 4995


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def owing(office: Diary, months: int = 1) -> int:
    """An account with so many open invoices of 49.95."""
    account = office.open(service_cents=NET)
    for month in range(months):
        office.on(month + 1, 1).bill()
    office.on(months, 28)
    return account


def batch(office: Diary, count: int = 1, cents: int = NET) -> int:
    return office.do(checks.log_mail, count, cents)


def enter(office: Diary, batch_id: int, account: int, cents: int = NET, number: str = "1", **known: Any) -> int:
    """A check typed and posted; its id in the mail log."""
    form = CheckForm(account, cents, number, **known)
    office.do(checkentry.post_entry, form, batch_id=batch_id)
    return int(office.sql("SELECT max(id) FROM mail_check")[0][0])


def seen(office: Diary, account: int, cents: int, picked: tuple[int, ...] = ()) -> Preview:
    return checkdesk.preview(office.see(checkdesk.desk_account, account, office.day), cents, picked)


def paid(office: Diary, account: int, cents: int, picked: tuple[int, ...] = ()) -> Preview:
    """What a check really does, in the words of a preview."""
    payment = office.check(account, cents, "8", apply_to=picked)
    pays = dict(
        office.sql(
            "SELECT invoice_id, sum(cents) FROM allocation JOIN invoice i ON i.id = invoice_id WHERE credit_id = ? "
            "AND what <> 'write-off-reversed' GROUP BY 1",
            payment,
        )
    )
    ((refunds, back),) = office.sql(
        "SELECT coalesce(sum(CASE WHEN refund_id IS NOT NULL THEN cents END), 0), "
        "coalesce(sum(CASE WHEN invoice_id IN (SELECT id FROM invoice WHERE what = 'write-off-reversed') "
        "THEN cents END), 0) "
        "FROM allocation WHERE credit_id = ?",
        payment,
    )
    ((left,),) = office.sql("SELECT remaining_cents FROM credit WHERE id = ?", payment)
    return Preview(pays, refunds, back, left, office.balance(account), False)


# What a check will pay


@pytest.mark.parametrize("cents", [1, NET - 1, NET, NET + 1, 3 * NET - 1, 3 * NET, 3 * NET + 1, 100_000])
def test_a_preview_says_what_the_check_then_pays(office: Diary, cents: int) -> None:
    account = owing(office, 3)
    assert seen(office, account, cents) == paid(office, account, cents)


@pytest.mark.parametrize("picked", [(2,), (2, 0), (1, 2, 0), (2, 2)])
@pytest.mark.parametrize("cents", [100, NET, NET + 100, 2 * NET + 1])
def test_ticked_invoices_are_paid_first_and_in_their_order(office: Diary, picked: tuple[int, ...], cents: int) -> None:
    account = owing(office, 3)
    invoices = [row[0] for row in office.sql("SELECT id FROM invoice WHERE account_id = ? ORDER BY due_on, id", account)]
    chosen = tuple(invoices[place] for place in picked)
    preview = seen(office, account, cents, chosen)
    assert next(iter(preview.pays)) == chosen[0]
    assert preview == paid(office, account, cents, chosen)


def test_a_check_of_an_account_in_credit_pays_nothing_and_stays(office: Diary) -> None:
    account = owing(office)
    office.check(account, office.balance(account) + 500, "1")
    assert seen(office, account, 1000) == Preview({}, 0, 0, 1000, -1500, False)
    assert seen(office, account, 1000) == paid(office, account, 1000)


def test_an_invoice_of_another_account_that_is_ticked_is_passed_over(office: Diary) -> None:
    account = owing(office)
    assert seen(office, account, 100, (999_999,)).pays == seen(office, account, 100).pays


def test_a_check_of_nothing_pays_nothing(office: Diary) -> None:
    account = owing(office)
    assert seen(office, account, 0) == Preview({}, 0, 0, 0, office.balance(account), False)


def test_a_closed_accounts_write_off_comes_back_before_anything_is_credit(office: Diary) -> None:
    account = owing(office)
    owed = office.balance(account)
    office.do(credits.write_off, account, owed, "moved away")
    with office.books.write() as session:
        execute(session, "UPDATE account SET status = 'closed', closed_on = ? WHERE id = ?", office.day, account)
    for cents in (owed - 1, owed + 1):
        preview = seen(office, account, cents)
        assert preview.written_back_cents == min(cents, owed)
    assert seen(office, account, owed + 1) == paid(office, account, owed + 1)


def test_a_suspended_account_is_restored_only_when_all_is_paid(office: Diary) -> None:
    account = owing(office)
    office.on(2, 10).do(collections.suspend)
    owed = office.balance(account)
    assert not seen(office, account, owed - 1).is_restored
    assert seen(office, account, owed).is_restored
    office.check(account, owed, "1")
    assert office.sql("SELECT status FROM account WHERE id = ?", account) == [("active",)]


# A typed check


def test_a_typed_check_is_logged_in_its_batch_and_posted_in_one_action(office: Diary) -> None:
    account, open_batch = owing(office), batch(office)
    check = enter(office, open_batch, account, number=" 77 ")
    (state,) = office.see(checks.batches, office.day)
    assert state.is_balanced and state.unposted == 0
    (line,) = office.see(checkdesk.batch_checks, open_batch)
    assert (line.mail_check_id, line.account_id, line.cents, line.number, line.state) == (
        check,
        account,
        NET,
        "77",
        "posted",
    )


def test_a_typed_check_without_a_batch_is_refused_and_nothing_is_written(office: Diary) -> None:
    account = owing(office)
    before = office.digest()
    with pytest.raises(UserError, match="Log the mail first"):
        office.do(checkentry.post_entry, CheckForm(account, NET, "1"))
    assert office.digest() == before


def test_a_token_posts_once_and_leaves_no_second_sheet(office: Diary) -> None:
    account, open_batch = owing(office), batch(office)
    enter(office, open_batch, account, token="t1")
    assert office.see(checkdesk.was_posted, "t1") and not office.see(checkdesk.was_posted, "t2")
    with pytest.raises(UserError, match="already been posted"):
        enter(office, open_batch, account, number="2", token="t1")
    assert office.sql("SELECT count(*) FROM mail_check") == [(1,)]


def test_a_look_alike_is_not_even_logged_until_a_reason_is_given(office: Diary) -> None:
    account, open_batch = owing(office), batch(office)
    enter(office, open_batch, account)
    with pytest.raises(DuplicateCheck):
        enter(office, open_batch, account)
    assert office.sql("SELECT count(*) FROM mail_check") == [(1,)]
    enter(office, open_batch, account, force="two checks")
    assert office.sql("SELECT count(*) FROM payment WHERE forced = 'two checks'") == [(1,)]


def test_a_check_of_an_earlier_open_day_is_dated_the_day_of_its_batch(office: Diary) -> None:
    account, open_batch = owing(office), batch(office)
    received = office.day
    office.on(1, 30)
    enter(office, open_batch, account)
    assert office.sql("SELECT business_date FROM payment") == [(received.isoformat(),)]


def test_a_split_check_is_one_sheet_with_a_line_for_each_account(office: Diary) -> None:
    one, other = owing(office), office.open("Bo Burns", NET)
    open_batch = batch(office)
    office.do(checkentry.post_entry, CheckForm(one, NET, "5"), batch_id=open_batch, parts=((one, 4000), (other, 995)))
    lines = office.see(checkdesk.batch_checks, open_batch)
    assert [(line.sheet, line.account_id, line.cents, line.sheet_cents) for line in lines] == [
        (1, one, 4000, NET),
        (1, other, 995, NET),
    ]
    assert [(sheet.cents, sheet.number, sheet.name) for sheet in checkdesk.entered(lines)] == [(NET, "5", "Ann Ames")]


def test_a_logged_check_with_another_amount_needs_a_reason_then_is_corrected_and_posted(office: Diary) -> None:
    account, open_batch = owing(office), batch(office)
    check = office.do(checks.log_check, open_batch, 4959, "1")
    form = CheckForm(account, NET, "2", mail_check_id=check)
    with pytest.raises(LoggedDiffers, match=r"logged as check 1 for 49\.59, now it is check 2 for 49\.95"):
        office.do(checkentry.post_entry, form)
    office.do(checkentry.post_entry, form, why_changed="misread")
    assert office.see(checks.logged_check, check)[3:5] == ("2", NET)
    assert office.sql("SELECT cents, check_number FROM payment") == [(NET, "2")]


@pytest.mark.parametrize(("what", "state"), [("hold", "held"), ("return", "returned-to-sender")])
def test_a_typed_check_that_nobody_knows_is_logged_and_set_aside_at_once(office: Diary, what: Any, state: str) -> None:
    open_batch = batch(office)
    form = CheckForm(0, NET, "9", payer="M. Quill", token="t")
    with pytest.raises(UserError, match="needs a reason"):
        office.do(checkentry.set_aside, form, what, " ", batch_id=open_batch)
    assert office.sql("SELECT count(*) FROM mail_check") == [(0,)]
    check = office.do(checkentry.set_aside, form, what, "unknown", batch_id=open_batch)
    assert office.see(checks.logged_check, check).state == state
    assert office.see(checkdesk.batch_checks, open_batch)[0].name == "M. Quill"
    with pytest.raises(UserError, match="already been posted"):
        office.do(checkentry.set_aside, form, what, "unknown", batch_id=open_batch)


# Corrections


@pytest.mark.parametrize(
    ("then", "state"), [("post", "logged"), ("hold", "held"), ("return", "returned-to-sender"), ("strike", "reversed")]
)
def test_a_posted_check_is_taken_back_without_a_fee_and_goes_where_it_belongs(office: Diary, then: Any, state: str) -> None:
    account, open_batch = owing(office), batch(office)
    owed = office.balance(account)
    check = enter(office, open_batch, account)
    assert office.balance(account) == owed - NET
    after = office.do(checkentry.take_back, check, "keyed wrongly", then)
    assert after.state == state
    assert office.balance(account) == owed
    (batch_state,) = office.see(checks.batches, office.day)
    assert batch_state.entered_count == (0 if then == "strike" else 1)


def test_taking_back_needs_a_reason_and_changes_nothing_without(office: Diary) -> None:
    account, open_batch = owing(office), batch(office)
    check = enter(office, open_batch, account)
    before = office.digest()
    with pytest.raises(UserError, match="needs a reason"):
        office.do(checkentry.take_back, check, "  ", "post")
    assert office.digest() == before


def test_a_check_taken_back_is_picked_up_with_its_account_and_can_be_changed(office: Diary) -> None:
    account, open_batch = owing(office), batch(office)
    check = enter(office, open_batch, account, via="bank")
    with pytest.raises(UserError, match="already posted"):
        office.see(checkdesk.pick_up, check)
    office.do(checkentry.take_back, check, "keyed wrongly", "post")
    found = office.see(checkdesk.pick_up, check)
    assert (found.account_id, found.account_name, found.cents, found.via, found.can_change) == (
        account,
        "Ann Ames",
        NET,
        "bank",
        True,
    )


def test_one_part_of_a_split_check_is_taken_back_and_the_rest_stays(office: Diary) -> None:
    one, other = owing(office), office.open("Bo Burns", NET)
    open_batch = batch(office)
    parts = ((one, 4000), (other, 995))
    ids = office.do(checkentry.post_entry, CheckForm(one, NET, "5"), batch_id=open_batch, parts=parts)
    (check,) = office.sql("SELECT id FROM mail_check")[0]
    office.do(checkentry.take_back, check, "wrong account", "post", only=ids[1])
    found = office.see(checkdesk.pick_up, check)
    assert (found.cents, found.account_id, found.can_change) == (995, other, False)
    lines = office.see(checkdesk.batch_checks, open_batch)
    assert [(line.account_id, line.cents, line.state) for line in lines] == [(None, 995, "logged"), (one, 4000, "posted")]


def test_a_deposited_check_taken_back_waits_at_the_bank_for_its_account(office: Diary) -> None:
    account, open_batch = owing(office), batch(office)
    check = enter(office, open_batch, account)
    office.do(deposits.make_deposit)
    with pytest.raises(UserError, match="taken to the bank"):
        office.do(checkentry.take_back, check, "not ours", "return")
    assert office.do(checkentry.take_back, check, "wrong account", "post").state == "held"
    found = office.see(checkdesk.pick_up, check)
    assert not found.can_change
    (line,) = office.see(checkdesk.batch_checks, open_batch)
    assert (line.state, line.deposited) == ("held", True)


def test_a_posted_check_cannot_be_struck_out_by_itself(office: Diary) -> None:
    account, open_batch = owing(office), batch(office)
    check = enter(office, open_batch, account)
    with pytest.raises(UserError, match="take it back first"):
        office.do(checkentry.strike, check, "no such sheet")


def test_a_logged_check_at_the_bank_cannot_be_struck_out(office: Diary) -> None:
    one, other = owing(office), office.open("Bo Burns", NET)
    open_batch = batch(office)
    ids = office.do(checkentry.post_entry, CheckForm(one, NET, "5"), batch_id=open_batch, parts=((one, 4000), (other, 995)))
    office.do(deposits.make_deposit)
    for payment in ids[:1]:
        office.do(payments.reverse_payment, payment, "wrong")
    (check,) = office.sql("SELECT id FROM mail_check")[0]
    with pytest.raises(UserError, match="taken to the bank"):
        office.do(checkentry.strike, check, "no such sheet")


# What the page shows


def shown(office: Diary, wanted: int | None) -> int | None:
    found = office.see(checkdesk.posting_desk, office.day, wanted).batch
    return None if found is None else found.id


def test_the_latest_batch_of_the_day_is_shown_and_one_that_is_wanted_before_it(office: Diary) -> None:
    first, second = batch(office), batch(office)
    assert shown(office, None) == second
    assert shown(office, first) == first


def test_an_earlier_batch_is_offered_by_itself_only_while_it_is_unfinished(office: Diary) -> None:
    account, open_batch = owing(office), batch(office)
    office.on(1, 30)
    assert shown(office, None) == open_batch
    enter(office, open_batch, account)
    desk = office.see(checkdesk.posting_desk, office.day, None)
    assert desk.batch is None and [state.id for state in desk.batches] == [open_batch]


def test_checks_in_no_batch_are_counted_and_shown_when_asked_for(office: Diary) -> None:
    account = owing(office)
    office.check(account, NET, "3")
    assert office.see(checkdesk.posting_desk, office.day, None).loose == 1
    desk = office.see(checkdesk.posting_desk, office.day, None, loose=True)
    assert [(line.number, line.account_id) for line in desk.checks] == [("3", account)]
