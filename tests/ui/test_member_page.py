"""The account page of a member opens like any other: its charges, its explanations, and what it owes."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QTabBar
from ui.window import TODAY, Window

from app.services import accounts, members
from app.services.books import open_office
from app.services.desk import Desk


def test_a_member_has_an_account_page_with_its_fee_and_why_it_is_there(window: Window) -> None:
    desk = Desk("pat", "manager", "PC 1", TODAY, TODAY)
    with open_office(window.path) as books, books.write() as session:
        form = accounts.AccountForm("Mia Member", "membership-arrears", plan="Premiere", monthly_cents=9000)
        member = accounts.open_account(session, desk, form)
        members.record_work_performed(session, desk, member)
        members.instruct_early(session, desk, member, TODAY)
    window.go("account", account_id=member)
    window.settle()
    assert "Mia Member" in " ".join(label.text() for label in window.frame.findChildren(QLabel))
    for tabs in window.frame.findChildren(QTabBar):
        for index in range(tabs.count()):
            tabs.setCurrentIndex(index)
            window.settle()
    assert window.books_agree()
