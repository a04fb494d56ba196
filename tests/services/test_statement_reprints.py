"""Reprints that differ from the first print."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from support_histories import KINDS, History, Step, steps
from support_office import Diary

from app.services import checks, payments, refunds, statements, subscriptions
from app.services.documents.content import StatementContent
from app.services.statements import StatementRun

NET = 3100
EVENTS = [kind for kind in KINDS if kind not in ("address", "method", "delivery", "bill", "close")]


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def run_of(office: Diary, run_id: int | None = None) -> StatementRun:
    if run_id is None:
        run_id = office.see(statements.latest_billing_run)
    return office.see(statements.statement_run, run_id)


def print_of(office: Diary, run: StatementRun, ids: list[int] | None = None) -> dict[str, StatementContent]:
    """The statements of a run by account number."""
    if ids is None:
        ids = [account.account_id for account in office.see(statements.statement_accounts, run)]
    found = office.see(lambda session: list(statements.contents(session, run, ids)))
    return {content.account_number: content for content in found}


def only(office: Diary) -> StatementContent:
    (content,) = print_of(office, run_of(office)).values()
    return content


def test_a_reprint_after_an_older_invoice_was_paid_still_ages_it(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 1).bill()
    office.on(3, 1).bill()
    first = only(office)
    assert first.past_due == 3 * NET
    office.on(3, 5).check(account, office.balance(account), "1")
    assert only(office) == first


@given(steps(EVENTS, least=30, most=60))
@settings(max_examples=20)
def test_a_reprint_after_anything_is_the_first_print(taken: list[Step]) -> None:
    found = History(Diary())
    found.start()
    prints: list[tuple[StatementRun, list[int], dict[str, StatementContent]]] = []

    def bill_and_print() -> None:
        found.diary.bill()
        run = run_of(found.diary)
        ids = [account.account_id for account in found.diary.see(statements.statement_accounts, run)]
        prints.append((run, ids, print_of(found.diary, run, ids)))

    for step in taken:
        found.cycles_until(found.diary.day + timedelta(days=step.wait), bill_and_print)
        found.try_step(step)
    for run, ids, first in prints:
        again = print_of(found.diary, run_of(found.diary, run.run_id), ids)
        assert again == first
    found.diary.close()


def test_a_reprint_is_for_the_accounts_of_the_first_print(office: Diary) -> None:
    office.open("Other", service_cents=100)
    account = office.open(service_cents=NET)
    office.on(1, 17).do(subscriptions.cancel_account, account)
    office.on(2, 1).bill()
    first = print_of(office, run_of(office))
    assert len(first) == 2
    office.on(2, 3).check(account, 1700, "1")
    assert print_of(office, run_of(office)) == first


def test_a_reprint_after_a_payment_dated_before_the_run_is_the_first_print(office: Diary) -> None:
    account = office.open(service_cents=NET)
    mail = office.on(1, 30).do(checks.log_check, office.do(checks.log_mail, 1, NET), NET, "1")
    office.on(2, 1).bill()
    first = only(office)
    office.on(2, 2).check(account, NET, "1", mail_check_id=mail)
    assert office.sql("SELECT business_date FROM payment") == [("2026-01-30",)]
    assert only(office) == first


@pytest.mark.parametrize("returned_first", [False, True])
def test_a_reprint_after_a_refund_was_voided_is_the_first_print(office: Diary, returned_first: bool) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 5).do(subscriptions.cancel_account, account)
    payment = office.check(account, 5000, "1")
    office.on(1, 15).do(refunds.run_refunds)
    if returned_first:
        office.on(1, 20).do(payments.return_payment, payment)
    else:
        office.on(1, 20).do(payments.return_payment, office.check(account, 100, "2"))
    office.open("Other", service_cents=100)
    office.on(2, 1).bill()
    first = print_of(office, run_of(office))
    assert len(first) == 2
    office.on(2, 3).do(refunds.void_refund, office.see(refunds.latest_refund, account), "lost")
    assert print_of(office, run_of(office)) == first


def test_billing_again_on_the_same_day_leaves_the_statements_as_they_were(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(2, 1).bill()
    first = only(office)
    office.check(account, 1000, "1")
    assert office.bill().invoices == 0
    assert only(office) == first
