"""Bursts of clicks in one place: which click completes one, in every report and beside other conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from backsight.engine import Engine
from backsight.reports import explain, funnel, lifecycle, paths, preview, retention, trend
from backsight.rules.bursts import Rage, bursts_sql, read_span, span_text
from backsight.rules.rule import describe, parse_rule, parse_rules
from query.conftest import ContextOf
from query.rows import SITE, event, rows_of
from query.test_preview import ELEMENTS, NODES

MIDNIGHT = datetime(2026, 10, 5, tzinfo=UTC)
"""Of a Monday, before which another week ends."""
HOUR = timedelta(hours=1)
WEEK = 7 * 86_400_000
"""Milliseconds."""
Row = dict[str, Any]


def click(page: int, sequence: int, ms: float, x: int | None = 0, y: int | None = 0, **more: Any) -> Row:
    """A click so long after midnight."""
    time = MIDNIGHT + timedelta(milliseconds=ms)
    more = {"type": "click", "name": None, "node_id": 2, "device": page} | more
    return event("", time, page=page, sequence=sequence, x=x, y=y, **more)


def completing(rows: Sequence[Row], rage: Rage) -> set[tuple[int, int]]:
    """The same, click by click."""
    found = set()
    placed = (row for row in rows if row["type"] == "click" and None not in (row["x"], row["y"]))
    clicks = sorted(placed, key=lambda row: row["page"])
    for page, group in groupby(clicks, key=lambda row: row["page"]):
        listed = sorted(group, key=lambda row: (row["client_time"], row["sequence"]))
        before = False
        for place in range(len(listed)):
            burst = listed[place - rage.clicks + 1 : place + 1] if place + 1 >= rage.clicks else []
            now = bool(burst) and is_burst(burst, rage)
            if now and not before:
                found.add((page, listed[place]["sequence"]))
            before = now
    return found


def is_burst(burst: Sequence[Row], rage: Rage) -> bool:
    first, last = burst[0], burst[-1]
    near = all((row["x"] - first["x"]) ** 2 + (row["y"] - first["y"]) ** 2 <= rage.radius**2 for row in burst)
    return near and last["client_time"] - first["client_time"] <= timedelta(milliseconds=rage.within_ms)


places = st.one_of(st.none(), st.integers(-2, 4), st.sampled_from([-(2**31) + 1, 2**31 - 1]))
rows = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.sampled_from([0, 0, 1, 1, 2, 3, 5]),
        places,
        places,
        st.sampled_from(["click", "click", "click", "change"]),
    ),
    max_size=24,
)
rages = st.builds(Rage, st.integers(2, 4), st.sampled_from([1, 2, 4]), st.sampled_from([0, 2, 3]))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows, rages, st.booleans())
@example([(1, 1, 0, 0, "click")] * 6, Rage(3, 1_000, 30), False)
@example([(1, 0, 0, 0, "click")] * 6, Rage(2, 1, 0), True)
@example([(1, gap, 0, 0, "click") for gap in (0, 1, 1, 5, 1)], Rage(3, 4, 3), False)
def test_a_burst_is_completed_once_by_the_right_click(
    context_of: ContextOf,
    engine: Engine,
    made: list[tuple[int, int, int | None, int | None, str]],
    rage: Rage,
    falls: bool,
) -> None:
    """Against a walk over each page's clicks: ties, missing and extreme places, thresholds, midnight."""
    clock, events = -12, []
    for sequence, (page, gap, x, y, kind) in enumerate(made):
        clock += gap
        number = -sequence % 100 if falls else sequence  # what came first by the clock, not by its number
        events.append(click(page, number, clock, x, y, type=kind))
    rule = {"rage": {"clicks": rage.clicks, "within": f"{rage.within_ms}ms", "radius": rage.radius}}
    wanted = completing(events, rage)
    assert found_of(context_of(events), rule) == len(wanted)
    sql, params = bursts_sql(rage)
    params |= {"midnight": MIDNIGHT - 2 * HOUR, "before": MIDNIGHT - 2 * HOUR}
    answer = engine.query(sql, params, {"events": rows_of("events", events)})
    assert set(zip(answer["page"].to_pylist(), answer["sequence"].to_pylist(), strict=True)) == wanted


def found_of(context: Any, rule: Row, **more: Any) -> int:
    return int(preview.run({"rules": [rule], **more}, context)["events"])


RAGE: Row = {"rage": {}}
BURST = [click(7, number, 100 * number, x=10 + number, y=20) for number in range(4)]


@pytest.mark.parametrize(
    ("clicks", "expected"),
    [
        (BURST, 1),
        (BURST[:2], 0),
        ([*BURST, *(click(7, 10 + n, 9_000 + n, x=500) for n in range(3))], 2),
        ([click(7, n, 500 * n) for n in range(3)], 1),
        ([click(7, n, 501 * n) for n in range(3)], 0),
        ([click(7, n, 400 * n) for n in range(9)], 1),
        ([click(7, n, n, x=30 * n) for n in range(3)], 0),
        ([click(7, n, n, x=x) for n, x in enumerate([0, 30, -30])], 1),
        ([click(7, n, n, x=x) for n, x in enumerate([30, -30, 0])], 0),
        ([click(7, n, n, x=18, y=24) for n in range(3)], 1),
        ([click(n, 0, n) for n in range(3)], 0),
        ([click(7, n, n, x=None) for n in range(5)], 0),
        ([click(7, n, n, x=n % 2 or None) for n in range(6)], 1),
        ([click(7, n, n, type="change") for n in range(5)], 0),
        ([click(7, n, n - 1) for n in range(3)], 1),
    ],
    ids=[
        "four are one burst", "two are none", "two bursts", "a second in all", "longer than that",
        "clicking on and on is one burst", "too far from the first", "about the first", "not about the first",
        "as far as the radius", "three pages", "no place", "every other without one", "no clicks",
        "over midnight",
    ],
)  # fmt: skip
def test_what_is_a_burst(context_of: ContextOf, clicks: list[Row], expected: int) -> None:
    """Three clicks within a second, each at most 30 pixels from the first, unless it says otherwise."""
    assert found_of(context_of(clicks), RAGE) == expected


def test_the_time_between_clicks_is_by_the_pages_own_clock(context_of: ContextOf) -> None:
    """Clicks of two batches, of which one travelled longer, stand apart in the lake: they are one burst."""
    later = MIDNIGHT + timedelta(seconds=5)
    events = [*BURST[:2], BURST[2] | {"time": later}, BURST[3] | {"time": later}]
    assert found_of(context_of(events), RAGE) == 1


def test_what_else_a_rule_asks_for_holds_of_the_click_that_completes(context_of: ContextOf) -> None:
    """Selector, text, page and `where` are asked of that one; the others may be on anything near."""
    events = [
        row | {"node_id": node, "text": text, "path": "/cart"}
        for row, node, text in zip(BURST, (4, 4, 3, 2), ("A", "B", "Go", "C"), strict=True)
    ]
    context = context_of(events, nodes=NODES, elements=ELEMENTS)
    for holds in ({"css": "#signup i"}, {"text": {"op": "is", "value": "Go"}}, {"css": "form"},
                  {"page": {"path": {"op": "is", "value": "/cart"}}}):  # fmt: skip
        assert found_of(context, RAGE | holds) == 1, holds
    for fails in ({"css": "button"}, {"text": {"op": "is", "value": "A"}}, {"css": "b"}):
        assert found_of(context, RAGE | fails) == 0, fails


def test_bursts_stand_in_any_and_beside_each_other(context_of: ContextOf) -> None:
    """Two kinds of bursts, and other rules, in one `any`."""
    events = [*BURST, *(click(8, n, n, x=100 * n, text="Far") for n in range(2))]
    near, far = RAGE, {"rage": {"clicks": 2, "radius": 100}}
    context = context_of(events)
    assert [found_of(context, rule) for rule in (near, far, {"any": [near, far]})] == [1, 2, 3]
    assert found_of(context, {"any": [near, {"on": "click", "text": {"op": "is", "value": "Far"}}]}) == 3


def test_a_burst_counts_in_the_range_of_the_click_that_completes_it(context_of: ContextOf) -> None:
    """Its first clicks may lie before the range, on the day before, or in a file that is not asked for."""
    events = [click(7, n, n - 1) for n in range(3)]
    context = context_of(events)
    assert found_of(context, RAGE, **{"from": "2026-10-05"}) == 1
    assert found_of(context, RAGE, to="2026-10-04") == 0
    assert found_of(context, RAGE, **{"from": (MIDNIGHT + timedelta(milliseconds=1)).isoformat()}) == 1
    assert found_of(context, RAGE, **{"from": (MIDNIGHT + timedelta(milliseconds=2)).isoformat()}) == 0


def test_only_weeks_that_got_more_events_are_worked_out_anew(
    context_of: ContextOf, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of a week is kept until its files change, or those of the day before."""
    context = context_of([click(week, n, n + WEEK * week) for week in range(4) for n in range(3)])
    asked, query = [], engine.query

    def spying(sql: str, *more: Any) -> Any:
        asked.append("completing" in sql)
        return query(sql, *more)

    monkeypatch.setattr(engine, "query", spying)
    assert (found_of(context, RAGE), sum(asked)) == (4, 4)
    assert (found_of(context, RAGE), sum(asked)) == (4, 4)
    assert (found_of(context, RAGE, **{"from": "2026-10-06"}), sum(asked)) == (3, 4)
    events = context.snapshot.tables["events"]
    later = context_of([click(9, n, n + WEEK * 3) for n in range(3)]).snapshot.tables["events"]
    files = {SITE: (*events.files[SITE], *later.files[SITE])}
    tables = {**context.snapshot.tables, "events": replace(events, files=files)}
    grown = replace(context, snapshot=replace(context.snapshot, tables=tables))
    assert (found_of(grown, RAGE), sum(asked)) == (5, 5)


def test_the_sql_of_many_weeks_is_shown_once(context_of: ContextOf) -> None:
    """However many weeks a question is about, and of none it can still be asked."""
    text = funnel.sql({"steps": [RAGE]}, context_of([click(1, week, WEEK * week) for week in range(4)]))
    assert text.count("create temporary table bursts_1") == text.count("completing as (") == 1
    assert "-- 4 parts, each as the last" in text
    assert found_of(context_of([]), RAGE) == 0


@pytest.mark.parametrize("step", ["Raged", RAGE, {"any": [RAGE, {"name": "never"}]}])
def test_bursts_fill_the_steps_of_every_report(context_of: ContextOf, step: Any) -> None:
    """By name and inline: funnel, retention, trend, lifecycle, paths, a timeline, what persons did."""
    left = event("Left", MIDNIGHT + timedelta(minutes=1), device=7, session=1)
    calm = [click(8, n, 60_000 * n) for n in range(3)]
    names = {"Raged": parse_rules([RAGE]), "Left": parse_rules([{"name": "Left"}])}
    context = context_of([*(row | {"session": 1} for row in BURST), left, *calm], names=names)
    day = {"from": "2026-10-05", "to": "2026-10-05"}
    funnelled = {"steps": [step, "Left"], **day}
    assert [each["count"] for each in funnel.run(funnelled, context)["steps"]] == [1, 1]
    asked = {"start": step, "return": "Left", "periods": 1, **day}
    assert [row["size"] for row in retention.run(asked, context)["rows"]] == [1]
    assert trend.run({"series": [step], **day}, context)["series"][0]["values"] == [1]
    new = lifecycle.run({"event": step, **day}, context)["series"][0]
    assert (new["label"], new["values"]) == ("new", [1])
    edges = paths.run({"start": step, **day}, context)["edges"]
    assert [(edge["target"], edge["persons"]) for edge in edges] == [({"kind": "event", "name": "Left"}, 1)]
    did = {"series": [{"on": "click"}], "person_where": [{"did": step}], **day}
    assert trend.run(did, context)["series"][0]["values"] == [4]
    explained = {"person": "7", "report": "funnel", "request": funnelled, "order": "oldest"}
    events = explain.run(explained, context)["events"]
    assert [each["names"] for each in events] == [[], [], ["Raged"], [], ["Left"]]


def test_a_burst_is_told_in_a_few_words() -> None:
    """A step without a label is called by what it asks for."""
    rule = parse_rule({"css": "#pay", "rage": {"within": "1500ms"}})
    assert describe(rule) == "click #pay 3 times within 1.5s in one place"


@given(st.integers(1, 60_000))
def test_short_durations_are_written_as_they_are_read(milliseconds: int) -> None:
    """To the millisecond, in the shorter of two units."""
    assert read_span(span_text(milliseconds), "within") == milliseconds
