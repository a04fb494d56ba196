"""The chain itself, read and verified: every link, its head, and what its rows say was sealed.

Whoever edits a row of the chain may leave anything there, so nothing of it is believed before it has the right shape:
a check never ends in a report, and no number written there makes it count for ever.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy.orm import Session

from app.models import auditlayout
from app.models.auditlayout import Layouts, TableLayout
from app.models.bulk import fetch_one, fetch_tuples, stream
from app.models.rowdigest import Row
from app.models.sealing import NOTHING_BEFORE, link


@dataclass(slots=True)
class Segment:
    """Rows of one table that were sealed together; `place` is where in its row of the chain it stands."""

    n: int
    place: int
    table: str
    keys: list[Any]
    count: int
    digest: str
    found: list[tuple[Any, Row]] = field(default_factory=list)

    @property
    def ranges(self) -> list[tuple[Any, Any]]:
        """The keys as ranges, both ends included."""
        return [(key[0], key[1]) if isinstance(key, list) else (key, key) for key in self.keys]


@dataclass(slots=True)
class Chain:
    """What the chain says about the rows; `problems` are its own."""

    problems: list[str]
    layouts: Layouts
    since: int
    segments: defaultdict[str, list[Segment]]
    sets: defaultdict[tuple[str, str], list[tuple[Any, list[list[int]]]]]
    changes: dict[int, tuple[int, str, int | None]]  # rows of the journal, their digest, the action
    revision: list[str] | None = None  # the schema's; None where an older program sealed


def read_chain(session: Session) -> Chain:
    """Read and verify the chain itself: every link, and its head."""
    chain = Chain([], {}, 0, defaultdict(list), defaultdict(list), {})
    head = fetch_one(session, "SELECT n, hash, layout_n FROM audit_head WHERE id = 1")
    if head is None:
        chain.problems.append("audit: the head of the chain is missing (audit_head row 1)")
        return chain
    before, expected = NOTHING_BEFORE, 1
    query = "SELECT n, first_action_id, last_action_id, sealed, hash FROM audit ORDER BY n"
    for n, first, last, sealed, found in stream(session, query):
        if n != expected:
            what = f"row {expected} is missing" if n == expected + 1 else f"rows {expected} to {n - 1} are missing"
            chain.problems.append(f"audit: {what}")
            expected = n
        if link(before, n, first, last, sealed) != found:
            chain.problems.append(f"audit: row {n} was changed, or the row before it: its hash does not fit")
        before, expected = found, n + 1
        if not _take_in(chain, n, last, sealed):
            chain.problems.append(f"audit: row {n} was changed: what it says cannot be read")
    if (head.n, head.hash) != (expected - 1, before):
        chain.problems.append(f"audit_head: row 1 names row {head.n} of the chain, which ends with row {expected - 1}")
    if head.layout_n != chain.since:
        chain.problems.append(f"audit_head: row 1 names layout {head.layout_n}, the chain has {chain.since}")
    return chain


def _take_in(chain: Chain, n: int, action_id: int | None, text: str) -> bool:
    """Add what a row of the chain says; False, and nothing added, when that is nothing which the program wrote."""
    try:
        sealed = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return False
    if not _is_sound(sealed):
        return False
    if "layout" in sealed:
        # Begun anew: every row that was there follows.
        chain.layouts = auditlayout.from_json(sealed["layout"])
        chain.since = n
        chain.revision = sealed.get("revision")
        chain.segments.clear()
        chain.sets.clear()
        chain.problems += [f"before the upgrade at audit row {n}: {problem}" for problem in sealed.get("problems", ())]
    for place, (table, keys, count, digest, _marks) in enumerate(sealed.get("rows", ())):
        chain.segments[table].append(Segment(n, place, table, keys, count, digest))
    for table, column, value, ranges in sealed.get("set", ()):
        chain.sets[table, column].append((value, ranges))
    if "changes" in sealed:
        count, digest = sealed["changes"]
        chain.changes[n] = count, digest, action_id
    return True


# The shape of what is sealed


def _is_sound(sealed: Any) -> bool:
    if not isinstance(sealed, dict):
        return False
    return all(is_right(sealed[name]) for name, is_right in _PARTS.items() if name in sealed)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _all_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _list_of(is_right: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(is_right, value))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))


def _is_range(value: Any) -> bool:
    return _is_pair(value) and bool(value[0] <= value[1])


def _is_segment(value: Any) -> bool:
    """Table, keys, how many, digest, marks: as `Capture` seals them."""
    if not isinstance(value, list) or len(value) != 5:
        return False
    table, keys, count, digest, marks = value
    if not (_is_text(table) and isinstance(keys, list) and keys and _is_number(count) and _is_text(digest)):
        return False
    # Four bytes a row in base64; so the length of what is there is the most that a number in it can make us count.
    if not _is_text(marks) or count < 1 or len(marks) != (4 * count + 2) // 3 * 4:
        return False
    if all(map(_is_range, keys)):
        return bool(sum(last - first + 1 for first, last in keys) <= count)
    return _all_texts(keys) and len(keys) <= count


def _is_set(value: Any) -> bool:
    """Table, column, the value that a run gave it, and to which rows."""
    if not isinstance(value, list) or len(value) != 4:
        return False
    table, column, given, ranges = value
    return _is_text(table) and _is_text(column) and not isinstance(given, list | dict) and _list_of(_is_pair)(ranges)


def _is_counted(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and _is_number(value[0]) and _is_text(value[1])


_LAYOUT_FIELDS = {known.name for known in fields(TableLayout)}


def _is_table(layout: Any) -> bool:
    if not isinstance(layout, dict) or not set(layout) <= _LAYOUT_FIELDS or not all(map(_all_texts, layout.values())):
        return False
    columns = set(layout.get("columns", ()))
    return bool(layout.get("key")) and all(columns.issuperset(named) for named in layout.values())


def _are_layouts(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_table, value.values()))


_PARTS: dict[str, Callable[[Any], bool]] = {
    "layout": _are_layouts,
    "revision": _all_texts,
    "problems": _all_texts,
    "by": _all_texts,
    "rows": _list_of(_is_segment),
    "set": _list_of(_is_set),
    "changes": _is_counted,
}


def holds_head(session: Session, printed: str) -> bool:
    """Whether the chain still holds a head as printed (`n:first characters of its hash`)."""
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{8,64})", printed.strip().lower())
    if found is None:
        return False
    rows = fetch_tuples(session, "SELECT hash FROM audit WHERE n = ?", int(found[1]))
    return bool(rows) and str(rows[0][0]).startswith(found[2])


def head(session: Session) -> str:
    """The head of the chain as it is printed on paper: `1234:0f3a...`, the first 16 characters of its hash."""
    row = fetch_one(session, "SELECT n, hash FROM audit_head WHERE id = 1")
    return "" if row is None else f"{row.n}:{row.hash[:16]}"
