"""The process that is killed. `python -m crashes.child` waits warm and makes one process for each line it reads.

A line is a JSON object: the job, the office's folder, and at which instant the process ends itself: before the
n-th change to a file of the folder (`change`, with `torn`: in the middle of it), before the n-th SQL statement
(`statement`), after the n-th commit (`commit`), or killed from outside after so many seconds (`seconds`). With
`log` the changes are recorded. Or something is in its way: from the n-th change on the disk is full (`full`), it
waits only so many milliseconds for others (`busy`), it runs as somebody else (`user`).

The answer is one line too: how the process ended, and, when it came to its end, how many instants of each kind it
had, or the sentence with which the job was refused.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from app.errors import UserError
from app.models import checkpoints, database
from app.models.bulk import fetch_value
from app.models.database import Database
from app.services import billing, sample
from crashes import jobs


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Instants:
    """Counts what passes, and ends the process at the chosen instant."""

    def __init__(self, wanted: dict[str, Any], folder: Path, log: str) -> None:
        self.wanted = wanted
        self.counts = {"statement": 0, "commit": 0}
        self.recorder: ctypes.CDLL | None = None
        if "recorder" in os.environ.get("LD_PRELOAD", ""):
            self.recorder = ctypes.CDLL(None)
            self.recorder.recorder_changes.restype = ctypes.c_int64
            change = int(wanted.get("change", 0))
            torn = int(bool(wanted.get("torn", False)))
            arguments = (str(folder.resolve()).encode(), log.encode(), ctypes.c_int64(change), torn)
            self.recorder.recorder_start(*arguments)
            self.recorder.recorder_full(ctypes.c_int64(int(wanted.get("full", 0))))

    def passed(self, kind: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] == self.wanted.get(kind):
            _die()

    def committed(self, session_of: Database) -> None:
        """A transaction was reported as done: from here on nothing of it may be lost."""
        if self.recorder is not None:
            with session_of.read() as session:
                done = fetch_value(session, "SELECT coalesce(max(id), 0) FROM action")
            self.recorder.recorder_mark(ctypes.c_int64(done))
        self.passed("commit")

    def all(self) -> dict[str, int]:
        changes = 0 if self.recorder is None else int(self.recorder.recorder_changes())
        return {**self.counts, "change": changes}


def _watch(instants: Instants) -> None:
    """Follow every statement and every commit of this process."""

    @event.listens_for(Engine, "connect")
    def _trace(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(lambda _sql: instants.passed("statement"))

    write = Database.write

    @contextmanager
    def watched(self: Database, *arguments: Any, **options: Any) -> Iterator[Session]:
        with write(self, *arguments, **options) as session:
            yield session
        instants.committed(self)

    setting: Any = Database
    setting.write = watched


def _do(order: dict[str, Any], answer: int) -> None:
    folder = Path(order["folder"])
    billing.CHUNK = jobs.CHUNK
    # The log goes into the file as early as it can, so that checkpoints are among the instants too.
    checkpoints._QUIET_SECONDS = 0.01
    if order.get("careless"):  # to see that the harness finds what is lost then
        settings: Any = database
        settings._PRAGMAS = [pragma.replace("FULL", "OFF") for pragma in database._PRAGMAS]
    instants = Instants(order, folder, order.get("log", ""))
    _watch(instants)
    database.BUSY_MILLISECONDS = order.get("busy", database.BUSY_MILLISECONDS)
    if "user" in order:
        os.setgroups([])
        os.setgid(order["user"])
        os.setuid(order["user"])
    try:
        jobs.JOBS[order["job"]].do(folder)
    except UserError as error:
        os.write(answer, json.dumps({"refused": error.message}).encode())
        return
    os.write(answer, json.dumps(instants.all()).encode())


def _one(order: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            _do(order, writing)
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)
    os.close(writing)
    if "seconds" in order:
        time.sleep(order["seconds"])
        os.kill(child, signal.SIGKILL)
    said = b""
    while part := os.read(reading, 65536):
        said += part
    os.close(reading)
    status = os.waitpid(child, 0)[1]
    counts = json.loads(said) if said else {}
    refused = counts.pop("refused", None)
    return {"ended": os.waitstatus_to_exitcode(status), "counts": counts, "refused": refused}


def _import_what_jobs_import() -> None:
    """What is otherwise imported in the middle of a job, in each process anew."""
    for name in ("check", "deposit_ticket", "report", "statement"):
        importlib.import_module(f"app.services.documents.{name}")
    sample.read_sample(1, jobs.CUTOVER)  # with codecs that may be out of reach for a user with fewer rights
    for name in ("alembic.command", "app.models.tables", "app.services.printing"):
        importlib.import_module(name)


def main() -> None:
    """Serve orders until the input ends."""
    _import_what_jobs_import()
    for line in sys.stdin:
        print(json.dumps(_one(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
