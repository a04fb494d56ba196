"""Whether an office's database on a server is built as this program builds it; in a file `fileguards` tells it.

The program's role can change none of it, but an owner of the tables can: a function that refuses nothing any more, a
trigger of somebody's own that changes rows in the program's name, a unique key taken away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import Connection, UniqueConstraint

from app.models import serversearch, servertriggers
from app.models.servertriggers import Guards

_MADE = re.compile(r"CREATE (?:OR REPLACE )?FUNCTION (\w+)\(.*?AS \$\$(.*)\$\$", re.DOTALL)
_TRIGGER = re.compile(r"CREATE TRIGGER (\w+) ")
_HERE = "current_schema()::regnamespace"


def faults(connection: Connection, guards: Guards) -> list[str]:
    """What is built otherwise than in a new office, each in a sentence."""
    return [
        *_triggers(connection, guards),
        *_functions(connection, guards),
        *_strange(connection),
        *_keys(connection),
    ]


def _plain(statement: str, schema: str) -> str:
    """How a trigger was made, without what the server adds when it tells it."""
    text = statement.lower().replace(f"{schema.lower()}.", "").replace("::text", "").replace("for each statement", "")
    return re.sub(r'[\s()"]', "", text)


def _triggers(connection: Connection, guards: Guards) -> Iterator[str]:
    schema = str(connection.exec_driver_sql("SELECT current_schema()").scalar())
    rows = connection.exec_driver_sql(
        "SELECT t.tgname, c.relname, t.tgenabled::text, pg_get_triggerdef(t.oid) FROM pg_trigger t "
        f"JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND c.relnamespace = {_HERE}"
    )
    present = {(table, name): (enabled in ("O", "A"), made) for name, table, enabled, made in rows}
    of_search = {found[1] for sql in serversearch.statements() if (found := _TRIGGER.match(sql))}
    wanted = {(table, name): rest for table, name, rest in servertriggers.wanted(connection, guards)}
    for (table, name), rest in wanted.items():
        in_force, made = present.get((table, name), (True, ""))
        if not made or not in_force or _plain(made, schema) != _plain(f"CREATE TRIGGER {name} {rest}", schema):
            what = "taken away" if not made else "changed" if in_force else "switched off"
            yield f"guard: trigger {name} on {table} was {what}"
    for table, name in sorted(set(present) - set(wanted)):
        if name not in of_search:
            yield f"guard: trigger {name} on {table} was made by hand"
        elif not present[table, name][0]:
            yield f"guard: trigger {name} on {table} was switched off"
    for name in sorted(of_search - {name for _, name in present}):
        yield f"guard: trigger {name} was taken away"


def _functions(connection: Connection, guards: Guards) -> Iterator[str]:
    """Those of the triggers, which each upgrade makes anew; and those of the search, made once."""
    wanted: dict[str, str] = {}
    for sql in (*servertriggers.functions(guards), *serversearch.statements()):
        if (found := _MADE.match(sql)) and found[1] != "counterfoil_fold":  # this one differs with the server's locales
            wanted[found[1]] = found[2]
    rows = connection.exec_driver_sql(
        "SELECT proname, prosrc, prorettype = 'trigger'::regtype, coalesce(proconfig::text, '') LIKE '%%search_path%%' "
        f"FROM pg_proc WHERE pronamespace = {_HERE}"
    )
    present = {row[0]: row for row in rows if row[0] in wanted}
    for name, body in wanted.items():
        if name not in present:
            yield f"guard: function {name} was taken away"
            continue
        _, found, is_trigger, is_bound = present[name]
        if found != body or (is_trigger and not is_bound):
            yield f"guard: function {name} was changed"


_STRANGE = f"""
SELECT 'rule ' || r.rulename || ' on ' || c.relname FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
  WHERE c.relnamespace = {_HERE} AND c.relkind = 'r'
UNION ALL SELECT 'row security on ' || relname FROM pg_class
  WHERE relnamespace = {_HERE} AND relkind = 'r' AND relrowsecurity
UNION ALL SELECT 'heir ' || i.inhrelid::regclass::text || ' of ' || c.relname FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhparent WHERE c.relnamespace = {_HERE} AND c.relkind = 'r'
ORDER BY 1
"""


def _strange(connection: Connection) -> Iterator[str]:
    """What no office has, and what would change or hide rows."""
    for (what,) in connection.exec_driver_sql(_STRANGE):
        yield f"guard: {what} was made by hand"


_CONSTRAINTS = f"""
SELECT c.relname, o.conname FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid
WHERE c.relnamespace = {_HERE} AND o.contype IN ('c', 'f', 'p', 'u')
"""
_INDEXES = f"""
SELECT t.relname, c.relname, i.indisunique, pg_get_expr(i.indpred, i.indrelid) IS NOT NULL,
  ARRAY(SELECT a.attname::text FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (n, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n ORDER BY k.place)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relnamespace = {_HERE}
"""


def _keys(connection: Connection) -> Iterator[str]:
    """The keys, conditions and references of the tables, and the unique indexes that refuse a second charge."""
    from app.models.tables import Base  # the classes take long to make, and only a check needs them

    named = connection.dialect.identifier_preparer
    constraints = {tuple(row) for row in connection.exec_driver_sql(_CONSTRAINTS)}
    indexes = {(row[0], row[1]): (row[2], row[3], list(row[4])) for row in connection.exec_driver_sql(_INDEXES)}
    for table in Base.metadata.sorted_tables:
        for constraint in table.constraints:
            name = named.format_constraint(constraint)
            if name and (table.name, name.strip('"')) not in constraints:
                kind = "unique key" if isinstance(constraint, UniqueConstraint) else "constraint"
                yield f"guard: {kind} {name} on {table.name} was taken away"
        for index in table.indexes:
            found = indexes.get((table.name, str(index.name)))
            is_partial = index.dialect_options["sqlite"]["where"] is not None
            if found is None or found != (bool(index.unique), is_partial, [column.name for column in index.columns]):
                what = "taken away" if found is None else "changed"
                yield f"guard: index {index.name} on {table.name} was {what}"
