"""Backup files: their names, what they say about themselves, and which of them are kept."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable, Hashable, Iterable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from app.errors import UserError
from app.models import sealedfile
from app.models.bulk import parse_day
from app.models.copying import read_only_uri
from app.models.upgradecopy import DUMPED, PLAIN, SEALED, SERVER_TRAILER, UPGRADE, about_office

# A dump of PostgreSQL begins so.
_DUMP = b"PGDMP"
_LONGEST_TRAILER = 8_192
LONGEST_NAME = 40


class BackupFile(NamedTuple):
    """A backup found in a folder. `number` only grows, whatever the clock said; `made_at` is UTC.

    `mark` is the office's; `revision` its schema's. A file that this program did not name as a backup (a copy made
    before an upgrade or a restore, a renamed one) has number 0 and is never removed. `is_of_server`: of an office on a
    PostgreSQL server, to which alone it can be restored; `roles`: what the program signed in as there.
    """

    path: Path
    number: int
    mark: str
    office: str
    kind: str
    on: date
    made_at: datetime
    is_sealed: bool
    size: int
    revision: str
    is_of_server: bool = False
    roles: tuple[str, ...] = ()


def file_name(office: str, on: date, local: datetime, number: int, *, is_sealed: bool, is_of_server: bool = False) -> str:
    """A name that Windows allows: office, business date, the office's time of day, number."""
    ending = SEALED if is_sealed else DUMPED if is_of_server else PLAIN
    return f"{_plain(office)} backup-{on}-{local:%H%M}-no-{number:06d}{ending}"


def _plain(office: str) -> str:
    """An office's name as its backups bear it."""
    kept = "".join(letter if letter.isalnum() or letter in " -_" else " " for letter in office)
    return " ".join(kept.split())[:LONGEST_NAME].strip() or "Office"


def read_backup(path: Path) -> BackupFile:
    """What a backup file says about itself. Raises UserError when it is none or cannot be read."""
    if not path.is_file():
        raise UserError(f"There is no file {path}; choose a backup.", field="file")
    try:
        size = path.stat().st_size
        if sealedfile.is_sealed(path):
            return _told(path, sealedfile.read_about(path), size, is_sealed=True)
        about = about_dump(path, size) if _is_dump(path) else about_file(path)
        return _told(path, about, size, is_sealed=False)
    except (sqlite3.Error, OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is no backup of Counterfoil, or it is damaged ({error}).", field="file") from error


def _told(path: Path, about: dict[str, Any], size: int, *, is_sealed: bool) -> BackupFile:
    number, kind = int(about["number"]), str(about["kind"])
    if not number or not _is_own_name(path, str(about["office"]), str(about["on"]), number):
        number, kind = 0, "replaced" if " replaced no " in path.stem else "upgrade" if UPGRADE in path.stem else "copy"
    return BackupFile(
        path,
        number,
        str(about["mark"]),
        str(about["office"]),
        kind,
        parse_day(about["on"]),
        datetime.fromisoformat(about["made_at"]),
        is_sealed,
        size,
        str(about["revision"]),
        "checked" in about,
        tuple(str(role) for role in about.get("roles", ())),
    )


def _is_own_name(path: Path, office: str, on: str, number: int) -> bool:
    """Whether the program named this file as that backup: what bears any other name is somebody's own and stays.

    An office restored beside the backups, in which people work perhaps, holds the number of its backup too.
    """
    return re.fullmatch(rf"{re.escape(_plain(office))} backup-{on}-\d{{4}}-no-{number:06d}", path.stem) is not None


def _is_dump(path: Path) -> bool:
    with path.open("rb") as read:
        return read.read(len(_DUMP)) == _DUMP


def about_dump(path: Path, size: int) -> dict[str, Any]:
    """What stands behind a dump. Raises ValueError for one that this program did not finish."""
    with path.open("rb") as read:
        read.seek(max(size - _LONGEST_TRAILER, 0), os.SEEK_SET)
        _, mark, told = read.read().rpartition(SERVER_TRAILER)
    if not mark:
        raise ValueError("a dump, but not one that this program finished")
    return dict(json.loads(told))


def about_file(path: Path) -> dict[str, Any]:
    """What stands in an office's file about its last backup. Raises sqlite3.Error for what is no office."""
    with closing(sqlite3.connect(read_only_uri(path), uri=True)) as connection:

        def one(sql: str) -> tuple[Any, ...]:
            return tuple(connection.execute(sql).fetchone() or ())

        return about_office(one, bool(one("SELECT 1 FROM sqlite_master WHERE name = 'backup_log'")))


def backups_in(folder: Path, mark: str | None = None) -> list[BackupFile]:
    """The readable backups in a folder, the newest first; only those of one office when its mark is given."""
    found = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix not in (PLAIN, SEALED, DUMPED):
            continue
        try:
            backup = read_backup(path)
        except UserError:
            continue  # not ours
        if mark is None or backup.mark == mark:
            found.append(backup)
    return sorted(found, key=lambda backup: (backup.number, backup.made_at), reverse=True)


def no_longer_kept(backups: Iterable[BackupFile], keep_daily: int, keep_weekly: int, keep_monthly: int) -> list[BackupFile]:
    """Which of an office's backups can go: all but the last one of each of the newest days, weeks and months.

    Newer means a higher number: a clock that was set back, or a business date of the past, cannot make an old backup
    look new. The newest backup always stays, and so does a file without a number.
    """
    ordered = sorted((backup for backup in backups if backup.number), key=lambda backup: backup.number, reverse=True)
    kept: set[int] = {ordered[0].number} if ordered else set()
    periods: tuple[tuple[int, Callable[[BackupFile], Hashable]], ...] = (
        # The one before the month-end run is not the one of the evening after it.
        (keep_daily, lambda backup: (backup.on, backup.kind == "month-end")),
        (keep_weekly, lambda backup: backup.on.isocalendar()[:2]),
        (keep_monthly, lambda backup: (backup.on.year, backup.on.month)),
    )
    for most, period_of in periods:
        seen: set[Hashable] = set()
        for backup in ordered:
            if len(seen) >= most:
                break
            period = period_of(backup)
            if period not in seen:
                seen.add(period)
                kept.add(backup.number)
    return [backup for backup in ordered if backup.number not in kept]
