"""No word, amount or control is cut: on a small screen, at 200% scale, and with letters of twice the size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QTabWidget
from ui.layout_faults import faults
from ui.test_every_page import KEYS, an_account
from ui.window import Window

from app.services.reporting import REPORTS
from app.views import style


def pages(window: Window) -> Iterator[tuple[str, list[str]]]:
    """What is cut on each page, on each of its tabs, in each report."""
    for key in KEYS:
        page = window.go(key, **({"account_id": an_account(window)} if key == "account" else {}))
        places = page.bar.count() if key == "account" else 1
        for place in range(places):
            if key == "account":
                page.show_tab(place)
                window.settle()
            yield f"{key} {place}", settled_faults(window)
        for tabs in page.findChildren(QTabWidget):
            for place in range(tabs.count()):
                tabs.setCurrentIndex(place)
                yield f"{key}, {tabs.tabText(place)}", settled_faults(window)
    for kind in REPORTS:
        window.go("reports", report=kind.key)
        yield f"reports, {kind.key}", settled_faults(window)


def settled_faults(window: Window) -> list[str]:
    window.settle()
    for _ in range(3):  # what is fitted after it was laid out
        QApplication.processEvents()
    return faults(window.frame)


def all_faults(window: Window, width: int, height: int) -> list[str]:
    window.frame.resize(width, height)
    window.settle()
    assert (window.frame.width(), window.frame.height()) == (width, height)
    return [f"{where}: {fault}" for where, found in pages(window) for fault in found]


@pytest.fixture
def letters(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[None]:
    """The program's own look, with letters of so many times their size."""
    font, palette, before = qapp.font(), qapp.palette(), qapp.style().objectName()
    larger = qapp.font()
    larger.setPointSizeF(request.param * font.pointSizeF())
    qapp.setFont(larger)
    style.apply_theme(qapp, "light")
    yield
    qapp.setStyleSheet("")
    qapp.setStyle(before)
    qapp.setPalette(palette)
    qapp.setFont(font)


@pytest.mark.parametrize(
    ("letters", "width", "height"),
    [
        pytest.param(1, 1366, 768, id="on a small screen"),
        pytest.param(1, 960, 540, id="at 200% scale on 1920x1080"),
        pytest.param(2, 1920, 1080, id="with letters of twice the size"),
        pytest.param(2, 1366, 768, id="with letters of twice the size on a small screen"),
    ],
    indirect=["letters"],
)
def test_nothing_is_cut_and_no_list_scrolls_sideways(letters: None, window: Window, width: int, height: int) -> None:
    window.frame.resize(width, height)
    window.settle()
    assert (window.frame.width(), window.frame.height()) == (width, height)
    assert [f"{where}: {fault}" for where, found in pages(window) for fault in found] == []
