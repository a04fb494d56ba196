"""One sample of one side of a job, in a fresh process: `python -m bench.sample JOB SIDE FOLDER ACCOUNTS`."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from app.periods import add_months
from bench import offices, rows, start

REFUNDS = 5_000
PAGES = 500
POSTS = 300
PROCESSES = 2


class Data:
    """The files of a bench folder for one size."""

    def __init__(self, folder: Path, accounts: int) -> None:
        self.accounts = accounts
        self.folder = folder
        self.office = folder / "office.db"
        self.billed = folder / "billed.db"
        self.work = folder / "work.db"
        self.refunds = folder / "refunds.db"
        self.aging = folder / "aging.db"
        self.search = folder / "search.db"
        self.started = folder / "started.db"
        self.billing_rows = folder / "billing.rows"
        self.posting_rows = folder / "posting.rows"
        self.page_queries = folder / "pages.rows"

    def fresh_work(self, source: Path) -> Path:
        """A new copy of an office to write to."""
        for stale in self.folder.glob("work.db*"):
            stale.unlink()
        shutil.copy(source, self.work)
        return self.work

    def scratch(self) -> Path:
        """An empty folder for paper."""
        folder = self.folder / "paper"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder


Sample = dict[str, Any]


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def billing_product(data: Data) -> Sample:
    """The real run, durable, on the eight-month file."""
    from app.services import billing

    path = data.fresh_work(data.office)
    desk = offices.desk(offices.next_cycle())

    def run() -> None:
        with offices.open_office(path) as books:
            billing.run_billing(books, desk)

    return {"seconds": _timed(run)}


def billing_floor(data: Data) -> Sample:
    """executemany of exactly the run's finished rows."""
    finished = rows.load(data.billing_rows)
    path = data.fresh_work(data.office)

    def write() -> None:
        with closing(rows.floor_connection(path)) as connection:
            rows.write(connection, finished)

    return {"seconds": _timed(write)}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def preview_product(data: Data) -> Sample:
    """The dry run; the file must be the same afterwards."""
    from app.services import billing

    before = _digest(data.office)
    with offices.open_office(data.office) as books:
        seconds = _timed(lambda: billing.preview(books, offices.desk(offices.next_cycle())))
    if _digest(data.office) != before:
        raise RuntimeError("the preview wrote to the office")
    return {"seconds": seconds}


def _statements(data: Data) -> tuple[Any, list[int]]:
    from app.services import statements

    with offices.open_office(data.billed) as books, books.read() as session:
        run = statements.statement_run(session, statements.latest_billing_run(session))
        return run, statements.statement_account_ids(session, run)


def _statement_contents(data: Data) -> tuple[Any, list[Any]]:
    from app.services import statements

    run, ids = _statements(data)
    with offices.open_office(data.billed) as books, books.read() as session:
        return statements.paper_office(session), list(statements.contents(session, run, ids))


def statements_product(data: Data) -> Sample:
    """Statements read from the database into print-ready files, two spawned processes."""
    from app.services.printing import print_statements

    run, ids = _statements(data)
    folder = data.scratch()
    seconds = _timed(lambda: print_statements(data.billed, run, ids, folder / "statements.pdf", processes=PROCESSES))
    return {"seconds": seconds, "bytes": sum(path.stat().st_size for path in folder.iterdir())}


def statements_floor(data: Data) -> Sample:
    """The same statements by a plain Canvas, read beforehand."""
    from bench.floor_statements import draw_statements

    office, contents = _statement_contents(data)
    folder = data.scratch()
    return {"seconds": _timed(lambda: draw_statements(office, contents, folder))}


def statement_files_product(data: Data) -> Sample:
    """One PDF an account, two spawned processes."""
    from app.services.printing import write_statement_files

    run, ids = _statements(data)
    folder = data.scratch()
    return {"seconds": _timed(lambda: write_statement_files(data.billed, run, ids, folder, processes=PROCESSES))}


def statement_files_floor(data: Data) -> Sample:
    """The same files by a plain Canvas."""
    from bench.floor_statements import draw_statement_files

    office, contents = _statement_contents(data)
    folder = data.scratch()
    return {"seconds": _timed(lambda: draw_statement_files(office, contents, folder))}


def _refund_ids(data: Data) -> list[int]:
    with offices.open_office(data.refunds) as books, books.read() as session:
        from app.models.bulk import fetch

        return [row[0] for row in fetch(session, "SELECT id FROM refund ORDER BY id")]


def refund_checks_product(data: Data) -> Sample:
    """Refund checks on voucher stock, read from the database."""
    from app.services.refundpaper import print_refund_checks

    ids = _refund_ids(data)
    folder = data.scratch()

    def draw() -> None:
        with offices.open_office(data.refunds) as books, books.read() as session:
            print_refund_checks(session, ids, folder / "checks.pdf")

    return {"seconds": _timed(draw)}


def refund_checks_floor(data: Data) -> Sample:
    """The same checks by a plain Canvas."""
    from app.services import refundpaper, statements
    from bench.floor_checks import draw_checks

    with offices.open_office(data.refunds) as books, books.read() as session:
        contents = list(refundpaper.refund_checks(session, _refund_ids(data)))
        office = statements.paper_office(session)
    folder = data.scratch()
    return {"seconds": _timed(lambda: draw_checks(office, contents, folder / "checks.pdf"))}


def search_product(data: Data) -> Sample:
    """A thousand typed prefixes and fragments."""
    from bench import search

    latencies = search.run_product(data.search, search.queries(1000))
    return {"seconds": sum(latencies), "latencies": latencies}


def search_floor(data: Data) -> Sample:
    """LIKE over the same columns."""
    from bench import search

    latencies = search.run_floor(data.search, search.queries(1000))
    return {"seconds": sum(latencies), "latencies": latencies}


def _page_ids(data: Data) -> list[int]:
    step = max(data.accounts // PAGES, 1)
    return list(range(1, data.accounts + 1, step))[:PAGES]


def open_account_product(data: Data) -> Sample:
    """Everything the account page first shows."""
    from app.services.status import account_page

    latencies = []
    with offices.open_office(data.billed) as books:
        for account_id in _page_ids(data):
            start = time.perf_counter()
            with books.read() as session:
                account_page(session, account_id, offices.next_cycle())
            latencies.append(time.perf_counter() - start)
    return {"seconds": sum(latencies), "latencies": latencies}


def open_account_floor(data: Data) -> Sample:
    """The page's raw queries."""
    pages = rows.load(data.page_queries)["pages"]
    latencies = []
    with closing(rows.floor_connection(data.billed)) as connection:
        for queries in pages:
            start = time.perf_counter()
            connection.execute("BEGIN")
            for sql, parameters in queries:
                connection.execute(sql, parameters).fetchall()
            connection.execute("ROLLBACK")
            latencies.append(time.perf_counter() - start)
    return {"seconds": sum(latencies), "latencies": latencies}


def post_checks(path: Path, data: Data, count: int = POSTS) -> list[float]:
    """Post a check for each of some accounts; seconds from Enter to committed."""
    from app.services.checks import CheckForm, post_check

    desk = offices.desk(offices.next_cycle())
    step = max(data.accounts // count, 1)
    latencies = []
    with offices.open_office(path) as books:
        for n in range(count):
            form = CheckForm(n * step % data.accounts + 1, 9990 + n, f"{4000 + n}", payer=f"Payer {n}", token=f"post-{n}")
            start = time.perf_counter()
            with books.write() as session:
                post_check(session, desk, form)
            latencies.append(time.perf_counter() - start)
    return latencies


def post_check_product(data: Data) -> Sample:
    """Enter pressed to committed."""
    latencies = post_checks(data.fresh_work(data.billed), data)
    return {"seconds": sum(latencies), "latencies": latencies}


def post_check_floor(data: Data) -> Sample:
    """The same rows, one commit a check."""
    posts = rows.load(data.posting_rows)["posts"]
    path = data.fresh_work(data.billed)
    latencies = []
    with closing(rows.floor_connection(path)) as connection:
        for post in posts:
            start = time.perf_counter()
            rows.write(connection, post)
            latencies.append(time.perf_counter() - start)
    return {"seconds": sum(latencies), "latencies": latencies}


def aging_product(data: Data) -> Sample:
    """Aging of today, and as of a past date."""
    from app.services import aging

    today = add_months(offices.FIRST_MONTH, 30)
    past = add_months(offices.FIRST_MONTH, 24)
    with offices.open_office(data.aging) as books, books.read() as session:
        now = _timed(lambda: aging.aging(session, today))
        as_of = _timed(lambda: aging.aging(session, past, as_of=True))
    return {"seconds": now, "as_of_seconds": as_of}


def aging_floor(data: Data) -> Sample:
    """The sum of all postings, by reading every one."""
    with closing(sqlite3.connect(data.aging)) as connection:
        query = "SELECT sum(cents) FROM posting NOT INDEXED"
        return {"seconds": _timed(lambda: connection.execute(query).fetchall())}


def start_product(data: Data) -> Sample:
    """The program started on the office, from its process to a usable window."""
    return start.measure("product", data.started, offices.last_month_end())


def start_floor(data: Data) -> Sample:
    """A bare window, then SQLAlchemy's import and one query."""
    return start.measure("floor", data.started, offices.last_month_end())


def _on_a_server(side: str, data: Data) -> Sample:
    from bench import server

    sample: Sample = getattr(server, side)(data)
    return sample


SIDES: dict[tuple[str, str], Callable[[Data], Sample]] = {
    ("billing", "product"): billing_product,
    ("billing", "floor"): billing_floor,
    ("billing-pg", "product"): lambda data: _on_a_server("billing_product", data),
    ("billing-pg", "floor"): lambda data: _on_a_server("billing_floor", data),
    ("preview", "product"): preview_product,
    ("preview", "floor"): billing_product,
    ("statements", "product"): statements_product,
    ("statements", "floor"): statements_floor,
    ("statement-files", "product"): statement_files_product,
    ("statement-files", "floor"): statement_files_floor,
    ("refund-checks", "product"): refund_checks_product,
    ("refund-checks", "floor"): refund_checks_floor,
    ("search", "product"): search_product,
    ("search", "floor"): search_floor,
    ("open-account", "product"): open_account_product,
    ("open-account", "floor"): open_account_floor,
    ("post-check", "product"): post_check_product,
    ("post-check", "floor"): post_check_floor,
    ("aging", "product"): aging_product,
    ("aging", "floor"): aging_floor,
    ("start", "product"): start_product,
    ("start", "floor"): start_floor,
}


def peak_rss_mb() -> int | None:
    """Peak memory of this process and its children; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    own = 0
    status = Path("/proc/self/status")
    if status.exists():  # unlike ru_maxrss this starts anew with the program
        own = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    else:
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (own + (PROCESSES * child if child > 20_000 else 0)) // 1024


def main(words: list[str]) -> None:
    """Measure and print one JSON object."""
    job, side, folder, accounts = words
    sample = SIDES[job, side](Data(Path(folder), int(accounts)))
    sample.setdefault("peak_rss_mb", peak_rss_mb())
    print(json.dumps(sample))


if __name__ == "__main__":
    main(sys.argv[1:])
