"""Policy files: TOML in, a frozen policy out; a mistake names the file, the key and what is allowed."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from app import resources
from app.errors import UserError
from app.money import parse_cents
from app.tomltext import SHOWN, parse_toml, shown


class PolicyError(UserError):
    """A policy value that is unknown, missing or not allowed; `takes`: what may be typed there on screen instead."""

    def __init__(self, message: str, field: str, takes: str = "") -> None:
        super().__init__(message, field)
        self.takes = takes


@dataclass(frozen=True, slots=True)
class AdvancePolicy:
    """Terms of an account billed in advance by calendar month. Fees and rates are cents."""

    name: str
    first_invoice: str
    net_days: int
    late_run_days_left: int
    paper_statement_fee: int
    refund_days: tuple[int, ...]
    returned_admin_fee: int
    hourly_rate: int
    late_fee: int
    late_after_months: int
    bill_while_suspended: bool
    reactivation_fee: int
    reactivation_after: int
    reactivation_months: int


class PlanTerms(NamedTuple):
    """What a plan offers a new member: the monthly fee and the processing fee, in cents."""

    monthly_cents: int
    processing_cents: int


@dataclass(frozen=True, slots=True)
class ArrearsPolicy:
    """Terms of a membership billed in arrears by each member's fee day. Fees are cents.

    `late_charge` is by plan; `plans` are the amounts that a new member of a plan is offered, where known.
    """

    name: str
    processing_after_days: int
    processing_before_days: int
    first_fee_after_days: int
    final_fee: str
    late_charge: Mapping[str, int]
    late_charge_again: int
    dishonored_fee: int
    date_change_fee: int
    chargeback_fee: int
    refund_days: tuple[int, ...]
    plans: Mapping[str, PlanTerms]

    @property
    def paper_statement_fee(self) -> int:
        """Statements on paper cost members nothing, in cents."""
        return 0


Policy = AdvancePolicy | ArrearsPolicy


@dataclass(frozen=True, slots=True)
class _Key:
    """`allowed`: what the file may say; `typed`: the same as it is typed on screen, where it differs."""

    allowed: str
    read: Callable[[Any], Any]
    default: Any = None
    typed: str = ""


def _amount(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError
    cents = parse_cents(value)
    if cents < 0 or "." not in value or len(value.rpartition(".")[2]) != 2:
        raise ValueError
    return cents


def _whole(least: int, most: int) -> _Key:
    def read(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError
        return value

    return _Key(f"a whole number from {least} to {most}", read)


def _one_of(*words: str) -> _Key:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return _Key(" or ".join(f'"{word}"' for word in words), read, typed=" or ".join(words))


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


def _month_days(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not value or any(type(day) is not int or not 1 <= day <= 28 for day in value):
        raise ValueError
    return tuple(sorted(set(value)))


_TYPED_AMOUNT = "an amount such as 10.00"
_AMOUNT = _Key('an amount in quotes with two decimals, such as "10.00"', _amount, typed=_TYPED_AMOUNT)


def _optional(key: _Key, default: Any) -> _Key:
    return replace(key, default=default)


ADVANCE_KEYS: Mapping[str, _Key] = {
    "first_invoice": _one_of("on-activation", "with-next-cycle"),
    "net_days": _whole(0, 365),
    "late_run_days_left": _optional(_whole(0, 31), 20),
    "paper_statement_fee": _AMOUNT,
    "refund_days": _Key(
        "a list of days of the month from 1 to 28, such as [1, 15]", _month_days, typed="days from 1 to 28, such as 1, 15"
    ),
    "returned_admin_fee": _AMOUNT,
    "hourly_rate": _AMOUNT,
    "late_fee": _AMOUNT,
    "late_after_months": _whole(0, 24),
    "bill_while_suspended": _Key("true or false", _boolean, typed="yes or no"),
    "reactivation_fee": _AMOUNT,
    "reactivation_after": _whole(1, 100),
    "reactivation_months": _optional(_whole(1, 120), 12),
}


_PLAN_NAME_LENGTH = 24


def _plan_amounts(value: Any) -> dict[str, int]:
    if not isinstance(value, dict) or not value or any(not 0 < len(plan) <= _PLAN_NAME_LENGTH for plan in value):
        raise ValueError
    return {plan: _amount(amount) for plan, amount in value.items()}


def _plan_terms(value: Any) -> dict[str, PlanTerms]:
    if not isinstance(value, dict):
        raise ValueError
    found = {}
    for plan, terms in value.items():
        if not isinstance(terms, dict) or set(terms) != {"monthly", "processing"}:
            raise ValueError
        found[plan] = PlanTerms(_amount(terms["monthly"]), _amount(terms["processing"]))
    return found


ARREARS_KEYS: Mapping[str, _Key] = {
    "processing_after_days": _whole(0, 365),
    "processing_before_days": _whole(0, 365),
    "first_fee_after_days": _whole(1, 365),
    "final_fee": _one_of("prorated", "full"),
    "late_charge": _Key('a table of plans with amounts, such as {Premiere = "15.00"}', _plan_amounts, typed=_TYPED_AMOUNT),
    "late_charge_again": _AMOUNT,
    "dishonored_fee": _AMOUNT,
    "date_change_fee": _AMOUNT,
    "chargeback_fee": _AMOUNT,
    "refund_days": ADVANCE_KEYS["refund_days"],
    "plans": _Key('a table of plans, each {monthly = "99.00", processing = "79.00"}', _plan_terms, {}, _TYPED_AMOUNT),
}


def shipped_policy_path(name: str) -> Path:
    """Where a shipped policy lies, e.g. `isp-advance`."""
    return resources.path("policies", f"{name}.toml")


def load_policy(source: str | Path, override: Mapping[str, Any] | None = None) -> Policy:
    """The policy of a shipped name or of a file, with `override` laid over it.

    Raises PolicyError, which names the file, the key and what is allowed there.
    """
    path = shipped_policy_path(source) if isinstance(source, str) and not source.endswith(".toml") else Path(source)
    try:
        body = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PolicyError(f"There is no policy “{source}”: neither shipped nor a file.", field="policy") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"The policy file {path} cannot be read: {error}.", field="policy") from None
    return parse_policy(body, name=path.stem, label=path.name, override=override)


def laid_over(values: Mapping[str, Any], override: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with those of `override` instead; of a table only the entries that it names."""
    found = dict(values)
    for key, value in override.items():
        before = found.get(key)
        found[key] = laid_over(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return found


def parse_policy(body: str, *, name: str, label: str, override: Mapping[str, Any] | None = None) -> Policy:
    """The policy of a TOML text; `label` names it in messages. `policy` in it says which of the two kinds it is."""
    try:
        values = parse_toml(body)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{label} is not a policy file: {error}.", field="policy") from None
    kind = values.pop("policy", "advance")
    if kind not in ("advance", "arrears"):
        raise PolicyError(f'{label}: policy is {kind!r}; allowed is "advance" or "arrears".', field="policy")
    values = laid_over(values, override or {})
    keys = ADVANCE_KEYS if kind == "advance" else ARREARS_KEYS
    for key in values:
        if key not in keys:
            raise PolicyError(f"{label}: the key “{key[:SHOWN]}” is unknown; allowed are {', '.join(keys)}.", field=key)
    read = {key: _value(spec, values, key, label) for key, spec in keys.items()}
    if kind == "advance":
        return AdvancePolicy(name=name, **read)
    for plan in read["plans"]:
        if plan not in read["late_charge"]:
            raise PolicyError(f"{label}: plan {plan} has no late charge; add it to late_charge.", field="late_charge")
    return ArrearsPolicy(name=name, **read)


def _value(spec: _Key, values: Mapping[str, Any], key: str, label: str) -> Any:
    if key not in values:
        if spec.default is not None:
            return spec.default
        raise PolicyError(f"{label}: the key “{key}” is missing; it takes {spec.allowed}.", field=key)
    try:
        return spec.read(values[key])
    except ValueError:
        said = f"{label}: {key} = {shown(values[key])} is not allowed; it takes {spec.allowed}."
        raise PolicyError(said, key, spec.typed or spec.allowed) from None
