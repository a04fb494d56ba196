"""The real program in a real window on a virtual screen, driven from outside by xdotool: signed in, a check, the close."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.services import people
from app.services.books import open_office
from app.services.desk import Desk
from app.services.verification import verify_books

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60.0
AGAIN_AFTER = 5.0
GIVEN, OWN = "a password for the first day", "a password of her own"

pytestmark = [pytest.mark.needs_program("Xvfb"), pytest.mark.needs_program("xdotool")]


class Screen:
    """A virtual screen with the program on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.office = folder / "office" / "office.db"
        reader, writer = os.pipe()
        # A number that no other process asks for: two servers that look for a free one at once may find the same.
        self.server = subprocess.Popen(
            [
                "Xvfb",
                f":{20_000 + os.getpid() % 30_000}",
                "-displayfd",
                str(writer),
                "-screen",
                "0",
                "1366x768x24",
                "-nolisten",
                "tcp",
            ],
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
        self.window = self.wait(lambda: self.titles("Counterfoil$"))[0]
        self.xdotool("windowfocus", "--sync", self.window)

    def sign_in(self, name: str, password: str) -> None:
        """Through the door, once its card is there; from outside nobody sees when."""

        def try_it() -> None:
            self.keys("alt+n", "ctrl+a")
            self.type(name)
            self.keys("Tab", "ctrl+a")
            self.type(password)
            self.keys("Return")

        self.do_until(try_it, lambda: self.titles("^Today - .* - Counterfoil$"))

    def titles(self, pattern: str) -> list[str]:
        """The windows whose title fits."""
        return self.xdotool("search", "--onlyvisible", "--name", pattern, check=False).split()

    def xdotool(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(["xdotool", *words], env=self.environment, check=check, capture_output=True, text=True)
        return done.stdout

    def keys(self, *keys: str) -> None:
        """Press keys, one after the other."""
        self.xdotool("key", "--clearmodifiers", "--delay", "30", *keys)

    def type(self, text: str) -> None:
        """Type characters as fast as practised hands."""
        self.xdotool("type", "--delay", "25", text)

    def focused(self) -> str:
        """The title of the window that gets the keys."""
        return self.xdotool("getwindowfocus", "getwindowname", check=False).strip()

    def do_until(self, act: Callable[[], object], found: Callable[[], Any]) -> Any:
        """Do something that may come too early to be heard, again after some seconds, until it shows.

        For what does no harm when it is done twice alone.
        """
        end = time.monotonic() + PATIENCE
        while True:
            act()
            again = time.monotonic() + AGAIN_AFTER
            while time.monotonic() < again:
                if result := found():
                    return result
                time.sleep(0.1)
            assert time.monotonic() < end, (self.folder / "errors.txt").read_text(encoding="utf-8")[-2000:]

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


def hire(office: Path, today: date) -> None:
    """An administrator and a billing manager, who has been here before."""
    desk = Desk("setup", "manager", "PC 1", today, today)
    with open_office(office) as books:
        with books.write() as session:
            first = people.make_first_administrator(session, desk, "Ada Whitfield", "ada", GIVEN)
        with books.write() as session:
            ada = replace(desk, actor="Ada Whitfield", role="administrator", person=first)
            number = people.add_person(session, ada, people.PersonForm("Beatrix Moreno", "beatrix", "manager", GIVEN))
        with books.write() as session:
            people.change_own_password(session, replace(desk, actor="Beatrix Moreno", person=number), GIVEN, OWN)


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    today = datetime.now().astimezone().date()
    (tmp_path / "office").mkdir()
    demo = [sys.executable, "-m", "app", "demo", "--folder", str(tmp_path / "office"), "--customers", "60"]
    subprocess.run([*demo, "--today", today.isoformat()], cwd=ROOT, check=True, capture_output=True)
    hire(tmp_path / "office" / "office.db", today)
    made = Screen(tmp_path)
    try:
        yield made
    finally:
        made.stop()


def test_a_check_is_logged_posted_banked_and_the_day_closed_with_real_keys(screen: Screen) -> None:
    screen.start()
    screen.sign_in("beatrix", OWN)
    paid = a_check_is_posted(screen)
    it_goes_to_the_bank(screen, paid)
    the_day_is_closed(screen)
    screen.keys("F2", "ctrl+k")
    screen.wait(lambda: screen.focused() == "Find anything")
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


def a_check_is_posted(screen: Screen) -> int:
    """Its mail is logged, then the check; what it pays, in cents."""
    (before,) = screen.rows("SELECT count(*) FROM payment")[0]
    number, account_id, owed = screen.rows(
        "SELECT number, id, balance_cents FROM account WHERE status = 'active' AND balance_cents > 0 "
        "AND email <> '' ORDER BY id LIMIT 1"
    )[0]
    dollars = f"{owed // 100}.{owed % 100:02d}"
    screen.keys("F3")
    screen.wait(lambda: screen.titles("^Post checks - "))
    screen.do_until(lambda: screen.keys("ctrl+l"), lambda: screen.focused() == "Log the mail")
    screen.type("1")
    screen.keys("Return")
    screen.type(dollars)
    screen.keys("Return")
    screen.wait(lambda: screen.rows("SELECT 1 FROM mail_batch WHERE count = 1 AND total_cents = ?", owed))
    screen.wait(lambda: screen.focused().startswith("Post checks"))
    screen.keys("alt+a")
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
    assert screen.rows("SELECT actor FROM action ORDER BY id DESC LIMIT 1") == [("Beatrix Moreno",)]
    return int(owed)


def it_goes_to_the_bank(screen: Screen, cents: int) -> None:
    """With its ticket, which is shown and put away."""
    screen.keys("F4")
    screen.wait(lambda: screen.titles("^Deposit and close - "))
    # The button can be pressed when the drawer has been read.
    screen.do_until(lambda: screen.keys("alt+m"), lambda: screen.focused() == "Make the deposit")
    screen.keys("Return")
    newest = "SELECT id, count, cents FROM deposit ORDER BY id DESC LIMIT 1"
    screen.wait(lambda: screen.rows(newest) and screen.rows(newest)[0][1:] == (1, cents))
    ((deposit, _, _),) = screen.rows(newest)
    # Where no desktop does it, nobody gives the keys to a window that comes up beside the program's own.
    (ticket,) = screen.wait(lambda: screen.titles(f"^Deposit ticket {deposit}$"))
    screen.xdotool("windowfocus", "--sync", ticket)
    screen.keys("Escape")
    screen.wait(lambda: not screen.titles("^Deposit ticket"))
    assert [path.name for path in (screen.folder / "office" / "deposits").glob(f"*-{deposit}.pdf")]


def the_day_is_closed(screen: Screen) -> None:
    """And the receipt of the check is sent."""
    screen.xdotool("windowfocus", "--sync", screen.window)
    screen.do_until(lambda: screen.keys("alt+c"), lambda: screen.focused().startswith("Close "))
    screen.keys("Return")
    today = datetime.now().astimezone().date().isoformat()
    screen.wait(lambda: screen.rows("SELECT 1 FROM office WHERE closed_through = ?", today))
    assert screen.rows("SELECT receipt_due FROM payment WHERE check_number = '7001'") == [(0,)]
