"""What tests of every folder share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from backsight.demo import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one Chromium of a run: a second Playwright in the same thread would not start."""
    with browser.chromium() as (started, _):
        yield started
