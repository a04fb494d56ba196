"""What makes "find anything" fast: trigram indexes over accounts and checks, kept current by triggers.

SQLite's FTS5 with its trigram tokenizer finds any three characters inside a text. Every word is stored
between double spaces, so that the beginning of a word is a trigram too (`"  a"`, `" an"`): one index answers
single letters, beginnings and fragments alike. The texts are views over the rows, so the triggers, a
rebuild and the comparison of the two can never disagree about what is indexed.

The tokenizer of the SQLite that comes with Python 3.11 cannot strip accents, so the views do, by the table
`search_letter`; a query must be folded the same way, by `words`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from app.models import searchpages
from app.models.searchwords import ACCOUNT_FIELDS, CHECK_NUMBER_FROM, FOLD

AT_MOST_NAMED = 20
# Most rows hold no character but these; replacing them at once is ten times as fast as looking each up.
_USUAL = "\n.,@/()#&_+'-"


def _quoted(text: str) -> str:
    return "char(10)" if text == "\n" else "'" + text.replace("'", "''") + "'"


def _replaced(sql: str, characters: str, by: str | None = None) -> str:
    for character in characters:
        sql = f"replace({sql}, {_quoted(character)}, {_quoted(FOLD[character] if by is None else by)})"
    return sql


def _indexed(raw: str) -> str:
    """SQL of the text to index for the SQL expression `raw`: folded, words between double spaces."""
    # In a set of characters the hyphen stands for itself only at the end.
    unusual = "'*[^ 0-9A-Za-z' || char(10) || " + _quoted(_USUAL.removeprefix("\n") + "]*")
    one_by_one = (
        f"(WITH RECURSIVE walk(rest, done) AS (VALUES ({raw}, '') UNION ALL "
        "SELECT substr(rest, 2), done || coalesce((SELECT plain FROM search_letter "
        "WHERE letter = substr(rest, 1, 1)), substr(rest, 1, 1)) FROM walk WHERE rest <> '') "
        "SELECT done FROM walk WHERE rest = '')"
    )
    folded = f"CASE WHEN {raw} GLOB {unusual} THEN {one_by_one} ELSE {_replaced(raw, _USUAL)} END"
    # Any run of spaces becomes exactly two: mark, drop all marks but the last, turn it into a space.
    marked = f"replace(' ' || {folded} || ' ', ' ', ' ' || char(1))"
    return f"replace(replace({marked}, char(1) || ' ', ''), char(1), ' ')"


# A phone is one word of digits, however it was typed; an old number such as A-17 is found as A17 too.
_ACCOUNT_TEXT = (
    "a.number || ' ' || a.name || char(10) || a.address || char(10) || "
    + _replaced("a.phone", "-() ./+", by="")
    + " || ' ' || a.email || ' ' || a.payer || ' ' || a.old_number || ' ' || "
    + _replaced("a.old_number", "-/ ", by="")
)
# SQL of what each index is made from, before folding; `a` is the row. Runs of digits are in it as indexed.
UNFOLDED = {"search_account": _ACCOUNT_TEXT, "search_name": "a.name", "search_payer": "a.name"}
_TABLES = {
    "account": (("search_account", "search_name"), ACCOUNT_FIELDS),
    "check_payer": (("search_payer",), ("name",)),
}


def _triggers(table: str, indexes: tuple[str, ...], fields: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    add, drop = "", ""
    for index in indexes:
        row = f"id, text FROM {index}_text WHERE id"
        add += f"INSERT INTO {index} (rowid, text) SELECT {row} = NEW.id; "
        drop += f"INSERT INTO {index} ({index}, rowid, text) SELECT 'delete', {row} = OLD.id; "
    old, new = (", ".join(f"{row}.{field}" for field in fields) for row in ("OLD", "NEW"))
    changed = f"UPDATE OF {', '.join(fields)} ON {table} WHEN ({old}) IS NOT ({new})"
    for name, when, what in (
        (f"{table}_search_insert", f"AFTER INSERT ON {table}", add),
        # The view shows a row as it is, so the old words are taken out before the change.
        (f"{table}_search_before", f"BEFORE {changed}", drop),
        (f"{table}_search_after", f"AFTER {changed}", add),
        (f"{table}_search_delete", f"BEFORE DELETE ON {table}", drop),
    ):
        yield name, f"CREATE TRIGGER {name} {when} BEGIN {what}END"


def _index(name: str, table: str) -> Iterator[tuple[str, str]]:
    text = _indexed(UNFOLDED[name])
    yield f"{name}_text", f"CREATE VIEW {name}_text AS SELECT a.id AS id, {text} AS text FROM {table} a"
    # Never ranked, so no column sizes are kept: a row less to write each time.
    options = f"content='{name}_text', content_rowid='id', columnsize=0, tokenize='trigram'"
    yield name, f"CREATE VIRTUAL TABLE {name} USING fts5(text, {options})"


def _check_indexes() -> Iterator[tuple[str, str]]:
    """What finds checks.

    Plain indexes and one row for each different payer: whoever posts a check waits for its commit, and a
    full-text index written row by row merges itself for milliseconds now and then, inside a commit.
    """
    columns = {
        "cents": "(cents)",
        "payer": "(payer, id DESC) WHERE payer <> ''",
        "number": "(number COLLATE NOCASE, id DESC)",
    }
    for start in CHECK_NUMBER_FROM:
        part = f"(substr(number, {start}) COLLATE NOCASE, id DESC)"
        columns[f"number_{start}"] = f"{part} WHERE length(number) >= {start + 2}"
    for name, indexed in columns.items():
        yield f"ix_mail_check_{name}", f"CREATE INDEX ix_mail_check_{name} ON mail_check {indexed}"
    add = (
        "WHEN NEW.payer <> '' AND NOT EXISTS (SELECT 1 FROM check_payer WHERE name = NEW.payer) "
        "BEGIN INSERT INTO check_payer (name) VALUES (NEW.payer); END"
    )
    for name, when in (("insert", "INSERT"), ("update", "UPDATE OF payer")):
        trigger = f"mail_check_search_{name}"
        yield trigger, f"CREATE TRIGGER {trigger} AFTER {when} ON mail_check {add}"


def _schema() -> dict[str, str]:
    """Name -> statement, in the order in which they are made."""
    made = {
        "search_letter": "CREATE TABLE search_letter (letter TEXT NOT NULL PRIMARY KEY, plain TEXT NOT NULL) WITHOUT ROWID",
        "check_payer": "CREATE TABLE check_payer (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        "ix_account_old_number": "CREATE INDEX ix_account_old_number ON account (old_number COLLATE NOCASE) "
        "WHERE old_number <> ''",
    }
    made.update(_check_indexes())
    for table, (indexes, fields) in _TABLES.items():
        for name in indexes:
            made.update(_index(name, table))
        made.update(_triggers(table, indexes, fields))
    return made


_SCHEMA = _schema()


def _present(connection: Connection) -> dict[str, str]:
    names = ", ".join(f"'{name}'" for name in _SCHEMA)
    rows = connection.exec_driver_sql(f"SELECT name, sql FROM sqlite_master WHERE name IN ({names})")
    return {row[0]: row[1] for row in rows}


def is_current(connection: Connection) -> bool:
    """Whether everything is there as this program makes it."""
    if _present(connection) != _SCHEMA:
        return False
    letters = connection.exec_driver_sql("SELECT letter, plain FROM search_letter")
    return {row[0]: row[1] for row in letters} == FOLD


def install(connection: Connection) -> None:
    """Put the indexes and their triggers in place; does nothing when they are there and of this program.

    Part of one missing, or of another program's making, means that rows may have changed unseen: all is
    made anew then and filled from the rows.
    """
    if connection.dialect.name == "postgresql":
        from app.models import serversearch

        serversearch.install(connection)
        return
    if _present(connection):
        if is_current(connection):
            return
        remove(connection)
    for name, statement in _SCHEMA.items():
        connection.exec_driver_sql(statement)
        if name == "search_letter":
            connection.exec_driver_sql("INSERT INTO search_letter VALUES (?, ?)", list(FOLD.items()))
        elif name == "check_payer":
            connection.exec_driver_sql(
                "INSERT INTO check_payer (name) SELECT DISTINCT payer FROM mail_check WHERE payer <> '' ORDER BY payer"
            )
    for table, (indexes, _) in _TABLES.items():
        if connection.exec_driver_sql(f"SELECT 1 FROM {table} LIMIT 1").first() is not None:
            for index in indexes:
                connection.exec_driver_sql(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")


def remove(connection: Connection) -> None:
    """Take all of it away."""
    present = _present(connection)
    for name in reversed([name for name in _SCHEMA if name in present]):
        kind = _SCHEMA[name].split()[1].replace("VIRTUAL", "TABLE")
        connection.exec_driver_sql(f"DROP {kind} {name}")


def rebuild(connection: Connection) -> None:
    """Fill the indexes anew from the rows."""
    if connection.dialect.name == "postgresql":
        from app.models import serversearch

        serversearch.rebuild(connection)
        return
    remove(connection)
    install(connection)


@contextmanager
def paused(connection: Connection) -> Iterator[None]:
    """For loading thousands of accounts in one transaction: the indexes are filled once, at the end.

    Four times as fast as row by row. When the block raises, the transaction must be rolled back.
    """
    if connection.dialect.name == "postgresql":  # a row at a time is fast enough there
        yield
        return
    remove(connection)
    yield
    install(connection)


def agrees_with_rows(connection: Connection) -> bool:
    """Whether everything that a rebuild would put into the indexes is there, and nothing else is found."""
    return not faults(connection)


def faults(connection: Connection) -> list[str]:
    """Where the indexes and the rows differ, each in a sentence. Needs a transaction that may write; writes nothing."""
    if connection.dialect.name == "postgresql":
        from app.models import serversearch

        return [] if serversearch.agrees_with_rows(connection) else ["search: the indexes do not agree with the rows"]
    found = []
    if not is_current(connection):
        found.append("search: a table, view or trigger of the search was changed (search_letter or the index itself)")
    unknown = "SELECT min(id) FROM mail_check WHERE payer <> '' AND payer NOT IN (SELECT name FROM check_payer)"
    nobody = "SELECT min(id) FROM check_payer WHERE name NOT IN (SELECT payer FROM mail_check)"
    if (row := connection.exec_driver_sql(unknown).scalar()) is not None:
        found.append(f"check_payer: the payer of mail_check row {row} is missing")
    if (row := connection.exec_driver_sql(nobody).scalar()) is not None:
        found.append(f"check_payer: row {row} is the payer of no check")
    for index, table in ((index, table) for table, (indexes, _) in _TABLES.items() for index in indexes):
        stored = searchpages.faults(connection, index, table)
        found += stored[:AT_MOST_NAMED]
        if stored:
            continue  # what cannot be read cannot be compared
        try:
            connection.exec_driver_sql(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")
        except DatabaseError as error:
            if "malformed" not in str(error.orig):
                raise
            found.append(f"{index}: the search index does not agree with the rows")
    return found
