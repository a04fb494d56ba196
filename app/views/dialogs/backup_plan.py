"""How the office backs up: folders, how many are kept, when Today warns; and the passphrase."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QRadioButton, QSpinBox, QVBoxLayout, QWidget

from app.services import backupplan
from app.services.backupplan import MOST_KEPT, BackupPlan
from app.views import style
from app.views.dialog import WIDER, FormDialog
from app.views.fields import button, label, named
from app.views.workplace import Workplace


class BackupPlanDialog(FormDialog):
    """The plan, saved with a reason."""

    def __init__(self, workplace: Workplace, plan: BackupPlan, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "backup-plan", "How the office backs up", "&Save", parent)
        self.plan = plan
        self.widen(WIDER)
        self.folder = self._folder("&Folder", "folder", plan.folder, "backups, beside the office")
        self.second = self._folder("Second &copy in", "second_folder", plan.second_folder, "none; better on another disk")
        self.keep_daily = self._number("Keep the last of so many &days", "keep_daily", plan.keep_daily, 1)
        self.keep_weekly = self._number("… of so many &weeks", "keep_weekly", plan.keep_weekly, 0)
        self.keep_monthly = self._number("… of so many &months", "keep_monthly", plan.keep_monthly, 0)
        self.warn = self._number("&Today warns after so many days", "warn_after_days", plan.warn_after_days, 1)
        self.reason = QLineEdit()
        named(self.reason, "backup-plan.reason", "Reason")
        self.reason.setPlaceholderText("In a few words, for the record")
        self.add_row("&Reason", self.reason)

    def _folder(self, text: str, part: str, value: str, empty: str) -> QLineEdit:
        edit = QLineEdit(value)
        named(edit, f"backup-plan.{part}", text.replace("&", ""))
        edit.setPlaceholderText(empty)
        browse = button("Browse…", f"backup-plan.{part}-browse")
        browse.setAccessibleName(f"Browse: {text.replace('&', '')}")
        browse.clicked.connect(partial(self._browse, edit))
        row = QHBoxLayout()
        row.setSpacing(style.SMALL)
        row.addWidget(edit, 1)
        row.addWidget(browse)
        self.form.addRow(label(text, buddy=edit), row)
        return edit

    def _browse(self, edit: QLineEdit) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for backups", edit.text())
        if chosen:
            edit.setText(chosen)

    def _number(self, text: str, part: str, value: int, least: int) -> QSpinBox:
        box = QSpinBox()
        named(box, f"backup-plan.{part}", text.replace("&", "").replace("…", "Keep the last"))
        box.setRange(least, MOST_KEPT)
        box.setValue(value)
        self.add_row(text, box)
        return box

    def submit(self) -> None:
        """Save the plan."""
        plan = replace(
            self.plan,
            folder=self.folder.text().strip(),
            second_folder=self.second.text().strip(),
            keep_daily=self.keep_daily.value(),
            keep_weekly=self.keep_weekly.value(),
            keep_monthly=self.keep_monthly.value(),
            warn_after_days=self.warn.value(),
        )
        desk, reason = self.workplace.desk(self.token), self.reason.text()
        self.save(
            lambda session: backupplan.change_plan(session, desk, plan, reason), "Saved; the next backup follows it.", ()
        )


class PassphraseDialog(FormDialog):
    """Encrypt backups, teach this PC the passphrase, or end the encryption."""

    def __init__(self, workplace: Workplace, plan: BackupPlan, parent: QWidget | None = None) -> None:
        super().__init__(workplace, "passphrase", "Encrypted backups", "&Save", parent)
        self.plan = plan
        said = (
            "Without the passphrase an encrypted backup is lost: write it down and keep it away from this PC. The program "
            "does not store it; this PC keeps a key made from it, so that backups need nobody to type it."
        )
        self.body.insertWidget(0, label(said, wrap=True))
        self.choices: dict[str, QRadioButton] = {}
        box = QVBoxLayout()
        box.setSpacing(style.TIGHT)
        texts = {
            "new": "Encrypt with a &new passphrase",
            "known": "This PC shall &know the passphrase",
            "end": "Do not &encrypt",
        }
        for key in ("new", "known", "end") if plan.is_encrypted else ("new",):
            self.choices[key] = QRadioButton(texts[key])
            named(self.choices[key], f"passphrase.{key}", texts[key].replace("&", ""))
            self.choices[key].toggled.connect(self._chosen)
            box.addWidget(self.choices[key])
        self.body.insertLayout(1, box)
        self.passphrase, self.again = self._secret("&Passphrase", "passphrase"), self._secret("&Once more", "again")
        self.reason = QLineEdit()
        named(self.reason, "passphrase.reason", "Reason")
        self.reason.setPlaceholderText("In a few words, for the record")
        self.add_row("&Reason", self.reason)
        self.choices["new"].setChecked(True)
        self.choices["new"].setVisible(plan.is_encrypted)

    def _secret(self, text: str, part: str) -> QLineEdit:
        edit = QLineEdit()
        edit.setEchoMode(QLineEdit.EchoMode.Password)
        named(edit, f"passphrase.{part}", text.replace("&", ""))
        self.add_row(text, edit)
        return edit

    def _which(self) -> str:
        return next(key for key, choice in self.choices.items() if choice.isChecked())

    def _chosen(self) -> None:
        if not any(choice.isChecked() for choice in self.choices.values()) or not hasattr(self, "reason"):
            return
        which = self._which()
        self.form.setRowVisible(self.passphrase, which != "end")
        self.form.setRowVisible(self.again, which == "new")
        self.form.setRowVisible(self.reason, which != "known")
        self.fit()

    def submit(self) -> None:
        """Do what is chosen."""
        desk, which = self.workplace.desk(self.token), self._which()
        passphrase, again, reason = self.passphrase.text(), self.again.text(), self.reason.text()
        if which == "end":
            self.save(lambda session: backupplan.end_encryption(session, desk, reason), "Later backups are plain files.", ())
            return
        from app.keystore import open_key_store

        if which == "known":
            work = lambda session: backupplan.unlock_passphrase(session, open_key_store(), passphrase)  # noqa: E731
            self.save(work, "This PC knows the passphrase now.", ())
            return
        self.save(
            lambda session: backupplan.set_passphrase(session, desk, open_key_store(), passphrase, again, reason),
            "Backups are encrypted from now on. Keep the passphrase away from this PC.",
            (),
        )
