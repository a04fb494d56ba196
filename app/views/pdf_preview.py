"""A PDF shown in the program: pages, zoom, search, printing and saving, all by keyboard."""

from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QObject, QPointF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtPdf import QPdfDocument, QPdfSearchModel
from PySide6.QtPdfWidgets import QPdfView
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.errors import UserError
from app.views import printing, style
from app.views.fields import button, label, mark_wrong, named, set_role
from app.views.help_places import give_help
from app.views.placing import hand_keys_back, open_as_large_as
from app.views.tasks import Run
from app.views.workplace import Workplace

ZOOMS = ("Whole page", "Page width", "50%", "75%", "100%", "125%", "150%", "200%", "300%")
STEP = 1.25


class PdfPreview(QDialog):
    """Shows a PDF beside the program: `PdfPreview(workplace, parent).show_file(path, "Statement of …")`.

    `printed(first, last, printer)`: pages that went to a printer, counted from 1. Page Up and Down turn pages,
    Ctrl and + or - zoom, Ctrl+F finds, Ctrl+P prints, Ctrl+S saves a copy, Escape closes.
    """

    printed = Signal(int, int, str)

    def __init__(self, workplace: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workplace = workplace
        self.path: Path | None = None
        self._held: QBuffer | None = None
        self._run: Run | None = None
        named(self, "preview.dialog", "Preview")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.document = QPdfDocument(self)
        self.search = QPdfSearchModel(self)
        self.search.setDocument(self.document)
        self.view = self._make_view()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(style.MEDIUM, style.MEDIUM, style.MEDIUM, style.MEDIUM)
        outer.setSpacing(style.SMALL)
        outer.addLayout(self._make_tools())
        outer.addWidget(self.view, 1)
        outer.addLayout(self._make_foot())
        self._connect()
        open_as_large_as(self, 940, 700)
        hand_keys_back(self)
        give_help(self)

    def show_file(self, path: Path, title: str) -> None:
        """Show a PDF and return at once. Raises UserError when it cannot be read."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UserError(f"{path.name} cannot be opened: {error.strerror or error}.") from error
        # Held in memory: an open file could not be replaced on Windows.
        held = QBuffer(self)
        held.setData(QByteArray(content))
        held.open(QIODevice.OpenModeFlag.ReadOnly)
        self.document.load(held)
        if self.document.error() != QPdfDocument.Error.None_ or not self.document.pageCount():
            raise UserError(f"{path.name} is no PDF that can be shown; make it again.")
        self._held = held
        self._close_earlier(path)
        self.path = path
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        count = self.document.pageCount()
        self.page.setRange(1, count)
        self.of_pages.setText(f"of {count:,}")
        self.turn_to(1)
        self.show()
        self.view.setFocus()

    def _close_earlier(self, path: Path) -> None:
        """The same paper is open once: an earlier window would show what the file was then."""
        parent = self.parentWidget()
        for other in [] if parent is None else parent.findChildren(PdfPreview):
            if other is not self and other.path == path and other._run is None:
                other.close()

    @property
    def page_number(self) -> int:
        """The page shown, counted from 1."""
        return self.view.pageNavigator().currentPage() + 1

    def turn_to(self, number: int) -> None:
        """Show a page, counted from 1; one that there is not shows the nearest."""
        number = min(max(number, 1), max(self.document.pageCount(), 1))
        self.view.pageNavigator().jump(number - 1, QPointF(0, 0))
        self._show_number(number)

    # Parts

    def _make_view(self) -> QPdfView:
        view = QPdfView(self)
        named(view, "preview.pages", "Pages")
        view.setDocument(self.document)
        view.setSearchModel(self.search)
        view.setPageMode(QPdfView.PageMode.MultiPage)
        view.setZoomMode(QPdfView.ZoomMode.FitToWidth)
        view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        view.installEventFilter(self)
        return view

    def _make_tools(self) -> QHBoxLayout:
        self.page = QSpinBox()
        named(self.page, "preview.page", "Page")
        self.page.setKeyboardTracking(False)
        self.page.setMinimumWidth(self.page.fontMetrics().averageCharWidth() * 9)
        self.of_pages = label("", "quiet")
        self.zoom = QComboBox()
        named(self.zoom, "preview.zoom", "Zoom")
        self.zoom.addItems(ZOOMS)
        self.zoom.setCurrentIndex(1)
        self.words = QLineEdit()
        named(self.words, "preview.find", "Find in these pages")
        self.words.setPlaceholderText("Find")
        self.words.setMinimumWidth(self.words.fontMetrics().averageCharWidth() * 14)
        self.words.setClearButtonEnabled(True)
        for action in self.words.findChildren(QAction):
            action.setText("Clear")
        self.found = label("", "quiet")
        named(self.found, "preview.found", "What was found")
        self.print_button = button("&Print…", "preview.print", primary=True, tip="Print at 100% (Ctrl+P)")
        self.save_button = button("&Save a copy…", "preview.save", tip="Save a copy of the PDF (Ctrl+S)")
        self.close_button = button("&Close", "preview.close", tip="Close (Escape)")
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(label("Pa&ge", buddy=self.page))
        row.addWidget(self.page)
        row.addWidget(self.of_pages)
        row.addSpacing(style.MEDIUM)
        row.addWidget(label("&Zoom", buddy=self.zoom))
        row.addWidget(self.zoom)
        row.addSpacing(style.MEDIUM)
        row.addWidget(label("&Find", buddy=self.words))
        row.addWidget(self.words, 1)
        row.addWidget(self.found)
        row.addSpacing(style.MEDIUM)
        row.addWidget(self.print_button)
        row.addWidget(self.save_button)
        row.addWidget(self.close_button)
        return row

    def _make_foot(self) -> QHBoxLayout:
        self.said = label("", "quiet", wrap=True)
        named(self.said, "preview.said", "Printing")
        self.said.hide()
        self.bar = QProgressBar()
        named(self.bar, "preview.progress", "Pages sent to the printer")
        self.bar.hide()
        self.stop_button = button("S&top printing", "preview.stop")
        self.stop_button.hide()
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(self.said, 1)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop_button)
        return row

    def _connect(self) -> None:
        self.page.valueChanged.connect(self.turn_to)
        self.view.pageNavigator().currentPageChanged.connect(lambda place: self._show_number(place + 1))
        self.zoom.activated.connect(self._choose_zoom)
        self.words.textChanged.connect(self._look_for)
        self.search.countChanged.connect(self._count_found)
        self.view.currentSearchResultIndexChanged.connect(lambda _place: self._count_found())
        self.print_button.clicked.connect(self.print_file)
        self.save_button.clicked.connect(self.save_copy)
        self.close_button.clicked.connect(self.close)
        self.stop_button.clicked.connect(self._stop)
        for keys, act in (
            ("Ctrl+F", lambda: _enter(self.words)),
            ("Ctrl+G", lambda: _enter(self.page)),
            ("Ctrl+P", self.print_file),
            ("Ctrl+S", self.save_copy),
            ("Ctrl++", lambda: self._zoom_by(STEP)),
            ("Ctrl+=", lambda: self._zoom_by(STEP)),
            ("Ctrl+-", lambda: self._zoom_by(1 / STEP)),
            ("Ctrl+0", lambda: self._choose_zoom(0)),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)

    # Pages and zoom

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.view and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            last = self.document.pageCount()
            here = self.page_number
            targets = {
                Qt.Key.Key_PageDown: here + 1,
                Qt.Key.Key_PageUp: here - 1,
                Qt.Key.Key_Home: 1,
                Qt.Key.Key_End: last,
            }
            if (target := targets.get(Qt.Key(event.key()))) is not None:
                self.turn_to(target)
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.words.hasFocus():
                self._step_found(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            return
        super().keyPressEvent(event)

    def _show_number(self, number: int) -> None:
        with QSignalBlocker(self.page):
            self.page.setValue(number)

    def _choose_zoom(self, place: int) -> None:
        self.zoom.setCurrentIndex(place)
        if place < 2:
            self.view.setZoomMode((QPdfView.ZoomMode.FitInView, QPdfView.ZoomMode.FitToWidth)[place])
            return
        self.view.setZoomMode(QPdfView.ZoomMode.Custom)
        self.view.setZoomFactor(int(ZOOMS[place].rstrip("%")) / 100)

    def _zoom_by(self, factor: float) -> None:
        """From what is shown now to the next size in the list."""
        now = self._zoom_now()
        sizes = [int(text.rstrip("%")) / 100 for text in ZOOMS[2:]]
        larger = [size for size in sizes if size > now * 1.01]
        smaller = [size for size in sizes if size < now * 0.99]
        wanted = (larger[0] if larger else sizes[-1]) if factor > 1 else (smaller[-1] if smaller else sizes[0])
        self._choose_zoom(2 + sizes.index(wanted))

    def _zoom_now(self) -> float:
        if self.view.zoomMode() == QPdfView.ZoomMode.Custom or not self.document.pageCount():
            return self.view.zoomFactor()
        points = self.document.pagePointSize(self.page_number - 1)
        dots = self.logicalDpiX() / printing.POINTS_PER_INCH
        across = self.view.viewport().width() / (points.width() * dots)
        down = self.view.viewport().height() / (points.height() * dots)
        return across if self.view.zoomMode() == QPdfView.ZoomMode.FitToWidth else min(across, down)

    # Search

    def _look_for(self, text: str) -> None:
        mark_wrong(self.words, wrong=False)
        self.search.setSearchString(text.strip())
        self._count_found()

    def _count_found(self) -> None:
        count = self.search.rowCount(self.search.index(-1, -1))
        if not self.words.text().strip():
            self.found.setText("")
            return
        place = self.view.currentSearchResultIndex()
        self.found.setText("not found" if not count else f"{place + 1:,} of {count:,}" if place >= 0 else f"{count:,} found")

    def _step_found(self, step: int) -> None:
        count = self.search.rowCount(self.search.index(-1, -1))
        if not count:
            mark_wrong(self.words, wrong=bool(self.words.text().strip()))
            return
        place = self.view.currentSearchResultIndex() + step
        place %= count
        self.view.setCurrentSearchResultIndex(place)
        hit = self.search.resultAtIndex(place)
        self.view.pageNavigator().jump(hit.page(), hit.location())
        self._show_number(hit.page() + 1)
        self._count_found()

    # Printing and saving

    def print_file(self) -> None:
        """Ask for a printer and print there at 100%."""
        if self.path is None or self._run is not None:
            return
        printer = printing.choose_printer(self)
        if printer is None:
            return
        count = self.document.pageCount()
        chosen = printer.printRange() == printer.PrintRange.PageRange and printer.fromPage() > 0
        first, last = (printer.fromPage(), min(printer.toPage(), count)) if chosen else (1, count)
        name = printer.printerName() or "the file"

        def done(pages: int) -> None:
            self._say(f"{pages:,} {'page' if pages == 1 else 'pages'} sent to {name} at 100%.", "good")
            self.printed.emit(first, last, name)

        self.bar.setRange(0, last - first + 1)
        self.bar.setValue(0)
        self._say(f"Sending to {name}…", "quiet")
        self._run = printing.send_to_printer(
            self.workplace,
            [self.path],
            printer,
            title=self.windowTitle(),
            owner=self,
            then=done,
            first_page=first,
            last_page=last,
            otherwise=lambda error: self._say(error.message, "bad"),
        )
        self._run.progressed.connect(lambda sent, _of: self.bar.setValue(sent))
        self._run.finished.connect(self._ended)
        self._show_running(running=True)

    def _stop(self) -> None:
        if self._run is not None:
            self._run.cancel()
            self._say("Printing was stopped; pages that the printer has already may still come out.", "warning")

    def _ended(self) -> None:
        self._run = None
        self._show_running(running=False)

    def _show_running(self, *, running: bool) -> None:
        self.bar.setVisible(running)
        self.stop_button.setVisible(running)
        self.print_button.setEnabled(not running)

    def _say(self, text: str, tone: str) -> None:
        self.said.setText(text)
        set_role(self.said, tone)
        self.said.show()

    def save_copy(self) -> None:
        """Ask where to and save a copy of the PDF."""
        if self.path is None:
            return
        name, _filter = QFileDialog.getSaveFileName(self, "Save a copy", str(Path.home() / self.path.name), "PDF (*.pdf)")
        if not name:
            return
        target = Path(name) if name.lower().endswith(".pdf") else Path(f"{name}.pdf")
        try:
            shutil.copyfile(self.path, target)
        except (OSError, shutil.SameFileError) as error:
            self._say(f"It could not be saved as {target.name}: {getattr(error, 'strerror', None) or error}.", "bad")
            return
        self._say(f"Saved as {target}.", "good")


def _enter(edit: QLineEdit | QSpinBox) -> None:
    """Put the cursor into an input, ready to be typed over."""
    edit.setFocus()
    edit.selectAll()
