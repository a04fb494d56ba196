"""The ends of the audit trail that backups keep, against the trail as it is now.

A file put back as it was last month, or a trail cut off together with its rows, holds in itself. But a backup made since
remembers where the trail had come to, and lies on another disk too.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models import auditchain, sealedfile
from app.models.bulk import fetch_tuples, fetch_value, on_server
from app.models.copying import read_only_uri
from app.models.database import Database
from app.services.backupfiles import BackupFile, about_dump
from app.services.backupplan import plan_of
from app.services.backupstanding import listed_backups

# Above every backup's.
_NO_NUMBER = 1 << 62


def end_of(backup: BackupFile) -> str:
    """Where the trail had come to when the backup was made, as `auditchain.head` tells it; empty when it does not say."""
    try:
        if backup.is_sealed:
            return str(sealedfile.read_about(backup.path).get("end", ""))
        if backup.is_of_server:
            return str(about_dump(backup.path, backup.size).get("end", ""))
        with closing(sqlite3.connect(read_only_uri(backup.path), uri=True)) as connection:
            row = connection.execute("SELECT n, hash FROM audit_head WHERE id = 1").fetchone()
            return "" if row is None else f"{row[0]}:{str(row[1])[:16]}"
    except (UserError, OSError, ValueError, sqlite3.Error):
        return ""  # of before the trail, or not readable any more; the list of backups shows it


def faults(books: Database) -> list[str]:
    """Backups of this office whose end of the trail is not in it, each in a sentence; a disk that is away says nothing.

    Those that a restore passed over are known: it stands in the trail.
    """
    with books.read() as session:
        place = books.location if isinstance(books.location, Path) else None
        if place is None and not plan_of(session).folder:
            return []
        passed_over, here = _passed_over(session), on_server(session)
        found = []
        for listed in listed_backups(session, place or Path(plan_of(session).folder) / "office"):
            backup = listed.file
            # What has a number was made by the plan; a copy made for another reason proves nothing.
            if not backup.number or backup.is_of_server != here:
                continue
            if any(first < backup.number < last for first, last in passed_over):
                continue
            end = end_of(backup)
            if end and not auditchain.holds_head(session, end):
                found.append(
                    f"audit: the end of the trail in backup no {backup.number} ({backup.path}) is {end}, and that is not in "
                    "this office: an older copy was put in its place past the program, its trail was cut off, or another "
                    "copy of it is backed up in the same folder"
                )
        return found


def _passed_over(session: Session) -> list[tuple[int, int]]:
    """The numbers between that of a restored backup and the first one after restoring it: those made in between."""
    gaps = []
    for (action_id,) in fetch_tuples(session, "SELECT id FROM action WHERE what = 'restore' ORDER BY id"):
        first = fetch_value(session, "SELECT coalesce(max(number), 0) FROM backup_log WHERE action_id < ?", action_id)
        last = fetch_value(session, "SELECT min(number) FROM backup_log WHERE action_id > ?", action_id)
        gaps.append((int(first), _NO_NUMBER if last is None else int(last)))
    return gaps
