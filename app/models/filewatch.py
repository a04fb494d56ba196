"""What other programs on this PC change in an office's file: asked from time to time, and never of one's own changes.

Every transaction that changes something is one row of the audit trail, numbered without a gap, so the numbers that
this program did not write are those of others.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path

log = logging.getLogger(__name__)


class FileWatch:
    """One quiet connection of its own, made when it is first asked; `seen` is the trail's last row at opening."""

    def __init__(self, path: Path, seen: int) -> None:
        self._path = path
        self._seen = seen
        self._own: set[int] = set()
        self._version: int | None = None
        self._connection: sqlite3.Connection | None = None
        self._asking = threading.Lock()

    def expect(self, n: int) -> None:
        """This program is about to commit the trail's row `n`."""
        self._own.add(n)

    def forget(self, n: int) -> None:
        """It did not: the row may become somebody else's."""
        self._own.discard(n)

    def has_changed(self) -> bool:
        """Whether another program has changed the file since the last call. Never waits."""
        with self._asking:
            try:
                return self._changed()
            except sqlite3.Error:
                log.info("%s cannot be watched for now", self._path, exc_info=True)
                self._drop()
                return False

    def close(self) -> None:
        """Let go of the file."""
        with self._asking:
            self._drop()

    def _changed(self) -> bool:
        if self._connection is None:
            # Never made anew: somebody may have moved the file away.
            uri = f"{self._path.resolve().as_uri()}?mode=rw"
            self._connection = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False)
        # Answered from shared memory: as long as nobody commits, nothing is read.
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return False
        newest = int(self._connection.execute("SELECT n FROM audit_head WHERE id = 1").fetchone()[0])
        self._version = version
        own = {n for n in self._own.copy() if n <= newest}
        others = newest - self._seen - sum(n > self._seen for n in own)
        self._own -= own
        self._seen = max(self._seen, newest)
        return others > 0

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._version = None
