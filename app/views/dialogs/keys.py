"""What is done with the office's key: its recovery sheet, and bank account numbers recorded and shown in full."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from app.keystore import open_key_store
from app.services import bank_numbers, officekey
from app.services.bank_numbers import ACCOUNT_TYPES, BankNumber
from app.views.dialog import FormDialog
from app.views.fields import label, named
from app.views.style import figures_font
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session


def _reason(dialog: FormDialog) -> QLineEdit:
    edit = QLineEdit()
    named(edit, f"{dialog.key}.reason", "Reason")
    edit.setPlaceholderText("In a few words, for the record")
    dialog.add_row("&Reason", edit)
    return edit


class RecoverySheetDialog(FormDialog):
    """Asks why, then shows the sheet to be printed; no file of it stays."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "key-sheet", "Recovery sheet", "&Show the sheet", parent)
        said = (
            "Whoever has this sheet and the office's file can read every bank account number. Print it, lock it away with "
            "the blank checks, and do not keep it as a file. That it was shown is recorded."
        )
        self.body.insertWidget(0, label(said, wrap=True))
        self.reason = _reason(self)

    def submit(self) -> None:
        """Draw the sheet into a private folder and show it."""
        desk, reason = self.workplace.desk(self.token), self.reason.text()

        def work(session: Session) -> Path:
            folder = Path(tempfile.mkdtemp(prefix="counterfoil-"))
            try:
                return officekey.write_sheet(session, desk, open_key_store(), folder / "recovery sheet.pdf", reason)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise

        self.saved.connect(self._preview)
        self.save(work, "Print the recovery sheet and lock it away.", ())

    def _preview(self, path: Path) -> None:
        from app.views.pdf_preview import PdfPreview  # QtPdf is loaded when it is first needed

        parent = self.parentWidget()
        preview = PdfPreview(self.workplace, None if parent is None else parent.window())
        preview.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        preview.destroyed.connect(lambda: shutil.rmtree(path.parent, ignore_errors=True))
        preview.show_file(path, "Recovery sheet")


class BankAccountDialog(FormDialog):
    """The office's own bank account; the number is seen only while it is typed."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "bank-account", "The office's bank account", "&Save", parent)
        self.routing = QLineEdit()
        named(self.routing, "bank-account.routing", "Routing number")
        self.add_row("Ro&uting number", self.routing)
        self.number = QLineEdit()
        named(self.number, "bank-account.number", "Account number")
        self.add_row("&Account number", self.number)
        self.kind = QComboBox()
        named(self.kind, "bank-account.account_type", "Kind of account")
        self.kind.addItems(list(ACCOUNT_TYPES))
        self.add_row("&Kind", self.kind)
        self.reason = _reason(self)

    def submit(self) -> None:
        """Store it under the office's key."""
        desk, routing, number = self.workplace.desk(self.token), self.routing.text(), self.number.text()
        kind, reason = self.kind.currentText(), self.reason.text()
        self.save(
            lambda session: bank_numbers.store(session, desk, open_key_store(), None, routing, number, kind, reason),
            f"Saved as {bank_numbers.masked(''.join(number.split())[-4:])}.",
            (),
        )


class RevealDialog(FormDialog):
    """A bank account in full, after a reason; closing it hides it again."""

    def __init__(self, workplace: Workplace, account_id: int | None, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "reveal", "Bank account in full", "&Show", parent)
        self.account_id = account_id
        self.body.insertWidget(0, label("Who looked, when and why is recorded.", wrap=True))
        self.reason = _reason(self)
        self.shown = label("", "heading", wrap=True)
        named(self.shown, "reveal.number", "The bank account")
        self.shown.setFont(figures_font(self.shown.font()))
        self.shown.hide()
        self.body.addWidget(self.shown)

    def submit(self) -> None:
        """Record why, then show it here."""
        desk, reason, account_id = self.workplace.desk(self.token), self.reason.text(), self.account_id
        self.action.setEnabled(False)
        self.tasks.write(
            lambda session: bank_numbers.reveal(session, desk, open_key_store(), account_id, reason),
            self._show,
            owner=self,
            accounts=(),
            otherwise=self.refuse,
        )

    def _show(self, found: BankNumber) -> None:
        self.shown.setText(f"Routing {found.routing}, account {found.number}, {found.account_type}")
        self.shown.show()
        self.reason.setEnabled(False)
        self.action.hide()
        self.cancel.setText("&Hide")
        self.cancel.setAccessibleName("Hide the bank account")
        self.cancel.setFocus()
        self.fit()
