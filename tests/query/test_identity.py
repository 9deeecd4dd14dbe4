"""Persons from statements, against plain Python and by example."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backsight.contract import voided
from backsight.engine import Engine
from backsight.identity import TRAITS, person_sql, resolve
from query import oracles
from query.rows import event, rows_of, statement

DAY = datetime(2026, 10, 1, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return DAY + timedelta(minutes=minutes)


def who(engine: Engine, statements: list[dict[str, Any]], events: list[dict[str, Any]]) -> list[int]:
    """The person behind each event."""
    identity = resolve(rows_of("statements", statements), engine)
    expression, joins, _, _ = person_sql(identity)
    rows = engine.query(
        f"select e.sequence, {expression} as person from events as e {joins} order by e.sequence",
        tables={"events": rows_of("events", events), **identity.tables},
    )
    people: list[int] = rows["person"].to_pylist()
    return people


_lines = st.lists(
    st.builds(
        lambda kind, minute, device, user: statement(kind, at(minute), device=device, user=user),
        st.sampled_from(["identify", "observed", "traits"]),
        st.integers(0, 3),
        st.integers(1, 3),
        st.sampled_from([None, 11, 12]),
    ),
    max_size=8,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_lines, st.lists(st.integers(0, 12), max_size=5))
def test_agrees_with_plain_python(engine: Engine, said: list[dict[str, Any]], revoked: list[int]) -> None:
    """Every device and user, under any revocations and revocations of these, is the person found by hand."""
    for index in revoked:
        if index < len(said):
            said.append(statement("revoke", at(9), revokes=said[index]["statement_id"]))
    events = [
        event("A", at(5), device=device, user=user, sequence=number)
        for number, (device, user) in enumerate((d, u) for d in (1, 2, 3) for u in (None, 11, 12))
    ]
    assert who(engine, said, events) == [oracles.person_of(row, said) for row in events]


def test_the_past_of_a_device_joins_its_first_user(engine: Engine) -> None:
    """What was done before anyone was identified belongs to the first user identified on the device."""
    said = [statement("identify", at(5), device=1, user=11), statement("identify", at(9), device=1, user=12)]
    events = [
        event("A", at(0), device=1, sequence=0),
        event("A", at(6), device=1, user=11, sequence=1),
        event("A", at(9), device=1, user=12, sequence=2),
        event("A", at(9), device=2, sequence=3),
    ]
    assert who(engine, said, events) == [11, 11, 12, 2]


def test_revoking_undoes_and_revoking_that_restores(engine: Engine) -> None:
    """No statement is final: its revocation undoes it, and the revocation's own brings it back."""
    said = [statement("identify", at(5), device=1, user=11), statement("identify", at(9), device=1, user=12)]
    events = [event("A", at(0), device=1, sequence=0), event("A", at(6), device=1, user=11, sequence=1)]
    revocation = statement("revoke", at(10), revokes=said[0]["statement_id"])
    assert who(engine, [*said, revocation], events) == [12, 12]
    restored = statement("revoke", at(11), revokes=revocation["statement_id"])
    assert who(engine, [*said, revocation, restored], events) == [11, 11]


def test_a_second_statement_of_a_pair_keeps_it(engine: Engine) -> None:
    """A pair is live while some statement says so: revoking one of two changes nothing but its time."""
    said = [statement("observed", at(1), device=1, user=11), statement("identify", at(5), device=1, user=11)]
    revocation = statement("revoke", at(10), revokes=said[0]["statement_id"])
    assert who(engine, [*said, revocation], [event("A", at(0), device=1, user=11)]) == [11]


@pytest.mark.parametrize(
    ("lines", "void"),
    [
        pytest.param([], set(), id="none"),
        pytest.param([("r1", "s")], {"s"}, id="one"),
        pytest.param([("r1", "s"), ("r2", "r1")], {"r1"}, id="chain of two"),
        pytest.param([("r1", "s"), ("r2", "r1"), ("r3", "r2")], {"s", "r2"}, id="chain of three"),
        pytest.param([("r1", "s"), ("r2", "s"), ("r3", "r1")], {"s", "r1"}, id="revoked twice"),
        pytest.param([("r1", "nowhere")], {"nowhere"}, id="of what never was"),
        pytest.param([("r1", "r1")], set(), id="of itself"),
    ],
)
def test_chains_of_revocations(lines: list[tuple[str, str]], void: set[str]) -> None:
    """A line holds unless a line that holds revokes it."""
    assert voided(lines) == void


def test_a_circle_of_revocations_ends(engine: Engine) -> None:
    """Lines that revoke each other have one answer, in whatever order they are read."""
    circle = [("r1", "r2"), ("r2", "r1"), ("r2", "s")]
    assert voided(circle) == voided(circle[::-1])
    chain = [(f"r{number:05}", f"r{number - 1:05}") for number in range(1, 20_000)]
    assert len(voided(chain)) == 10_000


def test_traits_merge_in_the_order_of_time(engine: Engine) -> None:
    """Per key the last value said counts, under any of the person's devices; revoked lines say nothing."""
    said = [
        statement("traits", at(0), device=1, traits='{"plan": "trial", "city": "Graz"}'),
        statement("identify", at(5), device=1, user=11, traits='{"plan": "pro"}'),
        statement("identify", at(6), device=2, user=11),
        statement("traits", at(8), device=2, user=11, traits='{"seats": {"used": 3}}'),
        statement("traits", at(9), device=2, user=11, traits='{"plan": "oops"}'),
        statement("traits", at(9), device=3, traits='{"plan": "free"}'),
        statement("traits", at(9), user=12, traits='{"plan": "server"}'),
        statement("traits", at(9), device=3, traits='["no", "object"]'),
        statement("traits", at(9), device=4, traits='{"text": "\\ud800 <b>", "number": NaN}'),
    ]
    said.append(statement("revoke", at(10), revokes=said[4]["statement_id"]))
    identity = resolve(rows_of("statements", said[::-1]), engine)
    traits = {row["person"]: json.loads(row["traits"]) for row in identity.traits.to_pylist()}
    assert traits == {
        11: {"plan": "pro", "city": "Graz", "seats": {"used": 3}},
        3: {"plan": "free"},
        12: {"plan": "server"},
        4: {"text": "? <b>", "number": None},
    }
    found = engine.query(
        f"select json_extract_string(traits, '/plan') as plan from {TRAITS} where person = 11",
        tables={TRAITS: identity.traits},
    )
    assert found["plan"].to_pylist() == ["pro"]


def test_traits_that_are_said_once(engine: Engine) -> None:
    """They count only where nothing was said before under their names; what is said later counts as ever."""
    said = [
        statement(
            "identify", at(0), device=1, user=11, traits='{"$set_once": {"first": 1, "plan": "trial"}}'
        ),
        statement("traits", at(1), device=1, user=11, traits='{"plan": "pro", "$set_once": {"first": 2}}'),
        statement(
            "traits", at(2), device=1, user=11, traits='{"$set_once": {"plan": "free", "city": "Graz"}}'
        ),
        statement("traits", at(3), device=1, user=11, traits='{"$set_once": "nothing"}'),
    ]
    identity = resolve(rows_of("statements", said[::-1]), engine)
    (row,) = identity.traits.to_pylist()
    assert json.loads(row["traits"]) == {"first": 1, "plan": "pro", "city": "Graz"}
