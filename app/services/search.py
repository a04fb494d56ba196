"""Find anything as it is typed: accounts, invoices, checks, our refund checks (Ctrl+K and the posting window).

All words must match, in any order, each in any field. A word of one or two characters matches where a word
begins; a longer one matches anywhere. Hits come in the order of the rows, because ranking would have to read
every match; only names that begin so are asked for first, and what has been found is put in order. See
app/models/searchindex.py for what is indexed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.models import serversearch
from app.models.bulk import fetch, fetch_one, on_server
from app.models.searchwords import CHECK_NUMBER_FROM, words
from app.money import format_cents
from app.services import searchrefunds
from app.services.searchtyped import (
    Typed,
    index_query,
    kinds_named,
    numbers_from,
    parse_typed,
    rows_found,
    word_anywhere,
    word_beginning,
)

_LAST = "\U0010ffff"
_DIGITS = re.compile(r"\d{1,18}", re.ASCII)


class Hit(NamedTuple):
    """Something found. `kind`: account, invoice, check or refund check; `id` is its row's (of a refund check: its number).

    `account_id` is None if unknown.

    `match` names the field, and its value, in which a word was found that `title` and `detail` do not show.
    `by` says in which field of an account digits alone were found; empty when they are its whole number.
    """

    kind: str
    id: int
    account_id: int | None
    title: str
    detail: str
    match: str = ""
    by: str = ""


class _Once(dict[int, Any]):
    """Rows by their id, which comes first in a row, in the order in which each was first found."""

    def add(self, *found: Sequence[Any]) -> None:
        for rows in found:
            for row in rows:
                self.setdefault(row[0], row)


# Accounts

_ACCOUNT = "a.id, a.number, a.name, a.address, a.phone, a.email, a.payer, a.old_number, a.status"


def _accounts_found(session: Session, index: str, asked: Iterable[str], limit: int) -> Sequence[Any]:
    if on_server(session):
        holds, values = serversearch.conditions(asked)
        select = f"SELECT {_ACCOUNT} FROM {index} s JOIN account a ON a.id = s.rowid"
        return fetch(session, f"{select} WHERE {holds} ORDER BY s.rowid LIMIT ?", *values, limit)
    # The index comes first: it hands over its rows in order and stops at the limit.
    select = f"SELECT {_ACCOUNT} FROM {index} s CROSS JOIN account a ON a.id = s.rowid"
    return rows_found(session, select, index, index_query(asked), "ORDER BY s.rowid LIMIT ?", limit)


def _exact_accounts(session: Session, asked: Typed) -> Sequence[Any]:
    """Accounts of exactly this number: today's number first, then one they had before the import."""
    if not any(map(str.isdigit, asked.chunk)):
        return ()
    return fetch(
        session,
        f"SELECT {_ACCOUNT} FROM account a WHERE a.number = ? UNION ALL SELECT {_ACCOUNT} FROM account a "
        "WHERE a.old_number <> '' AND a.old_number COLLATE NOCASE = ? COLLATE NOCASE",
        asked.chunk,
        asked.chunk,
    )


def _accounts_numbered_from(session: Session, asked: Typed, limit: int) -> Sequence[Any]:
    if not _DIGITS.fullmatch(asked.chunk):
        return ()
    return fetch(
        session,
        f"SELECT {_ACCOUNT} FROM account a WHERE a.number >= ? AND a.number < ? ORDER BY a.number LIMIT ?",
        asked.chunk,
        f"{asked.chunk}:",  # the character after 9
        limit,
    )


def _accounts(session: Session, asked: Typed, limit: int, after_exact: Sequence[Any] = ()) -> list[Any]:
    if not asked.words or asked.only_cents:
        return []
    found = _Once()
    found.add(_exact_accounts(session, asked), after_exact, _accounts_numbered_from(session, asked, limit))
    anywhere = _accounts_found(session, "search_account", map(word_anywhere, asked.words), limit)
    if len(anywhere) == limit and not all(map(str.isdigit, asked.words)):
        found.add(_accounts_found(session, "search_name", map(word_beginning, asked.words), limit))
    if len(found) < limit:
        found.add(sorted(anywhere, key=lambda row: _account_tier(row, asked)))
    for run in (asked.joined, asked.glued):
        if run and len(found) < limit:
            found.add(_accounts_found(session, "search_account", [word_anywhere(run)], limit))
    return list(found.values())[:limit]


def _account_tier(row: Any, asked: Typed) -> int:
    """0: all words begin a word of the name; 1: begin any word; 2: are anywhere."""
    name = _spaced(row[2])
    if all(f" {word.lower()}" in name for word in asked.words):
        return 0
    _, number, _, address, phone, email, payer, old_number, _ = row
    digits = "".join(words(phone))
    everything = f"{name}{_spaced(f'{number} {address} {digits} {email} {payer} {old_number}')}"
    return 1 if all(f" {word.lower()}" in everything for word in asked.words) else 2


def _spaced(text: str) -> str:
    return f" {' '.join(words(text))}".lower()


def _account_hit(row: Any, asked: Typed) -> Hit:
    account_id, number, name, address, phone, email, payer, old_number, status = row
    street = address.split("\n", 1)[0]
    parts = (number, street, phone, "" if status == "active" else status)
    detail = " · ".join(part for part in parts if part)
    match, shown = "", f"{name} {detail}".lower()
    missing = [word.lower() for word in asked.words if word.lower() not in shown]
    shown = _searchable(shown) if missing else shown
    for word in missing:
        if word not in shown and not match:
            hidden = (("old number", old_number), ("payer", payer), ("e-mail", email), ("address", address))
            match = next((f"{label} {value}" for label, value in hidden if word in _searchable(value)), "")
    return Hit("account", account_id, account_id, name, detail, match.replace("\n", ", "), _found_by(row, asked))


def _is_exact(row: Any, asked: Typed) -> bool:
    """Whether an account has the whole number that was typed, today or before the import."""
    return bool(asked.chunk) and asked.chunk.lower() in (row[1].lower(), row[7].lower())


def _found_by(row: Any, asked: Typed) -> str:
    digits = asked.chunk
    if not _DIGITS.fullmatch(digits) or _is_exact(row, asked):
        return ""
    _, number, name, address, phone, email, payer, old_number, _ = row
    fields = (
        ("a part of its number", number),
        ("its phone", phone),
        ("its street", address),
        ("its name", name),
        ("its old number", old_number),
        ("its payer", payer),
        ("its e-mail", email),
    )
    return next((words for words, value in fields if digits in _searchable(value)), "a part of what is known of it")


def _searchable(text: str) -> str:
    found = words(text)
    return f"{' '.join(found)} {''.join(found)}".lower()


# Invoices: their number is their row's id, so a beginning is a few ranges of the primary key

_INVOICE = (
    "SELECT i.id, i.account_id, a.name, a.number, i.issued_on, i.total_cents, i.open_cents "
    "FROM invoice i JOIN account a ON a.id = i.account_id WHERE i.id BETWEEN ? AND ? "
    "ORDER BY i.id DESC LIMIT ?"
)


def _invoices(session: Session, asked: Typed, limit: int) -> list[Any]:
    """Invoices whose numbers begin as typed: the exact one, then shorter numbers first, then newest first."""
    digits = asked.chunk
    if limit < 1 or not _DIGITS.fullmatch(digits):
        return []
    known = fetch_one(session, "SELECT (SELECT min(id) FROM invoice), (SELECT max(id) FROM invoice)")
    found: list[Any] = []
    for low, high in numbers_from(digits, known):
        if len(found) < limit:
            found += fetch(session, _INVOICE, low, high, limit - len(found))
    return found


def _invoice_hit(row: Any) -> Hit:
    invoice_id, account_id, name, number, issued_on, total_cents, open_cents = row
    state = f"{format_cents(open_cents)} open" if open_cents else "nothing open"
    detail = f"{name} · {number} · {issued_on} · {format_cents(total_cents)}, {state}"
    return Hit("invoice", invoice_id, account_id, f"Invoice {invoice_id}", detail)


# Checks

_CHECK = (
    "SELECT a.id, a.number, a.cents, a.received_on, a.payer, a.state, o.id, o.name FROM {source} "
    "LEFT JOIN account o ON o.id = "
    "(SELECT min(p.account_id) FROM payment p WHERE p.mail_check_id = a.id) WHERE "
)
_CHECK_READ = _CHECK.format(source="mail_check a")
_NUMBERED_FROM = _CHECK_READ + (
    "a.number COLLATE NOCASE >= ? COLLATE NOCASE AND a.number COLLATE NOCASE < ? COLLATE NOCASE "
    "ORDER BY a.number COLLATE NOCASE, a.id DESC LIMIT ?"
)


def _number_within(start: int) -> str:
    part = f"substr(number, {start}) COLLATE NOCASE"
    return (
        f"SELECT id FROM (SELECT id FROM mail_check WHERE length(number) >= {start + 2} "
        f"AND {part} >= ?1 COLLATE NOCASE AND {part} < ?2 COLLATE NOCASE ORDER BY {part}, id DESC LIMIT ?3) AS found"
    )


_NUMBERED_WITHIN = (
    _CHECK_READ + f"a.id IN ({' UNION ALL '.join(map(_number_within, CHECK_NUMBER_FROM))}) ORDER BY a.id DESC LIMIT ?3"
)
# With further conditions nothing else would end the reading of a common name's checks.
_MOST_PAYERS = 100
_PAID_BY = _CHECK.format(
    source="(SELECT rowid AS id FROM search_payer WHERE search_payer MATCH ? ORDER BY rowid LIMIT ?) s "
    "CROSS JOIN check_payer y ON y.id = s.id CROSS JOIN mail_check a ON a.payer = y.name"
)
_PAID_BY_ON_SERVER = _CHECK.format(
    source="(SELECT s.rowid AS id FROM search_payer s WHERE {holds} ORDER BY s.rowid LIMIT ?) s "
    "JOIN check_payer y ON y.id = s.id JOIN mail_check a ON a.payer = y.name"
)


def _checks(session: Session, asked: Typed, limit: int) -> list[Any]:
    """Checks of exactly this number, numbers that begin so, of this amount, numbers with it, of this payer.

    The newest of equal ones come first.
    """
    found = _Once()
    if limit < 1 or not asked.words:
        return []
    if asked.chunk:
        found.add(fetch(session, _NUMBERED_FROM, asked.chunk, asked.chunk + _LAST, limit))
    if asked.cents is not None and len(found) < limit:
        found.add(_checks_with(session, asked.others, asked.cents, limit))
    if len(asked.chunk) > 2 and len(found) < limit:
        found.add(fetch(session, _NUMBERED_WITHIN, asked.chunk, asked.chunk + _LAST, limit))
    if not asked.only_cents and len(found) < limit:
        found.add(_checks_with(session, asked.words, None, limit))
    return list(found.values())[:limit]


def _checks_with(session: Session, asked: Sequence[str], cents: int | None, limit: int) -> Sequence[Any]:
    """Checks of an amount, or of any, with these words in the payer's name; with digits, in the number."""
    numbers = [word for word in asked if any(c.isdigit() for c in word)]
    names = [word for word in asked if word not in numbers]
    if not names and cents is None:
        names, numbers = numbers, []
    conditions = "(instr(a.number, ?) > 0 OR instr(a.payer, ?) > 0) AND " * len(numbers)
    values: list[Any] = [word for word in numbers for _ in range(2)]
    if cents is not None:
        conditions += "a.cents = ? AND "
        values.append(cents)
    if not names:
        sql = _CHECK_READ + conditions.removesuffix("AND ") + "ORDER BY a.id DESC LIMIT ?"
        return fetch(session, sql, *values, limit)
    # The index of payers leaves out checks without one, so the query must say that it does too.
    found = _PAID_BY
    match = [" AND ".join(f'"{word_anywhere(name)}"' for name in names)]
    if on_server(session):
        holds, match = serversearch.conditions(map(word_anywhere, names))
        found = _PAID_BY_ON_SERVER.format(holds=holds)
    sql = f"{found}{conditions}a.payer <> '' LIMIT ?"
    return sorted(fetch(session, sql, *match, _MOST_PAYERS, *values, limit), key=lambda row: -row[0])


def _check_hit(row: Any) -> Hit:
    check_id, number, cents, received_on, payer, state, account_id, name = row
    parts = (name or payer, f"received {received_on}", state)
    detail = " · ".join(part for part in parts if part)
    match = f"payer {payer}" if name and payer and payer != name else ""
    return Hit("check", check_id, account_id, f"Check {number} for {format_cents(cents)}", detail, match)


# Our own refund checks


def _refund_checks(session: Session, asked: Typed, accounts: Sequence[Any], limit: int) -> list[Any]:
    """Those of a number that begins so, of an amount, and those made out to the accounts found by name.

    What is found by digits alone, such as a part of a phone, says nothing of a payee.
    """
    found = _Once()
    if limit < 1:
        return []
    if _DIGITS.fullmatch(asked.chunk):
        found.add(searchrefunds.numbered(session, asked.chunk, limit))
    if asked.cents is not None:
        found.add(searchrefunds.of_amount(session, asked.cents, asked.others, limit))
    elif not all(map(str.isdigit, asked.words)) or any(_is_exact(row, asked) for row in accounts):
        found.add(searchrefunds.of_accounts(session, [row[0] for row in accounts], limit))
    return list(found.values())[:limit]


def _refund_check_hit(row: Any) -> Hit:
    number, account_id, payee, cents, issued_on, state, printed_on, cleared_on = row
    detail = f"{payee} · dated {issued_on} · {searchrefunds.stands(state, printed_on, cleared_on)}"
    return Hit("refund check", number, account_id, f"Refund check {number} for {format_cents(cents)}", detail)


# What the windows call


def find(session: Session, typed: str, limit: int = 50) -> list[Hit]:
    """At most `limit` accounts, invoices, checks and refund checks, in this order; exactly this number before all others.

    A fifth of the places is kept for invoices, a fifth for checks and a tenth for refund checks, so that many
    accounts with 1042 in a phone do not hide check 1042. `77.34` or `$77` also finds checks of that amount.
    `check 5001` and `invoice 1042` say which kind is meant: those come first. Any text is allowed; empty text finds
    nothing.
    """
    kinds, number = kinds_named(typed)
    if kinds:
        meant = [hit for hit in _find_any(session, number, limit) if hit.kind in kinds]
        return [*meant, *(hit for hit in _find_any(session, typed, limit) if hit not in meant)][:limit]
    return _find_any(session, typed, limit)


def _find_any(session: Session, typed: str, limit: int) -> list[Hit]:
    asked = parse_typed(typed)
    accounts = _accounts(session, asked, limit)
    refunds = _refund_checks(session, asked, accounts, limit // 10)
    limit -= len(refunds)
    invoices = _invoices(session, asked, max(limit // 5, limit - len(accounts)))
    checks = _checks(session, asked, max(limit // 5, limit - len(accounts) - len(invoices)))
    accounts = accounts[: limit - min(len(invoices), limit // 5) - min(len(checks), limit // 5)]
    invoices = invoices[: limit - len(accounts) - min(len(checks), limit // 5)]
    checks = checks[: limit - len(accounts) - len(invoices)]
    hits = [
        *((_account_hit(row, asked), _is_exact(row, asked)) for row in accounts),
        *((_invoice_hit(row), str(row[0]) == asked.chunk) for row in invoices),
        *((_check_hit(row), row[1].lower() == asked.chunk.lower()) for row in checks),
        *((_refund_check_hit(row), str(row[0]) == asked.chunk) for row in refunds),
    ]
    # The order among equals stays: accounts, invoices, checks, refund checks.
    return [hit for hit, _is_first in sorted(hits, key=lambda pair: not pair[1])]


def find_accounts(session: Session, typed: str, limit: int = 50) -> list[Hit]:
    """At most `limit` accounts for what is typed into a row of checks, an invoice's number included.

    Accounts of exactly this number come first, then the account of exactly this invoice, then what `find`
    finds, then accounts with invoices whose numbers begin so. Any text is allowed; empty text finds nothing.
    """
    asked = parse_typed(typed)
    invoices = _invoices(session, asked, limit)
    exact = [row[1] for row in invoices if str(row[0]) == asked.chunk]
    rows = _accounts(session, asked, limit, _accounts_by_id(session, exact))
    known = {row[0] for row in rows}
    further = list(dict.fromkeys(row[1] for row in invoices if row[1] not in known))
    rows += _accounts_by_id(session, further[: limit - len(rows)])
    of_invoice = {row[1]: f"invoice {row[0]}" for row in reversed(invoices) if row[1] in (*exact, *further)}
    hits = (_account_hit(row, asked) for row in rows)
    return [
        hit._replace(match=of_invoice[hit.id], by=of_invoice[hit.id] if hit.by else "") if hit.id in of_invoice else hit
        for hit in hits
    ]


def _accounts_by_id(session: Session, account_ids: Sequence[int]) -> list[Any]:
    if not account_ids:
        return []
    rows = fetch(
        session,
        f"SELECT {_ACCOUNT} FROM account a WHERE a.id IN ({', '.join('?' * len(account_ids))})",
        *account_ids,
    )
    return sorted(rows, key=lambda row: account_ids.index(row[0]))
