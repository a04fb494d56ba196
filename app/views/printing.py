"""To paper at 100%: a PDF drawn on any printer, page by page, moved and scaled as that printer needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QMarginsF, QObject, QRect, QSize, QSizeF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter
from PySide6.QtPdf import QPdfDocument, QPdfDocumentRenderOptions
from PySide6.QtPrintSupport import QPrintDialog, QPrinter, QPrinterInfo
from PySide6.QtWidgets import QDialog, QWidget

from app.errors import Cancelled, UserError
from app.views.settings import Settings
from app.views.tasks import Run
from app.views.workplace import Workplace

MM_PER_INCH = 25.4
POINTS_PER_INCH = 72.0
# Finer than this no eye sees a difference in text, and a page would only take longer.
FINEST_DPI = 720
# Drawing holds up the window's own work for a moment; so small a part of a sheet is too short to be noticed.
BANDS = 40
# A band is sent in pieces: most of a sheet is blank.
PIECES = 40
# Lengths are remembered as whole numbers: hundredths of a millimetre, and millionths of the scale.
_LENGTH_UNIT = 100
_SCALE_UNIT = 1_000_000
_WHITE = 0xFFFFFFFF


class Adjustment(NamedTuple):
    """What puts right how a printer places a page: millimetres to the right and down, and a factor."""

    right_mm: float = 0.0
    down_mm: float = 0.0
    scale: float = 1.0


def adjustment_of(settings: Settings, printer_name: str) -> Adjustment:
    """What was measured for a printer; no change for one that never was."""
    key = _key(printer_name)
    return Adjustment(
        settings.number(f"{key}/right") / _LENGTH_UNIT,
        settings.number(f"{key}/down") / _LENGTH_UNIT,
        settings.number(f"{key}/scale", _SCALE_UNIT) / _SCALE_UNIT,
    )


def remember_adjustment(settings: Settings, printer_name: str, adjustment: Adjustment) -> None:
    """Remember on this PC what was measured for a printer."""
    key = _key(printer_name)
    settings.put(f"{key}/right", round(adjustment.right_mm * _LENGTH_UNIT))
    settings.put(f"{key}/down", round(adjustment.down_mm * _LENGTH_UNIT))
    settings.put(f"{key}/scale", round(adjustment.scale * _SCALE_UNIT))
    settings.save()


def _key(printer_name: str) -> str:
    # A network printer's name (\\server\queue) would be read as a path of groups.
    return f"printer/{printer_name.replace('/', '_').replace(chr(92), '_') or 'default'}"


def choose_printer(parent: QWidget | None) -> QPrinter | None:
    """Ask for a printer (with its tray, sides and copies); None when nothing is to be printed."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setPageLayout(_layout(QSizeF(8.5 * POINTS_PER_INCH, 11 * POINTS_PER_INCH)))
    dialog = QPrintDialog(printer, parent)
    dialog.setOption(QPrintDialog.PrintDialogOption.PrintPageRange, on=True)
    chosen = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return printer if chosen else None


def printer_names() -> list[str]:
    """The printers of this PC, the usual one first."""
    usual = QPrinterInfo.defaultPrinterName()
    return sorted(QPrinterInfo.availablePrinterNames(), key=lambda name: (name != usual, name.casefold()))


def printer_named(name: str) -> QPrinter:
    """A printer of this PC with its own tray and sides. Raises UserError when it is gone."""
    info = QPrinterInfo.printerInfo(name)
    if info.isNull():
        raise UserError(f"{name or 'A printer'} is not installed on this PC; choose another one.", field="printer")
    return QPrinter(info, QPrinter.PrinterMode.HighResolution)


def send_to_printer(
    workplace: Workplace,
    paths: Sequence[Path],
    printer: QPrinter,
    *,
    title: str,
    owner: QObject,
    then: Callable[[int], None],
    first_page: int = 1,
    last_page: int | None = None,
    otherwise: Callable[[UserError], None] | None = None,
    adjustment: Adjustment | None = None,
    went_out: Callable[[int, int, int], None] = lambda _file, _first, _last: None,
) -> Run:
    """Print PDFs one after the other in the background; `then(pages)` when all went out.

    `went_out(file, first page, last page)` is called in the worker after each file (counted from 0) that the
    printer has whole, also of a run that is stopped or fails later.

    The pages are those chosen in the printer's dialog, unless told. What was measured for the printer is
    applied, unless an `adjustment` is given.
    """
    adjust = adjustment_of(workplace.settings, printer.printerName()) if adjustment is None else adjustment
    if last_page is None and printer.printRange() == QPrinter.PrintRange.PageRange and printer.fromPage():
        first_page, last_page = printer.fromPage(), printer.toPage()

    def work(_books: object, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> int:
        pages = 0
        for number, path in enumerate(paths):
            sent = print_pdf(
                path,
                printer,
                first_page=first_page,
                last_page=last_page,
                offset_mm=(adjust.right_mm, adjust.down_mm),
                scale=adjust.scale,
                progress=progress,
                cancelled=cancelled,
            )
            pages += sent
            went_out(number, max(first_page, 1), max(first_page, 1) + sent - 1)
        return pages

    return workplace.tasks.run(title, work, then, owner=owner, writes=False, otherwise=otherwise)


def print_pdf(
    path: Path,
    printer: QPrinter,
    *,
    first_page: int = 1,
    last_page: int | None = None,
    offset_mm: tuple[float, float] = (0.0, 0.0),
    scale: float = 1.0,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> int:
    """Print a PDF at its own size, `offset_mm` to the right and down; returns how many pages went out.

    Call it in a worker. Never fits to the page: an inch is an inch, measured from the paper's corner.
    Raises Cancelled, and UserError when the file or the printer cannot be used.
    """
    document = QPdfDocument()
    if document.load(str(path)) != QPdfDocument.Error.None_:
        raise UserError(f"{path.name} cannot be read for printing; make it again.")
    pages = range(max(first_page, 1) - 1, min(last_page or document.pageCount(), document.pageCount()))
    if not pages:
        raise UserError(f"{path.name} has {document.pageCount()} pages; there is nothing to print in that range.")
    printer.setDocName(path.stem)
    printer.setPageLayout(_layout(document.pagePointSize(pages[0])))
    painter = QPainter()
    if not painter.begin(printer):
        name = printer.printerName() or "the printer"
        raise UserError(f"Nothing could be sent to {name}; see whether it is on and choose it again.")
    try:
        for done, page in enumerate(pages):
            if cancelled():
                printer.abort()
                raise Cancelled
            if done:
                printer.setPageLayout(_layout(document.pagePointSize(page)))
                printer.newPage()
            _draw_page(painter, printer, document, page, offset_mm, scale)
            progress(done + 1, len(pages))
    finally:
        painter.end()
        document.close()
    return len(pages)


def _layout(points: QSizeF) -> QPageLayout:
    """The whole sheet, no margins; a wide page lies on its side."""
    wide = points.width() > points.height()
    upright = QPageSize(points.transposed() if wide else points, QPageSize.Unit.Point)
    side = QPageLayout.Orientation.Landscape if wide else QPageLayout.Orientation.Portrait
    made = QPageLayout(upright, side, QMarginsF(0, 0, 0, 0))
    made.setMode(QPageLayout.Mode.FullPageMode)
    return made


def _draw_page(
    painter: QPainter,
    printer: QPrinter,
    document: QPdfDocument,
    page: int,
    offset_mm: tuple[float, float],
    scale: float,
) -> None:
    """Draw a page in pieces of whole dots, so that no seam shows and little memory is held."""
    dots_x, dots_y = printer.logicalDpiX(), printer.logicalDpiY()
    coarser = -(-max(dots_x, dots_y) // FINEST_DPI)
    dpi_x, dpi_y = dots_x / coarser, dots_y / coarser
    points = document.pagePointSize(page)
    whole = QSize(
        round(points.width() / POINTS_PER_INCH * dpi_x * scale), round(points.height() / POINTS_PER_INCH * dpi_y * scale)
    )
    left, top = round(offset_mm[0] / MM_PER_INCH * dpi_x), round(offset_mm[1] / MM_PER_INCH * dpi_y)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering)
    painter.scale(coarser, coarser)
    height = -(-whole.height() // BANDS)
    width = -(-whole.width() // PIECES)
    for y in range(0, whole.height(), height):
        band = _band(document, page, whole, QRect(0, y, whole.width(), min(height, whole.height() - y)))
        blank = QImage(QSize(width, band.height()), band.format())
        blank.fill(_WHITE)
        for x in range(0, whole.width(), width):
            # Beyond the band's edge a copy is black; the last piece is cut there.
            piece = band.copy(x, 0, min(width, whole.width() - x), band.height())
            if piece.width() == width and piece == blank:
                continue
            painter.drawImage(left + x, top + y, piece)
    painter.restore()


def _band(document: QPdfDocument, page: int, whole: QSize, area: QRect) -> QImage:
    """A part of a page drawn as large as `whole`, on white."""
    options = QPdfDocumentRenderOptions()
    options.setScaledSize(whole)
    # Qt takes the distance between the corner dots of this rectangle for its size: one dot more makes it exact.
    options.setScaledClipRect(area.adjusted(0, 0, 1, 1))
    # As a printer draws its own fonts: sharp edges, no grey that would be screened into dots.
    flags = QPdfDocumentRenderOptions.RenderFlag
    options.setRenderFlags(flags.TextAliased | flags.PathAliased)
    drawn = document.render(page, area.size(), options)
    band = QImage(area.size(), QImage.Format.Format_RGB32)
    band.fill(_WHITE)
    onto = QPainter(band)
    onto.drawImage(0, 0, drawn)
    onto.end()
    return band
