"""What is owed, by days past due, today or as of any business date."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch_named, fetch_value, iso


class AgingRow(NamedTuple):
    """An account's open items in cents by days past due on the date; `credit` is what it has left (negative)."""

    account_id: int
    current: int
    days_1_30: int
    days_31_60: int
    days_61_90: int
    over_90: int
    credit: int

    @property
    def balance_cents(self) -> int:
        """Sum of the row: the account's balance on the date."""
        return self.current + self.days_1_30 + self.days_31_60 + self.days_61_90 + self.over_90 + self.credit


_BUCKETS = """
  sum(CASE WHEN due_on >= :d0 THEN cents ELSE 0 END),
  sum(CASE WHEN due_on < :d0 AND due_on >= :d30 THEN cents ELSE 0 END),
  sum(CASE WHEN due_on < :d30 AND due_on >= :d60 THEN cents ELSE 0 END),
  sum(CASE WHEN due_on < :d60 AND due_on >= :d90 THEN cents ELSE 0 END),
  sum(CASE WHEN due_on < :d90 THEN cents ELSE 0 END)
"""

# In the order of the index of open invoices, so that nothing is sorted in a file; a server may add up in another.
_INVOICES_NOW = f"""
SELECT account_id, {_BUCKETS.replace("cents", "open_cents")}, 0 FROM invoice WHERE open_cents > 0 GROUP BY account_id
ORDER BY account_id
"""
_REFUNDS_NOW = "SELECT account_id, sum(open_cents) FROM refund WHERE open_cents > 0 GROUP BY account_id"
_CREDITS_NOW = "SELECT account_id, -sum(remaining_cents) FROM credit WHERE remaining_cents > 0 GROUP BY account_id"

# As of an earlier day: today's open amounts, with every later application taken back and every later document
# left out. Only what happened since is read. The last invoice and credit of the day or before (`:invoice`,
# `:credit`) tell from the number alone that most later applications belong to later documents.
_INVOICES_AS_OF = f"""
SELECT account_id, {_BUCKETS}, 0 FROM (
  SELECT account_id, due_on, open_cents AS cents FROM invoice WHERE open_cents > 0 AND issued_on <= :on
  UNION ALL SELECT i.account_id, i.due_on, a.cents FROM allocation a CROSS JOIN invoice i ON i.id = a.invoice_id
    WHERE a.business_date > :on AND a.invoice_id <= :invoice AND i.issued_on <= :on
) GROUP BY account_id ORDER BY account_id
"""
_REFUNDS_AS_OF = """
SELECT account_id, sum(cents) FROM (
  SELECT account_id, open_cents AS cents FROM refund WHERE open_cents > 0 AND business_date <= :on
  UNION ALL SELECT f.account_id, a.cents FROM refund f JOIN allocation a ON a.refund_id = f.id
    WHERE a.business_date > :on AND f.business_date <= :on
  UNION ALL SELECT f.account_id, f.cents - coalesce((SELECT sum(x.cents) FROM allocation x WHERE x.refund_id = f.id), 0)
    - f.open_cents FROM refund_void v JOIN refund f ON f.id = v.refund_id
    WHERE v.business_date > :on AND f.business_date <= :on
) GROUP BY account_id
"""
_CREDITS_AS_OF = """
SELECT account_id, sum(cents) FROM (
  SELECT account_id, -remaining_cents AS cents FROM credit WHERE remaining_cents > 0 AND business_date <= :on
  UNION ALL SELECT c.account_id, -a.cents FROM allocation a CROSS JOIN credit c ON c.id = a.credit_id
    WHERE a.business_date > :on AND a.credit_id <= :credit AND c.business_date <= :on
  UNION ALL SELECT p.account_id, -p.cents FROM payment_reversal r JOIN payment p ON p.id = r.payment_id
    WHERE r.business_date > :on AND p.business_date <= :on
) GROUP BY account_id
"""


def aging(session: Session, on: date, *, as_of: bool = False) -> list[AgingRow]:
    """Every account that owes or has credit, by id.

    Without `as_of` the books as they stand, aged by `on`; with it the books as they stood at the end of `on`:
    an invoice paid later was open then.
    """
    days: dict[str, Any] = {"on": iso(on)}
    for name, back in (("d0", 0), ("d30", 30), ("d60", 60), ("d90", 90)):
        days[name] = iso(on - timedelta(days=back))
    if as_of:
        for name, query in _LAST_OF_THE_DAY.items():
            days[name] = fetch_value(session, query, on) or 0
        queries = (_INVOICES_AS_OF, _REFUNDS_AS_OF, _CREDITS_AS_OF)
    else:
        queries = (_INVOICES_NOW, _REFUNDS_NOW, _CREDITS_NOW)
    rows = fetch_named(session, queries[0], days)
    others = [fetch_named(session, query, days) for query in queries[1:]]
    if not any(others):
        found = list(map(AgingRow._make, rows))
    else:
        by_account = {row[0]: list(row) for row in rows}
        for column, moved in zip((1, 6), others, strict=True):
            # A refund whose payment came back is owed, but never past due (ADV-9).
            for account_id, cents in moved:
                by_account.setdefault(account_id, [account_id, 0, 0, 0, 0, 0, 0])[column] += cents
        found = [AgingRow._make(by_account[account_id]) for account_id in sorted(by_account)]
    return [row for row in found if any(row[1:])] if as_of else found


_LAST_OF_THE_DAY = {
    "invoice": "SELECT id FROM invoice WHERE issued_on <= ? ORDER BY id DESC LIMIT 1",
    "credit": "SELECT id FROM credit WHERE business_date <= ? ORDER BY id DESC LIMIT 1",
}


class AgingTotals(NamedTuple):
    """The office's aging in cents."""

    current: int
    days_1_30: int
    days_31_60: int
    days_61_90: int
    over_90: int
    credit: int


def totals(rows: list[AgingRow]) -> AgingTotals:
    """Sums of an aging."""
    return AgingTotals(*(sum(row[i] for row in rows) for i in range(1, 7)))
