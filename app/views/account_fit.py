"""Lists without sideways scrolling: in a narrow window the columns that matter least step back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QHeaderView

from app.views.table import Table

# What the stretching column keeps, in characters, before another column is hidden for it.
LEAST_CHARACTERS = 22


class FitColumns(QObject):
    """Hides columns of a table by title, the first named first, while there is no room; shows them again."""

    def __init__(self, table: Table, least_first: Sequence[str]) -> None:  # type: ignore[type-arg]
        super().__init__(table)
        self.table = table
        titles = [column.title for column in table.rows_model.columns]
        self.order = [titles.index(title) for title in least_first]
        table.installEventFilter(self)
        # Fitting changes sizes, which must not happen while sizes are being worked out.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.fit)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.table and event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.FontChange):
            self._soon.start()
        return False

    def fit(self) -> None:
        """Show as many columns as there is room for."""
        header = self.table.horizontalHeader()
        room = self.table.viewport().width()
        wanted = 0
        for place in range(header.count()):
            if header.sectionResizeMode(place) == QHeaderView.ResizeMode.Stretch:
                wanted += self.table.fontMetrics().averageCharWidth() * LEAST_CHARACTERS
            else:
                wanted += self.table.wanted_width(place)
        for place in self.order:
            hidden = wanted > room
            if hidden:
                wanted -= self.table.wanted_width(place)
            if header.isSectionHidden(place) != hidden:
                header.setSectionHidden(place, hidden)
        self.table.share_out()
