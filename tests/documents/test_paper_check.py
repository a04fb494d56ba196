"""Refund checks and the stock that they are printed on."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from paper_reader import Box, Page, read_pages
from paper_samples import OFFICE, refund_check

from app import resources
from app.money import amount_in_words
from app.services.documents.check import RefundCheckWriter, protected_words, write_refund_checks
from app.services.documents.content import RefundCheckContent, WorkedOutLine
from app.services.documents.stock import CheckStock, load_stock, shipped_stock
from bench.floor_checks import draw_checks

POSITIONS = ("top", "middle", "bottom")
TOP = shipped_stock("voucher-top")


def printed(folder: Path, content: RefundCheckContent, stock: CheckStock = TOP, dpi: int = 100) -> Page:
    path = folder / "check.pdf"
    with RefundCheckWriter(path, stock, OFFICE) as writer:
        assert writer.add(content) == 1
    (page,) = read_pages(path, dpi)
    return page


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("face", ["blank", "pre-printed"])
def test_nothing_is_drawn_in_the_micr_band(tmp_path: Path, position: str, face: str) -> None:
    stock = replace(shipped_stock(f"voucher-{position}"), face=face)
    lines = [
        "Suite 400",
        "1200 Boulevard of the Americas",
        "Building C, gjpqy",
        "Attn: gjpqy",
        "Custer, SD 57730",
    ]
    page = printed(tmp_path, refund_check(1, memo="gjpqy, Ç " * 12, address_lines=tuple(lines)), stock, 200)
    bottom = stock.top + 3.5
    assert page.ink_in(Box(0, bottom - 0.625, 8.5, bottom)) is None
    assert page.ink_in(Box(0, bottom - 0.80, 8.5, bottom - 0.625)) is not None


@pytest.mark.parametrize("position", POSITIONS)
def test_fields_stand_where_the_stock_says(tmp_path: Path, position: str) -> None:
    stock = shipped_stock(f"voucher-{position}")
    content = refund_check(2, payee="Xavier Hill", amount=8129, worked_out=(), dated=date(2026, 11, 5))
    page = printed(tmp_path, content, stock)
    check = Box(0, stock.top, 8.5, stock.top + 3.5)
    assert "Xavier Hill" in page.text_in(check)
    for text, (left, baseline) in (
        ("$**81.29", stock.amount),
        ("Eighty-one and 29/100", stock.words),
        ("Nov 5, 2026", stock.date),
        ("No. 50002", stock.number),
        ("Refund, account", stock.memo),
    ):
        box = page.box_of(text)
        assert box.left == pytest.approx(left, abs=0.03)
        assert box.top < stock.top + baseline < box.bottom + 0.02
    assert page.box_of(content.address_lines[-1], after="Eighty").bottom == pytest.approx(
        stock.top + stock.address[1], abs=0.04
    )


def test_the_amount_is_protected_on_both_sides(tmp_path: Path) -> None:
    page = printed(tmp_path, refund_check(1, amount=123_456, worked_out=()))
    assert "$**1,234.56" in page.text
    words = "One thousand two hundred thirty-four and 56/100"
    assert f"{words} ****" in page.text
    assert page.box_of(f"{words} *****").left == pytest.approx(TOP.words[0], abs=0.03)
    filled = max(box.right for char, box in page.chars if char == "*" and box.top > 1.5)
    assert TOP.words_right - 0.1 < filled <= TOP.words_right


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 99_999_999))
def test_words_are_whole_and_fill_the_line(amount: int) -> None:
    text, size = protected_words(amount, 446)
    assert text.startswith(amount_in_words(amount) + " ")
    assert set(text.removeprefix(amount_in_words(amount))) <= {" ", "*"}
    assert size >= 7


def test_an_amount_whose_words_do_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="in words does not fit"):
        protected_words(777_777_777_77, 200)


def test_both_vouchers_show_how_the_refund_was_worked_out(tmp_path: Path) -> None:
    content = refund_check(3)
    page = printed(tmp_path, content)
    for top, title in zip(TOP.voucher_tops(), ("Your refund", "File copy"), strict=True):
        text = page.text_in(Box(0, top, 8.5, top + 3.5))
        for expected in (title, "50003", content.payee, content.account_number, "Refunded by this check"):
            assert expected in text
        for line in content.worked_out:
            assert line.description in text and line.arithmetic in text
            assert f"{line.cents / 100:,.2f}" in text


def test_lines_that_do_not_fit_the_voucher_are_summed_and_stay_in_it(tmp_path: Path) -> None:
    lines = tuple(WorkedOutLine(f"Unit {at}", "39.95 × 12 of 31 days", 1546) for at in range(30))
    page = printed(tmp_path, refund_check(1, amount=30 * 1546, worked_out=lines))
    assert page.text.count("22 further lines") == 2
    assert page.text.count(f"{22 * 15.46:,.2f}") == 2
    for top in TOP.voucher_tops():
        assert page.ink_in(Box(0, top + 3.3, 8.5, top + 3.5)) is None


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=100), st.lists(st.text(max_size=80), max_size=6), st.text(max_size=200))
def test_whatever_the_names_the_band_stays_clear(tmp_path: Path, payee: str, lines: list[str], memo: str) -> None:
    page = printed(tmp_path, refund_check(1, payee="W" + payee, address_lines=tuple(lines), memo=memo))
    assert page.ink_in(Box(0, 2.885, 8.5, 3.5)) is None


def test_offset_and_scale_move_the_whole_sheet(tmp_path: Path) -> None:
    plain = printed(tmp_path, refund_check(1)).box_of("Your refund")
    moved_stock = replace(TOP, offset_x=0.1, offset_y=0.2, scale=0.98)
    moved = printed(tmp_path, refund_check(1), moved_stock).box_of("Your refund")
    assert moved.left == pytest.approx(plain.left * 0.98 + 0.1, abs=0.01)
    assert moved.bottom == pytest.approx(plain.bottom * 0.98 + 0.2, abs=0.01)


def test_on_a_pre_printed_face_only_the_values_are_drawn(tmp_path: Path) -> None:
    page = printed(tmp_path, refund_check(1), replace(TOP, face="pre-printed"))
    assert "Authorized signature" not in page.text
    assert "Pay to the" not in page.text
    assert "$**" in page.text


def test_a_number_from_another_box_is_refused(tmp_path: Path) -> None:
    stock = replace(TOP, first_number=100, last_number=199)
    with (
        pytest.raises(ValueError, match=r"200 is not in the box .* 100 to 199"),
        RefundCheckWriter(tmp_path / "check.pdf", stock, OFFICE) as writer,
    ):
        writer.add(refund_check(1, check_number=200))
    assert list(tmp_path.iterdir()) == []


def test_many_checks_fill_several_files(tmp_path: Path) -> None:
    written = write_refund_checks(OFFICE, TOP, map(refund_check, range(7)), tmp_path / "c.pdf", 3)
    assert [(file.path.name, file.documents, file.sheets) for file in written] == [
        ("c.pdf", 3, 3),
        ("c-2.pdf", 3, 3),
        ("c-3.pdf", 1, 1),
    ]
    numbers = [page.text for file in written for page in read_pages(file.path, 20)]
    assert all(f"No. {50_000 + at}" in text for at, text in enumerate(numbers))


def test_the_floor_draws_the_same_check(tmp_path: Path) -> None:
    ours = printed(tmp_path, refund_check(5))
    draw_checks(OFFICE, [refund_check(5)], tmp_path / "floor.pdf")
    (floor,) = read_pages(tmp_path / "floor.pdf", 100)
    assert sorted(floor.text.split()) == sorted(ours.text.split())
    assert ours.fonts_embedded and floor.fonts_embedded
    pixels = list(zip(ours.image.tobytes(), floor.image.tobytes(), strict=True))
    assert sum(abs(a - b) > 64 for a, b in pixels) < sum(a < 128 for a, _ in pixels) / 25


def test_a_check_for_nothing_or_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match="more than zero"):
        refund_check(1, amount=0, worked_out=())
    with pytest.raises(ValueError, match="add up to"):
        refund_check(1, amount=5)


def test_what_a_worker_process_needs_can_be_pickled() -> None:
    sent = (write_refund_checks, TOP, OFFICE, refund_check(1))
    assert pickle.loads(pickle.dumps(sent)) == sent


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            'position = "top"',
            'position = "left"',
            '“position” is \'left\'; it must be one of "top", "middle"',
        ),
        ("micr =", "mirc =", "unknown key “mirc”; allowed here: .*position, micr"),
        ('micr = "pre-printed"', 'micr = "laser"', "“micr” is 'laser'; it must be one of \"pre-printed\""),
        ("offset_x = 0.0", "offset_x = 4", "“printer.offset_x” is 4; it must be a number from -0.5 to 0.5"),
        ("scale = 1.0", "scale = true", "“printer.scale” is True; it must be a number from 0.9 to 1.1"),
        ("memo = [0.8, 2.84]", "memo = [0.8, 2.95]", "“fields.memo” is .*inches from the top 0 to 2.84"),
        ("date = [6.8, 0.93]", "date = [6.8]", "“fields.date” is .*it must be .inches from the left"),
        ("date = [6.8, 0.93]", "", "“fields.date” is missing"),
        ("date = [6.8, 0.93]", "date = [6.8, 0.93]\ncolour = 3", "unknown key “fields.colour”"),
        ("last_number = 999999999", "last_number = 0", "“last_number” is 0; it must be a whole number"),
        ("first_number = 1 ", "first_number = 1.5 ", "“first_number” is 1.5; it must be a whole number"),
        ("words_right = 7.3", "words_right = 3", "“fields.words_right” must leave at least 2 inches"),
        ('name = "', 'name = "" # "', "“name” is ''; it must be a text in quotes"),
        ("[printer]", "[printer", "not a TOML file"),
    ],
)
def test_a_mistake_in_a_stock_file_is_named(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = resources.path("stock", "voucher-top.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=f"mine.toml: .*{reason}"):
        load_stock(path)


def test_a_box_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    text = resources.path("stock", "voucher-top.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("first_number = 1 ", "first_number = 1000000000 ", 1)[:], encoding="utf-8")
    with pytest.raises(ValueError, match="first_number"):
        load_stock(path)
    path.write_text(text.replace("first_number = 1 ", "first_number = 9 ").replace("999999999", "8"), "utf-8")
    with pytest.raises(ValueError, match="must not be less than first_number, 9"):
        load_stock(path)


def test_a_missing_stock_file_is_a_clear_refusal(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.toml: cannot be read"):
        load_stock(tmp_path / "nowhere.toml")
