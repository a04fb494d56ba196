"""What follows from a returned item, as its wizard shows it: fees to waive, words, ledger entries, the letter."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QPlainTextEdit, QTabWidget, QVBoxLayout, QWidget

from app.money import format_cents
from app.services.returnedoutlook import FeeLine, LedgerLine, OpenAgain, ReturnedOutlook
from app.views import style
from app.views.fields import format_day, label, named, set_role
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

LEDGER: tuple[Column[LedgerLine], ...] = (
    Column("Entry", lambda row: row.what, width=18),
    Column("Debit", lambda row: row.debit, width=0),
    Column("Credit", lambda row: row.credit, width=20),
    Column("Amount", lambda row: row.cents, money=True, width=11),
)
OPEN_AGAIN: tuple[Column[OpenAgain], ...] = (
    Column("Invoice", lambda row: str(row.invoice_id), width=8),
    Column("Dated", lambda row: row.issued_on, width=10),
    Column(
        "Due",
        lambda row: f"{format_day(row.due_on)}{'  late' if row.past_due else ''}",
        width=0,
        signal=lambda row: "warning" if row.past_due else "",
        tip=lambda row: "Past due" if row.past_due else "Not due yet",
    ),
    Column("Total", lambda row: row.total_cents, money=True, width=9),
    Column("Open again", lambda row: row.open_cents, money=True, width=11),
)


class FeesCard(QFrame):
    """The fees with their arithmetic and clause, each with a tick that waives it. `changed`: a tick was set."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        named(self, "returned.fees", "Fees")
        self.setProperty("role", "card")
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(style.MEDIUM, style.SMALL, style.MEDIUM, style.SMALL)
        self.grid.setHorizontalSpacing(style.MEDIUM)
        self.grid.setVerticalSpacing(style.TIGHT)
        self.grid.setColumnStretch(1, 1)
        self._shown: tuple[FeeLine, ...] | None = None
        self._ticks: dict[str, QCheckBox] = {}
        self._words: list[QWidget] = []

    def waived(self) -> frozenset[str]:
        """The fees ticked, each by its name."""
        return frozenset(name for name, tick in self._ticks.items() if tick.isChecked())

    def forget(self) -> None:
        """Another payment: nothing is ticked."""
        self._clear()
        self._shown = None

    def show_fees(self, fees: tuple[FeeLine, ...]) -> None:
        """Show the fees; a tick stays with its fee, and keeps the cursor."""
        if self._shown == fees:
            return
        ticked = self.waived()
        if self._shown is None or [fee[:6] for fee in self._shown] != [fee[:6] for fee in fees]:
            held = next((name for name, tick in self._ticks.items() if tick.hasFocus()), None)
            self._clear()
            for row, fee in enumerate(fees):
                self._put(row, fee, ticked=fee.name in ticked)
            if held in self._ticks:
                self._ticks[held].setFocus()
            if not fees:
                self._add(label("No fee follows.", "quiet"), 0, 0, 3)
            else:
                self._total = label("", "")
                self._total.setObjectName("returned.fees-total")
                self._add(self._total, len(fees), 0, 3)
        self._shown = fees
        if fees:
            charged = sum(fee.cents for fee in fees if not fee.waived)
            self._total.setText(f"Charged together: {format_cents(charged)}")
        self.setAccessibleDescription(
            " ".join(
                f"{fee.description}, {fee.why}, {fee.clause}: {format_cents(fee.cents)}{', waived' if fee.waived else ''}."
                for fee in fees
            )
            or "No fee follows."
        )

    def _put(self, row: int, fee: FeeLine, *, ticked: bool) -> None:
        tick = QCheckBox("Waive")
        named(tick, f"returned.waive-{fee.name.replace(':', '-')}", f"Waive: {fee.description}")
        tick.setChecked(ticked)
        tick.toggled.connect(lambda _on: self.changed.emit())
        self._ticks[fee.name] = tick
        self._add(tick, row, 0)
        words = label(f"{fee.description} · {fee.why} ({fee.clause})", wrap=True)
        words.setMinimumWidth(12 * words.fontMetrics().averageCharWidth())  # it wraps where there is less room
        self._add(words, row, 1)
        amount = label(format_cents(fee.cents))
        amount.setFont(style.figures_font(amount.font()))
        amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        self._add(amount, row, 2)

    def _add(self, widget: QWidget, row: int, column: int, span: int = 1) -> None:
        self.grid.addWidget(widget, row, column, 1, span, Qt.AlignmentFlag.AlignTop if column != 1 else Qt.AlignmentFlag(0))
        self._words.append(widget)

    def _clear(self) -> None:
        for widget in self._words:
            self.grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._words.clear()
        self._ticks.clear()


class Consequences(QTabWidget):
    """What follows, the ledger entries, and the letter: a tab each."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        named(self, "returned.consequences", "What follows, the ledger, the letter")
        self.setDocumentMode(True)
        self.said = label("", wrap=True)
        named(self.said, "returned.follows", "What follows")
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.open_again: Table[OpenAgain] = Table(
            "returned.open-again", "Invoices that are open again", OPEN_AGAIN, workplace.settings, sortable=False
        )
        self.ledger: Table[LedgerLine] = Table(
            "returned.ledger", "Ledger entries", LEDGER, workplace.settings, sortable=False
        )
        self.letter = QPlainTextEdit()
        named(self.letter, "returned.letter-text", "The letter to the customer")
        self.letter.setReadOnly(True)
        self.letter.setTabChangesFocus(True)
        follows = QWidget()
        box = QVBoxLayout(follows)
        box.setContentsMargins(0, style.SMALL, 0, 0)
        box.setSpacing(style.SMALL)
        box.addWidget(self.said)
        box.addWidget(self.open_again, 1)
        self.addTab(follows, "What &follows")
        self.addTab(self.ledger, "Led&ger")
        self.addTab(self.letter, "The &letter")

    def show_outlook(self, seen: ReturnedOutlook) -> None:
        """Show all of it."""
        set_role(self.said, "")
        self.said.setText("\n\n".join(seen.sentences))
        self.open_again.show_rows(seen.open_again)
        self.open_again.setVisible(bool(seen.open_again))
        self.ledger.show_rows(seen.ledger)
        self.letter.setPlainText(f"{seen.letter.subject}\n\n{seen.letter.text}")

    def show_refused(self, words: str) -> None:
        """It would be refused, or something is missing: nothing follows."""
        set_role(self.said, "warning")
        self.said.setText(words)
        self.open_again.hide()
        self.ledger.show_rows([])
        self.letter.clear()
