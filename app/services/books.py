"""Opening and making offices: what the windows need of the database, under names of the office."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from app.models import database
from app.models.database import Database as Books
from app.services.desk import TRIAL
from app.services.office import OfficeForm, set_up

__all__ = ["OFFICE_FILE", "Books", "Session", "make_office", "open_office", "taken_back"]

OFFICE_FILE = "office.db"
Found = TypeVar("Found")


def open_office(path: Path) -> Books:
    """The office in `path`, brought to this program's schema. Raises OfficeFileError."""
    return database.open_existing(path)


def make_office(path: Path, form: OfficeForm, opened_on: date) -> Books:
    """A new office with the shipped policies. Raises OfficeFileError; a file that was begun is removed."""
    books = database.create(path)
    try:
        with books.write() as session:
            set_up(session, form, opened_on)
    except BaseException:
        books.close()
        path.unlink(missing_ok=True)
        raise
    return books


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
