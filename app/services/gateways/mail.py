"""The port through which receipts and statements leave, and its local form: `.eml` files in a folder."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from app.wholefiles import clear_refusals, put_in_place

# A folded header loses the quotes round a long name with commas, which then reads as several recipients.
_UNFOLDED = SMTP.clone(max_line_length=900)


# Waiting for the disk once for many letters is much faster than for each of them.
_AT_ONCE = 200


class Letter(NamedTuple):
    """An e-mail to one customer; `key` names it for ever, so that it is never sent twice under two names."""

    key: str
    to_name: str
    to_address: str
    subject: str
    body: str
    attachment_name: str = ""
    attachment: bytes = b""


class MailGateway(Protocol):
    """Takes letters; the same key again replaces the letter instead of adding one."""

    def send(self, letter: Letter) -> None:
        """Hand over one letter. Raises OfficeFileError when that fails."""
        ...

    def settle(self) -> None:
        """All letters handed over so far have left and stay so, whatever happens. Raises OfficeFileError."""
        ...


class NoMail:
    """Keeps nothing: for rehearsals."""

    def send(self, letter: Letter) -> None:
        """Nothing leaves."""

    def settle(self) -> None:
        """Nothing left."""


class FolderMail:
    """Writes each letter as an `.eml` file that any mail program opens.

    `on` dates the letters (the office's business date), so that the same letter is the same file. Letters have
    their names when they are settled. Raises OfficeFileError for a folder that cannot be used.
    """

    def __init__(self, folder: Path, sender_name: str, sender_address: str, on: date) -> None:
        with clear_refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._unsettled: list[tuple[Path, Path]] = []
        self._sender = (sender_name, sender_address)
        self._date = format_datetime(datetime.combine(on, time(18), tzinfo=UTC))

    def send(self, letter: Letter) -> None:
        """Write the letter beside `<key>.eml`; it gets that name when it is settled, at the latest after some more."""
        path = self.folder / f"{letter.key}.eml"
        unfinished = path.with_suffix(".part")
        with clear_refusals(self.folder):
            unfinished.write_bytes(self.message(letter).as_bytes())
        self._unsettled.append((unfinished, path))
        if len(self._unsettled) >= _AT_ONCE:
            self.settle()

    def settle(self) -> None:
        """The letters are on the disk, each whole, and have their names."""
        with clear_refusals(self.folder):
            put_in_place(self._unsettled)
        self._unsettled.clear()

    def message(self, letter: Letter) -> EmailMessage:
        """The letter as a MIME message."""
        message = EmailMessage(policy=_UNFOLDED)
        message["From"] = _address(*self._sender)
        message["To"] = _address(letter.to_name, letter.to_address)
        message["Subject"] = _one_line(letter.subject)
        message["Date"] = self._date
        message["Message-ID"] = f"<{letter.key}@counterfoil.invalid>"
        message.set_content(letter.body)
        if letter.attachment_name:
            message.add_attachment(letter.attachment, maintype="application", subtype="pdf", filename=letter.attachment_name)
            # A fixed boundary makes the same letter the same bytes.
            message.set_boundary(f"=_{letter.key}")
        return message


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _address(name: str, address: str) -> Address:
    return Address(display_name=_one_line(name), addr_spec=_one_line(address))
