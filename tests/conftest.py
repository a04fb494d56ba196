"""Shared by all tests: no screen is needed, random examples are the same on every machine, and a test whose
system program is missing is named and counted, or fails where nothing may be left out (.ci/run)."""

from __future__ import annotations

import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import postgres_server
import pytest
import support_databases
from hypothesis import HealthCheck, settings

settings.register_profile("counterfoil", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("counterfoil")

POSTGRES = "postgres"
MISSING = "missing system program: "


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", POSTGRES), default="sqlite", help="where tests open their offices")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_databases: runs on a file and on a PostgreSQL server")
    config.addinivalue_line("markers", "server_only: runs on a PostgreSQL server")
    config.addinivalue_line("markers", "needs_program(name): runs a system program that may be missing")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of both databases run twice; the fixture chooses."""
    if metafunc.definition.get_closest_marker("both_databases") and metafunc.config.getoption("--database") != POSTGRES:
        metafunc.parametrize("chosen_database", ["sqlite", POSTGRES], indirect=True)


@pytest.fixture(autouse=True)
def chosen_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where this test opens its offices."""
    kind = getattr(request, "param", None) or request.config.getoption("--database")
    if request.node.get_closest_marker("server_only"):
        kind = POSTGRES
    if kind != POSTGRES:
        yield kind
        return
    if postgres_server.programs() is None:
        _leave_out(request.node, ["postgres"])
    with support_databases.choosing(on_server=True):
        yield kind


def pytest_sessionfinish() -> None:
    support_databases.stop_server()


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = [name for marker in item.iter_markers("needs_program") for name in marker.args if shutil.which(name) is None]
    _leave_out(item, missing)


def _leave_out(item: pytest.Item, missing: list[str]) -> None:
    if not missing:
        return
    if os.environ.get("COUNTERFOIL_REQUIRE_PROGRAMS"):
        pytest.fail(f"{MISSING}{', '.join(missing)}")
    pytest.skip(f"{MISSING}{', '.join(missing)}")


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
