"""`python -m app crash-test`: many kills and power cuts of each job, and what came of them as a table."""

from __future__ import annotations

import platform
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.errors import UserError
from crashes.harness import Children, Cut, Point, build_recorder, cut_often, kill_often, prepare
from crashes.jobs import JOBS
from crashes.powercut import WAYS


def run_crash_test(points: int, cuts: int, chosen: tuple[str, ...] | None, seed: int) -> int:
    """Kill each job at `points` instants and cut its power at `cuts`; returns 0 when nothing was wrong, else 1.

    Raises UserError for an unknown job and on a system that has no gcc or makes processes in another way.
    """
    jobs = tuple(JOBS) if chosen is None else chosen
    for job in jobs:
        if job not in JOBS:
            raise UserError(f"There is no job “{job}”; the jobs are {', '.join(JOBS)}.", field="job")
    if sys.platform != "linux" or shutil.which("gcc") is None:
        raise UserError("The crash test needs Linux and gcc (the Debian packages gcc and libc6-dev).")
    console = Console()
    table = Table(title=_where(seed), title_justify="left")
    for heading in ("Job", "Kills", "Died there", "Power cuts", "Faults"):
        table.add_column(heading, justify="left" if heading == "Job" else "right")
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Children(build_recorder(folder)) as children:
            for job in jobs:
                console.print(f"{job} ...")
                peace = prepare(job, folder, children)
                killed = kill_often(job, peace, points, folder, children, seed=seed, said=_say)
                cut = cut_often(job, peace, cuts, folder, children, seed=seed, said=_say) if cuts else []
                faults = sum(bool(point.faults) for point in killed) + sum(bool(one.faults) for one in cut)
                died = sum(point.killed for point in killed)
                table.add_row(job, str(len(killed)), str(died), f"{len(cut):,}", str(faults))
                wrong += faults
    console.print(table)
    console.print(f"A power cut is an instant in one of {len(WAYS)} ways: {', '.join(WAYS)}.")
    console.print("Nothing lost." if not wrong else f"[bold]{wrong} faults[/bold]")
    return 1 if wrong else 0


def _where(seed: int) -> str:
    return f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()}, seed {seed}"


def _say(found: Point | Cut) -> None:
    for fault in found.faults:
        print(f"  {found.job} {found.instant}: {fault}", file=sys.stderr)
