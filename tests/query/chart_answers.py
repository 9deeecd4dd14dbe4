"""Answers of every report, as the API gives them, with any name in every text and any size of the counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from backsight import charts

Answer = dict[str, Any]
Chart = Callable[[Answer], charts.Spec]

META: Answer = {"site": "shop", "warnings": []}
DAYS = [f"2026-10-{day:02}" for day in range(1, 7)]
OVER = [True, True, True, True, True, False]
SECONDS = {"mean": 70.0, "median": 60.0, "p90": 90.0}
NEVER: Mapping[str, None] = dict.fromkeys(SECONDS)


def step(label: str, count: int, first: int, before: int) -> Answer:
    shares = {
        "from_start": count / first if first else None,
        "from_previous": count / before if before else None,
    }
    took = SECONDS if count and count < first else NEVER
    return {"label": label, "count": count, "still_open": 1, **shares, "settled": shares, "seconds": took}


def steps(name: str, size: int) -> list[Answer]:
    """All begin, three in four of them go on, then one in four."""
    counts = [size, size * 3 // 4, size // 4]
    return [step(name, count, size, before) for count, before in zip(counts, [size, *counts], strict=False)]


def funnel(name: str, size: int) -> Answer:
    return {"steps": steps(name, size), "meta": META}


def funnel_with_all(name: str, size: int) -> Answer:
    trend = [
        {"start": day, "complete": over, "steps": steps(name, size)}
        for day, over in zip(DAYS, OVER, strict=True)
    ]
    groups = [{"value": value, "steps": steps(name, size), "trend": trend} for value in ([name, None], None)]
    bins = [{"from": hour * 3_600, "to": (hour + 1) * 3_600, "count": size} for hour in range(4)]
    return {
        **funnel(name, size),
        "groups": groups,
        "trend": trend,
        "histogram": {"from": 1, "to": 3, "persons": size, "seconds": SECONDS, "bins": bins},
        "curve": [{"seconds": 60.0 * n, "converted": n / 100, "at_risk": 100 - n} for n in range(1, 31)],
    }


def cohort(start: str, size: int, over: int, **more: Any) -> Answer:
    """Half of the cohort, then a third of it, … in as many periods as are over, and one more."""
    returned = [size // (period + 2) if period <= over else 0 for period in range(4)]
    return {
        "start": start,
        "size": size,
        "returned": returned,
        "complete": [p < over for p in range(4)],
        **more,
    }


def retention(name: str, size: int) -> Answer:
    rows = [cohort(day, size, over) for day, over in zip(DAYS, (4, 3, 2, 1), strict=False)]
    sizes = [[row for row in rows if row["complete"][period]] for period in range(4)]
    average = [
        sum(row["returned"][period] for row in over) / sum(row["size"] for row in over) if size else None
        for period, over in enumerate(sizes)
    ]
    return {"rows": rows, "average": average, "labels": ["Day 0", "Day 1", "Day 2", "Day 3-9"], "meta": META}


def retention_by_group(name: str, size: int) -> Answer:
    whole = retention(name, size)
    rows = [{**row, "values": [1.5, None, 0.0, 2]} for row in whole["rows"]]
    groups = [{"value": value, "rows": rows, "average": whole["average"]} for value in ([name, None], None)]
    return {**whole, "rows": rows, "groups": groups}


def series(label: str, size: int, **more: Any) -> Answer:
    return {"label": label, "measure": "events", "values": [size] * 6, "total": 6 * size, **more}


def trend(name: str, size: int) -> Answer:
    both = [series(name, size), series("B", size // 2, measure="persons")]
    return {"labels": DAYS, "complete": OVER, "series": both, "meta": META}


def trend_compared(name: str, size: int) -> Answer:
    before = {"values": [size // 2] * 6, "total": size * 3}
    one = series(name, size, previous=before, measure="active_persons", over="7d")
    return {**trend(name, size), "previous_labels": DAYS, "series": [one]}


def trend_of_many(name: str, size: int) -> Answer:
    """More groups than there are colours, and all others."""
    groups = [series(name, size + 30 - n, group=[f"{name}{n}"]) for n in range(12)]
    return {**trend(name, size), "series": [*groups, series(name, 3 * size, group=None)]}


def trend_calculated(name: str, size: int) -> Answer:
    """A formula that has no value now and then, and values of hours."""
    hours = [f"2026-10-25T0{hour}:00:00+0{offset}:00" for hour, offset in ((1, 2), (2, 2), (2, 1), (3, 1))]
    rate = {"label": name, "formula": "A / B", "values": [0.5, None, -1.25, size / 3], "total": None}
    own = {**series(name, size), "values": [size] * 4}
    return {"labels": hours, "complete": [True, True, True, False], "series": [own, rate], "meta": META}


def trend_of_one_period(name: str, size: int) -> Answer:
    one = {
        **series(name, size),
        "values": [size],
        "total": size,
        "previous": {"values": [size // 2], "total": 1},
    }
    return {
        "labels": DAYS[:1],
        "complete": [True],
        "previous_labels": DAYS[:1],
        "series": [one],
        "meta": META,
    }


def lifecycle(name: str, size: int) -> Answer:
    states = ("new", "returning", "resurrecting", "dormant")
    return {
        "labels": DAYS,
        "complete": OVER,
        "meta": META,
        "series": [{"label": state, "values": [size // n] * 6} for n, state in enumerate(states, 1)],
    }


def stickiness(name: str, size: int) -> Answer:
    half = {"persons": size // 2, "share": 0.5}
    rows = [{"periods": 1, **half, "at_least": 1.0}, {"periods": 2, **half, "at_least": 0.5}]
    return {"interval": "week", "persons": size, "rows": rows, "meta": META}


def edge(source: str, target: str, number: int, events: int, kind: str = "pageview") -> Answer:
    return {
        "source": {"kind": kind, "name": source},
        "target": {"kind": "event", "name": target},
        "step": number,
        "events": events,
        "persons": events,
        "seconds": {"mean": 61.5, "median": 60.0},
    }


def paths(name: str, size: int) -> Answer:
    edges = [
        edge("/", name, 1, size),
        edge(name, "/a", 2, size, "event"),
        edge(name, "", 2, size // 2, "event"),
    ]
    return {"edges": edges, "steps": [], "paths": 3, "persons": 2, "meta": META}


def owed(conversions: float) -> Answer:
    return {"conversions": conversions, "persons": 2, "sum": conversions * 3}


def attribution(name: str, size: int) -> Answer:
    groups = [{"value": [name, None], **owed(size / 2)}, {"value": None, **owed(size / 4)}]
    return {"groups": groups, "unattributed": owed(size / 4), "total": owed(size), "meta": META}


def signals(name: str, size: int) -> Answer:
    did = {"persons": size, "outcome": size // 2, "share": 0.5}
    one = {
        "label": name,
        "did": did,
        "did_not": did,
        "expected": 0.3,
        "support": 0.4,
        "lift": 2.0,
        "chance": 0.1,
        "rule": {"on": "click"},
    }
    bounds = ((4.25, 2.5, 7.25), (0.25, 0.1, 0.5), (1e9, 3.0, 1e30), (1e-9, 0.0, 0.5))
    found = [{**one, "odds_ratio": odds, "interval": [low, high]} for odds, low, high in bounds]
    return {"signals": found, "population": did, "tested": 9, "meta": META}


def timeline(name: str, size: int) -> Answer:
    element = {"selector": name}
    return {
        "events": [
            {
                "id": "1",
                "time": f"2026-10-0{n}T22:30:00.5Z",
                "type": "click",
                "page": {"path": name},
                "element": element if n % 2 else None,
                "properties": {"name": None},
                "names": [name],
            }
            for n in (3, 2, 1)
        ],
        "meta": META,
    }


def explained(name: str, size: int) -> Answer:
    outcome = {"outcome": "passed_over", "reason": "after_window", "words": name}
    told = timeline(name, size)
    events = [{**each, "outcome": outcome} for each in told["events"]]
    return {**told, "events": events, "verdict": {"timezone": "Asia/Tokyo"}}


def activity(name: str, size: int) -> Answer:
    known = {
        "from": "2026-10-01",
        "daily": [size, 0, size // 2],
        "events": size,
        "persons": 2,
        "last": "2026-10-01",
        "silent_since": "2026-10-02",
    }
    loud = {**known, "silent_since": None}
    return {"events": [{"name": name, "activity": known}, {"name": "B", "activity": loud}], "meta": META}


def elements(name: str, size: int) -> Answer:
    one = {
        "words": name,
        "name": name,
        "events": size,
        "persons": 2,
        "pages": [{"path": name, "events": size}],
    }
    return {"elements": [one, one], "meta": META}


def preview(name: str, size: int) -> Answer:
    daily = [{"date": day, "events": size} for day in DAYS]
    return {"events": 6 * size, "persons": size, "daily": daily, "meta": META}


def cohort_preview(name: str, size: int) -> Answer:
    return {"total": size, "meta": META}


def doctor(name: str, size: int) -> Answer:
    daily = [{"date": day, "missing": size // 4, "events": size} for day in DAYS]
    found = {"check": "losses", "state": "act", "words": name, "do": [name], "facts": {"daily": daily}}
    return {"fine": False, "findings": [found], "meta": META}


MADE: dict[str, tuple[Chart, Callable[[str, int], Answer]]] = {
    "funnel": (charts.funnel, funnel),
    "funnel with all": (charts.funnel, funnel_with_all),
    "retention": (charts.retention, retention),
    "retention by group": (charts.retention, retention_by_group),
    "trend": (charts.trend, trend),
    "trend compared": (charts.trend, trend_compared),
    "trend of many": (charts.trend, trend_of_many),
    "trend calculated": (charts.trend, trend_calculated),
    "trend of one period": (charts.trend, trend_of_one_period),
    "lifecycle": (charts.lifecycle, lifecycle),
    "stickiness": (charts.stickiness, stickiness),
    "paths": (charts.paths, paths),
    "attribution": (charts.attribution, attribution),
    "signals": (charts.signals, signals),
    "timeline": (charts.person, timeline),
    "explained": (charts.person, explained),
    "activity": (lambda answer: charts.activity(answer["events"]), activity),
    "elements": (charts.elements, elements),
    "preview": (charts.preview, preview),
    "cohort": (charts.cohort_preview, cohort_preview),
    "doctor": (charts.doctor, doctor),
}
"""By name: the chart, and what makes an answer of it from a name and a count."""

EMPTY: dict[str, charts.Spec] = {
    "funnel": charts.funnel({"steps": [], "meta": META}),
    "retention": charts.retention({"rows": [], "average": [], "labels": ["Day 0"], "meta": META}),
    "trend": charts.trend({"labels": [], "complete": [], "series": [], "meta": META}),
    "lifecycle": charts.lifecycle({"labels": [], "complete": [], "series": [], "meta": META}),
    "stickiness": charts.stickiness({"interval": "day", "persons": 0, "rows": [], "meta": META}),
    "paths": charts.paths({"edges": [], "steps": [], "paths": 0, "persons": 0, "meta": META}),
    "attribution": charts.attribution({**attribution("", 0), "groups": []}),
    "signals": charts.signals({**signals("", 0), "signals": []}),
    "person": charts.person({"events": [], "meta": META}),
    "activity": charts.activity([]),
    "elements": charts.elements({"elements": [], "meta": META}),
    "preview": charts.preview({"events": 0, "persons": 0, "daily": [], "meta": META}),
    "doctor": charts.doctor({"fine": True, "findings": [], "meta": META}),
}


def spec(chart: str, name: str = "Viewed", size: int = 1_204) -> charts.Spec:
    """A chart of an answer in which everything has that name and that count."""
    draw, make = MADE[chart]
    return draw(make(name, size))


def views(spec: charts.Spec) -> list[charts.Spec]:
    """The charts of a picture."""
    found: list[charts.Spec] = spec.get("vconcat", [spec])
    return found


def values(view: charts.Spec) -> list[dict[str, Any]]:
    """The data of a chart."""
    rows: list[dict[str, Any]] = view["data"]["values"]
    return rows


def objects(value: object) -> list[dict[str, Any]]:
    """Every object of a specification but for its data."""
    if isinstance(value, dict):
        return [value, *(found for key, child in value.items() if key != "data" for found in objects(child))]
    return [found for child in value for found in objects(child)] if isinstance(value, list) else []
