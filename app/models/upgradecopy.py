"""The copy of an office that is made before an upgrade: of its file or of a server's, encrypted like its backups.

It lies where backups lie and is never removed by the program. Until it has its name the upgrade does not begin.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect

from app import wholefiles
from app.errors import BackupsLocked, OfficeFileError, UserError
from app.models import copying
from app.models.bulk import Progress, no_progress
from app.models.serveraddress import shown

UPGRADE = " before the upgrade from "
PLAIN, SEALED, DUMPED = ".db", ".sealed", ".pgdump"
# Behind a dump of PostgreSQL's stand these words, and what it says of itself (JSON).
SERVER_TRAILER = b"\nCOUNTERFOIL SERVER BACKUP 1\n"


def key_name(mark: str) -> str:
    """How the key of an office's encrypted backups is called in a PC's key store."""
    return f"backup-{mark}"


def learn_passphrase(locked: BackupsLocked, passphrase: str) -> None:
    """Keep the key of an office's encrypted backups in this PC's key store. Raises UserError for a wrong passphrase."""
    from app import keystore
    from app.models import sealedfile

    key = sealedfile.fitting_key(passphrase, bytes.fromhex(locked.salt), locked.check)
    if key is None:
        raise UserError("That is not the passphrase of the office's backups; mind capitals and spaces.", field="passphrase")
    keystore.open_key_store().put(key_name(locked.mark), key)


def _key(connection: Connection, place: object) -> tuple[bytes, bytes] | None:
    """Key and salt of the office's encrypted backups; None where they are plain. Raises BackupsLocked."""
    if not inspect(connection).has_table("safekeeping"):
        return None  # of before there were any
    row = connection.exec_driver_sql(
        "SELECT office_mark, passphrase_salt, passphrase_check FROM safekeeping WHERE id = 1"
    ).first()
    if row is None or not row.passphrase_salt:
        return None
    from app import keystore
    from app.models import sealedfile

    key = keystore.open_key_store().get(key_name(row.office_mark))
    if key is None or sealedfile.key_mark(key) != row.passphrase_check:
        raise BackupsLocked(place, row.office_mark, row.passphrase_salt, row.passphrase_check)
    return key, bytes.fromhex(row.passphrase_salt)


def about_office(one: Callable[[str], tuple[Any, ...]], has_log: bool) -> dict[str, Any]:
    """What stands in an office about its last backup; `one` asks for a row, `has_log` when it has a log of them."""
    (revision,) = one("SELECT version_num FROM alembic_version")
    nothing_set_up = ("", date.min.isoformat(), None)
    name, opened, closed = one("SELECT name, opened_on, closed_through FROM office WHERE id = 1") or nothing_set_up
    about = {"office": name, "revision": revision, "number": 0, "mark": "", "kind": "upgrade", "on": str(closed or opened)}
    last = one("SELECT recorded_at FROM action ORDER BY id DESC LIMIT 1")
    about["made_at"] = f"{last[0]}+00:00" if last else f"{opened} 00:00:00+00:00"
    if has_log:
        found = one("SELECT number, kind, business_date, begun_at FROM backup_log ORDER BY number DESC LIMIT 1")
        mark = one("SELECT office_mark FROM safekeeping WHERE id = 1")
        if mark:
            about["mark"] = mark[0]
        if found and mark:
            number, kind, on, begun_at = found
            about |= {"number": number, "kind": kind, "on": str(on), "made_at": f"{begun_at}+00:00"}
    return about


def about_of(connection: Connection) -> dict[str, Any]:
    """As `about_office`, of an open office."""

    def one(sql: str) -> tuple[Any, ...]:
        return tuple(connection.exec_driver_sql(sql).first() or ())

    return about_office(one, inspect(connection).has_table("backup_log"))


def of_file(connection: Connection, path: Path, revision: str, progress: Progress = no_progress) -> Path:
    """A sound copy of the office in `path` as it is before an upgrade from `revision`; returns its file.

    It lies in `backups` beside the office. Raises OfficeFileError when it cannot be made; BackupsLocked when it would
    have to be encrypted and this PC does not know the passphrase.
    """
    folder, key = path.parent / "backups", _key(connection, path)
    target = folder / f"{path.stem}{UPGRADE}{revision}{PLAIN if key is None else SEALED}"
    unfinished = target.with_name(target.name + copying.UNFINISHED)
    # What is not encrypted yet stays beside the office, whose own file is plain too.
    plain = unfinished if key is None else path.with_name(f"{path.name}.upgrade{copying.UNFINISHED}")
    try:
        folder.mkdir(exist_ok=True)
        for left in {plain, unfinished}:
            copying.remove_with_log(left)
        copying.copy_while_open(path, plain, progress)
        with closing(sqlite3.connect(copying.read_only_uri(plain), uri=True)) as copy:
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            raise OfficeFileError(f"{path} is damaged ({found}); restore the last backup. It was not upgraded.")
        if key is not None:
            _seal(plain, unfinished, key, about_of(connection))
            copying.remove_with_log(plain)
        # An upgrade that was cut off left the office as it was; the newer copy of it counts.
        wholefiles.put_in_place([(unfinished, target)])
    except (OSError, sqlite3.Error) as error:
        raise OfficeFileError(
            f"The office could not be backed up in {folder} before its upgrade ({error}); "
            "make room there or check the folder's permissions. Nothing was changed."
        ) from error
    finally:
        for left in {plain, unfinished}:
            copying.remove_with_log(left)
    return target


def _seal(plain: Path, target: Path, key: tuple[bytes, bytes], about: dict[str, Any]) -> None:
    from app.models import sealedfile

    # A copy without a number of its own: it is no backup of the plan and is never removed.
    sealedfile.seal_and_compare(plain, target, *key, about | {"number": 0, "kind": "upgrade"})


def of_server(connection: Connection, folder: Path, revision: str) -> Path:
    """A dump of the office at the other end as it is before an upgrade from `revision`, in `folder`; returns its file.

    Raises as `of_file` does.
    """
    from app.models import (  # psycopg takes long to import and an office in a file does without
        serverdump,
        serverroles,
        serverschema,
    )

    url = connection.engine.url
    driver = connection.connection.driver_connection
    assert driver is not None
    key = _key(connection, shown(url))
    target = folder / f"{url.database}{UPGRADE}{revision}{DUMPED if key is None else SEALED}"
    unfinished = target.with_name(target.name + copying.UNFINISHED)
    try:
        programs = serverdump.find_programs(driver.info.server_version)
        folder.mkdir(parents=True, exist_ok=True)
        with _private(unfinished if key is None else None) as plain:
            serverdump.dump(programs, url, plain)
            missing = sorted(serverschema.read_tables(connection).keys() - serverdump.tables_in(programs, plain))
            if missing:
                raise UserError(f"{missing[0]} is not in the copy.")
            serverdump.read_through(programs, plain)
            about = about_of(connection) | {"number": 0, "kind": "upgrade", "checked": "listed"}
            about["roles"] = serverroles.program_roles(connection)
            with plain.open("ab") as write:
                write.write(SERVER_TRAILER + json.dumps(about, sort_keys=True).encode("ascii"))
            if key is not None:
                unfinished.unlink(missing_ok=True)
                _seal(plain, unfinished, key, about)
        # An upgrade that was cut off left the office as it was; the newer copy of it counts.
        wholefiles.put_in_place([(unfinished, target)])
    except (OSError, UserError) as error:
        copying.remove_with_log(unfinished)
        said = error.message if isinstance(error, UserError) else f"{folder}: {error.strerror}"
        raise OfficeFileError(
            f"The office could not be backed up before its upgrade: {said} Nothing was changed. If it was backed up in "
            f"another way, run `python -m app upgrade {shown(url)} --no-backup`."
        ) from error
    return target


@contextmanager
def _private(place: Path | None) -> Iterator[Path]:
    """Where a dump is written: `place`, or what only this user can read, and which goes again."""
    if place is not None:
        yield place
        return
    folder = Path(tempfile.mkdtemp(prefix="counterfoil-"))
    try:
        yield folder / "office.pgdump"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
