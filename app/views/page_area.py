"""The room of a page: all of the window's, and scroll bars where the window is smaller than the page can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from app.views import style

if TYPE_CHECKING:
    from app.views.page import Page


class PageArea(QScrollArea):
    """Holds one page. A low window (a small screen, 200% scale) scrolls it instead of pressing its lines flat."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self.setObjectName(f"{page.objectName()}.room")
        self.setAccessibleName(page.accessibleName())
        self.setFrameShape(QFrame.Shape.NoFrame)
        # The wheel and Page Down belong to the lists; Tab and the cursor bring what is below into sight.
        self.setFocusProxy(page)
        self.setWidgetResizable(False)
        self.setWidget(page)
        self._fitting = QTimer(self, singleShot=True, interval=0)
        self._fitting.timeout.connect(self._fit)
        page.installEventFilter(self)

    def bring_into_sight(self, control: QWidget) -> None:
        """Scroll so that a control of the page, or its beginning, is seen."""
        if control.height() <= self.viewport().height() // 2:
            self.ensureWidgetVisible(control, style.MEDIUM, style.MEDIUM)
            return
        # Of a long list its first lines; the list scrolls by itself.
        top = control.mapTo(self.page, QPoint(0, 0))
        self.ensureVisible(top.x(), top.y() + self.viewport().height() // 4, 0, self.viewport().height() // 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # What a page shows may need more room than before: a refusal, a longer sentence.
        if watched is self.page and event.type() == QEvent.Type.LayoutRequest:
            self._fitting.start()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        layout, room = self.page.layout(), self.maximumViewportSize()
        least = self.page.minimumSizeHint()
        width = max(room.width(), least.width())
        height = least.height()
        if layout is not None and layout.hasHeightForWidth():
            # Words that wrap need more lines when they are narrow.
            height = max(height, layout.minimumHeightForWidth(width))
            if height > room.height():
                width = max(room.width() - self.verticalScrollBar().sizeHint().width(), least.width())
                height = max(least.height(), layout.minimumHeightForWidth(width))
        elif height > room.height():
            width = max(room.width() - self.verticalScrollBar().sizeHint().width(), least.width())
        size = QSize(width, max(room.height(), height))
        if self.page.size() != size:
            self.page.resize(size)
