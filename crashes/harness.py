"""Kill a real process at an instant of a real job, begin the job again, and compare with the job done in peace."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from app.errors import UserError
from crashes import books, powercut
from crashes.jobs import JOBS, copy_office

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("change", "torn", "statement", "commit", "seconds")


def build_recorder(folder: Path) -> Path:
    """Compile the recorder; needs gcc. Raises CalledProcessError when that fails."""
    library = folder / "recorder.so"
    source = Path(__file__).with_name("recorder.c")
    words = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(library), str(source), "-ldl"]
    subprocess.run([*words, "-lpthread"], check=True)
    return library


class Children:
    """The warm process that makes those which are killed."""

    def __init__(self, recorder: Path | None) -> None:
        environment = dict(os.environ)
        if recorder is not None:
            environment["LD_PRELOAD"] = str(recorder)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "crashes.child"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Children:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def run(self, job: str, folder: Path, **instant: Any) -> dict[str, Any]:
        """One process doing the job in the folder; how it ended, and its counts when it came to the end."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"job": job, "folder": str(folder), **instant}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


class Point(NamedTuple):
    """One kill: the instant, whether the process was really killed there, and what was found wrong."""

    job: str
    instant: dict[str, Any]
    killed: bool
    faults: list[str]


class Peace(NamedTuple):
    """A job done without any kill: what it left, how many instants it had, and how long it took in seconds."""

    image: Path
    state: tuple[books.Books, dict[str, str]]
    counts: dict[str, int]


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare(job: str, folder: Path, children: Children) -> Peace:
    """The office before the job, and the job done once in peace."""
    image = folder / f"{job}-before"
    image.mkdir(parents=True)
    JOBS[job].prepare(image)
    with _scratch(copy_office(image, folder / f"{job}-peace")) as office:
        done = children.run(job, office)
        if done["ended"] != 0:
            raise RuntimeError(f"{job} fails even when nobody disturbs it")
        wrong = books.faults(office)
        if wrong:
            raise RuntimeError(f"{job} leaves faults even when nobody disturbs it: {wrong}")
        return Peace(image, books.state_of(office), done["counts"])


def instants(peace: Peace, count: int, seed: int, with_recorder: bool) -> list[dict[str, Any]]:
    """`count` instants of a job, spread over its whole length and over all kinds."""
    dice = random.Random(seed)
    kinds = [kind for kind in KINDS if with_recorder or kind not in ("change", "torn")]
    found: list[dict[str, Any]] = []
    for n in range(count):
        kind = kinds[n % len(kinds)]
        if kind == "seconds":
            found.append({"seconds": round(dice.uniform(0.002, 0.4), 4)})
            continue
        counted = "change" if kind == "torn" else kind
        instant: dict[str, Any] = {counted: dice.randint(1, max(1, peace.counts[counted]))}
        found.append({**instant, "torn": True} if kind == "torn" else instant)
    return found


def kill_once(job: str, peace: Peace, folder: Path, children: Children, instant: dict[str, Any]) -> Point:
    """Kill the job at the instant, look at what is left, begin it again, and compare with the job done in peace."""
    with _scratch(copy_office(peace.image, folder / "killed")) as office:
        ended = children.run(job, office, **instant)["ended"]
        if ended not in (0, -signal.SIGKILL):
            return Point(job, instant, False, [f"the process ended with {ended}"])
        found = [f"after the kill: {fault}" for fault in books.faults(office)] if job != "migration" else []
        again = children.run(job, office)
        if again["ended"] != 0:
            return Point(job, instant, ended != 0, [*found, "the job cannot be begun again"])
        found += [f"in the end: {fault}" for fault in books.faults(office)]
        found += [f"other than in peace: {fault}" for fault in books.differences(peace.state, books.state_of(office))]
        return Point(job, instant, ended != 0, found)


def kill_often(
    job: str,
    peace: Peace,
    points: int,
    folder: Path,
    children: Children,
    *,
    seed: int = 0,
    with_recorder: bool = True,
    said: Callable[[Point], None] = lambda _point: None,
) -> list[Point]:
    """Kill a job at so many instants."""
    found = []
    for instant in instants(peace, points, seed, with_recorder):
        found.append(kill_once(job, peace, folder, children, instant))
        said(found[-1])
    return found


class Cut(NamedTuple):
    """One power cut: before which change of the recording, what became of the unsynced, and what was found wrong."""

    job: str
    instant: int
    way: str
    faults: list[str]


def cut_often(
    job: str,
    peace: Peace,
    cuts: int,
    folder: Path,
    children: Children,
    *,
    seed: int = 0,
    careless: bool = False,
    said: Callable[[Cut], None] = lambda _cut: None,
) -> list[Cut]:
    """Record the job once, and look at what a power cut would leave at so many instants, each in every way.

    What is left must be an office without a fault that has every action that was reported as done; the job is
    begun again there, and must end as if nothing had been. `careless` is SQLite without waiting for the disk.
    """
    log = folder / f"{job}.log"
    with _scratch(copy_office(peace.image, folder / f"{job}-recorded")) as office:
        children.run(job, office, log=str(log), careless=careless)
    changes = list(powercut.read_log(log))
    dice = random.Random(seed)
    disk, played = powercut.Disk(peace.image), 0
    found: list[Cut] = []
    for instant in sorted(dice.sample(range(1, len(changes) + 1), min(cuts, len(changes)))):
        for change in changes[played:instant]:
            disk.play(change)
        played = instant
        for n, way in enumerate(powercut.WAYS):
            left = folder / "left"
            left.mkdir()
            with _scratch(left):
                disk.leave(left, way, seed + instant * len(powercut.WAYS) + n)
                # Beginning again costs a process; one way in turn at each instant has it.
                again = children if len(found) // len(powercut.WAYS) % len(powercut.WAYS) == n else None
                found.append(Cut(job, instant, way, _faults_of_cut(job, peace, left, disk.acknowledged, again)))
            said(found[-1])
    return found


def _faults_of_cut(job: str, peace: Peace, left: Path, acknowledged: int, again: Children | None) -> list[str]:
    try:
        kept = books.last_action(left)
        found = [] if kept >= acknowledged else [f"lost: action {acknowledged} was reported as done, {kept} is the last one"]
        found += books.faults(left) if job != "migration" else []
        if again is not None and not found:
            if again.run(job, left)["ended"] != 0:
                return ["the job cannot be begun again"]
            found += [f"in the end: {fault}" for fault in books.faults(left)]
            found += [f"other than in peace: {fault}" for fault in books.differences(peace.state, books.state_of(left))]
    except (UserError, sqlite3.Error) as error:
        return [f"cannot be opened: {error}"]
    return found
