"""What refund checks and their vouchers say: payee, amount, and how the refund was worked out (ADV-9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from app.models.bulk import fetch, fetch_value, parse_day
from app.services.documents.content import RefundCheckContent, WorkedOutLine
from app.services.documents.stock import shipped_stock

MEMO = "Refund of account credit"


def refund_checks(session: Session, refund_ids: Sequence[int]) -> Iterator[RefundCheckContent]:
    """The checks of some refunds that are not void, by check number."""
    for start in range(0, len(refund_ids), 500):
        part = refund_ids[start : start + 500]
        marks = ", ".join("?" * len(part))
        worked_out = _worked_out(session, part)
        rows = fetch(
            session,
            "SELECT c.number, f.business_date, f.payee, f.address, f.cents, a.number, f.id FROM refund f "
            "JOIN account a ON a.id = f.account_id JOIN issued_check c ON c.refund_id = f.id AND c.state = 'issued' "
            f"WHERE f.id IN ({marks}) ORDER BY c.number",
            *part,
        )
        for number, on, payee, address, cents, account_number, refund_id in rows:
            yield RefundCheckContent(
                number,
                parse_day(on),
                payee,
                tuple(address.split("\n")),
                cents,
                f"{MEMO}, account {account_number}",
                account_number,
                worked_out.get(refund_id, ()),
            )


def _worked_out(session: Session, refund_ids: Sequence[int]) -> dict[int, tuple[WorkedOutLine, ...]]:
    """The credits that a refund pays out; a credit memo shows its lines when they are all of it."""
    marks = ", ".join("?" * len(refund_ids))
    found: dict[int, list[WorkedOutLine]] = {}
    for refund_id, on, description, why, cents, memo_id, whole in fetch(
        session,
        "SELECT al.refund_id, c.business_date, c.description, c.why, sum(al.cents), c.invoice_id, c.cents "
        f"FROM allocation al JOIN credit c ON c.id = al.credit_id WHERE al.refund_id IN ({marks}) "
        "GROUP BY al.refund_id, c.id HAVING sum(al.cents) > 0 ORDER BY al.refund_id, c.business_date, c.id",
        *refund_ids,
    ):
        lines = found.setdefault(refund_id, [])
        if memo_id is not None and cents == whole:
            lines += [
                WorkedOutLine(line[0], line[1], -line[2])
                for line in fetch(
                    session,
                    "SELECT description, why, cents FROM line WHERE invoice_id = ? ORDER BY n",
                    memo_id,
                )
            ]
            continue
        day = parse_day(on)
        lines.append(WorkedOutLine(f"{description}, {day:%b} {day.day}, {day.year}", why, cents))
    return {refund_id: tuple(lines) for refund_id, lines in found.items()}


def print_refund_checks(session: Session, refund_ids: Sequence[int], path: Path) -> int:
    """Draw the checks of some refunds on the stock of the box in use; returns how many sheets."""
    from app.services.documents.check import write_refund_checks  # reportlab takes long to import
    from app.services.statements import paper_office

    layout = fetch_value(session, "SELECT layout FROM check_stock ORDER BY next_number <= last_number DESC, id LIMIT 1")
    unfinished = path.with_name(f"~{path.name}")
    files = write_refund_checks(paper_office(session), shipped_stock(layout), refund_checks(session, refund_ids), unfinished)
    for number, file in enumerate(files, start=1):
        file.path.replace(path if number == 1 else path.with_stem(f"{path.stem}-{number}"))
    return sum(file.sheets for file in files)
