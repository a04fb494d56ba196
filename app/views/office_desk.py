"""This PC: who works here, the look, how amounts are typed, and where the office's file is."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QFormLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from app.services.books import is_on_server
from app.views import style
from app.views.fields import button, label, named
from app.views.idle import IDLE_MINUTES, idle_minutes
from app.views.settings import ROLES
from app.views.workplace import Workplace

_LOOKS = {"system": "as the desktop", "light": "light", "dark": "dark"}


class DeskPart(QWidget):
    """Settings of this PC; each holds as soon as it is chosen."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        settings = workplace.settings
        self.actor = QLineEdit(settings.actor)
        named(self.actor, "office.actor", "Who works at this PC")
        self.actor.setMaxLength(80)
        self.actor.editingFinished.connect(self._put_actor)
        self.role = QComboBox()
        named(self.role, "office.role", "Role")
        self.role.addItems(list(ROLES))
        self.role.setCurrentText(settings.role)
        self.role.currentTextChanged.connect(self._put_role)
        self.idle = QSpinBox()
        named(self.idle, "office.idle", "Minutes without a key after which this PC is locked")
        self.idle.setRange(0, 240)
        self.idle.setSpecialValueText("never")
        self.idle.setValue(idle_minutes(workplace))
        self.idle.valueChanged.connect(lambda minutes: self._put(IDLE_MINUTES, minutes))
        self.look = QComboBox()
        named(self.look, "office.look", "Look")
        for theme in style.THEMES:
            self.look.addItem(_LOOKS[theme], theme)
        self.look.setCurrentIndex(self.look.findData(settings.theme))
        self.look.currentIndexChanged.connect(self._put_look)
        self.implied = QCheckBox("1234 typed as an amount is &12.34, as on an adding machine")
        named(self.implied, "office.implied", "Implied cents: 1234 typed as an amount is 12.34")
        self.implied.setChecked(settings.implied_cents())
        self.implied.toggled.connect(self._put_implied)
        self.file = QLineEdit()
        named(self.file, "office.file", "The office's file")
        self.file.setReadOnly(True)
        self.move_button = button("Move this office to a &server…", "office.move", tip="So that several PCs can work in it")
        self.move_button.clicked.connect(self._move)
        form = QFormLayout()
        form.setSpacing(style.SMALL)
        self.form = form
        form.addRow(label("&Who works here", buddy=self.actor), self.actor)
        form.addRow(label("In the &role of", buddy=self.role), self.role)
        said = "The name stands in the record of everything done at this PC, as nobody signs in to this office."
        self.unsigned = label(said, "quiet", wrap=True)
        form.addRow("", self.unsigned)
        form.addRow(label("Lock after &minutes", buddy=self.idle), self.idle)
        form.addRow(label("L&ook", buddy=self.look), self.look)
        form.addRow(label("Amounts"), self.implied)
        form.addRow(label("The office's f&ile", buddy=self.file), self.file)
        said = "Letters, tickets, statements and checks made as PDF lie in folders beside it."
        form.addRow("", label(said, "quiet", wrap=True))
        self.several = label("", "quiet", wrap=True)
        named(self.several, "office.several", "Whether several PCs can work in this office")
        form.addRow("", self.several)
        form.addRow("", self.move_button)
        form.setAlignment(self.move_button, Qt.AlignmentFlag.AlignLeft)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        box.addLayout(form)
        box.addStretch(1)
        box.setAlignment(Qt.AlignmentFlag.AlignTop)

    def refresh(self) -> None:
        """Show where the office lies; who works here is a setting only while nobody signs in."""
        signs_in = self.workplace.person is not None
        for row in (self.actor, self.role, self.unsigned):
            self.form.setRowVisible(row, not signs_in)
        self.form.setRowVisible(self.idle, signs_in)
        self.file.setText("" if self.workplace.office_path is None else str(self.workplace.office_path))
        self._show_place()
        self.look.blockSignals(True)
        self.look.setCurrentIndex(self.look.findData(self.workplace.settings.theme))
        self.look.blockSignals(False)

    def _show_place(self) -> None:
        path, looking = self.workplace.office_path, self.workplace.is_looking
        on_server = path is not None and is_on_server(path)
        said = "This office is a file of this PC alone. On a PostgreSQL server several PCs can work in it at the same time."
        if on_server and path is not None:
            from app.services import serverplaces  # the driver of servers takes long to import

            said = f"The office is on a server ({serverplaces.server_of(path)}); other PCs may work in it at the same time."
        self.several.setText(said)
        self.form.setRowVisible(self.several, not looking)
        self.form.setRowVisible(self.move_button, not on_server and not looking and path is not None)

    def _move(self) -> None:
        from app.views.dialogs.server_move import MoveToServerDialog

        MoveToServerDialog(self.workplace, self).open()

    def _put(self, key: str, value: str | int | bool) -> None:
        self.workplace.settings.put(key, value)
        self.workplace.settings.save()

    def _put_actor(self) -> None:
        name = self.actor.text().strip()
        if not name:
            self.actor.setText(self.workplace.settings.actor)
        elif name != self.workplace.settings.actor:
            self._put("desk/actor", name)
            self.workplace.say(f"What is done here is recorded for {name} from now on.")

    def _put_role(self, role: str) -> None:
        self._put("desk/role", role)
        self.workplace.say(f"This PC works in the role of {role} from now on.")

    def _put_look(self) -> None:
        theme = self.look.currentData()
        self._put("look/theme", theme)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        style.apply_theme(application, theme)

    def _put_implied(self, on: bool) -> None:
        self._put("typing/implied-cents", on)
        self.workplace.say("Amounts: 1234 is 12.34 from now on." if on else "Amounts: 1234 is 1,234.00 from now on.")
