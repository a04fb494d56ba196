"""Events of a story for what is waived or taken back: what people at a desk correct (BOTH-3, BOTH-4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.errors import UserError
from app.models.bulk import fetch_one
from app.services import autopayanswers, credits, returneditems, returnreversal
from app.services.chargenames import CHARGE_NAMES
from app.services.policies.dishonored import Cost
from app.services.storystage import EventSpec, Stage, a_cost, list_of, money, picked_payment, spec, text, whole, yes_no
from app.services.waived import IS_WAIVED


def _kind(value: Any, key: str) -> str:
    kind = text(value, key)
    if kind not in CHARGE_NAMES:
        raise UserError(f"{key}: “{kind}” is no kind of charge; known are {', '.join(CHARGE_NAMES)}.", field=key)
    return kind


def _latest_charge(session: Session, account_id: int, kind: str) -> tuple[int, int]:
    """Invoice and line of the account's latest charge of a kind that was not waived yet."""
    found = fetch_one(
        session,
        "SELECT l.invoice_id, l.n FROM line l WHERE l.account_id = ? AND l.kind = ? AND l.cents > 0 "
        f"AND NOT {IS_WAIVED} ORDER BY l.invoice_id DESC, l.n DESC LIMIT 1",
        account_id,
        kind,
    )
    if found is None:
        raise UserError(f"The account has no {kind} that could be waived.", field="kind")
    return found[0], found[1]


def _waive_charge(stage: Stage, account: str, kind: str, reason: str) -> None:
    account_id = stage.account(account)
    with stage.books.write() as session:
        invoice_id, line_n = _latest_charge(session, account_id, kind)
        credits.waive_charge(session, stage.desk, invoice_id, line_n, reason)


def _waive_before(stage: Stage, account: str, kind: str, month: str, reason: str) -> None:
    with stage.books.write() as session:
        credits.waive_before_charged(session, stage.desk, stage.account(account), f"{kind}:{month}", reason)


def _record_returned_item(
    stage: Stage,
    account: str,
    number: str = "",
    payment: int = 0,
    code: str = "",
    bank_fee: int = 0,
    fraudulent: bool = False,
    costs: Sequence[Cost] = (),
    waive: Sequence[str] = (),
    reason: str = "",
) -> None:
    with stage.books.write() as session:
        form = returneditems.ReturnedItem(
            picked_payment(session, stage, account, number, payment),
            code,
            bank_fee_cents=bank_fee,
            fraudulent=fraudulent,
            costs=tuple(costs),
            waived=frozenset(waive),
            waive_reason=reason,
        )
        returneditems.record(session, stage.desk, form)


def _record_attempt(
    stage: Stage,
    account: str,
    approved: bool,
    amount: int | None = None,
    waive: Sequence[str] = (),
    reason: str = "",
) -> None:
    with stage.books.write() as session:
        autopayanswers.record_attempt(
            session,
            stage.desk,
            stage.account(account),
            approved=approved,
            cents=amount,
            waive=frozenset(waive),
            reason=reason,
        )


def _take_back_return(stage: Stage, account: str, reason: str, number: str = "", payment: int = 0) -> None:
    with stage.books.write() as session:
        returnreversal.take_back_return(
            session, stage.desk, picked_payment(session, stage, account, number, payment), reason
        )


def _take_back_attempt(stage: Stage, account: str, reason: str) -> None:
    account_id = stage.account(account)
    with stage.books.write() as session:
        failed = autopayanswers.declined_attempts(session, account_id, 1)
        if not failed:
            raise UserError("The account has no failed attempt that could be taken back.", field="account")
        autopayanswers.take_back_attempt(session, stage.desk, failed[0].id, reason)


CORRECTIONS: Mapping[str, EventSpec] = {
    "waive-charge": spec(_waive_charge, account=text, kind=_kind, reason=text),
    "waive-before": spec(_waive_before, account=text, kind=_kind, month=text, reason=text),
    "record-returned-item": spec(
        _record_returned_item,
        account=text,
        number_=text,
        payment_=whole,
        code_=text,
        bank_fee_=money,
        fraudulent_=yes_no,
        costs_=list_of(a_cost),
        waive_=list_of(_kind),
        reason_=text,
    ),
    "record-attempt": spec(
        _record_attempt, account=text, approved=yes_no, amount_=money, waive_=list_of(_kind), reason_=text
    ),
    "take-back-return": spec(_take_back_return, account=text, reason=text, number_=text, payment_=whole),
    "take-back-attempt": spec(_take_back_attempt, account=text, reason=text),
}
