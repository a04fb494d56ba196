"""The lists of the billing page: what stands in their columns."""

from __future__ import annotations

from datetime import datetime

from app.services.billingcompare import CHANGED, GONE, NEW, Difference, KindTotal, ParkedAccount
from app.services.billingoutlook import DONE, REVERSED, RunLine
from app.services.chargenames import CHARGE_NAMES
from app.views.settings import Settings
from app.views.table import Table
from app.views.table_model import Column

# In a billing run these two are written by the run itself.
KIND_TITLES = {**CHARGE_NAMES, "write-off": "Write-offs taken back", "other": "Other charges"}
_WHAT = {NEW: "New", GONE: "Gone", CHANGED: "Changed"}


class KindsTable(Table[KindTotal]):
    """Totals by kind of charge, beside what the month before billed."""

    BEFORE = 3

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            "billing.kinds",
            "Totals by kind of charge",
            (
                Column("Charge", lambda row: KIND_TITLES.get(row.kind, row.kind), width=0),
                Column("Lines", lambda row: row.lines, number=True, width=8),
                Column("Amount", lambda row: row.cents, money=True, width=14),
                Column("Month before", lambda row: row.before_cents, money=True, width=14),
                Column("Difference", lambda row: row.cents - row.before_cents, money=True, width=14),
            ),
            settings,
        )

    def show_before(self, *, shown: bool) -> None:
        """Show the columns of the month compared with, or hide them when there is nothing to compare with."""
        for column in (self.BEFORE, self.BEFORE + 1):
            self.setColumnHidden(column, not shown)


def differences_table(settings: Settings) -> Table[Difference]:
    """Accounts that are billed otherwise than in the month before."""
    return Table(
        "billing.differences",
        "Accounts billed otherwise than in the month before",
        (
            Column[Difference]("Account", lambda row: row.number, width=10),
            Column[Difference]("Name", lambda row: row.name, width=24),
            Column[Difference]("What", lambda row: _WHAT[row.what], width=8),
            Column[Difference]("Before", lambda row: _or_none(row.before_cents, row.what != NEW), money=True, width=10),
            Column[Difference]("Now", lambda row: _or_none(row.now_cents, row.what != GONE), money=True, width=10),
            Column[Difference](
                "Difference", lambda row: row.change_cents, money=True, width=11, sort_by=lambda row: abs(row.change_cents)
            ),
            Column[Difference]("Why", lambda row: row.why, width=0),
        ),
        settings,
    )


def _or_none(cents: int, is_there: bool) -> int | None:
    return cents if is_there else None


def parked_table(settings: Settings) -> Table[ParkedAccount]:
    """Accounts that cannot be billed, with the reason."""
    return Table(
        "billing.parked",
        "Accounts that need attention before they can be billed",
        (
            Column[ParkedAccount]("Account", lambda row: row.number, width=10),
            Column[ParkedAccount]("Name", lambda row: row.name, width=24),
            Column[ParkedAccount]("Why it is not billed", lambda row: row.reason, width=0),
        ),
        settings,
    )


def runs_table(settings: Settings) -> Table[RunLine]:
    """The billing runs made so far."""
    return Table(
        "billing.runs",
        "Billing runs made",
        (
            Column[RunLine]("Billed on", lambda row: row.on, width=11),
            Column[RunLine](
                "State",
                state_words,
                width=16,
                signal=lambda row: "" if row.state == DONE else "quiet" if row.state == REVERSED else "warning",
            ),
            Column[RunLine]("Accounts", lambda row: row.accounts, number=True, width=9),
            Column[RunLine]("Invoices", lambda row: row.invoices, number=True, width=8),
            Column[RunLine]("Amount", lambda row: row.cents, money=True, width=13),
            Column[RunLine](
                "Went out",
                lambda row: row.sent_on,
                width=11,
                tip=lambda _row: "The last day on which statements of the run were printed or e-mailed",
            ),
            Column[RunLine]("By", lambda row: row.actor, width=10),
            Column[RunLine]("Made", lambda row: local_time(row.started_at), width=20, sort_by=lambda row: row.started_at),
            Column[RunLine]("Note", lambda row: row.note, width=0),
        ),
        settings,
    )


def state_words(run: RunLine) -> str:
    """How a run ended, in words."""
    if run.state == REVERSED:
        return "Reversed"
    if run.state != DONE:
        return "Cut off: run again"
    return "Done" if run.invoices else "Nothing to bill"


def local_time(moment: datetime) -> str:
    """An instant on this PC's clock: `11/01/2026 6:05 PM`."""
    here = moment.astimezone()
    return f"{here:%m/%d/%Y} {here.hour % 12 or 12}:{here:%M %p}"
