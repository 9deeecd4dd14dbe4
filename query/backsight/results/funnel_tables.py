"""The tables of a funnel that people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from backsight import charts
from backsight.results.tables import Table, count, percent, span

Json = dict[str, Any]

MOST_POINTS: Final = 12
"""Points of a curve that are shown."""


def by_step(answer: Json, notes: Sequence[str]) -> Table:
    """A row a step, of each group."""
    grouped = bool(answer.get("groups"))
    excludes = any("excluded" in step for step in answer["steps"])
    header = [
        *(["group"] if grouped else []), "", "step", charts.unit_of(answer), "of first", "of previous",
        "still open", *(["excluded"] if excludes else []), "median time",
    ]  # fmt: skip
    rows = [
        [
            *([_named(each) if number == 1 else ""] if grouped else []), str(number), label,
            *_figures(step, number, excludes),
        ]
        for each in (answer["groups"] if grouped else [answer])
        for number, (step, label) in enumerate(_labelled(answer, each["steps"]), 1)
    ]  # fmt: skip
    return Table(header, rows, frozenset({0, 2}) if grouped else frozenset({1}), "Funnel", notes)


def by_period(answer: Json, notes: Sequence[str]) -> Table:
    """A row a period: how many got to each step, and the share that got to the last."""
    header = ["start", *(label for _, label in _labelled(answer, answer["steps"])), "converted"]
    rows = [
        [
            part.get("start", "all"), *(count(step["count"]) for step in part["steps"]), _converted(part),
        ]
        for part in (*answer["trend"], answer)
    ]  # fmt: skip
    return Table(header, rows, frozenset({0}), "Funnel", [*_open(answer), *notes])


def groups_by_period(answer: Json) -> Table:
    """A row a period: the share of each group that got to the last step."""
    columns = [["start", *(part["start"] for part in answer["trend"]), "all"]]
    columns += [
        [_named(group), *(_converted(part) for part in (*group["trend"], group))]
        for group in answer["groups"]
    ]
    header, *rows = zip(*columns, strict=True)
    return Table(header, rows, frozenset({0}), "Converted, by group", _open(answer)).turned()


def took(answer: Json) -> Table:
    """How long it took: a row a bin."""
    histogram = answer["histogram"]
    total = histogram["persons"]
    rows = [
        [span(each["from"]), span(each["to"]), count(each["count"]), percent(each["count"] / total)]
        for each in histogram["bins"]
    ]
    header = ["from", "to", charts.unit_of(answer), "share"]
    return Table(header, rows, title=f"From step {histogram['from']} to step {histogram['to']}")


def grew(curve: Sequence[Json]) -> Table:
    """The share that had converted after some times, the last one included."""
    every = -(-len(curve) // MOST_POINTS)
    shown = [each for number, each in enumerate(reversed(curve)) if number % every == 0][::-1]
    rows = [[span(each["seconds"]), percent(each["converted"]), count(each["at_risk"])] for each in shown]
    return Table(["after", "converted", "watched so long"], rows, title="Converted, with time")


def _converted(part: Json) -> str:
    """The share that got to the last step, of a period with a mark where that may yet change."""
    return percent(part["steps"][-1]["from_start"]) + ("" if part.get("complete", True) else "*")


def _open(answer: Json) -> list[str]:
    return [] if all(part["complete"] for part in answer["trend"]) else ["* some windows are still open"]


def _figures(step: Json, number: int, excludes: bool) -> list[str]:
    return [
        count(step["count"]),
        percent(step["from_start"]),
        percent(step["from_previous"]) if number > 1 else "",
        count(step["still_open"]),
        *([count(step.get("excluded"))] if excludes else []),
        span(step["seconds"]["median"]),
    ]


def _labelled(answer: Json, steps: Sequence[Json]) -> list[tuple[Json, str]]:
    return list(zip(steps, charts.step_labels(answer, list(steps)), strict=True))


def _named(group: Json) -> str:
    return charts.group_text({"group": group["value"]}) or ""
