"""What other PCs change in an office on a server, as the server tells it with each of their commits (LISTEN)."""

from __future__ import annotations

import logging
import threading
from typing import Any

import psycopg
from sqlalchemy import URL

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 5
# A line on which nothing is said is tried now and then: a PC whose cable was out must not listen to nothing for hours.
KEEPALIVES: dict[str, Any] = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


class Watch:
    """One quiet connection that listens; asked from time to time, by one thread after another."""

    def __init__(self, url: URL, mark: str, channel: str) -> None:
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._mark = mark
        self._channel = channel
        self._connection: psycopg.Connection[Any] | None = None
        self._asking = threading.Lock()

    def changes(self) -> frozenset[int] | None:
        """The accounts changed by others since the last call; None when anything may have changed, as at the first call.

        Never waits for a change. While the server is away there are none; when it is back, anything may have changed.
        """
        with self._asking:
            try:
                return self._told()
            except psycopg.Error:
                log.info("the server does not answer; changes of other PCs are not seen for now", exc_info=True)
                self._drop()
                return frozenset()

    def close(self) -> None:
        """Stop listening."""
        with self._asking:
            self._drop()

    def _told(self) -> frozenset[int] | None:
        if self._connection is None:
            self._connection = psycopg.connect(
                self._address, autocommit=True, connect_timeout=_CONNECT_SECONDS, **KEEPALIVES
            )
            self._connection.execute(f"LISTEN {self._channel}".encode())
            return None  # nobody listened until now
        found: set[int] = set()
        anything = False
        for said in self._connection.notifies(timeout=0):
            mark, _, accounts = said.payload.partition(":")
            if mark == self._mark:
                continue
            anything = anything or not accounts
            found.update(map(int, filter(None, accounts.split(","))))
        return None if anything else frozenset(found)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
