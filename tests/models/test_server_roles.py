"""What the program's role may do on a server: a whole day of the office, and nothing that rewrites it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path

import psycopg
import pytest
import support_databases
from sqlalchemy import URL
from staffed_office import proof_of, quick_passwords
from support_databases import PROGRAM_ROLE
from support_office import Diary

from app import cli
from app.errors import NotPermitted, OfficeFileError, UserError
from app.models import database, server, serverroles, triggers
from app.models.migrations import KNOWN_REVISIONS
from app.models.tables import Base
from app.services import (
    approvals,
    billing,
    customerdata,
    dayclose,
    limits,
    passwords,
    people,
    refunds,
    search,
    signin,
    subscriptions,
    verification,
)
from app.services.connecting import let_program_in, move_to_server
from app.services.desk import Desk, Proof
from app.services.gateways.mail import NoMail

pytestmark = pytest.mark.server_only
NOW = datetime(2026, 2, 3, 9, tzinfo=UTC)
REFUSED = [
    "UPDATE posting SET cents = 1",
    "UPDATE entry SET business_date = '2026-01-01'",
    "UPDATE action SET what = ''",
    "UPDATE invoice SET total_cents = 1",
    "UPDATE audit SET hash = ''",
    "UPDATE audit_head SET layout_n = 1",
    "UPDATE audit_change SET row_key = ''",
    "UPDATE account SET id = 77",
    "UPDATE alembic_version SET version_num = '0001'",
    "UPDATE search_account SET text = ''",
    "INSERT INTO audit_change (table_name, row_key, what, before, after) VALUES ('account', '1', 'update', '', '')",
    "INSERT INTO search_name VALUES (99, '')",
    *(
        f"DELETE FROM {table}"
        for table in ("posting", "entry", "action", "audit", "audit_change", "account", "invoice", "person")
    ),
    *(f"TRUNCATE {table} CASCADE" for table in ("posting", "entry", "action", "audit", "run", "sign_in_guard")),
    "ALTER TABLE posting DISABLE TRIGGER ALL",
    "ALTER TABLE posting DISABLE TRIGGER posting_no_update",
    "ALTER TABLE posting OWNER TO counterfoil_office",
    "DROP TRIGGER entry_open_day ON entry",
    "CREATE TRIGGER mine BEFORE INSERT ON posting FOR EACH ROW EXECUTE FUNCTION counterfoil_posted()",
    "CREATE RULE mine AS ON INSERT TO posting DO INSTEAD NOTHING",
    "SET session_replication_role = replica",
    "DROP FUNCTION counterfoil_posted() CASCADE",
    "CREATE OR REPLACE FUNCTION counterfoil_posted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "ALTER FUNCTION counterfoil_open_day() RESET search_path",
    "CREATE TABLE mine (n int)",
    # Found before the office's own, it would tell a trigger that no day is closed.
    "CREATE TEMP TABLE office (id int, closed_through date)",
    "CREATE SCHEMA mine",
    "DROP TABLE posting CASCADE",
    "CREATE ROLE another",
]


def _address(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _as_program(diary: Diary) -> psycopg.Connection[tuple[object, ...]]:
    assert isinstance(diary.books, server.ServerDatabase)
    assert diary.books.url.username == PROGRAM_ROLE
    return psycopg.connect(_address(diary.books.url), autocommit=True)


def _worked(diary: Diary) -> int:
    """An account with bills, a check and its refund, and a closed day."""
    account = diary.open("Ann Ames", 4995, phone="605-555-0142")
    diary.on(2, 1).bill()
    diary.on(2, 3).check(account, 20000, "1042", payer="Uncle Ames")
    return account


def test_a_day_of_the_office_is_done_by_the_programs_role() -> None:
    with Diary(date(2026, 1, 1)) as diary:
        account = _worked(diary)
        leaving = diary.open("Bob Stone", phone="605-555-0199")
        with diary.books.read() as session:
            assert [hit.title for hit in search.find(session, "stone")] == ["Bob Stone"]
        assert diary.bill().invoices == 0  # a repetition, whose row goes again
        diary.do(subscriptions.cancel_account, account)
        diary.do(refunds.refund_now, account, "moved away")
        diary.do(subscriptions.cancel_account, leaving)
        diary.do(customerdata.blank_customer, leaving, "asked for it in writing")
        diary.do(dayclose.close_day, NoMail())
        diary.do(people.make_first_administrator, "Pat Hill", "pat", "correct horse battery")
        with pytest.raises(UserError):
            signin.sign_in(diary.books, "pat", "wrong horse battery", "PC 1", NOW)
        assert signin.sign_in(diary.books, "pat", "correct horse battery", "PC 1", NOW).name == "Pat Hill"
        with diary.books.read() as session:
            assert search.find(session, "stone") == []
            assert verification.verify_books(session) == []
            assert verification.verify_trail(session) == []
        assert diary.sql("SELECT count(*) FROM refund") == [(1,)]
        assert diary.sql("SELECT count(*) FROM sign_in_guard") == [(0,)]


def test_nothing_that_stands_can_be_rewritten_by_an_sql_client() -> None:
    with Diary(date(2026, 1, 1)) as diary:
        _worked(diary)
        let_in = []
        with _as_program(diary) as other:
            for statement in REFUSED:
                try:
                    other.execute(statement.encode())
                except psycopg.errors.InsufficientPrivilege:
                    continue
                let_in.append(statement)
        assert let_in == []
        with diary.books.read() as session:
            assert verification.verify_books(session) == []


def test_what_the_role_may_still_do_by_hand_is_found_by_check() -> None:
    with Diary(date(2026, 1, 1)) as diary:
        account = _worked(diary)
        with _as_program(diary) as other:
            other.execute(f"UPDATE account SET balance_cents = 77 WHERE id = {account}".encode())
            other.execute(f"UPDATE account SET name = 'Ann Other' WHERE id = {account}".encode())
            other.execute(b"INSERT INTO posting SELECT entry_id, 99, debit, credit, cents, account_id FROM posting LIMIT 1")
        with diary.books.read() as session:
            problems = verification.verify_books(session) + verification.verify_trail(session)
        for part in ("balance", "account: row 1 was changed by hand", "posting"):
            assert any(part in problem for problem in problems), problems


def test_every_table_is_in_one_list() -> None:
    kept = set(triggers.APPEND_ONLY) | set(triggers.NEVER_DELETED) | set(triggers.CHANGEABLE)
    assert {name for name in Base.metadata.tables if name not in kept} == {*serverroles.WORKING, *serverroles.TRAIL}


def _owned() -> URL:
    """A new office of an owner who is no administrator of the server, but may make roles."""
    address = server.server_url(support_databases.new_address())
    machine = support_databases.the_server()
    if not machine.sql("SELECT 1 FROM pg_roles WHERE rolname = 'bureau'"):
        machine.sql("CREATE ROLE bureau LOGIN CREATEROLE")
    machine.sql(f"ALTER DATABASE {address.database} OWNER TO bureau")
    return address.set(username="bureau")


def _run_as(url: URL, statement: str) -> None:
    with psycopg.connect(_address(url), autocommit=True) as connection:
        connection.execute(statement.encode())


def test_an_office_moves_with_a_role_for_the_program_and_the_link_names_it(tmp_path: Path) -> None:
    path, owner = tmp_path / "office.db", _owned()
    with Diary(path=path) as diary:
        diary.open("Ann Ames", 4995)
    moved = move_to_server(path, _address(owner), program_role="desk_role")
    assert moved.made == "desk_role"
    assert "desk_role@" in moved.link.read_text(encoding="utf-8")
    with database.open_existing(moved.link) as books:
        assert billing.run_billing(books, Desk("pat", "manager", "PC 2", date(2026, 2, 1), date(2026, 2, 1))).invoices == 1
        with books.read() as session:
            assert verification.verify_trail(session) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        _run_as(owner.set(username="desk_role"), "CREATE TEMP TABLE office (closed_through date)")


def test_rights_that_somebody_added_are_found_and_taken_back_after_an_upgrade() -> None:
    owner = _owned()
    server.create(owner).close()
    let_program_in(_address(owner), PROGRAM_ROLE)
    for added in ("UPDATE (cents)", "DELETE"):
        _run_as(owner, f"GRANT {added} ON posting TO {PROGRAM_ROLE}")
    with server.ServerDatabase(owner) as books, books.engine.begin() as connection:
        found = [
            f"guard: role {PROGRAM_ROLE} has {right}" for right in ("DELETE on table posting", "UPDATE of posting.cents")
        ]
        assert serverroles.faults(connection) == found
    with server.ServerDatabase(owner.set(username=PROGRAM_ROLE)) as books, books.read() as session:
        assert verification.verify_trail(session) == found
    with server.ServerDatabase(owner) as books, books.engine.begin() as connection:
        serverroles.grant_again(connection)
        assert serverroles.faults(connection) == []


def test_only_the_owner_upgrades_and_grants() -> None:
    owner = _owned()
    server.create(owner).close()
    let_program_in(_address(owner), PROGRAM_ROLE)
    program = _address(owner.set(username=PROGRAM_ROLE))
    with (
        server.open_existing(server.server_url(program)) as books,
        books.engine.begin() as connection,
        pytest.raises(UserError, match="Only bureau, the owner"),
    ):
        serverroles.grant(connection, PROGRAM_ROLE)
    _run_as(owner, f"UPDATE alembic_version SET version_num = '{KNOWN_REVISIONS[-2]}'")
    with pytest.raises(OfficeFileError, match="run `python -m app grant postgresql://bureau@"):
        database.open_office(program)


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("bureau", "may do more on the server"),
        ("office", "may do more on the server"),
        ("pg_write_all_data", "is no name"),
        ("Robert'); --", "is no name"),
    ],
)
def test_a_role_that_no_grants_hold_back_is_refused(role: str, said: str) -> None:
    owner = _owned()
    server.create(owner).close()
    with pytest.raises(UserError, match=said):
        let_program_in(_address(owner), role)


def test_an_owner_who_may_not_make_roles_is_told_what_to_run() -> None:
    owner = _owned()
    machine = support_databases.the_server()
    server.create(owner).close()
    machine.sql("ALTER ROLE bureau NOCREATEROLE")
    try:
        with pytest.raises(UserError, match="CREATE ROLE counterfoil_other LOGIN"):
            let_program_in(_address(owner), "counterfoil_other")
    finally:
        machine.sql("ALTER ROLE bureau CREATEROLE")


def test_the_command_grant_says_how_the_role_gets_its_password(capsys: pytest.CaptureFixture[str]) -> None:
    owner = _owned()
    server.create(owner).close()
    assert cli.run(["grant", _address(owner), "--program-role", "till"]) == 0
    assert cli.run(["grant", _address(owner), "--program-role", "till"]) == 0
    first, _, second = capsys.readouterr().out.partition("on each PC")
    assert "\\password till" in first and "\\password" not in second
    assert f"python -m app open postgresql://till:PASSWORD@127.0.0.1:{owner.port}/{owner.database}" in second
    assert cli.run(["grant", _address(owner), "--program-role", "bureau"]) == 2
    assert "choose a role of its own" in capsys.readouterr().err


PASSWORD = "correct horse battery"


def _staffed(diary: Diary) -> dict[str, tuple[int, str, str]]:
    """People of four roles: number, name and what proves that they signed in (hex)."""
    first = diary.do(people.make_first_administrator, "Ada Admin", "ada", PASSWORD)
    found = {"administrator": (first, "Ada Admin", proof_of(diary, first, PASSWORD).value)}
    desk = replace(diary.desk, actor="Ada Admin", role="administrator", person=first)
    for role in ("clerk", "supervisor", "manager"):
        with diary.books.write() as session:
            signed_in = replace(desk, proof=Proof(found["administrator"][2]))
            form = people.PersonForm(f"{role.title()} One", role, role, PASSWORD)
            number = people.add_person(session, signed_in, form)
        found[role] = (number, form.name, proof_of(diary, number, PASSWORD).value)
    return found


_ACTION = (
    "INSERT INTO action (id, what, business_date, recorded_at, actor, role, pc, reason, person_id, approved_by, "
    "approver_id) SELECT max(id) + 1, 'courtesy-credit', '2026-02-03', now(), '{name}', '{role}', 'PC 9', '', {person}, "
    "{approved} FROM action"
)


def _tries(staff: dict[str, tuple[int, str, str]]) -> dict[str, str]:
    """What somebody with the program's login and a clerk's own password may try by an SQL client."""
    (clerk, carl, _), (boss, max_, _) = staff["clerk"], staff["manager"]
    nobody = "'', NULL"
    return {
        "becoming a manager": f"UPDATE person SET role = 'manager' WHERE id = {clerk}",
        "another's password": f"UPDATE person SET password_hash = (SELECT password_hash FROM person WHERE id = {clerk}) "
        f"WHERE id = {boss}",
        "another's name to sign in": f"UPDATE person SET login = 'max' WHERE id = {clerk}",
        "unblocking": f"UPDATE person SET state = 'blocked' WHERE id = {boss}",
        "a person of one's own": "INSERT INTO person SELECT 99, 'Eve', 'eve', 'administrator', password_hash, 'active', 0 "
        f"FROM person WHERE id = {clerk}",
        "no limits": "INSERT INTO office_control VALUES (1, NULL, NULL, NULL, NULL, 0, NULL)",
        "other limits": "UPDATE office_control SET credit_limit_cents = NULL",
        "acting as the manager": _ACTION.format(name=max_, role="manager", person=boss, approved=nobody),
        "acting as nobody": _ACTION.format(name=carl, role="clerk", person="NULL", approved=nobody),
        "in a higher role": _ACTION.format(name=carl, role="manager", person=clerk, approved=nobody),
        "under another name": _ACTION.format(name=max_, role="clerk", person=clerk, approved=nobody),
        "approved by the manager": _ACTION.format(
            name=carl, role="clerk", person=clerk, approved=f"'{max_} (manager)', {boss}"
        ),
        "approved by words alone": _ACTION.format(
            name=carl, role="clerk", person=clerk, approved=f"'{max_} (manager)', NULL"
        ),
        "answering one's own request": f"UPDATE approval SET state = 'approved', answered_by = {boss}, answered_at = now()",
        "answering as oneself": f"UPDATE approval SET state = 'approved', answered_by = {clerk}, answered_at = now()",
        "a request that is approved": "INSERT INTO approval SELECT 99, what, subject, words, business_date, asked_by, "
        f"asked_at, {boss}, now(), 'approved' FROM approval",
        "another amount": "UPDATE approval SET subject = 'supervisor:0'",
        "asking as another": f"UPDATE approval SET asked_by = {boss}",
    }


@pytest.mark.parametrize("signed_in", ["clerk", "", "manager"])
def test_nobody_takes_rights_or_acts_in_anothers_name_by_an_sql_client(signed_in: str) -> None:
    with quick_passwords(), Diary(date(2026, 1, 1)) as diary:
        staff = _staffed(diary)
        (ada, name, proof) = staff["administrator"]
        administrator = Desk(name, "administrator", "PC 1", diary.day, diary.day, person=ada, proof=Proof(proof))
        with diary.books.write() as session:
            limits.change_limits(session, administrator, limits.Limits(credit=5_000), "as agreed")
        number, who, proof = staff["clerk"]
        clerk = replace(administrator, actor=who, role="clerk", person=number, proof=Proof(proof))
        with diary.books.write() as session:
            approvals.ask(session, clerk, NotPermitted("no", "manager", what="refund", subject="x", words="A refund"))
        tries, let_in = _tries(staff), []
        if signed_in == "manager":  # who is one may act as one, and answers for others; nothing else
            for own in ("acting as the manager", "answering one's own request", "another's password"):
                del tries[own]
        with _as_program(diary) as other:
            other.execute("SELECT set_config('counterfoil.proof', %s, false)", (staff.get(signed_in, (0, "", ""))[2],))
            for what, statement in tries.items():
                try:
                    other.execute(statement.encode())
                except psycopg.errors.InsufficientPrivilege:
                    continue
                let_in.append(what)
        assert let_in == []


def test_what_the_office_keeps_of_a_password_is_no_proof_and_the_own_one_is_changed_by_its_owner() -> None:
    with quick_passwords(), Diary(date(2026, 1, 1)) as diary:
        staff = _staffed(diary)
        boss, _, proof = staff["manager"]
        ((kept,),) = diary.sql("SELECT password_hash FROM person WHERE id = ?", boss)
        mine = f"UPDATE person SET password_hash = password_hash, must_change = 0 WHERE id = {boss}".encode()
        with _as_program(diary) as other:
            for given in (kept.rpartition("$")[2], kept, ""):
                with pytest.raises(psycopg.Error):
                    other.execute("SELECT set_config('counterfoil.proof', %s, false)", (given,))
                    other.execute(mine)
            other.execute("SELECT set_config('counterfoil.proof', %s, false)", (proof,))
            assert other.execute(mine).rowcount == 1


def test_an_older_offices_passwords_go_on_and_are_kept_anew_at_the_next_sign_in() -> None:
    with quick_passwords(), Diary(date(2026, 1, 1)) as diary:
        number, _, _ = _staffed(diary)["clerk"]
        older = passwords.hasher.hash(PASSWORD)
        kept = import_module("app.models.migrations.versions.0015_proofs_of_sign_in")._compared_only(older)
        with psycopg.connect(_address(support_databases.owners_address(diary.books)), autocommit=True) as connection:
            connection.execute("UPDATE person SET password_hash = %s WHERE id = %s", (kept, number))
        assert passwords.is_outdated(kept)
        with pytest.raises(UserError, match="do not belong together"):
            signin.sign_in(diary.books, "clerk", "another password", "PC 1", NOW)
        proof = signin.sign_in(diary.books, "clerk", PASSWORD, "PC 1", NOW).proof
        ((now,),) = diary.sql("SELECT password_hash FROM person WHERE id = ?", number)
        assert now != kept and not passwords.is_outdated(now) and proof.fits(now) and not proof.fits(kept)


_HAS = (
    "SELECT c.relname, has_table_privilege(%(role)s, c.oid, 'INSERT'), has_table_privilege(%(role)s, c.oid, 'DELETE'), "
    "has_table_privilege(%(role)s, c.oid, 'TRUNCATE, TRIGGER, REFERENCES'), "
    "array(SELECT CAST(a.attname AS text) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 "
    "AND NOT a.attisdropped AND has_column_privilege(%(role)s, c.oid, a.attnum, 'UPDATE')), "
    "array(SELECT CAST(a.attname AS text) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 "
    "AND NOT a.attisdropped AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary "
    "AND a.attnum = ANY(i.indkey))) "
    "FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
)


def _as_documented() -> dict[str, tuple[str, str, str]]:
    """The table of docs/RELIABILITY.md: of each table whether rows are added, which columns change, whether rows go."""
    text = (Path(__file__).parents[2] / "docs" / "RELIABILITY.md").read_text(encoding="utf-8")
    part = text.partition("## What an SQL client can do on the server")[2].partition("\n## ")[0]
    found = {}
    for line in part.splitlines():
        if line.startswith("| `"):
            tables, added, changed, gone = (cell.strip() for cell in line.strip("|").split("|"))
            for table in re.findall(r"`(\w+)`", tables):
                found[table] = (added, changed, gone)
    return found


def test_what_the_role_may_do_with_each_table_is_what_the_documents_say() -> None:
    with Diary(date(2026, 1, 1)) as diary, psycopg.connect(_address(support_databases.owners_address(diary.books))) as owner:
        rows = owner.execute(_HAS, {"role": PROGRAM_ROLE}).fetchall()
    said, found = _as_documented(), {}
    for table, adds, takes, more, updates, but_key in rows:
        assert not more, table
        changed = "none" if not updates else ", ".join(f"`{name}`" for name in updates)
        if updates and set(updates) == set(but_key):
            changed = "all but the key"
        told = said.get(table, ("", "", ""))[1]
        if sorted(changed.split(", ")) == sorted(told.split(", ")):
            changed = told  # in whatever order the columns stand
        found[table] = ("yes" if adds else "no", changed, "yes" if takes else "no")
    assert found == said
