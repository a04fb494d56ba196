"""`python -m app check`: every stored figure against the ledger, and the file itself; names the row at fault."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.errors import OfficeFileError
from app.models import auditcheck, auditlayout, fileguards, searchindex, serverroles, triggers
from app.models.bulk import Progress, fetch, fetch_tuples, no_progress, on_server
from app.models.database import Database, in_memory
from app.money import format_cents
from app.services import backupends
from app.services.accountnumbers import is_account_number
from app.services.books import taken_back
from app.services.feedates import PAID_ON
from app.services.ledger import Gl

AT_MOST_SHOWN = 20

_APPLIED = "SELECT {0}, sum(cents) AS cents FROM allocation WHERE {0} IS NOT NULL GROUP BY {0}"
# A line whose invoice was neither taken back with its run nor takes one back.
_STANDS = (
    "NOT EXISTS (SELECT 1 FROM invoice_reversal v WHERE v.invoice_id = {0}.invoice_id OR v.by_invoice_id = {0}.invoice_id)"
)

# Each query gives rows at fault: (what, id, stored cents, cents by the ledger).
_CHECKS = {
    "account balance and its receivable postings": f"""
        SELECT 'account', a.id, a.balance_cents, coalesce(p.cents, 0) FROM account a LEFT JOIN (
          SELECT account_id, sum(CASE WHEN debit = {int(Gl.RECEIVABLE)} THEN cents ELSE 0 END
            - CASE WHEN credit = {int(Gl.RECEIVABLE)} THEN cents ELSE 0 END) AS cents
          FROM posting WHERE account_id IS NOT NULL GROUP BY account_id) p ON p.account_id = a.id
        WHERE a.balance_cents <> coalesce(p.cents, 0)""",
    "receivable posting without an account": f"""
        SELECT 'entry', entry_id, cents, 0 FROM posting
        WHERE account_id IS NULL AND (debit = {int(Gl.RECEIVABLE)} OR credit = {int(Gl.RECEIVABLE)})""",
    "invoice total and its lines": """
        SELECT 'invoice', i.id, i.total_cents, coalesce(l.cents, 0) FROM invoice i LEFT JOIN (
          SELECT invoice_id, sum(cents) AS cents FROM line GROUP BY invoice_id) l ON l.invoice_id = i.id
        WHERE i.total_cents <> coalesce(l.cents, 0)""",
    "invoice total and its postings": f"""
        SELECT 'invoice', i.id, i.total_cents, coalesce(sum(CASE WHEN p.debit = {int(Gl.RECEIVABLE)} THEN p.cents
          WHEN p.credit = {int(Gl.RECEIVABLE)} THEN -p.cents END), 0) FROM invoice i LEFT JOIN posting p
          ON p.entry_id = i.entry_id AND p.account_id = i.account_id GROUP BY i.id
        HAVING i.total_cents <> coalesce(sum(CASE WHEN p.debit = {int(Gl.RECEIVABLE)} THEN p.cents
          WHEN p.credit = {int(Gl.RECEIVABLE)} THEN -p.cents END), 0)""",
    "invoice open amount and what was applied": f"""
        SELECT 'invoice', i.id, i.open_cents, max(i.total_cents, 0) - coalesce(a.cents, 0) FROM invoice i
        LEFT JOIN ({_APPLIED.format("invoice_id")}) a ON a.invoice_id = i.id
        WHERE i.open_cents <> max(i.total_cents, 0) - coalesce(a.cents, 0)""",
    "credit left and what was applied": f"""
        SELECT 'credit', c.id, c.remaining_cents,
          c.cents - coalesce(a.cents, 0) - CASE WHEN r.payment_id IS NULL THEN 0 ELSE c.cents END
        FROM credit c LEFT JOIN ({_APPLIED.format("credit_id")}) a ON a.credit_id = c.id
        LEFT JOIN payment_reversal r ON r.payment_id = c.id
        WHERE c.remaining_cents <> c.cents - coalesce(a.cents, 0)
          - CASE WHEN r.payment_id IS NULL THEN 0 ELSE c.cents END""",
    "refund open part and what was applied": f"""
        SELECT 'refund', f.id, f.open_cents, CASE WHEN v.refund_id IS NULL THEN f.cents - coalesce(a.cents, 0) ELSE 0 END
        FROM refund f LEFT JOIN ({_APPLIED.format("refund_id")}) a ON a.refund_id = f.id
        LEFT JOIN refund_void v ON v.refund_id = f.id
        WHERE f.open_cents <> CASE WHEN v.refund_id IS NULL THEN f.cents - coalesce(a.cents, 0) ELSE 0 END""",
    "account balance and its open items": """
        SELECT 'account', a.id, a.balance_cents, coalesce(i.cents, 0) + coalesce(f.cents, 0) - coalesce(c.cents, 0)
        FROM account a
        LEFT JOIN (SELECT account_id, sum(open_cents) AS cents FROM invoice WHERE open_cents > 0 GROUP BY account_id) i
          ON i.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(open_cents) AS cents FROM refund WHERE open_cents > 0 GROUP BY account_id) f
          ON f.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(remaining_cents) AS cents FROM credit WHERE remaining_cents > 0
          GROUP BY account_id) c ON c.account_id = a.id
        WHERE a.balance_cents <> coalesce(i.cents, 0) + coalesce(f.cents, 0) - coalesce(c.cents, 0)""",
    "credit left while something is owed": """
        SELECT 'account', c.account_id, sum(c.remaining_cents), 0 FROM credit c WHERE c.remaining_cents > 0
          AND (EXISTS (SELECT 1 FROM invoice i WHERE i.account_id = c.account_id AND i.open_cents > 0)
            OR EXISTS (SELECT 1 FROM refund f WHERE f.account_id = c.account_id AND f.open_cents > 0))
        GROUP BY c.account_id""",
    "payment and its credit": """
        SELECT 'payment', p.id, p.cents, c.cents FROM payment p JOIN credit c ON c.id = p.id
        WHERE p.cents <> c.cents OR p.account_id <> c.account_id OR p.business_date <> c.business_date""",
    "service settled before its last billed day": """
        SELECT 'service', s.id, 0, 0 FROM service s JOIN (
          SELECT service_id, max(period_to) AS billed FROM line WHERE kind = 'recurring'
            AND invoice_id NOT IN (SELECT invoice_id FROM invoice_reversal)
            AND invoice_id NOT IN (SELECT by_invoice_id FROM invoice_reversal)
          GROUP BY service_id) l
          ON l.service_id = s.id
        WHERE s.last_day IS NULL AND (s.billed_through IS NULL OR s.billed_through < l.billed)""",
    "checks in the drawer and undeposited funds": f"""
        SELECT 'undeposited funds', 0, d.stored, d.drawer FROM (SELECT
          (SELECT coalesce(sum(CASE WHEN debit = {int(Gl.UNDEPOSITED_FUNDS)} THEN cents ELSE -cents END), 0) FROM posting
             WHERE debit = {int(Gl.UNDEPOSITED_FUNDS)} OR credit = {int(Gl.UNDEPOSITED_FUNDS)}) AS stored,
          (SELECT coalesce(sum(cents), 0) FROM mail_check WHERE deposit_id IS NULL AND state = 'held')
          + (SELECT coalesce(sum(p.cents), 0) FROM payment p JOIN mail_check m ON m.id = p.mail_check_id
             LEFT JOIN payment_reversal r ON r.payment_id = p.id
             WHERE m.deposit_id IS NULL AND r.payment_id IS NULL AND p.kind = 'check') AS drawer) d
        WHERE d.stored <> d.drawer""",
    "deposit and its checks": """
        SELECT 'deposit', d.id, d.cents, coalesce(sum(listed.cents), 0) FROM deposit d LEFT JOIN (
          SELECT deposit_id, deposited_cents AS cents FROM mail_check WHERE deposit_id IS NOT NULL
          UNION ALL SELECT deposit_id, cents FROM deposit_removal) listed ON listed.deposit_id = d.id
        GROUP BY d.id HAVING d.cents <> coalesce(sum(listed.cents), 0) OR d.count <> count(listed.cents)""",
    "check taken out of a deposit and its posting": f"""
        SELECT 'check taken out by entry', x.entry_id, x.cents, coalesce(sum(CASE WHEN p.credit = {int(Gl.BANK)}
          THEN p.cents END), 0) FROM deposit_removal x LEFT JOIN posting p ON p.entry_id = x.entry_id
        GROUP BY x.id HAVING x.cents <> coalesce(sum(CASE WHEN p.credit = {int(Gl.BANK)} THEN p.cents END), 0)""",
    "deposit and its posting": """
        SELECT 'deposit', d.id, d.cents, coalesce(sum(p.cents), 0) FROM deposit d
        LEFT JOIN posting p ON p.entry_id = d.entry_id GROUP BY d.id HAVING d.cents <> coalesce(sum(p.cents), 0)""",
    "recognised month and its posting": f"""
        SELECT 'month recognised by entry', r.entry_id, r.cents, coalesce(p.cents, 0) FROM recognition r
        LEFT JOIN (SELECT entry_id, sum(CASE WHEN credit = {int(Gl.SERVICE_REVENUE)} THEN cents ELSE -cents END) AS cents
          FROM posting GROUP BY entry_id) p ON p.entry_id = r.entry_id WHERE r.cents <> coalesce(p.cents, 0)""",
    "next check number and numbers that are spent": """
        SELECT 'check stock', s.id, s.next_number, max(c.number) + 1 FROM check_stock s
        JOIN issued_check c ON c.stock_id = s.id GROUP BY s.id HAVING s.next_number <= max(c.number)""",
    "service price and the last one recorded": """
        SELECT 'service', s.id, s.monthly_cents, p.monthly_cents FROM service s
        JOIN (SELECT service_id, max(id) AS id FROM service_price GROUP BY service_id) newest ON newest.service_id = s.id
        JOIN service_price p ON p.id = newest.id WHERE s.monthly_cents <> p.monthly_cents""",
    "unclaimed refunds and stale checks": f"""
        SELECT 'unclaimed refunds', 0, d.stored, d.checks FROM (SELECT
          (SELECT coalesce(sum(CASE WHEN credit = {int(Gl.UNCLAIMED_REFUNDS)} THEN cents ELSE -cents END), 0) FROM posting
             WHERE debit = {int(Gl.UNCLAIMED_REFUNDS)} OR credit = {int(Gl.UNCLAIMED_REFUNDS)}) AS stored,
          (SELECT coalesce(sum(f.cents), 0) FROM refund f WHERE (SELECT c.state FROM issued_check c
             WHERE c.refund_id = f.id ORDER BY c.action_id DESC, c.number DESC LIMIT 1) = 'stale') AS checks) d
        WHERE d.stored <> d.checks""",
    "refund with two checks out": """
        SELECT 'refund', f.id, f.cents * count(*), f.cents FROM issued_check c JOIN refund f ON f.id = c.refund_id
        WHERE c.state = 'issued' GROUP BY f.id HAVING count(*) > 1""",
    "void refund with a check out": """
        SELECT 'refund', f.id, f.cents, 0 FROM refund_void v JOIN refund f ON f.id = v.refund_id
        JOIN issued_check c ON c.refund_id = f.id AND c.state = 'issued'""",
    "refund and its posting": """
        SELECT 'refund', f.id, f.cents, p.cents FROM refund f JOIN posting p ON p.entry_id = f.entry_id
        WHERE p.account_id IS NOT f.account_id OR p.cents <> f.cents""",
    "application on another account than its credit": """
        SELECT 'allocation', a.id, a.cents, 0 FROM allocation a JOIN credit c ON c.id = a.credit_id
        LEFT JOIN invoice i ON i.id = a.invoice_id LEFT JOIN refund f ON f.id = a.refund_id
        WHERE a.account_id <> c.account_id OR a.account_id <> coalesce(i.account_id, f.account_id)""",
    "invoice dated on another day than its entry": """
        SELECT 'invoice', i.id, i.total_cents, 0 FROM invoice i JOIN entry e ON e.id = i.entry_id
        WHERE i.issued_on <> e.business_date AND i.what <> 'opening'""",
    "run and what it billed": """
        SELECT 'run', r.id, r.cents, coalesce(i.cents, 0) FROM run r LEFT JOIN (
          SELECT run_id, sum(total_cents) AS cents FROM invoice WHERE run_id IS NOT NULL GROUP BY run_id) i
          ON i.run_id = r.id
        WHERE r.what = 'billing' AND r.state IN ('done', 'reversed') AND r.cents <> coalesce(i.cents, 0)""",
    "invoice taken back and what took it back": """
        SELECT 'invoice', i.id, i.total_cents, -b.total_cents FROM invoice_reversal r JOIN invoice i ON i.id = r.invoice_id
        JOIN invoice b ON b.id = r.by_invoice_id
        WHERE i.total_cents <> -b.total_cents OR i.open_cents <> 0 OR i.account_id <> b.account_id""",
    "account closed and its last day": """
        SELECT 'account', id, 0, 0 FROM account WHERE (status = 'closed') <> (closed_on IS NOT NULL)""",
    "payment that waits for a receipt it has": """
        SELECT 'payment', p.id, p.cents, 0 FROM payment p JOIN receipt r ON r.payment_id = p.id WHERE p.receipt_due = 1""",
    "member's fee date and the processing fee paid": f"""
        SELECT 'member', m.account_id, coalesce(i.open_cents, 0), 0 FROM membership m JOIN account a ON a.id = m.account_id
        LEFT JOIN invoice i ON i.id = m.processing_invoice_id
        WHERE CASE WHEN a.status = 'closed' THEN m.next_fee_on IS NOT NULL
          WHEN m.monthly_fee_charged = 1 THEN m.next_fee_on IS NULL
          WHEN i.open_cents = 0 THEN m.next_fee_on IS NULL
            OR (i.total_cents > 0 AND m.processing_paid_on IS NOT ({PAID_ON.replace("?", "i.id")}))
          ELSE m.next_fee_on IS NOT NULL OR m.processing_paid_on IS NOT NULL END
          OR m.next_fee_on <= m.period_from""",
    "member's fees charged and their lines": f"""
        SELECT 'member', m.account_id, 0, 0 FROM membership m
        LEFT JOIN line p ON p.account_id = m.account_id AND p.kind = 'processing-fee' AND {_STANDS.format("p")}
        WHERE p.invoice_id IS NOT m.processing_invoice_id OR (m.monthly_fee_charged = 1) <> EXISTS (SELECT 1 FROM line l
          WHERE l.account_id = m.account_id AND l.kind = 'monthly-fee' AND {_STANDS.format("l")})""",
    "member's fee that covers days billed before": f"""
        SELECT 'invoice', l.invoice_id, l.cents, 0 FROM line l JOIN line o ON o.account_id = l.account_id
          AND o.kind IN ('monthly-fee', 'final-fee') AND o.invoice_id <> l.invoice_id
          AND o.period_from <= l.period_to AND o.period_to >= l.period_from AND {_STANDS.format("o")}
        WHERE l.kind IN ('monthly-fee', 'final-fee') AND {_STANDS.format("l")}""",
    "failed attempt on another account than its invoice": """
        SELECT 'invoice', f.invoice_id, 0, 0 FROM failed_attempt f JOIN invoice i ON i.id = f.invoice_id
        WHERE i.account_id <> f.account_id""",
    "unbilled revenue of a month and its postings": f"""
        SELECT 'month ended by entry', u.entry_id, u.cents, coalesce(p.cents, 0) FROM unbilled_revenue u
        JOIN (SELECT entry_id, sum(CASE WHEN debit = {int(Gl.UNBILLED_RECEIVABLE)} THEN cents ELSE -cents END) AS cents
          FROM posting WHERE debit = {int(Gl.UNBILLED_RECEIVABLE)} OR credit = {int(Gl.UNBILLED_RECEIVABLE)}
          GROUP BY entry_id) p ON p.entry_id IN (u.entry_id, u.reversal_entry_id)
        WHERE p.cents <> CASE p.entry_id WHEN u.entry_id THEN u.cents ELSE -u.cents END""",
    "deferred revenue and what is not recognised yet": """
        SELECT 'deferred revenue', 0, d.stored, d.lines FROM (SELECT
          (SELECT coalesce(sum(CASE WHEN credit = 2100 THEN cents WHEN debit = 2100 THEN -cents END), 0)
             FROM posting WHERE credit = 2100 OR debit = 2100) AS stored,
          (SELECT coalesce(sum(cents), 0) FROM line WHERE recognise_on > (SELECT coalesce(max(month_end), '0001-01-01')
             FROM recognition))
          + (SELECT coalesce(sum(cents), 0) FROM opening_deferral WHERE recognise_on >
             (SELECT coalesce(max(month_end), '0001-01-01') FROM recognition))
          - (SELECT coalesce(sum(cents), 0) FROM deferral_release WHERE recognise_on >
             (SELECT coalesce(max(month_end), '0001-01-01') FROM recognition)) AS lines) d
        WHERE d.stored <> d.lines""",
}


def verify_books(session: Session, progress: Progress = no_progress) -> list[str]:
    """What does not agree, each in a sentence that names the row; empty when the books are right."""
    return auditcheck.whatever_stands_there(session, lambda: _verify_books(session, progress))


def _verify_books(session: Session, progress: Progress) -> list[str]:
    found = _lost_parts(session)
    if found:
        return found  # nothing can be asked of what is not there
    for done, (title, query) in enumerate(_CHECKS.items()):
        progress(done, len(_CHECKS))
        for what, row_id, stored, expected in fetch(session, query)[:AT_MOST_SHOWN]:
            found.append(f"{title}: {what} {row_id} has {_said(stored)}, expected {_said(expected)}")
    found += [
        f"account number: account {i} has {number}, whose check digit is wrong"
        for i, number in fetch_tuples(session, "SELECT id, number FROM account")
        if not is_account_number(number)
    ][:AT_MOST_SHOWN]
    return found


# What a file's search is made from, and no table of the metadata.
_SEARCH_TABLES = {"check_payer": ("id", "name"), "search_letter": ("letter", "plain")}


def _lost_parts(session: Session) -> list[str]:
    """Tables and columns that every office has and this one lacks, each in a sentence."""
    from app.models.tables import Base  # the classes take long to make, and only a check needs them

    connection = session.connection()
    looked, there = inspect(connection), auditlayout.read_layouts(connection)
    present: dict[str, Sequence[str]] = {table: layout.columns for table, layout in there.items()}
    wanted: dict[str, Sequence[str]] = {name: table.columns.keys() for name, table in Base.metadata.tables.items()}
    wanted |= _SEARCH_TABLES if not on_server(session) else {"check_payer": _SEARCH_TABLES["check_payer"]}
    others = {name for name in wanted if not auditlayout.is_audited(name)}.intersection(looked.get_table_names())
    present |= {name: [column["name"] for column in looked.get_columns(name)] for name in others}
    found = [f"{table}: the table is missing" for table in sorted({*wanted} - {*present})]
    return found + [
        f"{table}: the column {column} is missing"
        for table in sorted({*wanted} & {*present})
        for column in wanted[table]
        if column not in present[table]
    ]


def _said(cents: object) -> str:
    """An amount; whatever else somebody wrote where one was, as it is."""
    return format_cents(cents) if isinstance(cents, int) else repr(cents)


def verify_trail(session: Session, progress: Progress = no_progress) -> list[str]:
    """What was done to the file past the program: rows edited, added, taken away or moved, guards taken away."""
    found = auditcheck.verify_chain(session, progress) + triggers.faults(session.connection())
    return found + (serverroles.faults(session.connection()) if on_server(session) else _file_faults(session))


def _file_faults(session: Session) -> list[str]:
    with in_memory() as fresh, fresh.read() as other:
        return fileguards.faults(session.connection(), other.connection())


def trail_remark(problems: list[str]) -> str:
    """What is said of a good backup of an office whose rows somebody changed by hand; empty when nobody did.

    Such a backup counts: it is the office as it is, and refusing it would leave none.
    """
    if not problems:
        return ""
    return (
        f"Every figure agrees, but by the audit trail {len(problems):,} row(s) were changed past the program, the first: "
        f"{problems[0]}. Look at the page Audit, Verify now."
    )


def verify_search(session: Session) -> list[str]:
    """Where the search index differs from the rows. Needs a session that may write; writes nothing."""
    return searchindex.faults(session.connection())


def verify_head(session: Session, printed: str) -> list[str]:
    """Whether the audit trail still holds an end that was printed: else it was cut off after it, and begun again."""
    if auditcheck.holds_head(session, printed):
        return []
    return [f"audit: the end of the trail that was printed as {printed} is not in this file: a part was cut off or replaced"]


def verify_office(books: Database, progress: Progress = no_progress) -> list[str]:
    """All of it: the file, every stored figure, the audit trail and what backups keep of its end, the search index.

    `progress` is told (done, 100); what it raises, such as Cancelled, ends the check, which has changed nothing.
    """
    progress(0, 100)
    with books.read() as session:
        problems = verify_file(session)
        lost = _lost_parts(session)
        if any(problem.startswith("audit") for problem in lost):
            return problems + lost  # nothing tells what stood in the others
        problems += verify_books(session, _share(progress, 10, 45))
        problems += verify_trail(session, _share(progress, 45, 90))
    progress(90, 100)
    if lost:
        return list(dict.fromkeys(problems))  # the search is made from what is not there
    problems += backupends.faults(books)
    try:
        return problems + taken_back(books, verify_search)
    except OfficeFileError as error:
        # What was found so far says why; without it, this does.
        return problems or [f"search: {error.message}"]


def _share(progress: Progress, first: int, last: int) -> Progress:
    """The progress of a part, as hundredths of the whole from `first` to `last`."""

    def told(done: int, of: int) -> None:
        progress(first + (last - first) * done // max(of, 1), 100)

    return told


def verify_file(session: Session) -> list[str]:
    """What the database engine itself finds wrong with the file and its references."""
    if on_server(session):
        # A server keeps its pages and references itself; a check that was never made or an index begun is what can be.
        unchecked = fetch(session, "SELECT conname FROM pg_constraint WHERE NOT convalidated")
        unfinished = fetch(
            session, "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid"
        )
        return [f"server: {row[0]} is not in force" for row in (*unchecked, *unfinished)]
    found = [f"file: {row[0]}" for row in fetch(session, "PRAGMA integrity_check") if row[0] != "ok"]
    found += [
        f"reference: {row[0]} row {row[1]} names a missing {row[2]}"
        for row in fetch(session, "PRAGMA foreign_key_check")[:AT_MOST_SHOWN]
    ]
    return found
