"""Collections (F9) by keys and clicks: ages, the suspension run, re-activation fees, work to decide."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QTabWidget
from ui.window import Window

from app.services import collections, work
from app.services.books import open_office
from app.services.checks import CheckForm, post_check
from app.services.desk import Desk
from app.services.policies.facts import InstalmentFacts
from app.views.table import Table

SUPERVISOR = Desk("sam", "supervisor", "PC 2", date(2026, 11, 21), date(2026, 11, 21))


def table(window: Window, name: str) -> Table[Any]:
    return window.control(f"collections.{name}", Table)


def do(window: Window, service: Any, *args: Any, desk: Desk = SUPERVISOR) -> Any:
    """What somebody at another PC does meanwhile."""
    with open_office(window.path) as books, books.write() as session:
        return service(session, desk, *args)


def titles(window: Window) -> list[str]:
    tabs = window.control("collections.tabs", QTabWidget)
    return [tabs.tabText(place).replace("&", "") for place in range(tabs.count())]


def test_the_ages_add_up_to_the_past_due_invoices_of_the_books(window: Window) -> None:
    window.shortcut(Qt.Key.Key_F9)
    ((cents, accounts),) = window.rows(
        "SELECT sum(open_cents), count(DISTINCT account_id) FROM invoice WHERE open_cents > 0 AND due_on < '2026-11-21'"
    )
    text = window.control("collections.age-0", QPushButton).accessibleName()
    assert text == f"All past due: ${cents // 100:,}.{cents % 100:02d}, {accounts} accounts"
    assert titles(window)[0] == f"Past due ({accounts})"
    assert sum(row.past_due_cents for row in table(window, "pastdue").rows_model.rows) == cents


def test_an_age_narrows_the_list_and_enter_opens_the_account(window: Window) -> None:
    window.go("collections")
    everybody = titles(window)[0]
    window.click("collections.age-2")
    assert window.control("collections.pastdue-empty", QLabel).text() == "Nothing is 31 to 60 days past due."
    window.day = date(2026, 12, 20)
    window.program.workplace.choose_date(window.day)
    window.settle()
    rows = table(window, "pastdue").rows_model.rows
    assert rows and all(row.days_31_60 for row in rows)
    assert everybody != titles(window)[0] != f"Past due ({len(rows)})"
    window.control("collections.pastdue").setFocus()
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert window.frame.page is not None and window.frame.page.key == "account"


def test_a_suspension_run_leaves_one_out_with_a_reason_and_suspends_the_others_once(window: Window) -> None:
    window.go("collections", tab="run")
    listed = table(window, "run")
    before = [line.candidate.account_id for line in listed.rows_model.rows]
    assert len(before) > 2 and listed.hasFocus()
    window.press(Qt.Key.Key_Space)
    window.press("pays on Friday", Qt.Key.Key_Return)
    window.settle()
    assert listed.rows_model.rows[0].decision == "Left out" and listed.rows_model.rows[0].why == "pays on Friday"
    assert f"Suspension run ({len(before) - 1})" in titles(window)
    assert window.frame.page is not None and window.frame.page.has_work_in_hand()
    window.click("collections.suspend-run")
    dialog = window.dialog()
    window.press(Qt.Key.Key_Return, Qt.Key.Key_Return, on=dialog)
    window.settle()
    assert f"{len(before) - 1} accounts suspended on 11/21/2026, 1 left out" in window.message
    assert not window.frame.page.has_work_in_hand()
    marks = ", ".join("?" * len(before))
    found = dict(window.rows(f"SELECT id, status FROM account WHERE id IN ({marks})", *before))
    assert found.pop(before[0]) == "active"
    assert set(found.values()) == {"suspended"}
    assert window.rows("SELECT account_id, body FROM note") == [
        (before[0], "Left out of the suspension run: pays on Friday")
    ]
    assert window.rows("SELECT count(*) FROM action WHERE what = 'suspend-past-due' AND actor <> 'import'") == [(1,)]
    assert [line.candidate.account_id for line in listed.rows_model.rows] == [before[0]]
    assert listed.rows_model.rows[0].why == "Left out on 11/21/2026: pays on Friday"
    assert window.books_agree()


def test_leaving_out_needs_a_reason_and_space_takes_back_in(window: Window) -> None:
    window.go("collections", tab="run")
    listed = table(window, "run")
    window.press(Qt.Key.Key_Space)
    window.press(Qt.Key.Key_Return)
    assert "in a few words" in window.control("collections.leaveout.refusal", QLabel, window.dialog()).text()
    window.press("dispute", Qt.Key.Key_Return)
    assert listed.rows_model.rows[0].decision == "Left out"
    listed.setFocus()
    window.press(Qt.Key.Key_Space)
    assert listed.rows_model.rows[0].decision == "Suspend"
    assert window.rows("SELECT count(*) FROM note") == [(0,)]


def test_a_decision_survives_what_another_pc_changes(window: Window) -> None:
    window.go("collections", tab="run")
    listed = table(window, "run")
    window.press(Qt.Key.Key_Space)
    window.press("dispute", Qt.Key.Key_Return)
    window.program.tasks.books_changed.emit(None)
    window.settle()
    assert listed.rows_model.rows[0].left_out == "dispute"
    listed.setFocus()
    window.press(Qt.Key.Key_Space)  # or closing the window asks about the work in hand


def test_a_kept_arrangement_is_listed_and_protects(window: Window) -> None:
    window.go("collections", tab="run")
    account = table(window, "run").rows_model.rows[0].candidate.account_id
    do(window, collections.arrange, account, [InstalmentFacts(date(2026, 12, 4), 4000)])
    window.program.tasks.books_changed.emit(None)
    window.settle()
    line = table(window, "run").rows_model.rows[0]
    assert (line.decision, line.why) == ("Protected", "Arrangement kept: $40.00 due 12/04/2026")
    assert not window.control("collections.leave-out", QPushButton).isEnabled()
    assert "Arrangements (1)" in titles(window)
    row = table(window, "arrangements").rows_model.rows[0]
    assert (row.state, row.next_cents) == ("kept", 4000)


def test_an_arrangement_is_made_from_the_list_of_suspended_accounts_and_restores(window: Window) -> None:
    window.go("collections", tab="run")
    account = table(window, "run").rows_model.rows[0].candidate.account_id
    do(window, collections.suspend, [account])
    window.program.tasks.books_changed.emit(None)
    window.go("collections", tab="suspended")
    listed = table(window, "suspended")
    listed.select_row(next(row for row in listed.rows_model.rows if row.account_id == account))
    window.click("collections.suspended-arrange")
    agree = window.control("arrange.action", QPushButton, window.dialog())
    window.wait_for(agree.isEnabled)
    window.settle()
    dialog = window.dialog()
    window.click("arrange.action", dialog)
    assert window.rows("SELECT account_id FROM arrangement") == [(account,)]
    assert window.rows("SELECT status FROM account WHERE id = ?", account) == [("active",)]
    assert "Arrangements (1)" in titles(window)


def proposed(window: Window) -> int:
    """An account suspended twice this month and restored by a check."""
    ((account,), *_) = window.rows(
        "SELECT a.id FROM account a JOIN invoice i ON i.account_id = a.id WHERE a.status = 'active' AND i.open_cents > 0 "
        "AND i.due_on < '2026-11-20' ORDER BY a.id"
    )
    for day, number in ((20, "901"), (21, "902")):
        desk = SUPERVISOR.dated(date(2026, 11, day))
        do(window, collections.suspend, [account], desk=desk)
        ((balance,),) = window.rows("SELECT balance_cents FROM account WHERE id = ?", account)
        payment = do(window, post_check, CheckForm(account, balance, number), desk=desk)
        if day == 20:
            from app.services.payments import return_payment

            do(window, return_payment, payment, 0, desk=desk)
    return int(account)


def test_a_proposed_fee_is_charged_from_the_list(window: Window) -> None:
    account = proposed(window)
    window.go("collections", tab="reactivation")
    assert "Re-activation fees (1)" in titles(window)
    window.click("collections.charge")
    window.press(Qt.Key.Key_Return, on=window.dialog())
    window.settle()
    assert "Re-activation fee of $35.00 charged" in window.message
    assert window.rows("SELECT cents FROM line WHERE account_id = ? AND kind = 'reactivation-fee'", account) == [(3500,)]
    assert "Re-activation fees (0)" in titles(window)
    assert window.control("collections.reactivation-empty", QLabel).isVisible()
    assert window.books_agree()


def test_waiving_a_proposed_fee_asks_for_the_reason_and_keeps_the_form(window: Window) -> None:
    account = proposed(window)
    window.go("collections", tab="reactivation")
    window.click("collections.waive")
    window.press(Qt.Key.Key_Return, on=window.dialog())
    window.settle()
    assert "needs a reason" in window.control("collections.reactivation.refusal", QLabel, window.dialog()).text()
    window.type_into("collections.reactivation.reason", "moved out of our outage", window.dialog())
    window.press(Qt.Key.Key_Return)
    window.settle()
    assert window.rows("SELECT reactivation FROM suspension WHERE account_id = ? ORDER BY id DESC LIMIT 1", account) == [
        ("waived",)
    ]
    assert window.books_agree()


@pytest.mark.parametrize(("typed", "cents"), [(None, 14250), ("50", 5000)])
def test_work_that_no_rule_covers_is_decided_at_the_rate_or_at_another_amount(
    window: Window, typed: str | None, cents: int
) -> None:
    ((account,), *_) = window.rows(
        "SELECT id FROM account WHERE status = 'active' AND kind = 'residential' AND hourly_rate_cents IS NULL ORDER BY id"
    )
    do(
        window,
        work.log_work,
        account,
        "repair",
        datetime.fromisoformat("2026-11-19 20:00"),
        datetime.fromisoformat("2026-11-19 21:30"),
        "mast",
    )
    window.go("collections", tab="work")
    window.click("collections.decide")
    dialog = window.dialog()
    if typed is not None:
        window.type_into("collections.work.amount", typed, dialog)
    window.type_into("collections.work.reason", "customer's own ladder damage", dialog)
    window.press(Qt.Key.Key_Return, on=window.control("collections.work.reason", QLineEdit, dialog))
    window.settle()
    assert "billed with the next cycle" in window.message
    assert window.rows("SELECT cents FROM pending_charge WHERE account_id = ? AND kind = 'work'", account) == [(cents,)]
    assert "Work to decide (0)" in titles(window)


def test_a_clerk_cannot_decide_and_what_was_typed_stays(window: Window) -> None:
    ((account,), *_) = window.rows("SELECT id FROM account WHERE status = 'active' AND kind = 'residential' ORDER BY id")
    do(
        window,
        work.log_work,
        account,
        "repair",
        datetime.fromisoformat("2026-11-19 20:00"),
        datetime.fromisoformat("2026-11-19 21:00"),
        "mast",
    )
    window.settings.put("desk/role", "clerk")
    window.go("collections", tab="work")
    window.click("collections.decide")
    window.type_into("collections.work.reason", "goodwill", window.dialog())
    window.click("collections.work.action", window.dialog())
    assert "supervisor" in window.control("collections.work.refusal", QLabel, window.dialog()).text()
    assert window.control("collections.work.reason", QLineEdit, window.dialog()).text() == "goodwill"
    assert window.rows("SELECT decision FROM work") == [("needs-decision",)]


def test_every_list_of_the_page_is_a_sound_model(window: Window) -> None:
    window.go("collections")
    for name in ("pastdue", "run", "suspended", "arrangements", "reactivation", "work"):
        QAbstractItemModelTester(
            table(window, name).rows_model, QAbstractItemModelTester.FailureReportingMode.Fatal, window.frame
        )
    window.program.tasks.books_changed.emit(None)
    window.settle()
