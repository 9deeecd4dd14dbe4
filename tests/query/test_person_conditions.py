"""Conditions on persons: against an oracle that looks at one person after the other, and by example."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.cohorts import Meaning
from backsight.errors import InvalidRequest
from backsight.reports import funnel, membership, preview, retention, trend
from query import oracles
from query.conftest import ContextOf
from query.oracles_cohorts import World
from query.rows import event, statement

ZONES = ["UTC", "Europe/Vienna", "America/New_York", "America/Santiago", "Asia/Kathmandu"]
NOW = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)
"""Clocks were set the day before in New York, the week before in Vienna, in September in Santiago."""

EDGES = [
    datetime(2026, 11, 2, 4, 0, tzinfo=UTC),
    datetime(2026, 11, 1, 4, 0, tzinfo=UTC),  # midnight in New York, the day on which its clocks are set
    datetime(2026, 11, 1, 5, 30, tzinfo=UTC),  # half past one, the first of two
    datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    datetime(2026, 10, 31, 23, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # half past two in Vienna, the first of two
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2026, 10, 24, 22, 0, tzinfo=UTC),  # midnight in Vienna
    datetime(2026, 10, 24, 21, 59, tzinfo=UTC),
    datetime(2026, 10, 2, 3, 59, tzinfo=UTC),
    datetime(2026, 9, 6, 4, 0, tzinfo=UTC),  # one o'clock in Santiago: that day has no midnight
    datetime(2026, 9, 6, 3, 59, tzinfo=UTC),
    datetime(2026, 10, 24, 18, 15, tzinfo=UTC),  # midnight in Kathmandu
]

# ── Against the oracle ──────────────────────────────────────────────────────────────────────────────────────

_times = st.one_of(
    st.sampled_from(EDGES), st.sampled_from(EDGES).map(lambda t: t - timedelta(microseconds=1))
)
_rows = st.builds(
    lambda name, time, device, user: {"name": name, "time": time, "device": device, "user": user},
    st.sampled_from("AB"), _times, st.integers(1, 4), st.sampled_from([None, None, 11, 12]),
)  # fmt: skip
_statements = st.lists(
    st.builds(
        lambda kind, time, device, user, traits: statement(
            kind, time, device=device, user=user, traits=traits
        ),
        st.sampled_from(["identify", "observed"]),
        _times,
        st.integers(1, 4),
        st.sampled_from([11, 12]),
        st.sampled_from([None, '{"plan": "pro"}', '{"plan": "free"}']),
    ),
    max_size=5,
)
_frames = st.sampled_from(
    [
        {}, {"within": "1d"}, {"within": "8d"}, {"within": "1w"}, {"within": "30d"}, {"within": "6h"},
        {"within": "90m"}, {"from": "2026-10-25"}, {"from": "2026-10-25", "to": "2026-10-25"},
        {"to": "2026-09-06"}, {"from": "2026-09-06", "to": "2026-11-01"}, {"from": "8d", "to": "2026-11-01"},
        {"from": "2026-10-25T01:30:00Z", "to": "2026-11-01T05:30:00Z"},
    ]
)  # fmt: skip
_counts = st.sampled_from(
    [{}, {"at_least": 2}, {"at_most": 0}, {"at_most": 1}, {"at_least": 1, "at_most": 2}, {"exactly": 2},
     {"exactly": 0}]
)  # fmt: skip
_step = st.sampled_from("AB")
_did = st.builds(lambda step, counts, frame: {"did": step, **counts, **frame}, _step, _counts, _frames)
_first = st.builds(lambda step, frame: {"did_first": step, **frame}, _step, _frames.filter(bool))
_regularly = st.builds(
    lambda step, asked, more: {"did_in_periods": step, **asked, **more},
    _step,
    st.sampled_from(
        [
            {"periods": 2}, {"periods": 9, "at_least": 2}, {"period": "week", "periods": 3, "at_least": 2},
            {"period": "week", "week_start": "sunday", "periods": 2, "times": 2, "at_least": 1},
            {"period": "month", "periods": 3, "at_least": 2}, {"period": "month", "periods": 1, "times": 2},
        ]
    ),
    st.sampled_from([{}, {}, {"to": "2026-10-25"}]),
)  # fmt: skip
_trait = st.builds(
    lambda name, op, value: {"property": name, "op": op, "value": value},
    st.sampled_from(["plan", "person.plan"]),
    st.sampled_from(["is", "is_not"]),
    st.sampled_from(["pro", "free"]),
)  # fmt: skip
_leaf = st.one_of(_did, _did, _first, _regularly, _trait)
_plain = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=4,
)
_cohorts = st.fixed_dictionaries(
    {
        "Listed": st.sets(st.sampled_from([1, 2, 3, 4, 11, 12])),
        "Busy": st.lists(_plain, min_size=1, max_size=2),
        "Nested": st.lists(
            st.one_of(
                _plain,
                st.sampled_from([{"cohort": "Busy"}, {"cohort": "Listed"}, {"not": {"cohort": "Listed"}}]),
            ),
            min_size=1,
            max_size=2,
        ),
    }
)
_member = st.sampled_from(["Listed", "Busy", "Nested"]).map(lambda name: {"cohort": name})
_conditions = st.lists(
    st.one_of(_plain, _member, _member.map(lambda each: {"not": each})), min_size=1, max_size=3
)


def meaning(said: Sequence[Mapping[str, Any]] | set[int]) -> Meaning:
    """What a cohort means whose conditions or members these are."""
    if isinstance(said, set):
        return Meaning(1, None, lambda: pa.array(sorted(said), pa.int64()))
    return Meaning(1, tuple(said), lambda: pa.array([], pa.int64()))


def revoking(statements: Sequence[dict[str, Any]], revoked: Sequence[int]) -> list[dict[str, Any]]:
    """The statements, and revocations of some of them (or of a revocation)."""
    said = list(statements)
    for index in revoked:
        if index < len(said):
            said.append(statement("revoke", NOW, revokes=said[index]["statement_id"]))
    return said


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(_rows, max_size=14),
    _statements,
    st.lists(st.integers(0, 6), max_size=3),
    _cohorts,
    _conditions,
    st.sampled_from(ZONES),
)
def test_agrees_with_looking_at_every_person(
    context_of: ContextOf,
    rows: list[dict[str, Any]],
    statements: list[dict[str, Any]],
    revoked: list[int],
    cohorts: dict[str, Any],
    conditions: list[dict[str, Any]],
    zone: str,
) -> None:
    """The persons are those who meet the conditions, however they nest, whoever is who and wherever it is."""
    events = [event(row["name"], row["time"], **row) for row in rows]
    said = revoking(statements, revoked)
    world = World(events, said, cohorts, ZoneInfo(zone), NOW)
    wanted = world.members(conditions)
    context = context_of(
        events, said, now=NOW, cohorts={name: meaning(each) for name, each in cohorts.items()}
    )
    request = {"person_where": conditions, "timezone": zone}
    assert set(membership.members(request, context).to_pylist()) == wanted
    assert membership.run(request, context)["total"] == len(wanted)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_rows, max_size=14), _statements, _conditions, _cohorts)
def test_every_report_counts_those_persons_alone(
    context_of: ContextOf,
    rows: list[dict[str, Any]],
    statements: list[dict[str, Any]],
    conditions: list[dict[str, Any]],
    cohorts: dict[str, Any],
) -> None:
    """A report with conditions on persons says what it says of a site where no one else ever was."""
    events = [event(row["name"], row["time"], **row) for row in rows]
    wanted = World(events, statements, cohorts, ZoneInfo("UTC"), NOW).members(conditions)
    meanings = {name: meaning(each) for name, each in cohorts.items()}
    context = context_of(events, statements, now=NOW, cohorts=meanings)
    alone = context_of(
        [row for row in events if oracles.person_of(row, statements) in wanted], statements, now=NOW
    )
    span = {"from": "2026-09-01", "to": "2026-11-02"}
    for report, request in (
        (funnel, {"steps": ["A", "B"], "window": "60d", **span}),
        (retention, {"start": "A", "return": "B", "period": "week", **span}),
        (trend, {"series": [{"event": "A", "measure": "persons"}, "B"], **span}),
        (preview, {"rules": [{"on": "track", "name": "A"}], **span}),
    ):
        answer = report.run(request | {"person_where": conditions}, context)
        expected = report.run(request, alone)
        del answer["meta"], expected["meta"]
        assert answer == expected


# ── By example ──────────────────────────────────────────────────────────────────────────────────────────────


def persons(context: Any, *conditions: Mapping[str, Any], zone: str = "UTC") -> list[int]:
    request = {"person_where": list(conditions), "timezone": zone}
    return sorted(membership.members(request, context).to_pylist())


def test_days_are_those_of_the_timezone(context_of: ContextOf) -> None:
    """Within one day of Monday is Sunday's midnight there, 25 hours long or not."""
    midnight = datetime(2026, 11, 1, 4, tzinfo=UTC)
    events = [event("A", midnight, device=1), event("A", midnight - timedelta(microseconds=1), device=2)]
    asked = {"did": "A", "within": "1d"}
    at = datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert persons(context_of(events, now=at), asked, zone="America/New_York") == [1]
    assert persons(context_of(events, now=at), asked) == [1, 2]


def test_behaviour_is_looked_for_in_all_of_history(context_of: ContextOf) -> None:
    """The report's own range and filters say nothing about what its persons did."""
    events = [
        event("A", datetime(2026, 1, 1, tzinfo=UTC), device=1, path="/old"),
        event("B", NOW, device=1, path="/new"),
        event("B", NOW, device=2, path="/new"),
    ]
    request = {
        "series": [{"event": "B", "measure": "persons"}],
        "from": "2026-11-01",
        "where": [{"property": "path", "op": "is", "value": "/new"}],
        "person_where": [{"did": "A"}],
    }
    assert trend.run(request, context_of(events, now=NOW))["series"][0]["total"] == 1


def test_a_step_of_a_condition_has_filters_of_its_own(context_of: ContextOf) -> None:
    """What was done is a step: a rule, or an event with filters, traits among them."""
    events = [event("A", NOW, device=device, path=f"/{device}") for device in (1, 2, 3)]
    said = [statement("traits", NOW, device=3, traits='{"plan": "pro"}')]
    context = context_of(events, said, now=NOW)
    on_path = {"property": "path", "op": "in", "value": ["/2", "/3"]}
    pro = {"property": "person.plan", "op": "is", "value": "pro"}
    assert persons(context, {"did": {"event": "A", "where": [on_path]}}) == [2, 3]
    assert persons(context, {"did": {"on": "track", "where": [on_path, pro]}}) == [3]


def test_a_step_may_be_an_element(context_of: ContextOf) -> None:
    """Clicks are found by their nodes, in files of other nodes and of other days too."""
    seen = {"site": "shop", "first_seen": NOW}
    place = {"depth": 0, "child_index": 1, "child_last": 1, "type_index": 1, "type_last": 1, "flags": 0}
    nodes = [{"node_id": number, "element_id": number, **place, **seen} for number in (1, 2)]
    described = {"namespace": "html", "attributes": [], **seen}
    elements = [{"element_id": number, "tag": tag, **described} for number, tag in ((1, "a"), (2, "button"))]
    clicks = [
        event("", NOW - timedelta(days=days), type="click", name=None, node_id=node, device=device)
        for device, days, node in (
            (1, 0, 2),
            (1, 3, 2),
            (2, 0, 2),
            (2, 9, 2),
            (3, 0, 1),
            (3, 1, 1),
            (4, 40, 2),
        )
    ]
    context = context_of(clicks, now=NOW, nodes=nodes, elements=elements)
    assert persons(context, {"did": {"css": "button"}}) == [1, 2, 4]
    assert persons(context, {"did": {"css": "button"}, "at_least": 2, "within": "1w"}) == [1]
    assert persons(context, {"did": {"css": "a"}, "exactly": 2}, {"not": {"did": {"css": "button"}}}) == [3]
    assert persons(context, {"did": {"css": "form"}}) == []
    assert persons(context, {"did": {"css": "form"}, "at_most": 0}) == [1, 2, 3, 4]


def test_a_device_that_was_listed_stands_for_who_identified_on_it(context_of: ContextOf) -> None:
    """A static cohort follows the statements: later ones, and their revocation."""
    events = [event("A", NOW, device=1), event("A", NOW, device=2)]
    login = statement("identify", NOW, device=1, user=11)
    undone = statement("revoke", NOW, revokes=login["statement_id"])
    cohorts = {"Listed": meaning({1})}
    asked = {"cohort": "Listed"}
    assert persons(context_of(events, cohorts=cohorts), asked) == [1]
    assert persons(context_of(events, [login], cohorts=cohorts), asked) == [11]
    assert persons(context_of(events, [login, undone], cohorts=cohorts), asked) == [1]


def test_the_answer_names_what_it_used(context_of: ContextOf) -> None:
    """Versions of every cohort that was met, and of the events in their conditions, stand in `meta`."""
    cohorts = {
        "Power users": Meaning(3, ({"did": "A"}, {"cohort": "Listed"}), lambda: pa.array([], pa.int64())),
        "Listed": Meaning(2, None, lambda: pa.array([1], pa.int64())),
        "Other": Meaning(1, ({"did": "B"},), lambda: pa.array([], pa.int64())),
    }
    context = context_of([event("A", NOW)], cohorts=cohorts)
    meta = trend.run({"series": ["C"], "person_where": [{"not": {"cohort": "Power users"}}]}, context)["meta"]
    assert (meta["cohorts"], meta["events"]) == ({"Listed": 2, "Power users": 3}, {"A": 1, "C": 1})


def test_rows_are_kept_while_nothing_changes(context_of: ContextOf) -> None:
    """The same condition on another snapshot, or about another meaning of a name, is worked out anew."""
    busy = {"did": "A", "at_least": 2}
    once, twice = [event("A", NOW)], [event("A", NOW), event("A", NOW)]
    for events, wanted in ((once, []), (twice, [1]), (once, [])):
        context = context_of(events)
        assert [persons(context, busy), persons(context, busy)] == [wanted, wanted]


FAULTS: dict[str, tuple[Any, str, str]] = {
    "unknown cohort": ({"cohort": "Bsy"}, r"person_where\[0\]\.cohort", "did you mean 'Busy'"),
    "itself": ({"cohort": "Ouroboros"}, "person_where", "'Ouroboros' → 'Tail' → 'Ouroboros'"),
    "unknown event": ({"did": "Z"}, r"person_where\[0\]\.did", "no named event 'Z'"),
    "unknown key": ({"did": "A", "atleast": 2}, r"\.atleast", "did you mean 'at_least'"),
    "key of nothing": ({"didd": "A"}, r"\.didd", "did you mean 'did'"),
    "zero at least": ({"did": "A", "at_least": 0}, r"\.at_least", "1 to 1,000,000"),
    "no whole number": ({"did": "A", "at_least": 1.5}, r"\.at_least", "not a whole number"),
    "bounds crossed": ({"did": "A", "at_least": 3, "at_most": 2}, r"\.at_least", "1 to 2"),
    "exactly and more": ({"did": "A", "exactly": 1, "at_most": 2}, r"\.exactly", "'exactly' alone"),
    "two frames": ({"did": "A", "within": "3d", "to": "2026-10-01"}, r"\.within", "one way to say when"),
    "no duration": ({"did": "A", "within": "soon"}, r"\.within", "no duration"),
    "end before start": ({"did": "A", "from": "2026-10-02", "to": "2026-10-01"}, r"\.to", "not before"),
    "first of nothing": ({"did_first": "A"}, r"\.within", "nothing says when"),
    "no periods": ({"did_in_periods": "A"}, r"\.periods", "1 to 366"),
    "more than there are": ({"did_in_periods": "A", "periods": 2, "at_least": 3}, r"\.at_least", "1 to 2"),
    "nested": ({"any": [{"not": {"did": 7}}]}, r"person_where\[0\]\.any\[0\]\.not\.did", "not an object"),
    "deep": (
        {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"did": "A"}}}}}}}}},
        r"\.not",
        "at most 8 levels",
    ),
}


@pytest.mark.parametrize(("condition", "field", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_condition_that_cannot_be_understood(
    context_of: ContextOf, condition: Any, field: str, message: str
) -> None:
    """What is wrong is refused with its place and what would be valid."""
    cohorts = {
        "Busy": meaning([{"did": "A"}]),
        "Ouroboros": meaning([{"any": [{"cohort": "Tail"}]}]),
        "Tail": meaning([{"cohort": "Ouroboros"}]),
    }
    context = context_of([event("A", NOW)], cohorts=cohorts)
    with pytest.raises(InvalidRequest, match=field) as error:
        membership.run({"person_where": [condition]}, context)
    assert message in str(error.value)


def test_events_are_not_asked_about_persons(context_of: ContextOf) -> None:
    """What persons did can't stand in `where`, which is about one event; `not` can."""
    context = context_of([event("A", NOW, path="/a"), event("A", NOW, path="/b")], now=NOW)
    with pytest.raises(InvalidRequest, match=r"where\[0\]\.did"):
        trend.run({"series": ["A"], "where": [{"did": "A"}]}, context)
    on_a = {"not": {"property": "path", "op": "is", "value": "/a"}}
    assert trend.run({"series": ["A"], "where": [on_a]}, context)["series"][0]["total"] == 1


def test_a_question_is_bounded(context_of: ContextOf) -> None:
    """Each condition on behaviour is a scan: a question takes so many and no more."""
    many = [{"did": "A", "at_least": times} for times in range(1, 52)]
    context = context_of([event("A", NOW)])
    assert membership.run({"person_where": many[:50]}, context)["total"] == 0
    with pytest.raises(InvalidRequest, match="at most 50 different conditions"):
        membership.run({"person_where": many}, context)


@pytest.mark.parametrize(
    "uses",
    [
        pytest.param([{"any": [{"cohort": "C{next}"}, {"not": {"cohort": "C{next}"}}]}], id="ever more"),
        pytest.param([{"not": {"cohort": "C{next}"}}], id="ever deeper"),
        pytest.param([{"all": [{"all": [{"cohort": "C{next}"}]}]}], id="all of all"),
    ],
)
def test_cohorts_of_cohorts_are_bounded(context_of: ContextOf, uses: list[Any]) -> None:
    """Cohorts, each made of the next, are refused before they become a statement without end."""
    texts = [json.dumps(uses).replace("{next}", str(number + 1)) for number in range(2_000)]
    cohorts = {f"C{number}": meaning(json.loads(text)) for number, text in enumerate(texts)}
    context = context_of([event("A", NOW)], cohorts={**cohorts, "C2000": meaning([{"did": "A"}])})
    assert persons(context, {"cohort": "C1998"}) == [1]
    with pytest.raises(InvalidRequest, match="at most 200 tests, in cohorts up to 16 deep"):
        persons(context, {"cohort": "C0"})


def test_cohorts_that_meet_again_are_refused_as_fast(context_of: ContextOf) -> None:
    """A preview looks into a cohort once, by however many ways it is reached."""
    uses = [[{"cohort": f"A{layer + 1}"}, {"cohort": f"B{layer + 1}"}] for layer in range(40)]
    cohorts = {f"{name}{layer}": meaning(uses[layer]) for layer in range(40) for name in "AB"}
    pro = meaning([{"property": "plan", "op": "is", "value": "pro"}])
    context = context_of([event("A", NOW)], cohorts={**cohorts, "A40": pro, "B40": pro})
    with pytest.raises(InvalidRequest, match="at most 200 tests"):
        persons(context, {"cohort": "A0"})


def test_cohorts_may_be_deep(context_of: ContextOf) -> None:
    """A chain as long as it may be, with conditions as nested as they may be, is answered."""
    cohorts = {
        f"C{number}": meaning([{"not": {"not": {"not": {"not": {"cohort": f"C{number + 1}"}}}}}])
        for number in range(15)
    }
    context = context_of([event("A", NOW)], cohorts={**cohorts, "C15": meaning([{"did": "A"}])})
    assert persons(context, {"cohort": "C0"}) == [1]
