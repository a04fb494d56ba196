"""The commands of `python -m app`, thin: each parses its words and calls the services."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from app.clioffices import add_commands
from app.clirestore import restore_office
from app.clisignin import add_words, desk_for
from app.errors import UserError
from app.models.bulk import Progress as ProgressCall
from app.models.bulk import no_progress
from app.money import format_cents

if TYPE_CHECKING:
    from app.services.desk import Desk


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not a date such as 2026-11-01") from None


def _today() -> date:
    # The office's calendar day is this PC's; services never read a clock.
    return datetime.now().astimezone().date()


@contextmanager
def _progress_bar(console: Console, title: str) -> Iterator[ProgressCall]:
    """A bar that appears as soon as a step reports how far it is."""
    if not console.is_terminal:
        console.print(title)
        yield lambda _done, _of: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        task = bars.add_task(title, total=None)

        def report(done: int, of: int) -> None:
            bars.update(task, completed=done, total=of)

        yield report
        bars.update(task, completed=bars.tasks[0].total or 1, total=bars.tasks[0].total or 1)


def _demo(arguments: argparse.Namespace) -> int:
    from app.services import demo, verification
    from app.services.ledger import trial_balance

    console = Console()
    folder: Path = arguments.folder
    books = demo.run_demo(
        folder, arguments.customers, arguments.today or _today(), lambda title: _progress_bar(console, title)
    )
    with books, books.read() as session:
        table = Table(title="The sample office", title_justify="left")
        table.add_column("What was done")
        table.add_column("How many", justify="right")
        table.add_column("Amount", justify="right")
        for what, count, cents in demo.demo_summary(session):
            table.add_row(what, f"{count:,}", "" if cents is None else format_cents(cents))
        problems = verification.verify_books(session)
        rows = trial_balance(session)
    console.print(table)
    console.print(f"In {folder}:")
    for path in sorted(folder.glob("*.pdf")):
        console.print(f"  {path.name}")
    letters = sorted((folder / "mail").glob("*.eml"))
    receipts = sum(path.name.startswith("receipt") for path in letters)
    console.print(f"  mail: {receipts} receipts and {len(letters) - receipts} statements as .eml files")
    debits, credits = sum(row.debits for row in rows), sum(row.credits for row in rows)
    if problems or debits != credits:
        for problem in problems:
            console.print(f"[bold]WRONG[/bold] {problem}")
        return 1
    console.print(f"The ledger balances: debits {format_cents(debits)} = credits {format_cents(credits)}.")
    return 0


def _rehearse(arguments: argparse.Namespace) -> int:
    from app.services.rehearsal import rehearse
    from app.services.storyfile import stories_under

    passed = failed = 0
    chosen: list[Path] = []
    for path in arguments.files:
        found = stories_under(path) if path.is_dir() else [path]
        if path.is_dir() and not arguments.json:
            print(f"{len(found)} {'story' if len(found) == 1 else 'stories'} under {path}")
        # An empty folder is played as a story that cannot be: it fails, and says why.
        chosen += found or [path]
    for path in chosen:
        result = rehearse(path)
        passed, failed = passed + result.ok, failed + (not result.ok)
        if arguments.json:
            print(json.dumps(result.as_json(), ensure_ascii=False))
            continue
        where = f"  ({path})" if not result.ok and path not in (*arguments.files, Path(result.title)) else ""
        print(f"{'ok' if result.ok else 'FAILED'}  {result.title}{where}")
        for failure in result.failures:
            print(f"    event {failure.event}, {failure.key}: expected {failure.expected}, got {failure.got}")
    if not arguments.json:
        print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def _check(arguments: argparse.Namespace) -> int:
    from app.models import auditcheck, database
    from app.services.verification import verify_head, verify_office

    console = Console(stderr=True)
    with database.open_existing(arguments.office) as books:
        with _progress_bar(console, "Checking") if console.is_terminal else nullcontext(no_progress) as progress:
            problems = verify_office(books, progress)
        with books.read() as session:
            problems += [problem for printed in arguments.head for problem in verify_head(session, printed)]
            head = auditcheck.head(session)
    for problem in problems:
        print(problem)
    print(f"The audit trail ends with {head}.")
    print(f"{len(problems)} problem(s) found." if problems else f"{arguments.office}: every figure agrees with the ledger.")
    return 1 if problems else 0


def _import(arguments: argparse.Namespace) -> int:
    from app.models import database
    from app.services import customerfile, importing, importmembers

    on = arguments.on or _today()
    with database.open_existing(arguments.office) as books, books.read() as session:
        offered = importmembers.offered(session, on)
    found = customerfile.read_customer_file(arguments.file, on, offered)
    for note in found.notes:
        print(note)
    for problem in found.problems:
        print(f"line {problem.line}, {problem.column or 'row'}: {problem.reason}")
    if found.problems:
        if arguments.good_rows:
            customerfile.write_good_rows(arguments.file, arguments.good_rows, found)
            print(f"The {len(found.accounts)} good rows are in {arguments.good_rows}.")
        if arguments.bad_rows:
            customerfile.write_problem_report(arguments.file, arguments.bad_rows, found)
            print(f"The bad rows, each with its problem, are in {arguments.bad_rows}.")
        lines = len({problem.line for problem in found.problems})
        print(f"{lines} row(s) cannot be imported; nothing was imported.", file=sys.stderr)
        return 2
    console = Console(stderr=True)
    with database.open_existing(arguments.office) as books:
        desk = desk_for(books, arguments, on, max(on, _today()))
        with books.write() as session, _progress_bar(console, "Importing customers") as progress:
            result = importing.import_accounts(session, desk, found.accounts, progress=progress)
    print(
        f"{len(result.account_ids)} accounts imported: {result.open_items} open items of "
        f"{format_cents(result.receivable_cents)}, credits of {format_cents(result.credit_cents)}, "
        f"{format_cents(result.unearned_cents)} billed but not earned yet."
    )
    return 0


def _due(arguments: argparse.Namespace) -> int:
    from app.models import database
    from app.services.backup import back_up
    from app.services.desk import require_right
    from app.services.duetoday import do_everything_due
    from app.services.gateways.autopay import FolderGateway
    from app.services.gateways.mail import FolderMail
    from app.services.office import office_form
    from app.services.waiting import month_waits

    on = arguments.on or _today()
    folder: Path = arguments.office.parent
    console = Console(stderr=True)
    with database.open_existing(arguments.office) as books:
        desk = desk_for(books, arguments, on, max(on, _today()))
        with books.read() as session:
            form, bills = office_form(session), month_waits(session, on)
            if bills:
                require_right(session, desk, "run-billing")
        if bills:
            print(f"Backed up before the month is billed: {back_up(books, desk, 'month-end').path}.")
        mail = FolderMail(folder / "mail", form.name, form.email or "office@counterfoil.invalid", on)
        with _progress_bar(console, f"Everything due on {on}") as progress:
            done = do_everything_due(books, desk, FolderGateway(folder / "autopay", on), mail, progress)
    print(f"Billed: {done.billed.invoices} invoices, {format_cents(done.billed.cents)}.")
    for account_id, reason in done.billed.parked:
        print(f"  not billed, on the exceptions list: account id {account_id}: {reason}")
    if done.autopay is not None:
        print(
            f"Auto-pay: {done.autopay.approved} paid {format_cents(done.autopay.approved_cents)}, "
            f"{done.autopay.declined} declined."
        )
    if done.refunds is not None:
        print(f"Refunds: {len(done.refunds.refund_ids)} checks, {format_cents(done.refunds.total_cents)}.")
    print(f"Receipts: {done.closed.receipts.sent} sent, {done.closed.receipts.without_address} without an address.")
    for last_day, cents in done.closed.recognised:
        print(f"Revenue of {last_day:%B} {last_day.year}: {format_cents(cents)}.")
    print(f"{on} is closed.")
    return 0 if _backed_up_after_close(arguments.office, desk) else 1


def _office_of(arguments: argparse.Namespace) -> Path:
    """The office named, else the one that was open last on this PC."""
    if arguments.office is not None:
        return Path(arguments.office)
    from app.views.settings import Settings

    found = Settings().last_office
    if found is None:
        raise UserError("Name the office's file with --office; none was opened on this PC yet.")
    return found


def _size(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB"


def _backup(arguments: argparse.Namespace) -> int:
    from app.models import database
    from app.services.backup import back_up

    path, today = _office_of(arguments), _today()
    if arguments.to is not None and not arguments.to.is_dir():
        raise UserError(f"There is no folder {arguments.to}; make it or choose another one.")
    console = Console(stderr=True)
    with database.open_existing(path) as books:
        desk = desk_for(books, arguments, today, today)
        with _progress_bar(console, f"Backing up {path}") as progress:
            made = back_up(books, desk, "by-hand", arguments.to, progress=progress)
    print(f"{made.path} ({_size(made.size)}): {made.remark or 'opened and checked, every figure agrees.'}")
    if made.second == "copied":
        print("The second copy is in its place.")
    if made.has_second_problem:
        print(f"There is no second copy: {made.second}", file=sys.stderr)
    return 1 if made.has_second_problem else 0


def _backed_up_after_close(office: Path, desk: Desk) -> bool:
    """The backup that belongs to a day's close. A failed one does not undo the close, but is said."""
    from app.models import database
    from app.services.backup import back_up

    try:
        with database.open_existing(office) as books:
            made = back_up(books, desk, "day-close")
    except UserError as error:
        print(f"There is no new backup. {error.message}", file=sys.stderr)
        return False
    print(f"Backed up and checked: {made.path}.")
    if made.has_second_problem:
        print(f"There is no second copy: {made.second}", file=sys.stderr)
    return not made.has_second_problem


def _bench(arguments: argparse.Namespace) -> int:
    from bench.harness import run_bench

    jobs = None if arguments.only is None else tuple(arguments.only.split(","))
    return run_bench(arguments.accounts, jobs, as_json=arguments.json, samples=arguments.samples, folder=arguments.folder)


def _crash_test(arguments: argparse.Namespace) -> int:
    from crashes.report import run_crash_test

    jobs = None if arguments.job is None else tuple(arguments.job.split(","))
    return run_crash_test(arguments.points, arguments.cuts, jobs, arguments.seed)


def _screenshots(arguments: argparse.Namespace) -> int:
    from app.screenshots import take_screenshots

    made = take_screenshots(arguments.out)
    print(f"{len(made)} pictures in {arguments.out}.")
    return 0


def parser() -> argparse.ArgumentParser:
    """The words that `python -m app` understands."""
    main = argparse.ArgumentParser(
        prog="python -m app", description="Counterfoil: the back office of a subscription business."
    )
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="make the sample office and do its main job")
    demo.add_argument("--folder", type=Path, required=True, help="where the sample office goes")
    demo.add_argument("--customers", type=int, help="how many of the sample's customers (default: all)")
    demo.add_argument("--today", type=_day, help="the office's day (default: today)")
    demo.set_defaults(run=_demo)

    rehearse = commands.add_parser("rehearse", help="play stories and say which expectations hold")
    rehearse.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a story, or a folder: every .toml file under it, by name"
    )
    rehearse.add_argument("--json", action="store_true", help="print one JSON object a story")
    rehearse.set_defaults(run=_rehearse)

    check = commands.add_parser(
        "check",
        help="verify every stored figure against the ledger, and the audit trail",
        description="Reads and changes nothing, so nobody signs in for it: whoever can read the office's file can read it "
        "with any program for databases. Keep the file where only those read it who may.",
    )
    check.add_argument("--office", type=Path, required=True, help="the office's file")
    check.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="N:HASH",
        help="an end of the audit trail as a day-close report prints it: is it still in the file?",
    )
    check.set_defaults(run=_check)

    take_over = commands.add_parser("import", help="take over a customer list (CSV)")
    take_over.add_argument("file", type=Path, metavar="FILE")
    take_over.add_argument("--office", type=Path, required=True, help="the office's file")
    take_over.add_argument("--on", type=_day, help="the cut-over day (default: today)")
    take_over.add_argument("--good-rows", type=Path, help="where to write the good rows when some are bad")
    take_over.add_argument("--bad-rows", type=Path, help="where to write the bad rows with their problems")
    add_words(take_over)
    take_over.set_defaults(run=_import)

    due = commands.add_parser("due", help="do everything that is due on a business date, and close it")
    due.add_argument("--office", type=Path, required=True, help="the office's file")
    due.add_argument("--on", type=_day, help="the business date (default: today)")
    add_words(due)
    due.set_defaults(run=_due)

    backup = commands.add_parser("backup", help="back the office up, and check the copy")
    backup.add_argument("--office", type=Path, help="the office's file (default: the one opened last on this PC)")
    backup.add_argument("--to", type=Path, help="the folder for the backup (default: as the office has chosen)")
    add_words(backup)
    backup.set_defaults(run=_backup)

    restore = commands.add_parser("restore", help="make an office from a backup")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--to", help="the restored office's file (default: beside the backups), or a server's address")
    restore.add_argument("--replace", action="store_true", help="replace the office in that file, after a copy of it")
    restore.add_argument(
        "--confirm", metavar="OFFICE", help="the office's name, to replace one that cannot be opened (else it is asked)"
    )
    add_words(restore)
    restore.set_defaults(run=lambda arguments: restore_office(arguments, _today(), _progress_bar))

    shots = commands.add_parser("screenshots", help="make pictures of every page and dialog on the sample office")
    shots.add_argument("--out", type=Path, required=True, help="the folder for the pictures")
    shots.set_defaults(run=_screenshots)

    bench = commands.add_parser("bench", help="measure the speed against floors on this machine")
    bench.add_argument("--accounts", type=int, default=10_000)
    bench.add_argument("--json", action="store_true")
    bench.add_argument("--only", help="job names, separated by commas")
    bench.add_argument("--samples", type=int, default=3, help="how often each side is measured")
    bench.add_argument("--folder", type=Path, default=Path("bench-data"), help="where office files are kept")
    bench.set_defaults(run=_bench)

    add_commands(commands, _progress_bar)

    crash = commands.add_parser("crash-test", help="kill the program and cut its power at many instants (Linux)")
    crash.add_argument("--points", type=int, default=50, help="kills of each job (default: 50)")
    crash.add_argument("--cuts", type=int, default=50, help="instants of each job at which the power fails (default: 50)")
    crash.add_argument("--job", help="job names, separated by commas (default: all)")
    crash.add_argument("--seed", type=int, default=1, help="other instants with another number")
    crash.set_defaults(run=_crash_test)
    return main


def run(words: list[str] | None = None) -> int:
    """Run one command; returns the exit code. A UserError is one sentence on the error stream."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    arguments = parser().parse_args(words)
    try:
        return int(arguments.run(arguments))
    except UserError as error:
        print(error.message, file=sys.stderr)
        return 2
