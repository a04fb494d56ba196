"""Opening and making offices: what the windows need of the database, under names of the office."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from app.filenames import refuse_impossible
from app.models import database
from app.models.bulk import Progress, no_progress
from app.models.database import Database as Books
from app.services.desk import TRIAL
from app.services.office import SHIPPED_POLICIES, OfficeForm, set_up
from app.services.policies.policyfile import shipped_policy_path
from app.wholefiles import clear_refusals, put_in_place

__all__ = ["OFFICE_FILE", "Books", "Session", "is_on_server", "make_office", "make_whole", "open_office", "taken_back"]

OFFICE_FILE = "office.db"
Found = TypeVar("Found")


def open_office(path: Path, progress: Progress = no_progress) -> Books:
    """The office in `path`, brought to this program's schema, whose `progress` counts to 1,000. Raises OfficeFileError.

    What others change is listened for from now on, before anything is read (`Books.changes_by_others`).
    """
    books = database.open_existing(path, progress=progress)
    books.changes_by_others()
    return books


def is_on_server(path: Path) -> bool:
    """Whether the office in `path` is on a server: the file is this PC's link to it."""
    return path.suffix == database.SERVER_LINK


def make_office(path: Path, form: OfficeForm, opened_on: date, policies: Sequence[str] = SHIPPED_POLICIES) -> Books:
    """A new office with some of the shipped policies; its file has its name when it is whole. Raises OfficeFileError."""
    bodies = {name: shipped_policy_path(name).read_text(encoding="utf-8") for name in policies}
    return make_whole(path, lambda session: set_up(session, form, opened_on, bodies))


def make_whole(path: Path, fill: Callable[[Session], None]) -> Books:
    """A new database in `path` with what `fill` writes, in one transaction: cut off anywhere, it can be made again.

    Raises OfficeFileError when there is one already or the folder cannot be used.
    """
    refuse_impossible(path)
    database.refuse_existing(path)
    unfinished = path.with_suffix(".part")
    try:
        with clear_refusals(path.parent):
            _remove(unfinished)
        with database.create(unfinished) as books, books.write() as session:
            fill(session)
        database.into_one_file(unfinished)
        with clear_refusals(path):
            put_in_place([(unfinished, path)])
    except BaseException:
        with suppress(OSError):
            _remove(unfinished)
        raise
    return database.open_existing(path)


def _remove(unfinished: Path) -> None:
    """A file of a making that was cut off, with its log."""
    for stale in unfinished.parent.glob(f"{unfinished.name}*"):
        stale.unlink()


class _TakenBack(Exception):
    """Ends the transaction; nothing of it stays."""


def taken_back(books: Books, look: Callable[[Session], Found]) -> Found:
    """What `look` finds in a transaction that is always rolled back; it may do anything. Raises what `look` refuses."""
    found: list[Found] = []
    try:
        with books.write() as session:
            session.info[TRIAL] = True
            found.append(look(session))
            raise _TakenBack
    except _TakenBack:
        return found[0]
