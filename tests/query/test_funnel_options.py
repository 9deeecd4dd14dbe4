"""The options that decide which attempt of a funnel counts, against an oracle that tries every attempt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from backsight.errors import Cancelled, Exceeded, InvalidRequest
from backsight.reports import funnel
from backsight.reports.funnel import arrangements, parts, ties
from backsight.reports.funnel.attempts import NOT_REACHED
from backsight.reports.funnel.rules import Rules
from backsight.reports.funnel.walk import counted_attempts
from backsight.runs import Run
from backsight.scan.order import BEFORE_ALL, SEQUENCE_BITS
from backsight.timelines import Timelines
from query import oracles_funnel as oracle
from query.conftest import ContextOf
from query.oracles import by_person
from query.oracles_sessions import sessions
from query.rows import event

DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)
HISTORIES = 4

# Steps and exclusions by a word each, and the kinds of events that they are about. A, B and D are named
# events; Z is a custom event that nobody named; a click is an event without any name.
STEPS: dict[str, tuple[Any, str]] = {
    "A": ("A", "A"),
    "B": ("B", "B"),
    "D": ("D", "D"),
    "click": ({"on": "click"}, "R"),
    "A or B": ({"any": [{"on": "track", "name": "A"}, {"on": "track", "name": "B"}]}, "AB"),
    "B or D": ({"any": [{"on": "track", "name": "B"}, {"on": "track", "name": "D"}]}, "BD"),
    "A or click": ({"any": [{"on": "track", "name": "A"}, {"on": "click"}]}, "AR"),
}
HOLDS: dict[str, tuple[Any, frozenset[str]]] = {
    "nothing": (None, frozenset()),
    "one": (1, frozenset("1")),
    "one point nought": (1.0, frozenset("1")),
    "two": (2, frozenset("2")),
    "both": ([1, 2], frozenset("12")),
    "none": ([], frozenset()),
}


def at(minutes: float) -> datetime:
    return DAY + timedelta(minutes=minutes)


def row(
    kind: str,
    minute: float,
    page: int,
    sequence: int,
    device: int = 1,
    session: int | None = 1,
    held: str = "nothing",
) -> dict[str, Any]:
    """An event of a kind, as both the lake and the oracle have it."""
    value, holds = HOLDS[held]
    columns = {"type": "click", "name": None} if kind == "R" else {}
    return event(
        kind, at(minute), page=page * 100 + device, sequence=sequence, device=device, session=session,
        kind=kind, holds=holds, props=None if value is None else json.dumps({"cart": value}), **columns,
    )  # fmt: skip


def stored(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without what only the oracle reads."""
    return [{key: value for key, value in each.items() if key not in ("kind", "holds")} for each in rows]


def asked_of(request: dict[str, Any]) -> oracle.Asked:
    """A request as the oracle understands it."""
    words = request["steps"]
    end = request["to"]
    return oracle.Asked(
        [frozenset(STEPS[word][1]) for word in words],
        timedelta(minutes={"1m": 1, "3m": 3, "1h": 60}[request["window"]]),
        request["from"],
        end and end + timedelta(microseconds=1),
        request["range"] == "all",
        request["order"],
        request["entry"],
        request["count"],
        frozenset(request["optional"]),
        frozenset(request["first_ever"]),
        [(frozenset(STEPS[word][1]), after, until) for word, after, until in request["exclude"]],
        request["exclude_mode"],
        bool(request["hold"]),
    )


def body_of(request: dict[str, Any]) -> dict[str, Any]:
    """A request as it is asked."""
    steps = []
    for number, word in enumerate(request["steps"], 1):
        rule = STEPS[word][0]
        step = {"event": rule} if isinstance(rule, str) else dict(rule)
        step |= {"optional": True} if number in request["optional"] else {}
        steps.append(step | ({"first_ever": True} if number in request["first_ever"] else {}))
    exclude = [
        {"event": STEPS[word][0], "after": after, "before": until}
        for word, after, until in request["exclude"]
    ]
    moments = {key: request[key] and request[key].isoformat() for key in ("from", "to")}
    left = {key: value for key, value in request.items() if key not in ("optional", "first_ever")}
    return left | moments | {"steps": steps, "exclude": exclude, "hold": request["hold"]}


@st.composite
def requests(draw: st.DrawFn, **fixed: Any) -> dict[str, Any]:
    """A request; some of its fields may be fixed."""
    words = draw(st.lists(st.sampled_from(fixed.pop("words", [*"ABD", "click"])), min_size=1, max_size=4))
    last = len(words)
    between = st.tuples(st.integers(1, max(last - 1, 1)), st.integers(2, max(last, 2))).filter(
        lambda p: p[0] < p[1]
    )
    exclude = st.lists(
        st.tuples(st.sampled_from(["D", "click", "A", "B"]), between).map(lambda each: (each[0], *each[1])),
        max_size=2,
    )
    made = {
        "steps": words,
        "window": draw(st.sampled_from(["1m", "3m", "1h"])),
        "from": draw(st.sampled_from([None, None, at(0), at(1)])),
        "to": draw(st.sampled_from([None, None, at(2), at(3)])),
        "range": draw(st.sampled_from([None, "all"])),
        "order": draw(st.sampled_from(["ordered", "strict"])),
        "entry": draw(st.sampled_from(["any", "first"])),
        "count": draw(st.sampled_from(["persons", "persons", "sessions"])),
        "optional": sorted(draw(st.sets(st.integers(2, last - 1)))) if last > 2 else [],
        "first_ever": sorted(draw(st.sets(st.integers(1, last), max_size=1))) if draw(st.booleans()) else [],
        "exclude": draw(exclude) if last > 1 else [],
        "exclude_mode": draw(st.sampled_from(["attempt", "person"])),
        "hold": draw(st.sampled_from([[], [], ["props.cart"]])),
    }
    made |= fixed
    ends = {step for _, *both in made["exclude"] for step in both}
    made["optional"] = [step for step in made["optional"] if step not in ends]
    return made


def rows(
    kinds: str, most: int, pages: int = 3, devices: tuple[int, int] = (1, 2)
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Events of few times and pages, most of one device: ties and windows that just fit are usual."""
    usual, other = devices
    one = st.builds(
        row,
        st.sampled_from(kinds),
        st.integers(0, 5),
        st.integers(1, pages),
        st.sampled_from([0, 1, 2]),
        st.sampled_from([usual, usual, usual, other]),
        st.sampled_from([1, 1, 2, None]),
        st.sampled_from(["nothing", "one", "one", "one point nought", "two", "both", "none"]),
    )
    return st.lists(one, max_size=most, unique_by=lambda each: (each["page"], each["sequence"]))


def crowd(kinds: str, most: int, pages: int = 3) -> st.SearchStrategy[list[dict[str, Any]]]:
    """The events of several such histories, none of which knows of the others: one lake holds them all."""
    each = [rows(kinds, most, pages, (2 * number + 1, 2 * number + 2)) for number in range(HISTORIES)]
    return st.tuples(*each).map(lambda histories: [one for history in histories for one in history])


def compare(
    context_of: ContextOf, events: list[dict[str, Any]], asked: list[dict[str, Any]], now: int, *keys: str
) -> None:
    """The answers are the oracle's."""
    site, people = context_of(stored(events), now=at(now)), by_person(events, [])
    for request in asked:
        expected = oracle.funnel(people, asked_of(request), at(now))
        for step, wanted in zip(funnel.run(body_of(request), site)["steps"], expected, strict=True):
            given = {"excluded": 0, **step}
            assert {key: given[key] for key in keys} == {key: wanted[key] for key in keys}
            if "still_open" in keys:
                assert step["seconds"] == pytest.approx(wanted["seconds"])


def two(asked: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Two questions of one lake: to make another costs as much as to ask."""
    return st.tuples(asked, asked).map(list)


OPTIONS = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@OPTIONS
@given(crowd("ABDZR", 7), two(requests()), st.integers(0, 12))
def test_every_option_agrees_with_every_attempt_tried(
    context_of: ContextOf, events: list[dict[str, Any]], asked: list[dict[str, Any]], now: int
) -> None:
    """Strict orders, exclusions, what is held, optional and first-ever steps, sessions, all together."""
    compare(context_of, events, asked, now, "count", "still_open", "excluded")


@OPTIONS
@given(
    crowd("ABD", 8, pages=1),
    two(requests(words=list("AAB"), order="ordered", hold=[], first_ever=[], window="1h", count="persons")),
)
def test_exclusions_agree_with_every_attempt_tried(
    context_of: ContextOf, events: list[dict[str, Any]], asked: list[dict[str, Any]]
) -> None:
    """Longer histories of few kinds, in order: which attempt stands for all, and which one is ended."""
    compare(context_of, events, asked, 12, "count", "still_open", "excluded")


@OPTIONS
@given(
    crowd("ABDR", 6),
    two(requests(words=list(STEPS), order="any", optional=[], exclude=[])),
    st.integers(0, 12),
)
def test_any_order_agrees_with_every_assignment_tried(
    context_of: ContextOf, events: list[dict[str, Any]], asked: list[dict[str, Any]], now: int
) -> None:
    """However steps overlap, as many as can be are done by an event each; their times are known where they
    don't cross."""
    compare(context_of, events, asked, now, "count")


@OPTIONS
@given(
    crowd("ABDR", 6),
    two(requests(words=list("ABBD"), order="any", optional=[], exclude=[])),
    st.integers(0, 12),
)
def test_any_order_takes_the_first_to_do_most_and_its_latest_events(
    context_of: ContextOf, events: list[dict[str, Any]], asked: list[dict[str, Any]], now: int
) -> None:
    """Of steps that are alike or apart, the times between them are those of the attempt that counts."""
    compare(context_of, events, asked, now, "count", "still_open")


@OPTIONS
@given(
    crowd("ABDZ", 8, pages=1),
    two(requests(words=list("ABD"), count="totals", entry="first", hold=[], exclude_mode="attempt")),
)
def test_totals_agree_with_attempts_made_one_after_another(
    context_of: ContextOf, events: list[dict[str, Any]], asked: list[dict[str, Any]]
) -> None:
    """Where events have an order, attempts follow one another, and each is counted."""
    compare(context_of, events, asked, 4, "count", "still_open")


@OPTIONS
@given(
    crowd("ABDZ", 6),
    two(requests(words=list("ABD"), count="totals", entry="first", hold=[], exclude_mode="attempt")),
)
def test_totals_stand_in_the_order_that_converts_most(
    context_of: ContextOf, events: list[dict[str, Any]], asked: list[dict[str, Any]]
) -> None:
    """Events of one time on several pages stand as is best for the number of attempts that converted."""
    compare(context_of, events, asked, 12, "count")


@OPTIONS
@given(
    crowd("ABDZR", 7),
    requests(words=list("ABD"), count="sessions", first_ever=[]),
    st.sampled_from(["1m", "2m", None]),
    st.sampled_from(["B", "D", None]),
)
def test_sessions_decided_by_a_rule_agree_with_sessions_cut_event_by_event(
    context_of: ContextOf,
    events: list[dict[str, Any]],
    request: dict[str, Any],
    gap: str | None,
    start: str | None,
) -> None:
    """A pause, or an event that begins one, decides sessions by all raw events."""
    assume(gap or start)
    length = timedelta(minutes=int(gap[0])) if gap else None
    begins = None if start is None else (lambda row: row["kind"] == start)
    cut = [
        {**each, "session": number}
        for device in range(1, 2 * HISTORIES + 1)
        for number, session in enumerate(
            sessions([each for each in events if each["device"] == device], length, begins), device * 100
        )
        for each in session
    ]
    rule = {key: value for key, value in (("gap", gap), ("starts", start)) if value}
    expected = oracle.funnel(by_person(cut, []), asked_of(request), at(12))
    answer = funnel.run(body_of(request) | {"session": rule}, context_of(stored(events), now=at(12)))
    keys = ("count", "still_open")
    assert [[step[key] for key in keys] for step in answer["steps"]] == [
        [step[key] for key in keys] for step in expected
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"order": "strict"},
        {"order": "any"},
        {"count": "totals"},
        {"exclude": [{"event": "D", "after": 1, "before": 2}]},
        {"steps": ["A", {"event": "B", "optional": True}, "D"]},
        {"hold": ["path"]},
    ],
    ids=str,
)
def test_forged_ties_end_in_time(context_of: ContextOf, more: dict[str, Any]) -> None:
    """Hundreds of events at a few microseconds, on as many pages: not every order of them is tried."""
    events = [
        event(
            "ABD"[(page * 7 + minute) % 3], at(minute), page=100 * minute + page, sequence=sequence, path="/"
        )
        for minute in range(4)
        for page in range(60)
        for sequence in range(3)
    ]
    answer = funnel.run({"steps": list("ABDABD"), **more}, context_of(events))
    assert all(step["count"] >= 1 for step in answer["steps"])


def forged(count: int) -> Timelines:
    """Events of one microsecond, every one on a page of its own."""
    number = np.arange(count)
    return Timelines(
        pa.table(
            {
                "person": np.ones(count, np.int64), "place": np.full(count, 5 << SEQUENCE_BITS),
                "page": number, "sequence": np.zeros(count, np.int64), "steps": 1 << number * 7 % 3,
            }
        )
    )  # fmt: skip


PLAIN = Rules(3, 60_000_000, BEFORE_ALL)


@pytest.mark.parametrize("more", [{}, {"order": "strict"}, {"count": "totals"}, {"optional": (2,)}], ids=str)
def test_ties_forged_by_the_thousand_take_no_longer_than_their_number(more: dict[str, Any]) -> None:
    """What is tried of one time is bounded, however much was forged for it."""
    [attempts] = forged(20_000).map(lambda timeline: counted_attempts(timeline, replace(PLAIN, **more)))
    assert (attempts.places[-1] != NOT_REACHED).any()


@pytest.mark.parametrize(
    ("module", "name", "more", "at_one_time"),
    [(ties, "reach", {}, 4), (arrangements, "_drawn", {"order": "strict"}, arrangements.MAX_ORDERS)],
    ids=["plain", "strict"],
)
def test_a_question_about_forged_ties_can_be_called_off(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, more: dict[str, Any], at_one_time: int
) -> None:
    """A run that is called off amid one person's ties goes no further than the time it is at."""
    made, run, original = 0, Run(), getattr(module, name)

    def call_off(*given: Any) -> Any:
        nonlocal made
        made += 1
        run.cancel()
        return original(*given)

    rows = pa.concat_tables(
        [each.set_column(1, "place", pa.array(np.full(30, moment << SEQUENCE_BITS)))
         for moment in range(100) for each in [forged(30).rows]]
    )  # fmt: skip
    monkeypatch.setattr(module, name, call_off)
    with run, pytest.raises(Cancelled):
        Timelines(rows).map(lambda timeline: counted_attempts(timeline, replace(PLAIN, **more)))
    assert 1 <= made <= at_one_time


def test_values_held_beside_too_many_events_are_refused(
    context_of: ContextOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event without a value stands among those of every value near it: too many are told, not tried; what
    lies far from a value's own events is not there at all."""
    monkeypatch.setattr(parts, "MOST_ROWS", 100)
    monkeypatch.setattr(parts, "MOST_TIMES", 5)
    site = context_of([
        event(name, at(minute + later), props=props)
        for minute in range(20)
        for name, later, props in [("A", 0, json.dumps({"cart": minute})), ("D", 0.5, None)]
    ])  # fmt: skip
    asked = {"steps": ["A", "B"], "hold": ["props.cart"], "exclude": [{"event": "D"}]}
    assert funnel.run(asked | {"window": "10m"}, site)["steps"][0]["excluded"] == 1
    with pytest.raises(Exceeded, match="20 values are held beside 20 events") as raised:
        funnel.run(asked | {"window": "1h"}, site)
    assert raised.value.field == "hold"


def test_several_properties_are_held_together(context_of: ContextOf) -> None:
    """Each of the properties has one value at all steps, not one of them."""
    events = [
        event(name, at(minute), device=device, path=path, props=json.dumps({"cart": cart}))
        for device, name, minute, path, cart in [
            (1, "A", 0, "/x", 1), (1, "B", 1, "/x", 1),
            (2, "A", 0, "/x", 1), (2, "B", 1, "/y", 1), (2, "B", 2, "/x", 2),
            (3, "A", 0, "/x", 1), (3, "A", 1, "/y", 2), (3, "B", 2, "/y", 2),
        ]
    ]  # fmt: skip
    steps = funnel.run({"steps": ["A", "B"], "hold": ["props.cart", "path"]}, context_of(events))["steps"]
    assert [step["count"] for step in steps] == [3, 2]


def test_an_attempt_that_was_not_the_first_removes_nobody(context_of: ContextOf) -> None:
    """Of entry "first" only the first start opens an attempt, whichever value it holds: what would have ended
    one of another value, begun later, doesn't matter."""
    site = context_of(stored([
        row("A", 0, 1, 0, held="one"), row("B", 1, 1, 1, held="one"),
        row("A", 2, 1, 2, held="two"), row("D", 3, 1, 3),
    ]))  # fmt: skip
    asked = {
        "steps": ["A", "B"],
        "hold": ["props.cart"],
        "exclude": [{"event": "D"}],
        "exclude_mode": "person",
    }
    counts = {
        entry: [step["count"] for step in funnel.run(asked | {"entry": entry}, site)["steps"]]
        for entry in ("first", "any")
    }
    assert counts == {"first": [1, 1], "any": [0, 0]}


def test_of_attempts_alike_the_latest_start_counts_in_parts_too(context_of: ContextOf) -> None:
    """Whoever left out an optional step and began later took the shorter time, be the values held or not."""
    site = context_of(stored([
        row("A", 0, 1, 0, held="one"), row("B", 1, 1, 1, held="one"), row("A", 2, 1, 2, held="two"),
        row("D", 3, 1, 3, held="both"),
    ]))  # fmt: skip
    asked = {"steps": ["A", {"event": "B", "optional": True}, "D"]}
    for hold in ([], ["props.cart"]):
        steps = funnel.run(asked | {"hold": hold}, site)["steps"]
        assert [step["count"] for step in steps] == [1, 0, 1]


def test_events_without_a_session_are_told(context_of: ContextOf) -> None:
    """What belongs to no session can't be counted by sessions; the answer says so."""
    site = context_of(stored([row("A", 0, 1, 0, session=None), row("A", 1, 1, 1, session=7)]))
    answer = funnel.run({"steps": ["A"], "count": "sessions"}, site)
    assert [step["count"] for step in answer["steps"]] == [1]
    assert answer["meta"]["warnings"] == [
        "events without a session are left out (1); 'session' can give them one."
    ]


@pytest.mark.parametrize(
    ("request_", "field", "says"),
    [
        ({"order": "random"}, "order", "'strict'"),
        ({"count": "events"}, "count", "'totals'"),
        ({"count": "totals", "entry": "any"}, "entry", '"first"'),
        ({"count": "totals", "order": "any"}, "count", '"persons" or "sessions"'),
        ({"session": {"gap": "30m"}}, "session", '"count": "sessions"'),
        ({"count": "sessions", "session": {}}, "session", "'gap', 'starts' or both"),
        ({"count": "sessions", "session": {"gap": "soon"}}, "session.gap", "no duration"),
        ({"count": "sessions", "session": {"starts": "Aa"}}, "session.starts", "no named event"),
        ({"exclude": "A"}, "exclude", "a list"),
        ({"exclude": ["A"]}, "exclude[0]", "an object"),
        ({"exclude": [{"event": "A"}] * 11}, "exclude", "0 to 10"),
        ({"exclude": [{"after": 1}]}, "exclude[0].event", "a named event or a rule"),
        ({"exclude": [{"event": "Aa"}]}, "exclude[0].event", "no named event"),
        ({"exclude": [{"event": "A", "after": 3}]}, "exclude[0].after", "1 to 2"),
        ({"exclude": [{"event": "A", "after": 2, "before": 2}]}, "exclude[0].before", "3 to 3"),
        ({"exclude": [{"event": "A", "until": 2}]}, "exclude[0].until", "unknown field"),
        ({"exclude": [{"event": "A"}], "order": "any"}, "exclude", '"strict"'),
        ({"exclude": [{"event": "A", "before": 2}], "steps": ["A", {"event": "B", "optional": True}, "D"]},
         "exclude[0].before", "not optional"),
        ({"exclude": [{"event": "A"}], "steps": ["A"]}, "exclude", "two steps or more"),
        ({"exclude_mode": "session"}, "exclude_mode", "'person'"),
        ({"hold": "props.cart"}, "hold", "a list"),
        ({"hold": ["a", "b", "c", "d"]}, "hold", "0 to 3"),
        ({"hold": ["props.cart", "props.cart"]}, "hold[1]", "each property once"),
        ({"hold": [7]}, "hold[0]", "a string"),
        ({"steps": [{"event": "A", "optional": True}, "B"]}, "steps[0].optional", "a step between them"),
        ({"steps": ["A", {"event": "B", "optional": True}]}, "steps[1].optional", "a step between them"),
        ({"steps": ["A", {"event": "B", "optional": "yes"}, "D"]}, "steps[1].optional", "true or false"),
        ({"steps": ["A", {"event": "B", "optional": True}, "D"], "order": "any"},
         "steps[1].optional", '"strict"'),
        ({"steps": [{"event": "A", "first_ever": 1}, "B"]}, "steps[0].first_ever", "true or false"),
        ({"steps": [{"event": "A", "frist_ever": True}, "B"]}, "steps[0].frist_ever", "unknown field"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(
    context_of: ContextOf, request_: dict[str, Any], field: str, says: str
) -> None:
    """An option that can't be understood, or has no sense beside another, is refused with its field."""
    with pytest.raises(InvalidRequest) as raised:
        funnel.run({"steps": ["A", "B", "D"], **request_}, context_of([]))
    assert raised.value.field == field
    assert says in str(raised.value)
