"""Reports of one day and of one month: all that happened, each line opening into the rows behind it."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from app.models.bulk import fetch_one
from app.periods import month_end, month_start
from app.services.audittrail import closing_seal
from app.services.chargenames import CHARGE_NAMES
from app.services.desk import closed_through
from app.services.documents.content import Chart
from app.services.ledger import Gl
from app.services.reporting import LONG_AGO, Drill, Period, Report, ReportColumn, ReportRow, day_words
from app.services.reports import month_end_report

_MONEY = "money"

_DAY = (
    (
        "Mail",
        "Checks counted in the mail",
        "SELECT sum(count), sum(total_cents) FROM mail_batch WHERE received_on = ?",
        "mail-behind",
        "",
    ),
    (
        "Mail",
        "Checks logged",
        "SELECT count(*), sum(cents) FROM mail_check WHERE received_on = ?",
        "mail-behind",
        "",
    ),
    (
        "Mail",
        "Of these, neither posted, held nor sent back",
        "SELECT count(*), sum(cents) FROM mail_check WHERE received_on = ? AND state = 'logged'",
        "mail-behind",
        "logged",
    ),
    (
        "Mail",
        "Of these, sent back",
        "SELECT count(*), sum(cents) FROM mail_check WHERE received_on = ? AND state = 'returned-to-sender'",
        "mail-behind",
        "returned-to-sender",
    ),
    (
        "Receipts",
        "Checks posted",
        "SELECT count(*), sum(cents) FROM payment WHERE business_date = ? AND kind = 'check' "
        "AND id NOT IN (SELECT by_payment_id FROM return_taken_back)",
        "payments-behind",
        "check",
    ),
    (
        "Receipts",
        "Cards",
        "SELECT count(*), sum(cents) FROM payment WHERE business_date = ? AND kind = 'card' "
        "AND id NOT IN (SELECT by_payment_id FROM return_taken_back)",
        "payments-behind",
        "card",
    ),
    (
        "Receipts",
        "E-Checks and drafts",
        "SELECT count(*), sum(cents) FROM payment WHERE business_date = ? AND kind IN ('echeck', 'bank-draft') "
        "AND id NOT IN (SELECT by_payment_id FROM return_taken_back)",
        "payments-behind",
        "bank",
    ),
    (
        "Receipts",
        "Checks held",
        "SELECT count(*), sum(p.cents) FROM entry e JOIN posting p ON p.entry_id = e.id "
        "WHERE e.business_date = ? AND e.what = 'hold-check'",
        "held-behind",
        "",
    ),
    (
        "Receipts",
        "Returned, charged back or reversed",
        "SELECT count(*), -sum(p.cents) FROM payment_reversal r JOIN payment p ON p.id = r.payment_id "
        "WHERE r.business_date = ?",
        "payments-behind",
        "undone",
    ),
    (
        "Receipts",
        "Returns taken back",
        "SELECT count(*), sum(p.cents) FROM return_taken_back t JOIN payment p ON p.id = t.by_payment_id "
        "WHERE t.business_date = ?",
        "payments-behind",
        "taken-back",
    ),
    (
        "Bank",
        "Deposits",
        "SELECT count(*), sum(cents) FROM deposit WHERE business_date = ?",
        "deposits",
        "",
    ),
    (
        "Bank",
        "Checks taken out of a deposit again",
        "SELECT count(*), -sum(cents) FROM deposit_removal WHERE business_date = ?",
        "deposits",
        "",
    ),
    (
        "Charges",
        "Invoices and credit memos",
        "SELECT count(*), sum(total_cents) FROM invoice WHERE issued_on = ? AND what <> 'opening'",
        "charges-behind",
        "charged",
    ),
    (
        "Charges",
        "Credits, waivers, write-offs",
        "SELECT count(*), -sum(cents) FROM credit WHERE business_date = ? "
        "AND kind NOT IN ('payment', 'credit-memo', 'opening')",
        "charges-behind",
        "credited",
    ),
    (
        "Refunds",
        "Refund checks",
        "SELECT count(*), sum(cents) FROM refund WHERE business_date = ?",
        "refunds",
        "",
    ),
    (
        "Refunds",
        "Refund checks voided",
        "SELECT count(*), sum(f.cents) FROM refund_void v JOIN refund f ON f.id = v.refund_id WHERE v.business_date = ?",
        "voids-behind",
        "",
    ),
    (
        "Evening",
        "Receipts sent",
        "SELECT count(*), sum(p.cents) FROM receipt r JOIN payment p ON p.id = r.payment_id WHERE r.business_date = ?",
        "sent-behind",
        "",
    ),
)
_DAY_COLUMNS = (
    ReportColumn("Part", width=12),
    ReportColumn("What", width=0),
    ReportColumn("Count", "count", 10),
    ReportColumn("Amount", _MONEY, 14),
)


def day_report(session: Session, period: Period, _about: str) -> Report:
    """All that happened on one business day, and whether it is closed."""
    on = period.last
    rows = []
    for part, what, sql, behind, about in _DAY:
        count, cents = fetch_one(session, sql, on) or (0, 0)
        drill = Drill(behind, on, on, about) if count else None
        rows.append(ReportRow((part, what, count or 0, cents or 0), drill))
    closed = closed_through(session)
    is_closed = closed is not None and on <= closed
    return Report(
        "day",
        "Day close",
        f"{day_words(on)}, {'closed' if is_closed else 'open'}",
        _DAY_COLUMNS,
        tuple(rows),
        note=_closing_note(session, on) if is_closed else "The day is open: these figures can still change.",
    )


def _closing_note(session: Session, on: date) -> str:
    seal = closing_seal(session, on)
    if not seal:
        return ""
    return f"Audit trail at the close: {seal}. Keep this on paper: python -m app check --head finds a trail cut off since."


_FIGURES = (
    ("Received", "receipts", ""),
    ("Charged", "charges-behind", "charged"),
    ("Revenue recognised", "entries-behind", f"{int(Gl.DEFERRED_REVENUE)}:recognition"),
    ("Refunded", "refunds", ""),
    ("Receivable at month end", "aging", ""),
    ("Deferred at month end", "deferred", ""),
)


_MONTH_OPEN = (
    "The month is not closed: these figures can still change, and what its services earn is posted at the close of its last "
    "day."
)


def month_report(session: Session, period: Period, _about: str) -> Report:
    """The month-end report of the month in which the last day lies, flattened into one list."""
    last = month_end(period.last)
    first = month_start(last)
    whole = month_end_report(session, last, last)
    figures = {figure.label: figure.value for figure in whole.key_figures}
    columns = (
        ReportColumn("Part", width=26),
        ReportColumn("What", width=0),
        ReportColumn("Count", "count", 10),
        ReportColumn("Amount", _MONEY, 14),
    )
    rows = [
        ReportRow(("Figures", what, None, figures[what]), Drill(key, first, last, about)) for what, key, about in _FIGURES
    ]
    kinds = {name: kind for kind, name in CHARGE_NAMES.items()}
    behind = {
        "Receipts": Drill("receipts-behind", first, last),
        "Receivable by age": Drill("aging", last, last),
    }
    for section in whole.sections:
        columns_are = [column.kind for column in section.columns]
        if "money" not in columns_are or section.heading.startswith("Billed by the cycle"):
            continue
        money = len(columns_are) - 1 if section.heading == "Trial balance" else columns_are.index("money")
        for cells in section.rows:
            what = cells[1] if section.heading == "Trial balance" else cells[0]
            count = cells[columns_are.index("count")] if "count" in columns_are else None
            if section.heading == "Charges and credits":
                drill: Drill | None = Drill("charges-behind", first, last, kinds.get(str(what), str(what)))
            elif section.heading == "Trial balance":
                drill = Drill("ledger-behind", LONG_AGO, last, str(cells[0]))
            else:
                drill = behind.get(section.heading)
            rows.append(ReportRow((section.heading, what, count, cells[money]), drill))
    closed = closed_through(session)
    return Report(
        "month",
        whole.title,
        whole.subtitle,
        columns,
        tuple(rows),
        chart=Chart(whole.charts[1].heading, whole.charts[1].labels, whole.charts[1].values, "days"),
        note="" if closed is not None and last <= closed else _MONTH_OPEN,
        month=last,
    )


MAKERS = {"day": day_report, "month": month_report}
