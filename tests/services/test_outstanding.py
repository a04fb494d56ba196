"""Refund checks once issued: sheets confirmed or spoiled, cleared, stale, stopped, unclaimed (ADV-9, BOTH-6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support_office import Diary

from app.errors import NotPermitted, UserError
from app.models.bulk import execute, insert_with_id
from app.services import accounts, credits, outstanding, payments, refundpaper, refunds, subscriptions, verification, waiting
from app.services.ledger import Gl
from app.services.outstanding import Clearing, IssuedRow


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def closed_in_credit(office: Diary, name: str = "Ann Ames", **form: object) -> int:
    """An account cancelled on Jan 20 after having paid by a check on Jan 10."""
    office.on(1, 5)
    account = office.open(name, 3000, **form)
    office.on(1, 10)
    office.check(account, office.balance(account), "77")
    office.on(1, 20)
    office.do(subscriptions.cancel_account, account)
    return account


def refunded(office: Diary, *names: str) -> list[int]:
    """Accounts refunded by the run of Feb 2 (the 1st is a Sunday); gives the refunds' ids."""
    for name in names:
        closed_in_credit(office, name)
    office.on(2, 2)
    return list(office.do(refunds.run_refunds).refund_ids)


def check(office: Diary, number: int) -> IssuedRow:
    return office.see(outstanding.one_check, number, office.day)


def test_a_due_refund_says_since_when_and_which_check_may_not_have_cleared(office: Diary) -> None:
    account = closed_in_credit(office)
    office.check(account, 500, "78")
    (due,) = office.see(refunds.refunds_due, date(2026, 1, 30))
    assert due.since == date(2026, 1, 20)
    assert (due.check_number, due.check_cents, due.paid_by_check_on) == ("78", 500, date(2026, 1, 20))
    (later,) = office.see(refunds.refunds_due, date(2026, 1, 31))
    assert (later.check_number, later.check_cents, later.paid_by_check_on) == ("", 0, None)


def test_a_check_that_came_back_already_is_no_uncleared_check(office: Diary) -> None:
    account = closed_in_credit(office)
    payment = office.check(account, 500, "78")
    office.do(payments.reverse_payment, payment, "keyed for another account")
    (due,) = office.see(refunds.refunds_due, office.day)
    assert due.check_number == "77"


def test_the_refund_dates_as_seen_from_a_day(office: Diary) -> None:
    # Feb 1 and Feb 15, 2026 are Sundays, and Feb 16 is Washington's birthday.
    assert office.see(refunds.refund_dates, date(2026, 2, 1)) == (False, (date(2026, 2, 2), date(2026, 2, 17)))
    assert office.see(refunds.refund_dates, date(2026, 2, 2)) == (True, (date(2026, 2, 17), date(2026, 3, 2)))


def test_what_is_due_is_worked_out_as_its_voucher_will_say(office: Diary) -> None:
    account = closed_in_credit(office)
    due = office.see(refundpaper.worked_out_due, account)
    assert sum(line.cents for line in due) == -office.balance(account)
    office.on(2, 2)
    (refund,) = office.do(refunds.run_refunds).refund_ids
    assert office.see(refundpaper.worked_out, refund) == due


def test_a_run_refuses_another_total_than_was_seen_and_another_first_sheet(office: Diary) -> None:
    account = closed_in_credit(office)
    owed = -office.balance(account)
    office.on(2, 2)
    with pytest.raises(UserError, match="has changed"):
        office.do(refunds.run_refunds, seen_cents=owed + 1)
    with pytest.raises(UserError, match="next check of the box is 5001") as refused:
        office.do(refunds.run_refunds, seen_cents=owed, first_number=5002)
    assert refused.value.field == "first"
    assert office.sql("SELECT * FROM refund") == [] and office.sql("SELECT * FROM issued_check") == []
    assert office.do(refunds.run_refunds, seen_cents=owed, first_number=5001).total_cents == owed


def test_a_new_check_waits_for_its_sheet_until_somebody_says_that_it_is_good(office: Diary) -> None:
    refunded(office, "Ann Ames", "Bob Bell")
    assert [row.number for row in office.see(outstanding.sheets_to_confirm, office.day)] == [5001, 5002]
    assert office.do(outstanding.confirm_sheets, [5001], ()) == (1, {})
    assert [row.number for row in office.see(outstanding.sheets_to_confirm, office.day)] == [5002]
    assert check(office, 5001).standing == "outstanding"
    with pytest.raises(UserError, match="5001 does not wait"):
        office.do(outstanding.confirm_sheets, [5001], ())


def test_a_spoiled_sheet_gets_a_new_number_and_waits_again(office: Diary) -> None:
    refunded(office, "Ann Ames", "Bob Bell")
    done = office.do(outstanding.confirm_sheets, [5001], [5002], "jam")
    assert done == (1, {5002: 5003})
    assert (check(office, 5002).standing, check(office, 5002).reason) == ("void", "jam")
    assert [row.number for row in office.see(outstanding.sheets_to_confirm, office.day)] == [5003]
    assert not check(office, 5002).is_latest and check(office, 5003).is_latest


def test_spoiled_sheets_need_a_supervisor_and_a_reason_and_change_nothing_without(office: Diary) -> None:
    refunded(office, "Ann Ames", "Bob Bell")
    with pytest.raises(UserError, match="reason"):
        office.do(outstanding.confirm_sheets, [5001], [5002], " ")
    office.role = "clerk"
    with pytest.raises(NotPermitted):
        office.do(outstanding.confirm_sheets, [5001], [5002], "jam")
    assert office.sql("SELECT count(*) FROM issued_check WHERE printed_on IS NULL AND state = 'issued'") == [(2,)]
    with pytest.raises(UserError, match="either good or spoiled"):
        office.do(outstanding.confirm_sheets, [5001], [5001], "jam")


def test_a_check_is_cleared_on_a_day_between_its_own_and_today_at_its_own_amount(office: Diary) -> None:
    refunded(office, "Ann Ames")
    cents = check(office, 5001).cents
    office.on(2, 9)
    for clearing, said in (
        (Clearing(5001, cents + 1, office.day), "but the bank paid"),
        (Clearing(5001, cents, date(2026, 2, 1)), "cannot have cleared before"),
        (Clearing(5001, cents, date(2026, 2, 10)), "has not come yet"),
        (Clearing(4999, cents, office.day), "No refund check has the number 4999"),
    ):
        with pytest.raises(UserError, match=said):
            office.do(outstanding.clear_checks, [clearing])
    assert office.do(outstanding.clear_checks, [Clearing(5001, None, date(2026, 2, 2))]) == 1
    row = check(office, 5001)
    assert (row.standing, row.cleared_on, row.days_out) == ("cleared", date(2026, 2, 2), None)
    assert office.see(outstanding.checks_out, office.day) == []
    with pytest.raises(UserError, match="cleared on 02/02/2026"):
        office.do(outstanding.clear_checks, [Clearing(5001, None, office.day)])


def test_one_wrong_check_of_several_clears_none(office: Diary) -> None:
    refunded(office, "Ann Ames", "Bob Bell")
    with pytest.raises(UserError):
        office.do(outstanding.clear_checks, [Clearing(5001, None, office.day), Clearing(5002, 1, office.day)])
    assert [row.number for row in office.see(outstanding.checks_out, office.day)] == [5001, 5002]


def test_a_check_cleared_by_mistake_is_out_again_with_a_supervisor_and_a_reason(office: Diary) -> None:
    refunded(office, "Ann Ames")
    office.do(outstanding.clear_checks, [Clearing(5001, None, office.day)])
    with pytest.raises(UserError, match="reason"):
        office.do(outstanding.unclear_check, 5001, "")
    office.do(outstanding.unclear_check, 5001, "wrong line")
    assert check(office, 5001).days_out == 0
    with pytest.raises(UserError, match="not cleared"):
        office.do(outstanding.unclear_check, 5001, "again")


def test_a_check_is_old_from_its_181st_day_on(office: Diary) -> None:
    refunded(office, "Ann Ames")
    office.do(outstanding.confirm_sheets, [5001], ())
    assert office.see(outstanding.one_check, 5001, date(2026, 8, 1)).standing == "outstanding"
    row = office.see(outstanding.one_check, 5001, date(2026, 8, 2))
    assert (row.days_out, row.standing) == (181, "old")


def test_a_stopped_check_is_issued_anew_under_a_new_number_without_a_posting(office: Diary) -> None:
    (refund,) = refunded(office, "Ann Ames")
    office.on(8, 10)
    posted = office.posted_by(lambda: office.do(refunds.stop_and_reissue, refund, "never arrived"))
    assert posted == []
    assert check(office, 5001).standing == "stopped"
    assert (check(office, 5002).refund_id, check(office, 5002).standing) == (refund, "to-print")


def test_a_stopped_check_of_someone_who_moved_goes_to_the_address_of_today(office: Diary) -> None:
    account = closed_in_credit(office)
    office.on(2, 2)
    (refund,) = office.do(refunds.run_refunds).refund_ids
    cents = office.sql("SELECT cents FROM refund")[0][0]
    office.do(accounts.change_address, account, ("9 New Rd", "Custer SD 57730"))
    posted = office.posted_by(lambda: office.do(refunds.stop_and_reissue, refund, "moved"))
    assert posted == [(Gl.BANK, Gl.RECEIVABLE, cents), (Gl.RECEIVABLE, Gl.BANK, cents)]
    assert check(office, 5001).standing == "stopped"
    assert office.sql("SELECT address FROM refund WHERE id <> ?", refund) == [("9 New Rd\nCuster SD 57730",)]
    assert office.balance(account) == 0


def test_stopping_needs_a_supervisor_a_reason_and_a_check_that_is_out(office: Diary) -> None:
    (refund,) = refunded(office, "Ann Ames")
    with pytest.raises(UserError, match="reason"):
        office.do(refunds.stop_and_reissue, refund, " ")
    office.role = "clerk"
    with pytest.raises(NotPermitted):
        office.do(refunds.stop_and_reissue, refund, "lost")
    office.role = "manager"
    office.do(outstanding.clear_checks, [Clearing(5001, None, office.day)])
    with pytest.raises(UserError, match="paid by the bank"):
        office.do(refunds.stop_and_reissue, refund, "lost")


def test_unclaimed_money_is_paid_on_a_new_check_when_it_is_asked_for(office: Diary) -> None:
    (refund,) = refunded(office, "Ann Ames")
    cents = check(office, 5001).cents
    office.on(8, 10)
    with pytest.raises(UserError, match="does not lie in unclaimed"):
        office.do(outstanding.reissue_unclaimed, refund, "asked for it")
    office.do(refunds.move_to_unclaimed, refund, "180 days")
    assert check(office, 5001).standing == "unclaimed"
    office.on(9, 1)
    posted = office.posted_by(lambda: office.do(outstanding.reissue_unclaimed, refund, "asked for it"))
    assert posted == [(Gl.UNCLAIMED_REFUNDS, Gl.BANK, cents)]
    assert check(office, 5002).standing == "to-print"
    with pytest.raises(UserError, match="does not lie in unclaimed"):
        office.do(outstanding.reissue_unclaimed, refund, "again")
    office.do(refunds.void_refund, refund, "keeps it as credit")
    assert check(office, 5002).standing == "void"


def test_a_stale_check_that_the_bank_paid_all_the_same_is_cleared_and_its_money_comes_back(office: Diary) -> None:
    (refund,) = refunded(office, "Ann Ames")
    cents = check(office, 5001).cents
    with pytest.raises(UserError, match="not unclaimed"):
        office.do(outstanding.paid_after_all, 5001, office.day, "on the statement")
    office.on(8, 10)
    office.do(refunds.move_to_unclaimed, refund, "180 days")
    posted = office.posted_by(lambda: office.do(outstanding.paid_after_all, 5001, office.day, "on the statement"))
    assert posted == [(Gl.UNCLAIMED_REFUNDS, Gl.BANK, cents)]
    assert (check(office, 5001).standing, check(office, 5001).cleared_on) == ("cleared", office.day)


def test_the_books_are_wrong_when_unclaimed_refunds_and_stale_checks_differ(office: Diary) -> None:
    refunded(office, "Ann Ames")
    with office.books.write() as session:
        execute(session, "UPDATE issued_check SET state = 'stale'")
    assert any("unclaimed refunds" in found for found in office.see(verification.verify_books))
    with office.books.write() as session:
        execute(session, "UPDATE issued_check SET state = 'issued'")


def test_the_next_number_moves_on_over_sheets_that_are_missing(office: Diary) -> None:
    box = office.see(refundpaper.box_in_use)
    assert box is not None and (box.next_number, box.layout) == (5001, "voucher-top")
    for number, layout, said in (
        (5000, "voucher-top", "were used"),
        (box.last_number + 1, "voucher-top", "in no box"),
        (5003, "voucher-left", "no such check stock"),
    ):
        with pytest.raises(UserError, match=said):
            office.do(refundpaper.change_box, box.id, number, layout, "sheets torn")
    with pytest.raises(UserError, match="reason"):
        office.do(refundpaper.change_box, box.id, 5003, "voucher-top", "")
    office.do(refundpaper.change_box, box.id, 5003, "voucher-middle", "sheets torn")
    refunded(office, "Ann Ames")
    assert check(office, 5003).standing == "to-print"
    office.role = "clerk"
    with pytest.raises(NotPermitted):
        office.do(refundpaper.change_box, box.id, 5009, "voucher-top", "sheets torn")


def test_the_numbers_ahead_run_on_into_the_next_box(office: Diary) -> None:
    box = office.see(refundpaper.box_in_use)
    assert box is not None
    office.do(refundpaper.change_box, box.id, box.last_number - 1, "voucher-top", "nearly empty")
    with office.books.write() as session:
        insert_with_id(session, "check_stock", name="Second", layout="voucher-top", next_number=300001, last_number=300009)
    ahead = office.see(refundpaper.numbers_ahead, 4)
    assert ahead == [(box.last_number - 1, box.last_number), (300001, 300002)]
    assert office.see(refundpaper.numbers_ahead, 2) == [(box.last_number - 1, box.last_number)]
    assert office.see(refundpaper.numbers_ahead, 100) == [(box.last_number - 1, box.last_number), (300001, 300009)]


def test_waiting_checks_are_drawn_again_beside_the_file_that_is_there(office: Diary, tmp_path: Path) -> None:
    refunded(office, "Ann Ames", "Bob Bell")
    folder = tmp_path / "refunds"
    (first,) = office.see(refundpaper.print_waiting_checks, folder, office.day)
    (again,) = office.see(refundpaper.print_waiting_checks, folder, office.day)
    assert first.name == "refund-checks-2026-02-02-5001-5002.pdf"
    assert again != first and first.exists() and again.exists()
    office.do(outstanding.confirm_sheets, [5001, 5002], ())
    assert office.see(refundpaper.print_waiting_checks, folder, office.day) == []


def test_a_courtesy_credit_of_a_closed_account_is_due_since_its_own_day(office: Diary) -> None:
    office.on(1, 5)
    account = office.open("Cy Carr")
    office.do(subscriptions.cancel_account, account)
    office.on(1, 28)
    office.do(credits.courtesy_credit, account, 1250, "kind words")
    (due,) = office.see(refunds.refunds_due, office.day)
    assert (due.since, due.cents) == (date(2026, 1, 28), 1250)


def test_a_folder_that_cannot_be_written_is_named(office: Diary, tmp_path: Path) -> None:
    refunded(office, "Ann Ames")
    (tmp_path / "refunds").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be drawn into"):
        office.see(refundpaper.print_waiting_checks, tmp_path / "refunds", office.day)


def test_checks_of_two_kinds_of_stock_are_drawn_in_two_files(office: Diary, tmp_path: Path) -> None:
    box = office.see(refundpaper.box_in_use)
    assert box is not None
    office.do(refundpaper.change_box, box.id, box.last_number, "voucher-top", "nearly empty")
    with office.books.write() as session:
        insert_with_id(
            session, "check_stock", name="Second", layout="voucher-bottom", next_number=300001, last_number=300009
        )
    refunded(office, "Ann Ames", "Bob Bell")
    files = office.see(refundpaper.print_waiting_checks, tmp_path, office.day)
    last = box.last_number
    assert [path.stem.split("2026-02-02-")[1] for path in files] == [f"{last}-{last}", "300001-300001"]


def test_a_check_issued_anew_carries_the_day_of_its_new_number(office: Diary) -> None:
    (refund,) = refunded(office, "Ann Ames")
    office.on(8, 10)
    office.do(refunds.stop_and_reissue, refund, "never arrived")
    (content,) = office.see(lambda session: list(refundpaper.refund_checks(session, [refund])))
    assert (content.check_number, content.dated) == (5002, date(2026, 8, 10))


def test_sheets_to_print_and_old_checks_wait_on_the_today_page(office: Diary) -> None:
    def waits(on: date) -> dict[str, int]:
        return {row.key: row.how_many for row in office.see(waiting.what_waits, on) if row.key.startswith("refund-")}

    refunded(office, "Ann Ames", "Bob Bell")
    assert waits(office.day) == {"refund-sheets": 2}
    office.do(outstanding.confirm_sheets, [5001, 5002], ())
    assert waits(date(2026, 8, 1)) == {}
    assert waits(date(2026, 8, 2)) == {"refund-checks-old": 2}
