"""Size of the built snippet beside the peers' (gzip bytes of their published bundles, 2026-10)."""

from __future__ import annotations

import gzip
from pathlib import Path

from bench.figures import Figure, note

BUILT = Path(__file__).parents[1] / "collector" / "backsight_collector" / "static" / "backsight.js"
LIMIT = 6 * 1024
PEERS = {"posthog-js": 122_168, "posthog-js slim": 54_252, "amplitude": 68_867, "mixpanel": 33_579}


def main() -> int:
    """Print the size and its ratio to each peer's; fail above the limit."""
    size = len(gzip.compress(BUILT.read_bytes(), 9, mtime=0))
    print(f"backsight.js {size:,} bytes gzip (limit {LIMIT:,})")
    for name, bytes_ in PEERS.items():
        print(f"  {size / bytes_:6.3f} x {name} ({bytes_:,})")
    note(Figure("snippet, gzip", "bytes", size, LIMIT))
    return int(size > LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
