"""What goes to the bank and what stays; a deposit corrected by reversal, before and after its day is closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from support_actions import NET
from support_office import Diary

from app.errors import NotPermitted, UserError
from app.services import checkentry, checks, dayclose, daypreview, deposits, payments, reporting, reports
from app.services.checks import CheckForm
from app.services.depositpaper import print_deposit_ticket
from app.services.gateways.mail import NoMail
from app.services.ledger import Gl


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def drawer(office: Diary) -> list[tuple[str, int]]:
    return [(item.number, item.cents) for item in office.see(deposits.undeposited)]


def ids(office: Diary, *numbers: str) -> list[int]:
    return [office.sql("SELECT id FROM mail_check WHERE number = ?", number)[0][0] for number in numbers]


def deposit_of_three(office: Diary) -> int:
    account = office.open(service_cents=NET)
    for number, cents in (("11", 1000), ("12", 2000), ("13", 4000)):
        office.check(account, cents, number)
    return office.do(deposits.make_deposit)


# Leaving checks out


def test_checks_left_out_stay_in_the_drawer_and_go_with_the_next_deposit(office: Diary) -> None:
    account = office.open(service_cents=NET)
    for number, cents in (("11", 1000), ("12", 2000), ("13", 4000)):
        office.check(account, cents, number)
    first = office.do(deposits.make_deposit, leave_out=ids(office, "11", "13"), shown_cents=2000)
    assert [item.number for item in office.see(deposits.deposit_items, first)] == ["12"]
    assert drawer(office) == [("11", 1000), ("13", 4000)]
    second = office.do(deposits.make_deposit)
    assert office.sql("SELECT id, count, cents FROM deposit ORDER BY id") == [(first, 1, 2000), (second, 2, 5000)]


@pytest.mark.parametrize(
    ("leave_out", "shown", "said"),
    [(("11", "12", "13"), 0, "Every check is left out"), (("12",), 7000, r"holds 50\.00 now, not 70\.00")],
)
def test_leaving_out_everything_or_another_total_is_refused(
    office: Diary, leave_out: tuple[str, ...], shown: int, said: str
) -> None:
    account = office.open(service_cents=NET)
    for number, cents in (("11", 1000), ("12", 2000), ("13", 4000)):
        office.check(account, cents, number)
    before = office.digest()
    with pytest.raises(UserError, match=said):
        office.do(deposits.make_deposit, leave_out=ids(office, *leave_out), shown_cents=shown)
    assert office.digest() == before


def test_a_check_that_is_left_out_and_gone_meanwhile_stops_the_deposit(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.check(account, 1000, "11")
    gone = office.check(account, 2000, "12")
    left_out = ids(office, "12")
    office.do(payments.reverse_payment, gone, "keyed twice")
    with pytest.raises(UserError, match="not in the drawer any more"):
        office.do(deposits.make_deposit, leave_out=left_out)


def test_a_check_posted_in_part_is_posted_whole_or_left_out_before_it_goes_to_the_bank(office: Diary) -> None:
    one, two = office.open(service_cents=NET), office.open("Bo", service_cents=NET)
    wrong, _ = office.do(checks.post_split_check, CheckForm(one, 5000, "9"), ((one, 3000), (two, 2000)))
    office.do(payments.reverse_payment, wrong, "Bo's part was smaller")
    office.check(one, 700, "10")
    with pytest.raises(UserError, match=r"30\.00 of check 9 is on no account"):
        office.do(deposits.make_deposit)
    (split,) = ids(office, "9")
    office.do(deposits.make_deposit, leave_out=[split])
    office.do(checks.post_check, CheckForm(office.open("Cy"), 3000, "9", mail_check_id=split))
    office.do(deposits.make_deposit)
    assert office.sql("SELECT cents FROM deposit ORDER BY id") == [(700,), (5000,)]


# Correcting a deposit


def test_a_check_taken_out_lies_in_the_drawer_again_by_a_reversing_entry(office: Diary) -> None:
    made = deposit_of_three(office)
    (original,) = office.sql("SELECT entry_id FROM deposit")[0]
    before = office.last_entry()
    assert office.do(deposits.take_out, made, ids(office, "12", "13"), "left on the desk") == 6000
    assert office.postings(before) == [
        (Gl.UNDEPOSITED_FUNDS, Gl.BANK, 2000),
        (Gl.UNDEPOSITED_FUNDS, Gl.BANK, 4000),
    ]
    assert office.sql("SELECT DISTINCT reverses_id FROM entry WHERE id > ?", before) == [(original,)]
    assert drawer(office) == [("12", 2000), ("13", 4000)]
    stands = office.see(deposits.deposit_as_it_stands, made)
    assert [item.number for item in stands.checks] == ["11"]
    assert [(out.item.number, out.item.cents, out.reason) for out in stands.taken_out] == [
        ("12", 2000, "left on the desk"),
        ("13", 4000, "left on the desk"),
    ]
    assert office.sql("SELECT count, cents FROM deposit") == [(3, 7000)]


def test_what_was_taken_out_goes_with_another_deposit_and_can_be_taken_out_of_that_too(office: Diary) -> None:
    first = deposit_of_three(office)
    office.do(deposits.take_out, first, ids(office, "12"), "left on the desk")
    second = office.do(deposits.make_deposit)
    office.do(deposits.take_out, second, ids(office, "12"), "left on the desk again")
    assert drawer(office) == [("12", 2000)]
    made = office.see(daypreview.deposits_made)
    assert [(row.id, row.how_many, row.cents, row.taken_out, row.taken_out_cents) for row in made] == [
        (second, 0, 0, 1, 2000),
        (first, 2, 5000, 1, 2000),
    ]


def test_a_deposit_of_a_closed_day_is_corrected_on_an_open_day_by_a_supervisor(office: Diary) -> None:
    made = deposit_of_three(office)
    office.do(dayclose.close_day, NoMail())
    with pytest.raises(UserError, match="is closed"):
        office.do(deposits.take_out, made, ids(office, "11"), "left on the desk")
    office.on(1, 2)
    office.role = "clerk"
    with pytest.raises(NotPermitted, match="Correcting a deposit of 2026-01-01, which is closed, needs a supervisor"):
        office.do(deposits.take_out, made, ids(office, "11"), "left on the desk")
    office.role = "supervisor"
    office.do(deposits.take_out, made, ids(office, "11"), "left on the desk")
    assert office.sql("SELECT business_date FROM deposit_removal") == [("2026-01-02",)]
    assert drawer(office) == [("11", 1000)]


def test_a_clerk_corrects_the_deposit_of_a_day_that_is_open(office: Diary) -> None:
    made = deposit_of_three(office)
    office.role = "clerk"
    office.do(deposits.take_out, made, ids(office, "11"), "left on the desk")
    assert drawer(office) == [("11", 1000)]


def test_a_correction_that_makes_no_sense_changes_nothing(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.check(account, 500, "7")
    office.do(deposits.make_deposit)
    office.on(1, 2)
    office.today = office.day
    office.check(account, 1000, "11")
    made = office.do(deposits.make_deposit)
    in_it, elsewhere = ids(office, "11", "7")
    before = office.digest()
    for checks_named, reason, said in (
        ([in_it], " ", "needs a reason"),
        ([], "why not", "No check is marked"),
        ([elsewhere], "why not", "has changed meanwhile"),
        ([in_it, elsewhere], "why not", "has changed meanwhile"),
    ):
        with pytest.raises(UserError, match=said):
            office.do(deposits.take_out, made, checks_named, reason)
    with pytest.raises(UserError, match="no such deposit"):
        office.do(deposits.take_out, 99, [in_it], "why not")
    office.on(1, 1)
    with pytest.raises(UserError, match="before that"):
        office.do(deposits.take_out, made, [in_it], "why not")
    assert office.digest() == before


def test_a_check_that_came_back_from_the_bank_was_in_the_deposit(office: Diary) -> None:
    made = deposit_of_three(office)
    (payment,) = office.sql("SELECT id FROM payment WHERE check_number = '12'")[0]
    office.on(1, 5).do(payments.return_payment, payment, 500)
    with pytest.raises(UserError, match="Check 12 came back from the bank on 2026-01-05"):
        office.do(deposits.take_out, made, ids(office, "11", "12"), "left on the desk")
    assert drawer(office) == []


def test_a_check_taken_off_its_account_after_the_deposit_is_taken_out_as_held(office: Diary) -> None:
    made = deposit_of_three(office)
    (payment,) = office.sql("SELECT id FROM payment WHERE check_number = '12'")[0]
    office.do(payments.reverse_payment, payment, "somebody else's")
    office.do(deposits.take_out, made, ids(office, "12"), "left on the desk")
    assert drawer(office) == [("12", 2000)]
    (held,) = ids(office, "12")
    office.do(checks.return_to_sender, held, "not ours")
    assert drawer(office) == []


def test_of_a_split_check_the_part_that_is_on_no_account_is_posted_before_the_correction(office: Diary) -> None:
    one, two = office.open(service_cents=NET), office.open("Bo", service_cents=NET)
    wrong, _ = office.do(checks.post_split_check, CheckForm(one, 5000, "9"), ((one, 3000), (two, 2000)))
    made = office.do(deposits.make_deposit)
    office.do(payments.reverse_payment, wrong, "a part of it is Cy's")
    with pytest.raises(UserError, match=r"30\.00 of check 9 is on no account"):
        office.do(deposits.take_out, made, ids(office, "9"), "left on the desk")
    office.do(checks.post_check, CheckForm(office.open("Cy"), 3000, "9", mail_check_id=ids(office, "9")[0]))
    office.do(deposits.take_out, made, ids(office, "9"), "left on the desk")
    assert drawer(office) == [("9", 5000)]


def test_a_check_taken_out_can_be_struck_from_its_batch_as_one_never_deposited(office: Diary) -> None:
    account = office.open(service_cents=NET)
    batch = office.do(checks.log_mail, 1, 1000)
    mail = office.do(checks.log_check, batch, 1000, "11")
    office.check(account, 1000, "11", mail_check_id=mail)
    made = office.do(deposits.make_deposit)
    office.do(deposits.take_out, made, [mail], "entered twice")
    office.do(checkentry.take_back, mail, "entered twice", "strike")
    assert drawer(office) == []
    assert office.sql("SELECT state FROM mail_check") == [("reversed",)]


# What the papers and reports say


def test_the_reports_count_a_correction_on_its_own_day(office: Diary) -> None:
    made = deposit_of_three(office)
    office.on(1, 2).do(deposits.take_out, made, ids(office, "12", "13"), "left on the desk")

    def rows(key: str, first: date, last: date, about: str = "") -> list[tuple[object, ...]]:
        return [row.cells for row in office.see(reporting.make_report, key, reporting.Period(first, last), about).rows]

    one, two = date(2026, 1, 1), date(2026, 1, 2)
    assert rows("deposits", one, one) == [(str(made), one, 3, 7000, "")]
    assert rows("deposits", two, two) == [(str(made), two, -2, -6000, "Taken out again: left on the desk")]
    assert [(cells[0], cells[4], cells[5]) for cells in rows("deposit-checks", one, one, str(made))] == [
        ("11", None, 1000),
        ("12", two, 2000),
        ("13", two, 4000),
    ]
    assert ("Bank", "Checks taken out of a deposit again", 2, -6000) in rows("day", two, two)
    assert ("Bank", "Deposits", 1, 7000) in rows("day", one, one)
    (correction,) = office.see(reporting.make_report, "deposits", reporting.Period(two, two)).rows
    assert correction.drill is not None
    assert [cells[5] for cells in rows("deposit-checks", two, two, correction.drill.about)] == [-2000, -4000]


def test_the_ticket_of_a_corrected_deposit_says_so_and_keeps_the_first_one(office: Diary, tmp_path) -> None:  # type: ignore[no-untyped-def]
    made = deposit_of_three(office)
    first = office.see(print_deposit_ticket, made, tmp_path)
    office.do(deposits.take_out, made, ids(office, "12"), "left on the desk")
    second = office.see(print_deposit_ticket, made, tmp_path)
    assert first != second and first.exists() and second.exists()
    content = office.see(reports.deposit_ticket, made)
    assert (content.count, content.total, content.corrected_on) == (2, 5000, office.day)
    office.do(deposits.take_out, made, ids(office, "11", "13"), "never went")
    with pytest.raises(UserError, match="it has no ticket"):
        office.see(print_deposit_ticket, made, tmp_path)
