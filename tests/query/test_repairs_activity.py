"""How active names are, against counting events one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight import repairs
from backsight.errors import InvalidRequest
from backsight.rules.rule import parse_rules
from query.conftest import ContextOf
from query.oracles import person_of
from query.rows import Row, event, statement
from query.test_preview import ELEMENTS, NODES

NOW = datetime(2026, 10, 20, 15, tzinfo=UTC)
CLICK, SUBMIT = {"on": "click", "css": "form"}, {"on": "submit", "css": "form"}
BUTTON, ORDER = {"on": "any", "css": ".go", "match": "target"}, {"on": "track", "name": "Order"}
ON_A = {"on": "pageview", "page": {"path": {"op": "is", "value": "/a"}}}

Holds = Callable[[Mapping[str, Any]], bool]
IN_FORM: Holds = lambda row: row["node_id"] in (1, 2, 3)  # noqa: E731
NAMES: dict[str, tuple[list[dict[str, Any]], Holds]] = {
    "clicked": ([CLICK], lambda row: row["type"] == "click" and IN_FORM(row)),
    "used": ([CLICK, SUBMIT], lambda row: row["type"] in ("click", "submit") and IN_FORM(row)),
    "nested": ([{"any": [CLICK, {"any": [BUTTON]}]}, CLICK],
               lambda row: (row["type"] == "click" and IN_FORM(row)) or row["node_id"] == 2),
    "mixed": ([CLICK, ORDER],
              lambda row: row["name"] == "Order" or (row["type"] == "click" and IN_FORM(row))),
    "on a page": ([ON_A], lambda row: row["type"] == "pageview" and row["path"] == "/a"),
    "by who pays": ([{"on": "any", "where": [{"property": "person.plan", "op": "is", "value": "pro"}]}],
                    lambda row: row["device"] in (1, 2)),
    "never captured": ([{"on": "track", "name": "Order", "where": [{"property": "nope", "op": "is_set"}]}],
                       lambda row: False),
    "no such element": ([{"on": "any", "css": ".gone"}], lambda row: False),
    "anything": ([{"on": "any"}], lambda row: True),
}  # fmt: skip
SAID = [
    statement("identify", NOW - timedelta(days=9), device=device, user=11, traits='{"plan": "pro"}')
    for device in (1, 2)
]

_rows = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["click", "submit", "pageview", "track"]),
            "node_id": st.sampled_from([None, 1, 2, 3, 4]),
            "path": st.sampled_from([None, "/a", "/b"]),
            "name": st.sampled_from([None, "Order"]),
            "device": st.integers(1, 4),
            "hours": st.integers(0, 24 * 120),
        }
    ),
    max_size=15,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    _rows,
    st.sets(st.sampled_from(list(NAMES))),
    st.sampled_from([1, 7, 90, 100]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]),
)
def test_activity_agrees_with_looking_at_every_event(
    context_of: ContextOf, rows: list[dict[str, Any]], names: set[str], days: int, timezone: str
) -> None:
    """Whatever rules a name has, its days, events, persons and last day are those of plain Python."""
    events = [_event(row) for row in rows]
    rules = {name: parse_rules(NAMES[name][0]) for name in names}
    context = context_of(events, SAID, rules, NOW, NODES, ELEMENTS)
    answer = repairs.run({"days": days, "timezone": timezone}, context)
    assert [each["name"] for each in answer["events"]] == sorted(names)
    for each in answer["events"]:
        own = [row for row in events if NAMES[each["name"]][1](row)]
        expected = counted(own, days, ZoneInfo(timezone))
        assert {key: each["activity"][key] for key in expected} == expected
        assert each["activity"]["silent_since"] is None


def _event(row: Mapping[str, Any]) -> Row:
    facts = {key: value for key, value in row.items() if key != "hours"}
    facts["name"] = row["name"] if row["type"] == "track" else None
    return event("", NOW - timedelta(hours=row["hours"]), **facts)


def counted(own: Sequence[Row], days: int, zone: ZoneInfo) -> dict[str, Any]:
    """Of the events of a name: its figures."""
    today = NOW.astimezone(zone).date()
    first, looked_at = today - timedelta(days=days - 1), today - timedelta(days=max(days, 90) - 1)

    def day(row: Row) -> date:
        at: datetime = row["time"]
        return at.astimezone(zone).date()

    shown = [row for row in own if day(row) >= first]
    last = max((day(row) for row in own if day(row) >= looked_at), default=None)
    return {
        "from": first.isoformat(),
        "daily": [sum(day(row) == first + timedelta(days=number) for row in own) for number in range(days)],
        "events": len(shown),
        "persons": len({person_of(row, SAID) for row in shown}),
        "last": None if last is None else last.isoformat(),
    }


def test_many_names_are_counted_in_one_pass(context_of: ContextOf) -> None:
    """More names than a number has bits, each with its own count."""
    events = [
        event("", NOW - timedelta(hours=at), type="track", name=f"N{at % 130}", device=at)
        for at in range(400)
    ]
    names = {f"N{at}": parse_rules([{"on": "track", "name": f"N{at}"}]) for at in range(130)}
    answer = repairs.run({}, context_of(events, names=names, now=NOW))
    told = {
        each["name"]: (each["activity"]["events"], each["activity"]["persons"]) for each in answer["events"]
    }
    expected = {f"N{at}": sum(number % 130 == at for number in range(400)) for at in range(130)}
    assert told == {name: (count, count) for name, count in expected.items()}


def test_a_site_without_names(context_of: ContextOf) -> None:
    """Nothing is told, and the SQL is that of the traffic alone."""
    context = context_of([event("A", NOW)], names={}, now=NOW)
    assert repairs.run({}, context)["events"] == []
    assert "received_at" in repairs.sql({}, context)


def test_bursts_of_clicks_are_counted(context_of: ContextOf) -> None:
    """A rule that looks at several clicks at once is counted as any other."""
    rows = [
        event("", NOW - timedelta(hours=1, seconds=-at / 5), type="click", name=None, node_id=2, page=7,
              sequence=at, x=5, y=5)
        for at in range(4)
    ]  # fmt: skip
    names = {"Raged": parse_rules([{"on": "click", "rage": {"clicks": 3}}])}
    (told,) = repairs.run({}, context_of(rows, names=names, now=NOW, nodes=NODES, elements=ELEMENTS))[
        "events"
    ]
    assert told["activity"]["events"] == 1


@pytest.mark.parametrize(
    ("request_", "field"),
    [({"days": 0}, "days"), ({"days": 731}, "days"), ({"days": "7"}, "days"), ({"timezone": 1}, "timezone"),
     ({"from": "2026-10-01"}, "from")],
)  # fmt: skip
def test_what_is_wrong_is_named(context_of: ContextOf, request_: dict[str, Any], field: str) -> None:
    """A request that can't be understood is refused with its field."""
    with pytest.raises(InvalidRequest) as raised:
        repairs.run(request_, context_of(now=NOW))
    assert raised.value.field == field
