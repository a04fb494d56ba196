"""Every story, played through the services: the acceptance stories and those for each clause."""

from __future__ import annotations

from pathlib import Path

import pytest
import support_databases

from app.services.rehearsal import rehearse

STORIES = Path(__file__).parent / "stories"


@pytest.mark.both_databases
@pytest.mark.parametrize("path", sorted(STORIES.glob("*/*.toml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_story_holds(path: Path) -> None:
    result = rehearse(path, support_databases.empty_office)
    assert result.failures == []
    assert result.accounts, "a story opens an account"
