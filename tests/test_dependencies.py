"""Every dependency has its line in docs/DEPENDENCIES.md, and every locked file its hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "DEPENDENCIES.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK: dict[str, Any] = {
    package["name"]: package for package in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
}


def plain(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=,;! ]", requirement)[0]).lower()


def names_in(heading: str) -> set[str]:
    """The first cells of the table below a heading."""
    section = re.split(r"^##+ ", PAGE.split(heading + "\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return {plain(name) for name in re.findall(r"^\| ([\w.-]+) \|", section, re.MULTILINE)} - {"package"}


def with_all_below(requirements: list[str]) -> set[str]:
    """The names of packages, and of all that they need in turn, as the lock has them."""
    found: set[str] = set()
    waiting = [plain(requirement) for requirement in requirements]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        package = LOCK[name]
        waiting += [needed["name"] for needed in package.get("dependencies", ())]
        for extra in package.get("optional-dependencies", {}).values():
            waiting += [needed["name"] for needed in extra]
    return found


def test_every_dependency_of_the_program_is_explained_and_no_other() -> None:
    assert names_in("## The program's") == {plain(name) for name in PROJECT["project"]["dependencies"]}


def test_every_dependency_of_the_tests_is_explained_and_no_other() -> None:
    assert names_in("## The tests' and tools'") == {plain(name) for name in PROJECT["dependency-groups"]["dev"]}


def test_every_package_that_is_installed_has_its_licence_listed_and_no_other() -> None:
    program = with_all_below(PROJECT["project"]["dependencies"])
    tools = with_all_below(PROJECT["dependency-groups"]["dev"]) - program
    assert names_in("### Installed with the program") == program
    assert names_in("### For tests and tools only") == tools
    assert "| None |" not in PAGE


def test_every_locked_file_has_its_hash_and_comes_from_pypi() -> None:
    packages = [package for package in LOCK.values() if "virtual" not in package["source"]]
    assert len(packages) > 60
    for package in packages:
        assert package["source"] == {"registry": "https://pypi.org/simple"}, package["name"]
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
        assert files, package["name"]
        for file in files:
            assert re.fullmatch(r"sha256:[0-9a-f]{64}", file["hash"]), (package["name"], file["url"])
            assert file["url"].startswith("https://files.pythonhosted.org/"), file["url"]


def test_every_rule_of_security_that_is_left_out_is_explained() -> None:
    lint = PROJECT["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    left_out = {rule for rule in lint["ignore"] if rule.startswith("S")}
    for rules in lint["per-file-ignores"].values():
        left_out |= {rule for rule in rules if re.fullmatch(r"S\d+", rule)}
    for folder in ("app", "bench", "crashes"):
        for path in (ROOT / folder).rglob("*.py"):
            left_out |= set(re.findall(r"noqa: [^\n]*?(S\d{3})", path.read_text(encoding="utf-8")))
    section = PAGE.split("## Rules of security")[1].split("## Licences")[0]
    assert left_out == set(re.findall(r"\b(S\d{3})\b", section))
