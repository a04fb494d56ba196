"""An office on a server is copied by pg_dump before an upgrade, as an office's file is (`copying.before_upgrade`)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from app import wholefiles
from app.errors import OfficeFileError, UserError
from app.models import copying, serverdump, serverschema
from app.models.serveraddress import shown


def before_upgrade(connection: Connection, folder: Path, revision: str) -> Path:
    """A dump of the office at the other end as it is before an upgrade from `revision`; returns its file.

    It lies in `folder` and is never removed by the program. Raises OfficeFileError when it cannot be made, with what
    to do: the upgrade must not begin then.
    """
    url = connection.engine.url
    driver = connection.connection.driver_connection
    assert driver is not None
    target = folder / f"{url.database} before the upgrade from {revision}.pgdump"
    unfinished = target.with_name(target.name + copying.UNFINISHED)
    try:
        programs = serverdump.find_programs(driver.info.server_version)
        folder.mkdir(parents=True, exist_ok=True)
        serverdump.dump(programs, url, unfinished)
        missing = sorted(serverschema.read_tables(connection).keys() - serverdump.tables_in(programs, unfinished))
        if missing:
            raise UserError(f"{missing[0]} is not in the copy.")
        serverdump.read_through(programs, unfinished)
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
