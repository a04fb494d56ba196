"""A process killed while it moves an office to a server or restores one there: a whole office, or none that opens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import support_databases
from support_office import Diary

from app.errors import OfficeFileError, UserError
from app.models import database, server
from app.models.server import ServerDatabase
from app.services import backup, verification
from app.services.connecting import move_to_server
from app.services.serverrestoring import restore_on_server

pytestmark = [pytest.mark.server_only, pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes as Linux does")]
ROOT = Path(__file__).parents[2]
_POSTED = ("account", "entry", "posting", "invoice", "line", "payment", "allocation")
# Each is killed at this many instants, spread over all of the work.
KILLS = 8


@contextmanager
def children() -> Iterator[Callable[..., str]]:
    """Runs a job in a process of its own that is killed at an exchange; says how it ended."""
    words = [sys.executable, str(ROOT / "tests" / "killed_on_server.py")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as warm:
        assert warm.stdin is not None and warm.stdout is not None

        def run(job: str, path: Path, address: str, after: int = 0) -> str:
            print(
                json.dumps({"job": job, "path": str(path), "address": address, "after": after}), file=warm.stdin, flush=True
            )
            return str(warm.stdout.readline()).strip()

        yield run
        warm.stdin.close()


def live(diary: Diary) -> None:
    account = diary.open(service_cents=4900)
    diary.check(account, 1000, "101")
    for number in range(30):
        diary.open(f"Home {number}", 1000 + number)
    diary.on(2, 1).bill()


def posted(address: str) -> dict[str, list[tuple[Any, ...]]]:
    with psycopg.connect(address) as connection:
        return {
            table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)  # type: ignore[arg-type, unused-ignore]
            for table in _POSTED
        }


def is_bare(address: str) -> bool:
    with ServerDatabase(server.server_url(address)) as books, books.engine.connect() as connection:
        return server.is_empty(connection)


def assert_whole(address: str) -> None:
    with database.open_office(address) as books:
        assert verification.verify_office(books) == []


def instants(exchanges: int) -> list[int]:
    """Some all over the work, and its last ones."""
    return sorted({*range(2, exchanges, max(1, exchanges // (KILLS - 3))), exchanges - 2, exchanges - 1, exchanges})


def test_a_move_that_is_killed_leaves_the_whole_office_there_or_nothing(tmp_path: Path) -> None:
    office = tmp_path / "office.db"
    with Diary(path=office) as diary:
        live(diary)
    whole = support_databases.new_address()
    with children() as run:
        exchanges = int(run("move", office, whole))
        expected = posted(whole)
        left_whole = left_bare = 0
        for after in instants(exchanges):
            (tmp_path / "office.server").unlink(missing_ok=True)
            address = support_databases.new_address()
            assert run("move", office, address, after) == "signal 9"
            if is_bare(address):
                left_bare += 1
                move_to_server(office, address)
            else:
                left_whole += 1
                with pytest.raises(OfficeFileError, match=r"holds an office: .* moved there before, `python -m app open"):
                    move_to_server(office, address)
            assert_whole(address)
            assert posted(address) == expected
    assert left_whole and left_bare > 2


def restored(path: Path, address: str, diary: Diary) -> None:
    """Restore again; pg_restore goes on for a moment after its starter is gone, and is waited for."""
    for _ in range(300):
        try:
            restore_on_server(path, address, diary.desk)
            return
        except UserError as error:
            assert "is being restored" in error.message, error.message
            time.sleep(0.1)
    raise AssertionError("the restore that was killed never ended")


def test_a_restore_that_is_killed_is_no_office_and_begins_anew(tmp_path: Path) -> None:
    with Diary() as diary:
        live(diary)
        (tmp_path / "backups").mkdir()
        diary.on(3, 1)
        with ServerDatabase(support_databases.owners_address(diary.books)) as owned:
            made = backup.back_up(owned, diary.desk, "by-hand", tmp_path / "backups")
        whole = support_databases.new_address()
        with children() as run:
            exchanges = int(run("restore", made.path, whole))
            expected = posted(whole)
            refused = 0
            for after in instants(exchanges):
                address = support_databases.new_address()
                assert run("restore", made.path, address, after) == "signal 9"
                try:
                    assert_whole(address)
                except OfficeFileError as error:
                    refused += 1
                    assert "holds no office" in error.message or "is not whole" in error.message, error.message
                    restored(made.path, address, diary)
                    assert_whole(address)
                assert posted(address) == expected
    assert refused > 2
