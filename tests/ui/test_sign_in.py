"""Signing in at the window: the door, the lock, another person, and a supervisor's sign-in for one action."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QLineEdit, QMenu, QPushButton, QTableView, QWidget
from pytestqt.qtbot import QtBot
from staffed_office import NAMES, NOW, PASSWORDS, quick_passwords
from ui.test_every_page import said_nothing, wrongly_named
from ui.window import TODAY, Window

from app.services import people
from app.services.books import open_office
from app.services.desk import Desk
from app.services.people import PersonForm
from app.services.permissions import ROLES
from app.views.idle import IDLE_MINUTES
from app.views.workplace import Workplace

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
ENTER = Qt.Key.Key_Return


@pytest.fixture
def office(qtbot: QtBot, tmp_path: Path, sample_office: Path) -> Iterator[Window]:
    """The program in front of the door of an office with one person of each role, with passwords of their own."""
    with quick_passwords():
        made = Window(qtbot, tmp_path, sample_office)
        add_everybody(made.path)
        made.moment = NOW  # type: ignore[attr-defined]
        made.program.workplace.moment = lambda: made.moment  # type: ignore[attr-defined]
        made.frame.resize(1366, 768)
        made.program.start(made.path)
        made.wait_for(lambda: made.frame.findChild(QWidget, "signin") is not None)
        made.settle()
        yield made
        made.close()


def add_everybody(path: Path) -> None:
    with open_office(path) as books, books.write() as session:
        nobody = Desk("demo", "manager", "PC 1", TODAY, TODAY)
        first = people.make_first_administrator(session, nobody, NAMES["administrator"], "ada", PASSWORDS["administrator"])
        desk = Desk(NAMES["administrator"], "administrator", "PC 1", TODAY, TODAY, person=first)
        for role in ROLES:
            if role != "administrator":
                login = NAMES[role].split()[0]
                number = people.add_person(session, desk, PersonForm(NAMES[role], login, role, "given by Ada"))
                own = Desk(NAMES[role], role, "PC 1", TODAY, TODAY, person=number)
                people.change_own_password(session, own, "given by Ada", PASSWORDS[role])


def come_in(window: Window, role: str = "clerk", key: str = "signin") -> None:
    window.type_into(f"{key}.name", NAMES[role].split()[0])
    window.type_into(f"{key}.password", PASSWORDS[role])
    window.press(ENTER, on=window.control(f"{key}.password"))
    window.settle()


def text(window: Window, name: str) -> str:
    found = window.control(name, QLabel)
    return found.text() if found.isVisible() else ""


def last_action(window: Window) -> tuple[object, ...]:
    return window.rows("SELECT what, actor, role, approved_by FROM action ORDER BY id DESC LIMIT 1")[0]


def test_the_door_can_be_read_and_the_cursor_waits_in_the_name(office: Window) -> None:
    door = office.control("signin")
    assert said_nothing(door) == [] and wrongly_named(door) == []
    assert office.control("signin.name").hasFocus()


def test_a_clerk_signs_in_with_enter_and_the_frame_says_who_it_is(office: Window) -> None:
    come_in(office)
    assert office.frame.page is not None and office.frame.page.key == "today"
    assert office.control("frame.person", QPushButton).text() == "Carl Clerk · Clerk"
    assert office.control("frame.person").isVisible()
    desk = office.program.workplace.desk()
    assert (desk.actor, desk.role, desk.person) == ("Carl Clerk", "clerk", 2)


@pytest.mark.parametrize("key", [Qt.Key.Key_F2, Qt.Key.Key_F5, Qt.Key.Key_F10])
def test_no_key_leads_past_the_door(office: Window, key: Qt.Key) -> None:
    office.shortcut(key)
    office.shortcut(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    office.program.workplace.go("accounts")
    office.settle()
    assert office.frame.page is None and office.control("signin").isVisible()


def test_a_wrong_password_is_said_and_typed_again_and_five_of_them_lock(office: Window) -> None:
    office.type_into("signin.name", "carl")
    for _ in range(5):
        office.type_into("signin.password", "wrong wrong")
        office.click("signin.action")
        assert "do not belong together" in text(office, "signin.refusal")
        assert office.control("signin.password", QLineEdit).text() == ""
        assert office.control("signin.password").hasFocus()
    assert "wait a minute" in text(office, "signin.refusal")
    come_in(office)
    assert "Too many wrong passwords" in text(office, "signin.refusal")
    office.moment = NOW + timedelta(minutes=1)  # type: ignore[attr-defined]
    come_in(office)
    assert office.frame.page is not None


def test_caps_lock_is_said_as_soon_as_a_letter_shows_it(office: Window) -> None:
    office.control("signin.password").setFocus()
    office.press("a")
    assert not office.control("signin.caps").isVisible()
    event_on(office.control("signin.password"), "A")
    assert office.control("signin.caps").isVisible()
    office.press("a")
    assert not office.control("signin.caps").isVisible()


def event_on(target: QWidget, letter: str) -> None:
    """A capital letter without Shift, as Caps Lock types it."""
    from PySide6.QtGui import QKeyEvent

    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(target, QKeyEvent(kind, ord(letter), Qt.KeyboardModifier.NoModifier, letter))


def test_a_supervisor_signs_in_for_one_action_and_the_clerk_stays_at_work(office: Window) -> None:
    come_in(office)
    ((account,),) = office.rows("SELECT min(id) FROM account WHERE balance_cents > 2000")
    dialog = open_credit(office, account)
    office.type_into("credit.amount", "5")
    office.type_into("credit.reason", "two days without service")
    office.press(ENTER)
    office.settle()
    assert "needs a supervisor" in text(office, "credit.refusal")
    assert office.control("credit.approve", QPushButton).text() == "A supervisor signs &in here…"
    office.click("credit.approve")
    approving = office.control("approve.dialog")
    for name, password, said in (
        ("carl", PASSWORDS["clerk"], "Carl Clerk is a clerk"),
        ("otto", PASSWORDS["auditor"], "Otto Audit is an auditor"),
        ("sue", "wrong wrong", "do not belong together"),
    ):
        office.type_into("approve.name", name, approving)
        office.type_into("approve.password", password, approving)
        office.press(ENTER)
        office.settle()
        assert said in office.control("approve.refusal", QLabel, approving).text()
    office.type_into("approve.name", "sue", approving)
    office.type_into("approve.password", PASSWORDS["supervisor"], approving)
    office.press(ENTER)
    office.settle()
    assert last_action(office) == ("courtesy-credit", "Carl Clerk", "clerk", "Sue Super (supervisor)")
    assert not dialog.isVisible() if is_alive(dialog) else True
    assert office.program.workplace.desk().approver is None
    open_credit(office, account)
    office.type_into("credit.amount", "6")
    office.type_into("credit.reason", "once more")
    office.press(ENTER)
    office.settle()
    assert "needs a supervisor" in text(office, "credit.refusal"), "the approval was for one action"
    assert office.books_agree()


def is_alive(widget: QWidget) -> bool:
    import shiboken6

    return shiboken6.isValid(widget)


def open_credit(window: Window, account: int) -> QWidget:
    from app.views.dialogs.account_actions import ACTIONS

    page = window.go("account", account_id=account)
    action = next(action for action in ACTIONS if action.key == "credit")
    action.open(window.program.workplace, account, page)
    window.settle()
    return window.control("credit.dialog")


def test_the_lock_covers_the_window_and_an_open_dialog_and_gives_both_back(office: Window) -> None:
    come_in(office)
    ((account,),) = office.rows("SELECT min(id) FROM account WHERE balance_cents > 2000")
    dialog = open_credit(office, account)
    office.type_into("credit.reason", "typed before the lock")
    office.program.door.lock()
    office.settle()
    cover = office.control("lock.cover")
    assert cover.isVisible() and cover.isModal()
    assert cover.geometry().contains(office.frame.frameGeometry())
    assert cover.geometry().contains(dialog.frameGeometry())
    office.press(Qt.Key.Key_Escape, on=cover)
    cover.close()
    assert cover.isVisible(), "neither Escape nor the window's cross opens it"
    office.type_into("lock.password", "wrong wrong", cover)
    office.click("lock.action", cover)
    assert "do not belong together" in office.control("lock.refusal", QLabel, cover).text()
    office.type_into("lock.password", PASSWORDS["clerk"], cover)
    office.click("lock.action", cover)
    assert office.program.door.cover is None
    assert dialog.isVisible() and office.control("credit.reason", QLineEdit).text() == "typed before the lock"
    assert office.rows("SELECT outcome FROM sign_in ORDER BY id DESC LIMIT 2") == [("unlocked",), ("wrong",)]


def test_the_pc_is_locked_after_its_minutes_without_a_key_or_a_movement(office: Window) -> None:
    come_in(office)
    office.settings.put(IDLE_MINUTES, 3)
    seconds = [1000]
    watch = office.program.door.idle
    watch.clock = lambda: seconds[0]
    watch.touch()
    seconds[0] += 179
    watch.look()
    assert office.program.door.cover is None
    move_mouse(office)
    seconds[0] += 179
    watch.look()
    assert office.program.door.cover is None, "a movement counts"
    seconds[0] += 1
    watch.look()
    assert office.program.door.cover is not None
    watch.look()
    office.type_into("lock.password", PASSWORDS["clerk"], office.control("lock.cover"))
    office.click("lock.action", office.control("lock.cover"))
    office.settings.put(IDLE_MINUTES, 0)
    seconds[0] += 1_000_000
    watch.look()
    assert office.program.door.cover is None, "0: never"


def move_mouse(window: Window) -> None:
    """What the system tells the window itself when the mouse moves over it."""
    handle = window.frame.windowHandle()
    window.program.door.idle._watch(handle)
    at = QPointF(5, 5)
    button = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, at, at, button, button, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(handle, event)


def test_nothing_is_locked_where_nobody_signs_in(window: Window) -> None:
    window.shortcut(Qt.Key.Key_L, CONTROL_SHIFT)
    window.program.door.idle.clock = lambda: 10**9
    window.program.door.idle.look()
    assert window.program.door.cover is None
    assert not window.control("frame.person").isVisible()


def test_another_person_takes_over_and_finds_nothing_of_the_first_who_finds_everything_again(office: Window) -> None:
    come_in(office)
    office.go("checks")
    office.type_into("checks.amount", "12.34")
    ((account,),) = office.rows("SELECT min(id) FROM account WHERE balance_cents > 2000")
    dialog = open_credit(office, account)
    office.type_into("credit.reason", "typed by Carl")
    office.program.door.lock()
    come_in_at_the_cover(office, "supervisor")
    assert office.control("frame.person", QPushButton).text() == "Sue Super · Supervisor"
    assert not dialog.isVisible()
    page = office.go("checks")
    assert page.findChild(QLineEdit, "checks.amount").text() == ""
    office.program.door.switch()
    office.settle()
    come_in(office)
    assert dialog.isVisible() and dialog.findChild(QLineEdit, "credit.reason").text() == "typed by Carl"
    page = office.go("checks")
    amount = page.findChild(QLineEdit, "checks.amount")
    assert amount.text() == "12.34"
    assert amount.isVisible() and office.frame.stack.currentWidget().isAncestorOf(amount), "it is on the screen again"
    assert office.frame.findChild(QWidget, "signin") is None, "no sign-in is left behind the pages"
    outcomes = [row[0] for row in office.rows("SELECT outcome FROM sign_in ORDER BY id")]
    assert outcomes == ["in", "unlocked", "out", "in"]


def come_in_at_the_cover(window: Window, role: str) -> None:
    cover = window.control("lock.cover")
    window.type_into("lock.name", NAMES[role].split()[0], cover)
    window.type_into("lock.password", PASSWORDS[role], cover)
    window.click("lock.action", cover)


def test_the_first_password_is_changed_before_anything_is_shown(office: Window) -> None:
    with open_office(office.path) as books, books.write() as session:
        desk = Desk(NAMES["administrator"], "administrator", "PC 1", TODAY, TODAY, person=1)
        people.reset_password(session, desk, 2, "given by Ada", "forgotten")
    office.type_into("signin.name", "carl")
    office.type_into("signin.password", "given by Ada")
    office.click("signin.action")
    assert office.frame.page is None
    office.shortcut(Qt.Key.Key_F2)
    assert office.frame.page is None
    for old, new, again, said in (
        ("given by Ada", "apples and pears", "apples and bears", "differ"),
        ("given by Eve", "apples and pears", "apples and pears", "present password"),
        ("given by Ada", "short", "short", "at least 10"),
    ):
        for part, typed in (("old", old), ("password", new), ("again", again)):
            office.type_into(f"newpassword.{part}", typed)
        office.click("newpassword.action")
        assert said in text(office, "newpassword.refusal")
    for part, typed in (("old", "given by Ada"), ("password", "apples and pears"), ("again", "apples and pears")):
        office.type_into(f"newpassword.{part}", typed)
    office.press(ENTER, on=office.control("newpassword.again"))
    office.settle()
    assert office.frame.page is not None
    assert office.control("frame.person", QPushButton).text() == "Carl Clerk · Clerk"


def test_an_auditor_reads_and_changes_nothing(office: Window) -> None:
    come_in(office, "auditor")
    ((account,),) = office.rows("SELECT min(id) FROM account WHERE balance_cents > 2000")
    before = office.rows("SELECT count(*) FROM action")
    open_credit(office, account)
    office.type_into("credit.amount", "5")
    office.type_into("credit.reason", "why not")
    office.press(ENTER)
    office.settle()
    assert "reads everything and changes nothing" in text(office, "credit.refusal")
    assert not office.control("credit.approve").isVisible()
    assert office.rows("SELECT count(*) FROM action") == before


def test_an_administrator_adds_changes_and_blocks_people_on_the_office_page(office: Window) -> None:
    come_in(office, "administrator")
    office.go("office", tab="people")
    assert office.control("office.people", QTableView).model().rowCount() == 5
    office.click("office.person-add")
    dialog = office.dialog()
    for part, typed in (("name", "Nell New"), ("password", "apples and pears"), ("again", "apples and pears")):
        office.type_into(f"person-add.{part}", typed, dialog)
    assert office.control("person-add.login", QLineEdit, dialog).text() == "nell"
    office.click("person-add.action", dialog)
    added = office.rows("SELECT name, login, role, must_change FROM person WHERE id = 6")
    assert added == [("Nell New", "nell", "clerk", 1)]
    office.control("office.people", QTableView).selectRow(3)
    office.click("office.person-block")
    office.type_into("person-block.reason", "on leave", office.dialog())
    office.click("person-block.action", office.dialog())
    assert office.rows("SELECT name FROM person WHERE state = 'blocked'") == [("Nell New",)]
    assert "may not" not in office.message
    office.control("office.people", QTableView).selectRow(0)
    office.click("office.person-block")
    office.type_into("person-block.reason", "leaves", office.dialog())
    office.click("person-block.action", office.dialog())
    assert "only administrator" in text(office, "person-block.refusal")


def test_everybody_changes_the_own_password_from_the_menu(office: Window) -> None:
    come_in(office)
    menu = office.control("frame.person-menu", QMenu)
    assert [action.text().split("\t")[0].replace("&", "") for action in menu.actions()] == [
        "Lock",
        "Another person signs in",
        "Change my password…",
    ]
    menu.actions()[2].trigger()
    dialog = office.dialog()
    for part, typed in (("old", PASSWORDS["clerk"]), ("password", "apples and pears"), ("again", "apples and pears")):
        office.type_into(f"own-password.{part}", typed, dialog)
    office.click("own-password.action", dialog)
    assert "is changed" in office.message
    assert last_action(office)[0] == "change-password"


def test_somebody_blocked_while_at_work_is_told_and_posts_nothing_more(office: Window) -> None:
    come_in(office, "supervisor")
    with open_office(office.path) as books, books.write() as session:
        desk = Desk(NAMES["administrator"], "administrator", "PC 2", TODAY, TODAY, person=1)
        people.block_person(session, desk, 3, "left the office")
    ((account,),) = office.rows("SELECT min(id) FROM account WHERE balance_cents > 2000")
    before = office.rows("SELECT count(*) FROM action")
    open_credit(office, account)
    office.type_into("credit.amount", "5")
    office.type_into("credit.reason", "why not")
    office.press(ENTER)
    office.settle()
    assert "may not sign in any more" in text(office, "credit.refusal")
    assert office.rows("SELECT count(*) FROM action") == before


def test_the_name_is_remembered_and_the_cursor_then_waits_in_the_password(office: Window) -> None:
    come_in(office)
    office.program.door.switch()
    office.settle()
    assert office.control("signin.name", QLineEdit).text() == "carl"
    assert office.control("signin.password").hasFocus()


def test_an_instant_of_the_record_is_the_pcs_own(office: Window) -> None:
    assert Workplace(office.program.tasks, office.settings).moment().tzinfo is not None
    come_in(office)
    ((at,),) = office.rows("SELECT at FROM sign_in ORDER BY id DESC LIMIT 1")
    assert datetime.fromisoformat(at) == NOW.replace(tzinfo=None)


def test_an_administrator_sets_limits_and_the_billing_run_then_takes_a_second_sign_in(office: Window) -> None:
    come_in(office, "administrator")
    office.go("office", tab="limits")
    office.type_into("office.credit", "50")
    office.control("office.two", QCheckBox).setChecked(True)
    office.type_into("office.limits-reason", "agreed with the owner")
    office.press(ENTER)
    office.settle()
    found = office.rows("SELECT credit_limit_cents, write_off_limit_cents, two_for_billing FROM office_control")
    assert found == [(5000, None, 1)]
    office.day = date(2026, 12, 1)
    office.program.workplace.choose_date(date(2026, 12, 1))
    page = office.go("billing")
    page.bill()
    office.settle()
    approving = office.control("approve.dialog")
    office.type_into("approve.name", "ada", approving)
    office.type_into("approve.password", PASSWORDS["administrator"], approving)
    office.press(ENTER)
    office.settle()
    assert "it takes a second person" in office.control("approve.refusal", QLabel, approving).text()
    office.type_into("approve.name", "sue", approving)
    office.type_into("approve.password", PASSWORDS["supervisor"], approving)
    office.press(ENTER)
    office.settle()
    assert office.rows("SELECT DISTINCT actor, approved_by FROM action WHERE what = 'run-billing' AND person_id = 1") == [
        ("Ada Admin", "Sue Super (supervisor)")
    ]


def test_a_supervisor_signs_in_for_a_fee_of_a_returned_check(office: Window) -> None:
    from app.views.dialogs.returned_item import NONE, ReturnedItemDialog, open_returned_item

    come_in(office)
    ((payment_id,),) = office.rows(
        "SELECT max(p.id) FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
        "WHERE p.kind = 'check' AND r.payment_id IS NULL"
    )
    dialog = open_returned_item(office.program.workplace, office.frame, payment_id=payment_id)
    assert isinstance(dialog, ReturnedItemDialog)
    office.wait_for(dialog.action.isEnabled)
    dialog.letter.setCurrentIndex(dialog.letter.findData(NONE))
    office.control("returned.waive-returned-admin-fee").click()  # type: ignore[attr-defined]
    office.settle()
    office.type_into("returned.reason", "the bank's mistake")
    office.click("returned.action", dialog)
    assert "needs a supervisor" in text(office, "returned.refusal")
    office.click("returned.approve")
    approving = office.control("approve.dialog")
    office.type_into("approve.name", "sue", approving)
    office.type_into("approve.password", PASSWORDS["supervisor"], approving)
    office.press(ENTER)
    office.settle()
    assert last_action(office) == ("return-payment", "Carl Clerk", "clerk", "Sue Super (supervisor)")
    lines = "SELECT count(*) FROM line l JOIN invoice i ON i.id = l.invoice_id WHERE i.issued_on = ?"
    assert office.rows(lines, TODAY.isoformat()) == [(0,)]
    assert office.books_agree()
