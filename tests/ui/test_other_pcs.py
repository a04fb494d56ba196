"""Two programs on one server: what one changes, the other shows, and nobody is told of their own changes."""

from __future__ import annotations

from datetime import date

import pytest
import support_databases
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.models import server
from app.services.accounts import AccountForm, open_account
from app.services.desk import Desk
from app.services.notes import add_note
from app.services.office import OfficeForm, set_up
from app.views.tasks import Tasks

DAY = date(2026, 1, 2)
DESK = Desk("pat", "manager", "PC 2", DAY, DAY)


@pytest.mark.server_only
def test_what_another_pc_changes_is_announced_within_two_seconds_and_ones_own_change_once(qtbot: QtBot) -> None:
    address = server.server_url(support_databases.new_address())
    other = server.create(address)
    with other.write() as session:
        set_up(session, OfficeForm("Office", ("1 Main St", "Custer")), DAY)
        account = open_account(session, DESK, AccountForm("Ann Ames", address=("5 Elm St", "Custer")))
    tasks, owner, seen = Tasks(), QObject(), list[object]()
    tasks.books = server.open_existing(address)
    tasks.books_changed.connect(seen.append)
    assert tasks.books.changes_by_others() is None, "nobody listened until now"
    with other.write({account}) as session:
        add_note(session, DESK, account, "called")
    qtbot.waitUntil(lambda: seen == [frozenset({account})], timeout=2_000)
    seen.clear()
    tasks.write(
        lambda session: add_note(session, DESK, account, "again"), lambda _done: None, owner=owner, accounts=[account]
    )
    qtbot.waitUntil(lambda: seen == [frozenset({account})], timeout=5_000)
    assert tasks.books.changes_by_others() == frozenset(), "its own change is none of others"
    tasks.close()
    other.close()
