"""One call of each service function that takes a desk, and the least role that may make it (BOTH-4 and others)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from staffed_office import PASSWORDS, StaffedOffice
from support_members import sign_up
from support_office import listed

from app.errors import NotPermitted
from app.keystore import FileKeyStore
from app.models import database
from app.services import (
    accountforms,
    accounts,
    approvals,
    autopay,
    autopayanswers,
    backup,
    backupplan,
    bank_numbers,
    billing,
    billingcompare,
    billingreversal,
    checkentry,
    checks,
    checkstock,
    collections,
    credits,
    customerdata,
    customerfile_export,
    dayclose,
    daypreview,
    deposits,
    duetoday,
    importing,
    limits,
    membercorrections,
    memberplans,
    members,
    notes,
    office,
    officekey,
    outlook,
    outstanding,
    paperreceipts,
    pastdue,
    paymentmethods,
    payments,
    people,
    policychanges,
    receipts,
    refundpaper,
    refunds,
    restoring,
    returneditems,
    returnedoutlook,
    returnreversal,
    returnreversaloutlook,
    scheduled,
    statementprints,
    subscriptions,
    whatif,
    work,
)
from app.services.bank_numbers import BankNumber
from app.services.gateways.autopay import DeclineListGateway
from app.services.gateways.mail import NoMail
from app.services.outstanding import Clearing
from app.services.people import PersonForm
from app.services.permissions import ANYBODY
from app.services.policies.facts import InstalmentFacts

Act = Callable[[], object]
Prepare = Callable[[StaffedOffice], Act]
NET = 3100
WHY = "asked for it"
MEMBER = accounts.AccountForm("Mia Member", "membership-arrears", plan="Premiere")
ADDRESS = ("5 Elm St", "Hill City SD 57745")


def _on_account(service: Callable[..., object], *given: Any, **named: Any) -> Prepare:
    """A service on an ordinary account, which has a service since January 1."""

    def prepare(o: StaffedOffice) -> Act:
        account = o.open(service_cents=NET, email="ann@example.net")
        return lambda: o.do(service, account, *given, **named)

    return prepare


def _plain(service: Callable[..., object], *given: Any, **named: Any) -> Prepare:
    return lambda o: lambda: o.do(service, *given, **named)


def _in_credit(o: StaffedOffice, name: str = "Cleo Closed") -> int:
    """A closed account that is owed a refund, on January 20."""
    o.on(1, 1)
    account = o.open(name, NET)
    o.on(1, 10).check(account, 9000, f"c{account}")
    o.on(1, 20).do(subscriptions.cancel_account, account)
    return account


def _refund(o: StaffedOffice) -> int:
    _in_credit(o)
    return int(o.on(2, 2).do(refunds.run_refunds).refund_ids[0])


def _on_refund(service: Callable[..., object], *, printed: bool = False, unclaimed: bool = False) -> Prepare:
    def prepare(o: StaffedOffice) -> Act:
        refund = _refund(o)
        if printed:
            o.do(outstanding.confirm_sheets, [5001], ())
        if unclaimed:
            o.on(8, 10).do(refunds.move_to_unclaimed, refund, WHY)
        return lambda: o.do(service, refund, WHY)

    return prepare


def _past_due(o: StaffedOffice) -> int:
    o.on(1, 1)
    account = o.open(service_cents=NET)
    o.on(3, 10)
    return account


def _reactivated(o: StaffedOffice) -> int:
    """An account suspended twice and restored by payments: a re-activation fee is proposed (ADV-17)."""
    account = _past_due(o)
    for number in ("r1", "r2"):
        o.do(collections.suspend, [account])
        o.check(account, o.balance(account), number)
        if number == "r1":
            o.on(3, 11).do(payments.return_payment, o.sql("SELECT max(id) FROM payment")[0][0])
            o.on(6, 20)
    return account


def _batch(o: StaffedOffice) -> int:
    return o.do(checks.log_mail, 1, 1000)


def _logged(o: StaffedOffice) -> int:
    return o.do(checks.log_check, _batch(o), 1000, "88")


def _on_logged(service: Callable[..., object], *given: Any) -> Prepare:
    def prepare(o: StaffedOffice) -> Act:
        check = _logged(o)
        return lambda: o.do(service, check, *given)

    return prepare


def _paid(o: StaffedOffice) -> int:
    return o.check(o.open(service_cents=NET), 1000, "77")


def _on_payment(service: Callable[..., object], *given: Any, **named: Any) -> Prepare:
    def prepare(o: StaffedOffice) -> Act:
        payment = _paid(o)
        return lambda: o.do(service, payment, *given, **named)

    return prepare


def _receipt_missing(o: StaffedOffice) -> list[int]:
    """A payment of somebody without an e-mail address, on the evening of its day."""
    payment = _paid(o)
    o.do(receipts.send_receipts, NoMail())
    return [payment]


def _asked_by_card(o: StaffedOffice) -> int:
    """An account that owes, and whose card may be asked."""
    account = o.open(service_cents=NET)
    o.do(accounts.change_payment_method, account, "card", form_signed=True)
    return account


def _drafted(o: StaffedOffice) -> int:
    """A payment that auto-pay took of an account billed in advance."""
    _asked_by_card(o)
    autopay.run_autopay(o.books, o.desk, DeclineListGateway())
    return int(o.sql("SELECT max(id) FROM payment")[0][0])


def _member(o: StaffedOffice) -> int:
    """A member whose processing fee is paid: fee dates are set."""
    account = sign_up(o.on(1, 1))
    o.on(1, 2).do(members.record_work_performed, account)
    o.on(1, 6).bill()
    o.check(account, o.balance(account), "m1")
    return account


def _undecided(o: StaffedOffice) -> int:
    account = o.open(service_cents=NET)
    hours = datetime.fromisoformat("2026-01-07T20:00"), datetime.fromisoformat("2026-01-07T21:00")
    o.on(1, 8).do(work.log_work, account, "repair", *hours)
    return int(o.sql("SELECT max(id) FROM work")[0][0])


def _charged_fee(o: StaffedOffice) -> tuple[int, int]:
    o.do(payments.return_payment, _paid(o))
    invoice, line = o.sql("SELECT invoice_id, n FROM line WHERE kind = 'returned-admin-fee'")[0]
    return invoice, line


def _run(o: StaffedOffice) -> int:
    o.open(service_cents=NET)
    return int(o.on(2, 1).bill().run_id or 0)


def _waiting(o: StaffedOffice) -> int:
    account = o.open(service_cents=NET)
    o.do(subscriptions.change_price, account, "net", 4000, date(2026, 2, 10))
    return int(o.sql("SELECT max(id) FROM scheduled_change")[0][0])


def _note(o: StaffedOffice) -> int:
    return o.do(notes.add_note, o.open(), "Call back", date(2026, 1, 1))


def _box(o: StaffedOffice) -> Act:
    ((box,),) = o.sql("SELECT id FROM check_stock")
    return lambda: o.do(refundpaper.change_box, box, 5003, "voucher-middle", WHY)


def _given(find: Callable[[StaffedOffice], Any], service: Callable[..., object], *rest: Any, **named: Any) -> Prepare:
    """Prepare something, then call a service on what it gave."""

    def prepare(o: StaffedOffice) -> Act:
        found = find(o)
        found = found if isinstance(found, tuple) else (found,)
        return lambda: o.do(service, *found, *rest, **named)

    return prepare


def _on_books(service: Callable[..., object], *rest: Any, find: Callable[[StaffedOffice], Any] | None = None) -> Prepare:
    """A service that takes the whole office: a run, or a look ahead."""

    def prepare(o: StaffedOffice) -> Act:
        found = () if find is None else (find(o),)
        return lambda: service(o.books, o.desk, *found, *rest)

    return prepare


def _account(o: StaffedOffice) -> int:
    return o.open(service_cents=NET)


def _billable(o: StaffedOffice, service: Callable[..., object], *rest: Any) -> Act:
    o.open(service_cents=NET)
    o.on(2, 1)
    return lambda: service(o.books, o.desk, *rest)


def _attempt(o: StaffedOffice) -> Act:
    _asked_by_card(o)
    (item,) = o.see(autopay.due, o.desk)
    return lambda: o.do(autopay.attempt, item, DeclineListGateway())


def _answered(o: StaffedOffice) -> Act:
    account = _asked_by_card(o)
    return lambda: o.do(autopayanswers.record_attempt, account, approved=False)


def _plan_changed(o: StaffedOffice) -> Act:
    o.do(memberplans.change_plan, sign_up(o), "Limited")
    change = int(o.sql("SELECT max(id) FROM plan_change")[0][0])
    return lambda: o.do(memberplans.undo_plan_change, change, WHY)


def _worked_by_mistake(o: StaffedOffice) -> Act:
    account = sign_up(o)
    o.do(members.record_work_performed, account)
    return lambda: o.do(membercorrections.take_back, account, "work", WHY)


def _asked(o: StaffedOffice) -> Act:
    _asked_by_card(o)
    return lambda: autopay.run_autopay(o.books, o.desk, DeclineListGateway())


def _clear(o: StaffedOffice) -> Act:
    _refund(o)
    return lambda: o.do(outstanding.clear_checks, [Clearing(5001, None, o.day)])


def _cleared(o: StaffedOffice) -> int:
    _clear(o)()
    return 5001


def _unclaimed_check(o: StaffedOffice) -> tuple[int, date]:
    refund = _refund(o)
    o.on(8, 10).do(refunds.move_to_unclaimed, refund, WHY)
    return 5001, o.day


def _refund_day(o: StaffedOffice) -> Act:
    _in_credit(o)
    o.on(2, 2)
    return lambda: o.do(refunds.run_refunds)


def _confirm(o: StaffedOffice) -> Act:
    _refund(o)
    return lambda: o.do(outstanding.confirm_sheets, [5001], ())


def _settle(o: StaffedOffice) -> Act:
    payment = _drafted(o)
    return lambda: o.do(payments.settle_clearing, [payment])


def _post(o: StaffedOffice) -> Act:
    account = _account(o)
    return lambda: o.do(checks.post_check, checks.CheckForm(account, 1000, "9"))


def _split(o: StaffedOffice) -> Act:
    one, other = _account(o), _account(o)
    form = checks.CheckForm(one, 1000, "9")
    return lambda: o.do(checks.post_split_check, form, [(one, 400), (other, 600)])


def _enter(o: StaffedOffice) -> Act:
    account, batch = _account(o), _batch(o)
    return lambda: o.do(checkentry.post_entry, checks.CheckForm(account, 1000, "9"), batch_id=batch)


def _aside(o: StaffedOffice) -> Act:
    batch = _batch(o)
    return lambda: o.do(checkentry.set_aside, checks.CheckForm(0, 1000, "9"), "hold", WHY, batch_id=batch)


def _take_back(o: StaffedOffice) -> Act:
    _post(o)()
    ((check,),) = o.sql("SELECT id FROM mail_check")
    return lambda: o.do(checkentry.take_back, check, WHY, "post")


def _deposit(o: StaffedOffice) -> Act:
    _paid(o)
    return lambda: o.do(deposits.make_deposit)


def _taken_out(o: StaffedOffice) -> Act:
    _paid(o)
    made = o.do(deposits.make_deposit)
    ((check,),) = o.sql("SELECT id FROM mail_check")
    return lambda: o.do(deposits.take_out, made, [check], WHY)


def _confirmed(o: StaffedOffice) -> Act:
    account = _past_due(o)
    return lambda: o.do(pastdue.suspend_confirmed, [account])


def _other_person(o: StaffedOffice) -> int:
    """The clerk's colleague, added for the purpose."""
    o.role = "administrator"
    return o.do(people.add_person, PersonForm("Nell New", "nell", "clerk", "apples and pears"))


def _blocked(o: StaffedOffice) -> int:
    found = _other_person(o)
    o.do(people.block_person, found, WHY)
    return found


def _details(o: StaffedOffice) -> Act:
    form = office.OfficeForm("Test Office", ADDRESS, phone="605-555-0101")
    return lambda: o.do(office.update_office, form, WHY)


def _sheet_mark(o: StaffedOffice) -> Act:
    run = _run(o)
    return lambda: o.do(statementprints.mark_sent, run, "email", 1, 1, "by hand")


def _letters_mark(o: StaffedOffice) -> Act:
    run = _run(o)
    ids = [row.account_id for row in o.see(statementprints.statement_list, run)]
    return lambda: o.do(statementprints.mark_emailed, run, ids)


def _pages_mark(o: StaffedOffice) -> Act:
    run = _run(o)
    made = statementprints.MadeStatements((), 1, 1, 1, 1, ((1,),))
    pages = [statementprints.PrintedPages(0, 1, 1)]
    return lambda: o.do(statementprints.mark_pages, run, statementprints.ALL, made, pages, "by hand")


def _look_ahead(o: StaffedOffice) -> Act:
    account = _account(o)
    return lambda: outlook.look_ahead(
        o.books, o.desk, account, lambda session, desk: accounts.change_phone(session, desk, account, "605-555-0102")
    )


def _own_password(o: StaffedOffice) -> Act:
    return lambda: o.do(people.change_own_password, PASSWORDS[o.role], "apples and pears")


def _in_a_file(o: StaffedOffice) -> Path:
    """The office as it is now, in a file of its own."""
    path = o.folder / "office.db"
    path.write_bytes(o.image())
    return path


def _back_up(o: StaffedOffice) -> Act:
    path = _in_a_file(o)

    def act() -> None:
        with database.open_existing(path) as books:
            backup.back_up(books, o.desk, "by-hand", o.folder)

    return act


def _restore(o: StaffedOffice) -> Act:
    with database.open_existing(_in_a_file(o)) as books:
        made = backup.back_up(books, o.desk, "by-hand", o.folder).path
    return lambda: restoring.restore(made, o.folder / f"as {o.role}.db", o.desk)


def _keys(o: StaffedOffice) -> FileKeyStore:
    return FileKeyStore(o.folder / "keys")


def _encrypt(o: StaffedOffice) -> Act:
    phrase = "four words are enough"
    return lambda: o.do(backupplan.set_passphrase, _keys(o), phrase, phrase, WHY)


def _with_key(o: StaffedOffice) -> FileKeyStore:
    o.role, before = "manager", o.role
    if not o.see(officekey.has_key):
        o.do(officekey.make_key, _keys(o))
    o.role = before
    return _keys(o)


def _bank_account(o: StaffedOffice) -> Act:
    keys, account = _with_key(o), o.open(service_cents=NET)
    number = BankNumber("091400046", "12345678", "checking")
    return lambda: o.do(paymentmethods.change_bank_account, keys, account, "echeck", number)


def _stored(o: StaffedOffice) -> int:
    account, keys = _account(o), _with_key(o)
    o.do(bank_numbers.store, keys, account, "091400046", "12345678")
    return account


def _number(o: StaffedOffice) -> Act:
    account, keys = _account(o), _with_key(o)
    return lambda: o.do(bank_numbers.store, keys, account, "091400046", "12345678")


def _shown_number(o: StaffedOffice) -> Act:
    account = _stored(o)
    return lambda: o.do(bank_numbers.reveal, _keys(o), account, WHY)


def _sheet(o: StaffedOffice) -> Act:
    keys = _with_key(o)
    return lambda: o.do(officekey.sheet_key, keys, WHY)


def _returned(o: StaffedOffice) -> Act:
    payment = _paid(o)
    return lambda: o.do(returneditems.record, returneditems.ReturnedItem(payment))


def _failed_by_mistake(o: StaffedOffice) -> Act:
    account = _asked_by_card(o)
    o.do(autopayanswers.record_attempt, account, approved=False)
    attempt = o.sql("SELECT max(id) FROM payment_attempt")[0][0]
    return lambda: o.do(autopayanswers.take_back_attempt, attempt, WHY)


def _return_back(o: StaffedOffice) -> Act:
    payment = _paid(o)
    o.do(returneditems.record, returneditems.ReturnedItem(payment))
    return lambda: o.do(returnreversal.take_back_return, payment, WHY)


def _return_back_told(o: StaffedOffice) -> Act:
    payment = _paid(o)
    o.do(returneditems.record, returneditems.ReturnedItem(payment))
    return lambda: o.do(returnreversaloutlook.take_back, payment, WHY)


def _returned_looked_at(o: StaffedOffice) -> Act:
    payment = _paid(o)
    return lambda: returnedoutlook.look_ahead(o.books, o.desk, returneditems.ReturnedItem(payment))


def _drawn_sheet(o: StaffedOffice) -> Act:
    keys = _with_key(o)
    return lambda: o.do(officekey.write_sheet, keys, o.folder / f"sheet of {o.role}.pdf", WHY)


def _withdrawn(o: StaffedOffice) -> Act:
    o.do(policychanges.change_policy, "isp-advance", date(2026, 12, 1), {"late_fee": "12.00"}, WHY)
    version = o.sql("SELECT max(id) FROM policy_version")[0][0]
    return lambda: o.do(policychanges.withdraw_change, version, WHY)


def _given_out(o: StaffedOffice) -> Act:
    account = _account(o)
    return lambda: o.do(customerdata.export_customer, account, o.folder / f"data for {o.role}.zip", WHY)


def _gone(o: StaffedOffice) -> Act:
    account = o.open("Gone Customer")
    o.do(subscriptions.cancel_account, account, o.day)
    return lambda: o.do(customerdata.blank_customer, account, WHY)


_INSTALMENTS = [InstalmentFacts(date(2026, 5, 1), 100)]
_HOURS = datetime.fromisoformat("2025-12-31T09:00"), datetime.fromisoformat("2025-12-31T10:00")


def _refused() -> NotPermitted:
    return NotPermitted("", "supervisor", what="courtesy-credit", subject="5 dollars", words="A courtesy credit of 5.00")


def _requested(o: StaffedOffice) -> Act:
    o.role, role = "clerk", o.role
    request = o.do(approvals.ask, _refused())
    o.role = role
    return lambda: o.do(approvals.answer, request, approves=True)


DEEDS: dict[str, tuple[str, Prepare]] = {
    "approvals.ask": ("clerk", lambda o: lambda: o.do(approvals.ask, _refused())),
    "approvals.approved_before": (ANYBODY, lambda o: lambda: o.see(approvals.approved_before, o.desk, "run-billing")),
    "approvals.answer": ("supervisor", _requested),
    "accountforms.open_with_services": (
        "clerk",
        _plain(accountforms.open_with_services, accounts.AccountForm("Abe Ashe", address=ADDRESS)),
    ),
    "accountforms.change_contact": (
        "clerk",
        _on_account(accountforms.change_contact, accountforms.ContactForm("Ann Ames", ADDRESS, "", "605-555-0103")),
    ),
    "accounts.open_account": ("clerk", _plain(accounts.open_account, accounts.AccountForm("Abe Ashe", address=ADDRESS))),
    "accounts.change_address": ("clerk", _on_account(accounts.change_address, ("1 New St", "Custer SD 57730"))),
    "accounts.change_delivery": ("clerk", _on_account(accounts.change_delivery, "paper")),
    "accounts.change_email": ("clerk", _on_account(accounts.change_email, "new@example.net")),
    "accounts.change_name": ("clerk", _on_account(accounts.change_name, "Ann Adams")),
    "accounts.change_phone": ("clerk", _on_account(accounts.change_phone, "605-555-0104")),
    "accounts.change_payment_method": ("clerk", _on_account(accounts.change_payment_method, "card")),
    "accounts.record_authorization": (
        "clerk",
        lambda o: (lambda account: lambda: o.do(accounts.record_authorization, account))(o.open(autopay="card")),
    ),
    "autopay.due": (ANYBODY, lambda o: lambda: o.see(autopay.due, o.desk)),
    "autopay.attempt": ("manager", _attempt),
    "autopay.run_autopay": ("manager", _asked),
    "autopayanswers.take_back_attempt": ("supervisor", _failed_by_mistake),
    "autopayanswers.record_attempt": ("clerk", _answered),
    "backup.back_up": ("clerk", _back_up),
    "backupplan.change_plan": ("manager", _plain(backupplan.change_plan, backupplan.BackupPlan(keep_daily=9), WHY)),
    "backupplan.set_passphrase": ("manager", _encrypt),
    "officekey.make_key": ("manager", lambda o: lambda: o.do(officekey.make_key, _keys(o))),
    "officekey.sheet_key": ("manager", _sheet),
    "officekey.write_sheet": ("manager", _drawn_sheet),
    "customerdata.export_customer": ("supervisor", _given_out),
    "customerdata.blank_customer": ("manager", _gone),
    "bank_numbers.store": ("clerk", _number),
    "paymentmethods.change_bank_account": ("clerk", _bank_account),
    "bank_numbers.reveal": ("supervisor", _shown_number),
    "returneditems.record": ("clerk", _returned),
    "returnreversaloutlook.take_back": ("supervisor", _return_back_told),
    "returnreversal.take_back_return": ("supervisor", _return_back),
    "returnedoutlook.look_ahead": (ANYBODY, _returned_looked_at),
    "backupplan.end_encryption": ("manager", _plain(backupplan.end_encryption, WHY)),
    "billing.preview": (ANYBODY, lambda o: _billable(o, billing.preview)),
    "billing.bill_account": ("manager", _on_account(billing.bill_account)),
    "billing.run_billing": ("manager", lambda o: _billable(o, billing.run_billing)),
    "billingcompare.compare": (ANYBODY, lambda o: _billable(o, billingcompare.compare)),
    "billingreversal.reverse_run": ("manager", _on_books(billingreversal.reverse_run, WHY, find=_run)),
    "checkentry.post_entry": ("clerk", _enter),
    "checkentry.set_aside": ("clerk", _aside),
    "checkentry.take_back": ("clerk", _take_back),
    "checkentry.strike": ("clerk", _on_logged(checkentry.strike, WHY)),
    "checks.log_mail": ("clerk", _plain(checks.log_mail, 1, 1000)),
    "checks.correct_batch": ("clerk", _given(_batch, checks.correct_batch, 2, 2000, WHY)),
    "checks.correct_logged_check": ("clerk", _on_logged(checks.correct_logged_check, 1100, "88", WHY)),
    "checks.log_check": ("clerk", _given(_batch, checks.log_check, 1000, "88")),
    "checks.post_check": ("clerk", _post),
    "checks.post_split_check": ("clerk", _split),
    "checks.hold_check": ("clerk", _on_logged(checks.hold_check, WHY)),
    "checks.return_to_sender": ("clerk", _on_logged(checks.return_to_sender, WHY)),
    "checkstock.add_box": ("manager", _plain(checkstock.add_box, "Spring", "voucher-top", 900_001, 900_100)),
    "collections.suspend": ("supervisor", _given(lambda o: _past_due(o) and (), collections.suspend)),
    "collections.arrange": ("clerk", _given(_past_due, collections.arrange, _INSTALMENTS)),
    "collections.approve_reactivation": ("supervisor", _given(_reactivated, collections.approve_reactivation, WHY)),
    "collections.waive_reactivation": ("supervisor", _given(_reactivated, collections.waive_reactivation, WHY)),
    "credits.courtesy_credit": ("supervisor", _on_account(credits.courtesy_credit, 100, WHY)),
    "credits.write_off": ("supervisor", _on_account(credits.write_off, 100, WHY)),
    "credits.waive_before_charged": ("supervisor", _on_account(credits.waive_before_charged, "late-fee:2026-02", WHY)),
    "credits.waive_charge": ("supervisor", _given(_charged_fee, credits.waive_charge, WHY)),
    "dayclose.close_day": ("clerk", _plain(dayclose.close_day, NoMail())),
    "daypreview.close_preview": (ANYBODY, lambda o: lambda: o.see(daypreview.close_preview, o.desk)),
    "deposits.make_deposit": ("clerk", _deposit),
    "deposits.take_out": ("clerk", _taken_out),
    "duetoday.do_everything_due": (
        "manager",
        lambda o: _billable(o, duetoday.do_everything_due, DeclineListGateway(), NoMail()),
    ),
    "duetoday.is_closed": (ANYBODY, _on_books(duetoday.is_closed)),
    "customerfile_export.export_customers": (
        "manager",
        lambda o: lambda: o.do(customerfile_export.export_customers, o.folder / f"customers for {o.role}.csv"),
    ),
    "importing.import_accounts": ("manager", _plain(importing.import_accounts, [listed()])),
    "accountforms.open_membership": ("clerk", _plain(accountforms.open_membership, MEMBER, performed=True)),
    "memberplans.change_plan": ("clerk", _given(sign_up, memberplans.change_plan, "Limited")),
    "memberplans.change_individuals": ("clerk", _given(sign_up, memberplans.change_individuals, 3)),
    "memberplans.undo_plan_change": ("clerk", _plan_changed),
    "membercorrections.take_back": ("clerk", _worked_by_mistake),
    "members.record_work_performed": ("clerk", _given(sign_up, members.record_work_performed)),
    "members.instruct_early": ("clerk", _given(sign_up, members.instruct_early, date(2026, 1, 2))),
    "limits.change_limits": ("administrator", _plain(limits.change_limits, limits.Limits(credit=5000), WHY)),
    "members.change_fee_day": ("clerk", _given(_member, members.change_fee_day, 20)),
    "notes.add_note": ("clerk", _on_account(notes.add_note, "Call back")),
    "notes.mark_done": ("clerk", _given(_note, notes.mark_done)),
    "office.update_office": ("manager", _details),
    "policychanges.change_policy": (
        "manager",
        _plain(policychanges.change_policy, "isp-advance", date(2026, 12, 1), {"late_fee": "12.00"}, WHY),
    ),
    "policychanges.withdraw_change": ("manager", _withdrawn),
    "outlook.look_ahead": (ANYBODY, _look_ahead),
    "outstanding.confirm_sheets": ("supervisor", _confirm),
    "outstanding.clear_checks": ("clerk", _clear),
    "outstanding.unclear_check": ("supervisor", _given(_cleared, outstanding.unclear_check, WHY)),
    "outstanding.reissue_unclaimed": ("supervisor", _on_refund(outstanding.reissue_unclaimed, unclaimed=True)),
    "outstanding.paid_after_all": ("supervisor", _given(_unclaimed_check, outstanding.paid_after_all, WHY)),
    "pastdue.suspend_confirmed": ("supervisor", _confirmed),
    "pastdue.decide_reactivation": ("supervisor", _given(_reactivated, pastdue.decide_reactivation, WHY, charge=True)),
    "payments.return_payment": ("clerk", _on_payment(payments.return_payment)),
    "payments.charge_back": ("clerk", _given(_drafted, payments.charge_back)),
    "payments.reverse_payment": ("clerk", _on_payment(payments.reverse_payment, WHY)),
    "payments.settle_clearing": ("clerk", _settle),
    "people.make_first_administrator": (ANYBODY, lambda o: lambda: None),
    "people.add_person": (
        "administrator",
        _plain(people.add_person, PersonForm("Nell New", "nell", "clerk", "apples and pears")),
    ),
    "people.change_person": ("administrator", _given(_other_person, people.change_person, "Nell New", "supervisor", WHY)),
    "people.block_person": ("administrator", _given(_other_person, people.block_person, WHY)),
    "people.unblock_person": ("administrator", _given(_blocked, people.unblock_person, WHY)),
    "people.reset_password": ("administrator", _given(_other_person, people.reset_password, "pears and apples", WHY)),
    "people.change_own_password": (ANYBODY, _own_password),
    "paperreceipts.hand_over": ("clerk", _given(_receipt_missing, paperreceipts.hand_over)),
    "receipts.receipts_due": (ANYBODY, lambda o: lambda: o.see(receipts.receipts_due, o.desk)),
    "receipts.send_receipts": ("clerk", _plain(receipts.send_receipts, NoMail())),
    "receipts.send_under": ("clerk", _plain(receipts.send_receipts, NoMail())),
    "refundpaper.change_box": ("supervisor", _box),
    "refunds.run_refunds": ("supervisor", _refund_day),
    "refunds.refund_now": ("supervisor", _given(_in_credit, refunds.refund_now, WHY)),
    "refunds.move_to_unclaimed": ("supervisor", _on_refund(refunds.move_to_unclaimed, printed=True)),
    "refunds.void_refund": ("supervisor", _on_refund(refunds.void_refund)),
    "refunds.reprint_refund": ("supervisor", _on_refund(refunds.reprint_refund)),
    "refunds.stop_and_reissue": ("supervisor", _on_refund(refunds.stop_and_reissue, printed=True)),
    "refunds.print_anew": ("supervisor", _on_refund(refunds.print_anew)),
    "restoring.restore": ("manager", _restore),
    "scheduled.undo_scheduled": ("clerk", _given(_waiting, scheduled.undo_scheduled)),
    "statementprints.mark_emailed": ("clerk", _letters_mark),
    "statementprints.mark_pages": ("clerk", _pages_mark),
    "statementprints.mark_sent": ("clerk", _sheet_mark),
    "subscriptions.add_service": ("clerk", _on_account(subscriptions.add_service, "tv", 500)),
    "subscriptions.change_price": ("clerk", _on_account(subscriptions.change_price, "net", 4000)),
    "subscriptions.end_service": ("clerk", _on_account(subscriptions.end_service, "net")),
    "subscriptions.cancel_account": ("clerk", _on_account(subscriptions.cancel_account)),
    "whatif.pays": (ANYBODY, _on_books(whatif.pays, 1000, find=_account)),
    "whatif.cancels": (ANYBODY, _on_books(whatif.cancels, date(2026, 2, 10), find=_account)),
    "whatif.arranges": (ANYBODY, _on_books(whatif.arranges, _INSTALMENTS, find=_past_due)),
    "whatif.next_bill": (ANYBODY, _on_books(whatif.next_bill, find=_account)),
    "work.log_work": ("clerk", _on_account(work.log_work, "repair", *_HOURS)),
    "work.decide_work": ("supervisor", _given(_undecided, work.decide_work, 1000, WHY)),
}
