"""An office on a server in trouble: what the person is told, that nothing is half done, and that work goes on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
import pytest
import support_databases
from postgres_server import programs, running
from support_office import Diary

from app import networkdrives
from app.errors import OfficeFileError, UserError
from app.models import database, sealing, server
from app.models.bulk import execute, fetch, fetch_one, fetch_value
from app.models.serversql import to_server
from app.services import billing, notes, verification
from app.services.desk import Desk
from app.services.office import OfficeForm, set_up

DAY = date(2026, 2, 1)
DESK = Desk("pat", "manager", "PC 1", DAY, DAY)


@pytest.mark.server_only
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE posting SET cents = 1",
        "DELETE FROM entry",
        "TRUNCATE action CASCADE",
        "UPDATE invoice SET total_cents = 1",
        "DELETE FROM account",
    ],
)
def test_another_program_cannot_rewrite_the_books(change: str) -> None:
    with Diary(date(2026, 1, 1)) as diary:
        diary.open("Ann Ames", 4995)
        diary.on(2, 1).bill()
        owner = support_databases.owners_address(diary.books)
        address = owner.set(drivername="postgresql").render_as_string(hide_password=False)
        with (
            psycopg.connect(address) as other,
            pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="counterfoil"),
        ):
            other.execute(change.encode())
        with diary.books.read() as session:
            assert verification.verify_books(session) == []


@pytest.mark.server_only
def test_a_change_by_hand_in_the_middle_of_somebodys_action_is_not_sealed_as_theirs() -> None:
    with Diary(date(2026, 1, 1)) as diary:
        account, changed = diary.open("Ann Ames", 4995), diary.open("Bea Bell", 4995)
        address = diary.books.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as other, diary.books.write() as session:
            notes.add_note(session, diary.desk, account, "called")
            with sealing.savepoint(session):
                execute(session, "UPDATE account SET phone = '605-555-0123' WHERE id = ?", changed)
            other.execute("UPDATE account SET name = 'Mallory' WHERE id = %s", (account,))
        with diary.books.read() as session:
            assert [row for row in verification.verify_trail(session) if "by hand" in row], "it is found"
            sealed = fetch(session, "SELECT before FROM audit_change WHERE n IS NOT NULL AND table_name = 'account'")
        assert not any("Ann" in row.before for row in sealed)
        assert any("phone" in row.before for row in sealed), "one's own, in a savepoint, is sealed"


@pytest.mark.server_only
def test_a_server_that_goes_away_is_said_so_and_found_again_when_it_is_back() -> None:
    folder = programs()
    assert folder is not None
    with running() as machine:
        address = server.server_url(machine.new_database())
        with server.create(address) as books:
            with books.write() as session:
                set_up(session, OfficeForm("Office", ("1 Main St", "Custer")), date(2026, 1, 1))
            with pytest.raises(OfficeFileError, match="nothing was saved"), books.write() as session:
                execute(session, "UPDATE office SET phone = '1'")
                machine.stop_at_once()
                execute(session, "UPDATE office SET phone = '2'")
            with pytest.raises(OfficeFileError, match="cannot be reached"), books.read() as session:
                fetch(session, "SELECT 1")
            machine.start()
            with books.read() as session:
                assert fetch_value(session, "SELECT phone FROM office") == "", "nothing half done"
            assert billing.run_billing(books, DESK).invoices == 0


@pytest.mark.server_only
def test_somebody_elses_long_work_is_told_as_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    address = server.server_url(support_databases.new_address())
    server.create(address).close()
    monkeypatch.setitem(server._SETTINGS, "lock_timeout", "200ms")
    with server.open_existing(address) as one, server.open_existing(address) as other, one.write() as session:
        fetch_value(session, "SELECT 1")
        with pytest.raises(OfficeFileError, match="busy with a longer piece of work at another PC"), other.write():
            pass
        with other.read() as reading:
            assert fetch_value(reading, "SELECT count(*) FROM account") == 0, "readers never wait"


@pytest.mark.server_only
def test_an_office_of_a_newer_program_is_refused_unchanged() -> None:
    text = support_databases.new_address()
    server.create(server.server_url(text)).close()
    with psycopg.connect(text) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(OfficeFileError, match="newer Counterfoil"):
        database.open_office(text)


@pytest.mark.server_only
def test_what_the_server_refuses_at_the_door_is_a_sentence() -> None:
    machine = support_databases.the_server()
    with pytest.raises(OfficeFileError, match="no such database"):
        database.open_office(machine.url("nowhere"))
    with pytest.raises(OfficeFileError, match="cannot be reached"):
        database.open_office("postgresql://office@127.0.0.1:1/office")


@pytest.mark.server_only
def test_values_come_as_from_a_file() -> None:
    with Diary(date(2026, 1, 1)) as diary:
        diary.open("Ann Ames", 4995)
        diary.on(2, 1).bill()
        with diary.books.read() as session:
            row = fetch_one(
                session,
                "SELECT a.opened_on, a.managed, (SELECT sum(cents) FROM posting) AS cents, a.name IS ? AS same, "
                "a.closed_on IS NULL AS open, a.opened_on <= ? AS old FROM account a "
                "WHERE name COLLATE NOCASE = ? COLLATE NOCASE",
                "Ann Ames",
                DAY,
                "ANN AMES",
            )
    assert row == ("2026-01-01", 0, 3 * 4995, 1, 1, 1)


@pytest.mark.server_only
def test_a_text_that_no_database_keeps_is_refused_in_words() -> None:
    diary = Diary(date(2026, 1, 1))
    with diary, pytest.raises(UserError, match="character that cannot be kept"), diary.books.write() as session:
        execute(session, "UPDATE office SET phone = ?", "605\x00")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("SELECT '100%?' WHERE a = ? AND b LIKE '50%'", "SELECT '100%%?' WHERE a = %s AND b LIKE '50%%'"),
        ("a IS ? OR b IS NOT c.d OR e IS NULL", "a IS NOT DISTINCT FROM %s OR b IS DISTINCT FROM c.d OR e IS NULL"),
        ("n >= ?1 AND n < ?2", "n >= %(n1)s AND n < %(n2)s"),
        ("x = :on AND y = 'a:b'", "x = %(on)s AND y = 'a:b'"),
        ("a.name COLLATE NOCASE = ? COLLATE NOCASE", "lower(a.name) = lower(%s)"),
        ("SELECT 1 FROM (SELECT ')' FROM t) WHERE 1 = 1", "SELECT 1 FROM (SELECT ')' FROM t) AS table0 WHERE 1 = 1"),
        ("FROM a CROSS JOIN b c ON c.id = a.id", "FROM a JOIN b c ON c.id = a.id"),
    ],
)
def test_a_statement_is_told_to_the_server_in_its_words(written: str, sent: str) -> None:
    assert to_server(written) == sent


MOUNTS = "/dev/sda1 / ext4 rw 0 0\nserver:/x /mnt/the\\040office nfs4 rw 0 0\n//pc/y /media/y cifs rw 0 0\n"


@pytest.mark.parametrize(
    ("path", "kind"), [("/home/ann/office.db", "ext4"), ("/mnt/the office/office.db", "nfs4"), ("/media/y/a/b.db", "cifs")]
)
def test_the_file_system_of_a_path_is_that_of_the_nearest_mount(path: str, kind: str) -> None:
    assert networkdrives.file_system_of(Path(path), MOUNTS) == kind


@pytest.mark.parametrize(
    ("name", "is_share"),
    [
        (r"\\server\books\office.db", True),
        ("//server/books/office.db", True),
        (r"\\?\UNC\server\books\office.db", True),
        (r"\\?\C:\books\office.db", False),
        (r"C:\books\office.db", False),
    ],
)
def test_a_windows_name_of_a_share_is_known(name: str, is_share: bool) -> None:
    assert networkdrives.is_unc(name) is is_share


def test_an_office_on_a_network_drive_is_neither_made_nor_opened_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "office.db"
    database.create(path).close()
    monkeypatch.setattr(database, "is_on_share", lambda _path: True)
    with pytest.raises(OfficeFileError, match="PostgreSQL server"):
        database.open_existing(path)
    with pytest.raises(OfficeFileError, match="network drive"):
        database.create(tmp_path / "new.db")
