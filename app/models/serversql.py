"""The services' SQL as PostgreSQL takes it: one small translation of what the two databases write differently.

Everything else that SQLite has and PostgreSQL lacks is a function in the office's own schema (`serverschema`), so
that a statement is written once. What a statement may hold is said in docs/ARCHITECTURE.md.
"""

from __future__ import annotations

import re
from functools import lru_cache

# A name, a call without further parentheses inside, or a parameter: what a collation can follow.
_OPERAND = r"(?:\b[a-z_][\w.]*(?:\([^()]*\))?|\?\d*|:[a-z_]\w*)"
_PARTS = re.compile(
    rf"""
      (?P<text>'(?:[^']|'')*')
    | (?P<nocase>{_OPERAND})\s+COLLATE\s+NOCASE\b
    | \bIS\s+(?P<isnot>NOT\s+)?(?!NULL\b|NOT\b|DISTINCT\b|TRUE\b|FALSE\b)(?P<is>(?=[\w?:(]))
    | (?P<cross>\bCROSS\s+JOIN\b)(?=\s+\w+(?:\s+\w+)?\s+ON\b)
    | \?(?P<number>\d*)
    | (?<![:\w]):(?P<name>[a-z_]\w*)
    | (?P<percent>%)
    """,
    re.VERBOSE | re.IGNORECASE,
)


def _part(found: re.Match[str]) -> str:
    whole = found.group()
    if found["text"] is not None:
        return whole.replace("%", "%%")
    if found["nocase"] is not None:
        # Text is compared byte by byte there (collation "C"), and lower() of it touches ASCII alone, as NOCASE does.
        return f"lower({_translated(found['nocase'])})"
    if found["is"] is not None:
        return "IS DISTINCT FROM " if found["isnot"] else "IS NOT DISTINCT FROM "
    if found["cross"] is not None:
        return "JOIN"  # the word only tells SQLite in which order to read
    if found["name"] is not None:
        return f"%({found['name']})s"
    if found["percent"] is not None:
        return "%%"
    return f"%(n{found['number']})s" if found["number"] else "%s"


def _translated(sql: str) -> str:
    return _PARTS.sub(_part, sql)


# A subquery that is read as a table, and what may follow it when it has no name.
_TABLE = re.compile(r"\b(?:FROM|JOIN)\s*\((?=\s*(?:SELECT|WITH)\b)", re.IGNORECASE)
_MARK = re.compile(r"'(?:[^']|'')*'|[()]")
_UNNAMED = re.compile(
    r"\s*(?:$|[),;]|(?:WHERE|GROUP|ORDER|UNION|EXCEPT|INTERSECT|LIMIT|HAVING|ON|JOIN|LEFT|CROSS|INNER)\b)", re.IGNORECASE
)


def _named_tables(sql: str) -> str:
    """Give each subquery that is read as a table a name: PostgreSQL asks for one before its version 16."""
    ends = []
    for number, table in enumerate(_TABLE.finditer(sql)):
        depth = 1
        for mark in _MARK.finditer(sql, table.end()):
            depth += {"(": 1, ")": -1}.get(mark.group(), 0)
            if depth == 0:
                if _UNNAMED.match(sql, mark.end()):
                    ends.append((mark.end(), f" AS table{number}"))
                break
    for end, name in sorted(ends, reverse=True):
        sql = sql[:end] + name + sql[end:]
    return sql


@lru_cache(maxsize=2048)
def to_server(sql: str) -> str:
    """A statement with `?`, `?1` or `:name` parameters in psycopg's form.

    `a IS b` compares values there too, `NOCASE` compares without the case of ASCII letters (write it on both
    sides), and `%` is itself.
    """
    return _translated(_named_tables(sql))


def is_numbered(sql: str) -> bool:
    """Whether a translated statement asks for its parameters by number (`?1`), as `n1`, `n2` ..."""
    return "%(n1)s" in sql
