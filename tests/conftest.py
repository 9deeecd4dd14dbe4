"""What tests of every folder share."""

from __future__ import annotations

from asyncio import events
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from backsight.demo import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# The same examples in every run, so that a change is judged by what it changes; others are tried with
# `make test ARGS="--hypothesis-profile=explore -m hypothesis"`.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one Chromium of a run: a second Playwright in the same thread would not start."""
    with browser.chromium() as (started, _):
        yield started


@pytest.fixture(autouse=True)
def no_loop_of_the_browser(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that drives no browser may run a loop of its own, also after one that did.

    Playwright leaves its loop marked as running in the thread between its calls: whichever tests come after a
    browser's in a process could start none.
    """
    if "chromium" in request.fixturenames:
        yield
        return
    left = events._get_running_loop()
    events._set_running_loop(None)
    yield
    events._set_running_loop(left)
