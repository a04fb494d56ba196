"""The payment authorization form: what a customer agrees to, with lines to fill in and to sign (ADV-18, ARR-10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from reportlab.platypus import Flowable, KeepTogether, Spacer
from reportlab.platypus.tables import Table, TableStyle

from app.services.documents.content import Office
from app.services.documents.flow import GREY_COLOUR, RULE_COLOUR, TINT_COLOUR, WIDTH, build, paragraph, style
from app.services.documents.fonts import load_fonts

_BOX = "\u25a1"  # an empty square to tick


@dataclass(frozen=True, slots=True)
class AuthorizationContent:
    """What stands on the form; empty texts are lines to be filled in by hand.

    `customer` and `terms` are captions with what is known of them, `method` is card, echeck or bank-draft, `agreed`
    the sentences that the customer signs.
    """

    number: str
    method: str
    method_label: str
    customer: tuple[tuple[str, str], ...]
    terms: tuple[tuple[str, str], ...]
    agreed: tuple[str, ...]
    printed_on: date


def write_authorization(path: Path, office: Office, content: AuthorizationContent) -> None:
    """Write the form as a PDF of one page."""
    load_fonts()
    titles = {"card": "card payments", "echeck": "E-Checks", "bank-draft": "bank drafts"}
    title = f"Authorization for {titles[content.method]}"
    subtitle = f"Account {content.number}" if content.number else "Account ______________"
    heading = style("heading", 11, bold=True, after=4)
    plain = style("plain", 9.5, after=4)
    story: list[Flowable] = [paragraph("Customer", heading), _lines(content.customer)]
    if content.terms:
        story += [Spacer(0, 10), paragraph("What is charged", heading), _lines(content.terms)]
    what = "The card" if content.method == "card" else "The bank account"
    story += [Spacer(0, 10), paragraph(what, heading), _lines(_method_lines(content))]
    story += [Spacer(0, 10), paragraph("I agree", heading)]
    story += [paragraph(sentence, plain) for sentence in content.agreed]
    story.append(KeepTogether([Spacer(0, 26), _signature(office)]))
    build(path, office.name, title, subtitle, content.printed_on, story)


def _method_lines(content: AuthorizationContent) -> tuple[tuple[str, str], ...]:
    if content.method == "card":
        return (
            ("Name on the card", ""),
            ("Brand and last four digits", content.method_label),
            ("Expires (month and year)", ""),
            ("Kind", f"{_BOX} credit     {_BOX} debit     (prepaid cards are not accepted)"),
        )
    return (
        ("Name on the account", ""),
        ("Bank", content.method_label),
        ("Routing number (9 digits)", ""),
        ("Account number", ""),
        ("Kind", f"{_BOX} checking     {_BOX} savings"),
    )


def _lines(rows: tuple[tuple[str, str], ...]) -> Table:
    caption, known = style("caption", 8.5, grey=True), style("known", 10)
    cells = [[paragraph(words, caption), paragraph(text, known) if text else ""] for words, text in rows]
    # A line that is filled in by hand needs the height of handwriting.
    heights = [None if text else 24 for _, text in rows]
    look = [
        ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
        ("LINEBELOW", (1, 0), (1, -1), 0.5, RULE_COLOUR),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    return Table(cells, colWidths=[WIDTH * 0.3, WIDTH * 0.7], rowHeights=heights, style=TableStyle(look))


def _signature(office: Office) -> Table:
    caption = style("caption", 8, grey=True)
    back = f"Please send this form back to {office.name}, {', '.join(office.address_lines)}."
    cells = [
        ["", "", ""],
        [paragraph("Signature", caption), "", paragraph("Date signed", caption)],
        [paragraph(back, caption), "", ""],
        [paragraph("For the office: form received on ______________   recorded by ______________", caption), "", ""],
    ]
    look = [
        ("LINEABOVE", (0, 1), (0, 1), 0.8, GREY_COLOUR),
        ("LINEABOVE", (2, 1), (2, 1), 0.8, GREY_COLOUR),
        ("SPAN", (0, 2), (-1, 2)),
        ("SPAN", (0, 3), (-1, 3)),
        ("BACKGROUND", (0, 3), (-1, 3), TINT_COLOUR),
        ("LEFTPADDING", (0, 0), (-1, 2), 0),
        ("TOPPADDING", (0, 2), (-1, 3), 6),
        ("BOTTOMPADDING", (0, 3), (-1, 3), 8),
    ]
    return Table(cells, colWidths=[WIDTH * 0.62, WIDTH * 0.06, WIDTH * 0.32], style=TableStyle(look))
