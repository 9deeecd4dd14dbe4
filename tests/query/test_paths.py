"""Paths, against an oracle that follows every session, and by example."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.contract import id64
from backsight.errors import Exceeded, InvalidRequest
from backsight.reports import paths
from backsight.reports.paths.naming import parse_naming
from query import oracles, oracles_paths, oracles_sessions
from query.conftest import ContextOf
from query.rows import event, named, statement

DAY = datetime(2026, 10, 25, tzinfo=UTC)  # Vienna sets its clocks back an hour at 01:00 UTC
Row = Mapping[str, Any]


def at(minutes: float) -> datetime:
    return DAY + timedelta(minutes=minutes)


def viewed(path: str, time: datetime, /, **columns: Any) -> dict[str, Any]:
    """A view of a page, in session 1 unless said otherwise."""
    return event("", time, **({"type": "pageview", "name": None, "path": path, "session": 1} | columns))


def did(name: str, time: datetime, /, **columns: Any) -> dict[str, Any]:
    """A tracked event, in session 1 unless said otherwise."""
    return event(name, time, **({"session": 1} | columns))


def edges(answer: Mapping[str, Any]) -> dict[tuple[int, str, str], int]:
    """How many events each edge has, by step and the names of its nodes."""
    return {
        (edge["step"], edge["source"]["name"], edge["target"]["name"]): edge["events"]
        for edge in answer["edges"]
    }


# ── Against the oracle ──────────────────────────────────────────────────────────────────────────────────────

# Few distinct times, pages and names: ties and repeats are the rule. Some events lie days apart, so that the
# margins of a range matter.
_moments = st.sampled_from(
    [-2_885, -1_445, -1_441, -1_440, -30, -1, 0, 1, 1, 2, 3, 5, 8, 60, 61, 1_501, 1_502]
)
_rows = st.lists(
    st.builds(
        lambda what, minute, device, page, sequence, session: {
            "time": at(minute), "device": device, "page": id64("page", page, device), "sequence": sequence,
            "session": session, "type": "pageview" if what.startswith("/") else "track",
            "name": None if what.startswith("/") else what, "path": what if what.startswith("/") else "/in",
        },
        st.sampled_from(["A", "B", "X", "/", "/a/1", "/a/2", "/b"]),
        _moments,
        st.integers(1, 3),
        st.integers(1, 3),
        st.sampled_from([0, 1, 2, 3_000, 4_000]),
        st.sampled_from([None, 5, 5, 6]),
    ),
    max_size=16,
    unique_by=lambda row: (row["page"], row["sequence"]),
)  # fmt: skip
_sessions = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {}, optional={"gap": st.sampled_from(["1m", "30m", "2d"]), "starts": st.sampled_from("AB")}
    ).filter(bool),
)
_marks = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"around": st.sampled_from("AB")}),
    st.fixed_dictionaries({}, optional={"start": st.sampled_from("AB"), "end": st.sampled_from("AB")}),
)
_options = st.fixed_dictionaries(
    {
        "steps": st.integers(2, 5),
        "repeats": st.sampled_from(["first", "last", "keep"]),
        "from": st.sampled_from([None, at(-1), at(1)]),
        "to": st.sampled_from([None, at(3), at(60)]),
        "exclude": st.sampled_from([[], ["B"]]),
        "where": st.sampled_from([[], [{"property": "path", "op": "is_not", "value": "/a/1"}]]),
        "session": _sessions,
    }
)
_requests = st.builds(lambda options, marks: options | marks, _options, _marks)
GAPS = {"1m": timedelta(minutes=1), "30m": timedelta(minutes=30), "2d": timedelta(days=2)}


def _node(request: Mapping[str, Any]) -> Callable[[Row], oracles_paths.Node | None]:
    marks = {request[field] for field in ("start", "end", "around") if field in request}

    def node(row: Row) -> oracles_paths.Node | None:
        if request["where"] and row["path"] == "/a/1":
            return None
        if row["name"] in ("A", "B"):
            left_out = row["name"] in request["exclude"] and row["name"] not in marks
            return None if left_out else ("event", row["name"])
        if row["name"] is not None:
            return ("track", row["name"])
        return ("pageview", "/a/*" if row["path"].startswith("/a/") else row["path"])

    return node


def _expected(
    events: Sequence[Row], said: Sequence[Row], request: Mapping[str, Any], node: Callable[[Row], Any]
) -> dict[str, Any]:
    rule = request["session"]
    first, end = request["from"], request["to"] and request["to"] + timedelta(microseconds=1)
    gap = GAPS.get((rule or {}).get("gap", ""))
    starts = (rule or {}).get("starts")
    bounds = oracles_sessions.reach(first, end, gap, rule is not None)
    people = {}
    for person, rows in oracles.by_person(events, said).items():
        own = oracles_sessions.within(rows, *bounds)
        people[person] = (
            oracles_sessions.captured(own)
            if rule is None
            else oracles_sessions.sessions(own, gap, oracles_sessions.bears(starts))
        )
    marks = {
        field: (lambda row, name=request[field]: row["name"] == name)
        for field in ("start", "end", "around")
        if field in request
    }
    asked = oracles_paths.Asked(node, marks, request["steps"], request["repeats"], first, end)
    return oracles_paths.paths(people, asked)


@settings(max_examples=35, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_rows, st.lists(_requests, min_size=3, max_size=3), st.randoms(use_true_random=False))
def test_agrees_with_every_session_followed(
    context_of: ContextOf, rows: list[dict[str, Any]], requests: list[dict[str, Any]], random: Any
) -> None:
    """Edges, stops and counts are those of following each session, ties included, in any order of rows."""
    events = [event(row["name"], row["time"], **row) for row in rows]
    said = [statement("identify", at(0), device=2, user=11), statement("identify", at(0), device=3, user=11)]
    shuffled = random.sample(events, len(events))
    context = context_of(shuffled, said, names=named("A", "B"))
    for request in requests:
        moments = {key: request[key].isoformat() for key in ("from", "to") if request[key]}
        asked = request | {"groups": ["/a/*"], "limit": 1_000, "from": None, "to": None} | moments
        _check(paths.run(asked, context), _expected(events, said, request, _node(request)))


def _check(answer: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    found = {
        (edge["step"], *(tuple(edge[end].values()) for end in ("source", "target"))): {
            "events": edge["events"], "persons": edge["persons"], **edge["seconds"]
        }
        for edge in answer["edges"]
    }  # fmt: skip
    assert found == {edge: pytest.approx(figures) for edge, figures in expected["edges"].items()}
    stopped = {step["step"]: step["stopped"] for step in answer["steps"] if step["stopped"]}
    assert stopped == expected["stopped"]
    assert (answer["paths"], answer["persons"]) == (expected["paths"], expected["persons"])
    for step in answer["steps"]:
        own = [edge for edge in answer["edges"] if edge["step"] == step["step"]]
        assert (step["edges"], step["events"]) == (len(own), sum(edge["events"] for edge in own))


# ── By example ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_event_is_named_by_the_first_entry_that_it_fills(context_of: ContextOf) -> None:
    """Named events come before what code tracked and before pages; a list of nodes has its own order."""
    events = [viewed("/", at(0)), did("A", at(1)), did("X", at(2)), viewed("/end", at(3))]
    answer = paths.run({}, context_of(events))
    nodes = [answer["edges"][0]["source"], *(edge["target"] for edge in answer["edges"])]
    assert nodes == [
        {"kind": "pageview", "name": "/"},
        {"kind": "event", "name": "A"},
        {"kind": "track", "name": "X"},
        {"kind": "pageview", "name": "/end"},
    ]
    listed: list[Any] = [
        {"on": "track", "each": "name", "label": "call"},
        "A",
        {"on": "pageview", "label": "page"},
    ]
    answer = paths.run({"nodes": listed}, context_of(events))
    nodes = [answer["edges"][0]["source"], *(edge["target"] for edge in answer["edges"])]
    assert nodes == [
        {"kind": "rule", "name": "page"},
        {"kind": "call", "name": "A"},
        {"kind": "call", "name": "X"},
        {"kind": "rule", "name": "page"},
    ]


def test_a_mark_names_its_events_first(context_of: ContextOf) -> None:
    """Who asks for paths from a step sees it under its own name, whatever else its events are called."""
    start = {"on": "pageview", "page": {"path": {"op": "is", "value": "/"}}, "label": "Home"}
    events = [viewed("/", at(0)), viewed("/a", at(1)), viewed("/", at(2))]
    assert edges(paths.run({"start": start}, context_of(events))) == {
        (1, "Home", "/a"): 1,
        (2, "/a", "Home"): 1,
    }


def test_values_are_rewritten_and_then_grouped(context_of: ContextOf) -> None:
    """Every rewrite applies, then the first group that fits; nothing but `*` means something in a group."""
    events = [viewed(path, at(minute)) for minute, path in enumerate(
        ["/about/", "/product/12/", "/product/12/reviews", "/blog/100%_a", "/blog/100xxa"]
    )]  # fmt: skip
    asked = {
        "rewrite": [{"matches": "(.)/$", "as": "\\1"}, {"matches": "[0-9]+$", "as": "<id>"}],
        "groups": [{"like": "*/reviews", "as": "Reviews"}, "/product/*", "/blog/100%_*", "/blog/.*"],
    }
    assert edges(paths.run(asked, context_of(events))) == {
        (1, "/about", "/product/*"): 1,
        (2, "/product/*", "Reviews"): 1,
        (3, "Reviews", "/blog/100%_*"): 1,
        (4, "/blog/100%_*", "/blog/100xxa"): 1,
    }


@pytest.mark.parametrize(
    ("repeats", "expected", "seconds"),
    [
        pytest.param("first", {(1, "/a", "/b"): 1}, 180, id="first"),
        pytest.param("last", {(1, "/a", "/b"): 1}, 300, id="last"),
        pytest.param("keep", {(1, "/a", "/a"): 1, (2, "/a", "/b"): 1, (3, "/b", "/b"): 1}, 60, id="keep"),
    ],
)
def test_repeats_in_a_row(
    context_of: ContextOf, repeats: str, expected: dict[Any, int], seconds: float
) -> None:
    """A node seen twice in a row counts once, from its first or its last event, or as often as seen."""
    events = [viewed(path, at(minute)) for path, minute in (("/a", 0), ("/a", 1), ("/b", 3), ("/b", 6))]
    answer = paths.run({"repeats": repeats}, context_of(events))
    assert edges(answer) == expected
    assert answer["edges"][0]["seconds"] == {"mean": seconds, "median": seconds}


def test_paths_to_an_end_are_read_backwards(context_of: ContextOf) -> None:
    """Long and short ways to an end meet at it: its step is -1, whatever came before."""
    long = [viewed(path, at(minute)) for minute, path in enumerate(["/1", "/2", "/3", "/end", "/after"])]
    short = [viewed(path, at(minute), device=2, session=2) for minute, path in enumerate(["/3", "/end"])]
    end = {"on": "pageview", "page": {"path": {"op": "is", "value": "/end"}}, "label": "/end"}
    answer = paths.run({"end": end, "steps": 3}, context_of([*long, *short]))
    assert edges(answer) == {(-2, "/2", "/3"): 1, (-1, "/3", "/end"): 2}
    assert answer["steps"] == [
        {"step": -2, "edges": 1, "events": 1, "persons": 1, "stopped": 1},
        {"step": -1, "edges": 1, "events": 2, "persons": 2, "stopped": 0},
    ]


def test_a_path_belongs_to_the_range_of_its_mark(context_of: ContextOf) -> None:
    """A session over midnight is seen whole, and counts on the day on which its path begins alone."""
    events = [viewed("/1", at(-10)), viewed("/2", at(10)), viewed("/3", at(20))]
    context = context_of(events)
    before = {"from": "2026-10-24", "to": "2026-10-24"}
    after = {"from": "2026-10-25", "to": "2026-10-25"}
    assert edges(paths.run(before, context)) == {(1, "/1", "/2"): 1, (2, "/2", "/3"): 1}
    assert edges(paths.run(after, context)) == {}
    second = {"on": "pageview", "page": {"path": {"op": "is", "value": "/2"}}, "label": "/2"}
    assert edges(paths.run(after | {"around": second}, context)) == {(-1, "/1", "/2"): 1, (1, "/2", "/3"): 1}


def test_a_day_on_which_clocks_are_set_back_has_25_hours(context_of: ContextOf) -> None:
    """The last hour of such a day is in the day's range, and the hour after it is not."""
    asked = {"from": "2026-10-25", "to": "2026-10-25", "timezone": "Europe/Vienna"}
    for hour, counted in ((-3, 0), (-2, 1), (22, 1), (23, 0)):
        events = [viewed("/1", at(60 * hour)), viewed("/2", at(60 * hour + 1))]
        assert paths.run(asked, context_of(events))["paths"] == counted


def test_edges_past_the_limit_are_left_out_and_counted(context_of: ContextOf) -> None:
    """Of each step the largest edges are shown; its totals are of all."""
    events = [
        viewed(path, at(minute), device=device, session=device)
        for device in range(1, 5)
        for minute, path in enumerate(["/", "/a" if device < 4 else "/b"])
    ]
    answer = paths.run({"limit": 1}, context_of(events))
    assert edges(answer) == {(1, "/", "/a"): 3}
    assert answer["steps"][0] == {"step": 1, "edges": 2, "events": 4, "persons": 4, "stopped": 0}


def test_who_goes_a_way_twice_is_one_person(context_of: ContextOf) -> None:
    """Two sessions of one person are two events and one person."""
    events = [viewed(path, at(60 * session + minute), session=session)
              for session in (1, 2) for minute, path in enumerate(["/", "/a"])]  # fmt: skip
    answer = paths.run({}, context_of(events))
    assert (answer["edges"][0]["events"], answer["edges"][0]["persons"]) == (2, 1)
    assert (answer["paths"], answer["persons"]) == (2, 1)


def test_events_without_a_session_are_left_out_and_said(context_of: ContextOf) -> None:
    """A server's calls carry no session: with captured ones they are left out, with a gap they join in."""
    events = [viewed("/", at(0)), did("A", at(1), session=None), viewed("/a", at(2))]
    answer = paths.run({}, context_of(events))
    assert edges(answer) == {(1, "/", "/a"): 1}
    assert answer["meta"]["warnings"] == [
        "events without a session are left out (1); 'session' can give them one."
    ]
    answer = paths.run({"session": {"gap": "30m"}}, context_of(events))
    assert edges(answer) == {(1, "/", "A"): 1, (2, "A", "/a"): 1}
    assert answer["meta"]["warnings"] == []


def test_an_event_without_the_value_is_not_on_the_way(context_of: ContextOf) -> None:
    """Where the property that names nodes is missing, there is no node."""
    events = [
        did("X", at(0), props='{"screen": "Home"}'),
        did("X", at(1)),
        did("X", at(2), props='{"screen": 7}'),
    ]
    answer = paths.run({"nodes": [{"on": "track", "name": "X", "each": "screen", "label": "screen"}]},
                       context_of(events))  # fmt: skip
    assert edges(answer) == {(1, "Home", "7"): 1}


def test_more_values_than_fit_are_refused(context_of: ContextOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a property names more nodes than stand in memory, the refusal says what would be fewer."""
    monkeypatch.setattr("backsight.reports.paths.nodes.MAX_VALUES", 2)
    events = [viewed(f"/{number}", at(number)) for number in range(3)]
    with pytest.raises(Exceeded, match="3 values name nodes") as refused:
        paths.run({}, context_of(events))
    assert (refused.value.field, "a property with fewer values" in refused.value.valid) == ("nodes", True)
    assert paths.run({}, context_of(events[:2]))["paths"] == 1


@pytest.mark.parametrize(
    ("rewrite", "field"),
    [
        pytest.param(
            [{"matches": "(.*)", "as": "\\1\\1"}] * 100, "rewrite[17]", id="twice as long each time"
        ),
        pytest.param(
            [{"matches": "z*", "as": "x" * 200}] * 3, "rewrite[2]", id="something between all letters"
        ),
    ],
)
def test_values_that_grow_without_end_are_refused(
    context_of: ContextOf, rewrite: list[dict[str, str]], field: str
) -> None:
    """A rewrite that would make values fill all memory is refused before it does."""
    with pytest.raises(InvalidRequest, match="too long") as refused:
        paths.run({"rewrite": rewrite}, context_of([viewed("/a/path", at(0))]))
    assert refused.value.field == field


def test_many_values_are_rewritten_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one piece ends and the next begins makes no difference to their names."""
    monkeypatch.setattr("backsight.reports.paths.naming.PIECE_BYTES", 64)
    values = [f"/{'é' * (number % 7)}/{number}" for number in range(200)]
    naming = parse_naming({"rewrite": [{"matches": "/([0-9]+)$", "as": "#\\1"}], "groups": ["*#7"]})
    expected = ["*#7" if value.endswith("/7") else "#".join(value.rsplit("/", 1)) for value in values]
    assert naming.names(pa.array(values)).to_pylist() == expected


def test_an_empty_site_has_no_paths(context_of: ContextOf) -> None:
    """Before the first event there is nothing, with captured sessions and with others."""
    for session in (None, {"gap": "30m"}):
        answer = paths.run({"session": session, "around": "A"}, context_of())
        assert (answer["edges"], answer["steps"], answer["paths"], answer["persons"]) == ([], [], 0, 0)


def test_meta_names_the_events_that_were_asked_for(context_of: ContextOf) -> None:
    """Every named event that may name a node, marks, leaves out or starts a session has its version there."""
    asked = {"start": "A", "nodes": ["B"], "exclude": ["C"], "session": {"starts": "D"}}
    assert set(paths.run(asked, context_of([did("A", at(0))]))["meta"]["events"]) == {"A", "B", "C", "D"}


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        pytest.param({"start": "A", "around": "B"}, "around", id="around and start"),
        pytest.param({"start": "Z"}, "start", id="no such named event"),
        pytest.param({"nodes": []}, "nodes", id="no nodes"),
        pytest.param({"nodes": ["A", "Z"]}, "nodes[1]", id="no such node"),
        pytest.param({"nodes": [{"on": "track", "each": ""}]}, "nodes[0].each", id="no property"),
        pytest.param({"nodes": [{"on": "track", "each": "nope"}]}, "nodes[0].each", id="never captured"),
        pytest.param({"rewrite": [{"matches": "(", "as": ""}]}, "rewrite[0]", id="no expression"),
        pytest.param({"rewrite": [{"matches": "a", "as": "\\2"}]}, "rewrite[0]", id="no such group in it"),
        pytest.param({"rewrite": [{"as": "x"}]}, "rewrite[0].matches", id="nothing to rewrite"),
        pytest.param({"rewrite": [{"matches": "a", "as": 3}]}, "rewrite[0].as", id="no text"),
        pytest.param({"groups": [{"as": "x"}]}, "groups[0].like", id="no pattern"),
        pytest.param({"groups": [""]}, "groups[0]", id="empty pattern"),
        pytest.param({"exclude": ["Z"]}, "exclude[0]", id="nothing to leave out"),
        pytest.param({"repeats": "collapse"}, "repeats", id="unknown repeats"),
        pytest.param({"steps": 1}, "steps", id="too few steps"),
        pytest.param({"steps": 21}, "steps", id="too many steps"),
        pytest.param({"limit": 0}, "limit", id="no edges"),
        pytest.param({"session": {"starts": "Z"}}, "session.starts", id="no such start of a session"),
        pytest.param({"range": "all"}, "range", id="unknown field"),
    ],
)
def test_what_can_not_be_meant_is_refused(
    context_of: ContextOf, request_: dict[str, Any], field: str
) -> None:
    """The refusal names the field."""
    with pytest.raises(InvalidRequest) as refused:
        paths.run(request_, context_of([did("A", at(0))]))
    assert refused.value.field == field
