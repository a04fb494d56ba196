"""A customer's own data: given out as a file, or blanked for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QWidget

from app.services import customerdata
from app.services.choices import Choices
from app.services.outlook import Deed
from app.views.dialogs.acting import ActionDialog
from app.views.fields import button
from app.views.workplace import Workplace

_BLANKED = (
    "The name, address, telephone, e-mail, notes, payers' names, bank numbers and the reasons typed for this account go out "
    "of the books for good; nobody can bring them back. Documents, their lines, amounts and the payees of refund checks "
    "stay, because the books must be kept. Letters and papers already made, and backups, hold the name until they are "
    "removed or no longer kept."
)


class ExportDataDialog(ActionDialog):
    """Everything on file about the customer, as one ZIP of tables."""

    hint = "Everything on file about this customer goes into one file of tables; nobody else's data is in it."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "exportdata", "Give out the customer's data", "&Make the file", parent)
        self.path = self.add_text("&File", "path", "File")
        browse = button("&Browse…", "exportdata.browse")
        browse.clicked.connect(self._browse)
        self.form.addRow("", browse)
        self.add_reason()

    def fill(self, known: Choices) -> None:
        name = customerdata.export_name(known.card.number, self.workplace.on)
        self.path.setText(str(self.workplace.folder / name))

    def _browse(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "File for the customer's data", self.path.text(), "Archives (*.zip)")
        if chosen:
            self.path.setText(chosen)

    def look_ahead(self) -> None:
        self.outcome.show_text(self.hint)  # trying it would write the file
        self.fit()

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, path, why = self.account_id, Path(self.path.text().strip()), self.why()
        return lambda session, desk: customerdata.export_customer(session, desk, account_id, path, why)

    def said(self, result: Any) -> str:
        return f"{result:,} rows are in {self.path.text().strip()}."


class BlankDataDialog(ActionDialog):
    """The customer's personal values taken out of the books."""

    hint = _BLANKED

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "blank", "Blank the customer's data", "Blank it for &good", parent)
        self.add_reason()

    def fill(self, known: Choices) -> None:
        assert self.account_id is not None
        account_id = self.account_id
        self.tasks.read(lambda session: customerdata.hindrances(session, account_id), self._show, owner=self, name="may")

    def _show(self, hindrances: list[str]) -> None:
        if hindrances:
            self.outcome.show_text(" ".join(["It cannot be blanked yet.", *hindrances]), "warning")
        self.action.setEnabled(not hindrances)
        self.fit()

    def look_ahead(self) -> None:
        if self.action.isEnabled():
            self.outcome.show_text(_BLANKED)
            self.fit()

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, why = self.account_id, self.why()
        return lambda session, desk: customerdata.blank_customer(session, desk, account_id, why)

    def said(self, result: Any) -> str:
        return "The customer's data is blanked; the books are as they were."
