"""An office's place on a server as people type it, the way to try it, and how a PC comes to open it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from app.errors import OfficeFileError, UserError
from app.models import server, serverlink, serverlook
from app.models.database import Database
from app.models.serverlook import ServerLook

__all__ = [
    "CHECKED",
    "ENCRYPTED",
    "OPEN",
    "ServerLook",
    "ServerPlace",
    "look_at_server",
    "open_by_address",
    "open_with_password",
    "place_of",
    "server_of",
]

# How the way to the server is protected (libpq's `sslmode`), the best first.
CHECKED, ENCRYPTED, OPEN = "verify-full", "require", "disable"


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """A database on a server. `certificate` is the file with which the server proves who it is (`tls` CHECKED)."""

    host: str
    database: str
    user: str
    password: str = ""
    port: int = server.DEFAULT_PORT
    tls: str = CHECKED
    certificate: str = ""

    @property
    def address(self) -> str:
        """`postgresql://user:password@server/database?sslmode=…`. Raises UserError for what is missing, at its field."""
        for field, value, words in (
            ("server", self.host, "Which server is it? Type its name or its number in the network."),
            ("database", self.database, "Which database is it on the server? It was made for this office alone."),
            ("user", self.user, "As which user does the program sign in on the server?"),
        ):
            if not value.strip():
                raise UserError(words, field=field)
        query = {"sslmode": self.tls}
        if self.tls == CHECKED:
            query["sslrootcert"] = self._certificate()
        return URL.create(
            "postgresql",
            self.user.strip(),
            self.password or None,
            self.host.strip(),
            None if self.port == server.DEFAULT_PORT else self.port,
            self.database.strip(),
            query,
        ).render_as_string(hide_password=False)

    def _certificate(self) -> str:
        typed = self.certificate.strip()
        if not typed:
            raise UserError(
                "Choose the server's certificate, the file server.crt that was made with it; without it nobody knows "
                "whether the server is the right one.",
                field="certificate",
            )
        try:
            is_file = Path(typed).is_file()
        except OSError as error:
            raise UserError(f"{typed} cannot be read: {error.strerror}.", field="certificate") from error
        if not is_file:
            raise UserError(f"There is no certificate {typed}; choose the file again.", field="certificate")
        return Path(typed).as_posix()


def place_of(address: str) -> ServerPlace:
    """The parts of an address that somebody pasted. Raises OfficeFileError when it is none."""
    url = server.server_url(address.strip())
    query = {key: value if isinstance(value, str) else value[-1] for key, value in url.query.items()}
    tls = query.get("sslmode", CHECKED)
    return ServerPlace(
        url.host or "",
        url.database or "",
        url.username or "",
        url.password or "",
        url.port or server.DEFAULT_PORT,
        tls if tls in (CHECKED, ENCRYPTED, OPEN) else ENCRYPTED if tls in ("prefer", "allow") else CHECKED,
        query.get("sslrootcert", ""),
    )


def look_at_server(address: str, *, for_new: bool) -> ServerLook:
    """Sign in at `address` and say what is there. Raises OfficeFileError as `serverlook.look` does."""
    return serverlook.look(server.server_url(address), for_new=for_new)


def open_by_address(address: str, folder: Path, *, keeps_password: bool) -> tuple[Database, Path, str]:
    """Open the office at `address` and leave this PC a link to it in `folder`: the office, the link, what to tell.

    A password that is not kept, or cannot be, is known until the program ends. Raises OfficeFileError; then there is
    no link.
    """
    url = server.server_url(address)
    look_at_server(address, for_new=False)
    link = folder / f"{url.database}{serverlink.SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OfficeFileError(f"{folder} cannot be made: {error.strerror}; choose another folder.", "folder") from error
    said = serverlink.write_link(link, url, keeps_password=keeps_password)
    return _opened(link, url), link, said


def open_with_password(link: Path, password: str, *, keeps_password: bool) -> Database:
    """Open the office that a link names with the password that somebody typed. Raises OfficeFileError."""
    url = serverlink.address_in(link).set(password=password)
    books = _opened(link, url)
    if keeps_password:
        serverlink.keep_password(url)
    return books


def server_of(link: Path) -> str:
    """The server that a link names, without a password. Raises OfficeFileError."""
    return server.shown(serverlink.address_in(link))


def _opened(link: Path, url: URL) -> Database:
    books = server.open_existing(url, link.parent / "backups")
    books.link = link
    books.changes_by_others()  # what others change is listened for before anything is read
    serverlink.use_for_now(url)
    return books
