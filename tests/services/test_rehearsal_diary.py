"""A story as a diary, and played again with other policy values; typed values are read as the policy file wants them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app import resources
from app.errors import Cancelled, UserError
from app.services.policies.policyfile import shipped_policy_path
from app.services.policyvalues import as_override, changed_body, policy_keys, typed_value
from app.services.rehearsal import play, rehearse
from app.services.rehearsaldiary import (
    balance_differences,
    changed_in_words,
    differences,
    play_diary,
    summary,
)
from app.services.storyevents import EVENTS
from app.services.storyfile import Event, Story, read_story
from app.services.storywords import _SAYS, event_says

EXAMPLES = sorted(resources.path("stories").glob("*.toml"))
HOME, MEMBER = (
    resources.path("stories") / name for name in ("a-home-that-pays-late.toml", "a-member-whose-draft-fails.toml")
)
ISP = shipped_policy_path("isp-advance").read_text(encoding="utf-8")
MEMBERSHIP = shipped_policy_path("membership-arrears").read_text(encoding="utf-8")


def story(path: Path) -> Story:
    return read_story(path)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_hold_and_their_diary_adds_up_to_the_balances(path: Path) -> None:
    assert rehearse(path).failures == []
    diary = play_diary(story(path))
    assert diary.failures == () and diary.expected == 2
    assert summary(diary).endswith("2 of 2 expectations held.")
    total = 0
    for day in diary.days:
        total += sum(line.cents for line in day.lines if line.cents is not None)
        assert sum(state.balance_cents for state in day.states) == total, day.on


def test_the_diary_says_what_was_charged_by_which_clause_and_how_the_account_stood() -> None:
    diary = play_diary(story(MEMBER))
    failed = next(day for day in diary.days if day.on == date(2026, 2, 5))
    assert [(line.clause, line.cents) for line in failed.lines if line.cents is not None] == [
        ("ARR-3", 9900),
        ("ARR-6", 1500),
        ("ARR-7", 3500),
    ]
    assert "The auto-pay run; declined for Moss." in [line.words for line in failed.lines]
    (state,) = failed.states
    assert (state.balance_cents, state.status, state.next_on, state.next_cents) == (14900, "active", date(2026, 3, 5), 9900)
    assert sum(item.open_cents for item in state.open_invoices) == 14900
    assert [day.on for day in diary.days] == sorted({event.on for event in story(MEMBER).events})


def test_the_diary_and_the_story_itself_come_to_the_same_accounts() -> None:
    told = play_diary(story(HOME))
    played = play(story(HOME))
    lines = [line for line in told.lines if line.cents is not None]
    assert [line.clause for line in lines] == [line["clause"] for line in played.accounts["Ames"]["lines"]]


def test_what_does_not_hold_is_marked_where_it_was_expected(tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(MEMBER.read_text(encoding="utf-8").replace('balance = "149.00"', 'balance = "150.00"'), encoding="utf-8")
    diary = play_diary(story(path))
    assert len(diary.failures) == 1
    bad = [line.words for line in diary.lines if line.tone == "bad"]
    assert bad == ["Moss: expected balance: did not hold", "balance: expected 150.00; got 149.00"]
    assert [line.words for line in diary.lines if line.tone == "good"] == ["Moss: expected status: held"]


def test_an_event_that_is_refused_where_it_should_not_be_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "refused.toml"
    path.write_text(
        'title = "x"\npolicy = "isp-advance"\n[[event]]\non = 2026-01-01\ndo = "cancel-account"\naccount = "Nobody"\n',
        encoding="utf-8",
    )
    diary = play_diary(story(path))
    assert [line.tone for line in diary.lines] == ["bad", "bad"]
    assert "no account Nobody" in diary.lines[1].words
    assert diary.days[0].states == ()


def test_another_value_changes_the_charge_and_the_balances_from_that_day_on() -> None:
    before = play_diary(story(MEMBER))
    now = play_diary(story(MEMBER), {("dishonored_fee",): "12.50"})
    assert changed_in_words(before, now) == "Dishonored payment fee of each failed attempt: 35.00 → 12.50"
    assert [(row.on, row.what, row.before_cents, row.now_cents) for row in differences(before, now)] == [
        (date(2026, 2, 5), "changed", 3500, 1250)
    ]
    found = [(row.on, row.before_cents - row.now_cents) for row in balance_differences(before, now)]
    assert found == [(date(2026, 2, 5), 2250), (date(2026, 2, 12), 2250), (date(2026, 2, 19), 2250)]


def test_a_charge_can_be_gone_and_another_one_new() -> None:
    before = play_diary(story(HOME))
    now = play_diary(story(HOME), {("late_after_months",): "2"})
    assert [(row.what, row.words, row.before_cents, row.now_cents) for row in differences(before, now)] == [
        ("gone", "Ames: Late fee", 1000, None)
    ]
    later = play_diary(story(MEMBER), {("processing_after_days",): "4"})
    assert differences(play_diary(story(MEMBER)), later) == []
    back = differences(now, before)
    assert [(row.what, row.now_cents) for row in back] == [("new", 1000)]


def test_the_same_values_differ_in_nothing() -> None:
    before = play_diary(story(HOME))
    now = play_diary(story(HOME), {("late_fee",): "10.00"})
    assert differences(before, now) == [] and balance_differences(before, now) == [] and changed_in_words(before, now) == ""


def test_a_story_that_is_stopped_raises_and_tells_how_far_it_is() -> None:
    seen: list[tuple[int, int]] = []
    with pytest.raises(Cancelled):
        play_diary(story(HOME), None, lambda done, of: seen.append((done, of)), lambda: len(seen) == 3)
    count = len(story(HOME).events)
    assert seen == [(1, count), (2, count), (3, count)]


@pytest.mark.parametrize("body", [ISP, MEMBERSHIP])
def test_every_value_of_a_policy_has_a_meaning_and_typed_as_shown_it_is_itself(body: str) -> None:
    keys = policy_keys(body)
    assert all(key.clause and key.meaning and "_" not in key.meaning for key in keys)
    made, policy = changed_body("p", body, as_override(body, {key.key: key.text for key in keys}))
    assert policy == changed_body("p", body, {})[1]
    assert [key.text for key in policy_keys(made)] == [key.text for key in keys] or len(policy_keys(made)) == len(keys)


def test_plans_are_typed_one_by_one() -> None:
    changes = {("late_charge", "Premiere"): "17.50", ("plans", "Premiere", "monthly"): "$104.00"}
    _made, policy = changed_body("m", MEMBERSHIP, as_override(MEMBERSHIP, changes))
    assert policy.late_charge["Premiere"] == 1750 and policy.late_charge["Limited"] == 1000  # type: ignore[union-attr]
    assert policy.plans["Premiere"] == (10400, 9900)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "key", "text", "said"),
    [
        (ISP, ("late_fee",), "-1", "Late fee: -1 is not allowed; it takes an amount such as 10.00."),
        (
            ISP,
            ("refund_days",),
            "1, 31",
            "Refund checks go out on these days of the month: 1, 31 is not allowed; it takes "
            "days from 1 to 28, such as 1, 15.",
        ),
        (
            ISP,
            ("first_invoice",),
            "never",
            "A new service is first billed: never is not allowed; it takes on-activation or with-next-cycle.",
        ),
        (
            MEMBERSHIP,
            ("plans", "Premiere", "monthly"),
            "-5.00",
            "Monthly and processing fee offered to new members, by plan "
            "· Premiere · monthly fee: -5.00 is not allowed; it takes an amount such as 10.00.",
        ),
    ],
)
def test_a_typed_value_that_is_not_allowed_is_refused_in_the_words_of_the_list(
    body: str, key: tuple[str, ...], text: str, said: str
) -> None:
    good = next(value for value in policy_keys(body) if value.key != key)
    with pytest.raises(UserError) as refused:
        as_override(body, {good.key: good.text, key: text})
    assert (refused.value.message, refused.value.field) == (said, "value")
    with pytest.raises(UserError, match="is not allowed"):
        play_diary(story(HOME if body == ISP else MEMBER), {key: text})


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        (("net_days",), " 45 ", 45),
        (("bill_while_suspended",), "No", False),
        (("refund_days",), "1 and 20", [1, 20]),
        (("late_fee",), "$12.00", "12.00"),
        (("late_fee",), "12", "12.00"),
        (("hourly_rate",), " 1,095.5 ", "1095.50"),
        (("late_run_days_left",), "15", 15),
        (("first_invoice",), "with-next-cycle", "with-next-cycle"),
    ],
)
def test_a_typed_value_is_of_the_kind_that_stands_there(key: tuple[str, ...], text: str, value: object) -> None:
    assert typed_value(ISP, key, text) == value


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        (("net_days",), "soon", "no whole number"),
        (("net_days",), "-3", "no whole number"),
        (("bill_while_suspended",), "maybe", "yes or no"),
        (("refund_days",), "1, x", "no whole number"),
        (("late_fee",), "12.345", "more than two decimals"),
        (("late_fee",), "ten", "“ten” is not an amount"),
        (("late_fee",), "", "not an amount"),
    ],
)
def test_what_cannot_be_read_is_said(key: tuple[str, ...], text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        typed_value(ISP, key, text)


def test_every_event_of_a_story_has_its_sentence() -> None:
    assert _SAYS.keys() == EVENTS.keys()
    for do, spec in EVENTS.items():
        said = event_says(Event(1, 1, date(2026, 1, 1), do, False, dict.fromkeys(spec.needed, "x")))
        assert said.endswith(".") and "None" not in said, (do, said)
    unknown = event_says(Event(1, 1, date(2026, 1, 1), "dance", False, {"how": "well"}))
    assert unknown == "dance: how well."
    refused = event_says(Event(1, 1, date(2026, 1, 1), "run-billing", True, {}))
    assert refused == "The billing run, which is to be refused."
