"""What the collector counts, in Prometheus' text format (version 0.0.4).

The few lines that write it stand here, because a client library would bring a registry of its own, global to
the process, for a dozen numbers.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol, Self

import msgspec

from backsight.contract import Reason
from backsight_collector.http.problems import Problem, Refusal
from backsight_collector.wire import Decoded

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)

COMMITTER: Final = {
    "events": ("counter", "Events stored in the lake."),
    "duplicates": ("counter", "Events that had been stored before, and were dropped."),
    "deleted_late": ("counter", "Events dropped because their person was deleted after they happened."),
    "deletions": ("counter", "Deletions of persons that were done."),
    "folds": ("counter", "Folds of the journal into the lake."),
    "errors": ("counter", "Folds that failed and were tried again."),
    "compactions": ("counter", "Merges of data files."),
    "unreadable_records": ("counter", "Journal records kept aside because no rows could be made of them."),
    "damaged_stretches": ("counter", "Damaged stretches of the journal, kept aside."),
    "deduplication_cut_short": ("counter", "Times that repeats were forgotten before a day, for memory."),
    "lag_seconds": ("gauge", "How far the lake was behind the journal after the last fold."),
    "fold_seconds": ("gauge", "How long the last fold took."),
    "updated_at": ("gauge", "When the committer last said so, in seconds since 1970."),
}
"""Fields of the committer's status that are shown."""

Samples = Iterable[tuple[str, float]]
"""Labels as they stand between braces (empty for none), and the value."""


class Tally(msgspec.Struct, frozen=True, gc=False):
    """What one batch adds to the counts."""

    accepted: int
    duplicates: int
    dropped: int
    rejected: list[Reason]
    body_bytes: int

    @classmethod
    def of(cls, decoded: Decoded, body_bytes: int) -> Self:
        """The batch's share; `dropped` is what its sender lost before."""
        return cls(
            len(decoded.events),
            decoded.duplicates,
            sum(decoded.batch.dropped.values()),
            [rejection.reason for rejection in decoded.rejections],
            body_bytes,
        )


class Connections(Protocol):
    """What a server knows of its open connections."""

    @property
    def ended(self) -> Mapping[str, int]:
        """How many it ended, by reason."""

    def __len__(self) -> int: ...


class Metrics:
    """Counts since the process began; only the event loop's thread adds to them."""

    def __init__(self, connections: Connections | None = None) -> None:
        self._connections = connections
        self.answers: Counter[int] = Counter()
        self.accepted = self.duplicates = self.dropped_by_clients = self.body_bytes = 0
        self.rejected: Counter[Reason] = Counter()
        self.refusals: Counter[Refusal] = Counter()
        self._started_at, self._last_accepted_at = time.time(), 0.0
        self._last_refused: dict[Refusal, tuple[float, str]] = {}
        self.recordings_dropped = 0
        """Requests with recordings of sessions, as PostHog's library may send them."""
        self._durations = [0] * (len(SECONDS) + 1)
        self._seconds = 0.0

    def answered(self, status: int, seconds: float) -> None:
        """One request to the capture route came to its end."""
        self.answers[status] += 1
        self._durations[bisect_left(SECONDS, seconds)] += 1
        self._seconds += seconds

    def refused(self, problem: Problem) -> None:
        """One request as a whole was not kept."""
        self.refusals[problem.refusal] += 1
        self._last_refused[problem.refusal] = time.time(), problem.sample

    def kept(self, tally: Tally) -> None:
        """One batch is durable."""
        self.accepted += tally.accepted
        self._last_accepted_at = time.time()
        self.duplicates += tally.duplicates
        self.dropped_by_clients += tally.dropped
        self.body_bytes += tally.body_bytes
        for reason in tally.rejected:
            self.rejected[reason] += 1

    def told(self) -> dict[str, object]:
        """What is kept for who asks what was refused, and why; times are seconds since 1970."""
        refused = {
            refusal.value: {"requests": self.refusals[refusal], "last": last, "detail": sample}
            for refusal, (last, sample) in self._last_refused.items()
        }
        return {
            "started_at": self._started_at,
            "updated_at": time.time(),
            "last_accepted_at": self._last_accepted_at or None,
            "accepted": self.accepted,
            "requests": self.answers.total(),
            "refused": refused,
        }

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """All of it; `gauges` adds current values: name to what it means, and the value."""
        lines = [
            *_family(
                "backsight_capture_requests_total", "counter", "Answers of the capture route, by status.",
                [(f'status="{status}"', count) for status, count in sorted(self.answers.items())],
            ),
            *_family(
                "backsight_capture_refused_total", "counter", "Requests that were not kept, by reason.",
                [(f'reason="{reason}"', self.refusals[reason]) for reason in Refusal],
            ),
            *_family(
                "backsight_events_total", "counter", "Events received, by what became of them at the door.",
                [
                    ('outcome="accepted"', self.accepted),
                    ('outcome="rejected"', self.rejected.total()),
                    ('outcome="duplicate"', self.duplicates),
                    ('outcome="dropped_by_client"', self.dropped_by_clients),
                ],
            ),
            *_family(
                "backsight_events_rejected_total", "counter", "Events rejected, by reason.",
                [(f'reason="{reason}"', self.rejected[reason]) for reason in Reason],
            ),
            *_family(
                "backsight_capture_bytes_total", "counter", "Bytes of the batches kept, decompressed.",
                [("", self.body_bytes)],
            ),
            *_family(
                "backsight_recordings_dropped_total", "counter",
                "Requests with recordings of sessions, which are not kept.", [("", self.recordings_dropped)],
            ),
            *self._histogram(),
            *self._of_connections(),
        ]  # fmt: skip
        for name, (meaning, value) in gauges.items():
            lines += _family(name, "gauge", meaning, [("", value)])
        return "\n".join(lines) + "\n"

    def _of_connections(self) -> list[str]:
        if self._connections is None:
            return []
        ended = [(f'reason="{reason}"', count) for reason, count in self._connections.ended.items()]
        return [
            *_family("backsight_connections", "gauge", "Open connections.", [("", len(self._connections))]),
            *_family(
                "backsight_connections_ended_total", "counter",
                "Connections ended: overdue (the client kept us waiting), crowded (too many were open).",
                ended,
            ),
        ]  # fmt: skip

    def _histogram(self) -> list[str]:
        name = "backsight_capture_seconds"
        lines = _family(
            name, "histogram", "From a request's headers to its answer, the body's travel included.", []
        )
        total = 0
        for bound, count in zip([*map(str, SECONDS), "+Inf"], self._durations, strict=True):
            total += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {total}')
        return [*lines, f"{name}_sum {self._seconds:.6f}", f"{name}_count {total}"]


def committer_lines(status: Mapping[str, Any]) -> str:
    """What the committer last said of itself (status.py), as the same text; its counts begin with it."""
    lines: list[str] = []
    for key, (kind, meaning) in COMMITTER.items():
        name = f"backsight_committer_{key}" + ("_total" if kind == "counter" else "")
        lines += _family(name, kind, meaning, [("", float(status.get(key, 0)))])
    letters = [(f'reason="{reason}"', status["dead_letters"].get(reason, 0)) for reason in Reason]
    name = "backsight_committer_dead_letters_total"
    lines += _family(name, "counter", "Events set aside, by reason.", letters)
    cut = [(f'site="{site}"', events) for site, (events, _) in status.get("cut", {}).items()]
    name = "backsight_committer_cut_events_total"
    lines += _family(name, "counter", "Events whose context was cut: too many new ones.", cut)
    return "\n".join(lines) + "\n"


def _family(name: str, kind: str, meaning: str, samples: Samples) -> list[str]:
    return [
        f"# HELP {name} {meaning}",
        f"# TYPE {name} {kind}",
        *(f"{name}{{{labels}}} {value}" if labels else f"{name} {value}" for labels, value in samples),
    ]
