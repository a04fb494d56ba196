"""The columns of a customer list that make a row a member's: its plan, and where its fees stand (ARR-1, ARR-2, ARR-3)."""

from __future__ import annotations

from datetime import date

from app.periods import add_months
from app.services.customerfile_row import Row
from app.services.customerfile_types import ImportMember

MAX_INDIVIDUALS = 20


def policy_of_row(row: Row, member: ImportMember | None) -> str:
    """The policy named on a row, or the office's only one of the kind; refused when it does not fit."""
    name, offered = row.text("policy"), row.offered
    if offered is None:
        return name
    fitting = [known for known, plans in offered.items() if bool(plans) == (member is not None)]
    if name and name not in offered:
        row.refuse("policy", f"this office has no such policy; it has {', '.join(offered)}")
    elif name and name not in fitting:
        row.refuse("policy", "this policy bills services, not plans" if member else "this policy bills plans; name the plan")
    elif not fitting:
        row.refuse("plan" if member else "policy", "this office has no policy for members" if member else "which policy?")
    elif not name and len(fitting) > 1:
        row.refuse("policy", f"this may not be empty; it must be {' or '.join(fitting)}")
    elif member and member.plan and member.plan not in offered[name or fitting[0]]:
        row.refuse("plan", f"no such plan; there are {', '.join(offered[name or fitting[0]])}")
    return name


def member_of(row: Row, status: str, opened_on: date | None) -> ImportMember:
    """The member's part of a row; every fault is refused at its column."""
    plan = row.required("plan", "a member needs a plan")
    work, instructed = row.past_day("work_performed_on"), row.coming_day("instructed_on")
    charged, paid = row.past_day("processing_charged_on"), row.past_day("processing_paid_on")
    open_cents = row.amount("processing_open") or 0
    next_fee, first = row.coming_day("next_fee_on"), row.coming_day("fee_from")
    if work and opened_on and work < opened_on:
        row.refuse("work_performed_on", f"this is before the member signed up, {opened_on}")
    _judge_processing(row, work, charged, paid, open_cents)
    day = _whole(row, "fee_day", 1, 31)
    if status == "closed":
        for column in ("next_fee_on", "fee_from", "fee_day"):
            if row.text(column):
                row.refuse(column, "a closed account has no fee date; leave this empty")
    else:
        first, day = _judge_fee_date(row, paid, next_fee, first, day)
    return ImportMember(
        plan,
        row.amount("monthly_fee"),
        row.amount("processing_fee"),
        _whole(row, "individuals", 1, MAX_INDIVIDUALS) or 1,
        work,
        instructed,
        charged,
        paid,
        open_cents,
        first,
        next_fee,
        day,
    )


def _judge_processing(row: Row, work: date | None, charged: date | None, paid: date | None, open_cents: int) -> None:
    """ARR-1: charged once work is performed, and either paid or still open."""
    if charged and row.text("work_performed_on") == "":
        row.refuse("work_performed_on", "the processing fee was charged, so work was performed; on which day?")
    if charged and work and charged < work:
        row.refuse("processing_charged_on", f"this is before work was performed, {work}")
    if paid and not row.text("processing_charged_on"):
        row.refuse("processing_charged_on", "a processing fee that was paid was charged; on which day?")
    if paid and charged and paid < charged:
        row.refuse("processing_paid_on", f"this is before the fee was charged, {charged}")
    if row.text("processing_paid_on") and open_cents:
        row.refuse("processing_open", "the fee was paid; leave this empty")
    if open_cents and not row.text("processing_charged_on"):
        row.refuse("processing_charged_on", "an open processing fee was charged; on which day?")
    if charged and not row.text("processing_paid_on") and not open_cents:
        row.refuse("processing_open", "charged and not paid: how much of it is still open?")


def _judge_fee_date(
    row: Row, paid: date | None, next_fee: date | None, first: date | None, day: int | None
) -> tuple[date | None, int | None]:
    """ARR-2, ARR-3: a fee date follows from the paid processing fee; returns the period's first day and the fee day.

    An empty first day follows from the office's policy, at the import.
    """
    if not paid:
        for column in ("next_fee_on", "fee_from", "fee_day"):
            if row.text(column):
                row.refuse(column, "there is no fee date before the processing fee is paid; leave this empty")
        return None, None
    if next_fee is None:
        if not row.text("next_fee_on"):
            row.refuse("next_fee_on", "the processing fee is paid, so there is a next fee date; which?")
        return None, None
    if next_fee < row.cutover:
        row.refuse(
            "next_fee_on", f"this is before the cut-over day, {row.cutover}; bill it in the old program, name the next"
        )
    elif next_fee > add_months(row.cutover, 2):
        row.refuse("next_fee_on", f"this is more than two months after the cut-over, {row.cutover}: a month would be lost")
    if first is not None and first >= next_fee:
        row.refuse("fee_from", f"the next fee, of {next_fee}, must cover days before it")
    elif first is not None and first < paid:
        row.refuse("fee_from", f"this is before the processing fee was paid, {paid}")
    elif first is not None and first > row.cutover:
        row.refuse("fee_from", f"this is after the cut-over day, {row.cutover}: the days before it would not be billed")
    if day is not None and day != next_fee.day and not (day > next_fee.day and _is_last_day(next_fee)):
        row.refuse("fee_day", f"the next fee date, {next_fee}, does not fall on that day of the month")
    return first, day or next_fee.day


def _is_last_day(day: date) -> bool:
    return day.day == (add_months(day.replace(day=1), 1) - day.replace(day=1)).days


def _whole(row: Row, column: str, least: int, most: int) -> int | None:
    text = row.text(column)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        row.refuse(column, f"a whole number from {least} to {most}")
        return None
    return int(text)
