"""Reports as files: numbers stay numbers, texts never become formulas, a file is whole or not there."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support_office import Diary

from app.errors import UserError
from app.services import reporting_files, spreadsheet
from app.services.documents.content import Chart, KeyFigure
from app.services.formulaguard import guarded
from app.services.reporting import Report, ReportColumn, ReportRow

DAY = date(2026, 3, 15)
COLUMNS = (
    ReportColumn("Name", width=0),
    ReportColumn("Day", "date"),
    ReportColumn("Count", "count"),
    ReportColumn("Amount", "money"),
)
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def made(*names: str) -> Report:
    rows = tuple(ReportRow((name, DAY, 1234, -123456)) for name in names)
    totals = ("Total", None, 1234 * len(rows), -123456 * len(rows))
    chart = Chart("Amounts", ("a", "b"), (100, 200))
    return Report("test", "Test report", "For a test", COLUMNS, rows, totals, (KeyFigure("Figure", 5),), chart)


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary


@pytest.mark.parametrize("text", ["=1+1", "+1 605 555", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0"])
def test_a_text_that_looks_like_a_formula_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ann = Bob", "1+1", "O'Rourke", "ann@example.com", " =1"])
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text


def test_csv_has_a_mark_for_excel_plain_amounts_and_guarded_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    spreadsheet.write_csv(path, made('Zoë, "Z"', "=HYPERLINK(1)"))
    assert path.read_bytes().startswith(b"\xef\xbb\xbfName,Day,Count,Amount\r\n")
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert lines[1:] == [
        ['Zoë, "Z"', "2026-03-15", "1234", "-1234.56"],
        ["'=HYPERLINK(1)", "2026-03-15", "1234", "-1234.56"],
        ["Total", "", "2468", "-2469.12"],
    ]


def cells(path: Path) -> tuple[dict[str, str], str]:
    """Each cell of the sheet, a text in quotes, and the sheet's XML."""
    with zipfile.ZipFile(path) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        shared = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
    texts = ["".join(part.text or "" for part in item.iter(f"{SHEET}t")) for item in shared]
    found = {}
    for cell in ElementTree.fromstring(sheet).iter(f"{SHEET}c"):
        value = cell.find(f"{SHEET}v")
        if value is not None and value.text is not None:
            found[cell.attrib["r"]] = f'"{texts[int(value.text)]}"' if cell.attrib.get("t") == "s" else value.text
    return found, sheet


def test_xlsx_has_real_numbers_and_dates_and_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    spreadsheet.write_xlsx(path, made("=1+1", "http://example.com"), "Test Office")
    found, sheet = cells(path)
    assert found["A1"] == '"Test report"'
    assert [found[f"{letter}4"] for letter in "ABCD"] == ['"Name"', '"Day"', '"Count"', '"Amount"']
    serial = (DAY - date(1899, 12, 30)).days
    assert [found[f"{letter}5"] for letter in "ABCD"] == ['"=1+1"', str(serial), "1234", "-1234.56"]
    assert found["A6"] == '"http://example.com"'
    assert (found["C7"], found["D7"]) == ("2468", "-2469.12")
    assert "<f>" not in sheet and "hyperlink" not in sheet
    assert 'ySplit="4"' in sheet and 'state="frozen"' in sheet and '<autoFilter ref="A4:D6"' in sheet


@pytest.mark.parametrize("suffix", [".pdf", ".xlsx", ".csv", ".PDF"])
def test_a_report_is_saved_as_what_the_name_says_and_replaces_an_older_file(
    office: Diary, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"r{suffix}"
    path.write_text("old", encoding="utf-8")
    assert office.see(reporting_files.save_report, made("Ann"), path, DAY) == path
    start = {".pdf": b"%PDF", ".xlsx": b"PK", ".csv": b"\xef\xbb\xbf"}[suffix.lower()]
    assert path.read_bytes().startswith(start)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_another_ending_and_a_folder_that_is_not_there_are_refused_in_words(office: Diary, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ends in none of"):
        office.see(reporting_files.save_report, made("Ann"), tmp_path / "r.doc", DAY)
    for suffix in reporting_files.SUFFIXES:
        with pytest.raises(UserError, match="could not be written"):
            office.see(reporting_files.save_report, made("Ann"), tmp_path / "gone" / f"r{suffix}", DAY)
    assert list(tmp_path.iterdir()) == []


def test_a_list_too_long_for_paper_is_refused_but_not_for_a_spreadsheet(
    office: Diary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting_files, "MOST_ROWS_ON_PAPER", 2)
    office.see(reporting_files.save_report, made("a", "b"), tmp_path / "r.pdf", DAY)
    with pytest.raises(UserError, match="too many for paper"):
        office.see(reporting_files.save_report, made("a", "b", "c"), tmp_path / "s.pdf", DAY)
    office.see(reporting_files.save_report, made("a", "b", "c"), tmp_path / "s.csv", DAY)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["r.pdf", "s.csv"]


def test_the_proposed_name_is_one_that_every_system_takes() -> None:
    report = made("Ann")._replace(title="Open items of Zoë / <Ann>: 3?")
    assert reporting_files.file_name(report, DAY, ".csv") == "open-items-of-zo-ann-3-2026-03-15.csv"
    assert reporting_files.file_name(report._replace(title="日本"), DAY, ".pdf") == "report-2026-03-15.pdf"


def test_on_paper_a_date_within_a_sentence_is_written_as_dates_are_and_long_words_get_their_room() -> None:
    columns = (
        ReportColumn("Since", "date", 11),
        ReportColumn("Amount charged", "money", 9),
        ReportColumn("Detail", width=0),
    )
    row = ReportRow((date(2026, 11, 1), 100, "payment of 1.00 on 2026-11-01, the file x-2026-11-01.pdf is kept"))
    content = reporting_files.paper_content(Report("k", "Title", "", columns, (row,)), DAY)
    (section,) = content.sections
    assert section.rows == ((date(2026, 11, 1), 100, "payment of 1.00 on Nov 1, 2026, the file x-2026-11-01.pdf is kept"),)
    since, charged, detail = (column.share for column in section.columns)
    assert detail > charged > len("Amount charged")
    assert since > len("Nov 21, 2026")
