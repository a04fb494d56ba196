"""A customer's data: given out whole, or blanked as far as the books must be kept."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError
from support_office import Diary

from app.errors import NotPermitted, UserError
from app.keystore import FileKeyStore
from app.models import searchindex
from app.models.bulk import execute
from app.models.tables import Base
from app.services import (
    accounts,
    autopayanswers,
    bank_numbers,
    checks,
    credits,
    dayclose,
    deposits,
    notes,
    officekey,
    outstanding,
    payments,
    refunds,
    work,
)
from app.services.checks import CheckForm
from app.services.customerdata import BLANKED, EXPORTED, blank_customer, export_customer, export_name, hindrances
from app.services.gateways.mail import FolderMail
from app.services.outstanding import Clearing
from app.services.search import find_accounts
from app.services.subscriptions import cancel_account

NAME, STREET, MAIL, PHONE = "Zephyrine Quackenbush", "77 Wobbly Ln", "zq@example.com", "605-555-0177"
# By the trigger, or by the server, whose role for the program may not even try.
REFUSED = r"never changed|permission denied"
# What belongs to no single customer, or holds no more than a number of a row that is exported.
NOT_OF_A_CUSTOMER = {
    "action", "audit_head", "backup_log", "check_stock", "deposit", "deposit_removal", "entry", "gl_account", "mail_batch",
    "office", "policy_version", "recognition", "run", "safekeeping", "statement_print", "unbilled_revenue",
}  # fmt: skip


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Diary]:
    with Diary(date(2026, 1, 2)) as diary:
        keys = FileKeyStore(tmp_path / "keys")
        diary.do(officekey.make_key, keys)
        account = diary.open(NAME, 4900, address=(STREET, "Custer SD 57730"), email=MAIL, phone="605-555-0100")
        assert account == 1
        other = diary.open("Bob Burr", 4900)
        diary.do(notes.add_note, account, f"{NAME} called", date(2026, 1, 20))
        diary.do(bank_numbers.store, keys, account, "091400046", "0012345678")
        diary.do(accounts.change_phone, account, PHONE)
        batch = diary.do(checks.log_mail, 1, 1000)
        check = diary.do(checks.log_check, batch, 1000, "101", payer=NAME)
        diary.do(checks.post_check, CheckForm(account, 1000, "101", payer=NAME, mail_check_id=check))
        diary.check(other, 100, "102", payer="Bob Burr")
        yield diary


def settle(diary: Diary, tmp_path: Path) -> None:
    """Deposit, close the day, cancel, and forgive what is left."""
    diary.do(deposits.make_deposit)
    diary.do(dayclose.close_day, FolderMail(tmp_path / "mail", "Test", "a@b.example", diary.day))
    diary.on(1, 15).do(cancel_account, 1, date(2026, 1, 15))
    diary.do(credits.courtesy_credit, 1, diary.balance(1), "settled")


def whole(diary: Diary) -> str:
    return str(diary.dump(leave_out=()))


def packed(path: Path) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(path) as found:
        assert found.testzip() is None
        return {
            name: list(csv.DictReader(io.StringIO(found.read(name).decode("utf-8-sig"))))
            for name in found.namelist()
            if name.endswith(".csv")
        }


def test_everything_on_file_about_a_customer_is_given_out_and_nothing_of_another(office: Diary, tmp_path: Path) -> None:
    path = tmp_path / export_name("100014", office.day)
    count = office.do(export_customer, 1, path, "asked for by letter")
    found = packed(path)
    assert count == sum(len(rows) for name, rows in found.items() if name != "action.csv") > 5
    assert found["account.csv"][0]["name"] == NAME
    assert [row["cents"] for row in found["payment.csv"]] == ["10.00"]
    assert found["mail_check.csv"][0]["payer"] == NAME
    assert found["bank_number.csv"][0]["last4"] == "5678" and "sealed" not in found["bank_number.csv"][0]
    assert len(found["action.csv"]) > 3
    text = path.read_bytes() + str(found).encode()
    assert b"Bob Burr" not in text and b"0012345678" not in text
    assert office.sql("SELECT role, reason FROM action WHERE what = 'export-customer'")[0][0] == "manager"
    with zipfile.ZipFile(path) as opened:
        assert "Test Office has on file" in opened.read("read me.txt").decode()


def test_every_table_is_exported_or_known_to_belong_to_no_customer() -> None:
    tables = set(Base.metadata.tables)
    unknown = tables - set(EXPORTED) - NOT_OF_A_CUSTOMER
    unknown = {name for name in unknown if "account_id" in Base.metadata.tables[name].columns}
    assert unknown == set() and set(EXPORTED) <= tables


def test_a_formula_in_a_note_stays_a_text(office: Diary, tmp_path: Path) -> None:
    office.do(notes.add_note, 1, "=cmd|' /C calc'!A0")
    office.do(export_customer, 1, tmp_path / "out.zip", "why")
    assert packed(tmp_path / "out.zip")["note.csv"][1]["body"] == "'=cmd|' /C calc'!A0"


def test_giving_out_needs_a_supervisor_a_reason_and_a_free_name(office: Diary, tmp_path: Path) -> None:
    path = tmp_path / "out.zip"
    office.role = "clerk"
    with pytest.raises(NotPermitted):
        office.do(export_customer, 1, path, "why")
    office.role = "supervisor"
    with pytest.raises(UserError, match="needs a reason"):
        office.do(export_customer, 1, path, " ")
    with pytest.raises(UserError, match="cannot be written"):
        office.do(export_customer, 1, tmp_path / "nowhere" / "out.zip", "why")
    path.write_bytes(b"mine")
    with pytest.raises(UserError, match="exists already"):
        office.do(export_customer, 1, path, "why")
    assert path.read_bytes() == b"mine"
    assert office.sql("SELECT count(*) FROM action WHERE what = 'export-customer'") == [(0,)], "refused: nothing recorded"


# Blanking


def test_what_is_open_keeps_a_customers_data_and_says_what_to_do(office: Diary) -> None:
    found = " ".join(office.see(hindrances, 1))
    for words in ("not closed", "still in the drawer", "receipt has not been sent"):
        assert words in found
    with pytest.raises(UserError, match="cannot be blanked yet"):
        office.do(blank_customer, 1, "asked for")
    assert NAME in whole(office)


def test_a_settled_customer_is_blanked_and_the_books_stay(office: Diary, tmp_path: Path) -> None:
    office.do(work.log_work, 1, "repair", *_evening(), f"at {STREET}")
    settle(office, tmp_path)
    assert office.see(hindrances, 1) == []
    money = [
        office.sql(f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("posting", "entry", "invoice", "line", "payment")
    ]
    office.do(blank_customer, 1, "asked for by letter")
    left = whole(office)
    for value in (NAME, STREET, MAIL, PHONE, "Quackenbush", "called"):
        assert value not in left, value
    assert office.sql("SELECT name, email, address FROM account WHERE id = 1") == [(BLANKED, "", "")]
    after = [
        office.sql(f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("posting", "entry", "invoice", "line", "payment")
    ]
    assert after == money
    assert office.sql("SELECT name FROM account WHERE id = 2") == [("Bob Burr",)]
    assert "Bob Burr" in {row[0] for row in office.sql("SELECT payer FROM mail_check")}
    assert not office.see(find_accounts, "quackenbush")
    with office.books.write() as session:
        assert searchindex.agrees_with_rows(session.connection())
    office.assert_books_right()
    assert office.sql("SELECT count(*) FROM note WHERE remind_on IS NOT NULL AND done_on IS NULL") == [(0,)]
    assert office.sql("SELECT reason FROM action WHERE what = 'blank-customer'")[0][0].endswith("asked for by letter")


def _evening():  # type: ignore[no-untyped-def]
    from datetime import datetime

    return datetime(2026, 1, 2, 9), datetime(2026, 1, 2, 10)  # noqa: DTZ001 - the office's local time


def test_only_a_manager_blanks(office: Diary, tmp_path: Path) -> None:
    settle(office, tmp_path)
    office.role = "supervisor"
    with pytest.raises(NotPermitted):
        office.do(blank_customer, 1, "why")
    office.role = "manager"
    with pytest.raises(UserError, match="needs a reason"):
        office.do(blank_customer, 1, "")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE account_change SET after = 'other'",
        "UPDATE account_change SET what = ''",
        "UPDATE account_change SET before = '', action_id = action_id + 1",
        "UPDATE receipt SET address = 'other@example.com'",
        "UPDATE receipt SET business_date = '2020-01-01'",
    ],
)
def test_the_database_lets_personal_values_be_emptied_and_nothing_else(office: Diary, tmp_path: Path, change: str) -> None:
    settle(office, tmp_path)
    with office.books.write() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO account_change VALUES (900, 1, '2026-01-16', 'address', 'old', 'new', 1)"
        )
    with pytest.raises(DBAPIError, match=REFUSED), office.books.engine.begin() as connection:
        connection.exec_driver_sql(change)
    with office.books.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE account_change SET before = '', after = ''")
        connection.exec_driver_sql("UPDATE receipt SET address = ''")


def test_reasons_typed_about_the_customer_alone_are_blanked_and_others_stay(office: Diary, tmp_path: Path) -> None:
    said = "because Zephyrine wrote"
    office.do(credits.waive_before_charged, 1, "paper-statement:2026-02", said)
    mistaken = office.check(1, 700, "103", force=said)
    office.do(payments.reverse_payment, mistaken, said)
    office.do(checks.post_split_check, CheckForm(1, 300, "104", force="for two customers"), [(1, 100), (2, 200)])
    office.do(export_customer, 1, tmp_path / "given.zip", said)
    office.do(credits.courtesy_credit, 2, 100, "for Bob alone")
    settle(office, tmp_path)
    office.do(credits.courtesy_credit, 1, 5_000, said)
    taken_back = office.do(refunds.refund_now, 1, said)
    office.do(refunds.void_refund, taken_back, said)
    office.do(refunds.refund_now, 1, said)
    office.do(outstanding.clear_checks, [Clearing(number, None, office.day) for number in _numbers_out(office)])
    assert whole(office).count(said) > 8
    addresses = office.sql("SELECT address FROM refund ORDER BY id")
    assert all(STREET in row[0] for row in addresses) and len(addresses) == 2
    office.do(blank_customer, 1, "asked for by letter")
    left = whole(office)
    assert said not in left and STREET not in left and "for two customers" in left and "for Bob alone" in left
    assert office.sql("SELECT payee FROM refund") == [(NAME,), (NAME,)], "the check register names whom it paid"
    office.assert_books_right()
    office.do(notes.add_note, 2, "the trail goes on")
    office.assert_books_right()


def test_why_a_failed_attempt_was_taken_back_is_blanked(office: Diary, tmp_path: Path) -> None:
    said = "the bank said sorry to Zephyrine"
    with office.books.write() as session:
        execute(
            session, "UPDATE account SET autopay = 'card', authorized_on = '2026-01-02', method_label = 'x' WHERE id = 1"
        )
    office.do(autopayanswers.record_attempt, 1, cents=1000, approved=False)
    ((attempt,),) = office.sql("SELECT id FROM payment_attempt")
    office.do(autopayanswers.take_back_attempt, attempt, said)
    settle(office, tmp_path)
    assert said in whole(office)
    office.do(blank_customer, 1, "asked for by letter")
    assert said not in whole(office)
    office.assert_books_right()


def _numbers_out(office: Diary) -> list[int]:
    return [row[0] for row in office.sql("SELECT number FROM issued_check WHERE state = 'issued'")]


def test_the_address_of_a_refund_that_nobody_claimed_stays(office: Diary, tmp_path: Path) -> None:
    settle(office, tmp_path)
    office.do(credits.courtesy_credit, 1, 5_000, "why not")
    owed = office.do(refunds.refund_now, 1, "asked for")
    office.do(refunds.move_to_unclaimed, owed, "never cashed")
    office.do(blank_customer, 1, "asked for by letter")
    assert STREET in office.sql("SELECT address FROM refund")[0][0]
    office.assert_books_right()


def _every_typed_reason(office: Diary, tmp_path: Path) -> None:
    """A waiver, a reversal, a forced check, a credit and a refund that was taken back, each with a reason."""
    office.do(credits.waive_before_charged, 1, "paper-statement:2026-02", "typed")
    office.do(payments.reverse_payment, office.check(1, 700, "103", force="typed"), "typed")
    settle(office, tmp_path)
    office.do(credits.courtesy_credit, 1, 5_000, "typed")
    office.do(refunds.void_refund, office.do(refunds.refund_now, 1, "typed"), "typed")


def test_a_typed_reason_may_be_emptied_in_the_database_and_nothing_else(office: Diary, tmp_path: Path) -> None:
    _every_typed_reason(office, tmp_path)
    for table, column in (
        ("action", "reason"), ("fee_waiver", "reason"), ("payment_reversal", "reason"), ("payment", "forced"),
        ("credit", "why"), ("refund_void", "reason"), ("refund", "address"),
    ):  # fmt: skip
        for change in (f"UPDATE {table} SET {column} = 'other' WHERE {column} <> ''", f"DELETE FROM {table}"):
            with (
                pytest.raises(DBAPIError, match=REFUSED),
                office.books.engine.begin() as connection,
            ):
                connection.exec_driver_sql(change)
        with office.books.engine.begin() as connection:
            emptied = connection.exec_driver_sql(f"UPDATE {table} SET {column} = '' WHERE {column} <> ''")
            assert emptied.rowcount > 0, table
    with pytest.raises(DBAPIError, match=REFUSED), office.books.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE refund SET payee = ''")
