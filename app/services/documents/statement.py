"""Statements for the mail: US Letter, address in the #10 window, remittance coupon at the foot."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from reportlab.pdfgen.canvas import Canvas

from app.money import format_cents
from app.services.documents import scanline
from app.services.documents import statement_layout as at
from app.services.documents.batches import SHEETS_PER_FILE, WrittenFile, write_batches
from app.services.documents.code128 import Code128C
from app.services.documents.content import Office, StatementContent
from app.services.documents.envelope import WindowProfile, shipped_window
from app.services.documents.fonts import Face, fit, load_fonts
from app.services.documents.ink import BLACK, Ink
from app.services.documents.sheet import (
    ACCENT,
    GREY,
    LEFT,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    RIGHT,
    day_text,
    draw_address,
)
from app.services.documents.statement_forms import define_continuation, define_front, return_address

_FRONT = "front"
_CONTINUATION = "continuation"


class StatementWriter:
    """One PDF of statements; as a context manager it saves itself when all went well.

    `window` and `return_window` say where the mailing address and the remit-to address may stand.
    `sheets` counts the pages so far.
    """

    def __init__(
        self,
        path: Path,
        office: Office,
        window: WindowProfile | None = None,
        return_window: WindowProfile | None = None,
        title: str = "Statements",
    ) -> None:
        load_fonts()
        self._canvas = Canvas(str(path), pagesize=(PAGE_WIDTH, PAGE_HEIGHT), initialFontName=Face.REGULAR.value)
        self._canvas.setTitle(title)
        self._canvas.setAuthor(office.name)
        self._ink = Ink(self._canvas)
        window = window or shipped_window("number-10")
        self._address_area = window.safe_area()
        self._summary_left = max(at.SUMMARY_LEFT, window.seen_area().right * 72 + 8)
        self._barcode = Code128C(
            at.BARCODE_LEFT,
            PAGE_HEIGHT - at.BARCODE_TOP - at.BARCODE_HEIGHT,
            at.BARCODE_MODULE,
            at.BARCODE_HEIGHT,
        )
        self.sheets = 0
        remit_area = (return_window or shipped_window("number-9-return")).safe_area()
        self._canvas.beginForm(_FRONT)
        define_front(self._ink, office, self._summary_left)
        draw_address(self._ink, return_address(office), remit_area, PAGE_HEIGHT - at.PERFORATION, largest=9.5)
        self._ink.flush()
        self._canvas.endForm()
        self._office = office

    def __enter__(self) -> StatementWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.save()

    def add(self, content: StatementContent) -> int:
        """Draw one statement on as many pages as it needs; returns how many."""
        notes = at.note_lines(content)
        pages = at.pages_of(at.body_rows(content), at.body_bottom(len(notes)))
        count = len(pages)
        self._canvas.doForm(_FRONT)
        self._draw_head(content, count)
        self._draw_rows(pages[0], at.BODY_TOP)
        if count > 1:
            y = PAGE_HEIGHT - at.body_bottom(len(notes)) + 4
            self._ink.text_right(at.AMOUNT_RIGHT, y, "Continued on the next page", Face.BOLD, 7.5)
        self._draw_foot(content, notes)
        self._draw_coupon(content)
        self._finish_page()
        if count > 1:
            self._draw_further_pages(content, pages)
        return count

    def _draw_further_pages(self, content: StatementContent, pages: list[list[at.Row]]) -> None:
        if not self._canvas.hasForm(_CONTINUATION):
            self._canvas.beginForm(_CONTINUATION)
            define_continuation(self._ink, self._office)
            self._ink.flush()
            self._canvas.endForm()
        for number, rows in enumerate(pages[1:], 2):
            self._canvas.doForm(_CONTINUATION)
            about = f"Account {content.account_number}   Statement {content.statement_number}"
            y = PAGE_HEIGHT - at.TITLE_BASELINE
            self._ink.text_right(RIGHT, y, f"{about}   Page {number} of {len(pages)}", Face.REGULAR, 8.5)
            self._draw_rows(rows, at.NEXT_BODY_TOP)
            self._finish_page()

    def save(self) -> None:
        """Write the file; a writer that was given no statement leaves a file without any page's content."""
        self._canvas.save()

    def _finish_page(self) -> None:
        self._ink.flush()
        self._canvas.showPage()
        self.sheets += 1

    def _draw_head(self, content: StatementContent, pages: int) -> None:
        ink = self._ink
        y = PAGE_HEIGHT - at.DETAILS_TOP
        for value in (
            content.account_number,
            str(content.statement_number),
            day_text(content.statement_date),
            content.period,
            f"1 of {pages}",
        ):
            text, size = fit(value, Face.REGULAR, 8.5, 110, 6)
            ink.text_right(RIGHT, y, text, Face.REGULAR, size)
            y -= at.DETAILS_STEP
        draw_address(ink, (content.customer_name, *content.address_lines), self._address_area, PAGE_HEIGHT, largest=10)
        self._draw_summary(content)

    def _draw_summary(self, content: StatementContent) -> None:
        ink = self._ink
        left, right = self._summary_left + at.SUMMARY_PAD, RIGHT - at.SUMMARY_PAD
        y = PAGE_HEIGHT - at.SUMMARY_FIRST
        activity = content.balance - content.previous_balance - content.total_new_charges
        for cents in (content.previous_balance, activity, content.total_new_charges):
            ink.text_right(right, y, format_cents(cents), Face.REGULAR, 8.5)
            y -= at.SUMMARY_STEP
        credit = content.balance < 0
        y = PAGE_HEIGHT - at.SUMMARY_DUE
        ink.text(left, y, "Your credit" if credit else "Amount due", Face.BOLD, 9.5)
        amount, size = fit(at.balance_text(content.balance), Face.BOLD, 15, right - left - 60, 8)
        ink.text_right(right, y - 1, amount, Face.BOLD, size)
        y = PAGE_HEIGHT - at.SUMMARY_DUE_ON
        if content.balance > 0:
            ink.text(left, y, "Due date", Face.REGULAR, 8.5)
            ink.text_right(right, y, day_text(content.due_on), Face.BOLD, 8.5)
        else:
            ink.text(left, y, "Nothing to pay", Face.REGULAR, 8.5)
        if content.past_due > 0:
            bottom = PAGE_HEIGHT - at.PAST_DUE_BOTTOM
            height = at.PAST_DUE_BOTTOM - at.PAST_DUE_TOP
            ink.frame(self._summary_left + 0.5, bottom, RIGHT - self._summary_left - 1, height, 1)
            ink.text(left, bottom + 6.2, "Past due, please pay now", Face.BOLD, 8)
            ink.text_right(right, bottom + 6.2, format_cents(content.past_due), Face.BOLD, 8.5)

    def _draw_rows(self, rows: list[at.Row], top: float) -> None:
        ink = self._ink
        y = PAGE_HEIGHT - top
        for row in rows:
            y -= row.height
            if row.kind == "heading":
                ink.text_colour(ACCENT)
                ink.text(LEFT, y + 6.5, row.left, Face.BOLD, 9.5)
                ink.text_colour(BLACK)
                ink.line(LEFT, y + 1.5, RIGHT, y + 1.5, 0.8, ACCENT)
                continue
            bold = row.kind == "total"
            face = Face.BOLD if bold else Face.REGULAR
            if bold:
                ink.line(at.DESCRIPTION_LEFT, y + 12.5, RIGHT, y + 12.5, 0.5, GREY)
            baseline = y + 2.5
            if row.left:
                left, size = fit(row.left, face, at.TEXT_SIZE, 112, 6)
                ink.text(LEFT, baseline, left, face, size)
            text, size = fit(row.description, face, at.TEXT_SIZE, at.DESCRIPTION_WIDTH, 6.5)
            ink.text(at.DESCRIPTION_LEFT, baseline, text, face, size)
            ink.text_right(at.AMOUNT_RIGHT, baseline, row.amount, face, at.TEXT_SIZE)

    def _draw_foot(self, content: StatementContent, notes: tuple[tuple[str, Face], ...]) -> None:
        ink = self._ink
        if notes:
            bottom = PAGE_HEIGHT - at.NOTES_BOTTOM
            y = bottom + 3 + at.NOTE_STEP * (len(notes) - 1)
            ink.fill(LEFT, bottom, 2, at.NOTE_STEP * len(notes), ACCENT)
            for text, face in notes:
                ink.text(at.NOTES_LEFT, y, text, face, at.TEXT_SIZE)
                y -= at.NOTE_STEP
        aging = content.aging
        y = PAGE_HEIGHT - at.AGING_BOTTOM + 6.5
        right = LEFT - 8
        for cents in (aging.current, aging.days_1_30, aging.days_31_60, aging.days_61_90, aging.over_90):
            right += at.AGING_STEP
            ink.text_right(right, y, format_cents(cents), Face.REGULAR, 8.5)
        ink.text_right(RIGHT - 8, y, format_cents(content.balance), Face.BOLD, 8.5)

    def _draw_coupon(self, content: StatementContent) -> None:
        ink = self._ink
        text, size = fit(content.customer_name, Face.REGULAR, 8.5, at.COUPON_LEFT - LEFT - 20, 7)
        ink.text(LEFT, PAGE_HEIGHT - at.COUPON_CUSTOMER, text, Face.REGULAR, size)
        digits = scanline.encode(content.account_number, content.statement_number, content.balance)
        ink.operators(self._barcode.operators(digits))
        ink.text(at.BARCODE_LEFT, PAGE_HEIGHT - at.SCAN_DIGITS, scanline.grouped(digits), Face.MONO, at.SCAN_SIZE)
        owing = content.balance > 0
        y = PAGE_HEIGHT - at.COUPON_FIRST
        for value in (
            content.account_number,
            str(content.statement_number),
            day_text(content.due_on) if owing else "Nothing to pay",
        ):
            ink.text_right(RIGHT, y, value, Face.REGULAR, 9)
            y -= at.COUPON_STEP
        due = f"${format_cents(max(content.balance, 0))}"
        ink.text_right(RIGHT, PAGE_HEIGHT - at.COUPON_DUE, due, Face.BOLD, 12)
        if content.autopay and owing:
            ink.text(at.COUPON_LEFT, PAGE_HEIGHT - at.AUTOPAY_HINT, at.AUTOPAY_TEXT, Face.BOLD, 7.5)


def write_statements(
    office: Office, contents: Iterable[StatementContent], path: Path, sheets_per_file: int = SHEETS_PER_FILE
) -> list[WrittenFile]:
    """Statements into `path`, and `name-2.pdf`, `name-3.pdf`... once a file has `sheets_per_file` sheets.

    Made to be called in a process of its own: arguments (but for a generator) and result can be pickled.
    """
    return write_batches(contents, path, lambda target: StatementWriter(target, office), _sheets_of, sheets_per_file)


def write_statement_file(office: Office, content: StatementContent, path: Path) -> None:
    """One account's statement as a file of its own."""
    with StatementWriter(path, office, title=f"Statement {content.statement_number}") as writer:
        writer.add(content)


def write_statement_files(office: Office, contents: Iterable[StatementContent], folder: Path) -> list[Path]:
    """One file an account, named `statement-<account>-<number>.pdf`; may run in a process of its own."""
    paths: list[Path] = []
    for content in contents:
        path = folder / f"statement-{content.account_number}-{content.statement_number}.pdf"
        write_statement_file(office, content, path)
        paths.append(path)
    return paths


def _sheets_of(content: StatementContent) -> int:
    if len(content.activity) + len(content.charges) <= 6 and not content.message:
        return 1  # always fits: spares laying out the statement twice
    return len(at.pages_of(at.body_rows(content), at.body_bottom(len(at.note_lines(content)))))
