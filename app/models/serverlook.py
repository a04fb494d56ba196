"""What a server and its database say of themselves before an office is moved there or opened: whether it will do."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import URL, Connection

from app.errors import OfficeFileError
from app.models import server
from app.models.server import ServerDatabase, shown

OLDEST_MAJOR = 13


class ServerLook(NamedTuple):
    """A database that answers. `version` is PostgreSQL's own (`15.4`); `encryption` the protocol's name, or empty."""

    address: str
    version: str
    encryption: str
    is_empty: bool
    is_office: bool


def look(url: URL, *, for_new: bool, restoring: bool = False) -> ServerLook:
    """Sign in and ask; with `for_new` an office is to be made there, `restoring` perhaps one that was begun before.

    Raises OfficeFileError, with the way out, when the server cannot be reached or refuses, is too old, keeps its texts
    in another encoding, or (for a new office) the database is not empty or the user may not make tables in it.
    """
    books = ServerDatabase(url)
    try:
        with books.clear_errors(), books.engine.connect() as connection:
            _refuse_unfit(connection, url)
            found = _looked(connection, url)
            if for_new:
                server.refuse_unless_empty(connection, url, restoring=restoring)
                _refuse_without_rights(connection, url)
            elif not found.is_office:
                raise OfficeFileError(
                    f"{shown(url)} holds no office of Counterfoil; check the database's name, or move the office there "
                    "first (page Office, This PC).",
                    "database",
                )
            return found
    finally:
        books.close()


def _value(connection: Connection, sql: str) -> object:
    return connection.exec_driver_sql(sql).scalar()


def _looked(connection: Connection, url: URL) -> ServerLook:
    return ServerLook(
        shown(url),
        str(_value(connection, "SHOW server_version")).split()[0],
        str(_value(connection, "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl") or ""),
        server.is_empty(connection),
        _value(connection, "SELECT to_regclass('alembic_version')") is not None
        and _value(connection, "SELECT to_regclass('office')") is not None,
    )


def _refuse_unfit(connection: Connection, url: URL) -> None:
    major = int(str(_value(connection, "SHOW server_version_num"))) // 10_000
    if major < OLDEST_MAJOR:
        raise OfficeFileError(
            f"The server is PostgreSQL {major}; Counterfoil needs {OLDEST_MAJOR} or newer. Install a newer one.", "server"
        )
    encoding = _value(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        raise OfficeFileError(
            f"{shown(url)} keeps its texts as {encoding}, which does not hold every name; create the database again with "
            "ENCODING 'UTF8' TEMPLATE template0.",
            "database",
        )


def _refuse_without_rights(connection: Connection, url: URL) -> None:
    if not _value(connection, "SELECT has_schema_privilege(current_schema(), 'CREATE')"):
        raise OfficeFileError(
            f"{url.username or 'This user'} may not make tables in {shown(url)}; let the database be created with this "
            "user as its owner.",
            "user",
        )
    if not _value(connection, "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"):
        raise OfficeFileError(
            "The server lacks the extension pg_trgm, by which customers are found; install PostgreSQL's additional "
            "modules there (contrib).",
            "server",
        )
    if not _value(
        connection,
        "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm') "
        "OR has_database_privilege(current_database(), 'CREATE')",
    ):
        raise OfficeFileError(
            f"{url.username or 'This user'} may not make the extension pg_trgm in {shown(url)}; let the server's "
            "administrator run CREATE EXTENSION pg_trgm there, or make this user the database's owner.",
            "user",
        )
