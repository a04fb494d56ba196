"""A report as a file: PDF for paper, XLSX and CSV for spreadsheets. A file is whole or it is not there."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from app.errors import Cancelled, UserError
from app.filenames import refuse_impossible
from app.models.bulk import Progress, no_progress
from app.services.documents.content import Cell, Column, ReportContent, Section
from app.services.office import office_form
from app.services.reporting import Report
from app.services.reports import month_end_report
from app.services.spreadsheet import write_csv, write_xlsx
from app.wholefiles import put_in_place

SUFFIXES = (".pdf", ".xlsx", ".csv")
MOST_ROWS_ON_PAPER = 5_000
_ISO_DATE = re.compile(r"(?<![\w-])\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![\w-])")


def file_name(report: Report, last: date, suffix: str) -> str:
    """A name for the report's file that every system takes: `cash-receipts-2026-11-21.pdf`."""
    plain = "".join(sign if sign.isalnum() and sign.isascii() else " " for sign in report.title.casefold())
    return f"{'-'.join(plain.split()) or 'report'}-{last.isoformat()}{suffix}"


def save_report(session: Session, report: Report, path: Path, printed_on: date, progress: Progress = no_progress) -> Path:
    """Write the report as what the name's ending says, and return the path.

    Raises UserError for another ending, for a list too long for paper, and for a file that cannot be written, and
    what `progress` raises (Cancelled): a file that was there before stays as it was.
    """
    kind = path.suffix.casefold()
    if kind not in SUFFIXES:
        raise UserError(f"“{path.name}” ends in none of {', '.join(SUFFIXES)}; choose one of these.")
    if kind == ".pdf" and len(report.rows) > MOST_ROWS_ON_PAPER:
        raise UserError(
            f"This list has {len(report.rows):,} lines, too many for paper (at most {MOST_ROWS_ON_PAPER:,}). "
            "Save it for Excel or as CSV, or choose fewer days."
        )
    refuse_impossible(path)
    unfinished = path.with_name(f"~{path.name}")
    try:
        if kind == ".csv":
            write_csv(unfinished, report)
        elif kind == ".xlsx":
            write_xlsx(unfinished, report, office_form(session).name)
        else:
            _write_pdf(session, report, unfinished, printed_on, progress)
        put_in_place([(unfinished, path)])
    except Cancelled:
        unfinished.unlink(missing_ok=True)
        raise
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        why = error.strerror or str(error)
        raise UserError(
            f"“{path.name}” could not be written ({why}). If it is open in another program, close it there."
        ) from error
    return path


def _write_pdf(session: Session, report: Report, path: Path, printed_on: date, progress: Progress) -> None:
    from app.services.documents.report import write_report  # reportlab takes long to import
    from app.services.statements import paper_office

    if report.month is None:
        content = paper_content(report, printed_on)
    else:
        content = month_end_report(session, report.month, printed_on)
    write_report(path, paper_office(session), content, progress)


def paper_content(report: Report, printed_on: date) -> ReportContent:
    """The report as the paper shows it."""
    shares = [_share(report, place) for place in range(len(report.columns))]
    columns = tuple(Column(column.title, column.kind, share) for column, share in zip(report.columns, shares, strict=True))
    rows = tuple(tuple(map(_on_paper, row.cells)) for row in report.rows)
    section = Section(report.title, columns, rows, report.totals, report.note)
    charts = () if report.chart is None else (report.chart,)
    return ReportContent(report.title, report.subtitle, printed_on, report.figures, charts, (section,))


def _share(report: Report, place: int) -> float:
    """How much of the sheet a column takes: its width, at least its heading in bold; the one that stretches its words."""
    column = report.columns[place]
    if column.kind == "date":
        return max(column.width, 14)  # `Nov 21, 2026` and the room beside it
    if column.width:
        return max(column.width, len(column.title) * 1.25 + 2)
    longest = max((len(str(row.cells[place])) for row in report.rows), default=0)
    return float(min(max(longest, 24), 44))


def _on_paper(cell: Cell) -> Cell:
    """A cell as the paper shows it: a date within a sentence is written as the other dates are."""
    if not isinstance(cell, str):
        return cell
    from app.services.documents.sheet import day_text  # reportlab takes long to import

    return _ISO_DATE.sub(lambda found: day_text(date.fromisoformat(found[0])), cell)
