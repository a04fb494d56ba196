"""The recovery sheet: the office's key on paper, to be typed in on another PC."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from reportlab.platypus import Flowable, Spacer
from reportlab.platypus.tables import Table, TableStyle

from app.services.documents.flow import RULE_COLOUR, TINT_COLOUR, WIDTH, build, paragraph, style
from app.services.documents.fonts import Face, load_fonts

_IN_A_ROW = 3


def write_recovery_sheet(path: Path, office_name: str, groups: list[str], mark: str, printed_on: date) -> None:
    """Write the sheet as a PDF of one page. `groups`: the key as `officekey.groups_of` gives it."""
    load_fonts()
    plain, quiet = style("sheet", 10, after=6), style("sheet-note", 9, grey=True, after=4)
    story: list[Flowable] = [
        Spacer(0, 8),
        paragraph(
            "With this key the bank account numbers in the office's books can be read. Without it nobody can, the "
            "program's makers included.",
            plain,
        ),
        paragraph("Keep it where the blank checks are: locked, not beside the computer, and not as a photograph.", plain),
        Spacer(0, 10),
        _grid(groups),
        Spacer(0, 12),
        paragraph(
            "To use it on another PC: open the office there, go to Office, Keys, and type the groups from left to right, "
            "row by row. Capitals, blanks and dashes do not matter. The last character of each group is a check: a "
            "mistyped group is named.",
            plain,
        ),
        paragraph(f"The digits 0 and 1 and the letters I, L and O stand in no key. This office's mark: {mark}.", quiet),
        Spacer(0, 24),
        _lines(),
    ]
    build(path, office_name, "Recovery sheet", "The office's key. Confidential.", printed_on, story)


def _grid(groups: list[str]) -> Table:
    cells = [f"{n:>2}   {group}" for n, group in enumerate(groups, start=1)]
    cells += [""] * (-len(cells) % _IN_A_ROW)
    rows = [cells[start : start + _IN_A_ROW] for start in range(0, len(cells), _IN_A_ROW)]
    look = TableStyle(
        [
            ("FONT", (0, 0), (-1, -1), Face.MONO.value, 17),
            ("BACKGROUND", (0, 0), (-1, -1), TINT_COLOUR),
            ("INNERGRID", (0, 0), (-1, -1), 0.5, RULE_COLOUR),
            ("BOX", (0, 0), (-1, -1), 0.8, RULE_COLOUR),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 12),
        ]
    )
    return Table(rows, colWidths=[WIDTH / _IN_A_ROW] * _IN_A_ROW, rowHeights=[34] * len(rows), style=look)


def _lines() -> Table:
    rows = [["Kept by", "", "Place", ""], ["Signature", "", "Date", ""]]
    look = TableStyle(
        [
            ("FONT", (0, 0), (-1, -1), Face.REGULAR.value, 9),
            ("LINEBELOW", (1, 0), (1, -1), 0.6, RULE_COLOUR),
            ("LINEBELOW", (3, 0), (3, -1), 0.6, RULE_COLOUR),
            ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
        ]
    )
    widths = [60, WIDTH / 2 - 70, 50, WIDTH / 2 - 40]
    return Table(rows, colWidths=widths, rowHeights=[30, 30], style=look)
