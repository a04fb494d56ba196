"""Arrangements: a calculator proposes dated instalments, each can be changed, and they are agreed (ADV-16)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSpinBox, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import collections, instalments
from app.services.choices import Choices
from app.services.instalments import MOST_INSTALMENTS, RHYTHMS
from app.services.outlook import Deed, Outlook
from app.services.policies.facts import InstalmentFacts
from app.views import style
from app.views.dialogs.acting import ActionDialog
from app.views.fields import DayEdit, MoneyEdit, format_day, label, named
from app.views.workplace import Workplace

A_WEEK = timedelta(days=7)
RHYTHM_WORDS = {"week": "every week", "two-weeks": "every two weeks", "month": "every month"}


class _Row(NamedTuple):
    number: QLabel
    due_on: DayEdit
    amount: MoneyEdit
    left: QLabel

    def show(self, *, visible: bool) -> None:
        for widget in self:
            widget.setVisible(visible)


class InstalmentRows(QWidget):
    """The instalments, a row each with its day and amount to change; `edited` when somebody did.

    Another amount in a row is taken from the last one, so that the total stays.
    """

    edited = Signal()

    def __init__(self, key: str, today: date, *, implied_cents: Callable[[], bool]) -> None:
        super().__init__()
        named(self, f"{key}.instalments", "Instalments")
        self._key = key
        self._today = today
        self._implied_cents = implied_cents
        self._rows: list[_Row] = []
        self._count = 0
        self._total = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(style.MEDIUM)
        self._grid.setVerticalSpacing(style.TIGHT)
        for column, (words, stretch) in enumerate((("No.", 0), ("Due", 2), ("Amount", 2), ("Then left", 1))):
            heading = label(words, "quiet")
            self._grid.addWidget(heading, 0, column, _RIGHT if column in (0, 2, 3) else _LEFT)
            self._grid.setColumnStretch(column, stretch)

    def show_parts(self, parts: Sequence[InstalmentFacts]) -> None:
        """Propose these; what was changed by hand is gone."""
        while len(self._rows) < len(parts):
            self._add_row()
        self._count = len(parts)
        self._total = sum(part.cents for part in parts)
        for row, part in zip(self._rows, parts, strict=False):
            row.due_on.set_day(part.due_on)
            row.amount.set_cents(part.cents)
        for n, row in enumerate(self._rows):
            row.show(visible=n < self._count)
        self._show_left()

    def parts(self) -> tuple[InstalmentFacts, ...]:
        """What is proposed, or was changed. Raises UserError at the input that cannot be used."""
        return tuple(
            InstalmentFacts(
                row.due_on.required_day(f"The day of instalment {n}"),
                row.amount.required_cents(f"The amount of instalment {n}"),
            )
            for n, row in enumerate(self._rows[: self._count], start=1)
        )

    def _add_row(self) -> None:
        n = len(self._rows) + 1
        row = _Row(
            label(str(n)),
            DayEdit(f"{self._key}.due-{n}", f"Day of instalment {n}", self._today),
            MoneyEdit(f"{self._key}.amount-{n}", f"Amount of instalment {n}", implied_cents=self._implied_cents),
            label(""),
        )
        row.left.setFont(style.figures_font(row.left.font()))
        for column, widget in enumerate(row):
            if isinstance(widget, QLabel):
                self._grid.addWidget(widget, n, column, _RIGHT)
            else:
                self._grid.addWidget(widget, n, column)
        before = self._rows[-1].amount if self._rows else None
        if before is not None:
            self.setTabOrder(before, row.due_on)
        self.setTabOrder(row.due_on, row.amount)
        row.due_on.textEdited.connect(lambda _text: self.edited.emit())
        row.amount.textEdited.connect(lambda _text: self._amount_edited(row))
        self._rows.append(row)

    def _amount_edited(self, row: _Row) -> None:
        last = self._rows[self._count - 1]
        if row is not last:
            rest = self._total - sum(_cents_or_nothing(other.amount) for other in self._rows[: self._count - 1])
            last.amount.set_cents(max(rest, 0))
        self._show_left()
        self.edited.emit()

    def _show_left(self) -> None:
        left = self._total
        for row in self._rows[: self._count]:
            left -= _cents_or_nothing(row.amount)
            row.left.setText(format_cents(left))


_LEFT = Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _cents_or_nothing(edit: MoneyEdit) -> int:
    """The amount while it is being typed: what is no amount yet counts as nothing."""
    try:
        return edit.cents() or 0
    except UserError:
        return 0


class ArrangeDialog(ActionDialog):
    """Agree instalments; a suspended account is restored the same day."""

    hint = "Type the total, and a number of instalments or an amount each."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "arrange", "Make an arrangement", "&Agree", parent)
        self._refused: UserError | None = None
        self.total = self.add_money("Total to &pay", "total", "Total to pay")
        self.count = QSpinBox()
        named(self.count, "arrange.count", "Number of instalments")
        self.count.setRange(0, MOST_INSTALMENTS)
        self.count.setSpecialValueText("by amount")
        self.count.setValue(3)
        self.count.setMinimumHeight(self.total.sizeHint().height())
        self.add_row("In&stalments", self.count)
        self.each = self.add_money("or amount &each", "each", "Amount of each instalment")
        self.first_on = self.add_day("&First on", "first", "Day of the first instalment")
        self.first_on.set_day(workplace.on + A_WEEK)
        self.every = self.add_choice("T&hen", "every", "How often", [(RHYTHM_WORDS[every], every) for every in RHYTHMS])
        self.every.setCurrentIndex(RHYTHMS.index("month"))
        self.parts = InstalmentRows("arrange", workplace.on, implied_cents=workplace.settings.implied_cents)
        self.inside.addWidget(self.parts)
        self.inside.addStretch(1)
        self.total.textChanged.connect(self._calculate)
        self.first_on.textChanged.connect(self._calculate)
        self.every.currentIndexChanged.connect(self._calculate)
        self.count.valueChanged.connect(self._count_chosen)
        self.each.textEdited.connect(self._amount_typed)
        self.parts.edited.connect(self._typed)
        self.parts.edited.connect(self.look_ahead)

    def fill(self, known: Choices) -> None:
        owed = known.past_due_cents or max(known.card.balance_cents, 0)
        if owed and not self.total.text():
            self.total.set_cents(owed)
            if self.total.hasFocus():
                self.total.selectAll()
        self._calculate()

    def _count_chosen(self, count: int) -> None:
        if count:
            self.each.set_cents(None)
        self._calculate()

    def _amount_typed(self, text: str) -> None:
        if text.strip():
            self.count.setValue(0)
        elif not self.count.value():
            self.count.setValue(3)
        self._calculate()

    def _calculate(self) -> None:
        """Propose instalments from the inputs above them; their amounts and days can then be changed."""
        self._is_trying = True
        try:
            proposed, self._refused = self.proposed(), None
        except UserError as refused:
            proposed, self._refused = (), refused
        finally:
            self._is_trying = False
        self.parts.show_parts(proposed)
        self.look_ahead()

    def proposed(self) -> tuple[InstalmentFacts, ...]:
        """What the calculator makes of the inputs. Raises UserError."""
        total = self.total.required_cents("The total")
        first_on = self.first_on.required_day("The day of the first instalment")
        every = self.every.currentData()
        if self.count.value():
            return instalments.in_parts(total, self.count.value(), first_on, every)
        return instalments.of_amount(total, self.each.required_cents("The amount of each instalment"), first_on, every)

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id = self.account_id
        if self._refused is not None:
            raise self._refused
        agreed = self.parts.parts()
        return lambda session, desk: collections.arrange(session, desk, account_id, agreed)

    def hint_for(self, missing: UserError) -> str:
        return missing.message if self.total.text().strip() else self.hint

    def describe(self, seen: Outlook) -> None:
        assert self.choices is not None
        agreed = self.parts.parts()
        if not agreed:
            return
        last, total = agreed[-1], sum(part.cents for part in agreed)
        said = [f"{len(agreed)} instalments, {format_cents(total)} in all."]
        if len(agreed) == 1:
            said = [f"One payment of {format_cents(last.cents)}."]
        if seen.before is not None and seen.before.status == "suspended":
            said.append("Services are restored today.")
        said.append(
            f"While it is kept, no late fee is charged and services are not suspended, until {format_day(last.due_on)}."
        )
        if self.choices.arrangement is not None:
            said.append(f"It takes the place of the one made on {format_day(self.choices.arrangement.made_on)}.")
        short = self.choices.past_due_cents - total
        if short > 0:
            said.append(f"{format_cents(short)} of what is past due is not in it.")
        self.outcome.show_text(" ".join(said), "")

    def said(self, result: Any) -> str:
        return f"The arrangement is made; its first instalment is due {format_day(self.parts.parts()[0].due_on)}."
