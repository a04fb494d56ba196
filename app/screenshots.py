"""`python -m app screenshots --out DIR`: every page and dialog of the sample office as pictures, to be looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from app.screenscenes import SCENES
from app.screenstage import Stage, sample_office

SIZES = ((1366, 768), (1920, 1080))


def take_screenshots(
    folder: Path, looks: Iterable[str] = ("light", "dark"), sizes: Iterable[tuple[int, int]] = SIZES
) -> list[Path]:
    """Every scene, in each look at each size, as `<size>-<look>/<scene>.png`; returns the files."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from app.views import style

    application = QApplication.instance() or QApplication(["counterfoil"])
    assert isinstance(application, QApplication)
    made: list[Path] = []
    with TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        office, accounts = sample_office(Path(scratch))
        for look in looks:
            for size in sizes:
                style.apply_theme(application, "dark" if look == "dark" else "light")
                target = folder / f"{size[0]}x{size[1]}-{look}"
                target.mkdir(parents=True, exist_ok=True)
                stage = Stage(office, accounts, Path(scratch), size)
                try:
                    made += stage.take(SCENES, target)
                finally:
                    stage.close()
    return made
