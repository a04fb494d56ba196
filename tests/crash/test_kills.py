"""A real process doing a real job is killed, and the job begun again: the books are those of a job done in peace.

`python -m app crash-test` does the same at hundreds of instants; its figures are in docs/RELIABILITY.md.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from crash_fixtures import Peaces

from app.cli import run
from crashes import books, jobs
from crashes.harness import Children, kill_often, kill_once

pytestmark = [
    pytest.mark.needs_program("gcc"),
    pytest.mark.skipif(sys.platform != "linux", reason="the recorder is loaded before libc"),
]
# Every kind of instant once.
POINTS = 5


@pytest.mark.parametrize("job", jobs.JOBS)
def test_a_job_killed_anywhere_and_begun_again_ends_as_if_nothing_had_been(
    job: str, tmp_path: Path, children: Children, peaces: Peaces
) -> None:
    points = kill_often(job, peaces[job], POINTS, tmp_path, children, seed=11)
    assert [(point.instant, point.faults) for point in points if point.faults] == []
    assert sum(point.killed for point in points) >= 3, "most kills hit the job, not what comes after it"


def test_a_job_killed_in_each_of_its_last_changes_is_whole_or_not_begun(
    tmp_path: Path, children: Children, peaces: Peaces
) -> None:
    peace = peaces["refunds"]
    last = peace.counts["change"]
    for change in range(last - 3, last + 1):
        point = kill_once("refunds", peace, tmp_path, children, {"change": change})
        assert (point.killed, point.faults) == (True, [])


def test_the_comparison_sees_what_a_kill_could_do(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.mkdir()
    jobs.billed(image)
    jobs.refund(image)
    whole = books.state_of(image)
    assert books.faults(image) == []
    for change, said in (
        ("UPDATE check_stock SET next_number = next_number + 1", "check_stock: 2 rows differ"),
        ("UPDATE office SET phone = 'another'", "office: 2 rows differ"),
    ):
        office = jobs.copy_office(image, tmp_path / "changed")
        with closing(sqlite3.connect(office / "office.db", isolation_level=None)) as connection:
            connection.execute(change)
        assert books.differences(whole, books.state_of(office)) == [said]
        shutil.rmtree(office)
    letter = next((image / "mail").glob("receipt-*.eml"))
    letter.write_bytes(letter.read_bytes()[:-40] + b"\0" * 40)
    (image / "refund-checks.pdf").write_bytes((image / "refund-checks.pdf").read_bytes()[:-2000])
    assert sorted(books.faults(image)) == sorted(
        [
            f"{letter.stem.replace('-', ' ')} is recorded, but was not written",
            f"{letter.name} is half a letter",
            "refund-checks.pdf is half a paper",
        ]
    )


def test_the_comparison_sees_a_backup_that_is_cut_short_changed_or_gone(tmp_path: Path) -> None:
    jobs.to_back_up_sealed(tmp_path)
    jobs.make_backup(tmp_path)
    assert books.faults(tmp_path) == []
    (second,) = (tmp_path / "second").glob("*.sealed")
    (first,) = (tmp_path / "backups").glob("*.sealed")
    whole = first.read_bytes()
    first.write_bytes(whole[: len(whole) // 2])
    half, gone = books.faults(tmp_path)
    assert half.startswith(f"{first.name} is half a backup: {first.name} is damaged")
    assert gone == f"backups/{first.name} is recorded as a backup, but is not there as it was checked"
    first.write_bytes(whole)
    second.unlink()
    assert books.faults(tmp_path) == [f"second/{second.name} is recorded as a backup, but is not there as it was checked"]


def test_the_command_says_what_it_tried_and_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["crash-test", "--job", "new-office", "--points", "2", "--cuts", "1"]) == 0
    said = capsys.readouterr().out
    assert "new-office" in said and "Nothing lost." in said
    assert run(["crash-test", "--job", "lunch"]) == 2
    assert "the jobs are new-office, import" in capsys.readouterr().err
