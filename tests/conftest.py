"""Shared by all tests: no screen is needed, random examples are the same on every machine, and a test whose
system program is missing is named and counted, or fails where nothing may be left out (.ci/run)."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import postgres_server
import pytest
import support_databases
from hypothesis import HealthCheck, Phase, settings
from support_programs import MISSING, leave_out

settings.register_profile("counterfoil", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("counterfoil")

BOTH, SQLITE, POSTGRES = "both", "sqlite", "postgres"
# The tests of these folders run on both databases, file by file, where they open an office with one of these.
_OF_DATABASES = ("services", "models")
_OPENERS = {"support_databases", "support_office", "support_members", "support_histories", "staffed_office"}
# Where Hypothesis keeps how many examples a test has, and how many times fewer there are on the server.
_EXAMPLES = "_hypothesis_internal_use_settings"
_FEWER = 15


def pytest_addoption(parser: pytest.Parser) -> None:
    help_text = "where tests open their offices: those of the services and models on both unless said otherwise"
    parser.addoption("--database", choices=(BOTH, SQLITE, POSTGRES), default=BOTH, help=help_text)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_databases: runs on a file and on a PostgreSQL server")
    config.addinivalue_line("markers", "server_only: runs on a PostgreSQL server")
    config.addinivalue_line("markers", "file_only(why): is about an office in a file, wherever else tests run")
    config.addinivalue_line("markers", "needs_program(name): runs a system program that may be missing")


def _is_of_both(test: pytest.Function) -> bool:
    if test.get_closest_marker("file_only") or test.get_closest_marker("server_only"):
        return False
    if test.get_closest_marker("both_databases"):
        return True
    if test.path.relative_to(Path(__file__).parent).parts[0] not in _OF_DATABASES:
        return False
    used = {getattr(value, "__module__", None) or getattr(value, "__name__", None) for value in vars(test.module).values()}
    return not _OPENERS.isdisjoint(used)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of both databases run twice; the fixture chooses."""
    if metafunc.config.getoption("--database") == BOTH and _is_of_both(metafunc.definition):
        metafunc.parametrize("chosen_database", [SQLITE, POSTGRES], indirect=True)


@pytest.fixture(autouse=True)
def chosen_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where this test opens its offices."""
    kind = getattr(request, "param", None) or request.config.getoption("--database")
    if request.node.get_closest_marker("server_only"):
        kind = POSTGRES
    if kind != POSTGRES or request.node.get_closest_marker("file_only"):
        yield SQLITE
        return
    if postgres_server.programs() is None:
        leave_out(["postgres"])
    with support_databases.choosing(on_server=True), _fewer_examples(request):
        yield kind


@contextlib.contextmanager
def _fewer_examples(request: pytest.FixtureRequest) -> Iterator[None]:
    """Random histories are shorter lists on the server, where each statement is an exchange, and are told as found."""
    test = getattr(request, "function", None)
    known = getattr(test, _EXAMPLES, None)
    if known is None:
        yield
        return
    phases = tuple(phase for phase in known.phases if phase not in (Phase.shrink, Phase.explain))
    setattr(test, _EXAMPLES, settings(known, max_examples=max(1, known.max_examples // _FEWER), phases=phases))
    try:
        yield
    finally:
        setattr(test, _EXAMPLES, known)


def pytest_sessionfinish() -> None:
    support_databases.stop_server()


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = [name for marker in item.iter_markers("needs_program") for name in marker.args if shutil.which(name) is None]
    leave_out(missing)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # From the reports, which come from every process that runs tests.
    left_out: dict[str, list[str]] = defaultdict(list)
    for report in terminalreporter.getreports("skipped"):
        found = re.search(f"{MISSING}(.*)", str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else "")
        for name in found[1].split(", ") if found else ():
            left_out[name].append(report.nodeid)
    terminalreporter.section("tests left out because a system program is missing")
    if not left_out:
        terminalreporter.line("none")
    for name, tests in sorted(left_out.items()):
        terminalreporter.line(f"{name} ({len(tests)}): {', '.join(sorted(tests))}")
