"""Personal values taken out of the audit trail too, so that the chain still holds and nothing of them is left.

What lies beside the chain is replaced by digests: for a row as it was inserted the digest of its personal values, for
a recorded change the digest that it had. From then on the trail proves that something stood there, not what.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.models import auditcheck
from app.models.auditcheck import Segment
from app.models.auditlayout import REMOVED, TableLayout
from app.models.bulk import execute, fetch_tuples, fetch_value
from app.models.rowdigest import GONE, PLACE, Row, bytes_of, personal_digest, text_of
from app.models.sealing import CHANGED, change_digest, compact, load_layouts

Keys = Mapping[str, Sequence[int]]


def forget_inserted(session: Session, rows: Keys) -> None:
    """Before the values are changed: put digests in place of the salts of these rows (table -> keys)."""
    chain = auditcheck.read_chain(session)
    for table, keys in rows.items():
        layout = chain.layouts.get(table)
        if layout is None or not layout.personal or not keys:
            continue
        rewound = auditcheck.as_inserted(session, chain, table)
        names = ", ".join(f'"{name}"' for name in layout.columns)
        wanted = sorted(keys)
        for segment in chain.segments[table]:
            for key, place in _places(segment, wanted):
                (row,) = fetch_tuples(session, f"SELECT {names} FROM {table} WHERE {layout.key[0]} = ?", key)
                _put_digest(session, segment, place, _personal(layout, rewound(row)))


def _places(segment: Segment, wanted: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Which of the wanted rows, in order, were sealed in it, each with its place there."""
    before = 0
    for first, last in segment.ranges:
        at = bisect_left(wanted, first)
        while at < len(wanted) and wanted[at] <= last:
            yield wanted[at], before + wanted[at] - int(first)
            at += 1
        before += int(last) - int(first) + 1


def _personal(layout: TableLayout, row: Row) -> Row:
    return tuple(row[layout.columns.index(name)] for name in layout.personal)


def _put_digest(session: Session, segment: Segment, place: int, values: Row) -> None:
    kept = json.loads(fetch_value(session, "SELECT salts FROM audit WHERE n = ?", segment.n) or "{}")
    data = bytearray(bytes_of(kept.get(str(segment.place), "")))
    start = place * PLACE
    beside = bytes(data[start : start + PLACE])
    if len(beside) != PLACE or beside[:1] == GONE:
        return
    data[start : start + PLACE] = GONE + personal_digest(beside[1:], values)
    kept[str(segment.place)] = text_of(bytes(data))
    execute(session, "UPDATE audit SET salts = ? WHERE n = ?", compact(kept), segment.n)


def forget_changes(session: Session, rows: Keys) -> None:
    """After the values were changed: take them out of every recorded change of these rows."""
    layouts = load_layouts(session)
    query = f"SELECT n, salt, digest, {CHANGED} FROM audit_change WHERE table_name = ? AND row_key = ?"
    for table, keys in rows.items():
        layout = layouts.get(table)
        if layout is None:
            continue
        for key in keys:
            for n, salt, digest, *changed in fetch_tuples(session, query, table, str(key)):
                *_, before, after = changed
                # The blanking's own change is sealed with what is left of it, and with the new values.
                told = _without(layout, before), _without(layout, after) if n is not None else after
                if told == (before, after):
                    continue
                if n is not None and digest is None:
                    digest, salt = change_digest(salt, changed).hex(), None
                sql = "UPDATE audit_change SET before = ?, after = ?, salt = ?, digest = ? WHERE id = ?"
                execute(session, sql, *told, salt, digest, changed[0])


def _without(layout: TableLayout, text: str) -> str:
    if not text:
        return text
    values: dict[str, Any] = json.loads(text)
    told = {name: REMOVED if name in layout.personal and value else value for name, value in values.items()}
    return text if told == values else json.dumps(told, ensure_ascii=False, separators=(",", ":"))
