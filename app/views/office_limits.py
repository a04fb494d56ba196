"""What one person may not do alone: limits by amount, and what takes two people. The administrator sets them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services.books import Session
from app.services.limits import Limits, change_limits, limits
from app.views import style
from app.views.fields import MoneyEdit, button, label, named
from app.views.kept import Kept
from app.views.page import can_be_approved, point_at
from app.views.workplace import Workplace

_AMOUNTS = (
    ("credit", "&Courtesy credits up to", "Courtesy credits that a supervisor gives alone, up to"),
    ("write_off", "&Write-offs up to", "Write-offs that a supervisor makes alone, up to"),
    ("waiver", "Waived &fees up to", "Fees, charged or not, that a supervisor waives alone, up to"),
    ("refund", "&Refunds outside the run up to", "Refunds outside the run that a supervisor makes alone, up to"),
)


class LimitsPart(QWidget):
    """A short form; an empty amount is no limit."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self._shown: Limits | None = None
        self._kept = Kept(workplace, "office-limits")
        self.amounts: dict[str, MoneyEdit] = {}
        form = QFormLayout()
        form.setSpacing(style.SMALL)
        form.addRow(label("What a supervisor may do alone; above it, the billing manager approves", "heading"))
        for field, text, accessible in _AMOUNTS:
            form.addRow(*self._amount(field, text, accessible))
        said = "An empty amount is no limit. What the same person gave to an account the same day counts together."
        form.addRow(label(said, "quiet", wrap=True))
        form.addRow(label("What takes two people, each with a sign-in of their own", "heading"))
        self.two_for_billing = QCheckBox("The billing &run")
        named(self.two_for_billing, "office.two", "The billing run takes two people")
        form.addRow("", self.two_for_billing)
        form.addRow(*self._amount("two_for_refunds_over", "Refund checks &over", "Refund checks that take two people, over"))
        self.amounts["two_for_refunds_over"].setPlaceholderText("never")
        said = "Of a refund run, each check counts by itself. Empty: one person is enough."
        form.addRow(label(said, "quiet", wrap=True))
        self.reason = QLineEdit()
        named(self.reason, "office.limits-reason", "Reason for other limits")
        self.reason.setPlaceholderText("In a few words, for the record")
        form.addRow(label("R&eason", buddy=self.reason), self.reason)
        self.save_button = button("&Save the limits", "office.limits-save", primary=True)
        self.save_button.clicked.connect(self.save)
        self.reason.returnPressed.connect(self.save)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        box.addLayout(form)
        box.addWidget(self.save_button, alignment=Qt.AlignmentFlag.AlignRight)
        box.addStretch(1)

    def _amount(self, field: str, text: str, accessible: str) -> tuple[QWidget, QWidget]:
        edit = MoneyEdit(f"office.{field}", accessible, implied_cents=self.workplace.settings.implied_cents)
        edit.setPlaceholderText("no limit")
        edit.setMaximumWidth(edit.fontMetrics().averageCharWidth() * 18)
        self.amounts[field] = edit
        return label(text, buddy=edit), edit

    def refresh(self) -> None:
        """Show what is set, unless something is being typed."""
        if not self.has_work_in_hand():
            self.workplace.tasks.read(limits, self._show, owner=self, name="limits")

    def _show(self, found: Limits) -> None:
        self._shown = found
        for field, edit in self.amounts.items():
            edit.set_cents(getattr(found, field))
        self.two_for_billing.setChecked(found.two_for_billing)
        self.reason.clear()
        kept = self._kept.load()
        for field, text in kept.items():
            if field in self.amounts:
                self.amounts[field].setText(text)
        if "two" in kept:
            self.two_for_billing.setChecked(not found.two_for_billing)
        self.reason.setText(kept.get("reason", ""))
        if kept and self.has_work_in_hand():
            self.workplace.say("What was typed about the limits is as it was left; it is not saved yet.", "warning")
        self._kept.save({})

    def keep(self) -> None:
        """Before the program closes: what is typed and not saved is there again when the page is shown next."""
        if self._shown is None or not self.has_work_in_hand():
            return
        typed = {field: edit.text() for field, edit in self.amounts.items()}
        shown = {field: getattr(self._shown, field) for field in typed}
        kept = {field: text for field, text in typed.items() if text != _written(shown[field])}
        if self.two_for_billing.isChecked() != self._shown.two_for_billing:
            kept["two"] = "changed"
        self._kept.save({**kept, "reason": self.reason.text()})

    def has_work_in_hand(self) -> bool:
        """Whether something was typed that is not saved."""
        if self._shown is None:
            return False
        try:
            return self._wanted() != self._shown
        except UserError:
            return True

    def _wanted(self) -> Limits:
        cents = {field: edit.cents() for field, edit in self.amounts.items()}
        return Limits(**cents, two_for_billing=self.two_for_billing.isChecked())

    def save(self) -> None:
        """Save what was typed; a refusal keeps it."""
        if self._shown is None or not self.save_button.isEnabled():
            return
        try:
            wanted = self._wanted()
        except UserError as error:
            self._refuse(error)
            return
        if wanted == self._shown:
            self.workplace.say("Nothing was changed.", "warning")
            return
        desk, reason = self.workplace.desk(), self.reason.text()

        def work(session: Session) -> None:
            change_limits(session, desk, wanted, reason)

        def saved(_none: None) -> None:
            self.save_button.setEnabled(True)
            self._show(wanted)
            self.workplace.say("Saved. The limits hold from now on.")

        self.save_button.setEnabled(False)
        self.workplace.tasks.write(work, saved, owner=self, accounts=(), otherwise=self._refuse)

    def _refuse(self, error: UserError) -> None:
        self.save_button.setEnabled(True)
        self.workplace.refuse(error)
        if can_be_approved(self.workplace, error):
            self.workplace.approving.emit(error, self.save, self)
            return
        point_at(self, "office", UserError(error.message, "limits-reason") if error.field == "reason" else error)


def _written(cents: int | None) -> str:
    return "" if cents is None else format_cents(cents)
