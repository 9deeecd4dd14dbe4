"""Sizes (gzip) of the snippet's core, of the parts that it loads when they are needed, and of the peers'."""

from __future__ import annotations

import gzip
from pathlib import Path

from bench.browsing.libraries import BUILT, PACKAGES
from bench.figures import Figure, note

CORE = BUILT / "backsight.js"
PARTS = {
    "effects.js": "what follows clicks, first focus and errors, at the first sign of a person",
    "recovery.js": "what earlier pages left",
    "vitals.js": "web vitals",
    "expose.js": "exposure of elements",
    "definer.js": "the definer",
}
LIMIT = 6 * 1024
PEERS = {
    "posthog-js": "posthog-js/dist/array.js",
    "posthog-js, slim (no autocapture)": "posthog-js/dist/module.slim.js",
    "amplitude": "@amplitude/analytics-browser/lib/scripts/amplitude-min.js",
    "mixpanel": "mixpanel-browser/dist/mixpanel.min.js",
    "snowplow, without plugins": "@snowplow/browser-tracker/dist/index.umd.min.js",
}
"""Each as its maker's tag loads it; parts that they load later are left out."""


def main() -> int:
    """Print the sizes, and the core's ratio to each peer's; 1 above the limit."""
    core = size(CORE)
    print(f"backsight.js {core:,} bytes gzip (limit {LIMIT:,})")
    for name, what in PARTS.items():
        print(f"  {name} {size(BUILT / name):,}, loaded for {what}")
    for name, file in PEERS.items():
        peer = size(PACKAGES / file)
        print(f"  {core / peer:6.3f} x {name} ({peer:,})")
    note(Figure("snippet, gzip", "bytes", core, LIMIT))
    return int(core > LIMIT)


def size(file: Path) -> int:
    """Bytes as servers send them."""
    return len(gzip.compress(file.read_bytes(), 9, mtime=0))


if __name__ == "__main__":
    raise SystemExit(main())
