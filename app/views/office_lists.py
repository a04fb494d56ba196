"""What the office has in the cupboard: its boxes of checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from app.errors import UserError
from app.services import checkstock
from app.services.checkstock import StockBox
from app.views import style
from app.views.dialog import FormDialog
from app.views.fields import button, label, mark_wrong, named
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.books import Session

LAYOUT_WORDS = {
    "voucher-top": "check at the top of the sheet",
    "voucher-middle": "check in the middle",
    "voucher-bottom": "check at the bottom",
}


class StockPart(QWidget):
    """The boxes of checks; numbers are taken from the first that has some left."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self.table: Table[StockBox] = Table(
            "office.boxes",
            "Boxes of checks, in the order of use",
            (
                Column("Box", lambda row: row.name, width=0),
                Column("Layout", lambda row: LAYOUT_WORDS.get(row.layout, row.layout), width=30),
                Column("Next number", lambda row: str(row.next_number) if row.left else "none", number=True, width=13),
                Column("Last number", lambda row: str(row.last_number), number=True, width=13),
                Column("Left", lambda row: row.left, number=True, width=10, signal=_low),
            ),
            workplace.settings,
            sortable=False,
        )
        self.add = button("&Add a box…", "office.add-box")
        self.add.clicked.connect(lambda: AddBoxDialog(workplace, self).open())
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        said = "Refund checks take their numbers from the first box that has some left; a number is never used twice."
        box.addWidget(label(said, "quiet", wrap=True))
        box.addWidget(self.table, 1)
        box.addWidget(self.add, alignment=Qt.AlignmentFlag.AlignRight)

    def refresh(self) -> None:
        """Read the boxes."""
        self.workplace.tasks.read(checkstock.boxes, self.table.show_rows, owner=self, name="boxes")


def _low(row: StockBox) -> str:
    return "warning" if row.left < 50 else ""


class AddBoxDialog(FormDialog):
    """A new box: its name, the layout of its sheets, the numbers printed on it."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "box", "Add a box of checks", "&Add the box", parent)
        self.name = QLineEdit()
        named(self.name, "box.name", "Name of the box")
        self.name.setMaxLength(80)
        self.layout_choice = QComboBox()
        named(self.layout_choice, "box.layout", "Layout of its sheets")
        for layout in checkstock.LAYOUTS:
            self.layout_choice.addItem(LAYOUT_WORDS[layout], layout)
        self.first = QLineEdit()
        named(self.first, "box.first", "Number of its first check")
        self.last = QLineEdit()
        named(self.last, "box.last", "Number of its last check")
        self.add_row("&Name", self.name)
        self.add_row("La&yout", self.layout_choice)
        self.add_row("&First number", self.first)
        self.add_row("&Last number", self.last)

    def submit(self) -> None:
        """Add the box."""
        desk, name, layout = self.workplace.desk(self.token), self.name.text(), str(self.layout_choice.currentData())
        first, last = _number(self.first), _number(self.last)

        def work(session: Session) -> int:
            return checkstock.add_box(session, desk, name, layout, first, last)

        self.save(work, f"Box “{name.strip()}” is added: checks {first} to {last}.", ())


def _number(edit: QLineEdit) -> int:
    text = edit.text().strip()
    if not (text.isascii() and text.isdigit()):
        mark_wrong(edit, wrong=True)
        raise UserError("Type the number as it is printed on the check.", field=edit.objectName())
    return int(text)
