"""Reports as files for spreadsheets: CSV and XLSX. Amounts and dates stay numbers and dates, texts stay texts."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.money import plain_cents
from app.services.documents.content import Cell
from app.services.formulaguard import guarded
from app.services.reporting import Report, ReportColumn, ReportRow

_WIDEST = 45
_LONGEST_TEXT = 32_767  # what a spreadsheet's cell can hold


def write_csv(path: Path, report: Report) -> None:
    """Headings, rows and totals; UTF-8 with a mark at the start, so that Excel shows every name right."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file)
        lines.writerow([guarded(column.title) for column in report.columns])
        for row in _all_rows(report):
            lines.writerow([_csv_cell(column, value) for column, value in zip(report.columns, row.cells, strict=True)])


def _csv_cell(column: ReportColumn, value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return plain_cents(value) if column.kind == "money" else str(value)
    return guarded(value)


def _all_rows(report: Report) -> list[ReportRow]:
    totals = [] if report.totals is None else [ReportRow(report.totals)]
    return [*report.rows, *totals]


def write_xlsx(path: Path, report: Report, office_name: str) -> None:
    """A sheet with real numbers and dates, the title above, the headings frozen, a filter and the totals in bold.

    Raises OSError when the file cannot be written.
    """
    import xlsxwriter  # type: ignore[import-untyped]  # takes long to import

    try:
        _write_book(xlsxwriter, path, report, office_name)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise error.args[0] from None  # the system's own error is inside


def _write_book(xlsxwriter: Any, path: Path, report: Report, office_name: str) -> None:
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("Report")
        title = book.add_format({"bold": True, "font_size": 14})
        head = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"}
        heads = {kind: book.add_format({**head, "align": _side(kind)}) for kind in ("text", "money", "count", "date")}
        formats = {
            (kind, bold): book.add_format({"bold": bold, "num_format": shown, **({"top": 1} if bold else {})})
            for kind, shown in (("money", "#,##0.00"), ("count", "#,##0"), ("date", "mm/dd/yyyy"), ("text", "@"))
            for bold in (False, True)
        }
        sheet.write_string(0, 0, report.title, title)
        sheet.write_string(1, 0, f"{report.subtitle}. {office_name}")
        top = 3
        for place, column in enumerate(report.columns):
            sheet.write_string(top, place, column.title, heads[column.kind])
            sheet.set_column(place, place, _width(report, place))
        rows = _all_rows(report)
        for number, row in enumerate(rows, start=top + 1):
            bold = report.totals is not None and number == top + len(rows)
            for place, (column, value) in enumerate(zip(report.columns, row.cells, strict=True)):
                if isinstance(value, date):
                    sheet.write_datetime(number, place, value, formats["date", bold])
                elif isinstance(value, int):
                    amount = Decimal(value) / 100 if column.kind == "money" else value
                    sheet.write_number(number, place, amount, formats[column.kind, bold])
                elif value:
                    sheet.write_string(number, place, value[:_LONGEST_TEXT], formats["text", bold])
                elif bold:
                    sheet.write_blank(number, place, None, formats["text", bold])
        sheet.freeze_panes(top + 1, 0)
        sheet.autofilter(top, 0, top + len(report.rows), len(report.columns) - 1)
        sheet.repeat_rows(top)
        sheet.set_landscape()
        sheet.set_paper(1)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&RPage &P of &N")
        book.set_properties({"title": report.title, "company": office_name})


def _side(kind: str) -> str:
    return "right" if kind in ("money", "count") else "left"


def _width(report: Report, place: int) -> int:
    """Wide enough for the heading and for what stands in the first rows."""
    column = report.columns[place]
    if column.kind == "date":
        return max(len(column.title), 10) + 2
    if column.kind in ("money", "count"):
        total = report.totals[place] if report.totals is not None else 0
        return max(len(column.title), len(f"{total:,}") + 1 if isinstance(total, int) else 0, 10) + 2
    longest = max((len(str(row.cells[place] or "")) for row in report.rows[:1000]), default=0)
    return min(max(len(column.title), longest), _WIDEST) + 2
