"""A custom property that no event has is refused by its bare name, and taken at its word as `props.NAME`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from backsight.errors import InvalidRequest
from backsight.reports import funnel, preview
from backsight.rules.rule import parse_rules
from query.rows import event

EVENTS = [
    event("Paid", datetime(2026, 10, 1, tzinfo=UTC), props='{"plan": "pro", "cart": {"size": 3}}'),
    event("Seen", datetime(2026, 10, 2, tzinfo=UTC)),
]


def asked(property_: str, **fields: Any) -> dict[str, Any]:
    return {"steps": [{"on": "any", "where": [{"property": property_, "op": "is_set"}]}], **fields}


@pytest.mark.parametrize(
    ("name", "persons"), [("plan", 1), ("cart.size", 1), ("props.paln", 0), ("browser", 0)]
)
def test_captured_and_forced_properties_are_asked(context_of: Any, name: str, persons: int) -> None:
    """A property that some event has, at any depth, one that says `props.`, and ours: all can be asked."""
    assert funnel.run(asked(name), context_of(EVENTS))["steps"][0]["count"] == persons


@pytest.mark.parametrize(("name", "suggested"), [("paln", "'plan'"), ("browserr", "'browser'")])
def test_unknown_property_is_refused_with_the_nearest(context_of: Any, name: str, suggested: str) -> None:
    """A name that no event has is an error that names the field, the value and what it may have meant."""
    with pytest.raises(InvalidRequest) as refused:
        funnel.run(asked(name), context_of(EVENTS))
    assert refused.value.field.startswith("steps[0]")
    assert refused.value.value == name
    assert suggested in str(refused.value)
    assert f"'props.{name}'" in str(refused.value)


def test_unknown_property_in_where_is_refused_too(context_of: Any) -> None:
    """What filters the whole report is checked as its steps are."""
    request = {"steps": [{"on": "any"}], "where": [{"property": "paln", "op": "is", "value": 1}]}
    with pytest.raises(InvalidRequest, match=r"^where"):
        funnel.run(request, context_of(EVENTS))


def test_what_was_captured_once_is_not_looked_for_again(context_of: Any) -> None:
    """A property's name is remembered by the context's owner, and then costs no second look."""
    context = context_of(EVENTS)
    funnel.run(asked("plan"), context)
    assert context.captured == {"plan"}


def test_another_names_unknown_property_does_not_hinder_a_preview(context_of: Any) -> None:
    """A preview counts overlaps with names whose rules ask for something that was never captured."""
    rules = parse_rules([{"on": "any", "where": [{"property": "never", "op": "is", "value": 1}]}])
    answer = preview.run({"rules": [{"on": "track"}]}, context_of(EVENTS, names={"Odd": rules}))
    assert answer["events"] == 2


def test_what_stands_may_ask_for_what_was_never_captured(context_of: Any) -> None:
    """A name that never held can be compared with what would take its place; a rule of one's own must be."""
    stood = [{"on": "any", "where": [{"property": "never", "op": "is", "value": 1}]}]
    answer = preview.run({"rules": [{"on": "track"}], "against": stood}, context_of(EVENTS))
    assert answer["difference"]["gained"]["events"] == 2
    with pytest.raises(InvalidRequest, match="no event has a property 'never'"):
        preview.run({"rules": stood, "against": [{"on": "track"}]}, context_of(EVENTS))
