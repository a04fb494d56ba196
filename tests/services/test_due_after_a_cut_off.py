"""A month billed late and cut off before auto-pay: calling "everything due" again closes the day without asking."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.models import database
from app.services import accounts, office, subscriptions
from app.services.desk import Desk
from app.services.duetoday import do_everything_due
from app.services.gateways.autopay import DeclineListGateway, Outcome
from app.services.gateways.mail import NoMail


class LineDown(DeclineListGateway):
    def charge(self, **_known: object) -> Outcome:  # type: ignore[override]
        raise ConnectionError("the processor cannot be reached")


def test_everything_due_made_again_after_a_cut_off_asks_auto_pay(tmp_path: Path) -> None:
    opened, on = date(2026, 1, 10), date(2026, 2, 2)
    with database.create(tmp_path / "office.db") as books:
        with books.write() as session:
            desk = Desk("pat", "manager", "PC 1", opened, opened)
            office.set_up(session, office.OfficeForm("Test Office", ()), opened)
            account = accounts.open_account(session, desk, accounts.AccountForm("Ann Ames", autopay="card"))
            subscriptions.add_service(session, desk, account, "net", 4995)
        desk = Desk("pat", "manager", "PC 1", on, on)
        with pytest.raises(ConnectionError):
            do_everything_due(books, desk, LineDown(), NoMail())
        done = do_everything_due(books, desk, DeclineListGateway(), NoMail())
    assert done.autopay is not None and done.autopay.approved == 1
