"""Whether an office's file is built as this program builds it: its tables, their keys and conditions, indexes, triggers.

A trigger of somebody's own would change rows in the program's name, and be sealed with them; a table without its
unique keys or conditions would take a second charge. So what is not the program's is told, whatever it does.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from sqlalchemy import Connection

# The search's tables, views and triggers are compared by `searchindex`; Alembic and SQLite keep the others.
_OTHERS = re.compile(r"(search_|sqlite_|alembic_version)")


class _Thing(NamedTuple):
    """Something that a file is made of: its table, and how it was made, without what may differ."""

    table: str
    made: Any


def _plain(sql: str) -> str:
    """A statement without its quotes and spaces, which differ between one made anew and one that was upgraded."""
    return "".join(re.sub(r'["`]', "", sql).split()).lower()


def _table_parts(sql: str) -> list[str]:
    """A table's columns and constraints, in any order: an upgrade adds columns at the end."""
    plain = _plain(sql)
    body, parts, depth = plain[plain.index("(") + 1 : plain.rindex(")")], [""], 0
    for character in body:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [*sorted(parts), plain[plain.rindex(")") + 1 :]]


def _things(connection: Connection) -> dict[tuple[str, str], _Thing]:
    found: dict[tuple[str, str], _Thing] = {}
    rows = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    for kind, name, table, sql in rows:
        if kind == "trigger":
            made: Any = None  # `triggers` and `searchindex` compare their own
        elif kind == "table" and sql.upper().startswith("CREATE TABLE"):
            made = _table_parts(sql)
        else:
            made = _plain(sql)
        found[kind, name] = _Thing(table, made)
    return found


def faults(connection: Connection, fresh: Connection) -> list[str]:
    """What is built otherwise than in a new office (`fresh`), each in a sentence."""
    wanted, present = _things(fresh), _things(connection)
    problems = []
    for kind, name in sorted({*wanted, *present}):
        was, now = wanted.get((kind, name)), present.get((kind, name))
        if was == now or (kind == "table" and (_OTHERS.match(name) or was is None)):
            continue  # a table made by hand is told by the trail
        if kind == "trigger" and was is not None:
            continue
        what = "taken away" if now is None else "made by hand" if was is None else "changed"
        table = next(thing.table for thing in (was, now) if thing is not None)
        problems.append(f"guard: {kind} {name}{'' if table == name else f' on {table}'} was {what}")
    return problems
