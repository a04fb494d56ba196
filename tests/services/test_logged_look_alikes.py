"""A check that lies in the mail log unposted stops its own twin as if it had been posted."""

from __future__ import annotations

from support_office import Diary

from app.services import checks


def test_a_check_that_was_only_logged_is_not_one_already_posted() -> None:
    with Diary() as office:
        account = office.open(service_cents=3100)
        batch = office.do(checks.log_mail, 2, 3000)
        first = office.do(checks.log_check, batch, 1500, "7", bank_hash="h1")
        twice = office.do(checks.log_check, batch, 1500, "7", bank_hash="h1")
        office.check(account, 1500, "7", mail_check_id=first)
        office.do(checks.return_to_sender, twice, "logged twice")
