"""Whatever happened in an office of both books: a billing run cut off and made again is one made at once (BOTH-2)."""

from __future__ import annotations

from unittest import mock

import pytest
import support_databases
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support_histories import Step
from support_members import both_books, steps_of_both
from support_office import Diary
from support_powercut import MeteredConnection, PowerCut, power_until
from test_random_members import HOW, history_of

from app.periods import ONE_DAY
from app.services import billing

CUTS = st.lists(st.lists(st.integers(0, 10_000), min_size=1, max_size=3), min_size=8, max_size=8)


@given(steps_of_both(least=15, most=35), st.integers(0, 75), st.integers(1, 3), CUTS)
@settings(max_examples=12, phases=(Phase.explicit, Phase.generate))  # to shrink a history takes minutes
def test_a_run_after_any_history_cut_off_anywhere_and_made_again_gives_the_books_of_one_made_at_once(
    taken: list[Step], later: int, chunk: int, cuts: list[list[int]]
) -> None:
    with both_books() as diary:
        history_of(taken, diary)
        day, image = diary.day + later * ONE_DAY, diary.image()
    with mock.patch.object(billing, "CHUNK", chunk):
        with Diary(day, image=image, driver=MeteredConnection) as straight:
            with power_until() as meter:
                straight.bill()
            expected = straight.dump(columns=HOW)
        for points in cuts:
            with Diary(day, image=image, driver=MeteredConnection) as cut_off:
                for point in points:
                    cut_once(cut_off, 1 + point % meter.points)
                if not is_done(cut_off):
                    cut_off.bill()
                assert cut_off.dump(columns=HOW) == expected
                cut_off.assert_books_right(trail=True)
                cut_off.bill()
                assert {**cut_off.dump(columns=HOW), "run": ()} == {**expected, "run": ()}, "made again it changed something"


def is_done(office: Diary) -> bool:
    """Whether a run of the day ended."""
    return bool(office.sql("SELECT 1 FROM run WHERE what = 'billing' AND state = 'done' AND business_date = ?", office.day))


def cut_once(office: Diary, point: int) -> None:
    """The run of the day, cut off at a point, unless less is left of it after an earlier cut."""
    if is_done(office):
        return
    with power_until(point) as meter:
        try:
            office.bill()
        except PowerCut:
            assert meter.points >= point  # what is under way may still be rolled back
        else:
            assert meter.points < point


def test_the_machine_stops_at_the_chosen_point_and_a_commit_before_it_stays() -> None:
    def bills(office: Diary) -> int:
        return int(office.sql("SELECT count(*) FROM invoice WHERE issued_on = '2026-02-01'")[0][0])

    with both_books() as diary:
        for n in range(3):
            diary.open(f"Home {n}", 1000)
        image = diary.image()
    found = []
    with mock.patch.object(billing, "CHUNK", 1):
        with Diary(diary.on(2, 1).day, image=image, driver=MeteredConnection) as straight, power_until() as meter:
            straight.bill()
        for point in range(1, meter.points + 1, 7 if support_databases.on_server() else 1):
            with Diary(diary.day, image=image, driver=MeteredConnection) as office:
                with power_until(point), pytest.raises(PowerCut):
                    office.bill()
                found.append(bills(office))
    assert found == sorted(found)
    assert {0, 1, 2, 3} == {*found}
