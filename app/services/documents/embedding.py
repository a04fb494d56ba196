"""A TrueType font that embeds subsets which it has made before without making them again.

Nearly all single statements need the same few subsets (printable ASCII and a dash). Making, deflating
and formatting them anew for each file took longer than everything else in a one-page file.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Any, NamedTuple

from reportlab.pdfbase import pdfdoc
from reportlab.pdfbase.ttfonts import FF_NONSYMBOLIC, FF_SYMBOLIC, SUBSETN, TTFont, makeToUnicodeCMap


class _Formatted(pdfdoc.PDFObject):  # type: ignore[misc]  # reportlab has no types
    """An object of the file whose text is known already."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def format(self, document: Any) -> bytes:
        return self._text


class _Subset(NamedTuple):
    """What a subset adds to a file, but for the object numbers that differ from file to file."""

    base_name: str
    program: bytes
    to_unicode: bytes
    descriptor: bytes
    font: bytes


class ReusedSubsetFont(TTFont):  # type: ignore[misc]
    """Embeds as TTFont does (ISO 32000-1, 9.6.3 and 9.8): same subsets, same codes, same tables."""

    def __init__(self, name: str, file_name: str) -> None:
        super().__init__(name, file_name, asciiReadable=1)
        self._made = lru_cache(maxsize=64)(self._make)

    def addObjects(self, doc: Any) -> None:
        state = self.state[doc]
        state.frozen = 1
        fonts = doc.idToObject["BasicFonts"].dict
        for index, characters in enumerate(state.subsets):
            name = self.getSubsetInternalName(index, doc)[1:]
            made = self._made(index, tuple(characters))

            def refer(kind: str, text: bytes, base_name: str = made.base_name) -> bytes:
                reference: bytes = doc.Reference(_Formatted(text), f"{kind}:{base_name}").format(doc)
                return reference

            program = refer("fontFile", made.program)
            to_unicode = refer("toUnicodeCMap", made.to_unicode)
            descriptor = refer("fontDescriptor", made.descriptor + b"/FontFile2 " + program + b" >>")
            fonts[name] = doc.Reference(
                _Formatted(
                    b"%b/Name /%b /FontDescriptor %b /ToUnicode %b >>"
                    % (made.font, name.encode("ascii"), descriptor, to_unicode)
                ),
                name,
            )
        del self.state[doc]

    def _make(self, index: int, characters: tuple[int, ...]) -> _Subset:
        face = self.face
        base_name = (SUBSETN(index) + b"+" + face.name + face.subfontNameX).decode("pdfdoc")
        program = face.makeSubset(list(characters))
        box = " ".join(f"{edge:g}" for edge in face.bbox)
        widths = " ".join(f"{face.getCharWidth(code):.7g}" for code in characters)
        flags = face.flags & ~FF_NONSYMBOLIC | FF_SYMBOLIC
        descriptor = (
            f"<< /Type /FontDescriptor /FontName /{base_name} /Flags {flags} "
            f"/FontBBox [ {box} ] /Ascent {face.ascent:g} /Descent {face.descent:g} "
            f"/CapHeight {face.capHeight:g} /ItalicAngle {face.italicAngle:g} /StemV {face.stemV:g} "
            f"/MissingWidth {face.defaultWidth:g} "
        )
        font = (
            f"<< /Type /Font /Subtype /TrueType /BaseFont /{base_name} /FirstChar 0 "
            f"/LastChar {len(characters) - 1} /Widths [ {widths} ] "
        )
        to_unicode = makeToUnicodeCMap(base_name, list(characters)).encode("ascii")
        return _Subset(
            base_name,
            _stream(program, f"/Length1 {len(program)}"),
            _stream(to_unicode),
            descriptor.encode("ascii"),
            font.encode("ascii"),
        )


def _stream(content: bytes, entries: str = "") -> bytes:
    """A stream object's text, deflated."""
    packed = zlib.compress(content, 9)
    head = f"<< /Filter /FlateDecode /Length {len(packed)} {entries} >>\nstream\n"
    return head.encode("ascii") + packed + b"\nendstream"
