"""Who gives a command: in an office with people, somebody who signs in for it."""

from __future__ import annotations

import os
import platform
from argparse import ArgumentParser, Namespace
from datetime import date
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import UserError

if TYPE_CHECKING:
    from app.models.database import Database
    from app.services.desk import Desk

PASSWORD_VARIABLE = "COUNTERFOIL_PASSWORD"  # noqa: S105 - the name of a variable


def add_words(command: ArgumentParser) -> None:
    """The words that say who gives the command."""
    command.add_argument(
        "--as", dest="sign_in_as", metavar="NAME", help="who signs in for it, where people sign in (the password is asked)"
    )
    command.add_argument("--actor", default="command line", help="who does it, for the record, where nobody signs in")


def confirm_replacing(arguments: Namespace, office: str, target: Path) -> None:
    """Let somebody type the name of the office that takes the place of one that cannot be opened.

    Raises UserError for another name. `--confirm NAME` answers for a task that nobody watches.
    """
    typed = arguments.confirm
    if typed is None:
        print(f"{target} cannot be opened; it will be set aside, and the backup takes its place.")
        try:
            typed = input(f"Type the office's name ({office}) to go on: ")
        except EOFError:
            typed = ""
    if " ".join(typed.split()).casefold() != " ".join(office.split()).casefold():
        raise UserError(f"Nothing was replaced: that is not the name of the backup's office ({office}).", field="confirm")


def desk_for(books: Database, arguments: Namespace, on: date, today: date) -> Desk:
    """The desk of a command on an office. Raises UserError for a wrong password, or when nobody is named.

    The password is asked for, or taken from COUNTERFOIL_PASSWORD, for a task that the system starts by itself.
    """
    from app.services import signin
    from app.services.desk import Desk, utc_now

    with books.read() as session:
        has_people = signin.has_people(session)
    if not has_people:
        return Desk(arguments.actor, "manager", "command line", on, today)
    if not arguments.sign_in_as:
        raise UserError("People sign in to this office: say who gives this command, with --as NAME.")
    password = os.environ.get(PASSWORD_VARIABLE) or getpass(f"Password of {arguments.sign_in_as}: ")
    pc = f"{platform.node() or 'this PC'}, command line"
    person = signin.sign_in(books, arguments.sign_in_as, password, pc, utc_now())
    if person.must_change:
        raise UserError(f"{person.name} signs in at a window first and chooses a new password there.")
    return Desk(person.name, person.role, pc, on, today, person=person.id, proof=person.proof)
