"""The pictures of an office with several PCs: its place on a server, two people at one account, requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.screenstage import Stage

Scene = Iterator[tuple[str, Any]]


def servers(stage: Stage) -> Scene:
    """Moving to a server, opening one there, and its password asked."""
    from pathlib import Path

    from app.errors import ServerPasswordRefused
    from app.services.serverplaces import ServerPlace
    from app.views.dialogs.server_move import MoveToServerDialog
    from app.views.dialogs.server_open import OpenServerDialog, ServerPasswordDialog

    workplace, page = stage.program.workplace, stage.page("office", tab="desk")
    yield "office-this-pc-server", stage.window
    place = ServerPlace("office-server", "office", "office", certificate=r"C:\Counterfoil\server.crt")
    for name, made in (
        ("server-move", MoveToServerDialog(workplace, page)),
        ("server-open", OpenServerDialog(workplace, Path(r"C:\Users\Pat\Documents\Counterfoil"), page)),
    ):
        made.open()
        made.place.show_place(place)
        yield name, made
    refused = ServerPasswordRefused(
        "postgresql://office@office-server/office refuses this user name or password; check them, or ask whoever "
        "looks after the server.",
        "password",
    )
    asked = ServerPasswordDialog(workplace, Path(r"C:\Users\Pat\Documents\Counterfoil\office.server"), refused, page)
    asked.open()
    yield "server-password", asked


def two_people(stage: Stage) -> Scene:
    """Somebody at another PC changed the account while its form was open: told quietly, then before saving."""
    from dataclasses import replace

    from app.services import accounts
    from app.services.books import open_office
    from app.views.dialogs.account_actions import ACTIONS

    account_id, workplace = stage.accounts["busy"].id, stage.program.workplace
    action = next(action for action in ACTIONS if action.key == "contact")
    for name in ("two-people-told", "two-people-before-saving"):
        dialog: Any = action.open(workplace, account_id, stage.page("account", account_id=account_id))
        stage.settle()
        stage.type_into("contact.phone", "605-555-0199")
        other = replace(workplace.desk(), actor="Sam", pc="FRONT-DESK-2")
        with open_office(stage.path) as books, books.write() as session:
            accounts.change_phone(session, other, account_id, "605-555-0188" if name.endswith("told") else "605-555-0177")
        stage.program.tasks.books_changed.emit(frozenset({account_id}))
        stage.settle()
        if name == "two-people-before-saving":
            dialog.press()
            stage.settle()
        yield name, dialog


SCENES = (servers, two_people)
