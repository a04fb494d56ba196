"""The pictures of an office in which people sign in: the door, the lock, a supervisor's sign-in, people and limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.screenstage import Stage

Scene = Iterator[tuple[str, Any]]

_GIVEN = "for the pictures alone"
_STAFF = (
    ("Carla Brandt", "carla", "clerk"),
    ("Sumner Hale", "sumner", "supervisor"),
    ("Beatrix Moreno", "beatrix", "manager"),
    ("Otis Lund", "otis", "auditor"),
)


def _hire(stage: Stage) -> None:
    """An administrator, one person of each other role with a password of their own, and limits."""
    from app.services import people
    from app.services.limits import Limits, change_limits
    from app.services.people import PersonForm

    books = stage.program.tasks.books
    assert books is not None, "the stage has an open office"
    desk_of = stage.program.workplace.desk
    with books.write() as session:
        first = people.make_first_administrator(session, desk_of(), "Ada Whitfield", "ada", _GIVEN)
        desk = replace(desk_of(), actor="Ada Whitfield", role="administrator", person=first)
        for name, login, role in _STAFF:
            number = people.add_person(session, desk, PersonForm(name, login, role, f"{_GIVEN} first"))
            if role != "auditor":
                own = replace(desk, actor=name, role=role, person=number)
                people.change_own_password(session, own, f"{_GIVEN} first", _GIVEN)
        limits = Limits(credit=5_000, write_off=20_000, waiver=3_500, two_for_billing=True, two_for_refunds_over=50_000)
        change_limits(session, desk, limits, "agreed at the start of the season")


def _come_in(stage: Stage, login: str) -> None:
    """Through the door, as anybody comes in."""
    card = stage.control("signin")
    card.name.setText(login)
    card.password.setText(_GIVEN)
    card.press()
    stage.settle()


def staff(stage: Stage) -> Scene:
    """The first administrator, the door, a refused form, the lock over a page with work in hand, People and Limits."""
    from app.views.dialogs.account_actions import ACTIONS
    from app.views.door import FirstAdministratorCard

    door, workplace, window = stage.program.door, stage.program.workplace, stage.window
    stage.page("today")
    card = FirstAdministratorCard(workplace, door.office)
    window.show_alone(card)
    card.name.setText("Ada Whitfield")
    card.login.setText("ada")
    card.password.setFocus()
    yield "people-first-administrator", window
    _hire(stage)
    door.come_to(stage.path, "", lambda: None)
    stage.settle()
    stage.control("signin").name.setText("carla")
    yield "people-sign-in", window
    door_card = stage.control("signin")
    door_card.password.setText("not the one")
    door_card.press()
    yield "people-sign-in-refused", window
    _come_in(stage, "carla")
    action = next(action for action in ACTIONS if action.key == "credit")
    account_id = stage.accounts["busy"].id
    for name in ("people-refused", "people-approve", "people-asked-elsewhere"):
        dialog: Any = action.open(workplace, account_id, stage.page("account", account_id=account_id))
        stage.settle()
        stage.type_into("credit.amount", "12.50")
        stage.type_into("credit.reason", "two days without service")
        dialog.press()
        stage.settle()
        if name != "people-refused":
            stage.click("credit.approve")
        if name == "people-asked-elsewhere":
            stage.click("approve.elsewhere")
        yield name, stage.dialog()
    stage.page("checks")
    stage.type_into("checks.account", stage.accounts["busy"].number)
    stage.press_enter()
    stage.type_into("checks.amount", "49.00")
    door.lock()
    assert door.cover is not None, "somebody is at work"
    yield "people-locked", door.cover
    door.cover.card.password.setText(_GIVEN)
    door.cover.card.press()
    stage.settle()
    door.switch()
    stage.settle()
    _come_in(stage, "ada")
    today = stage.page("today")
    yield "people-request-waits", stage.window
    today.answer_requests()
    yield "people-requests", stage.dialog()
    page = stage.page("office", tab="people")
    yield "people-list", window
    stage.click("office.person-add")
    yield "people-add", stage.dialog()
    page.parts["people"].table.select_row(page.parts["people"].table.rows_model.rows[1])
    for what in ("change", "block", "password"):
        stage.click(f"office.person-{what}")
        yield f"people-{what}", stage.dialog()
    stage.page("office", tab="limits")
    yield "people-limits", window
    door.change_password()
    yield "people-own-password", stage.dialog()
    door.switch()
    stage.settle()
    _come_in(stage, "carla")
    yield "people-back-at-work", window


def opening(stage: Stage) -> Scene:
    """An office of an older version, while it is backed up and brought to this one."""
    from pathlib import Path

    from app.views.opening import OpeningPage

    page = OpeningPage(Path(r"C:\Users\Pat\Documents\Counterfoil\office.db"))
    stage.window.show_alone(page)
    page.progress(620, 1_000)
    stage.settle()
    yield "opening-older-office", stage.window


SCENES = (staff, opening)
