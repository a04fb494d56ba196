"""E-mail addresses that keep the day from being closed."""

from __future__ import annotations

from pathlib import Path

import pytest
from support_office import Diary

from app.errors import UserError
from app.services import accounts, dayclose
from app.services.gateways.mail import FolderMail


@pytest.mark.parametrize("address", ["joe@", "@", "a@b@c.net", "jo,e@example.net", "joe.@example.net", "jöe@example.net"])
def test_an_address_that_no_mail_can_go_to_is_refused_or_listed(tmp_path: Path, address: str) -> None:
    with Diary() as office:
        account = office.open(service_cents=3100)
        try:
            office.do(accounts.change_email, account, address)
        except UserError:
            return
        office.check(account, 1000, "1")
        mail = FolderMail(tmp_path, "Test Office", "office@example.net", office.day)
        office.do(dayclose.close_day, mail)


@pytest.mark.parametrize("address", ["joe", "joe@", "a@b@c.net"])
def test_an_account_opened_with_such_an_address_does_not_keep_the_day_open(tmp_path: Path, address: str) -> None:
    with Diary() as office:
        try:
            account = office.open(service_cents=3100, email=address)
        except UserError:
            return
        office.check(account, 1000, "1")
        mail = FolderMail(tmp_path, "Test Office", "office@example.net", office.day)
        office.do(dayclose.close_day, mail)
