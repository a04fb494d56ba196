"""Setting up an office: its one row, the chart of accounts, the policies, the first box of checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import execute, fetch_one, insert_ready_rows, insert_row, insert_with_id
from app.services.desk import Desk, begin, require_reason, require_role
from app.services.inputs import LONGEST_REASON, one_line, text_block
from app.services.ledger import GL_NAMES
from app.services.mailaddress import is_mail_address
from app.services.policies.policyfile import shipped_policy_path
from app.services.terms import adopt_policy

SHIPPED_POLICIES = ("isp-advance", "membership-arrears")
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


def set_up(
    session: Session,
    form: OfficeForm,
    opened_on: date,
    policies: dict[str, str] | None = None,
    *,
    is_sample: bool = False,
) -> None:
    """Make a new database an office. `policies`: name -> TOML text; the shipped ones when None.

    `is_sample`: invented customers, to try things on; nobody is asked to sign in.
    """
    form = _cleaned(form)
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
        is_sample=int(is_sample),
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


def _cleaned(form: OfficeForm) -> OfficeForm:
    """The form as it is kept: texts of a sensible length, in lines, without signs that nobody sees. Raises UserError."""
    return replace(
        form,
        name=one_line(form.name, "An office's name", "name"),
        address=tuple(line for line in (one_line(line, "A line of an address", "address") for line in form.address) if line),
        phone=one_line(form.phone, "A phone number", "phone"),
        email=one_line(form.email, "An e-mail address", "email"),
        website=one_line(form.website, "A website", "website"),
        bank_name=one_line(form.bank_name, "A bank's name", "bank_name"),
        statement_message=text_block(form.statement_message, "A message on statements", "message", LONGEST_REASON),
    )


def update_office(session: Session, desk: Desk, form: OfficeForm, reason: str) -> None:
    """Change the office's own data; papers printed from now on show it. A manager's, with a reason.

    Raises UserError when the name or the address is missing, or a bank number cannot be right.
    """
    form = _cleaned(form)
    if not form.name:
        raise UserError("What is the office called? Its name stands on every statement.", field="name")
    if len(form.address) < 2:
        raise UserError("The address needs a street and a city line; payments are sent there.", field="address")
    if form.email and not is_mail_address(form.email):
        raise UserError(f"“{form.email}” is no e-mail address such as office@example.com.", field="email")
    if form.bank_routing and not is_routing_number(form.bank_routing):
        raise UserError(f"“{form.bank_routing}” is no routing number: nine digits, one a check digit.", field="routing")
    if form.bank_account_last4 and not (len(form.bank_account_last4) == 4 and form.bank_account_last4.isdecimal()):
        raise UserError("Only the last four digits of the bank account are kept here.", field="last4")
    require_role(desk, "manager", "Changing the office's data")
    begin(session, desk, "change-office", reason=require_reason(reason, "Changing the office's data"))
    execute(
        session,
        "UPDATE office SET name = ?, address = ?, phone = ?, email = ?, website = ?, time_zone = ?, bank_name = ?, "
        "bank_routing = ?, bank_account_last4 = ?, statement_message = ? WHERE id = 1",
        form.name,
        "\n".join(form.address),
        form.phone,
        form.email,
        form.website,
        form.time_zone,
        form.bank_name,
        form.bank_routing,
        form.bank_account_last4,
        form.statement_message,
    )


def is_routing_number(text: str) -> bool:
    """Whether a bank's routing number is right: nine digits whose weighted sum (3, 7, 1) ends in zero."""
    if len(text) != 9 or not (text.isascii() and text.isdigit()):
        return False
    return sum(int(digit) * weight for digit, weight in zip(text, (3, 7, 1) * 3, strict=True)) % 10 == 0
