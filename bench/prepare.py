"""What the samples need, made once in a folder: office files, and the finished rows for the floors.

`python -m bench.prepare FOLDER ACCOUNTS JOB...` runs in a process of its own, so that the harness stays small.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from app.models import database
from app.services import billing, deposits
from app.services.verification import verify_office
from bench import histories, offices, rows
from bench.sample import REFUNDS, Data, _page_ids, post_checks

CHECKS_PER_ACCOUNT = 6


def prepare(data: Data, jobs: list[str]) -> None:
    """Make whatever of the jobs' files is missing; every office's books are verified."""
    data.folder.mkdir(parents=True, exist_ok=True)
    needs_office = {
        "billing",
        "billing-pg",
        "start",
        "preview",
        "statements",
        "statement-files",
        "open-account",
        "post-check",
    }
    if needs_office & set(jobs):
        _make(data.office, lambda path: offices.build(path, data.accounts))
        if not data.billing_rows.exists() or not data.billed.exists():
            _bill(data)
        if "open-account" in jobs and not data.page_queries.exists():
            rows.save({"pages": _recorded_pages(data)}, data.page_queries)
        if "post-check" in jobs and not data.posting_rows.exists():
            rows.save({"posts": _posts(data)}, data.posting_rows)
    if "start" in jobs:
        _make(data.started, lambda path: _deposited(data.office, path))
    if "billing-pg" in jobs:
        from bench import server

        server.prepare(data)
    if "refund-checks" in jobs:
        _make(data.refunds, lambda path: histories.build_refunds(path, REFUNDS))
    if "aging" in jobs:
        _make(data.aging, lambda path: histories.build_aging(path, data.accounts))
    if "search" in jobs:
        from bench import search

        # Only what can be searched: names, numbers and checks, without their ledger.
        checks = CHECKS_PER_ACCOUNT * data.accounts
        _make(data.search, lambda path: search.build(path, data.accounts, checks), has_books=False)


def _make(path: Path, build: Any, *, has_books: bool = True) -> None:
    if path.exists():
        return
    unfinished = path.with_suffix(".part")
    for stale in path.parent.glob(f"{unfinished.name}*"):
        stale.unlink()
    build(unfinished)
    if has_books:
        verify(unfinished)
    unfinished.replace(path)


def _deposited(office: Path, path: Path) -> None:
    """The office at the end of a month: its checks have been taken to the bank."""
    shutil.copy(office, path)
    with offices.open_office(path) as books, books.write() as session:
        deposits.make_deposit(session, offices.desk(offices.last_month_end()))


def verify(path: Path) -> None:
    """Raises RuntimeError unless `check` finds nothing: every figure, the audit trail, the search."""
    with database.open_existing(path) as books:
        problems = verify_office(books)
    if problems:
        raise RuntimeError(f"{path.name}: {problems[:3]}")


def _bill(data: Data) -> None:
    work = data.fresh_work(data.office)
    with offices.open_office(work) as books:
        billing.run_billing(books, offices.desk(offices.next_cycle()))
    verify(work)
    rows.save(rows.differences(data.office, work), data.billing_rows)
    work.replace(data.billed)


_OF_AN_ACTION = ("mail_check", "entry", "credit", "allocation")


def _posts(data: Data) -> list[dict[str, Any]]:
    """The finished rows of each posted check, one dictionary a check."""
    work = data.fresh_work(data.billed)
    with closing(sqlite3.connect(work)) as connection:
        last = connection.execute("SELECT max(id) FROM action").fetchone()[0]
        since = {
            table: connection.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()[0]
            for table in (*_OF_AN_ACTION, "audit")
        }
    post_checks(work, data)
    verify(work)
    posts = []
    with closing(sqlite3.connect(work)) as connection:
        for (action,) in connection.execute("SELECT id FROM action WHERE id > ? ORDER BY id", (last,)).fetchall():
            posts.append(_rows_of_action(connection, action, since))
    return posts


def _rows_of_action(connection: sqlite3.Connection, action: int, since: dict[str, int]) -> dict[str, Any]:
    """`since`: the last row of each table before the checks were posted; the tables have no index by action."""
    inserted = {"action": connection.execute("SELECT * FROM action WHERE id = ?", (action,)).fetchall()}
    for table in _OF_AN_ACTION:
        mine = f"SELECT * FROM {table} WHERE rowid > ? AND action_id = ?"
        found = connection.execute(mine, (since[table], action)).fetchall()
        if found:
            inserted[table] = found
    entries = [row[0] for row in inserted["entry"]]
    credits = [row[0] for row in inserted["credit"]]
    inserted["posting"] = [
        row
        for entry in entries
        for row in connection.execute("SELECT * FROM posting WHERE entry_id = ?", (entry,)).fetchall()
    ]
    inserted["payment"] = [
        row for credit in credits for row in connection.execute("SELECT * FROM payment WHERE id = ?", (credit,)).fetchall()
    ]
    inserted["audit"] = connection.execute(
        "SELECT * FROM audit WHERE rowid > ? AND ? BETWEEN first_action_id AND last_action_id", (since["audit"], action)
    ).fetchall()
    order = ("action", "entry", "posting", "mail_check", "credit", "payment", "allocation", "audit")
    account = inserted["payment"][0][1]
    changed = {
        "account": connection.execute(
            "SELECT balance_cents, cycle_done, id FROM account WHERE id = ?", (account,)
        ).fetchall(),
        "invoice": connection.execute(
            "SELECT open_cents, id FROM invoice WHERE id IN (SELECT invoice_id FROM allocation WHERE action_id = ?)",
            (action,),
        ).fetchall(),
        "audit_head": connection.execute(
            "SELECT n, hash, 1 FROM audit WHERE ? BETWEEN first_action_id AND last_action_id", (action,)
        ).fetchall(),
    }
    return {
        "inserted": {table: inserted[table] for table in order if table in inserted},
        "changed": {table: values for table, values in changed.items() if values},
    }


class _RecordingCursor(sqlite3.Cursor):
    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        self.connection.log.append((sql, parameters))  # type: ignore[attr-defined]
        return super().execute(sql, parameters)


class _RecordingConnection(sqlite3.Connection):
    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        self.log: list[tuple[str, Any]] = []

    def cursor(self, factory: Any = _RecordingCursor) -> Any:
        return super().cursor(factory)


def _recorded_pages(data: Data) -> list[list[tuple[str, Any]]]:
    """The queries that each account page makes, with their parameters."""
    from app.services.status import account_page

    engine = database._engine(
        URL.create("sqlite", database=str(data.billed)), connect_args={"factory": _RecordingConnection}
    )
    pages = []
    with database.Database(engine, data.billed) as books:
        for account_id in _page_ids(data):
            with books.read() as session:
                log = session.connection().connection.driver_connection.log  # type: ignore[union-attr]
                log.clear()
                account_page(session, account_id, offices.next_cycle())
                pages.append([(sql, parameters) for sql, parameters in log if sql.lstrip().startswith("SELECT")])
    return pages


if __name__ == "__main__":
    prepare(Data(Path(sys.argv[1]), int(sys.argv[2])), sys.argv[3:])
