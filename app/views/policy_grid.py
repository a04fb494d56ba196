"""A policy's values as a list in which a value is typed anew: for trying them out, and for changing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.services.policyvalues import PolicyKey
from app.views import style
from app.views.fields import button, label, named
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace


class GridRow(NamedTuple):
    """A value with what was typed instead of it, if anything."""

    value: PolicyKey
    typed: str | None = None

    @property
    def is_changed(self) -> bool:
        """Whether something else was typed."""
        return self.typed is not None and self.typed != self.value.text


class PolicyGrid(QWidget):
    """The list, and the input below it for the value under the cursor; Enter sets it. `changed`: one was set."""

    changed = Signal()

    def __init__(self, workplace: Workplace, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix
        self.table: Table[GridRow] = Table(
            f"{prefix}.values",
            "Values of the policy; Enter types another one",
            (
                Column("Clause", lambda row: row.value.clause, width=8),
                Column("What", lambda row: row.value.meaning, width=0),
                Column("Value", lambda row: row.value.text, number=True, width=13),
                Column(
                    "Instead",
                    lambda row: row.typed if row.is_changed else "",
                    number=True,
                    width=13,
                    signal=lambda row: "accent" if row.is_changed else "",
                ),
            ),
            workplace.settings,
            sortable=False,
        )
        self.what = label("", "quiet", wrap=True)
        named(self.what, f"{prefix}.what", "The value under the cursor")
        self.input = QLineEdit()
        named(self.input, f"{prefix}.value", "Value instead")
        self.input.setMaxLength(60)
        self.set = button("&Set", f"{prefix}.set", tip="Use this value instead (Enter)")
        self.clear = button("As it &was", f"{prefix}.as-it-was", tip="Forget all that was typed here")
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(label("&Value instead", buddy=self.input))
        row.addWidget(self.input, 1)
        row.addWidget(self.set)
        row.addWidget(self.clear)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, style.SMALL, 0, 0)
        box.setSpacing(style.SMALL)
        box.addWidget(self.table, 1)
        box.addWidget(self.what)
        box.addLayout(row)
        self.table.current.connect(self._show_current)
        self.table.enter_does = "&Type another value"
        self.table.chosen.connect(lambda _row: self._edit())
        self.input.returnPressed.connect(self.put)
        self.set.clicked.connect(self.put)
        self.clear.clicked.connect(self.forget)

    def show_values(self, values: Sequence[PolicyKey]) -> None:
        """Other values; what was typed for the same ones stays."""
        typed = self.typed()
        rows = [GridRow(value, typed.get(value.key)) for value in values]
        if rows != list(self.table.rows_model.rows):
            self.table.show_rows(rows)

    def typed(self) -> dict[tuple[str, ...], str]:
        """What is to hold instead, by the value's place in the policy file."""
        return {row.value.key: row.typed for row in self.table.rows_model.rows if row.is_changed and row.typed is not None}

    def forget(self) -> None:
        """Every value as it was."""
        self.table.show_rows([GridRow(row.value) for row in self.table.rows_model.rows])
        self.changed.emit()

    def put(self) -> None:
        """Set the value under the cursor to what was typed, and go on to the next."""
        row = self.table.current_row()
        if row is None:
            return
        place = self.table.currentIndex().row()
        rows = list(self.table.rows_model.rows)
        rows[place] = row._replace(typed=self.input.text().strip())
        self.table.show_rows(rows)
        self.table.setFocus()
        self.changed.emit()

    def _edit(self) -> None:
        self.input.setFocus(Qt.FocusReason.OtherFocusReason)
        self.input.selectAll()

    def _show_current(self, row: GridRow | None) -> None:
        self.what.setText("" if row is None else f"{row.value.meaning} ({row.value.clause})")
        self.input.setText("" if row is None else (row.typed if row.typed is not None else row.value.text))
