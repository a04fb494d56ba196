"""What is in the way of a job: a full disk, a locked file, a folder that may not be written, a file that is gone.

Each time the job says so in a sentence, nothing is lost, and it goes on when the way is free.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from crash_fixtures import Peaces

from crashes import books, jobs
from crashes.harness import Children

pytestmark = [
    pytest.mark.needs_program("gcc"),
    pytest.mark.skipif(sys.platform != "linux", reason="the recorder is loaded before libc"),
]
NOBODY = 65534
JARGON = ("Traceback", "sqlite", "SQLITE", "Errno", "Error(", "WAL")


def is_sentence(said: str | None, folder: Path, *words: str) -> bool:
    """Whether a refusal names the place, says what to do, and is no program's talk."""
    return (
        said is not None
        and str(folder) in said
        and any(word in said for word in words)
        and said.endswith(".")
        and not any(word in said for word in JARGON)
    )


@pytest.mark.parametrize("job", jobs.JOBS)
def test_a_disk_that_fills_in_a_job_is_said_and_the_job_goes_on_when_there_is_room(
    job: str, tmp_path: Path, children: Children, peaces: Peaces
) -> None:
    peace = peaces[job]
    refused = 0
    for share in (0.02, 0.5):
        office = jobs.copy_office(peace.image, tmp_path / "office")
        stopped = children.run(job, office, full=max(1, int(peace.counts["change"] * share)))
        assert stopped["ended"] == 0, "no bug"
        # What is left after the last commit, moving the log into the file, can wait and is not said.
        if stopped["refused"] is not None:
            refused += 1
            assert is_sentence(stopped["refused"], office, "is full; make room", "make room"), stopped["refused"]
        assert job == "migration" or books.faults(office) == []
        assert children.run(job, office)["refused"] is None
        assert books.differences(peace.state, books.state_of(office)) == []
        shutil.rmtree(office)
    assert refused >= 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes where one may be mounted; elsewhere the folder itself, on which nothing is full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "counterfoil-test", str(folder)]
    mounted = os.getuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    yield folder
    if mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("job", ["due", "statements"])
def test_a_real_small_disk_that_is_full_is_said_too(job: str, small_disk: Path, children: Children, peaces: Peaces) -> None:
    peace = peaces[job]
    office = jobs.copy_office(peace.image, small_disk / "office")
    is_small = shutil.disk_usage(small_disk).total < 10_000_000
    if is_small:
        (small_disk / "photos").write_bytes(b"\0" * (shutil.disk_usage(small_disk).free - 100_000))
    stopped = children.run(job, office)
    assert stopped["ended"] == 0
    assert (stopped["refused"] is None) is not is_small
    if is_small:
        assert is_sentence(stopped["refused"], office, "is full; make room"), stopped["refused"]
        (small_disk / "photos").unlink()
    assert children.run(job, office)["refused"] is None
    assert books.faults(office) == []
    assert books.differences(peace.state, books.state_of(office)) == []


def held(office: Path) -> sqlite3.Connection:
    """Another program, a virus scanner say, that has the file for itself."""
    other = sqlite3.connect(office / "office.db", isolation_level=None, check_same_thread=False)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    return other


@pytest.mark.parametrize("job", ["posting", "due"])
def test_a_job_waits_for_a_file_that_is_held_for_a_moment_and_refuses_one_held_for_long(
    job: str, tmp_path: Path, children: Children, peaces: Peaces
) -> None:
    office = jobs.copy_office(peaces[job].image, tmp_path / "office")
    with closing(held(office)):
        stopped = children.run(job, office, busy=50)
    assert is_sentence(stopped["refused"], office, "is in use by another program; wait a moment and try again")
    other = held(office)

    def let_go() -> None:
        time.sleep(0.5)
        other.close()

    waiting = threading.Thread(target=let_go)
    waiting.start()
    done = children.run(job, office)
    waiting.join()
    assert (done["ended"], done["refused"]) == (0, None)
    assert books.differences(peaces[job].state, books.state_of(office)) == []


def as_nobody(folder: Path, mode: int) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod((mode | 0o111) if path.is_dir() else mode & 0o666)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("job", ["posting", "day-close", "billing", "refunds", "statements"])
def test_a_folder_that_may_not_be_written_is_said_and_left_as_it_is(
    job: str, open_folder: Path, children: Children, peaces: Peaces
) -> None:
    office = jobs.copy_office(peaces[job].image, open_folder / "office")
    before = books.state_of(office)
    as_nobody(office, 0o444)
    stopped = children.run(job, office, **({"user": NOBODY} if os.getuid() == 0 else {}))
    as_nobody(office, 0o644)
    assert is_sentence(stopped["refused"], office, "cannot be opened", "cannot be written"), stopped
    assert books.differences(before, books.state_of(office)) == []


@pytest.mark.parametrize(("job", "paper"), [("day-close", "mail"), ("due", "autopay"), ("statements", "print")])
def test_papers_that_cannot_be_written_leave_nothing_recorded_as_sent(
    job: str, paper: str, open_folder: Path, children: Children, peaces: Peaces
) -> None:
    office = jobs.copy_office(peaces[job].image, open_folder / "office")
    shutil.rmtree(office / paper, ignore_errors=True)
    (office / paper).touch()
    stopped = children.run(job, office)
    assert stopped["ended"] == 0
    assert is_sentence(stopped["refused"], office / paper, "cannot be written", "cannot be used"), stopped["refused"]
    assert [fault for fault in books.faults(office) if "is recorded" in fault and job != "statements"] == []
    (office / paper).unlink()
    assert children.run(job, office)["refused"] is None
    if job != "statements":
        assert books.differences(peaces[job].state, books.state_of(office)) == []
