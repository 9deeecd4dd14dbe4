"""The demo's shop as an open site, for notebooks: its weeks are replayed where the folder has none yet."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backsight.demo import DEVICES, recording
from backsight.demo.backend import backend
from backsight.demo.filling import fill, seen
from backsight.demo.questions import define_names
from backsight.demo.serving import free_port

if TYPE_CHECKING:
    from backsight.site import Site

SHOP = "http://127.0.0.1:8401"
"""Where the shop would be; none is served."""


def open_demo(folder: str | Path = "demo-data", devices: int = DEVICES) -> Site:
    """The demo's shop, read in place: the site that `backsight.open(folder)` gives.

    A folder that has no traffic of the last eight weeks gets it first, through a collector that runs for as
    long as that takes (half a minute), and the demo's four names. Close it when done.
    """
    import backsight

    path, now = Path(folder), datetime.now(UTC)
    if not _is_filled(path, now):
        click.echo(f"Replaying eight weeks of a shop's traffic into {path} …")
        with backend(path, free_port(0)) as running, backsight.open(path) as site:
            fill(site, running, SHOP, recording.read(), devices, now)
            define_names(site)
    return backsight.open(path)


def _is_filled(path: Path, now: datetime) -> bool:
    import backsight

    if not (path / "backsight.sqlite").is_file():
        return False
    with backsight.open(path) as site:
        return seen(site, now) > 0
