"""The first two steps of a billing run, which its preview shares: facts of a range of accounts, and what they are billed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy.orm import Session

from app.models.bulk import fetch_one
from app.services import loading, memberbilling
from app.services.policies.advance import cycle_invoice
from app.services.policies.clause import InvoiceDraft
from app.services.policies.policyfile import AdvancePolicy, ArrearsPolicy, Policy


@contextmanager
def quiet_collector() -> Iterator[None]:
    """Millions of small tuples and no cycles: the cyclic collector would only cost a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def drafts_of_range(session: Session, policy: Policy, first: int, last: int, on: date) -> tuple[int, list[InvoiceDraft]]:
    """The invoices of a range of accounts of one policy, and how many accounts were due."""
    if isinstance(policy, ArrearsPolicy):
        return memberbilling.drafts_of_range(session, policy, first, last, on)
    return cycle_drafts(session, policy, first, last, on)


def cycle_drafts(session: Session, policy: AdvancePolicy, first: int, last: int, on: date) -> tuple[int, list[InvoiceDraft]]:
    """The cycle invoices of a range of accounts (ADV-1), and how many accounts were due."""
    facts = loading.cycle_facts(session, policy.name, first, last, on, with_suspensions=not policy.bill_while_suspended)
    drafts = [draft for account in facts if (draft := cycle_invoice(account, policy, on)) is not None]
    return len(facts), drafts


def account_bounds(session: Session) -> tuple[int, int]:
    """The first and the last account's id; the last is below the first when there is none."""
    low, high = fetch_one(session, "SELECT coalesce(min(id), 1), coalesce(max(id), 0) FROM account") or (1, 0)
    return low, high
