"""What statements say, that a reprint says the same, and that printing leaves whole files only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from support_histories import KINDS, History, Step, steps
from support_office import Diary, imported

from app.errors import Cancelled, UserError
from app.models.bulk import execute
from app.services import (
    accounts,
    billing,
    credits,
    payments,
    printing,
    refunds,
    statements,
    subscriptions,
)
from app.services.customerfile_types import ImportOpenItem, ImportService
from app.services.documents.content import ActivityLine, Aging, StatementContent
from app.services.statements import StatementRun

NET = 3100


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


def said(content: StatementContent) -> list[tuple[date, str, int]]:
    return [(line.on, line.description, line.cents) for line in content.activity]


# What a statement says


def test_a_month_of_events_leads_from_the_previous_balance_to_the_new_one(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.check(account, 2 * NET, "1")
    office.on(2, 1).bill()
    assert (only(office).previous_balance, only(office).balance) == (0, NET)
    bounced = office.on(2, 10).check(account, 2000, "2")
    office.on(2, 20).do(payments.return_payment, bounced, 800)
    office.on(2, 21).do(credits.courtesy_credit, account, 500, "outage")
    office.on(2, 22).check(account, 1000, "3")
    office.on(3, 1).bill()
    content = only(office)
    assert said(content) == [
        (date(2026, 2, 10), "Payment by check 2", -2000),
        (date(2026, 2, 20), "Bank's fee, check 2 returned", 800),
        (date(2026, 2, 20), "Administrative fee, check 2 returned", 2500),
        (date(2026, 2, 20), "Payment returned, check 2", 2000),
        (date(2026, 2, 21), "Courtesy credit", -500),
        (date(2026, 2, 22), "Payment by check 3", -1000),
    ]
    assert content.previous_balance == NET
    assert [(c.service_from, c.service_to, c.description, c.cents) for c in content.charges] == [
        (date(2026, 4, 1), date(2026, 4, 30), "net, Apr 2026", NET)
    ]
    assert content.balance == NET + 3300 - 1500 + NET == office.balance(account)
    assert (content.past_due, content.aging) == (1600, Aging(3300 + NET, 1600, 0, 0, 0))
    assert (content.statement_date, content.due_on) == (date(2026, 3, 1), date(2026, 3, 31))


def test_the_activation_of_a_new_customer_is_activity_before_the_first_cycle(office: Diary) -> None:
    office.on(1, 17).open(service_cents=NET)
    office.on(2, 1).bill()
    content = only(office)
    assert content.previous_balance == 0
    assert said(content) == [
        (date(2026, 1, 17), "net, Jan 17-31, 2026", 1500),
        (date(2026, 1, 17), "net, Feb 2026", NET),
    ]
    assert content.balance == 1500 + 2 * NET


def test_what_was_taken_over_is_the_first_previous_balance(office: Diary) -> None:
    item = ImportOpenItem("December", date(2025, 12, 1), date(2025, 12, 31), 2000)
    service = ImportService("net", NET, date(2025, 1, 1), date(2026, 2, 28))
    imported(office, services=(service,), open_items=(item,))
    office.on(2, 1).bill()
    content = only(office)
    assert (content.previous_balance, said(content)) == (2000, [])
    assert content.balance == 2000 + 1000 + NET


def test_an_account_in_debt_gets_one_without_new_charges(office: Diary) -> None:
    office.open("Other", service_cents=100)
    account = office.open(service_cents=NET)
    office.on(1, 17).do(subscriptions.cancel_account, account)
    office.on(2, 1).bill()
    content = print_of(office, run_of(office))[office.sql("SELECT number FROM account ORDER BY id")[-1][0]]
    assert (content.charges, content.total_new_charges) == ((), 0)
    assert (content.balance, content.past_due) == (1700, 1700)
    assert content.statement_number > 0


def test_a_closed_account_in_credit_gets_none(office: Diary) -> None:
    office.open("Other", service_cents=100)
    account = office.open(service_cents=NET)
    office.check(account, 2 * NET, "1")
    office.on(1, 17).do(subscriptions.cancel_account, account)
    office.on(2, 1).bill()
    assert list(print_of(office, run_of(office))) == [office.sql("SELECT number FROM account ORDER BY id")[0][0]]
    assert print_of(office, run_of(office), [account]) == {}


@pytest.mark.parametrize(
    ("method", "signed", "paid", "sentence"),
    [
        ("card", True, 0, "Your Visa 4242 will be charged $93.00 on February 1."),
        ("echeck", True, 2 * NET, "Your Visa 4242 will be charged $31.00 on February 1."),
        ("card", False, 0, None),
        ("none", True, 0, None),
        ("card", True, 3 * NET, None),
        ("card", True, 4 * NET, None),
    ],
)
def test_autopay_is_announced_only_when_authorized_and_owing(
    office: Diary, method: str, signed: bool, paid: int, sentence: str | None
) -> None:
    account = office.open(service_cents=NET)
    office.do(accounts.change_payment_method, account, method, form_signed=signed, label="Visa 4242")
    if paid:
        office.check(account, paid, "1")
    office.on(2, 1).bill()
    assert only(office).autopay == sentence


def test_the_office_says_its_message_unless_something_is_past_due(office: Diary) -> None:
    account = office.open(service_cents=NET)
    with office.books.write() as session:
        execute(session, "UPDATE office SET statement_message = 'Happy spring!'")
    office.check(account, 2 * NET, "1")
    office.on(2, 1).bill()
    assert (only(office).past_due, only(office).message) == (0, "Happy spring!")
    office.on(3, 1).bill()
    assert only(office).past_due == NET
    assert only(office).message.startswith("$31.00 of your balance is past due.")


def test_a_cycle_that_is_a_credit_memo_is_a_statement_with_a_credit(office: Diary) -> None:
    account = office.open(service_cents=10 * NET)
    office.check(account, 20 * NET, "1")
    office.do(subscriptions.change_price, account, "net", NET)
    office.on(2, 1).bill()
    content = only(office)
    assert content.total_new_charges == 2 * (NET - 10 * NET) + NET
    assert content.balance == content.total_new_charges == content.aging.current
    assert (content.due_on, content.past_due) == (content.statement_date, 0)


def test_statements_are_of_a_finished_run(office: Diary) -> None:
    with pytest.raises(UserError, match="No month has been billed"):
        office.see(statements.latest_billing_run)
    office.open(service_cents=NET)
    office.on(2, 1)
    with pytest.raises(Cancelled):
        billing.run_billing(office.books, office.desk, cancelled=lambda: True)
    with pytest.raises(UserError, match="finished billing run"):
        run_of(office, 1)
    office.bill()
    assert run_of(office, 1).on == date(2026, 2, 1)


# Any history


EVENTS = [kind for kind in KINDS if kind not in ("address", "method", "delivery", "bill", "close")]


@given(steps(EVENTS, least=30, most=50))
@settings(max_examples=12)
def test_each_statement_starts_where_the_one_before_ended(taken: list[Step]) -> None:
    found = History(Diary())
    found.start()
    before: dict[str, StatementContent] = {}

    def bill_and_print() -> None:
        nonlocal before
        found.diary.bill()
        printed = print_of(found.diary, run_of(found.diary))
        balances: dict[str, int] = dict(found.diary.sql("SELECT number, balance_cents FROM account"))
        for number, content in printed.items():
            assert content.balance == balances[number] == sum(_ages(content.aging))
            if number in before:
                assert content.previous_balance == before[number].balance
        before = printed

    for step in taken:
        found.cycles_until(found.diary.day + timedelta(days=step.wait), bill_and_print)
        found.try_step(step)
    found.diary.close()


def _ages(aging: Aging) -> tuple[int, ...]:
    return aging.current, aging.days_1_30, aging.days_31_60, aging.days_61_90, aging.over_90


def test_a_reprint_after_later_money_is_the_first_print(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.check(account, NET, "1")
    office.on(2, 1).bill()
    run, first = run_of(office), only(office)

    def assert_same() -> None:
        (again,) = print_of(office, run, [account]).values()
        assert again == first

    payment = office.on(2, 3).check(account, 3 * NET, "2")
    assert_same()
    office.on(2, 4).do(payments.return_payment, payment, 800)
    assert_same()
    office.on(2, 5).do(credits.courtesy_credit, account, 500, "outage")
    office.do(subscriptions.cancel_account, account)
    office.check(account, office.balance(account) + 700, "3")
    assert_same()
    office.on(2, 17).do(refunds.run_refunds)
    assert_same()
    office.on(3, 1).bill()
    assert_same()


def test_daily_runs_do_not_take_the_month_off_the_statement(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.bill()
    office.on(1, 15).check(account, NET, "1")
    for day in (16, 30, 31):
        assert office.on(1, day).bill().invoices == 0
    office.on(2, 1).bill()
    assert ActivityLine(date(2026, 1, 15), "Payment by check 1", -NET) in only(office).activity


# Printing


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Diary]:
    """Seven accounts billed on February 1, in a file that other processes can open."""
    with Diary(path=tmp_path / "office.db") as diary:
        for n in range(7):
            diary.open(f"Home {n}", 1000 + 100 * n, delivery="paper")
        diary.on(2, 1).bill()
        yield diary


def pages(files: list[printing.Printed]) -> list[str]:
    found = []
    for path in (path for printed in files for path in printed.paths):
        with pypdfium2.PdfDocument(path) as document:
            found += [page.get_textpage().get_text_range() for page in document]
    return found


def print_to(on_disk: Diary, folder: Path, **how: object) -> list[printing.Printed]:
    folder.mkdir()
    run = run_of(on_disk)
    ids = [account.account_id for account in on_disk.see(statements.statement_accounts, run)]
    assert on_disk.books.path is not None
    return printing.print_statements(on_disk.books.path, run, ids, folder / "all.pdf", **how)  # type: ignore[arg-type]


def test_two_processes_print_the_pages_that_one_prints(
    on_disk: Diary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = print_to(on_disk, tmp_path / "one file")
    assert [path.name for printed in whole for path in printed.paths] == ["all.pdf"]
    monkeypatch.setattr(printing, "SHEETS_PER_FILE", 3)
    alone = print_to(on_disk, tmp_path / "one process")
    monkeypatch.setattr(printing, "WORTH_A_PROCESS", 1)
    seen: list[tuple[int, int]] = []
    spawned = print_to(on_disk, tmp_path / "two processes", progress=lambda *done: seen.append(done))
    assert pages(whole) == pages(alone) == pages(spawned)
    assert len(pages(whole)) == 7
    names = ["all-001.pdf", "all-002.pdf", "all-003.pdf"]
    for folder in ("one process", "two processes"):
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == names
    assert seen[-1] == (7, 7)


@pytest.mark.parametrize("worth_a_process", [1, 10_000])
def test_a_cancelled_print_leaves_whole_files_only(
    on_disk: Diary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worth_a_process: int
) -> None:
    monkeypatch.setattr(printing, "SHEETS_PER_FILE", 3)
    monkeypatch.setattr(printing, "WORTH_A_PROCESS", worth_a_process)
    asked = iter([False])
    with pytest.raises(Cancelled):
        print_to(on_disk, tmp_path / "out", cancelled=lambda: next(asked, True))
    for path in (tmp_path / "out").iterdir():
        assert not path.name.endswith(".part.pdf")
        with pypdfium2.PdfDocument(path) as document:
            assert len(document) == (1 if path.name == "all-003.pdf" else 3)


def test_a_print_that_fails_leaves_nothing_under_its_name(
    on_disk: Diary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = statements.contents

    def breaks(*args: object) -> Iterator[StatementContent]:
        yield next(real(*args))  # type: ignore[arg-type]
        raise OSError("no space left")

    monkeypatch.setattr(statements, "contents", breaks)
    with pytest.raises(OSError, match="no space left"):
        print_to(on_disk, tmp_path / "out")
    assert list((tmp_path / "out").glob("*.pdf")) == []
