"""A paths report's answer: what is on the way is named, rows are walked, transitions counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from backsight.reports.paths.nodes import Nodes, number_nodes
from backsight.reports.paths.request import MARKS, PathsRequest, parse
from backsight.reports.paths.walk import TRANSITIONS, Route, Walked, walk
from backsight.reports.sessions import deciding, reach
from backsight.rules.conditions import Conditions
from backsight.scan.context import Context
from backsight.scan.matched import Columns, Query, Scan
from backsight.scan.order import BEFORE_ALL, PLACE, TIE, place_of
from backsight.scan.shares import EVERYBODY, in_shares
from backsight.sql import load_sql
from backsight.timelines import Timelines

Answer = dict[str, Any]


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now, context.names)
    values = values_query(asked, context)
    entries = [entry for entry, _ in asked.entries]
    nodes = number_nodes(entries, values.run(context), asked.naming)
    walked, alone = _walked(asked, nodes, context)
    transitions = pa.concat_tables([each.transitions for each in walked])
    edges = _edges_query(asked.limit, transitions).run(context).to_pylist()
    steps = _steps_query(transitions).run(context).to_pylist()
    return {
        "edges": [_edge(row, nodes) for row in edges],
        "steps": _steps(steps, walked),
        "paths": sum(each.paths for each in walked),
        "persons": sum(each.persons for each in walked),
        "meta": context.meta(asked.mentioned, [*values.warnings, *_left_out(alone)]),
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that answers a request, with its parameters: what is named, the rows, and what is counted."""
    asked = parse(request, context.now, context.names)
    nodes = number_nodes([entry for entry, _ in asked.entries], _no_values(), asked.naming)
    transitions = TRANSITIONS.empty_table()
    queries = [
        values_query(asked, context),
        rows_query(asked, nodes, context),
        _edges_query(asked.limit, transitions),
        _steps_query(transitions),
    ]
    return ";\n\n".join(query.text(context) for query in queries)


def values_query(asked: PathsRequest, context: Context) -> Query:
    """The distinct values that name nodes."""
    each = [number for number, (entry, _) in enumerate(asked.entries) if entry.each is not None]
    scan, sql = _scan(asked, context, load_sql("paths_values"), every_event=False)
    return scan.query(sql.replace("{each}", ", ".join(map(str, each)) or "null"))


def rows_query(
    asked: PathsRequest, nodes: Nodes, context: Context, who: str = EVERYBODY, more: Columns = ()
) -> Query:
    """The rows to walk, with `more` columns: those of nodes alone, or, where they decide sessions, all."""
    decided = asked.session is not None
    scan, sql = _scan(asked, context, load_sql("paths_rows"), every_event=decided)
    scan.columns = [*scan.columns, *more]
    marks = "".join(f", {alias}" for alias in (*(MARKS[field] for field in asked.marks), *dict(more)))
    sql = sql.replace("{columns}", (", begins" if decided else ", part") + marks)
    sql = sql.replace("{join}", "left join" if decided else "join").replace("{who}", who)
    return scan.query(sql, {"path_nodes": nodes.named})


def _scan(asked: PathsRequest, context: Context, sql: str, *, every_event: bool) -> tuple[Scan, str]:
    """The scan, and the statement with the parts that say which entry names an event, and by which value."""
    conditions = context.conditions()
    tests, values = _entry_columns(asked, conditions)
    left_out = [
        (f"leaves_{number}", conditions.step(step, f"exclude[{number}]"))
        for number, step in enumerate(asked.exclude)
    ]
    columns = [("place", PLACE), ("page", TIE), *values, *left_out]
    conditions.columns |= {"time", "page", "sequence"}
    entries = [f"when {name} then {number}" for number, (name, _) in enumerate(tests)]
    entries[len(asked.marks) : len(asked.marks)] = [f"when {name} then null" for name, _ in left_out]
    bounds, steps = reach(asked.common.range, asked.session), [entry.step for entry, _ in asked.entries]
    scan = Scan(context, asked.common, conditions, columns, tests, steps, bounds)
    if every_event and asked.session is not None:
        scan = deciding(scan, asked.session)
        entries.insert(0, "when not counts then null")
    else:
        columns.append(("part", "e.session"))
        conditions.columns.add("session")
    chosen = [f"when {name.removeprefix('value_')} then {name}" for name, _ in values]
    sql = sql.strip().replace("{entry}", "".join(f"\n            {each}" for each in entries))
    return scan, sql.replace("{value}", f"case entry {' '.join(chosen)} else '' end" if chosen else "''")


def _entry_columns(
    asked: PathsRequest, conditions: Conditions
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Whether an event fills each entry, and the values of those with `each`."""
    tests, values = [], []
    for number, (entry, field) in enumerate(asked.entries):
        tests.append((MARKS.get(field, f"fills_{number}"), conditions.step(entry.step, field)))
        if entry.each is not None:
            value = conditions.property(entry.each, f"{field}.each")
            values.append((f"value_{number}", f"cast({value} as varchar)"))
    return tests, values


def _walked(asked: PathsRequest, nodes: Nodes, context: Context) -> tuple[list[Walked], int]:
    """What all paths are made of, in parts, and how many events have no session."""
    route = route_of(asked)
    bounds = reach(asked.common.range, asked.session)

    def along(rows: pa.Table) -> tuple[list[Walked], int]:
        missing: int = rows["part"].null_count if asked.session is None else 0
        kept = rows.filter(pc.is_valid(rows["part"])) if missing else rows
        return Timelines(kept, context.engine.threads).map(lambda timeline: walk(timeline, route)), missing

    found = in_shares(lambda who: rows_query(asked, nodes, context, who), bounds, context, along)
    return [each for walked, _ in found for each in walked], sum(missing for _, missing in found)


def route_of(asked: PathsRequest) -> Route:
    """Which part of a session is a path."""
    span = asked.common.range
    return Route(
        marks=tuple(MARKS[field] for field in asked.marks),
        steps=asked.steps,
        repeats=asked.repeats,
        first=-BEFORE_ALL if span.first is None else place_of(span.first),
        end=BEFORE_ALL if span.end is None else place_of(span.end),
        session=asked.session,
    )


def _edges_query(limit: int, transitions: pa.Table) -> Query:
    return Query(load_sql("paths_edges"), {"limit": limit}, {"transitions": transitions})


def _steps_query(transitions: pa.Table) -> Query:
    return Query(load_sql("paths_steps"), {}, {"transitions": transitions})


def _edge(row: Mapping[str, Any], nodes: Nodes) -> Answer:
    source, target = (
        dict(zip(("kind", "name"), nodes.listed[row[end]], strict=True)) for end in ("source", "target")
    )
    seconds = {name: row[name] / 1e6 for name in ("mean", "median")}
    counts = {name: row[name] for name in ("step", "events", "persons")}
    return {"source": source, "target": target, **counts, "seconds": seconds}


def _steps(rows: list[dict[str, Any]], walked: list[Walked]) -> list[Answer]:
    stops: Counter[int] = sum((Counter(each.stops) for each in walked), Counter())
    found = {row["step"]: row for row in rows}
    nothing = {"edges": 0, "events": 0, "persons": 0}
    return [
        {"step": step, **{name: found.get(step, nothing)[name] for name in nothing}, "stopped": stops[step]}
        for step in sorted({*found, *stops})
    ]


def _left_out(alone: int) -> list[str]:
    if not alone:
        return []
    return [f"events without a session are left out ({alone:,}); 'session' can give them one."]


def _no_values() -> pa.Table:
    return pa.table({"entry": pa.array([], pa.int32()), "value": pa.array([], pa.string())})
