"""Reports: every figure agrees with the ledger, and the rows behind a line add up to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from support_histories import Step, played, steps
from support_office import Diary, imported

from app.errors import UserError
from app.models.bulk import no_progress
from app.services import checks, collections, credits, dayclose, demo, deposits, payments, refunds, reporting, subscriptions
from app.services.customerfile_types import ImportOpenItem
from app.services.gateways.mail import NoMail
from app.services.ledger import Gl, trial_balance
from app.services.reporting import KINDS, REPORTS, Period, Report
from app.services.reporting_ledger import ENTRY_WORDS

NET = 3100


@pytest.fixture
def office() -> Iterator[Diary]:
    with Diary() as diary:
        yield diary
        diary.assert_books_right()


def report(office: Diary, key: str, first: date | None = None, last: date | None = None, about: str = "") -> Report:
    last = last or office.day
    return office.see(reporting.make_report, key, Period(first or last, last), about)


def behind(office: Diary, made: Report, row: int = 0) -> Report:
    drill = made.rows[row].drill
    assert drill is not None
    return office.see(reporting.make_report, drill.key, Period(drill.first, drill.last), drill.about)


def gl(office: Diary, account: Gl, through: date) -> int:
    """Debits less credits of an account of the ledger."""
    rows = {row.number: row.balance_cents for row in office.see(trial_balance, through)}
    return rows.get(int(account), 0)


def moved(office: Diary, period: Period, debits: tuple[Gl, ...], credits: tuple[Gl, ...]) -> int:
    """Cents of the postings from some accounts to others on some days."""
    return sum(
        cents
        for debit, credit, cents in office.sql(
            "SELECT p.debit, p.credit, p.cents FROM entry e JOIN posting p ON p.entry_id = e.id "
            "WHERE e.business_date BETWEEN ? AND ?",
            *period,
        )
        if debit in debits and credit in credits
    )


def returns_undone(office: Diary, period: Period, places: tuple[Gl, ...]) -> int:
    """Cents of returns taken back: money that is in some place again, and received only once."""
    return sum(
        cents
        for debit, cents in office.sql(
            "SELECT g.debit, g.cents FROM return_taken_back t JOIN posting g ON g.entry_id = t.entry_id "
            "WHERE t.business_date BETWEEN ? AND ?",
            *period,
        )
        if debit in places
    )


CASH = (Gl.UNDEPOSITED_FUNDS, Gl.CARD_CLEARING, Gl.ECHECK_CLEARING)
STANDS = (*CASH, Gl.BANK)
OWED = (Gl.RECEIVABLE, Gl.UNIDENTIFIED_RECEIPTS)


def agrees_with_the_ledger(office: Diary, period: Period) -> None:
    """What must hold of every office on any days."""
    aged = report(office, "aging", last=period.last)
    assert aged.totals is not None and aged.totals[-1] == gl(office, Gl.RECEIVABLE, period.last)
    for row in aged.rows:
        items = office.see(reporting.make_report, "account-items", Period(period.last, period.last), str(row.account_id))
        assert items.totals is not None and items.totals[-1] == row.cells[-1], row
    receipts = report(office, "receipts", *period)
    assert receipts.totals is not None
    assert receipts.totals[6] == moved(office, period, CASH, OWED) - returns_undone(office, period, CASH)
    assert receipts.totals[7] == (
        -moved(office, period, OWED, STANDS) + refunded(office, period) + returns_undone(office, period, STANDS)
    )
    detail = report(office, "receipts-behind", *period)
    assert detail.totals is not None and detail.totals[-1] == receipts.totals[-1]
    deferred = report(office, "deferred", *period)
    assert deferred.totals is not None
    opening, closing = deferred.totals[1], deferred.totals[-1]
    assert opening == -gl(office, Gl.DEFERRED_REVENUE, period.first - timedelta(days=1))
    assert closing == -gl(office, Gl.DEFERRED_REVENUE, period.last)
    for row in deferred.rows:
        amounts = [cell for cell in row.cells[1:] if isinstance(cell, int)]
        assert sum(amounts[:-1]) == amounts[-1]
    banked = report(office, "deposits", *period)
    assert banked.totals is not None
    bank, drawer = (Gl.BANK,), (Gl.UNDEPOSITED_FUNDS,)
    assert banked.totals[3] == moved(office, period, bank, drawer) - moved(office, period, drawer, bank)
    for row_number in range(len(banked.rows)):
        ticket = behind(office, banked, row_number)
        assert ticket.totals is not None and ticket.totals[-1] == banked.rows[row_number].cells[3]
    issued = report(office, "refunds", *period)
    assert issued.totals is not None and issued.totals[-1] == refunded(office, period)
    for key in ("revenue", "month", "day"):
        lines_add_up(office, report(office, key, *period))
    trial = report(office, "trial", last=period.last)
    assert trial.totals is not None and trial.totals[2] == trial.totals[3] and trial.totals[4] == 0
    for row_number, row in enumerate(trial.rows):
        days = behind(office, trial, row_number)
        assert days.totals is not None and days.totals[3:5] == row.cells[2:4]
    revenue = report(office, "revenue", *period)
    accounts = (Gl.SERVICE_REVENUE, Gl.FEE_REVENUE, Gl.BAD_DEBT_RECOVERIES, Gl.CREDITS_AND_ALLOWANCES, Gl.BAD_DEBTS)
    before = period.first - timedelta(days=1)
    assert revenue.totals is not None
    assert list(revenue.totals[1:6]) == [gl(office, a, before) - gl(office, a, period.last) for a in accounts]


def lines_add_up(office: Diary, made: Report) -> None:
    """Each line that opens into rows of its own kind has exactly their total, and theirs have that of the rows below."""
    for place, row in enumerate(made.rows):
        if row.drill is None or row.drill.key not in ADDS_UP or "counted" in str(row.cells[1]):
            continue
        below = behind(office, made, place)
        assert below.totals is not None and below.totals[-1] == row.cells[-1], row
        if below.key in ("revenue-behind", "charges-behind") and below.rows and below.rows[0].drill is not None:
            for inner, line in enumerate(below.rows):
                rows = behind(office, below, inner)
                assert rows.totals is not None
                cents = rows.totals[-1] if below.key == "charges-behind" else rows.totals[6] - rows.totals[5]  # type: ignore[operator]
                assert cents == line.cells[-1], line


ADDS_UP = {
    "mail-behind",
    "held-behind",
    "payments-behind",
    "voids-behind",
    "sent-behind",
    "charges-behind",
    "revenue-behind",
}


def refunded(office: Diary, period: Period) -> int:
    return sum(
        cents
        for (cents,) in office.sql(
            "SELECT p.cents FROM entry e JOIN posting p ON p.entry_id = e.id WHERE e.what = 'refund' "
            "AND e.business_date BETWEEN ? AND ?",
            *period,
        )
    )


def busy_quarter(office: Diary) -> None:
    """Checks posted, held, moved, returned, reversed; waivers, write-offs, refunds, a month closed."""
    ann, ben = office.open("Ann", NET), office.open("Ben", 5000)
    old = imported(office, open_items=(ImportOpenItem("old", date(2025, 9, 1), date(2025, 9, 30), 800),), credit_cents=0)
    batch = office.on(1, 5).do(checks.log_mail, 2, 12000)
    held = office.do(checks.log_check, batch, 7000, "77")
    sent_back = office.do(checks.log_check, batch, 5000, "78")
    office.do(checks.hold_check, held, "no name")
    office.do(checks.hold_check, sent_back, "no name")
    first = office.check(ann, 2 * NET, "1")
    wrong = office.check(ben, 4000, "2")
    office.do(deposits.make_deposit)
    office.on(1, 7).do(checks.post_check, checks.CheckForm(ben, 7000, "77", mail_check_id=held))
    office.on(1, 9).do(payments.return_payment, first, 1200)
    office.on(1, 12).do(payments.reverse_payment, wrong, "another Ben")
    office.on(1, 31).do(dayclose.close_day, NoMail())
    office.on(2, 1).bill()
    fee = office.sql("SELECT invoice_id, n FROM line WHERE kind = 'returned-admin-fee'")[0]
    office.on(2, 3).do(credits.waive_charge, *fee, "their bank's mistake")
    office.do(credits.courtesy_credit, ben, 500, "outage")
    office.on(2, 10).do(collections.suspend)
    office.on(2, 12).do(credits.write_off, old, 800, "gone")
    office.on(2, 13).do(subscriptions.cancel_account, ben)
    office.check(ben, max(office.balance(ben), 0) + 2500, "9")
    office.on(2, 17).do(refunds.run_refunds, force=True, reason="asked for it")


@pytest.mark.parametrize(
    "period",
    [
        Period(date(2026, 1, 1), date(2026, 2, 28)),
        Period(date(2026, 1, 5), date(2026, 1, 5)),
        Period(date(2026, 1, 6), date(2026, 1, 31)),
        Period(date(2026, 2, 1), date(2026, 2, 12)),
        Period(date(2025, 11, 15), date(2026, 2, 17)),
        Period(date(2026, 6, 1), date(2026, 6, 30)),
    ],
)
def test_every_report_of_a_busy_quarter_agrees_with_the_ledger(office: Diary, period: Period) -> None:
    busy_quarter(office)
    agrees_with_the_ledger(office, period)


def test_every_report_of_the_sample_office_agrees_with_the_ledger(tmp_path: Path) -> None:
    @contextmanager
    def quietly(_title: str) -> Iterator[object]:
        yield no_progress

    demo.run_demo(tmp_path, 60, date(2026, 11, 21), quietly).close()  # type: ignore[arg-type]
    with Diary(date(2026, 11, 21), path=tmp_path / "copy.db", image=(tmp_path / "office.db").read_bytes()) as office:
        agrees_with_the_ledger(office, Period(date(2026, 10, 1), date(2026, 10, 31)))
        agrees_with_the_ledger(office, Period(date(2026, 11, 1), date(2026, 11, 21)))


@given(steps(least=15, most=30))
@settings(max_examples=12)
def test_every_report_of_a_random_history_agrees_with_the_ledger(history: list[Step]) -> None:
    found = played(history)
    days = [date.fromisoformat(row[0]) for row in found.diary.sql("SELECT DISTINCT business_date FROM entry ORDER BY 1")]
    middle = days[len(days) // 2] if days else found.diary.day
    agrees_with_the_ledger(found.diary, Period(middle, found.diary.day))
    agrees_with_the_ledger(found.diary, Period(date(2020, 1, 1), middle))
    found.diary.close()


def test_a_held_check_counts_when_it_comes_and_not_again_when_its_account_is_found(office: Diary) -> None:
    account = office.open(service_cents=NET)
    batch = office.on(1, 5).do(checks.log_mail, 1, 7000)
    held = office.do(checks.log_check, batch, 7000, "77")
    office.do(checks.hold_check, held, "no name")
    office.on(1, 7).do(checks.post_check, checks.CheckForm(account, 7000, "77", mail_check_id=held))
    made = report(office, "receipts", date(2026, 1, 1), date(2026, 1, 31))
    (row,) = made.rows
    assert row.cells == (date(2026, 1, 5), 1, 0, 0, 0, 7000, 7000, 0, 7000)


def test_a_payment_that_came_back_stays_received_on_its_day_and_comes_off_on_the_other(office: Diary) -> None:
    account = office.open(service_cents=NET)
    payment = office.on(1, 5).check(account, 4000, "1")
    office.on(1, 9).do(payments.return_payment, payment, 0)
    came, back = report(office, "receipts", date(2026, 1, 1), date(2026, 1, 31)).rows
    assert (came.cells[6], came.cells[7], back.cells[6], back.cells[7]) == (4000, 0, 0, -4000)
    listed = behind(office, report(office, "receipts", date(2026, 1, 9), date(2026, 1, 9)))
    assert [row.cells[1:3] for row in listed.rows] == [("Returned", "1")]
    assert listed.rows[0].account_id == account


def test_fees_charged_waived_and_waived_before_are_counted_apart(office: Diary) -> None:
    account = office.open(service_cents=NET)
    other = office.open("Other", NET)
    office.on(2, 20).do(credits.waive_before_charged, other, "late-fee:2026-03", "ill")
    office.on(3, 1).bill()
    (fee,) = office.sql("SELECT invoice_id, n FROM line WHERE kind = 'late-fee'")
    office.on(3, 2).do(credits.waive_charge, *fee, "ill")
    charged = report(office, "fees", date(2026, 3, 1), date(2026, 3, 1))
    assert [row.cells for row in charged.rows] == [("Late fee", 1, 1000, 0, 0, 1000, 0)]
    whole = report(office, "fees", date(2026, 2, 1), date(2026, 3, 31))
    assert [row.cells for row in whole.rows] == [("Late fee", 1, 1000, 1, -1000, 0, 1)]
    assert [row.account_id for row in behind(office, whole).rows] == [account, account]
    assert whole.totals is not None
    assert -gl(office, Gl.FEE_REVENUE, office.day) == whole.totals[2]
    assert gl(office, Gl.CREDITS_AND_ALLOWANCES, office.day) == -whole.totals[4]  # type: ignore[operator]


def test_outstanding_checks_are_those_neither_void_nor_paid(office: Diary) -> None:
    account = office.open(service_cents=NET)
    office.on(1, 5).check(account, 2 * NET, "1")
    office.on(1, 17).do(subscriptions.cancel_account, account)
    office.on(2, 2).do(refunds.run_refunds)
    (row,) = report(office, "outstanding", last=date(2026, 2, 12)).rows
    assert row.cells[2] == 10 and row.cells[5] == -office.sql("SELECT -cents FROM refund")[0][0]
    office.on(2, 20).do(refunds.void_refund, office.see(refunds.latest_refund, account), "lost")
    assert report(office, "outstanding").rows == ()
    (row,) = report(office, "refunds", date(2026, 2, 1), date(2026, 2, 28)).rows
    assert row.cells[4] == "Void since 02/20/2026"


def test_the_day_and_the_month_open_into_reports_with_the_same_amounts(office: Diary) -> None:
    busy_quarter(office)
    same = {"receipts": -3, "refunds": -1, "aging": -1, "deferred": -1, "deposits": 3, "charges-behind": -1}
    january = report(office, "month", last=date(2026, 1, 15))
    receipts = behind(office, january)
    assert receipts.totals is not None and receipts.totals[6] == january.rows[0].cells[3] != 0
    month = report(office, "month", last=date(2026, 2, 1))
    figures = {row.cells[1]: (row.cells[3], behind(office, month, place)) for place, row in enumerate(month.rows[:6])}
    cents, made = figures["Received"]
    assert made.totals is not None and made.totals[6] == cents
    for what in ("Charged", "Refunded", "Receivable at month end", "Deferred at month end"):
        cents, made = figures[what]
        assert made.totals is not None
        assert made.totals[same[made.key]] == cents, what
    day = report(office, "day", last=date(2026, 1, 5))
    (place,) = [place for place, row in enumerate(day.rows) if row.cells[1] == "Deposits"]
    ticket = behind(office, day, place)
    assert ticket.totals is not None and ticket.totals[3] == day.rows[place].cells[3] != 0


def test_a_held_check_can_be_gone_to_from_every_line_that_counts_it(office: Diary) -> None:
    account = office.open(service_cents=NET)
    batch = office.on(1, 5).do(checks.log_mail, 3, 12000)
    held, moved_on = office.do(checks.log_check, batch, 7000, "77"), office.do(checks.log_check, batch, 3000, "78")
    waits = office.do(checks.log_check, batch, 2000, "79", payer="A. Friend")
    for check in (held, moved_on):
        office.do(checks.hold_check, check, "no name")
    office.on(1, 7).do(checks.post_check, checks.CheckForm(account, 3000, "78", mail_check_id=moved_on))
    day = report(office, "day", last=date(2026, 1, 5))
    lines = {str(row.cells[1]): place for place, row in enumerate(day.rows)}
    listed = behind(office, day, lines["Checks held"])
    assert [(row.cells[1], row.cells[4], row.mail_check_id, row.account_id) for row in listed.rows] == [
        ("77", "Held", held, None),
        ("78", "Posted", None, account),
    ]
    mail = behind(office, day, lines["Checks logged"])
    assert [row.mail_check_id for row in mail.rows] == [held, None, waits]
    assert mail.rows[2].cells[2:5] == ("A. Friend", "", "To be posted")
    (row,) = behind(office, day, lines["Of these, neither posted, held nor sent back"]).rows
    assert row.mail_check_id == waits
    receipts = behind(office, report(office, "receipts", date(2026, 1, 5), date(2026, 1, 5)))
    assert [(row.cells[4], row.mail_check_id) for row in receipts.rows] == [
        ("Account not known yet", held),
        ("Moved to its account since", None),
    ]
    office.do(checks.return_to_sender, held, "nobody knows it")
    receipts = behind(office, report(office, "receipts", date(2026, 1, 5), date(2026, 1, 5)))
    assert receipts.rows[0].cells[4] == "Sent back since" and receipts.rows[0].mail_check_id is None


def test_a_month_says_whether_it_is_closed(office: Diary) -> None:
    office.open(service_cents=NET)
    january = report(office, "month", last=date(2026, 1, 15))
    assert january.subtitle == "Not closed yet: as the books stand now" and "not closed" in january.note
    office.on(1, 31).do(dayclose.close_day, NoMail())
    january = report(office, "month", last=date(2026, 1, 15))
    assert january.subtitle == "As the books stood on January 31, 2026" and january.note == ""


def test_every_entry_of_the_ledger_has_its_words() -> None:
    posted = set()
    for path in Path(reporting.__file__).parent.glob("*.py"):
        posted |= set(
            re.findall(r'(?:post|reverse)\(\s*session,\s*act,(?:\s*[a-z.]+,)?\s*"([a-z-]+)"', path.read_text("utf-8"))
        )
    assert len(posted) > 15 and posted <= ENTRY_WORDS.keys()


def test_a_day_is_closed_through_its_last_close_and_open_the_day_after(office: Diary) -> None:
    office.open(service_cents=NET)
    office.on(1, 8).do(dayclose.close_day, NoMail())
    assert report(office, "day", last=date(2026, 1, 8)).subtitle == "January 8, 2026, closed"
    assert report(office, "day", last=date(2026, 1, 9)).subtitle == "January 9, 2026, open"


@pytest.mark.parametrize("key", [kind.key for kind in REPORTS])
def test_an_empty_office_has_every_report(office: Diary, key: str) -> None:
    made = report(office, key, *reporting.first_period(KINDS[key], office.day))
    for row in made.rows:
        assert len(row.cells) == len(made.columns)
    assert made.totals is None or len(made.totals) == len(made.columns)


def test_days_in_the_wrong_order_and_unknown_reports_are_refused(office: Diary) -> None:
    with pytest.raises(UserError, match="turn them round"):
        report(office, "receipts", date(2026, 1, 2), date(2026, 1, 1))
    with pytest.raises(UserError, match="no report"):
        report(office, "profit")


def test_the_first_days_of_a_report_are_those_people_ask_for() -> None:
    on = date(2026, 11, 21)
    assert reporting.first_period(KINDS["receipts"], on) == (date(2026, 11, 1), on)
    assert reporting.first_period(KINDS["deferred"], on) == (date(2026, 1, 1), on)
    assert reporting.first_period(KINDS["month"], on) == (date(2026, 11, 1), date(2026, 11, 30))
    assert reporting.first_period(KINDS["aging"], on) == (on, on)
