"""A later revision cannot rebuild a table that others refer to: foreign keys are on while it upgrades."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from app.models import database, migrations
from app.services import accounts, office, subscriptions
from app.services.desk import Desk

NEXT = """
import sqlalchemy as sa
from alembic import op
from app.models import searchindex, triggers
revision, down_revision = "next", "{latest}"

def upgrade():
    searchindex.remove(op.get_bind())
    with op.batch_alter_table("{table}", recreate="always") as table:
        table.add_column(sa.Column("motto", sa.Text(), nullable=False, server_default=""))
    triggers.install(op.get_bind())
    searchindex.install(op.get_bind())
"""


@pytest.mark.parametrize("table", ["account", "entry", "invoice", "action"])
def test_a_table_that_others_refer_to_can_be_rebuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    on, path, latest = date(2026, 1, 10), tmp_path / "office.db", migrations.LATEST_REVISION
    desk = Desk("pat", "manager", "PC 1", on, on)
    with database.create(path) as books, books.write() as session:
        office.set_up(session, office.OfficeForm("Test Office", ()), on)
        account = accounts.open_account(session, desk, accounts.AccountForm("Ann Ames"))
        subscriptions.add_service(session, desk, account, "net", 4995)
    folder = shutil.copytree(Path(migrations.__file__).parent, tmp_path / "migrations")
    (folder / "versions" / "next_step.py").write_text(NEXT.format(latest=latest, table=table), encoding="utf-8")
    monkeypatch.setattr(migrations, "__file__", str(folder / "__init__.py"))
    monkeypatch.setattr(migrations.upgrade, "__defaults__", ("next", *(migrations.upgrade.__defaults__ or ())[1:]))
    monkeypatch.setattr(database, "KNOWN_REVISIONS", (*migrations.KNOWN_REVISIONS, "next"))
    monkeypatch.setattr(database, "LATEST_REVISION", "next")
    database.open_existing(path).close()
