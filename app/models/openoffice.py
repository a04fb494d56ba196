"""An open office, whatever holds it: reading and writing in transactions, and what its database says in sentences."""

from __future__ import annotations

import sqlite3
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.errors import OfficeFileError, UserError
from app.models import sealing, triggers
from app.models.auditlayout import Layouts
from app.models.bulk import DRIVER
from app.models.checkpoints import Checkpointer
from app.models.filemark import FileMark
from app.models.filewatch import FileWatch

DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error)


class Database:
    """An open office. `read()` and `write()` are the only ways to its data.

    `write()` is one transaction: committed when the block ends, rolled back when it raises. `mark` tells what this
    program changed from what another one did. `seen`: the last row of the trail at opening, for an office in a file that
    other programs of this PC may have open too.
    """

    # A file's connection is kept between two reads: to get one from the pool takes as long as a dozen small queries.
    # A server's is not: the pool asks each time whether it is still there.
    keeps_readers = True

    def __init__(
        self,
        engine: Engine,
        path: Path | None,
        *,
        reader: Engine | None = None,
        writer: Engine | None = None,
        seen: int | None = None,
    ) -> None:
        self.engine = engine
        self.path = path
        self.mark = uuid.uuid4().hex
        self._reader = reader or engine
        self._writer = writer or engine.execution_options(begin_immediate=True)
        self._idle_readers: deque[Connection] = deque()
        self._is_closed = False
        self._layouts: Layouts | None = None
        self._checkpointer = None if path is None else Checkpointer(path)
        self._file_mark = None if path is None else FileMark(path)
        self._file_watch = None if path is None or seen is None else FileWatch(path, seen)

    @property
    def location(self) -> Path | str:
        """Where the office is: its file, or its server's address. `open_office` opens it again."""
        return self.path or "the office"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state and changes nothing."""
        with self.clear_errors():
            reader = self._take_reader()
            try:
                with Session(reader, autoflush=False) as session:
                    self._bind_driver(session)
                    yield session  # closing the session rolls back
            except BaseException:
                reader.close()
                raise
            if self.keeps_readers and not self._is_closed:
                self._idle_readers.append(reader)
            else:
                reader.close()

    def _take_reader(self) -> Connection:
        try:
            return self._idle_readers.pop()
        except IndexError:
            return self._reader.connect()

    @contextmanager
    def write(self, changed: Iterable[int] | None = None) -> Iterator[Session]:
        """A session whose work is committed as one, or not at all; sealed into the audit trail just before.

        `changed`: the ids of the accounts that it changes, for other PCs; None when they are not known.
        """
        if self._file_mark is not None:
            self._file_mark.refuse_another()
        with self.clear_errors(), Session(self._writer, autoflush=False) as session:
            self._bind_driver(session)
            try:
                self._layouts = sealing.open_capture(session, self._layouts)
                yield session
                self._before_commit(session, changed)
                self._commit(session, sealing.seal(session))
            except BaseException:
                session.rollback()
                raise
        if self._checkpointer is not None:
            self._checkpointer.poke()

    def _commit(self, session: Session, n: int | None) -> None:
        """Commit; `n` is the transaction's row of the trail, None when it changed nothing."""
        watch = None if n is None else self._file_watch
        if watch is None or n is None:
            session.commit()
            return
        watch.expect(n)
        try:
            session.commit()
        except BaseException:
            watch.forget(n)
            raise

    @contextmanager
    def clear_errors(self) -> Iterator[None]:
        """What the database says, as a sentence with a way out; anything unknown stays what it is."""
        try:
            yield
        except DATABASE_ERRORS as error:
            raise self._explained(error) from error

    @property
    def is_shared(self) -> bool:
        """Whether others may work in it at the same time, and their changes are told (`changes_by_others`)."""
        return self._file_watch is not None

    def changes_by_others(self) -> frozenset[int] | None:
        """The accounts that others have changed since the last call; None when anything may have changed.

        Others are other PCs, or other programs of this PC that have the file open. Never waits.
        """
        return None if self._file_watch is not None and self._file_watch.has_changed() else frozenset()

    def _bind_driver(self, session: Session) -> None:
        """Begin the transaction, and let `bulk` read on the driver's connection without asking for it each time."""
        session.info[DRIVER] = session.connection().connection.driver_connection

    def _before_commit(self, session: Session, changed: Iterable[int] | None) -> None:
        """A file tells nobody: programs on one PC look whether it changed (`filewatch`)."""

    def _explained(self, error: Exception) -> Exception:
        return explained(error, self.path)

    def close(self) -> None:
        """Let go of the file."""
        if self._checkpointer is not None:
            self._checkpointer.stop()
        if self._file_watch is not None:
            self._file_watch.close()
        self._is_closed = True
        while self._idle_readers:
            self._idle_readers.pop().close()
        self.engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


# Python's own words, without a code of SQLite's: a damaged page holds what is no text where text was.
_NO_TEXT = "Could not decode to UTF-8"


def explained(error: Exception, path: Path | None) -> Exception:
    original = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(original, sqlite3.Error):
        return error
    said = str(original)
    if triggers.CLOSED_DAY in said:
        return UserError("That business date is closed; choose a later one.", field="on")
    whole_code = getattr(original, "sqlite_errorcode", 0) or 0
    # A full disk has no room for SQLite's small file beside the office either.
    code = sqlite3.SQLITE_FULL if whole_code == sqlite3.SQLITE_IOERR_SHMSIZE else whole_code & 0xFF
    if _NO_TEXT in said:
        code = sqlite3.SQLITE_CORRUPT
    name = path if path is not None else "the office"
    sentences = {
        sqlite3.SQLITE_BUSY: f"{name} is in use by another program; wait a moment and try again.",
        sqlite3.SQLITE_LOCKED: f"{name} is in use by another program; wait a moment and try again.",
        sqlite3.SQLITE_FULL: f"The disk with {name} is full; make room and try again. Nothing was changed.",
        sqlite3.SQLITE_READONLY: f"{name} cannot be written to; check the folder's permissions.",
        sqlite3.SQLITE_CANTOPEN: f"{name} cannot be opened; check that the folder exists and may be written to.",
        sqlite3.SQLITE_PERM: f"{name} cannot be opened; check the folder's permissions.",
        sqlite3.SQLITE_CORRUPT: f"{name} is damaged; restore the last backup. Nothing was changed.",
        sqlite3.SQLITE_NOTADB: f"{name} is not a database of Counterfoil, or it is damaged; restore the last backup.",
        sqlite3.SQLITE_IOERR: f"The disk with {name} reports an error; check it and the cable. Nothing was changed.",
    }
    sentence = sentences.get(code)
    return OfficeFileError(sentence) if sentence else error
