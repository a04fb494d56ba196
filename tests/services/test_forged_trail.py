"""Somebody who knows how the trail is made, and what they would have to forge: found, whatever database holds the office.

The links of the chain stay as they are in all of this, so no printed end of the trail tells it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
import support_databases
from support_office import Diary, _driver

from app.models.bulk import fetch_one, fetch_tuples, fetch_value
from app.models.rowdigest import GONE, PLACE, bytes_of, personal_digest, text_of
from app.models.sealing import CHANGED, change_digest, compact, load_layouts
from app.services import accounts, checks, credits, dayclose, deposits, notes
from app.services.customerdata import blank_customer
from app.services.gateways.mail import FolderMail
from app.services.subscriptions import cancel_account
from app.services.verification import verify_office, verify_trail

Hand = Callable[..., None]


@contextmanager
def by_hand(office: Diary, *, restored: bool = True) -> Iterator[Hand]:
    """A tool of the file's or the server's own, with the guards out of its way and, if `restored`, back afterwards."""
    if support_databases.on_server():
        address = support_databases.owners_address(office.books).set(drivername="postgresql")
        with psycopg.connect(address.render_as_string(hide_password=False)) as owner:
            owner.execute("SET session_replication_role = replica")
            yield lambda sql, *values: owner.execute(sql.replace("?", "%s"), values)
        return
    driver = _driver(office.books)
    asked = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE 'search_%'"
    guards = driver.execute(asked).fetchall()
    for name, _ in guards:
        driver.execute(f"DROP TRIGGER {name}")
    yield lambda sql, *values: driver.execute(sql, values)
    for _, sql in guards if restored else ():
        driver.execute(sql)
    driver.commit()


def beside(office: Diary, table: str, key: int) -> tuple[int, dict[str, str], str, bytes, tuple[Any, ...]]:
    """Where a row's salt lies: the row of the chain, its salts, the place there, the salt, and the personal values."""
    with office.books.read() as session:
        layout = load_layouts(session)[table]
        names = ", ".join(layout.personal)
        values = fetch_tuples(session, f"SELECT {names} FROM {table} WHERE id = ?", key)[0]
        for n, sealed, salts in fetch_tuples(
            session, "SELECT n, sealed, salts FROM audit WHERE salts <> '' ORDER BY n DESC"
        ):
            for place, (name, keys, *_) in enumerate(json.loads(sealed).get("rows", ())):
                if name == table and keys == [[key, key]]:
                    return n, json.loads(salts), str(place), bytes_of(json.loads(salts)[str(place)])[1:PLACE], values
    raise AssertionError(f"{table} {key} was not sealed alone")


@pytest.fixture
def office() -> Diary:
    diary = Diary(date(2026, 1, 2))
    diary.open("Ann Ames", 4999)
    diary.do(notes.add_note, 1, "calls after five")
    return diary


@pytest.mark.parametrize(
    ("table", "edit"),
    [("account", "UPDATE account SET name = 'Eve Evil' WHERE id = 1"), ("note", "UPDATE note SET body = 'x' WHERE id = 1")],
)
def test_a_personal_value_edited_under_a_digest_that_says_it_was_removed_is_found(
    office: Diary, table: str, edit: str
) -> None:
    n, salts, place, salt, values = beside(office, table, 1)
    salts[place] = text_of(GONE + personal_digest(salt, values))
    with by_hand(office) as hand:
        hand("UPDATE audit SET salts = ? WHERE n = ?", compact(salts), n)
        hand(edit)
    problems = office.see(verify_trail)
    assert any(problem.startswith(f"{table}: row 1 was changed by hand: the trail says") for problem in problems), problems


def test_a_recorded_change_rewritten_under_the_digest_that_it_had_is_found(office: Diary) -> None:
    office.do(accounts.change_phone, 1, "605-555-0101")
    office.do(accounts.change_phone, 1, "605-555-0102")
    with office.books.read() as session:
        query = f"SELECT salt, {CHANGED} FROM audit_change WHERE table_name = 'account' ORDER BY id"
        kept = [(row[1], change_digest(row[0], row[1:]).hex()) for row in fetch_tuples(session, query)]
    (first, first_digest), (second, second_digest) = kept[:2]
    lie = '{"phone":"605-555-0666"}'
    with by_hand(office) as hand:
        # As if the number in between had been another one.
        hand("UPDATE audit_change SET after = ?, salt = NULL, digest = ? WHERE id = ?", lie, first_digest, first)
        hand("UPDATE audit_change SET before = ?, salt = NULL, digest = ? WHERE id = ?", lie, second_digest, second)
    problems = office.see(verify_trail)
    assert any(f"audit_change: row {first} " in problem for problem in problems), problems
    with by_hand(office) as hand:
        # And with what a removed value leaves, so that it looks like one.
        hand("UPDATE audit_change SET before = ? WHERE id = ?", '{"phone":"(removed)"}', first)
        hand("UPDATE audit_change SET after = ? WHERE id = ?", '{"phone":"605-555-0102","email":"(removed)"}', second)
    problems = office.see(verify_trail)
    assert any("account: row 1 was changed by hand" in problem for problem in problems), problems


def test_a_customer_who_was_blanked_leaves_a_trail_that_holds(tmp_path: Path) -> None:
    diary = Diary(date(2026, 1, 2))
    account = diary.open("Ann Ames", 4900, phone="605-555-0100", email="ann@example.com")
    diary.do(accounts.change_phone, account, "605-555-0101")
    diary.do(notes.add_note, account, "Ann called")
    batch = diary.do(checks.log_mail, 1, 1000)
    check = diary.do(checks.log_check, batch, 1000, "101", payer="Ann Ames")
    diary.do(checks.post_check, checks.CheckForm(account, 1000, "101", payer="Ann Ames", mail_check_id=check))
    diary.do(deposits.make_deposit)
    diary.do(dayclose.close_day, FolderMail(tmp_path / "mail", "Test", "a@b.example", diary.day))
    diary.on(1, 15).do(cancel_account, account, date(2026, 1, 15))
    diary.do(credits.courtesy_credit, account, diary.balance(account), "settled with Ann")
    diary.do(blank_customer, account, "asked for")
    assert verify_office(diary.books) == []
    # Written again after it was blanked, and blanked again: nothing that was there before is missed.
    diary.do(notes.add_note, account, "Ann called again")
    assert verify_office(diary.books) == []
    diary.do(blank_customer, account, "asked again")
    assert verify_office(diary.books) == []
    with by_hand(diary) as hand:
        hand("UPDATE account SET address = '1 Evil St' WHERE id = ?", account)
    assert any("account: row 1 was changed by hand" in problem for problem in diary.see(verify_trail))


# What somebody may leave in a row of the chain, each of which a reader could stumble over or count to for ever.
STRANGE = [
    "5", "[]", '"x"', "null", "{", '{"rows":5}', '{"rows":[5]}', '{"rows":[["account"]]}',
    '{"rows":[["account",["x",[1,"b"]],1,"",""]]}', '{"rows":[["account",[[1,100000000000]],1,"","AAAAAA=="]]}',
    '{"rows":[["account",[[1,1]],1,7,"AAAAAA=="]]}', '{"rows":[["nobody",[[1,1]],1,"","AAAAAA=="]]}',
    '{"rows":[["account",[[1,1]],1,"","\\u00e9AAAAA=="]]}', '{"set":[["account","cycle_done",1,[[1,100000000000]]]]}',
    '{"set":[["account","cycle_done",[],[[1,2]]]]}', '{"set":5}', '{"changes":5}', '{"changes":["x","y"]}',
    '{"layout":5}', '{"layout":{"account":{"bogus":1}}}', '{"layout":{"account":{"columns":["id"]}}}',
    '{"layout":{"account":{"columns":["id"],"key":["x"]}}}', '{"revision":7}', '{"problems":7}', "[" * 5000,
]  # fmt: skip


def test_whatever_stands_in_a_row_of_the_chain_the_check_names_it_and_goes_on() -> None:
    diary = Diary(date(2026, 1, 2))
    diary.open("Ann Ames", 4999)
    diary.bill()
    with diary.books.read() as session:
        head = fetch_one(session, "SELECT n, layout_n FROM audit_head WHERE id = 1")
        kept = fetch_value(session, "SELECT sealed FROM audit WHERE n = ?", head.n)
    for text in STRANGE:
        with by_hand(diary) as hand:
            hand("UPDATE audit SET sealed = ? WHERE n = ?", text, head.n)
        assert any(f"audit: row {head.n} " in problem for problem in diary.see(verify_trail)), text
    with by_hand(diary) as hand:
        hand("UPDATE audit SET sealed = ? WHERE n = ?", kept, head.n)
        hand("UPDATE audit SET sealed = '{}' WHERE n = ?", head.layout_n)
    assert any(f"audit: row {head.layout_n} " in problem for problem in verify_office(diary.books))


@pytest.mark.parametrize("left", ["[]", "5", '"x"', "null", "[" * 5000, '{"name":{"a":[1]}}'])
def test_whatever_stands_in_a_recorded_change_the_check_names_it_and_goes_on(office: Diary, left: str) -> None:
    office.do(accounts.change_phone, 1, "605-555-0101")
    for column in ("before", "after"):
        with by_hand(office) as hand:
            hand(f"UPDATE audit_change SET {column} = ? WHERE table_name = 'account'", left)
        assert any("audit_change: row" in problem for problem in office.see(verify_trail))


@pytest.mark.parametrize("left", ["5", "[1]", '{"0":5}', '{"0":"\\u00e9"}', '{"0":""}', "{"])
def test_whatever_lies_beside_the_chain_the_check_names_the_row_and_goes_on(office: Diary, left: str) -> None:
    n, *_ = beside(office, "account", 1)
    with by_hand(office) as hand:
        hand("UPDATE audit SET salts = ? WHERE n = ?", left, n)
    assert any("account: row 1 was changed by hand" in problem for problem in office.see(verify_trail))


LOST = [
    *((table, "") for table in ("note", "refund", "check_payer", "audit", "audit_head", "audit_change", "alembic_version")),
    ("refund", "cents"),
    ("note", "body"),
    ("audit", "salts"),
    ("audit_head", "hash"),
]


@pytest.mark.parametrize(("table", "column"), LOST)
def test_a_table_or_a_column_that_is_gone_is_named_and_the_check_goes_on(office: Diary, table: str, column: str) -> None:
    with by_hand(office, restored=False) as hand:
        hand(f"ALTER TABLE {table} RENAME {f'COLUMN {column} TO elsewhere' if column else 'TO elsewhere'}")
    problems = verify_office(office.books)
    if support_databases.on_server():  # there the office is used again
        with by_hand(office) as hand:
            hand(
                f"ALTER TABLE {f'{table} RENAME COLUMN elsewhere TO {column}' if column else f'elsewhere RENAME TO {table}'}"
            )
    assert (f"{table}: the column {column} is missing" if column else f"{table}: the table is missing") in problems, problems


@pytest.mark.file_only("a server keeps no bytes that are no text")
@pytest.mark.parametrize(
    ("named", "change"),
    [
        ("account: row 1 was changed by hand", "UPDATE account SET name = CAST(x'ff41' AS TEXT) WHERE id = 1"),
        ("account: row 1 was changed by hand", "UPDATE account SET number = CAST(x'ff41' AS TEXT) WHERE id = 1"),
        ("gl_account: row ", "UPDATE gl_account SET number = CAST(x'ff41' AS TEXT) WHERE number = 4000"),
        ("audit_change: row ", "UPDATE audit_change SET row_key = CAST(x'ff41' AS TEXT) WHERE id = 1"),
        ("audit_change: row ", "UPDATE audit_change SET before = CAST(x'ff41' AS TEXT) WHERE id = 1"),
        ("audit: row 3 ", "UPDATE audit SET sealed = CAST(x'ff41' AS TEXT) WHERE n = 3"),
        ("audit: row 3 ", "UPDATE audit SET hash = CAST(x'ff41' AS TEXT) WHERE n = 3"),
        ("alembic_version: ", "UPDATE alembic_version SET version_num = CAST(x'ff41' AS TEXT)"),
    ],
)
def test_bytes_that_are_no_text_are_found_wherever_they_stand_and_their_row_named(
    office: Diary, named: str, change: str
) -> None:
    office.do(accounts.change_phone, 1, "605-555-0101")
    with by_hand(office) as hand:
        hand("PRAGMA ignore_check_constraints = ON")
        hand("PRAGMA foreign_keys = OFF")
        hand(change)
    problems = verify_office(office.books)
    assert any(problem.startswith(named) for problem in problems), problems
