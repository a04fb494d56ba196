"""The small file by which a PC knows an office on a server: `office.server`, in the folder for the PC's paper.

Whoever takes an office's file takes this one as well. It holds the server's address, never a password: that is in
the system's key store, or in PostgreSQL's own password file.
"""

from __future__ import annotations

import json
import logging
import os
import tomllib
from pathlib import Path

from sqlalchemy import URL

from app.errors import OfficeFileError
from app.models import server
from app.models.bulk import Progress, no_progress
from app.models.server import ServerDatabase, server_url, shown

log = logging.getLogger(__name__)

SUFFIX = ".server"
_KEY_STORE_NAME = "Counterfoil server"
# Passwords typed at the window and not kept: this program's own, and that of the processes it starts for printing.
_TYPED = "COUNTERFOIL_SERVER_PASSWORDS"


def open_link(path: Path, *, is_backed_up: bool = False, progress: Progress = no_progress) -> ServerDatabase:
    """The office that a link names; before an upgrade it is backed up beside the link unless it `is_backed_up`.

    Raises OfficeFileError as `server.open_existing` does.
    """
    books = server.open_existing(read_link(path), path.parent / "backups", is_backed_up=is_backed_up, progress=progress)
    books.link = path
    return books


def read_link(path: Path) -> URL:
    """The address in a link, with the password that this PC knows for it. Raises OfficeFileError."""
    return with_known_password(address_in(path))


def address_in(path: Path) -> URL:
    """The address in a link. Raises OfficeFileError."""
    try:
        address = tomllib.loads(path.read_text(encoding="utf-8")).get("address")
    except OSError as error:
        raise OfficeFileError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OfficeFileError(f"{path} is not a link to an office's server; connect this PC again.") from error
    if not isinstance(address, str):
        raise OfficeFileError(f"{path} names no server; connect this PC again.")
    return server_url(address)


def write_link(path: Path, url: URL, *, keeps_password: bool = True) -> str:
    """Leave a link to a server in `path`; says where the password is kept, empty when it is not, or there is none.

    Raises OfficeFileError when the file cannot be written.
    """
    kept = keep_password(url) if url.password and keeps_password else ""
    address = url.set(drivername="postgresql")._replace(password=None).render_as_string(hide_password=False)
    text = f'# The office\'s server, for Counterfoil. Passwords are never in this file.\naddress = "{address}"\n'
    unfinished = path.with_suffix(".part")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise OfficeFileError(f"{path} cannot be written: {error.strerror}; choose another folder.") from error
    return kept


def keep_password(url: URL) -> str:
    """Keep an address's password in the system's key store; says in words where it is, or what to do instead."""
    import keyring  # takes long to import; only for offices on a server
    from keyring.errors import KeyringError

    try:
        keyring.set_password(_KEY_STORE_NAME, shown(url), url.password or "")
    except KeyringError:
        place = r"%APPDATA%\postgresql\pgpass.conf" if os.name == "nt" else "~/.pgpass"
        return f"This PC has no key store; write the password into {place} so that the program can sign in."
    return "The password is in this PC's key store."


def use_for_now(url: URL) -> None:
    """Know an address's password until the program ends."""
    typed = json.loads(os.environ.get(_TYPED, "{}"))
    typed[shown(url)] = url.password or ""
    os.environ[_TYPED] = json.dumps(typed)


def with_known_password(url: URL) -> URL:
    """The address with the password that was typed or that the key store has, unless it has one.

    Without one libpq looks into PostgreSQL's own password file.
    """
    if url.password or not url.username:
        return url
    if typed := json.loads(os.environ.get(_TYPED, "{}")).get(shown(url)):
        return url.set(password=typed)
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(_KEY_STORE_NAME, shown(url))
    except KeyringError:
        log.info("this PC has no key store; the server's password comes from PostgreSQL's own file, if any")
        return url
    return url.set(password=found) if found else url
