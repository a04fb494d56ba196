"""What was found while typing, as a list below the input: shared by Ctrl+K and by inputs that ask for an account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.views import style
from app.views.fields import named, told_dates

if TYPE_CHECKING:
    from app.services.search import Hit

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
HIT_ROLE = Qt.ItemDataRole.UserRole


class HitModel(QAbstractListModel):
    """Hits of `search.find` or `find_accounts`, or commands in the same shape."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hits: list[Hit] = []

    def show_hits(self, hits: Sequence[Hit]) -> None:
        """Show other hits."""
        self.beginResetModel()
        self.hits = list(hits)
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.hits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.hits):
            return None
        hit = self.hits[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return hit.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return ", ".join(part for part in (hit.title, told_dates(hit.detail), hit.match) if part)
        return hit if role == HIT_ROLE else None


class _HitDelegate(QStyledItemDelegate):
    """Two lines a hit: what it is, and below, quieter, what tells it apart."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, 2 * option.fontMetrics.height() + 2 * style.TIGHT + 2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        hit = index.data(HIT_ROLE)
        if hit is None:
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        palette: QPalette = option.palette
        area: QRect = option.rect
        painter.save()
        if chosen:
            painter.fillRect(area, palette.highlight())
        painter.setPen(palette.highlightedText().color() if chosen else palette.text().color())
        inner = area.adjusted(style.SMALL, style.TIGHT, -style.SMALL, -style.TIGHT)
        top = QRect(inner.left(), inner.top(), inner.width(), inner.height() // 2)
        metrics = painter.fontMetrics()
        kind = hit.kind.capitalize()
        painter.drawText(
            top,
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(
                hit.title, Qt.TextElideMode.ElideRight, top.width() - metrics.horizontalAdvance(kind) - style.LARGE
            ),
        )
        if not chosen:
            painter.setPen(style.signal_color("quiet"))
        painter.drawText(top, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, kind)
        bottom = top.translated(0, inner.height() // 2)
        detail = " · ".join(part for part in (told_dates(hit.detail), hit.match) if part)
        painter.drawText(
            bottom,
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
            metrics.elidedText(detail, Qt.TextElideMode.ElideRight, bottom.width()),
        )
        painter.restore()


class HitList(QListView):
    """The list itself; the arrows are sent to it by the input above."""

    def __init__(self, object_name: str, accessible: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, object_name, accessible)
        self.hit_model = HitModel(self)
        self.setModel(self.hit_model)
        self.setItemDelegate(_HitDelegate(self))
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_hits(self, hits: Sequence[Hit]) -> None:
        """Show other hits, the cursor on the first."""
        self.hit_model.show_hits(hits)
        if hits:
            self.setCurrentIndex(self.hit_model.index(0))

    def current_hit(self) -> Hit | None:
        """The hit under the cursor."""
        index = self.currentIndex()
        return self.hit_model.hits[index.row()] if index.isValid() else None

    def step(self, by: int) -> None:
        """Move the cursor down (or, negative, up)."""
        count = self.hit_model.rowCount()
        if count:
            row = min(max(self.currentIndex().row() + by, 0), count - 1)
            self.setCurrentIndex(self.hit_model.index(row))
