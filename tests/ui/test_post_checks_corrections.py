"""Post checks: look-alikes, corrections by reversal, splitting, checks that wait, and what survives a crash."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QRadioButton
from ui.posting_keys import (
    ENTER,
    ESCAPE,
    TAB,
    cursor,
    desk,
    dollars,
    log_mail,
    open_page,
    owing,
    payments,
    text,
    type_check,
    typed,
)
from ui.window import Window

from app.services import checks, deposits
from app.services.books import open_office
from app.views.checks_batch import BatchTable
from app.views.checks_draft import Draft, Entry, Part
from app.views.pages.checks import ChecksPage

CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


def choose(window: Window, key: str, reason: str) -> None:
    """What becomes of a check, in the dialog that asks."""
    window.control(f"outcome.{key}", QRadioButton, window.dialog()).setChecked(True)
    window.press(reason, ENTER)
    window.settle()


def logged(window: Window, batch: int, cents: int, number: str, payer: str = "") -> int:
    """A check logged by a colleague, not posted."""
    with open_office(window.path) as books, books.write() as session:
        return checks.log_check(session, desk(window), batch, cents, number, payer=payer)


# Look-alikes


def test_escape_goes_back_from_a_look_alike_to_the_check_as_it_was_typed(window: Window) -> None:
    (_, account, name, cents), *_ = owing(window, 1)
    open_page(window, 2, 2 * cents)
    type_check(window, account, cents, "700")
    before = payments(window)
    type_check(window, account, cents, "700")
    assert cursor() == "checks.reason"
    window.press(ENTER)
    assert payments(window) == before
    window.press(ESCAPE)
    assert cursor() == "checks.number"
    assert (typed(window, "checks.account"), typed(window, "checks.number")) == (name, "700")
    window.press("1", ENTER, ENTER, ENTER)
    window.settle()
    assert payments(window) == before + 1


def test_a_reason_for_a_look_alike_is_not_taken_for_another_check_typed_over_it(window: Window) -> None:
    (_, account, _, cents), *_ = owing(window, 1)
    open_page(window, 3, 3 * cents)
    type_check(window, account, cents, "700")
    type_check(window, account, cents, "701")
    before = payments(window)
    # As it comes back into the form when its posting was refused for something else.
    page = window.frame.page
    assert isinstance(page, ChecksPage)
    window.press(account, ENTER, dollars(cents), ENTER, "700")
    page.entry.keep(force="a second one, both are here")
    window.type_into("checks.number", "701")
    window.press(ENTER, ENTER, ENTER)
    window.settle()
    assert cursor() == "checks.reason" and payments(window) == before


# Corrections


def test_a_check_entered_twice_is_struck_out_of_its_batch(window: Window) -> None:
    (account_id, account, _, cents), *_ = owing(window, 1)
    batch = open_page(window, 1, cents)
    type_check(window, account, cents, "700")
    type_check(window, account, cents, "700")
    window.press("really two", ENTER)
    window.settle()
    assert "Entered twice? Check 700" in text(window, "checks.doubt-1")
    window.shortcut(Qt.Key.Key_R, CONTROL)
    choose(window, "strike", "there is only one")
    assert text(window, "checks.difference") == "✓ In balance"
    assert window.rows("SELECT count(*) FROM mail_check WHERE batch_id = ?", batch) == [(1,)]
    assert window.rows("SELECT balance_cents FROM account WHERE id = ?", account_id) == [(0,)]
    assert window.books_agree()


def test_a_check_taken_back_after_the_deposit_is_posted_to_the_right_account(window: Window) -> None:
    (wrong, number, _, cents), (right, number_right, _, _) = owing(window, 2)
    open_page(window, 1, cents)
    type_check(window, number, cents, "700")
    with open_office(window.path) as books, books.write() as session:
        deposits.make_deposit(session, desk(window))
    window.go("checks")
    window.shortcut(Qt.Key.Key_R, CONTROL)
    window.press("wrong account", ENTER)
    window.settle()
    assert typed(window, "checks.number") == "700"
    assert window.control("checks.number", QLineEdit).isReadOnly()
    window.press(number_right, ENTER)
    window.settle()
    window.press(ENTER, ENTER)
    window.settle()
    assert window.rows(
        "SELECT p.account_id FROM payment p LEFT JOIN payment_reversal r ON r.payment_id = p.id "
        "WHERE p.check_number = '700' AND r.payment_id IS NULL"
    ) == [(right,)]
    assert window.rows("SELECT balance_cents FROM account WHERE id = ?", wrong) == [(cents,)]
    assert window.books_agree()


def test_taking_back_without_a_reason_is_refused_and_nothing_changes(window: Window) -> None:
    (_, account, _, cents), *_ = owing(window, 1)
    open_page(window, 1, cents)
    type_check(window, account, cents, "700")
    before = payments(window)
    window.shortcut(Qt.Key.Key_R, CONTROL)
    dialog = window.dialog()
    window.press(ENTER)
    window.settle()
    assert "needs a reason" in window.control("outcome.refusal", QLabel, dialog).text()
    window.press(ESCAPE)
    assert payments(window) == before


# Checks that wait


def test_a_logged_check_is_picked_up_from_the_list_and_posted_as_it_was_logged(window: Window) -> None:
    (account_id, account, _, cents), *_ = owing(window, 1)
    batch = log_mail(window, 1, cents)
    check = logged(window, batch, cents, "812")
    window.go("checks")
    window.shortcut(Qt.Key.Key_C, ALT)
    window.press(ENTER)
    window.settle()
    assert cursor() == "checks.account"
    assert (typed(window, "checks.amount"), typed(window, "checks.number")) == (
        window.read(lambda session: f"{checks.logged_check(session, check).cents / 100:,.2f}"),
        "812",
    )
    window.press(account, ENTER, ENTER, ENTER, ENTER)
    window.settle()
    assert window.rows("SELECT account_id, mail_check_id FROM payment ORDER BY id DESC LIMIT 1") == [(account_id, check)]
    assert text(window, "checks.difference") == "✓ In balance"


def test_another_page_can_hand_over_a_logged_check(window: Window) -> None:
    batch = log_mail(window, 1, 4995)
    check = logged(window, batch, 4995, "812", "M. Quill")
    log_mail(window, 5, 9999)
    window.go("checks", mail_check_id=check)
    window.settle()
    assert (typed(window, "checks.number"), typed(window, "checks.account")) == ("812", "M. Quill")
    assert text(window, "checks.count") == "1 of 1"


def test_a_logged_check_posted_with_another_amount_asks_for_the_reason(window: Window) -> None:
    (_, account, _, _), *_ = owing(window, 1)
    batch = log_mail(window, 1, 4995)
    check = logged(window, batch, 4959, "812")
    window.go("checks", mail_check_id=check)
    window.settle()
    window.press(account, ENTER, "49.95", ENTER, ENTER, ENTER)
    window.settle()
    assert cursor() == "checks.reason"
    assert "logged as check 812 for 49.59" in text(window, "checks.stop-text")
    window.press("misread", ENTER)
    window.settle()
    assert window.rows("SELECT cents, state FROM mail_check WHERE id = ?", check) == [(4995, "posted")]


def test_a_check_that_nobody_knows_is_held_from_the_form(window: Window) -> None:
    batch = open_page(window, 1, 6495)
    window.type_into("checks.account", "M. Quillfeather")
    window.type_into("checks.amount", "64.95")
    window.type_into("checks.number", "321")
    window.shortcut(Qt.Key.Key_H, CONTROL)
    window.press("no such customer", ENTER)
    window.settle()
    assert window.rows("SELECT state, payer, number FROM mail_check WHERE batch_id = ?", batch) == [
        ("held", "M. Quillfeather", "321")
    ]
    assert typed(window, "checks.number") == ""
    listed = window.control("checks.posted", BatchTable)
    assert [(line.name, line.state) for line in listed.rows_model.rows] == [("M. Quillfeather", "held")]
    assert window.books_agree()


# Split


def split_over(window: Window, number_one: str, number_two: str) -> None:
    """Check 55 of 30.00, typed and divided into 20.00 and 10.00, not posted yet."""
    open_page(window, 1, 3000)
    window.press(number_one, ENTER, "30", ENTER, "55")
    window.settle()
    window.shortcut(Qt.Key.Key_T, CONTROL)
    for number, part in ((number_one, "20"), (number_two, "10")):
        window.press(number, ENTER)
        window.settle()
        window.press(part, ENTER)
    window.press(ENTER)
    window.settle()


def test_one_check_is_split_over_two_accounts_by_keys(window: Window) -> None:
    (one, number_one, name_one, _), (two, number_two, _, _) = owing(window, 2)
    split_over(window, number_one, number_two)
    assert typed(window, "checks.account").startswith(f"Split: {name_one}")
    window.shortcut(ENTER, CONTROL)
    assert window.rows("SELECT account_id, cents FROM payment WHERE check_number = '55' ORDER BY id") == [
        (one, 2000),
        (two, 1000),
    ]
    assert text(window, "checks.count") == "1 of 1"
    lines = window.control("checks.posted", BatchTable).rows_model.rows
    assert {line.sheet for line in lines} == {1} and len(lines) == 2
    assert window.books_agree()


def test_taking_back_a_part_says_what_becomes_of_the_other_parts(window: Window) -> None:
    (one, number_one, name_one, _), (two, number_two, _, _) = owing(window, 2)
    split_over(window, number_one, number_two)
    window.shortcut(ENTER, CONTROL)
    listed = window.control("checks.posted", BatchTable)
    listed.select_row(next(line for line in listed.rows_model.rows if line.account_id == one))
    listed.setFocus()
    window.press(Qt.Key.Key_Delete)
    window.settle()
    dialog = window.dialog()
    assert f"Part of check 55: 20.00 of 30.00, {name_one}" in [part.text() for part in dialog.findChildren(QLabel)]
    assert "this part alone" in window.control("outcome.note", QLabel, dialog).text()
    window.press("wrong account", ENTER)
    window.settle()
    assert window.rows(
        "SELECT p.account_id FROM payment p JOIN payment_reversal r ON r.payment_id = p.id WHERE p.check_number = '55'"
    ) == [(one,)]
    window.click("checks.clear")
    rest = next(line for line in listed.rows_model.rows if line.payment_id is None)
    listed.select_row(rest)
    listed.setFocus()
    window.press(Qt.Key.Key_Delete)
    window.settle()
    assert "The other parts of the check are posted" in window.control("outcome.note", QLabel, window.dialog()).text()
    window.press(ESCAPE)
    assert window.rows(
        "SELECT count(*) FROM payment_reversal r JOIN payment p ON p.id = r.payment_id "
        "WHERE p.account_id = ? AND p.check_number = '55'",
        two,
    ) == [(0,)]


def test_a_split_that_was_left_half_done_is_kept_and_cannot_be_posted(window: Window) -> None:
    (_, number_one, _, _), *_ = owing(window, 1)
    open_page(window, 1, 3000)
    before = payments(window)
    window.press(number_one, ENTER, "30", ENTER, "55")
    window.settle()
    window.shortcut(Qt.Key.Key_T, CONTROL)
    window.press(number_one, ENTER)
    window.settle()
    window.press("20", ENTER, ESCAPE)
    window.shortcut(ENTER, CONTROL)
    assert payments(window) == before
    assert "The parts add up to 20.00, the check is for 30.00" in window.message
    assert "10.00 still to be split" in text(window, "checks.standing")


def test_a_part_that_is_more_than_the_rest_is_refused(window: Window) -> None:
    (_, number_one, _, _), *_ = owing(window, 1)
    open_page(window, 1, 3000)
    window.press(number_one, ENTER, "30", ENTER, "55")
    window.settle()
    window.shortcut(Qt.Key.Key_T, CONTROL)
    dialog = window.dialog()
    window.press(number_one, ENTER)
    window.settle()
    window.press("30.01", ENTER)
    assert window.control("split.refusal", QLabel, dialog).text() == "Only 30.00 of the check is left."
    window.press(ESCAPE)


# What survives a crash


def test_what_was_typed_is_there_again_after_a_crash(window: Window) -> None:
    (account_id, account, name, cents), *_ = owing(window, 1)
    open_page(window, 1, cents)
    window.press(account, ENTER, dollars(cents), ENTER, "909", ENTER, "11/20", TAB)
    window.settle()
    draft = Draft(window.settings.folder, window.path)
    window.wait_for(lambda: [entry.dated for entry in draft.load()] == ["11/20/2026"])
    # The next start of the program, on the same file and settings, without a farewell from this one.
    second = window.start_again()
    second.go("checks")
    second.settle()
    assert (typed(second, "checks.account"), typed(second, "checks.number")) == (name, "909")
    assert "typed here and not posted" in second.message
    second.shortcut(ENTER, CONTROL)
    assert second.rows("SELECT account_id, cents FROM payment WHERE check_number = '909'") == [(account_id, cents)]
    second.settle()
    assert draft.load() == []
    second.close()


def test_a_check_posted_just_before_a_crash_is_not_offered_again(window: Window) -> None:
    (account_id, account, _, cents), *_ = owing(window, 1)
    batch = log_mail(window, 1, cents)
    entry = Entry(token="posted-before", account_id=account_id, account=account, amount=dollars(cents), number="5")
    with open_office(window.path) as books, books.write() as session:
        from app.services import checkentry

        form = checks.CheckForm(account_id, cents, "5", token="posted-before")
        checkentry.post_entry(session, desk(window), form, batch_id=batch)
    draft = Draft(window.settings.folder, window.path)
    draft.save([entry])
    window.go("checks")
    window.settle()
    assert typed(window, "checks.number") == "" and draft.load() == []


def test_a_draft_keeps_every_input_and_an_unreadable_one_is_passed_over(tmp_path: Path) -> None:
    draft = Draft(tmp_path, tmp_path / "office.db")
    entry = Entry("t", 4, 2, "Zoë", "1.00", "7", "11/20/2026", True, "P", (3, 1), (Part(2, "Zoë", 100),), "f", "w", False)
    draft.save([entry, Entry()])
    assert draft.load() == [entry]
    draft.path.write_text('[{"token": "t"}]', encoding="utf-8")
    assert draft.load() == []
    draft.path.write_text("{", encoding="utf-8")
    assert draft.load() == []
    draft.save([Entry()])
    assert not draft.path.exists()


def test_two_offices_at_one_pc_keep_their_own_drafts(tmp_path: Path) -> None:
    one, other = Draft(tmp_path, tmp_path / "a.db"), Draft(tmp_path, tmp_path / "b.db")
    one.save([Entry(number="1")])
    assert other.load() == [] and one.load() != []


def test_a_page_with_a_check_in_hand_says_so_before_the_window_closes(window: Window) -> None:
    page = window.go("checks")
    assert not page.has_work_in_hand()
    window.type_into("checks.number", "5")
    assert page.has_work_in_hand()
    window.click("checks.clear")
    assert not page.has_work_in_hand()
