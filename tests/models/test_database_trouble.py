"""What an office says of a file that cannot be used, of a full disk and of a power cut; nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from database_files import PAGE, ROOT, desk, post_something, raw
from sqlalchemy import event

from app.cli import run
from app.errors import OfficeFileError
from app.models import database
from app.models.bulk import fetch, fetch_value
from app.models.database import Database
from app.services import billing
from app.services.billing import BillingTotals
from app.services.verification import verify_books, verify_file

# A file that cannot be used


def sentence(said: str, *words: str) -> None:
    assert all(word in said for word in words), said
    assert said.rstrip().endswith((".", "!"))
    assert not any(jargon in said for jargon in ("Traceback", "sqlite", "SQLITE", "Errno", "Error"))


def refused_to_open(path: Path) -> str:
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(OfficeFileError) as caught:
        database.open_existing(path).close()
    assert (path.read_bytes() if path.is_file() else b"") == before, "a refused file is left as it was"
    return caught.value.message


def test_a_newer_office_is_refused_and_left_alone(path: Path) -> None:
    with raw(path) as other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    sentence(refused_to_open(path), str(path), "newer", "9999")


@pytest.mark.parametrize("content", [b"Dear Sir or Madam, " * 400, b"\x00" * 8192, b"PK\x03\x04" + b"z" * 9000])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter.db"
    path.write_bytes(content)
    sentence(refused_to_open(path), str(path), "not a database")


def test_another_programs_database_or_an_empty_file_is_refused(tmp_path: Path) -> None:
    for name, table in (("other.db", "CREATE TABLE songs (title)"), ("empty.db", "")):
        with raw(tmp_path / name) as other:
            other.execute(table)
        (tmp_path / name).touch()
        sentence(refused_to_open(tmp_path / name), name, "not an office")


@pytest.mark.parametrize("length", [50, 512, PAGE, PAGE * 7 + 100, -PAGE])
def test_a_truncated_office_is_refused_with_what_to_do(path: Path, length: int, capsys: pytest.CaptureFixture[str]) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:length])
    assert run(["check", "--office", str(path)]) == 2
    sentence(capsys.readouterr().err, str(path), "damaged", "restore the last backup")
    assert path.read_bytes() == whole[:length]


def test_a_damaged_page_is_found_or_said_wherever_it_is(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = path.read_bytes()
    pages = len(whole) // PAGE
    told = 0
    for page in range(0, pages, max(1, pages // 25)):
        at = page * PAGE
        path.write_bytes(whole[:at] + b"\xa5" * PAGE + whole[at + PAGE :])
        code = run(["check", "--office", str(path)])
        output = capsys.readouterr()
        if code == 2:
            sentence(output.err, str(path))
            assert "damaged" in output.err or "not a database" in output.err
        told += code in (1, 2)
        if code == 1:
            assert "file: " in output.out
    assert told >= 25, "every damaged page is told"


def test_a_missing_office_and_a_missing_folder_are_said(tmp_path: Path) -> None:
    nowhere = tmp_path / "gone" / "office.db"
    sentence(refused_to_open(nowhere), "There is no office at", str(nowhere))
    sentence(refused_to_open(tmp_path), "There is no office at", str(tmp_path))
    with pytest.raises(OfficeFileError) as refused:
        database.create(nowhere)
    sentence(refused.value.message, str(nowhere.parent), "does not exist")
    assert list(tmp_path.iterdir()) == []


def test_a_new_office_never_takes_the_place_of_an_old_one(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(OfficeFileError) as refused:
        database.create(path)
    sentence(refused.value.message, str(path), "exists already")
    assert path.read_bytes() == before


def test_a_file_that_another_program_holds_is_in_use_and_free_again_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 20)
    with database.open_existing(path) as books, raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OfficeFileError) as refused:
            post_something(books)
        sentence(refused.value.message, str(path), "in use by another program")
        with books.read() as session:
            assert verify_books(session) == [], "reading goes on"
        other.execute("ROLLBACK")
        post_something(books)


def test_an_office_held_by_one_program_alone_cannot_be_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 20)
    with raw(path) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OfficeFileError) as refused:
            database.open_existing(path)
    sentence(refused.value.message, str(path), "in use by another program")


# Without permission: in a process of its own, which gives up being root once everything is imported.

AS_NOBODY = """
import os, sys
from datetime import date
from pathlib import Path
from app.errors import OfficeFileError
from app.models import database
from app.services.desk import Desk, begin
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
path = Path(sys.argv[1])
try:
    with (database.create if sys.argv[2] == "create" else database.open_existing)(path) as books:
        with books.read() as session:
            pass
        with books.write() as session:
            begin(session, Desk("a", "clerk", "pc", date(2026, 11, 1), date(2026, 11, 1)), "add-note")
except OfficeFileError as error:
    print(error.message)
    sys.exit(2)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
        Path(name).chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps permissions in another way")
@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "how", "words"),
    [
        (0o777, 0o444, "open", "cannot be written to"),
        (0o555, 0o444, "open", "cannot be"),
        (0o777, 0o000, "open", "cannot be opened"),
        (0o555, None, "create", "cannot be opened"),
    ],
)
def test_a_read_only_file_or_folder_is_said_and_nothing_is_lost(
    image: Path, open_folder: Path, folder_mode: int, file_mode: int | None, how: str, words: str
) -> None:
    path = open_folder / "office.db"
    if file_mode is not None:
        shutil.copy(image, path)
        path.chmod(file_mode)
    open_folder.chmod(folder_mode)
    done = subprocess.run(
        [sys.executable, "-B", "-c", AS_NOBODY, str(path), how],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    sentence(done.stdout, str(path), words)
    open_folder.chmod(0o755)
    if file_mode is not None:
        path.chmod(0o644)
        assert path.read_bytes() == image.read_bytes()
    else:
        assert list(open_folder.iterdir()) == []


# A full disk


class Disk:
    """A folder whose disk can be made full: a small file system where one may be mounted, else a limit of pages."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.limited = folder, False
        mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "counterfoil-test", str(folder)]
        self.mounted = sys.platform == "linux" and os.getuid() == 0 and subprocess.run(mount, check=False).returncode == 0

    def fill(self, books: Database, leave: int) -> None:
        """Leave some room for the log of what is written; under a limit, one page for the books themselves."""
        if self.mounted:
            room = shutil.disk_usage(self.folder).free - leave
            (self.folder / "photos").write_bytes(b"\0" * room)
            return
        assert books.path is not None
        pages = books.path.stat().st_size // PAGE + 1
        books.engine.dispose()
        self.limited = True
        event.listen(books.engine, "connect", lambda c, _: self.limited and c.execute(f"PRAGMA max_page_count = {pages}"))

    def make_room(self, books: Database) -> None:
        (self.folder / "photos").unlink(missing_ok=True)
        self.limited = False
        books.engine.dispose()

    def close(self) -> None:
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    disk = Disk(folder)
    yield disk
    disk.close()


def billed(books: Database) -> list[tuple[Any, ...]]:
    with books.read() as session:
        rows = fetch(session, "SELECT account_id, n, key, cents FROM line ORDER BY account_id, invoice_id, n")
        assert (verify_books(session), verify_file(session)) == ([], [])
        return [tuple(row) for row in rows]


def test_a_billing_run_that_fills_the_disk_says_so_and_is_finished_when_there_is_room(
    disk: Disk, image: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.open_existing(path) as undisturbed:
        expected: BillingTotals = billing.run_billing(undisturbed, desk())
        everything = billed(undisturbed)
    fresh = Path(shutil.copy(image, disk.folder / "office.db"))
    monkeypatch.setattr(billing, "CHUNK", 3)
    with database.open_existing(fresh) as books:
        before = billed(books)
        disk.fill(books, leave=40 * PAGE)
        with pytest.raises(OfficeFileError) as refused:
            billing.run_billing(books, desk())
        sentence(refused.value.message, str(fresh), "is full", "make room")
        in_between = billed(books)
        assert len(before) < len(in_between) < len(everything), "some chunks were written, and each of them whole"
        disk.make_room(books)
        rest = billing.run_billing(books, desk())
        assert billed(books) == everything
        assert rest._replace(run_id=expected.run_id) == expected, "the totals of the whole run"


# Power

COMMITS = """
import sys
from datetime import date
from pathlib import Path
from app.models import checkpoints, database
from app.services import accounts
from app.services.desk import Desk
checkpoints._REST_SECONDS = 0
desk = Desk("a", "clerk", "pc", date(2026, 11, 1), date(2026, 11, 1))
books = database.open_existing(Path(sys.argv[1]))
for n in range(100_000):
    with books.write() as session:
        accounts.open_account(session, desk, accounts.AccountForm(f"N{n}", notes="x" * 500))
    print(n, flush=True)
"""


def test_every_commit_that_was_acknowledged_survives_a_kill(path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", COMMITS, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = []
    for line in writer.stdout:
        acknowledged.append(line)
        if len(acknowledged) == 300:
            break
    writer.kill()
    acknowledged += [line for line in writer.stdout if line.endswith("\n")]
    writer.wait()
    writer.stdout.close()
    with database.open_existing(path) as books, books.read() as session:
        names = {row[0] for row in fetch(session, "SELECT name FROM account WHERE notes LIKE 'xxx%'")}
        assert {f"N{int(line)}" for line in acknowledged} <= names
        assert len(names) <= len(acknowledged) + 1
        assert (verify_books(session), verify_file(session)) == ([], [])


def test_closing_moves_everything_into_the_one_file(path: Path) -> None:
    with database.open_existing(path) as books:
        for _ in range(20):
            post_something(books)
    assert not [other for other in path.parent.iterdir() if other != path]
    with database.open_existing(path) as books, books.read() as session:
        assert fetch_value(session, "SELECT count(*) FROM entry WHERE what = 'test'") == 20
