"""A real office in a file, made once and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from database_files import CUTOVER, desk

from app.models import database
from app.services import importing, office, sample


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real office of thirty accounts with open items, before its first cycle."""
    path = tmp_path_factory.mktemp("office") / "office.db"
    with database.create(path) as books, books.write() as session:
        office.set_up(session, office.OfficeForm("Test Office", ("1 Main St",)), CUTOVER)
        importing.import_accounts(session, desk(CUTOVER), sample.read_sample(30, CUTOVER).accounts)
    assert [name.name for name in path.parent.iterdir()] == ["office.db"], "closing leaves one whole file"
    return path


@pytest.fixture
def path(image: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(image, tmp_path / "office.db"))
