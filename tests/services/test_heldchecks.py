"""Checks held until their account is known (ADV-6): what is listed, and for how much."""

from __future__ import annotations

from datetime import date

from support_office import Diary

from app.services import checks, deposits, heldchecks, payments
from app.services.checks import CheckForm


def test_held_checks_are_listed_oldest_first_with_what_is_on_no_account_yet() -> None:
    with Diary() as office:
        ann, bob = office.open("Ann Ames"), office.open("Bob Bell")
        batch = office.do(checks.log_mail, 2, 3000)
        first = office.do(checks.log_check, batch, 1000, "7", payer="A. Nobody")
        second = office.do(checks.log_check, batch, 2000, "8")
        office.do(checks.hold_check, second, "no name on it")
        office.do(checks.hold_check, first, "who is this?")
        seen = office.see(heldchecks.held_checks, office.day)
        assert [(row.id, row.number, row.cents, row.payer, row.why) for row in seen] == [
            (first, "7", 1000, "A. Nobody", "who is this?"),
            (second, "8", 2000, "", "no name on it"),
        ]
        assert office.see(heldchecks.held_checks, date(2025, 12, 31)) == []
        office.on(1, 6).do(checks.post_check, CheckForm(ann, 1000, "7", mail_check_id=first))
        assert [row.id for row in office.see(heldchecks.held_checks, office.day)] == [second]
        office.do(checks.post_split_check, CheckForm(ann, 2000, "8", mail_check_id=second), ((ann, 500), (bob, 1500)))
        assert office.see(heldchecks.held_checks, office.day) == []
        office.assert_books_right()


def test_what_is_keyed_wrongly_of_a_deposited_check_is_held_again_for_that_part() -> None:
    with Diary() as office:
        ann, bob = office.open("Ann Ames"), office.open("Bob Bell")
        batch = office.do(checks.log_mail, 1, 2000)
        check = office.do(checks.log_check, batch, 2000, "8")
        office.do(checks.post_split_check, CheckForm(ann, 2000, "8", mail_check_id=check), ((ann, 500), (bob, 1500)))
        office.do(deposits.make_deposit)
        for (payment,) in office.sql("SELECT id FROM payment"):
            office.do(payments.reverse_payment, payment, "not theirs")
        (row,) = office.see(heldchecks.held_checks, office.day)
        assert (row.id, row.cents, row.is_at_bank) == (check, 2000, True)
        office.assert_books_right()
