"""Long paper runs: statements and checks drawn by spawned processes, a file at a time.

Each process reads its own accounts from the office's file, so nothing but names and numbers passes between
them. A file appears under its name only when it is whole.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

from app.errors import Cancelled
from app.models import database
from app.models.bulk import Progress, no_progress, reading_once
from app.services import statements
from app.services.documents.batches import SHEETS_PER_FILE
from app.services.statements import StatementRun
from app.wholefiles import put_in_place

PROCESSES = 2
UNFINISHED = "~"  # before the name of a file that is being written
# Starting a process costs as much as drawing about so many sheets.
WORTH_A_PROCESS = 1_500
FILES_PER_TASK = 500


class Job(NamedTuple):
    """One piece of a run: the accounts whose statements go to `target` (a file, or a folder of files)."""

    office_path: Path
    run: StatementRun
    account_ids: tuple[int, ...]
    target: Path


class Printed(NamedTuple):
    """What a job made: its files, how many statements and sheets they hold, and the sheets of each statement by file."""

    paths: tuple[Path, ...]
    documents: int
    sheets: int
    each: tuple[tuple[int, ...], ...] = ()


def statement_paths(path: Path, statements: int) -> list[Path]:
    """The files of a run of so many statements, one sheet each; longer statements make further ones."""
    count = -(-statements // SHEETS_PER_FILE)
    return [path] if count <= 1 else [path.with_stem(f"{path.stem}-{number:03d}") for number in range(1, count + 1)]


def print_statements(
    office_path: Path,
    run: StatementRun,
    account_ids: Sequence[int],
    path: Path,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
    processes: int = PROCESSES,
) -> list[Printed]:
    """Print-ready PDFs of at most SHEETS_PER_FILE statements' sheets each, in the order of `account_ids`.

    A run that fits in one file is `path`; a longer one is `<stem>-001.pdf` and so on. Raises Cancelled.
    """
    parts = [account_ids[i : i + SHEETS_PER_FILE] for i in range(0, len(account_ids), SHEETS_PER_FILE)]
    targets = statement_paths(path, len(account_ids))
    jobs = [Job(office_path, run, tuple(part), target) for part, target in zip(parts, targets, strict=True)]
    return _run(_draw_statements, jobs, progress, cancelled, processes)


def write_statement_files(
    office_path: Path,
    run: StatementRun,
    account_ids: Sequence[int],
    folder: Path,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
    processes: int = PROCESSES,
) -> list[Printed]:
    """One PDF an account, `statement-<account>-<number>.pdf`, in `folder`. Raises Cancelled."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        Job(office_path, run, tuple(account_ids[i : i + FILES_PER_TASK]), folder)
        for i in range(0, len(account_ids), FILES_PER_TASK)
    ]
    return _run(_draw_statement_files, jobs, progress, cancelled, processes)


def _draw_statements(job: Job) -> Printed:
    from app.services.documents.statement import write_statements  # reportlab takes long to import

    with database.open_existing(job.office_path) as books, books.read() as session, reading_once(session):
        unfinished = job.target.with_name(f"{UNFINISHED}{job.target.name}")
        written = write_statements(
            statements.paper_office(session),
            statements.contents(session, job.run, job.account_ids),
            unfinished,
        )
    paths = [job.target if n == 1 else job.target.with_stem(f"{job.target.stem}-{n}") for n in range(1, len(written) + 1)]
    put_in_place((file.path, path) for file, path in zip(written, paths, strict=True))
    return Printed(
        tuple(paths),
        sum(file.documents for file in written),
        sum(file.sheets for file in written),
        tuple(file.each for file in written),
    )


def _draw_statement_files(job: Job) -> Printed:
    from app.services.documents.statement import write_statement_files as write_files

    with database.open_existing(job.office_path) as books, books.read() as session, reading_once(session):
        paths = write_files(
            statements.paper_office(session),
            statements.contents(session, job.run, job.account_ids),
            job.target,
        )
    return Printed(tuple(paths), len(paths), len(paths))


def _run(
    draw: Callable[[Job], Printed],
    jobs: Sequence[Job],
    progress: Progress,
    cancelled: Callable[[], bool],
    processes: int,
) -> list[Printed]:
    total = sum(len(job.account_ids) for job in jobs)
    if len(jobs) <= 1 or total < WORTH_A_PROCESS:
        return _run_here(draw, jobs, progress, cancelled, total)
    done: dict[Future[Printed], Printed] = {}
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = {pool.submit(draw, job): job for job in jobs}
        order = list(futures)
        waiting = set(order)
        drawn = 0
        while waiting:
            finished, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in finished:
                done[future] = future.result()
                drawn += len(futures[future].account_ids)
                progress(drawn, total)
            if cancelled():
                pool.shutdown(cancel_futures=True)
                raise Cancelled
    return [done[future] for future in order]


def _run_here(
    draw: Callable[[Job], Printed],
    jobs: Sequence[Job],
    progress: Progress,
    cancelled: Callable[[], bool],
    total: int,
) -> list[Printed]:
    results, drawn = [], 0
    for job in jobs:
        if cancelled():
            raise Cancelled
        results.append(draw(job))
        drawn += len(job.account_ids)
        progress(drawn, total)
    return results
