"""The properties that a question may name: what they are, how often they are there, what they hold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import backsight as bs
from backsight.contract import COLUMN_PROPERTIES, DERIVED_PROPERTIES
from backsight.questions import Questions
from backsight.reports import properties, trend
from backsight.results import Properties
from query.conftest import ContextOf
from query.rows import event, statement
from shop_site import secret_key, served, write_data

T0 = datetime(2026, 10, 5, tzinfo=UTC)
VALUES = st.sampled_from(["a", "b", "<b>", -1, 0, 1, True, False, None, [1], {"x": 1}])
PROPS = st.none() | st.dictionaries(
    st.sampled_from(["plan", "total", "path", "person.x", "a b"]), VALUES, max_size=3
)
KINDS = {bool: "boolean", int: "number", str: "text", list: "list", dict: "object"}


def expected(name: str, found: list[Any], of: int) -> dict[str, Any]:
    """What is told of a property with these values, counted one by one."""
    kinds = {KINDS[type(value)] for value in found}
    plain = Counter((KINDS[type(value)], value) for value in found if isinstance(value, str | int))
    ranked = sorted(plain.items(), key=lambda each: (-each[1], each[0][0], str(each[0][1])))
    kind = None if not kinds else kinds.pop() if len(kinds) == 1 else "mixed"
    return {"name": name, "kind": "custom", "type": kind, "count": len(found), "of": of,
            "values": [value for (_, value), _ in ranked[:5]]}  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(PROPS, max_size=12), sample=st.integers(1, 14))
def test_custom_ones(context_of: ContextOf, events: list[dict[str, Any] | None], sample: int) -> None:
    """Types, counts and values are those of the newest events that have any, whatever they hold."""
    rows = [
        event("A", T0 + timedelta(hours=number), props=None if props is None else json.dumps(props))
        for number, props in enumerate(events)
    ]
    told = properties.run({"sample": sample}, context_of(rows))["properties"]
    newest = [props for props in reversed(events) if props is not None][:sample]
    names = sorted({name for props in newest for name, value in props.items() if value is not None})
    shown = {"path": "props.path", "person.x": "props.person.x"}
    assert [each for each in told if each["kind"] == "custom"] == [
        expected(shown.get(name, name), [p[name] for p in newest if p.get(name) is not None], len(newest))
        for name in names
    ]


def test_of_every_event(context_of: ContextOf) -> None:
    """Columns and what is derived from them are all told, in events that have them, the newest only."""
    rows = [
        event("Old", T0, path="/old", x=1),
        event("A", T0 + timedelta(1), path="/a", x=7, query="utm_source=mail"),
        event("A", T0 + timedelta(2), path="/a"),
        event("B", T0 + timedelta(3), path="/b"),
    ]
    told = {each["name"]: each for each in properties.run({"sample": 3}, context_of(rows))["properties"]}
    assert list(told) == [*COLUMN_PROPERTIES, *DERIVED_PROPERTIES]
    assert told["path"] == {"name": "path", "kind": "captured", "type": "text", "count": 3, "of": 3,
                            "values": ["/a", "/b"]}  # fmt: skip
    assert (told["x"]["type"], told["x"]["count"], told["x"]["values"]) == ("number", 1, [7])
    assert (told["utm_source"]["kind"], told["utm_source"]["values"]) == ("derived", ["mail"])
    assert (told["bot"]["type"], told["bot"]["values"]) == ("boolean", [False])
    assert (told["label"]["type"], told["label"]["count"]) == (None, 0)


def test_traits(context_of: ContextOf) -> None:
    """Of persons it is counted who has one; they are named as questions name them."""
    said = [
        statement("traits", T0, device=1, device_id="d1", traits='{"plan": "pro", "seats": 3}'),
        statement("traits", T0, device=2, device_id="d2", traits='{"plan": "free"}'),
        statement("traits", T0 + timedelta(1), device=2, device_id="d2", traits='{"plan": "pro"}'),
    ]
    told = properties.run({}, context_of([event("A", T0)], said))["properties"]
    assert [each for each in told if each["kind"] == "trait"] == [
        {"name": "person.plan", "kind": "trait", "type": "text", "count": 2, "of": 2, "values": ["pro"]},
        {"name": "person.seats", "kind": "trait", "type": "number", "count": 1, "of": 2, "values": [3]},
    ]


def test_nothing_captured_yet(context_of: ContextOf) -> None:
    """Then nothing is ever there, and the names are told all the same."""
    told = properties.run({}, context_of())["properties"]
    assert len(told) == len(COLUMN_PROPERTIES) + len(DERIVED_PROPERTIES)
    assert {(each["count"], each["of"]) for each in told} == {(0, 0)}
    assert "Never there: type, name" in repr(Properties({"properties": told, "meta": {}}, str))


def test_long_texts_are_cut(context_of: ContextOf) -> None:
    """A value is an example, and no place to carry megabytes."""
    told = properties.run({}, context_of([event("A", T0, props=json.dumps({"a": "x" * 9_000}))]))
    assert told["properties"][0]["values"] == ["x" * 200]


def test_values_stay_text(context_of: ContextOf) -> None:
    """What the web says is text in the table, and in the chart's data."""
    answer = properties.run({}, context_of([event("A", T0, props='{"<i>": "<script>x</script>"}')]))
    result = Properties(answer, str)
    assert "<script>" not in result._repr_html_()
    assert "<i>" not in result._repr_html_()
    assert "&lt;script&gt;" in result._repr_html_()
    assert result.spec()["data"]["values"][0]["name"] == "<i>"


# ── Over both doors ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module", params=["open", "connect"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Questions]:
    """The shop, in place and over HTTP."""
    folder: Path = tmp_path_factory.mktemp("properties")
    write_data(folder)
    with bs.open(folder) as local:
        local.define("Signed up", css="form#signup", on="submit")
        local.define("Viewed pricing", on="pageview", page="/pricing")
        if request.param == "open":
            yield local
            return
    with served(folder) as url, bs.connect(url, secret_key(folder, "read")) as remote:
        yield remote


def test_they_show_themselves(site: Questions) -> None:
    """`site.properties` is their table, `[…]` one of them, and called it is the result."""
    assert repr(site.properties) == repr(site.properties())
    assert "Order Completed" in site.properties._repr_mimebundle_()["text/html"]
    assert site.properties["total"]["values"] == [12.5]
    assert site.properties(sample=1).to_polars().filter(name="path")["values"].to_list() == ['["/thanks"]']
    with pytest.raises(bs.NotFound, match="did you mean 'total'"):
        site.properties["totla"]
    with pytest.raises(bs.InvalidRequest, match="sample: 0 is out of range"):
        site.properties(sample=0)


OCTOBER: dict[str, Any] = {"from_": "2026-10-01", "to": "2026-10-31"}


def test_events_by_name(site: Questions) -> None:
    """`site["…"]` is a named event; the site knows which there are, and which there are not."""
    assert site["Signed up"] == site.event("Signed up")
    assert (list(site), "Signed up" in site, "Signd up" in site) == (
        ["Signed up", "Viewed pricing"],
        True,
        False,
    )
    with pytest.raises(bs.NotFound, match="did you mean 'Signed up'"):
        site["Signd up"]


def test_a_named_event_is_a_step(site: Questions) -> None:
    """Wherever a step may stand, the event itself may, and means its name."""
    signed, viewed = site["Signed up"], site["Viewed pricing"]
    by_event = [
        site.funnel([viewed, {"event": signed}], count="sessions", session={"starts": viewed}, **OCTOBER),
        site.funnel([viewed, signed], exclude=signed, **OCTOBER),
        site.funnel([viewed, signed], exclude=[{"event": signed, "after": 1}], **OCTOBER),
        site.retention(viewed, signed, **OCTOBER),
        site.trend(signed, **OCTOBER),
        site.trend([signed, {"event": signed, "measure": "persons"}], **OCTOBER),
        site.lifecycle(signed, **OCTOBER),
        site.stickiness(signed, **OCTOBER),
        site.paths(viewed, nodes=[signed], exclude=signed, **OCTOBER),
        site.attribution(signed, "path", touches=viewed, **OCTOBER),
        site.preview_cohort({"did": signed}),
    ]
    name, other = "Signed up", "Viewed pricing"
    by_name = [
        site.funnel([other, {"event": name}], count="sessions", session={"starts": other}, **OCTOBER),
        site.funnel([other, name], exclude=name, **OCTOBER),
        site.funnel([other, name], exclude=[{"event": name, "after": 1}], **OCTOBER),
        site.retention(other, name, **OCTOBER),
        site.trend(name, **OCTOBER),
        site.trend([name, {"event": name, "measure": "persons"}], **OCTOBER),
        site.lifecycle(name, **OCTOBER),
        site.stickiness(name, **OCTOBER),
        site.paths(other, nodes=[name], exclude=name, **OCTOBER),
        site.attribution(name, "path", touches=other, **OCTOBER),
        site.preview_cohort({"did": name}),
    ]
    for one, same in zip(by_event, by_name, strict=True):
        assert one.to_arrow().to_pylist() == same.to_arrow().to_pylist(), one.report
        assert one.again().to_arrow().to_pylist() == same.to_arrow().to_pylist()
    assert by_event[4].answer["series"][0]["total"] == 4


def test_a_trait_that_nobody_has(site: Questions) -> None:
    """It matches nobody, which may be meant: the answer warns, wherever it was named."""
    told = "Nobody has a trait 'plan'; none exist yet."
    plan = {"property": "plan", "op": "is", "value": "pro"}
    for answer in (
        site.trend("Signed up", breakdown="person.plan", **OCTOBER),
        site.funnel(["Signed up"], person_where=plan, **OCTOBER),
        site.retention("Signed up", "Signed up", person_where=plan, **OCTOBER),
        site.preview_cohort(plan),
    ):
        assert answer.meta["warnings"] == [told], answer.report


def test_the_nearest_trait_is_named(context_of: ContextOf) -> None:
    """A slip of the pen is told from what is not there."""
    said = [statement("traits", T0, device=1, device_id="d1", traits='{"plan": "pro", "at": {"work": 1}}')]
    context = context_of([event("A", T0)], said)
    request = {"series": ["A"], "interval": "all", "breakdown": {"by": ["person.plam"]}}
    assert trend.run(request, context)["meta"]["warnings"] == [
        "Nobody has a trait 'plam'; did you mean 'plan'."
    ]
    for name in ("person.plan", "person.at.work"):
        request["breakdown"] = {"by": [name]}
        assert trend.run(request, context)["meta"]["warnings"] == []
