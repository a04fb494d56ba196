"""Which statements went out: places, marks, ranges, files; and what a ruler tells about a printer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_office import Diary

from app.errors import UserError
from app.services import accounts, statements
from app.services.billingreversal import reverse_run
from app.services.gateways.mail import FolderMail
from app.services.printermeasure import Correction, Measured, correction, measured_again, parse_mm
from app.services.statementletters import send_letters, unsent_letters
from app.services.statementprints import (
    MadeStatements,
    Marked,
    PrintedPages,
    chosen,
    emailed_places,
    make_statements,
    mark_emailed,
    mark_pages,
    mark_sent,
    place_of,
    statement_list,
    statement_runs,
)
from app.services.testpages import stock_layout, write_test_page


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Diary]:
    """Four customers billed on 2/1: paper, e-mail, e-mail without an address, paper."""
    with Diary(path=tmp_path / "office.db") as diary:
        diary.open("Ann Ames", 3100, delivery="paper")
        diary.open("Bob Boyd", 2000, delivery="email", email="bob@b.example")
        diary.open("Cy Cole", 1000, delivery="email")
        diary.open("Di Dean", 500, delivery="paper")
        diary.on(2, 1).bill()
        yield diary


def run_of(office: Diary) -> int:
    return office.see(statements.latest_billing_run)


def test_runs_are_listed_with_the_month_that_they_billed(office: Diary) -> None:
    office.on(3, 1).bill()
    newest, oldest = office.see(statement_runs)
    assert (newest.on, newest.period) == (date(2026, 3, 1), "April 2026")
    assert (oldest.on, oldest.period, oldest.invoices) == (date(2026, 2, 1), "March 2026", 4)


def test_the_list_says_what_each_statement_says(office: Diary) -> None:
    run_id = run_of(office)
    run = office.see(statements.statement_run, run_id)
    office.on(2, 5).check(1, 1234, "7")
    rows = office.see(statement_list, run_id)
    said = office.see(lambda session: list(statements.contents(session, run, [row.account_id for row in rows])))
    assert [row.cents for row in rows] == [content.balance for content in said]
    assert [row.place for row in rows] == [1, 2, 3, 4]


def test_a_mark_counts_for_its_delivery_and_range_and_the_latest_is_shown(office: Diary) -> None:
    run_id = run_of(office)
    office.do(mark_sent, run_id, "paper", 1, 4, "Laser")
    assert [row.how for row in office.see(statement_list, run_id)] == ["Laser", "", "", "Laser"]
    office.on(2, 3).do(mark_sent, run_id, "all", 4, 4, "Inkjet")
    last = office.see(statement_list, run_id)[-1]
    assert (last.how, last.sent_on) == ("Inkjet", date(2026, 2, 3))


def test_an_e_mail_mark_leaves_out_a_customer_without_an_address(office: Diary) -> None:
    office.do(mark_sent, run_of(office), "email", 1, 4, "e-mail")
    assert [row.how for row in office.see(statement_list, run_of(office))] == ["", "e-mail", "", ""]


ONE_FILE = ((1, 1, 1, 1),)
LONG_ONES = ((1, 3, 2, 1),)
TWO_FILES = ((1, 1), (2, 1))


@pytest.mark.parametrize(
    ("each", "printed", "marked", "in_part"),
    [
        (ONE_FILE, [(0, 1, 4)], [1, 2, 3, 4], 0),
        (ONE_FILE, [(0, 2, 3)], [2, 3], 0),
        (ONE_FILE, [(0, 4, 4)], [4], 0),
        (ONE_FILE, [], [], 0),
        (LONG_ONES, [(0, 1, 7)], [1, 2, 3, 4], 0),
        (LONG_ONES, [(0, 1, 4)], [1, 2], 0),
        (LONG_ONES, [(0, 1, 3)], [1], 1),
        (LONG_ONES, [(0, 3, 5)], [], 2),
        (LONG_ONES, [(0, 2, 2), (0, 3, 4)], [2], 0),
        (LONG_ONES, [(0, 1, 1), (0, 7, 7)], [1, 4], 0),
        (TWO_FILES, [(0, 1, 2)], [1, 2], 0),
        (TWO_FILES, [(1, 1, 2)], [3], 0),
        (TWO_FILES, [(0, 1, 1), (1, 2, 3)], [1, 4], 1),
        (TWO_FILES, [(0, 1, 2), (1, 1, 3)], [1, 2, 3, 4], 0),
    ],
)
def test_the_pages_that_were_printed_mark_exactly_the_statements_that_are_out_whole(
    office: Diary,
    each: tuple[tuple[int, ...], ...],
    printed: list[tuple[int, int, int]],
    marked: list[int],
    in_part: int,
) -> None:
    made = MadeStatements(tuple(Path(f"{n}.pdf") for n in range(len(each))), 4, sum(map(sum, each)), 1, 4, each)
    pages = [PrintedPages(*part) for part in printed]
    assert office.do(mark_pages, run_of(office), "all", made, pages, "Front desk") == Marked(len(marked), in_part)
    rows = office.see(statement_list, run_of(office))
    assert [row.place for row in rows if row.sent_on] == marked


@pytest.mark.parametrize(("first", "last"), [(0, 1), (2, 1), (1, 5)])
def test_a_range_beyond_the_run_is_refused(office: Diary, first: int, last: int) -> None:
    with pytest.raises(UserError, match="There are 4 statements"):
        office.do(mark_sent, run_of(office), "paper", first, last, "Laser")
    office.do(mark_sent, run_of(office), "paper", 1, 4, "Laser")


def test_an_unknown_run_and_delivery_are_refused(office: Diary) -> None:
    with pytest.raises(UserError, match="finished billing run"):
        office.do(mark_sent, 999, "paper", 1, 1, "Laser")
    with pytest.raises(UserError, match="no way of delivery"):
        office.do(mark_sent, run_of(office), "pigeon", 1, 1, "Laser")


def test_a_mark_is_taken_on_a_closed_day_and_posts_nothing(office: Diary) -> None:
    from app.services.dayclose import close_day
    from app.services.gateways.mail import NoMail

    office.do(close_day, NoMail())
    before = office.last_entry()
    office.do(mark_sent, run_of(office), "paper", 1, 1, "Laser")
    assert office.last_entry() == before


def test_a_place_is_found_by_account_or_by_number(office: Diary) -> None:
    rows = office.see(statement_list, run_of(office))
    assert place_of(rows, f" {rows[2].number} ", "first") == 3
    assert place_of(rows, "4", "first") == 4
    for typed in ("0", "5", "Ann", ""):
        with pytest.raises(UserError) as refused:
            place_of(rows, typed, "first")
        assert refused.value.field == "first"


def test_a_delivery_and_a_range_choose_statements(office: Diary) -> None:
    rows = office.see(statement_list, run_of(office))
    assert [row.place for row in chosen(rows, "paper")] == [1, 4]
    assert [row.place for row in chosen(rows, "all", 2, 3)] == [2, 3]
    assert [row.place for row in chosen(rows, "email", 3)] == [3]


def test_files_are_made_for_a_run_a_range_and_one_account(office: Diary, tmp_path: Path) -> None:
    folder, run_id, path = tmp_path / "out", run_of(office), tmp_path / "office.db"
    whole = make_statements(office.books, path, folder, run_id, "paper")
    assert (whole.statements, whole.sheets, whole.first_place, whole.last_place) == (2, 2, 1, 4)
    assert whole.paths == (folder / f"statements-2026-02-01-run-{run_id}-paper.pdf",)
    part = make_statements(office.books, path, folder, run_id, "all", 2, 3)
    assert part.paths[0].name.endswith("-all-2-to-3.pdf") and part.statements == 2
    (row,) = [row for row in office.see(statement_list, run_id) if row.place == 2]
    one = make_statements(office.books, path, folder, run_id, "all", 2, 2)
    assert one.paths[0].name.endswith(f"-account-{row.number}.pdf")
    assert make_statements(office.books, path, folder, run_id, "paper").paths == whole.paths


def test_nothing_to_make_and_a_folder_that_cannot_be_are_refused(office: Diary, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no statements to print"):
        make_statements(office.books, tmp_path / "office.db", tmp_path / "out", run_of(office), "email", 4, 4)
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        make_statements(office.books, tmp_path / "office.db", blocked, run_of(office), "paper")


def test_letters_go_once_to_customers_with_an_address(office: Diary, tmp_path: Path) -> None:
    run = office.see(statements.statement_run, run_of(office))
    found = office.see(statements.statement_accounts, run)
    mail = FolderMail(tmp_path / "mail", "Test Office", "office@b.example", run.on)
    waiting = unsent_letters(found, run, mail)
    assert [account.name for account in waiting] == ["Bob Boyd"]
    paper = office.see(statements.paper_office)
    assert send_letters(tmp_path / "office.db", paper, run, waiting, mail) == 1
    assert unsent_letters(found, run, mail) == []
    (letter,) = (tmp_path / "mail").glob("*.eml")
    text = letter.read_text(encoding="utf-8")
    assert "bob@b.example" in text and "application/pdf" in text and paper.name in text


def test_a_letter_of_another_run_of_the_same_day_is_another_letter(office: Diary, tmp_path: Path) -> None:
    run = office.see(statements.statement_run, run_of(office))
    found = office.see(statements.statement_accounts, run)
    mail = FolderMail(tmp_path / "mail", "Test Office", "office@b.example", run.on)
    send_letters(tmp_path / "office.db", office.see(statements.paper_office), run, unsent_letters(found, run, mail), mail)
    reverse_run(office.books, office.desk, run.run_id, "wrong prices")
    office.bill()
    again = office.see(statements.statement_run, run_of(office))
    assert (again.on, again.run_id == run.run_id) == (run.on, False)
    assert [account.name for account in unsent_letters(found, again, mail)] == ["Bob Boyd"]


def test_only_what_was_e_mailed_is_marked_and_an_address_that_comes_later_is_still_to_do(office: Diary) -> None:
    run_id = run_of(office)
    assert office.see(emailed_places, run_id) == set()
    office.do(mark_emailed, run_id, [2])
    assert office.see(emailed_places, run_id) == {2}
    office.on(2, 2).do(accounts.change_email, 3, "cy@c.example")
    rows = {row.name: row for row in office.see(statement_list, run_id)}
    assert (rows["Bob Boyd"].sent_on, rows["Bob Boyd"].how) == (date(2026, 2, 1), "e-mail")
    assert rows["Cy Cole"].sent_on is None and rows["Ann Ames"].sent_on is None
    office.do(mark_emailed, run_id, [3])
    assert office.see(emailed_places, run_id) == {2, 3}
    office.do(mark_sent, run_id, "email", 1, 4, "by hand")
    assert office.see(emailed_places, run_id) == {2, 3}, "what was handed over otherwise was not e-mailed"


def test_a_place_stays_when_a_customer_changes_the_delivery_later(office: Diary) -> None:
    office.do(mark_sent, run_of(office), "paper", 1, 4, "Laser")
    office.on(2, 4).do(accounts.change_delivery, 2, "paper")
    assert [row.place for row in office.see(statement_list, run_of(office))] == [1, 2, 3, 4]


# Printers

TRUE = Measured(20, 20, 170, 240)


def test_a_true_printer_needs_no_correction() -> None:
    assert correction(TRUE) == Correction(0, 0, 1)


def test_a_printer_that_moves_the_page_gets_it_moved_back() -> None:
    assert correction(TRUE._replace(left_mm=21.2, top_mm=19.5)) == Correction(-1.2, 0.5, 1)


@given(st.floats(-8, 8), st.floats(-8, 8), st.floats(0.95, 1.05))
def test_what_is_corrected_would_measure_true_again(right: float, down: float, scale: float) -> None:
    again = correction(measured_again(Correction(right, down, scale)))
    assert abs(again.right_mm - right) < 0.001
    assert abs(again.down_mm - down) < 0.001
    assert abs(again.scale - scale) < 1e-9


@pytest.mark.parametrize(
    ("measured", "field"),
    [
        (TRUE._replace(left_mm=32.1), "left"),
        (TRUE._replace(top_mm=7.9), "top"),
        (TRUE._replace(across_mm=155), "across"),
        (TRUE._replace(down_mm=262), "down"),
        (TRUE._replace(across_mm=171.1), "down"),
    ],
)
def test_a_measure_that_no_printer_makes_is_refused(measured: Measured, field: str) -> None:
    with pytest.raises(UserError) as refused:
        correction(measured)
    assert refused.value.field == field


def test_a_measure_at_the_edge_of_what_printers_do_is_taken() -> None:
    assert correction(TRUE._replace(left_mm=32)).right_mm == -12
    assert correction(Measured(20, 20, 170.9, 240)).scale < 1


@pytest.mark.parametrize(("typed", "mm"), [("20", 20), ("20.35", 20.35), (" 20.3 mm ", 20.3), ("20.", 20)])
def test_millimeters_are_read_as_they_are_typed(typed: str, mm: float) -> None:
    assert parse_mm(typed, "left") == mm


@pytest.mark.parametrize("typed", ["", "abc", "-1", "1e3", "20,3", ".", "nan", "²"])
def test_what_is_no_length_is_refused(typed: str) -> None:
    with pytest.raises(UserError, match="millimeters"):
        parse_mm(typed, "left")


@pytest.mark.parametrize("which", ["ruler", "statement", "check"])
def test_each_test_page_is_one_letter_sheet(office: Diary, tmp_path: Path, which: str) -> None:
    import pypdfium2

    assert office.see(stock_layout) == "voucher-top"
    path = office.see(write_test_page, which, tmp_path / "pages")
    document = pypdfium2.PdfDocument(path)
    assert [(page.get_width(), page.get_height()) for page in document] == [(612, 792)]
    document.close()
