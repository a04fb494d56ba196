"""`billing-pg`: the billing run on a PostgreSQL server, and its floor, COPY of exactly the finished rows.

The server is one that waits for its disk; its address comes in COUNTERFOIL_BENCH_SERVER, of somebody who may make
databases (`postgresql://ann@localhost/postgres`). Each sample works in a fresh copy of the office.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import URL

from app.errors import UserError
from app.models import server
from app.models.migrations import LATEST_REVISION
from bench import offices, rows

if TYPE_CHECKING:
    from bench.sample import Data, Sample

ADDRESS = "COUNTERFOIL_BENCH_SERVER"
WORK = "counterfoil_bench_work"


def address() -> URL:
    """The server to measure on. Raises UserError when none is named."""
    found = os.environ.get(ADDRESS)
    if not found:
        raise UserError(
            f"billing-pg needs a PostgreSQL server: name one in {ADDRESS}, e.g. postgresql://ann@localhost/postgres."
        )
    return server.server_url(found)


def _told(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _office(data: Data) -> str:
    # One of an older schema would be refused.
    return f"counterfoil_bench_{data.accounts}_{LATEST_REVISION}"


def _on_server(*statements: str) -> None:
    with psycopg.connect(_told(address()), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def prepare(data: Data) -> None:
    """Move the office with its history to the server, once."""
    from app.services import connecting

    with psycopg.connect(_told(address())) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_office(data),)).fetchone():
            return
    unfinished = f"{_office(data)}_part"
    _on_server(f"DROP DATABASE IF EXISTS {unfinished}", f"CREATE DATABASE {unfinished} TEMPLATE template0 ENCODING 'UTF8'")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(data.office, Path(folder) / "office.db"))
        connecting.move_to_server(path, _told(address().set(database=unfinished)))
    _on_server(f"ALTER DATABASE {unfinished} RENAME TO {_office(data)}")


def _fresh_work(data: Data) -> URL:
    _on_server(f"DROP DATABASE IF EXISTS {WORK}", f"CREATE DATABASE {WORK} TEMPLATE {_office(data)}")
    url = address().set(database=WORK)
    with psycopg.connect(_told(url), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    _on_server("CHECKPOINT")
    return url


def billing_product(data: Data) -> Sample:
    """The real run, durable, on the eight-month office."""
    from app.services import billing
    from app.services.verification import verify_books

    url = _fresh_work(data)
    started = time.perf_counter()
    with server.open_existing(url) as books:
        billing.run_billing(books, offices.desk(offices.next_cycle()))
        seconds = time.perf_counter() - started
        with books.read() as session:
            problems = verify_books(session)
    if problems:
        raise RuntimeError(f"billing-pg: {problems[:3]}")
    return {"seconds": seconds}


def billing_floor(data: Data) -> Sample:
    """COPY of the run's finished rows; changed figures are copied too and set by one UPDATE a table."""
    finished = rows.load(data.billing_rows)
    with closing(sqlite3.connect(data.office)) as office:
        columns = {
            table: [row[1] for row in office.execute(f"PRAGMA table_info({table})")] for table in finished["inserted"]
        }
    url = _fresh_work(data)
    started = time.perf_counter()
    with psycopg.connect(_told(url)) as connection:
        for table, values in finished["inserted"].items():
            _copy(connection, table, columns[table], values)
        for table, values in finished["changed"].items():
            names = [*rows.CHANGED[table], "id"]
            listed = ", ".join(names)
            connection.execute(
                f"CREATE TEMP TABLE new_{table} ON COMMIT DROP AS SELECT {listed} FROM {table} LIMIT 0".encode()
            )
            _copy(connection, f"new_{table}", names, values)
            sets = ", ".join(f"{name} = n.{name}" for name in rows.CHANGED[table])
            connection.execute(f"UPDATE {table} SET {sets} FROM new_{table} n WHERE n.id = {table}.id".encode())
    return {"seconds": time.perf_counter() - started}


def _copy(connection: psycopg.Connection[Any], table: str, columns: list[str], values: list[tuple[Any, ...]]) -> None:
    listed = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor().copy(f"COPY {table} ({listed}) FROM STDIN".encode()) as copy:
        for row in values:
            copy.write_row(row)
