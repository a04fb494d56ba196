"""The parts of a statement that are the same for every customer: drawn once a file, as PDF forms."""

from __future__ import annotations

from app.services.documents import statement_layout as at
from app.services.documents.content import Office
from app.services.documents.fonts import Face, fit, wrap
from app.services.documents.ink import BLACK, Ink
from app.services.documents.sheet import ACCENT, GREY, LEFT, PAGE_HEIGHT, PAGE_WIDTH, RIGHT, RULE, TINT


def define_front(ink: Ink, office: Office, summary_left: float) -> None:
    """Captions, boxes and the office's name of the first page, coupon included."""
    _draw_letterhead(ink, office, summary_left)
    _draw_summary_box(ink, summary_left)
    _draw_aging_band(ink)
    _draw_coupon_form(ink, office)


def define_continuation(ink: Ink, office: Office) -> None:
    """The head of the second and further pages."""
    y = PAGE_HEIGHT - at.TITLE_BASELINE
    name, size = fit(office.name, Face.BOLD, 10, 270, 7)
    ink.text_colour(ACCENT)
    ink.text(LEFT, y, name, Face.BOLD, size)
    ink.text_colour(BLACK)
    ink.line(LEFT, y - 8, RIGHT, y - 8, 0.5, RULE)


def return_address(office: Office) -> tuple[str, ...]:
    """Where payments go: the office's name over its remit-to (or only) address."""
    return (office.name, *(office.remit_lines or office.address_lines))


def _draw_letterhead(ink: Ink, office: Office, summary_left: float) -> None:
    room = summary_left - LEFT - 16
    ink.text_colour(ACCENT)
    name, size = fit(office.name, Face.BOLD, 16, room, 8)
    y = PAGE_HEIGHT - at.TITLE_BASELINE
    ink.text(LEFT, y, name, Face.BOLD, size)
    ink.text_right(RIGHT, y, "Statement", Face.BOLD, 16)
    ink.text_colour(GREY)
    y = PAGE_HEIGHT - at.DETAILS_TOP
    for line in (*office.address_lines[:4], office.contact_line):
        text, size = fit(line, Face.REGULAR, 8.5, room, 6)
        ink.text(LEFT, y, text, Face.REGULAR, size)
        y -= at.DETAILS_STEP
    y = PAGE_HEIGHT - at.DETAILS_TOP
    for caption in ("Account number", "Statement number", "Statement date", "Period", "Page"):
        ink.text(summary_left, y, caption, Face.REGULAR, 8.5)
        y -= at.DETAILS_STEP
    ink.text_colour(BLACK)


def _draw_summary_box(ink: Ink, left: float) -> None:
    bottom = PAGE_HEIGHT - at.SUMMARY_BOTTOM
    ink.fill(left, bottom, RIGHT - left, at.SUMMARY_BOTTOM - at.SUMMARY_TOP, TINT)
    top = PAGE_HEIGHT - at.SUMMARY_TOP
    ink.line(left, top, RIGHT, top, 1.6, ACCENT)
    inner = left + at.SUMMARY_PAD
    y = PAGE_HEIGHT - at.SUMMARY_FIRST
    for caption in ("Previous balance", "Payments and activity", "New charges"):
        text, size = fit(caption, Face.REGULAR, 8.5, RIGHT - left - 72, 6.5)
        ink.text(inner, y, text, Face.REGULAR, size)
        y -= at.SUMMARY_STEP
    y = PAGE_HEIGHT - at.SUMMARY_RULE
    ink.line(inner, y, RIGHT - at.SUMMARY_PAD, y, 0.6, GREY)


def _draw_aging_band(ink: Ink) -> None:
    bottom = PAGE_HEIGHT - at.AGING_BOTTOM
    ink.fill(LEFT, bottom, RIGHT - LEFT, at.AGING_BOTTOM - at.AGING_TOP, TINT)
    ink.text_colour(GREY)
    right = LEFT - 8
    for caption in at.AGING_CAPTIONS:
        right += at.AGING_STEP
        ink.text_right(right, bottom + 19, caption, Face.REGULAR, 7.5)
    ink.text_colour(BLACK)


def _draw_coupon_form(ink: Ink, office: Office) -> None:
    perforation = PAGE_HEIGHT - at.PERFORATION
    ink.dashed(0, PAGE_WIDTH, perforation, 0.6, GREY)
    ink.text_colour(GREY)
    note = "Please detach here and send this part with your payment"
    ink.text(LEFT, perforation - 11, note, Face.REGULAR, 6.5)
    ink.text_colour(ACCENT)
    name, size = fit(office.name, Face.BOLD, 10, at.COUPON_LEFT - LEFT - 20, 7)
    ink.text(LEFT, PAGE_HEIGHT - at.COUPON_NAME, name, Face.BOLD, size)
    ink.text_colour(GREY)
    y = PAGE_HEIGHT - at.COUPON_FIRST
    for caption in ("Account number", "Statement number", "Due date"):
        ink.text(at.COUPON_LEFT, y, caption, Face.REGULAR, 8.5)
        ink.line(at.COUPON_LEFT, y - 4.5, RIGHT, y - 4.5, 0.4, RULE)
        y -= at.COUPON_STEP
    ink.text_colour(BLACK)
    ink.text(at.COUPON_LEFT, PAGE_HEIGHT - at.COUPON_DUE, "Amount due", Face.BOLD, 9.5)
    box_left = at.COUPON_LEFT + 82
    bottom = PAGE_HEIGHT - at.ENCLOSED_TOP - at.ENCLOSED_HEIGHT
    ink.text(at.COUPON_LEFT, bottom + 10, "Amount enclosed", Face.REGULAR, 8.5)
    ink.frame(box_left, bottom, RIGHT - box_left, at.ENCLOSED_HEIGHT, 1)
    ink.text(box_left + 6, bottom + 9, "$", Face.REGULAR, 10)
    ink.text_colour(GREY)
    y = PAGE_HEIGHT - at.COUPON_HINT
    hint = f"Please make your check payable to {office.name} and write your account number on it."
    for line in wrap(hint, Face.REGULAR, 7, RIGHT - at.COUPON_LEFT, 3):
        ink.text(at.COUPON_LEFT, y, line, Face.REGULAR, 7)
        y -= 9
    ink.text_colour(BLACK)
