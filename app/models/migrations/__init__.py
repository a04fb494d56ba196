"""One history of the schema for both databases (Alembic)."""

from __future__ import annotations

import getpass
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from app.models.bulk import WHOLE, Progress, no_progress, part_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

KNOWN_REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
)
LATEST_REVISION = KNOWN_REVISIONS[-1]


def upgrade(engine: Engine, revision: str = LATEST_REVISION, progress: Progress = no_progress) -> None:
    """Bring the database to `revision`: all steps in one transaction, or none. `progress` counts to 1,000.

    Raises RuntimeError, and changes nothing, when a step would leave a row that names a missing one.
    """
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import inspect

    from app.models import auditcheck, sealing

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        if connection.dialect.name == "postgresql" and not _is_ours_to_upgrade(connection, revision):
            return
        # An upgrade seals every row anew, so what was wrong before it must be told now.
        has_trail = inspect(connection).has_table("audit")
        problems = auditcheck.verify_connection(connection, part_of(progress, 0, 400)) if has_trail else []
        if connection.dialect.name == "postgresql":
            from app.models import serverroles

            # Its references are never broken, and rebuilds keep triggers.
            command.upgrade(config, revision)
            if inspect(connection).has_table("audit"):
                sealing.start(connection, problems, part_of(progress, 500, WHOLE), _who())
            serverroles.grant_again(connection)
            return
        # A trigger that names a table being rebuilt would stop the rebuilding; each revision puts them back.
        for name in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        command.upgrade(config, revision)
        if inspect(connection).has_table("audit"):
            sealing.start(connection, problems, part_of(progress, 500, WHOLE), _who())
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise RuntimeError(f"the upgrade to {revision} would leave broken references: {broken[:3]}")


def _who() -> list[str]:
    """The PC's user who upgrades an office, and the PC: nobody signs in for it, whoever may open it does it."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name
        user = "somebody"
    return [user, platform.node() or "this PC"]


def _is_ours_to_upgrade(connection: Connection, revision: str) -> bool:
    """Wait until nobody writes in an office on a server; False when another PC has upgraded it meanwhile."""
    from sqlalchemy import inspect

    from app.models.serveraddress import WRITERS_LOCK

    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (WRITERS_LOCK,))
    if not inspect(connection).has_table("alembic_version"):
        return True
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() != revision
