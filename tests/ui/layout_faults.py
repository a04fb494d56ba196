"""What is cut on screen: words that do not fit their control, lists that scroll sideways, controls out of reach."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QRadioButton,
    QScrollBar,
    QTabBar,
    QTableView,
    QWidget,
)

from app.views.choice_box import ChoiceBox
from app.views.fields import ElidingLabel


def faults(root: QWidget, *, sideways: bool = True) -> list[str]:
    """Each fault in words; `sideways`: whether a list that scrolls sideways is one."""
    found = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisibleTo(root) or not widget.isVisible():
            continue
        found += [f"{type(widget).__name__} {_name(widget)}: {said}" for said in _of(widget, root, sideways)]
    return found


def _name(widget: QWidget) -> str:
    above: QWidget | None = widget
    while above is not None and not above.objectName():
        above = above.parentWidget()
    return widget.objectName() or f"in {above.objectName() if above is not None else '?'}"


def _of(widget: QWidget, root: QWidget, sideways: bool) -> Iterator[str]:
    if isinstance(widget, QLabel) and not isinstance(widget, ElidingLabel):
        yield from _label(widget)
    elif isinstance(widget, QPushButton | QCheckBox | QRadioButton) and widget.text():
        if widget.width() < _needed(widget).width() or widget.height() < _needed(widget).height():
            yield f"{widget.text()!r} needs {_needed(widget).toTuple()}, has {widget.size().toTuple()}"
    elif isinstance(widget, QComboBox) and not isinstance(widget, ChoiceBox):
        words = max(
            (widget.fontMetrics().horizontalAdvance(widget.itemText(n)) for n in (widget.currentIndex(),)), default=0
        )
        if widget.width() < words + 26:
            yield f"{widget.currentText()!r} needs {words + 26}, has {widget.width()}"
    elif isinstance(widget, QLineEdit) and not isinstance(widget.parentWidget(), QComboBox | QAbstractSpinBox):
        words = (
            widget.fontMetrics().horizontalAdvance(widget.text() or widget.placeholderText()) if widget.isReadOnly() else 0
        )
        least = max(6 * widget.fontMetrics().averageCharWidth(), words if words < 400 else 0)
        if widget.width() < least or widget.height() < widget.fontMetrics().height():
            yield f"{widget.text()!r} has {widget.size().toTuple()}"
        hint = widget.fontMetrics().horizontalAdvance(widget.placeholderText())
        if not widget.text() and hint + 14 > widget.width():
            yield f"placeholder {widget.placeholderText()!r} needs {hint + 14}, has {widget.width()}"
    elif isinstance(widget, QListWidget):
        texts = [widget.item(row).text() for row in range(widget.count())]
        widest = max((widget.fontMetrics().horizontalAdvance(text) for text in texts), default=0)
        if widest + 6 > widget.viewport().width():
            yield f"its lines need {widest + 6}, have {widget.viewport().width()}"
    elif isinstance(widget, QTabBar) and widget.sizeHint().width() > widget.width() and not widget.usesScrollButtons():
        yield f"its tabs need {widget.sizeHint().width()}, have {widget.width()}"
    if isinstance(widget, QAbstractScrollArea):
        bar = widget.horizontalScrollBar()
        if sideways and bar.isVisible() and bar.maximum() > 0:
            yield f"scrolls sideways by {bar.maximum()}"
        if isinstance(widget, QTableView):
            yield from _headers(widget)
            if widget.viewport().height() < min(widget.model().rowCount(), 2) * widget.fontMetrics().height():
                yield f"shows no two rows: {widget.viewport().height()}"
    if isinstance(widget, QAbstractButton | QLineEdit | QComboBox | QTableView) and not _inside(widget):
        yield from _out_of_reach(widget, root)


def _inside(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    return isinstance(widget, QScrollBar | QHeaderView) or isinstance(parent, QTableView | QComboBox | QLineEdit | QTabBar)


def _needed(widget: QAbstractButton) -> QSize:
    return widget.minimumSizeHint() if not isinstance(widget, QPushButton) else _button(widget)


def _button(widget: QPushButton) -> QSize:
    words = widget.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, widget.text())
    return QSize(words.width() + 20, words.height() + 4)


def _label(widget: QLabel) -> Iterator[str]:
    if not widget.text() or widget.pixmap().isNull() is False:
        return
    room = widget.contentsRect()
    if widget.wordWrap():
        needed = widget.heightForWidth(widget.width())
        metrics = QFontMetrics(widget.font())
        longest = max((metrics.horizontalAdvance(word) for word in widget.text().split()), default=0)
        if needed > widget.height() + 1:
            yield f"{widget.text()[:60]!r} needs height {needed}, has {widget.height()}"
        if longest > widget.width() + 1:
            yield f"{widget.text()[:60]!r} has a word of {longest}, width {widget.width()}"
        return
    needed_size = widget.sizeHint()
    if needed_size.width() > widget.width() + 1 or needed_size.height() > widget.height() + 1:
        yield f"{widget.text()[:60]!r} needs {needed_size.toTuple()}, has {room.size().toTuple()}"


def _headers(table: QTableView) -> Iterator[str]:
    header = table.horizontalHeader()
    model = table.model()
    font = header.font()
    font.setBold(True)
    metrics = QFontMetrics(font)
    for column in (n for n in range(model.columnCount()) if not header.isSectionHidden(n)):
        title = str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        if metrics.horizontalAdvance(title) + 8 > header.sectionSize(column):
            yield f"header {title!r} needs {metrics.horizontalAdvance(title) + 8}, has {header.sectionSize(column)}"
        for row in range(min(model.rowCount(), 40)):
            if model.data(model.index(row, column), Qt.ItemDataRole.TextAlignmentRole) in (None, 0x81):
                continue  # a text may end in an ellipsis and stands whole in its tip; an amount or a count may not
            text = str(model.data(model.index(row, column)) or "")
            needed = table.fontMetrics().horizontalAdvance(text) + 8
            if needed > header.sectionSize(column) and not table.wordWrap():
                yield f"{title!r} row {row}: {text!r} needs {needed}, has {header.sectionSize(column)}"
                break


def _out_of_reach(widget: QWidget, root: QWidget) -> Iterator[str]:
    """Cut by an edge that nothing scrolls."""
    parent = widget.parentWidget()
    rect = QRect(QPoint(0, 0), widget.size())
    shown = widget
    while parent is not None:
        area = parent.parentWidget()
        if isinstance(area, QAbstractScrollArea) and not isinstance(shown, QAbstractScrollArea):
            return  # it can be scrolled to
        here = QRect(widget.mapTo(parent, QPoint(0, 0)), rect.size())
        if not parent.rect().adjusted(-1, -1, 1, 1).contains(here):
            yield f"is cut by {type(parent).__name__} {parent.objectName()}: {here.getRect()} in {parent.size().toTuple()}"
            return
        if parent is root:
            return
        shown, parent = parent, parent.parentWidget()
