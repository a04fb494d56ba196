"""What taking back a billing run would do, and what keeps it from being done (BOTH-3)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import fetch_named, fetch_one, fetch_tuples, fetch_value, parse_day
from app.services.desk import Desk, require_role
from app.services.dishonored import COUNTS

BLOCKERS_SHOWN = 50

# What is taken back of a run (`i`): cycle invoices and members' fees, but not those of a membership that the run itself
# ended, because its day had come.
TAKEN_BACK = (
    "(i.what = 'cycle' OR (i.what IN ('processing-fee', 'monthly-fee') AND NOT EXISTS (SELECT 1 FROM scheduled_change h "
    "JOIN run u ON u.id = i.run_id WHERE h.account_id = i.account_id AND h.what = 'cancel' AND h.state = 'done' "
    "AND h.effective <= u.business_date)))"
)

# Why an invoice of the run cannot be taken back any more: (account id, reason). `:run` is the run's id.
_BLOCKERS = (
    f"""
SELECT i.account_id, CASE c.kind WHEN 'payment' THEN 'a payment of ' ELSE 'a credit of ' END
  || strftime('%m/%d/%Y', c.business_date) || ' went to invoice ' || i.id
FROM invoice i JOIN allocation a ON a.invoice_id = i.id JOIN credit c ON c.id = a.credit_id
WHERE i.run_id = :run AND {TAKEN_BACK} AND c.action_id > i.action_id GROUP BY i.id, c.id HAVING sum(a.cents) <> 0
""",
    f"""
SELECT i.account_id, 'the credit of invoice ' || i.id || ' was refunded'
FROM invoice i JOIN credit c ON c.account_id = i.account_id AND c.invoice_id = i.id
JOIN allocation a ON a.credit_id = c.id AND a.refund_id IS NOT NULL
WHERE i.run_id = :run AND {TAKEN_BACK} AND i.total_cents < 0 GROUP BY i.id HAVING sum(a.cents) <> 0
""",
    f"""
SELECT i.account_id, 'a fee of invoice ' || i.id || ' was waived'
FROM invoice i JOIN credit c ON c.account_id = i.account_id AND c.action_id > i.action_id
  AND c.why LIKE 'waives line % of invoice ' || i.id || ':%'
WHERE i.run_id = :run AND {TAKEN_BACK}
""",
    f"""
SELECT i.account_id, 'a part of invoice ' || i.id || ' was written off'
FROM invoice i JOIN deferral_release d ON d.account_id = i.account_id AND d.invoice_id = i.id
WHERE i.run_id = :run AND {TAKEN_BACK}
""",
    f"""
SELECT i.account_id, 'the account was closed since'
FROM invoice i JOIN account a ON a.id = i.account_id WHERE i.run_id = :run AND {TAKEN_BACK} AND a.status = 'closed'
""",
    f"""
SELECT i.account_id, s.name || ' was ended or changed since'
FROM invoice i JOIN line l ON l.invoice_id = i.id AND l.key LIKE 'recurring:%' JOIN service s ON s.id = l.service_id
WHERE i.run_id = :run AND {TAKEN_BACK}
GROUP BY i.id, s.id HAVING max(l.period_to) IS NOT s.billed_through
  OR EXISTS (SELECT 1 FROM service_price p WHERE p.service_id = s.id AND p.action_id > i.action_id)
""",
    f"""
SELECT i.account_id, 'a payment of invoice ' || i.id || ' failed since'
FROM invoice i JOIN failed_attempt f ON f.invoice_id = i.id AND {COUNTS} WHERE i.run_id = :run AND {TAKEN_BACK}
""",
    f"""
SELECT i.account_id, 'its fee date was moved since'
FROM invoice i JOIN account_change c ON c.account_id = i.account_id AND c.what = 'fee-day' AND c.action_id > i.action_id
WHERE i.run_id = :run AND {TAKEN_BACK}
""",
)


class Blocker(NamedTuple):
    """An account whose invoice of the run cannot be taken back, and why."""

    account_id: int
    number: str
    name: str
    why: str


class ReversalOutlook(NamedTuple):
    """What taking back a run would do. `refusal` and `blockers` keep it from being done; cents.

    `credit_cents`: credit of the accounts that the run had applied and that becomes theirs again. `staying`:
    closing invoices of changes that the run carried out. `printed`, `emailed`: statements of the run gone out so.
    """

    run_id: int
    on: date
    invoices: int
    cents: int
    credit_cents: int
    staying: int
    printed: int
    emailed: int
    refusal: str
    blocked: int
    blockers: tuple[Blocker, ...]


def reversal_outlook(session: Session, run_id: int, on: date) -> ReversalOutlook:
    """What reversing a run on business date `on` would do. Raises UserError for an unknown run."""
    run = fetch_one(session, "SELECT business_date, state FROM run WHERE id = ? AND what = 'billing'", run_id)
    if run is None:
        raise UserError("There is no such billing run.", field="run")
    invoices, cents, staying = fetch_one(
        session,
        f"SELECT coalesce(sum(CASE WHEN {TAKEN_BACK} THEN 1 ELSE 0 END), 0), "
        f"coalesce(sum(CASE WHEN {TAKEN_BACK} THEN i.total_cents ELSE 0 END), 0), "
        f"coalesce(sum(CASE WHEN {TAKEN_BACK} THEN 0 ELSE 1 END), 0) FROM invoice i WHERE i.run_id = ?",
        run_id,
    ) or (0, 0, 0)
    credit = fetch_value(
        session,
        "SELECT coalesce(sum(a.cents), 0) FROM invoice i JOIN allocation a ON a.invoice_id = i.id "
        f"WHERE i.run_id = ? AND {TAKEN_BACK}",
        run_id,
    )
    refusal = _refusal(session, run_id, parse_day(run.business_date), run.state, on, invoices)
    printed, emailed = (0, 0) if refusal else _gone_out(session, run_id)
    found: dict[int, str] = {}
    if not refusal:
        for query in _BLOCKERS:
            for account_id, why in fetch_named(session, query, {"run": run_id}):
                found.setdefault(account_id, why)
    blockers = []
    for account_id in sorted(found)[:BLOCKERS_SHOWN]:
        number, name = fetch_tuples(session, "SELECT number, name FROM account WHERE id = ?", account_id)[0]
        blockers.append(Blocker(account_id, number, name, found[account_id]))
    return ReversalOutlook(
        run_id,
        parse_day(run.business_date),
        invoices,
        cents,
        credit,
        staying,
        printed,
        emailed,
        refusal,
        len(found),
        tuple(blockers),
    )


def _gone_out(session: Session, run_id: int) -> tuple[int, int]:
    """How many statements of the run were printed, and how many e-mailed; each counts once, as it went out last."""
    if fetch_value(session, "SELECT 1 FROM statement_print WHERE run_id = ? LIMIT 1", run_id) is None:
        return 0, 0
    from app.services.statementprints import E_MAILED, statement_list  # the paper it knows of takes long to load

    went_out = [row.how for row in statement_list(session, run_id) if row.sent_on is not None]
    emailed = sum(how == E_MAILED for how in went_out)
    return len(went_out) - emailed, emailed


def _refusal(session: Session, run_id: int, run_on: date, state: str, on: date, invoices: int) -> str:
    if state == "reversed":
        return "This run was reversed already."
    if state != "done":
        return "This run was cut off; make it again, so that it is whole, before it is reversed."
    if not invoices:
        return "This run billed nothing that could be taken back."
    if on < run_on:
        return f"The run is dated {run_on:%m/%d/%Y}; it can be reversed on that day or later, not on {on:%m/%d/%Y}."
    # A later run of other accounts, such as the members of another day, does not matter.
    later = fetch_one(
        session,
        "SELECT r.business_date FROM run r WHERE r.what = 'billing' AND r.id > ? AND (r.state = 'running' "
        "OR (r.state = 'done' AND r.documents > 0 AND EXISTS (SELECT 1 FROM invoice n WHERE n.run_id = r.id "
        f"AND n.account_id IN (SELECT i.account_id FROM invoice i WHERE i.run_id = ? AND {TAKEN_BACK})))) "
        "ORDER BY r.id DESC LIMIT 1",
        run_id,
        run_id,
    )
    if later is not None:
        return f"A later run, of {parse_day(later[0]):%m/%d/%Y}, builds on this one; reverse that one first."
    return ""


def require_manager(desk: Desk) -> None:
    """Raises NotPermitted when the desk's role may not reverse a billing run."""
    require_role(desk, "manager", "Reversing a billing run")
