"""The inputs for an office's place on a server: one part for moving there, opening it and restoring onto it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QComboBox, QFileDialog, QFormLayout, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from app.errors import UserError
from app.services import serverplaces
from app.services.serverplaces import ServerPlace, place_of
from app.views import style
from app.views.door import PasswordEdit
from app.views.fields import button, label, mark_wrong, named

_PROTECTIONS = (
    (serverplaces.CHECKED, "Encrypted, the server's certificate is checked (recommended)"),
    (serverplaces.ENCRYPTED, "Encrypted, but anybody could pose as the server"),
    (serverplaces.OPEN, "Not encrypted: only for a server on this very PC"),
)
LONGEST_PORT = 65_535


class ServerPart(QWidget):
    """Server, database, user, password and encryption; `changed()` when something is typed or chosen.

    A whole address (`postgresql://…`) pasted into the first input fills all of them.
    """

    changed = Signal()

    def __init__(self, key: str) -> None:
        super().__init__()
        self.server = self._line(f"{key}.server", "Server's name in the network, or a whole address")
        self.server.setPlaceholderText("such as office-server, or an address: postgresql://…")
        self.server.textEdited.connect(self._take_address)
        self.port = self._line(f"{key}.port", "Port of the server")
        self.port.setValidator(QIntValidator(1, LONGEST_PORT, self.port))
        self.port.setText("5432")
        self.port.setMaximumWidth(self.port.fontMetrics().averageCharWidth() * 12)
        self.database = self._line(f"{key}.database", "Database")
        self.database.setPlaceholderText("such as office")
        self.user = self._line(f"{key}.user", "User of the server")
        self.password = PasswordEdit(f"{key}.password", "Password of that user")
        self.password.textEdited.connect(lambda: self.changed.emit())
        self.caps = label("Caps Lock is on.", "warning")
        self.caps.hide()
        self.password.caps.connect(self.caps.setVisible)
        self.protection = QComboBox()
        named(self.protection, f"{key}.tls", "How the way to the server is protected")
        for value, words in _PROTECTIONS:
            self.protection.addItem(words, value)
        self.protection.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.protection.currentIndexChanged.connect(self._protection_chosen)
        self.certificate = self._line(f"{key}.certificate", "File with the server's certificate")
        self.certificate.setPlaceholderText("server.crt, as copied from the server")
        self.browse = button("Browse…", f"{key}.certificate-browse")
        self.browse.clicked.connect(self._browse)
        self._lay_out()

    def _line(self, name: str, accessible: str) -> QLineEdit:
        edit = QLineEdit()
        named(edit, name, accessible)
        edit.setMaxLength(500)
        edit.textEdited.connect(lambda: mark_wrong(edit, wrong=False))
        edit.textEdited.connect(lambda: self.changed.emit())
        return edit

    def _lay_out(self) -> None:
        self.form = QFormLayout(self)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setSpacing(style.SMALL)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        where = QHBoxLayout()
        where.setSpacing(style.SMALL)
        where.addWidget(self.server, 1)
        where.addWidget(label("P&ort", buddy=self.port))
        where.addWidget(self.port)
        self.file_row = QHBoxLayout()
        self.file_row.setSpacing(style.SMALL)
        self.file_row.addWidget(self.certificate, 1)
        self.file_row.addWidget(self.browse)
        self.form.addRow(label("&Server", buddy=self.server), where)
        self.form.addRow(label("&Database", buddy=self.database), self.database)
        self.form.addRow(label("&User", buddy=self.user), self.user)
        self.form.addRow(label("&Password", buddy=self.password), self.password)
        self.form.addRow("", self.caps)
        self.form.addRow(label("&Encryption", buddy=self.protection), self.protection)
        self.form.addRow(label("Certi&ficate", buddy=self.certificate), self.file_row)

    def _take_address(self, typed: str) -> None:
        if "://" not in typed:
            return
        try:
            place = place_of(typed)
        except UserError:
            return  # not whole yet
        if place.host:
            self.show_place(place)

    def show_place(self, place: ServerPlace) -> None:
        """Put a place into the inputs."""
        for edit, text in (
            (self.server, place.host),
            (self.port, str(place.port)),
            (self.database, place.database),
            (self.user, place.user),
            (self.certificate, place.certificate),
        ):
            edit.setText(text)
        if place.password:
            self.password.setText(place.password)
        self.protection.setCurrentIndex(self.protection.findData(place.tls))
        self.changed.emit()

    def _protection_chosen(self) -> None:
        self.form.setRowVisible(self.file_row, self.protection.currentData() == serverplaces.CHECKED)
        self.changed.emit()

    def _browse(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "The server's certificate", self.certificate.text(), "Certificates (*.crt *.pem *.cer);;All files (*)"
        )
        if chosen:
            self.certificate.setText(chosen)
            self.changed.emit()

    def place(self) -> ServerPlace:
        """What stands in the inputs. Raises UserError for a port that is none."""
        port = self.port.text().strip()
        if not port.isdecimal() or not 1 <= int(port) <= LONGEST_PORT:
            raise UserError("The port is a number; PostgreSQL's own is 5432.", field="port")
        return ServerPlace(
            self.server.text(),
            self.database.text(),
            self.user.text(),
            self.password.text(),
            int(port),
            self.protection.currentData(),
            self.certificate.text(),
        )
