"""What is owed, by days past due, today or as of any business date."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch_named, iso


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


# An item's bucket by its due date: a refund whose payment came back is owed, never past due (ADV-9).
_BUCKETS = """
SELECT account_id,
  sum(CASE WHEN due_on >= :d0 THEN cents ELSE 0 END),
  sum(CASE WHEN due_on < :d0 AND due_on >= :d30 THEN cents ELSE 0 END),
  sum(CASE WHEN due_on < :d30 AND due_on >= :d60 THEN cents ELSE 0 END),
  sum(CASE WHEN due_on < :d60 AND due_on >= :d90 THEN cents ELSE 0 END),
  sum(CASE WHEN due_on < :d90 THEN cents ELSE 0 END),
  sum(credit)
FROM ({items}) GROUP BY account_id
"""

_NOW = """
SELECT account_id, due_on, open_cents AS cents, 0 AS credit FROM invoice WHERE open_cents > 0
UNION ALL SELECT account_id, '9999-12-31', open_cents, 0 FROM refund WHERE open_cents > 0
UNION ALL SELECT account_id, '9999-12-31', 0, -remaining_cents FROM credit WHERE remaining_cents > 0
"""

# As of an earlier day: today's open amounts, with every later application taken back and every later
# document left out. Only what happened since is read.
_AS_OF = """
SELECT account_id, due_on, open_cents AS cents, 0 AS credit FROM invoice WHERE open_cents > 0 AND issued_on <= :on
UNION ALL SELECT i.account_id, i.due_on, a.cents, 0 FROM allocation a JOIN invoice i ON i.id = a.invoice_id
  WHERE a.business_date > :on AND i.issued_on <= :on
UNION ALL SELECT account_id, '9999-12-31', open_cents, 0 FROM refund WHERE open_cents > 0 AND business_date <= :on
UNION ALL SELECT f.account_id, '9999-12-31', a.cents, 0 FROM allocation a JOIN refund f ON f.id = a.refund_id
  WHERE a.business_date > :on AND f.business_date <= :on
UNION ALL SELECT f.account_id, '9999-12-31', f.cents - coalesce((SELECT sum(x.cents) FROM allocation x
    WHERE x.refund_id = f.id), 0) - f.open_cents, 0 FROM refund_void v JOIN refund f ON f.id = v.refund_id
  WHERE v.business_date > :on AND f.business_date <= :on
UNION ALL SELECT account_id, '9999-12-31', 0, -remaining_cents FROM credit
  WHERE remaining_cents > 0 AND business_date <= :on
UNION ALL SELECT c.account_id, '9999-12-31', 0, -a.cents FROM allocation a JOIN credit c ON c.id = a.credit_id
  WHERE a.business_date > :on AND c.business_date <= :on
UNION ALL SELECT p.account_id, '9999-12-31', 0, -p.cents FROM payment_reversal r JOIN payment p ON p.id = r.payment_id
  WHERE r.business_date > :on AND p.business_date <= :on
"""


def aging(session: Session, on: date, *, as_of: bool = False) -> list[AgingRow]:
    """Every account that owes or has credit, by id.

    Without `as_of` the books as they stand, aged by `on`; with it the books as they stood at the end of `on`:
    an invoice paid later was open then.
    """
    query = _BUCKETS.format(items=_AS_OF if as_of else _NOW)
    days = {
        "d0": iso(on),
        "d30": iso(on - timedelta(days=30)),
        "d60": iso(on - timedelta(days=60)),
        "d90": iso(on - timedelta(days=90)),
        "on": iso(on),
    }
    rows = fetch_named(session, query, days)
    found = [AgingRow(*row) for row in rows]
    return [row for row in found if any(row[1:])] if as_of else found


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
