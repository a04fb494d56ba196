"""What this PC remembers: the last office, the look, who works here, column widths, printers' offsets."""

from __future__ import annotations

import getpass
import platform
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

from app.views.style import THEMES, Theme

ROLES = ("clerk", "supervisor", "manager", "administrator")


class Settings:
    """A small INI file of this PC; `path` None: the user's own configuration folder."""

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)
            path = Path(folder) / "counterfoil.ini"
        self.folder = path.parent
        self._stored = QSettings(str(path), QSettings.Format.IniFormat)

    def text(self, key: str, default: str = "") -> str:
        """A remembered text."""
        return str(self._stored.value(key, default))

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A remembered yes or no."""
        return self.text(key, "yes" if default else "no") == "yes"

    def number(self, key: str, default: int = 0) -> int:
        """A remembered whole number; the default when the file holds something else."""
        found = self.text(key, str(default))
        return int(found) if found.lstrip("-").isdecimal() else default

    def blob(self, key: str) -> QByteArray:
        """A remembered state of a window or of a table's columns; empty when there is none."""
        found = self._stored.value(key)
        return found if isinstance(found, QByteArray) else QByteArray()

    def put(self, key: str, value: str | int | bool | QByteArray) -> None:
        """Remember a value."""
        self._stored.setValue(key, ("yes" if value else "no") if isinstance(value, bool) else value)

    def save(self) -> None:
        """Write the file now."""
        self._stored.sync()

    @property
    def last_office(self) -> Path | None:
        """The office that was open last, if it is known."""
        found = self.text("office/last")
        return Path(found) if found else None

    @property
    def theme(self) -> Theme:
        """The look chosen here."""
        found = self.text("look/theme", "system")
        return next((theme for theme in THEMES if theme == found), "system")

    @property
    def actor(self) -> str:
        """Who works at this PC, for the record."""
        return self.text("desk/actor") or _user_name()

    @property
    def role(self) -> str:
        """In which role; there is no sign-in yet, so it is a setting."""
        found = self.text("desk/role", "manager")
        return found if found in ROLES else "manager"

    @property
    def pc(self) -> str:
        """This PC's name."""
        return platform.node() or "this PC"

    def implied_cents(self) -> bool:
        """Whether `1234` typed as an amount is 12.34, as on an adding machine; an input asks each time it is read."""
        return self.flag("typing/implied-cents")


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no name is known to this PC
        return "somebody"
