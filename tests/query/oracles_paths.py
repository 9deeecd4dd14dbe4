"""Paths, worked out one session at a time in plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from query.oracles_sessions import Row, Test

Node = tuple[str, str]


@dataclass
class Asked:
    """What is asked about the events of sessions that are nodes."""

    node: Callable[[Row], Node | None]
    marks: Mapping[str, Test] = field(default_factory=dict)
    """By "start", "end", "around"."""
    steps: int = 5
    repeats: str = "first"
    first: datetime | None = None
    end: datetime | None = None


def paths(people: Mapping[int, Iterable[Sequence[Row]]], asked: Asked) -> dict[str, Any]:
    """Per (step, source, target): events, persons, mean and median seconds; stops per step; paths; persons.

    `people` are everybody's sessions, each in order.
    """
    edges: dict[tuple[int, Node, Node], list[tuple[int, float]]] = {}
    stops: Counter[int] = Counter()
    walkers = []
    for person, sessions in people.items():
        for session in sessions:
            for side, way in _ways(session, asked):
                if side == "counted":
                    walkers.append(person)
                    continue
                nodes = _collapsed(way, asked)
                _walk(nodes if side == "on" else nodes[::-1], side, asked.steps, person, edges, stops)
    return {
        "edges": {
            edge: {
                "events": len(taken),
                "persons": len({person for person, _ in taken}),
                "mean": sum(seconds for _, seconds in taken) / len(taken),
                "median": median(seconds for _, seconds in taken),
            }
            for edge, taken in edges.items()
        },
        "stopped": dict(stops),
        "paths": len(walkers),
        "persons": len(set(walkers)),
    }


def _ways(session: Sequence[Row], asked: Asked) -> list[tuple[str, list[Row]]]:
    """The parts of a session to follow, "on" or "back"; with them, once, that it counts."""
    rows = [row for row in session if asked.node(row) is not None]
    found = {name: [i for i, row in enumerate(rows) if test(row)] for name, test in asked.marks.items()}
    if not rows or not all(found.values()):
        return []
    mark = min((each[0] for name, each in found.items() if name != "end"), default=0)
    if set(found) == {"end"}:
        mark = found["end"][0]
    if asked.first is not None and rows[mark]["time"] < asked.first:
        return []
    if asked.end is not None and rows[mark]["time"] >= asked.end:
        return []
    if set(found) == {"start", "end"}:
        after = [index for index in found["end"] if index > mark]
        return [("counted", []), ("on", rows[mark : after[0] + 1])] if after else []
    back = [("back", rows[: mark + 1])] if set(found) & {"end", "around"} else []
    on = [("on", rows[mark:])] if set(found) != {"end"} else []
    return [("counted", []), *back, *on]


def _collapsed(rows: Sequence[Row], asked: Asked) -> list[tuple[Node, datetime]]:
    kept: list[tuple[Node, datetime]] = []
    for row in rows:
        node = asked.node(row)
        assert node is not None
        if not kept or kept[-1][0] != node or asked.repeats == "keep":
            kept.append((node, row["time"]))
        elif asked.repeats == "last":
            kept[-1] = (node, row["time"])
    return kept


def _walk(
    nodes: Sequence[tuple[Node, datetime]],
    side: str,
    steps: int,
    person: int,
    edges: dict[tuple[int, Node, Node], list[tuple[int, float]]],
    stops: Counter[int],
) -> None:
    sign = 1 if side == "on" else -1
    for step in range(1, steps):
        if len(nodes) == step:
            stops[sign * step] += 1
        if len(nodes) <= step:
            return
        near, far = nodes[step - 1], nodes[step]
        source, target = (near, far) if side == "on" else (far, near)
        seconds = (target[1] - source[1]).total_seconds()
        edges.setdefault((sign * step, source[0], target[0]), []).append((person, seconds))
