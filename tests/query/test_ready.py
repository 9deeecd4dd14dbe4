"""Ready-made rules: of which clicks they hold, and of which they do not."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import backsight as bs
from backsight.cli import main
from backsight.contract import WATCHED_MS
from backsight.errors import InvalidRequest
from backsight.reports import preview
from backsight.rules.rule import parse_rule, rule_to_json
from query.conftest import ContextOf
from query.rows import event
from query.test_preview import element, node

DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)
TAGS: list[tuple[str, dict[str, str | None]]] = [
    ("button", {}), ("a", {"href": "/next"}), ("summary", {}), ("input", {"type": "SUBMIT"}),
    ("input", {"type": "checkbox"}), ("div", {"role": "Button"}), ("li", {"role": "menuitem"}),
    ("input", {"type": "text"}), ("input", {}), ("textarea", {}), ("div", {"contenteditable": "true"}),
    ("select", {}), ("input", {"type": "file"}), ("input", {"type": "radio"}), ("a", {"name": "top"}),
    ("a", {"href": "/list.csv", "download": ""}), ("a", {"href": "mailto:a@b.example"}), ("p", {}),
    ("label", {}),
]  # fmt: skip
ANSWERING = range(7)
"""Those of the TAGS of which a click should do something."""
NODES = [node(number + 1, None, number + 1) for number in range(len(TAGS))]
ELEMENTS = [element(number + 1, tag, **attributes) for number, (tag, attributes) in enumerate(TAGS)]


def found(context_of: ContextOf, rule: dict[str, Any], *facts: dict[str, Any]) -> list[int]:
    """By places, the clicks of which the rule holds."""
    rows = [
        event("", DAY, **{"type": "click", "name": None, "node_id": 1, "sequence": place, "x": place} | each)
        for place, each in enumerate(facts)
    ]
    context = context_of(rows, nodes=NODES, elements=ELEMENTS)

    def holds(place: int) -> bool:
        own = {"property": "x", "op": "is", "value": place}
        asked = rule | {"where": [*rule.get("where", ()), own]}
        return bool(preview.run({"rules": [asked]}, context)["events"])

    return [place for place in range(len(facts)) if holds(place)]


def test_a_dead_click_had_no_effect_while_it_was_watched(context_of: ContextOf) -> None:
    """Watched to the end and nothing seen; any effect, a shorter watch or none at all make it another."""
    watched = {"watched_ms": 2_500}
    dead = [watched, watched | {"error_ms": 3}]
    alive = [
        *(watched | {effect: 2_499} for effect in ("dom_ms", "navigation_ms", "scroll_ms", "focus_ms")),
        watched | {"dom_ms": 0},
        {"watched_ms": 2_499},
        {},
        watched | {"type": "submit"},
    ]
    assert found(context_of, bs.ready.dead_click(after="2.5s"), *dead, *alive) == [0, 1]


def test_an_effect_that_came_too_late_is_none(context_of: ContextOf) -> None:
    """With a limit of its own, a click is dead whose first effect followed after it."""
    facts = [
        {"watched_ms": 1_000},
        {"watched_ms": 2_500, "dom_ms": 1_001, "focus_ms": 2_000},
        {"watched_ms": 1_200, "navigation_ms": 1_200},
        {"watched_ms": 2_500, "dom_ms": 1_000},
        {"watched_ms": 2_500, "dom_ms": 1_400, "scroll_ms": 12},
        {"watched_ms": 999},
    ]
    assert found(context_of, bs.ready.dead_click(), *facts) == [0, 1, 2]


def test_only_what_should_answer_can_be_dead(context_of: ContextOf) -> None:
    """Buttons, links and the like; no field for typing, and nothing whose effect no page sees."""
    facts = [{"node_id": number + 1, "watched_ms": 2_500} for number in range(len(TAGS))]
    assert found(context_of, bs.ready.dead_click(), *facts) == list(ANSWERING)


def test_an_error_click_is_followed_by_an_error(context_of: ContextOf) -> None:
    """Within the time; on any element, whatever else came of it."""
    facts = [{"error_ms": 1_000, "dom_ms": 5, "node_id": 18}, {"error_ms": 1_001}, {"dom_ms": 3}, {}]
    assert found(context_of, bs.ready.error_click(), *facts) == [0]
    assert found(context_of, bs.ready.error_click(within="1001ms"), *facts) == [0, 1]
    assert found(context_of, bs.ready.error_click(), {"error_ms": 3, "type": "change"}) == []


def test_a_rage_click_is_a_burst() -> None:
    """The rule as it is written by hand."""
    assert bs.ready.rage_click() == {"on": "click", "rage": {"clicks": 3, "within": "1s", "radius": 30}}
    assert bs.ready.rage_click(5, "2.5s", 10)["rage"] == {"clicks": 5, "within": "2.5s", "radius": 10}


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: bs.ready.rage_click(clicks=1), "clicks"),
        (lambda: bs.ready.rage_click(within="soon"), "within"),
        (lambda: bs.ready.rage_click(radius=-1), "radius"),
        (lambda: bs.ready.dead_click(after="2.501s"), "after"),
        (lambda: bs.ready.dead_click(after=1), "after"),  # type: ignore[arg-type]
        (lambda: bs.ready.error_click(within="3s"), "within"),
    ],
)
def test_what_can_never_hold_is_refused_by_name(make: Any, field: str) -> None:
    """Nothing is watched for longer than the snippet watches clicks."""
    with pytest.raises(InvalidRequest) as refused:
        make()
    assert refused.value.field == field


def test_the_snippet_watches_for_as_long() -> None:
    """The number that rules are held against is the snippet's own."""
    source = (Path(__file__).parents[2] / "snippet" / "src" / "watch.ts").read_text()
    spelt = re.search(r"const WATCH_MS = ([0-9_]+);", source)
    assert spelt
    assert int(spelt[1]) == WATCHED_MS


def test_every_ready_made_rule_is_listed_and_is_a_rule() -> None:
    """By name, with what it says of itself; in the form in which rules are kept."""
    listed = bs.ready.ready_rules()
    assert [each["name"] for each in listed] == ["rage_click", "dead_click", "error_click"]
    for each in listed:
        assert rule_to_json(parse_rule(each["rule"])) == parse_json(each["rule"])
        assert getattr(bs.ready, str(each["name"]))() == each["rule"]
    printed = CliRunner().invoke(main, ["events", "ready", "--json"])
    assert json.loads(printed.stdout) == listed
    assert "dead_click   A button" in CliRunner().invoke(main, ["events", "ready"]).stdout


def parse_json(value: object) -> object:
    """As it comes out of JSON."""
    return json.loads(json.dumps(value))
