"""Which bank account a payment was taken from, held against the one on file now (ARR-10)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_one, fetch_value
from app.services.loading import card


def is_another_than_paid(session: Session, account_id: int, payment_id: int) -> bool:
    """Whether another bank account was put on file after a payment was taken, as far as the books can tell.

    By the last digits and kind of both, where both were recorded; else by the names that the methods had; a method put
    on file anew without any name counts as another one.
    """
    taken_by = fetch_value(
        session,
        "SELECT action_id FROM credit WHERE id = coalesce((SELECT first_payment_id FROM return_taken_back "
        "WHERE by_payment_id = ?1), ?1)",
        payment_id,
    )
    numbers = fetch(
        session,
        "SELECT last4, account_type, action_id FROM bank_number WHERE account_id = ? AND last4 <> '' ORDER BY id",
        account_id,
    )
    then = [row[:2] for row in numbers if row[2] <= taken_by]
    if then and numbers[-1][2] > taken_by:
        return bool(then[-1] != numbers[-1][:2])
    if not fetch_value(
        session,
        "SELECT count(*) FROM account_change WHERE account_id = ? AND what = 'autopay' AND action_id > ?",
        account_id,
        taken_by,
    ):
        return False
    name = card(session, account_id).method_label
    renamed = fetch_one(
        session,
        "SELECT before FROM account_change WHERE account_id = ? AND what = 'autopay-name' AND action_id > ? ORDER BY id",
        account_id,
        taken_by,
    )
    return not name if renamed is None else bool(renamed[0] != name)
