"""Finds a Chromium on this machine and starts it, for recording, `--live` and the tests.

`python -m backsight.demo.browser` prints which one that is, or fails.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backsight.errors import ConfigurationError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
FLAGS = (
    "--disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
HINT = "`pip install playwright && playwright install chromium`, or CHROME_PATH=/path/to/chromium"


def find_chromium(playwright: Playwright) -> str:
    """The path of a Chromium: the one named in CHROME_PATH, one on the PATH, else Playwright's own."""
    named = os.environ.get("CHROME_PATH")
    on_path = next((found for name in NAMES if (found := shutil.which(name))), None)
    path = named or on_path or playwright.chromium.executable_path
    if not Path(path).is_file():
        raise ConfigurationError("no Chromium was found", field="CHROME_PATH", value=path, valid=HINT)
    return path


@contextmanager
def chromium() -> Iterator[tuple[Browser, dict[str, Any]]]:
    """A headless Chromium, closed at the end, and the devices it can pose as.

    Raises ConfigurationError where Playwright or Chromium is missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise ConfigurationError("Playwright is not installed", field="playwright", valid=HINT) from error
    with sync_playwright() as playwright:
        # Chromium's own sandbox refuses to start as root, as in most containers.
        flags = [*FLAGS, "--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else FLAGS
        browser = playwright.chromium.launch(executable_path=find_chromium(playwright), args=flags)
        try:
            yield browser, playwright.devices
        finally:
            browser.close()


if __name__ == "__main__":
    with chromium() as (found, _):
        print(f"Chromium {found.version}")
