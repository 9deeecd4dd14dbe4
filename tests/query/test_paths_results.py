"""What paths and attribution look like: data frames, tables and charts."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from backsight import charts
from backsight.results import Attribution, Paths
from backsight.results.result import Answer

META = {"site": "shop", "warnings": []}
HOSTILE = "<script>alert(1)</script>"


def edge(source: str, target: str, step: int, events: int, kind: str = "pageview") -> dict[str, Any]:
    """An edge of an answer; as many persons as events."""
    return {
        "source": {"kind": kind, "name": source},
        "target": {"kind": kind, "name": target},
        "step": step,
        "events": events,
        "persons": events,
        "seconds": {"mean": 61.5, "median": 60.0},
    }


def totals(step: int, edges: int, events: int) -> dict[str, int]:
    """A step of an answer."""
    return {"step": step, "edges": edges, "events": events, "persons": events, "stopped": 1}


def paths(edges: list[dict[str, Any]], steps: list[dict[str, int]]) -> Paths:
    return Paths({"edges": edges, "steps": steps, "paths": 12, "persons": 9, "meta": META}, str)


AROUND = paths(
    [edge("/", HOSTILE, -1, 6), edge(HOSTILE, "/a", 1, 3), edge(HOSTILE, "/b", 1, 1), edge("/a", "/b", 2, 2)],
    [totals(-1, 1, 6), totals(1, 4, 7), totals(2, 1, 2)],
)
EMPTY = paths([], [])


def figures(conversions: float, persons: int, total: float | None = None) -> Answer:
    return {"conversions": conversions, "persons": persons, "sum": total}


OWED = Attribution(
    {
        "groups": [
            {"value": ["ad", None], **figures(4.5, 3, 20.0)},
            {"value": [HOSTILE, "x"], **figures(2, 2, 5.0)},
            {"value": None, **figures(1.5, 2, 0.0)},
        ],
        "unattributed": figures(2, 1, 1.0),
        "total": figures(10, 6, 26.0),
        "meta": META,
    },
    str,
)
NOTHING = Attribution(
    {"groups": [], "unattributed": figures(0, 0), "total": figures(0, 0), "meta": META}, str
)


def test_a_node_is_as_high_as_its_bands_and_none_overlap() -> None:
    """Bands are as wide as they were often gone; they fill their nodes from the top, in every column."""
    rows = charts.paths(AROUND.answer)["data"]["values"]
    nodes = {(row["x"], row["node"]): row for row in rows if row["node"] is not None}
    marked = charts.plain(HOSTILE)
    columns = sorted({x for x, _ in nodes})
    assert [{name for x, name in nodes if x == column} for column in columns] == [
        {"/"}, {marked}, {"/a", "/b"}, {"/b"}
    ]  # fmt: skip
    scale = (nodes[columns[1], marked]["y2"] - nodes[columns[1], marked]["y"]) / 6
    for band in range(4):
        points = [row for row in rows if row["band"] == band]
        widths = {round(row["y2"] - row["y"], 6) for row in points}
        assert widths == {round(points[0]["events"] * scale, 6)}
    first = min(row["x"] for row in rows if row["source"] == marked)
    leaving = [row["y"] for row in rows if row["source"] == marked and row["x"] == first]
    top = nodes[columns[1], marked]["y"]
    assert sorted(leaving) in (pytest.approx([top, top + 3 * scale]), pytest.approx([top, top + scale]))
    for column in columns:
        boxes = sorted((row["y"], row["y2"]) for (x, _), row in nodes.items() if x == column)
        assert all(above[1] < below[0] for above, below in pairwise(boxes))


def test_a_chart_draws_the_largest_edges_of_a_step() -> None:
    """Of a step with many edges the largest are drawn."""
    many = paths([edge("/", f"/{number}", 1, 50 - number) for number in range(30)], [totals(1, 30, 1_065)])
    names = {row["node"] for row in many.spec()["data"]["values"]} - {None}
    assert names == {"/", *(f"/{number}" for number in range(12))}


def test_a_table_says_what_is_not_shown() -> None:
    """Edges past the limit are counted below the table."""
    lines = repr(AROUND).splitlines()
    assert lines[0] == "12 paths of 9 persons"
    assert lines[-1] == "step 1: 2 smaller edges (3 events) left out"
    assert "1 min" in lines[4]


def test_a_frame_of_paths_has_a_row_an_edge() -> None:
    """Kinds and names of both ends, counts and seconds."""
    assert AROUND.to_polars().row(1, named=True) == {
        "step": 1, "source_kind": "pageview", "source": HOSTILE, "target_kind": "pageview", "target": "/a",
        "events": 3, "persons": 3, "mean_seconds": 61.5, "median_seconds": 60.0,
    }  # fmt: skip
    assert EMPTY.to_polars().height == 0


def test_a_frame_of_attribution_has_a_row_a_group_and_one_for_nothing() -> None:
    """Values become one text, what is pooled and what is owed to nothing have names, shares are of all."""
    frame = OWED.to_polars()
    assert frame["group"].to_list() == ["ad, (none)", f"{HOSTILE}, x", "(all others)", "(unattributed)"]
    assert frame["share"].to_list() == [0.45, 0.2, 0.15, 0.2]
    assert frame["attributed"].to_list() == [True, True, True, False]
    assert NOTHING.to_polars()["share"].to_list() == [None]


def test_a_table_of_attribution_has_sums_where_some_were_asked_for() -> None:
    """The total comes last; without a property there is no column of sums."""
    assert repr(OWED).splitlines()[-1].split() == ["total", "10", "6", "26"]
    assert "sum" in repr(OWED)
    assert "sum" not in repr(NOTHING)
