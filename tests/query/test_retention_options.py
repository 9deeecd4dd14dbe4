"""Every option of retention and their combinations, against plain Python over changes of the clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.reports import retention
from query import oracles, oracles_retention
from query.conftest import ContextOf
from query.oracles_retention import Asked, Member
from query.rows import Row, event

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Beirut"]
CHANGES = [
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # Berlin: a day of 25 hours
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # Berlin: 23 hours
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),  # Lord Howe: 23.5 hours
    datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe: 24.5 hours
    datetime(2026, 3, 28, 22, tzinfo=UTC),  # Beirut: a day without a midnight
    datetime(2024, 3, 1, tzinfo=UTC),  # the end of a February of 29 days
]
LENGTH = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}
RETURNS: dict[str, tuple[Any, set[str]]] = {
    "B": ("B", {"B"}),
    "A": ("A", {"A"}),
    "A or B": ({"any": [{"on": "track", "name": name} for name in "AB"]}, {"A", "B"}),
}


def times(change: datetime, kind: str) -> st.SearchStrategy[datetime]:
    """Times around a change of the clock, many of which share a moment or lie at the edge of a period."""
    halves = st.integers(-8, 10).map(lambda number: change + number * LENGTH[kind] / 2)
    return st.builds(
        lambda time, jitter: time + timedelta(minutes=jitter), halves, st.sampled_from([-30, 0, 0, 15])
    )


def rows(change: datetime, kind: str) -> st.SearchStrategy[list[Row]]:
    """Events "A" and "B" of two devices, on two pages each, with a price, a path and a width or without."""
    made = st.builds(
        lambda name, time, device, page, sequence, price, path, width: event(
            name,
            time,
            device=device,
            page=page * 100 + device << 32,
            sequence=sequence,
            props=json.dumps({} if price is None else {"price": price}),
            path=path,
            viewport_width=width,
        ),
        st.sampled_from("AB"),
        times(change, kind),
        st.integers(1, 2),
        st.integers(1, 2),
        st.sampled_from([0, 1, 2, 3_000, 4_000]),
        st.sampled_from([None, 0, -2.5, 7, "8.25", "dear", True]),
        st.sampled_from([None, "", "/a", "/b"]),
        st.sampled_from([None, 0, 400, 1_200]),
    )
    return st.lists(made, max_size=14).map(
        lambda events: list({(row["page"], row["sequence"]): row for row in events}.values())
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], list[Row]]:
    """A request with any of the options, and events for it."""
    kind, change = draw(st.sampled_from(list(LENGTH))), draw(st.sampled_from(CHANGES))
    moments = times(change, kind)
    first, end = sorted(draw(st.tuples(moments, moments).filter(lambda pair: pair[0] != pair[1])))
    columns = draw(
        st.one_of(
            st.integers(1, 5).map(lambda count: {"periods": count}),
            st.lists(st.integers(1, 3), min_size=1, max_size=3).map(lambda sizes: {"brackets": sizes}),
        )
    )
    measures = ["sum", "avg", "min", "max", "median", "p90"]
    request = {
        **columns,
        "start": "A",
        "return": draw(st.sampled_from(list(RETURNS))),
        "period": kind,
        "mode": draw(st.sampled_from(["calendar", "rolling"])),
        "cohort": draw(st.sampled_from(["recurring", "first_in_range", "first_ever"])),
        "returned": draw(st.sampled_from(["on", "on_or_after", "streak"])),
        "minimum": draw(st.sampled_from([1, 1, 2, 3])),
        "timezone": draw(st.sampled_from(ZONES)),
        "week_start": draw(st.sampled_from(["monday", "sunday"])),
        "range": draw(st.sampled_from([None, "all"])),
        "measure": draw(
            st.none()
            | st.sampled_from(measures).map(lambda kind: {"measure": kind, "property": "props.price"})
        ),
        "breakdown": draw(
            st.none()
            | st.builds(
                lambda by, limit: {"by": by, "limit": limit},
                st.sampled_from([["path"], ["viewport_width"], ["path", "viewport_width"]]),
                st.integers(1, 3),
            )
        ),
        "from": first.isoformat(),
        "to": end.isoformat(),
    }
    return request, draw(rows(change, kind))


class Expected:
    """What plain Python says about a case."""

    def __init__(self, request: dict[str, Any], events: list[Row]) -> None:
        kind, zone, week = request["period"], ZoneInfo(request["timezone"]), request["week_start"]
        first = datetime.fromisoformat(request["from"])
        end = datetime.fromisoformat(request["to"]) + timedelta(microseconds=1)
        calendar = oracles.labels(kind, zone, first - 21 * LENGTH[kind], end + 24 * LENGTH[kind], week)
        numbers = {label: number for number, label in enumerate(calendar)}
        self.labels = oracles.labels(kind, zone, first, end, week)
        self.calendar, self.end, self.kind, self.zone, self.week = calendar, end, kind, zone, week
        sizes = request.get("brackets") or [1] * (request["periods"] - 1)
        lasts = [sum(sizes[:count]) for count in range(len(sizes) + 1)]
        names = RETURNS[request["return"]][1]

        def inside(row: Row) -> bool:
            return bool(first <= row["time"] < end)

        self.asked = Asked(
            rows=[numbers[label] for label in self.labels],
            lasts=lasts,
            cohort=request["cohort"],
            returned=request["returned"],
            minimum=request["minimum"],
            length=LENGTH[kind] if request["mode"] == "rolling" else None,
            starts=lambda row: row["name"] == "A",
            returns=lambda row: row["name"] in names,
            inside=inside,
            counts=inside if request["range"] else lambda row: True,
            period=lambda row: numbers[oracles.period_of(row["time"], kind, zone, week)],
            measure=request["measure"] and request["measure"]["measure"],
            value=_price,
        )
        self.members = list(oracles_retention.members(oracles.by_person(events, []), self.asked))

    def complete(self, row: int, now: datetime, whole: bool) -> list[bool]:
        """Per column, whether the last moment at which somebody of the row may return in it has passed."""
        horizon = min(now, self.end) if whole else now
        return [self._over(row, last, horizon) for last in self.asked.lasts]

    def _over(self, row: int, last: int, horizon: datetime) -> bool:
        if self.asked.length is None:
            return self._began(row + last + 1) <= horizon
        return min(self._began(row + 1), self.end) + self.asked.length * (last + 1) <= horizon

    def _began(self, number: int) -> datetime:
        """When a period of the calendar begins, to a quarter of an hour."""
        label = self.calendar[number]
        moment = datetime.fromisoformat(label).replace(tzinfo=self.zone) if len(label) == 10 else (
            datetime.fromisoformat(label)
        )  # fmt: skip
        moment = moment.astimezone(UTC) - timedelta(hours=2)
        while oracles.period_of(moment, self.kind, self.zone, self.week) != label:
            moment += timedelta(minutes=15)
        return moment


def _price(row: Row) -> float | None:
    value = json.loads(row["props"]).get("price")
    return float(value) if value in (0, -2.5, 7, "8.25") and value is not False else None


def _plain(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: row[key] for key in ("size", "returned", "values") if key in row} | _near(row) for row in table
    ]


def _near(row: dict[str, Any]) -> dict[str, Any]:
    if "values" not in row:
        return {}
    return {"values": [None if each is None else pytest.approx(each) for each in row["values"]]}


def ask(context: Any, request: dict[str, Any]) -> dict[str, Any]:
    """The report's answer."""
    return retention.run({**request, "return": RETURNS[request["return"]][0]}, context)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases(), st.integers(-4, 12), st.integers(0, 90))
def test_agrees_with_plain_python(
    context_of: ContextOf, case: tuple[dict[str, Any], list[Row]], clock: int, minutes: int
) -> None:
    """Sizes, returns, values, groups and what is complete are those of counting by hand."""
    request, events = case
    expected = Expected(request, events)
    now = expected.end + clock * LENGTH[request["period"]] + timedelta(minutes=minutes)
    answer = ask(context_of(events, now=now), request)
    assert [row["start"] for row in answer["rows"]] == expected.labels
    assert _plain(answer["rows"]) == _plain(oracles_retention.table(expected.members, expected.asked))
    for row, number in zip(answer["rows"], expected.asked.rows, strict=True):
        assert row["complete"] == expected.complete(number, now, bool(request["range"]))
    if request["breakdown"] is None:
        assert "groups" not in answer
        return
    groups = oracles_retention.grouped(expected.members, **request["breakdown"])
    assert [group["value"] for group in answer["groups"]] == [value for value, _ in groups]
    for group, (_, members) in zip(answer["groups"], groups, strict=True):
        assert _plain(group["rows"]) == _plain(oracles_retention.table(members, expected.asked))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases(), st.data())
def test_lists_the_persons_of_a_cell(
    context_of: ContextOf, case: tuple[dict[str, Any], list[Row]], data: st.DataObject
) -> None:
    """Whoever counts in a cell, or in its row but not in it, is listed, of all groups or of one."""
    request, events = case
    expected = Expected(request, events)
    row = data.draw(st.integers(0, len(expected.labels) - 1))
    column = data.draw(st.none() | st.integers(0, len(expected.asked.lasts) - 1))
    returned = column is None or data.draw(st.booleans())
    groups: list[tuple[Any, list[Member]]] = [("everybody", expected.members)]
    if request["breakdown"]:
        groups += oracles_retention.grouped(expected.members, **request["breakdown"])
    value, members = data.draw(st.sampled_from(groups))
    cell = {"start": expected.labels[row], "period": column}
    cell |= {} if column is None else {"returned": returned}
    cell |= {} if value == "everybody" else {"group": {"pooled": True} if value is None else value}
    back = {**request, "return": RETURNS[request["return"]][0], "cell": cell}
    answer = retention.run_persons(back, context_of(events))
    wanted = [
        str(member.person)
        for member in members
        if member.row == expected.asked.rows[row] and (column is None or member.returned[column] == returned)
    ]
    assert [each["person"] for each in answer["persons"]] == sorted(wanted)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases(), st.randoms())
def test_no_order_of_rows_matters(
    context_of: ContextOf, case: tuple[dict[str, Any], list[Row]], random: Any
) -> None:
    """The same events in another order, walked a few pairs at a time, give the same answer to the digit."""
    request, events = case
    shuffled = random.sample(events, len(events))
    one, other = ask(context_of(events), request), ask(context_of(shuffled), request)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backsight.reports.retention.walk.MOST_PAIRS", 2)
        small = ask(context_of(events), request)
    for answer in (one, other, small):
        del answer["meta"]
    assert one == other == small
