"""The first step of the returned item: which payment came back."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.services import returneditems
from app.services.returneditems import ItemRow
from app.views import style
from app.views.fields import label, named
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

COLUMNS: tuple[Column[ItemRow], ...] = (
    Column("Received", lambda row: row.on, width=11),
    Column("Payment", lambda row: row.words, width=16),
    Column("Amount", lambda row: row.cents, money=True, width=11),
    Column("Account", lambda row: row.number, width=10),
    Column("Name", lambda row: row.name, width=0),
)
TYPED_MS = 120


class FindItem(QWidget):
    """Payments that can come back, narrowed as something is typed. `chosen(ItemRow)`: Enter, or a double click."""

    chosen = Signal(object)

    def __init__(self, workplace: Workplace, account_id: int | None, typed: str = "") -> None:
        super().__init__()
        self.workplace = workplace
        self.account_id = account_id
        self.input = QLineEdit(typed)
        named(self.input, "returned.find", "Find the payment")
        self.input.setPlaceholderText("Check number, amount (77.34), name, account or invoice")
        self.input.setMaxLength(200)
        self.items: Table[ItemRow] = Table(
            "returned.items", "Payments that can come back, the newest first", COLUMNS, workplace.settings, sortable=False
        )
        self.empty = label("", "quiet", wrap=True)
        named(self.empty, "returned.nothing", "Nothing found")
        self.empty.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(style.SMALL)
        box.addWidget(label("&Which payment came back?", buddy=self.input))
        box.addWidget(self.input)
        box.addWidget(self.empty)
        box.addWidget(self.items, 1)
        self.setFocusProxy(self.input)
        # The newest of what is typed counts; each letter of a long name must not ask the books.
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(TYPED_MS)
        self._wait.timeout.connect(self.look)
        self.input.textEdited.connect(lambda _text: self._wait.start())
        self.input.installEventFilter(self)
        self.items.chosen.connect(self.chosen)

    def look(self) -> None:
        """Ask the books for what was typed."""
        typed, on, account_id = self.input.text(), self.workplace.on, self.account_id
        self._wait.stop()
        self.workplace.tasks.read(
            lambda session: returneditems.find_items(session, typed, on, account_id=account_id),
            self._show,
            owner=self,
            name="items",
        )

    def current(self) -> ItemRow | None:
        """The payment under the cursor; None while what was typed is still being looked for."""
        return None if self._wait.isActive() else self.items.current_row()

    def _show(self, rows: list[ItemRow]) -> None:
        self.items.show_rows(rows)
        if rows:
            self.items.selectRow(0)
        typed = self.input.text().strip()
        said = (
            f"No payment that can come back is found by “{typed}”." if typed else "There is no payment that can come back."
        )
        self.empty.setText(said)
        self.empty.setVisible(not rows)
        self.items.setVisible(bool(rows))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Up and down move through the list while the cursor stays where one types.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10}.get(
                Qt.Key(event.key())
            )
            if step is not None and self.items.rows_model.rows:
                place = self.items.currentIndex().row() + step
                self.items.selectRow(min(max(place, 0), len(self.items.rows_model.rows) - 1))
                return True
        return super().eventFilter(watched, event)
