"""The demo's data behind a running Backsight, for others to ask: `python -m backsight.demo.serve FOLDER`.

Prints one line of JSON, `{"url", "secret_key", "write_key"}`, when everything is visible and named, and then
stays until it is told to end. The docs' examples are run against it.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import click

from backsight.demo import recording
from backsight.demo.backend import backend, open_site
from backsight.demo.filling import fill, seen
from backsight.demo.questions import define_names
from backsight.demo.serving import free_port
from backsight.demo.shop import TAG_KEY

SHOP = "http://127.0.0.1:8401"
"""Where the shop would be; none is served."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--devices", default=300, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--port", default=0, type=click.IntRange(0, 65_535), help="0: any free one.")
def main(folder: Path, devices: int, port: int) -> None:
    """Fill FOLDER with the demo's replayed weeks, where it has none yet, and serve it."""
    now = datetime.now(UTC)
    with backend(folder, free_port(port)) as running:
        with open_site(running) as site:
            if not seen(site, now):
                fill(site, running, SHOP, recording.read(), devices, now)
            define_names(site)
        facts = {"url": running.url, "secret_key": running.secret_key, "write_key": TAG_KEY}
        click.echo(json.dumps(facts))
        threading.Event().wait()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    main()
