"""The form that a customer signs before a card or bank account is used: filled in with what is known, as a PDF."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from app.errors import UserError
from app.money import format_cents
from app.services.documents.authorization import AuthorizationContent
from app.services.loading import AccountCard, card
from app.services.memberstanding import MemberStanding, member_standing
from app.services.office import office_form
from app.services.policies.dishonored import ADVANCE_METHODS, arr_5_methods
from app.services.policies.policyfile import AdvancePolicy, ArrearsPolicy, Policy
from app.services.statements import paper_office
from app.services.terms import policy_of


def authorization_content(
    session: Session, account_id: int, method: str, on: date, *, blank: bool = False
) -> AuthorizationContent:
    """What stands on an account's form for a method (ADV-18, ARR-10); `blank`: nothing that is known of the customer.

    Raises UserError for an unknown account, and for a method that its policy does not have.
    """
    account = card(session, account_id)
    policy = policy_of(session, account_id, on)
    allowed = arr_5_methods() if isinstance(policy, ArrearsPolicy) else ADVANCE_METHODS
    if method == "none" or method not in allowed:
        raise UserError("There is no form for that; choose a card or a bank account.", field="method")
    name = office_form(session).name
    terms = () if blank else _terms(policy, member_standing(session, account, on))
    known = account.method_label if account.autopay == method and not blank else ""
    return AuthorizationContent(
        "" if blank else account.number,
        method,
        known,
        _customer(None if blank else account),
        terms,
        _agreed(name, method, policy),
        on,
    )


def _customer(account: AccountCard | None) -> tuple[tuple[str, str], ...]:
    if account is None:
        return (("Name", ""), ("Address", ""), ("Phone", ""), ("E-mail", ""))
    return (
        ("Name", account.name),
        ("Address", ", ".join(account.address.splitlines())),
        ("Phone", account.phone),
        ("E-mail", account.email),
    )


def _terms(policy: Policy, member: MemberStanding | None) -> tuple[tuple[str, str], ...]:
    if member is None or not isinstance(policy, ArrearsPolicy):
        return (("Each month, on the 1st", "the whole balance of the account, as billed"),)
    many = "1 individual" if member.individuals == 1 else f"{member.individuals} individuals"
    fee_date = (
        f"{policy.first_fee_after_days} days after the processing fee is paid, then monthly"
        if member.next_fee_on is None
        else f"{member.next_fee_on:%m/%d/%Y}, then monthly"
    )
    return (
        ("Plan", f"{member.plan}, {many}"),
        ("Processing fee", format_cents(member.processing_cents)),
        ("Monthly fee, for the month before", format_cents(member.monthly_cents)),
        ("Next monthly fee on", fee_date),
        ("If a payment is not honored", _failed(policy, member.plan)),
    )


def _failed(policy: ArrearsPolicy, plan: str) -> str:
    first, again = format_cents(policy.late_charge[plan]), format_cents(policy.late_charge_again)
    return f"{first} late charge ({again} when it fails again) and {format_cents(policy.dishonored_fee)} each time"


def _agreed(office: str, method: str, policy: Policy) -> tuple[str, ...]:
    what = {
        "card": "charge the card named above",
        "echeck": "debit the bank account named above by E-Check",
        "bank-draft": "draft the bank account named above",
    }[method]
    sentences = [f"{office} may {what} for what my account owes when it is due."]
    if isinstance(policy, AdvancePolicy):
        fee = format_cents(policy.returned_admin_fee)
        sentences.append(f"A payment that my bank returns costs me the bank's fee and {fee} (each time).")
    else:
        sentences.append("A final fee is charged on the day I end services. Fees are generally not refunded.")
        sentences.append("I will tell the office at once, and sign a new form, before I close or change what is named.")
    sentences.append(
        "This authorization holds until I take it back in writing, early enough for the office to act on it, or until "
        "the account is closed and paid. It is not used before this form is signed and has reached the office."
    )
    return tuple(sentences)


def print_authorization(
    session: Session, account_id: int, method: str, folder: Path, on: date, *, blank: bool = False
) -> Path:
    """Write the form into `folder`, made when it is not there; returns the file. Raises UserError if it cannot be."""
    from app.services.documents.authorization import write_authorization

    content = authorization_content(session, account_id, method, on, blank=blank)
    path = folder / f"authorization-{content.number or 'blank'}-{method}-{on.isoformat()}.pdf"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_authorization(path, paper_office(session), content)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}; close it elsewhere and try again.") from error
    return path
