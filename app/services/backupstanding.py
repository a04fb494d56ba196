"""How safe the office is: the log of its backups, and the last one that was verified."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_one, fetch_value, parse_day
from app.services.backupplan import FOLDER_NAME, plan_of
from app.services.waiting import Waiting

if TYPE_CHECKING:
    from app.services.backupfiles import BackupFile

STOPPED = "It was stopped before it was whole."
# What the log says of a server's backup that counts although nobody has seen it restored.
NOT_RESTORED = (
    "Every table was found in it and every row could be read, but it was not restored on trial: "
    "the sign-in may not make a database on the server, or not use one that it made."
)


def local_zone(session: Session) -> ZoneInfo:
    """The office's time zone; UTC when this PC does not know it."""
    try:
        return ZoneInfo(fetch_value(session, "SELECT time_zone FROM office"))
    except (ZoneInfoNotFoundError, ValueError, TypeError):
        return ZoneInfo("UTC")


class LoggedBackup(NamedTuple):
    """A line of the backup log; `at` is the office's local time, `size` in bytes."""

    number: int
    kind: str
    on: date
    at: datetime
    path: Path
    pc: str
    state: str
    problem: str
    size: int
    second: str


def backup_log(session: Session, most: int = 200) -> list[LoggedBackup]:
    """What was backed up, the newest first."""
    zone = local_zone(session)
    rows = fetch(
        session,
        "SELECT number, kind, business_date, begun_at, file, pc, state, problem, size, second FROM backup_log "
        "ORDER BY number DESC LIMIT ?",
        most,
    )
    return [
        LoggedBackup(
            *(row.number, row.kind, parse_day(row.business_date), _local(row.begun_at, zone), Path(row.file), row.pc),
            *(row.state, row.problem, row.size, row.second),
        )
        for row in rows
    ]


def _local(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(zone)


class ListedBackup(NamedTuple):
    """A backup file that is there; `at` is local. `is_verified`: the office's log says so of this number."""

    file: BackupFile
    at: datetime
    is_verified: bool
    is_second: bool


def listed_backups(session: Session, office: Path) -> list[ListedBackup]:
    """The backups of this office in both places and those made before an upgrade, the newest first."""
    from app.services.backupfiles import backups_in  # loads cryptography, which Today does without

    zone, plan = local_zone(session), plan_of(session)
    mark = fetch_value(session, "SELECT office_mark FROM safekeeping WHERE id = 1") or ""
    good = {row.number for row in fetch(session, "SELECT number FROM backup_log WHERE state = 'verified'")}
    folders = {plan.place(office), office.parent / FOLDER_NAME, *([Path(plan.second_folder)] if plan.second_folder else [])}
    found = []
    for folder in folders:
        try:
            found += [file for file in backups_in(folder) if file.mark in ("", mark)]
        except OSError:  # a share or a disk that does not answer; the standing says so
            continue
    found.sort(key=lambda file: (file.made_at, file.number, str(file.path)), reverse=True)
    second = Path(plan.second_folder) if plan.second_folder else None
    return [
        ListedBackup(file, file.made_at.astimezone(zone), file.number in good, file.path.parent == second) for file in found
    ]


class BackupStanding(NamedTuple):
    """How safe the office is: its last verified backup (`at` local, none when there is none) and what went wrong since.

    `age_days`: calendar days since; without a backup, since the office was opened here. `is_restored`: the check opened
    a restored copy of it; else it was read from end to end only (a server that lets nobody make a database).
    """

    at: datetime | None
    age_days: int
    warn_after_days: int
    problem: str
    is_restored: bool = True

    @property
    def is_loud(self) -> bool:
        """Whether somebody has to see to it."""
        return bool(self.problem) or self.age_days > self.warn_after_days

    @property
    def words(self) -> str:
        """The standing as a person says it."""
        if self.at is None:
            said = "There is no verified backup of this office."
        else:
            ago = {0: "today", 1: "yesterday"}.get(self.age_days, f"{self.age_days:,} days ago")
            which = "verified backup" if self.is_restored else "backup, read through but not restored on trial"
            said = f"Last {which}: {self.at:%m/%d/%Y %H:%M}, {ago}."
        return f"{said} {self.problem}".rstrip()


def backup_standing(session: Session, today: date) -> BackupStanding:
    """The last verified backup, by number and not by the clock, and what is wrong since."""
    zone, plan = local_zone(session), plan_of(session)
    good = fetch_one(
        session,
        "SELECT number, begun_at, second, problem FROM backup_log WHERE state = 'verified' ORDER BY number DESC LIMIT 1",
    )
    after = 0 if good is None else good.number
    failed = fetch_one(
        session,
        "SELECT problem FROM backup_log WHERE state = 'failed' AND number > ? AND problem <> ? ORDER BY number DESC LIMIT 1",
        after,
        STOPPED,
    )
    problem = ""
    if failed is not None:
        problem = f"The last one failed. {failed.problem}"
    elif good is not None and good.second not in ("", "copied"):
        problem = f"It has no second copy. {good.second}"
    if good is None:
        opened = parse_day(fetch_value(session, "SELECT opened_on FROM office"))
        return BackupStanding(None, max((today - opened).days, 0), plan.warn_after_days, problem)
    at = _local(good.begun_at, zone)
    is_restored = good.problem != NOT_RESTORED
    return BackupStanding(at, max((today - at.date()).days, 0), plan.warn_after_days, problem, is_restored)


def waiting_backup(standing: BackupStanding) -> Waiting | None:
    """The line on Today while somebody has to see to the backups."""
    if not standing.is_loud:
        return None
    since = None if standing.at is None else standing.at.date()
    title = "No verified backup" if since is None else "The backup failed" if standing.problem else "The last backup is old"
    return Waiting("backup", title, standing.words, 1, None, since, "office", (("tab", "backups"),))
