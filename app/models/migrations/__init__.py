"""One history of the schema for both databases (Alembic)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

KNOWN_REVISIONS = ("0001",)
LATEST_REVISION = KNOWN_REVISIONS[-1]


def upgrade(engine: Engine, revision: str = LATEST_REVISION) -> None:
    """Bring the database to `revision`: all steps in one transaction, or none."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
