"""Tests whose system program is missing are named and counted, or fail where nothing may be left out (.ci/run)."""

from __future__ import annotations

import os

import pytest

MISSING = "missing system program: "


def leave_out(missing: list[str]) -> None:
    """End the test that needs them, if any are missing."""
    if not missing:
        return
    if os.environ.get("COUNTERFOIL_REQUIRE_PROGRAMS"):
        pytest.fail(f"{MISSING}{', '.join(missing)}")
    pytest.skip(f"{MISSING}{', '.join(missing)}")
