"""SQLite's checkpoints, done beside the work instead of inside somebody's commit.

A commit in WAL mode is safe once the log is on the disk; moving the log into the file can wait. Left to
itself SQLite does it inside whichever commit crosses a limit, which is the slow one that a clerk notices.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

log = logging.getLogger(__name__)

# Pages of the log (4 KiB each: 16 MB) from which a commit waits for a checkpoint itself, so that a long run of
# commits without a pause does not fill the disk.
BACKSTOP_PAGES = 4_000
# A checkpoint shares the disk with whoever commits, so it waits for a pause in the work, but not for ever.
_QUIET_SECONDS = 0.5
_AT_LATEST_SECONDS = 10


class Checkpointer:
    """One quiet thread for an open office file; `poke` after each commit, `stop` before closing.

    A poke only leaves a mark: waking a thread at each commit would cost the commit more than it saves.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._committed_at: int | None = None

    def poke(self) -> None:
        """There may be something to move."""
        self._committed_at = time.monotonic_ns()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="checkpoints", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; the log is emptied by SQLite when the last connection closes."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping.set()
            thread.join()
            self._stopping.clear()

    def _open(self) -> sqlite3.Connection:
        # Never made anew: somebody may have moved the file away since the commit.
        return sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=rw", timeout=0, uri=True)

    def _work(self) -> None:
        waiting_since: int | None = None
        try:
            opened = self._open()
        except sqlite3.Error:
            log.warning("%s cannot be opened for its checkpoints", self._path, exc_info=True)
            self._thread = None  # the next commit tries again
            return
        with closing(opened) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            while not self._stopping.wait(_QUIET_SECONDS):
                committed_at = self._committed_at
                if committed_at is None:
                    continue
                now = time.monotonic_ns()
                waiting_since = waiting_since or now
                if now - committed_at < _QUIET_SECONDS * 10**9 and now - waiting_since < _AT_LATEST_SECONDS * 10**9:
                    continue
                try:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                except sqlite3.Error:
                    # The log keeps everything; the next commit or SQLite's own backstop tries again.
                    log.warning("checkpoint of %s failed", self._path, exc_info=True)
                waiting_since = None
                if self._committed_at == committed_at:
                    self._committed_at = None
