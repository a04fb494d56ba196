"""Deposit and close: the drawer to the bank, what arrived there by itself, and the end of the day."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.views import style
from app.views.dayclose_clearing import ClearingPart
from app.views.dayclose_close import ClosePart
from app.views.dayclose_deposit import DepositPart, TwoColumns
from app.views.page import Page
from app.views.workplace import Workplace


class DayClosePage(Page):
    """The evening on one page. `arrive(part=…)`: `deposit`, `clearing` or `close`."""

    key = "dayclose"
    title = "Deposit and close"

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace)
        self.deposit = DepositPart(workplace)
        self.clearing = ClearingPart(workplace)
        self.closing = ClosePart(workplace)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.MEDIUM)
        column.addWidget(self.clearing, 2)
        column.addWidget(self.closing, 3)
        self.body.addWidget(TwoColumns(self.deposit, right))
        # The order of the evening: drawer, deposit, what arrived, then the close.
        order: tuple[QWidget, ...] = (
            self.deposit.drawer,
            self.deposit.make,
            self.deposit.made,
            self.deposit.ticket,
            self.deposit.correct,
            self.clearing.table,
            self.clearing.settle,
            self.closing.blockers,
            self.closing.close_button,
        )
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def arrive(self, **where: Any) -> None:
        part = {"deposit": self.deposit.make, "clearing": self.clearing.table, "close": self.closing.close_button}
        wanted = part.get(where.get("part", "deposit"))
        if wanted is not None:
            wanted.setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self) -> None:
        self.deposit.refresh()
        self.clearing.refresh()
        self.closing.refresh()
