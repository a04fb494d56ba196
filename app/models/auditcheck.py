"""Verifying the audit trail: the links of the chain, and every row of the office against what was sealed.

A row as it is now is taken back through its recorded changes, newest first, to the row that was inserted, whose
digest is in the chain. So a change that no trigger recorded, a row that came or went by hand and rows that
changed places are found, and named.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.models import auditlayout
from app.models.auditchain import Chain, Segment, head, holds_head, read_chain
from app.models.auditlayout import BLANKED, REMOVED, TableLayout
from app.models.bulk import DRIVER, Progress, fetch_value, no_progress, stream
from app.models.rowdigest import GONE, PLACE, Plan, Row, bytes_of, marks_of, strong
from app.models.sealing import CHANGED, change_digest, on_connection

__all__ = ["Chain", "Segment", "as_inserted", "head", "holds_head", "read_chain", "verify_chain", "verify_connection"]

AT_MOST_NAMED = 20
# What may stand where personal values were removed.
_NOTHING = ("", None, REMOVED, BLANKED)
# Python's own words for a text that is none.
_NO_TEXT = "Could not decode to UTF-8"

Change = tuple[int, str, dict[str, Any], dict[str, Any], bool]  # id, what, before, after, personal values removed


def _verify_changes(session: Session, chain: Chain) -> list[str]:
    """The journal against the digests in the chain."""
    problems, seen = [], set()
    query = f"SELECT n, digest, action_id, salt, {CHANGED} FROM audit_change ORDER BY n, id"
    for n, rows in _grouped(stream(session, query)):
        ids = f"rows {rows[0][4]} to {rows[-1][4]}" if len(rows) > 1 else f"row {rows[0][4]}"
        if n is None or n not in chain.changes:
            for row in rows[:AT_MOST_NAMED]:
                problems.append(
                    f"{row[6]}: row {row[7]} was changed by hand; no transaction sealed row {row[4]} of audit_change"
                )
            continue
        seen.add(n)
        count, digest, action_id = chain.changes[n]
        parts = [change_digest(row[3], row[4:]) if row[1] is None else _kept_digest(row) for row in rows]
        together = hashlib.sha256(b"".join(parts)).hexdigest()
        if (len(rows), together) != (count, digest) or any(row[2] != action_id for row in rows):
            problems.append(f"audit_change: {ids} (audit row {n}, {count} sealed) were changed, added or taken away")
    missing = sorted(set(chain.changes) - seen)
    problems += [f"audit_change: the {chain.changes[n][0]} row(s) of audit row {n} are missing" for n in missing]
    return problems


def _kept_digest(row: Row) -> bytes:
    """What a change was sealed with whose personal values were removed; nothing for one from which none were."""
    if f'"{REMOVED}"' not in f"{row[-2]}{row[-1]}" or not isinstance(row[1], str):
        return b""
    try:
        return bytes.fromhex(row[1])
    except ValueError:
        return b""


def _grouped(rows: Iterator[Row]) -> Iterator[tuple[Any, list[Row]]]:
    group: list[Row] = []
    for row in rows:
        if group and row[0] != group[0][0]:
            yield group[0][0], group
            group = []
        group.append(row)
    if group:
        yield group[0][0], group


def _changes_of(session: Session, table: str, since: int) -> dict[str, list[Change]]:
    """The table's changes since the layout, oldest first, by row."""
    found: defaultdict[str, list[Change]] = defaultdict(list)
    query = "SELECT row_key, id, what, before, after, digest FROM audit_change WHERE table_name = ? AND n > ? ORDER BY id"
    for key, i, what, before, after, digest in stream(session, query, table, since):
        try:
            was, now = json.loads(before), json.loads(after or "{}")
        except (ValueError, TypeError, RecursionError):
            continue  # its digest has told
        if isinstance(was, dict) and isinstance(now, dict):
            found[key].append((i, what, was, now, digest is not None))
    return found


class _Table:
    """One table's rows against the chain."""

    def __init__(self, session: Session, chain: Chain, table: str, layout: TableLayout) -> None:
        self._session, self._table, self._layout = session, table, layout
        self._plan = Plan(layout, layout.columns)
        self._segments = chain.segments.get(table, [])
        self._changes = _changes_of(session, table, chain.since)
        most = fetch_value(session, f'SELECT max("{layout.key[0]}") FROM {table}') if layout.run else 0
        self._runs = [(layout.columns.index(c), c, _expected(chain.sets[table, c], most or 0)) for c in layout.run]
        self.problems: list[str] = []

    def verify(self) -> list[str]:
        names = ", ".join(f'"{name}"' for name in self._layout.columns)
        order = ", ".join(f'"{name}"' for name in self._layout.key)
        rows = stream(self._session, f"SELECT {names} FROM {self._table} ORDER BY {order}")
        if any(change[1] == "delete" for changes in self._changes.values() for change in changes):
            self._with_deleted(rows)
        else:
            self._in_order(rows)
        return self.problems

    def _name(self, row: Row) -> str:
        return f"{self._table}: row {'/'.join(map(str, self._plan.key(row)))}"

    def _in_order(self, rows: Iterator[Row]) -> None:
        """Rows and segments side by side, both by key."""
        expected = sorted(
            ((first, last, segment) for segment in self._segments for first, last in segment.ranges), key=lambda r: r[:2]
        )
        open_ranges = defaultdict[int, int](int)
        for _, _, segment in expected:
            open_ranges[id(segment)] += 1
        first_key, plain = self._plan.first_key, not self._changes and not self._runs
        place, end = 0, len(expected)
        kind = type(expected[0][0]) if expected else int
        for row in rows:
            key = first_key(row)
            if type(key) is not kind:  # a file keeps whatever somebody puts into a column
                self.problems.append(f"{self._name(row)} was added by hand: no transaction wrote it")
                continue
            while place < end and expected[place][1] < key:
                self._done(expected[place][2], open_ranges)
                place += 1
            if place == end or key < expected[place][0]:
                self.problems.append(f"{self._name(row)} was added by hand: no transaction wrote it")
                continue
            expected[place][2].found.append((key, row if plain else self._as_inserted(row)))
        for _, _, segment in expected[place:]:
            self._done(segment, open_ranges)

    def _done(self, segment: Segment, open_ranges: defaultdict[int, int]) -> None:
        open_ranges[id(segment)] -= 1
        if not open_ranges[id(segment)]:
            self._compare(segment)

    def _with_deleted(self, rows: Iterator[Row]) -> None:
        """A table from which rows are taken away, whose keys may come again: each time is a row of its own."""
        lives: defaultdict[str, list[Segment]] = defaultdict(list)
        for segment in self._segments:
            for first, last in segment.ranges:
                for key in range(first, last + 1) if isinstance(first, int) else (first,):
                    lives[str(key)].append(segment)
        present = {"/".join(map(str, self._plan.key(row))): row for row in rows}
        for key in {**lives, **present, **self._changes}:
            changes, row = self._changes.get(key, []), present.get(key)
            images = [change for change in changes if change[1] == "delete"]
            ended = [tuple(change[2].get(name) for name in self._layout.columns) for change in images]
            for segment in lives.get(key, []):
                if images and images[0][4]:
                    self._refuse_removed(key, images[0][0], images[0][2])
                last = images.pop(0)[0] if images else None
                now = ended.pop(0) if ended else row
                if now is None:
                    continue  # missing: the digest will tell
                mine = [change for change in changes if change[1] == "update" and (last is None or change[0] < last)]
                changes = [change for change in changes if last is not None and change[0] > last]
                segment.found.append((self._plan.first_key(now), self._rewound(now, mine)))
                if now is row:
                    row = None
            if row is not None:
                self.problems.append(f"{self._name(row)} was added by hand: no transaction wrote it")
        for segment in self._segments:
            segment.found.sort(key=lambda pair: pair[0])
            self._compare(segment)

    def _as_inserted(self, row: Row) -> Row:
        for place, column, expected in self._runs:
            value = expected.get(row[0])
            if row[place] != value:
                self.problems.append(
                    f"{self._name(row)} has {column} = {row[place]}, the last run or action set it to {value}"
                )
        if not self._changes:
            return row
        return self._rewound(row, self._changes.get("/".join(map(str, self._plan.key(row))), []))

    def _rewound(self, row: Row, changes: list[Change]) -> Row:
        if not changes:
            return row
        values = dict(zip(self._layout.columns, row, strict=True))
        unknown: set[str] = set()
        for change, _, before, after, removed in reversed(changes):
            for column, was in after.items():
                # Blanked a second time, the first blanking's own mark counts as a value that was removed.
                is_gone = removed and was == REMOVED and values.get(column) in _NOTHING
                if column not in unknown and values.get(column) != was and not is_gone:
                    self.problems.append(
                        f"{self._name(row)} was changed by hand: {column} is {values.get(column)!r}, "
                        f"the last recorded change made it {was!r}"
                    )
                unknown.discard(column)
            values.update(before)
            if removed:
                unknown.update(column for column in before if column in self._layout.personal)
                self._refuse_removed(self._name(row).partition(": row ")[2], change, before, after)
        return tuple(values[name] for name in self._layout.columns)

    def _compare(self, segment: Segment) -> None:
        places: list[bytes] | None = None
        parts: list[bytes] = []
        if len(segment.found) == segment.count:
            rows = [row for _, row in segment.found]
            places = self._places(segment) if self._plan.personal else []
            if not self._plan.personal or len(places) == segment.count:
                parts = self._plan.packed(rows, places)
                if strong(parts) == segment.digest:
                    self._refuse_values_said_to_be_removed(rows, places)
                    segment.found = []
                    return
        self._name_faults(segment)
        segment.found = []

    def _refuse_removed(self, key: str, change: int, *said: dict[str, Any]) -> None:
        """The same for a recorded change."""
        personal = self._layout.personal
        if any(values.get(column) not in _NOTHING for values in said for column in personal):
            self.problems.append(
                f"{self._table}: row {key} was changed by hand: the trail says that personal values were removed from row "
                f"{change} of audit_change, and there are some"
            )

    def _refuse_values_said_to_be_removed(self, rows: list[Row], places: list[bytes]) -> None:
        """Where only a digest is left of a row's personal values, nothing else may stand there any more.

        Whoever puts such a digest in place of a salt could write what they like: the digest holds for all of it.
        """
        for row, place in zip(rows, places, strict=False):
            if place[:1] == GONE and any(value not in _NOTHING for value in self._plan.personal_of(row)):
                self.problems.append(
                    f"{self._name(row)} was changed by hand: the trail says that its personal values were removed, "
                    "and there are some"
                )

    def _places(self, segment: Segment) -> list[bytes]:
        """What lies beside the chain for each row that was sealed."""
        text = fetch_value(self._session, "SELECT salts FROM audit WHERE n = ?", segment.n)
        try:
            data = bytes_of(json.loads(text or "{}").get(str(segment.place), ""))
        except (ValueError, AttributeError, TypeError):
            data = b""
        places = [data[start : start + PLACE] for start in range(0, len(data), PLACE)]
        whole = len(places) == segment.count and all(len(place) == PLACE for place in places)
        return places if whole else [GONE + bytes(PLACE - 1)] * segment.count

    def _name_faults(self, segment: Segment) -> None:
        """Which of the rows sealed together are not as they were."""
        before = len(self.problems)
        sealed = json.loads(fetch_value(self._session, "SELECT sealed FROM audit WHERE n = ?", segment.n))
        try:
            data = bytes_of(sealed["rows"][segment.place][4])
        except ValueError:
            data = b""  # the row's hash has told
        marks = [data[start : start + 4] for start in range(0, 4 * segment.count, 4)]
        where = f"(sealed in audit row {segment.n})"
        places = self._places(segment) if self._plan.personal else []
        exact = [key for first, last in segment.ranges for key in ([first] if first == last else range(first, last + 1))]
        rows = dict(segment.found)
        if len(exact) == segment.count and len(rows) == len(segment.found):
            for place, key in enumerate(exact):
                row = rows.get(key)
                if row is None:
                    self.problems.append(f"{self._table}: row {key} is missing {where}")
                elif self._mark(row, places[place] if places else b"") != marks[place]:
                    self.problems.append(f"{self._name(row)} was changed by hand, or changed places {where}")
        else:
            self._align(segment, marks, where)
        if len(self.problems) == before:
            keys = f"{exact[0]} to {exact[-1]}"
            self.problems.append(f"{self._table}: a row among {keys} was changed by hand {where}")

    def _mark(self, row: Row, place: bytes) -> bytes:
        return marks_of(self._plan.packed([row], [place] if place else []))

    def _align(self, segment: Segment, marks: list[bytes], where: str) -> None:
        """Rows whose keys do not tell how many there must be: lines of an invoice, postings of an entry."""
        # A table with such a key holds no personal values.
        found = [(row, self._mark(row, b"")) for _, row in segment.found]
        i = j = 0
        while i < len(marks) or j < len(found):
            if i < len(marks) and j < len(found) and marks[i] == found[j][1]:
                i, j = i + 1, j + 1
            elif j < len(found) and i < len(marks) and len(marks) - i == len(found) - j:
                self.problems.append(f"{self._name(found[j][0])} was changed by hand, or changed places {where}")
                i, j = i + 1, j + 1
            elif j < len(found) and len(found) - j > len(marks) - i:
                self.problems.append(f"{self._name(found[j][0])} was added by hand {where}")
                j += 1
            else:
                after = f"after {self._name(found[j - 1][0]).partition(': ')[2]}" if j else "before the first"
                self.problems.append(f"{self._table}: a row is missing {after} {where}")
                i += 1


def _expected(sets: list[tuple[Any, list[list[int]]]], most: int) -> dict[int, Any]:
    """What a run column must be, by row up to the last one there: the last value set counts."""
    found: dict[int, Any] = {}
    for value, ranges in sets:
        for first, last in ranges:
            found.update(dict.fromkeys(range(max(first, 0), min(last, most) + 1), value))
    return found


@contextmanager
def any_text(session: Session) -> Iterator[None]:
    """Read bytes that are no text, as a damaged or edited file may hold, with their numbers in place of letters."""
    driver = session.info[DRIVER]
    before = driver.text_factory
    driver.text_factory = lambda raw: raw.decode("utf-8", "backslashreplace")
    try:
        yield
    finally:
        driver.text_factory = before


def whatever_stands_there(session: Session, look: Callable[[], list[str]]) -> list[str]:
    """What `look` finds, also where bytes that are no text stand in a file: their rows are named like all others.

    It is looked at a second time then: to read every text in this way would take much longer.
    """
    try:
        return look()
    except (sqlite3.OperationalError, OperationalError) as error:
        if _NO_TEXT not in str(error):
            raise
    with any_text(session):
        return look()


def verify_chain(
    session: Session, progress: Progress = no_progress, cancelled: Callable[[], bool] = lambda: False
) -> list[str]:
    """What was changed outside the program, each in a sentence that names table and row; empty when nothing was."""
    return whatever_stands_there(session, lambda: _verify(session, progress, cancelled))


def _verify(session: Session, progress: Progress, cancelled: Callable[[], bool]) -> list[str]:
    present_tables = set(inspect(session.connection()).get_table_names())
    lost = sorted({"audit", "audit_head", "audit_change", "alembic_version"} - present_tables)
    if lost:
        return [f"{table}: the table is missing" for table in lost]
    chain = read_chain(session)
    problems = chain.problems[:AT_MOST_NAMED] + _verify_changes(session, chain)[:AT_MOST_NAMED]
    there = auditlayout.read_layouts(session.connection())
    problems += [f"{table}: the table is missing" for table in sorted(set(chain.layouts) - set(there))]
    problems += [f"{table}: the table was made by hand" for table in sorted(set(there) - set(chain.layouts))]
    found = auditlayout.revisions(session.connection())
    if chain.revision is not None and found != chain.revision:
        problems.append(f"alembic_version: row {found} was changed by hand (sealed: {chain.revision[0]})")
    tables = sorted(set(there) & set(chain.layouts))
    for done, table in enumerate(tables):
        if cancelled():
            break
        present, sealed = set(there[table].columns), set(chain.layouts[table].columns)
        problems += [f"{table}: the column {name} was made by hand" for name in sorted(present - sealed)]
        problems += [f"{table}: the column {name} is missing" for name in sorted(sealed - present)]
        if sealed <= present:
            problems += _Table(session, chain, table, chain.layouts[table]).verify()[:AT_MOST_NAMED]
        progress(done + 1, len(tables))
    return problems


def as_inserted(session: Session, chain: Chain, table: str) -> Callable[[Row], Row]:
    """Takes a row as it is now back to what was inserted and sealed."""
    return _Table(session, chain, table, chain.layouts[table])._as_inserted


def verify_connection(connection: Connection, progress: Progress = no_progress) -> list[str]:
    """As `verify_chain`, on a connection: for upgrades."""
    with on_connection(connection) as session:
        return verify_chain(session, progress)
