"""Check stock as data: where the check lies on the sheet and where each field stands on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app import resources
from app.services.documents.datafile import DataFile

CHECK_WIDTH = 8.5
CHECK_HEIGHT = 3.5
MICR_BAND = 0.625
"""The MICR clear band: the bottom 5/8 in of the check, full width (ANSI X9.100-160)."""

_LOWEST_BASELINE = CHECK_HEIGHT - MICR_BAND - 0.035  # descenders of small type still stay out of the band
_POSITIONS = ("top", "middle", "bottom")

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class CheckStock:
    """One kind of voucher stock: a letter sheet in thirds, one of them the check.

    Lengths are inches from the check's left and top edges, to the text's baseline. `offset_x` (to the
    right), `offset_y` (down) and `scale` put right what a printer does to the page. `first_number` to
    `last_number` is the box in use. `face` says whether the office's name, captions and lines are
    already on the stock or are drawn with the check.
    """

    name: str
    position: str
    micr: str
    face: str
    first_number: int
    last_number: int
    offset_x: float
    offset_y: float
    scale: float
    date: Point
    payee: Point
    amount: Point
    words: Point
    words_right: float
    address: Point
    memo: Point
    number: Point
    signature: Point

    @property
    def top(self) -> float:
        """The check's upper edge, in inches from the top of the sheet."""
        return _POSITIONS.index(self.position) * CHECK_HEIGHT

    def voucher_tops(self) -> tuple[float, float]:
        """The upper edges of the customer's voucher and of the file copy."""
        first, second = (i * CHECK_HEIGHT for i, name in enumerate(_POSITIONS) if name != self.position)
        return first, second


def load_stock(path: Path) -> CheckStock:
    """A stock from its TOML file; raises ValueError naming the file, the key and what is allowed."""
    data = DataFile.read(path)
    printer = data.table("printer")
    fields = data.table("fields")

    def place(key: str) -> Point:
        return fields.point(key, CHECK_WIDTH, _LOWEST_BASELINE)

    stock = CheckStock(
        name=data.text("name"),
        position=data.choice("position", _POSITIONS),
        micr=data.choice("micr", ("pre-printed",), "pre-printed"),
        face=data.choice("face", ("blank", "pre-printed"), "blank"),
        first_number=data.whole("first_number", 1, 999_999_999),
        last_number=data.whole("last_number", 1, 999_999_999),
        offset_x=printer.number("offset_x", -0.5, 0.5, 0.0),
        offset_y=printer.number("offset_y", -0.5, 0.5, 0.0),
        scale=printer.number("scale", 0.9, 1.1, 1.0),
        date=place("date"),
        payee=place("payee"),
        amount=place("amount"),
        words=place("words"),
        words_right=fields.number("words_right", 3, CHECK_WIDTH),
        address=place("address"),
        memo=place("memo"),
        number=place("number"),
        signature=place("signature"),
    )
    for table in (data, printer, fields):
        table.finish()
    if stock.last_number < stock.first_number:
        raise ValueError(
            f"{path.name}: “last_number” is {stock.last_number}; it must not be less than first_number, {stock.first_number}"
        )
    if stock.words_right < stock.words[0] + 2:
        raise ValueError(f"{path.name}: “fields.words_right” must leave at least 2 inches for the words")
    return stock


def shipped_stock(name: str) -> CheckStock:
    """A stock that comes with the program, e.g. `voucher-top`."""
    return load_stock(resources.path("stock", f"{name}.toml"))
