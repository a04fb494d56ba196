"""Whatever a file or an office is called: every file made has a name that Windows keeps, or the refusal is a sentence."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support_office import FORM, Diary

from app.errors import UserError
from app.filenames import refuse_impossible
from app.services.audittrail import TrailFilter, trail_report
from app.services.backupfiles import file_name
from app.services.books import make_office
from app.services.customerdata import export_customer
from app.services.reporting_files import save_report

DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
NASTY = (
    "CON", "con.db", "NUL.tar.gz", "COM1", "lpt9.csv", "COM\u00b2.db", "Aux .db", "a:b", "C:\\x", "what?", "a*b", "a|b",
    "<a>", "dot.", "space ", "...", ".", "..", "", " ", "a" * 300, "\u00e9" * 200, "\U0001f9fe" * 130, "annual\u202egpj.exe",
    "a\u200bb", "a\0b", "a\nb", "a\tb", "\ud800x", "\u2028", "~$lock", "%TEMP%", "$(rm)", "-rf", "desktop.ini",
)  # fmt: skip
names = st.sampled_from(NASTY) | st.text(max_size=40) | st.builds(lambda a, b: f"{a}.{b}", *[st.sampled_from(NASTY)] * 2)
FEW = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def keeps_on_windows(name: str) -> bool:
    """By the rules that Microsoft gives for names of files; signs that nobody sees are none of a name either."""
    return (
        0 < len(name.encode("utf-16-le", "surrogatepass")) // 2 <= 255
        and len(name.encode("utf-8", "surrogatepass")) <= 255
        and not any(sign in '<>:"/\\|?*' or unicodedata.category(sign) in ("Cc", "Cf", "Cs") for sign in name)
        and not name.endswith((".", " "))
        and name.partition(".")[0].rstrip().casefold() not in DEVICES
    )


@pytest.mark.parametrize(
    "name", ["con.db", "COM1.csv", "a:b.db", "what?.db", "dot.", "end ", "x" * 240, "a\u202eb.db", "a\0.db"]
)
def test_a_name_that_windows_does_not_keep_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(UserError) as refused:
        refuse_impossible(Path("folder") / name)
    assert refused.value.message.endswith((".", "anew."))
    assert not any(unicodedata.category(sign) in ("Cc", "Cf") for sign in refused.value.message)


@pytest.mark.parametrize(
    "name", ["office.db", "Bj\u00f6rn & S\u00f6hne (2026).db", "\u5e33\u7c3f.csv", "console.db", "com10.db", ".hidden"]
)
def test_a_usual_name_of_any_script_is_taken(name: str) -> None:
    refuse_impossible(Path("folder") / name)
    assert keeps_on_windows(name)


@FEW
@given(office=names)
@example(office="CON")
@example(office="\u202eecnalab")
def test_a_backup_of_an_office_of_any_name_has_a_name_that_windows_keeps(office: str) -> None:
    at = datetime(2026, 1, 5, 17, 30, tzinfo=UTC)
    for is_sealed in (False, True):
        assert keeps_on_windows(file_name(office, date(2026, 1, 5), at, 12, is_sealed=is_sealed))


def made(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*")]


@FEW
@given(name=names)
@example(name="a\0b")
@example(name="CON")
def test_a_report_or_a_customers_export_of_any_name_is_made_or_refused(name: str, office_of_one: Diary) -> None:
    with tempfile.TemporaryDirectory() as there:
        folder = Path(there)
        for suffix in (".csv", ".xlsx"):
            try:
                with office_of_one.books.read() as session:
                    report = trail_report(session, TrailFilter())
                    save_report(session, report, folder / f"{name}{suffix}", date(2026, 1, 5))
            except UserError as error:
                assert error.message
        try:
            office_of_one.do(export_customer, 1, folder / f"{name}.zip", "asked for")
        except UserError as error:
            assert error.message
        assert [one for one in made(folder) if not keeps_on_windows(one)] == []


@pytest.fixture(scope="module")
def office_of_one() -> Iterator[Diary]:
    with Diary() as diary:
        diary.open("Ann Ames")
        yield diary


@pytest.mark.parametrize("name", NASTY)
def test_an_office_of_any_file_name_is_made_or_refused(name: str, tmp_path: Path) -> None:
    try:
        with closing(make_office(tmp_path / f"{name}.db", FORM, date(2026, 1, 2))):
            pass
    except UserError as error:
        assert error.message
    assert [one for one in made(tmp_path) if not keeps_on_windows(one)] == []
