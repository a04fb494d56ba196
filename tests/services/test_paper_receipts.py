"""Receipts that cannot go by e-mail are worked off: an address is recorded, or they are handed over (ADV-7)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from support_office import Diary

from app.errors import UserError
from app.services import accounts, dayclose, exceptions, paperreceipts, payments, receipts, waiting
from app.services.gateways.mail import NoMail


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def listed(office: Diary) -> list[tuple[str, int]]:
    return [(row.name, row.cents) for row in office.see(paperreceipts.missing_receipts, office.day)]


def test_a_payment_is_listed_once_its_day_is_closed_and_no_address_is_known(office: Diary) -> None:
    ann, bob = office.open("Ann Ames"), office.open("Bob Bell", email="bob@example.net")
    office.check(ann, 1000, "1")
    office.check(bob, 2000, "2")
    assert listed(office) == []
    office.do(dayclose.close_day, NoMail())
    (row,) = office.see(paperreceipts.missing_receipts, office.day)
    assert (row.name, row.on, row.how, row.cents) == ("Ann Ames", office.day, "check 1", 1000)


def test_a_receipt_handed_over_is_the_payments_one_receipt(office: Diary) -> None:
    ann = office.open("Ann Ames")
    first, second = office.check(ann, 1000, "1"), office.check(ann, 500, "2")
    office.do(dayclose.close_day, NoMail())
    assert office.do(paperreceipts.hand_over, [first]) == 1  # on the closed day too, as by e-mail
    assert listed(office) == [("Ann Ames", 500)]
    assert office.see(exceptions.open_codes, ann) == ["no-receipt-address"]
    office.on(1, 6).do(paperreceipts.hand_over, [second])
    assert listed(office) == [] and office.see(exceptions.open_codes, ann) == []
    assert office.sql("SELECT payment_id, address FROM receipt ORDER BY 1") == [(first, "by hand"), (second, "by hand")]
    office.do(accounts.change_email, ann, "ann@example.net")
    assert office.do(receipts.send_receipts, NoMail()) == receipts.ReceiptsResult(0, 0)


def test_what_has_its_receipt_or_waits_for_none_is_refused_and_nothing_is_written(office: Diary) -> None:
    ann = office.open("Ann Ames")
    first, mistake = office.check(ann, 1000, "1"), office.check(ann, 500, "2")
    office.do(dayclose.close_day, NoMail())
    office.on(1, 6).do(payments.reverse_payment, mistake, "keyed to the wrong account")
    assert listed(office) == [("Ann Ames", 1000)]
    for ids, said in (
        ([], "Mark the receipts"),
        ([first, mistake], "look at the list again"),
        ([999], "look at the list again"),
    ):
        with pytest.raises(UserError, match=said):
            office.do(paperreceipts.hand_over, ids)
    assert office.sql("SELECT * FROM receipt") == []
    office.do(paperreceipts.hand_over, [first])
    with pytest.raises(UserError, match="look at the list again"):
        office.do(paperreceipts.hand_over, [first])
    assert office.see(exceptions.open_codes, ann) == []


def test_a_recorded_address_takes_the_account_off_the_list(office: Diary) -> None:
    ann = office.open("Ann Ames")
    office.check(ann, 1000, "1")
    office.do(dayclose.close_day, NoMail())
    office.on(1, 6).do(accounts.change_email, ann, "ann@example.net")
    assert listed(office) == []


def test_the_paper_has_a_letter_for_each_customer_with_each_payment(office: Diary, tmp_path: Path) -> None:
    ann = office.open("Ann Ames", address=("9 New Rd", "Custer SD 57730"))
    bob = office.open("Bob Bell")
    for account, cents, number in ((ann, 1000, "11"), (bob, 2000, "12"), (ann, 555, "13")):
        office.check(account, cents, number)
    office.do(dayclose.close_day, NoMail())
    rows = office.see(paperreceipts.missing_receipts, office.day)
    path = office.see(paperreceipts.print_receipts, rows, tmp_path, office.day)
    document = pypdfium2.PdfDocument(path)
    texts = [page.get_textpage().get_text_range() for page in document]
    document.close()
    assert len(texts) == 2
    for words in ("Ann Ames", "9 New Rd", "Custer SD 57730", "check 11", "10.00", "check 13", "5.55", "15.55"):
        assert words in texts[0], words
    assert "Bob Bell" in texts[1] and "20.00" in texts[1] and "check 11" not in texts[1]
    assert [found.name for found in path.parent.iterdir()] == [path.name]
    with pytest.raises(UserError, match="Mark the receipts to print"):
        office.see(paperreceipts.print_receipts, [], tmp_path, office.day)


def test_an_account_whose_only_payment_was_a_mistake_waits_for_nothing_on_today(office: Diary) -> None:
    ann = office.open("Ann Ames")
    mistake = office.check(ann, 500, "2")
    office.do(dayclose.close_day, NoMail())
    (row,) = [row for row in office.see(waiting.what_waits, office.day) if row.key == "no-receipt-address"]
    assert (row.page, row.how_many, row.cents, row.since) == ("receipts", 1, 500, office.day)
    office.on(1, 6).do(payments.reverse_payment, mistake, "keyed to the wrong account")
    assert listed(office) == []
    assert [row.key for row in office.see(waiting.what_waits, office.day) if row.key == "no-receipt-address"] == []
