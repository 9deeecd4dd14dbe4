"""The chart of an examination: how much of what happened got lost, day by day."""

from __future__ import annotations

from backsight.charts.parts import SHARE, START, Row, Spec, bars, chart, nothing, reaching, tips, when
from backsight.charts.words import count, counted, percent


def doctor(answer: Row) -> Spec:
    """The share of events that got lost, a bar a day."""
    daily = [day for each in answer["findings"] for day in each["facts"].get("daily", [])]
    states = [each["state"] for each in answer["findings"]]
    todo, known = counted(states.count("act"), "thing"), counted(states.count("know"), "note")
    told = f"{todo} to do, {known}, {states.count('fine')} fine."
    if not daily:
        return nothing(told)
    rows = [
        {
            **when(day["date"]),
            "missing": day["missing"],
            "events": day["events"],
            "share": day["missing"] / day["events"] if day["events"] else 0,
            "shown": percent(day["missing"] / day["events"], 2) if day["events"] else "",
        }
        for day in daily
    ]
    missing, events = (sum(row[name] for row in rows) for name in ("missing", "events"))
    share = percent(missing / events if events else 0, 2)
    tooltip = tips(("when", "day"), ("missing", "events lost#"), ("events", "of#"), ("shown", "share"))
    y = {"field": "share", "title": "events lost", **SHARE, **reaching((row["share"] for row in rows), 0.01)}
    return chart(
        rows,
        f"{share} of {count(events)} events got lost",
        f"{told} Events lost: {count(missing)} of {count(events)}.",
        height=120,
        layer=[bars(x=START, y={**y, "axis": {"tickCount": 4, "format": "~p"}}, tooltip=tooltip)],
    )
