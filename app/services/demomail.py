"""The sample office's morning mail: logged with its control figures, then each check posted or dealt with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.errors import DuplicateCheck
from app.models.bulk import Progress, fetch
from app.models.database import Database
from app.services import checks
from app.services.desk import Desk
from app.services.sample_mail import SampleCheck


def _sheets(mail: Sequence[SampleCheck]) -> list[list[SampleCheck]]:
    """The mail as sheets of paper: neighbours with one number and payer are one check for two accounts."""
    sheets: list[list[SampleCheck]] = []
    for part in mail:
        if sheets and (sheets[-1][0].check_number, sheets[-1][0].payer) == (part.check_number, part.payer):
            sheets[-1].append(part)
        else:
            sheets.append([part])
    return sheets


def post_the_mail(
    books: Database,
    desk: Desk,
    mail: Sequence[SampleCheck],
    account_of_line: Mapping[int, int],
    progress: Progress,
) -> None:
    """Log the batch, then post every check; goes on where an earlier call was cut off."""
    sheets = _sheets(mail)
    if not sheets:
        return
    _log(books, desk, sheets)
    with books.read() as session:
        logged = [(row[0], row[1]) for row in fetch(session, "SELECT id, state FROM mail_check ORDER BY id")]
    for done, ((check_id, state), parts) in enumerate(zip(logged, sheets, strict=False), start=1):
        if state == "logged":
            _deal_with(books, desk, check_id, parts, account_of_line)
        progress(done, len(sheets))


def _log(books: Database, desk: Desk, sheets: Sequence[Sequence[SampleCheck]]) -> None:
    with books.write() as session:
        if fetch(session, "SELECT 1 FROM mail_batch LIMIT 1"):
            return
        total = sum(part.amount_cents for parts in sheets for part in parts)
        batch = checks.log_mail(session, desk, len(sheets), total)
        for parts in sheets:
            first = parts[0]
            checks.log_check(
                session,
                desk,
                batch,
                sum(part.amount_cents for part in parts),
                first.check_number,
                dated=first.dated,
                via="bank" if first.via_bank else "customer",
                payer=first.payer,
            )


def _deal_with(
    books: Database,
    desk: Desk,
    check_id: int,
    parts: Sequence[SampleCheck],
    account_of_line: Mapping[int, int],
) -> None:
    accounts = [account_of_line.get(part.account_line) for part in parts if part.account_line is not None]
    known = [account for account in accounts if account is not None]
    with books.write() as session:
        if len(known) < len(parts):
            checks.hold_check(session, desk, check_id, "nobody knows whose this is")
            return
        first = parts[0]
        form = checks.CheckForm(
            known[0],
            sum(part.amount_cents for part in parts),
            first.check_number,
            first.dated,
            "bank" if first.via_bank else "customer",
            first.payer,
            mail_check_id=check_id,
        )
        try:
            checks.post_split_check(
                session, desk, form, [(i, part.amount_cents) for i, part in zip(known, parts, strict=True)]
            )
        except DuplicateCheck as duplicate:
            checks.return_to_sender(session, desk, check_id, f"posted already: {duplicate.earlier}")
