"""Reads PDFs back as a reader of the paper would: text, where it stands, ink, and barcodes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import zxingcpp
from PIL import Image, ImageChops
from pypdfium2 import raw

from app.services.documents.envelope import Area

PAGE_HEIGHT_IN = 11.0


@dataclass(frozen=True)
class Box:
    """A character's or the ink's extent, in inches from the sheet's left and top."""

    left: float
    top: float
    right: float
    bottom: float

    def within(self, area: Area | Box, slack: float = 0.01) -> bool:
        return (
            self.left >= area.left - slack
            and self.right <= area.right + slack
            and self.top >= area.top - slack
            and self.bottom <= area.bottom + slack
        )


@dataclass(frozen=True)
class Page:
    text: str
    chars: tuple[tuple[str, Box], ...]
    image: Image.Image
    dpi: int
    fonts_embedded: bool

    def text_in(self, area: Area | Box) -> str:
        """The characters that stand wholly in the area, in the order in which they were drawn."""
        return "".join(char for char, box in self.chars if box.within(area))

    def box_of(self, text: str, after: str = "") -> Box:
        """Where the text stands first, or first after another text."""
        whole = "".join(char for char, _ in self.chars)
        at = whole.index(text, whole.index(after))
        boxes = [box for char, box in self.chars[at : at + len(text)] if not char.isspace()]
        return Box(
            min(box.left for box in boxes),
            min(box.top for box in boxes),
            max(box.right for box in boxes),
            max(box.bottom for box in boxes),
        )

    def ink_in(self, area: Area | Box) -> Box | None:
        """The extent of everything that is not white in the area."""
        scale = self.dpi
        corner = (round(area.left * scale), round(area.top * scale))
        part = self.image.crop((*corner, round(area.right * scale), round(area.bottom * scale)))
        found = ImageChops.invert(part).point(lambda level: 255 if level > 8 else 0).getbbox()
        if found is None:
            return None
        return Box(*((edge + corner[at % 2]) / scale for at, edge in enumerate(found)))

    def barcodes(self) -> list[str]:
        return [found.text for found in zxingcpp.read_barcodes(self.image)]


def read_pages(path: Path, dpi: int = 150) -> list[Page]:
    """Every page of the file."""
    document = pypdfium2.PdfDocument(path)
    try:
        return [_read_page(document, index, dpi) for index in range(len(document))]
    finally:
        document.close()


def _read_page(document: pypdfium2.PdfDocument, index: int, dpi: int) -> Page:
    page = document[index]
    text_page = page.get_textpage()
    chars: list[tuple[str, Box]] = []
    for at in range(text_page.count_chars()):
        char = chr(raw.FPDFText_GetUnicode(text_page, at))
        left, bottom, right, top = text_page.get_charbox(at)
        box = Box(left / 72, PAGE_HEIGHT_IN - top / 72, right / 72, PAGE_HEIGHT_IN - bottom / 72)
        chars.append((char, box))
    embedded = all(
        raw.FPDFFont_GetIsEmbedded(raw.FPDFTextObj_GetFont(item.raw)) == 1
        for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=4)
    )
    text = text_page.get_text_range()
    image = page.render(scale=dpi / 72, grayscale=True).to_pil()
    text_page.close()
    page.close()
    return Page(text, tuple(chars), image, dpi, embedded)
