"""Whatever is typed as a name, an address or a note: books, papers, files and pages go on, and it is found again."""

from __future__ import annotations

import csv
import email
import email.policy
import tempfile
import zipfile
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pytest
from hypothesis import HealthCheck, example, given, settings
from support_office import Diary
from texts import NASTY, typed

from app.errors import UserError
from app.services import (
    accounts,
    checks,
    dayclose,
    deposits,
    notes,
    refundpaper,
    reporting,
    statements,
    subscriptions,
)
from app.services.depositpaper import print_deposit_ticket
from app.services.documents.statement import write_statements
from app.services.gateways.mail import FolderMail
from app.services.refunds import refund_now
from app.services.reporting_files import save_report
from app.services.search import find, find_accounts

FEW = settings(max_examples=25, suppress_health_check=list(HealthCheck))


def is_pdf(path: Path) -> bool:
    document = pypdfium2.PdfDocument(path)
    try:
        return len(document) >= 1 and all(page.get_textpage() is not None for page in document)
    finally:
        document.close()


def a_month(diary: Diary, folder: Path, text: str) -> int | None:
    """An account whose every text is `text`, through a month; None when the office refuses it in a sentence."""
    try:
        account = diary.on(1, 2).open(
            text,
            4000,
            email="ann@ames.example",
            address=(text, text, "Hill City SD 57745"),
            phone=text,
            notes=text,
            payer=text,
        )
    except UserError as refused:
        assert refused.message.endswith((".", "!", "?"))
        return None
    for add in (
        lambda: diary.do(notes.add_note, account, text),
        lambda: diary.do(subscriptions.add_service, account, text, 1000),
        lambda: diary.check(account, 1234, "11", payer=text),
        lambda: diary.check(account, 1235, text),
    ):
        try:
            add()
        except UserError as refused:
            assert refused.message
    diary.do(deposits.make_deposit)
    mail = FolderMail(folder / "mail", "Test Office", "office@office.example", diary.day)
    diary.do(dayclose.close_day, mail)
    diary.on(2, 1).bill()
    return account


@FEW
@given(text=typed)
@example(text=NASTY[0])
@example(text="a\0b")
@example(text="Subject: hi\r\nBcc: everybody@example.com")
@example(text="<para><font size=900>x</font></para>")
def test_any_text_goes_through_a_month_onto_every_paper(text: str) -> None:
    with tempfile.TemporaryDirectory() as name, Diary() as diary:
        folder = Path(name)
        account = a_month(diary, folder, text)
        diary.assert_books_right()
        if account is None:
            return
        for letter in folder.glob("mail/*.eml"):
            read = email.message_from_bytes(letter.read_bytes(), policy=email.policy.default)
            assert len(read["To"].addresses) == 1
            assert read["Bcc"] is None
        deposit = diary.sql("SELECT max(id) FROM deposit")[0][0]
        assert is_pdf(diary.see(print_deposit_ticket, deposit, folder))
        with diary.books.read() as session:
            run = statements.statement_run(session, statements.latest_billing_run(session))
            made = write_statements(
                statements.paper_office(session), statements.contents(session, run, [account]), folder / "s.pdf"
            )
        assert all(is_pdf(file.path) for file in made)
        find_accounts_by_it(diary, account, text)


def find_accounts_by_it(diary: Diary, account: int, text: str) -> None:
    """Searching for anything answers; an ordinary word of a name finds its account."""
    diary.see(find, text)
    diary.see(find_accounts, text)
    name = diary.sql("SELECT name FROM account WHERE id = ?", account)[0][0]
    words = [word for word in name.split() if word.isascii() and word.isalpha() and len(word) < 30]
    for word in words[:1]:
        assert account in [hit.id for hit in diary.see(find_accounts, word)]


@FEW
@given(text=typed)
def test_any_payee_stands_on_a_refund_check(text: str) -> None:
    with tempfile.TemporaryDirectory() as name, Diary() as diary:
        try:
            account = diary.on(1, 2).open(text, 4000, address=(text, "Hill City SD 57745"))
        except UserError:
            return
        diary.check(account, 20_000, "11")
        diary.do(subscriptions.cancel_account, account)
        refund = diary.do(refund_now, account, "asked for it")
        path = Path(name) / "check.pdf"
        assert diary.see(refundpaper.print_refund_checks, [refund], path) == 1
        assert is_pdf(path)


@pytest.fixture(scope="module")
def full() -> Diary:
    """An office in which every text is a nasty one."""
    diary = Diary()
    for n, text in enumerate(NASTY):
        try:
            account = diary.on(1, 2).open(text, 1000 + n, address=(text, "Hill City SD 57745"), notes=text, payer=text)
            diary.check(account, 500, str(n), payer=text)
            diary.do(notes.add_note, account, text, date(2026, 1, 3))
        except UserError as refused:
            assert refused.message
    diary.do(deposits.make_deposit)
    diary.on(2, 1).bill()
    return diary


@pytest.mark.parametrize("key", [kind.key for kind in reporting.REPORTS])
def test_every_report_of_hostile_names_is_a_whole_file_without_formulas(full: Diary, key: str, tmp_path: Path) -> None:
    kind = next(kind for kind in reporting.REPORTS if kind.key == key)
    with full.books.read() as session:
        report = reporting.make_report(session, key, reporting.first_period(kind, full.day))
        for suffix in (".csv", ".xlsx", ".pdf"):
            save_report(session, report, tmp_path / f"report{suffix}", full.day)
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            for cell in row:
                assert not cell.startswith(("=", "+", "@", "\t", "\r")), cell
                assert not cell.startswith("-") or cell[1:].replace(".", "").isdigit(), cell
    with zipfile.ZipFile(tmp_path / "report.xlsx") as book:
        for part in book.namelist():
            content = book.read(part)
            if part.endswith((".xml", ".rels")):
                ElementTree.fromstring(content)
            assert b"<f>" not in content and b"hyperlink" not in content
    assert is_pdf(tmp_path / "report.pdf")


@pytest.mark.parametrize("text", NASTY)
def test_any_text_can_be_searched_for(full: Diary, text: str) -> None:
    before = full.dump()
    full.see(find, text)
    full.see(find_accounts, text)
    assert full.dump() == before


LONG = "x" * 10_000_000


def test_a_text_of_ten_megabytes_is_refused_with_a_sentence_wherever_it_is_typed() -> None:
    with Diary() as diary:
        account = diary.on(1, 2).open("Ann Ames", 1000)
        before = diary.dump()
        tries = [
            lambda: diary.do(notes.add_note, account, LONG),
            lambda: diary.open(LONG),
            lambda: diary.open("A", address=(LONG, "Hill City SD 57745")),
            lambda: diary.open("A", notes=LONG),
            lambda: diary.open("A", payer=LONG),
            lambda: diary.open("A", phone=LONG),
            lambda: diary.open("A", email=f"{LONG}@b.example"),
            lambda: diary.open("A", old_number=LONG),
            lambda: diary.open("A", method_label=LONG),
            lambda: diary.do(accounts.change_address, account, (LONG, "Hill City SD 57745")),
            lambda: diary.do(subscriptions.add_service, account, LONG, 1000),
            lambda: diary.check(account, 500, LONG),
            lambda: diary.check(account, 500, "12", payer=LONG),
            lambda: diary.check(account, 500, "13", force=LONG),
        ]
        for number, attempt in enumerate(tries):
            with pytest.raises(UserError) as refused:
                attempt()
            assert len(refused.value.message) < 400, number
        assert diary.dump() == before
        diary.see(find, LONG)


@pytest.mark.parametrize("cents", [2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**30, -(2**63), -1])
def test_an_amount_beyond_any_business_is_refused_with_a_sentence(cents: int) -> None:
    with Diary() as diary:
        account = diary.on(1, 2).open("Ann Ames", 1000)
        for attempt in (
            lambda: diary.check(account, cents, "11"),
            lambda: diary.do(checks.log_mail, 1, cents),
            lambda: diary.do(subscriptions.add_service, account, "tv", cents),
            lambda: diary.open("B", hourly_rate_cents=cents),
        ):
            try:
                attempt()
            except UserError as refused:
                assert refused.message.endswith((".", "!", "?"))
        diary.assert_books_right()
        assert all(abs(value) < 10**12 for row in diary.sql("SELECT cents FROM posting") for value in row)


@pytest.mark.parametrize("day", [date.min, date(1969, 12, 31), date(9001, 1, 1), date.max])
def test_a_day_at_the_edge_of_the_calendar_is_refused_with_a_sentence(day: date) -> None:
    with Diary() as diary:
        account = diary.on(1, 2).open("Ann Ames", 1000)
        diary.today = date.max
        diary.day = day
        for attempt in (
            lambda: diary.check(account, 1000, "11"),
            diary.bill,
            lambda: diary.do(notes.add_note, account, "x"),
            lambda: diary.do(
                dayclose.close_day, FolderMail(Path(tempfile.gettempdir()), "O", "o@o.example", date(2026, 1, 2))
            ),
        ):
            with pytest.raises(UserError) as refused:
                attempt()
            assert refused.value.message.endswith((".", "!", "?"))
        diary.day = date(2026, 1, 2)
        diary.assert_books_right()
