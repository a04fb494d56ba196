"""The port through which auto-pay asks a card or a bank account for money."""

from __future__ import annotations

import csv
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import NamedTuple, Protocol


class Outcome(NamedTuple):
    """What the processor said: `approved` or `declined`, with its reference or reason."""

    approved: bool
    reference: str


class PaymentGateway(Protocol):
    """Asks once for `cents`; `attempt_key` is unique for account and date, so asking twice charges once."""

    def charge(self, *, attempt_key: str, account_number: str, method: str, label: str, cents: int) -> Outcome:
        """The outcome of one attempt."""
        ...


class DeclineListGateway:
    """Approves all but the listed account numbers: for rehearsals."""

    def __init__(self, declines: Collection[str] = ()) -> None:
        self.declines = frozenset(declines)

    def charge(self, *, attempt_key: str, account_number: str, method: str, label: str, cents: int) -> Outcome:
        """Declined when the account is listed."""
        if account_number in self.declines:
            return Outcome(False, "declined")
        return Outcome(True, attempt_key)


class FolderGateway:
    """Works without a processor: writes each day's requests to a CSV file for the office to carry out.

    A file `declined.txt` in the folder lists account numbers, one a line, whose attempt fails.
    """

    def __init__(self, folder: Path, on: date) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"autopay-{on.isoformat()}.csv"
        listed = folder / "declined.txt"
        self._declines = frozenset(listed.read_text(encoding="utf-8").split()) if listed.is_file() else frozenset()
        self._asked = self._read_asked()

    def _read_asked(self) -> dict[str, Outcome]:
        if not self.path.is_file():
            return {}
        with self.path.open(encoding="utf-8", newline="") as file:
            return {row["attempt"]: Outcome(row["outcome"] == "approved", row["attempt"]) for row in csv.DictReader(file)}

    def charge(self, *, attempt_key: str, account_number: str, method: str, label: str, cents: int) -> Outcome:
        """Append the request to the day's file; an attempt that is in it already keeps its outcome."""
        if attempt_key in self._asked:
            return self._asked[attempt_key]
        outcome = Outcome(account_number not in self._declines, attempt_key)
        is_new = not self.path.exists()
        with self.path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow(("attempt", "account", "method", "label", "cents", "outcome"))
            said = "approved" if outcome.approved else "declined"
            writer.writerow((attempt_key, account_number, method, label, cents, said))
        self._asked[attempt_key] = outcome
        return outcome
