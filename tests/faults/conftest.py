"""Where the faults' tests run: one deployment of real processes each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from faults.house import House, house
from faults.scale import IS_LONG

Built = Callable[..., House]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: a fault that only `make faults` has time for")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what takes long where there is no time for it."""
    left = [item for item in items if not IS_LONG and item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


@pytest.fixture
def built(tmp_path: Path) -> Iterator[Built]:
    """Starts a deployment in a folder of the test's own; nothing of it runs at the end."""
    with ExitStack() as stack:

        def build(constants: dict[str, dict[str, Any]] | None = None, folder: Path = tmp_path) -> House:
            return stack.enter_context(house(folder, seed=1, constants=constants))

        yield build
