"""The copy before an upgrade is encrypted like the office's backups, and restores; how far the upgrade is, is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
import support_databases
from sqlalchemy import text
from support_older import MARK, NAME, OLDER, PASSPHRASE, backups_key, older_file, older_on_server

from app import cli
from app.errors import BackupsLocked, UserError
from app.keystore import FOLDER_VARIABLE, FileKeyStore
from app.models import database, server
from app.models.migrations import LATEST_REVISION
from app.models.upgradecopy import key_name, learn_passphrase
from app.services.backupfiles import read_backup
from app.services.desk import Desk
from app.services.restoring import look_inside, restore
from app.services.serverrestoring import restore_on_server
from app.services.trailseals import sealed_alone
from app.services.verification import verify_trail

FILE = pytest.mark.file_only("the copy of a file; that of a server is below")
DESK = Desk("pat", "manager", "PC 1", date(2026, 1, 2), date(2026, 1, 2))


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileKeyStore]:
    """This PC's key store, which has the key of the backups."""
    folder = tmp_path / "keys"
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    store = FileKeyStore(folder)
    store.put(key_name(MARK), backups_key())
    yield store


def revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as other:
        return str(other.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file() and path.suffix not in (".key",)}


@FILE
def test_with_encrypted_backups_the_copy_before_an_upgrade_is_encrypted_and_restores(tmp_path: Path) -> None:
    path = older_file(tmp_path / "office.db")
    with database.open_existing(path):
        pass
    assert revision(path) == LATEST_REVISION
    name = f"office before the upgrade from {OLDER}.sealed"
    assert names_in(tmp_path) == {"office.db", name}, "nothing readable is left anywhere"
    kept = tmp_path / "backups" / name
    assert NAME.encode() not in kept.read_bytes()[5_000:], "the header alone says whose it is"
    found = read_backup(kept)
    assert (found.kind, found.number, found.office, found.mark, found.revision, found.is_sealed) == (
        ("upgrade", 0, NAME, MARK, OLDER, True)
    )
    done = restore(kept, tmp_path / "again.db", DESK)
    assert revision(done.path) == LATEST_REVISION
    with database.open_existing(done.path) as books, books.read() as session:
        assert session.execute(text("SELECT name FROM office")).scalar() == NAME
    with look_inside(kept, PASSPHRASE) as books, books.read() as session:
        assert session.execute(text("SELECT name FROM office")).scalar() == NAME


@FILE
def test_plain_backups_leave_the_copy_plain(tmp_path: Path) -> None:
    database.open_existing(older_file(tmp_path / "office.db", is_encrypted=False)).close()
    assert names_in(tmp_path) == {"office.db", f"office before the upgrade from {OLDER}.db"}


@FILE
def test_a_pc_without_the_passphrase_upgrades_nothing_until_it_is_typed(
    tmp_path: Path, keys: FileKeyStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys.put(key_name(MARK), None)
    path = older_file(tmp_path / "office.db")
    with pytest.raises(BackupsLocked, match="does not know the passphrase") as locked:
        database.open_existing(path)
    assert revision(path) == OLDER and names_in(tmp_path) == {"office.db"}
    with pytest.raises(UserError, match="not the passphrase"):
        learn_passphrase(locked.value, "another one of them")
    monkeypatch.setenv("COUNTERFOIL_PASSPHRASE", "another one of them")
    assert cli.run(["upgrade", str(path)]) == 2
    assert "not the passphrase" in capsys.readouterr().err and revision(path) == OLDER
    monkeypatch.setenv("COUNTERFOIL_PASSPHRASE", PASSPHRASE)
    assert cli.run(["upgrade", str(path)]) == 0
    assert revision(path) == LATEST_REVISION and keys.get(key_name(MARK)) == backups_key()
    assert f"office before the upgrade from {OLDER}.sealed" in names_in(tmp_path)


@FILE
def test_the_trail_says_who_upgraded_the_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "pat")
    monkeypatch.setattr("platform.node", lambda: "FRONT-DESK")
    with database.open_existing(older_file(tmp_path / "office.db")) as books, books.read() as session:
        (n,) = session.execute(text("SELECT max(n) FROM audit WHERE sealed LIKE '{\"layout%'")).one()
        (told,) = sealed_alone(session, [n])
        assert (told.what, told.actor, told.pc) == ("Upgrade", "pat", "FRONT-DESK")
        assert verify_trail(session) == []


@FILE
def test_an_upgrade_says_how_far_it_is(tmp_path: Path) -> None:
    path = older_file(tmp_path / "office.db")
    told: list[tuple[int, int]] = []
    database.open_existing(path, progress=lambda done, of: told.append((done, of))).close()
    assert {of for _, of in told} == {1_000}
    assert told == sorted(told) and told[0][0] <= 200 and told[-1] == (1_000, 1_000)
    told.clear()
    database.open_existing(path, progress=lambda done, of: told.append((done, of))).close()
    assert told == [], "nothing to upgrade"


@pytest.mark.server_only
@pytest.mark.needs_program("pg_dump", "pg_restore")
@pytest.mark.parametrize("is_encrypted", [True, False])
def test_the_dump_before_an_upgrade_on_a_server_restores_and_is_encrypted_too(tmp_path: Path, is_encrypted: bool) -> None:
    address = older_on_server(is_encrypted=is_encrypted)
    folder = tmp_path / "backups"
    told: list[int] = []
    server.open_existing(address, folder, progress=lambda done, _of: told.append(done)).close()
    assert told == sorted(told) and told[-1] == 1_000
    (kept,) = folder.iterdir()
    assert kept.suffix == (".sealed" if is_encrypted else ".pgdump")
    found = read_backup(kept)
    assert (found.kind, found.number, found.office, found.is_of_server, found.revision) == ("upgrade", 0, NAME, True, OLDER)
    again = support_databases.new_address()
    restore_on_server(kept, again, DESK)
    with server.open_existing(server.server_url(again)) as books, books.read() as session:
        assert session.execute(text("SELECT name FROM office")).scalar() == NAME
        assert session.execute(text("SELECT count(*) FROM action WHERE what = 'restore'")).scalar() == 1
