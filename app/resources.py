"""Where the shipped data files lie."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent / "resources"


def path(*parts: str) -> Path:
    """The full path of a shipped file, e.g. `path("policies", "isp-advance.toml")`."""
    return _ROOT.joinpath(*parts)
