"""Whether an open office's file is still the one under its name.

A system may let somebody move, delete or replace a file that is in use. SQLite would go on in the file without a name,
and what it reports as done would be gone when the program ends.
"""

from __future__ import annotations

from pathlib import Path

from app.errors import OfficeFileError


class FileMark:
    """What the system knows a file by, taken when it is opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._now()

    def _now(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def refuse_another(self) -> None:
        """Raises OfficeFileError when the file is gone or another one has its name."""
        found = self._now()
        if found is None:
            raise OfficeFileError(
                f"{self._path} is no longer there; put it back, or restore the last backup. Nothing was changed."
            )
        if found != self._known:
            raise OfficeFileError(
                f"{self._path} was replaced by another file while it was open; close Counterfoil and open the office "
                "again. Nothing was changed."
            )
