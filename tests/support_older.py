"""Offices of an older schema, on a file or a server, whose backups may be encrypted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import support_databases
from sqlalchemy import URL, text

from app.models import database, migrations, sealedfile, sealing, server, serverschema
from app.models.server import ServerDatabase

OLDER = "0008"
PASSPHRASE = "four words are enough"
SALT = bytes(range(16))
NAME = "Custer Office"
MARK = "0123456789abcdef0123456789abcdef"


@cache
def backups_key() -> bytes:
    """The key of the passphrase."""
    return sealedfile.passphrase_key(PASSPHRASE, SALT)


def _values(table: str, columns: dict[str, str], is_encrypted: bool) -> dict[str, Any]:
    """A row of the office's data or its backup plan with a value in each column that must have one."""
    given: dict[str, Any] = {"id": 1, "name": NAME, "opened_on": "2026-01-01"}
    if table == "safekeeping":
        given = {"id": 1, "office_mark": MARK}
        if is_encrypted:
            given |= {"passphrase_salt": SALT.hex(), "passphrase_check": sealedfile.key_mark(backups_key())}
    return {name: 0 if "INT" in kind.upper() else "" for name, kind in columns.items()} | given


def _filled(engine: Any, is_encrypted: bool) -> None:
    with engine.begin() as connection:
        for table in ("office", "safekeeping"):
            found = connection.dialect.get_columns(connection, table)
            must = {column["name"]: str(column["type"]) for column in found if not column["nullable"]}
            values = _values(table, must, is_encrypted)
            names = ", ".join(values)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(values)})"), values)


def older_file(path: Path, *, is_encrypted: bool = True) -> Path:
    """An office in a file; with `is_encrypted` its backups have PASSPHRASE."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
    engine = database._file_engine(path)
    migrations.upgrade(engine, OLDER)
    _filled(engine, is_encrypted)
    with engine.begin() as connection:
        sealing.start(connection)
    engine.dispose()
    return path


def older_on_server(*, is_encrypted: bool) -> URL:
    """The same on the server."""
    address = server.server_url(support_databases.new_address())
    with ServerDatabase(address) as books:
        with books.engine.begin() as connection:
            serverschema.install_functions(connection)
        migrations.upgrade(books.engine, OLDER)
        _filled(books.engine, is_encrypted)
        with books.engine.begin() as connection:
            sealing.start(connection)
    return address
