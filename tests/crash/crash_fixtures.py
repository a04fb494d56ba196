"""What the tests of this folder share."""

from __future__ import annotations

from pathlib import Path

from crashes.harness import Children, Peace, prepare


class Peaces:
    """Each job done once in peace, when a test asks for it."""

    def __init__(self, folder: Path, children: Children) -> None:
        self._folder, self._children = folder, children
        self._made: dict[str, Peace] = {}

    def __getitem__(self, job: str) -> Peace:
        if job not in self._made:
            self._made[job] = prepare(job, self._folder, self._children)
        return self._made[job]
