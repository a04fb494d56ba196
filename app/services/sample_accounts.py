"""Makes up one customer of the sample list: who it is, what it subscribes to, and what it owes.

Open items are what the rulebook would have billed: cycle invoices dated the 1st and due on the month's last
day (ADV-1, ADV-3), activation invoices due after 30 days (ADV-2), 3.00 for paper (ADV-4), 10.00 once
something is a month overdue (ADV-14), unused days credited at the end (ADV-9).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.money import plain_cents
from app.periods import add_months, days_in_month, month_end, months_between, prorate
from app.services.sample_cast import Cast, Extra, Plan, Town, cast
from app.services.sample_dice import Dice

SAMPLE_CUTOVER = date(2026, 10, 30)
LAST_CYCLE = date(2026, 10, 1)
BILLED_THROUGH = date(2026, 11, 30)
MAX_SERVICES = 5
MAX_OPEN_ITEMS = 7
SAMPLE_COLUMNS = (
    *(
        "old_number",
        "name",
        "kind",
        "managed",
        "email",
        "phone",
        "address1",
        "address2",
        "city",
        "state",
        "zip",
    ),
    *(
        "delivery",
        "autopay",
        "method_label",
        "authorized_on",
        "hourly_rate",
        "status",
        "opened_on",
        "closed_on",
    ),
    *("payer", "notes"),
    *(f"service{n + 1}_{p}" for n in range(MAX_SERVICES) for p in ("name", "monthly", "since", "billed_through")),
    *(f"open{n + 1}_{p}" for n in range(MAX_OPEN_ITEMS) for p in ("description", "date", "due", "amount")),
    *("credit", "credit_date"),
)

_NET_30 = timedelta(days=30)
_ONE_DAY = timedelta(days=1)
_PAPER_CENTS = 300
_LATE_CENTS = 1000
_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ß": "ss", "ł": "l", "ŋ": "n"})

# Of a hundred accounts that send checks, and of a hundred that are charged by card or E-Check.
_SITUATIONS_BY_MAIL = (
    *(("current", 68.0), ("paid", 7.0), ("behind-1", 7.0), ("behind-2", 4.0), ("behind-3", 2.5)),
    *(("behind-5", 2.0), ("never-paid", 2.0), ("returned-check", 2.0), ("credit", 4.0)),
    *(("closed-credit", 4.0), ("closed-paid", 1.5), ("closed-owing", 1.5), ("new", 3.0)),
)
_SITUATIONS_BY_AUTOPAY = (
    *(("paid", 78.0), ("current", 8.0), ("behind-1", 3.0), ("credit", 3.0), ("closed-credit", 5.0)),
    ("new", 3.0),
)
_SUSPENDED_PERCENT = {"behind-1": 20, "behind-2": 60, "behind-3": 75, "behind-5": 85, "never-paid": 50}


@dataclass(slots=True)
class _Subscription:
    plan: Plan
    since: date
    billed: bool = True


@dataclass(slots=True)
class _Item:
    description: str
    on: date
    due_on: date
    cents: int


@dataclass(slots=True)
class _Draft:
    """A customer in the making; `cells` are texts by column name, amounts are cents until the end."""

    dice: Dice
    situation: str
    is_business: bool
    town: Town
    cells: dict[str, str] = field(default_factory=dict)
    opened_on: date = date.min
    services: list[_Subscription] = field(default_factory=list)
    items: list[_Item] = field(default_factory=list)

    @property
    def is_closed(self) -> bool:
        return self.situation.startswith("closed")


def sample_row(index: int, seed: int) -> tuple[str, ...]:
    """The cells of customer `index` (from 0), in the order of SAMPLE_COLUMNS; depends on nothing else."""
    dice = Dice(f"customer {index} of {seed}")
    autopay = dice.weighted((("none", 62.0), ("card", 23.0), ("echeck", 15.0)))
    form_missing = autopay != "none" and dice.chance(7)
    by_mail = autopay == "none" or form_missing
    situation = dice.weighted(_SITUATIONS_BY_MAIL if by_mail else _SITUATIONS_BY_AUTOPAY)
    draft = _Draft(dice, situation, dice.chance(24), dice.weighted(cast().towns))
    draft.cells["old_number"] = str(10_000 + 7 * index + dice.between(0, 6))
    draft.opened_on = _opening_day(dice, situation)
    draft.cells["opened_on"] = str(draft.opened_on)
    _name(draft, cast())
    _delivery_and_address(draft, cast(), index)
    _method(draft, autopay, form_missing)
    _subscribe(draft, cast())
    _status_and_money(draft)
    if dice.chance(6):
        draft.cells["notes"] = dice.pick(cast().notes)
    return _finished(draft)


def _opening_day(dice: Dice, situation: str) -> date:
    if situation == "new":
        return dice.day(date(2026, 10, 2), date(2026, 10, 28))
    if situation == "never-paid":
        return dice.day(date(2026, 7, 6), date(2026, 7, 28))
    # Two throws, the later day: the office has grown over the years.
    days = (dice.day(date(2009, 3, 2), date(2026, 2, 20)) for _ in range(2))
    opened_on = max(days)
    return opened_on + _ONE_DAY if opened_on.day == 1 else opened_on


def _name(draft: _Draft, pool: Cast) -> None:
    dice = draft.dice
    people = dice.weighted(pool.people)
    first, partner = dice.pick(people.first_names), dice.pick(people.first_names)
    last = dice.pick(dice.weighted(pool.people).last_names if dice.chance(15) else people.last_names)
    draft.cells["kind"] = "business" if draft.is_business else "residential"
    if draft.is_business:
        name = dice.pick(pool.businesses)
        if len(name) < 40 and not name.endswith(".") and dice.chance(70):
            name = f"{name} {draft.town.name}"
        draft.cells["name"] = name
        draft.cells["managed"] = "yes" if dice.chance(45) else "no"
        if draft.cells["managed"] == "yes" and dice.chance(25):
            draft.cells["hourly_rate"] = dice.pick(("85.00", "110.00", "125.00"))
        payer = f"{first} {last}" if dice.chance(7) else ""
    else:
        couple = dice.chance(12) and partner != first
        draft.cells["name"] = f"{first} & {partner} {last}" if couple else f"{first} {last}"
        # A parent pays, or the bank's bill-pay service writes its own name on the check.
        payer = f"{partner} {last}" if dice.chance(4) and not couple else ""
        if not payer and dice.chance(2):
            payer = "Ponderosa Bill Pay Service"
    if not payer and dice.chance(3):
        payer = dice.pick(pool.shared_payers)
    draft.cells["payer"] = payer if payer != draft.cells["name"] else ""


def _delivery_and_address(draft: _Draft, pool: Cast, index: int) -> None:
    dice, cells = draft.dice, draft.cells
    paper = dice.chance(17 if draft.is_business else 27)
    without_address = dice.chance(35 if draft.situation == "closed-credit" else 2)
    cells["delivery"] = "paper" if paper and not without_address else "email"
    if cells["delivery"] == "email" or dice.chance(40):
        cells["email"] = _email(draft, index)
    if dice.chance(95):
        cells["phone"] = f"605-555-01{dice.between(0, 99):02d}"
    if without_address:
        return
    second_lines = pool.business_second_lines if draft.is_business else pool.home_second_lines
    street = f"{dice.between(101, 23999)} {dice.pick(pool.streets)}"
    second = dice.pick(second_lines) if dice.chance(14) else ""
    if dice.chance(6 if draft.town.fiber else 25):
        street, second = f"PO Box {dice.between(11, 2999)}", ""
    elif draft.is_business and dice.chance(20):
        street, second = "Attn: Accounts Payable", street
    extended = f"-{dice.between(1000, 9799)}" if dice.chance(10) else ""
    cells |= {"address1": street, "address2": second, "city": draft.town.name, "state": "SD"}
    cells["zip"] = draft.town.zip_code + extended


def _email(draft: _Draft, index: int) -> str:
    dice = draft.dice
    plain = unicodedata.normalize("NFKD", draft.cells["name"].casefold().translate(_LETTERS))
    words = re.findall(r"[a-z]+", plain.replace("'", "").encode("ascii", "ignore").decode())
    if draft.is_business and dice.chance(80):
        return f"{dice.pick(('office', 'billing', 'accounts'))}@{'-'.join(words[:3])}.example"
    number = str(index) if dice.chance(45) else ""
    return f"{words[0]}.{words[-1]}{number}@example.{dice.pick(('com', 'org', 'net'))}"


def _method(draft: _Draft, autopay: str, form_missing: bool) -> None:
    dice = draft.dice
    draft.cells["autopay"] = autopay
    if autopay == "none":
        return
    # Whoever is charged by itself has no checks for another to sign.
    draft.cells["payer"] = ""
    ending = f"{dice.between(0, 9999):04d}"
    if autopay == "card":
        brand = dice.pick(("Visa", "Visa", "Mastercard", "Discover", "Amex"))
        expires = f"{dice.between(1, 12):02d}/{dice.between(27, 31)}" if dice.chance(96) else "09/26"
        draft.cells["method_label"] = f"{brand} ending {ending} exp {expires}"
    else:
        draft.cells["method_label"] = f"{dice.pick(('checking', 'checking', 'savings'))} ending {ending}"
    if not form_missing:
        later = dice.between(0, 20) if draft.situation == "new" else dice.between(0, 120)
        draft.cells["authorized_on"] = str(min(draft.opened_on + timedelta(days=later), SAMPLE_CUTOVER))


def _subscribe(draft: _Draft, pool: Cast) -> None:
    """A plan from the first day, and extras from that day or from the middle of some later month."""
    dice = draft.dice
    use = f"{'business' if draft.is_business else 'home'}-{'fiber' if draft.town.fiber else 'wireless'}"
    draft.services.append(_Subscription(dice.weighted(pool.plans[use]), draft.opened_on))
    is_settled = draft.situation not in ("new", "never-paid")
    for extra in pool.extras:
        # Thrown also where a managed business has no choice, so that the throws after it stay the same.
        wanted = dice.chance(extra.business_percent if draft.is_business else extra.home_percent)
        if extra.plan.name == "Managed Router" and draft.is_business:
            wanted = draft.cells["managed"] == "yes"
        if not wanted or len(draft.services) == MAX_SERVICES:
            continue
        since = draft.opened_on
        if is_settled and dice.chance(40):
            since = dice.day(draft.opened_on + timedelta(days=40), date(2026, 9, 28))
            since += _ONE_DAY if since.day == 1 else timedelta(0)
        draft.services.append(_Subscription(extra.plan, since))
    if draft.situation not in ("current", "paid", "behind-1"):
        return
    owned = {service.plan.name for service in draft.services}
    left = [extra for extra in pool.extras if extra.plan.name not in owned and _fits(extra, draft)]
    left = left if len(owned) < MAX_SERVICES else []
    if left and dice.chance(5):
        since = dice.day(date(2026, 10, 5), date(2026, 10, 27))
        draft.services.append(_Subscription(dice.pick(left).plan, since))
    elif left and dice.chance(2):
        # Installed yesterday or today; the old program has not billed it yet.
        since = dice.day(date(2026, 10, 29), SAMPLE_CUTOVER)
        draft.services.append(_Subscription(dice.pick(left).plan, since, billed=False))


def _fits(extra: Extra, draft: _Draft) -> bool:
    return bool(extra.business_percent if draft.is_business else extra.home_percent)


def _status_and_money(draft: _Draft) -> None:
    dice, situation = draft.dice, draft.situation
    draft.cells["status"] = "active"
    if dice.chance(_SUSPENDED_PERCENT.get(situation, 0)):
        draft.cells["status"] = "suspended"
    if draft.is_closed:
        _close(draft)
    elif situation == "credit":
        monthly = sum(service.plan.monthly_cents for service in draft.services)
        credit = monthly * dice.between(2, 10) if dice.chance(60) else 25 * dice.between(8, 160)
        draft.cells["credit"] = plain_cents(credit)
        draft.cells["credit_date"] = str(dice.day(date(2026, 7, 6), date(2026, 10, 28)))
    elif situation == "new":
        if draft.cells["autopay"] == "none" or dice.chance(30):
            _owe_activation(draft, draft.opened_on)
    elif situation == "never-paid":
        _owe_activation(draft, draft.opened_on)
        _owe_cycles(draft, 3)
    elif situation == "returned-check":
        on = dice.day(date(2026, 7, 4), date(2026, 7, 30))
        draft.items.append(_Item("Returned check: bank's fee and 25.00", on, on + _NET_30, 3700))
        _owe_cycles(draft, 1)
    elif situation == "current":
        _owe_cycles(draft, 1)
    elif situation.startswith("behind"):
        _owe_cycles(draft, 1 + int(situation.removeprefix("behind-")))
    added = [s.since for s in draft.services if LAST_CYCLE < s.since < SAMPLE_CUTOVER and s.billed]
    if situation != "new" and added and dice.chance(70):
        _owe_activation(draft, added[0])


def _owe_activation(draft: _Draft, since: date) -> None:
    """What began that day, up to the end of the next month, on an invoice of its own."""
    through = month_end(add_months(since, 1))
    plans = [service.plan for service in draft.services if service.since == since]
    cents = sum(_price_of_days(plan, since, through) for plan in plans)
    draft.items.append(_Item("Activation", since, since + _NET_30, cents))


def _owe_cycles(draft: _Draft, count: int) -> None:
    """The last `count` monthly invoices, with the fees that they brought."""
    for back in range(count - 1, -1, -1):
        on = add_months(LAST_CYCLE, -back)
        cents = sum(service.plan.monthly_cents for service in draft.services if service.since < on)
        cents += _PAPER_CENTS if draft.cells["delivery"] == "paper" else 0
        is_late = any(add_months(item.due_on, 1) <= on for item in draft.items)
        name = "Monthly services and late fee" if is_late else "Monthly services"
        draft.items.append(_Item(name, on, month_end(on), cents + _LATE_CENTS * is_late))


def _price_of_days(plan: Plan, first: date, last: date) -> int:
    pieces = months_between(first, last)
    return sum(prorate(plan.monthly_cents, (b - a).days + 1, days_in_month(a)) for a, b in pieces)


def _close(draft: _Draft) -> None:
    dice, cells = draft.dice, draft.cells
    first, last = {
        # After the refund run of the 15th; without an address a credit stays longer.
        "closed-credit": (
            date(2026, 10, 16) if "address1" in cells else date(2026, 8, 5),
            date(2026, 10, 29),
        ),
        "closed-paid": (date(2026, 3, 2), date(2026, 9, 28)),
        "closed-owing": (date(2026, 3, 2), date(2026, 5, 29)),
    }[draft.situation]
    closed_on = dice.day(first, last)
    cells |= {"status": "closed", "closed_on": str(closed_on)}
    through = month_end(add_months(closed_on, 1))
    # What was to begin after the account had ended never began.
    running = [service for service in draft.services if service.since <= closed_on]
    if draft.situation == "closed-credit":
        unused = sum(_price_of_days(service.plan, closed_on + _ONE_DAY, through) for service in running)
        cells |= {"credit": plain_cents(unused), "credit_date": str(closed_on)}
    elif draft.situation == "closed-owing":
        owed = sum(_price_of_days(service.plan, closed_on.replace(day=1), closed_on) for service in running)
        draft.items.append(_Item("Closing invoice", closed_on, closed_on + _NET_30, owed + 2 * _LATE_CENTS))
    draft.services = []


def _finished(draft: _Draft) -> tuple[str, ...]:
    cells = draft.cells
    for number, service in enumerate(draft.services, start=1):
        group = f"service{number}"
        cells[f"{group}_name"] = service.plan.name
        cells[f"{group}_monthly"] = plain_cents(service.plan.monthly_cents)
        cells[f"{group}_since"] = str(service.since)
        cells[f"{group}_billed_through"] = str(BILLED_THROUGH) if service.billed else ""
    for number, item in enumerate(draft.items, start=1):
        group = f"open{number}"
        cells[f"{group}_description"] = item.description
        cells[f"{group}_date"] = str(item.on)
        cells[f"{group}_due"] = str(item.due_on)
        cells[f"{group}_amount"] = plain_cents(item.cents)
    return tuple(cells.get(column, "") for column in SAMPLE_COLUMNS)
