"""Walking along the timelines of a scan: from rows to the transitions between one node and the next.

A path is the part of one session that was asked for, repeats of a node in a row taken together, and as many
nodes of it as asked for: the first ones, or, read backwards from an end, the last ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from backsight.parquet_rows import Integers
from backsight.reports.sessions import SessionRule, session_numbers
from backsight.scan.order import SEQUENCE_BITS
from backsight.timelines import Flags, Timeline, changes

REPEATS: Final = ("first", "last", "keep")
TRANSITIONS: Final = pa.schema(
    [
        ("step", pa.int8()),
        ("source", pa.int32()),
        ("target", pa.int32()),
        ("person", pa.int64()),
        ("micros", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Route:
    """Which part of a session is a path: up to `steps` nodes from, to or around an event that marks it.

    `marks` are the columns that say which events do: none, "starts", "ends", both, or "around". Of each, the
    first in the session counts. The mark (of "starts" and "ends", the start; without any, the session's first
    node) has to lie in the range, given as places.
    """

    marks: tuple[str, ...]
    steps: int
    repeats: str
    first: int
    end: int
    session: SessionRule | None


@dataclass(frozen=True)
class Walked:
    """What one chunk's paths are made of."""

    transitions: pa.Table
    """By TRANSITIONS: of paths read backwards, steps count down from -1."""
    stops: Mapping[int, int]
    """How many paths went no further at each step."""
    paths: int
    persons: int


@dataclass(frozen=True)
class Ways:
    """Events that are nodes, session by session, in order."""

    session: Integers
    person: Integers
    place: Integers
    node: Integers
    marks: Mapping[str, Flags]

    @property
    def bounds(self) -> tuple[Integers, Integers]:
        """First row, and last row plus one, of each session."""
        starts = np.flatnonzero(changes(self.session))
        return starts, np.append(starts[1:], len(self.session))


def walk(timeline: Timeline, route: Route) -> Walked:
    """The paths of a chunk; columns: `node` (negative: none), the route's marks, `begins` of a session."""
    ways = ways_of(timeline, route)
    marked, parts = parts_of(ways, route)
    inside = (ways.place[marked] >= route.first) & (ways.place[marked] < route.end)
    made = [_transitions(ways, low[inside], high[inside], route, side) for side, low, high in parts]
    stops: Counter[int] = sum((stopped for _, stopped in made), Counter())
    persons = ways.person[marked[inside]]
    table = pa.concat_tables([each for each, _ in made])
    return Walked(table, stops, int(inside.sum()), int(changes(persons).sum()))


def ways_of(timeline: Timeline, route: Route) -> Ways:
    """The events that are nodes."""
    columns = timeline.columns
    if route.session is None:
        session = timeline.run
    else:
        session = session_numbers(timeline, route.session, columns["begins"].astype(np.bool_))
    kept = columns["node"] >= 0
    marks = {name: columns[name][kept].astype(np.bool_) for name in route.marks}
    return Ways(session[kept], timeline.person[kept], timeline.place[kept], columns["node"][kept], marks)


Part = tuple[int, Integers, Integers]
"""Side (1 forwards, -1 backwards), first row, last row plus one of each path."""


def parts_of(ways: Ways, route: Route) -> tuple[Integers, list[Part]]:
    """The row that marks each path, and the rows of each."""
    low, high = ways.bounds
    if not route.marks:
        return low, [(1, low, high)]
    marked, session = _firsts(ways, route.marks[0])
    low, high = low[session], high[session]
    if route.marks == ("starts",):
        return marked, [(1, marked, high)]
    if route.marks == ("ends",):
        return marked, [(-1, low, marked + 1)]
    if route.marks == ("around",):
        return marked, [(-1, low, marked + 1), (1, marked, high)]
    ends = np.append(np.flatnonzero(ways.marks["ends"]), len(ways.node))
    end = ends[np.searchsorted(ends, marked, "right")]
    closed = end < high
    return marked[closed], [(1, marked[closed], end[closed] + 1)]


def _firsts(ways: Ways, mark: str) -> tuple[Integers, Integers]:
    """The first marked row of each session that has one, and the session's index."""
    rows = np.flatnonzero(ways.marks[mark])
    rows = rows[changes(ways.session[rows])]
    return rows, np.searchsorted(ways.bounds[0], rows, "right") - 1


def _transitions(
    ways: Ways, low: Integers, high: Integers, route: Route, side: int
) -> tuple[pa.Table, Counter[int]]:
    step, source, target, lengths = ends_of(ways, low, high, route, side)
    columns = [
        step.astype(np.int8),
        ways.node[source],
        ways.node[target],
        ways.person[source],
        (ways.place[target] >> SEQUENCE_BITS) - (ways.place[source] >> SEQUENCE_BITS),
    ]
    stopped = np.bincount(lengths[lengths < route.steps])
    stops = Counter({side * length: int(count) for length, count in enumerate(stopped) if count})
    return pa.Table.from_arrays([pa.array(column) for column in columns], schema=TRANSITIONS), stops


def ends_of(
    ways: Ways, low: Integers, high: Integers, route: Route, side: int
) -> tuple[Integers, Integers, Integers, Integers]:
    """Of each transition its step and the rows of its two ends; and the length of each path."""
    path, rows, position, lengths = positions(ways, low, high, route, side)
    # A transition's step is the position of that of its nodes which is further from the mark.
    step = position[1:] if side > 0 else position[:-1]
    chosen = np.flatnonzero((path[1:] == path[:-1]) & (np.abs(step) < route.steps))
    return step[chosen], rows[chosen], rows[chosen + 1], lengths


def positions(
    ways: Ways, low: Integers, high: Integers, route: Route, side: int
) -> tuple[Integers, Integers, Integers, Integers]:
    """The rows of all paths without repeats: the path's number, the row, how far it stands from the mark;
    and the length of each path."""
    path, rows = _rows(low, high)
    kept = _without_repeats(path, ways.node[rows], route.repeats)
    path, rows = path[kept], rows[kept]
    lengths = np.bincount(path, minlength=len(low))
    position = np.arange(len(path)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    if side < 0:
        position -= np.repeat(lengths, lengths) - 1
    return path, rows, position, lengths


def _rows(low: Integers, high: Integers) -> tuple[Integers, Integers]:
    """The rows of all parts one after another, each with the number of its part."""
    lengths = high - low
    path = np.repeat(np.arange(len(low)), lengths)
    return path, np.arange(len(path)) + np.repeat(low - (np.cumsum(lengths) - lengths), lengths)


def _without_repeats(path: Integers, node: Integers, repeats: str) -> Flags:
    if repeats == "keep":
        return np.ones(len(path), np.bool_)
    fresh = changes(path, node)
    return fresh if repeats == "first" else np.append(fresh[1:], np.ones(min(1, len(fresh)), np.bool_))
