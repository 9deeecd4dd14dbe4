"""The file of recorded traffic: every batch exactly as the snippet sent it, a line a visit, gzipped.

The first line says where the shop and its collector stood, because URLs within the batches name them.
With each visit stands what Chromium itself answered to `closest()` for the demo's rules while it happened.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

PATH = Path(__file__).with_name("data") / "traffic.jsonl.gz"


@dataclass(frozen=True)
class SentBatch:
    """One request body; `offset_ms` counts from the visit's start to its arrival."""

    offset_ms: int
    body: str


class SentEvent(NamedTuple):
    """What identifies an event, the page instance and the number within it, and its type."""

    page: str
    sequence: int
    type: str


def events_of(batch: SentBatch) -> list[SentEvent]:
    """The events of a batch, in its order."""
    body = json.loads(batch.body)
    return [
        SentEvent(body["pages"][event["page"]]["id"], event["seq"], event["type"]) for event in body["events"]
    ]


def batch_id(batch: SentBatch) -> str:
    """The same on every repetition of a batch."""
    return str(json.loads(batch.body)["batch"])


@dataclass(frozen=True)
class RecordedVisit:
    """One visit of one visitor; `answers` counts, by name, events for which Chromium said the rule holds."""

    visitor: int
    name: str
    email: str
    user_agent: str
    answers: dict[str, int]
    batches: list[SentBatch] = field(default_factory=list)

    def identities(self) -> set[SentEvent]:
        """The distinct events: a browser that leaves a page may send a batch a second time, to be safe."""
        return {event for batch in self.batches for event in events_of(batch)}


@dataclass(frozen=True)
class Recording:
    """Visits in the order in which they were made; those of one visitor lie together."""

    origin: str
    visits: Sequence[RecordedVisit]

    def by_visitor(self) -> list[list[RecordedVisit]]:
        """The visits of each visitor, in order."""
        visitors: dict[int, list[RecordedVisit]] = {}
        for visit in self.visits:
            visitors.setdefault(visit.visitor, []).append(visit)
        return list(visitors.values())


def write(recording: Recording, path: Path = PATH) -> None:
    """Writes the file; equal recordings give equal bytes."""
    lines = [{"origin": recording.origin}, *(asdict(visit) for visit in recording.visits)]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def read(path: Path = PATH) -> Recording:
    """Reads what `write` wrote."""
    head, *lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    return Recording(json.loads(head)["origin"], [_visit(json.loads(line)) for line in lines])


def _visit(line: dict[str, object]) -> RecordedVisit:
    batches = [SentBatch(**batch) for batch in line.pop("batches")]  # type: ignore[attr-defined]
    return RecordedVisit(**line, batches=batches)  # type: ignore[arg-type]
