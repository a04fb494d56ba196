"""The real program in a real window on a virtual screen, driven from outside by xdotool."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from app.services.books import open_office
from app.services.verification import verify_books

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 40.0

pytestmark = [pytest.mark.needs_program("Xvfb"), pytest.mark.needs_program("xdotool")]


class Screen:
    """A virtual screen with the program on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.office = folder / "office" / "office.db"
        reader, writer = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1366x768x24", "-nolisten", "tcp"],
            pass_fds=[writer],
            stderr=subprocess.DEVNULL,
        )
        os.close(writer)
        with os.fdopen(reader) as told:
            number = told.readline().strip()
        assert number, "Xvfb found no free screen"
        self.environment = {
            **os.environ,
            "DISPLAY": f":{number}",
            "QT_QPA_PLATFORM": "xcb",
            "XDG_CONFIG_HOME": str(folder / "config"),
            "HOME": str(folder),
        }
        self.program: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Open the office in the program, and wait for its window to have the office's name."""
        with (self.folder / "errors.txt").open("wb") as errors:
            self.program = subprocess.Popen(
                [sys.executable, "-m", "app", "open", str(self.office)], cwd=ROOT, env=self.environment, stderr=errors
            )
        self.window = self.wait(lambda: self.titles("^Today - .* - Counterfoil$"))[0]
        self.xdotool("windowfocus", "--sync", self.window)

    def titles(self, pattern: str) -> list[str]:
        """The windows whose title fits."""
        return self.xdotool("search", "--name", pattern, check=False).split()

    def xdotool(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(["xdotool", *words], env=self.environment, check=check, capture_output=True, text=True)
        return done.stdout

    def keys(self, *keys: str) -> None:
        """Press keys, one after the other."""
        self.xdotool("key", "--clearmodifiers", "--delay", "30", *keys)

    def type(self, text: str) -> None:
        """Type characters as fast as practised hands."""
        self.xdotool("type", "--delay", "25", text)

    def wait(self, found: Callable[[], Any]) -> Any:
        """What `found` gives as soon as it gives something."""
        end = time.monotonic() + PATIENCE
        while not (result := found()):
            assert time.monotonic() < end, (self.folder / "errors.txt").read_text(encoding="utf-8")[-2000:]
            assert self.program is None or self.program.poll() is None, (self.folder / "errors.txt").read_text(
                encoding="utf-8"
            )
            time.sleep(0.1)
        return result

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.office)) as connection:
            return connection.execute(sql, values).fetchall()

    def stop(self) -> None:
        if self.program is not None and self.program.poll() is None:
            self.program.terminate()
            self.program.wait(PATIENCE)
        self.server.terminate()
        self.server.wait(PATIENCE)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    today = datetime.now().astimezone().date().isoformat()
    (tmp_path / "office").mkdir()
    subprocess.run(
        [sys.executable, "-m", "app", "demo", "--folder", str(tmp_path / "office"), "--customers", "60", "--today", today],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    made = Screen(tmp_path)
    try:
        yield made
    finally:
        made.stop()


def test_a_check_is_logged_and_posted_with_real_keys_and_the_program_ends_cleanly(screen: Screen) -> None:
    (before,) = screen.rows("SELECT count(*) FROM payment")[0]
    number, account_id, owed = screen.rows(
        "SELECT number, id, balance_cents FROM account WHERE status = 'active' AND balance_cents > 0 ORDER BY id LIMIT 1"
    )[0]
    dollars = f"{owed // 100}.{owed % 100:02d}"
    screen.start()
    screen.keys("F3", "ctrl+l")
    time.sleep(1.0)
    screen.type("1")
    screen.keys("Return")
    screen.type(dollars)
    screen.keys("Return")
    screen.wait(lambda: screen.rows("SELECT 1 FROM mail_batch WHERE count = 1 AND total_cents = ?", owed))
    time.sleep(0.5)
    screen.type(number)
    screen.keys("Return")
    screen.type(dollars)
    screen.keys("Return")
    screen.type("7001")
    screen.keys("Return", "Return", "Return")
    screen.wait(lambda: screen.rows("SELECT 1 FROM payment WHERE check_number = '7001'"))
    assert screen.rows("SELECT account_id, cents FROM payment WHERE check_number = '7001'") == [(account_id, owed)]
    assert screen.rows("SELECT count(*) FROM payment") == [(before + 1,)]
    assert screen.rows("SELECT balance_cents FROM account WHERE id = ?", account_id) == [(0,)]

    screen.keys("F2")
    screen.keys("ctrl+k")
    screen.type("reports")
    screen.keys("Return")
    screen.wait(lambda: screen.titles("^Reports - "))
    screen.xdotool("windowfocus", "--sync", screen.window)
    screen.keys("ctrl+q")
    assert screen.program is not None
    assert screen.program.wait(PATIENCE) == 0
    assert (screen.folder / "errors.txt").read_text(encoding="utf-8") == ""
    with open_office(screen.office) as books, books.read() as session:
        assert verify_books(session) == []
