"""One person's paths: which of their events are on one, where, and why the others are on none.

node            it stands on a path                     excluded       `exclude` leaves it out
repeat          the node before (or after) is the same  beyond_steps   paths are not as long
no_mark         its session has no start, end or middle outside_range  that of its session lies elsewhere
outside_path    it lies before the start, or after the end
no_value        it has no value of the property that names its node
no_session      it is in no session
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow.compute as pc

from backsight.parquet_rows import Integers
from backsight.reports.explain.explanation import MAX_LISTED, MOST, Answer, Event, Explanation, no_step
from backsight.reports.explain.facts import Test
from backsight.reports.explain.outcomes import Outcome, chosen, ignored, passed_over
from backsight.reports.explain.rows import rows_by_tie
from backsight.reports.explain.words import either, many, moment_of, ordinal
from backsight.reports.paths.nodes import Nodes, number_nodes
from backsight.reports.paths.report import route_of, rows_query, values_query
from backsight.reports.paths.request import MARKS, PathsRequest, parse
from backsight.reports.paths.walk import Part, Route, Ways, parts_of, positions, ways_of
from backsight.reports.sessions import reach
from backsight.scan.context import Context, rfc3339
from backsight.scan.order import instant_of
from backsight.timelines import Timeline, Timelines


@dataclass(frozen=True)
class PathsOfPerson:
    """The paths of one person's events."""

    asked: PathsRequest
    route: Route
    nodes: Nodes
    timeline: Timeline

    @cached_property
    def ways(self) -> Ways:
        """The events that are nodes."""
        return ways_of(self.timeline, self.route)

    @cached_property
    def rows(self) -> Integers:
        """Their rows of the timeline."""
        return np.flatnonzero(self.timeline.columns["node"] >= 0)

    @cached_property
    def marked(self) -> tuple[Integers, list[Part]]:
        """The event that marks each path, and the parts of each."""
        return parts_of(self.ways, self.route)

    @cached_property
    def inside(self) -> np.ndarray:
        """Whether each path's mark lies in the range."""
        place = self.ways.place[self.marked[0]]
        inside: np.ndarray = (place >= self.route.first) & (place < self.route.end)
        return inside

    @cached_property
    def stands(self) -> list[tuple[int, Integers, Integers, Integers]]:
        """Per side, its sign, and of each event on it the path, its row among the ways and its position."""
        found = []
        for side, low, high in self.marked[1]:
            path, rows, position, _ = positions(
                self.ways, low[self.inside], high[self.inside], self.route, side
            )
            found.append((side, np.flatnonzero(self.inside)[path], rows, position))
        return found

    def name(self, row: int) -> Answer:
        """The node of a row of the ways."""
        kind, name = self.nodes.listed[int(self.ways.node[row])]
        return {"kind": kind, "name": name}

    @cached_property
    def listed(self) -> list[Answer]:
        """What is said of each path, of the first ones only."""
        found: dict[int, dict[int, Answer]] = {}
        for _, paths, rows, position in self.stands:
            near = np.flatnonzero(np.abs(position) < self.asked.steps)
            for at in near[np.isin(paths[near], np.flatnonzero(self.inside)[:MAX_LISTED])].tolist():
                row = int(rows[at])
                time = rfc3339(moment_of(int(instant_of(self.ways.place[row]))))
                node = {**self.name(row), "position": int(position[at]), "time": time}
                found.setdefault(int(paths[at]), {})[int(position[at])] = node
        return [{"nodes": [each[at] for at in sorted(each)]} for _, each in sorted(found.items())]


def explain(request: Mapping[str, object], context: Context) -> Explanation:
    """The paths of the person of the context. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now, context.names)
    values = values_query(asked, context)
    nodes = number_nodes([entry for entry, _ in asked.entries], values.run(context), asked.naming)
    rows = rows_query(asked, nodes, context).run(context)
    if asked.session is None:
        rows = rows.filter(pc.is_valid(rows["part"]))
    timelines = Timelines(rows, context.engine.threads).map(lambda timeline: timeline)
    of = PathsOfPerson(asked, route_of(asked), nodes, max(timelines, key=len))
    tests = looks_for(request, context)

    def outcomes(events: Sequence[Event]) -> list[Outcome]:
        return _outcomes(of, tests, events)

    count = int(of.inside.sum())
    return Explanation(
        asked.common,
        tests,
        reach(asked.common.range, asked.session),
        asked.mentioned,
        count > 0,
        _words(of, count),
        {"paths": of.listed, "paths_total": count},
        outcomes,
        values.warnings,
        last="the range and a day behind it",
    )


def looks_for(request: Mapping[str, object], context: Context) -> list[Test]:
    """What a request looks for: what names nodes, then what is left out."""
    asked = parse(request, context.now, context.names)
    tests = [Test(entry.step, field, _called(field)) for entry, field in asked.entries]
    return tests + [Test(step, f"exclude[{at}]", "what is left out") for at, step in enumerate(asked.exclude)]


def _called(field: str) -> str:
    return f"the {'middle' if field == 'around' else field}" if field in MARKS else field


def _words(of: PathsOfPerson, count: int) -> list[str]:
    if not count:
        return ["On no path: no session of theirs has one within the range."]
    lines = [" → ".join(node["name"] for node in path["nodes"]) + "." for path in of.listed[:MOST]]
    return [f"On {many(count, 'path')}.", *lines]


def _outcomes(of: PathsOfPerson, tests: Sequence[Test], events: Sequence[Event]) -> list[Outcome]:
    rows = rows_by_tie(of.timeline, events)
    number = np.full(len(of.timeline), -1, np.int64)
    number[of.rows] = np.arange(len(of.rows))
    found = []
    for at, event in enumerate(events):
        way = int(number[rows[at]]) if at in rows else -1
        found.append(_unnamed(of, tests, event) if way < 0 else _on_path(of, way) or _off_path(of, way))
    return found


def _unnamed(of: PathsOfPerson, tests: Sequence[Test], event: Event) -> Outcome:
    """Why an event is no node."""
    seen, fact = event
    entries = len(of.asked.entries)
    if not fact.fills:
        return no_step(tests, fact, "a node")
    if of.asked.session is None and seen.row["session"] is None:
        return ignored("no_session", "is in no session; `session` can give it one")
    if any(number >= entries for number in fact.fills):
        return ignored("excluded", "`exclude` leaves it out")
    each = of.asked.entries[min(fact.fills)][0].each
    return ignored("no_value", f"has no {each}, by which its node would be named")


def _on_path(of: PathsOfPerson, way: int) -> Outcome | None:
    uses = [
        {**of.name(way), "path": int(of.inside[: paths[at]].sum()) + 1, "position": int(position[at])}
        for _, paths, rows, position in of.stands
        for at in np.flatnonzero((rows == way) & (np.abs(position) < of.asked.steps)).tolist()
    ]
    if not uses:
        return None
    where = [_position(each["position"], of.route) for each in uses]
    return chosen("node", f"{uses[0]['name']}: {either(list(dict.fromkeys(where)), 'and')} of a path", uses)


def _position(position: int, route: Route) -> str:
    if route.marks == ("around",) or position < 0:
        return (
            "the middle"
            if position == 0
            else f"{many(abs(position), 'node')} {'after' if position > 0 else 'before'} it"
        )
    return f"the {ordinal(position + 1)} node"


def _off_path(of: PathsOfPerson, way: int) -> Outcome:
    """Why a node is on no path."""
    marked, parts = of.marked
    name = of.name(way)["name"]
    mine = np.flatnonzero(of.ways.session[marked] == of.ways.session[way])
    if not len(mine):
        marks = " with an ".join(_called(field).removeprefix("the ") for field in of.asked.marks)
        return passed_over("no_mark", f"is {name}, but its session has no {marks}")
    path = int(mine[0])
    if not of.inside[path]:
        what = (
            either([_called(field) for field in of.asked.marks][:1]) if of.asked.marks else "the first node"
        )
        return passed_over("outside_range", f"is {name}, but {what} of its session lies outside of the range")
    for (side, low, high), (_, _, rows, position) in zip(parts, of.stands, strict=True):
        if low[path] <= way < high[path]:
            at = np.flatnonzero(rows == way)
            if not len(at):
                words = f"is {name}, as is the node {'before' if of.asked.repeats == 'first' else 'after'} it"
                return passed_over("repeat", f"{words}: repeats count once")
            far = abs(int(position[at[0]])) + 1
            where = f"the {ordinal(far)} node {'on' if side > 0 else 'back'}"
            words = f"is {name}, {where}: paths have {of.asked.steps}"
            return passed_over("beyond_steps", words, position=int(position[at[0]]))
    before = way < parts[0][1][path]
    fields = list(of.asked.marks)
    where = f"before {_called(fields[0])}" if before else f"after {_called(fields[-1])}"
    return passed_over("outside_path", f"is {name}, but {where}")
