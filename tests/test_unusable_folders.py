"""Folders that cannot be used end in a traceback instead of a sentence."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app.cli import run

ROOT = Path(__file__).resolve().parent.parent
AS_NOBODY = """
import os, sys
from app.cli import run
from app.models import database
from app.services import demo, verification
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.exit(run(sys.argv[1:]))
"""


def test_a_demo_into_a_file_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.txt").touch()
    for folder in (tmp_path / "letter.txt", tmp_path / "letter.txt" / "below"):
        assert run(["demo", "--folder", str(folder), "--customers", "3"]) == 2
        assert str(folder) in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps permissions in another way")
@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0o555, ["demo", "--customers", "3", "--folder", "{folder}/demo"]),
        (0o000, ["demo", "--customers", "3", "--folder", "{folder}/demo"]),
        (0o000, ["check", "--office", "{folder}/office.db"]),
    ],
)
def test_a_folder_without_permission_is_refused_in_a_sentence(mode: int, words: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "office.db").touch()
        Path(name).chmod(mode)
        done = subprocess.run(
            [sys.executable, "-B", "-c", AS_NOBODY, *(word.format(folder=name) for word in words)],
            cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        Path(name).chmod(0o755)
    assert done.returncode == 2, done.stderr
    assert name in done.stderr and "Traceback" not in done.stderr
