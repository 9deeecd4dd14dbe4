"""What tests of every folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from browser import launch


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one Chromium of a run: a second Playwright in the same thread would not start."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()
