"""Shared by all tests: no screen is needed, random examples are the same on every machine, and a test whose
system program is missing is named and counted, or fails where nothing may be left out (.ci/run)."""

from __future__ import annotations

import os
import shutil

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("counterfoil", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("counterfoil")

_not_run: dict[str, list[str]] = {}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_program(name): runs a system program that may be missing")


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = [name for marker in item.iter_markers("needs_program") for name in marker.args if shutil.which(name) is None]
    if not missing:
        return
    if os.environ.get("COUNTERFOIL_REQUIRE_PROGRAMS"):
        pytest.fail(f"missing system program: {', '.join(missing)}")
    for name in missing:
        _not_run.setdefault(name, []).append(item.nodeid)
    pytest.skip(f"missing system program: {', '.join(missing)}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("tests left out because a system program is missing")
    if not _not_run:
        terminalreporter.line("none")
    for name, tests in sorted(_not_run.items()):
        terminalreporter.line(f"{name} ({len(tests)}): {', '.join(tests)}")
