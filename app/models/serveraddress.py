"""How a server's address is shown, and the lock that every writer there takes: what needs no connection."""

from __future__ import annotations

from sqlalchemy import URL

DEFAULT_PORT = 5432
# Every program of every version takes this lock of the office's database before it writes.
WRITERS_LOCK = 4_201_001
LOCK_SECONDS = 30


def shown(url: URL) -> str:
    """A server's address for people: without the password."""
    port = "" if url.port in (None, DEFAULT_PORT) else f":{url.port}"
    user = f"{url.username}@" if url.username else ""
    return f"postgresql://{user}{url.host or 'localhost'}{port}/{url.database or ''}"
