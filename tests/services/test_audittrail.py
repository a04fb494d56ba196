"""The audit trail in words: found by every filter, told in a clerk's words, secrets never; its digests never drift."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from staffed_office import NAMES, PASSWORDS, StaffedOffice, quick_passwords
from support_office import Diary

from app.errors import UserError
from app.models.auditlayout import TableLayout
from app.models.bulk import execute, insert_row
from app.models.rowdigest import GONE, KEPT, Plan, personal_digest
from app.services import accounts, audittrail, credits, signin, trailseals, trailwords
from app.services.audittrail import TrailFilter
from app.services.formulaguard import guarded


@pytest.fixture
def office() -> Diary:
    """An office in which Ann moved on January 5 and was given a credit on January 9; Bob only came."""
    diary = Diary()
    diary.on(1, 2)
    ann = diary.open("Ann Ames", 4999)
    diary.open("Bob Bolt")
    diary.on(1, 5).do(accounts.change_address, ann, ("9 New St", "Custer SD 57730"))
    diary.on(1, 9).do(credits.courtesy_credit, ann, 1500, "outage of 100% on Monday_night")
    return diary


def found(office: Diary, **wanted: object) -> list[str]:
    """What the actions are called that a filter finds, newest first."""
    chosen = TrailFilter(**wanted)  # type: ignore[arg-type]
    return [row.what for row in office.see(lambda s: audittrail.entries(s, audittrail.entry_ids(s, chosen)))]


def test_days_are_filtered_with_both_ends(office: Diary) -> None:
    assert found(office, first=date(2026, 1, 5), last=date(2026, 1, 9)) == ["A courtesy credit", "Changing an address"]
    assert found(office, first=date(2026, 1, 6), last=date(2026, 1, 8)) == []
    assert found(office, last=date(2026, 1, 5))[0] == "Changing an address"


def test_words_are_found_in_reasons_names_and_values_whatever_their_case(office: Diary) -> None:
    assert found(office, text="OUTAGE") == ["A courtesy credit"]
    assert found(office, text="9 new st") == ["Changing an address"]
    assert found(office, text="courtesy") == ["A courtesy credit"]


@pytest.mark.parametrize(("text", "hits"), [("100%", 1), ("0%o", 0), ("Monday_", 1), ("Mond_y", 0), ("\\", 0)])
def test_the_signs_of_patterns_are_letters_like_any_other(office: Diary, text: str, hits: int) -> None:
    assert len(found(office, text=text)) == hits


def test_a_run_that_begins_and_ends_and_the_trails_beginning_are_listed_without_an_action(office: Diary) -> None:
    office.on(2, 1).bill()
    alone = found(office, what=trailseals.KIND)
    assert alone == ["Billing run done", "Billing run begun", "Office set up", "Audit trail begun"]
    everything = found(office)
    done, begun = everything.index("Billing run done"), everything.index("Billing run begun")
    assert everything[done + 1 : begun] == ["The billing run"], "in the order in which they were sealed"
    assert found(office, actor=office.desk.actor, first=date(2026, 2, 1))[0] == "Billing run done"
    assert found(office, text="run begun") == ["Billing run begun"]
    assert "Billing run done" not in found(office, account_id=1)
    newest = office.see(lambda s: audittrail.entry_ids(s, TrailFilter()))[0]
    told = office.see(audittrail.details, newest)
    assert told is not None and "belongs to no action" in told.seal
    assert ("State", "running", "done") in [(row.field, row.before, row.after) for row in told.changes]
    report = office.see(audittrail.trail_report, TrailFilter(what=trailseals.KIND))
    assert {row.cells[5] for row in report.rows} == set(alone)


def test_every_row_of_the_trail_is_listed_once_with_or_without_an_action() -> None:
    with quick_passwords(), StaffedOffice() as office:
        now = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
        signin.sign_in(office.books, NAMES["clerk"].split()[0], PASSWORDS["clerk"], "PC 9", now)
        with pytest.raises(UserError):
            signin.sign_in(office.books, "nobody", "wrong wrong wrong", "PC 9", now)
        listed = office.see(lambda s: audittrail.entry_ids(s, TrailFilter()))
        assert len(set(listed)) == len(listed)
        shown = office.see(lambda s: audittrail.entries(s, listed))
        assert [row.id for row in shown] == list(listed)
        door = [(row.actor, row.pc, row.reason) for row in shown if row.what == "Sign-in"]
        assert (NAMES["clerk"], "PC 9", "signed in") in door
        assert ("an unknown name", "PC 9", "wrong name or password") in door
        for entry in shown:
            assert office.see(audittrail.details, entry.id) is not None


def test_an_account_has_its_own_history(office: Diary) -> None:
    assert found(office, account_id=1)[:2] == ["A courtesy credit", "Changing an address"]
    assert "A courtesy credit" not in found(office, account_id=2)


def test_an_action_tells_what_it_changed_and_wrote(office: Diary) -> None:
    (action,) = [row[0] for row in office.sql("SELECT id FROM action WHERE what = 'change-address'")]
    told = office.see(audittrail.details, action)
    assert told is not None
    (change,) = told.changes
    assert change == ("Account 1", "Address", "5 Elm St, Hill City SD 57745", "9 New St, Custer SD 57730")
    assert [row.what for row in told.written] == ["Change of an account's card 1"]
    assert told.accounts[0][0] == 1 and told.accounts[0][2] == "Ann Ames"
    assert told.seal.startswith("Sealed as entry ")
    assert office.see(audittrail.details, 999_999) is None


def test_the_file_for_a_spreadsheet_has_a_line_for_each_change(office: Diary) -> None:
    report = office.see(audittrail.trail_report, TrailFilter(first=date(2026, 1, 5)))
    assert len(report.rows) >= 2
    assert report.rows[1].cells[-3:] == ("Address", "5 Elm St, Hill City SD 57745", "9 New St, Custer SD 57730")
    assert guarded("=1+1") == "'=1+1"


@pytest.mark.parametrize("column", ["password_hash", "bank_hash", "passphrase_salt", "passphrase_check", "sealed", "token"])
def test_secrets_are_not_told(column: str) -> None:
    assert trailwords.value_words(column, "s3cret") == "(not shown)"
    assert "s3cret" not in trailwords.row_says({"id": 1, column: "s3cret", "name": "Ann"})


def test_the_chain_holds_no_customers_data(office: Diary) -> None:
    chain = "".join(str(row[0]) for row in office.sql("SELECT sealed FROM audit"))
    for personal in ("Ann Ames", "Elm St", "New St", "605-555"):
        assert personal not in chain


def test_what_another_program_wrote_is_never_sealed_as_ours(office: Diary) -> None:
    with office.books.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE account SET name = 'Eve' WHERE id = 2")
    office.open("Cal Cole")
    problems = office.see(audittrail.auditcheck.verify_chain)
    assert any("account: row 2 was changed by hand" in problem for problem in problems)
    assert all("row 3" not in problem for problem in problems)


def test_a_savepoint_that_is_rolled_back_leaves_nothing_in_the_trail(office: Diary) -> None:
    from app.models.sealing import savepoint

    class Undone(Exception):
        pass

    with office.books.write() as session:
        insert_row(session, "check_stock", id=11, name="box", layout="x", next_number=1, last_number=9)
        with pytest.raises(Undone), savepoint(session):
            insert_row(session, "check_stock", id=12, name="gone", layout="x", next_number=10, last_number=19)
            execute(session, "UPDATE check_stock SET name = 'other' WHERE id = 11")
            raise Undone
        insert_row(session, "check_stock", id=13, name="next", layout="x", next_number=20, last_number=29)
    assert office.sql("SELECT id, name FROM check_stock WHERE id > 10") == [(11, "box"), (13, "next")]
    office.assert_books_right()


def test_a_transaction_that_fails_seals_nothing(office: Diary) -> None:
    before = office.sql("SELECT n, hash FROM audit_head")
    with pytest.raises(RuntimeError), office.books.write() as session:
        insert_row(session, "check_stock", id=11, name="box", layout="x", next_number=1, last_number=9)
        raise RuntimeError
    assert office.sql("SELECT n, hash FROM audit_head") == before


def test_the_bytes_of_a_row_are_the_same_on_every_machine_and_every_python() -> None:
    layout = TableLayout(("id", "name", "on", "cents", "flag"), ("id",), bools=("flag",), personal=("name",))
    plan = Plan(layout, layout.columns)
    salt = bytes(range(16))
    row = (7, "Ann Åmes", None, 2**40, True)
    digest = personal_digest(salt, ("Ann Åmes",))
    (kept,) = plan.packed([row], [KEPT + salt])
    assert kept.removesuffix(digest).hex() == "280400000069070000004e6c030000000000000000046901000000"
    assert digest.hex() == "125be8b7ca0aaafcca47729176092db9"
    assert plan.packed([row], [GONE + digest]) == [kept], "removed values leave the digest as it was"
    assert plan.packed([(7, "x", None, 2**40, 1)], [KEPT + salt]) != [kept]
