"""The rows behind an edge of paths: the events at both of its ends.

{…a paths report's request…, "edge": {"step": 1, "source": {"kind": "page", "name": "/"}, "target": {…}}}

The edge is named as the answer names it; without a source, or a target, or both, it is every edge of the
step with the other end. Each transition has one row of either role.

Columns: `role` ("source" or "target"), and `transition`, which the two rows of one share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backsight.fields import read_object, read_whole, refuse
from backsight.parquet_rows import Integers
from backsight.reports.behind.sources import NUMBERED, Chosen, Walked, files_of
from backsight.reports.paths.nodes import NodeList, number_nodes
from backsight.reports.paths.report import route_of, rows_query, values_query
from backsight.reports.paths.request import MAX_NODES_OF_PATH, parse
from backsight.reports.paths.walk import Route, ends_of, parts_of, ways_of
from backsight.reports.sessions import reach
from backsight.scan.context import Context
from backsight.scan.shares import in_shares
from backsight.timelines import Timeline, Timelines

FIELDS: Final = ("edge",)
OWN: Final = pa.schema([("role", pa.string()), ("transition", pa.int64())])


@dataclass(frozen=True, slots=True)
class Edge:
    """A step, and the numbers of its nodes; null: any."""

    step: int
    source: int | None
    target: int | None


Ends = tuple[Integers, Integers, Integers]
"""Of each transition, the row at its source, that at its target, and whose it is."""


def source(request: Mapping[str, object], own: Mapping[str, object], context: Context) -> Walked:
    """The rows. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now, context.names)
    values = values_query(asked, context)
    nodes = number_nodes([entry for entry, _ in asked.entries], values.run(context), asked.naming)
    edge, route = _read(own, nodes.listed), route_of(asked)

    def along(rows: pa.Table) -> list[Ends]:
        kept = rows.filter(pc.is_valid(rows["part"])) if asked.session is None else rows
        return Timelines(kept, context.engine.threads).map(lambda timeline: _look(timeline, route, edge))

    bounds = reach(asked.common.range, asked.session)
    found = in_shares(lambda who: rows_query(asked, nodes, context, who, NUMBERED), bounds, context, along)
    chosen = _chosen([each for made in found for each in made])
    uris = files_of(rows_query(asked, nodes, context, more=NUMBERED))
    return Walked(context, OWN, asked.mentioned, values.warnings, chosen, uris)


def _read(own: Mapping[str, object], nodes: NodeList) -> Edge:
    if "edge" not in own:
        refuse("the edge is missing.", "edge", None, "an edge of the answer: step, source, target")
    # As the answer has it, an edge says also how often it was taken.
    fields = read_object(own["edge"], "edge", ("step", "source", "target", "events", "persons", "seconds"))
    step = read_whole(fields.get("step"), "edge.step", -MAX_NODES_OF_PATH, MAX_NODES_OF_PATH)
    return Edge(step, *(_node(fields.get(end), f"edge.{end}", nodes) for end in ("source", "target")))


def _node(value: object, field: str, nodes: NodeList) -> int | None:
    if value is None:
        return None
    node = read_object(value, field, ("kind", "name"))
    kind, name = node.get("kind"), node.get("name")
    number = nodes.find(kind, name) if isinstance(kind, str) and isinstance(name, str) else None
    if number is None:
        refuse("there is no such node.", field, value, "`kind` and `name` of a node of the answer")
    return number


def _look(timeline: Timeline, route: Route, edge: Edge) -> Ends:
    ways = ways_of(timeline, route)
    events = np.flatnonzero(timeline.columns["node"] >= 0)
    marked, parts = parts_of(ways, route)
    inside = (ways.place[marked] >= route.first) & (ways.place[marked] < route.end)
    found: list[tuple[Integers, Integers]] = []
    for side, low, high in parts:
        step, begins, ends, _ = ends_of(ways, low[inside], high[inside], route, side)
        wanted = step == edge.step
        for node, rows in ((edge.source, begins), (edge.target, ends)):
            if node is not None:
                wanted = wanted & (ways.node[rows] == node)
        found.append((begins[wanted], ends[wanted]))
    begins, ends = (np.concatenate(each) for each in zip(*found, strict=True))
    row_ids = [timeline.columns.at("row_id", events[rows]) for rows in (begins, ends)]
    return row_ids[0], row_ids[1], ways.person[begins]


def _chosen(found: list[Ends]) -> Chosen:
    none = np.empty(0, np.int64)
    sources, targets, person = (np.concatenate([none, *(each[at] for each in found)]) for at in range(3))
    roles = pa.array(["source", "target"]).take(pa.array(np.repeat([0, 1], len(person))))
    own = pa.table([roles, pa.array(np.tile(np.arange(len(person)), 2))], schema=OWN)
    return Chosen(np.concatenate([sources, targets]), np.tile(person, 2), own)
