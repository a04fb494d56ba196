"""Backups: a copy of the books while others work in them, checked, perhaps encrypted, and kept for as long as planned.

One place for all of them: at each day close, before each month-end, and by hand. (Before an upgrade of the file the
models make one: `models.upgradecopy`.) A backup counts as verified when the copy was opened and every
figure in it was checked against its ledger, and, encrypted, when decrypting it gave that copy back.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from app import wholefiles
from app.errors import Cancelled, UserError
from app.keystore import KeyStore, open_key_store
from app.models import auditcheck, copying, database, sealedfile
from app.models.bulk import Progress, execute, fetch_value, insert_row, no_progress
from app.models.database import Database
from app.models.migrations import LATEST_REVISION
from app.services.backupfiles import backups_in, file_name, no_longer_kept
from app.services.backupplan import BackupPlan, backup_key, office_mark, plan_of
from app.services.backupstanding import STOPPED, local_zone
from app.services.desk import Desk, begin_on_any_day
from app.services.verification import trail_remark, verify_books, verify_file, verify_trail

if TYPE_CHECKING:
    from app.models.server import ServerDatabase

log = logging.getLogger(__name__)

KINDS = ("day-close", "month-end", "by-hand")
# A part file that old belongs to nobody any more: the program was ended while it was written.
_STALE_SECONDS = 6 * 3600
_WHOLE = 1_000


class BackupResult(NamedTuple):
    """A verified backup. `second`: `copied`, empty when no second place is wanted, else what went wrong there.

    `remark`: what could not be checked of a server's backup, or what the audit trail says was changed by hand; else empty.
    """

    number: int
    path: Path
    size: int
    second: str
    removed: int
    remark: str = ""

    @property
    def has_second_problem(self) -> bool:
        """Whether a second place is wanted and has no copy."""
        return self.second not in ("", "copied")


class _Begun(NamedTuple):
    number: int
    plan: BackupPlan
    mark: str
    office: str
    folder: Path
    name: str
    key: tuple[bytes, bytes] | None
    server: ServerDatabase | None
    end: str  # of the audit trail as it begins; every later state of the office holds it
    roles: tuple[str, ...] = ()


def back_up(
    books: Database,
    desk: Desk,
    kind: str,
    folder: Path | None = None,
    key_store: Callable[[], KeyStore] = open_key_store,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = copying.never,
) -> BackupResult:
    """Make, verify and keep one backup, in the plan's folder or in `folder`; older ones then go as planned.

    `kind` is one of KINDS; `progress` counts to 1,000. Raises UserError when it cannot be made or is not sound (the
    log says so too), and Cancelled.
    """
    begun = _begin(books, replace(desk, token=None), kind, folder, key_store)
    try:
        path, digest, remark = _make(books, desk, begun, kind, progress, cancelled)
        second = _second_copy(begun, path, digest)
    except (UserError, Cancelled, OSError, sqlite3.Error) as error:
        problem = _in_words(error, begun.folder)
        with suppress(UserError):  # the log may lie on the same full disk
            _end(books, begun.number, "failed", problem)
        if isinstance(error, UserError | Cancelled):
            raise
        raise UserError(problem) from error
    _end(books, begun.number, "verified", remark, path.stat().st_size, digest, second)
    removed = 0
    for place in (begun.folder, Path(begun.plan.second_folder) if second == "copied" else None):
        if place is not None and folder is None:
            removed += _rotate(place, begun)
    progress(_WHOLE, _WHOLE)
    return BackupResult(begun.number, path, path.stat().st_size, second, removed, remark)


def _in_words(error: BaseException, folder: Path) -> str:
    if isinstance(error, UserError):
        return error.message
    if isinstance(error, Cancelled):
        return STOPPED
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"The backup could not be written in {folder} ({said}); make room there, or check its disk and permissions."


def _begin(books: Database, desk: Desk, kind: str, folder: Path | None, key_store: Callable[[], KeyStore]) -> _Begun:
    """Give it a number above every one in the log and in the folder, and write it down as begun."""
    assert kind in KINDS, kind
    server = _server_of(books)
    with books.read() as session:
        plan = plan_of(session)
        key = backup_key(session, key_store()) if plan.is_encrypted else None
        mark = fetch_value(session, "SELECT office_mark FROM safekeeping WHERE id = 1")
    place = folder or _place(books, plan)
    try:
        if folder is None and not plan.folder:
            place.mkdir(exist_ok=True)
        if not place.is_dir():
            raise UserError(f"There is no folder {place} for backups; plug its disk in, or choose another folder.")
        in_folder = max((backup.number for backup in backups_in(place, mark)), default=0) if mark else 0
    except OSError as error:
        raise UserError(_in_words(error, place)) from error
    with books.write() as session:
        act = begin_on_any_day(session, desk, "backup")
        mark = office_mark(session)
        number = max(fetch_value(session, "SELECT coalesce(max(number), 0) FROM backup_log"), in_folder) + 1
        office, zone = fetch_value(session, "SELECT name FROM office"), local_zone(session)
        now = desk.now()
        local, is_of_server = now.astimezone(zone), server is not None
        name = file_name(office, desk.on, local, number, is_sealed=key is not None, is_of_server=is_of_server)
        insert_row(
            session,
            "backup_log",
            number=number,
            kind=kind,
            business_date=desk.on,
            begun_at=now,
            pc=desk.pc,
            file=str(place / name),
            state="begun",
            problem="",
            size=0,
            digest="",
            second="",
            action_id=act.id,
        )
    with books.read() as session:
        end = auditcheck.head(session)
    return _Begun(number, plan, mark, office, place, name, key, server, end, _program_roles(server))


def _program_roles(server: ServerDatabase | None) -> tuple[str, ...]:
    """What the program signs in as at a server: a dump holds no rights, so they are given again by these names."""
    if server is None:
        return ()
    from app.models import serverroles

    with server.engine.connect() as connection:
        return tuple(serverroles.program_roles(connection))


def _server_of(books: Database) -> ServerDatabase | None:
    """The office on its server; None for one in a file."""
    if books.path is not None:
        return None
    from app.models.server import ServerDatabase  # psycopg takes long to import and an office in a file does without

    if not isinstance(books, ServerDatabase):
        raise UserError("This office is in memory alone and is not backed up.")
    return books


def _place(books: Database, plan: BackupPlan) -> Path:
    """The folder of the first copies: as planned, else beside the office's file or this PC's link to its server."""
    if not plan.folder and not isinstance(books.location, Path):
        raise UserError("Say where the backups of this office go: name a folder, or choose one on the Office page.")
    return plan.place(Path(books.location))


def _end(books: Database, number: int, state: str, problem: str, size: int = 0, digest: str = "", second: str = "") -> None:
    sql = "UPDATE backup_log SET state = ?, problem = ?, size = ?, digest = ?, second = ? WHERE number = ?"
    with books.write() as session:
        execute(session, sql, state, problem, size, digest, second, number)


def _share(progress: Progress, start: int, end: int) -> Progress:
    """A part of the whole work's progress."""
    return lambda done, of: progress(start + (end - start) * done // max(of, 1), _WHOLE)


def _make(
    books: Database, desk: Desk, begun: _Begun, kind: str, progress: Progress, cancelled: Callable[[], bool]
) -> tuple[Path, str, str]:
    """The finished file under its name, its digest, and what could not be checked."""
    target = begun.folder / begun.name
    unfinished = target.with_name(begun.name + copying.UNFINISHED)
    plain, private, remark = unfinished, None, ""
    if begun.key is not None:
        # What is not encrypted yet stays beside the office, whose own file is plain too; a server's in a folder that
        # only this user can read.
        if books.path is None:
            private = Path(tempfile.mkdtemp(prefix="counterfoil-"))
        beside = books.path or Path(private or begun.folder) / "office"
        plain = beside.with_name(f"{beside.name}.{begun.number:06d}{copying.UNFINISHED}")
    _remove_stale({begun.folder, begun.folder if books.path is None else books.path.parent}, desk.now())
    try:
        if begun.server is None:
            assert books.path is not None, "one of the two"
            copying.copy_while_open(books.path, plain, _share(progress, 0, 400), cancelled)
            remark = _verify(plain, begun.number)
        else:
            from app.services import serverbackup  # psycopg, as above

            about = _about(begun, kind, desk)
            remark = serverbackup.dump_office(begun.server, plain, about, desk, progress, cancelled).remark
        progress(700, _WHOLE)
        if cancelled():
            raise Cancelled
        if begun.key is not None:
            _seal(plain, unfinished, begun, kind, desk, _share(progress, 700, 850), cancelled)
        digest = copying.digest_of(unfinished)
        unfinished.replace(target)
        wholefiles.sync_folder(begun.folder)
    finally:
        copying.remove_with_log(plain)
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        if private is not None:
            shutil.rmtree(private, ignore_errors=True)
    return target, digest, remark


def _about(begun: _Begun, kind: str, desk: Desk) -> dict[str, object]:
    """What the file of a backup says of itself, where it is no office's own file."""
    return {
        "number": begun.number,
        "mark": begun.mark,
        "office": begun.office,
        "kind": kind,
        "on": desk.on.isoformat(),
        "made_at": desk.now().astimezone(UTC).isoformat(),
        "revision": LATEST_REVISION,
        "end": begun.end,
        **({"roles": begun.roles} if begun.roles else {}),
    }


def _verify(copy: Path, number: int) -> str:
    """Open the copy and check the file, every figure in it, its audit trail, and that it is the one begun.

    Returns what the trail says (`trail_remark`). Raises UserError when the copy does not count.
    """
    with database.open_read_only(copy) as books, books.read() as session:
        problems = verify_file(session) + verify_books(session)
        found = fetch_value(session, "SELECT max(number) FROM backup_log")
        trail = trail_remark(verify_trail(session)) if not problems else ""
    if problems:
        raise UserError(
            f"The copy was made, but {len(problems):,} of its figures do not agree, so it does not count: {problems[0]}. "
            "Check the books on the Office page."
        )
    if found != number:
        raise UserError(f"The copy is not of this office as it was: it holds backup {found}, not {number}. Try again.")
    return trail


def _seal(
    plain: Path,
    target: Path,
    begun: _Begun,
    kind: str,
    desk: Desk,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> None:
    """Encrypt, and prove that it can be restored."""
    assert begun.key is not None
    key, salt = begun.key
    # How a server's dump was checked stands in the dump; that it is one, here too.
    about = _about(begun, kind, desk) | ({} if begun.server is None else {"checked": "sealed"})
    sealedfile.seal_and_compare(plain, target, key, salt, about, progress, cancelled)


def _second_copy(begun: _Begun, path: Path, digest: str) -> str:
    """Copy the verified file into the second place; what goes wrong there leaves the first copy as it is."""
    if not begun.plan.second_folder:
        return ""
    folder = Path(begun.plan.second_folder)
    unfinished = folder / (path.name + copying.UNFINISHED)
    try:
        # Never made: a folder on a disk that is not plugged in would come to lie on this one.
        if not folder.is_dir():
            return f"{folder} is not there; plug its disk in."
        if folder.samefile(path.parent):
            return "It is the folder of the first copies; choose one on another disk."
        unfinished.unlink(missing_ok=True)
        copying.copy_bytes(path, unfinished)
        if copying.digest_of(unfinished) != digest:
            unfinished.unlink(missing_ok=True)
            return f"The copy in {folder} is not what was written; check that disk."
        unfinished.replace(folder / path.name)
        wholefiles.sync_folder(folder)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        return f"Nothing could be written in {folder} ({error.strerror}); check that disk."
    return "copied"


def _rotate(folder: Path, begun: _Begun) -> int:
    """Remove what the plan no longer keeps; how many. What cannot be removed now goes another time."""
    plan, removed = begun.plan, 0
    going = no_longer_kept(backups_in(folder, begun.mark), plan.keep_daily, plan.keep_weekly, plan.keep_monthly)
    for backup in going:
        try:
            backup.path.unlink()
            removed += 1
        except OSError as error:
            log.warning("an old backup (number %s) could not be removed: %s", backup.number, error.strerror)
    return removed


def _remove_stale(folders: set[Path], now: datetime) -> None:
    for folder in folders:
        for left in folder.glob(f"*{copying.UNFINISHED}"):
            with suppress(OSError):
                if now.timestamp() - left.stat().st_mtime > _STALE_SECONDS:
                    left.unlink()
