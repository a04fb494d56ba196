"""What could explain a batch that is out, from its figures alone."""

from __future__ import annotations

import pytest

from app.services.batchdoubts import Doubt, Entered, difference_words, doubts, neighbours_swapped


def sheet(check: int, cents: int, number: str = "", name: str = "") -> Entered:
    return Entered(check, number or str(100 + check), cents, name)


def texts(expected: int, total: int, *entered: Entered) -> list[str]:
    return [doubt.text for doubt in doubts(expected, total, entered)]


def test_a_batch_in_balance_raises_no_doubt() -> None:
    assert doubts(2, 3000, [sheet(1, 1000), sheet(2, 2000)]) == []


def test_nothing_is_guessed_while_several_checks_are_still_to_come() -> None:
    assert doubts(4, 9000, [sheet(1, 1000), sheet(2, 2000)]) == []


def test_the_amount_of_the_last_check_is_known_before_it_is_entered() -> None:
    assert texts(2, 5995, sheet(1, 1000)) == ["The last check should be for 49.95."]


def test_two_swapped_digits_name_the_check_and_its_right_amount() -> None:
    found = doubts(2, 4590 + 2000, [sheet(1, 4950, "1042", "Ann Ames"), sheet(2, 2000)])
    assert found == [
        Doubt("Two digits swapped? Check 1042 (Ann Ames) is entered as 49.50; 45.90 would balance.", 1),
    ]


def test_swapped_digits_are_found_when_too_little_is_entered_as_well() -> None:
    (found,) = doubts(2, 9100 + 300, [sheet(1, 1900), sheet(2, 300)])
    assert found.mail_check_id == 1 and "91.00 would balance" in found.text


def test_a_difference_that_divides_by_nine_without_such_a_check_says_what_to_look_for() -> None:
    assert texts(2, 3000 + 18, sheet(1, 1000), sheet(2, 2000)) == [
        "The difference divides by 9: look for two digits swapped, in an amount or on the tape."
    ]


def test_a_check_entered_twice_is_the_first_doubt() -> None:
    first = doubts(2, 3000, [sheet(1, 1000, "7"), sheet(2, 2000, "8"), sheet(3, 2000, "0008")])[0]
    assert first == Doubt("Entered twice? Check 0008 for 20.00.", 3)


def test_two_checks_of_one_amount_and_other_numbers_are_not_called_entered_twice() -> None:
    found = texts(2, 3000, sheet(1, 1000, "7"), sheet(2, 2000, "8"), sheet(3, 2000, "9"))
    assert not any("twice?" in text for text in found)
    assert sum("is it one too many?" in text for text in found) == 2


def test_one_check_of_the_difference_may_be_missing_on_the_tape_when_the_count_is_right() -> None:
    assert texts(2, 1001, sheet(1, 1001), sheet(2, 2500)) == [
        "The difference is one check, check 102: is it missing on the adding machine's tape?"
    ]


def test_one_check_of_the_difference_may_be_twice_on_the_tape() -> None:
    assert texts(2, 3501 + 2500, sheet(1, 1001), sheet(2, 2500)) == [
        "The difference is one check, check 102: is it twice on the adding machine's tape?"
    ]


def test_half_of_the_difference_may_have_been_taken_off_on_the_tape() -> None:
    found = doubts(2, 3777 - 2 * 1111, [sheet(1, 1111, "5"), sheet(2, 2666)])
    assert Doubt("Half of the difference is check 5: was it taken off instead of added on the tape?", 1) in found


@pytest.mark.parametrize(("entered", "right"), [(499500, 4995), (4995, 499500), (49950, 4995), (4995, 49950)])
def test_a_point_one_or_two_places_off_names_the_check(entered: int, right: int) -> None:
    found = doubts(2, right + 777, [sheet(1, entered), sheet(2, 777)])
    assert any(doubt.mail_check_id == 1 and doubt.text.startswith("Point in the wrong place?") for doubt in found)


def test_one_wrong_digit_is_the_last_guess() -> None:
    assert texts(2, 3000 + 50, sheet(1, 1000), sheet(2, 2000)) == [
        "The difference is in one place only: look for one digit keyed wrongly."
    ]


def test_a_difference_that_nothing_explains_raises_no_doubt() -> None:
    assert texts(2, 3000 + 1234, sheet(1, 1000), sheet(2, 2000)) == []


@pytest.mark.parametrize(("expected", "words"), [(3, "1 check fewer than counted"), (1, "1 check more than counted")])
def test_the_right_money_with_another_count_doubts_the_count(expected: int, words: str) -> None:
    (found,) = texts(expected, 3000, sheet(1, 1000), sheet(2, 2000))
    assert words in found


def test_a_batch_over_its_total_before_all_are_entered_is_doubted_already() -> None:
    assert [doubt.mail_check_id for doubt in doubts(5, 4510, [sheet(1, 5410)])] == [1]


def test_a_check_missing_by_count_and_money_both_ways_is_named_by_its_amount() -> None:
    assert texts(3, 5000, sheet(1, 1000), sheet(2, 2000)) == ["The last check should be for 20.00."]


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ((2, 3000, 2, 3000), "In balance"),
        ((3, 5000, 2, 3000), "1 check and 20.00 to go"),
        ((4, 5000, 2, 3000), "2 checks and 20.00 to go"),
        ((2, 5000, 2, 3000), "Out: 20.00 too little"),
        ((2, 1000, 2, 3000), "Out: 20.00 too much"),
        ((1, 3000, 2, 3000), "Out: 1 check too many"),
        ((3, 1000, 2, 3000), "Out: 1 check too few, 20.00 too much"),
        ((3, 3000, 2, 3000), "1 check and 0.00 to go"),
    ],
)
def test_the_difference_in_words(figures: tuple[int, int, int, int], words: str) -> None:
    assert difference_words(*figures) == words


def test_swapping_neighbours_changes_an_amount_by_a_multiple_of_nine() -> None:
    assert neighbours_swapped(5410) == {4510, 5140, 5401}
    assert neighbours_swapped(1111) == set()
    assert all((5410 - other) % 9 == 0 for other in neighbours_swapped(5410))
