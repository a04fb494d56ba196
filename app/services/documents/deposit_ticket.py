"""The deposit ticket: a day's checks as a list for the bank, numbered, with count and total."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reportlab.platypus import Flowable
from reportlab.platypus.tables import Table, TableStyle

from app.money import format_cents
from app.services.documents.content import Column, DepositTicketContent, Office, Section
from app.services.documents.flow import LINES_A_SHEET, TINT_COLOUR, WIDTH, build, paragraph, section_flowables, style
from app.services.documents.fonts import load_fonts
from app.services.documents.sheet import day_text

_COLUMNS = (
    Column("#", "count", 0.4),
    Column("Check number", "text", 1.1),
    Column("From", "text", 2.4),
    Column("Account", "text", 1.0),
    Column("Drawn on", "text", 1.7),
    Column("Amount", "money", 1.1),
)


def write_deposit_ticket(
    path: Path,
    office: Office,
    content: DepositTicketContent,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> None:
    """Write the ticket as a PDF; of the office's bank account only the last four digits are shown.

    `progress` is told (checks drawn, checks) about with each sheet; what it raises ends the drawing.
    """
    load_fonts()
    rows = tuple(
        (index, check.number, check.payer, check.account_number, check.bank_hint, check.cents)
        for index, check in enumerate(content.checks, 1)
    )
    totals = (
        None,
        None,
        f"{content.count:,} check{'' if content.count == 1 else 's'}",
        None,
        "Total deposit",
        content.total,
    )
    story: list[Flowable] = [_details(office, content)]
    section = Section("Checks", _COLUMNS, rows, totals)
    if not any(check.bank_hint for check in content.checks):
        # Nobody noted a bank: the names have its room.
        count = totals[2]
        section = Section(
            "Checks",
            _COLUMNS[:4] + _COLUMNS[5:],
            tuple(row[:4] + row[5:] for row in rows),
            (None, None, f"Total deposit, {count}", None, content.total),
        )
    story += section_flowables(section)
    subtitle = f"Deposit {content.deposit_number}  ·  {day_text(content.deposited_on)}"
    title = "Deposit ticket"
    if content.corrected_on is not None:
        # Two papers with one number must not be taken for each other.
        title, subtitle = "Deposit ticket, corrected", f"{subtitle}  ·  corrected {day_text(content.corrected_on)}"

    def on_sheet(number: int) -> None:
        progress(min((number - 1) * LINES_A_SHEET, content.count), content.count)

    build(path, office.name, title, subtitle, content.deposited_on, story, on_sheet)


def _details(office: Office, content: DepositTicketContent) -> Table:
    caption, plain = style("caption", 8, grey=True), style("plain", 10)
    bold = style("total", 14, bold=True)
    account = f"ending {office.bank_account_last4}" if office.bank_account_last4 else "not on file"
    cells = [
        [paragraph("Deposited with", caption), paragraph(office.bank_name or "not on file", plain)],
        [paragraph("Routing number", caption), paragraph(office.bank_routing or "not on file", plain)],
        [paragraph("To the account", caption), paragraph(account, plain)],
        [paragraph("Checks", caption), paragraph(f"{content.count:,}", bold)],
        [paragraph("Total", caption), paragraph(f"${format_cents(content.total)}", bold)],
    ]
    shares = (1.6, 1.1, 1.0, 0.7, 1.4)
    look = TableStyle(
        [
            ("BACKGROUND", (0, 0), (-1, -1), TINT_COLOUR),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("TOPPADDING", (0, 0), (-1, -1), 7),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 9),
            ("LEFTPADDING", (0, 0), (-1, -1), 9),
        ]
    )
    return Table([cells], colWidths=[WIDTH * share / sum(shares) for share in shares], style=look)
