"""A machine that stops at a chosen statement or commit of what it does, in memory or with the office on a server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import support_databases

from app.models.openoffice import Database
from app.models.serverdriver import ServerCursor, ServerDriver


class PowerCut(BaseException):
    """The machine stops: no `except` of the program sees it."""


class Meter:
    """Counts the points at which the machine could stop, and stops it at one of them, 1 = the first; 0 = never."""

    def __init__(self, stops_at: int = 0) -> None:
        self.points = 0
        self.stops_at = stops_at

    def point(self) -> None:
        """One more; raises PowerCut at the chosen one."""
        self.points += 1
        if self.points == self.stops_at:
            raise PowerCut


_meter = Meter()


class MeteredCursor(sqlite3.Cursor):
    """Each statement is a point, before it is run."""

    def execute(self, *args: Any) -> Any:
        _meter.point()
        return super().execute(*args)

    def executemany(self, *args: Any) -> Any:
        _meter.point()
        return super().executemany(*args)


class MeteredConnection(sqlite3.Connection):
    """The driver of an office in memory; a transaction's beginning counts too."""

    def execute(self, *args: Any) -> Any:
        _meter.point()
        return super().execute(*args)

    def executemany(self, *args: Any) -> Any:
        _meter.point()
        return super().executemany(*args)

    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(MeteredCursor if factory is None else factory)


@contextmanager
def power_until(point: int = 0) -> Iterator[Meter]:
    """What is done inside counts its points, and is cut off at one of them.

    Each statement is a point, just before it; and each commit two: just before it, and just after it, when what was
    written stays and nobody was told.
    """
    global _meter
    meter = _meter = Meter(point)
    committed = Database._commit

    def commit(books: Database, session: Any, n: int | None) -> None:
        meter.point()
        committed(books, session, n)
        meter.point()

    def metered(service: Any) -> Any:
        def call(*args: Any) -> Any:
            meter.point()
            return service(*args)

        return call

    patched = [mock.patch.object(Database, "_commit", commit)]
    if support_databases.on_server():
        for owner, name in ((ServerCursor, "execute"), (ServerDriver, "executemany"), (ServerDriver, "copy")):
            patched.append(mock.patch.object(owner, name, metered(getattr(owner, name))))
    for patch in patched:
        patch.start()
    try:
        yield meter
    finally:
        _meter = Meter()
        for patch in patched:
            patch.stop()
