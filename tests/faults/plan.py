"""What is to go wrong in the processes under test, as harness and processes both know it.

The folder that FAULTS_FOLDER names holds

    constants.json   values of constants, read as modules are imported
    clock            how far the wall clock is ahead
    armed, fired     the moment at which somebody is killed or hangs; it has been reached
    durable/         if there is one, every sync is written down there (see inside/durable.py)
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

ARMED: Final = "armed"
FIRED: Final = "fired"
NANOSECONDS: Final = struct.Struct("<q")
"""How the clock's file says by how much it is ahead."""


@dataclass(frozen=True)
class Moment:
    """The `nth` time that a process of this `role` calls os.`call` on a path like `path`, from a thread like
    `thread`, while the file holds `holding`: `when` the call is yet to come, halfway through or made."""

    role: str
    call: str
    path: str
    when: str = "before"
    deed: str = "kill"  # or "hang"
    nth: int = 1
    thread: str = ""
    holding: str = ""

    @classmethod
    def of(cls, text: str) -> Moment:
        return cls(**json.loads(text))


BUSY: Final[dict[str, dict[str, Any]]] = {
    "backsight.cli.supervisor": {"FIRST_WAIT": 0.05, "LONGEST_WAIT": 0.4},
    "backsight_collector.committer.committer": {"VACUUM_SECONDS": 0.5, "MAX_BACKOFF": 0.5},
    "backsight_collector.journal.writer": {"SEGMENT_BYTES": 200_000, "RETRY_SECONDS": 0.1},
    "backsight_collector.lake.compaction": {"LOOK_SECONDS": 0.2, "MIN_FILES": 3},
    "backsight_collector.lake.table": {"CHECKPOINT_EVERY": 7},
}
"""A few seconds see what otherwise comes in hours: new segments, checkpoints, merges, vacuum."""


class Plan:
    """The folder, from outside."""

    def __init__(self, folder: Path, constants: dict[str, dict[str, Any]] | None = None) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        (folder / "constants.json").write_text(json.dumps(BUSY | (constants or {})))
        (folder / "clock").write_bytes(NANOSECONDS.pack(0))

    def arm(self, moment: Moment) -> None:
        """Whoever comes there next meets it, once."""
        (self.folder / FIRED).unlink(missing_ok=True)
        draft = self.folder / "draft"
        draft.write_text(json.dumps(asdict(moment)))
        draft.replace(self.folder / ARMED)

    def disarm(self) -> None:
        (self.folder / ARMED).unlink(missing_ok=True)

    @property
    def has_fired(self) -> bool:
        return (self.folder / FIRED).exists()

    def set_clock(self, ahead_seconds: float) -> None:
        with (self.folder / "clock").open("r+b") as clock:
            clock.write(NANOSECONDS.pack(round(ahead_seconds * 1e9)))
