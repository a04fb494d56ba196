"""Signing in: lock-out with back-off, the same answer for names that nobody has, and the people of an office."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from staffed_office import NAMES, NOW, PASSWORDS, StaffedOffice, quick_passwords
from support_office import Diary

from app.errors import NotPermitted, SignInAgain, UserError
from app.services import notes, passwords, people, signin
from app.services.desk import Proof
from app.services.people import PersonForm
from app.services.signin import SignedIn

MINUTE = timedelta(minutes=1)
WRONG = "do not belong together"
LOCKED = "Too many wrong passwords"
NEW = "apples and pears"


@pytest.fixture
def office() -> Iterator[StaffedOffice]:
    with quick_passwords(), StaffedOffice() as made:
        made.role = "administrator"
        yield made


def enter(office: Diary, login: str = "carl", password: str = PASSWORDS["clerk"], now: datetime = NOW) -> SignedIn:
    return signin.sign_in(office.books, login, password, "PC 1", now)


def refused(office: Diary, login: str, password: str, now: datetime = NOW) -> str:
    with pytest.raises(UserError) as error:
        enter(office, login, password, now)
    assert error.value.field == "password"
    return error.value.message


def outcomes(office: Diary) -> list[str]:
    return [row[0] for row in office.sql("SELECT outcome FROM sign_in ORDER BY id")]


def test_a_name_and_its_password_sign_in_however_the_name_is_written(office: StaffedOffice) -> None:
    for typed in ("carl", " CARL ", "Carl"):
        who = enter(office, typed)
        assert (who.name, who.role, who.must_change) == (NAMES["clerk"], "clerk", True)
    assert outcomes(office) == ["in"] * 3
    assert enter(office, "ada", PASSWORDS["administrator"]).must_change is False


@pytest.mark.parametrize("password", ["", "Clerk rides a bicycle", "clerk rides a bicycle ", "x" * 500])
def test_a_wrong_password_is_refused_and_noted(office: StaffedOffice, password: str) -> None:
    assert WRONG in refused(office, "carl", password)
    assert outcomes(office) == ["wrong"]


def test_the_fifth_wrong_password_locks_for_a_minute_and_each_further_one_doubles_it(office: StaffedOffice) -> None:
    for _ in range(4):
        assert LOCKED not in refused(office, "carl", "wrong wrong")
    assert LOCKED in refused(office, "carl", "wrong wrong")
    assert LOCKED in refused(office, "carl", PASSWORDS["clerk"]), "also the right one is refused while it is locked"
    assert LOCKED in refused(office, "carl", PASSWORDS["clerk"], NOW + MINUTE - timedelta(seconds=1))
    now, lock = NOW + MINUTE, 2 * MINUTE
    for _ in range(8):
        assert LOCKED in refused(office, "carl", "wrong wrong", now)
        assert office.see(signin.locked_until, "carl", now) == now + min(lock, 60 * MINUTE)
        now, lock = now + min(lock, 60 * MINUTE), lock * 2
    assert enter(office, now=now).name == NAMES["clerk"]
    assert LOCKED not in refused(office, "carl", "wrong wrong", now), "signing in begins the count anew"


def test_four_wrong_ones_and_a_right_one_begin_the_count_anew(office: StaffedOffice) -> None:
    for _ in range(3):
        for _ in range(4):
            assert LOCKED not in refused(office, "carl", "wrong wrong")
        enter(office)


def test_a_name_that_nobody_has_is_answered_and_locked_just_the_same(office: StaffedOffice) -> None:
    known = [refused(office, "carl", "wrong wrong") for _ in range(7)]
    assert [refused(office, "nobody", "wrong wrong") for _ in range(7)] == known
    assert office.sql("SELECT count(*) FROM sign_in WHERE person_id IS NULL") == [(7,)]


def test_a_name_that_nobody_has_costs_the_same_check_of_a_password(
    office: StaffedOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[tuple[int, ...]] = []
    digest = passwords.hash_secret_raw

    def counted(secret: bytes, salt: bytes, *costs: int, **more: Any) -> bytes:
        checked.append((len(salt), *costs))
        return bytes(digest(secret, salt, *costs, **more))

    refused(office, "nobody", "wrong wrong")  # makes the hash of nobody
    monkeypatch.setattr(passwords, "hash_secret_raw", counted)
    refused(office, "nobody", "wrong wrong")
    refused(office, "carl", "wrong wrong")
    assert len(checked) == 2 and checked[0] == checked[1], "of the same work as a real one"


def test_what_was_typed_as_a_name_is_not_kept(office: StaffedOffice) -> None:
    refused(office, "my secret password", "x")
    dump = str(office.dump(leave_out=()))
    assert "secret" not in dump
    ((digest,),) = office.sql("SELECT login_digest FROM sign_in_guard")
    assert len(digest) == 5


def test_a_clock_set_back_locks_nobody_out_for_long(office: StaffedOffice) -> None:
    for _ in range(5):
        refused(office, "carl", "wrong wrong", NOW + timedelta(days=2))
    # Nor does it let anybody try again at once.
    assert "Too many" in refused(office, "carl", PASSWORDS["clerk"], NOW)
    assert enter(office, now=NOW + signin.LONGEST_LOCK).name == NAMES["clerk"]


def test_old_counts_are_forgotten(office: StaffedOffice) -> None:
    for _ in range(5):
        refused(office, "nobody", "wrong wrong")
    enter(office, now=NOW + timedelta(days=2))
    assert office.sql("SELECT count(*) FROM sign_in_guard") == [(0,)]


def test_a_hash_made_with_other_parameters_is_made_anew_at_the_next_sign_in(office: StaffedOffice) -> None:
    def kept() -> str:
        return str(office.sql("SELECT password_hash FROM person WHERE login = 'carl'")[0][0])

    before = kept()
    assert before.startswith("$argon2id-sha256$")
    passwords.hasher = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    enter(office)
    assert kept() != before and "m=16,t=2" in kept()
    enter(office)


def test_the_parameters_in_use_are_the_librarys_own() -> None:
    _, _, version, costs, salt, check = passwords.hash_of("apples and pears").split("$")
    of_argon2 = PasswordHasher().hash("apples and pears").split("$")
    assert [version, costs] == of_argon2[2:4]
    assert len(salt) == 2 * 16 and len(check) == 64


def test_what_is_kept_of_a_password_is_compared_with_and_does_not_prove_it() -> None:
    kept = passwords.hash_of("apples and pears")
    proof = passwords.proof_of(kept, "apples and pears")
    assert proof is not None and proof.fits(kept) and proof.value not in kept and proof.value not in repr(proof)
    assert not Proof(kept.rpartition("$")[2]).fits(kept)
    assert passwords.proof_of(kept, "apples and pearls") is None


def test_a_reset_password_ends_what_its_owner_has_signed_in_for(office: StaffedOffice) -> None:
    account = office.open()
    office.role = "clerk"
    office.do(notes.add_note, account, "before")
    office.role = "administrator"
    office.do(people.reset_password, office.person("clerk").person, "pears and apples", "lost a slip of paper")
    office.role = "clerk"
    with pytest.raises(SignInAgain, match="password was changed"):
        office.do(notes.add_note, account, "after")
    office.signed_in("clerk", "pears and apples")
    office.do(notes.add_note, account, "after")


def test_the_same_password_from_another_keyboard_is_the_same(office: StaffedOffice) -> None:
    office.do(people.reset_password, 2, "cafe\u0301 at eleven", "new keyboard")
    assert enter(office, password="caf\u00e9 at eleven").must_change


# People


def add(office: Diary, **given: str) -> int:
    form = {"name": "Nell New", "login": "nell", "role": "clerk", "password": NEW}
    return office.do(people.add_person, PersonForm(**{**form, **given}))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"password": "short one"}, "password"),
        ({"password": "a" * 30}, "password"),
        ({"password": "abcabcabcabc"}, "password"),
        ({"password": "Nell New 1"}, "password"),
        ({"password": "nellnellnell"}, "password"),
        ({"password": "password123"}, "password"),
        ({"password": "1234567890"}, "password"),
        ({"password": "x" * 150 + "yz12" * 20}, "password"),
        ({"name": "  "}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"login": " "}, "login"),
        ({"login": "CARL"}, "login"),
        ({"login": "l" * 81}, "login"),
        ({"role": "king"}, "role"),
    ],
)
def test_a_person_who_cannot_be_added_is_refused_at_the_input(
    office: StaffedOffice, given: dict[str, str], field: str
) -> None:
    before = office.digest()
    with pytest.raises(UserError) as error:
        add(office, **given)
    assert error.value.field == field
    assert office.digest() == before


@pytest.mark.parametrize(
    "password", [NEW, "ten chars!", "correct horse battery staple", "пароль из слов", "密码密钥马电池订书钉好的"]
)
def test_a_password_of_ten_characters_will_do_in_any_script(office: StaffedOffice, password: str) -> None:
    add(office, password=password)
    assert enter(office, "nell", password).must_change


def test_the_first_administrator_is_made_once_and_signing_in_begins(office: StaffedOffice) -> None:
    with Diary() as fresh:
        assert not fresh.see(signin.has_people) and fresh.see(signin.needs_first_administrator)
        fresh.role = "clerk"
        fresh.do(people.make_first_administrator, "Ada Admin", "ada", NEW)
        assert enter(fresh, "ada", NEW).must_change is False
        assert not fresh.see(signin.needs_first_administrator)
        with pytest.raises(UserError, match="has people already"):
            fresh.do(people.make_first_administrator, "Eve", "eve", NEW)


def test_the_others_come_after_the_first_administrator() -> None:
    with Diary() as fresh:
        fresh.role = "administrator"
        with pytest.raises(UserError, match="first administrator"):
            add(fresh)


def test_the_sample_office_asks_for_no_administrator() -> None:
    with Diary() as fresh, fresh.books.write() as session:
        from app.models.bulk import execute

        assert signin.needs_first_administrator(session)
        execute(session, "UPDATE office SET is_sample = 1")
        assert not signin.needs_first_administrator(session)


def test_the_only_administrator_is_neither_blocked_nor_made_something_else(office: StaffedOffice) -> None:
    for change in (
        lambda: office.do(people.block_person, 1, "leaves"),
        lambda: office.do(people.change_person, 1, "Ada Admin", "clerk", "leaves"),
    ):
        with pytest.raises(UserError, match="only administrator"):
            change()
    office.do(people.change_person, 1, "Ada Adams", "administrator", "married")
    office.on(1, 2)
    office._people["administrator"] = office.person("administrator")._replace(name="Ada Adams")
    second = add(office, role="administrator")
    office.do(people.block_person, second, "a trial")
    with pytest.raises(UserError, match="only administrator"):
        office.do(people.block_person, 1, "a blocked one does not count")
    office.do(people.unblock_person, second, "comes back")
    office.do(people.block_person, 1, "leaves")


def test_a_blocked_person_is_answered_like_a_wrong_password(office: StaffedOffice) -> None:
    office.do(people.block_person, 2, "left the office")
    assert WRONG in refused(office, "carl", PASSWORDS["clerk"])
    office.do(people.unblock_person, 2, "came back")
    assert enter(office).name == NAMES["clerk"]


def test_an_administrator_lets_somebody_try_again_at_once(office: StaffedOffice) -> None:
    for _ in range(6):
        refused(office, "carl", "wrong wrong")
    (carl,) = [row for row in office.see(people.people, NOW) if row.login == "carl"]
    assert (carl.state, carl.locked_until) == ("locked", NOW + MINUTE)
    office.do(people.unblock_person, carl.id, "forgot the new one")
    assert enter(office).name == NAMES["clerk"]


def test_a_password_given_by_the_administrator_is_changed_by_its_owner(office: StaffedOffice) -> None:
    office.do(people.reset_password, 2, "pears and apples", "forgotten")
    assert enter(office, password="pears and apples").must_change
    office.role = "clerk"
    office.signed_in("clerk", "pears and apples")
    with pytest.raises(UserError, match="present password") as error:
        office.do(people.change_own_password, "wrong wrong", NEW)
    assert error.value.field == "old"
    with pytest.raises(UserError, match="is the old one"):
        office.do(people.change_own_password, "pears and apples", "pears and apples")
    office.do(people.change_own_password, "pears and apples", NEW)
    assert enter(office, password=NEW).must_change is False


def test_every_change_of_a_person_is_recorded_with_its_reason_and_no_password(office: StaffedOffice) -> None:
    added = add(office)
    office.do(people.change_person, added, "Nell Newman", "supervisor", "promoted")
    office.do(people.reset_password, added, "pears and apples", "forgotten")
    office.do(people.block_person, added, "on leave")
    office.do(people.unblock_person, added, "is back")
    found = office.sql("SELECT what, reason FROM action WHERE id > 5 ORDER BY id")
    assert found == [
        ("add-person", "Nell New, clerk"),
        ("change-person", "Nell New becomes Nell Newman, Nell Newman: from clerk to supervisor: promoted"),
        ("reset-password", "Nell Newman: forgotten"),
        ("block-person", "Nell Newman: on leave"),
        ("unblock-person", "Nell Newman: is back"),
    ]
    assert "pears" not in str(office.dump(leave_out=()))


@pytest.mark.parametrize("reason", ["", "   "])
def test_changes_of_a_person_need_a_reason(office: StaffedOffice, reason: str) -> None:
    for change in (
        lambda: office.do(people.change_person, 2, "Carl Clerk", "supervisor", reason),
        lambda: office.do(people.block_person, 2, reason),
        lambda: office.do(people.unblock_person, 2, reason),
        lambda: office.do(people.reset_password, 2, NEW, reason),
    ):
        with pytest.raises(UserError, match="needs a reason"):
            change()


def test_people_are_changed_on_a_closed_day_too(office: StaffedOffice) -> None:
    from app.services import dayclose
    from app.services.gateways.mail import NoMail

    office.do(dayclose.close_day, NoMail())
    assert add(office) == 6


def test_a_billing_manager_adds_nobody(office: StaffedOffice) -> None:
    office.role = "manager"
    with pytest.raises(NotPermitted, match="needs an administrator"):
        add(office)


def test_the_list_says_who_was_here_last_and_who_must_change_the_password(office: StaffedOffice) -> None:
    enter(office, now=datetime(2026, 1, 6, 9, 30, tzinfo=UTC))
    rows = {row.login: row for row in office.see(people.people, NOW)}
    assert rows["carl"].last_in == datetime(2026, 1, 6, 9, 30, tzinfo=UTC) and rows["carl"].must_change
    assert rows["sue"].last_in is None
    assert (rows["ada"].role, rows["ada"].state, rows["ada"].must_change) == ("administrator", "active", False)
