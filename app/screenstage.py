"""The stage of the pictures: the sample office in a state worth seeing, and the program on it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

DAY = date(2026, 11, 21)
PATIENCE_SECONDS = 60.0
_CALM_ROUNDS = 5


class ShownAccount(NamedTuple):
    """An account that a scene shows; `amount` as typed, of its last check."""

    id: int
    number: str
    amount: str = ""


def sample_office(folder: Path) -> tuple[Path, dict[str, ShownAccount]]:
    """The sample office on its day with a morning's work half done, and the accounts that have what a dialog needs."""
    from app.models.bulk import no_progress
    from app.services import demo
    from app.services.books import OFFICE_FILE

    @contextmanager
    def quietly(_title: str) -> Iterator[Any]:
        yield no_progress

    with demo.run_demo(folder, None, DAY, quietly) as books:
        accounts = make_ready(books)
    return folder / OFFICE_FILE, accounts


def make_ready(books: Any) -> dict[str, ShownAccount]:
    """Half a morning's work in a sample office that stands on its day; the accounts that have what a dialog needs."""
    from app.screenmembers import sign_up_members
    from app.services.desk import Desk

    desk = Desk("Pat", "manager", "FRONT-DESK-1", DAY, DAY)
    accounts = _morning(books, desk)
    _make_busy(books, desk, accounts["busy"].id)
    accounts |= _others(books, desk)
    return accounts | {who: _shown(books, member) for who, member in sign_up_members(books, desk).items()}


def _morning(books: Any, desk: Any) -> dict[str, ShownAccount]:
    """Five checks in the mail, four of them posted; the account of the fifth is kept busy."""
    from app.money import format_cents
    from app.services import checks

    owing = _owing(books)
    with books.write() as session:
        batch = checks.log_mail(session, desk, 5, sum(cents for _, cents in owing[:5]) + 90)
    for number, (account_id, cents) in enumerate(owing[:5], start=2101):
        with books.write() as session:
            check = checks.log_check(session, desk, batch, cents, str(number))
            if number < 2105:
                checks.post_check(session, desk, checks.CheckForm(account_id, cents, str(number), mail_check_id=check))
    posted = _shown(books, owing[3][0], format_cents(owing[3][1]))
    return {"posted": posted, "payreturn": posted, "payreverse": posted, "busy": _shown(books, owing[4][0])}


def _make_busy(books: Any, desk: Any, account_id: int) -> None:
    """An account with a reminder, work to be decided, a price that waits for its day, and an instalment plan."""
    from app.services import collections, notes, subscriptions, work
    from app.services.choices import choices
    from app.services.policies.facts import InstalmentFacts

    evening = datetime.fromisoformat(f"{DAY - timedelta(days=2)} 20:00")
    with books.write() as session:
        notes.add_note(session, desk, account_id, "Will pay the rest when the season is over; call back.", DAY)
        work.log_work(session, desk, account_id, "repair", evening, evening + timedelta(minutes=90), "Mast re-aligned")
        service = choices(session, account_id, DAY).services[0]
        subscriptions.change_price(
            session, desk, account_id, service.code, service.monthly_cents + 500, DAY + timedelta(days=14)
        )
        parts = [InstalmentFacts(DAY + timedelta(days=30 * n), 10_000) for n in range(3)]
        collections.arrange(session, desk, account_id, parts)


def _others(books: Any, desk: Any) -> dict[str, ShownAccount]:
    """An account with a card payment, one that was restored twice, and three that left with a credit."""
    from app.models.bulk import fetch_value
    from app.services import checks, collections, payments, subscriptions

    with books.read() as session:
        late = [row.account_id for row in collections.suspension_list(session, DAY - timedelta(days=1))]
    twice, *leaving = late[20:24] if len(late) >= 24 else late[-4:]
    for day, number in ((DAY - timedelta(days=1), "901"), (DAY, "902")):
        with books.write() as session:
            collections.suspend(session, desk.dated(day), [twice])
            owed = fetch_value(session, "SELECT balance_cents FROM account WHERE id = ?", twice)
            payment = checks.post_check(session, desk.dated(day), checks.CheckForm(twice, owed, number))
            if day < DAY:
                payments.return_payment(session, desk.dated(day), payment)
    for place, account_id in enumerate(leaving):
        with books.write() as session:
            owed = fetch_value(session, "SELECT balance_cents FROM account WHERE id = ?", account_id)
            checks.post_check(session, desk, checks.CheckForm(account_id, owed + 2500, str(950 + place)))
            subscriptions.cancel_account(session, desk, account_id, DAY)
    with books.read() as session:
        card = fetch_value(
            session,
            "SELECT p.account_id FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
            "WHERE p.kind = 'card' AND r.payment_id IS NULL ORDER BY p.id LIMIT 1",
        )
    return {"reactivation": _shown(books, twice), "chargeback": _shown(books, card), "autopay": _shown(books, card)}


def _shown(books: Any, account_id: int, amount: str = "") -> ShownAccount:
    from app.services.loading import card

    with books.read() as session:
        return ShownAccount(account_id, card(session, account_id).number, amount)


def _owing(books: Any) -> list[tuple[int, int]]:
    """Accounts that owe something, with the cents, the longest overdue first."""
    from app.services import aging

    with books.read() as session:
        rows = aging.aging(session, DAY)
    late = sorted(rows, key=lambda row: -(row.over_90 + row.days_61_90 + row.days_31_60))
    owed = [(row.account_id, sum(row[1:])) for row in late]
    return [(account_id, cents) for account_id, cents in owed if cents > 0]


class Stage:
    """The program on a copy of the sample office, for one look and size. `day` is the calendar's and can be moved."""

    pause_seconds = 0.01  # between looks at whether all is at rest

    def __init__(self, office: Path, accounts: dict[str, ShownAccount], scratch: Path, size: tuple[int, int]) -> None:
        import shutil
        from tempfile import mkdtemp

        from app.main import Program
        from app.views.settings import Settings

        folder = Path(mkdtemp(dir=scratch))
        shutil.copy(office, folder)
        self.path = folder / office.name
        self.day = DAY
        self.accounts = accounts
        self.program = Program(Settings(folder / "settings" / "counterfoil.ini"), lambda: self.day)
        self.program.settings.put("desk/actor", "Pat")
        self.window: Any = self.program.window
        self.window.resize(*size)
        self.program.start(self.path)
        self.settle()
        if self.window.page is None:
            raise RuntimeError("the office does not open")

    def close(self) -> None:
        """End the program."""
        self.program.tasks.close()
        self.window._pages.clear()  # nobody is there to be asked about work in hand
        self.window.hide()
        self.window.deleteLater()

    def take(self, scenes: Iterable[Callable[[Stage], Iterator[tuple[str, Any]]]], folder: Path) -> list[Path]:
        """The pictures of all scenes."""
        made = []
        for scene in scenes:
            for name, shown in scene(self):
                made.append(self.save(name, shown, folder))
                self.leave_dialogs()
        return made

    def save(self, name: str, shown: Any, folder: Path) -> Path:
        """The picture of a widget at rest."""
        self.settle()
        path = folder / f"{name}.png"
        if not shown.grab().save(str(path)):
            raise RuntimeError(f"{path} cannot be written")
        return path

    def settle(self, rounds: int = _CALM_ROUNDS) -> None:
        """Wait until nothing is under way and all is painted; more rounds for what waits for a timer."""
        from PySide6.QtWidgets import QApplication

        end, calm = time.monotonic() + PATIENCE_SECONDS, 0
        while calm < rounds:
            QApplication.processEvents()
            time.sleep(self.pause_seconds)
            calm = calm + 1 if self.program.tasks.is_idle else 0
            if time.monotonic() > end:
                raise RuntimeError("the window does not come to rest")

    def page(self, key: str, **where: Any) -> Any:
        """Show a page and wait for it."""
        self.settle()
        self.program.workplace.go(key, **where)
        self.settle()
        return self.window.page

    def dialog(self) -> Any:
        """The dialog that was opened last."""
        from PySide6.QtWidgets import QApplication, QDialog

        for rounds in (_CALM_ROUNDS, 50, 200):
            self.settle(rounds)
            found = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]
            if found:
                return QApplication.activeModalWidget() or found[-1]
        raise RuntimeError(f"no dialog is open; the message line says: {self.window.message.text}")

    def leave_dialogs(self) -> None:
        """Close what is open without doing it; a locked window is opened by a password alone."""
        from PySide6.QtWidgets import QApplication, QDialog

        from app.views.locking import LockCover

        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog) and widget.isVisible() and not isinstance(widget, LockCover):
                widget.done(0)
        self.settle()

    def control(self, name: str, kind: Any = None) -> Any:
        """The control of that object name."""
        from PySide6.QtWidgets import QWidget

        found = self.window.findChild(kind or QWidget, name)
        if found is None:
            raise RuntimeError(f"no control is named {name}")
        return found

    def click(self, name: str) -> None:
        """Press a button."""
        self.control(name).click()
        self.settle()

    def type_into(self, name: str, text: str) -> None:
        """Type into an input of the page."""
        from PySide6.QtTest import QTest

        edit = self.control(name)
        edit.setFocus()
        edit.selectAll()
        QTest.keyClicks(edit, text)
        self.settle()

    def press_enter(self) -> None:
        """Enter where the cursor is."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication

        QTest.keyClick(QApplication.focusWidget() or self.window, Qt.Key.Key_Return)
        self.settle()

    def clear_the_mail(self) -> None:
        """A colleague holds the check that is not posted and corrects the tape, so that the day can be closed."""
        from app.models.bulk import fetch
        from app.services import checks
        from app.services.books import open_office
        from app.services.desk import Desk

        desk = Desk("Sam", "manager", "FRONT-DESK-2", DAY, self.day)
        with open_office(self.path) as books, books.write() as session:
            for batch in checks.batches(session, self.day):
                if not batch.is_balanced:
                    found = (batch.entered_count, batch.entered_cents)
                    checks.correct_batch(session, desk.dated(batch.received_on), batch.id, *found, "added up again")
            waiting = [row.id for row in fetch(session, "SELECT id FROM mail_check WHERE state = 'logged'")]
            for mail_check_id in waiting:
                checks.hold_check(session, desk, mail_check_id, "nobody knows whose it is")
        self.program.tasks.books_changed.emit(None)
        self.settle()

    @staticmethod
    def slug(text: str) -> str:
        """A tab's title as part of a file's name: `&Open invoices (3)` -> `open-invoices`."""
        words = re.sub(r"\(.*?\)|[^a-z0-9 ]", "", text.casefold()).split()
        return "-".join(words)
