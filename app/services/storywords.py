"""The events of a story as sentences of a diary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from app.services.storyevents import EVENTS
from app.services.storyfile import Event

Keys = Mapping[str, Any]


def _day(value: Any) -> str:
    return f"{value:%m/%d/%Y}" if isinstance(value, date) else str(value)


def _later(keys: Keys) -> str:
    return f", from {_day(keys['effective'])}" if "effective" in keys else ""


def _payment(keys: Keys) -> str:
    return f"check {keys['number']}" if "number" in keys else f"payment {keys.get('payment', '?')}"


def _opened(keys: Keys) -> str:
    plan = f", plan {keys['plan']}" if "plan" in keys else ""
    method = f", pays by {keys['autopay']}" if keys.get("autopay", "none") != "none" else ""
    return f"Account {keys.get('account')} is opened{plan}{method}."


def _check(keys: Keys) -> str:
    late = f", written {_day(keys['dated'])}" if "dated" in keys else ""
    return f"{keys.get('account')}: check {keys.get('number')} of {keys.get('amount')} comes in{late}."


def _worked(keys: Keys) -> str:
    start = keys.get("start")
    when = f" at {start:%H:%M}" if isinstance(start, datetime) else ""
    return f"{keys.get('account')}: work of kind {keys.get('kind')}{when}."


def _arranged(keys: Keys) -> str:
    parts = keys.get("instalments", ())
    said = ", ".join(f"{part.get('amount')} by {_day(part.get('on'))}" for part in parts if isinstance(part, dict))
    return f"{keys.get('account')}: an arrangement: {said}."


def _autopay(keys: Keys) -> str:
    declines = keys.get("declines", ())
    return "The auto-pay run" + (f"; declined for {', '.join(map(str, declines))}." if declines else ".")


def _chargeback(keys: Keys) -> str:
    fraud = ", by fraud" if keys.get("fraudulent") else ""
    return f"{keys.get('account')}: payment {keys.get('payment')} is charged back{fraud}."


def _kind(keys: Keys) -> str:
    return str(keys.get("kind")).replace("-", " ")


def _waived(keys: Keys) -> str:
    kinds = [str(kind).replace("-", " ") for kind in keys.get("waive", ())]
    return f", waived: {' and '.join(kinds)}" if kinds else ""


def _returned_item(keys: Keys) -> str:
    fraud = ", by fraud" if keys.get("fraudulent") else ""
    code = f" ({keys['code']})" if keys.get("code") else ""
    return f"{keys.get('account')}: {_payment(keys)} comes back{code}{fraud}{_waived(keys)}."


def _attempt(keys: Keys) -> str:
    amount = f" for {keys['amount']}" if "amount" in keys else ""
    outcome = "which is paid" if keys.get("approved") else "which fails"
    return f"{keys.get('account')} is asked{amount} outside the run, {outcome}{_waived(keys)}."


def _of(words: str) -> Callable[[Keys], str]:
    """A sentence about an account."""
    return lambda keys: f"{keys.get('account')}: {words}{_later(keys)}."


_SAYS: dict[str, Callable[[Keys], str]] = {
    "open-account": _opened,
    "add-service": lambda keys: (
        f"{keys.get('account')}: service {keys.get('service')} starts, {keys.get('monthly')} a month."
    ),
    "change-service": lambda keys: (
        f"{keys.get('account')}: service {keys.get('service')} costs {keys.get('monthly')} a month{_later(keys)}."
    ),
    "end-service": lambda keys: f"{keys.get('account')}: service {keys.get('service')} ends{_later(keys)}.",
    "cancel-account": _of("the account is cancelled"),
    "change-address": _of("a new address"),
    "change-delivery": lambda keys: f"{keys.get('account')}: statements go by {keys.get('delivery')}.",
    "run-billing": lambda keys: "The billing run.",
    "run-autopay": _autopay,
    "post-check": _check,
    "return-payment": lambda keys: (
        f"{keys.get('account')}: {_payment(keys)} comes back from the bank"
        + (f" ({keys['reason']})" if keys.get("reason") else "")
        + "."
    ),
    "reverse-payment": lambda keys: f"{keys.get('account')}: {_payment(keys)} was keyed by mistake and is taken back.",
    "suspend-past-due": lambda keys: "The suspension run.",
    "arrange": _arranged,
    "approve-reactivation": _of("the re-activation fee is approved"),
    "waive-reactivation": _of("the re-activation fee is waived"),
    "log-work": _worked,
    "run-refunds": lambda keys: "The refund run.",
    "void-refund": _of("the last refund check is void"),
    "send-receipts": lambda keys: "Receipts are sent.",
    "close-day": lambda keys: "The day is closed.",
    "record-work-performed": _of("work was performed"),
    "instruct-early": lambda keys: f"{keys.get('account')} asks to be charged on {_day(keys.get('charge_on'))}.",
    "change-fee-day": lambda keys: f"{keys.get('account')}: the fee date moves to day {keys.get('day')}.",
    "chargeback": _chargeback,
    "change-payment-method": lambda keys: f"{keys.get('account')} is to pay by {keys.get('kind')}.",
    "record-authorization": _of("the signed authorization form is recorded"),
    "courtesy-credit": lambda keys: f"{keys.get('account')}: a courtesy credit of {keys.get('amount')}.",
    "write-off": lambda keys: f"{keys.get('account')}: {keys.get('amount')} is written off.",
    "waive-charge": lambda keys: f"{keys.get('account')}: the last {_kind(keys)} is waived.",
    "waive-before": lambda keys: (
        f"{keys.get('account')}: the {_kind(keys)} of {keys.get('month')} is waived before it is charged."
    ),
    "record-returned-item": _returned_item,
    "record-attempt": _attempt,
    "take-back-return": lambda keys: f"{keys.get('account')}: the return of {_payment(keys)} is taken back.",
    "take-back-attempt": _of("the last failed attempt is taken back"),
}


def event_says(event: Event) -> str:
    """An event in a sentence; one that the program does not know or that lacks a key, as it stands in the file."""
    says = _SAYS.get(event.do)
    if says is None or not EVENTS[event.do].needed <= event.keys.keys():
        return f"{event.do}: {', '.join(f'{key} {value}' for key, value in event.keys.items())}."
    said = says(event.keys)
    return f"{said[:-1]}, which is to be refused." if event.refused else said


def expectation_says(event: Event) -> str:
    """What an `expect` asks, in a few words."""
    keys = {key: value for key, value in event.keys.items() if key != "account"}
    about = f"{event.keys['account']}: " if "account" in event.keys else ""
    return f"{about}expected {', '.join(key.replace('_', ' ') for key in keys)}"
