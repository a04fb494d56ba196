"""A check that is typed and not posted yet, and the small file of this PC that keeps it through a crash."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QIODevice, QSaveFile

from app.views.workplace import Workplace

log = logging.getLogger(__name__)


class Part(NamedTuple):
    """What of a split check goes to an account, in cents."""

    account_id: int
    name: str
    cents: int


@dataclass(frozen=True)
class Entry:
    """A check as it stands in the form: texts as they were typed.

    `mail_check_id`: it is logged already. `picked`: invoice numbers ticked, in order. `can_change`: whether a
    logged check's amount and number may be typed over, with the reason `why_changed`. `force`: the reason for
    posting a look-alike (BOTH-5).
    """

    token: str = field(default_factory=Workplace.new_token)
    mail_check_id: int | None = None
    account_id: int | None = None
    account: str = ""
    amount: str = ""
    number: str = ""
    dated: str = ""
    via_bank: bool = False
    payer: str = ""
    picked: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()
    force: str = ""
    why_changed: str = ""
    can_change: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been typed."""
        typed = (self.account, self.amount, self.number, self.dated)
        return self.mail_check_id is None and not self.parts and not any(text.strip() for text in typed)


class Draft:
    """The file of one office and person: the checks in hand at this PC, in the order in which they are to be finished.

    `person`: whose they are (`person.id`); None where nobody signs in.
    """

    def __init__(self, folder: Path, office: Path, person: int | None = None) -> None:
        name = hashlib.sha256(str(office).encode()).hexdigest()[:12] + ("" if person is None else f"-{person}")
        self.path = folder / f"checks-in-hand-{name}.json"

    def load(self) -> list[Entry]:
        """What was left; nothing when there is no file, or it cannot be read."""
        try:
            return [_entry(values) for values in json.loads(self.path.read_text(encoding="utf-8"))]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError):
            log.warning("the checks in hand could not be read from %s", self.path)
            return []

    def save(self, entries: Sequence[Entry]) -> None:
        """Keep these, all or nothing; none removes the file. A folder that cannot be written only costs the net."""
        kept = [asdict(entry) for entry in entries if not entry.is_empty]
        try:
            if not kept:
                self.path.unlink(missing_ok=True)
                return
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            log.warning("the checks in hand could not be kept in %s", self.path)
            return
        file = QSaveFile(str(self.path))
        if not file.open(QIODevice.OpenModeFlag.WriteOnly):
            log.warning("the checks in hand could not be kept in %s", self.path)
            return
        file.write(json.dumps(kept, ensure_ascii=False).encode())
        file.commit()


def _entry(values: dict[str, Any]) -> Entry:
    parts = tuple(Part(int(i), str(name), int(cents)) for i, name, cents in values.pop("parts"))
    return Entry(**{**values, "picked": tuple(values["picked"]), "parts": parts})
