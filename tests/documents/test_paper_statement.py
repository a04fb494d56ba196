"""Statements, read back from the PDF: what they say and where it stands."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from paper_reader import Box, Page, read_pages
from paper_samples import MESSAGE, OFFICE, statement

from app.services.documents import scanline
from app.services.documents.content import ChargeLine, StatementContent
from app.services.documents.envelope import Area, shipped_window
from app.services.documents.statement import (
    StatementWriter,
    write_statement_file,
    write_statement_files,
    write_statements,
)
from bench.floor_statements import draw_statement_files

WINDOW = shipped_window("number-10")
RETURN = shipped_window("number-9-return")
COUPON_TOP = 7.5


def printed(folder: Path, content: StatementContent, dpi: int = 150) -> list[Page]:
    path = folder / "one.pdf"
    write_statement_file(OFFICE, content, path)
    return read_pages(path, dpi)


def with_charges(count: int, **changes: object) -> StatementContent:
    lines = tuple(ChargeLine(date(2026, 12, 1), date(2026, 12, 31), f"Unit {at} internet", 3995) for at in range(count))
    total = 3995 * count
    sums = {
        "previous_balance": 0,
        "activity": (),
        "past_due": 0,
        "total_new_charges": total,
        "balance": total,
    }
    return statement(1, charges=lines, **{**sums, **changes})


def on_coupon(area: Area) -> Area:
    return Area(area.left, area.top + COUPON_TOP, area.right, area.bottom + COUPON_TOP)


def test_a_statement_says_everything_that_it_was_given(tmp_path: Path) -> None:
    content = next(c for c in map(statement, range(100)) if c.past_due > 0 and len(c.activity) == 2)
    (page,) = printed(tmp_path, content)
    for expected in (
        content.customer_name,
        *content.address_lines,
        content.account_number,
        str(content.statement_number),
        "Nov 21, 2026",
        "Dec 1, 2026",
        "Previous balance",
        "Late fee, invoice of Oct 20",
        "Dec 1 – Dec 31, 2026",
        *(line.description for line in content.charges),
        f"${content.balance / 100:,.2f}",
        "Past due, please pay now",
        "31–60 days",
        "1 of 1",
    ):
        assert expected in page.text
    assert MESSAGE in " ".join(page.text.split())
    assert page.fonts_embedded


def test_payments_carry_a_minus_and_amounts_end_in_one_column(tmp_path: Path) -> None:
    content = next(c for c in map(statement, range(50)) if c.activity)
    (page,) = printed(tmp_path, content)
    paid = f"{content.activity[0].cents / 100:,.2f}"
    assert paid.startswith("-")
    amounts = [f"{line.cents / 100:,.2f}" for line in content.charges]
    ends = [page.box_of(f"{amount}\r", after="Activity since").right for amount in amounts]
    ends.append(page.box_of(f"{paid}\r", after="Activity since").right)
    assert len(ends) == 4
    assert max(ends) - min(ends) < 0.03


def test_only_the_address_shows_in_the_window_and_it_shows_whole(tmp_path: Path) -> None:
    content = statement(2)
    (page,) = printed(tmp_path, content)
    ink = page.ink_in(WINDOW.seen_area())
    assert ink is not None and ink.within(WINDOW.safe_area())
    assert content.customer_name in page.text_in(WINDOW.safe_area())
    assert content.address_lines[-1] in page.text_in(WINDOW.safe_area())


def test_only_the_offices_address_shows_in_the_return_envelope(tmp_path: Path) -> None:
    (page,) = printed(tmp_path, statement(2))
    ink = page.ink_in(on_coupon(RETURN.seen_area()))
    assert ink is not None and ink.within(on_coupon(RETURN.safe_area()))
    assert OFFICE.name in page.text_in(on_coupon(RETURN.safe_area()))
    assert OFFICE.address_lines[-1] in page.text_in(on_coupon(RETURN.safe_area()))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=120),
    st.lists(st.text(max_size=90), max_size=7),
    st.sampled_from(("number-10", "number-10-high", "number-10-inset")),
)
def test_whatever_the_name_and_address_they_stay_in_the_window(
    tmp_path: Path, name: str, lines: list[str], window_name: str
) -> None:
    window = shipped_window(window_name)
    path = tmp_path / "odd.pdf"
    with StatementWriter(path, OFFICE, window=window) as writer:
        writer.add(statement(3, customer_name="W" + name, address_lines=tuple(lines)))
    (page,) = read_pages(path, dpi=72)
    ink = page.ink_in(window.seen_area())
    assert ink is not None and ink.within(window.safe_area(), slack=1.5 / 72)


def test_a_long_name_is_broken_and_not_cut(tmp_path: Path) -> None:
    name = "Pine Glen Apartments Homeowners Association of Rapid City, care of Management"
    (page,) = printed(tmp_path, statement(4, customer_name=name))
    assert name in " ".join(page.text_in(WINDOW.safe_area()).split())


def test_letters_that_the_font_lacks_leave_a_visible_sign(tmp_path: Path) -> None:
    (page,) = printed(tmp_path, statement(4, customer_name="王小明 Łukasiewicz\x00\ud800 😀"))
    assert "\ufffd\ufffd\ufffd Łukasiewicz" in page.text_in(WINDOW.safe_area())


def test_a_hebrew_name_reads_from_right_to_left(tmp_path: Path) -> None:
    (page,) = printed(tmp_path, statement(4, customer_name="יוסף כהן"))
    boxes = {char: box for char, box in page.chars if box.within(WINDOW.safe_area())}
    assert boxes["י"].left > boxes["ף"].left > boxes["כ"].left > boxes["ן"].left


def test_the_barcode_and_the_digits_under_it_are_the_scan_line(tmp_path: Path) -> None:
    content = statement(5)
    (page,) = printed(tmp_path, content)
    line = scanline.encode(content.account_number, content.statement_number, content.balance)
    assert page.barcodes() == [line]
    assert scanline.grouped(line) in page.text
    assert scanline.decode(page.barcodes()[0]).amount == content.balance


def test_the_coupon_has_the_measures_of_the_standard(tmp_path: Path) -> None:
    (page,) = printed(tmp_path, statement(5), dpi=300)
    digits = page.box_of("0010000035")
    bars = page.ink_in(Box(0.6, COUPON_TOP + 0.7, 4.5, digits.top - 0.02))
    assert bars is not None
    assert bars.bottom - bars.top >= 0.38
    for left, right in ((bars.left - 0.25, bars.left - 0.01), (bars.right + 0.01, bars.right + 0.25)):
        assert page.ink_in(Box(left, bars.top, right, bars.bottom)) is None
    perforation = page.ink_in(Box(0, COUPON_TOP - 0.02, 8.5, COUPON_TOP + 0.02))
    assert perforation is not None and perforation.left < 0.05 and perforation.right > 8.4
    assert page.box_of("Amount enclosed").top > COUPON_TOP


def test_a_credit_asks_for_nothing(tmp_path: Path) -> None:
    (page,) = printed(tmp_path, with_charges(1, previous_balance=-10_000, balance=-6005))
    assert "-60.05 CR" in page.text
    assert "Nothing to pay" in page.text
    assert scanline.decode(page.barcodes()[0]).amount == 0


def test_automatic_payment_is_announced_and_asks_for_no_check(tmp_path: Path) -> None:
    (page,) = printed(tmp_path, with_charges(1, autopay="Your Visa ending 4242 will be charged on Dec 1."))
    assert "Your Visa ending 4242 will be charged on Dec 1." in page.text
    assert "please send no check" in page.text


@pytest.mark.parametrize("count", [1, 8, 9, 10, 11, 12, 13, 52, 53, 62, 63, 64, 65, 200])
def test_every_line_is_printed_once_whatever_the_number_of_pages(tmp_path: Path, count: int) -> None:
    pages = printed(tmp_path, with_charges(count), dpi=72)
    text = "\n".join(page.text for page in pages)
    assert [text.count(f"Unit {at} internet") for at in range(count)] == [1] * count
    assert text.count("Total new charges") == 1
    assert [page.text.count(f"{at} of {len(pages)}") for at, page in enumerate(pages, 1)] == [1] * len(pages)
    assert all("detach here" not in page.text for page in pages[1:])
    for page in pages[1:]:
        assert page.ink_in(Box(0, 10.45, 8.5, 11)) is None
        assert len([word for word in page.text.split() if word == "39.95"]) + page.text.count("Total") >= 1


def test_lines_of_the_first_page_stay_above_the_message(tmp_path: Path) -> None:
    first = printed(tmp_path, with_charges(70))[0]
    lowest = max(box.bottom for char, box in first.chars if char == "U" and box.top < 7)
    assert lowest < first.box_of("Continued on the next page").top
    assert first.box_of("Continued on the next page").bottom < first.box_of("Our office").top


def test_a_file_ends_before_it_has_too_many_sheets(tmp_path: Path) -> None:
    contents = [statement(0), with_charges(70), statement(2), statement(3), statement(4)]
    written = write_statements(OFFICE, contents, tmp_path / "run.pdf", sheets_per_file=3)
    assert [(file.path.name, file.documents, file.sheets) for file in written] == [
        ("run.pdf", 1, 1),
        ("run-2.pdf", 1, 3),
        ("run-3.pdf", 3, 3),
    ]
    assert [len(read_pages(file.path, 20)) for file in written] == [1, 3, 3]


def test_no_statements_make_no_file(tmp_path: Path) -> None:
    assert write_statements(OFFICE, [], tmp_path / "none.pdf") == []
    assert list(tmp_path.iterdir()) == []


def test_one_file_for_each_account_is_named_for_it(tmp_path: Path) -> None:
    contents = [statement(1), statement(2)]
    paths = write_statement_files(OFFICE, contents, tmp_path)
    assert [path.name for path in paths] == ["statement-10000007-200001.pdf", "statement-10000014-200002.pdf"]
    for path, content in zip(paths, contents, strict=True):
        (page,) = read_pages(path)
        assert content.customer_name in page.text
        assert page.fonts_embedded


def test_files_made_after_others_show_the_same_page(tmp_path: Path) -> None:
    contents = [statement(1, customer_name=name) for name in ("Ana", "Zoë Ñúñez", "Łukasz Ğül", "Ana")]
    paths = [tmp_path / f"{at}.pdf" for at in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        write_statement_file(OFFICE, content, path)
    images = [read_pages(path)[0].image for path in paths]
    assert images[0] == images[3]
    for path, content in zip(paths, contents, strict=True):
        assert content.customer_name in read_pages(path)[0].text


def test_what_a_worker_process_needs_can_be_pickled() -> None:
    again = pickle.loads(pickle.dumps((write_statements, write_statement_files, OFFICE, statement(1))))
    assert again == (write_statements, write_statement_files, OFFICE, statement(1))


@pytest.mark.parametrize("index", [0, 3, 7])
def test_the_floor_that_speed_is_measured_against_draws_the_same_page(tmp_path: Path, index: int) -> None:
    content = statement(index)
    (ours,) = printed(tmp_path, content, dpi=60)
    (floor,) = read_pages(draw_statement_files(OFFICE, [content], tmp_path)[0], dpi=60)
    assert sorted(floor.text.split()) == sorted(ours.text.split())
    assert floor.fonts_embedded
    pixels = list(zip(ours.image.tobytes(), floor.image.tobytes(), strict=True))
    ink = sum(a < 128 for a, _ in pixels)
    assert sum(abs(a - b) > 64 for a, b in pixels) < ink / 25  # positions differ by rounding only


def test_a_statement_that_does_not_add_up_is_refused() -> None:
    content = statement(1)
    with pytest.raises(ValueError, match="not to the balance"):
        replace(content, balance=content.balance + 1)
    with pytest.raises(ValueError, match="not to the total"):
        replace(content, total_new_charges=content.total_new_charges - 1)
