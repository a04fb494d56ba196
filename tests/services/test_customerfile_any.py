"""The customer list with anything in it: what was written is read back, junk is reported."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta
from pathlib import Path

from customer_lists import (
    CUTOVER,
    GOOD,
    HEADER,
    OPEN,
    SERVICE,
    as_csv,
    read_bytes,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import UserError
from app.money import plain_cents
from app.services.customerfile import (
    ImportAccount,
    ImportOpenItem,
    ImportService,
    read_customer_file,
    write_good_rows,
    write_problem_report,
)
from app.services.customerfile_header import OPEN_PARTS, SERVICE_PARTS
from app.services.inputs import HIDDEN

# For anything at all

texts = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], max_codepoint=0x2FFF), max_size=40)
past_days = st.dates(date(1990, 1, 1), CUTOVER)
amounts = st.integers(0, 100_000_000)


@st.composite
def services(draw: st.DrawFn) -> ImportService:
    since = draw(past_days)
    through = draw(st.none() | st.integers(-1, 400).map(lambda days: since + timedelta(days=days)))
    return ImportService(draw(names), draw(amounts), since, through)


@st.composite
def open_items(draw: st.DrawFn) -> ImportOpenItem:
    on = draw(past_days)
    return ImportOpenItem(draw(names), on, on + timedelta(days=draw(st.integers(0, 90))), draw(st.integers(1, 100_000_000)))


def kept(text: str) -> str:
    """The text as reading keeps it, without what might be taken for a card number."""
    return unicodedata.normalize("NFC", "".join(c for c in text if not c.isdigit()).translate(HIDDEN)).strip()


names = texts.map(kept).filter(bool)


@st.composite
def accounts(draw: st.DrawFn) -> ImportAccount:
    kind = draw(st.sampled_from(["residential", "business"]))
    status = draw(st.sampled_from(["active", "suspended", "closed"]))
    opened_on = draw(past_days)
    owes = draw(st.lists(open_items(), max_size=2).map(tuple))
    credit = 0 if owes else draw(amounts)
    lines = (draw(names), *draw(st.lists(names, max_size=1)), f"{draw(names)} SD 57701-1234")
    return ImportAccount(
        line=2,
        old_number="N-2",
        name=draw(names),
        kind=kind,
        managed=kind == "business" and draw(st.booleans()),
        email="anna@example.com",
        phone=draw(texts.map(kept)),
        address=draw(st.sampled_from([(), lines])),
        delivery=draw(st.sampled_from(["email", "paper"])),
        autopay=draw(st.sampled_from(["none", "card", "echeck"])),
        method_label=draw(texts.map(kept)),
        authorized_on=draw(st.none() | past_days),
        hourly_rate_cents=draw(st.none() | amounts),
        status=status,
        opened_on=opened_on,
        closed_on=draw(st.dates(opened_on, CUTOVER)) if status == "closed" else None,
        payer=draw(texts.map(kept)),
        notes="\n".join(draw(st.lists(texts.map(kept), max_size=3))).strip(),
        services=() if status == "closed" else draw(st.lists(services(), max_size=2).map(tuple)),
        open_items=owes,
        credit_cents=credit,
        credit_on=draw(past_days) if credit else None,
    )


SAME_TEXT = (
    *("old_number", "name", "kind", "email", "phone", "delivery", "autopay", "method_label", "status"),
    *("payer", "notes"),
)


def cells_of(account: ImportAccount) -> dict[str, str]:
    def day(value: date | None) -> str:
        return "" if value is None else str(value)

    cells = {column: str(getattr(account, column)) for column in SAME_TEXT}
    cells |= {column: day(getattr(account, column)) for column in ("authorized_on", "opened_on", "closed_on")}
    cells["managed"] = "yes" if account.managed else "no"
    if account.address:
        first, *second, last = account.address
        city, state, zip_code = last.rsplit(" ", 2)
        cells |= {
            "address1": first,
            "address2": "".join(second),
            "city": city,
            "state": state,
            "zip": zip_code,
        }
    if account.hourly_rate_cents is not None:
        cells["hourly_rate"] = plain_cents(account.hourly_rate_cents)
    if account.credit_cents:
        cells |= {"credit": plain_cents(account.credit_cents), "credit_date": day(account.credit_on)}
    for n, service in enumerate(account.services, start=1):
        values = (
            service.name,
            plain_cents(service.monthly_cents),
            day(service.since),
            day(service.billed_through),
        )
        cells |= {f"service{n}_{part}": value for part, value in zip(SERVICE_PARTS, values, strict=True)}
    for n, item in enumerate(account.open_items, start=1):
        values = (item.description, day(item.on), day(item.due_on), plain_cents(item.cents))
        cells |= {f"open{n}_{part}": value for part, value in zip(OPEN_PARTS, values, strict=True)}
    return cells


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(data=st.data(), delimiter=st.sampled_from([",", ";", "\t"]))
def test_any_account_written_as_a_row_is_read_back_the_same(tmp_path: Path, data: st.DataObject, delimiter: str) -> None:
    account = data.draw(accounts())
    file = read_bytes(tmp_path, as_csv(cells_of(account), delimiter=delimiter).encode())
    assert file.problems == ()
    assert file.accounts == (account,)


pieces = st.sampled_from(
    [
        ",",
        '"',
        "\n",
        "\r",
        ";",
        "\t",
        "\x00",
        "name",
        "kind",
        "residential",
        "49.95",
        "2026-11-01",
        "é",
        "'",
        "=",
        " ",
    ]
)
junk = st.lists(pieces | st.text(max_size=5), max_size=60).map("".join)


def never_anything_but_a_user_error(folder: Path, content: bytes) -> None:
    try:
        file = read_bytes(folder, content)
    except UserError as error:
        assert str(error)
        return
    lines = [account.line for account in file.accounts]
    assert not set(lines) & {problem.line for problem in file.problems}
    write_good_rows(folder / "list.csv", folder / "good.csv", file)
    write_problem_report(folder / "list.csv", folder / "bad.csv", file)
    assert len(read_customer_file(folder / "good.csv", CUTOVER).accounts) == len(lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    never_anything_but_a_user_error(tmp_path, content)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=junk, delimiter=st.sampled_from([",", ";", "\t"]))
def test_any_rows_below_a_good_header_are_read_or_reported(tmp_path: Path, rows: str, delimiter: str) -> None:
    content = as_csv(GOOD, delimiter=delimiter) + rows
    never_anything_but_a_user_error(tmp_path, content.encode("utf-8", "ignore"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_text_in_any_cell_is_read_or_reported(tmp_path: Path, data: st.DataObject) -> None:
    column = data.draw(st.sampled_from(HEADER))
    row = GOOD | SERVICE | OPEN | {column: data.draw(junk | st.text(max_size=600))}
    never_anything_but_a_user_error(tmp_path, as_csv(row).encode("utf-8", "ignore"))
