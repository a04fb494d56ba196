"""The returned item: pick the payment, say why it came back, see all that follows, and confirm it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.errors import UserError
from app.money import format_cents
from app.services import returneditems, returnedletter, returnedoutlook
from app.services.policies.dishonored import Cost
from app.services.returneditems import RETURN_CODES, ItemRow, ReturnedItem
from app.services.returnedoutlook import ReturnedOutlook
from app.views import style
from app.views.dialog import FormDialog
from app.views.dialogs.outcome import Fields
from app.views.dialogs.returned_consequences import Consequences, FeesCard
from app.views.dialogs.returned_find import FindItem
from app.views.fields import DayEdit, MoneyEdit, button, format_day, label, named, told_dates
from app.views.placing import open_as_large_as
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session

COSTS = (("court", "Cour&t"), ("attorney", "Att&orney"), ("processing", "&Processing and other"))
MAIL, PAPER, NONE = "mail", "paper", "none"
_WIDE, _TALL = 1040, 620
LARGE_LETTERS = 9  # pixels of an average one


class ReturnedItemDialog(FormDialog):
    """Two steps: the payment (searched, the newest first), and what came back with all that follows beside it.

    What follows is worked out by the real thing, taken back at once, whenever an input changes.
    """

    def __init__(
        self, workplace: Workplace, parent: QWidget | None = None, *, account_id: int | None = None, typed: str = ""
    ) -> None:
        super().__init__(workplace, "returned", "Returned item", "&Continue", parent)
        self.row: ItemRow | None = None
        self.seen: ReturnedOutlook | None = None
        self._is_out = self._is_stale = self._was_typed = self._may_confirm = False
        self.picker = FindItem(workplace, account_id, typed)
        self.subject = label("", "heading", wrap=True)
        named(self.subject, "returned.subject", "The payment")
        self.fees = FeesCard()
        self.consequences = Consequences(workplace)
        self.another = button("&Another payment", "returned.another", tip="Back to the list of payments")
        self._make_inputs()
        self.body.removeItem(self.form)
        self.steps = QStackedWidget()
        self.steps.addWidget(self.picker)
        self.steps.addWidget(self._second_step())
        self.body.addWidget(self.steps, 1)
        self._letter_wanted = (0, NONE, "")
        self.saved.connect(lambda _done: self._make_letter())
        self.picker.chosen.connect(self._chosen)
        self.another.clicked.connect(self.choose_another)
        self.fees.changed.connect(self._changed)
        self._after_double_enter = QTimer(self)
        self._after_double_enter.setSingleShot(True)
        self._after_double_enter.timeout.connect(self._allow)
        submit = QShortcut(QKeySequence("Ctrl+Return"), self)
        submit.activated.connect(self.press)
        scale = max(1.0, self.fontMetrics().averageCharWidth() / 7)
        open_as_large_as(self, round(_WIDE * scale), round(_TALL * scale))

    # The parts

    def _make_inputs(self) -> None:
        self.on = DayEdit("returned.on", "Date of the return", self.workplace.on)
        self.on.set_day(self.workplace.on)
        self.cause = QComboBox()
        named(self.cause, "returned.cause", "Why it came back")
        for code, words in RETURN_CODES.items():
            self.cause.addItem(f"{words[:1].upper()}{words[1:]}{f' ({code})' if code else ''}", code)
        self.bank_fee = self._money("bank_fee", "What the bank took for the return")
        self.remark = QLineEdit()
        named(self.remark, "returned.remark", "Remark")
        self.remark.setMaxLength(200)
        self.fraud = QCheckBox("It is fra&ud (a supervisor says so)")
        named(self.fraud, "returned.fraud", "It is fraud")
        self.costs = {what: self._money(f"cost-{what}", f"Cost of the chargeback: {what}") for what, _ in COSTS}
        self.reason = QLineEdit()
        named(self.reason, "returned.reason", "Reason for waiving")
        self.reason.setMaxLength(200)
        self.reason.setPlaceholderText("In a few words, for the record")
        self.letter = QComboBox()
        named(self.letter, "returned.letter", "Letter to the customer")
        # With large letters there is no room for labels beside the inputs.
        wrap, is_large = QFormLayout.RowWrapPolicy, self.fontMetrics().averageCharWidth() > LARGE_LETTERS
        self.form.setRowWrapPolicy(wrap.WrapAllRows if is_large else wrap.WrapLongRows)
        for box in (self.cause, self.letter):
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(10)
        self.add_row("&Date of the return", self.on)
        self.add_row("Wh&y it came back", self.cause)
        self.add_row("&Bank's fee", self.bank_fee)
        self.form.addRow(self.fraud)
        for what, words in COSTS:
            self.add_row(words, self.costs[what])
        self.add_row("Remar&k", self.remark)
        self.form.addRow(self.fees)
        self.add_row("Reason for wai&ving", self.reason)
        self.add_row("L&etter", self.letter)
        for edit in (self.on, self.bank_fee, self.remark, self.reason, *self.costs.values()):
            edit.textEdited.connect(self._typed)
            edit.textChanged.connect(self._changed)
        self.cause.currentIndexChanged.connect(self._changed)
        self.fraud.toggled.connect(self._changed)

    def _money(self, part: str, accessible: str) -> MoneyEdit:
        edit = MoneyEdit(f"returned.{part}", accessible, implied_cents=self.workplace.settings.implied_cents)
        edit.setPlaceholderText("0.00")
        return edit

    def _second_step(self) -> QWidget:
        inside = QWidget()
        left = QVBoxLayout(inside)
        left.setContentsMargins(0, 0, style.SMALL, 0)
        left.addLayout(self.form)
        left.addStretch(1)
        area = Fields(inside)
        area.setObjectName("returned.area")
        sides = QHBoxLayout()
        sides.setSpacing(style.LARGE)
        sides.addWidget(area, 11)
        sides.addWidget(self.consequences, 12)
        top = QHBoxLayout()
        top.addWidget(self.subject, 1)
        top.addWidget(self.another)
        step = QWidget()
        box = QVBoxLayout(step)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(style.MEDIUM)
        box.addLayout(top)
        box.addLayout(sides, 1)
        return step

    # From the list to the payment

    def start(self, payment_id: int | None = None) -> QDialog:
        """Open without waiting, at the list or at one payment, and give the dialog back."""
        self.open()
        if payment_id is None:
            self.picker.look()
            self.picker.setFocus()
        else:
            self.action.setEnabled(False)
            self.tasks.read(
                lambda session: returneditems.item(session, payment_id), self._chosen, owner=self, otherwise=self._not_this
            )
        return self

    def _not_this(self, error: UserError) -> None:
        """The payment asked for was undone already: say so, and offer the others."""
        self.picker.look()
        self.refuse(error)

    def choose_another(self) -> None:
        """Back to the list."""
        self.row = self.seen = None
        self._may_confirm = False
        self.refusal.hide()
        self.action.setText("&Continue")
        self.action.setEnabled(True)
        self.steps.setCurrentIndex(0)
        self.picker.look()
        self.picker.setFocus()

    def _chosen(self, row: ItemRow) -> None:
        if self.row is not None:
            return
        self.row, self.seen, self._may_confirm = row, None, False
        self.refusal.hide()
        self.subject.setText(
            f"{row.words[:1].upper()}{row.words[1:]} of {format_cents(row.cents)}, received {format_day(row.on)} · "
            f"{row.name} · account {row.number}"
        )
        is_card = row.kind == "card"
        for control in (self.cause, self.bank_fee):
            self.form.setRowVisible(control, not is_card)
        self._show_fraud(offered=False)
        self.fees.forget()
        self.reason.clear()
        self.form.setRowVisible(self.reason, False)
        self.letter.clear()
        self.steps.setCurrentIndex(1)
        self.action.setText("&Record the return" if not is_card else "&Record the chargeback")
        self.action.setEnabled(False)
        (self.remark if is_card else self.cause).setFocus()
        # The second of two quick Enters must not confirm what nobody has seen.
        self._after_double_enter.start(QApplication.doubleClickInterval())
        self.look_ahead()

    def _show_fraud(self, *, offered: bool) -> None:
        """Fraud is a member's card charged back: only there does it cost (ARR-9)."""
        self.form.setRowVisible(self.fraud, offered)
        for edit in self.costs.values():
            self.form.setRowVisible(edit, offered and self.fraud.isChecked())

    # What follows

    def item(self) -> ReturnedItem:
        """What the inputs say. Raises UserError for one that cannot be used."""
        assert self.row is not None
        if self.row.kind == "card":
            is_fraud = self.fraud.isChecked()
            costs = (
                tuple(Cost(what, cents) for what, edit in self.costs.items() if (cents := edit.cents())) if is_fraud else ()
            )
            made = ReturnedItem(self.row.payment_id, "", self.remark.text(), fraudulent=is_fraud, costs=costs)
        else:
            fee = self.bank_fee.cents() or 0
            made = ReturnedItem(self.row.payment_id, self.cause.currentData(), self.remark.text(), fee)
        return made._replace(waived=self.fees.waived(), waive_reason=self.reason.text())

    def _typed(self) -> None:
        self._was_typed = True

    def _changed(self) -> None:
        if self.row is None:
            return
        self.form.setRowVisible(self.reason, bool(self.fees.waived()))
        self._show_fraud(offered=self.form.isRowVisible(self.fraud))
        self.look_ahead()

    def look_ahead(self) -> None:
        """Try what stands in the inputs, take it back, and show what it would do; one trial at a time."""
        books = self.tasks.books
        if self.row is None or books is None:
            return
        if self._is_out:
            self._is_stale = True
            return
        try:
            form, on = self.item(), self.on.required_day("The date of the return")
        except UserError as missing:
            self.consequences.show_refused(told_dates(missing.message))
            return
        desk = replace(self.workplace.desk(), on=on)
        self._is_out = True
        self.tasks.compute(
            lambda: returnedoutlook.look_ahead(books, desk, form),
            lambda seen: self._came_back(lambda: self._show(seen)),
            owner=self,
            otherwise=lambda error: self._came_back(lambda: self.consequences.show_refused(told_dates(error.message))),
        )

    def _came_back(self, show: Callable[[], None]) -> None:
        self._is_out = False
        if self._is_stale:
            self._is_stale = False
            self.look_ahead()
        elif self.row is not None:
            show()

    def _show(self, seen: ReturnedOutlook) -> None:
        if self.row is None or seen.payment.id != self.row.payment_id:
            return
        is_first = self.seen is None
        self.seen = seen
        self.fees.show_fees(seen.fees)
        self.consequences.show_outlook(seen)
        self.action.setAccessibleDescription(" ".join(seen.sentences))
        if is_first:
            self._show_fraud(offered=self.row.kind == "card" and seen.is_member)
            self._offer_letter(seen)
            self._allow()

    def _allow(self) -> None:
        if self.row is not None and self.seen is not None and not self._after_double_enter.isActive():
            self.action.setEnabled(True)

    def _offer_letter(self, seen: ReturnedOutlook) -> None:
        self.letter.clear()
        if seen.letter.email:
            self.letter.addItem(f"By e-mail, to {seen.letter.email}", MAIL)
        self.letter.addItem("On paper: it opens, to be printed", PAPER)
        self.letter.addItem("None", NONE)

    # Done

    def submit(self) -> None:
        if self.row is None:
            found = self.picker.current()
            if found is None:
                self.picker.look()
                raise UserError("Choose the payment that came back.", field="find")
            self._chosen(found)
            return
        form, row = self.item(), self.row
        desk = replace(self.workplace.desk(self.token), on=self.on.required_day("The date of the return"))
        if form.waived and not form.waive_reason.strip():
            raise UserError("Waiving a fee needs a reason; say in a few words why.", field="reason")
        charged = 0 if self.seen is None else self.seen.charged_cents
        verb = "charged back" if row.kind == "card" else "returned"
        said = f"Recorded: {row.words} of {format_cents(row.cents)} {verb}; fees charged {format_cents(charged)}."
        self._letter_wanted = (row.payment_id, self.letter.currentData(), said)
        self.save(lambda session: returneditems.record(session, desk, form), said, [row.account_id])

    def _make_letter(self) -> None:
        payment_id, how, said = self._letter_wanted
        make_letter(self.workplace, self.parentWidget(), payment_id, how, said)

    def reject(self) -> None:
        """Escape never loses work: the first one asks."""
        if self._was_typed and self.row is not None and self.cancel.isEnabled():
            self._was_typed = False
            FormDialog.refuse(self, UserError("What you typed is not recorded. Press Escape once more to leave it."))
            return
        super().reject()


def make_letter(workplace: Workplace, parent: QWidget | None, payment_id: int, how: str, said: str = "") -> None:
    """Make the letter about a returned payment: by e-mail into the office's mail folder, or a PDF that opens."""
    if how == NONE:
        return
    folder = workplace.folder

    def work(session: Session) -> Path:
        if how == MAIL:
            return returnedletter.mail_letter(session, payment_id, folder)
        return returnedletter.save_letter(session, payment_id, folder)

    def made(path: Path) -> None:
        workplace.say(f"{said} The letter lies in the folder {path.parent.name}: {path.name}.".strip())
        if how == PAPER:
            from app.views.pdf_preview import PdfPreview  # QtPdf is loaded when it is first needed

            window = parent.window() if parent is not None else None
            PdfPreview(workplace, window).show_file(path, "Letter about a returned payment")

    workplace.tasks.read(work, made, owner=workplace, name=f"letter {payment_id}", otherwise=workplace.refuse)


def open_returned_item(
    workplace: Workplace, parent: QWidget, *, payment_id: int | None = None, account_id: int | None = None, typed: str = ""
) -> QDialog:
    """The wizard: at one payment, at those of an account, or at all of them."""
    return ReturnedItemDialog(workplace, parent, account_id=account_id, typed=typed).start(payment_id)
