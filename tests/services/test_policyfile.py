"""Policy files: what each key takes, and the refusal of everything else with file, key and what is allowed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.services.policies.policyfile import (
    ADVANCE_KEYS,
    AdvancePolicy,
    PolicyError,
    load_policy,
    parse_policy,
    shipped_policy_path,
)

SHIPPED = shipped_policy_path("isp-advance").read_text(encoding="utf-8")

# The documented keys and shipped values (story format), and the two that this office added, with a default.
DOCUMENTED: dict[str, Any] = {
    "first_invoice": "on-activation",
    "net_days": 30,
    "paper_statement_fee": "3.00",
    "late_fee": "10.00",
    "late_after_months": 1,
    "returned_admin_fee": "25.00",
    "reactivation_fee": "35.00",
    "reactivation_after": 2,
    "bill_while_suspended": True,
    "hourly_rate": "95.00",
    "refund_days": [1, 15],
}
ADDED: dict[str, Any] = {"late_run_days_left": 20, "reactivation_months": 12}
AMOUNTS = [key for key, value in DOCUMENTED.items() if isinstance(value, str) and key != "first_invoice"]

NOT_AN_AMOUNT = [
    "10.00",
    "10",
    '"10"',
    '"10.0"',
    '"10.005"',
    '"-1.00"',
    '"ten"',
    '""',
    "true",
    '["1.00"]',
    '"1,5"',
    '"."',
]
NOT_WHOLE = ['"30"', "30.0", "-1", "100000", "true", "[30]", '""']
NOT_YES_NO = ['"true"', "1", "0", '""', "[true]"]
NOT_A_WORD = ['"sometime"', '""', "1", "true", '["on-activation"]', '"On-Activation"']
NOT_DAYS = ["[]", "[0]", "[29]", "[31]", "1", '"1"', '["1"]', "[1.0]", "[true]", "[1, 40]", "[[1]]"]
WRONG = [
    *((key, text) for key in AMOUNTS for text in NOT_AN_AMOUNT),
    *((key, text) for key in ("net_days", "late_after_months", "reactivation_after", *ADDED) for text in NOT_WHOLE),
    *(("bill_while_suspended", text) for text in NOT_YES_NO),
    *(("first_invoice", text) for text in NOT_A_WORD),
    *(("refund_days", text) for text in NOT_DAYS),
    ("reactivation_after", "0"),
    ("reactivation_months", "0"),
]


def with_value(key: str, text: str | None) -> str:
    """The shipped file with one key's value replaced, or the key left out."""
    kept = [line for line in SHIPPED.splitlines() if line.split("=")[0].strip() != key]
    assert len(kept) == len(SHIPPED.splitlines()) - 1
    return "\n".join([*kept, *([] if text is None else [f"{key} = {text}"])])


def refusal(body: str, **override: Any) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        parse_policy(body, name="office", label="office.toml", override=override)
    return caught.value


def test_the_shipped_file_has_exactly_the_documented_keys_and_values() -> None:
    shipped = tomllib.loads(SHIPPED)
    assert shipped.pop("policy") == "advance"
    assert shipped == DOCUMENTED | ADDED
    assert set(ADVANCE_KEYS) == set(DOCUMENTED) | set(ADDED)


def test_the_shipped_policy_is_read_in_cents_and_days() -> None:
    assert load_policy("isp-advance") == AdvancePolicy(
        name="isp-advance",
        first_invoice="on-activation",
        net_days=30,
        late_run_days_left=20,
        paper_statement_fee=300,
        refund_days=(1, 15),
        returned_admin_fee=2500,
        hourly_rate=9500,
        late_fee=1000,
        late_after_months=1,
        bill_while_suspended=True,
        reactivation_fee=3500,
        reactivation_after=2,
        reactivation_months=12,
    )


def test_every_key_of_the_shipped_file_names_its_clause() -> None:
    for line in SHIPPED.splitlines():
        if "=" in line and not line.startswith(("#", "policy")):
            assert "# ADV-" in line, line


@pytest.mark.parametrize(("key", "text"), WRONG)
def test_a_value_that_is_not_allowed_is_refused_with_file_key_and_what_is_allowed(key: str, text: str) -> None:
    error = refusal(with_value(key, text))
    assert error.field == key
    assert "office.toml" in error.message
    assert f"{key} = " in error.message
    assert error.message.endswith(f"it takes {ADVANCE_KEYS[key].allowed}.")


@pytest.mark.parametrize("key", DOCUMENTED)
def test_a_missing_key_is_refused_with_what_it_takes(key: str) -> None:
    error = refusal(with_value(key, None))
    assert error.message == f"office.toml: the key “{key}” is missing; it takes {ADVANCE_KEYS[key].allowed}."
    assert error.field == key


@pytest.mark.parametrize(("key", "default"), ADDED.items())
def test_a_key_that_this_office_added_has_a_default(key: str, default: int) -> None:
    policy = parse_policy(with_value(key, None), name="office", label="office.toml")
    assert getattr(policy, key) == default


@pytest.mark.parametrize("key", ["late_fees", "Late_fee", "net", "late-fee", '""'])
def test_an_unknown_key_is_refused_with_the_keys_that_are_known(key: str) -> None:
    error = refusal(f'{SHIPPED}\n{key} = "1.00"\n')
    assert f"the key “{key.strip(chr(34))}” is unknown" in error.message
    assert error.message.startswith("office.toml")
    assert all(known in error.message for known in ADVANCE_KEYS)


def test_a_table_is_an_unknown_key_and_not_passed_over() -> None:
    assert "“fees” is unknown" in refusal(f'{SHIPPED}\n[fees]\nlate_fee = "1.00"\n').message


@pytest.mark.parametrize("body", ["late_fee = ", "late_fee = '10.00", 'late_fee = "1.00"\nlate_fee = "2.00"', "\x00"])
def test_broken_toml_is_refused_with_file_and_line(body: str) -> None:
    error = refusal(body)
    assert error.message.startswith("office.toml is not a policy file")
    assert "line" in error.message or "document" in error.message


@pytest.mark.parametrize("kind", ['"weekly"', '""', "1", "true"])
def test_a_file_of_another_kind_of_policy_is_refused(kind: str) -> None:
    error = refusal(SHIPPED.replace('policy = "advance"', f"policy = {kind}"))
    assert "office.toml" in error.message
    assert 'allowed is "advance"' in error.message


def test_an_override_is_laid_over_the_file_and_nothing_else_changes() -> None:
    plain = load_policy("isp-advance")
    changed = load_policy("isp-advance", {"late_fee": "12.00", "refund_days": [20, 5, 5]})
    assert (changed.late_fee, changed.refund_days) == (1200, (5, 20))
    same = {name: getattr(changed, name) for name in AdvancePolicy.__slots__} | {
        "late_fee": 1000,
        "refund_days": (1, 15),
    }
    assert AdvancePolicy(**same) == plain


def test_an_override_may_give_a_key_that_the_file_lacks() -> None:
    policy = parse_policy(with_value("late_fee", None), name="x", label="x.toml", override={"late_fee": "7.00"})
    assert policy.late_fee == 700


@pytest.mark.parametrize(("key", "value"), [("late_fee", 10), ("late_fee", "10"), ("net_days", "30"), ("late_fees", "1.00")])
def test_a_wrong_override_is_refused_like_a_wrong_file(key: str, value: Any) -> None:
    error = refusal(SHIPPED, **{key: value})
    assert key in error.message
    assert error.field == key


@pytest.mark.parametrize(("key", "text", "expected"), [
    ("late_fee", '"0.00"', 0),
    ("late_fee", '"1,250.00"', 125000),
    ("net_days", "0", 0),
    ("net_days", "365", 365),
    ("late_after_months", "0", 0),
    ("refund_days", "[28]", (28,)),
    ("first_invoice", '"with-next-cycle"', "with-next-cycle"),
    ("bill_while_suspended", "false", False),
])  # fmt: skip
def test_values_at_the_edge_of_what_is_allowed_are_taken(key: str, text: str, expected: Any) -> None:
    assert getattr(parse_policy(with_value(key, text), name="o", label="o.toml"), key) == expected


@pytest.mark.parametrize("name", ["no-such-policy", "isp-advance.toml", "../isp-advance", ""])
def test_an_unknown_policy_is_refused_by_its_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PolicyError) as caught:
        load_policy(name)
    assert name in caught.value.message
    assert caught.value.field == "policy"


def test_a_policy_file_of_the_office_is_read_by_its_path_and_named_after_it(tmp_path: Path) -> None:
    path = tmp_path / "own terms.toml"
    path.write_text(with_value("late_fee", '"5.00"'), encoding="utf-8")
    for source in (path, str(path)):
        policy = load_policy(source)
        assert (policy.name, policy.late_fee) == ("own terms", 500)


def test_a_mistake_in_a_file_names_that_file(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(with_value("late_fee", "5"), encoding="utf-8")
    with pytest.raises(PolicyError, match=r"^own\.toml: late_fee = 5 is not allowed"):
        load_policy(path)


def test_a_file_that_is_not_utf_8_or_not_a_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(SHIPPED.encode() + b"# caf\xe9\n")
    for source in (path, tmp_path):
        with pytest.raises(PolicyError) as caught:
            load_policy(source)
        assert str(source) in caught.value.message
        assert caught.value.field == "policy"


def test_a_policy_cannot_be_changed_once_it_is_read() -> None:
    with pytest.raises(AttributeError):
        load_policy("isp-advance").late_fee = 0  # type: ignore[misc]
