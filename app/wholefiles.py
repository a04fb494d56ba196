"""Files that are whole or not there, also after a power cut; and what a disk that refuses says, as a sentence."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import OfficeFileError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def put_in_place(finished: Iterable[tuple[Path, Path]]) -> None:
    """Give files, each written whole beside its place, their names: (what was written, its name).

    What they hold is on the disk before any has its name, so that a power cut leaves no empty or half paper
    under it. Raises OSError.
    """
    pairs = list(finished)
    for written, _ in pairs:
        sync(written)
    for written, name in pairs:
        written.replace(name)
    for folder in {name.parent for _, name in pairs}:
        sync_folder(folder)
        sync_folder(folder.parent)  # in which the folder may be new


def sync(path: Path) -> None:
    """Wait until what a file holds is on the disk. Raises OSError."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder, where the system can be asked for that."""
    # Windows writes names down by itself, and opens no folder.
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:  # some network file systems
            raise
    finally:
        os.close(opened)


@contextmanager
def clear_refusals(path: Path) -> Iterator[None]:
    """Say what the system refuses at `path` (a file or a folder) as an OfficeFileError with a way out."""
    try:
        yield
    except OSError as error:
        raise OfficeFileError(refusal(error, path)) from error


def refusal(error: OSError, path: Path) -> str:
    """One sentence: what is wrong with the place, and what to do."""
    if error.errno in _FULL:
        return f"The disk with {path} is full; make room and try again."
    if error.errno in _REFUSED:
        return f"{path} cannot be written to; check its permissions, and close it where it is open."
    return f"{path} cannot be written: {error.strerror or error}; check the disk and the folder, and try again."
