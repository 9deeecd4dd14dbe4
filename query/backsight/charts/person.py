"""The chart of one person: events along the time."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from backsight.charts.parts import NAMES, Row, Spec, chart, layer, nothing, tips
from backsight.charts.words import counted, moment, plain, shortened

OUTCOMES: Final = ("chosen", "passed over", "ignored")
CLOCK: Final = {"format": "%-d %b %H:%M", "tickCount": 5, "labelOverlap": "greedy", "labelSeparation": 10}
SCALE: Final = {"type": "utc", "padding": 12}
SHAPES: Final = ["circle", "square", "triangle-up"]


def person(answer: Row) -> Spec:
    """A point an event, by type; where a report is explained, by what became of it."""
    explained = "verdict" in answer
    zone = ZoneInfo((answer.get("verdict") or {}).get("timezone", "UTC"))
    rows = [_drawn(event, zone) | (_why(event["outcome"]) if explained else {}) for event in answer["events"]]
    if not rows:
        return nothing("No events.")
    found = [("when", "time"), ("what", "event"), ("path", "on"), ("names", "bears")]
    found += [("outcome", "counts"), ("why", "why")] if explained else []
    scale = {"domain": list(OUTCOMES)}
    became = {"field": "outcome", **NAMES, "scale": scale, "legend": {"orient": "top"}}
    by = {"color": became, "shape": {**became, "scale": {**scale, "range": SHAPES}}} if explained else {}
    title = counted(len(rows), "event") + (f", as the clock says in {zone.key}" if zone.key != "UTC" else "")
    return chart(
        rows,
        title,
        f"Timeline of {counted(len(rows), 'event')}, from {rows[-1]['when']} to {rows[0]['when']}.",
        height={"step": 30},
        layer=[
            layer(
                "point",
                {"filled": True, "size": 70, "opacity": 0.75},
                x={"field": "time", "type": "temporal", "title": None, "axis": CLOCK, "scale": SCALE},
                y={"field": "type", **NAMES, "axis": {"grid": True}},
                tooltip=tips(*found),
                **by,
            )
        ],
    )


def _drawn(event: Row, zone: ZoneInfo) -> Row:
    local = datetime.fromisoformat(event["time"]).astimezone(zone)
    seconds = f"{moment(local.date().isoformat())}, {local:%H:%M:%S}"
    # The clock on the wall there, as if it were UTC: a chart knows no other zone but the reader's.
    return {
        "time": local.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "when": seconds,
        "type": plain(event["type"]),
        "what": shortened(plain(_what(event)), 120),
        "path": plain(event["page"]["path"] or ""),
        "names": plain(", ".join(event["names"])),
    }


def _what(event: Row) -> str:
    """What was done, to what: a custom event's name, or an element in a selector."""
    name = event["properties"].get("name") or (event["element"] or {}).get("selector")
    return f"{event['type']} {name}" if name else str(event["type"])


def _why(outcome: Row) -> Row:
    return {"outcome": outcome["outcome"].replace("_", " "), "why": plain(outcome["words"])}
