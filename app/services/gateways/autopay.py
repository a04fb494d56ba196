"""The port through which auto-pay asks a card or a bank account for money."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import NamedTuple, Protocol

from app.services.formulaguard import guarded
from app.wholefiles import clear_refusals, put_in_place


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


_Asked = tuple[str, ...]
_HEADINGS = ("attempt", "account", "method", "label", "cents", "outcome")


class FolderGateway:
    """Works without a processor: writes each day's requests to a CSV file for the office to carry out.

    A file `declined.txt` in the folder lists account numbers, one a line, whose attempt fails.
    """

    def __init__(self, folder: Path, on: date) -> None:
        self.path = folder / f"autopay-{on.isoformat()}.csv"
        listed = folder / "declined.txt"
        with clear_refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._declines = frozenset(listed.read_text(encoding="utf-8").split()) if listed.is_file() else frozenset()
            self._asked = self._read_asked()

    def _read_asked(self) -> dict[str, _Asked]:
        """The requests of the day's file, by attempt. What a power cut tore is written anew without the torn end.

        Nothing is lost by that: the books take an outcome only after its request was on the disk.
        """
        if not self.path.is_file():
            return {}
        content = self.path.read_bytes()
        rows = list(csv.reader(content.decode("utf-8", errors="replace").splitlines()))
        whole = [tuple(row) for row in rows[1:] if _is_request(row)]
        asked = {row[0]: row for row in whole}
        if not content.endswith(b"\r\n") or len(whole) != len(rows) - 1 or tuple(rows[0]) != _HEADINGS:
            self._write_anew(asked)
        return asked

    def _write_anew(self, asked: dict[str, _Asked]) -> None:
        unfinished = self.path.with_suffix(".part")
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([_HEADINGS, *asked.values()])
        put_in_place([(unfinished, self.path)])

    def charge(self, *, attempt_key: str, account_number: str, method: str, label: str, cents: int) -> Outcome:
        """Append the request to the day's file; an attempt that is in it already keeps its outcome.

        One that was cut off before the books had it, and is asked for another amount now, takes the place of the
        earlier request. Raises OfficeFileError when the file cannot be written.
        """
        earlier = self._asked.get(attempt_key)
        said = earlier[-1] if earlier else "declined" if account_number in self._declines else "approved"
        # As the file gives it back: a label is one line of it, and no formula of a spreadsheet.
        request = (attempt_key, account_number, method, guarded(" ".join(label.split())), str(cents), said)
        if request != earlier:
            with clear_refusals(self.path):
                self._keep(request, anew=earlier is not None or not self.path.exists())
        return Outcome(said == "approved", attempt_key)

    def _keep(self, request: _Asked, *, anew: bool) -> None:
        if anew:
            self._write_anew({**self._asked, request[0]: request})
        else:
            with self.path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow(request)
                file.flush()
                os.fsync(file.fileno())
        self._asked[request[0]] = request


def _is_request(row: list[str]) -> bool:
    return len(row) == len(_HEADINGS) and row[4].isdecimal() and row[5] in ("approved", "declined")
