"""Office: its own data, this PC, policies, check stock, taking over customers, checking the books, backups."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QWidget

from app.views.fields import named
from app.views.office_backups import BackupsPart
from app.views.office_desk import DeskPart
from app.views.office_details import DetailsPart
from app.views.office_import import ImportPart
from app.views.office_keys import KeysPart
from app.views.office_limits import LimitsPart
from app.views.office_lists import StockPart
from app.views.office_people import PeoplePart
from app.views.office_policies import PoliciesPart
from app.views.office_verify import VerifyPart
from app.views.page import Page
from app.views.workplace import Workplace


class _Part(Protocol):
    def refresh(self) -> None: ...


class OfficePage(Page):
    """Sections as tabs, reached with Ctrl+1, Ctrl+2 and so on. `arrive(tab=…)` by the section's key."""

    key = "office"
    title = "Office"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self.details = DetailsPart(workplace)
        self.limits = LimitsPart(workplace)
        self.tabs = QTabWidget()
        named(self.tabs, "office.tabs", "Sections of the office")
        self.tabs.setDocumentMode(True)
        self.parts: dict[str, _Part] = {}
        for key, title, part in (
            ("details", "The office", self.details),
            ("desk", "This PC", DeskPart(workplace)),
            ("policies", "Policies", PoliciesPart(workplace)),
            ("stock", "Check stock", StockPart(workplace)),
            ("import", "Import customers", ImportPart(workplace)),
            ("people", "People", PeoplePart(workplace)),
            ("limits", "Limits", self.limits),
            ("verify", "Check the books", VerifyPart(workplace)),
            ("backups", "Backups", BackupsPart(workplace)),
            ("keys", "Keys", KeysPart(workplace)),
        ):
            place = self.tabs.addTab(_scrolling(part, title), title)
            keys = f"Ctrl+{(place + 1) % 10}"  # the tenth section is Ctrl+0
            self.tabs.setTabToolTip(place, f"{title} ({keys})")
            self.parts[key] = part
            self.shortcut(keys, partial(self._show_tab, place))
        self.tabs.currentChanged.connect(lambda _place: self.refresh())
        self.body.addWidget(self.tabs, 1)
        self.setFocusProxy(self.tabs.tabBar())

    def _show_tab(self, place: int) -> None:
        self.tabs.setCurrentIndex(place)
        self.tabs.tabBar().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def arrive(self, **where: Any) -> None:
        tab = where.get("tab")
        if tab in self.parts:
            self.tabs.setCurrentIndex(list(self.parts).index(tab))

    def refresh(self) -> None:
        list(self.parts.values())[self.tabs.currentIndex()].refresh()

    def has_work_in_hand(self) -> bool:
        self.details.keep()
        self.limits.keep()
        return self.details.has_work_in_hand() or self.limits.has_work_in_hand()


def _scrolling(part: QWidget, title: str) -> QScrollArea:
    area = QScrollArea()
    area.setObjectName("office.area")
    area.setAccessibleName(title)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(part)
    return area
