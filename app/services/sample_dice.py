"""Chance that falls the same way for the same seed, with every version of Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import TypeVar

_Thing = TypeVar("_Thing")


class Dice:
    """Throws that depend on the seed alone.

    Everything is made of `Random.random()`, the only method whose results Python promises never to change.
    """

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)  # noqa: S311 - made-up customers; nothing here is a secret

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` through `high`."""
        return low + int(self._random.random() * (high - low + 1))

    def chance(self, percent: float) -> bool:
        return self._random.random() * 100 < percent

    def pick(self, things: Sequence[_Thing]) -> _Thing:
        return things[int(self._random.random() * len(things))]

    def weighted(self, weights: Sequence[tuple[_Thing, float]]) -> _Thing:
        left = self._random.random() * sum(weight for _, weight in weights)
        for thing, weight in weights:
            left -= weight
            if left < 0:
                return thing
        return weights[-1][0]

    def day(self, first: date, last: date) -> date:
        """A day from `first` through `last`."""
        return first + timedelta(days=self.between(0, (last - first).days))

    def shuffled(self, things: Sequence[_Thing]) -> list[_Thing]:
        order = sorted((self._random.random(), place) for place in range(len(things)))
        return [things[place] for _, place in order]
