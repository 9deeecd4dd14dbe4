"""What happens inside the processes under test: their calls of the system pass by here; some never return.

Production code has no hooks for this: everything that matters to durability (write, sync, rename, delete) is
a call of a function in Python's `os`, also for what delta-rs wrote, because delta-rs syncs nothing itself.
"""

from __future__ import annotations

from pathlib import Path

from faults.inside import calls, clock, constants
from faults.inside.durable import Recorder
from faults.inside.moments import Ambush


def begin(folder: str, role: str) -> None:
    """Called before anything of Backsight is imported; `folder` says what goes wrong (see faults.plan)."""
    home = Path(folder)
    constants.replace(home / "constants.json")
    clock.shift(home / "clock")
    recorder = Recorder(home / "durable") if (home / "durable").is_dir() else None
    calls.watch(Ambush(home, role), recorder)
