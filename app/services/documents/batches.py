"""Long runs as files of at most so many sheets: what a print shop or a printer's tray takes at once."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

SHEETS_PER_FILE = 1000

Content = TypeVar("Content")
ContentIn = TypeVar("ContentIn", contravariant=True)


class PagedWriter(Protocol[ContentIn]):
    """A document under way; `sheets` counts its pages so far."""

    sheets: int

    def add(self, content: ContentIn) -> int: ...

    def save(self) -> None: ...


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A finished PDF, with how many statements (or checks) and sheets it holds; `each`: the sheets of each, in order."""

    path: Path
    documents: int
    sheets: int
    each: tuple[int, ...] = ()


def write_batches(
    contents: Iterable[Content],
    path: Path,
    open_writer: Callable[[Path], PagedWriter[Content]],
    sheets_of: Callable[[Content], int],
    sheets_per_file: int,
) -> list[WrittenFile]:
    """Contents into `path`, then `name-2.pdf`, `name-3.pdf`... each of at most `sheets_per_file` sheets.

    No content runs over two files; one that alone is longer than a file gets a file of its own. Without
    any content no file is written.
    """
    written: list[WrittenFile] = []
    writer: PagedWriter[Content] | None = None
    target = path
    each: list[int] = []
    for content in contents:
        if writer is not None and writer.sheets + sheets_of(content) > sheets_per_file:
            writer.save()
            written.append(WrittenFile(target, len(each), writer.sheets, tuple(each)))
            writer = None
            _let_go_of_pages()
        if writer is None:
            if written:
                target = path.with_stem(f"{path.stem}-{len(written) + 1}")
            writer, each = open_writer(target), []
        each.append(writer.add(content))
    if writer is not None:
        writer.save()
        written.append(WrittenFile(target, len(each), writer.sheets, tuple(each)))
        writer = None
        _let_go_of_pages()
    return written


def _let_go_of_pages() -> None:
    # A saved document's pages refer to each other in circles; left to itself Python would keep those of several files.
    # Beside a window the collector is the window's: what it finds there may only be destroyed in that thread.
    if threading.current_thread() is threading.main_thread():
        gc.collect()
