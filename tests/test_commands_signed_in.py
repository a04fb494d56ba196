"""Commands on an office where people sign in: somebody does so for each command that changes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from staffed_office import NAMES, PASSWORDS, StaffedOffice, quick_passwords

from app.cli import run
from app.models import database
from app.models.bulk import fetch_tuples
from app.services.backupfiles import read_backup


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """An office in a file, with one person of each role; all but the administrator have the password they were given."""
    with quick_passwords(), StaffedOffice() as office:
        office.open(service_cents=3100)
        with office.books.write() as session:
            session.info["driver"].execute("UPDATE person SET must_change = 0 WHERE role <> 'supervisor'")
        found = tmp_path / "office.db"
        found.write_bytes(office.image())
        yield found


def due(path: Path, *words: str) -> int:
    return run(["due", "--office", str(path), "--on", "2026-02-01", *words])


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def actors(path: Path) -> set[tuple[object, ...]]:
    with database.open_existing(path) as books, books.read() as session:
        return set(fetch_tuples(session, "SELECT actor, role, person_id FROM action WHERE business_date = '2026-02-01'"))


def test_a_command_names_nobody_and_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert due(path) == 2
    assert "--as NAME" in said(capsys)
    assert actors(path) == set()


def test_the_billing_manager_signs_in_for_everything_due(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return PASSWORDS["manager"]

    monkeypatch.setattr("app.clisignin.getpass", answer)
    assert due(path, "--as", "max") == 0, said(capsys)
    assert asked == ["Password of max: "]
    assert actors(path) == {(NAMES["manager"], "manager", 4)}


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("max", "wrong wrong", "do not belong together"),
        ("carl", PASSWORDS["clerk"], "needs a manager"),
        ("otto", PASSWORDS["auditor"], "changes nothing"),
        ("sue", PASSWORDS["supervisor"], "chooses a new password"),
    ],
)
def test_whoever_may_not_is_refused_in_a_sentence(
    path: Path, name: str, password: str, why: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERFOIL_PASSWORD", password)
    assert due(path, "--as", name) == 2
    assert why in said(capsys).splitlines()[-1]
    assert actors(path) == set()


def test_a_backup_is_made_by_anybody_who_signs_in_and_replacing_the_office_by_the_billing_manager(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERFOIL_PASSWORD", PASSWORDS["clerk"])
    assert run(["backup", "--office", str(path)]) == 2
    assert run(["backup", "--office", str(path), "--as", "carl"]) == 0, said(capsys)
    (made,) = (path.parent / "backups").glob("*.db")
    restore = ["restore", str(made), "--to", str(path), "--replace"]
    capsys.readouterr()
    assert run(restore) == 2
    assert "--as NAME" in said(capsys)
    assert run([*restore, "--as", "carl"]) == 2
    assert "needs a manager" in said(capsys)
    monkeypatch.setenv("COUNTERFOIL_PASSWORD", PASSWORDS["manager"])
    assert run([*restore, "--as", "max"]) == 0, said(capsys)


def test_an_office_too_damaged_to_be_opened_is_replaced_by_its_name_typed_and_the_backups_own_people(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERFOIL_PASSWORD", PASSWORDS["clerk"])
    assert run(["backup", "--office", str(path), "--as", "carl"]) == 0, said(capsys)
    (made,) = (path.parent / "backups").glob("*.db")
    name = read_backup(made).office
    path.write_bytes(b"nothing that an office begins with " * 400)
    damaged = path.read_bytes()
    restore = ["restore", str(made), "--to", str(path), "--replace"]
    monkeypatch.setattr("builtins.input", lambda _asked: "Another Office")
    for words, why in (
        (["--as", "max"], f"not the name of the backup's office ({name})"),
        (["--confirm", name], "with --as NAME"),
        (["--confirm", name, "--as", "carl"], "needs a manager"),
    ):
        assert run([*restore, *words]) == 2
        assert why in said(capsys)
        assert path.read_bytes() == damaged
    monkeypatch.setenv("COUNTERFOIL_PASSWORD", PASSWORDS["manager"])
    monkeypatch.setattr("builtins.input", lambda _asked: f"  {name.upper()} ")
    assert run([*restore, "--as", "max"]) == 0, said(capsys)
    assert run(["check", "--office", str(path)]) == 0, said(capsys)
    (kept,) = (path.parent / "backups").glob("* replaced no 0001.db")
    assert kept.read_bytes() == damaged
