"""The stored pages of a full-text index, row by row: what SQLite's own check of it does not look at.

SQLite compares the words of an index with the rows they came from, but neither the directory by which a word's page is
found (`_idx`: with a row gone, words are no longer found), nor the settings (`_config`), nor pages that belong to
nothing. The format is version 4 of FTS5's file format, which every SQLite since 2015 reads and writes.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

_TOTALS, _STRUCTURE = 1, 10
_CONFIG = [("version", 4)]
# A page's id: the segment, whether it is an index of a long list of rows, that index's height, the page's number.
_SEGMENT, _LIST, _NUMBER = 37, 36, (1 << 31) - 1
# Words carry the mark of the main index.
_MARK = b"0"


class _Segment(NamedTuple):
    id: int
    first: int
    last: int


def _whole(data: bytes, at: int) -> tuple[int, int]:
    """A number of varying length, and where the next begins."""
    value = 0
    for count in range(9):
        byte = data[at]
        at += 1
        if count == 8:
            return (value << 8) | byte, at
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            break
    return value, at


def _segments(structure: bytes) -> list[_Segment]:
    levels, at = _whole(structure, 4)
    expected, at = _whole(structure, at)
    _, at = _whole(structure, at)  # how much was written: it only tells when to tidy up
    found = []
    for _ in range(levels):
        _, at = _whole(structure, at)
        count, at = _whole(structure, at)
        for _ in range(count):
            segment, at = _whole(structure, at)
            first, at = _whole(structure, at)
            last, at = _whole(structure, at)
            found.append(_Segment(segment, first, last))
    if at != len(structure) or len(found) != expected:
        raise ValueError("not as it is written")
    return found


def _ends(page: bytes) -> tuple[bytes, bytes] | None:
    """The first and last word of a page of words; None when it only goes on with the rows of a word before."""
    at = size = int.from_bytes(page[2:4], "big")
    if not 4 <= size <= len(page):
        raise ValueError("not as it is written")
    first: bytes | None = None
    word, place = b"", 0
    while at < len(page):
        step, at = _whole(page, at)
        place += step
        keep, begins = (0, place) if first is None else _whole(page, place)
        length, begins = _whole(page, begins)
        word = word[:keep] + page[begins : begins + length]
        first = word if first is None else first
    return None if first is None else (first, word)


def faults(connection: Connection, index: str, rows_of: str) -> list[str]:
    """What of an index's stored pages is not as it must be, in sentences that name table and row; `rows_of`: its rows."""
    try:
        found = _faults(connection, index, rows_of)
    except DatabaseError as error:
        if not isinstance(error.orig, sqlite3.DatabaseError):
            raise
        return [f"{index}: the search index cannot be read ({error.orig})"]
    return found if found else _unfound(connection, index)


def _faults(connection: Connection, index: str, rows_of: str) -> list[str]:
    found = []
    config = [tuple(row) for row in connection.exec_driver_sql(f"SELECT k, v FROM {index}_config ORDER BY k")]
    if config != _CONFIG:
        found.append(f"{index}_config: rows {config} are not what this program makes; expected {_CONFIG}")
    pages = {row[0]: row[1] for row in connection.exec_driver_sql(f"SELECT id, block FROM {index}_data")}
    try:
        segments = _segments(pages[_STRUCTURE])
        totals = pages[_TOTALS]
        counted = _whole(totals, 0)[0] if totals else 0
    except (KeyError, ValueError, IndexError, TypeError):
        return [*found, f"{index}_data: row {_TOTALS} or {_STRUCTURE} was changed or taken away"]
    rows = connection.exec_driver_sql(f"SELECT count(*) FROM {rows_of}").scalar()
    if counted != rows:
        found.append(f"{index}_data: row {_TOTALS} counts {counted} rows, there are {rows}")
    directory: defaultdict[int, list[tuple[bytes, int]]] = defaultdict(list)
    entries = connection.exec_driver_sql(f"SELECT segid, CAST(term AS BLOB), pgno FROM {index}_idx ORDER BY segid, term")
    for segment, word, number in entries:
        directory[segment].append((word, number))
    known = {segment.id: segment for segment in segments}
    found += [f"{index}_idx: row {key} was added by hand" for key in sorted(set(directory) - set(known), key=str)]
    for page in sorted(set(pages) - {_TOTALS, _STRUCTURE}):
        owner, number = known.get(page >> _SEGMENT), page & _NUMBER
        is_list = bool(page >> _LIST & 1)
        # Lists of pages that were merged into others and given up may stay until the segment goes.
        if owner is not None and not owner.last:
            continue  # wholly merged into another, and not yet put away
        if owner is None or number > owner.last or (number < owner.first and not is_list):
            found.append(f"{index}_data: row {page} was added by hand")
    for segment in (segment for segment in segments if segment.last):
        found += _of_segment(index, segment, pages, directory[segment.id])
    return found


def _of_segment(index: str, segment: _Segment, pages: dict[int, Any], directory: list[tuple[bytes, int]]) -> list[str]:
    """A segment's pages beside its directory: a row for each page on which a word begins, between the words around it."""
    by_page: defaultdict[int, list[tuple[bytes, bool]]] = defaultdict(list)
    for word, number in directory:
        by_page[number >> 1].append((word, bool(number & 1)))
    before, found = b"", []
    for number in range(segment.first, segment.last + 1):
        key = (segment.id << _SEGMENT) + number
        try:
            ends = _ends(pages[key])
        except (KeyError, ValueError, IndexError, TypeError):
            found.append(f"{index}_data: row {key} was changed or taken away")
            continue
        has_list = key + (1 << _LIST) in pages
        mine = by_page.pop(number, [])
        where = f"{index}_idx: row {segment.id}/{number}"
        if ends is None:
            found += [f"{where} was added by hand"] if mine else []
            continue
        begins_anew = number == segment.first
        # The first page's word is left empty; where pages before it were given up, it is the word that began there.
        fits = len(mine) == 1 and mine[0][1] == has_list and _fits(mine[0][0], ends[0], before, begins_anew)
        if not fits:
            found.append(f"{where} was changed, added or taken away")
        before = ends[1]
    # Pages that were merged into others and given up may stay in the directory until the segment goes.
    found += [f"{index}_idx: row {segment.id}/{number} was added by hand" for number in by_page if number >= segment.first]
    return found


def _fits(listed: bytes, first: bytes, before: bytes, begins_anew: bool) -> bool:
    if begins_anew:
        return listed <= first
    return before < listed <= first and first.startswith(listed)


def _unfound(connection: Connection, index: str) -> list[str]:
    """Words that stand in the index and are not found in as many rows as it says."""
    try:
        connection.exec_driver_sql(f"CREATE VIRTUAL TABLE temp.{index}_words USING fts5vocab(main, {index}, 'row')")
        words = connection.exec_driver_sql(f"SELECT term, doc FROM temp.{index}_words").all()
        for word, count in words:
            query = '"' + word.replace('"', '""') + '"'
            rows = connection.exec_driver_sql(f"SELECT count(*) FROM {index} WHERE {index} MATCH ?", (query,)).scalar()
            if rows != count:
                return [f"{index}: “{word}” stands in {count} rows and is found in {rows}"]
        connection.exec_driver_sql(f"DROP TABLE temp.{index}_words")
    except DatabaseError as error:
        return [f"{index}: the search index cannot be read ({error.orig})"]
    return []
