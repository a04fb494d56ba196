"""Backups: how safe the office is, what backups there are, and what can be done with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.errors import UserError
from app.services.backupplan import BackupPlan, plan_of
from app.services.backupstanding import BackupStanding, ListedBackup, backup_standing, listed_backups
from app.views import style
from app.views.backups import size_in_words, start_backup
from app.views.dialogs.backup_plan import BackupPlanDialog, PassphraseDialog
from app.views.dialogs.backup_restore import LookInsideDialog, RestoreDialog
from app.views.fields import button, label, named, set_role
from app.views.table import Table
from app.views.table_model import Column
from app.views.workplace import Workplace

if TYPE_CHECKING:
    from app.services.backup import BackupResult
    from app.services.books import Session
    from app.views.tasks import Run

_KINDS = {
    "day-close": "Day close",
    "month-end": "Before month-end",
    "by-hand": "By hand",
    "upgrade": "Before an upgrade",
    "replaced": "Before a restore",
    "copy": "A copy",
}


class _Shown(NamedTuple):
    standing: BackupStanding
    plan: BackupPlan
    backups: list[ListedBackup]


class BackupsPart(QWidget):
    """The standing above, the list of backups, and below what is done with the one marked."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__()
        self.workplace = workplace
        self.plan = BackupPlan()
        self._run: Run | None = None
        self.words = label("", "heading", wrap=True)
        named(self.words, "office.backup-standing", "How safe the office is")
        self.rule = label("", "quiet", wrap=True)
        named(self.rule, "office.backup-rule", "How the office backs up")
        self.now = button("&Back up now", "office.backup-now", primary=True)
        self.now.clicked.connect(self.back_up)
        self.change = button("C&hange…", "office.backup-change", tip="Folders, how many are kept, when Today warns")
        self.change.clicked.connect(lambda: BackupPlanDialog(workplace, self.plan, self).open())
        self.encrypt = button("&Passphrase…", "office.backup-passphrase", tip="Encrypt backups, or end that")
        self.encrypt.clicked.connect(lambda: PassphraseDialog(workplace, self.plan, self).open())
        self.progress = QProgressBar()
        named(self.progress, "office.backup-progress", "The office is being backed up")
        self.progress.hide()
        self.stop = button("&Stop", "office.backup-stop")
        self.stop.clicked.connect(self._stop)
        self.stop.hide()
        self.table: Table[ListedBackup] = Table(
            "office.backups",
            "Backups of this office; Enter looks inside",
            (
                Column("Business date", lambda row: row.file.on, width=14),
                Column("Made", lambda row: f"{row.at:%m/%d/%Y %H:%M}", width=18, sort_by=lambda row: row.file.number),
                Column("What for", lambda row: _KINDS.get(row.file.kind, row.file.kind), width=19),
                Column("Verified", lambda row: "yes" if row.is_verified else "not known", width=11, signal=_tone),
                Column("Encrypted", lambda row: "yes" if row.file.is_sealed else "no", width=11),
                Column(
                    "Size",
                    lambda row: size_in_words(row.file.size),
                    number=True,
                    width=9,
                    sort_by=lambda row: row.file.size,
                ),
                Column("Where", lambda row: "second place" if row.is_second else "first place", width=13),
                Column("File", lambda row: row.file.path.name, width=0, tip=lambda row: str(row.file.path)),
            ),
            workplace.settings,
        )
        self.table.enter_does = "&Look into it"
        self.table.chosen.connect(lambda _row: self.look())
        self.look_button = button("&Look inside…", "office.backup-look", tip="Open the backup; nothing in it can be changed")
        self.look_button.clicked.connect(self.look)
        self.restore_button = button("&Restore…", "office.backup-restore")
        self.restore_button.clicked.connect(self.restore)
        self.other = button("Another &file…", "office.backup-other", tip="A backup on a stick or from another PC")
        self.other.clicked.connect(self._choose)
        self.back = button("Back to the o&ffice", "office.backup-back", primary=True)
        self.back.clicked.connect(workplace.leave_backup)
        self._lay_out()

    def _lay_out(self) -> None:
        top, bottom = QHBoxLayout(), QHBoxLayout()
        for row, parts in (
            (top, (self.now, self.change, self.encrypt, self.progress, self.stop)),
            (bottom, (self.look_button, self.restore_button, self.other)),
        ):
            row.setSpacing(style.SMALL)
            for part in parts:
                row.addWidget(part)
            row.addStretch(1)
        bottom.addWidget(self.back)
        box = QVBoxLayout(self)
        box.setContentsMargins(style.LARGE, style.LARGE, style.LARGE, style.LARGE)
        box.setSpacing(style.MEDIUM)
        box.addWidget(self.words)
        box.addWidget(self.rule)
        box.addLayout(top)
        box.addWidget(self.table, 1)
        box.addLayout(bottom)

    def refresh(self) -> None:
        """Read the log and the folders."""
        path, today = self.workplace.office_path, self.workplace.today
        if path is None:
            return

        def work(session: Session) -> _Shown:
            return _Shown(backup_standing(session, today), plan_of(session), listed_backups(session, path))

        self.workplace.tasks.read(work, self._show, owner=self, name="backups")

    def _show(self, shown: _Shown) -> None:
        self.plan = shown.plan
        looking = self.workplace.is_looking
        self.words.setText("This is a backup, opened to be looked at." if looking else shown.standing.words)
        set_role(self.words, "warning" if shown.standing.is_loud and not looking else "heading")
        self.rule.setText(_rule(shown.plan, self.workplace.office_path))
        self.encrypt.setText("&Passphrase…" if shown.plan.is_encrypted else "&Encrypt…")
        self.encrypt.setAccessibleName(self.encrypt.text().replace("&", ""))
        self.table.show_rows(shown.backups)
        for part in (self.look_button, self.restore_button):
            part.setEnabled(bool(shown.backups))
        for part in (self.now, self.change, self.encrypt):
            part.setVisible(not looking)
        self.back.setVisible(looking)

    # What the buttons do

    def back_up(self) -> None:
        """Make a backup now, and say what was made."""
        if self._run is not None:
            return
        self.now.setEnabled(False)
        self.progress.setRange(0, 0)
        self.progress.show()
        self.stop.show()
        self._run = start_backup(self.workplace, "by-hand", owner=self, then=self._backed_up)
        self._run.progressed.connect(self._progressed)
        self._run.finished.connect(self._ended)

    def _progressed(self, done: int, of: int) -> None:
        self.progress.setRange(0, of)
        self.progress.setValue(done)

    def _stop(self) -> None:
        if self._run is not None:
            self._run.cancel()

    def _ended(self) -> None:
        run, self._run = self._run, None
        self.progress.hide()
        self.stop.hide()
        self.now.setEnabled(True)
        self.now.setFocus()
        if run is not None and run.is_cancelled():
            self.workplace.say("Stopped; no backup was made.", "warning")
            self.refresh()

    def _backed_up(self, result: BackupResult | None) -> None:
        if result is not None and not result.has_second_problem:
            second = " The second copy is in its place." if result.second else ""
            how = result.remark or "It was opened and checked: every figure agrees."
            checked = f"{result.path.name} ({size_in_words(result.size)}). {how}"
            self.workplace.say(f"Backed up. {checked}{second}")
        self.refresh()

    def look(self) -> None:
        """Open the backup that is marked, only to look."""
        row = self.table.current_row()
        if row is not None:
            self._look_into(row.file.path)

    def _look_into(self, path: Path) -> None:
        LookInsideDialog(self.workplace, path, self).open()

    def restore(self) -> None:
        """Make an office of the backup that is marked."""
        row = self.table.current_row()
        if row is not None:
            RestoreDialog(self.workplace, row.file.path, self).open()

    def _choose(self) -> None:
        start = "" if self.workplace.office_path is None else str(self.plan.place(self.workplace.office_path))
        chosen, _ = QFileDialog.getOpenFileName(self, "A backup", start, "Backups (*.db *.sealed *.pgdump);;All files (*)")
        if chosen:
            self.restore_from(Path(chosen))

    def restore_from(self, path: Path) -> None:
        """Restore from a file that is not in the list. What is no backup is refused."""
        RestoreDialog(self.workplace, path, self).open()

    def refuse(self, error: UserError) -> None:
        """Say what was refused."""
        self.workplace.refuse(error)


def _tone(row: ListedBackup) -> str:
    return "good" if row.is_verified else "quiet"


def _rule(plan: BackupPlan, office: Path | None) -> str:
    where = "" if office is None else f" in {plan.place(office)}"
    second = f", and a copy in {plan.second_folder}" if plan.second_folder else ", with no second copy on another disk"
    secret = "Encrypted with a passphrase." if plan.is_encrypted else "Not encrypted."
    return (
        f"At each day close and before each billing run{where}{second}. {secret} Kept: the last of {plan.keep_daily} days, "
        f"{plan.keep_weekly} weeks and {plan.keep_monthly} months. Today warns after {plan.warn_after_days} days."
    )
