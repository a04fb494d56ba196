"""Window envelopes: where an address is safe, and profiles that cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import resources
from app.services.documents.envelope import load_window, shipped_window


def test_the_safe_area_of_the_number_10_window_is_the_standards() -> None:
    safe = shipped_window("number-10").safe_area()
    assert (safe.left, safe.right) == (1.0, 4.25)
    assert (round(safe.top, 2), round(safe.bottom, 2)) == (2.62, 3.38)


def test_the_return_window_shows_the_coupons_left_half() -> None:
    safe = shipped_window("number-9-return").safe_area()
    assert (safe.left, safe.top, safe.right, safe.bottom) == (1.0, 2.375, 4.875, 2.875)


@pytest.mark.parametrize("path", sorted(resources.path("envelopes").glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_profile_keeps_the_address_inside_what_may_show(path: Path) -> None:
    profile = load_window(path)
    safe, seen = profile.safe_area(), profile.seen_area()
    assert seen.left < safe.left < safe.right < seen.right
    assert seen.top < safe.top < safe.bottom < seen.bottom


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("window_width = 4.5", "window_width = 1.5", "leaves no room for an address"),
        ("panel_height = 4.0", "panel_height = 5.0", "panel must not be larger"),
        ("clear = 0.125", 'clear = "wide"', "“clear” is 'wide'; it must be a number from 0 to 0.5"),
        ("clear = 0.125", "", "“clear” is missing"),
        ("clear = 0.125", "clear = 0.125\nwindow_lift = 1", "unknown key “window_lift”"),
    ],
)
def test_a_mistake_in_a_window_file_is_named(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = resources.path("envelopes", "number-10.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ValueError, match=f"mine.toml: .*{reason}"):
        load_window(path)
