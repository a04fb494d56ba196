"""A demo killed while it prints: a half-made file is taken for the statements, and scratch folders stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import run
from app.services import printing

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def words(folder: Path) -> list[str]:
    return ["demo", "--folder", str(folder), "--customers", "14", "--today", "2026-11-21"]


def test_a_demo_killed_before_its_statements_got_their_name_prints_them_next_time(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert run(words(folder)) == 0
    # What the kill leaves: the file was written whole or in part, but not put under its name.
    (folder / "statements.pdf").rename(folder / "~statements.pdf")
    assert run(words(folder)) == 0
    assert (folder / "statements.pdf").is_file()
    assert not (folder / "~statements.pdf").exists()


def test_a_demo_killed_while_it_mails_statements_leaves_no_scratch_folder_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "demo"
    assert run(words(folder)) == 0
    next((folder / "mail").glob("statement-*.eml")).unlink()
    # What the kill leaves, under the name that TemporaryDirectory(dir=folder) gives.
    (folder / "~abcd1234").mkdir()
    (folder / "~abcd1234" / "statement-100014-100011.pdf").touch()
    assert run(words(folder)) == 0
    assert not (folder / "~abcd1234").exists()
    assert printing.WORTH_A_PROCESS > 14
