"""The power fails: unsynced writes are lost, kept or torn, below SQLite; what was reported as done is there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from crash_fixtures import Peaces

from crashes import jobs, powercut
from crashes.harness import Children, cut_often
from crashes.powercut import Change, Disk

pytestmark = [
    pytest.mark.needs_program("gcc"),
    pytest.mark.skipif(sys.platform != "linux", reason="the recorder is loaded before libc"),
]
CUTS = 4


@pytest.mark.parametrize("job", jobs.JOBS)
def test_a_power_cut_at_any_instant_of_a_job_loses_nothing_that_was_reported(
    job: str, tmp_path: Path, children: Children, peaces: Peaces
) -> None:
    cuts = cut_often(job, peaces[job], CUTS, tmp_path, children, seed=5)
    assert [(cut.instant, cut.way, cut.faults) for cut in cuts if cut.faults] == []
    assert len(cuts) == CUTS * len(powercut.WAYS)


def test_without_waiting_for_the_disk_the_same_test_finds_losses(tmp_path: Path, children: Children, peaces: Peaces) -> None:
    cuts = cut_often("posting", peaces["posting"], 10, tmp_path, children, seed=5, careless=True)
    assert any(fault.startswith("lost: action") for cut in cuts for fault in cut.faults)


def opened(handle: int, name: str, *, new: bool = True) -> Change:
    return Change(powercut.OPENED, handle, int(new), name.encode())


def left(disk: Disk, folder: Path, way: str, seed: int = 1) -> dict[str, bytes]:
    folder.mkdir()
    disk.leave(folder, way, seed)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_disk_keeps_what_was_synced_and_may_lose_the_rest(tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    (before / "office.db").write_bytes(b"a" * 1024)
    disk = Disk(before)
    disk.play(opened(1, "office.db", new=False))
    disk.play(Change(powercut.WROTE, 1, 0, b"b" * 512))
    disk.play(Change(powercut.SYNCED, 1, 0, b""))
    disk.play(Change(powercut.WROTE, 1, 512, b"c" * 1024))
    kept = b"b" * 512 + b"a" * 512
    assert left(disk, tmp_path / "1", "nothing unsynced") == {"office.db": kept}
    assert left(disk, tmp_path / "2", "everything") == {"office.db": b"b" * 512 + b"c" * 1024}
    torn = {left(disk, tmp_path / f"torn{n}", "torn at 512", n)["office.db"] for n in range(20)}
    assert {kept, kept[:512] + b"c" * 512, kept + b"c" * 512} <= torn, "a half of it, the end of it, or none"


def test_a_name_is_certain_only_when_its_folder_was_synced(tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    disk = Disk(before)
    disk.play(opened(1, "letter.part"))
    disk.play(Change(powercut.WROTE, 1, 0, b"Dear"))
    disk.play(Change(powercut.RENAMED, 0, 0, b"letter.part\0letter.eml"))
    assert left(disk, tmp_path / "1", "nothing unsynced") == {}
    some = [left(disk, tmp_path / f"some{n}", "some writes", n) for n in range(20)]
    assert {"letter.eml": b""} in some, "the name without what it should hold: the fault that syncing prevents"
    disk.play(Change(powercut.SYNCED, 1, 0, b""))
    disk.play(opened(2, "", new=False))
    disk.play(Change(powercut.SYNCED, 2, 0, b""))
    assert left(disk, tmp_path / "2", "nothing unsynced") == {"letter.eml": b"Dear"}


def test_the_recording_is_what_happened(tmp_path: Path, children: Children) -> None:
    office = tmp_path / "office"
    office.mkdir()
    jobs.new_office(office)
    before = jobs.copy_office(office, tmp_path / "before")
    log = tmp_path / "posting.log"
    assert children.run("posting", office, log=str(log))["ended"] == 0
    disk = Disk(before)
    changes = list(powercut.read_log(log))
    for change in changes:
        disk.play(change)
    assert left(disk, tmp_path / "after", "everything")["office.db"] == (office / "office.db").read_bytes()
    assert sum(change.what == powercut.MARKED for change in changes) > 20
