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
# What a clause may wait for, and words that a name in the program would have if it were there.
WAITS_FOR = {
    "ADV-18": ("the NACHA file", ("nacha",)),
    "ADV-19": ("the card gateway", ("cardgateway", "card_gateway", "cardtoken", "card_token", "stripe")),
    "ADV-20": ("the portal", ("portal",)),
}
# Words of the document's sentences, one for each thing that it promises or asks for, in its order.
PROMISED = (
    "in advance", "Net 30", "on the 1st of the month", "last calendar day", "email most statements", "physical copy",
    "methods to pay", "Auto-pay", "leave the office",
    "many years", "Receipts each evening", "did not get your payment", "twice a month",
    "postal address", "$25 for each instance", "Customer Portal", "mailing address", "login", "credentials", "8am to 5pm",
    "scheduled upgrades", "emergency repairs", "customer decides", "additional charge", "outside the managed scope",
    "card on file", "print the form", "for easy", "checking or savings",
    "through banks", "caveat", "withdraw the funds", "29th", "3-4 days",
    "Late fees", "suspended until", "arrangements", "Habitually late", "very satisfied", "Questions",
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
    waits_for: str
    functions: tuple[str, ...]
    tests: tuple[str, ...]


def waits_for(cell: str) -> str:
    """`the portal` of `pending: the portal; ...`; empty when the word pending is not there at all."""
    found = re.match(r"pending: ([^;`]+)(;|$)", cell)
    assert found or "pending" not in cell, cell
    return found[1].strip() if found else ""


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
        rows.append(Row(cells[0], tuple(cells[1].split(", ")), waits_for(cells[2]), *found))
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


def names_of_the_program() -> list[str]:
    """Modules, classes and functions of the program."""
    found = []
    for path in (ROOT / "app").rglob("*.py"):
        found.append(path.stem)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        kinds = (ast.FunctionDef, ast.ClassDef)
        found += [node.name for node in ast.walk(tree) if isinstance(node, kinds)]
    return found


def clauses_of(name: str) -> set[str]:
    """`adv_11_to_13_work` acts for ADV-11, ADV-12 and ADV-13."""
    book, first, last = re.match(r"(adv|arr)_(\d+)(?:_to_(\d+))?_", name).groups()  # type: ignore[union-attr]
    return {f"{book.upper()}-{n}" for n in range(int(first), int(last or first) + 1)}


def test_every_clause_of_the_rulebook_is_in_the_map_once() -> None:
    assert [row.clauses for row in RULES] == [(clause,) for clause in CLAUSES]


@pytest.mark.parametrize("row", RULES, ids=lambda row: row.clauses[0])
def test_a_clause_has_a_function_and_a_test_unless_it_is_pending(row: Row) -> None:
    assert row.waits_for or (row.functions and row.tests), row.words
    assert bool(row.waits_for) == (row.clauses[0] in WAITS_FOR)


def test_what_a_row_waits_for_is_what_its_clause_waits_for_and_is_not_there_yet() -> None:
    pending = [row for row in ROWS if row.waits_for]
    assert {clause for row in pending for clause in row.clauses} == WAITS_FOR.keys()
    names = [name.casefold() for name in names_of_the_program()]
    assert len(names) > 2000
    for row in pending:
        (clause,) = row.clauses
        missing, words = WAITS_FOR[clause]
        assert row.waits_for == missing, row.words
        there = [name for name in names if any(word in name for word in words)]
        assert there == [], f"{row.words}: it waits for {missing}, which is there: {there[:5]}"


def places(words: tuple[str, ...], rows: list[Row]) -> list[int]:
    """Where the sentence with each of the words stands; fails for words that no sentence has."""
    said = [row.words for row in rows]
    assert len(set(said)) == len(said)
    assert [word for word in words if not any(word in sentence for sentence in said)] == []
    return [next(place for place, sentence in enumerate(said) if word in sentence) for word in words]


def test_every_promise_of_the_document_is_in_the_map() -> None:
    assert len(set(places(PROMISED, SENTENCES))) >= len(PROMISED) - 1  # a receipt, and that it is easy, are one row
    assert len(SENTENCES) >= len(PROMISED) - 1


def test_every_promise_to_members_is_in_the_map_with_a_function_and_a_test() -> None:
    places(PROMISED_TO_MEMBERS, OF_MEMBERS)
    assert all(row.functions and row.tests and not row.waits_for for row in OF_MEMBERS)
    assert {clause for row in OF_MEMBERS for clause in row.clauses} == set(MEMBERS)


def test_every_sentence_leads_to_a_clause_and_every_clause_of_the_isp_comes_from_a_sentence() -> None:
    named = {clause for row in SENTENCES for clause in row.clauses}
    assert named - {"none"} == set(ISP)
    without_rule = [row for row in SENTENCES if row.clauses == ("none",)]
    assert len(without_rule) == 3 and all(not row.functions and not row.tests for row in without_rule)
    for row in SENTENCES:
        assert row in without_rule or row.waits_for or (row.functions and row.tests), row.words


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
        if row.clauses[0].startswith(("ADV-", "ARR-", "BOTH-")) and not row.waits_for:
            kind, number = row.clauses[0].split("-")
            own = set(TESTS.glob(f"stories/*/{kind.lower()}-{int(number):02d}-*.toml"))
            listed = {path for test in row.tests if test.endswith(".toml") for path in TESTS.glob(test)}
            assert own <= listed, row.clauses


def test_every_clause_that_the_policy_file_names_is_in_the_map() -> None:
    for name, least in (("isp-advance", 8), ("membership-arrears", 8)):
        named = set(re.findall(r"A(?:DV|RR)-\d+", shipped_policy_path(name).read_text(encoding="utf-8")))
        assert named <= {clause for row in RULES if not row.waits_for for clause in row.clauses}
        assert len(named) >= least
