"""Attribution, against an oracle that looks back from every conversion, and by example."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.contract import id64
from backsight.errors import InvalidRequest
from backsight.reports import attribution
from query import oracles, oracles_attribution, oracles_sessions
from query.conftest import ContextOf
from query.rows import event, statement

DAY = datetime(2026, 10, 25, tzinfo=UTC)  # Vienna sets its clocks back an hour at 01:00 UTC
Row = Mapping[str, Any]


def at(minutes: float) -> datetime:
    return DAY + timedelta(minutes=minutes)


def viewed(query: str | None, time: datetime, /, **columns: Any) -> dict[str, Any]:
    """A pageview with this query."""
    return event("", time, **({"type": "pageview", "name": None, "query": query, "path": "/"} | columns))


def owed(answer: Mapping[str, Any]) -> dict[tuple[str | None, ...] | None, float]:
    """What each group is owed, by its value."""
    return {
        None if group["value"] is None else tuple(group["value"]): group["conversions"]
        for group in answer["groups"]
    }


# ── Against the oracle ──────────────────────────────────────────────────────────────────────────────────────

_rows = st.lists(
    st.builds(
        lambda kind, minute, device, page, sequence, session, query, price: {
            "time": at(minute), "device": device, "page": id64("page", page, device), "sequence": sequence,
            "session": session, "type": "track" if kind in "AB" else "pageview", "query": query,
            "name": kind if kind in "AB" else None, "path": "/in" if kind == "i" else "/",
            "props": None if price is None else f'{{"price": {price}}}',
        },
        st.sampled_from(["A", "A", "B", "v", "v", "i"]),
        st.sampled_from([-3_000, -1_441, -30, -1, 0, 1, 1, 2, 3, 5, 60, 61]),
        st.integers(1, 3),
        st.integers(1, 3),
        st.sampled_from([0, 1, 2, 3_000, 4_000]),
        st.sampled_from([None, 5, 5, 6]),
        st.sampled_from([None, "utm_source=a", "utm_source=a&utm_medium=m", "utm_source=b", "utm_medium=n"]),
        st.sampled_from([None, "10", '"2.5"', "true", "0.1", "1e17"]),
    ),
    max_size=16,
    unique_by=lambda row: (row["page"], row["sequence"]),
)  # fmt: skip
_sessions = st.one_of(
    st.sampled_from([{}, {"per": "session"}]),
    st.fixed_dictionaries(
        {}, optional={"gap": st.sampled_from(["1m", "30m", "2d"]), "starts": st.just("B")}
    ).filter(bool).map(lambda rule: {"session": rule}),
)  # fmt: skip
_options = st.fixed_dictionaries(
    {
        "touch": st.sampled_from(["first", "last", "linear"]),
        "count": st.sampled_from(["every", "first"]),
        "lookback": st.sampled_from(["1m", "1h", "30d"]),
        "limit": st.sampled_from([1, 2, 25]),
        "from": st.sampled_from([None, at(-1), at(1)]),
        "to": st.sampled_from([None, at(3), at(60)]),
        "where": st.sampled_from([[], [{"property": "path", "op": "is_not", "value": "/in"}]]),
        "touches": st.sampled_from([None, {"on": "any"}]),
    }
)
_requests = st.builds(lambda options, session: options | session, _options, _sessions)
SPANS = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1), "30d": timedelta(days=30),
         "30m": timedelta(minutes=30), "2d": timedelta(days=2)}  # fmt: skip


PRICES = {
    '{"price": 10}': Fraction(10),
    '{"price": "2.5"}': Fraction(5, 2),
    '{"price": 0.1}': Fraction(1, 10),
    '{"price": 1e17}': Fraction(10**17),
}


def _asked(request: Mapping[str, Any]) -> oracles_attribution.Asked:
    def counts(row: Row) -> bool:
        return not (request["where"] and row["path"] == "/in")

    def group(row: Row) -> oracles_attribution.Group | None:
        said = dict(part.split("=") for part in (row["query"] or "").split("&") if part)
        arrives = request["touches"] is not None or row["type"] == "pageview"
        return (said.get("utm_source"), said.get("utm_medium")) if said and arrives and counts(row) else None

    def amount(row: Row) -> Fraction:
        return PRICES.get(row["props"], Fraction())

    return oracles_attribution.Asked(
        converts=lambda row: row["name"] == "A" and counts(row),
        group=group,
        amount=amount,
        touch=request["touch"],
        first_only=request["count"] == "first",
        lookback=SPANS[request["lookback"]],
        first=request["from"],
        end=request["to"] and request["to"] + timedelta(microseconds=1),
    )


def _people(events: list[Row], said: list[Row], request: Mapping[str, Any]) -> dict[int, list[list[Row]]]:
    """Everybody's events in parts of which only the first touch counts."""
    rule = request.get("session")
    if rule is None and "per" not in request:
        return {person: [[row] for row in own] for person, own in oracles.by_person(events, said).items()}
    asked = _asked(request)
    gap = SPANS.get((rule or {}).get("gap", ""))
    first = asked.first and asked.first - asked.lookback
    bounds = oracles_sessions.reach(first, asked.end, gap, rule is not None)
    people = {}
    for person, rows in oracles.by_person(events, said).items():
        own = oracles_sessions.within(rows, *bounds)
        if rule is None:
            alone = [row | {"session": row["page"]} if row["session"] is None else row for row in own]
            people[person] = oracles_sessions.captured(alone)
        else:
            people[person] = oracles_sessions.sessions(own, gap, oracles_sessions.bears(rule.get("starts")))
    return people


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_rows, st.lists(_requests, min_size=3, max_size=3), st.randoms(use_true_random=False))
def test_agrees_with_looking_back_from_every_conversion(
    context_of: ContextOf, rows: list[dict[str, Any]], requests: list[dict[str, Any]], random: Any
) -> None:
    """Groups, pooled groups, what is owed to nobody and totals are those of each conversion by itself."""
    events: list[Any] = [event(row["name"], row["time"], **row) for row in rows]
    said: list[Any] = [statement("identify", at(0), device=device, user=11) for device in (2, 3)]
    context = context_of(random.sample(events, len(events)), said)
    for request in requests:
        moments = {key: request[key].isoformat() for key in ("from", "to") if request[key]}
        body = {"conversion": "A", "by": ["utm_source", "utm_medium"], "property": "props.price", **request}
        answer = attribution.run(body | {"from": None, "to": None} | moments, context)
        _check(answer, _asked(request), _people(events, said, request), request["limit"])


def _check(answer: Mapping[str, Any], asked: Any, people: Mapping[int, Any], limit: int) -> None:
    expected = oracles_attribution.attribution(people, asked)
    sizes = {group: figures["conversions"] for group, figures in expected["groups"].items()}
    order = sorted(sizes, key=lambda group: (-sizes[group], [(each is None, each or "") for each in group]))
    values = [list(group) for group in order[:limit]]
    figures = [expected["groups"][group] for group in order[:limit]]
    if order[limit:]:
        values.append(None)  # type: ignore[arg-type]
        figures.append(oracles_attribution.pooled(people, asked, set(order[limit:])))
    assert [group["value"] for group in answer["groups"]] == values
    for group, wanted in zip(
        [*answer["groups"], answer["unattributed"], answer["total"]],
        [*figures, expected["unattributed"], expected["total"]],
        strict=True,
    ):
        found = {key: group[key] for key in ("conversions", "persons", "sum")}
        assert found == pytest.approx({key: float(value) for key, value in wanted.items()})


# ── By example ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("touch", "expected"),
    [
        pytest.param("last", {("news",): 1}, id="last"),
        pytest.param("first", {("ad",): 1}, id="first"),
        pytest.param("linear", {("ad",): 2 / 3, ("news",): 1 / 3}, id="linear"),
    ],
)
def test_a_direct_visit_takes_nothing_from_a_campaign(
    context_of: ContextOf, touch: str, expected: dict[Any, float]
) -> None:
    """A visit that carries none of the properties is no touch, however late it came."""
    queries = ["utm_source=ad", "utm_source=ad", "utm_source=news", None]
    events = [viewed(query, at(minute)) for minute, query in enumerate(queries)]
    answer = attribution.run(
        {"conversion": "A", "by": ["utm_source"], "touch": touch}, context_of([*events, event("A", at(9))])
    )
    assert owed(answer) == pytest.approx(expected)
    assert answer["unattributed"] == {"conversions": 0, "persons": 0, "sum": None}


def test_clicks_on_the_landing_page_are_no_touches(context_of: ContextOf) -> None:
    """Every event of a page carries its query; the arrival is what counts."""
    events = [
        viewed("utm_source=ad", at(0)), viewed("utm_source=news", at(1)),
        event("", at(2), type="click", name=None, query="utm_source=ad"), event("A", at(3)),
    ]  # fmt: skip
    assert owed(attribution.run({"conversion": "A", "by": ["utm_source"]}, context_of(events))) == {
        ("news",): 1
    }
    asked = {"conversion": "A", "by": ["utm_source"], "touches": {"on": "click", "css": "*"}}
    assert attribution.run(asked, context_of(events))["unattributed"]["conversions"] == 1
    asked = {"conversion": "A", "by": ["utm_source"], "touches": {"on": "any"}}
    assert owed(attribution.run(asked, context_of(events))) == {("ad",): 1}


@pytest.mark.parametrize("name", ["referrer_host", "referrer"])
def test_a_page_of_the_same_site_refers_nobody(context_of: ContextOf, name: str) -> None:
    """Who goes on within the site keeps the referrer that brought them."""
    hosts = [("https://News.example/x", "shop.example"), ("https://shop.example/", "Shop.example")]
    events = [viewed(None, at(minute), referrer=referrer, host=host)
              for minute, (referrer, host) in enumerate(hosts)]  # fmt: skip
    answer = attribution.run({"conversion": "A", "by": [name]}, context_of([*events, event("A", at(9))]))
    came = {"referrer_host": "news.example", "referrer": "https://News.example/x"}[name]
    assert owed(answer) == {(came,): 1}


@pytest.mark.parametrize(("late", "expected"), [(0, {("ad",): 1}), (1, {})])
def test_the_lookback_is_inclusive(context_of: ContextOf, late: int, expected: dict[Any, int]) -> None:
    """A touch exactly one lookback before the conversion counts, a microsecond earlier it does not."""
    events = [viewed("utm_source=ad", at(0)), event("A", at(60) + timedelta(microseconds=late))]
    answer = attribution.run({"conversion": "A", "by": ["utm_source"], "lookback": "1h"}, context_of(events))
    assert owed(answer) == expected
    assert answer["unattributed"]["conversions"] == late
    assert answer["total"]["conversions"] == 1


def test_a_landing_that_converts_is_owed_to_itself(context_of: ContextOf) -> None:
    """One event may be touch and conversion."""
    landing = {"on": "pageview", "page": {"path": {"op": "is", "value": "/"}}}
    answer = attribution.run({"conversion": landing, "by": ["utm_source"]},
                             context_of([viewed("utm_source=ad", at(0))]))  # fmt: skip
    assert owed(answer) == {("ad",): 1}


def test_touches_may_come_before_the_range(context_of: ContextOf) -> None:
    """`from` and `to` bound conversions; their touches lie up to a lookback earlier."""
    events = [viewed("utm_source=ad", at(-10_000)), event("A", at(-5)), event("A", at(5))]
    asked = {"conversion": "A", "by": ["utm_source"], "from": "2026-10-25", "to": "2026-10-25"}
    assert owed(attribution.run(asked, context_of(events))) == {("ad",): 1}


def test_a_day_on_which_clocks_are_set_back_has_25_hours(context_of: ContextOf) -> None:
    """The last hour of such a day is in the day's range, and the hour after it is not."""
    asked = {"conversion": "A", "by": ["utm_source"], "from": "2026-10-25", "to": "2026-10-25",
             "timezone": "Europe/Vienna"}  # fmt: skip
    events = [event("A", at(60 * hour)) for hour in (-3, -2, 22, 23)]
    assert attribution.run(asked, context_of(events))["total"]["conversions"] == 2


def test_a_custom_property_is_carried_by_tracked_events(context_of: ContextOf) -> None:
    """Only what code tracked can have one, so that tracked events are touches then."""
    events = [event("Came", at(0), props='{"channel": "partner"}'), event("A", at(1))]
    assert owed(attribution.run({"conversion": "A", "by": ["channel"]}, context_of(events))) == {
        ("partner",): 1
    }


def test_a_large_amount_swallows_no_small_one(context_of: ContextOf) -> None:
    """What one person's conversion is worth does not blur what others' touches are owed."""
    events = [
        viewed("utm_source=ad", at(0), device=device) if number < 2
        else event("A", at(1), device=device, props=f'{{"price": {price}}}')
        for device, price in enumerate(["1e18", "0.5"])
        for number in range(3)
    ]  # fmt: skip
    events += [viewed("utm_source=own", at(0), device=1)]
    asked = {"conversion": "A", "by": ["utm_source"], "touch": "linear", "property": "price"}
    own = attribution.run(asked, context_of(events))["groups"][1]
    assert (own["value"], own["sum"]) == (["own"], pytest.approx(0.5 / 3))


def test_amounts_that_are_no_numbers_are_said(context_of: ContextOf) -> None:
    """What has no number adds nothing, and the answer says of how many conversions."""
    events = [viewed("utm_source=ad", at(0)), event("A", at(1), props='{"price": 5}'),
              event("A", at(2), props='{"price": "five"}'), event("A", at(3))]  # fmt: skip
    asked = {"conversion": "A", "by": ["utm_source"], "property": "price"}
    answer = attribution.run(asked, context_of(events))
    assert answer["groups"] == [{"value": ["ad"], "conversions": 3, "persons": 1, "sum": 5.0}]
    assert answer["meta"]["warnings"] == [
        "conversions without a number in 'price' add nothing to the sums (2)."
    ]


def test_an_empty_site_owes_nothing(context_of: ContextOf) -> None:
    """Before the first event there is nothing, per event and per session."""
    for more in ({}, {"per": "session"}, {"session": {"gap": "30m"}}):
        answer = attribution.run({"conversion": "A", "by": ["utm_source"], **more}, context_of())
        assert (answer["groups"], answer["total"]["conversions"]) == ([], 0)


def test_meta_names_the_events_that_were_asked_for(context_of: ContextOf) -> None:
    """Conversion, touches and what starts a session have their versions there."""
    asked = {"conversion": "A", "by": ["path"], "touches": "B", "session": {"starts": "C"}}
    assert set(attribution.run(asked, context_of([event("A", at(0))]))["meta"]["events"]) == {"A", "B", "C"}


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        pytest.param({"by": ["path"]}, "conversion", id="no conversion"),
        pytest.param({"conversion": "A"}, "by", id="no properties"),
        pytest.param({"conversion": "A", "by": []}, "by", id="empty list of properties"),
        pytest.param({"conversion": "A", "by": ["person.plan"]}, "by[0]", id="a trait"),
        pytest.param({"conversion": "A", "by": ["path", "path"]}, "by[1]", id="twice"),
        pytest.param({"conversion": "A", "by": ["nope"]}, "by[0]", id="never captured"),
        pytest.param({"conversion": "Z", "by": ["path"]}, "conversion", id="no such named event"),
        pytest.param({"conversion": "A", "by": ["path"], "touch": "middle"}, "touch", id="unknown touch"),
        pytest.param({"conversion": "A", "by": ["path"], "touches": "Z"}, "touches", id="no such touch"),
        pytest.param({"conversion": "A", "by": ["path"], "lookback": "x"}, "lookback", id="no duration"),
        pytest.param({"conversion": "A", "by": ["path"], "count": "persons"}, "count", id="unknown count"),
        pytest.param({"conversion": "A", "by": ["path"], "limit": 0}, "limit", id="no groups"),
        pytest.param({"conversion": "A", "by": ["path"], "property": ""}, "property", id="no property"),
        pytest.param({"conversion": "A", "by": ["path"], "per": "page"}, "per", id="unknown unit"),
        pytest.param(
            {"conversion": "A", "by": ["path"], "per": "event", "session": {"gap": "1m"}}, "session",
            id="sessions that change nothing",
        ),
    ],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused(
    context_of: ContextOf, request_: dict[str, Any], field: str
) -> None:
    """The refusal names the field."""
    with pytest.raises(InvalidRequest) as refused:
        attribution.run(request_, context_of([event("A", at(0))]))
    assert refused.value.field == field
