"""The rows behind the lines of a day: its mail, held checks, payments, what was undone, voided checks, receipts sent."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.models.bulk import fetch_tuples, parse_day
from app.services.reporting import METHODS, UNDONE, Period, Report, ReportColumn, ReportRow, period_words, sums

_MONEY = "money"
_NOW = {
    "logged": "To be posted",
    "held": "Held",
    "posted": "Posted",
    "returned-to-sender": "Sent back",
    "reversed": "Taken back",
}
_MAIL_COLUMNS = (
    ReportColumn("Received", "date", 11),
    ReportColumn("Check", width=12),
    ReportColumn("From", width=0),
    ReportColumn("Account", width=10),
    ReportColumn("Now", width=14),
    ReportColumn("Amount", _MONEY, 12),
)
# The account of a check, the first one of a split check; the count tells that there are more.
_MAIL = """
SELECT m.id, m.received_on, m.number, coalesce(nullif(m.payer, ''), a.name, ''), coalesce(a.number, ''),
  (SELECT count(DISTINCT p.account_id) FROM payment p WHERE p.mail_check_id = m.id), m.state, m.cents, a.id
FROM mail_check m LEFT JOIN account a ON a.id = (SELECT p.account_id FROM payment p WHERE p.id = (
  SELECT min(q.id) FROM payment q WHERE q.mail_check_id = m.id))
"""


def _mail_rows(session: Session, condition: str, *values: object) -> tuple[ReportRow, ...]:
    found = fetch_tuples(session, f"{_MAIL} WHERE {condition} ORDER BY m.received_on, m.id", *values)
    return tuple(
        ReportRow(
            (parse_day(on), check, payer, f"{account} +{accounts - 1}" if accounts > 1 else account, _NOW[state], cents),
            None,
            None if state in ("logged", "held") else account_id,
            check_id if state in ("logged", "held") else None,
        )
        for check_id, on, check, payer, account, accounts, state, cents, account_id in found
    )


def mail_behind(session: Session, period: Period, about: str) -> Report:
    """The checks logged with the mail of the days; `about`: only those in this state."""
    state = "AND m.state = ?" if about else ""
    rows = _mail_rows(session, f"m.received_on BETWEEN ? AND ? {state}", *period, *([about] if about else ()))
    title = {"logged": "Checks to be posted", "returned-to-sender": "Checks sent back"}.get(about, "Checks in the mail")
    return Report("mail-behind", title, period_words(period), _MAIL_COLUMNS, rows, sums(_MAIL_COLUMNS, rows))


def held_behind(session: Session, period: Period, _about: str) -> Report:
    """The checks that were held on the days, and where each is now."""
    condition = "m.held_entry_id IN (SELECT id FROM entry WHERE what = 'hold-check' AND business_date BETWEEN ? AND ?)"
    rows = _mail_rows(session, condition, *period)
    return Report(
        "held-behind",
        "Checks held",
        period_words(period),
        _MAIL_COLUMNS,
        rows,
        sums(_MAIL_COLUMNS, rows),
        note="Their account was not known when they came. All that are held now wait on Today (F2), under Checks held.",
    )


_PAYMENT = "a.number, a.name, p.cents, a.id FROM payment p JOIN account a ON a.id = p.account_id"
# What a line of the day counts, by what the line is about.
_UNDONE = (
    "SELECT r.business_date, r.state, p.check_number, a.number, a.name, -p.cents, a.id FROM payment_reversal r "
    "JOIN payment p ON p.id = r.payment_id JOIN account a ON a.id = p.account_id WHERE r.business_date BETWEEN ? AND ?"
)
_TAKEN_BACK = (
    f"SELECT t.business_date, 'taken-back', p.check_number, {_PAYMENT} "
    "JOIN return_taken_back t ON t.by_payment_id = p.id WHERE t.business_date BETWEEN ? AND ?"
)
_MADE = (
    f"SELECT p.business_date, p.kind, p.check_number, {_PAYMENT} WHERE p.business_date BETWEEN ? AND ? "
    "AND p.id NOT IN (SELECT by_payment_id FROM return_taken_back) AND p.kind IN ({kinds})"
)
_TITLES = {"undone": "Returned, charged back or reversed", "taken-back": "Returns taken back"}
_KINDS = {"check": ("check",), "card": ("card",), "bank": ("echeck", "bank-draft")}
_KIND_TITLES = {"check": "Checks posted", "card": "Cards", "bank": "E-Checks and drafts"}


def payments_behind(session: Session, period: Period, about: str) -> Report:
    """Payments of one kind made on the days (`check`, `card`, `bank`), those `undone` then, or returns `taken-back`."""
    if about in _KINDS:
        sql = _MADE.format(kinds=", ".join(f"'{kind}'" for kind in _KINDS[about]))
    else:
        sql = {"undone": _UNDONE, "taken-back": _TAKEN_BACK}[about]
    columns = (
        ReportColumn("Day", "date", 11),
        ReportColumn("What", width=20),
        ReportColumn("Check", width=12),
        ReportColumn("Account", width=9),
        ReportColumn("Name", width=0),
        ReportColumn("Amount", _MONEY, 12),
    )
    rows = tuple(
        ReportRow((parse_day(on), METHODS.get(what) or UNDONE.get(what, what), check, number, name, cents), None, account_id)
        for on, what, check, number, name, cents, account_id in fetch_tuples(session, f"{sql} ORDER BY p.id", *period)
    )
    title = _TITLES.get(about) or _KIND_TITLES[about]
    return Report("payments-behind", title, period_words(period), columns, rows, sums(columns, rows))


def voids_behind(session: Session, period: Period, _about: str) -> Report:
    """The refund checks voided on the days, with the reasons."""
    columns = (
        ReportColumn("Voided", "date", 11),
        ReportColumn("Check", width=9),
        ReportColumn("Issued", "date", 11),
        ReportColumn("Payee", width=26),
        ReportColumn("Account", width=9),
        ReportColumn("Why", width=0),
        ReportColumn("Amount", _MONEY, 12),
    )
    rows = tuple(
        ReportRow((parse_day(on), str(check or ""), parse_day(issued), payee, number, why, cents), None, account_id)
        for on, check, issued, payee, number, why, cents, account_id in fetch_tuples(
            session,
            "SELECT v.business_date, (SELECT max(c.number) FROM issued_check c WHERE c.refund_id = f.id), f.business_date, "
            "f.payee, a.number, v.reason, f.cents, a.id FROM refund_void v JOIN refund f ON f.id = v.refund_id "
            "JOIN account a ON a.id = f.account_id WHERE v.business_date BETWEEN ? AND ? ORDER BY v.business_date, f.id",
            *period,
        )
    )
    return Report("voids-behind", "Refund checks voided", period_words(period), columns, rows, sums(columns, rows))


def sent_behind(session: Session, period: Period, _about: str) -> Report:
    """The receipts sent on the days."""
    columns = (
        ReportColumn("Sent", "date", 11),
        ReportColumn("For", width=10),
        ReportColumn("Paid", "date", 11),
        ReportColumn("Account", width=9),
        ReportColumn("Name", width=28),
        ReportColumn("To", width=0),
        ReportColumn("Amount", _MONEY, 12),
    )
    rows = tuple(
        ReportRow((parse_day(on), METHODS[kind], parse_day(paid), number, name, to, cents), None, account_id)
        for on, kind, paid, number, name, to, cents, account_id in fetch_tuples(
            session,
            "SELECT r.business_date, p.kind, p.business_date, a.number, a.name, r.address, p.cents, a.id FROM receipt r "
            "JOIN payment p ON p.id = r.payment_id JOIN account a ON a.id = p.account_id "
            "WHERE r.business_date BETWEEN ? AND ? ORDER BY r.business_date, p.id",
            *period,
        )
    )
    return Report("sent-behind", "Receipts sent", period_words(period), columns, rows, sums(columns, rows))


MAKERS = {
    "mail-behind": mail_behind,
    "held-behind": held_behind,
    "payments-behind": payments_behind,
    "voids-behind": voids_behind,
    "sent-behind": sent_behind,
}
