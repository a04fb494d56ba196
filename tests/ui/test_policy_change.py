"""Policies changed in the window: by keys, with what the next run differs by, and a plan that is added."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from ui.window import TODAY, Window

from app.services import office, terms
from app.services.books import open_office
from app.services.policies.policyfile import shipped_policy_path
from app.views.table import Table

ENTER = Qt.Key.Key_Return


def be(window: Window, role: str) -> None:
    window.settings.put("desk/role", role)


def open_change(window: Window) -> object:
    window.go("office", tab="policies")
    window.click("office.change-policy")
    return window.dialog()


def put(window: Window, key: tuple[str, ...], text: str) -> None:
    values = window.control("policy.values", Table)
    values.selectRow(next(n for n, row in enumerate(values.rows_model.rows) if row.value.key == key))
    values.setFocus()
    window.press(ENTER)
    assert QApplication.focusWidget() is window.control("policy.value")
    window.press(text, ENTER)
    window.settle()


def with_members(window: Window) -> None:
    with open_office(window.path) as books, books.write() as session:
        if "membership-arrears" not in terms.policy_names(session):
            body = shipped_policy_path("membership-arrears").read_text(encoding="utf-8")
            terms.adopt_policy(session, "membership-arrears", body, office.LONG_AGO)


def test_an_amount_is_changed_by_keys_and_the_preview_says_whom_it_meets(window: Window) -> None:
    be(window, "manager")
    paper = window.rows("SELECT count(*) FROM account WHERE delivery = 'paper' AND status <> 'closed'")[0][0]
    dialog = open_change(window)
    assert window.control("policy.effective_on", QLineEdit).text() == "12/01/2026"
    put(window, ("paper_statement_fee",), "4.00")
    said = window.control("policy.preview", QLabel).text()
    assert "The run of 12/01/2026 charges" in said and "Paper statement:" in said
    rows = window.control("policy.differences", Table).rows_model.rows
    assert 0 < len(rows) <= paper and {(row.before_cents, row.now_cents) for row in rows} == {(300, 400)}
    before = window.rows("SELECT count(*) FROM policy_version")
    window.type_into("policy.reason", "postage went up")
    assert window.rows("SELECT count(*) FROM policy_version") == before
    window.press(ENTER)
    window.settle()
    assert "Fee for a statement on paper: 3.00 → 4.00" in window.message
    assert window.rows("SELECT name, effective_on FROM policy_version ORDER BY id DESC LIMIT 1") == [
        ("isp-advance", "2026-12-01")
    ]
    (changed,) = window.control("office.policy-changes", Table).rows_model.rows
    assert changed.since == date(2026, 12, 1)
    assert "3.00" in {row.value for row in window.control("office.policies", Table).rows_model.rows}
    assert dialog is not None and window.books_agree()


def test_a_value_that_cannot_be_and_a_day_gone_by_are_said(window: Window) -> None:
    be(window, "manager")
    open_change(window)
    put(window, ("net_days",), "400")
    said = window.control("policy.preview", QLabel).text()
    assert said.startswith("Days until an invoice outside the cycle is due: 400 is not allowed; it takes")
    put(window, ("net_days",), "20")
    window.type_into("policy.effective_on", "11/20/2026")
    window.type_into("policy.reason", "x")
    window.click("policy.action")
    refusal = window.control("policy.refusal", QLabel)
    assert "11/21/2026 on or later" in refusal.text()
    assert window.control("policy.effective_on", QLineEdit).hasFocus()
    window.type_into("policy.effective_on", "11/21/2026")
    window.type_into("policy.reason", " ")
    window.click("policy.action")
    assert "needs a reason" in refusal.text()
    assert len(window.rows("SELECT 1 FROM action WHERE what = 'change-policy'")) == 0


def test_a_clerk_looks_but_does_not_change(window: Window) -> None:
    be(window, "clerk")
    open_change(window)
    put(window, ("late_fee",), "12.00")
    window.type_into("policy.reason", "because")
    window.click("policy.action")
    assert "manager" in window.control("policy.refusal", QLabel).text()
    window.press(Qt.Key.Key_Escape)
    assert "Escape once more" in window.control("policy.refusal", QLabel).text()
    window.press(Qt.Key.Key_Escape)
    window.settle()
    assert window.rows("SELECT count(*) FROM action WHERE what = 'change-policy'") == [(0,)]


def test_a_plan_is_added_for_new_members(window: Window) -> None:
    be(window, "manager")
    with_members(window)
    window.go("office", tab="policies")
    window.click("office.add-plan")
    for part, text in (
        ("name", "Gold"),
        ("monthly", "149"),
        ("processing", "99"),
        ("late", "20"),
        ("effective_on", "t"),
        ("reason", "a third offer"),
    ):
        window.type_into(f"plan.{part}", text)
    window.press(ENTER)
    window.settle()
    assert "Plan Gold is offered from 11/21/2026" in window.message
    policy = window.read(lambda session: terms.policy_named(session, "membership-arrears", TODAY))
    assert policy.plans["Gold"] == (14900, 9900) and policy.late_charge["Gold"] == 2000  # type: ignore[union-attr]


def test_a_plan_that_is_there_already_or_half_typed_is_refused(window: Window) -> None:
    be(window, "manager")
    with_members(window)
    window.go("office", tab="policies")
    window.click("office.add-plan")
    window.type_into("plan.name", "Premiere")
    window.click("plan.action")
    assert "monthly fee is missing" in window.control("plan.refusal", QLabel).text()
    for part in ("monthly", "processing", "late"):
        window.type_into(f"plan.{part}", "10")
    window.type_into("plan.reason", "x")
    window.click("plan.action")
    assert "has a plan Premiere already" in window.control("plan.refusal", QLabel).text()
    assert window.control("plan.name", QLineEdit).hasFocus()


def test_a_change_that_waits_is_withdrawn_with_a_reason_and_stays_in_the_list(window: Window) -> None:
    be(window, "manager")
    open_change(window)
    put(window, ("late_fee",), "12.00")
    window.type_into("policy.reason", "prices went up")
    window.press(ENTER)
    window.settle()
    (row,) = window.control("office.policy-changes", Table).rows_model.rows
    window.click("office.withdraw-policy")
    dialog = window.dialog()
    assert "Late fee: 10.00 → 12.00" in window.control("withdraw.words", QLabel, dialog).text()
    window.click("withdraw.action", dialog)
    window.settle()
    assert "needs a reason" in window.control("withdraw.refusal", QLabel).text()
    window.type_into("withdraw.reason", "typed wrongly")
    window.press(ENTER)
    window.settle()
    assert window.message == "Withdrawn: isp-advance from 12/01/2026 does not change after all."
    assert window.rows("SELECT policy_version_id FROM policy_withdrawal") == [(row.id,)]
    (now,) = window.control("office.policy-changes", Table).rows_model.rows
    assert now.is_withdrawn
    assert not window.control("office.withdraw-policy").isVisible()
    assert window.books_agree()
