"""Every clause has its sentence, and the sentence about an account says what a person would say."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from support_office import Diary, imported

from app.services import explaining, history, payments
from app.services.customerfile_types import ImportOpenItem
from app.services.history import ChangeLine
from app.services.sentences import StandingFacts, standing_sentence

POLICY = Path(__file__).parents[2] / "docs" / "POLICY.md"
ON = date(2026, 3, 15)


def test_every_clause_of_the_policy_map_is_said_in_a_sentence_and_no_other() -> None:
    table = POLICY.read_text(encoding="utf-8").split("## The clauses")[1]
    listed = {row.split("|")[2].strip() for row in table.splitlines() if re.match(r"\| [A-Z].*\|", row)}
    assert set(explaining.CLAUSES) == listed
    assert all(text.endswith(".") and len(text) < 125 for text in explaining.CLAUSES.values())


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            StandingFacts(ON, "active", 4995, 4995, date(2026, 2, 28)),
            "Past due $49.95 since Feb 28. Services will be suspended on the next suspension run unless $49.95 is paid "
            "or arrangements are made.",
        ),
        (
            StandingFacts(ON, "active", 9000, 4995, date(2025, 12, 31)),
            "Past due $49.95 since Dec 31, 2025. Services will be suspended on the next suspension run unless $49.95 "
            "is paid or arrangements are made.",
        ),
        (
            StandingFacts(ON, "active", 4995, 4995, date(2026, 2, 28), kept=True, instalment=(date(2026, 4, 1), 2000)),
            "Past due $49.95 since Feb 28. An arrangement is being kept: $20.00 is due by Apr 1.",
        ),
        (
            StandingFacts(ON, "active", 4995, 0, None, date(2026, 3, 31), 4995),
            "Owes $49.95; nothing is past due. It is due by Mar 31.",
        ),
        (
            StandingFacts(ON, "active", 4995, 0, None, date(2026, 3, 31), 1000),
            "Owes $49.95; nothing is past due. $10.00 is due by Mar 31.",
        ),
        (StandingFacts(ON, "active", -500), "Has a credit of $5.00, which pays the next invoice by itself."),
        (StandingFacts(ON, "active", 0), "Paid in full."),
        (StandingFacts(ON, "active", 0, charged=False), "Nothing has been charged yet."),
        (StandingFacts(ON, "active", -500, charged=False), "Has a credit of $5.00, which pays the next invoice by itself."),
        (
            StandingFacts(ON, "suspended", 12_000, 4995, date(2026, 2, 28), suspended_on=date(2026, 3, 5)),
            "Suspended since Mar 5. Services are restored the day $120.00 is paid or arrangements are made.",
        ),
        (StandingFacts(ON, "closed", 0, closed_on=date(2026, 3, 1)), "Closed on Mar 1, and settled."),
        (
            StandingFacts(ON, "closed", 4995, 4995, date(2026, 2, 28), closed_on=date(2026, 3, 1)),
            "Closed on Mar 1, and still owes $49.95. Past due since Feb 28.",
        ),
        (
            StandingFacts(ON, "closed", -3300, closed_on=date(2026, 3, 1), refund_on=date(2026, 3, 16)),
            "Closed on Mar 1. A credit of $33.00 is paid back by check on the refund run of Mar 16.",
        ),
    ],
)
def test_the_standing_in_a_sentence(facts: StandingFacts, sentence: str) -> None:
    assert standing_sentence(facts) == sentence


def test_a_payment_says_what_it_paid_and_what_is_left_of_it() -> None:
    with Diary() as office:
        account = office.open(service_cents=3100)
        payment = office.check(account, 7000, "12")
        applied = office.see(history.account_applications, account)
        (line,) = office.see(history.account_payments, account)
        invoice = office.sql("SELECT id FROM invoice")[0][0]
        said = explaining.of_payment(line, applied)
        assert said.parts == (f"Pays invoice {invoice}: 62.00", "Left as credit on the account: 8.00")
        assert said.title == "Check 12, 70.00"
        (row,) = office.see(history.account_invoices, account)
        about = explaining.of_invoice(row, office.see(history.account_history, account), applied)
        assert about.parts[0].endswith("31.00 (ADV-2: 31.00 x 1 month)")
        assert about.parts[-2:] == ("Paid by Payment by check 12 of Jan 1: 62.00", "Nothing is open.")
        office.on(1, 9).do(payments.return_payment, payment, 500)
        (line,) = office.see(history.account_payments, account)
        assert explaining.of_payment(line, []).clause == "ADV-10"
        assert explaining.of_payment(line, [], is_member=True).clause == "ARR-7"
        charged_back = line._replace(state="charged-back")
        assert explaining.of_payment(charged_back, [], is_member=True).clause == "ARR-9"


def test_each_line_of_the_ledger_names_a_clause_that_has_a_sentence() -> None:
    with Diary() as office:
        account = office.open(service_cents=3100, delivery="paper")
        office.on(3, 2).bill()
        office.do(payments.return_payment, office.check(account, 7000, "12"), 500)
        rows = office.see(history.account_history, account)
        assert {"recurring", "late-fee", "paper-statement", "payment", "returned", "returned-bank-fee"} <= {
            row.kind for row in rows
        }
        for row in rows:
            said = explaining.of_history(row, [])
            assert said.says and said.clause == row.clause and said.clause in said.text
            assert row.kind in explaining.KINDS


def test_what_was_taken_over_from_the_old_program_says_so() -> None:
    with Diary() as office:
        account = imported(office, open_items=(ImportOpenItem("old", date(2025, 9, 1), date(2025, 9, 30), 800),))
        (line,) = office.see(history.account_history, account)
        assert explaining.line_kind(line) == "Taken over"
        assert "taken over" in explaining.of_history(line, []).says
        office.open(service_cents=3100)
        (line,) = office.see(history.account_history, account + 1)[:1]
        assert explaining.line_kind(line) == "Service"


def test_a_change_of_the_card_names_the_clause_for_which_it_counts() -> None:
    moved = explaining.of_change(ChangeLine("2026-03-02", "fee-day", "2026-03-10", "2026-03-20 (day 20)"))
    assert (moved.clause, moved.says) == ("ARR-8", explaining.clause_says("ARR-8")) and moved.says
    assert moved.parts == ("Before: 2026-03-10", "After: 2026-03-20 (day 20)")
    on_paper = explaining.of_change(ChangeLine("2026-03-02", "delivery", "email", "paper"))
    assert on_paper.clause == "ADV-4" and "paper" in on_paper.says
    assert explaining.of_change(ChangeLine("2026-03-02", "name", "Ann Ames", "Ann Bell")).clause == ""


def test_what_is_no_numbered_clause_is_called_by_its_words() -> None:
    assert [explaining.clause_name(clause) for clause in ("section 0", "section 6", "ADV-1", "")] == [
        "Oldest first",
        "Opening balance",
        "ADV-1",
        "",
    ]
    taken = explaining.explain("Fiber 300", "section 6")
    assert taken.text.startswith("Fiber 300\nOpening balance: ")
