"""Paper at 100%: where the ink lies after printing, the preview, and a printer that was measured."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLabel, QLineEdit, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot
from ui.paper import Box, ink, page_sizes, pdf_printer, print_queue
from ui.window import Window

from app.errors import Cancelled, UserError
from app.services.documents.check import write_refund_checks
from app.services.documents.content import Office, RefundCheckContent, WorkedOutLine
from app.services.documents.ruler import write_ruler_page
from app.services.documents.stock import shipped_stock
from app.services.statementprints import make_statements
from app.services.statements import latest_billing_run
from app.views import printing
from app.views.dialogs.printer_test import PrinterTestDialog
from app.views.pdf_preview import PdfPreview
from app.views.settings import Settings

LETTER = (612.0, 792.0)
# Where a statement's address and its amount due lie, and a check's amount and address, with room round them.
ADDRESS = Box(20, 62, 130, 95)
AMOUNT_DUE = Box(165, 68, 204, 78)
CHECK_AMOUNT = Box(176.8, 33, 200, 38.3)  # inside its frame
CHECK_ADDRESS = Box(25, 53, 120, 71)
SHOP = Office("Test Office", ("1 Main St", "Custer SD 57730"), "605-555-0100", "a@b.example", "", "First Bank", "", "")


def statements_pdf(window: Window, folder: Path) -> Path:
    run_id = window.read(latest_billing_run)
    books = window.program.tasks.books
    assert books is not None
    (path,) = make_statements(books, window.path, folder, run_id, "paper").paths
    return path


def check_pdf(folder: Path) -> Path:
    lines = (WorkedOutLine("Credit on account", "overpaid", 4321),)
    content = RefundCheckContent(
        1001, date(2026, 11, 3), "Ann Ames", ("5 Elm St", "Hill City SD 57745"), 4321, "Refund", "100023", lines
    )
    (file,) = write_refund_checks(SHOP, shipped_stock("voucher-top"), [content], folder / "check.pdf")
    return file.path


@pytest.fixture
def ruler(tmp_path: Path) -> Path:
    path = tmp_path / "ruler.pdf"
    write_ruler_page(path)
    return path


@pytest.mark.parametrize("resolution", [300, 600, 1200, 1440])
def test_a_page_is_printed_at_its_own_size_and_place_whatever_the_resolution(
    qtbot: QtBot, tmp_path: Path, resolution: int
) -> None:
    source, target = check_pdf(tmp_path), tmp_path / "out.pdf"
    assert printing.print_pdf(source, pdf_printer(target, resolution)) == 1
    assert page_sizes(target) == [LETTER]
    for area in (CHECK_AMOUNT, CHECK_ADDRESS):
        assert ink(target, area).is_near(ink(source, area), 0.2)


def test_an_offset_moves_the_page_and_a_scale_enlarges_it_from_its_corner(qtbot: QtBot, tmp_path: Path) -> None:
    source, target = check_pdf(tmp_path), tmp_path / "out.pdf"
    printing.print_pdf(source, pdf_printer(target), offset_mm=(1.5, -2.0), scale=1.01)

    def moved(box: Box) -> Box:
        return Box(box.left * 1.01 + 1.5, box.top * 1.01 - 2.0, box.right * 1.01 + 1.5, box.bottom * 1.01 - 2.0)

    assert ink(target, moved(CHECK_AMOUNT)).is_near(moved(ink(source, CHECK_AMOUNT)), 0.2)


def test_only_the_pages_asked_for_are_printed(window: Window, tmp_path: Path) -> None:
    source, target = statements_pdf(window, tmp_path), tmp_path / "out.pdf"
    seen: list[tuple[int, int]] = []
    pages = printing.print_pdf(
        source, pdf_printer(target, 300), first_page=2, last_page=3, progress=lambda done, of: seen.append((done, of))
    )
    assert pages == 2 and seen == [(1, 2), (2, 2)]
    assert ink(target, ADDRESS, 0).is_near(ink(source, ADDRESS, 1), 0.3)
    assert ink(target, ADDRESS, 1).is_near(ink(source, ADDRESS, 2), 0.3)


def test_a_range_beyond_the_last_page_and_a_file_that_is_no_pdf_are_refused(ruler: Path, qtbot: QtBot) -> None:
    with pytest.raises(UserError, match="has 1 pages"):
        printing.print_pdf(ruler, pdf_printer(ruler.with_name("out.pdf")), first_page=2)
    broken = ruler.with_name("broken.pdf")
    broken.write_text("no pdf", encoding="utf-8")
    with pytest.raises(UserError, match=r"broken\.pdf cannot be read"):
        printing.print_pdf(broken, pdf_printer(ruler.with_name("out.pdf")))


def test_printing_that_is_stopped_says_so(ruler: Path, qtbot: QtBot) -> None:
    with pytest.raises(Cancelled):
        printing.print_pdf(ruler, pdf_printer(ruler.with_name("out.pdf")), cancelled=lambda: True)


def test_what_was_measured_is_remembered_for_each_printer_also_for_one_on_the_network(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "counterfoil.ini")
    printing.remember_adjustment(settings, r"\\server\check printer", printing.Adjustment(0.35, -1.2, 1.0042))
    again = Settings(tmp_path / "counterfoil.ini")
    assert printing.adjustment_of(again, r"\\server\check printer") == printing.Adjustment(0.35, -1.2, 1.0042)
    assert printing.adjustment_of(again, "Other") == printing.Adjustment(0, 0, 1)


# A real print job

PRINT_THEM = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from app.views import printing
application = QApplication([])
assert sys.argv[1] in printing.printer_names()
print(printing.print_pdf(Path(sys.argv[2]), printing.printer_named(sys.argv[1])))
"""


def print_for_real(source: Path) -> tuple[list[tuple[float, float]], dict[Box, Box]]:
    """Through Qt, libcups, cupsd and its filters to a queue: the sheet's sizes, and the ink of each area."""
    with print_queue("Counter") as queue:
        subprocess.run(
            [sys.executable, "-c", PRINT_THEM, queue.name, str(source)],
            env=queue.environment,
            cwd=Path(__file__).parents[2],
            check=True,
            timeout=120,
        )
        job = queue.job()
        areas = (CHECK_AMOUNT, CHECK_ADDRESS) if source.name == "check.pdf" else (ADDRESS, AMOUNT_DUE)
        return page_sizes(job), {area: ink(job, area) for area in areas}


@pytest.mark.needs_program("cupsd", "lpadmin")
def test_a_statement_comes_out_of_a_print_queue_with_address_and_amount_in_place(window: Window, tmp_path: Path) -> None:
    source = statements_pdf(window, tmp_path)
    sizes, found = print_for_real(source)
    assert sizes == page_sizes(source)
    for area, box in found.items():
        assert box.is_near(ink(source, area), 0.5)


@pytest.mark.needs_program("cupsd", "lpadmin")
def test_a_refund_check_comes_out_of_a_print_queue_with_address_and_amount_in_place(tmp_path: Path) -> None:
    source = check_pdf(tmp_path)
    sizes, found = print_for_real(source)
    assert sizes == [LETTER]
    stock = shipped_stock("voucher-top")
    amount = found[CHECK_AMOUNT]
    assert abs(amount.left - stock.amount[0] * 25.4) < 0.5 + 0.3  # the figure's own margin
    for area, box in found.items():
        assert box.is_near(ink(source, area), 0.5)


# The preview


def open_preview(window: Window, tmp_path: Path) -> PdfPreview:
    preview = PdfPreview(window.program.workplace, window.frame)
    preview.show_file(statements_pdf(window, tmp_path), "Statements")
    window.settle()
    return preview


def test_the_preview_turns_pages_with_the_keyboard_and_goes_to_a_page_by_its_number(window: Window, tmp_path: Path) -> None:
    preview = open_preview(window, tmp_path)
    last = window.control("preview.page", QSpinBox, preview).maximum()
    assert last > 3 and preview.page_number == 1
    window.press(Qt.Key.Key_PageDown, Qt.Key.Key_PageDown, on=preview.view)
    assert preview.page_number == 3
    window.press(Qt.Key.Key_PageUp, on=preview.view)
    assert preview.page_number == 2 and preview.page.value() == 2
    window.press(Qt.Key.Key_End, on=preview.view)
    assert preview.page_number == last
    preview.page.selectAll()
    window.press("2", Qt.Key.Key_Return, on=preview.page)
    assert preview.page_number == 2
    preview.close()


def test_the_preview_finds_a_name_and_says_how_often(window: Window, tmp_path: Path) -> None:
    (name, number), *_ = window.rows(
        "SELECT name, number FROM account WHERE delivery = 'paper' ORDER BY id LIMIT 1 OFFSET 2"
    )
    preview = open_preview(window, tmp_path)
    window.type_into("preview.find", number, preview)
    found = window.control("preview.found", QLabel, preview)
    window.wait_for(lambda: "found" in found.text() and found.text() != "not found")
    window.press(Qt.Key.Key_Return, on=preview.words)
    assert found.text().startswith("1 of ")
    text = preview.document.getAllText(preview.page_number - 1).text()
    assert number in text and name in text
    window.type_into("preview.find", "no such words", preview)
    window.wait_for(lambda: found.text() == "not found")
    preview.close()


def test_zoom_by_keys_takes_the_next_size_of_the_list(window: Window, tmp_path: Path) -> None:
    preview = open_preview(window, tmp_path)
    preview.zoom.setCurrentText("100%")
    preview.zoom.activated.emit(preview.zoom.currentIndex())
    QTest.keyClick(preview.view, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert window.control("preview.zoom", QComboBox, preview).currentText() == "125%"
    assert preview.view.zoomFactor() == 1.25
    for _ in range(2):
        QTest.keyClick(preview.view, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert preview.zoom.currentText() == "75%"
    preview.close()


def test_print_in_the_preview_prints_all_pages_and_says_so(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.pdf"
    monkeypatch.setattr(printing, "choose_printer", lambda _parent: pdf_printer(target, 150))
    preview = open_preview(window, tmp_path)
    told: list[tuple[int, int, str]] = []
    preview.printed.connect(lambda *what: told.append(what))
    window.click("preview.print", preview)
    assert preview.path is not None
    pages = page_sizes(preview.path)
    assert page_sizes(target) == pages and told[0][:2] == (1, len(pages))
    assert f"{len(pages)} pages sent" in preview.said.text()
    assert preview.print_button.isEnabled() and not preview.bar.isVisible()
    preview.close()


def test_a_copy_is_saved_under_the_name_chosen(window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preview = open_preview(window, tmp_path)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "copy"), ""))
    window.click("preview.save", preview)
    assert preview.path is not None
    assert (tmp_path / "copy.pdf").read_bytes() == preview.path.read_bytes()
    assert "Saved as" in preview.said.text()
    preview.close()


def test_a_file_that_is_no_pdf_is_refused_in_words(window: Window, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_text("no pdf", encoding="utf-8")
    preview = PdfPreview(window.program.workplace, window.frame)
    with pytest.raises(UserError, match="no PDF that can be shown"):
        preview.show_file(broken, "Broken")
    with pytest.raises(UserError, match="cannot be opened"):
        preview.show_file(tmp_path / "gone.pdf", "Gone")
    preview.close()


# Measuring a printer


@pytest.fixture
def test_dialog(window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PrinterTestDialog:
    monkeypatch.setattr(printing, "printer_names", lambda: ["Counter"])

    def printer(name: str) -> QPrinter:
        assert name == "Counter"
        return pdf_printer(tmp_path / "test-page.pdf", 300)

    monkeypatch.setattr(printing, "printer_named", printer)
    window.go("statements")
    window.click("statements.test")
    dialog = window.dialog()
    assert isinstance(dialog, PrinterTestDialog)
    return dialog


def test_figures_measured_on_the_ruler_page_become_the_printers_correction(
    window: Window, test_dialog: PrinterTestDialog
) -> None:
    window.type_into("printer.left", "21.0", test_dialog)
    window.type_into("printer.top", "18.5", test_dialog)
    assert "1 mm to the left and 1.5 mm down" in window.control("printer.effect", QLabel, test_dialog).text()
    window.press(Qt.Key.Key_Return)
    window.settle()
    made = printing.adjustment_of(window.settings, "Counter")
    assert (made.right_mm, made.down_mm, made.scale) == (-1.0, 1.5, 1.0)
    assert "Counter: every page is now moved" in window.message


def test_the_ruler_page_is_printed_without_correction_and_the_overlay_with_it(
    window: Window, test_dialog: PrinterTestDialog, tmp_path: Path
) -> None:
    window.type_into("printer.left", "23", test_dialog)
    for name, moved in (("printer.ruler", 0.0), ("printer.statement", -3.0)):
        window.click(name, test_dialog)
        window.settle()
        which = name.removeprefix("printer.")
        area = Box(25, 30, 180, 80) if which == "ruler" else Box(15, 60, 130, 90)
        source = ink(tmp_path / "printer-tests" / f"printer-test-{which}.pdf", area)
        found = ink(tmp_path / "test-page.pdf", area)
        assert abs(found.left - source.left - moved) < 0.3
        assert abs(found.top - source.top) < 0.3


def test_a_figure_that_no_printer_makes_is_refused_at_its_input(window: Window, test_dialog: PrinterTestDialog) -> None:
    window.type_into("printer.down", "200", test_dialog)
    window.press(Qt.Key.Key_Return)
    assert "shrunk or enlarged" in window.control("printer.refusal", QLabel, test_dialog).text()
    edit = window.control("printer.down", QLineEdit, test_dialog)
    assert edit.text() == "200" and edit.property("wrong")
    window.type_into("printer.down", "abc", test_dialog)
    window.press(Qt.Key.Key_Return)
    assert "Type the millimeters" in window.control("printer.refusal", QLabel, test_dialog).text()
    test_dialog.close()


def test_without_a_printer_the_dialog_says_what_to_do(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "printer_names", list)
    window.go("statements")
    window.click("statements.test")
    dialog = window.dialog()
    assert "No printer is installed" in window.control("printer.said", QLabel, dialog).text()
    assert not window.control("printer.action", QPushButton, dialog).isEnabled()
    dialog.close()
