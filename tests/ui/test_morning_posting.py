"""A whole morning at the posting window, by keys alone: mail logged, 25 checks, two mistakes, a duplicate, in balance."""

from __future__ import annotations

from PySide6.QtCore import Qt
from ui.posting_keys import ENTER, cursor, dollars, open_page, owing, payments, text, type_check, typed
from ui.window import Window

from app.views.checks_batch import BatchTable

CONTROL = Qt.KeyboardModifier.ControlModifier


def test_a_morning_of_25_checks_with_two_mistakes_and_a_duplicate_comes_into_balance(window: Window) -> None:
    customers = owing(window, 24)
    before = payments(window)
    amounts = [cents for *_, cents in customers]
    # The 25th check is a second one of the first customer over the same amount and with the same number.
    amounts[7] = 4590
    total = sum(amounts) + amounts[0]
    batch = open_page(window, 25, total)
    assert text(window, "checks.count") == "0 of 25"
    window.wait_for(lambda: cursor() == "checks.account")

    for place, (_, account, name, _) in enumerate(customers):
        if place == 7:
            # First mistake: two digits swapped, 45.90 read as 49.50.
            type_check(window, account, 4950, "2007")
        elif place == 12:
            # Second mistake: posted to the customer above in the stack.
            type_check(window, customers[11][1], amounts[12], "2012")
        else:
            type_check(window, account, amounts[place], f"20{place:02d}")
            assert name in text(window, "checks.said")
        assert text(window, "checks.count") == f"{place + 1} of 25"
        assert cursor() == "checks.account"
        assert typed(window, "checks.account") == ""

    # The look-alike is stopped with the earlier one shown; nothing is posted until a reason is given.
    type_check(window, customers[0][1], amounts[0], "2000")
    assert cursor() == "checks.reason"
    assert dollars(amounts[0]) in text(window, "checks.stop-text").replace(",", "")
    assert customers[0][2] in text(window, "checks.stop-text")
    assert payments(window) == before + 24
    window.press("both sheets are here", ENTER)
    window.settle()
    assert payments(window) == before + 25
    assert window.rows("SELECT forced FROM payment ORDER BY id DESC LIMIT 1") == [("both sheets are here",)]

    # All are entered and the batch is out: the swapped digits are pointed at.
    assert text(window, "checks.difference") == "Out: 3.60 too much"
    assert "Two digits swapped? Check 2007" in text(window, "checks.doubt-1")
    assert "45.90 would balance" in text(window, "checks.doubt-1")
    listed = window.control("checks.posted", BatchTable)
    marked = listed.current_row()
    assert marked is not None and marked.number == "2007"

    # Taken back and posted right: the reason, Enter, the check is in the form again; the account is right.
    window.shortcut(Qt.Key.Key_R, CONTROL)
    window.press("45.90, not 49.50", ENTER)
    window.settle()
    assert (typed(window, "checks.amount"), typed(window, "checks.number")) == ("49.50", "2007")
    assert cursor() == "checks.account"
    window.press(ENTER, "45.90", ENTER, ENTER, ENTER)
    window.settle()
    assert text(window, "checks.difference") == "✓ In balance"
    assert "in balance: 25 checks" in window.message
    assert cursor() == "checks.account"

    # The one on the wrong account: found in the list with the arrows, taken back, posted to the right one.
    window.shortcut(Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
    while (line := listed.current_row()) is not None and line.number != "2012":
        window.press(Qt.Key.Key_Down if line.sheet > 13 else Qt.Key.Key_Up)
    window.press(Qt.Key.Key_Delete)
    window.press("was posted to the one above", ENTER)
    window.settle()
    assert "1 still to be posted" in text(window, "checks.difference")
    window.press(customers[12][1], ENTER, ENTER, ENTER, ENTER, ENTER)
    window.settle()
    assert text(window, "checks.difference") == "✓ In balance"

    posted = window.rows(
        "SELECT p.account_id, p.cents FROM payment p JOIN mail_check m ON m.id = p.mail_check_id "
        "LEFT JOIN payment_reversal r ON r.payment_id = p.id WHERE m.batch_id = ? AND r.payment_id IS NULL",
        batch,
    )
    right = [(account_id, amounts[place]) for place, (account_id, *_) in enumerate(customers)]
    assert sorted(posted) == sorted([*right, (customers[0][0], amounts[0])])
    assert window.rows("SELECT count(*) FROM mail_check WHERE batch_id = ? AND state <> 'posted'", batch) == [(0,)]
    assert window.rows("SELECT count(*) FROM payment_reversal WHERE state = 'reversed'") == [(2,)]
    assert window.books_agree()
