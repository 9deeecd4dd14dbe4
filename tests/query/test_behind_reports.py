"""The rows behind trends, lifecycles, stickiness, retention, paths, attribution and previews: counted by
hand, they give the figures back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.errors import InvalidRequest
from backsight.reports import attribution, lifecycle, paths, preview, retention, stickiness, trend
from query import (
    test_attribution,
    test_paths,
    test_preview,
    test_retention_options,
    test_trend,
    test_trend_lifecycle,
)
from query.behind_rows import Row, behind, event_of, people
from query.conftest import ContextOf
from query.rows import event, named, statement

SETTINGS = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
MOST = 4
"""Figures of an answer that are looked behind."""


def some(data: st.DataObject, figures: Sequence[Any]) -> list[Any]:
    """A few of an answer's figures."""
    return data.draw(st.lists(st.sampled_from(figures), max_size=MOST, unique_by=repr)) if figures else []


def grouped(value: Any) -> Any:
    """A group's value as a request names it."""
    return {"pooled": True} if value is None else value


STATISTICS: Mapping[str, Any] = {"sum": sum, "avg": fmean, "min": min, "max": max, "median": median}


def measured(rows: list[Row], series: Mapping[str, Any]) -> float | None:
    """What a series says of its rows."""
    kind = series["measure"]
    if kind == "events":
        return len(rows)
    if kind in ("persons", "active_persons"):
        return len(people(rows))
    if kind == "sessions":
        name = "counted_session" if rows and "counted_session" in rows[0] else "session"
        return len({row[name] for row in rows})
    if kind == "events_per_person":
        return len(rows) / len(people(rows)) if rows else None
    values = sorted(row["value"] for row in rows)
    if kind in STATISTICS:
        return STATISTICS[kind](values) if values else (0 if kind == "sum" else None)
    at = (len(values) - 1) * int(kind[1:]) / 100
    low = int(at)
    return (
        values[low] + (at - low) * (values[min(low + 1, len(values) - 1)] - values[low]) if values else None
    )


@SETTINGS
@given(
    test_trend._cases(),
    st.sampled_from([{}, {}, {"compare": "previous"}, {"cumulative": True}, {"smooth": 2}]),
    st.sampled_from([None, {"by": ["path"], "limit": 1}]),
    st.sampled_from([None, {"gap": "30m"}]),
    st.data(),
)
def test_a_trend(
    context_of: ContextOf,
    case: tuple[dict[str, Any], list[Row]],
    more: dict[str, Any],
    breakdown: dict[str, Any] | None,
    session: dict[str, Any] | None,
    data: st.DataObject,
) -> None:
    """Every measure, in any period, group and series, and in the whole range."""
    request, events = case
    request = {**request, **more, "breakdown": breakdown}
    if any(each["measure"] == "sessions" for each in request["series"]):
        request["session"] = session
    site = context_of(events)
    try:
        answer = trend.run(request, site)
    except InvalidRequest:  # values that do not add up
        return
    labels = [each["label"] for each in answer["series"]]
    cells = [(series, at) for series in answer["series"] for at in [None, *range(len(answer["labels"]))]]
    for series, at in some(data, cells):
        number = 1 + list(dict.fromkeys(labels)).index(series["label"])
        cell = {"series": number, "at": None if at is None else answer["labels"][at]}
        cell |= {"group": grouped(series["group"])} if "group" in series else {}
        rows = behind("trend", request, site, cell=cell)
        expected = series["total"] if at is None else series["values"][at]
        if more == {"smooth": 2} and at is not None:
            apart = [
                measured([row for row in rows if row.get("period") == label], series)
                for label in answer["labels"][max(0, at - 1) : at + 1]
            ]
            known = [each for each in apart if each is not None]
            if series["measure"] != "active_persons":
                assert expected == pytest.approx(fmean(known) if known else None)
            continue
        assert expected == pytest.approx(measured(rows, series))
        if "previous" in series:
            then = None if at is None else answer["previous_labels"][at]
            rows = behind("trend", request, site, cell={**cell, "at": then, "previous": True})
            was = series["previous"]["total"] if at is None else series["previous"]["values"][at]
            assert was == pytest.approx(measured(rows, series))


@SETTINGS
@given(test_trend_lifecycle._cases(), st.data())
def test_a_lifecycle_and_how_long_persons_stick(
    context_of: ContextOf, case: Any, data: st.DataObject
) -> None:
    """The persons of a state, or of so many periods, are those of the rows."""
    request, _, events = case
    site = context_of(events, test_trend_lifecycle.SAID)
    answer = lifecycle.run(request, site)
    cells = [(at, each) for at in range(len(answer["labels"])) for each in answer["series"]]
    for at, series in some(data, cells):
        rows = behind("lifecycle", request, site, cell={"at": answer["labels"][at], "state": series["label"]})
        assert len(people(rows)) == series["values"][at]
        assert {row["name"] for row in rows} <= {"A"}
    for row in some(data, stickiness.run(request, site)["rows"]):
        rows = behind("stickiness", request, site, cell={"periods": row["periods"]})
        assert len(people(rows)) == row["persons"]
        assert all(
            len({each["period"] for each in rows if each["person"] == person}) == row["periods"]
            for person in people(rows)
        )


def value_of(rows: list[Row], kind: str) -> float | None:
    """The statistic of a cell's numbers."""
    return measured([row for row in rows if row["value"] is not None], {"measure": kind})


@SETTINGS
@given(test_retention_options.cases(), st.data())
def test_a_retention_table(context_of: ContextOf, case: Any, data: st.DataObject) -> None:
    """Cohorts, returns and what is measured of them, of everybody and of groups."""
    request, events = case
    body = {**request, "return": test_retention_options.RETURNS[request["return"]][0]}
    site = context_of(events)
    answer = retention.run(body, site)
    tables = [(None, answer["rows"]), *((group, group["rows"]) for group in answer.get("groups", ()))]
    cells = [(group, row, at) for group, rows in tables for row in rows
             for at in [None, *range(len(row["returned"]))]]  # fmt: skip
    for group, row, at in some(data, cells):
        cell = {"start": row["start"], "period": at}
        cell |= {} if group is None else {"group": grouped(group["value"])}
        rows = behind("retention", body, site, cell=cell)
        starts = [each for each in rows if each["role"] == "start"]
        returns = [each for each in rows if each["role"] == "return"]
        assert len(starts) == len(people(starts)) == (row["size"] if at is None else row["returned"][at])
        assert {each["name"] for each in starts} <= {"A"}
        if at is None:
            assert not returns
            continue
        assert people(returns) == people(starts)
        counted = Counter(each["person"] for each in returns)
        assert min(counted.values(), default=request["minimum"]) >= request["minimum"]
        assert max(Counter(map(event_of, returns)).values(), default=1) == 1
        if request["measure"]:
            kind = request["measure"]["measure"]
            assert row["values"][at] == pytest.approx(value_of(rows, kind))
        gone = behind("retention", body, site, cell={**cell, "returned": False})
        assert len(gone) == row["size"] - row["returned"][at]


@SETTINGS
@given(test_paths._rows, test_paths._requests, st.data())
def test_an_edge_of_paths(
    context_of: ContextOf, rows: list[Row], request: dict[str, Any], data: st.DataObject
) -> None:
    """Both ends of every transition: how many, of whom, and how long after one another."""
    events = [event(row["name"], row["time"], **row) for row in rows]
    said = [statement("identify", test_paths.at(0), device=device, user=11) for device in (2, 3)]
    moments = {key: request[key] and request[key].isoformat() for key in ("from", "to")}
    body = {**request, **moments, "groups": ["/a/*"]}
    site = context_of(events, said, names=named("A", "B"))
    answer = paths.run(body, site)
    for edge in some(data, answer["edges"]):
        found = behind("paths", body, site, edge=edge)
        ends = {role: [row for row in found if row["role"] == role] for role in ("source", "target")}
        assert len(ends["source"]) == len(ends["target"]) == edge["events"]
        assert len(people(found)) == edge["persons"]
        begun = {row["transition"]: row["time"] for row in ends["source"]}
        taken = [(row["time"] - begun[row["transition"]]).total_seconds() for row in ends["target"]]
        assert fmean(taken) == pytest.approx(edge["seconds"]["mean"])
    for step in answer["steps"]:
        found = behind("paths", body, site, edge={"step": step["step"]})
        assert len(found) == 2 * step["events"]


@SETTINGS
@given(test_attribution._rows, test_attribution._requests, st.data())
def test_what_touches_are_owed(
    context_of: ContextOf, rows: list[Row], request: dict[str, Any], data: st.DataObject
) -> None:
    """Credits add up to the conversions of a group, and amounts to its sum, of conversions and of touches."""
    events = [event(row["name"], row["time"], **row) for row in rows]
    said = [statement("identify", test_attribution.at(0), device=device, user=11) for device in (2, 3)]
    moments = {key: request[key] and request[key].isoformat() for key in ("from", "to")}
    body = {**request, **moments, "conversion": "A", "by": ["utm_source", "utm_medium"]}
    body["property"] = "props.price"
    site = context_of(events, said)
    answer = attribution.run(body, site)
    for group in some(data, answer["groups"]):
        found = behind("attribution", body, site, cell={"group": grouped(group["value"])})
        for role in ("conversion", "touch"):
            own = [row for row in found if row["role"] == role]
            assert sum(row["credit"] for row in own) == pytest.approx(group["conversions"])
            assert sum(row["amount"] for row in own) == pytest.approx(group["sum"])
            assert len(people(own)) == group["persons"]
    alone = behind("attribution", body, site, cell={"unattributed": True})
    assert len(alone) == answer["unattributed"]["conversions"]
    every = [row for row in behind("attribution", body, site) if row["role"] == "conversion"]
    assert len(every) + len(alone) == answer["total"]["conversions"]


def test_a_preview(context_of: ContextOf) -> None:
    """All that matches, and what is gained and lost against other rules, with the names that it bears."""
    at = test_paths.at
    rows = [event(name, at(minute), device=minute) for minute, name in enumerate("AABBBC")]
    site = context_of(rows)
    body = {"rules": [{"on": "track", "name": "A"}, {"on": "track", "name": "B"}]}
    body["against"] = [{"on": "track", "name": "B"}, {"on": "track", "name": "C"}]
    answer = preview.run(body, site)
    found = behind("preview", body, site)
    assert [row["names"] for row in found] == [["A"]] * 2 + [["B"]] * 3
    assert len(found) == answer["events"]
    for side in ("gained", "lost"):
        own = behind("preview", body, site, difference=side)
        told = answer["difference"][side]
        assert (len(own), len(people(own))) == (told["events"], told["persons"])


@pytest.mark.parametrize("kind", ["trend", "lifecycle", "stickiness", "preview", "gained"])
def test_what_else_happened_to_the_same_elements_is_not_told(context_of: ContextOf, kind: str) -> None:
    """Of a rule that asks for elements, only what it matches: not a touch of its button, or another text."""
    at = test_paths.at
    columns = {"name": None, "node_id": 2}
    events = [
        event("", at(0), device=1, type="click", text="Buy", **columns),
        event("", at(1), device=2, type="click", text="Sell", **columns),
        event("", at(2), device=3, type="submit", text="Buy", **columns),
    ]
    rule = {"on": "click", "css": "button", "text": {"op": "is", "value": "Buy"}}
    site = context_of(events, nodes=test_preview.NODES, elements=test_preview.ELEMENTS, now=at(10))
    day = at(0).date().isoformat()
    asked: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "trend": ("trend", {"series": [rule]}, {}),
        "lifecycle": ("lifecycle", {"event": rule, "from": day}, {"cell": {"at": day}}),
        "stickiness": ("stickiness", {"event": rule}, {}),
        "preview": ("preview", {"rules": [rule]}, {}),
        "gained": ("preview", {"rules": [rule], "against": [{"css": "i"}]}, {"difference": "gained"}),
    }
    report, request, own = asked[kind]
    assert [row["time"] for row in behind(report, request, site, **own)] == [at(0)]


def test_an_event_that_came_twice_is_two_rows(context_of: ContextOf) -> None:
    """What was stored twice counts twice, and is shown twice: never once, never four times."""
    at = test_paths.at
    rows = [event("A", at(0), page=7, sequence=0), event("A", at(0), page=7, sequence=0)]
    site = context_of([*rows, event("B", at(1), page=7, sequence=1)])
    assert len(behind("trend", {"series": ["A"]}, site)) == 2
    body = {"steps": ["A", "B"], "count": "totals"}
    assert Counter(row["step"] for row in behind("funnel", body, site)) == {1: 1, 2: 1}


def test_pages_follow_one_another(context_of: ContextOf) -> None:
    """Page after page, over days, every row comes once and in the order of time."""
    from backsight.reports.behind import BEHIND

    at = test_paths.at
    rows = [
        event("A", at(minute * 600), device=minute % 3, props=json.dumps({"n": minute}))
        for minute in range(11)
    ]
    site, seen, after = context_of(rows), list[int](), None
    while True:
        asked = {"rules": [{"on": "track"}], "limit": 4} | ({"after": after} if after else {})
        page = BEHIND["preview"].run(asked, site)
        seen += [row["props"]["n"] for row in page["events"]]
        after = page["next"]
        if after is None:
            break
    assert seen == list(range(11))
    _, parts = BEHIND["preview"].parts({"rules": [{"on": "track"}], "limit": 7}, site)
    assert sum(part.num_rows for part in parts) == 7
