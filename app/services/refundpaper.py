"""What refund checks and their vouchers say: payee, amount, and how the refund was worked out (ADV-9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch, fetch_one, fetch_value, parse_day
from app.services.desk import Desk, begin, require_reason, require_role
from app.services.documents.content import RefundCheckContent, WorkedOutLine
from app.services.documents.stock import shipped_stock
from app.wholefiles import clear_refusals, put_in_place

MEMO = "Refund of account credit"
STOCKS: Final = {
    "voucher-top": "Letter sheet, check at the top",
    "voucher-middle": "Letter sheet, check in the middle",
    "voucher-bottom": "Letter sheet, check at the bottom",
}
"""The check stocks that the program can draw, with what people call them."""


def refund_checks(session: Session, refund_ids: Sequence[int]) -> Iterator[RefundCheckContent]:
    """The checks of some refunds that are not void, by check number."""
    for start in range(0, len(refund_ids), 500):
        part = refund_ids[start : start + 500]
        marks = ", ".join("?" * len(part))
        worked_out = _worked_out(session, part)
        rows = fetch(
            session,
            "SELECT c.number, c.business_date, f.payee, f.address, f.cents, a.number, f.id FROM refund f "
            "JOIN account a ON a.id = f.account_id JOIN issued_check c ON c.refund_id = f.id AND c.state = 'issued' "
            f"WHERE f.id IN ({marks}) ORDER BY c.number",
            *part,
        )
        for number, on, payee, address, cents, account_number, refund_id in rows:
            yield RefundCheckContent(
                number,
                parse_day(on),
                payee,
                tuple(address.split("\n")),
                cents,
                f"{MEMO}, account {account_number}",
                account_number,
                worked_out.get(refund_id, ()),
            )


def _worked_out(session: Session, refund_ids: Sequence[int]) -> dict[int, tuple[WorkedOutLine, ...]]:
    """The credits that a refund pays out; a credit memo shows its lines when they are all of it."""
    marks = ", ".join("?" * len(refund_ids))
    found: dict[int, list[WorkedOutLine]] = {}
    for refund_id, on, description, why, cents, memo_id, whole in fetch(
        session,
        "SELECT al.refund_id, c.business_date, c.description, c.why, sum(al.cents), c.invoice_id, c.cents "
        f"FROM allocation al JOIN credit c ON c.id = al.credit_id WHERE al.refund_id IN ({marks}) "
        "GROUP BY al.refund_id, c.id HAVING sum(al.cents) > 0 ORDER BY al.refund_id, c.business_date, c.id",
        *refund_ids,
    ):
        found.setdefault(refund_id, []).extend(_credit_lines(session, on, description, why, cents, memo_id, whole))
    return {refund_id: tuple(lines) for refund_id, lines in found.items()}


def _credit_lines(
    session: Session, on: str, description: str, why: str, cents: int, memo_id: int | None, whole: int
) -> list[WorkedOutLine]:
    if memo_id is not None and cents == whole:
        lines = fetch(session, "SELECT description, why, cents FROM line WHERE invoice_id = ? ORDER BY n", memo_id)
        return [WorkedOutLine(line[0], line[1], -line[2]) for line in lines]
    day = parse_day(on)
    return [WorkedOutLine(f"{description}, {day:%b} {day.day}, {day.year}", why, cents)]


def print_refund_checks(session: Session, refund_ids: Sequence[int], path: Path) -> int:
    """Draw the checks of some refunds on the stock of the box that they came from; returns how many sheets.

    Raises OfficeFileError when the file cannot be written.
    """
    from app.services.documents.check import write_refund_checks  # reportlab takes long to import
    from app.services.statements import paper_office

    marks = ", ".join("?" * min(len(refund_ids), 500))
    layout = fetch_value(
        session,
        f"SELECT s.layout FROM issued_check c JOIN check_stock s ON s.id = c.stock_id WHERE c.refund_id IN ({marks}) "
        "AND c.state = 'issued' ORDER BY c.number LIMIT 1",
        *refund_ids[:500],
    )
    if layout is None:
        return 0
    unfinished = path.with_name(f"~{path.name}")
    stock, contents = shipped_stock(layout), refund_checks(session, refund_ids)
    with clear_refusals(path):
        files = write_refund_checks(paper_office(session), stock, contents, unfinished)
        put_in_place(
            (file.path, path if number == 1 else path.with_stem(f"{path.stem}-{number}"))
            for number, file in enumerate(files, start=1)
        )
    return sum(file.sheets for file in files)


def print_waiting_checks(session: Session, folder: Path, on: date) -> list[Path]:
    """Draw the checks whose sheets nobody has confirmed yet, a file for each kind of stock; the files, in the order of
    their first numbers.

    Drawing spends no number. A file that is there already is left alone: somebody may be looking at it. Raises
    UserError when the folder cannot be written.
    """
    waiting = fetch(
        session,
        "SELECT s.layout, c.refund_id, c.number FROM issued_check c JOIN check_stock s ON s.id = c.stock_id "
        "WHERE c.state = 'issued' AND c.cleared_on IS NULL AND c.printed_on IS NULL ORDER BY c.number",
    )
    made = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for layout in dict.fromkeys(row.layout for row in waiting):
            rows = [row for row in waiting if row.layout == layout]
            path = _free_path(folder, f"refund-checks-{on}-{rows[0].number}-{rows[-1].number}")
            print_refund_checks(session, [row.refund_id for row in rows], path)
            made += [path, *sorted(folder.glob(f"{path.stem}-[0-9]*.pdf"))]
    except OSError as error:
        raise UserError(f"The checks cannot be drawn into {folder}: {error.strerror or error}.") from error
    return made


def _free_path(folder: Path, stem: str) -> Path:
    path = folder / f"{stem}.pdf"
    tried = 1
    while path.exists():
        tried += 1
        path = folder / f"{stem} ({tried}).pdf"
    return path


class CheckBox(NamedTuple):
    """A box of checks: the drawing of its sheets and the numbers left in it, both ends included."""

    id: int
    name: str
    layout: str
    next_number: int
    last_number: int


def box_in_use(session: Session) -> CheckBox | None:
    """The box that the next check is taken from; None when no numbers are left."""
    row = fetch_one(
        session,
        "SELECT id, name, layout, next_number, last_number FROM check_stock WHERE next_number <= last_number "
        "ORDER BY id LIMIT 1",
    )
    return None if row is None else CheckBox(*row)


def numbers_ahead(session: Session, count: int) -> list[tuple[int, int]]:
    """The numbers that the next `count` checks get, as ranges with both ends included; fewer when the boxes run out."""
    found = []
    for first, last in fetch(
        session, "SELECT next_number, last_number FROM check_stock WHERE next_number <= last_number ORDER BY id"
    ):
        if count <= 0:
            break
        taken = min(count, last - first + 1)
        found.append((first, first + taken - 1))
        count -= taken
    return found


def change_box(session: Session, desk: Desk, box_id: int, next_number: int, layout: str, reason: str) -> None:
    """The paper in the printer begins with another number, or is another stock. Numbers skipped are never used.

    Raises UserError for a number that was used or is not in the box, and without a reason; needs a supervisor.
    """
    require_role(desk, "supervisor", "Changing the box of checks")
    box = fetch_one(session, "SELECT next_number, last_number FROM check_stock WHERE id = ?", box_id)
    if box is None:
        raise UserError("There is no such box of checks.", field="stock")
    if next_number < box.next_number:
        raise UserError(
            f"The numbers before {box.next_number} were used; the next one cannot be {next_number}.", field="next"
        )
    if next_number > box.last_number:
        raise UserError(f"The box ends with {box.last_number}; {next_number} is in no box.", field="next")
    if layout not in STOCKS:
        raise UserError("There is no such check stock.", field="layout")
    begin(session, desk, "change-box", reason=require_reason(reason, "Changing the box of checks"))
    execute(session, "UPDATE check_stock SET next_number = ?, layout = ? WHERE id = ?", next_number, layout, box_id)


def worked_out_due(session: Session, account_id: int) -> tuple[WorkedOutLine, ...]:
    """What a refund of the account would pay out, credit by credit."""
    found: list[WorkedOutLine] = []
    for on, description, why, left, memo_id, whole in fetch(
        session,
        "SELECT business_date, description, why, remaining_cents, invoice_id, cents FROM credit "
        "WHERE account_id = ? AND remaining_cents > 0 ORDER BY business_date, id",
        account_id,
    ):
        found += _credit_lines(session, on, description, why, left, memo_id, whole)
    return tuple(found)


def worked_out(session: Session, refund_id: int) -> tuple[WorkedOutLine, ...]:
    """What a refund paid out, as its voucher says."""
    return _worked_out(session, [refund_id]).get(refund_id, ())
