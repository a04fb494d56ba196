"""The warm process that makes those which are killed, once for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crash_fixtures import Peaces

from crashes.harness import Children, build_recorder


@pytest.fixture(scope="session")
def peaces(tmp_path_factory: pytest.TempPathFactory, children: Children) -> Peaces:
    return Peaces(tmp_path_factory.mktemp("peaces"), children)


@pytest.fixture(scope="session")
def children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Children]:
    with Children(build_recorder(tmp_path_factory.mktemp("recorder"))) as made:
        yield made
