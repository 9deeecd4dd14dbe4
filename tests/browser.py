"""Finds a Chromium for the tests: BACKSIGHT_CHROMIUM, then the system's, then the one Playwright installs."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Browser, Playwright

SYSTEM = "/usr/bin/chromium"

FLAGS = (
    "--no-sandbox",  # in containers Chromium runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable() -> str | None:
    """Path of the browser, or None for Playwright's own."""
    named = os.environ.get("BACKSIGHT_CHROMIUM")
    if named and not Path(named).exists():
        raise FileNotFoundError(f"BACKSIGHT_CHROMIUM names {named}, which does not exist")
    return named or (SYSTEM if Path(SYSTEM).exists() else None)


def launch(playwright: Playwright, *flags: str) -> Browser:
    """A headless browser; the caller closes it."""
    return playwright.chromium.launch(executable_path=executable(), args=[*FLAGS, *flags])
