"""From the cells of one row to an account, or to every reason why not."""

from __future__ import annotations

from datetime import date, timedelta

from app.services import customerfile_cells as cells
from app.services.customerfile_header import MEMBER_COLUMNS, OPEN_PARTS, PROBLEM_COLUMN, SERVICE_PARTS, HeaderPlan
from app.services.customerfile_members import member_of, policy_of_row
from app.services.customerfile_row import Row, refuses_number
from app.services.customerfile_types import ImportAccount, ImportOpenItem, ImportService

KINDS = ("residential", "business")
DELIVERIES = ("email", "paper")
AUTOPAYS = ("none", "card", "echeck")
MEMBER_AUTOPAYS = ("none", "card", "bank-draft")
STATUSES = ("active", "suspended", "closed")

_ONE_DAY = timedelta(days=1)
_JUDGED_WHEN_SHORT = ("method_label", PROBLEM_COLUMN)


def account_of(plan: HeaderPlan, row: Row) -> ImportAccount | None:
    """The account of a row with the right number of cells; None when `row.problems` has grown."""
    _judge_characters(row)
    name = row.required("name")
    kind = row.choice("kind", KINDS)
    managed = row.choice("managed", ("yes", "no"), default="no") == "yes"
    if managed and kind == "residential":
        row.refuse("managed", "only a business can be managed")
    delivery = row.choice("delivery", DELIVERIES)
    email = _email(row, delivery)
    address = _address(row)
    is_member = any(row.text(column) for column in MEMBER_COLUMNS)
    autopay = row.choice("autopay", MEMBER_AUTOPAYS if is_member else AUTOPAYS, default="none")
    authorized_on = row.past_day("authorized_on")
    hourly_rate_cents = row.amount("hourly_rate")
    status = row.choice("status", STATUSES)
    opened_on, closed_on = _opened_and_closed(row, status)
    suspended_on = row.past_day("suspended_on")
    if suspended_on and status in ("active", "closed"):
        row.refuse("suspended_on", f"the account is {status}; only a suspended one has this day")
    elif suspended_on and opened_on and suspended_on < opened_on:
        row.refuse("suspended_on", f"this is before the account was opened, {opened_on}")
    services = tuple(made for n in plan.service_numbers if (made := _service(row, n)))
    if status == "closed" and any(_is_filled(row, f"service{n}", SERVICE_PARTS) for n in plan.service_numbers):
        row.refuse("status", "a closed account has no services; leave their columns empty")
    open_items = tuple(item for n in plan.open_numbers if (item := _open_item(row, n)))
    credit_cents, credit_on = _credit(row)
    if credit_cents and any(_is_filled(row, f"open{n}", OPEN_PARTS) for n in plan.open_numbers):
        row.refuse("credit", "an account cannot have both open items and a credit")
    member = member_of(row, status, opened_on) if is_member else None
    policy = policy_of_row(row, member)
    if is_member:
        _refuse_services(row, plan)
        if credit_cents and member is not None and member.processing_open_cents:
            row.refuse("credit", "an account cannot have both an open processing fee and a credit")
    if row.problems or opened_on is None:
        return None
    return ImportAccount(
        line=row.line,
        old_number=row.text("old_number"),
        name=name,
        kind=kind,
        managed=managed,
        email=email,
        phone=row.text("phone"),
        address=address,
        delivery=delivery,
        autopay=autopay,
        method_label=row.text("method_label"),
        authorized_on=authorized_on,
        hourly_rate_cents=hourly_rate_cents,
        status=status,
        opened_on=opened_on,
        closed_on=closed_on,
        payer=row.text("payer"),
        notes=row.text("notes"),
        services=services,
        open_items=open_items,
        credit_cents=credit_cents,
        credit_on=credit_on,
        policy=policy,
        suspended_on=suspended_on,
        member=member,
    )


def _refuse_services(row: Row, plan: HeaderPlan) -> None:
    for number in plan.service_numbers:
        if _is_filled(row, f"service{number}", SERVICE_PARTS):
            row.refuse(f"service{number}_name", "a member has a plan and no services; leave these columns empty")
    if row.text("hourly_rate"):
        row.refuse("hourly_rate", "a member has no hourly rate; leave this empty")
    if row.text("managed").casefold() == "yes":
        row.refuse("managed", "a member has no managed service")


def _judge_characters(row: Row) -> None:
    """Refuse what no rule about a column would catch: too long, control characters, card numbers."""
    for column, text in row.texts.items():
        if not text:
            continue
        if len(text) < cells.SHORTEST_CARD_NUMBER and text.isprintable() and column not in _JUDGED_WHEN_SHORT:
            continue
        if column == PROBLEM_COLUMN:
            if text:
                row.refuse(column, "put the row right, then empty this cell or delete the column")
        elif len(text) > cells.MAX_CELL_CHARACTERS:
            row.refuse(column, f"longer than {cells.MAX_CELL_CHARACTERS} characters")
        elif not text.isprintable() and (fault := cells.control_fault(text, may_break_lines=column == "notes")):
            row.refuse(column, fault)
        elif refuses_number(column, text):
            row.refuse(column, cells.CARD_REASON)


def _email(row: Row, delivery: str) -> str:
    email = row.text("email")
    if email and (fault := cells.email_fault(email)):
        row.refuse("email", fault)
    if delivery == "email" and not email:
        row.refuse("email", "delivery by email needs an e-mail address")
    return email


def _address(row: Row) -> tuple[str, ...]:
    if not any(row.text(column) for column in ("address1", "address2", "city", "state", "zip")):
        return ()
    why = "an address needs address1, city, state and zip, or nothing at all"
    first, city, state = (row.required(column, why) for column in ("address1", "city", "state"))
    if state and state.upper() not in cells.US_STATES:
        row.refuse("state", "not a two-letter US state code, such as SD")
    if not row.text("zip"):
        row.refuse("zip", why)
    lines = (first, row.text("address2"), f"{city} {state.upper()} {row.zip_code()}")
    return tuple(line for line in lines if line)


def _opened_and_closed(row: Row, status: str) -> tuple[date | None, date | None]:
    row.required("opened_on")
    opened_on = row.past_day("opened_on")
    closed_on = row.past_day("closed_on")
    if status == "closed":
        row.required("closed_on", "a closed account needs the day on which it was closed")
    elif status and row.text("closed_on"):
        row.refuse("closed_on", f"the account is {status}; only a closed one has this day")
    if opened_on and closed_on and closed_on < opened_on:
        row.refuse("closed_on", f"this is before the account was opened, {opened_on}")
    return opened_on, closed_on


def _is_filled(row: Row, group: str, parts: tuple[str, ...]) -> bool:
    return any(row.text(f"{group}_{part}") for part in parts)


def _service(row: Row, number: int) -> ImportService | None:
    group = f"service{number}"
    if not _is_filled(row, group, SERVICE_PARTS):
        return None
    why = "a service needs its name, monthly price and first day"
    name = row.required(f"{group}_name", why)
    row.required(f"{group}_monthly", why)
    row.required(f"{group}_since", why)
    monthly_cents = row.amount(f"{group}_monthly")
    since = row.past_day(f"{group}_since")
    through = row.coming_day(f"{group}_billed_through")
    if since and through and through < since - _ONE_DAY:
        row.refuse(f"{group}_billed_through", f"this is before the service began, {since} (empty = never billed)")
    if monthly_cents is None or since is None:
        return None
    return ImportService(name, monthly_cents, since, through)


def _open_item(row: Row, number: int) -> ImportOpenItem | None:
    group = f"open{number}"
    if not _is_filled(row, group, OPEN_PARTS):
        return None
    why = "an open item needs its description, date, due date and amount"
    description, *_ = (row.required(f"{group}_{part}", why) for part in OPEN_PARTS)
    on = row.past_day(f"{group}_date")
    due_on = row.coming_day(f"{group}_due")
    cents = row.amount(f"{group}_amount")
    if on and due_on and due_on < on:
        row.refuse(f"{group}_due", f"this is before the item's own date, {on}")
    if cents == 0:
        row.refuse(f"{group}_amount", "an open item must be more than zero")
    if on is None or due_on is None or not cents:
        return None
    return ImportOpenItem(description, on, due_on, cents)


def _credit(row: Row) -> tuple[int, date | None]:
    credit_cents = row.amount("credit") or 0
    credit_on = row.past_day("credit_date")
    if credit_cents and not row.text("credit_date"):
        row.refuse("credit_date", "a credit needs its date")
    if row.text("credit_date") and not row.text("credit"):
        row.refuse("credit", "there is a credit_date but no credit")
    return (credit_cents, credit_on) if credit_cents else (0, None)
