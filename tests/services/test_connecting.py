"""An office moves from its file to a server: every row and figure, all or nothing, and goes on there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import support_databases
from support_office import Diary, imported

from app import cli
from app.errors import Cancelled, NotPermitted, OfficeFileError, UserError
from app.models import database, server, serverlink
from app.models.bulk import fetch, fetch_value
from app.services import billing, checks, dayclose, search, verification
from app.services.connecting import link_to, move_to_server
from app.services.desk import Desk
from app.services.gateways.mail import NoMail
from app.views.settings import Settings

pytestmark = pytest.mark.server_only
DAY = date(2026, 11, 3)
DESK = Desk("pat", "manager", "PC 2", DAY, DAY)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """An office with payments, a returned check, a billed month and a closed day, in a file."""
    path = tmp_path / "office.db"
    with Diary(path=path) as diary:
        first = diary.open("Björn Müller-Strauß", 4995, phone="605-555-0142")
        second = diary.open("Kathleen O'Brien", 12000)
        imported(diary)
        diary.on(2, 1).bill()
        diary.on(2, 3).check(first, 4995, "1042")
        diary.check(second, 20000, "77-B")
        diary.do(dayclose.close_day, NoMail())
    return path


@pytest.fixture
def address() -> Iterator[str]:
    yield support_databases.new_address()


def test_every_row_and_figure_is_on_the_server_and_the_file_is_as_it_was(office: Path, address: str) -> None:
    before = office.read_bytes()
    moved = move_to_server(office, address)
    assert office.read_bytes() == before
    here, there = database.open_existing(office), database.open_existing(moved.link)
    with here, there, here.read() as old, there.read() as new:
        for table, rows in moved.tables:
            assert fetch_value(new, f"SELECT count(*) FROM {table}") == rows
            assert fetch_value(old, f"SELECT count(*) FROM {table}") == rows
        assert verification.verify_books(new) == []
        assert [hit.title for hit in search.find(new, "muller")] == ["Björn Müller-Strauß"]
        assert [hit.title for hit in search.find(new, "77-b")][:1] == ["Check 77-B for 200.00"]
    assert moved.rows > 60


def test_who_moved_it_stands_in_the_trail_there_and_a_clerk_moves_nothing(office: Path, address: str) -> None:
    clerk = Desk("carl", "clerk", "PC 2", date(2026, 3, 1), date(2026, 3, 1))
    with pytest.raises(NotPermitted, match="needs a manager"):
        move_to_server(office, address, desk=clerk)
    moved = move_to_server(office, address, desk=replace(clerk, actor="pat", role="manager"))
    with database.open_existing(moved.link) as books, books.read() as session:
        (last,) = fetch(session, "SELECT what, actor, pc, reason FROM action ORDER BY id DESC LIMIT 1")
        assert tuple(last) == ("move-office", "pat", "PC 2", f"from the file {office.name}")
        assert verification.verify_trail(session) == [] == verification.verify_books(session)
    with database.open_existing(office) as books, books.read() as session:
        assert fetch_value(session, "SELECT count(*) FROM action WHERE what = 'move-office'") == 0


def test_work_goes_on_there_and_a_closed_day_stays_closed(office: Path, address: str) -> None:
    moved = move_to_server(office, address)
    with database.open_existing(moved.link) as books:
        totals = billing.run_billing(books, Desk("pat", "manager", "PC 2", date(2026, 3, 1), date(2026, 3, 1)))
        assert totals.invoices >= 2
        with books.read() as session:
            assert verification.verify_books(session) == []
        closed = Desk("pat", "manager", "PC 2", date(2026, 2, 3), date(2026, 3, 1))
        with pytest.raises(UserError, match="closed"), books.write() as session:
            checks.post_check(session, closed, checks.CheckForm(1, 100, "9"))


def test_stopped_in_the_middle_the_server_is_as_empty_as_before(office: Path, address: str) -> None:
    steps: list[int] = []

    def stop() -> bool:
        steps.append(1)
        return len(steps) > 20

    with pytest.raises(Cancelled):
        move_to_server(office, address, cancelled=stop)
    assert not office.with_suffix(".server").exists()
    assert move_to_server(office, address).rows > 60


def test_a_database_that_holds_something_is_refused(office: Path, address: str) -> None:
    move_to_server(office, address)
    with pytest.raises(OfficeFileError, match="is not empty"):
        move_to_server(office, address)


def test_the_link_names_the_server_and_never_the_password(tmp_path: Path) -> None:
    link = tmp_path / "office.server"
    url = server.server_url("postgresql://ann:s3cret@server.example/office?sslmode=verify-full")
    serverlink.write_link(link, url)
    assert "s3cret" not in link.read_text(encoding="utf-8")
    assert "sslmode=verify-full" in link.read_text(encoding="utf-8")
    assert serverlink.read_link(link).host == "server.example"


def test_another_pc_joins_by_the_address_alone(office: Path, address: str, tmp_path: Path) -> None:
    move_to_server(office, address)
    with database.open_existing(link_to(address, tmp_path / "papers")) as books, books.read() as session:
        assert fetch_value(session, "SELECT count(*) FROM account") == 3


@pytest.mark.parametrize("words", ["nonsense", "mysql://x/y", "postgresql://server"])
def test_what_is_no_address_is_said_so(words: str) -> None:
    with pytest.raises(OfficeFileError, match="looks like postgresql://"):
        server.server_url(words)


def test_an_empty_database_is_no_office_yet(address: str) -> None:
    with pytest.raises(OfficeFileError, match="no office of Counterfoil yet"):
        database.open_office(address)


def test_the_command_moves_the_office_and_this_pc_opens_it_there_from_then_on(
    office: Path, address: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("app.views.settings.QStandardPaths.writableLocation", lambda _which: str(tmp_path / "settings"))
    assert cli.run(["connect", address, "--office", str(office)]) == 0
    assert "every figure agrees" in capsys.readouterr().out
    assert Settings().last_office == office.with_suffix(".server")
    assert cli.run(["check", "--office", str(office.with_suffix(".server"))]) == 0
