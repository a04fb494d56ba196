"""The office's own data: what stands on its papers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from app.errors import UserError
from app.services import office
from app.services.office import OfficeForm
from app.views import style
from app.views.fields import button, label, named
from app.views.kept import Kept
from app.views.page import can_be_approved, point_at
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session

_LINES = (
    ("name", "Office &name", "Office name"),
    ("address", "Addr&ess", "Office address"),
    ("phone", "&Phone", "Office phone"),
    ("email", "E-ma&il", "Office e-mail"),
    ("website", "&Website", "Office website"),
    ("bank", "&Bank", "Bank's name"),
    ("routing", "R&outing number", "Bank's routing number"),
    ("last4", "Account, &last four digits", "Last four digits of the bank account"),
    ("message", "&Message on statements", "Message on statements"),
    ("reason", "Reason for the &change", "Reason for the change"),
)


class DetailsPart(QWidget):
    """A form with everything that papers say about the office, saved with a reason."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self._shown: OfficeForm | None = None
        self._kept = Kept(workplace, "office-details")
        form = QFormLayout()
        form.setSpacing(style.SMALL)
        self.inputs: dict[str, QLineEdit | QPlainTextEdit] = {}
        for key, text, accessible in _LINES:
            control: QLineEdit | QPlainTextEdit = QPlainTextEdit() if key in ("address", "message") else QLineEdit()
            named(control, f"office.{key}", accessible)
            if isinstance(control, QPlainTextEdit):
                control.setTabChangesFocus(True)
                control.setMaximumHeight(control.fontMetrics().height() * 3 + style.LARGE)
            else:
                control.returnPressed.connect(self.save)
                control.setMaxLength(200)
            self.inputs[key] = control
            form.addRow(label(text, buddy=control), control)
        self.save_button = button("&Save", "office.save", primary=True)
        self.save_button.clicked.connect(self.save)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        box.addLayout(form)
        box.addWidget(self.save_button, alignment=Qt.AlignmentFlag.AlignRight)
        box.addStretch(1)

    def refresh(self) -> None:
        """Read the office's data, unless somebody is typing here."""
        self.workplace.tasks.read(office.office_form, self._show, owner=self, name="office")

    def has_work_in_hand(self) -> bool:
        """Whether something was typed and not saved."""
        return self._shown is not None and (self._form() != self._shown or bool(self._text("reason")))

    def _show(self, form: OfficeForm) -> None:
        if self.has_work_in_hand() and form == self._shown:
            return
        # What is typed here stays when another PC changes something else, and is there again after the program was closed.
        is_first = self._shown is None
        typed = self._kept.load() if is_first else self._typed()
        self._shown = form
        for key, text in {**self._texts(form), **typed}.items():
            control = self.inputs[key]
            control.setPlainText(text) if isinstance(control, QPlainTextEdit) else control.setText(text)
        if is_first and typed:
            self.workplace.say("What was typed about the office is as it was left; it is not saved yet.", "warning")
            self._kept.save({})

    def keep(self) -> None:
        """Before the program closes: what is typed and not saved is there again when the page is shown next."""
        if self._shown is not None:
            self._kept.save(self._typed())

    def _typed(self) -> dict[str, str]:
        """The inputs that say something else than the books did when they were shown."""
        shown = {} if self._shown is None else self._texts(self._shown)
        return {key: self._text(key) for key in shown if self._text(key) != shown[key].strip()}

    @staticmethod
    def _texts(form: OfficeForm) -> dict[str, str]:
        return {
            "name": form.name,
            "address": "\n".join(form.address),
            "phone": form.phone,
            "email": form.email,
            "website": form.website,
            "bank": form.bank_name,
            "routing": form.bank_routing,
            "last4": form.bank_account_last4,
            "message": form.statement_message,
            "reason": "",
        }

    def _text(self, key: str) -> str:
        control = self.inputs[key]
        return (control.toPlainText() if isinstance(control, QPlainTextEdit) else control.text()).strip()

    def _form(self) -> OfficeForm:
        return OfficeForm(
            self._text("name"),
            tuple(line.strip() for line in self._text("address").splitlines() if line.strip()),
            self._text("phone"),
            self._text("email"),
            self._text("website"),
            self._shown.time_zone if self._shown is not None else "America/Denver",
            self._text("bank"),
            self._text("routing"),
            self._text("last4"),
            self._text("message"),
        )

    def save(self) -> None:
        """Save what was typed; a refusal keeps it."""
        if not self.save_button.isEnabled() or self._shown is None:
            return
        if self._form() == self._shown:
            self.workplace.say("Nothing was changed.", "warning")
            return
        form, reason, desk = self._form(), self._text("reason"), self.workplace.desk()

        def work(session: Session) -> None:
            office.update_office(session, desk, form, reason)

        self.save_button.setEnabled(False)
        self.workplace.tasks.write(work, lambda _none: self._saved(form), owner=self, accounts=(), otherwise=self._refuse)

    def _saved(self, form: OfficeForm) -> None:
        self.save_button.setEnabled(True)
        self._shown = None
        self._show(form)
        self.workplace.say("Saved. Papers printed from now on show it.")

    def _refuse(self, error: UserError) -> None:
        self.save_button.setEnabled(True)
        self.workplace.refuse(error)
        if can_be_approved(self.workplace, error):
            self.workplace.approving.emit(error, self.save, self)
            return
        point_at(self, "office", error)
