"""PostgreSQL's own programs pg_dump and pg_restore: found, started without a shell, and their words made a sentence.

The password goes to them in their environment, never on a command line, which every user of a PC can read.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL

from app.errors import Cancelled, OfficeFileError, UserError
from app.models.copying import never
from app.models.serveraddress import LOCK_SECONDS, shown

_POLL_SECONDS = 0.2
_TABLE = re.compile(r"^\d+; \d+ \d+ TABLE DATA \S+ (\S+) ", re.MULTILINE)
# Never shown on a command line, and there is no other way to hand the second one over.
_SECRETS = ("password", "sslpassword")


class ServerPrograms(NamedTuple):
    """The folder of pg_dump and pg_restore, and their major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The whole path of one of them."""
        return str(self.folder / _file(name))


def _file(name: str) -> str:
    return f"{name}.exe" if os.name == "nt" else name


def _folders() -> Iterator[Path]:
    on_path = shutil.which("pg_dump")
    if on_path is not None:
        yield Path(on_path).parent
    if os.name == "nt":
        for variable in ("ProgramW6432", "ProgramFiles", "ProgramFiles(x86)"):
            if base := os.environ.get(variable):
                yield from (Path(base) / "PostgreSQL").glob("*/bin")
    else:
        yield from Path("/usr/lib/postgresql").glob("*/bin")


def _major(folder: Path) -> int | None:
    """The version that both programs of a folder have; None when one is missing or does not answer."""
    if not (folder / _file("pg_restore")).is_file():
        return None
    try:
        said = _run([str(folder / _file("pg_dump")), "--version"], {}, never)
    except (OSError, UserError):
        return None
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else None


def find_programs(server_version: int) -> ServerPrograms:
    """The programs that fit a server (`server_version` as libpq says it: 150003): its own version, else the next newer.

    Raises UserError, with the way out, when there are none on this PC or only older ones.
    """
    wanted = server_version // 10_000
    found: dict[int, Path] = {}
    for folder in _folders():
        major = _major(folder)
        if major is not None:
            found.setdefault(major, folder)
    way_out = (
        f"install PostgreSQL {wanted} from postgresql.org on this PC, where its command line tools are enough"
        if os.name == "nt"
        else f"install the package postgresql-client-{wanted}"
    )
    if not found:
        raise UserError(f"PostgreSQL's programs pg_dump and pg_restore are not on this PC; {way_out}, and try again.")
    fitting = [major for major in found if major >= wanted]
    if not fitting:
        raise UserError(
            f"The server is PostgreSQL {wanted}, but pg_dump on this PC is version {max(found)}, which is too old for it; "
            f"{way_out}, and try again."
        )
    return ServerPrograms(found[min(fitting)], min(fitting))


def _connection(url: URL) -> tuple[str, dict[str, str]]:
    """What libpq is told on the command line, and what in the environment."""
    _, options = url.get_dialect()().create_connect_args(url)
    secret = options.get("password")
    told = make_conninfo(**{name: value for name, value in options.items() if name not in _SECRETS})
    return told, {} if secret is None else {"PGPASSWORD": str(secret)}


def _run(words: Sequence[str], secrets: dict[str, str], cancelled: Callable[[], bool], keep: bool = True) -> str:
    """Run a program to its end; what it printed. Raises UserError with its own words, Cancelled or OSError."""
    environment = os.environ | {"LC_ALL": "C", "PGCONNECT_TIMEOUT": "10"} | secrets
    child = subprocess.Popen(  # noqa: S603 - found by ourselves, no shell
        list(words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if keep else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        # No black window beside ours.
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                printed, said = child.communicate(timeout=_POLL_SECONDS)
                break
            if cancelled():
                raise Cancelled
    except BaseException:
        child.kill()
        child.communicate()
        raise
    if child.returncode:
        raise UserError(_last_words(said.decode("utf-8", "replace")) or f"it ended with code {child.returncode}")
    return "" if printed is None else printed.decode("utf-8", "replace")


def _last_words(said: str) -> str:
    """The first line that tells what is wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = next((line for line in lines if "error:" in line), lines[-1] if lines else "")
    return re.sub(r"^\S*pg_(dump|restore)\S*: (error: )?", "", told)


def dump(programs: ServerPrograms, url: URL, target: Path, cancelled: Callable[[], bool] = never) -> None:
    """Write the whole database, as it is at this moment, into the file `target` while others work in it.

    Raises OfficeFileError with pg_dump's words, Cancelled or OSError.
    """
    told, secrets = _connection(url)
    words = [programs.program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", "--no-password"]
    words += [f"--lock-wait-timeout={LOCK_SECONDS}s", f"--file={target}", f"--dbname={told}"]
    try:
        _run(words, secrets, cancelled)
    except UserError as error:
        raise OfficeFileError(f"pg_dump could not copy {shown(url)} ({error.message}); ask who looks after it.") from error


def tables_in(programs: ServerPrograms, file: Path) -> set[str]:
    """The tables whose rows a dump holds, by its own list. Raises UserError when it cannot be read."""
    return set(_TABLE.findall(_read(programs, file, ["--list"])))


def read_through(programs: ServerPrograms, file: Path, cancelled: Callable[[], bool] = never) -> None:
    """Read and unpack every row of a dump, to nowhere. Raises UserError when it is damaged, Cancelled."""
    _read(programs, file, ["--file=-"], cancelled, keep=False)


def _read(
    programs: ServerPrograms, file: Path, words: list[str], cancelled: Callable[[], bool] = never, keep: bool = True
) -> str:
    try:
        return _run([programs.program("pg_restore"), *words, str(file)], {}, cancelled, keep)
    except UserError as error:
        raise _unreadable(programs, file, error) from error


def _unreadable(programs: ServerPrograms, file: Path, error: UserError) -> UserError:
    if "unsupported version" in error.message:
        return UserError(
            f"{file.name} was written by a newer pg_dump than pg_restore {programs.major} of this PC can read; "
            "install PostgreSQL's newer programs, and try again.",
            field="file",
        )
    return UserError(f"{file.name} cannot be read by pg_restore ({error.message}); take another backup.", field="file")


def fill(programs: ServerPrograms, file: Path, url: URL, cancelled: Callable[[], bool] = never) -> None:
    """Put a dump into an empty database, in one transaction: all of it or nothing.

    Raises UserError with pg_restore's words, Cancelled or OSError.
    """
    told, secrets = _connection(url)
    words = [programs.program("pg_restore"), "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    # A remark on the server's extension is its owner's alone to set.
    words += ["--no-comments", "--no-password", f"--dbname={told}", str(file)]
    try:
        _run(words, secrets, cancelled)
    except UserError as error:
        if "unsupported version" in error.message:
            raise _unreadable(programs, file, error) from error
        raise UserError(f"pg_restore could not put {file.name} into {shown(url)}: {error.message}") from error
