"""Boxes of check stock: what is left in them, and a new one."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import fetch, fetch_one, fetch_value, insert_with_id
from app.services.desk import Desk, begin, require_role

LAYOUTS = ("voucher-top", "voucher-middle", "voucher-bottom")
HIGHEST_NUMBER = 999_999_999


class StockBox(NamedTuple):
    """A box of checks; numbers are taken from the first box that has some left."""

    id: int
    name: str
    layout: str
    next_number: int
    last_number: int

    @property
    def left(self) -> int:
        """How many numbers are left."""
        return max(0, self.last_number - self.next_number + 1)


def boxes(session: Session) -> list[StockBox]:
    """Every box, in the order of use."""
    rows = fetch(session, "SELECT id, name, layout, next_number, last_number FROM check_stock ORDER BY id")
    return [StockBox(*row) for row in rows]


def add_box(session: Session, desk: Desk, name: str, layout: str, first: int, last: int) -> int:
    """A new box with the numbers printed on its first and last check; returns its id. A manager's.

    Raises UserError for numbers that another box has or that were spent: a number is never used again (BOTH-6).
    """
    if not name.strip():
        raise UserError("Give the box a name, such as the month it was bought.", field="name")
    if layout not in LAYOUTS:
        raise UserError(f"“{layout}” is no layout of a check; choose {', '.join(LAYOUTS)}.", field="layout")
    if not 1 <= first <= last <= HIGHEST_NUMBER:
        raise UserError("The last number must not be less than the first, and both are printed on the checks.", field="last")
    other = fetch_one(
        session,
        "SELECT name, next_number, last_number FROM check_stock WHERE next_number <= ? AND last_number >= ? "
        "AND next_number <= last_number ORDER BY id",
        last,
        first,
    )
    if other is not None:
        raise UserError(
            f"Box “{other.name}” has the numbers {other.next_number} to {other.last_number}; no number may be in two boxes.",
            field="first",
        )
    spent = fetch_value(session, "SELECT min(number) FROM issued_check WHERE number BETWEEN ? AND ?", first, last)
    if spent is not None:
        raise UserError(f"Check number {spent} was used before; a number is never used again.", field="first")
    require_role(desk, "manager", "Adding a box of checks")
    begin(session, desk, "add-check-box")
    return insert_with_id(session, "check_stock", name=name.strip(), layout=layout, next_number=first, last_number=last)
