"""What if the account pays, cancels, or makes an arrangement: the real thing, done and taken back at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.errors import UserError
from app.money import format_cents
from app.services import instalments, whatif
from app.services.explaining import clause_name
from app.services.history import HistoryRow
from app.services.instalments import MOST_INSTALMENTS, RHYTHMS
from app.services.loading import AccountCard
from app.services.policies.facts import InstalmentFacts
from app.services.whatif import Outlook, WhatIf
from app.views import style
from app.views.dialogs.account_arrange import RHYTHM_WORDS, InstalmentRows
from app.views.fields import DayEdit, MoneyEdit, button, format_day, label, named, told_dates
from app.views.help_places import give_help
from app.views.page import point_at
from app.views.placing import hand_keys_back, open_as_large_as
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Books

PAYS, CANCELS, ARRANGES = range(3)
LINES_OF_PARTS = 4
_COLUMNS: tuple[Column[HistoryRow], ...] = (
    Column("What would be written", lambda row: row.description, width=0),
    Column("Worked out", lambda row: row.why, width=24),
    Column("Clause", lambda row: clause_name(row.clause), width=8),
    Column("Amount", lambda row: row.cents, money=True, width=11),
)


class WhatIfDialog(QDialog):
    """Three questions, one at a time; Enter works the answer out. Nothing is ever saved from here."""

    def __init__(self, workplace: Workplace, card: AccountCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workplace = workplace
        self.card = card
        self.answer: WhatIf | None = None
        self.setWindowTitle(f"What if? {card.name}")
        named(self, "whatif.dialog", "What if?")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.choice = QButtonGroup(self)
        self.amount = MoneyEdit(
            "whatif.amount", "What if it pays this amount", implied_cents=workplace.settings.implied_cents
        )
        self.last_day = DayEdit("whatif.last_day", "Last day of service", workplace.on)
        self.total = MoneyEdit("whatif.total", "Amount to be arranged", implied_cents=workplace.settings.implied_cents)
        self.parts = QSpinBox()
        named(self.parts, "whatif.parts", "How many instalments")
        self.every = QComboBox()
        named(self.every, "whatif.every", "How often")
        self.first_day = DayEdit("whatif.instalments", "First instalment on", workplace.on)
        self.agreed = InstalmentRows("whatif.part", workplace.on, implied_cents=workplace.settings.implied_cents)
        self.refusal = label("", "bad", wrap=True)
        named(self.refusal, "whatif.refusal", "What was refused")
        self.refusal.hide()
        self.work_out = button("&Work it out", "whatif.work-out", primary=True)
        self.work_out.setDefault(True)
        self.close_button = button("Close", "whatif.close")
        self.result_pane = ResultPane(workplace)
        self._fill()
        self._lay_out()
        self.work_out.clicked.connect(self.ask)
        self.close_button.clicked.connect(self.reject)
        open_as_large_as(self, 860, 560)
        hand_keys_back(self)
        give_help(self)
        self.amount.setFocus()
        self.amount.selectAll()

    def _fill(self) -> None:
        owes = max(self.card.balance_cents, 0)
        self.amount.set_cents(owes or None)
        self.total.set_cents(owes or None)
        self.last_day.set_day(self.workplace.on)
        self.first_day.set_day(self.workplace.on)
        self.parts.setRange(1, MOST_INSTALMENTS)
        self.parts.setValue(3)
        for every in RHYTHMS:
            self.every.addItem(RHYTHM_WORDS[every], every)
        self.every.setCurrentIndex(RHYTHMS.index("month"))

    def _lay_out(self) -> None:
        questions = QGridLayout()
        questions.setHorizontalSpacing(style.SMALL)
        questions.setVerticalSpacing(style.SMALL)
        rows: tuple[tuple[str, str, tuple[QWidget, ...]], ...] = (
            ("It &pays", "whatif.pays", (self.amount, label("today"))),
            ("It &cancels", "whatif.cancels", (self.last_day, label("is the last day of service"))),
            (
                "It makes an &arrangement over",
                "whatif.arranges",
                (self.total, label("in"), self.parts, label("parts, the first on"), self.first_day, self.every),
            ),
        )
        for number, (text, name, controls) in enumerate(rows):
            chosen = QRadioButton(text)
            named(chosen, name, text.replace("&", ""))
            self.choice.addButton(chosen, number)
            questions.addWidget(chosen, number, 0)
            line = QHBoxLayout()
            line.setSpacing(style.SMALL)
            for control in controls:
                line.addWidget(control)
                if isinstance(control, MoneyEdit | DayEdit):
                    control.setMaximumWidth(control.fontMetrics().averageCharWidth() * 18)
                    # Typing an answer chooses its question.
                    control.textEdited.connect(lambda _text, button=chosen: button.setChecked(True))
            line.addStretch(1)
            questions.addLayout(line, number, 1)
        questions.setColumnStretch(1, 1)
        for changed in (self.parts.valueChanged, self.every.activated, self.agreed.edited):
            changed.connect(lambda *_: self.choice.button(ARRANGES).setChecked(True))
        for changed in (self.parts.valueChanged, self.every.activated, self.total.textChanged, self.first_day.textChanged):
            changed.connect(lambda *_: self._propose())
        self.choice.idToggled.connect(lambda *_: self._propose())
        self.scroller = QScrollArea()
        named(self.scroller, "whatif.parts-area", "Days and amounts of the instalments")
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroller.setFrameShape(QFrame.Shape.NoFrame)
        self.scroller.setWidgetResizable(True)
        self.scroller.setWidget(self.agreed)
        self.scroller.hide()
        self.choice.button(PAYS).setChecked(True)
        self.choice.idClicked.connect(self._chosen)
        buttons = QHBoxLayout()
        buttons.setSpacing(style.SMALL)
        buttons.addWidget(label("Nothing is saved: the answer is worked out by doing it, and taken back.", "quiet"))
        buttons.addStretch(1)
        buttons.addWidget(self.work_out)
        buttons.addWidget(self.close_button)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        box.setSpacing(style.MEDIUM)
        box.addLayout(questions)
        box.addWidget(self.scroller)
        box.addWidget(self.refusal)
        box.addWidget(self.result_pane, 1)
        box.addLayout(buttons)

    def _chosen(self, number: int) -> None:
        """A question was chosen by its letter or the mouse: the cursor goes to what it asks for."""
        edit = (self.amount, self.last_day, self.total)[number]
        edit.setFocus()
        edit.selectAll()

    def _question(self) -> Callable[[Books], WhatIf]:
        """What is asked. Raises UserError for an input that cannot be used."""
        desk, account_id = self.workplace.desk(), self.card.id
        if self.choice.checkedId() == PAYS:
            cents = self.amount.required_cents()
            return lambda books: whatif.pays(books, desk, account_id, cents)
        if self.choice.checkedId() == CANCELS:
            last_day = self.last_day.required_day("The last day of service")
            return lambda books: whatif.cancels(books, desk, account_id, last_day)
        first = self.first_day.required_day("The day of the first instalment")
        agreed = self.agreed.parts() or self._proposed(first)
        return lambda books: whatif.arranges(books, desk, account_id, agreed)

    def _proposed(self, first: date) -> tuple[InstalmentFacts, ...]:
        total = self.total.required_cents("The amount")
        return instalments.in_parts(total, self.parts.value(), first, self.every.currentData())

    def _propose(self) -> None:
        """The parts as the calculator of the real dialog makes them; each day and amount can then be changed."""
        is_asked = self.choice.checkedId() == ARRANGES
        self.scroller.setVisible(is_asked)
        if not is_asked:
            return
        try:
            proposed = self._proposed(self.first_day.required_day("The day of the first instalment"))
        except UserError:
            proposed = ()  # still being typed; asking says what is missing
        self.agreed.show_parts(proposed)
        lines = min(len(proposed) + 1, LINES_OF_PARTS)
        self.scroller.setFixedHeight(lines * (self.total.sizeHint().height() + style.TIGHT))

    def ask(self) -> None:
        """Work the answer out; one question at a time."""
        if not self.work_out.isEnabled():
            return
        self.refusal.hide()
        try:
            question = self._question()
        except UserError as error:
            self._refuse(error)
            return
        self.work_out.setEnabled(False)
        self.workplace.tasks.run(
            "What if",
            lambda books, _progress, _cancelled: question(books),
            self._show,
            owner=self,
            writes=False,
            otherwise=self._refuse,
        )

    def _show(self, answer: WhatIf) -> None:
        self.work_out.setEnabled(True)
        self.answer = answer
        self.result_pane.show_answer(answer)

    def _refuse(self, error: UserError) -> None:
        self.work_out.setEnabled(True)
        self.result_pane.clear()
        self.refusal.setText(told_dates(error.message))
        self.refusal.show()
        point_at(self, "whatif", error)


class ResultPane(QFrame):
    """Before and after, what is paid, and the lines that would be written."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.before = self._cell("whatif.before", "As it stands now")
        self.after = self._cell("whatif.after", "As it would stand")
        self.paid = self._cell("whatif.paid", "What would be paid")
        self.lines: Table[HistoryRow] = Table("whatif.lines", "What would be written", _COLUMNS, workplace.settings)
        grid = QGridLayout(self)
        grid.setContentsMargins(style.MEDIUM, style.MEDIUM, style.MEDIUM, style.MEDIUM)
        grid.setHorizontalSpacing(style.LARGE)
        grid.setVerticalSpacing(style.SMALL)
        for row, (text, cell) in enumerate((("Now", self.before), ("Then", self.after), ("So", self.paid))):
            grid.addWidget(label(text, "quiet"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(cell, row, 1)
        grid.addWidget(self.lines, 3, 0, 1, 2)
        # Without lines the answer stays at the top.
        grid.addItem(QSpacerItem(0, 0, QSizePolicy.Policy.Minimum, QSizePolicy.Policy.MinimumExpanding), 4, 0)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(3, 100)
        grid.setRowStretch(4, 1)
        self.clear()

    def _cell(self, name: str, accessible: str) -> QLabel:
        made = label("", wrap=True)
        named(made, name, accessible)
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return made

    def clear(self) -> None:
        """Nothing has been asked yet."""
        for cell in (self.before, self.after, self.paid):
            cell.clear()
        self.lines.show_rows([])
        self.lines.hide()
        self.paid.setText("Choose what it might do, and press Enter.")

    def show_answer(self, answer: WhatIf) -> None:
        """An answer, whole."""
        self.before.setText(outlook_words(answer.before))
        self.after.setText(outlook_words(answer.after))
        self.paid.setText("\n".join(consequences(answer)))
        self.lines.show_rows(answer.written)
        self.lines.setVisible(bool(answer.written))


def outlook_words(outlook: Outlook) -> str:
    """Balance, past due and the sentence, on a day."""
    return (
        f"{format_day(outlook.on)}   Balance {format_cents(outlook.balance_cents)}   "
        f"Past due {format_cents(outlook.past_due_cents)}\n{outlook.sentence}"
    )


def consequences(answer: WhatIf) -> list[str]:
    """What is paid, what stays open, what is refunded: a line each."""
    lines = []
    for item in answer.paid:
        what = f"Invoice {item.invoice_id}" if item.invoice_id is not None else f"Refund {item.refund_id}"
        rest = f"{format_cents(item.left_cents)} stays open" if item.left_cents else "nothing stays open"
        lines.append(f"{what}: {format_cents(item.cents)} paid, {rest}.")
    paid = {item.invoice_id for item in answer.paid}
    untouched = [item for item in answer.after.open_invoices if item.id not in paid]
    if untouched and (lines or answer.after.balance_cents > 0):
        numbers = ", ".join(f"{item.id} ({format_cents(item.open_cents)})" for item in untouched)
        lines.append(f"Also open then: invoice {numbers}.")
    if answer.refund_cents and answer.refund_on is not None:
        lines.append(
            f"Refund check of {format_cents(answer.refund_cents)} on the refund run of {format_day(answer.refund_on)}."
        )
    elif answer.credit_left_cents:
        lines.append(f"Credit left on the account: {format_cents(answer.credit_left_cents)}.")
    if answer.before.status != answer.after.status:
        lines.append(f"The account would be {answer.after.status} instead of {answer.before.status}.")
    for row in answer.instalments:
        lines.append(f"Instalment of {format_day(row.due_on)}: {format_cents(row.cents)}.")
    return lines or ["Nothing else changes."]
