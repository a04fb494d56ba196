"""The path goes into a URL: everything after a question mark is cut off, so the books lie in another file."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest

from app.models import database
from app.models.bulk import fetch_value
from app.services import office


@pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no question mark in a name")
def test_an_office_in_a_folder_with_a_question_mark_is_in_that_folder(tmp_path: Path) -> None:
    names = ("Whose books? Ours", "Whose books? Theirs")
    for name in names:
        (tmp_path / name).mkdir()
        with database.create(tmp_path / name / "office.db") as books, books.write() as session:
            office.set_up(session, office.OfficeForm(name, ()), date(2026, 1, 1))
    for name in names:
        with database.open_existing(tmp_path / name / "office.db") as books, books.read() as session:
            assert fetch_value(session, "SELECT name FROM office") == name
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
