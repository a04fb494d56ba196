"""Setting up an office: its one row, the chart of accounts, the policies, the first box of checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from app.models.bulk import fetch_one, insert_ready_rows, insert_row, insert_with_id
from app.services.ledger import GL_NAMES
from app.services.policies.policyfile import shipped_policy_path
from app.services.terms import adopt_policy

SHIPPED_POLICIES = ("isp-advance",)
FIRST_CHECK_NUMBER = 5001
CHECKS_IN_A_BOX = 100_000
LONG_AGO = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class OfficeForm:
    """What the office is called and where it is; `address` is a tuple of lines."""

    name: str
    address: tuple[str, ...]
    phone: str = ""
    email: str = ""
    website: str = ""
    time_zone: str = "America/Denver"
    bank_name: str = ""
    bank_routing: str = ""
    bank_account_last4: str = ""
    statement_message: str = ""


def set_up(session: Session, form: OfficeForm, opened_on: date, policies: dict[str, str] | None = None) -> None:
    """Make a new database an office. `policies`: name -> TOML text; the shipped ones when None."""
    insert_row(
        session,
        "office",
        id=1,
        name=form.name,
        address="\n".join(form.address),
        phone=form.phone,
        email=form.email,
        website=form.website,
        time_zone=form.time_zone,
        bank_name=form.bank_name,
        bank_routing=form.bank_routing,
        bank_account_last4=form.bank_account_last4,
        statement_message=form.statement_message,
        opened_on=opened_on,
        closed_through=None,
    )
    insert_ready_rows(session, "gl_account", ("number", "name"), [(int(gl), name) for gl, name in GL_NAMES.items()])
    for name in SHIPPED_POLICIES if policies is None else ():
        adopt_policy(session, name, Path(shipped_policy_path(name)).read_text(encoding="utf-8"), LONG_AGO)
    for name, body in (policies or {}).items():
        adopt_policy(session, name, body, LONG_AGO)
    insert_with_id(
        session,
        "check_stock",
        name="First box",
        layout="voucher-top",
        next_number=FIRST_CHECK_NUMBER,
        last_number=FIRST_CHECK_NUMBER + CHECKS_IN_A_BOX - 1,
    )


def office_form(session: Session) -> OfficeForm:
    """The office's own data."""
    row = fetch_one(
        session,
        "SELECT name, address, phone, email, website, time_zone, bank_name, bank_routing, bank_account_last4, "
        "statement_message FROM office WHERE id = 1",
    )
    assert row is not None, "every office has its row"
    return OfficeForm(row[0], tuple(row[1].split("\n")) if row[1] else (), *row[2:])
