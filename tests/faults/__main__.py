"""Kill it, cut its power, fill its disk, and count: everything that was acknowledged must be stored, once.

40 rounds of kill -9 under load, 20 power cuts, and then each fault of its own kind (tests/faults/test_*.py).
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from faults.rounds import Tally, run


def main() -> int:
    """0 when nothing was violated."""
    asked = read_arguments()
    print(f"seed {asked.seed} (again: make faults ARGS='--seed {asked.seed}')", flush=True)
    with tempfile.TemporaryDirectory(prefix="backsight-faults-", dir=asked.folder) as folder:
        tally = run(Path(folder), asked.seed, asked.rounds, asked.cuts, lambda line: print(line, flush=True))
    print(summary(tally))
    print("\nEach fault of its own kind:", flush=True)
    environment = {**os.environ, "FAULTS_SCALE": "long"}
    tests = [sys.executable, "-m", "pytest", "-v", "-n0", "--no-header", str(Path(__file__).parent)]
    failed = subprocess.call(tests, env=environment)
    return int(bool(tally.violations) or failed)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="of kill -9 under load (default 40)")
    parser.add_argument("--cuts", type=int, default=20, help="power cuts under load (default 20)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="chooses what is done")
    parser.add_argument("--folder", type=Path, help="where to work (default: the system's temporary folder)")
    return parser.parse_args()


def summary(tally: Tally) -> str:
    """What was done and what came of it."""
    done = "\n".join(f"  {count:4} {kind}" for kind, count in sorted(tally.deeds.items()))
    return (
        f"\n{tally.deeds.total()} rounds:\n{done}\n"
        f"{tally.acknowledged:,} events acknowledged, {tally.stored:,} stored (some of them never heard of), "
        f"{tally.repeated:,} batches sent again, {len(tally.violations)} violations"
    )


if __name__ == "__main__":
    sys.exit(main())
