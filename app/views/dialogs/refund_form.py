"""The short forms of the refunds: as tall as what they say."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent

from app.errors import UserError
from app.views import style
from app.views.dialog import FormDialog

WIDTH = 560


class RefundForm(FormDialog):
    """A form that grows when it has more to say: lines that wrap are never cut."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.fit()

    def refuse(self, error: UserError) -> None:
        """As FormDialog, with room for what was refused."""
        super().refuse(error)
        self.fit()

    def fit(self) -> None:
        """Take the height that the text needs, once it has been laid out."""
        QTimer.singleShot(0, self, self._fit)

    def _fit(self) -> None:
        layout = self.layout()
        if layout is None or not self.isVisible():
            return
        layout.activate()
        width = max(self.width(), WIDTH)
        room = self.screen().availableGeometry().height() - 4 * style.LARGE
        wanted = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.sizeHint().height()
        self.resize(width, max(self.height(), min(wanted, room)))
