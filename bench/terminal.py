"""Progress, for people who wait at a terminal; nothing where nobody does."""

from __future__ import annotations

import sys


def tell(line: str) -> None:
    """Show a line in place of the last one; an empty one takes it away."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
