"""The demo: a shop, its visitors' traffic as a real browser sent it, and questions asked of it afterwards.

Read `showing.py` first: it is the demo from the first line to the last.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backsight.site import Site

__all__ = ["open_demo", "run"]

DEVICES = 3_000
"""How many devices the recorded visits are replayed by."""


def open_demo(folder: str | Path = "demo-data", devices: int = DEVICES) -> Site:
    """The demo's shop as an open site, for notebooks; see `backsight.demo.opening`."""
    from backsight.demo.opening import open_demo

    return open_demo(folder, devices)


def run(*, live: bool = False, exit: bool = False, data: Path | None = None, port: int = 8400) -> None:  # noqa: A002
    """Shows Backsight on the shop and prints what it finds; see `backsight.demo.showing.Demo`."""
    from backsight.demo.showing import Demo

    # What the demo has started is to end with it, also where a process manager ends it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Demo(live=live, data=data, port=port).run(stay=not exit)
