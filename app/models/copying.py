"""Copies of an office's file, made while others work in it (SQLite's online backup)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from app import wholefiles
from app.errors import Cancelled
from app.models.bulk import Progress, no_progress

PAGES_A_STEP = 1_024  # 4 MiB: others wait for no longer than such a step takes
BYTES_A_STEP = 1 << 20
UNFINISHED = ".part"
_BUSY_SECONDS = 5.0


def never() -> bool:
    """For callers that nobody stops."""
    return False


def read_only_uri(path: Path) -> str:
    """The name under which SQLite opens a file only to read, on a drive or a share."""
    name = path.resolve().as_posix()
    if not name.startswith("/"):
        name = f"/{name}"  # C:/…
    elif name.startswith("//"):
        name = f"//{name}"  # a share: four slashes in all
    return f"file:{quote(name)}?mode=ro"


def copy_while_open(
    source: Path, target: Path, progress: Progress = no_progress, cancelled: Callable[[], bool] = never
) -> None:
    """Copy the office in `source` as it is at this moment into the new file `target`, synced to the disk.

    Others go on reading and writing meanwhile; what they write is not in the copy. The copy is one file, without a
    log beside it. Raises Cancelled, sqlite3.Error or OSError; a target that was begun is removed then.
    """

    def step(_status: int, remaining: int, total: int) -> None:
        if cancelled():
            raise Cancelled
        progress(total - remaining, total)

    try:
        with closing(sqlite3.connect(source, timeout=_BUSY_SECONDS, isolation_level=None)) as office:
            # Held to the end: without a read transaction of its own a copy begins anew at each commit of another.
            office.execute("BEGIN")
            office.execute("SELECT count(*) FROM sqlite_master").fetchone()
            with closing(sqlite3.connect(target, isolation_level=None)) as copy:
                copy.execute("PRAGMA synchronous = OFF")  # synced once, below
                office.backup(copy, pages=PAGES_A_STEP, progress=step)
                copy.execute("PRAGMA journal_mode = DELETE").fetchone()
        wholefiles.sync(target)
    except BaseException:
        remove_with_log(target)
        raise


def copy_bytes(source: Path, target: Path, progress: Progress = no_progress, cancelled: Callable[[], bool] = never) -> str:
    """Copy a file that nobody has open, synced to the disk; returns its SHA-256 (hex). Raises Cancelled or OSError."""
    digest, of, done = sha256(), source.stat().st_size, 0
    try:
        with source.open("rb") as read, target.open("xb") as write:
            while block := read.read(BYTES_A_STEP):
                if cancelled():
                    raise Cancelled
                write.write(block)
                digest.update(block)
                done += len(block)
                progress(done, of)
            write.flush()
            os.fsync(write.fileno())
    except FileExistsError:
        raise
    except BaseException:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def digest_of(path: Path) -> str:
    """The SHA-256 (hex) of a file."""
    digest = sha256()
    with path.open("rb") as read:
        while block := read.read(BYTES_A_STEP):
            digest.update(block)
    return digest.hexdigest()


def remove_with_log(path: Path) -> None:
    """Remove a database that nobody has open, and what lies beside it."""
    for name in (path.name, f"{path.name}-journal", f"{path.name}-wal", f"{path.name}-shm"):
        with suppress(OSError):
            path.with_name(name).unlink(missing_ok=True)
