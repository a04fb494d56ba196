"""The main job from the command line: the demo's folder, looked at as its readers would, and the other commands."""

from __future__ import annotations

import email
import email.message
import email.policy
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from demo_folder import (
    BALANCES_AT_THE_RUN,
    BANK,
    PAPERS,
    RECEIVABLE,
    ROOT,
    Made,
    all_statements,
    ask,
    attached,
    demo,
    digests,
    letters,
    statements,
    texts,
)

from app.cli import run
from app.models import database
from app.money import amount_in_words, format_cents, parse_cents
from app.services import aging
from app.services.documents import scanline


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("demo") / "Müller & Sons #1 100%"
    done = demo(folder)
    assert (done.returncode, done.stderr) == (0, "")
    return Made(folder, done.stdout)


# The folder


def test_the_demo_makes_every_paper_and_says_what_was_done(made: Made) -> None:
    assert sorted(path.name for path in made.folder.iterdir()) == sorted([*PAPERS, "autopay", "mail", "office.db"])
    assert [path.suffix for path in (made.folder / "autopay").iterdir()] == [".csv"]
    for what, sql in {
        "Accounts in the office": "SELECT count(*), sum(balance_cents) FROM account",
        "Invoices of the month's cycle": "SELECT count(*), sum(total_cents) FROM invoice WHERE what = 'cycle'",
        "Refund checks": "SELECT count(*), sum(cents) FROM refund",
    }.items():
        ((number, cents),) = ask(made.folder, sql)
        assert re.search(rf"{what}\W+{number:,}\W+{format_cents(cents)}\s", made.output), what
    ((total,),) = ask(made.folder, "SELECT sum(cents) FROM posting")
    assert f"The ledger balances: debits {format_cents(total)} = credits {format_cents(total)}." in made.output


def test_the_files_have_names_that_windows_allows(made: Made) -> None:
    names = [path.name for path in made.folder.rglob("*")]
    assert len(names) > 80
    assert [name for name in names if re.search(r'[<>:"/\\|?*\x00-\x1f]|[ .]$', name)] == []
    assert len({name.casefold() for name in names}) == len(names)


def test_a_second_demo_leaves_every_file_as_it_is(made: Made) -> None:
    before = digests(made.folder)
    again = demo(made.folder)
    assert (again.returncode, again.stderr) == (0, "")
    assert digests(made.folder) == before
    assert "The ledger balances" in again.stdout


def test_a_later_day_and_another_number_of_customers_change_nothing_in_a_finished_demo(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.folder, tmp_path / "demo")
    before = digests(folder)
    assert demo(folder, 80, "2027-01-20").returncode == 0
    assert digests(folder) == before


# The paper


def test_every_account_billed_has_one_statement_with_its_balance_as_of_the_run(made: Made) -> None:
    found = all_statements(made.folder)
    balances = dict(ask(made.folder, BALANCES_AT_THE_RUN))
    billed = {row[0] for row in ask(made.folder, "SELECT number FROM account WHERE status <> 'closed'")}
    assert len(found) == len({statement.account for statement in found}) > 50
    without_address = "SELECT number FROM account WHERE delivery = 'email' AND email = ''"
    assert {statement.account for statement in found} == billed - {row[0] for row in ask(made.folder, without_address)}
    assert {statement.account: statement.cents for statement in found} == {s.account: balances[s.account] for s in found}
    assert sum(statement.cents for statement in found) == sum(balances[statement.account] for statement in found)
    invoices = dict(
        ask(made.folder, "SELECT a.number, i.id FROM invoice i JOIN account a ON a.id = account_id WHERE run_id = 1")
    )
    assert {statement.account: statement.number for statement in found} == {s.account: invoices[s.account] for s in found}


def test_paper_goes_to_the_accounts_on_paper_and_mail_to_the_others(made: Made) -> None:
    delivery = dict(ask(made.folder, "SELECT number, delivery FROM account"))
    on_paper = [statement.account for statement in statements(texts(made.folder / "statements.pdf"))]
    assert {delivery[number] for number in on_paper} == {"paper"}
    assert on_paper == sorted(on_paper), "in the order in which they are filed"
    mailed = [next(statements(texts(attached(letter)))).account for letter in letters(made.folder, "statement")]
    assert {delivery[number] for number in mailed} == {"email"}


def test_the_barcode_of_a_coupon_says_account_statement_and_amount_due(made: Made) -> None:
    balances = dict(ask(made.folder, BALANCES_AT_THE_RUN))
    document = pypdfium2.PdfDocument(made.folder / "statements.pdf")
    read = 0
    for page in list(document)[:6]:
        expected = list(statements([page.get_textpage().get_text_range().replace("\r\n", "\n")]))
        codes = zxingcpp.read_barcodes(page.render(scale=150 / 72, grayscale=True).to_pil())
        assert len(codes) == len(expected)
        for code, statement in zip(codes, expected, strict=True):
            said = scanline.decode(code.text)
            assert (said.account_number, said.statement_number) == (statement.account, statement.number)
            assert said.amount == max(balances[said.account_number], 0)
            read += 1
    document.close()
    assert read >= 5


def test_each_letter_goes_to_its_customer_with_that_customers_statement(made: Made) -> None:
    known = {row[0]: row[1:] for row in ask(made.folder, "SELECT number, name, email FROM account")}
    found = letters(made.folder, "statement")
    assert len(found) > 30
    for letter in found:
        (statement,) = statements(texts(attached(letter)))
        name, address = known[statement.account]
        to = letter["To"].addresses[-1]
        assert to.addr_spec == address
        assert name.endswith(to.display_name)
        assert statement.account in letter["Subject"]
        assert all(letter[header] for header in ("From", "Date", "Message-ID"))
        assert letter.defects == []


def test_every_payment_with_an_address_has_one_receipt_that_says_its_amount(made: Made) -> None:
    payments = ask(
        made.folder, "SELECT p.id, a.number, a.email, p.cents FROM payment p JOIN account a ON a.id = p.account_id"
    )
    with_address = {payment_id: row for payment_id, *row in payments if row[1]}
    assert 0 < len(with_address) < len(payments)
    paths = list((made.folder / "mail").glob("receipt-*.eml"))
    assert {int(path.stem.removeprefix("receipt-")) for path in paths} == set(with_address)
    for path in paths:
        letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        number, address, cents = with_address[int(path.stem.removeprefix("receipt-"))]
        body = letter.get_content()
        assert letter["To"].addresses[-1].addr_spec == address
        assert f"payment of ${format_cents(cents)} by" in body and f"account {number}" in body
    listed = ask(made.folder, "SELECT count(DISTINCT account_id) FROM listed_exception WHERE code = 'no-receipt-address'")
    assert listed == [(len({row[1] for row in payments if not row[2]}),)]


def test_refund_checks_are_numbered_one_after_another_and_say_what_the_books_refund(made: Made) -> None:
    pages = texts(made.folder / "refund-checks.pdf")
    books = ask(
        made.folder,
        "SELECT c.number, f.cents, f.payee, a.number FROM issued_check c JOIN refund f ON f.id = c.refund_id "
        "JOIN account a ON a.id = f.account_id ORDER BY c.number",
    )
    printed = []
    for text in pages:
        number = int(re.search(r"^No\. (\d+)$", text, re.MULTILINE)[1])  # type: ignore[index]
        payee, figure = re.search(r"^(.+) \$\*\*([\d,]+\.\d\d)$", text, re.MULTILINE).groups()  # type: ignore[union-attr]
        cents = parse_cents(figure)
        assert f"\n{amount_in_words(cents)} ***" in text
        assert text.count(f"Refunded by this check {figure}\n") + text.endswith(f"Refunded by this check {figure}") == 2
        printed.append((number, cents, payee, re.search(r"credit, account (\d+)", text)[1]))  # type: ignore[index]
    assert printed == books
    assert [row[0] for row in printed] == list(range(5001, 5001 + len(printed)))
    refunded = ask(made.folder, "SELECT sum(cents) FROM posting WHERE debit = ? AND credit = ?", RECEIVABLE, BANK)
    assert refunded == [(sum(row[1] for row in printed),)]
    closed = ask(made.folder, "SELECT count(*) FROM account WHERE status = 'closed' AND balance_cents < 0 AND address <> ''")
    assert closed == [(0,)]


def test_the_deposit_ticket_is_what_went_to_the_bank(made: Made) -> None:
    text = "\n".join(texts(made.folder / "deposit-ticket.pdf"))
    count, total = re.search(r"^Total deposit, (\d+) checks ([\d,]+\.\d\d)$", text, re.MULTILINE).groups()  # type: ignore[union-attr]
    listed = re.findall(r"^\d+ \S+ .+ ([\d,]+\.\d\d)$", text, re.MULTILINE)
    listed = listed[: int(count)]
    assert sum(parse_cents(amount) for amount in listed) == parse_cents(total)
    posted = "SELECT sum(cents) FROM posting WHERE debit = ? AND credit = 1010"
    assert ask(made.folder, posted, BANK) == [(parse_cents(total),)]
    drawer = "SELECT sum(CASE WHEN debit = 1010 THEN cents ELSE -cents END) FROM posting WHERE 1010 IN (debit, credit)"
    assert ask(made.folder, drawer) == [(0,)]


def test_the_month_end_report_has_the_aging_and_the_trial_balance_of_the_books(made: Made) -> None:
    text = "\n".join(texts(made.folder / "month-end.pdf"))
    with database.open_existing(made.folder / "office.db") as books, books.read() as session:
        rows = aging.aging(session, date(2026, 10, 31), as_of=True)
    labels = ("Not due yet", "1 to 30 days", "31 to 60 days", "61 to 90 days", "Over 90 days", "Credits on accounts")
    for label, cents in zip(labels, aging.totals(rows), strict=True):
        assert f"{label} {format_cents(cents)}\n" in text
    moved = (
        "SELECT sum(CASE WHEN debit = ?1 THEN cents ELSE -cents END) FROM posting JOIN entry ON entry.id = entry_id "
        "WHERE ?1 IN (debit, credit) AND business_date <= '2026-10-31'"
    )
    ((receivable,),) = ask(made.folder, moved, RECEIVABLE)
    assert f"Receivable {format_cents(receivable)}\n" in text
    assert sum(aging.totals(rows)) == receivable
    ((at_bank,),) = ask(made.folder, moved, BANK)
    assert re.search(rf"^{BANK} Bank [\d,.]+ [\d,.]+ {format_cents(at_bank)}$", text, re.MULTILINE)


# Other days


@pytest.mark.parametrize(
    ("today", "first", "refunds"),
    [
        ("2027-03-01", "2027-03-01", "2027-03-01"),
        ("2026-02-16", "2026-02-01", "2026-02-02"),
        ("2028-02-29", "2028-02-01", "2028-02-01"),
        ("2027-01-01", "2026-12-01", "2026-12-01"),
    ],
)
def test_the_demo_works_on_any_day(tmp_path: Path, today: str, first: str, refunds: str) -> None:
    folder = tmp_path / "demo"
    assert run(["demo", "--folder", str(folder), "--customers", "25", "--today", today]) == 0
    assert {path.name for path in folder.glob("*.pdf")} == set(PAPERS)
    assert ask(folder, "SELECT business_date FROM run WHERE what = 'billing' AND documents > 0") == [(first,)]
    assert ask(folder, "SELECT DISTINCT business_date FROM refund") == [(refunds,)]
    assert ask(folder, "SELECT closed_through <= ? FROM office", today) == [(1,)]
    assert run(["check", "--office", str(folder / "office.db")]) == 0


# Cut off: killed at the n-th durable moment (a commit, a file saved or put under its name)

CUT_OFF = """
import os, sys
from contextlib import contextmanager
from pathlib import Path
from app.cli import run
from app.models.database import Database
from reportlab.pdfgen.canvas import Canvas

plain_write, plain_replace, plain_save = Database.write, Path.replace, Canvas.save
wanted, seen = sys.argv[1], 0

def moment(name):
    global seen
    if name.startswith(wanted.partition("@")[0]):
        seen += 1
        if seen == int(wanted.partition("@")[2] or 1):
            os._exit(9)

@contextmanager
def write(self):
    with plain_write(self) as session:
        yield session
        moment("before-commit")
    moment("after-commit")

def replace(self, target):
    moment(f"before-naming {Path(target).name}")
    return plain_replace(self, target)

def save(self):
    moment(f"before-saving {Path(self._filename).name}")
    plain_save(self)
    moment(f"after-saving {Path(self._filename).name}")

Database.write, Path.replace, Canvas.save = write, replace, save
sys.exit(run(sys.argv[2:]))
"""
MOMENTS = [
    "after-commit@1", "before-naming office.db", "after-commit@5", "before-naming receipt", "after-commit@12",
    "before-commit@18", "after-commit@23", "before-saving ~statements", "before-naming statement-@4",
]  # fmt: skip


def results(folder: Path) -> list[list[tuple[Any, ...]]]:
    return [
        ask(folder, "SELECT number, balance_cents, status FROM account ORDER BY id"),
        ask(folder, "SELECT account_id, key, cents FROM line ORDER BY 1, 2"),
        ask(folder, "SELECT account_id, kind, cents FROM payment ORDER BY 1, 2, 3"),
        ask(folder, "SELECT number, cents FROM issued_check JOIN refund ON refund.id = refund_id ORDER BY 1"),
        ask(folder, "SELECT documents, cents FROM run WHERE what = 'billing' ORDER BY id"),
        sorted((name,) for name in digests(folder) if not name.startswith("tmp")),
    ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[list[tuple[Any, ...]]]:
    folder = tmp_path_factory.mktemp("undisturbed") / "demo"
    assert run(["demo", "--folder", str(folder), "--customers", "14", "--today", "2026-11-21"]) == 0
    return results(folder)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_demo_cut_off_is_finished_by_the_next_one(
    tmp_path: Path, moment: str, undisturbed: list[list[tuple[Any, ...]]]
) -> None:
    folder = tmp_path / "demo"
    words = ["demo", "--folder", str(folder), "--customers", "14", "--today", "2026-11-21"]
    killed = subprocess.run([sys.executable, "-c", CUT_OFF, moment, *words], cwd=ROOT, capture_output=True, check=False)
    assert killed.returncode == 9, killed.stderr
    assert run(words) == 0
    assert results(folder) == undisturbed
    assert run(["check", "--office", str(folder / "office.db")]) == 0
