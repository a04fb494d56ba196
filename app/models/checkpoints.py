"""SQLite's checkpoints, done beside the work instead of inside somebody's commit.

A commit in WAL mode is safe once the log is on the disk; moving the log into the file can wait. Left to
itself SQLite does it inside whichever commit crosses a limit, which is the slow one that a clerk notices.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

log = logging.getLogger(__name__)

# Pages of the log (4 KiB each: 64 MB) from which a commit waits for a checkpoint itself, so that a long run of
# commits without a pause does not fill the disk.
BACKSTOP_PAGES = 16_000
_REST_SECONDS = 0.05


class Checkpointer:
    """One quiet thread for an open office file; `poke` after each commit, `stop` before closing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def poke(self) -> None:
        """There may be something to move."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="checkpoints", daemon=True)
            self._thread.start()
        self._wake.set()

    def stop(self) -> None:
        """End the thread; the log is emptied by SQLite when the last connection closes."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping.set()
            self._wake.set()
            thread.join()
            self._stopping.clear()

    def _work(self) -> None:
        with closing(sqlite3.connect(self._path, timeout=0)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            while not self._stopping.is_set():
                self._wake.wait()
                self._wake.clear()
                if self._stopping.is_set():
                    return
                try:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                except sqlite3.Error:
                    # The log keeps everything; the next poke or SQLite's own backstop tries again.
                    log.warning("checkpoint of %s failed", self._path, exc_info=True)
                # Several commits of a busy minute share one checkpoint.
                self._stopping.wait(_REST_SECONDS)
