"""Which statements of a billing run went out, and how: the list, the files and the marks (ADV-4).

A statement's place is its number in the run's printing order, counted from 1 over all ways of delivery, so
that it stays the same when a customer later changes from paper to e-mail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import Progress, fetch, insert_with_id, no_progress, parse_day
from app.models.database import Database
from app.periods import next_month_start
from app.services import statements
from app.services.desk import Desk, begin_on_any_day
from app.services.printing import UNFINISHED, print_statements
from app.services.statements import StatementRun

PAPER: Final = "paper"
EMAIL: Final = "email"
ALL: Final = "all"
E_MAILED: Final = "e-mail"
"""How a statement went out that was e-mailed."""
DELIVERIES: Final = (PAPER, EMAIL, ALL)


class RunRow(NamedTuple):
    """A finished billing run: its business date, the month billed, invoices and cents.

    `cycle` is False for a run that billed members alone (its `period` says so); `went_out`: some statement did.
    """

    run_id: int
    on: date
    period: str
    invoices: int
    cents: int
    cycle: bool = True
    went_out: bool = False


class StatementRow(NamedTuple):
    """A statement of a run; cents owed as it says. `sent_on` and `how` are empty until it went out."""

    place: int
    account_id: int
    number: str
    name: str
    delivery: str
    email: str
    cents: int
    sent_on: date | None
    how: str


class MadeStatements(NamedTuple):
    """PDFs that were made: their files, the statements and sheets in them, and the range of places.

    `each`: by file, how many sheets each of its statements takes, in the order of places.
    """

    paths: tuple[Path, ...]
    statements: int
    sheets: int
    first_place: int
    last_place: int
    each: tuple[tuple[int, ...], ...]


class PrintedPages(NamedTuple):
    """The pages of one file (its place among the files, from 0) that went to a printer; both pages counted."""

    file: int
    first: int
    last: int


class Marked(NamedTuple):
    """How many statements were marked as gone out, and how many were not because only some of their sheets did."""

    statements: int
    in_part: int


def statement_runs(session: Session) -> list[RunRow]:
    """Billing runs that billed something, the latest first."""
    rows = fetch(
        session,
        "SELECT r.id, r.business_date, r.documents, r.cents, "
        "CASE WHEN EXISTS (SELECT 1 FROM invoice i WHERE i.run_id = r.id AND i.what = 'cycle') THEN 1 ELSE 0 END, "
        "CASE WHEN EXISTS (SELECT 1 FROM statement_print p WHERE p.run_id = r.id) THEN 1 ELSE 0 END FROM run r "
        "WHERE r.what = 'billing' AND r.state = 'done' AND r.documents > 0 ORDER BY r.id DESC",
    )
    found = []
    for run_id, on, documents, cents, cycle, went_out in rows:
        billed = next_month_start(parse_day(on))
        period = f"{billed:%B} {billed.year}" if cycle else "members' fees"
        found.append(RunRow(run_id, parse_day(on), period, documents, cents, bool(cycle), bool(went_out)))
    return found


def run_to_send(runs: Sequence[RunRow]) -> int:
    """The run of a list (the latest first, not empty) whose statements are wanted: its id.

    The latest month's, until some of it went out; then the latest run since of which nothing did, such as one of
    members' fees.
    """
    month = next((run for run in runs if run.cycle), runs[0])
    if not month.went_out:
        return month.run_id
    since = [run for run in runs if run.run_id > month.run_id and not run.went_out]
    return (since[0] if since else month).run_id


def statement_list(session: Session, run_id: int) -> list[StatementRow]:
    """Every statement of a run in the order of printing. Raises UserError for a run that has none."""
    run = statements.statement_run(session, run_id)
    amounts = statements.statement_amounts(session, run)
    marks = _marks(session, run_id)
    rows = []
    for place, account in enumerate(statements.statement_accounts(session, run), start=1):
        sent_on, how = _mark_at(marks, place, account)
        rows.append(
            StatementRow(
                place,
                account.account_id,
                account.number,
                account.name,
                account.delivery,
                account.email,
                amounts[account.account_id],
                sent_on,
                how,
            )
        )
    return rows


def _marks(session: Session, run_id: int) -> list[tuple[str, int, int, str, date]]:
    """The latest mark first."""
    rows = fetch(
        session,
        "SELECT p.delivery, p.first_place, p.last_place, p.how, a.business_date FROM statement_print p "
        "JOIN action a ON a.id = p.action_id WHERE p.run_id = ? ORDER BY p.id DESC",
        run_id,
    )
    return [(delivery, first, last, how, parse_day(on)) for delivery, first, last, how, on in rows]


def _mark_at(
    marks: Sequence[tuple[str, int, int, str, date]], place: int, account: statements.StatementAccount
) -> tuple[date | None, str]:
    for delivery, first, last, how, on in marks:
        if first <= place <= last and delivery in (ALL, account.delivery):
            if delivery == EMAIL and not account.email:
                continue  # nothing can have gone out
            return on, how
    return None, ""


def mark_sent(session: Session, desk: Desk, run_id: int, delivery: str, first_place: int, last_place: int, how: str) -> int:
    """Record that the statements of a range of places went out; returns the mark's id.

    A closed day takes it too: paper changes no figure. Raises UserError for an unknown run, delivery or range.
    """
    count = len(statements.statement_account_ids(session, statements.statement_run(session, run_id)))
    if delivery not in DELIVERIES:
        raise UserError(f"“{delivery}” is no way of delivery; choose paper, email or all.", field="delivery")
    if not 1 <= first_place <= last_place <= count:
        raise UserError(
            f"There are {count} statements in this run; {first_place} to {last_place} is no part of them.", field="first"
        )
    act = begin_on_any_day(session, desk, "print-statements")
    return insert_with_id(
        session,
        "statement_print",
        run_id=run_id,
        delivery=delivery,
        first_place=first_place,
        last_place=last_place,
        how=how[:200],
        action_id=act.id,
    )


def emailed_places(session: Session, run_id: int) -> set[int]:
    """The places of a run whose statements went out by e-mail before, as the books know it."""
    marks = [
        (first, last) for delivery, first, last, how, _ in _marks(session, run_id) if (delivery, how) == (EMAIL, E_MAILED)
    ]
    return {place for first, last in marks for place in range(first, last + 1)}


def mark_emailed(session: Session, desk: Desk, run_id: int, account_ids: Collection[int]) -> None:
    """Record exactly the statements that went out by e-mail: one whose customer has no address yet is still to do."""
    rows = chosen(statement_list(session, run_id), EMAIL)
    for first, last in _ranges([number for number, row in enumerate(rows) if row.account_id in account_ids]):
        mark_sent(session, desk, run_id, EMAIL, rows[first].place, rows[last].place, E_MAILED)


def mark_pages(
    session: Session, desk: Desk, run_id: int, delivery: str, made: MadeStatements, printed: Sequence[PrintedPages], how: str
) -> Marked:
    """Record exactly the statements of which every sheet is among the pages that went to the printer.

    Raises UserError as `mark_sent`.
    """
    whole, in_part = _whole_statements(made, printed)
    if len(whole) == made.statements:
        mark_sent(session, desk, run_id, delivery, made.first_place, made.last_place, how)
        return Marked(made.statements, 0)
    rows = chosen(statement_list(session, run_id), delivery, made.first_place, made.last_place)
    for first, last in _ranges(whole):
        mark_sent(session, desk, run_id, delivery, rows[first].place, rows[last].place, how)
    return Marked(len(whole), in_part)


def _whole_statements(made: MadeStatements, printed: Sequence[PrintedPages]) -> tuple[list[int], int]:
    """The statements (counted from 0 over all files) printed whole, and how many were printed in part."""
    whole, in_part, number = [], 0, 0
    for file, each in enumerate(made.each):
        page = 1
        for sheets in each:
            out = sum(_is_out(printed, file, sheet) for sheet in range(page, page + sheets))
            if out == sheets:
                whole.append(number)
            elif out:
                in_part += 1
            page, number = page + sheets, number + 1
    return whole, in_part


def _is_out(printed: Sequence[PrintedPages], file: int, page: int) -> bool:
    return any(part.file == file and part.first <= page <= part.last for part in printed)


def _ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers in order as ranges without gaps: [0, 1, 4] -> [(0, 1), (4, 4)]."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def chosen(
    rows: Sequence[StatementRow], delivery: str, first_place: int = 1, last_place: int | None = None
) -> list[StatementRow]:
    """The statements of one way of delivery (`all`: every one) within a range of places."""
    return [
        row
        for row in rows
        if delivery in (ALL, row.delivery) and first_place <= row.place and (last_place is None or row.place <= last_place)
    ]


def place_of(rows: Sequence[StatementRow], typed: str, field: str) -> int:
    """The place meant by what was typed: an account's number, or a number of the list.

    Raises UserError at `field` when there is none.
    """
    wanted = typed.strip()
    for row in rows:
        if row.number == wanted:
            return row.place
    if wanted.isdecimal() and rows and 1 <= int(wanted) <= rows[-1].place:
        return int(wanted)
    raise UserError(f"“{wanted}” is neither an account nor a number of this list.", field=field)


def make_statements(
    books: Database,
    office_path: Path,
    folder: Path,
    run_id: int,
    delivery: str,
    first_place: int = 1,
    last_place: int | None = None,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] = lambda: False,
) -> MadeStatements:
    """Print-ready PDFs of a run's statements in `folder`, in the order of places.

    The same statements are the same file names, written again. Raises UserError when there is nothing to
    make or the folder cannot be used, and Cancelled.
    """
    with books.read() as session:
        run = statements.statement_run(session, run_id)
        rows = chosen(statement_list(session, run_id), delivery, first_place, last_place)
    if not rows:
        raise UserError("There are no statements to print there; choose another delivery or range.", field="delivery")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob(f"{UNFINISHED}*.pdf"):  # of a run that was cut off
            stale.unlink()
        path = folder / f"{_file_stem(run, delivery, rows, whole=first_place == 1 and last_place is None)}.pdf"
        made = print_statements(office_path, run, [row.account_id for row in rows], path, progress, cancelled)
    except OSError as error:
        raise UserError(f"The statements cannot be written to {folder}: {error.strerror or error}.") from error
    return MadeStatements(
        tuple(path for part in made for path in part.paths),
        sum(part.documents for part in made),
        sum(part.sheets for part in made),
        rows[0].place,
        rows[-1].place,
        tuple(each for part in made for each in part.each),
    )


def _file_stem(run: StatementRun, delivery: str, rows: Sequence[StatementRow], *, whole: bool) -> str:
    stem = f"statements-{run.on.isoformat()}-run-{run.run_id}"
    if len(rows) == 1 and not whole:
        return f"{stem}-account-{rows[0].number}"
    return f"{stem}-{delivery}" if whole else f"{stem}-{delivery}-{rows[0].place}-to-{rows[-1].place}"
