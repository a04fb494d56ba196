"""What a power cut leaves of an office's files: a recording of their changes, and the files made anew from it.

The model is a strict disk below SQLite. What was written and not synced may be there, be gone, or be there in parts
of 512 or 4,096 bytes, in any order; names made, changed or removed are on the disk for certain only after their folder
was synced, and reach it in the order in which they were made. The `-shm` file is memory: it is gone, or rubbish.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

OPENED, WROTE, CUT, SYNCED, RENAMED, REMOVED, MARKED, MADE_FOLDER, REMOVED_FOLDER = range(1, 10)
_RECORD = struct.Struct("<iiqq")
WAYS = ("nothing unsynced", "everything", "some writes", "torn at 512", "torn at 4096")


class Change(NamedTuple):
    """One record of the recorder's log."""

    what: int
    handle: int
    at: int
    payload: bytes


def read_log(path: Path) -> Iterator[Change]:
    """The records of a log, in the order of what happened."""
    content = memoryview(path.read_bytes())
    at = 0
    while at < len(content):
        what, handle, where, length = _RECORD.unpack_from(content, at)
        at += _RECORD.size
        yield Change(what, handle, where, bytes(content[at : at + length]))
        at += length


@dataclass(eq=False)
class _File:
    """`synced` is on the disk; `pending` are writes (offset, bytes) and cuts (size, None) after it."""

    synced: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def left(self, way: str, dice: random.Random) -> bytes:
        content = bytearray(self.synced)
        for at, written in self.pending:
            if way == "nothing unsynced" or (way != "everything" and dice.random() < 0.5):
                continue
            if written is None:
                del content[at:]
                content.extend(b"\0" * (at - len(content)))
            elif way.startswith("torn"):
                _tear(content, at, written, int(way.split()[-1]), dice)
            else:
                _put(content, at, written)
        return bytes(content)

    def sync(self) -> None:
        self.synced, self.pending = self.left("everything", random.Random(0)), []


def _put(content: bytearray, at: int, written: bytes) -> None:
    if len(content) < at:
        content.extend(b"\0" * (at - len(content)))
    content[at : at + len(written)] = written


def _tear(content: bytearray, at: int, written: bytes, size: int, dice: random.Random) -> None:
    """Of each sector either the old or the new reaches the disk; what was never written reads as zeros."""
    start = at
    while start < at + len(written):
        end = min((start // size + 1) * size, at + len(written))
        if dice.random() < 0.5:
            _put(content, start, written[start - at : end - at])
        start = end


class Disk:
    """The files of a folder as a recording changes them, with what of it is on the disk for certain."""

    def __init__(self, before: Path) -> None:
        self._names: dict[str, _File] = {}
        for path in before.rglob("*"):
            if path.is_file():
                self._names[path.relative_to(before).as_posix()] = _File(path.read_bytes())
        self._on_disk = dict(self._names)
        # Names made or removed since their folder was synced: (name, file or None when removed).
        self._pending_names: list[tuple[str, _File | None]] = []
        # Folders made since the folder around them was synced: what is in them hangs on that.
        self._new_folders: set[str] = set()
        self._open: dict[int, tuple[str, _File | None]] = {}
        self.acknowledged = 0

    def play(self, change: Change) -> None:
        """One change more."""
        if change.what == OPENED:
            self._opened(change)
        elif change.what in (WROTE, CUT, SYNCED):
            self._changed(change)
        elif change.what == RENAMED:
            old, new = change.payload.decode().split("\0")
            file = self._names.pop(old, None)
            if file is not None:
                self._rename(old, new, file)
        elif change.what == REMOVED:
            name = change.payload.decode()
            if self._names.pop(name, None) is not None:
                self._pending_names.append((name, None))
        elif change.what == MADE_FOLDER:
            self._new_folders.add(change.payload.decode())
        elif change.what == MARKED:
            self.acknowledged = max(self.acknowledged, change.at)

    def _opened(self, change: Change) -> None:
        name = change.payload.decode()
        if change.at & 1 and name not in self._names:
            self._names[name] = _File()
            self._pending_names.append((name, self._names[name]))
        file = self._names.get(name)
        if file is not None and change.at & 2:
            file.pending.append((0, None))
        self._open[change.handle] = (name, file)

    def _changed(self, change: Change) -> None:
        name, file = self._open[change.handle]
        if change.what == SYNCED:
            if file is None:
                self._sync_folder(name)
            else:
                file.sync()
        elif file is not None:
            file.pending.append((change.at, change.payload if change.what == WROTE else None))

    def _rename(self, old: str, new: str, file: _File) -> None:
        self._names[new] = file
        # One step of the disk's journal: never neither name, and the old file stays until the new one is there.
        self._pending_names.append((f"{old}\0{new}", file))

    def _sync_folder(self, folder: str) -> None:
        self._new_folders = {name for name in self._new_folders if _folder_of(name) != folder}
        waiting = []
        for name, file in self._pending_names:
            if _folder_of(name.split("\0")[-1]) == folder:
                _apply(self._on_disk, name, file)
            else:
                waiting.append((name, file))
        self._pending_names = waiting

    def leave(self, folder: Path, way: str, seed: int) -> None:
        """Write into `folder` what a power cut at this instant leaves."""
        dice = random.Random(seed)
        names = dict(self._on_disk)
        if way == "everything":
            kept = len(self._pending_names)
        else:
            kept = 0 if way == "nothing unsynced" else dice.randint(0, len(self._pending_names))
        for name, file in self._pending_names[:kept]:
            _apply(names, name, file)
        lost = {name for name in sorted(self._new_folders) if way != "everything" and dice.random() < 0.5}
        for name, file in names.items():
            if _folder_of(name) in lost:
                continue
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith("-shm"):
                if dice.random() < 0.5:
                    path.write_bytes(dice.randbytes(32768))
                continue
            path.write_bytes(file.left(way, dice))


def _folder_of(name: str) -> str:
    return name.rpartition("/")[0]


def _apply(names: dict[str, _File], name: str, file: _File | None) -> None:
    old, _, new = name.partition("\0")
    if new:
        names.pop(old, None)
        if file is not None:
            names[new] = file
    elif file is None:
        names.pop(old, None)
    else:
        names[old] = file
