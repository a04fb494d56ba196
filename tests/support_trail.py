"""An office that has rows in every table, and somebody with a tool for SQLite files who edits them past the program."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from support_histories import Step
from support_members import ALL, BothBooks, both_books, sign_up
from support_office import Diary, _driver, imported

from app.models import auditcheck, database
from app.models.bulk import insert_row
from app.models.tables import Base
from app.services import checks, credits, members, notes, payments, receipts, statementprints, verification
from app.services.billingreversal import reverse_run
from app.services.customerfile_types import ImportService
from app.services.gateways.mail import NoMail

NOT_SEALED = ("audit", "audit_head", "audit_change", "alembic_version", "check_payer", "search_letter")


@cache
def lived_in_office() -> bytes:
    """The database of an office in which nearly everything has happened at least once."""
    with both_books() as diary:
        _live(diary)
        diary.assert_books_right()
        return diary.image()


@cache
def full_office() -> bytes:
    """The same, with a made-up row in each table that is empty still."""
    with both_books() as diary:
        _driver(diary.books).deserialize(lived_in_office())
        _fill_empty_tables(diary)
        return diary.image()


def _made_up(column: Any) -> Any:
    kind = column.type.python_type
    known = {int: 1, bool: True, str: "x", date: date(2026, 1, 1)}
    return known.get(kind, datetime(2026, 1, 1, tzinfo=UTC))


def _fill_empty_tables(diary: Diary) -> None:
    """A row in each table that no service of this history writes: through the one writer, as they all are."""
    raw = _driver(diary.books)
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("PRAGMA ignore_check_constraints = ON")
    for table in Base.metadata.sorted_tables:
        if table.name not in NOT_SEALED and not diary.sql(f"SELECT 1 FROM {table.name} LIMIT 1"):
            with diary.books.write() as session:
                insert_row(session, table.name, **{column.name: _made_up(column) for column in table.columns})
    raw.execute("PRAGMA ignore_check_constraints = OFF")
    raw.execute("PRAGMA foreign_keys = ON")


def _live(diary: Diary) -> None:
    imported(diary, services=(ImportService("net", 3100, date(2025, 1, 1), date(2026, 2, 28)),))
    history = BothBooks(diary)
    history.start()
    dice = random.Random(2)
    kinds = list(ALL)
    for _ in range(260):
        step = Step(
            dice.choice((0, 0, 1, 2, 4)), dice.choice(kinds), dice.randrange(60), dice.randrange(6),
            dice.choice((1, 999, 2500, 6000, 20_000)),
        )  # fmt: skip
        history.cycles_until(diary.day + timedelta(days=step.wait), diary.bill)
        history.try_step(step)
    diary.day = date(2027, 3, 31)
    home = diary.open("Nan Note", 4999, delivery="paper", email="nan@example.net")
    diary.open("Otto Other", 2995, email="otto@example.net", phone="605-555-0177")
    diary.do(notes.add_note, home, "calls after five")
    diary.do(credits.waive_before_charged, home, "paper-statement:2027-05", "for years with us")
    batch = diary.do(checks.log_mail, 2, 10_000)
    diary.do(checks.log_check, batch, 4000, "771", payer="Nan Note")
    diary.check(home, 6000, "772", payer="N. Note")
    diary.do(receipts.send_receipts, NoMail())
    member = sign_up(diary, "Mo Member")
    diary.do(members.record_work_performed, member)
    diary.do(payments.return_payment, diary.check(member, 6000, "773"))
    gone = diary.open("Gil Gone", 4999)
    diary.do(credits.write_off, gone, diary.balance(gone), "moved away")
    diary.day = date(2027, 4, 1)
    run = diary.bill()
    diary.bill()  # finds nothing: its row goes again
    assert run.run_id is not None
    diary.do(statementprints.mark_sent, run.run_id, "paper", 1, 1, "Printer")
    reverse_run(diary.books, diary.desk, run.run_id, "wrong price list")


@cache
def unguarded() -> bytes:
    """The full office without its triggers: nothing refuses an edit any more."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(full_office())
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TRIGGER {name}")
        connection.commit()
        return connection.serialize()


@contextmanager
def tool(image: bytes | None = None) -> Iterator[sqlite3.Connection]:
    """Somebody's tool on a copy of the unguarded office, in which nothing is checked."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.deserialize(image or unguarded())
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        yield connection


def found_in(image: bytes) -> list[str]:
    """What the check finds, but for the guards that were taken away to get there."""
    books = database.Database(database.in_memory().engine, None)
    with books.engine.connect() as connection:
        driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.deserialize(image)
    with books, books.read() as session:
        return auditcheck.verify_chain(session) + verification.verify_books(session)


def names(problems: list[str], table: str, key: str) -> bool:
    """Whether a problem names the table and the row."""
    return any(re.search(rf"\b{table}\b.*\b{re.escape(key)}\b", problem) for problem in problems)


@cache
def tables() -> dict[str, list[Any]]:
    """The tables of the full office that the trail seals, with the names of their key's columns."""
    with tool() as other:
        found = {}
        for (table,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            if table not in NOT_SEALED and not table.startswith(("search_", "sqlite_")):
                rows = other.execute(f"PRAGMA table_info({table})").fetchall()
                found[table] = [row[1] for row in sorted((row for row in rows if row[5]), key=lambda row: row[5])]
        return found
