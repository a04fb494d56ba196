"""The demo's folder for tests: made by the command, read back as text, mail and rows."""

from __future__ import annotations

import email
import email.message
import email.policy
import hashlib
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pypdfium2

from app.money import parse_cents

ROOT = Path(__file__).resolve().parent.parent
RECEIVABLE, BANK = 1100, 1000
PAPERS = ["deposit-ticket.pdf", "month-end.pdf", "refund-checks.pdf", "statements.pdf"]
# Windows reads text files in another encoding than Linux unless it is told which.
PYTHON = [sys.executable, "-X", "warn_default_encoding", "-W", "error::EncodingWarning"]


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PYTHON, "-m", "app", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def demo(folder: Path, customers: int = 60, today: str = "2026-11-21") -> subprocess.CompletedProcess[str]:
    return command("demo", "--folder", folder, "--customers", str(customers), "--today", today)


class Made(NamedTuple):
    folder: Path
    output: str


def ask(folder: Path, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """The books, asked directly: nothing of the program in between."""
    with closing(sqlite3.connect(folder / "office.db")) as connection:
        return connection.execute(sql, parameters).fetchall()


def texts(pdf: Path | bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
    finally:
        document.close()


def letters(folder: Path, kind: str) -> list[email.message.EmailMessage]:
    paths = sorted((folder / "mail").glob(f"{kind}-*.eml"))
    read = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]
    return [letter for letter in read if isinstance(letter, email.message.EmailMessage)]


def attached(letter: email.message.EmailMessage) -> bytes:
    (attachment,) = letter.iter_attachments()
    assert attachment.get_content_type() == "application/pdf"
    content = attachment.get_content()
    assert isinstance(content, bytes)
    return content


class Statement(NamedTuple):
    account: str
    number: int
    cents: int


def statements(pages: list[str]) -> Iterator[Statement]:
    """What the text of the pages says: the coupon's digits name the account, the summary has the amount."""
    for text in pages:
        if coupon := re.search(r"^(\d{10}) (\d{9}) (\d{10}) \d$", text, re.MULTILINE):
            ((owes, amount),) = re.findall(r"(?:(Amount due)|Your credit) (-?\$?[\d,]+\.\d\d)(?: CR)?$", text, re.MULTILINE)
            cents = parse_cents(amount)
            assert (cents >= 0) == bool(owes)
            assert int(coupon[3]) == max(cents, 0)
            yield Statement(coupon[1].lstrip("0"), int(coupon[2]), cents)


def all_statements(folder: Path) -> list[Statement]:
    paper = list(statements(texts(folder / "statements.pdf")))
    mailed = [next(statements(texts(attached(letter)))) for letter in letters(folder, "statement")]
    return sorted(paper + mailed)


BALANCES_AT_THE_RUN = """
SELECT a.number, sum(CASE WHEN p.debit = 1100 THEN p.cents ELSE -p.cents END)
FROM posting p JOIN entry e ON e.id = p.entry_id JOIN account a ON a.id = p.account_id
WHERE (p.debit = 1100 OR p.credit = 1100) AND e.action_id <=
  (SELECT through_action_id FROM run WHERE what = 'billing' AND documents > 0) GROUP BY a.number
"""


def digests(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(content).hexdigest()
    return found
