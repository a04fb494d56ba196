"""The invented people, businesses, towns and plans of resources/demo/sample.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app import resources
from app.money import parse_cents


@dataclass(frozen=True, slots=True)
class SampleOffice:
    """The office of the sample list, as it prints on paper; `time_zone` is an IANA name."""

    name: str
    address: tuple[str, ...]
    phone: str
    email: str
    website: str
    time_zone: str
    bank: str


@dataclass(frozen=True, slots=True)
class Town:
    name: str
    zip_code: str
    fiber: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan or an extra; `monthly_cents` is the price of a whole month."""

    name: str
    monthly_cents: int


@dataclass(frozen=True, slots=True)
class Extra:
    plan: Plan
    home_percent: int
    business_percent: int


@dataclass(frozen=True, slots=True)
class People:
    """First and last names that often go together."""

    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everything a made-up customer is put together from; weights are shares, not percent."""

    office: SampleOffice
    towns: tuple[tuple[Town, float], ...]
    streets: tuple[str, ...]
    home_second_lines: tuple[str, ...]
    business_second_lines: tuple[str, ...]
    people: tuple[tuple[People, float], ...]
    businesses: tuple[str, ...]
    shared_payers: tuple[str, ...]
    notes: tuple[str, ...]
    plans: dict[str, tuple[tuple[Plan, float], ...]]
    extras: tuple[Extra, ...]


@lru_cache(maxsize=1)
def cast() -> Cast:
    """The contents of sample.toml, read once."""
    data: dict[str, Any] = tomllib.loads(resources.path("demo", "sample.toml").read_text(encoding="utf-8"))
    plans: dict[str, tuple[tuple[Plan, float], ...]] = {}
    for entry in data["plan"]:
        plan = Plan(entry["name"], parse_cents(entry["monthly"]))
        plans[entry["use"]] = (*plans.get(entry["use"], ()), (plan, entry["weight"]))
    office = data["office"]
    return Cast(
        office=SampleOffice(**{**office, "address": tuple(office["address"])}),
        towns=tuple((Town(t["name"], t["zip"], t["fiber"]), t["weight"]) for t in data["town"]),
        streets=tuple(data["streets"]["names"]),
        home_second_lines=tuple(data["streets"]["home_seconds"]),
        business_second_lines=tuple(data["streets"]["business_seconds"]),
        people=tuple((People(tuple(p["first"]), tuple(p["last"])), p["weight"]) for p in data["people"]),
        businesses=tuple(data["businesses"]["names"]),
        shared_payers=tuple(data["businesses"]["payers"]),
        notes=tuple(data["notes"]["lines"]),
        plans=plans,
        extras=tuple(Extra(Plan(e["name"], parse_cents(e["monthly"])), e["home"], e["business"]) for e in data["extra"]),
    )
