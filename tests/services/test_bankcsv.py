"""The bank's CSV of paid checks, as banks write it, against the checks that are out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support_office import Diary

from app.errors import UserError
from app.services import bankcsv, outstanding, refunds, subscriptions
from app.services.bankcsv import BankLine, read_bytes
from app.services.outstanding import Clearing

PAID = BankLine(2, 5012, 123450, date(2026, 11, 20))


def only(text: str) -> BankLine:
    (line,) = read_bytes(text.encode()).lines
    return line


@pytest.mark.parametrize(
    "text",
    [
        "Date,Check Number,Amount\n11/20/2026,5012,1234.50\n",
        "Date,Number,Amount\n11/20/26,5012,-1234.50\n",
        'Posting Date,Check #,Amount\n11-20-2026,5012,"-$1,234.50"\n',
        'Posted Date,Serial Number,Debit,Credit\n2026-11-20,0000005012,"1,234.50",\n',
        'Transaction Date;Check No.;Withdrawal;Deposit\n20261120;5012;"$1,234.50";0.00\n',
        "Date\tSerial\tAmount\n11/20/2026\t5012\t(1234.50)\n",
        'DATE,CHECK OR SLIP #,AMOUNT\n"Nov 20, 2026","=""005012""",1234.50-\n',
        "Date,Description,Amount\n20-Nov-26,CHECK # 5012,-1234.50\n",
        "Date,Check Number,Description,Amount\n11/20/2026 00:00:00,,Check 5012 paid,-1234.50\n",
        "\ufeffDate,Check,Debit\n2026-11-20T00:00:00,5012.0,1234.5\n",
        "Trans Date|Ref #|Debit Amount\n11/20/2026|#5012|1234.50 DR\n",
    ],
)
def test_the_usual_columns_dates_and_amounts_are_understood(text: str) -> None:
    assert only(text) == PAID


def test_lines_before_the_titles_are_passed_over_and_the_line_number_is_the_files() -> None:
    assert only("Account,****1234\n\nDate,Check Number,Amount\n11/20/2026,5012,1234.50\n") == PAID._replace(line=4)


def test_with_signed_amounts_only_what_was_taken_is_a_paid_check() -> None:
    text = "Date,Check Number,Amount\n11/20/2026,5012,-1234.50\n11/20/2026,5013,20.00\n"
    text += "11/20/2026,,-8.00\n11/20/2026,5014,0.00\n"
    found = read_bytes(text.encode())
    assert ([line.number for line in found.lines], found.left_aside) == ([5012], 3)


def test_a_type_column_tells_deposits_where_no_amount_is_signed() -> None:
    text = "Date,Type,Check Number,Amount\n11/20/2026,Credit,88,20.00\n11/20/2026,Check,5012,1234.50\n"
    found = read_bytes(text.encode())
    assert ([line.number for line in found.lines], found.left_aside) == ([5012], 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_letters_of_the_file_do_not_matter(encoding: str) -> None:
    text = "Date,Check Number,Payee,Amount\n11/20/2026,5012,Zoë Peña,1234.50\n"
    assert read_bytes(text.encode(encoding)).lines == (PAID,)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [("13/45/2026,5012,5.00", "“13/45/2026” is no date"), ("11/20/2026,5012,five", "“five” is no amount")],
)
def test_a_line_that_cannot_be_used_says_why(cells: str, problem: str) -> None:
    assert only(f"Date,Check Number,Amount\n{cells}\n").problem == problem


@pytest.mark.parametrize("text", ["", "Name,Town\nAnn,Custer\n", "Date,Amount\n11/20/2026,5.00\n", "\0\0"])
def test_a_file_without_the_columns_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="columns of the file are not known") as refused:
        read_bytes(text.encode())
    assert refused.value.field == "path"


def test_a_file_that_is_not_there_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"bank\.csv"):
        bankcsv.read_file(tmp_path / "bank.csv")


def test_number_and_amount_must_both_agree_and_nothing_is_cleared_twice() -> None:
    with Diary() as office:
        for name in ("Ann", "Bob", "Cy", "Di", "Ed"):
            office.on(1, 5)
            account = office.open(name, 3000)
            office.check(account, office.balance(account), "77")
            office.on(1, 20)
            office.do(subscriptions.cancel_account, account)
        office.on(2, 2)
        run = office.do(refunds.run_refunds)
        cents = office.see(outstanding.one_check, 5001, office.day).cents
        office.do(refunds.void_refund, run.refund_ids[3], "lost")
        office.do(outstanding.clear_checks, [Clearing(5003, None, office.day)])
        office.on(2, 20)
        day = date(2026, 2, 10)
        lines = [
            BankLine(2, 5001, cents, day),
            BankLine(3, 5002, cents + 1, day),
            BankLine(4, 5003, cents, day),
            BankLine(5, 5004, cents, day),
            BankLine(6, 5005, cents, date(2026, 2, 1)),
            BankLine(7, 4000, cents, day),
            BankLine(8, 5001, cents, day),
            BankLine(9, 5005, cents, date(2026, 2, 21)),
            BankLine(10, 5005, 0, day, "“x” is no amount"),
            BankLine(11, 5005, cents, date(2026, 2, 2)),
        ]
        found = office.see(bankcsv.match, lines, office.day)
        assert [one.verdict for one in found] == [
            "matched",
            "wrong-amount",
            "already",
            "not-out",
            "too-early",
            "unknown",
            "already",
            "unreadable",
            "unreadable",
            "matched",
        ]
        assert "void: lost" in found[3].said
        assert office.sql("SELECT count(*) FROM issued_check WHERE cleared_on IS NOT NULL") == [(1,)]
