"""Clerks in processes of their own post, split, reverse, search and close while two month-ends run at once."""

from __future__ import annotations

import pytest
import support_databases

from app.services.soaking import Soak, told

CLERKS, ACCOUNTS, OPERATIONS = 3, 60, 40


@pytest.mark.server_only
def test_nothing_is_lost_nothing_billed_twice_and_two_month_ends_become_one() -> None:
    result = Soak(support_databases.new_address(), CLERKS, ACCOUNTS).work(120, operations=OPERATIONS)
    assert result.problems == []
    assert not result.shift.refused, "no deadlock and no lock reaches a person"
    operations = sum(
        len(times) for what, times in result.shift.microseconds.items() if what not in ("month-end", "day close")
    )
    assert operations == CLERKS * OPERATIONS
    assert len(result.shift.microseconds["month-end"]) == 2
    assert told(result)[-1].startswith("Nothing lost")
