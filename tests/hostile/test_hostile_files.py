"""Files that nobody meant well: customer lists, bank files, policies and stories of any bytes; names Windows refuses."""

from __future__ import annotations

import io
import tempfile
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support_office import Diary
from texts import NASTY, typed

from app.errors import UserError
from app.services import bankcsv, importing
from app.services.customerfile import CustomerFile, read_customer_file
from app.services.policies.policyfile import parse_policy, shipped_policy_path
from app.services.rehearsal import rehearse
from app.services.sample import SAMPLE_LIST

ON = date(2026, 11, 1)
FEW = settings(max_examples=60, suppress_health_check=list(HealthCheck))
LIST = SAMPLE_LIST.read_bytes()[:6_000].rsplit(b"\n", 1)[0] + b"\n"
POLICY = shipped_policy_path("isp-advance").read_text(encoding="utf-8")
STORY = (
    'title = "T"\npolicy = "isp-advance"\n[[event]]\non = 2026-01-15\ndo = "open-account"\naccount = "A"\n'
    '[[event]]\non = 2026-01-15\ndo = "add-service"\naccount = "A"\nservice = "net"\nmonthly = "49.95"\n'
)


def bomb() -> bytes:
    """A spreadsheet of a few kilobytes that unpacks to a hundred megabytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b"0" * 100_000_000)
    return made.getvalue()


def policy_of(text: str) -> object:
    return parse_policy(text, name="isp-advance", label="isp-advance.toml")


def said(work: object, *arguments: object) -> object:
    """What a function gives, or the sentence with which it refuses."""
    try:
        return work(*arguments)  # type: ignore[operator]
    except UserError as refused:
        assert refused.message.strip() and len(refused.message) < 2_000
        return None


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """A good file with pieces put in, taken out, or in another encoding."""
    pieces = st.binary(max_size=20) | typed.map(lambda text: text.encode("utf-8", "replace"))

    def broken(at: int, cut: int, piece: bytes) -> bytes:
        at %= len(content)
        return content[:at] + piece + content[at + cut :]

    put = st.builds(broken, st.integers(0, 10**6), st.integers(0, 40), pieces)
    encodings = st.sampled_from(["utf-16", "utf-16-be", "utf-32", "utf-8-sig", "cp1252", "cp037", "utf-7", "shift-jis"])
    return put | encodings.map(lambda name: content.decode().encode(name, "replace")) | st.binary(max_size=300)


def read_list(content: bytes) -> object:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "list.csv"
        path.write_bytes(content)
        return said(read_customer_file, path, ON)


@FEW
@given(content=damaged(LIST))
@example(content=bomb())
@example(content=b"name\n" + b"x" * 20_000_000)
@example(content=b'name\n"' + b"x\n" * 200_000)
@example(content=b"\0" * 5_000)
@example(content=b"," * 100_000 + b"\n" + b"," * 100_000)
@example(content=b"\xef\xbb\xbf\xef\xbb\xbf" + LIST)
def test_any_customer_list_is_read_or_refused_in_sentences(content: bytes) -> None:
    found = read_list(content)
    if isinstance(found, CustomerFile):
        assert all(problem.reason for problem in found.problems)


@settings(FEW, max_examples=30)
@given(text=typed)
@example(text=NASTY[0])
@example(text="\u202eAnn")
def test_any_text_in_a_customer_list_is_imported_or_said_and_the_books_are_right(text: str) -> None:
    cell = text.replace('"', '""')
    good = LIST.decode().splitlines()
    name = good[0].split(",").index("name")
    cells = good[1].split(",")
    cells[name] = f'"{cell}"'
    found = read_list("\r\n".join([good[0], ",".join(cells)]).encode("utf-8"))
    if isinstance(found, CustomerFile) and found.accounts and not found.problems:
        with Diary() as diary:
            diary.on(11, 1)
            diary.do(importing.import_accounts, found.accounts)
            diary.assert_books_right()
            kept = diary.sql("SELECT name FROM account")[0][0]
            assert not any(sign in kept for sign in "\0\u202e\u2066\n\r")


@FEW
@given(content=damaged(b"Date,Check Number,Amount\n11/02/2026,5001,12.34\n11/03/2026,5002,99.00\n"))
@example(content=bomb())
@example(content=b'Date,Check,Amount\n11/02/2026,5001,"' + b"9" * 200_000)
@example(content=b"Date,Check,Amount\n99/99/9999,-5,1e999\n0/0/0,0x10,NaN\n")
def test_any_bank_file_is_read_or_refused_in_sentences(content: bytes) -> None:
    found = said(bankcsv.read_bytes, content)
    if isinstance(found, bankcsv.BankFile):
        assert all(line.problem or line.cents is None or abs(line.cents) < 10**14 for line in found.lines)


HUGE = (
    "net_days = " + "9" * 5_000,
    "net_days = 9223372036854775808",
    "net_days = 1e999",
    "net_days = nan",
    "net_days = " + "[" * 5_000,
    "a" + ".a" * 1_000 + " = 1",
    "late_fee = '" + "9" * 100_000 + "'",
    "late_fee = '\uff19\uff19.00'",
    "refund_days = [0, 99999999999999999999]",
    "x = 2026-99-99",
)


@settings(FEW, max_examples=40)
@given(text=damaged(POLICY.encode()).map(lambda content: content.decode("utf-8", "replace")))
@example(text=POLICY + "\n" + HUGE[0])
@example(text=HUGE[4])
def test_any_policy_file_is_taken_or_refused_in_a_sentence(text: str) -> None:
    said(policy_of, text)


@pytest.mark.parametrize("line", HUGE, ids=range(len(HUGE)))
def test_a_policy_or_a_story_with_an_impossible_value_is_refused_in_a_sentence(line: str, tmp_path: Path) -> None:
    kept = "\n".join(one for one in POLICY.splitlines() if one.split("=")[0].strip() != line.split("=")[0].strip())
    assert said(policy_of, f"{line}\n{kept}") is None
    path = tmp_path / "story.toml"
    for story in (f"{line}\n{STORY}", STORY + line, STORY.replace('"49.95"', line.partition("= ")[2])):
        path.write_text(story, encoding="utf-8")
        said(rehearse, path)


@settings(FEW, max_examples=40)
@given(content=damaged(STORY.encode()))
def test_any_story_is_played_or_refused_in_a_sentence(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "story.toml"
        path.write_bytes(content)
        said(rehearse, path)
