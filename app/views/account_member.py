"""Where a member stands, on the account's page: a sentence, the terms, and the days as a small line (ARR-1 to ARR-4)."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.money import format_cents
from app.services.memberstanding import MemberStanding
from app.services.status import AccountPage
from app.views import style
from app.views.fields import format_day, label, named
from app.views.timeline import Days, Mark, Timeline


class MemberStrip(QFrame):
    """The strip below an account's sentence; hidden for accounts that are no membership."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.sentence = label("", wrap=True)
        named(self.sentence, "account.member", "Where the member stands")
        self.terms = label("", "quiet", wrap=True)
        named(self.terms, "account.member-terms", "Plan and fees")
        for made in (self.sentence, self.terms):
            made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.timeline = Timeline("account.timeline", "The member's days")
        box = QVBoxLayout(self)
        box.setContentsMargins(style.MEDIUM, style.SMALL, style.MEDIUM, style.SMALL)
        box.setSpacing(style.TIGHT)
        for part in (self.sentence, self.terms, self.timeline):
            box.addWidget(part)
        self.hide()

    def show_page(self, page: AccountPage, on: date) -> None:
        """The present, seen on a business date."""
        member = page.member
        self.setVisible(member is not None)
        if member is None:
            return
        self.sentence.setText(member.sentence)
        self.terms.setText(terms_words(member))
        self.timeline.show_days(None if page.card.status == "closed" else days_of(member, on))


def terms_words(member: MemberStanding) -> str:
    """Plan, fees, individuals, and what was agreed for later."""
    many = "1 individual" if member.individuals == 1 else f"{member.individuals} individuals"
    coming = [
        f"from the first fee period on or after {format_day(terms.from_day)}: {terms.plan} at "
        f"{format_cents(terms.monthly_cents)}"
        for terms in member.coming
    ]
    return " · ".join(
        (
            f"Plan {member.plan}",
            f"{format_cents(member.monthly_cents)} a month",
            f"processing fee {format_cents(member.processing_cents)}",
            many,
            *coming,
        )
    )


def days_of(member: MemberStanding, on: date) -> Days:
    """The days that count now: until the processing fee is paid those of its window, then those of the fee to come."""
    today = Mark(on, "today", "today")
    if member.next_fee_on is not None and member.covers_from is not None:
        begun = "processing fee paid" if member.covers_from == member.processing_paid_on else "fees billed until here"
        marks = [Mark(member.covers_from, begun, "done")]
        if member.first_fee_on == member.next_fee_on:
            fee = f"first fee, {format_cents(member.next_fee_cents)}"
        else:
            fee = f"next fee, {format_cents(member.next_fee_cents)}"
        marks.append(Mark(member.next_fee_on, fee, "late" if member.next_fee_on < on else "coming"))
        marks.append(today)
        days = [mark.on for mark in marks]
        return Days(min(days), max(days), None, tuple(marks))
    first = member.instructed_on or member.window_from
    marks = [Mark(member.signed_up_on, "signed up", "done")]
    if member.work_performed_on is not None:
        marks.append(Mark(member.work_performed_on, "work performed", "done"))
    if member.processing_charged_on is not None:
        marks.append(Mark(member.processing_charged_on, "processing fee charged", "done"))
    elif member.charge_on is not None:
        marks.append(Mark(max(member.charge_on, on), "processing fee", "coming"))
    elif member.overdue:
        marks.append(Mark(member.window_to, "work was due", "late"))
    if member.processing_charged_on is None and member.work_performed_on is None:
        for edge in (first, member.window_to):
            words = "as the customer asked" if edge == member.instructed_on else f"day {(edge - member.signed_up_on).days}"
            marks.append(Mark(edge, words, "edge"))
    marks.append(today)
    days = [mark.on for mark in marks] + [member.window_to]
    window = (first, member.window_to, "The processing fee may be charged")
    return Days(min(days), max(days) + timedelta(days=1), window, tuple(marks))
