"""The sample office, made once for all window tests, and a window on a copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from ui.window import TODAY, Window

from app.models.bulk import no_progress
from app.services import demo

CUSTOMERS = 80


@pytest.fixture(scope="session")
def sample_office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The office's file after the demo's main job; never opened by a test itself."""
    folder = tmp_path_factory.mktemp("sample")

    @contextmanager
    def quietly(_title: str) -> Iterator[object]:
        yield no_progress

    demo.run_demo(folder, CUSTOMERS, TODAY, quietly).close()  # type: ignore[arg-type]
    return folder / "office.db"


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, sample_office: Path) -> Iterator[Window]:
    """The program, open on a copy of the sample office, on the sample's day."""
    made = Window(qtbot, tmp_path, sample_office)
    made.open()
    yield made
    made.close()
