"""What somebody types to find something: its words, digits and amount, and what an index is asked for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.models.bulk import fetch
from app.models.searchindex import UNFOLDED
from app.models.searchwords import words
from app.money import parse_cents

# Nobody types more; what is pasted beyond could only make the search slower.
_MAX_CHARACTERS = 200
_MAX_WORDS = 12
_LONG_NUMBER = 6
_NUMERIC = re.compile(r"[\d\-().+/,#]*\d[\d\-().+/,#]*", re.ASCII)
_KIND_NAMED = re.compile(
    r"\s*(refund\s+)?(check|chk|ck|invoice|inv)\.?\s*(?:no\.?|number)?\s*([#$]?[\d.,]{1,20})\s*", re.I | re.A
)
_AMOUNT = re.compile(r"\$[\d,]*\.?\d+|[\d,]*\d?\.\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, as `words` that must all match; `chunk` is all of it when it has no blanks, else empty.

    `glued` is the whole as it would stand in the index if the first word were the end of one; `joined` the
    digits of a phone typed in groups: both only where they say more than the words, else empty.
    `cents` is the first amount and `others` the words beside it; with a dollar sign it can be nothing else
    (`only_cents`).
    """

    words: tuple[str, ...]
    chunk: str
    glued: str
    joined: str
    cents: int | None
    others: tuple[str, ...]
    only_cents: bool


def parse_typed(typed: str) -> Typed:
    """What was typed or pasted, cut to what anybody types."""
    # No text of the books holds a null character, and a server does not even take one to look for.
    clean = typed[:_MAX_CHARACTERS].replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
    chunks = clean.split()[:_MAX_WORDS]
    amounts = [cents for cents in map(_amount, chunks) if cents is not None]
    found: list[str] = []
    others: list[str] = []
    for chunk in chunks:
        # 605-555 is the beginning of a phone, which is indexed as one run of digits.
        split = words(chunk)
        split = ["".join(split)] if _NUMERIC.fullmatch(chunk) else split
        found += split
        others += [] if amounts and _amount(chunk) == amounts[0] else split
    apart = words(" ".join(chunks))
    only_cents = bool(amounts) and "$" in clean
    return Typed(
        words=tuple(found[:_MAX_WORDS]),
        chunk=chunks[0].lstrip("#") if len(chunks) == 1 and not only_cents else "",
        glued=f"{apart[0]}  {'  '.join(apart[1:])}" if len(apart) > 1 and len(apart[0]) < 3 else "",
        joined="".join(found) if len(found) > 1 and all(map(str.isdigit, found)) else "",
        cents=amounts[0] if amounts else None,
        others=tuple(others[:_MAX_WORDS]),
        only_cents=only_cents,
    )


def kinds_named(typed: str) -> tuple[tuple[str, ...], str]:
    """The kinds of hit that somebody names before a number or an amount, and that number: `check 5001`, `inv #1042`.

    No kinds and an empty text where no kind is named.
    """
    found = _KIND_NAMED.fullmatch(typed[:_MAX_CHARACTERS])
    if found is None:
        return (), ""
    refund, kind, number = found.groups()
    if kind.lower().startswith("inv"):
        return ((), "") if refund else (("invoice",), number)
    return ("refund check",) if refund else ("check", "refund check"), number


def _amount(chunk: str) -> int | None:
    if not _AMOUNT.fullmatch(chunk):
        return None
    try:
        return parse_cents(chunk)
    except ValueError:
        return None


class IndexQuery(NamedTuple):
    """The query of an index, and the texts that what it finds must hold."""

    match: str
    held: tuple[str, ...]


def word_anywhere(word: str) -> str:
    """The text of an index in which a word stands anywhere; a short one, where a word begins."""
    return word if len(word) > 2 else word_beginning(word)


def word_beginning(word: str) -> str:
    """The text of an index in which some word begins so; words are indexed behind two blanks."""
    return f"  {word}" if len(word) == 1 else f" {word}"


def index_query(asked: Iterable[str]) -> IndexQuery:
    """What finds rows that hold all of these texts. None ever holds a quote (see `words`)."""
    parts, held = [], []
    for text in asked:
        part = text
        if len(text) > _LONG_NUMBER and text.strip().isdigit():
            # Area codes are in every row: the last digits tell more, and reading fewer trigrams is faster.
            part = text[-_LONG_NUMBER:]
            held.append(text)
        parts.append(f'"{part}"')
    return IndexQuery(" AND ".join(parts), tuple(held))


def rows_found(session: Session, select: str, index: str, query: IndexQuery, order: str, *values: Any) -> Sequence[Any]:
    """Rows of an index: `select` reads them as `a`; `order` may begin with more conditions."""
    held = f"instr({UNFOLDED[index]}, ?) > 0 AND " * len(query.held)
    return fetch(session, f"{select} WHERE {held}{index} MATCH ? {order}", *query.held, query.match, *values)


def numbers_from(digits: str, known: Sequence[Any] | None) -> Iterator[tuple[int, int]]:
    """The ranges of numbers that begin with these digits, shortest numbers first; none for a leading zero.

    `known`: the lowest and the highest number that there is; ranges beyond them are left out.
    """
    if digits.startswith("0") or known is None or known[0] is None:
        return
    lowest, highest = known
    for further in range(len(str(highest)) - len(digits) + 1):
        low, high = int(digits) * 10**further, (int(digits) + 1) * 10**further - 1
        if low <= highest and high >= lowest:
            yield low, min(high, highest)
