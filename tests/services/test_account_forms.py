"""What the forms of an account change, choose from and show beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from support_office import Diary

from app.clocktimes import format_time, parse_typed_time
from app.errors import NotPermitted, UserError
from app.services import accountforms, accounts, choices, collections, credits, notes, outlook, payments, subscriptions, work
from app.services.accountforms import ContactForm
from app.services.accounts import AccountForm
from app.services.desk import Desk, begin
from app.services.loading import card
from app.services.outlook import Outlook
from app.services.policies.conduct import adv_9_next_refund_date

NIGHT = (datetime.fromisoformat("2026-01-01 03:00"), datetime.fromisoformat("2026-01-01 04:00"))


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def ahead(office: Diary, account: int | None, deed: outlook.Deed) -> Outlook:
    return outlook.look_ahead(office.books, office.desk, account, deed)


def give(account: int, cents: int) -> outlook.Deed:
    return lambda session, desk: credits.courtesy_credit(session, desk, account, cents, "why not")


# Forms


def test_an_account_is_opened_with_its_services_in_one_go(office: Diary) -> None:
    form = AccountForm("Ada", autopay="card", method_label="Visa ending 4242")
    account = office.do(accountforms.open_with_services, form, [("net", 3100), ("phone", 1000)])
    assert office.sql("SELECT code, monthly_cents, first_day FROM service ORDER BY id") == [
        ("net", 3100, "2026-01-01"),
        ("phone", 1000, "2026-01-01"),
    ]
    assert office.sql("SELECT autopay, authorized_on FROM account") == [("card", "2026-01-01")]
    assert office.balance(account) == 2 * 4100


def test_an_unsigned_method_is_on_file_and_listed_as_missing_its_form(office: Diary) -> None:
    form = AccountForm("Ada", autopay="echeck", method_label="checking ending 0012")
    account = office.do(accountforms.open_with_services, form, form_signed=False)
    assert office.sql("SELECT autopay, method_label, authorized_on FROM account") == [
        ("echeck", "checking ending 0012", None)
    ]
    assert account == 1


def test_a_form_with_a_wrong_service_opens_nothing(office: Diary) -> None:
    with pytest.raises(UserError, match="monthly price"):
        office.do(accountforms.open_with_services, AccountForm("Ada"), [("net", 3100), ("phone", -1)])
    assert office.sql("SELECT count(*) FROM account") == [(0,)]


def test_the_mark_of_a_form_counts_once_for_all_that_it_does(office: Diary) -> None:
    def open_it(session: Session, desk: Desk) -> int:
        return accountforms.open_with_services(session, replace(desk, token="form 1"), AccountForm("Ada"), [("net", 100)])

    office.do(open_it)
    with pytest.raises(UserError, match="already been posted"):
        office.do(open_it)
    assert office.sql("SELECT count(*) FROM account") == [(1,)]


def test_accounts_of_the_same_name_are_found_however_it_is_written(office: Diary) -> None:
    for name in ("Ann Ames", "ANN AMES", "Ann Amesbury", "ann ames", "Ann Ames"):
        office.open(name)
    numbers = [row[0] for row in office.sql("SELECT number FROM account WHERE name <> 'Ann Amesbury' ORDER BY id")]
    assert office.see(accountforms.same_name, " ann Ames ") == numbers[:3]
    assert office.see(accountforms.same_name, "Ann") == []


def test_only_what_is_different_on_a_card_is_changed(office: Diary) -> None:
    account = office.open(email="ann@example.com", phone="605-555-0101")
    form = ContactForm(" Ann Ames ", ("5 Elm St ", "", "Hill City SD 57745"), "ann@example.com", "605-555-0101")
    with pytest.raises(UserError, match="Nothing on this form"):
        office.do(accountforms.change_contact, account, form)
    changed = office.do(accountforms.change_contact, account, replace(form, name="Ann Burr", phone=""))
    assert changed == ["name", "phone"]
    assert office.sql("SELECT what, before, after FROM account_change ORDER BY id") == [
        ("name", "Ann Ames", "Ann Burr"),
        ("phone", "605-555-0101", ""),
    ]
    changed = office.do(accountforms.change_contact, account, ContactForm("Ann Burr", ("1 Oak St",), "b@example.com", ""))
    assert changed == ["address", "e-mail"]
    assert office.sql("SELECT address, email FROM account") == [("1 Oak St", "b@example.com")]


def test_a_card_with_one_wrong_input_is_not_changed_at_all(office: Diary) -> None:
    account = office.open()
    with pytest.raises(UserError) as refused:
        office.do(accountforms.change_contact, account, ContactForm("New", ("1 Oak St",), "no address", ""))
    assert refused.value.field == "email"
    assert office.sql("SELECT name FROM account") == [("Ann Ames",)]
    with pytest.raises(UserError, match="needs a name"):
        office.do(accounts.change_name, account, "  ")


def test_a_form_counts_from_the_day_on_which_it_was_signed(office: Diary) -> None:
    account = office.open()
    office.on(1, 10)
    signed = date(2026, 1, 8)
    office.do(accounts.change_payment_method, account, "card", form_signed=True, label="Visa", signed_on=signed)
    assert office.sql("SELECT authorized_on FROM account") == [("2026-01-08",)]
    office.do(accounts.record_authorization, account, date(2026, 1, 10))
    assert office.sql("SELECT authorized_on FROM account") == [("2026-01-10",)]
    for day in (date(2026, 1, 11), date(2027, 1, 1)):
        with pytest.raises(UserError) as refused:
            office.do(accounts.record_authorization, account, day)
        assert refused.value.field == "signed_on"
        with pytest.raises(UserError):
            office.do(accounts.change_payment_method, account, "card", form_signed=True, signed_on=day)


@pytest.mark.parametrize(
    ("label", "is_refused"), [("12345678901", False), ("4242 4242 4242 4242", True), ("123456789012", True)]
)
def test_a_whole_card_number_is_never_kept(office: Diary, label: str, is_refused: bool) -> None:
    account = office.open()
    for change in (
        lambda: office.do(accounts.change_payment_method, account, "card", label=label),
        lambda: office.open("Bo", autopay="card", method_label=label),
    ):
        if is_refused:
            with pytest.raises(UserError, match="last four"):
                change()
        else:
            change()


def test_a_remark_behind_the_banks_code_changes_nothing_of_what_it_does(office: Diary) -> None:
    for name, reason, is_withdrawn in (
        ("One", "R02 closed in May", True),
        ("Two", "r02", True),
        ("Three", "not R02", False),
        ("Four", "R021", False),
    ):
        account = office.open(name, autopay="echeck")
        office.do(payments.return_payment, office.do(taken_by_echeck, account), 0, reason)
        found = office.sql("SELECT authorized_on IS NULL FROM account WHERE id = ?", account)
        assert found == [(int(is_withdrawn),)], reason


def taken_by_echeck(session: Session, desk: Desk, account: int) -> int:
    return payments.record_payment(session, begin(session, desk, "autopay"), account, "echeck", 500)


# What there is to choose


def test_choices_are_what_can_still_be_acted_on(office: Diary) -> None:
    account = office.open(service_cents=3100, delivery="paper")
    office.do(subscriptions.add_service, account, "phone", 1000)
    office.do(subscriptions.end_service, account, "phone", date(2026, 1, 1))
    one = office.check(account, 500, "7")
    two = office.check(account, 600, "8")
    office.do(payments.return_payment, one, 750)
    office.do(subscriptions.change_price, account, "net", 4000, date(2026, 2, 10))
    office.do(subscriptions.end_service, account, "net", date(2026, 3, 1))
    office.do(work.log_work, account, "repair", *NIGHT)
    office.do(notes.mark_done, office.do(notes.add_note, account, "done"))
    office.do(notes.add_note, account, "open")
    known = office.see(choices.choices, account, office.day)
    assert [(service.code, service.monthly_cents) for service in known.services] == [("net", 3100)]
    assert [(payment.id, payment.words, payment.cents) for payment in known.payments] == [(two, "check 8", 600)]
    assert [change.words for change in known.scheduled] == ["net: new price 40.00", "net: ends"]
    assert [line.kind for line in known.undecided] == ["repair"]
    assert [note.body for note in known.notes] == ["open"]
    assert [(fee.key, fee.cents) for fee in known.fees] == [
        ("late-fee:2026-01", 1000),
        ("paper-statement:2026-01", 300),
        ("", 750),
        ("", 2500),
    ]
    assert known.fee_proposed_on is None and known.past_due_cents == 0


def test_a_fee_is_no_choice_any_more_once_it_is_waived(office: Diary) -> None:
    account = office.open(service_cents=3100)
    office.do(payments.return_payment, office.check(account, 500, "7"))
    known = office.see(choices.choices, account, office.day)
    charged, coming = known.fees[1], known.fees[0]
    assert charged.invoice_id is not None
    office.do(credits.waive_charge, charged.invoice_id, charged.line_n, "the bank's mistake")
    office.do(credits.waive_before_charged, account, coming.key, "good customer")
    assert office.see(choices.choices, account, office.day).fees == ()


def test_the_next_cycle_is_this_months_until_it_was_done(office: Diary) -> None:
    account = office.open(service_cents=3100)
    office.on(2, 1)
    assert office.see(choices.choices, account, office.day).fees[0].key == "late-fee:2026-02"
    office.bill()
    assert office.see(choices.choices, account, office.day).fees[0].key == "late-fee:2026-03"
    office.do(subscriptions.cancel_account, account)
    assert [fee.key for fee in office.see(choices.choices, account, office.day).fees if fee.key] == []


def test_known_services_carry_the_price_that_most_pay(office: Diary) -> None:
    for name, cents in (("A", 3100), ("B", 3100), ("C", 2900)):
        office.open(name, service_cents=cents)
    office.do(subscriptions.add_service, 1, "phone", 1000)
    assert [tuple(service) for service in office.see(choices.known_services)] == [("net", 3100), ("phone", 1000)]
    assert len(office.see(choices.known_services, 1)) == 1


# What would happen


def test_looking_ahead_says_what_the_deed_does_and_leaves_not_one_row(office: Diary) -> None:
    account = office.open(service_cents=3100)
    before = office.dump(leave_out=())
    seen = ahead(office, account, give(account, 1000))
    assert office.dump(leave_out=()) == before
    assert [(line.description, line.cents) for line in seen.lines] == [("Courtesy credit", -1000)]
    assert outlook.sentences(seen) == ["The balance goes from 62.00 to 52.00."]
    office.do(credits.courtesy_credit, account, 1000, "why not")
    assert office.balance(account) == seen.after.balance_cents


def test_what_the_service_refuses_is_refused_beforehand(office: Diary) -> None:
    account = office.open(service_cents=3100)
    office.role = "clerk"
    with pytest.raises(NotPermitted):
        ahead(office, account, give(account, 1000))


def test_an_account_can_be_looked_at_before_it_is_opened(office: Diary) -> None:
    def deed(session: Session, desk: Desk) -> int:
        return accountforms.open_with_services(session, desk, AccountForm("Ada"), [("net", 3100)])

    seen = ahead(office, None, deed)
    assert seen.before is None and seen.after.balance_cents == 6200
    assert outlook.sentences(seen) == ["An invoice of 62.00 is made, due 01/31/2026."]
    assert office.sql("SELECT count(*) FROM account") == [(0,)]


def test_several_invoices_of_one_due_date_are_said_in_one_sentence(office: Diary) -> None:
    def deed(session: Session, desk: Desk) -> int:
        return accountforms.open_with_services(session, desk, AccountForm("Ada"), [("net", 3100), ("phone", 1000)])

    assert outlook.sentences(ahead(office, None, deed)) == ["2 invoices of 82.00 in all are made, due 01/31/2026."]


def test_a_cancellation_that_leaves_a_credit_names_the_refund_run(office: Diary) -> None:
    account = office.open(service_cents=3100)
    office.check(account, 6200, "7")
    office.on(1, 31)
    seen = ahead(office, account, lambda session, desk: subscriptions.cancel_account(session, desk, account))
    assert outlook.sentences(seen) == [
        "A credit memo of 31.00 is made.",
        "The account is closed.",
        "The balance goes from 0.00 to -31.00.",
        "A refund check of 31.00 is due with the run of 02/02/2026.",
    ]
    office.do(accounts.change_address, account, ())
    seen = ahead(office, account, lambda session, desk: subscriptions.cancel_account(session, desk, account))
    assert "no address is known" in outlook.sentences(seen)[-1]


def test_lines_that_wait_for_the_next_run_and_later_days_are_said(office: Diary) -> None:
    account = office.open(service_cents=3100)
    office.on(1, 2)
    seen = ahead(office, account, lambda s, d: subscriptions.change_price(s, d, account, "net", 6200, date(2026, 2, 1)))
    assert seen.lines == () and seen.scheduled == date(2026, 2, 1)
    assert outlook.sentences(seen)[0] == "It waits until 02/01/2026; until then it can be taken back."
    seen = ahead(office, account, lambda s, d: subscriptions.change_price(s, d, account, "net", 6200, date(2026, 1, 1)))
    assert sum(line.cents for line in seen.lines if line.waits) == 6200
    assert outlook.sentences(seen) == ["62.00 is billed with the next billing run.", "The balance stays 62.00."]


def test_past_due_and_status_after_the_deed_are_said(office: Diary) -> None:
    account = office.open(service_cents=3100)
    office.on(3, 1)
    office.do(collections.suspend, [account])
    assert card_of(office, account).status == "suspended"
    said = outlook.sentences(ahead(office, account, give(account, 6200)))
    assert said == [
        "Services are restored.",
        "The balance goes from 62.00 to 0.00.",
        "Nothing is past due after it.",
    ]
    said = outlook.sentences(ahead(office, account, give(account, 6000)))
    assert said == ["The balance goes from 62.00 to 2.00.", "Past due after it: 2.00."]


def card_of(office: Diary, account: int) -> outlook.AccountCard:
    return office.see(card, account)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 11, 15), date(2026, 11, 16)),  # a Sunday
        (date(2026, 11, 16), date(2026, 11, 16)),
        (date(2026, 11, 17), date(2026, 12, 1)),
        (date(2026, 12, 1), date(2026, 12, 1)),
        (date(2026, 12, 16), date(2027, 1, 4)),  # New Year's Day, then a weekend
    ],
)
def test_the_next_refund_run_is_on_a_business_day(on: date, expected: date) -> None:
    assert adv_9_next_refund_date(on, (1, 15)) == expected


# Times of day


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("8", time(8)),
        ("8:30", time(8, 30)),
        ("830", time(8, 30)),
        ("0830", time(8, 30)),
        ("1430", time(14, 30)),
        ("2p", time(14)),
        ("2:30 PM", time(14, 30)),
        ("12a", time(0)),
        ("12 p.m.", time(12)),
        ("23:59", time(23, 59)),
        ("0:00", time(0)),
    ],
)
def test_times_are_read_as_people_type_them(typed: str, meant: time) -> None:
    assert parse_typed_time(typed) == meant


@pytest.mark.parametrize("typed", ["", "noon", "24", "8:60", "13p", "0p", "-8", "8:3", "12345", "²"])
def test_what_is_no_time_of_day_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="not a time of day"):
        parse_typed_time(typed)


@given(st.times().map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=None)))
def test_a_time_that_is_written_out_is_read_back(moment: time) -> None:
    assert parse_typed_time(format_time(moment)) == moment
