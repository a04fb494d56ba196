"""Names of files that people type: only such as every system keeps, and that look like what they are.

Windows opens a device for `CON.csv`, cuts off a dot or space at the end, and refuses some signs; signs that turn the
order of what follows show another ending than the file has.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from app.errors import UserError

# As Windows counts, in units of UTF-16; Linux counts bytes of UTF-8. Endings such as `.part` need room too.
LONGEST = 255
_ENDINGS = 24
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{device}{number}" for device in ("com", "lpt") for number in (*"123456789", "\u00b9", "\u00b2", "\u00b3")
}
_REFUSED = '<>:"/\\|?*'


def refuse_impossible(path: Path, field: str = "path") -> None:
    """Raises UserError when a file cannot be made under the last part of `path` on every system, and says why."""
    name = path.name
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in name)[:60]
    found = next((sign for sign in name if sign in _REFUSED), None)
    if not name or name in (".", ".."):
        raise UserError("Type a name for the file.", field=field)
    if found is not None:
        raise UserError(f"A file's name cannot hold {found} on every PC; leave it out of “{shown}”.", field=field)
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in name):
        raise UserError(f"The name “{shown}” holds a sign that cannot be seen; type it anew.", field=field)
    if name.partition(".")[0].rstrip().casefold() in _DEVICES:
        raise UserError(f"“{shown}” is the name of a device on Windows; choose another name.", field=field)
    if name.endswith((".", " ")):
        raise UserError(f"A file's name cannot end with a dot or a space; leave it out of “{shown}”.", field=field)
    if max(len(name.encode("utf-16-le")) // 2, len(name.encode("utf-8"))) > LONGEST - _ENDINGS:
        raise UserError(f"The name “{shown}…” is too long; choose a shorter one.", field=field)
