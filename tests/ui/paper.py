"""Where the ink lies on a page, in millimetres, and a private print server with one queue that writes PDF."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pypdfium2
from PySide6.QtPrintSupport import QPrinter

MM_PER_INCH = 25.4
DPI = 300
_DARK = 160


class Box(NamedTuple):
    """Millimetres from the sheet's left and top edges."""

    left: float
    top: float
    right: float
    bottom: float

    def is_near(self, other: Box, within_mm: float) -> bool:
        return all(abs(a - b) <= within_mm for a, b in zip(self, other, strict=True))


def ink(path: Path, area: Box, page: int = 0) -> Box:
    """The box round what is printed inside an area of a page."""
    document = pypdfium2.PdfDocument(path)
    try:
        image = document[page].render(scale=DPI / 72).to_pil().convert("L")
    finally:
        document.close()
    dots = tuple(round(edge / MM_PER_INCH * DPI) for edge in area)
    found = image.crop(dots).point(lambda value: 255 if value < _DARK else 0).getbbox()
    assert found is not None, f"nothing is printed in {area} of {path.name}"
    left, top, right, bottom = found
    moved = (left + dots[0], top + dots[1], right + dots[0], bottom + dots[1])
    return Box(*(edge * MM_PER_INCH / DPI for edge in moved))


def page_sizes(path: Path) -> list[tuple[float, float]]:
    """Each page's width and height in points."""
    document = pypdfium2.PdfDocument(path)
    try:
        return [(page.get_width(), page.get_height()) for page in document]
    finally:
        document.close()


def pdf_printer(target: Path, resolution: int = 600) -> QPrinter:
    """A printer that writes a PDF file."""
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(target))
    printer.setResolution(resolution)
    return printer


class Queue(NamedTuple):
    """A print queue: its name, what a program must have in its environment to see it, and where jobs come out."""

    name: str
    environment: dict[str, str]
    target: Path

    def job(self) -> Path:
        """The first job, when it has come out."""
        for _ in range(600):
            done = subprocess.run(
                ["lpstat", "-W", "completed", "-o"], env=self.environment, capture_output=True, text=True, check=False
            )
            if done.stdout.strip() and self.target.exists():
                return self.target
            time.sleep(0.1)
        raise AssertionError(f"the job never came out: {(self.target.parent / 'error.log').read_text()[-4000:]}")


@contextmanager
def print_queue(name: str) -> Iterator[Queue]:
    """A print server of its own (socket and files in a temporary folder) with one queue."""
    folder = Path(tempfile.mkdtemp(prefix="cups-"))
    folder.chmod(0o755)
    for name_of_folder in ("spool", "cache", "state"):
        (folder / name_of_folder).mkdir()
    (folder / "cupsd.conf").write_text(_CUPSD.format(folder=folder), encoding="utf-8")
    (folder / "cups-files.conf").write_text(_CUPS_FILES.format(folder=folder), encoding="utf-8")
    (folder / "queue.ppd").write_text(_PPD, encoding="utf-8")
    environment = {**os.environ, "CUPS_SERVER": str(folder / "cups.sock"), "QT_QPA_PLATFORM": "offscreen"}
    program = shutil.which("cupsd") or "cupsd"
    command = [program, "-f", "-c", str(folder / "cupsd.conf"), "-s", str(folder / "cups-files.conf")]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if (folder / "cups.sock").exists() or server.poll() is not None:
                break
            time.sleep(0.05)
        target = folder / "job.pdf"
        subprocess.run(
            ["lpadmin", "-p", name, "-E", "-v", f"file:{target}", "-P", str(folder / "queue.ppd")],
            env=environment,
            check=True,
            capture_output=True,
        )
        yield Queue(name, environment, target)
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


_CUPSD = """\
Listen {folder}/cups.sock
LogLevel debug
WebInterface No
Browsing Off
DefaultAuthType None
<Location />
  Order allow,deny
  Allow all
</Location>
<Location /admin>
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""

_CUPS_FILES = """\
ServerRoot {folder}
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/state
TempDir {folder}/cache
ErrorLog {folder}/error.log
AccessLog {folder}/access.log
PageLog {folder}/page.log
FileDevice Yes
"""

# A printer that cannot print its sheet's outer 12 points, as most cannot: nothing may be fitted to what is left.
_PPD = """\
*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "QUEUE.PPD"
*Manufacturer: "Test"
*Product: "(Queue)"
*ModelName: "Queue"
*ShortNickName: "Queue"
*NickName: "Queue"
*PSVersion: "(3010.000) 0"
*LanguageLevel: "3"
*ColorDevice: True
*DefaultColorSpace: RGB
*FileSystem: False
*cupsVersion: 2.2
*cupsFilter: "application/vnd.cups-pdf 0 -"
*OpenUI *PageSize/Media Size: PickOne
*DefaultPageSize: Letter
*PageSize Letter/US Letter: "<</PageSize[612 792]>>setpagedevice"
*CloseUI: *PageSize
*OpenUI *PageRegion/Media Size: PickOne
*DefaultPageRegion: Letter
*PageRegion Letter/US Letter: "<</PageSize[612 792]>>setpagedevice"
*CloseUI: *PageRegion
*DefaultImageableArea: Letter
*ImageableArea Letter/US Letter: "12 12 600 780"
*DefaultPaperDimension: Letter
*PaperDimension Letter/US Letter: "612 792"
*DefaultResolution: 600dpi
*DefaultFont: Courier
"""
