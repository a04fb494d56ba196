"""Taking over an old program's customers: opening balances posted, services continued where they stand.

Everything is one transaction: a list is imported whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models import searchindex
from app.models.bulk import Progress, fetch_value, insert_ready_rows, iso, no_progress, reserve_ids
from app.money import plain_cents
from app.periods import ONE_DAY, add_months, days_in_month, month_end, month_start, months_between, prorate
from app.services import importmembers
from app.services.accountnumbers import account_number
from app.services.customerfile_types import ImportAccount, ImportService
from app.services.desk import Act, Desk, begin, require_role
from app.services.invoicing import write_invoices
from app.services.ledger import Gl, Transfer, post_entries
from app.services.policies.clause import Charge, InvoiceDraft
from app.services.policies.policyfile import Policy

_ACCOUNT = (
    "id",
    "number",
    "policy",
    "name",
    "kind",
    "managed",
    "email",
    "phone",
    "address",
    "delivery",
    "autopay",
    "method_label",
    "authorized_on",
    "hourly_rate_cents",
    "status",
    "opened_on",
    "closed_on",
    "old_number",
    "payer",
    "notes",
    "balance_cents",
    "cycle_done",
)
_SERVICE = ("id", "account_id", "name", "code", "monthly_cents", "first_day", "last_day", "billed_through")
_PRICE = ("id", "service_id", "from_day", "monthly_cents", "action_id")
_SUSPENSION = ("id", "account_id", "business_date", "restored_on", "restored_by", "reactivation", "action_id")
_DEFERRAL = (
    "id",
    "account_id",
    "service_id",
    "recognise_on",
    "period_from",
    "period_to",
    "cents",
    "entry_id",
)
_CREDIT = (
    "id",
    "account_id",
    "business_date",
    "kind",
    "cents",
    "remaining_cents",
    "clause",
    "description",
    "why",
    "invoice_id",
    "entry_id",
    "action_id",
)
OPENING = "opening"
_PART = 1_000


class ImportResult(NamedTuple):
    """What an import brought in; amounts in cents. `account_ids` are in the order of the list."""

    account_ids: tuple[int, ...]
    services: int
    open_items: int
    receivable_cents: int
    credit_cents: int
    unearned_cents: int


def import_accounts(
    session: Session,
    desk: Desk,
    accounts: Sequence[ImportAccount],
    policy: str | None = None,
    progress: Progress = no_progress,
) -> ImportResult:
    """Take over accounts as of the desk's business date; the first cycle continues from there.

    Open items become open invoices with their own dates and due dates, against opening balances; what
    services were billed beyond the business date goes to deferred revenue. Members go on with the fee date that they
    have; a processing fee that was paid is listed with nothing to pay. `policy`: of the accounts billed in advance, when
    their rows name none. Raises UserError when an old number is in the office already, the list is empty, or a row
    names a policy or plan that the office does not have.
    """
    require_role(desk, "manager", "Importing a customer list")
    if not accounts:
        raise UserError("The list has no account that could be imported.", field="file")
    policies = importmembers.policies_of(session, desk.on, accounts, policy)
    for account in accounts:
        if account.old_number and fetch_value(
            session, "SELECT 1 FROM account WHERE old_number = ? LIMIT 1", account.old_number
        ):
            raise UserError(
                f"Line {account.line}: the old number {account.old_number} is in this office already; nothing was imported.",
                field="old_number",
            )
    act = begin(session, desk, "import-customers")
    parts = []
    with searchindex.paused(session.connection()):
        for start in range(0, len(accounts), _PART):
            part = range(start, min(start + _PART, len(accounts)))
            parts.append(_import_part(session, act, [accounts[n] for n in part], [policies[n] for n in part]))
            progress(min(start + _PART, len(accounts)), len(accounts))
    return ImportResult(
        tuple(account_id for part in parts for account_id in part.account_ids),
        sum(part.services for part in parts),
        sum(part.open_items for part in parts),
        sum(part.receivable_cents for part in parts),
        sum(part.credit_cents for part in parts),
        sum(part.unearned_cents for part in parts),
    )


def _import_part(session: Session, act: Act, accounts: Sequence[ImportAccount], policies: Sequence[Policy]) -> ImportResult:
    ids = reserve_ids(session, "account", len(accounts))
    insert_ready_rows(
        session,
        "account",
        _ACCOUNT,
        [_account_row(i, item, policy.name) for i, item, policy in zip(ids, accounts, policies, strict=True)],
    )
    numbered = [(i, service) for i, item in zip(ids, accounts, strict=True) for service in item.services]
    service_ids = reserve_ids(session, "service", len(numbered))
    _write_services(session, act, numbered, service_ids)
    suspended = [(i, item) for i, item in zip(ids, accounts, strict=True) if item.status == "suspended"]
    suspension_ids = reserve_ids(session, "suspension", len(suspended))
    insert_ready_rows(
        session,
        "suspension",
        _SUSPENSION,
        [
            (s, i, iso(item.suspended_on or act.on), None, "", "", act.id)
            for s, (i, item) in zip(suspension_ids, suspended, strict=True)
        ],
    )
    drafts = [draft for i, item in zip(ids, accounts, strict=True) for draft in _opening_invoices(i, item)]
    write_invoices(session, act, drafts)
    drafts += importmembers.write_members(session, act, list(zip(ids, accounts, policies, strict=True)))
    credit = _write_credits(session, act, [(i, item) for i, item in zip(ids, accounts, strict=True) if item.credit_cents])
    unearned = _write_unearned(session, act, numbered, service_ids)
    owed = sum(draft.total_cents for draft in drafts)
    open_items = sum(1 for draft in drafts if draft.total_cents)
    return ImportResult(tuple(ids), len(numbered), open_items, owed, credit, unearned)


def _account_row(account_id: int, item: ImportAccount, policy: str) -> tuple[Any, ...]:
    billed = [service.billed_through for service in item.services if service.billed_through is not None]
    # The old program's last cycle billed through the end of the month after its own.
    cycle_done = add_months(month_start(max(billed)), -1) if billed and max(billed) == month_end(max(billed)) else None
    return (
        account_id,
        account_number(account_id),
        policy,
        item.name,
        item.kind,
        int(item.managed),
        item.email,
        item.phone,
        "\n".join(item.address),
        item.delivery,
        item.autopay,
        item.method_label,
        iso(item.authorized_on),
        item.hourly_rate_cents,
        item.status,
        iso(item.opened_on),
        iso(item.closed_on),
        item.old_number,
        item.payer,
        item.notes,
        0,
        iso(cycle_done),
    )


def _write_services(
    session: Session, act: Act, numbered: Sequence[tuple[int, ImportService]], service_ids: Sequence[int]
) -> None:
    rows, prices = [], []
    price_ids = reserve_ids(session, "service_price", len(numbered))
    for service_id, price_id, (account_id, item) in zip(service_ids, price_ids, numbered, strict=True):
        since = iso(item.since)
        billed = iso(item.billed_through)
        rows.append((service_id, account_id, item.name, item.name, item.monthly_cents, since, None, billed))
        prices.append((price_id, service_id, since, item.monthly_cents, act.id))
    insert_ready_rows(session, "service", _SERVICE, rows)
    insert_ready_rows(session, "service_price", _PRICE, prices)


def _opening_invoices(account_id: int, item: ImportAccount) -> list[InvoiceDraft]:
    drafts = []
    for n, owed in enumerate(item.open_items, start=1):
        charge = Charge(
            "other",
            f"{OPENING}:{n}",
            owed.cents,
            "section 6",
            owed.description or "Open item of the old program",
            f"{plain_cents(owed.cents)} still open in the old program, line {item.line} of the list",
        )
        drafts.append(InvoiceDraft(account_id, owed.on, owed.due_on, OPENING, (charge,)))
    return drafts


def _write_credits(session: Session, act: Act, items: Sequence[tuple[int, ImportAccount]]) -> int:
    entries = post_entries(
        session,
        act,
        act.on,
        OPENING,
        [[Transfer(Gl.OPENING_BALANCES, Gl.RECEIVABLE, item.credit_cents, i)] for i, item in items],
    )
    credit_ids = reserve_ids(session, "credit", len(items))
    insert_ready_rows(
        session,
        "credit",
        _CREDIT,
        [
            (
                credit_id,
                account_id,
                iso(item.credit_on or act.on),
                OPENING,
                item.credit_cents,
                item.credit_cents,
                "section 6",
                "Credit of the old program",
                "carried over from the old program",
                None,
                entry_id,
                act.id,
            )
            for credit_id, entry_id, (account_id, item) in zip(credit_ids, entries, items, strict=True)
        ],
    )
    return sum(item.credit_cents for _, item in items)


def _write_unearned(
    session: Session, act: Act, numbered: Sequence[tuple[int, ImportService]], service_ids: Sequence[int]
) -> int:
    """Days after the business date that were billed before: against deferred revenue, earned by month."""
    pieces = []
    for service_id, (account_id, item) in zip(service_ids, numbered, strict=True):
        if item.billed_through is None:
            continue
        for first, last in months_between(max(act.on + ONE_DAY, item.since), item.billed_through):
            cents = prorate(item.monthly_cents, (last - first).days + 1, days_in_month(first))
            if cents:
                pieces.append((account_id, service_id, first, last, cents))
    entries = post_entries(
        session,
        act,
        act.on,
        OPENING,
        [[Transfer(Gl.OPENING_BALANCES, Gl.DEFERRED_REVENUE, piece[4])] for piece in pieces],
    )
    ids = reserve_ids(session, "opening_deferral", len(pieces))
    insert_ready_rows(
        session,
        "opening_deferral",
        _DEFERRAL,
        [
            (i, account_id, service_id, iso(month_end(last)), iso(first), iso(last), cents, entry_id)
            for i, entry_id, (account_id, service_id, first, last, cents) in zip(ids, entries, pieces, strict=True)
        ],
    )
    return sum(piece[4] for piece in pieces)
