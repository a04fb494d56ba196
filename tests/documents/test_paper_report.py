"""Deposit tickets and reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from paper_reader import read_pages
from paper_samples import OFFICE, deposit, month_end

from app.services.documents.content import Chart, Column, ReportContent, Section
from app.services.documents.deposit_ticket import write_deposit_ticket
from app.services.documents.report import write_report


def test_a_deposit_ticket_lists_every_check_with_count_and_total(tmp_path: Path) -> None:
    content = deposit(60)
    write_deposit_ticket(tmp_path / "d.pdf", OFFICE, content)
    pages = read_pages(tmp_path / "d.pdf", 60)
    text = "\n".join(page.text for page in pages)
    for check in content.checks:
        assert f"{check.cents / 100:,.2f}" in text
        assert check.account_number in text
    assert text.count(f"{content.total / 100:,.2f}") == 2
    assert "60 checks" in text and "ending 4471" in text and "091400046" in text
    assert len(pages) == 2
    assert [f"Page {at} of 2" in " ".join(page.text.split()) for at, page in enumerate(pages, 1)] == [
        True,
        True,
    ]
    assert all("Drawn on" in page.text for page in pages)
    assert all(page.fonts_embedded for page in pages)


def test_a_deposit_ticket_that_does_not_add_up_is_refused() -> None:
    with pytest.raises(ValueError, match="but the ticket says"):
        replace(deposit(3), total=1)
    with pytest.raises(ValueError, match="but the ticket says 4 checks"):
        replace(deposit(3), count=4)


def test_a_month_end_report_has_figures_charts_and_whole_tables(tmp_path: Path) -> None:
    content = month_end(300)
    write_report(tmp_path / "r.pdf", OFFICE, content)
    pages = read_pages(tmp_path / "r.pdf", 60)
    first = pages[0].text
    for expected in ("$48,150.50", "-$482.11", "Accounts past due", "Owed, by days past due", "42,150.50"):
        assert expected in first
    text = "\n".join(page.text for page in pages)
    accounts = [str(row[0]) for row in content.sections[1].rows]
    assert [text.count(account) for account in accounts] == [1] * 300
    assert "Voice & more <beta>" in text
    assert "300 accounts" in text
    assert "Nothing to list." in text
    assert all("Customer" in page.text for page in pages[:-1])
    assert all(page.fonts_embedded for page in pages)


def test_bars_are_as_high_as_their_amounts(tmp_path: Path) -> None:
    chart = Chart("Owed", ("A", "B", "C"), (100_00, 50_00, 0))
    write_report(tmp_path / "r.pdf", OFFICE, ReportContent("R", "s", date(2026, 1, 2), charts=(chart,)))
    (page,) = read_pages(tmp_path / "r.pdf", 200)
    base = page.box_of("$0").top
    heights = []
    for label in "ABC":
        box = page.box_of(label, after="50.00")
        middle = round((box.left + box.right) / 2 * page.dpi)
        column = page.image.crop((middle, round(1.6 * page.dpi), middle + 1, round(base * page.dpi)))
        heights.append(sum(level < 90 for level in column.tobytes()))
    assert heights[1] == pytest.approx(heights[0] / 2, abs=14)
    assert heights[0] > 150 > heights[2]


@pytest.mark.parametrize("values", [(), (0, 0), (-500, 700), (10**12,)])
def test_odd_values_still_make_a_chart(tmp_path: Path, values: tuple[int, ...]) -> None:
    chart = Chart("Odd", tuple("xyz"[: len(values)]), values)
    write_report(tmp_path / "r.pdf", OFFICE, ReportContent("R", "s", date(2026, 1, 2), charts=(chart,)))
    assert "Odd" in read_pages(tmp_path / "r.pdf", 20)[0].text


def test_an_empty_report_says_so(tmp_path: Path) -> None:
    write_report(tmp_path / "r.pdf", OFFICE, ReportContent("Day close", "Nov 21", date(2026, 11, 21)))
    (page,) = read_pages(tmp_path / "r.pdf", 60)
    assert "Nothing to report." in page.text
    assert "Printed Nov 21, 2026" in page.text
    assert "Page 1 of 1" in " ".join(page.text.split())


def test_money_is_aligned_on_the_right_and_long_text_stays_in_its_column(tmp_path: Path) -> None:
    rows = (("W" * 300, 5), ("Řehoř", -123_456), ("王", 100_000_000))
    section = Section("S", (Column("Who", share=2), Column("Owed", "money")), rows, ("Sum", 99_876_549))
    write_report(tmp_path / "r.pdf", OFFICE, ReportContent("R", "s", date(2026, 1, 2), sections=(section,)))
    (page,) = read_pages(tmp_path / "r.pdf", 60)
    amounts = ("0.05", "-1,234.56", "1,000,000.00", "998,765.49")
    ends = [page.box_of(amount).right for amount in amounts]
    assert max(ends) - min(ends) < 0.02
    assert page.box_of("WWW").left < max(box.right for char, box in page.chars if char == "W") < 5.5
    assert "Řehoř" in page.text and "\ufffd" in page.text


def test_no_heading_and_no_amount_is_cut_while_the_sheet_has_room_for_it(tmp_path: Path) -> None:
    titles = ("Account", "Name", "Not due", "1-30 days", "31-60 days", "61-90 days", "Over 90", "Credit", "Balance")
    shares = (9, 44, 11, 11, 11, 11, 11, 9, 10)
    kinds = ("text", "text", *["money"] * 7)
    columns = tuple(map(Column, titles, kinds, shares))
    name = "Rushing Water Family Medicine, Obstetrics & Gynaecology of the Northern Plains"
    row = ("100526", name, *(123_456_00 + at for at in range(7)))
    section = Section("Aging", columns, (row,), ("Total", None, *(987_654_00 + at for at in range(7))))
    write_report(tmp_path / "r.pdf", OFFICE, ReportContent("Aging", "today", date(2026, 11, 21), (), (), (section,)))
    text = " ".join(read_pages(tmp_path / "r.pdf", 60)[0].text.split())
    for expected in (*titles, "100526", *(f"123,456.0{at}" for at in range(7)), *(f"987,654.0{at}" for at in range(7))):
        assert expected in text, expected
    assert "Rushing Water" in text and "Northern Plains" not in text
