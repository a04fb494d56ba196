"""The bank's CSV of paid checks: read, shown against the books, and taken over where number and amount agree."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import bankcsv, outstanding
from app.services.bankcsv import BankFile, BankMatch
from app.services.outstanding import Clearing
from app.views import style
from app.views.dialog import FormDialog
from app.views.fields import button, label, mark_wrong, named
from app.views.placing import open_as_large_as
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

VERDICTS: Final = {
    "matched": "Matched",
    "wrong-amount": "Wrong amount",
    "too-early": "Too early",
    "already": "Already cleared",
    "not-out": "Not to be paid",
    "unknown": "Unknown",
    "unreadable": "Unreadable",
}
_SIGNALS: Final = {"matched": "good", "already": "quiet", "unknown": "quiet"}
_ORDER: Final = ("not-out", "wrong-amount", "too-early", "unreadable", "matched", "already", "unknown")


class BankDialog(FormDialog):
    """Choose the file, look at what it says, mark what matches."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "refundbank", "Paid checks from the bank’s file", "&Mark cleared", parent)
        self.matches: list[BankMatch] = []
        self.path = QLineEdit(workplace.settings.text("refunds/bank-file"))
        named(self.path, "refundbank.path", "The bank’s file")
        self.path.textEdited.connect(self._forget)
        self.browse = button("&Choose…", "refundbank.browse")
        self.browse.clicked.connect(self._choose)
        self.read = button("&Read the file", "refundbank.read")
        self.read.clicked.connect(self._read)
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(label("&File (CSV)", buddy=self.path))
        row.addWidget(self.path, 1)
        row.addWidget(self.browse)
        row.addWidget(self.read)
        self.body.insertLayout(0, row)
        self.said = label("Choose the list of paid checks that your bank gives you as CSV, then read it.", wrap=True)
        named(self.said, "refundbank.said", "What the file holds")
        self.body.addWidget(self.said)
        columns: list[Column[BankMatch]] = [
            Column(
                "Found",
                lambda found: VERDICTS[found.verdict],
                width=15,
                signal=lambda found: _SIGNALS.get(found.verdict, "warning"),
                sort_by=lambda found: _ORDER.index(found.verdict),
            ),
            Column("Check", lambda found: found.line.number, width=9),
            Column("Paid on", lambda found: found.line.paid_on, width=11),
            Column("Amount", lambda found: found.line.cents or None, money=True, width=11),
            Column("Payee", lambda found: found.check.payee if found.check else "", width=22),
            Column("What that means", lambda found: found.said, width=0),
        ]
        self.table = Table("refundbank.found", "What the bank paid", columns, workplace.settings)
        self.body.addWidget(self.table, 1)
        self.action.setEnabled(False)
        open_as_large_as(self, 920, 480)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and self.path.hasFocus() and not self.matches:
            self._read()
            return
        # Only a save under way keeps the dialog open; where nothing matches there is none.
        if event.key() == Qt.Key.Key_Escape and all(found.verdict != "matched" for found in self.matches):
            self.reject()
            return
        super().keyPressEvent(event)

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "The bank’s list of paid checks", self.path.text(), "Lists (*.csv *.txt);;All files (*)"
        )
        if chosen:
            self.path.setText(chosen)
            self._read()

    def _forget(self) -> None:
        mark_wrong(self.path, wrong=False)
        self._show([])

    def _read(self) -> None:
        self.refusal.hide()
        typed = self.path.text().strip().strip('"')
        if not typed:
            self._refuse_file(UserError("Which file? Type its name or choose it.", field="path"))
            return
        path, today = Path(typed), self.workplace.today
        self.read.setEnabled(False)

        def held_against(file: BankFile) -> None:
            self.workplace.settings.put("refunds/bank-file", typed)
            self.tasks.read(
                lambda session: bankcsv.match(session, file.lines, today),
                lambda found: self._show(found, file.left_aside),
                owner=self,
                name="match",
            )

        self.tasks.compute(
            lambda: bankcsv.read_file(path), held_against, owner=self, name="file", otherwise=self._refuse_file
        )

    def _refuse_file(self, error: UserError) -> None:
        self.read.setEnabled(True)
        self._show([])
        self.refuse(error)
        self.action.setEnabled(False)

    def _show(self, found: list[BankMatch], left_aside: int = 0) -> None:
        self.read.setEnabled(True)
        self.matches = sorted(found, key=lambda one: (_ORDER.index(one.verdict), one.line.line))
        self.table.show_rows(self.matches)
        count = Counter(one.verdict for one in found)
        cents = sum(one.line.cents for one in found if one.verdict == "matched")
        self.action.setText(f"&Mark {count['matched']} cleared" if count["matched"] else "&Mark cleared")
        self.action.setAccessibleName(self.action.text().replace("&", ""))
        self.action.setEnabled(bool(count["matched"]))
        if not found:
            self.said.setText(
                "The file names no paid checks." if left_aside else "Choose the list of paid checks, then read it."
            )
            return
        told = ", ".join(f"{count[verdict]} {VERDICTS[verdict].lower()}" for verdict in _ORDER if count[verdict])
        aside = (
            f" {left_aside} other line{'s' if left_aside != 1 else ''} left aside (deposits, fees)." if left_aside else ""
        )
        self.said.setText(f"{len(found)} checks in the file: {told}. Matched: ${format_cents(cents)}.{aside}")
        self.action.setFocus(Qt.FocusReason.OtherFocusReason) if count["matched"] else self.table.setFocus()

    def submit(self) -> None:
        clearings = [
            Clearing(one.line.number, one.line.cents, one.line.paid_on)
            for one in self.matches
            if one.verdict == "matched" and one.line.paid_on is not None
        ]
        if not clearings:
            raise UserError("Nothing in the file matches a check that is out.", field="path")
        desk = self.workplace.desk(self.token)
        accounts = {one.check.account_id for one in self.matches if one.check is not None}
        self.save(
            lambda session: outstanding.clear_checks(session, desk, clearings),
            lambda count: f"{count} check{'s are' if count != 1 else ' is'} cleared.",
            accounts,
        )
