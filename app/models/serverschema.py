"""The office's tables on PostgreSQL: the same metadata, with the types and functions that make it the same database.

Text is compared byte by byte and has no length there, as in SQLite; yes and no are 1 and 0. The functions are those
of SQLite that the services' SQL uses and PostgreSQL lacks.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Connection, MetaData, SmallInteger, String
from sqlalchemy.ext.compiler import compiles

_TEXT = 'TEXT COLLATE "C"'


@compiles(String, "postgresql")
def _text(_type: String, _compiler: Any, **_options: Any) -> str:
    return _TEXT


@compiles(Boolean, "postgresql")
@compiles(SmallInteger, "postgresql")
def _small(_type: Any, _compiler: Any, **_options: Any) -> str:
    return "SMALLINT"


def name_partial_indexes(metadata: MetaData) -> None:
    """Give PostgreSQL the conditions of partial indexes; the tables name them once, for SQLite (see `base`)."""
    for table in metadata.tables.values():
        for index in table.indexes:
            condition = index.dialect_options["sqlite"]["where"]
            if condition is not None:
                index.dialect_options["postgresql"]["where"] = condition


def _greatest(name: str, by: str, kind: str) -> str:
    # SQLite's max and min of several values are unknown as soon as one of them is.
    return (
        f"CREATE OR REPLACE FUNCTION {name}(a {kind}, b {kind}) RETURNS {kind} LANGUAGE sql IMMUTABLE PARALLEL SAFE "
        f"AS $$ SELECT CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN {by}(a, b) END $$"
    )


_FUNCTIONS = (
    "CREATE OR REPLACE FUNCTION instr(whole text, part text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE "
    "AS $$ SELECT strpos(whole, part) $$",
    "CREATE OR REPLACE FUNCTION julianday(day date) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE "
    "AS $$ SELECT day - DATE '2000-01-01' + 2451545 $$",
    "CREATE OR REPLACE FUNCTION substr(day date, start integer, length integer) RETURNS text "
    "LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT substr(to_char(day, 'YYYY-MM-DD'), start, length) $$",
    "CREATE OR REPLACE FUNCTION date(day date, further text) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE "
    "AS $$ SELECT CAST(day + further::interval AS date) $$",
    "CREATE OR REPLACE FUNCTION strftime(form text, day date) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE "
    "AS $$ SELECT to_char(day, replace(replace(replace(form, '%Y', 'YYYY'), '%m', 'MM'), '%d', 'DD')) $$",
    "CREATE OR REPLACE FUNCTION counterfoil_count_yes(so_far bigint, yes boolean) RETURNS bigint "
    "LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT so_far + CASE WHEN yes THEN 1 ELSE 0 END $$",
    "CREATE OR REPLACE AGGREGATE sum(boolean) (SFUNC = counterfoil_count_yes, STYPE = bigint, INITCOND = '0', "
    "COMBINEFUNC = int8pl, PARALLEL = SAFE)",
    *(
        _greatest(name, by, kind)
        for name, by in (("max", "greatest"), ("min", "least"))
        for kind in ("bigint", "date", "text")
    ),
)


def install_functions(connection: Connection) -> None:
    """Put the functions in place, before anything that uses them."""
    for statement in _FUNCTIONS:
        connection.exec_driver_sql(statement.replace("%", "%%"))


class ServerTable(NamedTuple):
    """A table as the server has it: its columns' names in order, their types by name, and its primary key."""

    columns: tuple[str, ...]
    types: dict[str, str]
    key: tuple[str, ...]


_TABLES = """
SELECT c.relname, a.attname, format_type(a.atttypid, NULL), array_position(CAST(i.indkey AS smallint[]), a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relkind = 'r' AND c.relnamespace = CAST(current_schema() AS regnamespace) ORDER BY c.relname, a.attnum
"""


def read_tables(connection: Connection) -> dict[str, ServerTable]:
    """Every table of the office's schema, by name: one question, where SQLAlchemy's inspector asks several a table."""
    found: dict[str, ServerTable] = {}
    for table, group in groupby(connection.exec_driver_sql(_TABLES), key=itemgetter(0)):
        rows = list(group)
        key = sorted((place, name) for _, name, _, place in rows if place is not None)
        types = {name: kind for _, name, kind, _ in rows}
        found[table] = ServerTable(tuple(types), types, tuple(name for _, name in key))
    return found
