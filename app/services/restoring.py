"""Backups back into working offices: looked into, restored beside the present one, or in its place.

Whatever is restored is first written whole under another name, checked figure by figure and synced; only then does
it get its name. Killed at any instant, the present office is as it was, or is the restored one.
"""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from app import wholefiles
from app.errors import Cancelled, OfficeFileError, UserError
from app.filenames import refuse_impossible
from app.keystore import KeyStore, open_key_store
from app.models import copying, database, sealedfile
from app.models.bulk import Progress, execute, no_progress
from app.models.database import Database, ReadOnlyDatabase
from app.services.backupfiles import BackupFile, read_backup
from app.services.backupplan import FOLDER_NAME, known_key
from app.services.desk import Desk, begin_on_any_day, require_role
from app.services.verification import trail_remark, verify_books, verify_file, verify_trail

RESTORING = ".restoring"
_WHOLE = 1_000


class Restored(NamedTuple):
    """What was restored where; `replaced` is the backup of the office that stood there before.

    `remark`: what the audit trail says of rows that are not as the program wrote them; else empty.
    """

    backup: BackupFile
    path: Path
    replaced: Path | None
    remark: str = ""


def restore(
    file: Path,
    target: Path,
    desk: Desk,
    passphrase: str | None = None,
    *,
    replace: bool = False,
    vouch: Callable[[Database], Desk] | None = None,
    key_store: Callable[[], KeyStore] = open_key_store,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = copying.never,
) -> Restored:
    """Make the office in `target` from a backup (a manager's). `progress` counts to 1,000.

    With `replace` an office may stand there: it is backed up first, and must be open in no program. `vouch` says who
    restores by the restored copy, before it has its name: its people are the last known ones of an office that is too
    damaged to be opened. Raises UserError
    for a wrong passphrase, a damaged or newer backup, an office in the way or in use; OSErrors become one too.
    """
    require_role(desk, "manager", "Restoring a backup")
    refuse_impossible(target, "target")
    backup = read_backup(file)
    _refuse_server(backup, target)
    if file.resolve() == target.resolve():
        raise UserError("That is the backup itself; choose another name for the restored office.", field="target")
    exists = target.exists()
    if exists and not replace:
        raise UserError(f"{target} exists already; choose another name for the restored office.", field="target")
    if not target.parent.is_dir():
        raise UserError(f"The folder {target.parent} does not exist; make it or choose another one.", field="target")
    unfinished = target.with_name(target.name + RESTORING)
    try:
        if exists:
            _refuse_open(target)
        copying.remove_with_log(unfinished)
        _unpack(backup, unfinished, passphrase, key_store, _share(progress, 0, 500), cancelled)
        remark = _bring_up(unfinished, dataclasses.replace(desk, token=None), backup, vouch)
        progress(900, _WHOLE)
        if cancelled():
            raise Cancelled
        replaced = _set_aside(target) if exists else None
        unfinished.replace(target)
        wholefiles.sync_folder(target.parent)
    except OfficeFileError as error:
        raise _of_backup(error, unfinished, file) from error
    except (OSError, sqlite3.Error) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UserError(
            f"{target} could not be restored ({said}); make room, check the folder's permissions, and close the office "
            "in every program. Nothing was changed.",
            field="target",
        ) from error
    finally:
        copying.remove_with_log(unfinished)
    progress(_WHOLE, _WHOLE)
    return Restored(backup, target, replaced, remark)


def _of_backup(error: OfficeFileError, copy: Path, file: Path) -> OfficeFileError:
    """What is said of the copy that is being opened, said of the backup that it is of."""
    said = error.message.replace(str(copy), str(file)).replace("restore the last backup", "take another backup")
    return OfficeFileError(said, field=error.field or "file")


def look_inside(
    file: Path,
    passphrase: str | None = None,
    key_store: Callable[[], KeyStore] = open_key_store,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = copying.never,
) -> ReadOnlyDatabase:
    """A backup opened to be looked at, in a private folder that goes when it is closed. Raises UserError."""
    backup = read_backup(file)
    _refuse_server(backup)
    folder = Path(tempfile.mkdtemp(prefix="counterfoil-"))

    def remove() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    try:
        copy = folder / "office.db"
        _unpack(backup, copy, passphrase, key_store, progress, cancelled)
        _bring_up(copy)
        return database.open_read_only(copy, remove)
    except BaseException as error:
        remove()
        if isinstance(error, OfficeFileError):
            raise _of_backup(error, copy, file) from error
        if isinstance(error, OSError):
            raise UserError(f"{file} cannot be looked into: {error.strerror}.") from error
        raise


def _refuse_server(backup: BackupFile, target: Path | None = None) -> None:
    """Raises UserError for what only a server can hold, and for a link that would be written over."""
    if backup.is_of_server:
        raise UserError(
            f"{backup.path.name} is of an office on a server; restore it into an empty database there (page Office, "
            "Backups, Restore), or with python -m app restore FILE --to postgresql://user@server/database",
            field="file",
        )
    if target is not None and target.suffix == database.SERVER_LINK:
        raise UserError(
            f"{target} is this PC's link to the office's server and no office; restore this backup into another file.",
            field="target",
        )


def _share(progress: Progress, start: int, end: int) -> Progress:
    return lambda done, of: progress(start + (end - start) * done // max(of, 1), _WHOLE)


def _unpack(
    backup: BackupFile,
    target: Path,
    passphrase: str | None,
    key_store: Callable[[], KeyStore],
    progress: Progress,
    cancelled: Callable[[], bool],
) -> None:
    """The backup's database under another name; the backup itself is only read."""
    if backup.is_sealed:
        key = None if passphrase else known_key(key_store(), backup.mark)
        sealedfile.unseal(backup.path, target, passphrase, key, progress, cancelled)
    else:
        # Through SQLite, because a file chosen by hand may be an office with a log beside it.
        copying.copy_while_open(backup.path, target, progress, cancelled)


def _bring_up(
    path: Path,
    desk: Desk | None = None,
    backup: BackupFile | None = None,
    vouch: Callable[[Database], Desk] | None = None,
) -> str:
    """Upgrade a copy to this program's schema, check it, and record in it that it was restored and by whom.

    Returns what its audit trail says (`trail_remark`): a disk may have changed a name where no figure tells it. Raises
    UserError when it is damaged or newer.
    """
    with database.open_existing(path, is_backed_up=True) as books:
        with books.read() as session:
            problems = verify_file(session) + verify_books(session)
        if problems:
            raise UserError(
                f"The backup is not sound ({len(problems):,} figures do not agree, the first: {problems[0]}); nothing was "
                "restored. Take another one.",
                field="file",
            )
        with books.read() as session:
            remark = trail_remark(verify_trail(session)) if desk is not None else ""
        if desk is not None and backup is not None:
            if vouch is not None:
                desk = vouch(books)
                require_role(desk, "manager", "Restoring a backup")
            with books.write() as session:
                begin_on_any_day(session, desk, "restore", reason=f"restored from {backup.path.name}")
                # The copy holds its own backup as one that was begun; it has just been verified.
                sql = "UPDATE backup_log SET state = 'verified', file = ?, size = ? WHERE number = ? AND state = 'begun'"
                execute(session, sql, str(backup.path), backup.size, backup.number)
    _one_file(path)
    return remark


def _one_file(path: Path) -> None:
    """Fold the log into the file, so that it can be renamed. Raises sqlite3.Error when another program has it open."""
    with closing(sqlite3.connect(path, timeout=1, isolation_level=None)) as connection:
        mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    if mode != "delete":
        raise sqlite3.OperationalError("database is locked")
    wholefiles.sync(path)


def _refuse_open(office: Path) -> None:
    """Raises OfficeFileError while any program has the office open: then it must not be replaced."""
    with office.open("rb") as read:
        if not read.read(16).startswith(b"SQLite format 3"):
            return  # destroyed: nobody works in it, and SQLite would throw away the log that lies beside it
    try:
        _one_file(office)
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise OfficeFileError(
                f"{office} is open in a program; close Counterfoil on every PC that has it open, and try again. "
                "Nothing was changed."
            ) from error
        # A damaged office can be replaced; it is set aside as it is.


def _set_aside(office: Path) -> Path:
    """The present office's own backup: a copy of its file, whatever state it is in."""
    folder = office.parent / FOLDER_NAME
    folder.mkdir(exist_ok=True)
    number = 1
    while (kept := folder / f"{office.stem} replaced no {number:04d}.db").exists():
        number += 1
    unfinished = kept.with_name(kept.name + copying.UNFINISHED)
    unfinished.unlink(missing_ok=True)
    _refuse_open(office)
    digest = copying.copy_bytes(office, unfinished)
    if copying.digest_of(unfinished) != digest:
        raise OSError(5, f"the copy in {folder} is not what was written")
    unfinished.replace(kept)
    # Only beside a damaged office: a log would be read into whatever file has the name.
    for ending in ("-wal", "-shm", "-journal"):
        left = office.with_name(office.name + ending)
        if left.exists():
            left.replace(kept.with_name(kept.name + ending))
    wholefiles.sync_folder(folder)
    return kept
