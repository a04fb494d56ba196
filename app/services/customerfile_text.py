"""From the bytes of a CSV file to records, each with the physical line on which it starts.

The file is read as a stream, twice: once to learn how it is encoded, once for the records.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from app.errors import UserError
from app.services.customerfile_header import known_columns_among

MAX_LINE_CHARACTERS = 1_000_000
MAX_RECORD_LINES = 50
_CHUNK_BYTES = 1 << 20
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_OTHER_FORMATS = {
    b"PK\x03\x04": "a workbook or another packed file",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"SQLite format 3": "a database",
    codecs.BOM_UTF16_LE: "text in UTF-16",
    codecs.BOM_UTF16_BE: "text in UTF-16",
}


@dataclass(frozen=True, slots=True)
class TextShape:
    """How a file is written, and remarks for the user about it."""

    encoding: str
    delimiter: str
    notes: tuple[str, ...]


class Record(NamedTuple):
    """One record; `fault` says why its quotation marks could not be made out ("" when they could)."""

    line: int
    cells: list[str]
    fault: str = ""


class _RunawayRecordError(Exception):
    """A quoted cell goes on for more lines than any row has."""


def text_shape(path: Path) -> TextShape:
    """Find out encoding and delimiter; UserError when the file cannot be opened or is not text."""
    try:
        if not path.exists():
            raise UserError(f"There is no file {path}.", field="path")
        if not path.is_file():
            raise UserError(f"{path} is not a file.", field="path")
        encoding = _encoding_of(path)
        with path.open(encoding=encoding, newline="") as stream:
            delimiter = _delimiter_of(_first_line(stream, path))
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        raise UserError(f"{path.name!r} cannot be opened: {error}.", field="path") from error
    notes = []
    if encoding == "cp1252":
        notes.append(
            "The file is not UTF-8 and was read as Windows-1252, as older Windows programs save it;"
            " look at names with accents before importing."
        )
    if delimiter != ",":
        notes.append(f"The columns are separated by {_DELIMITERS[delimiter]}.")
    return TextShape(encoding, delimiter, tuple(notes))


def unreadable(path: Path, error: OSError) -> UserError:
    """The sentence for a file that the system does not let us read."""
    return UserError(f"{path} cannot be read: {error.strerror or error}.", field="path")


def _encoding_of(path: Path) -> str:
    """utf-8-sig (with or without the mark), else cp1252; UserError when it is neither."""
    as_utf8: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    as_cp1252 = codecs.getincrementaldecoder("cp1252")()
    first = True
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            if first:
                _refuse_other_formats(chunk, path)
                first = False
            if as_utf8 is not None:
                try:
                    as_utf8.decode(chunk)
                except UnicodeDecodeError:
                    as_utf8 = None
        if first:
            raise UserError(f"{path.name} is empty.", field="path")
        try:
            if as_utf8 is not None:
                as_utf8.decode(b"", final=True)
                return "utf-8-sig"
        except UnicodeDecodeError:
            pass
        stream.seek(0)
        try:
            while chunk := stream.read(_CHUNK_BYTES):
                as_cp1252.decode(chunk)
        except UnicodeDecodeError as error:
            raise UserError(
                f"{path.name} is not text in UTF-8 or Windows-1252; save it again as CSV UTF-8.", field="path"
            ) from error
    return "cp1252"


def _refuse_other_formats(start: bytes, path: Path) -> None:
    for mark, what in _OTHER_FORMATS.items():
        if start.startswith(mark):
            raise UserError(f"{path.name} is {what}, not CSV; save it again as CSV UTF-8.", field="path")
    head = start[:4096]
    # A stray NUL is one bad row; a tenth of the file is a program, a picture or UTF-16 without its mark.
    if head.count(0) * 10 > len(head):
        raise UserError(f"{path.name} is not text; save it again as CSV UTF-8.", field="path")


def _first_line(stream: TextIO, path: Path) -> str:
    while line := stream.readline(MAX_LINE_CHARACTERS):
        if line.strip():
            return line
    raise UserError(f"{path.name} is empty.", field="path")


def _delimiter_of(header: str) -> str:
    def known(delimiter: str) -> int:
        try:
            return known_columns_among(next(csv.reader([header], delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=known)


class _Lines:
    """Hands physical lines to the csv reader, and takes back those that a broken quotation mark swallowed."""

    def __init__(self, stream: TextIO, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._returned: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_RECORD_LINES:
            raise _RunawayRecordError
        line = self._returned.popleft() if self._returned else self._stream.readline(MAX_LINE_CHARACTERS)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) >= MAX_LINE_CHARACTERS:
            raise UserError(
                f"Line {self.number} of {self._path.name} is longer than a million characters; this is not a customer list.",
                field="path",
            )
        self.taken.append(line)
        return line

    def give_back_all_but_the_first(self) -> None:
        self._returned.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1


def read_records(path: Path, shape: TextShape) -> Generator[Record, None, None]:
    """Every record that is not an empty line.

    A record with a broken quotation mark costs only its own line: reading goes on with the next one. Raises
    UserError when the file cannot be read.
    """
    try:
        with path.open(encoding=shape.encoding, newline="") as stream:
            yield from _records_of(_Lines(stream, path), shape.delimiter)
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name} changed while it was read; read it again.", field="path") from error


def _records_of(lines: _Lines, delimiter: str) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.taken = []
        start = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _RunawayRecordError) as error:
            yield Record(start, _cells_as_far_as_possible(lines.taken[0], delimiter), _quoting_fault(error))
            lines.give_back_all_but_the_first()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if cells:
            yield Record(start, cells)


def _quoting_fault(error: Exception) -> str:
    if "field larger" in str(error):
        return "a cell of this row is far too long"
    if "expected after" in str(error):
        return "a quotation mark inside a quoted cell must be doubled"
    return "a quotation mark is opened in this row and never closed"


def _cells_as_far_as_possible(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [line])
    except csv.Error:
        cells = [line]
    return [cell.rstrip("\r\n") for cell in cells]
