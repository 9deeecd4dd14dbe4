"""Other tools' worked paths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from backsight.reports import paths
from query.conformance.agreement import of_kind, settle
from query.conformance.cases import Case, context, of_each_user, wheres
from query.conftest import ContextOf

VALUES = {"$pageview": "$current_url", "$screen": "$screen_name"}
"""The property that names a node, of events that are not named by their own name."""

Edge = dict[str, Any]


@pytest.mark.parametrize(("case", "name"), of_kind("paths"))
def test_paths(context_of: ContextOf, case: Case, name: str) -> None:
    """Paths have every edge of the case, with its count and mean time, and no other."""
    edges = sorted(_edges(context_of, case), key=lambda edge: (edge["source"], edge["target"]))
    timed = any("average_conversion_time" in edge for edge in case["expect"]["edges"])
    made = {
        "edges": [edge if timed else _without_time(edge) for edge in edges],
        "n_edges": len(edges),
    }
    wanted = sorted(case["expect"]["edges"], key=lambda edge: (edge["source"], edge["target"]))
    expect = {**case["expect"], "edges": wanted}
    settle({key: made[key] for key in expect}, {**case, "expect": expect}, name)


def _edges(context_of: ContextOf, case: Case) -> Iterator[Edge]:
    """The edges, nodes numbered as there: from the first that is kept of a path, and not from its end.

    Paths to an end are therefore asked user by user (each has one), renumbered, and put together.
    """
    request = _request_of(case)
    if "end" not in request:
        answer = paths.run(request, context(context_of, case))["edges"]
        return (_edge_as_there(edge, edge["step"]) for edge in answer)
    parts: dict[tuple[str, str], list[Edge]] = defaultdict(list)
    for _, alone in of_each_user(case):
        answer = paths.run(request, context(context_of, alone))["edges"]
        first = min((edge["step"] for edge in answer), default=0)
        for edge in (_edge_as_there(each, each["step"] - first + 1) for each in answer):
            parts[edge["source"], edge["target"]].append(edge)
    return map(_together, parts.values())


def _request_of(case: Case) -> dict[str, Any]:
    config = case["config"]
    marks = {"start_point": "start", "end_point": "end"}
    return {
        "nodes": list(_nodes(case)),
        "rewrite": [
            {"matches": "(.)/$", "as": r"\1"},
            *({"matches": each["regex"], "as": each["alias"]}
              for each in config.get("local_path_cleaning_filters", ())),
        ],
        "groups": [{"like": f"*{each}*", "as": each} for each in reversed(config.get("path_groupings", ()))],
        "steps": config.get("step_limit", 5),
        "repeats": "last",
        "session": {"gap": "30m"},
        "limit": 50,
        "from": config["date_from"],
        "to": config["date_to"],
        **{ours: _page(config[theirs]) for theirs, ours in marks.items() if theirs in config},
        **wheres(config),
    }  # fmt: skip


def _nodes(case: Case) -> Iterator[dict[str, Any]]:
    config = case["config"]
    listed = config.get("include_event_types") or [config.get("path_type", "everything")]
    there = {row["event"] for row in case["events"]}
    for event, value in VALUES.items():
        if event in there and ({event, "everything"} & set(listed)):
            yield {"on": "track", "name": event, "each": f"props.{value}"}
    if {"custom_event", "everything"} & set(listed):
        yield {"on": "track", "each": "name"}


def _page(path: str) -> dict[str, Any]:
    """A page as a step; with or without a slash at its end, as there."""
    plain = path.rstrip("/") or "/"
    either = {"property": "props.$current_url", "op": "in", "value": sorted({plain, plain.rstrip("/") + "/"})}
    return {"on": "track", "name": "$pageview", "where": [either], "label": plain}


def _edge_as_there(edge: Mapping[str, Any], step: int) -> Edge:
    return {
        "source": f"{step}_{edge['source']['name']}",
        "target": f"{step + 1}_{edge['target']['name']}",
        "value": edge["events"],
        "average_conversion_time": edge["seconds"]["mean"] * 1_000,
    }


def _together(edges: list[Edge]) -> Edge:
    value = sum(edge["value"] for edge in edges)
    time = sum(edge["value"] * edge["average_conversion_time"] for edge in edges)
    return edges[0] | {"value": value, "average_conversion_time": time / value}


def _without_time(edge: Edge) -> Edge:
    return {key: value for key, value in edge.items() if key != "average_conversion_time"}
