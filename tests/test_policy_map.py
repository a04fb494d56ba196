"""docs/POLICY.md, read as a table: every sentence and clause has its function and its test, and both exist."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.services import policies
from app.services.policies.policyfile import shipped_policy_path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
MAP = ROOT / "docs" / "POLICY.md"

ISP = [f"ADV-{n}" for n in range(1, 21)]
MEMBERS = [f"ARR-{n}" for n in range(1, 11)]
CLAUSES = [
    *ISP,
    *(f"BOTH-{n}" for n in range(1, 12)),
    "section 0",
    "section 5",
    "section 6",
    *MEMBERS,
]
MAY_BE_PENDING = {"ADV-18", "ADV-19", "ADV-20"}
# Words of the document's sentences, one for each thing that it promises or asks for.
PROMISED = (
    "in advance", "Net 30", "on the 1st of the month", "last calendar day", "email most statements", "physical copy",
    "methods to pay", "Auto-pay", "leave the office", "Receipts each evening", "did not get your payment", "twice a month",
    "postal address", "$25 for each instance", "Customer Portal", "mailing address", "login", "credentials", "8am to 5pm",
    "scheduled upgrades", "emergency repairs", "customer decides", "additional charge", "outside the managed scope",
    "card on file", "print the form", "checking or savings", "through banks", "withdraw the funds", "29th", "3-4 days",
    "Late fees", "suspended until", "arrangements", "Habitually late",
)  # fmt: skip
PROMISED_TO_MEMBERS = (
    "five to ten days", "instructed", "30 days after", "in arrears", "last month's", "final fee when", "not refundable",
    "day you end", "debit card", "$15.00 for Essentials", "$10.00 for Limited", "$5 for Optimize", "first presentment",
    "$35.00 each attempt", "$15.00 late fee", "$15.00 fee for changing", "close the bank account", "prepaid card", "$500",
    "Court filing", "attorney", "New Payment Authorization Form", "interruption",
)  # fmt: skip


class Row(NamedTuple):
    words: str
    clauses: tuple[str, ...]
    pending: bool
    functions: tuple[str, ...]
    tests: tuple[str, ...]


def table(heading: str) -> list[Row]:
    """The rows of the table below a heading."""
    part = MAP.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = []
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or cells[1] == "clause" or set(line) <= set("|-"):
            continue
        assert len(cells) == 4, line
        found = [tuple(re.findall(r"`([^`]+)`", cell)) for cell in cells[2:]]
        rows.append(Row(cells[0], tuple(cells[1].split(", ")), cells[2].startswith("pending: "), *found))
    return rows


SENTENCES = table("The sentences of the billing practices")
OF_MEMBERS = table("The sentences of the membership's billing policy")
RULES = table("The clauses")
ROWS = [*SENTENCES, *OF_MEMBERS, *RULES]


@cache
def resolved(function: str) -> Any:
    """The thing itself: the longest importable part is the module, the rest are its attributes."""
    names = f"app.{function}".split(".")
    for cut in range(len(names) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(names[:cut]))
        except ModuleNotFoundError:
            continue
        for name in names[cut:]:
            found = getattr(found, name)
        return found
    raise ModuleNotFoundError(function)


@cache
def names_in(path: Path) -> frozenset[str]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef))


def clauses_of(name: str) -> set[str]:
    """`adv_11_to_13_work` acts for ADV-11, ADV-12 and ADV-13."""
    book, first, last = re.match(r"(adv|arr)_(\d+)(?:_to_(\d+))?_", name).groups()  # type: ignore[union-attr]
    return {f"{book.upper()}-{n}" for n in range(int(first), int(last or first) + 1)}


def test_every_clause_of_the_rulebook_is_in_the_map_once() -> None:
    assert [row.clauses for row in RULES] == [(clause,) for clause in CLAUSES]


@pytest.mark.parametrize("row", RULES, ids=lambda row: row.clauses[0])
def test_a_clause_has_a_function_and_a_test_unless_it_is_pending(row: Row) -> None:
    if row.pending:
        assert set(row.clauses) <= MAY_BE_PENDING
        assert row.tests == ()
    else:
        assert row.functions and row.tests, row.words


def test_every_promise_of_the_document_is_in_the_map() -> None:
    said = [row.words for row in SENTENCES]
    assert [words for words in PROMISED if not any(words in sentence for sentence in said)] == []
    assert len(set(said)) == len(said) >= len(PROMISED)


def test_every_promise_to_members_is_in_the_map_with_a_function_and_a_test() -> None:
    said = [row.words for row in OF_MEMBERS]
    assert [words for words in PROMISED_TO_MEMBERS if not any(words in sentence for sentence in said)] == []
    assert len(set(said)) == len(said)
    assert all(row.functions and row.tests and not row.pending for row in OF_MEMBERS)
    assert {clause for row in OF_MEMBERS for clause in row.clauses} == set(MEMBERS)


def test_every_sentence_leads_to_a_clause_and_every_clause_of_the_isp_comes_from_a_sentence() -> None:
    named = {clause for row in SENTENCES for clause in row.clauses}
    assert named - {"none"} == set(ISP)
    without_rule = [row for row in SENTENCES if row.clauses == ("none",)]
    assert len(without_rule) <= 2 and all(not row.functions and not row.tests for row in without_rule)
    pending = {clause for row in RULES if row.pending for clause in row.clauses}
    for row in SENTENCES:
        if row not in without_rule:
            assert row.pending == bool(set(row.clauses) & pending), row.words
            assert row.pending or (row.functions and row.tests), row.words


@pytest.mark.parametrize("function", sorted({name for row in ROWS for name in row.functions}))
def test_a_function_of_the_map_exists(function: str) -> None:
    assert callable(resolved(function))
    assert resolved(function).__doc__, "what stands in the map says what it does"


@pytest.mark.parametrize("test", sorted({name for row in ROWS for name in row.tests}))
def test_a_test_or_story_of_the_map_exists(test: str) -> None:
    path, _, name = test.partition("::")
    if path.endswith(".toml"):
        assert list(TESTS.glob(path)), test
    else:
        assert name.startswith("test_") and name in names_in(TESTS / path), test


def test_every_function_of_a_clause_is_in_the_row_of_that_clause_and_says_so() -> None:
    mapped = {clause: set(row.functions) for row in RULES for clause in row.clauses}
    found = 0
    for module_info in pkgutil.iter_modules(policies.__path__, "services.policies."):
        for name, thing in vars(resolved(module_info.name)).items():
            if re.match(r"(adv|arr)_\d+_", name) and thing.__module__ == f"app.{module_info.name}":
                found += 1
                for clause in clauses_of(name):
                    assert f"{module_info.name}.{name}" in mapped[clause], name
                    assert clause in thing.__doc__, name
    assert found >= 35


def test_every_story_of_a_clause_stands_in_the_row_of_that_clause() -> None:
    for row in RULES:
        if row.clauses[0].startswith(("ADV-", "ARR-", "BOTH-")) and not row.pending:
            kind, number = row.clauses[0].split("-")
            own = set(TESTS.glob(f"stories/*/{kind.lower()}-{int(number):02d}-*.toml"))
            listed = {path for test in row.tests if test.endswith(".toml") for path in TESTS.glob(test)}
            assert own <= listed, row.clauses


def test_every_clause_that_the_policy_file_names_is_in_the_map() -> None:
    for name, least in (("isp-advance", 8), ("membership-arrears", 8)):
        named = set(re.findall(r"A(?:DV|RR)-\d+", shipped_policy_path(name).read_text(encoding="utf-8")))
        assert named <= {clause for row in RULES if not row.pending for clause in row.clauses}
        assert len(named) >= least
