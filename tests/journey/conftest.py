"""The shop on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from backsight.demo.serving import listening, origin, serving
from backsight.demo.shop import TAG_KEY, create_shop


@contextmanager
def serving_shop(collector: str) -> Iterator[str]:
    """The shop, its pages calling the collector at this origin; gives the shop's own."""
    listener = listening()
    home = origin(listener)
    with serving(create_shop(collector, TAG_KEY), listener):
        yield home


@pytest.fixture(scope="session")
def silent_shop() -> Iterator[str]:
    """A shop whose collector does not answer: it has to work all the same."""
    with serving_shop("http://127.0.0.1:9") as home:
        yield home
