"""The log and the crash report hold no customer's name and no bank number, whatever goes wrong; the log rotates."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPlainTextEdit
from sqlalchemy import text
from sqlalchemy.orm import Session
from ui.window import Window

from app import main
from app.errors import UserError
from app.keystore import FileKeyStore
from app.main import _keep_log, log_file
from app.services import bank_numbers, checks, officekey

PAYER, NUMBER, ROUTING = "Zephyrine Quackenbush", "4417889900123", "091400046"
SECRETS = ("Zephyrine", "Quackenbush", NUMBER, ROUTING, "4417", "passphrase of mine")


@pytest.fixture
def log(window: Window) -> Iterator[Path]:
    before = list(logging.getLogger().handlers)
    _keep_log(window.settings)
    yield log_file(window.settings)
    for handler in set(logging.getLogger().handlers) - set(before):
        logging.getLogger().removeHandler(handler)
        handler.close()


def written(log: Path) -> str:
    for handler in logging.getLogger().handlers:
        handler.flush()
    return "".join(path.read_text(encoding="utf-8") for path in log.parent.glob("counterfoil.log*"))


def test_what_goes_wrong_with_names_and_numbers_in_hand_leaves_none_of_them(
    window: Window, log: Path, tmp_path: Path
) -> None:
    window.program.tasks.crashed.disconnect()
    window.program.tasks.crashed.connect(window.program.show_crash)
    desk, keys = window.program.workplace.desk(), FileKeyStore(tmp_path / "keys")

    def post(session: Session) -> int:
        officekey.make_key(session, desk, keys)
        bank_numbers.store(session, desk, keys, 1, ROUTING, NUMBER)
        return checks.post_check(session, desk, checks.CheckForm(1, 1234, "777", payer=PAYER))

    window.program.tasks.write(post, lambda _id: None, owner=window.frame)
    window.settle()

    def a_value(session: Session) -> None:
        found = bank_numbers.read_number(session, keys, 1)
        raise ValueError(f"{PAYER} has {found.number} at {found.routing}")

    def a_row(session: Session) -> None:
        session.execute(text("INSERT INTO account (name, notes) VALUES (:name, :notes)"), {"name": PAYER, "notes": NUMBER})

    def a_cause(session: Session) -> None:
        try:
            a_value(session)
        except ValueError as error:
            raise KeyError(PAYER, "passphrase of mine") from error

    reports = []
    for wrong in (a_value, a_row, a_cause):
        window.program.tasks.write(wrong, lambda _none: None, owner=window.frame)
        window.settle()
        dialog = window.dialog()
        reports.append(window.control("crash.report", QPlainTextEdit, dialog).toPlainText())
        dialog.close()
    bug = UserError(PAYER)
    window.program.excepthook(UserError, bug, None)
    window.dialog().close()
    said = written(log)
    assert said.count("work in the background failed") == 3
    assert "builtins.ValueError" in said and "sqlite3.IntegrityError (SQLITE_CONSTRAINT" in said and "caused by" in said
    assert "a_cause" in said, "where it happened is there"
    for secret in SECRETS:
        assert secret not in said, secret
        assert all(secret not in report for report in reports), secret
    assert any("builtins.KeyError" in report and "builtins.ValueError" in report for report in reports)


def test_the_log_rotates_and_old_ones_go(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "LOG_BYTES", 2_000)
    before = list(logging.getLogger().handlers)
    _keep_log(window.settings)
    (handler,) = set(logging.getLogger().handlers) - set(before)
    assert isinstance(handler, RotatingFileHandler)
    try:
        for number in range(400):
            logging.getLogger("app").error("line %s", number)
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    files = sorted(path.name for path in window.settings.folder.glob("counterfoil.log*"))
    assert files == ["counterfoil.log", "counterfoil.log.1", "counterfoil.log.2", "counterfoil.log.3"]
    assert all(path.stat().st_size <= 2_000 for path in window.settings.folder.glob("counterfoil.log*"))
