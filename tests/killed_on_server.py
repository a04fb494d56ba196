"""A process that is killed while it works on a server. Started with `python tests/killed_on_server.py`, it waits warm
and makes one process for each line it reads: a JSON object with the job's words and `after`, the exchange with the
server (a statement, a commit, a program of PostgreSQL's started, a file put in place) at which that process is killed.

The answer is a line: how many exchanges there were, when the job came to its end; else how the process ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from app.services.connecting import move_to_server
from app.services.desk import Desk
from app.services.serverrestoring import restore_on_server


class Exchanges:
    """Counts them, and ends the process at the chosen one."""

    def __init__(self, after: int) -> None:
        self.count, self.after = 0, after

    def passed(self) -> None:
        self.count += 1
        if self.count == self.after:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: Any, name: str) -> None:
        """Each call is an exchange, when it was made."""
        original: Callable[..., Any] = getattr(owner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            self.passed()
            return result

        setattr(owner, name, call)


def _do(order: dict[str, Any], answer: int) -> None:
    exchanges = Exchanges(order["after"])
    for owner, name in (
        (psycopg.Cursor, "execute"),
        (psycopg.Connection, "commit"),
        (subprocess.Popen, "__init__"),
        (Path, "replace"),
    ):
        exchanges.watch(owner, name)
    if order["job"] == "move":
        move_to_server(Path(order["path"]), order["address"])
    else:
        day = date(2026, 3, 1)
        restore_on_server(Path(order["path"]), order["address"], Desk("pat", "manager", "PC 1", day, day))
    os.write(answer, str(exchanges.count).encode())


def _one(order: dict[str, Any]) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _do(order, writing)
        finally:
            os._exit(1)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as said:
        return said.read() or f"signal {os.WTERMSIG(status)}"


if __name__ == "__main__":
    for line in sys.stdin:
        print(_one(json.loads(line)), flush=True)
