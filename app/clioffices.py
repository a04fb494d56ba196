"""The commands about an office on a server: `connect`, `grant`, `upgrade` and `soak`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from getpass import getpass
from pathlib import Path
from typing import Any

from rich.console import Console

from app.clisignin import add_words, desk_for
from app.errors import BackupsLocked, UserError
from app.models.bulk import Progress
from app.money import format_cents

Bar = Callable[[Console, str], AbstractContextManager[Progress]]


def add_commands(commands: Any, bar: Bar) -> None:
    """Add them to the parser; `bar` shows progress."""
    connect = commands.add_parser("connect", help="move the office to a PostgreSQL server, for several PCs")
    connect.add_argument("url", metavar="URL", help="postgresql://user:password@server/database, an empty database")
    connect.add_argument("--office", type=Path, help="the office's file (default: the one opened last on this PC)")
    connect.add_argument(
        "--program-role",
        default="",
        metavar="NAME",
        help="what the program signs in as on the PCs, such as counterfoil_office: may do only what the program does",
    )
    add_words(connect)
    connect.set_defaults(run=lambda arguments: _connect(arguments, bar))

    grant = commands.add_parser("grant", help="give a role of the server what the program needs of an office, and no more")
    grant.add_argument("url", metavar="URL", help="postgresql://owner:password@server/database, the office's owner")
    grant.add_argument("--program-role", required=True, metavar="NAME", help="such as counterfoil_office; made if missing")
    _add_backups(grant)
    grant.set_defaults(run=_grant)

    upgrade = commands.add_parser("upgrade", help="bring an office of an older program to this one, after a backup")
    upgrade.add_argument(
        "office", metavar="OFFICE", help="its file, the link to its server, or postgresql://owner@server/database"
    )
    _add_backups(upgrade)
    upgrade.add_argument("--no-backup", action="store_true", help="it was backed up already, in another way")
    upgrade.set_defaults(run=lambda arguments: _upgrade(arguments, bar))

    soak = commands.add_parser("soak", help="let several clerks work on a server while a month is billed, and count")
    soak.add_argument("url", metavar="URL", help="an empty database of a PostgreSQL server; it is filled with a sample")
    soak.add_argument("--minutes", type=int, default=5, help="for how long (default: 5)")
    soak.add_argument("--clerks", type=int, default=4, help="how many at once, each a process (default: 4)")
    soak.add_argument("--accounts", type=int, default=400, help="how many accounts (default: 400)")
    soak.set_defaults(run=lambda arguments: _soak(arguments, bar))


def _add_backups(command: argparse.ArgumentParser) -> None:
    usual = Path.home() / "Counterfoil" / "backups"
    text = f"where an office at an address is backed up before it is upgraded (default: {usual})"
    command.add_argument("--backups", type=Path, default=usual, metavar="FOLDER", help=text.replace("%", "%%"))


def _connect(arguments: argparse.Namespace, bar: Bar) -> int:
    from app.models import database
    from app.services.connecting import move_to_server, refuse_older, require_mover
    from app.views.settings import Settings

    settings = Settings()
    path = arguments.office or settings.last_office
    if path is None:
        raise UserError("Name the office's file with --office; none was opened on this PC yet.")
    refuse_older(Path(path))
    today = datetime.now().astimezone().date()
    with database.open_existing(Path(path)) as books:
        desk = desk_for(books, arguments, today, today)
        require_mover(desk)
    with bar(Console(stderr=True), f"Moving {path}") as progress:
        moved = move_to_server(Path(path), arguments.url, progress, program_role=arguments.program_role, desk=desk)
    settings.put("office/last", str(moved.link))
    settings.save()
    print(f"{moved.rows:,} rows of {len(moved.tables)} tables are on the server: each compared, every figure agrees.")
    print(f"{moved.accounts:,} accounts stand at {format_cents(moved.balance_cents)} there, as in the file.")
    print(f"This PC opens the office by {moved.link} from now on; {path} is as it was, keep it as a backup.")
    if moved.password:
        print(moved.password)
    if arguments.program_role:
        _tell_role(arguments.url, arguments.program_role, made=bool(moved.made))
    return 0


def _tell_role(address: str, role: str, *, made: bool) -> None:
    from app.models.server import server_url, shown

    url = server_url(address)
    if made:
        print(f"The role {role} was made and has no password yet: psql {shown(url)}, then \\password {role}.")
    # The certificate and the like stay in the address.
    there = url.set(drivername="postgresql", username=role)._replace(password=None).render_as_string(hide_password=False)
    print(f"Open the office with it once on each PC: python -m app open {there.replace('@', ':PASSWORD@', 1)}")


def _grant(arguments: argparse.Namespace) -> int:
    from app.services.connecting import let_program_in

    made = let_program_in(arguments.url, arguments.program_role, arguments.backups)
    print(f"{arguments.program_role} may do what the program does, and no more.")
    _tell_role(arguments.url, arguments.program_role, made=made)
    return 0


def _upgrade(arguments: argparse.Namespace, bar: Bar) -> int:
    from app.services.connecting import upgrade_office

    def work() -> None:
        with bar(Console(stderr=True), f"Bringing {arguments.office} to this version") as progress:
            upgrade_office(arguments.office, arguments.backups, is_backed_up=arguments.no_backup, progress=progress)

    try:
        work()
    except BackupsLocked as locked:
        from app.models.upgradecopy import learn_passphrase

        learn_passphrase(locked, os.environ.get("COUNTERFOIL_PASSPHRASE") or getpass("Passphrase of the backups: "))
        work()
    print(f"{arguments.office} is of this program's version.")
    return 0


def _soak(arguments: argparse.Namespace, bar: Bar) -> int:
    from app.services.soaking import Soak, told

    with bar(Console(stderr=True), "Clerks at work") as progress:
        result = Soak(arguments.url, arguments.clerks, arguments.accounts).work(arguments.minutes * 60, progress)
    for line in told(result):
        print(line)
    return 1 if result.problems else 0
