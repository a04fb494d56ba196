"""The top of an account's page: how it stands in a sentence, its figures, and the slider through its days."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services.asof import AsOf, card_then
from app.services.explaining import exception_says
from app.services.loading import AccountCard
from app.services.status import AccountPage
from app.views import style
from app.views.account_member import MemberStrip
from app.views.fields import DayEdit, button, format_day, label, named, set_role, spoken_day
from app.views.workplace import Workplace

_FIGURES = (
    ("balance", "Balance", "figure"),
    ("past-due", "Past due", "figure"),
    ("current", "Not yet due", "heading"),
    ("late-30", "1-30 days", "heading"),
    ("late-60", "31-60 days", "heading"),
    ("late-90", "61-90 days", "heading"),
    ("late-more", "Over 90 days", "heading"),
    ("credit", "Credit", "heading"),
    ("next-bill", "Next bill", "figure"),
)


_BUCKETS = ("current", "late-30", "late-60", "late-90", "late-more")


class Figures(QFrame):
    """The account's amounts, each below its name."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(style.MEDIUM, style.SMALL, style.MEDIUM, style.SMALL)
        self.grid.setHorizontalSpacing(style.LARGE)
        self.grid.setVerticalSpacing(0)
        self.captions = {}
        self.values = {}
        for key, caption, role in _FIGURES:
            above = label(caption, "quiet")
            value = label("", role)
            value.setFont(style.figures_font(value.font()))
            named(value, f"account.{key}", caption)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            for made in (above, value):
                made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
                # Where there is too little room for one row of figures there are two.
                made.setMinimumWidth(1)
            self.captions[key], self.values[key] = above, value
        self._rows = 0
        self._lay_out(1)

    def _lay_out(self, rows: int) -> None:
        if rows == self._rows:
            return
        self._rows = rows
        keys = [key for key, _, _ in _FIGURES]
        below = [key for key in keys if rows == 2 and key in _BUCKETS]
        above = [key for key in keys if key not in below]
        for row, listed in enumerate((above, below)):
            for column, key in enumerate(listed):
                self.grid.addWidget(self.captions[key], 2 * row, column)
                self.grid.addWidget(self.values[key], 2 * row + 1, column)
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out(1 if self._wide() <= event.size().width() else 2)

    def _wide(self) -> int:
        """What one row of all figures takes."""
        widths = (max(self.captions[key].sizeHint().width(), self.values[key].sizeHint().width()) for key in self.values)
        return sum(widths) + (len(self.values) - 1) * style.LARGE + 2 * style.MEDIUM

    def put(self, key: str, cents: int | None) -> None:
        """Show an amount; None leaves the place empty."""
        self.values[key].setText("" if cents is None else format_cents(cents))

    def show_page(self, page: AccountPage) -> None:
        """The present."""
        aging, standing = page.aging, page.standing
        self._put_aging(standing.balance_cents, standing.past_due_cents, aging[1:])
        bill = page.next_bill
        self.captions["next-bill"].setText("Next bill" if bill is None else f"Next bill {format_day(bill.on)}")
        self.put("next-bill", None if bill is None else bill.cents)
        if bill is None:
            self.values["next-bill"].setText("none")
        elif not bill.complete:
            self.values["next-bill"].setText("…")

    def show_as_of(self, then: AsOf) -> None:
        """An earlier day."""
        self._put_aging(then.balance_cents, then.past_due_cents, then.aging[1:])
        self.captions["next-bill"].setText("Next bill")
        self.put("next-bill", None)

    def _put_aging(self, balance: int, past_due: int, buckets: tuple[int, ...]) -> None:
        self.put("balance", balance)
        self.put("past-due", past_due)
        for key, cents in zip((*_BUCKETS, "credit"), buckets, strict=True):
            self.put(key, cents)
            # What is nothing steps back behind what is something.
            set_role(self.values[key], "heading" if cents else "quiet")


class DaySlider(QWidget):
    """A day between the account's first one and today. `chosen(date or None)`: None is the present.

    Dragging asks when the hand rests; typing a day asks at once.
    """

    chosen = Signal(object)

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self._first = workplace.on
        self._said = ""
        self.day = DayEdit("account.as-of", "As of which day", workplace.on)
        self.day.setMaximumWidth(self.day.fontMetrics().averageCharWidth() * 16)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        named(self.slider, "account.day-slider", "Day to show, from the account's first one to today")
        self.slider.setPageStep(30)
        self.first_day = label("", "quiet")
        self.present = button("&Today", "account.present", tip="Back to the account as it is now")
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(80)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.SMALL)
        row.addWidget(label("As &of", buddy=self.day))
        row.addWidget(self.day)
        row.addWidget(self.first_day)
        row.addWidget(self.slider, 1)
        row.addWidget(self.present)
        self.slider.valueChanged.connect(self._moved)
        self._rest.timeout.connect(self._ask)
        self.day.changed.connect(self._typed)
        self.day.returnPressed.connect(self._typed)
        self.day.textEdited.connect(self._typing)
        self.present.clicked.connect(self.to_present)

    @property
    def is_present(self) -> bool:
        """Whether the present is shown."""
        return self.slider.value() == self.slider.maximum()

    def show_range(self, first: date, *, keep: bool) -> None:
        """The days of an account; `keep` stays on an earlier day that is shown."""
        day = None if self.is_present or not keep else self.current_day
        self._first = first
        days = max((self.workplace.on - first).days, 0)
        self.slider.blockSignals(True)
        self.slider.setRange(0, days)
        self.slider.setValue(days if day is None else (day - first).days)
        self.slider.blockSignals(False)
        self.slider.setEnabled(days > 0)
        self.first_day.setText(format_day(first))
        self._write()

    def to_present(self) -> None:
        """Show the account as it is now."""
        self.slider.setValue(self.slider.maximum())

    @property
    def current_day(self) -> date:
        """The day under the slider."""
        return self._first + timedelta(days=self.slider.value())

    def _write(self) -> None:
        self.day.today = self.workplace.on
        self.day.set_day(self.workplace.on if self.is_present else self.current_day)
        self.present.setEnabled(not self.is_present)
        # A slider says only how far along it is; what counts is the day.
        self.slider.setAccessibleDescription(spoken_day(self.current_day))

    def _moved(self) -> None:
        self._write()
        self._rest.start()

    def _ask(self) -> None:
        self.chosen.emit(None if self.is_present else self.current_day)

    def _typed(self) -> None:
        """Leaving the input or Enter; both come when Enter is pressed, and only the first one counts."""
        if self.day.text() == self._said:
            return
        self._said = self.day.text()
        try:
            day = self.day.required_day("The day")
            if not self._first <= day <= self.workplace.on:
                raise UserError(
                    f"Choose a day from {format_day(self._first)}, when the account was opened, "
                    f"to {format_day(self.workplace.on)}."
                )
        except UserError as error:
            self.workplace.refuse(error)
            return
        self.slider.setValue((day - self._first).days)

    def _typing(self) -> None:
        self._said = ""


class AccountHead(QWidget):
    """Sentence, contact line, what waits for somebody, figures and the slider."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self.member = MemberStrip()
        self.sentence = label("", "heading", wrap=True)
        named(self.sentence, "account.sentence", "How the account stands")
        self.contact = label("", "quiet", wrap=True)
        named(self.contact, "account.contact", "Address and terms")
        self.waiting = label("", "warning", wrap=True)
        named(self.waiting, "account.exceptions", "What waits for somebody")
        for made in (self.sentence, self.contact):
            made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.figures = Figures()
        self.days = DaySlider(workplace)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(style.SMALL)
        for part in (self.contact, self.sentence, self.waiting, self.member, self.figures, self.days):
            box.addWidget(part)

    def show_page(self, page: AccountPage) -> None:
        """The present."""
        self.contact.setText(contact_words(page.card))
        self.sentence.setText(page.standing.sentence)
        self._tone(page.standing.past_due_cents, page.card.status)
        waits = list(dict.fromkeys(exception_says(item) for item in page.listed))
        self.waiting.setText("\n".join(f"To do: {text}" for text in waits))
        self.waiting.setVisible(bool(waits))
        self.member.show_page(page, self.workplace.on)
        self.figures.show_page(page)

    def show_as_of(self, then: AsOf, page: AccountPage) -> None:
        """An earlier day, said so in the sentence; the contact line reads as it did then."""
        self.member.hide()
        self.waiting.hide()
        self.contact.setText(contact_words(card_then(page.card, page.changes, then.on)._replace(autopay="none")))
        self.sentence.setText(f"On {then.on:%b} {then.on.day}, {then.on.year}: {then.sentence}")
        self._tone(then.past_due_cents, then.status)
        self.figures.show_as_of(then)

    def _tone(self, past_due_cents: int, status: str) -> None:
        set_role(self.figures.values["past-due"], "figure")
        color = style.signal_color("bad").name() if past_due_cents else ""
        self.figures.values["past-due"].setStyleSheet(f"color: {color};" if color else "")
        self.sentence.setProperty("status", status)


def contact_words(card: AccountCard) -> str:
    """Where the customer is reached, and the terms in a line."""
    delivery = "statements by e-mail" if card.delivery == "email" else "statements on paper"
    return " · ".join(
        part
        for part in (
            f"Account {card.number}",
            card.kind + (", managed" if card.managed else ""),
            card.address.replace("\n", ", ") or "no address",
            card.phone,
            card.email or "no e-mail",
            delivery,
            f"auto-pay {card.method_label or card.autopay}" if card.autopay != "none" else "",
            f"since {format_day(card.opened_on)}",
        )
        if part
    )
