"""A payment that came back: found, looked at before it is confirmed, recorded in one transaction, told in a letter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pypdfium2
import pytest
from support_members import both_books, sign_up
from support_office import Diary

from app.errors import NotPermitted, UserError
from app.services import (
    autopay,
    autopayanswers,
    collections,
    members,
    payments,
    returneditems,
    returnedletter,
    returnedoutlook,
    subscriptions,
)
from app.services.gateways.autopay import DeclineListGateway
from app.services.policies.dishonored import Cost, names_to_waive
from app.services.policies.facts import InstalmentFacts
from app.services.returneditems import ReturnedItem, find_items, record
from app.services.returnedoutlook import ReturnedOutlook


@pytest.fixture
def office() -> Iterator[Diary]:
    with both_books() as diary:
        yield diary


def home_that_paid(office: Diary, cents: int = 9800) -> tuple[int, int]:
    """A home started on Jan 1 for 49.00 a month (98.00 due Jan 31), paid by check 1042 on Jan 5."""
    home = office.on(1, 1).open("Ann Ames", 4900)
    return home, office.on(1, 5).check(home, cents, "1042")


def member_that_paid(office: Diary, **form: object) -> tuple[int, int]:
    """A member whose processing fee of 60.00 was paid on Jan 6 by auto-pay."""
    member = sign_up(office.on(1, 1), **{"autopay": "bank-draft", **form})
    office.on(1, 2).do(members.record_work_performed, member)
    office.on(1, 6).bill()
    autopay.run_autopay(office.books, office.desk, DeclineListGateway([]))
    ((payment_id,),) = office.sql("SELECT id FROM payment WHERE account_id = ?", member)
    return member, payment_id


def look(office: Diary, form: ReturnedItem) -> ReturnedOutlook:
    before = office.digest()
    seen = returnedoutlook.look_ahead(office.books, office.desk, form)
    assert office.digest() == before
    return seen


def test_the_outlook_is_what_the_record_then_does(office: Diary) -> None:
    home, payment_id = home_that_paid(office)
    form = ReturnedItem(payment_id, "R01", bank_fee_cents=700)
    seen = look(office.on(1, 9), form)
    assert [(fee.kind, fee.cents, fee.clause, fee.why) for fee in seen.fees] == [
        ("returned-bank-fee", 700, "ADV-10", "what the bank took"),
        ("returned-admin-fee", 2500, "ADV-10", "25.00 for each return"),
    ]
    assert [(item.total_cents, item.open_cents, item.due_on, item.past_due) for item in seen.open_again] == [
        (9800, 9800, date(2026, 1, 31), False)
    ]
    assert seen.after.balance_cents == 13000 and not seen.needs_supervisor and seen.charged_cents == 3200
    assert [(line.debit, line.credit, line.cents) for line in seen.ledger] == [
        ("Accounts receivable", "Undeposited funds", 9800),
        ("Bank and processor fees", "Bank", 700),
        ("Accounts receivable", "Fee revenue", 3200),
    ]
    text = seen.letter.text
    assert office.do(record, form) == home
    assert office.balance(home) == 13000
    assert office.see(returnedletter.returned_letter, payment_id).text == text
    office.assert_books_right()


def test_a_wizard_that_is_posted_twice_counts_once(office: Diary) -> None:
    home, payment_id = home_that_paid(office)
    office.on(1, 9).do(record, ReturnedItem(payment_id))
    with pytest.raises(UserError, match="already returned"):
        office.do(record, ReturnedItem(payment_id))
    assert office.balance(home) == 9800 + 2500


@pytest.mark.parametrize(("waived", "charged"), [({"returned-admin-fee"}, 700), ({"returned-bank-fee"}, 2500)])
def test_one_fee_is_waived_and_the_other_charged(office: Diary, waived: set[str], charged: int) -> None:
    home, payment_id = home_that_paid(office)
    form = ReturnedItem(payment_id, "R01", "", 700, waived=frozenset(waived), waive_reason="the bank's mistake")
    seen = look(office.on(1, 9), form)
    assert {fee.kind for fee in seen.fees if fee.waived} == waived and seen.charged_cents == charged
    assert seen.needs_supervisor
    office.do(record, form)
    assert office.balance(home) == 9800 + charged
    ((reason,),) = office.sql("SELECT reason FROM payment_reversal")
    assert reason.startswith("R01 (waived: ") and reason.endswith("the bank's mistake)")


def test_a_waiver_needs_a_supervisor_and_a_reason_but_anybody_may_look(office: Diary) -> None:
    _home, payment_id = home_that_paid(office)
    form = ReturnedItem(payment_id, waived=frozenset({"returned-admin-fee"}))
    office.on(1, 9)
    with pytest.raises(UserError, match="needs a reason"):
        office.do(record, form)
    office.role = "clerk"
    assert look(office, form).needs_supervisor
    with pytest.raises(NotPermitted, match="supervisor"):
        office.do(record, form._replace(waive_reason="asked nicely"))
    office.do(record, form._replace(waived=frozenset()))


def test_the_first_and_the_second_failure_of_a_members_fee(office: Diary) -> None:
    member, payment_id = member_that_paid(office)
    office.on(1, 9)
    seen = look(office, ReturnedItem(payment_id, "R01", bank_fee_cents=900))
    assert [(fee.kind, fee.clause, fee.cents) for fee in seen.fees] == [
        ("late-charge", "ARR-6", 1500),
        ("dishonored-fee", "ARR-7", 3500),
    ]
    assert [item.failed for item in seen.open_again] == [1]
    assert any("number 1 of invoice" in said for said in seen.sentences)
    assert any("02/05/2026 is withdrawn" in said for said in seen.sentences)
    assert any("If that fails, it costs $50.00" in said for said in seen.sentences)
    office.do(record, ReturnedItem(payment_id, "R01"))
    assert office.balance(member) == 6000 + 5000
    again = office.on(1, 10).check(member, 11000, "77")
    seen = look(office, ReturnedItem(again, "R01"))
    assert [(fee.clause, fee.why.split(" ")[0]) for fee in seen.fees] == [("ARR-7", "15.00"), ("ARR-7", "35.00")]
    assert sorted(item.failed for item in seen.open_again) == [1, 2]


def test_a_closed_bank_account_ends_auto_pay_until_a_new_form_is_signed(office: Diary) -> None:
    member, payment_id = member_that_paid(office)
    seen = look(office.on(1, 9), ReturnedItem(payment_id, "R02", "closed in May"))
    assert any("stops: the bank account is closed (ARR-10)" in said for said in seen.sentences)
    assert "newly signed authorization form" in seen.letter.text and "bank account is closed" in seen.letter.text
    office.do(record, ReturnedItem(payment_id, "R02", "closed in May"))
    assert office.sql("SELECT authorized_on FROM account WHERE id = ?", member) == [(None,)]


def test_a_fraudulent_chargeback_by_individuals_with_costs_of_which_one_kind_is_waived(office: Diary) -> None:
    member, payment_id = member_that_paid(office, autopay="card", individuals=3)
    costs = (Cost("court", 12500), Cost("attorney", 30000))
    form = ReturnedItem(payment_id, fraudulent=True, costs=costs)
    seen = look(office.on(1, 20), form)
    assert [(fee.kind, fee.cents) for fee in seen.fees] == [
        ("chargeback-fee", 150_000),
        ("chargeback-cost", 12500),
        ("chargeback-cost", 30000),
    ]
    assert [fee.name for fee in seen.fees] == ["chargeback-fee", "chargeback-cost:court", "chargeback-cost:attorney"]
    assert seen.fees[0].why == "500.00 x 3 individuals" and seen.needs_supervisor
    assert "charged back" in seen.letter.subject
    office.do(record, form._replace(waived=frozenset({"chargeback-cost"}), waive_reason="settled out of court"))
    assert office.balance(member) == 6000 + 150_000
    office.assert_books_right()


def test_one_of_several_costs_of_a_chargeback_is_waived_even_of_the_same_name(office: Diary) -> None:
    member, payment_id = member_that_paid(office, autopay="card")
    costs = (Cost("court", 12500), Cost("attorney", 30000), Cost("court", 4000))
    form = ReturnedItem(payment_id, fraudulent=True, costs=costs, waived=frozenset({"chargeback-cost:court #2"}))
    form = form._replace(waive_reason="the second hearing was ours")
    seen = look(office.on(1, 20), form)
    assert [fee.cents for fee in seen.fees if fee.waived] == [4000] and seen.charged_cents == 50_000 + 42_500
    office.do(record, form)
    assert office.balance(member) == 6000 + 50_000 + 42_500
    ((reason,),) = office.sql("SELECT reason FROM payment_reversal")
    assert reason == "(waived: Chargeback cost court #2: the second hearing was ours)"
    office.assert_books_right()


def test_fees_are_named_apart_whatever_the_costs_are_called() -> None:
    costs = [("chargeback-cost", f"Chargeback: {what}") for what in ("court #2", "court", "court")]
    names = names_to_waive([("chargeback-fee", "Fraudulent chargeback"), *costs])
    assert names == ["chargeback-fee", *(f"chargeback-cost:{name}" for name in ("court #2", "court", "court #3"))]


def test_a_chargeback_is_not_said_to_be_one_more_failed_attempt(office: Diary) -> None:
    member = sign_up(office.on(1, 1), autopay="card")
    office.do(members.record_work_performed, member)
    office.on(1, 6).bill()
    office.do(autopayanswers.record_attempt, member, approved=False)
    office.on(1, 7).do(autopayanswers.record_attempt, member, approved=True)
    ((payment_id,),) = office.sql("SELECT id FROM payment")
    seen = look(office.on(1, 9), ReturnedItem(payment_id))
    assert not any("failed attempt number" in said for said in seen.sentences)
    office.do(record, ReturnedItem(payment_id))
    assert office.sql("SELECT count(*) FROM failed_attempt WHERE business_date = '2026-01-09'") == [(0,)]


def test_a_chargeback_that_is_no_fraud_costs_nothing(office: Diary) -> None:
    member, payment_id = member_that_paid(office, autopay="card")
    seen = look(office.on(1, 20), ReturnedItem(payment_id, bank_fee_cents=700))
    assert seen.fees == () and not seen.needs_supervisor
    office.role = "clerk"
    office.do(record, ReturnedItem(payment_id))
    assert office.balance(member) == 6000


@pytest.mark.parametrize(
    ("month", "day", "words"),
    [
        (1, 30, "No suspension now: nothing is past due. $98.00 is due by 01/31/2026; from 02/01/2026 on"),
        (1, 31, "No suspension now"),
        (2, 1, "$98.00 is past due: nothing is suspended by itself"),
    ],
)
def test_when_suspension_can_follow(office: Diary, month: int, day: int, words: str) -> None:
    _home, payment_id = home_that_paid(office)
    seen = look(office.on(month, day), ReturnedItem(payment_id))
    assert any(said.startswith(words) for said in seen.sentences), seen.sentences


def test_an_arrangement_that_the_return_breaks_is_told(office: Diary) -> None:
    home = office.on(1, 1).open("Ann Ames", 4900)
    office.on(2, 2).do(
        collections.arrange, home, [InstalmentFacts(date(2026, 2, 5), 5000), InstalmentFacts(date(2026, 3, 5), 4800)]
    )
    payment_id = office.on(2, 4).check(home, 5000, "1042")
    seen = look(office.on(2, 6), ReturnedItem(payment_id))
    assert any(said.startswith("The arrangement is broken by it. $98.00 is past due") for said in seen.sentences)


def test_suspended_and_closed_accounts_say_so(office: Diary) -> None:
    home, payment_id = home_that_paid(office, 5000)
    office.on(2, 1).do(collections.suspend)
    assert any("suspended already" in said for said in look(office, ReturnedItem(payment_id)).sentences)
    office.do(subscriptions.cancel_account, home)
    assert any("account is closed" in said for said in look(office, ReturnedItem(payment_id)).sentences)


def test_items_are_found_by_number_amount_and_account_the_newest_first(office: Diary) -> None:
    home, first = home_that_paid(office)
    second = office.on(1, 7).check(home, 4321, "1043")
    other = office.open("Bea Boone", 2000)
    third = office.on(1, 8).check(other, 9800, "55")

    def found(typed: str) -> list[int]:
        return [row.payment_id for row in office.see(find_items, typed, office.day)]

    assert found("") == [third, second, first]
    assert found("1042") == [first]
    assert found("98.00") == [third, first] and found("$98.00 ames") == [first]
    assert found("ames") == [second, first] and found("ames 1043") in ([], [second])
    assert found("nobody") == [] and found("%' OR 1=1 --") == [] and found("98.00.00") == []
    ((number,),) = office.sql("SELECT number FROM account WHERE id = ?", other)
    assert found(number) == [third]
    assert [row.words for row in office.see(find_items, "1042", office.day)] == ["check 1042"]
    assert office.see(find_items, "", date(2026, 1, 6))[0].payment_id == first


def test_what_was_undone_is_not_offered_and_asked_for_says_why(office: Diary) -> None:
    _home, payment_id = home_that_paid(office)
    assert office.see(returneditems.item, payment_id).cents == 9800
    office.do(payments.reverse_payment, payment_id, "keyed twice")
    assert office.see(find_items, "", office.day) == []
    with pytest.raises(UserError, match="already reversed"):
        office.see(returneditems.item, payment_id)
    with pytest.raises(UserError, match="no letter"):
        office.see(returnedletter.returned_letter, payment_id)


def test_a_reason_that_no_bank_gives_is_refused(office: Diary) -> None:
    _home, payment_id = home_that_paid(office)
    with pytest.raises(UserError, match="R99"):
        office.do(record, ReturnedItem(payment_id, "R99"))


def test_the_letter_as_pdf_and_as_mail_says_the_same(office: Diary, tmp_path: Path) -> None:
    home = office.on(1, 1).open("Ann & Bob <Ames>", 4900, email="ann@example.com")
    payment_id = office.on(1, 5).check(home, 9800, "1042")
    office.on(1, 9).do(record, ReturnedItem(payment_id, "R01", bank_fee_cents=700))
    pdf = office.see(returnedletter.save_letter, payment_id, tmp_path)
    with pypdfium2.PdfDocument(pdf) as document:
        (text,) = [page.get_textpage().get_text_range() for page in document]
    for words in ("Ann & Bob <Ames>", "Hill City SD 57745", "32.00", "98.00", "$130.00", "not enough money"):
        assert words in text, words
    file = office.see(returnedletter.mail_letter, payment_id, tmp_path)
    mail = message_from_bytes(file.read_bytes(), policy=default)
    body = mail.get_body(("plain",))
    assert body is not None and "Administrative fee, check 1042 returned: $25.00" in body.get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == [pdf.name]
    assert mail["to"].addresses[0].addr_spec == "ann@example.com"


def test_a_customer_without_an_address_gets_paper_only(office: Diary, tmp_path: Path) -> None:
    _home, payment_id = home_that_paid(office)
    office.on(1, 9).do(record, ReturnedItem(payment_id))
    with pytest.raises(UserError, match="print the letter"):
        office.see(returnedletter.mail_letter, payment_id, tmp_path)
    assert office.see(returnedletter.save_letter, payment_id, tmp_path).exists()
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        office.see(returnedletter.save_letter, payment_id, tmp_path / "file")
