"""The office's key on a sheet and back, bank numbers under it, and where a PC keeps it."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_office import Diary

from app.errors import NotPermitted, UserError
from app.keystore import FileKeyStore, KeyStore, SystemKeyStore, open_key_store, settings_folder
from app.models.bulk import execute
from app.services import bank_numbers, officekey
from app.services.bank_numbers import BankNumber, mask, reveal, store
from app.services.officekey import ALPHABET, enter_key, groups_of, key_of, make_key, office_key, sheet_key

ROUTING, NUMBER = "091400046", "0012345678"
SOME_KEY = bytes(range(7, 39))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Diary]:
    with Diary() as diary:
        diary.open("Ann Ames")
        yield diary


@pytest.fixture
def keys(tmp_path: Path) -> FileKeyStore:
    return FileKeyStore(tmp_path / "keys")


# On the sheet


@given(st.binary(min_size=32, max_size=32))
def test_every_key_is_read_back_from_its_groups(key: bytes) -> None:
    groups = groups_of(key)
    assert [len(group) for group in groups] == [5] * 13
    assert key_of(" ".join(groups)) == key
    assert key_of("-".join(groups).lower()) == key == key_of("".join(groups))


@pytest.mark.parametrize("key", [bytes(32), b"\xff" * 32])
def test_the_smallest_and_the_largest_key_are_read_back(key: bytes) -> None:
    assert key_of(" ".join(groups_of(key))) == key


@given(st.binary(min_size=32, max_size=32), st.integers(0, 64), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found_and_its_group_named(key: bytes, place: int, letter: str) -> None:
    plain = "".join(groups_of(key))
    typed = plain[:place] + letter + plain[place + 1 :]
    if typed == plain:
        assert key_of(typed) == key
        return
    with pytest.raises(UserError, match=rf"Group {place // 5 + 1} \(.*\) is mistyped"):
        key_of(typed)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 63))
def test_two_exchanged_neighbours_are_found(key: bytes, place: int) -> None:
    plain = "".join(groups_of(key))
    typed = plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :]
    if typed == plain:
        return
    with pytest.raises(UserError, match="mistyped"):
        key_of(typed)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 12), st.integers(0, 12))
def test_two_exchanged_groups_are_found(key: bytes, one: int, other: int) -> None:
    groups = groups_of(key)
    if one == other:
        return
    groups[one], groups[other] = groups[other], groups[one]
    with pytest.raises(UserError, match=rf"Group {min(one, other) + 1} "):
        key_of(" ".join(groups))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "65 of them are missing"),
        ("ABCDE", "60 of them are missing"),
        (" ".join(["22222"] * 6 + ["2222"] + ["22222"] * 6), "1 of them are missing; group 7 has 4"),
        (" ".join(["22222"] * 14), "5 of them are too many"),
        ("2222O " + "22222 " * 12, "“O” in group 1 stands in no key"),
        ("22222 22202", "“0” in group 2"),
        ("22222 2é222", "“É” in group 2"),
    ],
)
def test_typing_mistakes_get_a_sentence_that_helps(typed: str, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)) as refused:
        key_of(typed)
    assert refused.value.field == "key"


def test_a_number_beyond_256_bits_is_no_key() -> None:
    places = [[30] * 4 for _ in range(13)]
    typed = ["".join(ALPHABET[p] for p in (*group, officekey._check(n, group))) for n, group in enumerate(places)]
    with pytest.raises(UserError, match="no key of Counterfoil"):
        key_of(" ".join(typed))


# Kept by PCs


def test_the_key_is_made_once_and_learnt_by_another_pc_from_the_sheet(
    office: Diary, keys: FileKeyStore, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="has no key yet"):
        office.see(office_key, keys)
    made = office.do(make_key, keys)
    assert office.see(office_key, keys) == made
    with pytest.raises(UserError, match="already"):
        office.do(make_key, keys)
    sheet = office.do(sheet_key, keys, "for the safe")
    assert office.sql("SELECT reason FROM action WHERE what = 'print-key'") == [("for the safe",)]
    other = FileKeyStore(tmp_path / "other-pc")
    with pytest.raises(UserError, match="from the recovery sheet"):
        office.see(office_key, other)
    with pytest.raises(UserError, match="another office's"):
        office.see(enter_key, other, " ".join(groups_of(SOME_KEY)))
    office.see(enter_key, other, " ".join(sheet))
    assert office.see(office_key, other) == made


def test_only_a_manager_makes_and_prints_the_key_and_the_books_never_hold_it(office: Diary, keys: FileKeyStore) -> None:
    office.role = "supervisor"
    with pytest.raises(NotPermitted):
        office.do(make_key, keys)
    office.role = "manager"
    made = office.do(make_key, keys)
    office.role = "supervisor"
    with pytest.raises(NotPermitted):
        office.do(sheet_key, keys, "why")
    assert made not in office.image() and made.hex().encode() not in office.image()


def test_a_wrong_key_in_the_store_is_as_good_as_none(office: Diary, keys: FileKeyStore) -> None:
    office.do(make_key, keys)
    mark = office.sql("SELECT office_mark FROM safekeeping")[0][0]
    keys.put(f"office-{mark}", SOME_KEY)
    with pytest.raises(UserError, match="does not have the office's key"):
        office.see(office_key, keys)


@pytest.mark.skipif(sys.platform == "win32", reason="there the user's own folder keeps others out")
def test_a_key_file_can_be_read_by_its_user_alone(keys: FileKeyStore) -> None:
    assert keys.get("office-1") is None
    keys.put("office-1", SOME_KEY)
    assert keys.get("office-1") == SOME_KEY
    (file,) = keys.folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(keys.folder.stat().st_mode) == 0o700
    keys.put("office-1", None)
    assert keys.get("office-1") is None


def test_a_damaged_key_file_is_a_sentence(keys: FileKeyStore) -> None:
    keys.put("office-1", SOME_KEY)
    next(keys.folder.iterdir()).write_text("%%%", encoding="ascii")
    with pytest.raises(UserError, match="cannot be read"):
        keys.get("office-1")


class Memory(keyring.backend.KeyringBackend):
    """A system's key store, as the library sees it."""

    priority = 5  # type: ignore[assignment]
    name = "Memory"

    def __init__(self, locked: bool = False) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = locked

    def _open(self) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked("it is locked")

    def get_password(self, service: str, username: str) -> str | None:
        self._open()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._open()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise keyring.errors.PasswordDeleteError("not there")
        del self.kept[service, username]


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    before, memory = keyring.get_keyring(), Memory()
    monkeypatch.delenv("COUNTERFOIL_KEYS", raising=False)
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


def test_the_systems_key_store_is_used_where_there_is_one(system: Memory) -> None:
    found: KeyStore = open_key_store()
    assert isinstance(found, SystemKeyStore) and found.place == "this PC's key store (Memory)"
    found.put("office-1", SOME_KEY)
    assert found.get("office-1") == SOME_KEY and len(system.kept) == 1
    found.put("office-1", None)
    found.put("office-1", None)
    assert found.get("office-1") is None and not system.kept
    system.kept["Counterfoil", "office-2"] = "not a key of ours %"
    assert found.get("office-2") is None


def test_a_locked_key_store_is_a_sentence(system: Memory) -> None:
    system.locked = True
    for use in (lambda: open_key_store().get("a"), lambda: open_key_store().put("a", SOME_KEY)):
        with pytest.raises(UserError, match="Unlock it and try again"):
            use()


def test_without_a_key_store_a_file_beside_the_settings_is_used(system: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends.fail import Keyring

    keyring.set_keyring(Keyring())
    found = open_key_store()
    assert not found.is_system and "this PC has no key store" in found.place
    assert found.place.startswith(f"key files in {settings_folder()},")
    assert settings_folder({"COUNTERFOIL_KEYS": "given"}) == Path("given")
    assert settings_folder({"APPDATA": "a", "XDG_CONFIG_HOME": "x"}) == Path(
        "a" if os.name == "nt" else "x", "Counterfoil", "keys"
    )


# Bank account numbers


def test_a_number_is_on_file_sealed_shown_masked_and_revealed_for_the_record(office: Diary, keys: FileKeyStore) -> None:
    office.do(make_key, keys)
    account = office.sql("SELECT id FROM account")[0][0]
    office.do(store, keys, account, ROUTING, "00 1234-5678", "savings")
    assert office.see(mask, account) == "•••• 5678"
    assert NUMBER.encode() not in office.image() and ROUTING.encode() not in office.image()
    office.role = "clerk"
    with pytest.raises(NotPermitted):
        office.do(reveal, keys, account, "the bank asks")
    office.role = "supervisor"
    with pytest.raises(UserError, match="needs a reason"):
        office.do(reveal, keys, account, "  ")
    found = office.do(reveal, keys, account, "the bank asks")
    assert found == BankNumber(ROUTING, NUMBER, "savings")
    assert repr(found) == str(found) == f"{found}" == "BankNumber(•••• 5678)"
    assert office.sql("SELECT reason, role FROM action WHERE what = 'reveal-number'") == [("the bank asks", "supervisor")]


def test_a_new_number_takes_the_place_of_the_old_one_which_is_forgotten(office: Diary, keys: FileKeyStore) -> None:
    office.do(make_key, keys)
    account = office.sql("SELECT id FROM account")[0][0]
    office.do(store, keys, account, ROUTING, NUMBER)
    office.do(store, keys, account, ROUTING, "99887766")
    assert office.see(mask, account) == "•••• 7766"
    assert office.sql("SELECT last4, sealed = '' FROM bank_number ORDER BY id") == [("5678", 1), ("7766", 0)]
    assert office.see(mask, None) == ""


def test_the_offices_own_number_is_a_managers_and_its_last_four_stand_on_tickets(office: Diary, keys: FileKeyStore) -> None:
    office.do(make_key, keys)
    office.role = "supervisor"
    with pytest.raises(NotPermitted):
        office.do(store, keys, None, ROUTING, NUMBER, "checking", "new bank")
    office.role = "manager"
    with pytest.raises(UserError, match="needs a reason"):
        office.do(store, keys, None, ROUTING, NUMBER)
    office.do(store, keys, None, ROUTING, NUMBER, "checking", "new bank")
    assert office.sql("SELECT bank_routing, bank_account_last4 FROM office") == [(ROUTING, "5678")]
    assert office.see(bank_numbers.how_many) == 1


@pytest.mark.parametrize(
    ("routing", "number", "kind", "field"),
    [
        ("091400047", NUMBER, "checking", "routing"),
        ("", NUMBER, "checking", "routing"),
        (ROUTING, "123", "checking", "number"),
        (ROUTING, "1" * 18, "checking", "number"),
        (ROUTING, "12a4", "checking", "number"),
        (ROUTING, "１２３４", "checking", "number"),
        (ROUTING, NUMBER, "cash", "account_type"),
    ],
)
def test_a_number_that_cannot_be_right_is_refused_without_repeating_it(
    office: Diary, keys: FileKeyStore, routing: str, number: str, kind: str, field: str
) -> None:
    office.do(make_key, keys)
    with pytest.raises(UserError) as refused:
        office.do(store, keys, 1, routing, number, kind)
    assert refused.value.field == field
    assert not number or number not in refused.value.message


def test_a_sealed_number_cannot_be_moved_to_another_account_or_edited(office: Diary, keys: FileKeyStore) -> None:
    office.do(make_key, keys)
    other = office.open("Bob Burr")
    office.do(store, keys, 1, ROUTING, NUMBER)
    with office.books.write() as session:
        execute(session, "UPDATE bank_number SET account_id = ?", other)
    with pytest.raises(UserError, match="changed outside of the program"):
        office.do(reveal, keys, other, "why")


def test_without_the_key_nothing_is_stored_or_read(office: Diary, keys: FileKeyStore, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no key yet"):
        office.do(store, keys, 1, ROUTING, NUMBER)
    office.do(make_key, keys)
    office.do(store, keys, 1, ROUTING, NUMBER)
    with pytest.raises(UserError, match="does not have the office's key"):
        office.do(reveal, FileKeyStore(tmp_path / "other-pc"), 1, "why")
    with pytest.raises(UserError, match="no bank account number"):
        office.do(reveal, keys, office.open("Bob Burr"), "why")
    assert office.see(mask, 1) == "•••• 5678", "the mask needs no key"


def test_the_recovery_sheet_carries_every_group_and_can_be_typed_from(tmp_path: Path) -> None:
    import pypdfium2

    from app.services.documents.recovery_sheet import write_recovery_sheet

    path = tmp_path / "sheet.pdf"
    write_recovery_sheet(path, "Müller & Sons", groups_of(SOME_KEY), "ab12", date(2026, 3, 1))
    document = pypdfium2.PdfDocument(path)
    text = document[0].get_textpage().get_text_range()
    assert len(document) == 1
    document.close()
    printed = re.findall(r"\d+\s+([2-9A-Z]{5})\b", text)
    assert key_of(" ".join(printed)) == SOME_KEY
    assert "Müller & Sons" in text and "Confidential" in text
