"""Stories with mistakes, expectations that do not hold, and what `rehearse` prints."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app import resources
from app.cli import run
from app.money import parse_cents
from app.services.chargenames import CHARGE_NAMES
from app.services.expectations import _OF_ACCOUNT
from app.services.policies.policyfile import shipped_policy_path
from app.services.rehearsal import StoryResult, rehearse
from app.services.storyevents import EVENTS
from app.services.storyfile import StoryError, read_story

HEAD = 'title = "T"\npolicy = "isp-advance"\n'
OPEN = '[[event]]\non = 2026-01-15\ndo = "open-account"\naccount = "A"\n'
NET = '[[event]]\non = 2026-01-15\ndo = "add-service"\naccount = "A"\nservice = "net"\nmonthly = "49.95"\n'
# 49.95 x 17/31 = 27.39, and all of February.
BALANCE = "77.34"


def event(do: str, on: str = "2026-01-15", **keys: str) -> str:
    return "\n".join(["[[event]]", f"on = {on}", f'do = "{do}"', *(f"{key} = {value}" for key, value in keys.items()), ""])


def expect(on: str = "2026-01-15", **keys: str) -> str:
    return event("expect", on, **({"account": '"A"'} | keys))


def story(folder: Path, *parts: str, name: str = "story.toml") -> Path:
    path = folder / name
    path.write_text("".join(parts), encoding="utf-8")
    return path


def played(folder: Path, *parts: str) -> StoryResult:
    return rehearse(story(folder, HEAD, *parts))


def mistake(path: Path) -> str:
    """The reason that a story cannot be played, checked to be what its rehearsal says too."""
    with pytest.raises(StoryError) as caught:
        read_story(path)
    (failure,) = rehearse(path).failures
    assert (failure.event, failure.got) == (0, caught.value.message)
    return caught.value.message


# Mistakes in the file


@pytest.mark.parametrize(
    ("body", "line", "reason"),
    [
        (HEAD + OPEN + event("close-day", "2026-01-14"), 7, "dated 2026-01-14, before the one above it (2026-01-15)"),
        (HEAD + OPEN + '[[event]]\ndo = "close-day"\n', 7, "event 2 needs on = a date"),
        (HEAD + '[[event]]\non = "2026-01-15"\ndo = "close-day"\n', 3, "event 1 needs on = a date"),
        (HEAD + '[[event]]\non = 2026-01-15T00:00:00\ndo = "close-day"\n', 3, "event 1 needs on = a date"),
        (HEAD + "[[event]]\non = 2026-01-15\n", 3, 'event 1 needs do = "..."'),
        (HEAD + "[[event]]\non = 2026-01-15\ndo = 5\n", 3, 'event 1 needs do = "..."'),
        (HEAD + "\n\n" + OPEN + 'refused = "yes"\n', 5, "refused is true or false"),
        (HEAD + 'author = "me"\n' + OPEN, 3, "the key “author” is unknown here"),
        (HEAD + OPEN + '[overrides]\nlate_fee = "12.00"\n', 7, "the key “overrides” is unknown here"),
        (HEAD + "[[events]]\non = 2026-01-15\n", 3, "the key “events” is unknown here"),
        ('policy = "isp-advance"\n', 1, "a story needs a title, in quotes"),
        ('title = "T"\n', 1, "a story needs a policy, in quotes"),
        ('title = 5\npolicy = "isp-advance"\n', 1, "a story needs a title, in quotes"),
        (HEAD + 'override = "none"\n', 1, "[override] is a table"),
        (HEAD + "[event]\non = 2026-01-15\n", 1, "every event starts with [[event]]"),
    ],
)
def test_a_mistake_in_a_story_names_file_line_and_reason(tmp_path: Path, body: str, line: int, reason: str) -> None:
    said = mistake(story(tmp_path, body))
    assert said.startswith(f"story.toml, line {line}: ")
    assert reason in said


@pytest.mark.parametrize(
    ("body", "line"),
    [(HEAD + "[[event\n", 3), (HEAD + "on = 2026-02-30\n", 3), ('title = "T\n', 1), (HEAD + 'title = "again"\n', 3)],
)
def test_broken_toml_is_refused_with_file_and_line(tmp_path: Path, body: str, line: int) -> None:
    said = mistake(story(tmp_path, body))
    assert said.startswith("story.toml: ")
    assert f"line {line}" in said


def test_a_story_that_is_not_utf_8_or_not_there_is_refused_in_a_sentence(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes(HEAD.replace("T", "Caf\xe9").encode("latin-1"))
    assert "latin.toml cannot be read" in mistake(latin)
    assert mistake(tmp_path / "missing.toml") == f"There is no story {tmp_path / 'missing.toml'}."
    assert f"There is no story under {tmp_path}" in mistake(tmp_path)


def test_two_events_of_one_day_keep_their_order_and_their_lines(tmp_path: Path) -> None:
    events = read_story(story(tmp_path, HEAD, "# a note\n", OPEN, NET)).events
    assert [(item.number, item.line, item.do) for item in events] == [(1, 4, "open-account"), (2, 8, "add-service")]


# The policy of a story


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("late_fee = 12.00", ("late_fee", "isp-advance.toml", "two decimals")),
        ('late_fees = "12.00"', ("late_fees", "unknown")),
        ("refund_days = 1", ("refund_days", "a list of days")),
    ],
)
def test_a_wrong_override_fails_the_story_with_file_key_and_what_is_allowed(
    tmp_path: Path, override: str, words: Sequence[str]
) -> None:
    (failure,) = rehearse(story(tmp_path, HEAD, f"[override]\n{override}\n", OPEN)).failures
    assert failure.event == 0
    assert all(word in failure.got for word in words)


def test_an_unknown_policy_fails_the_story(tmp_path: Path) -> None:
    (failure,) = rehearse(story(tmp_path, 'title = "T"\npolicy = "nobody"\n', OPEN)).failures
    assert "“nobody”" in failure.got


def test_a_story_may_name_a_policy_file_beside_it_and_override_it(tmp_path: Path) -> None:
    body = shipped_policy_path("isp-advance").read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(body.replace('paper_statement_fee = "3.00"', 'paper_statement_fee = "4.00"'), "utf-8")
    head = 'title = "T"\npolicy = "own.toml"\n'
    paper = OPEN + 'delivery = "paper"\n' + NET + event("run-billing", "2026-02-01")
    for override, fee in (("", "4.00"), ('[override]\npaper_statement_fee = "5.00"\nlate_fee = "1.00"\n', "5.00")):
        charged = f'{{recurring = "127.29", paper-statement = "{fee}"}}'
        result = rehearse(story(tmp_path, head, override, paper, expect("2026-02-01", charged=charged)))
        assert result.failures == []


# Events


def test_an_unknown_event_fails_with_its_line_and_the_known_ones(tmp_path: Path) -> None:
    (failure,) = played(tmp_path, OPEN, event("open-acount", account='"B"')).failures
    assert (failure.event, failure.key, failure.expected) == (2, "open-acount", "accepted")
    assert failure.got.startswith("refused: line 7: “open-acount” is no event")
    assert all(known in failure.got for known in (*EVENTS, "expect"))


WRONG_EVENTS = [
    ("close-day", {"account": '"A"'}, "close-day has no key “account”"),
    ("open-account", {"account": '"B"', "phone": '"1"'}, "open-account has no key “phone”"),
    ("open-account", {}, "open-account needs the key “account”"),
    ("post-check", {"account": '"A"', "amount": '"1.00"'}, "post-check needs the key “number”"),
    ("post-check", {"account": '"A"', "amount": "1.00", "number": '"1"'}, "amount is text in quotes"),
    ("post-check", {"account": '"A"', "amount": '"1.005"', "number": '"1"'}, "amount: "),
    ("post-check", {"account": '"A"', "amount": '"1.00"', "number": "1"}, "number is text in quotes"),
    ("post-check", {"account": '"A"', "amount": '"1.00"', "number": '"1"', "dated": '"2026-01-01"'}, "dated is a date"),
    ("post-check", {"account": '"A"', "amount": '"1.00"', "number": '"1"', "apply_to": "1"}, "apply_to is a list"),
    ("post-check", {"account": '"A"', "amount": '"1.00"', "number": '"1"', "apply_to": '["1"]'}, "apply_to is a whole"),
    ("post-check", {"account": '"A"', "amount": '"1.00"', "number": '"1"', "apply_to": "[9]"}, "no invoice number 9"),
    ("post-check", {"account": '"Z"', "amount": '"1.00"', "number": '"1"'}, "This story has no account Z"),
    ("open-account", {"account": '"A"'}, "has an account A already"),
    ("open-account", {"account": '"B"', "managed": '"yes"'}, "managed is true or false"),
    ("open-account", {"account": '"B"', "address": '"12 Elm St"'}, "address is a list"),
    ("open-account", {"account": '"B"', "kind": '"farm"'}, "“farm” is not a kind"),
    ("reverse-payment", {"account": '"A"', "payment": "true", "reason": '"x"'}, "payment is a whole number"),
    ("reverse-payment", {"account": '"A"', "payment": "1", "reason": '"x"'}, "no payment number 1"),
    ("log-work", {"account": '"A"', "kind": '"repair"', "start": "2026-01-15", "end": "2026-01-15"}, "start is a date and"),
    ("arrange", {"account": '"A"', "instalments": "[{on = 2026-02-01}]"}, "instalments is a list of {on, amount}"),
    ("arrange", {"account": '"A"', "instalments": "[]"}, "instalment"),
    ("run-autopay", {"declines": '["Z"]'}, "This story has no account Z"),
    ("run-refunds", {"force": "1"}, "force is true or false"),
    ("return-payment", {"account": '"A"'}, "Which payment? Say number ="),
    ("return-payment", {"account": '"A"', "payment": "-1"}, "no payment number -1"),
    ("waive-charge", {"account": '"A"', "kind": '"fee"', "reason": '"x"'}, "“fee” is no kind of charge; known are"),
    ("waive-charge", {"account": '"A"', "kind": '"late-fee"', "reason": '"x"'}, "has no late-fee that could be waived"),
    ("waive-before", {"account": '"A"', "kind": '"late-fee"', "month": '"March"', "reason": '"x"'}, "names no fee"),
    ("record-returned-item", {"account": '"A"', "number": '"9"'}, "has no check number 9"),
    ("record-returned-item", {"account": '"A"', "waive": '"late-fee"'}, "waive is a list"),
    ("record-attempt", {"account": '"A"', "approved": "true"}, "has no card or bank account on file"),
    ("take-back-return", {"account": '"A"', "number": '"9"', "reason": '"x"'}, "has no check number 9"),
    ("take-back-attempt", {"account": '"A"', "reason": '"x"'}, "no failed attempt that could be taken back"),
]  # fmt: skip


def test_the_guide_names_every_event_with_its_keys_and_all_that_can_be_expected() -> None:
    guide = resources.path("help/stories.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_-]+)` \| (.*) \|$", guide, re.MULTILINE)
    told = {name: set(re.findall(r"`([a-z_]+)`", keys)) for name, keys in rows if name in EVENTS}
    needed = {name: set(re.findall(r"`([a-z_]+)`", keys.partition("(")[0])) for name, keys in rows if name in EVENTS}
    assert told == {name: set(event_spec.keys) for name, event_spec in EVENTS.items()}
    for name, event_spec in EVENTS.items():
        assert event_spec.needed <= needed[name], name
    assert {name for name, _ in rows} - told.keys() == {*_OF_ACCOUNT, "ledger_balanced"}
    kinds = guide.partition("The kinds of charge are")[2].partition("\n")[0]
    assert {*re.findall(r"`([a-z-]+)`", kinds), "other"} == CHARGE_NAMES.keys()


@pytest.mark.parametrize(("do", "keys", "reason"), WRONG_EVENTS)
def test_a_wrong_event_is_refused_and_passes_only_when_that_was_expected(
    tmp_path: Path, do: str, keys: dict[str, str], reason: str
) -> None:
    (failure,) = played(tmp_path, OPEN, event(do, **keys)).failures
    assert (failure.event, failure.key, failure.expected) == (2, do, "accepted")
    assert failure.got.startswith("refused: ")
    assert reason in failure.got
    assert played(tmp_path, OPEN, event(do, **keys, refused="true")).failures == []


def test_an_unknown_event_that_should_be_refused_passes(tmp_path: Path) -> None:
    assert played(tmp_path, OPEN, event("dance", refused="true")).ok


def test_an_event_that_should_be_refused_and_is_accepted_fails(tmp_path: Path) -> None:
    (failure,) = played(tmp_path, OPEN, NET + "refused = true\n").failures
    assert failure == (2, "add-service", "refused", "accepted")


def test_an_expectation_cannot_be_refused(tmp_path: Path) -> None:
    (failure,) = played(tmp_path, OPEN, expect(balance='"0.00"', refused="true")).failures
    assert (failure.event, failure.key) == (2, "refused")


def test_the_events_after_a_failed_one_are_played(tmp_path: Path) -> None:
    result = played(tmp_path, OPEN, event("dance"), NET, expect(balance=f'"{BALANCE}"'))
    assert [failure.event for failure in result.failures] == [2]


# Expectations


INVOICE = {"on": "2026-01-15", "due": "2026-02-14", "total": BALANCE, "open": BALANCE}


@pytest.mark.parametrize(
    ("key", "right", "wrong", "expected", "got"),
    [
        ("balance", f'"{BALANCE}"', '"77.35"', "77.35", BALANCE),
        ("past_due", '"0.00"', '"77.34"', BALANCE, "0.00"),
        ("status", '"active"', '"closed"', "closed", "active"),
        ("kept_arrangement", "false", "true", True, False),
        ("charged", '{recurring = "77.34"}', '{late-fee = "10.00"}', {"late-fee": "10.00"}, {"recurring": BALANCE}),
        ("invoices", '[{on = 2026-01-15, due = 2026-02-14, total = "77.34", open = "77.34"}]', "[]", [], [INVOICE]),
        ("payments", "[]", '[{on = 2026-01-15, amount = "1.00", kind = "check", state = "posted"}]',
         [{"on": "2026-01-15", "amount": "1.00", "kind": "check", "state": "posted"}], []),
        ("refunds", "[]", '[{on = 2026-01-15, amount = "1.00", state = "issued"}]',
         [{"on": "2026-01-15", "amount": "1.00", "state": "issued"}], []),
        ("exceptions", "[]", '["needs-decision", "authorization-missing"]', ["authorization-missing", "needs-decision"], []),
        ("receipts", "0", "1", 1, 0),
        ("next_fee_on", '""', "2026-02-15", "2026-02-15", ""),
        ("ledger_balanced", "true", "false", False, True),
    ],
)  # fmt: skip
def test_an_expectation_says_event_key_expected_and_got(
    tmp_path: Path, key: str, right: str, wrong: str, expected: Any, got: Any
) -> None:
    assert played(tmp_path, OPEN, NET, expect(**{key: right})).failures == []
    assert played(tmp_path, OPEN, NET, expect(**{key: wrong})).failures == [(3, key, expected, got)]


def test_amounts_are_equal_as_amounts_and_exceptions_in_any_order(tmp_path: Path) -> None:
    assert played(tmp_path, OPEN, NET, expect(balance='"$77.34"', past_due='"0"')).ok


def test_every_wrong_key_of_an_expectation_is_reported(tmp_path: Path) -> None:
    result = played(tmp_path, OPEN, NET, expect(balance='"1.00"', status='"closed"', receipts="0"))
    assert [(failure.event, failure.key) for failure in result.failures] == [(3, "balance"), (3, "status")]


def test_an_unknown_key_or_account_of_an_expectation_fails(tmp_path: Path) -> None:
    (unknown,) = played(tmp_path, OPEN, expect(balanse='"0.00"')).failures
    assert (unknown.event, unknown.key, unknown.got) == (2, "balanse", "line 7: unknown key")
    (nobody,) = played(tmp_path, OPEN, expect(account='"Z"', balance='"0.00"')).failures
    assert (nobody.event, nobody.key, nobody.expected) == (2, "account", "Z")
    (missing,) = played(tmp_path, OPEN, event("expect", balance='"0.00"')).failures
    assert (missing.event, missing.key, missing.got) == (2, "balance", "line 7: no account")


# The command


def test_rehearse_prints_a_line_a_story_and_the_count_last(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = story(tmp_path, HEAD.replace("T", "Good"), OPEN, NET, expect(balance=f'"{BALANCE}"'), name="good.toml")
    bad = story(tmp_path, HEAD.replace("T", "Bad"), OPEN, NET, expect(balance='"1.00"'), name="bad.toml")
    broken = story(tmp_path, "title = 5x\n", name="broken.toml")
    assert run(["rehearse", str(good), str(bad), str(broken)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok  Good"
    assert lines[1] == "FAILED  Bad"
    assert lines[2].strip() == f"event 3, balance: expected 1.00, got {BALANCE}"
    assert lines[3] == f"FAILED  {broken}"
    assert "broken.toml" in lines[4] and "line 1" in lines[4]
    assert lines[5:] == ["1 passed, 2 failed"]


def test_rehearse_leaves_with_nothing_wrong_only_when_every_story_passed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = story(tmp_path, HEAD, OPEN)
    assert run(["rehearse", str(good), str(good)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 passed, 0 failed"
    assert run(["rehearse", str(tmp_path / "missing.toml")]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 1 failed"


def test_a_folder_plays_every_story_under_it_by_name_and_says_which_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = tmp_path / "b"
    inner.mkdir()
    story(inner, HEAD.replace('"T"', '"Second"'), OPEN, NET, expect(balance='"1.00"'), name="wrong.TOML")
    own = '\ntitle = "First"\npolicy = "own.toml"\n'
    story(tmp_path, own, OPEN, NET, expect(balance=f'"{BALANCE}"'), name="a.toml")
    policy = shipped_policy_path("isp-advance").read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(policy, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no story", encoding="utf-8")
    (tmp_path / "folder.toml").mkdir()
    assert run(["rehearse", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"2 stories under {tmp_path}", "ok  First"]
    assert lines[2] == f"FAILED  Second  ({inner / 'wrong.TOML'})"
    assert lines[4:] == ["1 passed, 1 failed"]
    assert run(["rehearse", "--json", str(tmp_path)]) == 1
    assert [json.loads(line)["title"] for line in capsys.readouterr().out.splitlines()] == ["First", "Second"]


def test_a_folder_without_a_story_fails_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = story(tmp_path, HEAD.replace('"T"', '"Good"'), OPEN)
    none = tmp_path / "none"
    none.mkdir()
    assert run(["rehearse", str(good), str(none)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [f"0 stories under {none}", "ok  Good", f"FAILED  {none}"]
    assert lines[3].endswith(f"There is no story under {none}: a story is a file whose name ends in .toml.")
    assert lines[4] == "1 passed, 1 failed"
    with pytest.raises(StoryError, match="There is no story under"):
        read_story(none)


def test_json_is_one_object_a_story_with_its_accounts_and_their_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check = event("post-check", "2026-01-20", account='"A"', amount='"100.00"', number='"7"')
    good = story(tmp_path, HEAD.replace('"T"', '"Grüße"'), OPEN, NET, check, name="good.toml")
    bad = story(tmp_path, HEAD, OPEN, expect(balance='"1.00"'), name="bad.toml")
    assert run(["rehearse", "--json", str(good), str(bad)]) == 1
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert set(first) == {"title", "ok", "failures", "accounts"}
    assert (first["title"], first["ok"], first["failures"]) == ("Grüße", True, [])
    account = first["accounts"]["A"]
    assert set(account) == {"balance", "status", "lines"}
    assert (account["balance"], account["status"]) == ("-22.66", "active")
    assert all(set(line) == {"date", "kind", "amount", "clause", "description", "why"} for line in account["lines"])
    assert [(line["date"], line["kind"], line["amount"], line["clause"], line["why"]) for line in account["lines"][:2]] == [
        ("2026-01-15", "recurring", "27.39", "ADV-2", "49.95 x 17/31"),
        ("2026-01-15", "recurring", "49.95", "ADV-2", "49.95 x 1 month"),
    ]
    payment = account["lines"][2]
    assert (payment["date"], payment["amount"]) == ("2026-01-20", "-100.00")
    assert second["failures"] == [{"event": 2, "key": "balance", "expected": "1.00", "got": "0.00"}]
    assert second["ok"] is False


def test_the_lines_of_an_account_add_up_to_its_balance_through_reversals_and_refunds(tmp_path: Path) -> None:
    check = event("post-check", "2026-01-20", account='"A"', amount='"100.00"', number='"7"')
    parts = [
        check,
        event("return-payment", "2026-01-22", account='"A"', number='"7"', bank_fee='"4.00"'),
        event("courtesy-credit", "2026-01-23", account='"A"', amount='"5.00"', reason='"kind"'),
        check.replace("01-20", "01-24").replace('"7"', '"8"').replace("100.00", "200.00"),
        event("cancel-account", "2026-01-31", account='"A"'),
        event("change-address", "2026-01-31", account='"A"', address='["1 Elm", "Lead SD 57754"]'),
        event("run-refunds", "2026-02-02"),
    ]
    result = played(tmp_path, OPEN, NET, *parts)
    assert result.failures == []
    lines = result.accounts["A"]["lines"]
    # 77.34 - 49.95 unused + 4.00 + 25.00 - 5.00 - 200.00 = -148.61, refunded.
    assert ("2026-02-02", "148.61") in [(line["date"], line["amount"]) for line in lines]
    total = sum(parse_cents(line["amount"]) for line in lines)
    assert (total, result.accounts["A"]["balance"]) == (0, "0.00")
    assert [line["date"] for line in lines] == sorted(line["date"] for line in lines)
