"""The chart of a funnel: its steps, and whatever else of it was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backsight.charts.funnel_times import growing, over_time, taken
from backsight.charts.parts import (
    FAINT,
    QUANTITY,
    Row,
    Spec,
    bars,
    below,
    chart,
    headed,
    nothing,
    tips,
    written,
)
from backsight.charts.trend import group_text
from backsight.charts.words import count, percent, plain, shortened, span

ROW: Final = 66
"""Pixels of a step: its name, its bar, its figures."""
BAR: Final = 20
MOST_GROUPS: Final = 8
"""Groups of which bars are drawn; the table has them all."""
LONGEST: Final = 64
"""Characters of a step's name that are shown."""

UNITS: Final = {"persons": "persons", "sessions": "sessions", "totals": "attempts"}
"""What a funnel counts, by its answer's `count`."""


def unit_of(answer: Row) -> str:
    """What a funnel counts, in a word."""
    return UNITS[answer.get("count", "persons")]


def step_labels(answer: Row, steps: list[Row]) -> list[str]:
    """What each figure is of: a step, or, where steps come in any order, how many of them."""
    if answer.get("order") != "any":
        return [step["label"] + (" (optional)" if step.get("optional") else "") for step in steps]
    return [f"{number} step{'s' if number > 1 else ''} done" for number in range(1, len(steps) + 1)]


def funnel(answer: Row) -> Spec:
    """A bar a step, one a group; under it the share that converted by period, how long it took, and how that
    share grows, as far as they were asked for.
    """
    drawn = [_grouped(answer) if answer.get("groups") else _steps(answer)]
    if answer.get("trend"):
        drawn.append(over_time(answer, _parts(answer), unit_of(answer)))
    if answer.get("histogram", {}).get("bins"):
        drawn.append(taken(answer["histogram"], unit_of(answer)))
    if answer.get("curve"):
        drawn.append(growing(answer["curve"], unit_of(answer)))
    return below(*drawn)


def _steps(answer: Row) -> Spec:
    """How many reached each step and, faint beside them, those who fell off since the step before.

    The steps lie below each other, each name above its bar: there is room for long names, for any number of
    steps, and on a phone.
    """
    rows = _bars(answer, answer["steps"])
    if not rows:
        return nothing("No steps.")
    most = max(row["before"] for row in rows) or 1
    x = {"field": "persons", "axis": None, "scale": {"domain": [0, most], "nice": False}, **QUANTITY}
    tooltip = tips(*_TOLD, *([("excluded", "excluded#")] if _excludes(answer) else []))
    height = {"height": BAR}
    place = {"align": "left", "baseline": "middle"}
    left: Row = {"x": {"value": 0}}
    return chart(
        rows,
        _title(answer, "faint: who dropped off since the step before" if len(rows) > 1 else ""),
        _words(answer, rows),
        height={"step": ROW},
        encoding={"y": {"field": "number", "type": "ordinal", "axis": None}},
        layer=[
            _wide(bars(faint=True, x=x, x2={"field": "before"}, tooltip=tooltip), height),
            _wide(bars(x=x, tooltip=tooltip), height),
            written("name", {**place, "dy": -19, "fontSize": 12, "fontWeight": 600}, **left),
            written("shown", {**place, "dy": 19, "fontSize": 12, "fontWeight": 600}, **left),
            # On a phone its end is left out, which the table has.
            written(
                "lost",
                {**place, "dy": 19, "dx": 128, "style": "muted", "limit": {"expr": "width - 128"}},
                **left,
            ),
        ],
    )


_TOLD: Final = (
    ("full", "step"),
    ("persons", "reached it#"),
    ("of_first", "of the first step"),
    ("of_previous", "of the step before"),
    ("dropped", "dropped off#"),
    ("of_dropped", "dropped off, share"),
    ("still_open", "may yet get there#"),
    ("median", "median time since the step before"),
)


def _wide(layer: Spec, style: Row) -> Spec:
    return {**layer, "mark": {**layer["mark"], **style}}


def _grouped(answer: Row) -> Spec:
    """Of each step the share of each group that reached it: a bar a group, with its name and figures."""
    groups = answer["groups"][:MOST_GROUPS]
    rows = [
        {**bar, "group": _name(each), "place": place, "label": _labelled(each, bar)}
        for place, each in enumerate(groups, 1)
        for bar in _bars(answer, each["steps"])
    ]
    heads = [{**row, "place": 0, "label": row["name"]} for row in rows if row["place"] == 1]
    most = max(row["share"] or 0 for row in rows) or 1
    x = {"field": "share", "axis": None, "scale": {"domain": [0, most / 0.45], "nice": False}, **QUANTITY}
    offset = {"field": "place", "type": "ordinal", "scale": {"paddingInner": 0.15}}
    tooltip = tips(("group", "group"), *_TOLD)
    text = {"align": "left", "baseline": "middle"}
    more = len(answer["groups"]) - len(groups)
    return chart(
        [*heads, *rows],
        _title(answer, f"the {len(groups)} largest groups; {more} more in the table" if more > 0 else ""),
        _words(answer, _bars(answer, answer["steps"])),
        height={"step": 21, "for": "offset"},
        encoding={
            "y": {
                "field": "number",
                "type": "ordinal",
                "axis": None,
                "scale": {"paddingInner": 0.05, "paddingOuter": 0},
            },
            "yOffset": offset,
        },
        layer=[
            bars("datum.place > 0", x=x, tooltip=tooltip, opacity=_pooled()),
            written("label", {**text, "dx": 6}, "datum.place > 0", x=x),
            written(
                "label", {**text, "fontSize": 12, "fontWeight": 600}, "datum.place === 0", x={"value": 0}
            ),
        ],
    )


def _pooled() -> Row:
    return {"condition": {"test": "datum.group === '(all others)'", "value": 2 * FAINT}, "value": 1}


def _labelled(group: Row, bar: Row) -> str:
    return f"{shortened(_name(group), 24)}: {bar['shown']}"


def _title(answer: Row, *said: str) -> Row:
    steps = answer["steps"]
    first = count(steps[0]["count"])
    if len(steps) == 1:
        return headed(f"{first} {unit_of(answer)}", *said)
    share = percent(steps[-1]["from_start"]) or "0%"
    return headed(f"{share} of {first} {unit_of(answer)} converted", *said)


def _words(answer: Row, rows: list[Row]) -> str:
    told = "; ".join(f"{row['full']}: {row['shown']}" for row in rows)
    return f"Funnel of {unit_of(answer)}. {told}."


def _parts(answer: Row) -> list[tuple[str, Row]]:
    """The funnels that have periods: each group's with its name, or the whole one."""
    groups = answer.get("groups")
    return [(_name(each), each) for each in groups] if groups else [(unit_of(answer), answer)]


def _name(group: Row) -> str:
    return plain(group_text({"group": group["value"]}) or "")


def _before(steps: Sequence[Row]) -> list[Row]:
    """Of each step the one that everybody did who did it: the one before that is not optional."""
    found = list(steps[:1])
    for step in steps[:-1]:
        found.append(found[-1] if step.get("optional") else step)
    return found


def _excludes(answer: Row) -> bool:
    return any("excluded" in step for step in answer["steps"])


def _bars(answer: Row, steps: list[Row]) -> list[Row]:
    before = [step["count"] for step in _before(steps)]
    labels = step_labels(answer, steps)
    return [
        _bar(plain(_numbered(answer, number, label)), number, step, previous)
        for number, (step, previous, label) in enumerate(zip(steps, before, labels, strict=True), 1)
    ]


def _numbered(answer: Row, number: int, label: str) -> str:
    return label if answer.get("order") == "any" else f"{number}. {label}"


def _bar(name: str, number: int, step: Row, before: int) -> Row:
    dropped, median = before - step["count"], span(step["seconds"]["median"])
    share = percent(dropped / before) if before else ""
    shown = [count(step["count"]), *([percent(step["from_start"])] if number > 1 else [])]
    lost = [f"{count(dropped)} dropped off ({share})"] if dropped and number > 1 else []
    took = [f"median {median}"] if median and number > 1 else []
    return {
        "number": number,
        "full": name,
        "name": shortened(name, LONGEST),
        "persons": step["count"],
        "before": before,
        "dropped": dropped,
        "share": step["from_start"],
        "of_first": percent(step["from_start"]),
        "of_previous": percent(step["from_previous"]),
        "of_dropped": share,
        "still_open": step["still_open"],
        "median": median,
        "excluded": step.get("excluded"),
        "shown": " · ".join(each for each in shown if each),
        "lost": " · ".join([*lost, *took]),
    }
