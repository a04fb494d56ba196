"""A server as people type it: what it answers, each way in which it refuses, and passwords kept or asked."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
from support_locked_server import OWNER, PASSWORD, Keys, LockedServer, key_store, locked_server, write_certificate
from support_office import Diary

from app.errors import NotPermitted, OfficeFileError, ServerPasswordRefused, UserError
from app.models import database, serverlink, serverlook
from app.models.bulk import fetch_value
from app.services.connecting import move_to_server, require_mover
from app.services.desk import Desk
from app.services.serverplaces import (
    CHECKED,
    ENCRYPTED,
    OPEN,
    ServerPlace,
    look_at_server,
    open_by_address,
    open_with_password,
    place_of,
    server_of,
)

pytestmark = pytest.mark.server_only


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedServer]:
    with locked_server(tmp_path_factory.mktemp("server")) as made:
        yield made


@pytest.fixture(autouse=True)
def keys() -> Iterator[Keys]:
    with key_store() as made:
        yield made


@pytest.fixture
def place(locked: LockedServer) -> Iterator[ServerPlace]:
    name = locked.new_database()
    yield ServerPlace("127.0.0.1", name, OWNER, PASSWORD, locked.server.port, CHECKED, str(locked.certificate))
    locked.server.drop(locked.server.url(name))


@pytest.fixture
def office(tmp_path: Path) -> Path:
    path = tmp_path / "office.db"
    with Diary(path=path) as diary:
        diary.check(diary.open("Björn Müller-Strauß", 4995), 4000, "1042")
    return path


def test_the_address_holds_all_that_was_typed_and_reads_back(place: ServerPlace) -> None:
    assert place_of(place.address) == place
    plain = ServerPlace("server", "office", "ann", tls=OPEN)
    assert plain.address == "postgresql://ann@server/office?sslmode=disable"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"host": " "}, "server"),
        ({"database": ""}, "database"),
        ({"user": ""}, "user"),
        ({"certificate": ""}, "certificate"),
        ({"certificate": "nowhere.crt"}, "certificate"),
    ],
)
def test_what_is_missing_is_asked_for_at_its_input(place: ServerPlace, changed: dict[str, str], field: str) -> None:
    with pytest.raises(UserError) as refused:
        _ = replace(place, **changed).address  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_checked_server_answers_with_its_version_and_encryption(place: ServerPlace) -> None:
    found = look_at_server(place.address, for_new=True)
    assert int(found.version.split(".")[0]) >= 13
    assert found.encryption.startswith("TLSv1.") and found.is_empty and not found.is_office
    assert PASSWORD not in found.address
    plain = look_at_server(replace(place, tls=OPEN).address, for_new=True)
    assert plain.encryption == ""


def test_a_server_that_shows_another_certificate_is_not_trusted(place: ServerPlace, tmp_path: Path) -> None:
    write_certificate(tmp_path / "other.crt", tmp_path / "other.key")
    with pytest.raises(OfficeFileError, match="certificate does not fit"):
        look_at_server(replace(place, certificate=str(tmp_path / "other.crt")).address, for_new=True)
    assert look_at_server(replace(place, tls=ENCRYPTED).address, for_new=True).encryption


@pytest.mark.parametrize("user, password", [(OWNER, "wrong"), (OWNER, ""), ("nobody_knows", "x")])
def test_a_wrong_password_or_name_is_said_so(place: ServerPlace, user: str, password: str) -> None:
    with pytest.raises(ServerPasswordRefused, match="refuses this user name or password") as refused:
        look_at_server(replace(place, user=user, password=password).address, for_new=True)
    assert "wrong" not in refused.value.message


def test_each_other_refusal_is_a_sentence_with_a_way_out(
    locked: LockedServer, place: ServerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = unused.getsockname()[1]
    for changed, for_new, words in (
        ({"port": nobody, "tls": OPEN}, True, "cannot be reached"),
        ({"host": "no-such-server.invalid"}, True, "No server called no-such-server.invalid"),
        ({"database": "nothing_here"}, True, "no such database"),
        ({"user": "stranger", "password": "x"}, True, "pg_hba.conf"),
        ({"user": "weak", "password": "weak"}, True, "may not make tables"),
        ({}, False, "holds no office of Counterfoil"),
    ):
        with pytest.raises(OfficeFileError, match=words):
            look_at_server(replace(place, **changed).address, for_new=for_new)  # type: ignore[arg-type]
    with psycopg.connect(locked.server.url(place.database), autocommit=True) as connection:
        connection.execute("CREATE TABLE something (n int)")
    with pytest.raises(OfficeFileError, match="is not empty"):
        look_at_server(place.address, for_new=True)
    monkeypatch.setattr(serverlook, "OLDEST_MAJOR", 99)
    with pytest.raises(OfficeFileError, match="needs 99 or newer"):
        look_at_server(place.address, for_new=True)


def test_a_database_with_another_encoding_is_refused(locked: LockedServer, place: ServerPlace) -> None:
    locked.server.sql(f"CREATE DATABASE latin_office OWNER {OWNER} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(OfficeFileError, match="LATIN1"):
        look_at_server(replace(place, database="latin_office").address, for_new=True)
    locked.server.drop(locked.server.url("latin_office"))


def test_an_office_moved_with_a_role_of_its_own_is_opened_as_that_role_with_its_password(
    office: Path, place: ServerPlace, locked: LockedServer, keys: Keys
) -> None:
    moved = move_to_server(office, place.address, program_role="counterfoil_office", program_password="of the PCs")
    assert (moved.accounts, moved.balance_cents, moved.made) == (1, 5990, "")
    assert "key store" in moved.password and list(keys.kept.values()) == ["of the PCs"]
    assert PASSWORD not in moved.link.read_text(encoding="utf-8")
    with database.open_existing(moved.link) as books, books.read() as session:
        assert fetch_value(session, "SELECT current_user") == "counterfoil_office"
        assert fetch_value(session, "SELECT count(*) FROM account") == 1
    (kept,) = locked.server.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'counterfoil_office'")
    assert str(kept[0]).startswith("SCRAM-SHA-256$")
    locked.server.drop(locked.server.url(place.database))
    locked.server.sql("DROP ROLE counterfoil_office")
    locked.server.sql(f"CREATE DATABASE {place.database}")


def test_another_pc_opens_it_by_what_is_typed_and_then_by_its_link(
    office: Path, place: ServerPlace, tmp_path: Path, keys: Keys
) -> None:
    move_to_server(office, place.address)
    keys.kept.clear()
    os.environ.pop("COUNTERFOIL_SERVER_PASSWORDS")
    books, link, said = open_by_address(place.address, tmp_path / "papers", keeps_password=True)
    books.close()
    assert link == tmp_path / "papers" / f"{place.database}.server" and "key store" in said
    assert server_of(link) == f"postgresql://{OWNER}@127.0.0.1:{place.port}/{place.database}"
    os.environ.pop("COUNTERFOIL_SERVER_PASSWORDS")
    database.open_existing(link).close()


def test_a_password_that_is_not_kept_holds_until_the_program_ends_and_is_asked_then(
    office: Path, place: ServerPlace, tmp_path: Path, keys: Keys
) -> None:
    move_to_server(office, place.address)
    keys.kept.clear()
    books, link, said = open_by_address(place.address, tmp_path, keeps_password=False)
    books.close()
    assert said == "" and keys.kept == {}
    database.open_existing(link).close()
    os.environ.pop("COUNTERFOIL_SERVER_PASSWORDS")
    with pytest.raises(ServerPasswordRefused):
        database.open_existing(link)
    with pytest.raises(ServerPasswordRefused):
        open_with_password(link, "wrong", keeps_password=True)
    assert keys.kept == {}
    open_with_password(link, PASSWORD, keeps_password=True).close()
    os.environ.pop("COUNTERFOIL_SERVER_PASSWORDS")
    assert serverlink.read_link(link).password == PASSWORD


def test_no_link_is_left_by_an_address_that_leads_nowhere(place: ServerPlace, tmp_path: Path) -> None:
    with pytest.raises(OfficeFileError, match="holds no office"):
        open_by_address(place.address, tmp_path, keeps_password=True)
    assert list(tmp_path.glob("*.server")) == []


def test_only_an_administrator_moves_an_office_in_which_people_sign_in() -> None:
    day = date(2026, 1, 2)
    require_mover(Desk("pat", "manager", "PC 1", day, day))
    require_mover(Desk("Ada", "administrator", "PC 1", day, day, person=1))
    with pytest.raises(NotPermitted, match="needs an administrator"):
        require_mover(Desk("Max", "manager", "PC 1", day, day, person=2))
