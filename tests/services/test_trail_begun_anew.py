"""An upgrade seals all rows anew, a part at a time; wherever a part ends, the check finds each row where it was sealed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
import support_databases
from sqlalchemy import Connection
from support_office import Diary

from app.models import sealing
from app.models.server import ServerDatabase
from app.services import subscriptions
from app.services.verification import verify_office


@pytest.fixture
def office() -> Diary:
    diary = Diary(date(2026, 1, 2))
    for name in ("Ann Ames", "Bob Boyd", "Cy Cole"):
        account = diary.open(name, 4999)
        for what in ("news", "mailbox"):
            diary.do(subscriptions.add_service, account, what, 500)
    diary.on(2, 1).bill()
    return diary


@contextmanager
def begun(office: Diary) -> Iterator[Connection]:
    """A transaction of whoever upgrades the office: on a server its owner."""
    if not support_databases.on_server():
        with office.books.engine.begin() as connection:
            yield connection
        return
    with ServerDatabase(support_databases.owners_address(office.books)) as books, books.engine.begin() as connection:
        yield connection


@pytest.mark.parametrize("rows_a_part", range(1, 8))
def test_an_invoice_whose_lines_lie_where_a_part_ends_is_as_it_was_sealed(
    office: Diary, monkeypatch: pytest.MonkeyPatch, rows_a_part: int
) -> None:
    assert max(office.sql("SELECT count(*) FROM line GROUP BY invoice_id"))[0] >= 3
    monkeypatch.setattr(sealing, "MOST_ROWS", rows_a_part)
    with begun(office) as connection:
        sealing.start(connection)
    assert verify_office(office.books) == []
