"""One row of a customer list being judged: reads its cells by column name and gathers what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from app.services import customerfile_cells as cells
from app.services.customerfile_header import HeaderPlan
from app.services.customerfile_types import RowProblem

YEARS_AHEAD = 5
# The office's policies by name, each with its plans; none for accounts billed in advance.
Offered = Mapping[str, Sequence[str]]
_Parsed = TypeVar("_Parsed")


class Row:
    """One row being judged: reads cells by column name and gathers what is wrong with them.

    A column that the header does not have reads as empty. After a problem the value read is a stand-in that
    never reaches an account, because a row with problems makes none.
    """

    def __init__(
        self, plan: HeaderPlan, line: int, texts: Sequence[str], cutover: date, offered: Offered | None = None
    ) -> None:
        self.offered = offered
        self.texts = dict(zip(plan.position, texts, strict=True))
        self.line = line
        self.cutover = cutover
        self.problems: list[RowProblem] = []

    def text(self, column: str) -> str:
        return self.texts.get(column, "")

    def refuse(self, column: str, reason: str, *, value: str | None = None) -> None:
        text = self.text(column) if value is None else value
        self.problems.append(RowProblem(self.line, column, cells.shown(without_numbers(column, text)), reason))

    def required(self, column: str, why: str = "this may not be empty") -> str:
        text = self.text(column)
        if not text:
            self.refuse(column, why)
        return text

    def choice(self, column: str, allowed: tuple[str, ...], default: str = "") -> str:
        text = self.text(column).casefold() or default
        if text in allowed:
            return text
        what = f"must be {', '.join(allowed[:-1])} or {allowed[-1]}"
        self.refuse(column, what if text else f"this may not be empty; it {what}")
        return ""

    def day(self, column: str) -> date | None:
        return self._parsed(column, cells.parse_day)

    def amount(self, column: str) -> int | None:
        return self._parsed(column, cells.parse_amount)

    def zip_code(self) -> str:
        return self._parsed("zip", cells.parse_zip) or ""

    def _parsed(self, column: str, parse: Callable[[str], _Parsed]) -> _Parsed | None:
        text = self.text(column)
        if not text:
            return None
        try:
            return parse(text)
        except ValueError as error:
            self.refuse(column, str(error))
            return None

    def past_day(self, column: str) -> date | None:
        """A day that cannot lie after the cut-over."""
        day = self.day(column)
        if day is not None and day > self.cutover:
            self.refuse(column, f"this is after the cut-over day, {self.cutover}")
        return day

    def coming_day(self, column: str) -> date | None:
        """A day that may lie after the cut-over, but not so far that it must be a slip of the pen."""
        day = self.day(column)
        if day is not None and day.year > self.cutover.year + YEARS_AHEAD:
            self.refuse(column, f"more than {YEARS_AHEAD} years after the cut-over cannot be right")
        return day


def refuses_number(column: str, text: str) -> bool:
    """Whether this cell holds a card or bank account number that must not be kept."""
    if column == "method_label":
        return cells.holds_payment_number(text)
    return column != "phone" and cells.holds_card_number(text)


def without_numbers(column: str, text: str) -> str:
    """The cell's text with a card or bank account number masked; anything else as it is."""
    hide = refuses_number(column, text) or cells.holds_card_number(text)
    return cells.mask_numbers(text) if hide else text
