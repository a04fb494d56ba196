"""Reports of charges: fees charged and waived, and the charges behind a month's revenue."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.models.bulk import fetch_tuples, parse_day
from app.services.documents.content import Chart, KeyFigure
from app.services.reporting import Drill, Period, Report, ReportColumn, ReportRow, period_words, sums

_MONEY = "money"
KIND_WORDS = {
    "recurring": "Services",
    "paper-statement": "Paper statement",
    "late-fee": "Late fee",
    "returned-bank-fee": "Returned payment, bank's fee",
    "returned-admin-fee": "Returned payment, administrative fee",
    "reactivation-fee": "Re-activation fee",
    "work": "Work",
    "processing-fee": "Processing fee",
    "monthly-fee": "Monthly fee",
    "final-fee": "Final fee",
    "late-charge": "Late charge",
    "dishonored-fee": "Dishonored payment fee",
    "date-change-fee": "Fee date moved",
    "chargeback-fee": "Chargeback fee",
    "chargeback-cost": "Chargeback cost",
    "credit-unused": "Unused services credited",
    "courtesy-credit": "Courtesy credit",
    "write-off": "Write-off",
    "other": "Opening item",
    "opening": "Opening credit",
}
# What is no fee: services, and what only gives back.
_NO_FEE = "('recurring', 'credit-unused', 'courtesy-credit', 'write-off', 'other', 'opening', 'payment', 'credit-memo')"

_CHARGED = (
    "SELECT i.issued_on AS business_date, l.kind AS kind, l.cents AS cents, 1 AS charged, l.account_id AS account_id, "
    "l.description AS description, l.why AS why, i.id AS document FROM invoice i JOIN line l ON l.invoice_id = i.id "
    "WHERE i.issued_on BETWEEN ? AND ? AND i.what <> 'opening'"
)
_CREDITED = (
    "SELECT business_date, kind, -cents AS cents, 0 AS charged, account_id, description, why, NULL AS document FROM credit "
    "WHERE business_date BETWEEN ? AND ? AND kind NOT IN ('payment', 'credit-memo', 'opening')"
)
# What is listed, and what that list is called.
_SIDES = {
    "": (f"{_CHARGED} UNION ALL {_CREDITED}", "Charges and credits"),
    "charged": (_CHARGED, "Invoices and credit memos"),
    "credited": (_CREDITED, "Credits, waivers, write-offs"),
}


def fees_report(session: Session, period: Period, _about: str) -> Report:
    """Fees by kind: charged on invoices of the days, waived on the days, and waived before they were charged."""
    days = (period.first, period.last)
    found = {
        kind: (charged, charged_cents, waived, waived_cents)
        for kind, charged, charged_cents, waived, waived_cents in fetch_tuples(
            session,
            "SELECT kind, sum(charged), sum(CASE WHEN charged = 1 THEN cents ELSE 0 END), sum(1 - charged), "
            f"sum(CASE WHEN charged = 1 THEN 0 ELSE cents END) FROM ({_CHARGED} UNION ALL {_CREDITED}) "
            f"WHERE kind NOT IN {_NO_FEE} GROUP BY kind ORDER BY 3 DESC",
            *days,
            *days,
        )
    }
    before = dict(
        fetch_tuples(
            session,
            "SELECT substr(w.key, 1, instr(w.key, ':') - 1), count(*) FROM fee_waiver w JOIN action a ON a.id = w.action_id "
            "WHERE a.business_date BETWEEN ? AND ? GROUP BY 1",
            *days,
        )
    )
    columns = (
        ReportColumn("Fee", width=0),
        ReportColumn("Charged", "count", 9),
        ReportColumn("Amount charged", _MONEY, 14),
        ReportColumn("Waived", "count", 9),
        ReportColumn("Amount waived", _MONEY, 14),
        ReportColumn("Net", _MONEY, 13),
        ReportColumn("Waived before charged", "count", 20),
    )
    rows = tuple(
        ReportRow(
            (KIND_WORDS.get(kind, kind), charged, cents, waived, waived_cents, cents + waived_cents, before.get(kind, 0)),
            Drill("fees-behind", period.first, period.last, kind),
        )
        for kind in [*found, *sorted(set(before) - set(found))]
        for charged, cents, waived, waived_cents in [found.get(kind, (0, 0, 0, 0))]
    )
    charged = sum(row[1] for row in found.values())
    waived = sum(row[3] for row in found.values())
    return Report(
        "fees",
        "Fees",
        period_words(period),
        columns,
        rows,
        sums(columns, rows),
        (KeyFigure("Charged", charged), KeyFigure("Waived", waived), KeyFigure("Net", charged + waived)),
        Chart("Fees charged", tuple(str(row.cells[0]) for row in rows), tuple(row[1] for row in found.values()))
        if found and len(found) == len(rows)
        else None,
        empty="No fee was charged or waived on these days.",
    )


_COLUMNS = (
    ReportColumn("Day", "date", 11),
    ReportColumn("Account", width=9),
    ReportColumn("Name", width=20),
    ReportColumn("What", width=22),
    ReportColumn("Why", width=0),
    ReportColumn("Invoice", width=9),
    ReportColumn("Amount", _MONEY, 11),
)


def fees_behind(session: Session, period: Period, about: str) -> Report:
    """The charges and waivers of one kind (`about`) on the days."""
    return _charges(session, "fees-behind", period, about, KIND_WORDS.get(about, about))


def charges_behind(session: Session, period: Period, about: str) -> Report:
    """All charges and credits that were made on the days, by kind first.

    `about`: only what was `charged`, or only what was `credited`; with a kind, after a colon or alone, each of that kind.
    """
    side, _, kind = about.rpartition(":") if about not in _SIDES else (about, "", "")
    if kind:
        return _charges(session, "charges-behind", period, kind, KIND_WORDS.get(kind, kind), side)
    source, title = _SIDES[side]
    days = (period.first, period.last) * source.count(" BETWEEN ")
    columns = (
        ReportColumn("Kind", width=0),
        ReportColumn("Lines", "count", 10),
        ReportColumn("Amount", _MONEY, 14),
    )
    rows = tuple(
        ReportRow(
            (KIND_WORDS.get(kind, kind), count, cents),
            Drill("charges-behind", period.first, period.last, f"{side}:{kind}" if side else kind),
        )
        for kind, count, cents in fetch_tuples(
            session,
            f"SELECT kind, count(*), sum(cents) FROM ({source}) GROUP BY kind ORDER BY 3 DESC",
            *days,
        )
    )
    return Report(
        "charges-behind",
        title,
        period_words(period),
        columns,
        rows,
        sums(columns, rows),
        note="What was billed and credited on these days; services are earned later, month by month.",
        empty="Nothing was charged or credited on these days.",
    )


def _charges(session: Session, key: str, period: Period, kind: str, title: str, side: str = "") -> Report:
    source, _title = _SIDES[side]
    days = (period.first, period.last) * source.count(" BETWEEN ")
    rows = tuple(
        ReportRow(
            (parse_day(on), number, name, description, why, "" if document is None else str(document), cents),
            None,
            account_id,
        )
        for on, number, name, description, why, document, cents, account_id in fetch_tuples(
            session,
            "SELECT x.business_date, a.number, a.name, x.description, x.why, x.document, x.cents, a.id "
            f"FROM ({source}) x JOIN account a ON a.id = x.account_id WHERE x.kind = ? ORDER BY 1, 2, x.document",
            *days,
            kind,
        )
    )
    return Report(key, title, period_words(period), _COLUMNS, rows, sums(_COLUMNS, rows))


MAKERS = {"fees": fees_report, "fees-behind": fees_behind, "charges-behind": charges_behind}
