"""A server that goes away in the middle of a run, and comes back: a sentence, and the run made again ends as it should."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from postgres_server import Server, name_of, running
from support_office import FORM, NEW_YEAR, Diary
from test_random_histories import HOW

from app.errors import OfficeFileError
from app.models import server
from app.models.serverdriver import ServerDriver
from app.services import autopay, billing, dayclose, office, verification
from app.services.gateways.autopay import DeclineListGateway, Outcome
from app.services.gateways.mail import NoMail

pytestmark = pytest.mark.server_only
AWAY = r"cannot be reached|was stopped"


class OwnOffice(Diary):
    """An office on a server of its own, which can be stopped without disturbing other tests."""

    def __init__(self, address: str) -> None:
        self.books = server.open_existing(server.server_url(address))
        self._watch_use()
        self.day, self.today, self.role = NEW_YEAR, None, "manager"


@pytest.fixture(scope="module")
def machine() -> Iterator[Server]:
    with running() as found:
        yield found


@pytest.fixture(scope="module")
def made(machine: Server) -> str:
    """The database of an office of twelve homes, some of which pay by card."""
    address = machine.new_database()
    server.create(server.server_url(address)).close()
    with OwnOffice(address) as diary:
        with diary.books.write() as session:
            office.set_up(session, FORM, NEW_YEAR)
        for n in range(12):
            diary.open(f"Home {n}", 1000 + n, autopay="card" if n % 2 else "none", method_label="Visa 4242" if n % 2 else "")
        diary.on(1, 5).check(1, 9000, "1")
    return name_of(address)


Two = tuple[OwnOffice, OwnOffice]


@pytest.fixture
def two(machine: Server, made: str) -> Iterator[Two]:
    """An office whose work is cut off, and the same office in which it is not."""
    with OwnOffice(machine.new_database(made)) as cut_off, OwnOffice(machine.new_database(made)) as straight:
        yield cut_off, straight


def assert_alike(cut_off: Diary, straight: Diary) -> None:
    assert cut_off.dump(("action", "run"), HOW) == straight.dump(("action", "run"), HOW)
    assert verification.verify_office(cut_off.books) == []


@contextmanager
def stopping_at(machine: Server, statement: str) -> Iterator[None]:
    """The server loses its power before the first statement that begins so."""
    original: Callable[..., Any] = ServerDriver.execute
    is_up = True

    def execute(self: ServerDriver, sql: str, *values: Any) -> Any:
        nonlocal is_up
        if is_up and sql.startswith(statement):
            is_up = False
            machine.stop_at_once()
        return original(self, sql, *values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ServerDriver, "execute", execute)
        yield
    assert not is_up, "nothing was cut off"


def test_a_billing_run_goes_on_where_it_was_when_the_server_is_back(
    machine: Server, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(billing, "CHUNK", 3)
    cut_off, straight = two
    whole = straight.on(2, 1).bill()

    def stop_after(done: int, _of: int) -> None:
        if done == 6:
            machine.stop_at_once()

    with pytest.raises(OfficeFileError, match=AWAY):
        billing.run_billing(cut_off.on(2, 1).books, cut_off.desk, stop_after)
    with pytest.raises(OfficeFileError, match=AWAY):
        cut_off.bill()
    machine.start()
    assert cut_off.sql("SELECT count(*) FROM account WHERE cycle_done = '2026-02-01'") == [(6,)]
    resumed = cut_off.bill()
    assert (resumed.invoices, resumed.cents) == (whole.invoices, whole.cents)
    assert_alike(cut_off, straight)


class LosesPower(DeclineListGateway):
    """Charges, and before the third answer is written down the office's server is gone."""

    def __init__(self, machine: Server) -> None:
        super().__init__()
        self.machine, self.asked = machine, list[str]()

    def charge(self, *, attempt_key: str, account_number: str, method: str, label: str, cents: int) -> Outcome:
        self.asked.append(attempt_key)
        if len(self.asked) == 3:
            self.machine.stop_at_once()
        return Outcome(True, attempt_key)


def test_an_auto_pay_run_asks_again_under_the_same_name_and_charges_once(machine: Server, two: Two) -> None:
    cut_off, straight = two
    gateway = LosesPower(machine)
    for diary in two:
        diary.on(2, 1).bill()
    autopay.run_autopay(straight.books, straight.desk, DeclineListGateway())
    with pytest.raises(OfficeFileError, match=AWAY):
        autopay.run_autopay(cut_off.books, cut_off.desk, gateway)
    machine.start()
    autopay.run_autopay(cut_off.books, cut_off.desk, gateway)
    # The third was asked twice, with one name, by which a processor knows that it is the same charge.
    assert len(gateway.asked) == len(set(gateway.asked)) + 1 and gateway.asked[2] == gateway.asked[3]
    assert cut_off.sql("SELECT count(*) FROM payment WHERE kind = 'card'") == [(6,)]
    assert_alike(cut_off, straight)


def test_a_day_close_is_done_whole_or_not_at_all(machine: Server, two: Two) -> None:
    cut_off, straight = two
    straight.do(dayclose.close_day, NoMail())
    for statement in ("INSERT INTO action", "UPDATE office", "UPDATE audit_head"):
        with stopping_at(machine, statement), pytest.raises(OfficeFileError, match=AWAY):
            cut_off.do(dayclose.close_day, NoMail())
        machine.start()
        assert cut_off.sql("SELECT closed_through FROM office") == [(None,)]
    cut_off.do(dayclose.close_day, NoMail())
    assert_alike(cut_off, straight)
