"""`python -m backsight_collector.committer DATA_DIR`: a committer by itself."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from backsight_collector.committer.committer import Committer
from backsight_collector.lake.errors import LakeError


def main(arguments: Sequence[str]) -> int:
    """Folds until SIGTERM or SIGINT; the exit code."""
    if len(arguments) != 1:
        print("usage: python -m backsight_collector.committer DATA_DIR", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        committer = Committer(Path(arguments[0]))
        committer.run(stop)
    except (LakeError, OSError) as error:
        print(f"backsight committer: {error}", file=sys.stderr)
        return 1
    committer.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
