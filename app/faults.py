"""What is written down of a fault: what it is and where, never the values that it was met with.

An error's own words may quote what was typed, and those of a database its rows: names, amounts, bank numbers. So the
log on the PC and the report for the program's makers hold kinds, places and error codes only.
"""

from __future__ import annotations

import logging
import sqlite3
import traceback
from types import TracebackType


def fault_lines(error: BaseException) -> list[str]:
    """The error and what caused it, the first cause last: kind, code, and the places it came through."""
    lines: list[str] = []
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        lines += ["caused by"] if lines else []
        lines.append(f"{type(at).__module__}.{type(at).__qualname__}{_code(at)}")
        for frame in traceback.extract_tb(at.__traceback__):
            file = frame.filename.replace("\\", "/")
            place = file[file.rfind("/app/") + 1 :] if "/app/" in file else file.rsplit("/", 1)[-1]
            lines.append(f"  {place}:{frame.lineno} {frame.name}")
        # What SQLAlchemy wraps is kept apart from the chain of causes.
        wrapped = getattr(at, "orig", None)
        at = wrapped or at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return lines


def _code(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return f" ({error.errno}: {error.strerror})"
    if isinstance(error, sqlite3.Error):
        return f" ({getattr(error, 'sqlite_errorname', '') or 'SQLite'})"
    return ""


class FaultFormatter(logging.Formatter):
    """A log line; of an exception only what `fault_lines` says."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; what another handler wrote of the exception, and left with the record, is not taken over."""
        plain = logging.makeLogRecord({**record.__dict__, "exc_text": None, "stack_info": None})
        return super().format(plain)

    def formatException(
        self,
        exc_info: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        return "" if exc_info[1] is None else "\n".join(fault_lines(exc_info[1]))
