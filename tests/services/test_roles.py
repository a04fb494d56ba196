"""Every service function that takes a desk, in every role: done or refused just as the table here says."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from role_deeds import DEEDS
from staffed_office import StaffedOffice, quick_passwords
from support_databases import on_server

import app.services
from app.errors import NotPermitted, SignInAgain
from app.models.bulk import execute
from app.services import autopay, billing, credits, notes, whatif
from app.services.desk import Approver, begin, prove
from app.services.gateways.autopay import DeclineListGateway
from app.services.permissions import ANYBODY, AUDITOR, RIGHTS, ROLES, may, rank

# The gate itself, and the sample office's own morning.
NOT_ASKED = {
    "desk.require_role",
    "desk.require_right",
    "desk.refuse_closed_or_future",
    "desk.begin",
    "desk.begin_on_any_day",
}
NOT_ASKED |= {"limits.require_within", "limits.require_second", "limits.require_second_for_refund"}
NOT_ASKED |= {"limits.require_waivable"}
# They need a server: the first is a part of `backup.back_up`, the others are asked by tests/services/test_server_backup.py,
# tests/ui/test_server_windows.py and tests/services/test_serverplaces.py.
NOT_ASKED |= {"serverbackup.dump_office", "serverrestoring.restore_on_server", "serverrestoring.restore_with_link"}
# The move is asked by tests/services/test_connecting.py.
NOT_ASKED |= {"connecting.require_mover", "connecting.move_to_server"}
NOT_ASKED |= {"approvals.is_request", "requestpreview.preview_of"}
NOT_ASKED |= {"sameday.credits_given", "sameday.refunded", "sameday.waived"}
# Part of the gate; and what is only read for the person at work.
NOT_ASKED |= {"approvals.allowed", "approvals.waiting_requests", "approvals.own_approved", "requestlines.request_lines"}
NOT_ASKED |= {"demomail.post_the_mail", "reversaloutlook.require_manager", "refundapproval.approved_refunds"}
NOT_ASKED |= {"refundapproval.approved_again"}


def taking_a_desk() -> set[str]:
    """Every public function of the services with a parameter `desk`, as `module.function`."""
    found = set()
    for module in pkgutil.walk_packages(app.services.__path__, "app.services."):
        for name, function in vars(importlib.import_module(module.name)).items():
            if name.startswith("_") or not inspect.isfunction(function) or function.__module__ != module.name:
                continue
            if "desk" in inspect.signature(function).parameters:
                found.add(f"{module.name.removeprefix('app.services.')}.{name}")
    return found - NOT_ASKED


def action_codes() -> set[str]:
    """Every code that a service begins an action with."""
    found = set()
    for path in Path(app.services.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < 3:
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("begin", "begin_on_any_day", "require_right"):
                code = node.args[2]
                if isinstance(code, ast.Constant):
                    found.add(code.value)
                elif isinstance(code, ast.Name) and code.id.isupper():
                    module = path.relative_to(Path(app.services.__path__[0])).with_suffix("").as_posix().replace("/", ".")
                    found.add(getattr(importlib.import_module(f"app.services.{module}"), code.id))
    return found


def test_every_function_that_takes_a_desk_is_in_the_table_and_none_beside_it() -> None:
    assert taking_a_desk() == set(DEEDS)


def test_every_action_that_a_service_begins_is_in_the_table_of_rights() -> None:
    assert action_codes() - set(RIGHTS) == set()
    assert all(len(code) <= 24 for code in RIGHTS)


def may_do(role: str, least: str) -> bool:
    return least == ANYBODY or (role != AUDITOR and rank(role) >= rank(least))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[StaffedOffice]:
    """The staffed office on New Year's day; the billing manager is at work."""
    with quick_passwords(), StaffedOffice() as made:
        made.folder = tmp_path
        yield made


# Done to an office's file beside the one at hand; for a server's see test_server_backup.
_OF_FILES = {"backup.back_up", "restoring.restore"}
_CASES = [
    pytest.param(name, marks=[pytest.mark.file_only("a backup of a file")] * (name in _OF_FILES)) for name in sorted(DEEDS)
]


@pytest.mark.parametrize("name", _CASES)
def test_a_function_is_open_to_the_roles_of_the_table_and_closed_to_the_others(office: StaffedOffice, name: str) -> None:
    least, prepare = DEEDS[name]
    act = prepare(office)
    image, before, last = office.image(), office.digest(), office.sql("SELECT max(id) FROM action")[0][0]
    # Who may do what is decided before the database is asked; there it is shown that the program's role may do it.
    roles = [role for role in ROLES if may_do(role, least)][:1] if on_server() else ROLES
    for role in roles:
        office.turn_back(image)
        office.role = role
        if may_do(role, least):
            act()
            new = office.sql("SELECT DISTINCT role, person_id FROM action WHERE id > ?", last)
            assert new in ([], [(role, office.person(role).person)]), f"{role}: {new}"
            assert new or office.digest() == before, f"a {role} changed something without a record"
        else:
            with pytest.raises(NotPermitted):
                act()
            assert office.digest() == before, f"a {role} was refused, and something is different"


def test_an_approver_lends_a_role_to_one_action_and_stands_in_its_record(office: StaffedOffice) -> None:
    account = office.open(service_cents=3100)
    office.role, office.approver = "clerk", "supervisor"
    office.do(credits.courtesy_credit, account, 500, "an outage")
    (row,) = office.sql("SELECT actor, role, approved_by, approver_id FROM action ORDER BY id DESC LIMIT 1")
    assert row == ("Carl Clerk", "clerk", "Sue Super (supervisor)", office.person("supervisor").person)
    office.approver = None
    with pytest.raises(NotPermitted, match="needs a supervisor") as refused:
        office.do(credits.courtesy_credit, account, 500, "an outage")
    assert refused.value.role == "supervisor"


@pytest.mark.parametrize(("role", "approver"), [("clerk", "auditor"), ("auditor", "administrator"), ("clerk", "clerk")])
def test_an_approval_that_is_none_changes_nothing(office: StaffedOffice, role: str, approver: str) -> None:
    account = office.open(service_cents=3100)
    office.role, office.approver = role, approver
    with pytest.raises(NotPermitted):
        office.do(credits.courtesy_credit, account, 500, "an outage")


def test_a_run_is_refused_before_its_first_account_not_at_each(office: StaffedOffice) -> None:
    office.open(service_cents=3100)
    office.on(2, 1).role = "clerk"
    before = office.digest()
    with pytest.raises(NotPermitted, match="The billing run needs a manager"):
        billing.run_billing(office.books, office.desk)
    with pytest.raises(NotPermitted, match="The auto-pay run needs a manager"):
        autopay.run_autopay(office.books, office.desk, DeclineListGateway())
    assert office.digest() == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE person SET state = 'blocked' WHERE id = ?", "may not sign in any more"),
        ("UPDATE person SET role = 'clerk' WHERE id = ?", "was changed by the administrator"),
        ("UPDATE person SET name = 'Somebody Else' WHERE id = ?", "was changed by the administrator"),
    ],
)
def test_who_was_blocked_or_changed_while_signed_in_does_nothing_more(office: StaffedOffice, change: str, said: str) -> None:
    account = office.open()
    for role, approver in (("supervisor", None), ("clerk", "supervisor")):
        office.role, office.approver = role, approver
        office.do(credits.courtesy_credit, account, 100, "before")
        with pytest.raises(SignInAgain, match=said), office.books.write() as session:
            prove(session, office.person("administrator").proof)
            execute(session, change, office.person("supervisor").person)
            credits.courtesy_credit(session, office.desk, account, 100, "after")


def test_nobody_acts_in_an_office_with_people_without_signing_in(office: StaffedOffice) -> None:
    account = office.open()
    with pytest.raises(SignInAgain, match="sign in first"), office.books.write() as session:
        notes.add_note(session, replace(office.desk, person=None), account, "from nowhere")
    with pytest.raises(SignInAgain), office.books.write() as session:
        notes.add_note(session, replace(office.desk, person=999), account, "from nowhere")
    with pytest.raises(SignInAgain), office.books.write() as session:
        forged = Approver(office.person("clerk").person, "Carl Clerk", "administrator")
        credits.courtesy_credit(session, office.desk.approved_by(forged), account, 100, "forged")


def test_an_unlisted_action_is_closed_below_the_billing_manager(office: StaffedOffice) -> None:
    for role in ROLES:
        office.role = role
        with office.books.write() as session:
            if role in ("manager", "administrator"):
                begin(session, office.desk, "never-heard-of")
            else:
                with pytest.raises(NotPermitted):
                    begin(session, office.desk, "never-heard-of")


def test_an_auditor_may_try_out_what_would_happen_and_leaves_not_one_row(office: StaffedOffice) -> None:
    account = office.open(service_cents=3100)
    office.role = "auditor"
    before = office.digest()
    assert whatif.cancels(office.books, office.desk, account, date(2026, 2, 10)).after.status == "closed"
    assert office.digest() == before


def test_every_right_names_a_role_and_says_what_it_is() -> None:
    for code, right in RIGHTS.items():
        assert right.words[0].isupper() and not right.words.endswith("."), code
        assert [role for role in ROLES if may(role, code)] == [role for role in ROLES if may_do(role, right.role)], code
