"""One person: who it is, a timeline page by page, and what a report looks at in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.cohorts import Meaning
from backsight.contract import id64
from backsight.errors import InvalidRequest, NotFound
from backsight.reports import explain, funnel
from backsight.reports.explain import forced
from backsight.reports.explain.elements import escaped, selector_of
from backsight.scan.context import Context
from backsight.selectors import parse_selector
from query import oracles
from query.conftest import ContextOf
from query.rows import SITE, Row, event, statement

DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)
DEVICE, USER, OTHER = id64("device", "d1"), id64("user", "u1"), id64("user", "u2")
OPTIONS = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def at(minutes: float) -> datetime:
    return DAY + timedelta(minutes=minutes)


def ask(context: Context, person: Any = "1", **request: Any) -> dict[str, Any]:
    """The answer about a person."""
    return explain.run({"person": person, **request}, context)


def times(answer: Mapping[str, Any]) -> list[float]:
    """Minutes of an answer's events."""
    return [(datetime.fromisoformat(each["time"]) - DAY) / timedelta(minutes=1) for each in answer["events"]]


def outcome(answer: Mapping[str, Any], number: int = 0) -> tuple[str, str]:
    """What became of an event, and why, in words."""
    told = answer["events"][number]["outcome"]
    return told["reason"], told["words"]


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────


@OPTIONS
@given(
    st.lists(
        st.builds(
            lambda minute, page, sequence, device: event(
                "A", at(minute), page=page * 10 + device, sequence=sequence, device=device
            ),
            st.integers(0, 4), st.integers(1, 3), st.sampled_from([0, 1, 3_000, 4_000]), st.integers(1, 2),
        ),
        min_size=1,
        max_size=12,
        unique_by=lambda row: (row["page"], row["sequence"]),
    ),
    st.integers(1, 5),
    st.sampled_from(["newest", "oldest"]),
)  # fmt: skip
def test_pages_hold_every_event_once(
    context_of: ContextOf, events: list[Row], limit: int, order: str
) -> None:
    """In the order of time, ties in one order whichever way they are read."""
    context = context_of(events)
    for person, rows in oracles.by_person(events, []).items():
        ids: list[str] = []
        moments: list[float] = []
        after = None
        while True:
            answer = ask(context, str(person), limit=limit, order=order, after=after)
            ids += [each["id"] for each in answer["events"]]
            moments += times(answer)
            after = answer["next"]
            if after is None:
                break
            assert len(answer["events"]) == limit
        assert len(set(ids)) == len(ids) == len(rows) == answer["person"]["events"]
        assert moments == sorted(moments, reverse=order == "newest")
        every = [each["id"] for each in ask(context, str(person), order="oldest")["events"]]
        assert ids == (every if order == "oldest" else every[::-1])


def test_first_and_last_seen(context_of: ContextOf) -> None:
    """A person was seen from the first to the last of their events."""
    context = context_of([event("A", at(minute)) for minute in (5, 1, 9)])
    person = ask(context, limit=1)["person"]
    assert (person["first_seen"], person["last_seen"]) == ("2026-10-01T12:01:00Z", "2026-10-01T12:09:00Z")


# ── Who it is ───────────────────────────────────────────────────────────────────────────────────────────────

SAID = [
    statement("identify", at(5), device=DEVICE, device_id="d1", user=USER, user_id="u1"),
    statement("traits", at(6), user=USER, user_id="u1", traits='{"plan": "pro"}'),
    statement("identify", at(7), device=DEVICE, device_id="d1", user=OTHER, user_id="u2"),
]
EVENTS = [
    event("A", at(1), device=DEVICE),
    event("B", at(5), device=DEVICE, user=USER),
    event("C", at(8), device=DEVICE, user=OTHER),
]


@pytest.mark.parametrize(
    "person",
    [{"user": "u1"}, "user:u1", {"device": "d1"}, "device:d1", str(USER), str(DEVICE)],
    ids=[
        "user",
        "user in a path",
        "device",
        "device in a path",
        "number of the user",
        "number of the device",
    ],
)
def test_a_device_stands_for_its_first_user(context_of: ContextOf, person: Any) -> None:
    """However they are named: the user takes the device's past, and not what a second user did on it."""
    answer = ask(context_of(EVENTS, SAID), person, order="oldest")
    assert answer["person"]["person"] == str(USER)
    assert answer["person"]["user_id"] == "u1"
    assert answer["person"]["device_ids"] == ["d1"]
    assert answer["person"]["traits"] == {"plan": "pro"}
    assert times(answer) == [1, 5]
    assert [each["user"] for each in answer["person"]["statements"]] == ["u1", "u1", "u2"]


def test_a_revoked_statement_parts_the_timeline(context_of: ContextOf) -> None:
    """What was the user's is the device's again; the statement is shown as one that does not hold."""
    revoked = statement("revoke", at(9), revokes=SAID[0]["statement_id"])
    context = context_of(EVENTS[:2], [SAID[0], revoked])
    answer = ask(context, {"device": "d1"}, order="oldest")
    assert answer["person"]["person"] == str(DEVICE)
    assert times(answer) == [1, 5]
    held = {each["kind"]: each["holds"] for each in answer["person"]["statements"]}
    assert held == {"identify": False, "revoke": True}
    user = ask(context, {"user": "u1"})
    assert (user["person"]["events"], user["events"]) == (0, [])


def test_who_is_unknown_is_not_found(context_of: ContextOf) -> None:
    """Of somebody without events and statements there is nothing to tell."""
    with pytest.raises(NotFound, match="no such person: 'nobody'"):
        ask(context_of(EVENTS, SAID), {"user": "nobody"})


# ── What an event is ────────────────────────────────────────────────────────────────────────────────────────


def test_an_event_is_shown_with_its_element_and_names(context_of: ContextOf) -> None:
    """Its page, its element with a selector that matches it, what else is known, the names that it bears."""
    elements = [
        {"site": SITE, "element_id": 1, "tag": "button", "namespace": "html", "first_seen": DAY,
         "attributes": {"class": "btn md:flex w-1/2"}},
    ]  # fmt: skip
    nodes = [
        {"site": SITE, "node_id": 7, "parent_id": None, "element_id": 1, "depth": 0, "child_index": 1,
         "child_last": 1, "type_index": 1, "type_last": 1, "flags": 0, "first_seen": DAY},
    ]  # fmt: skip
    rows = [
        event("A", at(1), path="/a", props='{"price": 3}'),
        event("", at(2), type="click", name=None, node_id=7, text="Buy", path="/b", session=5),
    ]
    context = context_of(rows, nodes=nodes, elements=elements)
    tracked, clicked = ask(context, order="oldest")["events"]
    assert tracked["names"] == ["A"]
    assert tracked["properties"] == {"name": "A", "props": {"price": 3}}
    assert tracked["element"] is None
    assert clicked["element"]["selector"] == r"button.btn.md\:flex.w-1\/2"
    assert clicked["element"]["text"] == "Buy"
    assert clicked["session"] == "5"
    matched = context.trie.node_ids(parse_selector(clicked["element"]["selector"]), "target")
    assert matched.to_pylist() == [7]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\0"), min_size=1))
def test_every_identifier_can_be_written(name: str) -> None:
    """Whatever an id or a class is, the selector that names it is one, and names it alone."""
    selector = parse_selector(f"#{escaped(name)}")
    (simple,) = selector.branches[0].compounds[0].simples
    assert getattr(simple, "value", getattr(simple, "name", None)) == name


def test_what_came_of_a_click_is_shown(context_of: ContextOf) -> None:
    """Each fact that is known of it, and none that is not."""
    facts = {"watched_ms": 2_500, "dom_ms": 0, "error_ms": 31}
    clicked = event("", DAY, **{"type": "click", "name": None} | facts)
    answer = ask(context_of([clicked]))
    assert answer["events"][0]["properties"] == facts | {"props": {}}


def test_a_selector_takes_the_id_else_some_classes() -> None:
    """Short enough to be read, long enough to mean something."""
    assert selector_of("a", {"id": "x", "class": "y"}) == "a#x"
    assert selector_of("a", {"class": " b  c d e f "}) == "a.b.c.d.e"
    assert selector_of("a", {"id": None}) == "a"


# ── What a report looks at ──────────────────────────────────────────────────────────────────────────────────

AT_A = {"property": "path", "op": "is", "value": "/a"}
NO_X = {"property": "x", "op": "is_not_set"}


@pytest.mark.parametrize(
    ("request_", "reason", "words"),
    [
        ({"steps": ["A"], "where": [AT_A]}, "where",
         '`where` does not hold: path is "/b", asked for: is "/a"'),
        ({"steps": [{"event": "A", "where": [AT_A]}]}, "near_step",
         '`where` of step 1 (A) does not hold: path is "/b", asked for: is "/a"'),
        ({"steps": [{"on": "track", "name": "A", "page": {"path": {"op": "contains", "value": "x"}}}]},
         "near_step", 'step 1 (track A) does not hold: path is "/b", asked for: contains "x"'),
        ({"steps": [{"event": "A", "where": [{"property": "props.n", "op": "gt", "value": 3}]}]}, "near_step",
         '`where` of step 1 (A) does not hold: props.n is 2, asked for: is greater than 3'),
        ({"steps": [{"event": "A", "where": [{"any": [AT_A, {"not": NO_X}]}]}]}, "near_step",
         '`where` of step 1 (A) does not hold: asked for: (path is "/a" or not (x is not set))'),
        ({"steps": ["B"]}, "no_step", "fills nothing that the report looks for: not a step"),
        ({"steps": ["A"], "from": "2026-10-02"}, "before_range",
         "before the range, which begins 2 October 2026 00:00"),
        ({"steps": ["A"], "to": "2026-09-01", "window": "1d", "timezone": "Europe/Vienna"}, "after_range",
         "after the range and a window behind it, which ends before 3 September 2026 00:00"),
        ({"steps": ["A"], "to": "2026-09-01", "range": "all"}, "after_range",
         "after the range, which ends before 2 September 2026 00:00"),
        ({"steps": ["A"], "person_where": [{"property": "plan", "op": "is", "value": "pro"}]}, "person_where",
         '`person_where` does not hold: plan is missing, asked for: is "pro"'),
    ],
    ids=["where", "step's where", "page", "number", "nested", "nothing", "before", "after", "all", "person"],
)  # fmt: skip
def test_what_is_ignored_says_why(
    context_of: ContextOf, request_: dict[str, Any], reason: str, words: str
) -> None:
    """The condition that fails is named, with what was found instead."""
    context = context_of([event("A", at(1), path="/b", props='{"n": 2}')])
    answer = ask(context, report="funnel", request=request_)
    assert outcome(answer) == (reason, words)
    assert answer["events"][0]["outcome"]["outcome"] == "ignored"
    assert answer["verdict"]["counted"] is False
    assert funnel.run(request_, context)["steps"][0]["count"] == 0


def test_only_what_is_considered(context_of: ContextOf) -> None:
    """Events that the report does not look for are left out, and do not count for the page."""
    context = context_of([event(name, at(minute)) for minute, name in enumerate("ZAZZBZ")])
    asked = {"report": "funnel", "request": {"steps": ["A", "B"]}, "only": "considered", "order": "oldest"}
    first = ask(context, limit=1, **asked)
    assert times(first) == [1]
    assert times(ask(context, limit=1, after=first["next"], **asked)) == [4]


def test_the_verdict_says_what_is_missing(context_of: ContextOf) -> None:
    """Of the first step that was not reached: how many events fill it, and why none of them counts."""
    context = context_of([event(name, at(minute)) for minute, name in enumerate("BAB")], now=at(10))
    verdict = ask(context, report="funnel", request={"steps": ["A", "B"], "window": "30s"})["verdict"]
    assert verdict["words"] == [
        "Reached step 1 of 2 (A) on 1 October 2026 12:01.",
        "1 event fills step 2 (B), but no attempt had reached step 1.",
        (
            "1 event fills step 2 (B), but after the window: 30 seconds from 1 October 2026 12:01 ended on "
            "1 October 2026 12:01:30."
        ),
    ]
    assert verdict["missing"]["events"] == 2


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (["A", "B"], "No event fills step 2 (B)."),
        (["A", "A"], "No other event fills step 2 (A)."),
        (["B", "A"], None),
    ],
    ids=["none", "the same", "no start"],
)
def test_nothing_is_missing_but_the_event(context_of: ContextOf, steps: list[str], words: str | None) -> None:
    """Where no event fills the next step, that is all there is to say."""
    context = context_of([event("A", at(0))], now=at(10))
    told = ask(context, report="funnel", request={"steps": steps, "window": "1m"})["verdict"]["words"]
    first = "Reached step 1 of 2 (A) on 1 October 2026 12:00."
    assert told == ([first, words] if words else ["Not in the funnel: no event fills step 1 (B)."])


def test_too_many_events_are_not_tried(context_of: ContextOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would take too much is said not to be known, and the verdict stays what it is."""
    context = context_of([event("A", at(minute)) for minute in range(9)] + [event("B", at(9))])
    asked = {"report": "funnel", "request": {"steps": ["A", "B"]}, "order": "oldest"}
    whole = ask(context, **asked)
    monkeypatch.setattr(forced, "MOST_ROWS", 25)
    bounded = ask(context, **asked)
    assert [outcome(whole, number)[0] for number in range(10)] == ["later_leads_there"] * 8 + ["step"] * 2
    reasons = [outcome(bounded, number)[0] for number in range(10)]
    assert reasons == ["later_leads_there"] * 2 + ["not_examined"] * 6 + ["step"] * 2
    assert bounded["verdict"]["attempts"] == whole["verdict"]["attempts"]


def test_as_of_is_what_was_known(context_of: ContextOf) -> None:
    """A window that was open still when the report was answered is open in its explanation."""
    context = context_of([event("A", at(1))], now=at(5))
    asked = {"report": "funnel", "request": {"steps": ["A", "B"], "window": "10m"}}
    attempt = ask(context, **asked)["verdict"]["attempts"][0]
    assert (attempt["still_open"], attempt["closes"]) == (True, "2026-10-01T12:11:00Z")
    later = ask(replace(context, now=at(12)), **asked)["verdict"]
    assert later["attempts"][0]["still_open"] is False


# ── Conditions on persons ───────────────────────────────────────────────────────────────────────────────────


def test_each_condition_is_judged_by_itself(context_of: ContextOf) -> None:
    """Those of a cohort too, and with what was counted."""
    conditions = ({"did": "A", "at_least": 3}, {"did_first": "B", "from": "2026-10-02"})
    meaning = Meaning(1, conditions, lambda: pa.array([], pa.int64()))
    context = context_of(
        [*(event("A", at(minute), device=DEVICE) for minute in (1, 2)), event("B", at(3), device=DEVICE)],
        SAID[:2],
        cohorts={"Keen": meaning},
    )
    asked = [
        {"cohort": "Keen"},
        {"any": [{"property": "plan", "op": "is", "value": "pro"}, {"did": "B", "exactly": 0}]},
        {"did_in_periods": "A", "periods": 60, "at_least": 1},
    ]
    verdict = ask(
        context, {"device": "d1"}, report="cohort", request={"person_where": asked}
    )["verdict"]  # fmt: skip
    cohort, some, periods = verdict["conditions"]
    assert verdict["counted"] is False
    assert (cohort["holds"], some["holds"], periods["holds"]) == (False, True, True)
    assert [(part["holds"], part["words"], part["found"]) for part in cohort["parts"]] == [
        (False, 'did "A" 2 times, asked for: at least 3', {"times": 2}),
        (False, 'did "B" first on 1 October 2026 12:03, asked for: the first time from 2 October 2026 00:00',
         {"first": "2026-10-01T12:03:00+00:00"}),
    ]  # fmt: skip
    assert [part["holds"] for part in some["parts"]] == [True, False]
    assert some["parts"][0]["words"] == 'plan is "pro", asked for: is "pro"'
    assert periods["found"]["periods"] == 1


def test_events_count_for_the_conditions_that_count_them(context_of: ContextOf) -> None:
    """Those within the range of a condition; others are passed over."""
    context = context_of([event("A", at(1)), event("A", at(-1_440)), event("B", at(2))])
    request = {"person_where": [{"did": "A", "from": "2026-10-01"}]}
    answer = ask(context, report="cohort", request=request, order="oldest")
    assert [outcome(answer, number)[0] for number in range(3)] == ["outside_range", "condition", "no_step"]
    assert answer["verdict"]["words"] == ["In the cohort: every condition holds."]


# ── What is wrong ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({}, "person"),
        ({"person": 7}, "person"),
        ({"person": "ada"}, "person"),
        ({"person": {}}, "person"),
        ({"person": {"user": "u", "device": "d"}}, "person"),
        ({"person": {"user": ""}}, "person.user"),
        ({"person": "user:"}, "person"),
        ({"person": "1", "report": "preview"}, "report"),
        ({"person": "1", "report": "signals"}, "report"),
        ({"person": "1", "request": {}}, "request"),
        ({"person": "1", "only": "considered"}, "only"),
        ({"person": "1", "order": "random"}, "order"),
        ({"person": "1", "limit": 0}, "limit"),
        ({"person": "1", "limit": 1_001}, "limit"),
        ({"person": "1", "after": "1"}, "after"),
        ({"person": "1", "after": "9999999999999999999.1.1"}, "after"),
        ({"person": "1", "report": "funnel", "request": []}, "request"),
        ({"person": "1", "report": "funnel", "request": {"steps": []}}, "request.steps"),
        ({"person": "1", "report": "funnel", "request": {"steps": ["Nope"]}}, "request.steps[0]"),
        ({"person": "1", "report": "funnel", "request": {"steps": ["A"], "as_of": {}}}, "request.as_of"),
        ({"person": "1", "report": "cohort"}, "request.person_where"),
        ({"person": "1", "colour": "red"}, "colour"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
def test_what_is_wrong_is_named(context_of: ContextOf, request_: dict[str, Any], field: str) -> None:
    """A request that can't be understood is refused, naming the field, also in the report's own request."""
    with pytest.raises(InvalidRequest) as refused:
        explain.run(request_, context_of([event("A", at(1))]))
    assert refused.value.field == field


@pytest.mark.parametrize("report", ["preview", "signals", "sql"])
def test_reports_that_are_not_explained_name_those_that_are(context_of: ContextOf, report: str) -> None:
    """What is valid is said."""
    with pytest.raises(InvalidRequest, match="'cohort', 'funnel', 'lifecycle', 'paths', 'retention'"):
        ask(context_of([event("A", at(1))]), report=report)


def everything(answers: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The answers without how long they took."""
    return [{**answer, "meta": {**answer["meta"], "ms": 0}} for answer in answers]


def test_insertion_order_means_nothing(context_of: ContextOf) -> None:
    """The same events in another order of arrival are the same timeline."""
    rows = [event("A", at(minute // 2), page=minute + 1) for minute in range(6)]
    asked = {"report": "funnel", "request": {"steps": ["A", "A"]}}
    one, other = (ask(context_of(each), **asked) for each in (rows, rows[::-1]))
    assert everything([one]) == everything([other])
