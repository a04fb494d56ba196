"""Stories: valid policy files that an override breaks, an expectation of nobody, and a date at the end of time."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.services.policies.policyfile import shipped_policy_path
from app.services.rehearsal import rehearse

OPEN = '[[event]]\non = 2026-01-01\ndo = "open-account"\naccount = "A"\n'


@pytest.mark.parametrize(
    "written", ["refund_days = [\n  1,\n  15,\n]", '"refund_days" = [1, 15]', "'refund_days' = [1, 15]"]
)
def test_an_override_is_laid_over_a_policy_file_however_that_is_written(tmp_path: Path, written: str) -> None:
    body = shipped_policy_path("isp-advance").read_text(encoding="utf-8")
    (tmp_path / "own.toml").write_text(body.replace("refund_days = [1, 15]", written), encoding="utf-8")
    (tmp_path / "story.toml").write_text(f'title = "T"\npolicy = "own.toml"\n[override]\nrefund_days = [5]\n{OPEN}', "utf-8")
    assert rehearse(tmp_path / "story.toml").failures == []


def test_an_expectation_of_an_unknown_account_fails_also_without_another_key(tmp_path: Path) -> None:
    head = 'title = "T"\npolicy = "isp-advance"\n'
    (tmp_path / "story.toml").write_text(f'{head}{OPEN}[[event]]\non = 2026-01-01\ndo = "expect"\naccount = "Z"\n', "utf-8")
    assert [failure.key for failure in rehearse(tmp_path / "story.toml").failures] == ["account"]


def test_a_date_beyond_what_can_be_billed_is_refused_and_not_a_traceback(tmp_path: Path) -> None:
    head = 'title = "T"\npolicy = "isp-advance"\n'
    late = '[[event]]\non = 9999-12-31\ndo = "add-service"\naccount = "A"\nservice = "net"\nmonthly = "1.00"\n'
    (tmp_path / "story.toml").write_text(f"{head}{OPEN}{late}", "utf-8")
    (failure,) = rehearse(tmp_path / "story.toml").failures
    assert failure.got.startswith("refused: ")
