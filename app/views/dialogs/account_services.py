"""Services of an account: starting one, changing its price, ending it, and taking back what waits for its day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from app.errors import UserError
from app.money import format_cents
from app.services import scheduled, subscriptions
from app.services.choices import Choices, KnownService, ServiceChoice, known_services
from app.services.outlook import Deed
from app.views.dialogs.acting import ActionDialog, clear_and_add
from app.views.fields import DayEdit, MoneyEdit, format_day, named
from app.views.workplace import Workplace


class ServiceNameEdit(QComboBox):
    """The name of a service: typed, or one that this office sells; picking one fills in its usual price."""

    def __init__(self, object_name: str, accessible: str, price: MoneyEdit) -> None:
        super().__init__()
        named(self, object_name, accessible)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(20)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        edit = self.lineEdit()
        assert edit is not None
        named(edit, f"{object_name}-edit", accessible)
        edit.setMaxLength(200)
        completer = self.completer()
        if completer is not None:
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._price = price
        self._known: dict[str, int] = {}
        self._filled_in: int | None = None
        edit.editingFinished.connect(self._fill_in_price)
        self.activated.connect(lambda _index: self._fill_in_price())

    def show_known(self, known: Sequence[KnownService]) -> None:
        """Offer these services."""
        typed = self.currentText()
        self._known = {service.code: service.monthly_cents for service in known}
        self.blockSignals(True)
        self.clear()
        for service in known:
            self.addItem(service.code)
        self.setCurrentIndex(-1)
        self.setEditText(typed)
        self.blockSignals(False)

    def service_name(self) -> str:
        """What stands here, trimmed."""
        return self.currentText().strip()

    def _fill_in_price(self) -> None:
        cents = self._known.get(self.service_name())
        # A price that somebody typed is never replaced.
        untouched = not self._price.text().strip() or self._price.text() == format_cents(self._filled_in or -1)
        if cents is not None and untouched and cents != self._filled_in:
            self._filled_in = cents
            self._price.set_cents(cents)


class AddServiceDialog(ActionDialog):
    """Start a service on the business date (ADV-2)."""

    hint = "Choose the service and its monthly price: the first invoice is shown here before it is made."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "addservice", "Add a service", "&Add the service", parent)
        price = MoneyEdit("addservice.monthly", "Monthly price", implied_cents=workplace.settings.implied_cents)
        self.service = ServiceNameEdit("addservice.service", "Service", price)
        self.monthly = price
        self.add_row("&Service", self.service)
        self.add_row("&Monthly price", price)
        self.service.editTextChanged.connect(self.look_ahead)
        self.watch(price)
        self.tasks.read(known_services, self.service.show_known, owner=self, name="known")

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, name = self.account_id, self.service.service_name()
        if not name:
            raise UserError("Which service is it? Type its name or choose one of the list.", field="addservice.service")
        monthly = self.monthly.required_cents("The monthly price")
        return lambda session, desk: subscriptions.add_service(session, desk, account_id, name, monthly)

    def said(self, result: Any) -> str:
        return f"{self.service.service_name()} runs from {format_day(self.workplace.on)}."


def service_items(services: Sequence[ServiceChoice]) -> list[tuple[str, ServiceChoice]]:
    """Running services for a list: name and price."""
    return [(f"{service.name} · {format_cents(service.monthly_cents)} a month", service) for service in services]


class ChangePriceDialog(ActionDialog):
    """A new price of a service from a day on (BOTH-10)."""

    hint = "Type the new price: what is credited and billed again is shown here before it is done."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "price", "Change the price of a service", "&Change the price", parent)
        self.service = self.add_choice("&Service", "service", "Service")
        self.monthly = self.add_money("&New monthly price", "monthly", "New monthly price")
        self.effective = self.add_day("&From", "effective", "From day")
        self.effective.set_day(workplace.on)

    def fill(self, known: Choices) -> None:
        clear_and_add(self.service, service_items(known.services))

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, service = self.account_id, self.chosen(self.service, "running service")
        monthly = self.monthly.required_cents("The new price")
        effective = self.effective.required_day("The day from which the price counts")
        return lambda session, desk: subscriptions.change_price(session, desk, account_id, service.code, monthly, effective)

    def counts_from(self) -> DayEdit:
        return self.effective

    def hint_for(self, missing: UserError) -> str:
        return missing.message if self.service.count() == 0 else self.hint

    def said(self, result: Any) -> str:
        service = self.service.currentData()
        return f"{service.name} costs {self.monthly.text()} from {self.effective.text()}."


class EndServiceDialog(ActionDialog):
    """End one service; what was billed beyond its last day is credited (ADV-9)."""

    hint = "What is credited or still billed is shown here before it is done."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "endservice", "End a service", "&End the service", parent)
        self.service = self.add_choice("&Service", "service", "Service")
        self.effective = self.add_day("&Last day", "effective", "Last day of service")
        self.effective.set_day(workplace.on)

    def fill(self, known: Choices) -> None:
        clear_and_add(self.service, service_items(known.services))

    def deed(self) -> Deed:
        assert self.account_id is not None
        account_id, service = self.account_id, self.chosen(self.service, "running service")
        effective = self.effective.required_day("The last day")
        return lambda session, desk: subscriptions.end_service(session, desk, account_id, service.code, effective)

    def counts_from(self) -> DayEdit:
        return self.effective

    def hint_for(self, missing: UserError) -> str:
        return missing.message if self.service.count() == 0 else self.hint

    def said(self, result: Any) -> str:
        return f"{self.service.currentData().name} ends on {self.effective.text()}."


class UndoScheduledDialog(ActionDialog):
    """Take back a change that waits for its day (BOTH-10)."""

    hint = "No change waits for its day on this account."

    def __init__(self, workplace: Workplace, account_id: int, parent: QWidget | None = None) -> None:
        super().__init__(workplace, account_id, "undoscheduled", "Take back a waiting change", "&Take it back", parent)
        self.change = self.add_choice("&Change", "change", "Waiting change")

    def fill(self, known: Choices) -> None:
        clear_and_add(
            self.change, [(f"{format_day(change.effective)}  {change.words}", change) for change in known.scheduled]
        )

    def deed(self) -> Deed:
        change = self.chosen(self.change, "waiting change")
        return lambda session, desk: scheduled.undo_scheduled(session, desk, change.id)

    def describe(self, seen: Any) -> None:
        change = self.change.currentData()
        self.outcome.show_text(f"It would happen on {format_day(change.effective)}; taken back, nothing changes then.", "")

    def said(self, result: Any) -> str:
        return f"Taken back: {self.change.currentData().words}."
