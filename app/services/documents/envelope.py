"""Where an address must stand to show through an envelope's window, whatever way the sheet slides in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app import resources
from app.services.documents.datafile import DataFile


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in inches, from the left and from the top of the sheet or coupon."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class WindowProfile:
    """A window envelope and the panel of paper that lies against its window; lengths in inches.

    Sources: the measures of #10 (4 1/8 x 9 1/2) and #9 (3 7/8 x 8 7/8) window envelopes; postal
    practice of 1/8 inch clear round the address in every position of the insert.
    """

    name: str
    envelope_width: float
    envelope_height: float
    window_left: float
    window_bottom: float
    window_width: float
    window_height: float
    panel_width: float
    panel_height: float
    clear: float

    def safe_area(self) -> Area:
        """Where the address always shows with the clear space round it, from the panel's top left corner."""
        side, rise = self._play()
        return Area(
            left=self.window_left + self.clear,
            top=self.panel_height - self.window_bottom - self.window_height + rise + self.clear,
            right=self.window_left + self.window_width - side - self.clear,
            bottom=self.panel_height - self.window_bottom - self.clear,
        )

    def seen_area(self) -> Area:
        """What may show in some position of the insert; nothing but the address belongs there."""
        side, rise = self._play()
        return Area(
            left=max(0.0, self.window_left - side),
            top=self.panel_height - self.window_bottom - self.window_height,
            right=self.window_left + self.window_width,
            bottom=self.panel_height - self.window_bottom + rise,
        )

    def _play(self) -> tuple[float, float]:
        """How far the sheet can slide sideways and up in the envelope."""
        return self.envelope_width - self.panel_width, self.envelope_height - self.panel_height


def load_window(path: Path) -> WindowProfile:
    """A profile from its TOML file; raises ValueError naming the file, the key and what is allowed."""
    data = DataFile.read(path)
    profile = WindowProfile(
        name=data.text("name"),
        envelope_width=data.number("envelope_width", 4, 13),
        envelope_height=data.number("envelope_height", 3, 10),
        window_left=data.number("window_left", 0, 10),
        window_bottom=data.number("window_bottom", 0, 9),
        window_width=data.number("window_width", 1, 10),
        window_height=data.number("window_height", 0.5, 9),
        panel_width=data.number("panel_width", 4, 13),
        panel_height=data.number("panel_height", 3, 10),
        clear=data.number("clear", 0, 0.5),
    )
    data.finish()
    if profile.panel_width > profile.envelope_width or profile.panel_height > profile.envelope_height:
        raise ValueError(f"{path.name}: the panel must not be larger than the envelope")
    safe = profile.safe_area()
    if safe.right - safe.left < 2 or safe.bottom - safe.top < 0.45:
        raise ValueError(
            f"{path.name}: so much play leaves no room for an address in every position of the sheet; "
            "at least 2 by 0.45 inches must stay clear"
        )
    return profile


@cache
def shipped_window(name: str) -> WindowProfile:
    """A profile that comes with the program, e.g. `number-10`."""
    return load_window(resources.path("envelopes", f"{name}.toml"))
