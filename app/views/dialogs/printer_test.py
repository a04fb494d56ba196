"""Measuring a printer: print the ruler page, type what the ruler says, print the overlay test, save."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from app.errors import UserError
from app.services.printermeasure import (
    ACROSS_MM,
    DOWN_MM,
    FROM_EDGE_MM,
    Correction,
    Measured,
    correction,
    measured_again,
    parse_mm,
)
from app.services.testpages import CHECK, RULER, STATEMENT, write_test_page
from app.views import printing, style
from app.views.dialog import FormDialog
from app.views.fields import button, label, mark_wrong, named, set_role
from app.views.workplace import Workplace

NO_CHANGE = printing.Adjustment()
_INPUTS = (
    ("left", "&A  left edge to the first upright line", FROM_EDGE_MM),
    ("top", "&B  top edge to the first level line", FROM_EDGE_MM),
    ("across", "&C  between the two upright lines", ACROSS_MM),
    ("down", "&D  between the two level lines", DOWN_MM),
)


class PrinterTestDialog(FormDialog):
    """How one printer of this PC places a page; what is saved here is applied to all paper printed on it."""

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "printer", "Printer test", "&Save for this printer", parent)
        self.printer = QComboBox()
        named(self.printer, "printer.name", "Printer")
        self.printer.addItems(printing.printer_names())
        self.add_row("P&rinter", self.printer)
        self.ruler = button("1.  Print the ru&ler page", "printer.ruler")
        self.ruler.clicked.connect(partial(self._print, RULER))
        self.form.addRow(label(""), self.ruler)
        hint = "2.  Measure it with a ruler and type the millimeters. The figures in the boxes are what is applied now."
        self.form.addRow(label(hint, "quiet", wrap=True))
        self.inputs: dict[str, QLineEdit] = {}
        for field, text, right in _INPUTS:
            self.inputs[field] = self._length(field, text, right)
        self.effect = label("", "quiet", wrap=True)
        named(self.effect, "printer.effect", "What will be done to each page")
        self.form.addRow(self.effect)
        self.statement = button("3.  Overlay s&tatement", "printer.statement", tip="Printed with the figures above")
        self.statement.clicked.connect(partial(self._print, STATEMENT))
        self.check = button("Overlay chec&k", "printer.check", tip="Printed with the figures above")
        self.check.clicked.connect(partial(self._print, CHECK))
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(self.statement)
        row.addWidget(self.check)
        row.addStretch(1)
        self.form.addRow(row)
        self.said = label("", "quiet", wrap=True)
        named(self.said, "printer.said", "What was printed")
        self.form.addRow(self.said)
        self.printer.currentTextChanged.connect(lambda _name: self._show_printer())
        self._show_printer()

    def submit(self) -> None:
        made = self._adjustment()
        name = self.printer.currentText()
        printing.remember_adjustment(self.workplace.settings, name, made)
        self.workplace.say(f"{name}: every page is now {_words(made)}")
        self.accept()

    def _length(self, field: str, text: str, right: float) -> QLineEdit:
        edit = QLineEdit()
        named(edit, f"printer.{field}", f"{text[1:]}, in millimeters; {right:.1f} is right")
        edit.setMaxLength(12)
        edit.setToolTip(f"{right:.1f} mm is right")
        edit.textChanged.connect(partial(self._typed, edit))
        self.add_row(f"{text}, mm", edit)
        return edit

    def _typed(self, edit: QLineEdit, _text: str) -> None:
        mark_wrong(edit, wrong=False)
        self._show_effect()

    def _show_printer(self) -> None:
        name = self.printer.currentText()
        for control in (*self.inputs.values(), self.ruler, self.statement, self.check, self.action):
            control.setEnabled(bool(name))
        if not name:
            self.said.setText("No printer is installed on this PC. Add one in the settings of the PC, then come back.")
            return
        shown = measured_again(Correction(*printing.adjustment_of(self.workplace.settings, name)))
        for (field, _, _), value in zip(_INPUTS, shown, strict=True):
            self.inputs[field].setText(f"{value:.2f}".rstrip("0").rstrip("."))

    def _show_effect(self) -> None:
        try:
            text = f"Every page will be {_words(self._adjustment())}" if len(self.inputs) == len(_INPUTS) else ""
        except UserError:
            text = ""
        self.effect.setText(text)

    def _adjustment(self) -> printing.Adjustment:
        """What the figures typed mean. Raises UserError for one that no printer makes."""
        values = [parse_mm(self.inputs[field].text(), field) for field, _, _ in _INPUTS]
        return printing.Adjustment(*correction(Measured(*values)))

    def _print(self, which: str) -> None:
        self.refusal.hide()
        try:
            # The ruler shows what the printer itself does; the overlays show what becomes of it.
            adjustment = NO_CHANGE if which == RULER else self._adjustment()
            printer = printing.printer_named(self.printer.currentText())
        except UserError as error:
            self.refuse(error)
            return
        folder = self.workplace.folder / "printer-tests"

        def send(path: Path) -> None:
            printing.send_to_printer(
                self.workplace,
                [path],
                printer,
                title="Printing a test page",
                owner=self,
                then=lambda _pages: self._say(f"Sent to {printer.printerName()}."),
                otherwise=self.refuse,
                adjustment=adjustment,
            )

        self._say("Printing…")
        self.tasks.read(lambda session: write_test_page(session, which, folder), send, owner=self, otherwise=self.refuse)

    def _say(self, text: str) -> None:
        self.said.setText(text)
        set_role(self.said, "quiet")


def _words(adjustment: printing.Adjustment) -> str:
    """`moved 0.3 mm to the right and 1.2 mm up, and enlarged by 0.4%.`"""
    right, down = round(adjustment.right_mm, 2), round(adjustment.down_mm, 2)
    percent = round((adjustment.scale - 1) * 100, 2)
    moves = [
        f"{abs(value):g} mm {forward if value > 0 else back}"
        for value, forward, back in ((right, "to the right", "to the left"), (down, "down", "up"))
        if value
    ]
    parts = [f"moved {' and '.join(moves)}"] if moves else []
    if percent:
        parts.append(f"{'enlarged' if percent > 0 else 'made smaller'} by {abs(percent):g}%")
    return (", and ".join(parts) if parts else "printed as it is, without correction") + "."
