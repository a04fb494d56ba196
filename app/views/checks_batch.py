"""The batch in hand: its figures against the mail count and the tape, what could be wrong, and its checks."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout

from app.money import format_cents
from app.services.batchdoubts import Doubt, difference_words, doubts
from app.services.checkdesk import BatchCheck, entered
from app.services.checks import BatchState
from app.views import style
from app.views.fields import ElidingLabel, button, label, named, set_role, spoken_day
from app.views.settings import Settings
from app.views.table import Table
from app.views.table_model import Column

SHOWN_DOUBTS = 3
_STATES = {
    "posted": "posted",
    "returned": "came back unpaid",
    "charged-back": "charged back",
    "logged": "to be posted",
    "held": "held",
    "returned-to-sender": "sent back",
}
_SIGNALS = {"logged": "warning", "held": "warning", "returned": "bad", "returned-to-sender": "quiet"}


def state_words(line: BatchCheck) -> str:
    """What became of a check, in a word or two."""
    words = _STATES.get(line.state, line.state)
    if line.state == "logged" and line.cents != line.sheet_cents:
        words = "rest to be posted"
    elif line.deposited and line.state == "held":
        words = "at the bank, to be posted"
    elif line.deposited and line.state == "posted":
        words = "posted, deposited"
    return words


def number_words(line: BatchCheck) -> str:
    """The check's number, with a sign that this line is only a part of it."""
    return f"{line.number} (part)" if line.cents != line.sheet_cents else line.number


_COLUMNS: Sequence[Column[BatchCheck]] = (
    Column("#", lambda line: line.sheet, width=3, number=True),
    Column("Check", number_words, width=9),
    Column("Amount", lambda line: line.cents, money=True, width=9),
    Column("Account", lambda line: line.name or "nobody yet", width=0, tip=lambda line: line.account_number),
    Column(
        "State",
        state_words,
        width=12,
        signal=lambda line: _SIGNALS.get(line.state, ""),
        tip=lambda line: line.note or state_words(line),
    ),
)


class BatchTable(Table[BatchCheck]):
    """The checks of a batch, the latest first; Delete asks to take one back."""

    unwanted = Signal(object)

    def __init__(self, settings: Settings) -> None:
        super().__init__("checks.posted", "Checks of the batch", _COLUMNS, settings)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.current_row()
        if event.key() == Qt.Key.Key_Delete and row is not None:
            self.unwanted.emit(row)
        else:
            super().keyPressEvent(event)

    def show_checks(self, lines: Sequence[BatchCheck]) -> None:
        """Show them; the cursor stays on its check while it is used here, else it goes to the latest."""
        current = self.current_row() if self.hasFocus() else None
        self.show_rows(list(reversed(lines)))
        if lines:
            self.selectRow(0)
        key = None if current is None else (current.mail_check_id, current.payment_id)
        for place, line in enumerate(self.rows_model.rows):
            if (line.mail_check_id, line.payment_id) == key:
                self.selectRow(place)


class BatchStrip(QFrame):
    """Running count and total against the control figures, and by how much the batch is out."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.count = label("", "heading")
        named(self.count, "checks.count", "Checks entered")
        self.total = label("", "heading")
        named(self.total, "checks.total", "Total entered")
        self.state = ElidingLabel()
        self.state.setProperty("role", "heading")
        named(self.state, "checks.difference", "Difference")
        self.dated = label("", "warning", wrap=True)
        named(self.dated, "checks.batch-day", "Day of the batch")
        self.doubts = [label("", wrap=True) for _ in range(SHOWN_DOUBTS)]
        for number, doubt in enumerate(self.doubts, start=1):
            named(doubt, f"checks.doubt-{number}", f"What could explain it, {number}")
        self.figures = button("Correct fi&gures…", "checks.figures", tip="The mail was counted or added up wrongly")
        grid = QGridLayout()
        grid.setHorizontalSpacing(style.WIDE)
        grid.setVerticalSpacing(0)
        for place, (text, value) in enumerate((("Checks", self.count), ("Total", self.total), ("Difference", self.state))):
            grid.addWidget(label(text, "quiet"), 0, place)
            grid.addWidget(value, 1, place)
        grid.setColumnStretch(2, 1)
        top = QHBoxLayout()
        top.addLayout(grid, 1)
        top.addWidget(self.figures, 0, Qt.AlignmentFlag.AlignVCenter)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.SMALL, style.LARGE, style.SMALL)
        box.setSpacing(style.TIGHT)
        box.addLayout(top)
        box.addWidget(self.dated)
        for doubt in self.doubts:
            box.addWidget(doubt)

    def show_batch(self, batch: BatchState, lines: Sequence[BatchCheck], *, is_other_day: bool) -> list[Doubt]:
        """Show the batch's figures; returns what could explain that it is out, the likeliest first."""
        self.count.setText(f"{batch.entered_count} of {batch.expected_count}")
        self.total.setText(f"{format_cents(batch.entered_cents)} of {format_cents(batch.total_cents)}")
        words = difference_words(batch.expected_count, batch.total_cents, batch.entered_count, batch.entered_cents)
        if batch.is_balanced:
            words = "✓ In balance"
            if batch.unposted:
                words += f", {batch.unposted} still to be posted"
        set_role(self.state, "heading")
        self.state.setText(words)
        self._color(batch, words)
        self.dated.setVisible(is_other_day)
        self.dated.setText(f"This is the mail of {spoken_day(batch.received_on)}: what is posted here is dated that day.")
        found = doubts(batch.expected_count, batch.total_cents, entered(lines))
        for place, shown in enumerate(self.doubts):
            shown.setVisible(place < len(found))
            shown.setText(f"•  {found[place].text}" if place < len(found) else "")
        return found

    def _color(self, batch: BatchState, words: str) -> None:
        tone = "good" if batch.is_balanced else "bad" if words.startswith("Out") else ""
        palette = QLabel().palette()
        if tone:
            palette.setColor(palette.ColorRole.WindowText, style.signal_color(tone))
        self.state.setPalette(palette)
