"""Find anything as it is typed: what is found, in which order, and that the index never lags behind."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from support_databases import empty_office, made_once
from support_office import Diary, image_of, opened

from app.models import searchindex, searchwords
from app.models.bulk import execute, fetch_value, insert_with_id
from app.models.database import create, open_existing
from app.services.accountnumbers import account_number
from app.services.accounts import AccountForm, open_account
from app.services.checks import CheckForm, post_check
from app.services.desk import Desk
from app.services.office import OfficeForm, set_up
from app.services.search import Hit, find, find_accounts

DAY = date(2026, 7, 1)
DESK = Desk("ann", "manager", "PC 1", DAY, DAY)
MULLER = AccountForm(
    "Björn Müller-Strauß",
    email="bjorn.m@example.net",
    phone="(605) 555-0142",
    address=("1208 Elm St", "Apt 4", "Spearfish SD 57783"),
    old_number="A-17",
    payer="Black Hills Trust",
)
OBRIEN = AccountForm("Kathleen O'Brien", phone="605.555.0199", address=("77 Canyon Rd", "Custer SD 57730"))
LI = AccountForm("Li Na", phone="307-555-0123", address=("9 Lincoln Ave", "Hulett WY 82720"), old_number="20417")


def _set_up(session: Session) -> None:
    set_up(session, OfficeForm("Test Office", ("1 Main St",)), DAY)
    for form in (MULLER, OBRIEN, LI):
        open_account(session, DESK, form)


@made_once
def _three_accounts() -> bytes:
    with empty_office() as books:
        with books.write() as session:
            _set_up(session)
        return image_of(books)


@pytest.fixture
def session() -> Iterator[Session]:
    with opened(_three_accounts()) as books, books.write() as session:
        yield session


def names(hits: list[Hit]) -> list[str]:
    return [hit.title for hit in hits]


def insert_invoice(session: Session, number: int, account_id: int) -> None:
    action = fetch_value(session, "SELECT max(id) FROM action")
    entry = insert_with_id(session, "entry", business_date=DAY, what="test", reverses_id=None, action_id=action)
    execute(
        session,
        "INSERT INTO invoice VALUES (?, ?, ?, ?, 4995, 4995, 'cycle', NULL, ?, ?)",
        number,
        account_id,
        DAY,
        DAY,
        entry,
        action,
    )


# What finds an account


@pytest.mark.parametrize(
    "typed",
    [
        "100014", "10001", "0001",
        "A-17", "a17", "a-1",
        "B", "Bj", "Björn", "björn", "BJÖRN", "Bjorn", "jorn", "Mül", "Muller", "uller", "strauss",
        "Strauß", "bjorn.m@example.net", "bjorn.m", "m@example",
        "605-555-0142", "6055550142", "(605) 555-0142", "(605) 555", "555-01", "5550142", "605 555 01",
        "0142", "555 0142", "+(605)555.0142",
        "1208", "120", "208", "Elm St", "1208 elm", "Apt 4", "spear", "fish", "57783",
        "Black Hills", "trust", "hills black",
    ],
)  # fmt: skip
def test_a_beginning_or_a_fragment_of_any_field_finds_the_account(session: Session, typed: str) -> None:
    assert "Björn Müller-Strauß" in names(find(session, typed))
    assert "Björn Müller-Strauß" in names(find_accounts(session, typed))


@pytest.mark.parametrize("typed", ["elm muller 0142", "0142 elm muller", "bj spear 57", "MULLER   a-17 trust"])
def test_several_words_all_match_in_any_order_and_any_field(session: Session, typed: str) -> None:
    assert names(find(session, typed)) == ["Björn Müller-Strauß"]


@pytest.mark.parametrize("typed", ["muller canyon", "elm elk", "0142 0199", "bj q"])
def test_a_word_that_does_not_match_finds_nothing(session: Session, typed: str) -> None:
    assert find(session, typed) == []


@pytest.mark.parametrize("typed", ["O'Brien", "O’Brien", "obrien", "o'b", "brien", "kath o'br"])
def test_an_apostrophe_may_be_typed_or_left_out(session: Session, typed: str) -> None:
    assert names(find(session, typed)) == ["Kathleen O'Brien"]


def test_an_accent_written_as_a_sign_of_its_own_is_the_same_letter(session: Session) -> None:
    decomposed = "Bjo\N{COMBINING DIAERESIS}rn"
    assert names(find(session, decomposed)) == ["Björn Müller-Strauß"]
    open_account(session, DESK, AccountForm(f"{decomposed} Twin"))
    assert names(find(session, "björn")) == ["Björn Müller-Strauß", f"{decomposed} Twin"]


def test_a_hit_names_the_hidden_field_that_matched(session: Session) -> None:
    (hit,) = find(session, "trust")
    assert hit == Hit(
        "account",
        1,
        1,
        "Björn Müller-Strauß",
        "100014 · 1208 Elm St · (605) 555-0142",
        "payer Black Hills Trust",
    )
    assert find(session, "elm")[0].match == ""


def test_names_come_before_streets_and_beginnings_before_fragments(session: Session) -> None:
    open_account(session, DESK, AccountForm("Colin Small"))
    assert names(find(session, "li")) == ["Li Na"]
    assert names(find(session, "lin")) == ["Li Na", "Colin Small"]
    open_account(session, DESK, AccountForm("Linda Zell"))
    assert names(find(session, "lin")) == ["Linda Zell", "Li Na", "Colin Small"]


def test_an_exact_account_number_comes_first_then_an_old_one(session: Session) -> None:
    number = account_number(3)
    other = open_account(session, DESK, AccountForm("Old Holder", old_number=number))
    open_account(session, DESK, AccountForm("Neighbour", address=(f"{number} Elm St",)))
    assert names(find(session, number)) == ["Li Na", "Old Holder", "Neighbour"]
    assert find_accounts(session, number)[1].id == other
    assert names(find(session, "20417"))[0] == "Li Na"


def test_digits_that_are_no_whole_number_say_where_they_were_found(session: Session) -> None:
    number = account_number(3)
    opened = open_account(
        session, DESK, AccountForm("Odd", address=("90210 Elm St",), phone="605-777-8181", old_number="X-5")
    )
    said = {typed: [hit.by for hit in find_accounts(session, typed) if hit.id == opened] for typed in ("90210", "7778181")}
    assert said == {"90210": ["its street"], "7778181": ["its phone"]}
    assert find_accounts(session, number)[0].by == "" and find_accounts(session, "x-5")[0].by == ""
    assert {hit.by for hit in find_accounts(session, number[:5]) if hit.id == 3} == {"a part of its number"}


# Invoices and checks


def test_an_invoice_is_found_by_the_beginning_of_its_number_the_exact_one_first(session: Session) -> None:
    for number in (1002, 10020, 10029, 100201, 10030, 11002):
        insert_invoice(session, number, 2)
    found = [hit.id for hit in find(session, "1002") if hit.kind == "invoice"]
    assert found == [1002, 10029, 10020, 100201]
    hit = find(session, "#100201")[0]
    assert (hit.kind, hit.account_id, hit.title) == ("invoice", 2, "Invoice 100201")
    assert "Kathleen O'Brien" in hit.detail


def test_the_posting_window_finds_an_account_by_an_invoice(session: Session) -> None:
    insert_invoice(session, 700_001, 3)
    assert [(hit.id, hit.match) for hit in find_accounts(session, "700001")] == [(3, "invoice 700001")]
    assert [hit.id for hit in find_accounts(session, "70000")] == [3]
    assert [hit.by for hit in find_accounts(session, "70000")] == ["invoice 700001"]
    assert {hit.kind for hit in find_accounts(session, "7")} == {"account"}


def test_a_check_is_found_by_number_payer_and_amount(session: Session) -> None:
    post_check(session, DESK, CheckForm(2, 7734, "20318", payer="Ødegaard Trust"))
    post_check(session, DESK, CheckForm(3, 123_450, "4477"))
    for typed in (
        "20318",
        "203",
        "031",
        "odegaard",
        "gaard 203",
        "77.34",
        "$77.34",
        "odeg $77.34",
        "77.34 203",
    ):
        hits = [hit for hit in find(session, typed) if hit.kind == "check"]
        assert [hit.title for hit in hits] == ["Check 20318 for 77.34"], typed
        assert hits[0].account_id == 2
        assert "Kathleen O'Brien" in hits[0].detail
    assert [hit.id for hit in find(session, "$1,234.50")] == [2]
    assert find(session, "$77.35") == []
    assert find(session, "4477 $77.34") == []


def test_the_newest_of_equal_checks_comes_first_and_an_exact_number_before_longer_ones(
    session: Session,
) -> None:
    for number in ("1042", "10421", "1042", "21042"):
        post_check(session, DESK, CheckForm(2, 5000, number, force="test"))
    assert [hit.id for hit in find(session, "1042") if hit.kind == "check"] == [3, 1, 2, 4]


def test_many_accounts_do_not_hide_invoices_and_checks(session: Session) -> None:
    for n in range(60):
        open_account(session, DESK, AccountForm(f"Customer {n}", phone=f"605-123-4{n:03d}"))
    insert_invoice(session, 1234, 2)
    post_check(session, DESK, CheckForm(2, 5000, "1234"))
    hits = find(session, "1234")
    assert len(hits) == 50
    assert [hit.kind for hit in hits] == ["invoice", "check"] + ["account"] * 48
    assert hits == find(session, "1234")
    # Numbers that only begin so stay behind the accounts, and an account of that number is before all.
    assert [hit.kind for hit in find(session, "123")] == ["account"] * 48 + ["invoice", "check"]
    numbered = open_account(session, DESK, AccountForm("Imported", old_number="1234"))
    assert [(hit.kind, hit.id) for hit in find(session, "1234")[:2]] == [("account", numbered), ("invoice", 1234)]


@pytest.mark.parametrize("limit", [1, 2, 7, 50])
def test_the_limit_is_kept(session: Session, limit: int) -> None:
    for n in range(8):
        open_account(session, DESK, AccountForm(f"Custer {n}"))
        insert_invoice(session, 100 + n, 1)
        post_check(session, DESK, CheckForm(1, 5000, f"10{n}"))
    for typed in ("c", "cus", "1", "10", "50.00"):
        assert len(find(session, typed, limit)) <= limit
        assert len(find_accounts(session, typed, limit)) <= limit


# Whatever is typed


@pytest.mark.parametrize(
    "typed",
    ["", " ", "\t\n", '"', "''", "*", "-", "()", "\0", "$", ".", "%", "_", "\ud800", "NEAR(", 'a"b', "^li*"],
)
def test_signs_of_query_languages_are_only_text(session: Session, typed: str) -> None:
    assert len(find(session, typed)) <= 1
    if not any(c.isalnum() for c in typed):
        assert find(session, typed) == find_accounts(session, typed) == []


@pytest.mark.parametrize("typed", ["NEAR", "OR", "li AND obrien", "text:li", "{text}: li", "li NOT obrien"])
def test_words_of_query_languages_are_only_words(session: Session, typed: str) -> None:
    assert find(session, typed) == []


@made_once
def _with_documents() -> bytes:
    with opened(_three_accounts()) as books:
        with books.write() as session:
            insert_invoice(session, 100_001, 2)
            post_check(session, DESK, CheckForm(2, 7734, "20318", payer="Ødegaard Trust"))
        return image_of(books)


@given(st.text() | st.text("0123456789.-$,()#'\" *liLIäß\0", max_size=400) | st.text("a b", max_size=3000))
def test_any_text_at_all_is_searched_for_without_an_error(typed: str) -> None:
    with Diary(image=_with_documents()) as office, office.books.read() as session:
        assert len(find(session, typed, 5)) <= 5
        assert len(find_accounts(session, typed, 5)) <= 5


_NAME = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from("aeio '-.üßØé&"),
    min_size=3,
    max_size=30,
).filter(lambda text: len("".join(searchwords.words(text))) > 2)


@settings(max_examples=150)
@given(st.data())
def test_every_fragment_of_three_characters_finds_its_account(data: st.DataObject) -> None:
    form = AccountForm(data.draw(_NAME), phone=data.draw(st.from_regex(r"\(\d{3}\) \d{3}-\d{4}", fullmatch=True)))
    with Diary(image=_with_documents()) as office, office.books.write() as session:
        account_id = open_account(session, DESK, form)
        number = fetch_value(session, "SELECT number FROM account WHERE id = ?", account_id)
        for text in (form.name.strip(), form.phone, "".join(searchwords.words(form.phone)), number):
            start = data.draw(st.integers(0, max(0, len(text) - 3)))
            typed = text[start : data.draw(st.integers(start + 3, max(start + 3, len(text))))]
            if len("".join(searchwords.words(typed))) > 2:
                assert account_id in [hit.id for hit in find_accounts(session, typed, 50)], typed


# The index follows the rows


@pytest.mark.parametrize(
    ("column", "before", "after"),
    [
        ("number", "100014", "777777"), ("old_number", "A17", "Z-99"), ("name", "muller", "Änne"),
        ("email", "example.net", "new@mail"), ("phone", "0142", "605-555-7890"),
        ("address", "elm", "5 Oak St"), ("payer", "trust", "Wells"),
    ],
)  # fmt: skip
def test_a_changed_field_is_found_by_the_new_text_only(session: Session, column: str, before: str, after: str) -> None:
    assert 1 in [hit.id for hit in find(session, before)]
    execute(session, f"UPDATE account SET {column} = ? WHERE id = 1", after)
    assert 1 not in [hit.id for hit in find(session, before)]
    assert 1 in [hit.id for hit in find(session, after)]


def test_after_any_inserts_and_updates_the_index_is_what_a_rebuild_makes(session: Session) -> None:
    dice = random.Random(7)
    texts = (
        "Ann",
        "O'Brien",
        "Müller & Söhne",
        "x\n y",
        "",
        "ÆØÅ – «q»",
        "605-555-0100",
        "日本 語",
        "e\u0301té",
    )
    columns = ("number", "old_number", "name", "email", "phone", "address", "payer", "notes")
    for n in range(150):
        if dice.random() < 0.3:
            open_account(session, DESK, AccountForm(f"{dice.choice(texts)} {n}", payer=dice.choice(texts)))
            post_check(session, DESK, CheckForm(1, 100 + n, f"{n}-{dice.choice(texts)}", payer=dice.choice(texts)))
        else:
            highest = fetch_value(session, "SELECT max(id) FROM account")
            text = f"{dice.choice(texts)}{dice.choice(texts)}"
            column = dice.choice(columns)
            text = f"{text}{n}"[-16:] if column == "number" else text
            execute(session, f"UPDATE account SET {column} = ? WHERE id = ?", text, dice.randint(1, highest))
    execute(session, "UPDATE mail_check SET number = number || 'x', payer = 'Zed' WHERE id % 3 = 0")
    execute(session, "UPDATE account SET name = name || ' all' WHERE id < 20")
    assert searchindex.agrees_with_rows(session.connection())


@pytest.mark.file_only("takes a trigger away, which the program's role may not")
def test_an_index_that_lags_behind_is_noticed_and_rebuilt(session: Session) -> None:
    execute(session, "DROP TRIGGER account_search_before")
    execute(session, "DROP TRIGGER account_search_after")
    execute(session, "UPDATE account SET name = 'Zelda' WHERE id = 1")
    assert not searchindex.agrees_with_rows(session.connection())
    searchindex.rebuild(session.connection())
    assert searchindex.agrees_with_rows(session.connection())
    assert names(find(session, "zelda")) == ["Zelda"]


@pytest.mark.file_only("a server's index is never paused")
def test_accounts_loaded_while_the_index_is_paused_are_found_afterwards(session: Session) -> None:
    with searchindex.paused(session.connection()):
        open_account(session, DESK, AccountForm("Late Arrival"))
        post_check(session, DESK, CheckForm(1, 5000, "88", payer="Late Payer"))
    assert names(find(session, "late")) == ["Late Arrival", "Check 88 for 50.00"]
    assert searchindex.agrees_with_rows(session.connection())
    assert searchindex.is_current(session.connection())


@pytest.mark.file_only("reads SQLite's own table of the schema")
def test_installing_twice_changes_nothing(session: Session) -> None:
    before = fetch_value(session, "SELECT group_concat(name || sql) FROM sqlite_master")
    changes = fetch_value(session, "SELECT total_changes()")
    searchindex.install(session.connection())
    assert fetch_value(session, "SELECT group_concat(name || sql) FROM sqlite_master") == before
    assert fetch_value(session, "SELECT total_changes()") == changes


@pytest.mark.file_only("no server was ever without the index")
def test_a_file_from_before_the_index_is_indexed_when_it_is_installed(tmp_path: Path) -> None:
    path = tmp_path / "office.db"
    with create(path) as books, books.write() as session:
        _set_up(session)
        searchindex.remove(session.connection())
        execute(session, "UPDATE account SET name = 'Anna Later' WHERE id = 3")
    with open_existing(path) as books:
        with books.write() as session:
            searchindex.install(session.connection())
        with books.read() as session:
            assert names(find(session, "later")) == ["Anna Later"]
            assert names(find(session, "muller")) == ["Björn Müller-Strauß"]


@pytest.mark.file_only("closes and opens a file")
def test_an_office_closed_and_opened_again_is_found_as_before(tmp_path: Path) -> None:
    with create(tmp_path / "office.db") as books, books.write() as session:
        _set_up(session)
    with open_existing(tmp_path / "office.db") as books, books.read() as session:
        assert names(find(session, "strauss")) == ["Björn Müller-Strauß"]
