"""What is typed on a page and not saved yet, kept on this PC until somebody comes back to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from app.views.workplace import Workplace


class Kept:
    """Texts by name, of one form (`form`), one office and the person who is at work when it is made."""

    def __init__(self, workplace: Workplace, form: str) -> None:
        self._settings = workplace.settings
        person = "" if workplace.person is None else f"-{workplace.person.id}"
        office = hashlib.sha256(str(workplace.office_path).encode()).hexdigest()[:12]
        self._key = f"kept/{form}-{office}{person}"

    def load(self) -> dict[str, str]:
        """What was left; nothing when nothing was, or it cannot be read."""
        try:
            found = json.loads(self._settings.text(self._key, "{}"))
        except ValueError:
            return {}
        return {str(name): str(text) for name, text in found.items()} if isinstance(found, dict) else {}

    def save(self, texts: Mapping[str, str]) -> None:
        """Keep these instead of what was kept before; none: nothing is left to come back to."""
        told = json.dumps(dict(texts), ensure_ascii=False) if texts else ""
        if told != self._settings.text(self._key):
            self._settings.put(self._key, told)
            self._settings.save()
