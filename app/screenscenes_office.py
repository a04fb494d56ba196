"""The pictures of the office's own dialogs: its policies, a list of customers to import, a box of checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.screenstage import Stage

Scene = Iterator[tuple[str, Any]]

_LINES_READ = 11  # the titles and ten customers


def policies(stage: Stage) -> Scene:
    """An amount changed from the next month on, that change taken back, and a plan to be added."""
    page = stage.page("office", tab="policies")
    stage.click("office.change-policy")
    dialog = stage.dialog()
    dialog.grid.table.selectRow(3)
    dialog.grid.input.setText("4.00")
    dialog.grid.put()
    stage.settle()
    yield "policy-change", dialog
    stage.click("office.change-policy")
    dialog = stage.dialog()
    dialog.grid.table.selectRow(3)
    dialog.grid.input.setText("4.00")
    dialog.grid.put()
    stage.type_into("policy.reason", "postage went up")
    dialog.press()
    stage.settle()
    page.parts["policies"].changes.selectRow(0)
    stage.click("office.withdraw-policy")
    yield "policy-withdraw", stage.dialog()
    stage.click("office.withdraw-policy")  # the later pictures are of the office as it was
    stage.type_into("withdraw.reason", "not this year")
    stage.dialog().press()
    stage.settle()
    stage.click("office.add-plan")
    yield "policy-plan", stage.dialog()


def office_dialogs(stage: Stage) -> Scene:
    """A list of customers that was read, the last question before it is imported, and a new box of checks."""
    from app.services.sample import SAMPLE_LIST

    lines = SAMPLE_LIST.read_text(encoding="utf-8-sig").splitlines()[:_LINES_READ]
    path = stage.path.parent / "customers.csv"
    # Numbers of another old program: the sample office has these customers already.
    path.write_text("\n".join([lines[0], *(f"N{line}" for line in lines[1:])]) + "\n", encoding="utf-8")
    page = stage.page("office", tab="import")
    part = page.parts["import"]
    part.path.setText(str(path))
    part.read_file()
    stage.settle()
    part.path.setText(rf"C:\Users\Pat\Documents\{path.name}")
    yield "office-import-read", stage.window
    part.ask()
    yield "office-import-asked", stage.dialog()
    stage.page("office", tab="stock")
    stage.click("office.add-box")
    stage.type_into("box.name", "Second box")
    stage.type_into("box.first", "105001")
    stage.type_into("box.last", "105999")
    yield "office-box", stage.dialog()


SCENES = (policies, office_dialogs)
