"""What is indexed for the search, and how a text becomes the words that stand in the indexes of both databases."""

from __future__ import annotations

import unicodedata

ACCOUNT_FIELDS = ("number", "old_number", "name", "email", "phone", "address", "payer")
# A fragment of a check's number is the beginning of what follows its first, second ... character.
CHECK_NUMBER_FROM = range(2, 10)

_APOSTROPHES = "'`´‘’ʼ"
# Letters that Unicode does not decompose, as people type them without the key.
_PLAIN = {
    "ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d",
    "ð": "d", "Ð": "d", "þ": "th", "Þ": "th", "ł": "l", "Ł": "l", "ħ": "h", "Ħ": "h", "ı": "i", "ŋ": "n",
    "Ŋ": "n", "ŧ": "t", "Ŧ": "t", "ŀ": "l", "Ŀ": "l",
}  # fmt: skip
_LETTERS = (range(0xC0, 0x250), range(0x1E00, 0x1F00))
_MARKS = range(0x300, 0x370)
# General punctuation and the spaces; letters and digits among them keep their meaning.
_SEPARATORS = (range(1, 0x30), range(0x3A, 0x41), range(0x5B, 0x61), range(0x7B, 0xAA), range(0xAB, 0xB2))
_MORE_SEPARATORS = (*range(0xB6, 0xB9), 0xBB, 0xBF, 0xD7, 0xF7, 0x1680, *range(0x2000, 0x2070), 0x3000)


def _fold_table() -> dict[str, str]:
    found = {chr(code): " " for codes in (*_SEPARATORS, _MORE_SEPARATORS) for code in codes}
    for code in (code for codes in _LETTERS for code in codes):
        base = "".join(c for c in unicodedata.normalize("NFKD", chr(code)) if ord(c) not in _MARKS)
        if base != chr(code) and base.isascii() and base.isalpha():
            found[chr(code)] = base.lower()
    found.update(_PLAIN)
    found.update(dict.fromkeys((chr(code) for code in _MARKS), ""))
    found.update(dict.fromkeys(_APOSTROPHES, ""))
    del found[" "]
    return found


FOLD = _fold_table()
# None, not "": then Python translates plain ASCII four times as fast.
_TRANSLATION = str.maketrans({letter: plain or None for letter, plain in FOLD.items()} | {"\0": " "})


def words(text: str) -> list[str]:
    """The words of a text as the indexes hold them: no accents, no punctuation, case as it is."""
    return [word for word in text.translate(_TRANSLATION).split(" ") if word]
