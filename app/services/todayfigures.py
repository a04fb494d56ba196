"""The figures of Today's two charts: what came in day by day, and the office's aging. Nothing here writes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_one, fetch_value
from app.services.aging import AgingTotals


class DayReceipts(NamedTuple):
    """What came in on a business date, in cents."""

    on: date
    cents: int


def receipts_by_day(session: Session, on: date, days: int = 30) -> list[DayReceipts]:
    """Receipts of the `days` days that end with `on`, each day once; what was reversed as a mistake never came in."""
    first = on - timedelta(days=days - 1)
    found = {
        row[0]: row[1]
        for row in fetch(
            session,
            "SELECT p.business_date, sum(p.cents) FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
            "WHERE p.business_date BETWEEN ? AND ? AND (r.state IS NULL OR r.state <> 'reversed') "
            "AND p.id NOT IN (SELECT by_payment_id FROM return_taken_back) GROUP BY 1",
            first,
            on,
        )
    }
    every = [first + timedelta(days=n) for n in range(days)]
    return [DayReceipts(day, found.get(day.isoformat(), 0)) for day in every]


def aging_now(session: Session, on: date) -> AgingTotals:
    """The office's aging as the books stand, aged by `on`: the totals of `aging.aging`, summed by the database."""
    days = [on - timedelta(days=back) for back in (0, 30, 60, 90)]
    row = fetch_one(
        session,
        "SELECT coalesce(sum(CASE WHEN due_on >= ?1 THEN open_cents END), 0), "
        "coalesce(sum(CASE WHEN due_on < ?1 AND due_on >= ?2 THEN open_cents END), 0), "
        "coalesce(sum(CASE WHEN due_on < ?2 AND due_on >= ?3 THEN open_cents END), 0), "
        "coalesce(sum(CASE WHEN due_on < ?3 AND due_on >= ?4 THEN open_cents END), 0), "
        "coalesce(sum(CASE WHEN due_on < ?4 THEN open_cents END), 0) FROM invoice WHERE open_cents > 0",
        *days,
    )
    assert row is not None, "an aggregate has a row"
    refunds = fetch_value(session, "SELECT coalesce(sum(open_cents), 0) FROM refund WHERE open_cents > 0")
    credit = fetch_value(session, "SELECT coalesce(sum(remaining_cents), 0) FROM credit WHERE remaining_cents > 0")
    return AgingTotals(row[0] + refunds, row[1], row[2], row[3], row[4], -credit)
