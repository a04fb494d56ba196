"""Reading TOML files that describe paper; a mistake is one sentence with file, key and what is allowed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


class DataFile:
    """The keys of one TOML table, taken one by one; `finish` refuses those that nobody asked for."""

    def __init__(self, file_name: str, table: dict[str, Any], prefix: str = "") -> None:
        self._file_name = file_name
        self._table = dict(table)
        self._prefix = prefix
        self._asked: list[str] = []

    @classmethod
    def read(cls, path: Path) -> DataFile:
        try:
            return cls(path.name, tomllib.loads(path.read_text(encoding="utf-8")))
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{path.name}: not a TOML file: {error}") from error
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{path.name}: cannot be read: {error}") from error

    def table(self, key: str) -> DataFile:
        """The keys under `[key]`."""
        value = self._take(key, {})
        if not isinstance(value, dict):
            raise self.refuse(key, "a table of keys and values")
        return DataFile(self._file_name, value, f"{self._prefix}{key}.")

    def text(self, key: str) -> str:
        value = self._take(key, None)
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(key, "a text in quotes")
        return value

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        value = self._take(key, default)
        if value not in allowed:
            raise self.refuse(key, "one of " + ", ".join(f'"{name}"' for name in allowed))
        return str(value)

    def flag(self, key: str) -> bool:
        value = self._take(key, None)
        if not isinstance(value, bool):
            raise self.refuse(key, "true or false")
        return value

    def number(self, key: str, least: float, most: float, default: float | None = None) -> float:
        """A length in inches, or a factor."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self.refuse(key, f"a number from {least:g} to {most:g}")
        return float(value)

    def whole(self, key: str, least: int, most: int) -> int:
        value = self._take(key, None)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.refuse(key, f"a whole number from {least} to {most}")
        return value

    def point(self, key: str, width: float, height: float) -> tuple[float, float]:
        """A place `[from left, from top]` in inches within so large an area."""
        value = self._take(key, None)
        wanted = f"[inches from the left 0 to {width:g}, inches from the top 0 to {height:g}]"
        if not isinstance(value, list) or len(value) != 2:
            raise self.refuse(key, wanted)
        for part, most in zip(value, (width, height), strict=True):
            if isinstance(part, bool) or not isinstance(part, int | float) or not 0 <= part <= most:
                raise self.refuse(key, wanted)
        return float(value[0]), float(value[1])

    def finish(self) -> None:
        """Refuse keys that are not known here: most are misspelt ones."""
        for key in self._table:
            if key not in self._asked:
                raise ValueError(
                    f"{self._file_name}: unknown key “{self._prefix}{key}”; allowed here: {', '.join(self._asked)}"
                )

    def refuse(self, key: str, allowed: str) -> ValueError:
        """The error for a missing or wrong value."""
        problem = "is missing" if key not in self._table else f"is {self._table[key]!r}"
        return ValueError(f"{self._file_name}: “{self._prefix}{key}” {problem}; it must be {allowed}")

    def _take(self, key: str, default: object) -> Any:
        self._asked.append(key)
        return self._table.get(key, default)
