"""Each reason that an explanation can give, by example."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backsight.reports import explain
from query.conftest import ContextOf
from query.rows import Row, event

DAY = datetime(2026, 10, 1, 12, tzinfo=UTC)
AB: dict[str, Any] = {"steps": ["A", "B"]}
EXCLUDING = AB | {"exclude": [{"event": "C"}]}
HOLDING = AB | {"hold": ["path"]}
RETURNS = {"start": "A", "return": "B", "from": "2026-10-01", "to": "2026-10-05", "periods": 3}
SUM = {"series": [{"event": "A", "measure": "sum", "property": "props.n"}]}
WAYS: dict[str, Any] = {"nodes": ["A", "B", "C"]}
OWED = {"conversion": "A", "by": ["path"], "touches": "B"}
HOUR, DAYS = 60, 1_440

EXAMPLES: list[tuple[str, dict[str, Any], str, int, str]] = [
    ("funnel", AB, "A0 B1", 1, "step"),
    ("funnel", AB | {"order": "any"}, "B0 A1", 0, "done"),
    ("funnel", AB, "B0 A1", 0, "step_not_reached"),
    ("funnel", AB | {"window": "1m"}, "A0 B2", 1, "after_window"),
    ("funnel", AB | {"to": "2026-10-01T12:01:00Z"}, "A0 A2", 1, "starts_after_range"),
    ("funnel", AB | {"order": "strict"}, "A0 C1 B2", 2, "named_between"),
    ("funnel", AB | {"order": "strict"}, "A0 C1 B2", 1, "named"),
    ("funnel", EXCLUDING, "A0 C1 B2", 2, "excluded"),
    ("funnel", EXCLUDING | {"entry": "first"}, "A0 C1 B2", 0, "excluded"),
    ("funnel", EXCLUDING, "A0 C1 B2", 1, "exclusion"),
    ("funnel", EXCLUDING | {"exclude_mode": "person"}, "A0 C1 A2 B3", 3, "removed"),
    ("funnel", AB | {"window": "1m"}, "A0 A2 B3", 0, "another_further"),
    ("funnel", AB, "A0 B1 B2", 2, "another_sooner"),
    ("funnel", AB, "A0 A1 B2", 0, "later_leads_there"),
    ("funnel", AB | {"order": "any"}, "A0 B1 B2", 2, "another_counts"),
    ("funnel", HOLDING, "A0/x A1/y B2/y", 0, "other_value"),
    ("funnel", AB | {"entry": "first"}, "A0 A1 B2", 1, "not_first_start"),
    ("funnel", AB | {"count": "totals"}, "A0 A1 B2", 1, "not_first_start"),
    ("funnel", AB | {"entry": "first"}, "A0 B1 B2", 2, "earliest_counts"),
    ("funnel", {"steps": [{"event": "A", "first_ever": True}]}, "A0 A1", 1, "not_first_ever"),
    ("funnel", AB | {"count": "sessions"}, "A0", 0, "no_session"),
    ("funnel", HOLDING, "A0", 0, "no_held_value"),
    ("retention", RETURNS, "A0 B1", 0, "start"),
    ("retention", RETURNS, "A0 B1", 1, "returned"),
    ("retention", RETURNS, "B1", 0, "no_start"),
    ("retention", RETURNS, "B0 A1", 0, "before_start"),
    ("retention", RETURNS | {"return": "A"}, "A0", 0, "start"),
    ("retention", RETURNS, f"A0 B{4 * DAYS}", 1, "after_periods"),
    ("retention", RETURNS | {"minimum": 2}, "A0 B1", 1, "too_few"),
    ("retention", RETURNS | {"returned": "streak"}, f"A0 B{2 * DAYS}", 1, "streak_broken"),
    ("retention", RETURNS, "A0 A1", 1, "not_first_start"),
    ("retention", RETURNS, f"A0 A{6 * DAYS}", 1, "starts_outside"),
    ("retention", RETURNS | {"cohort": "first_ever"}, f"A-{2 * DAYS} A1", 1, "not_first_start"),
    ("trend", {"series": ["A"]}, "A0", 0, "series"),
    ("trend", SUM, "A0=x", 0, "no_number"),
    ("trend", SUM, "A0", 0, "no_value"),
    ("trend", {"series": [{"event": "A", "measure": "sessions"}]}, "A0", 0, "no_session"),
    ("trend", {"series": ["A", {"event": "B", "measure": "active_persons", "over": "7d"}],
               "from": "2026-10-02"}, "A0", 0, "before_range"),
    ("lifecycle", {"event": "A"}, "A0", 0, "period"),
    ("lifecycle", {"event": "A", "from": "2026-10-02"}, "A0", 0, "before_range"),
    ("stickiness", {"event": "A"}, "A0", 0, "period"),
    ("paths", WAYS, "A0@1 B1@1", 1, "node"),
    ("paths", WAYS | {"exclude": ["B"]}, "A0@1 B1@1", 1, "excluded"),
    ("paths", WAYS, "A0@1 A1@1", 1, "repeat"),
    ("paths", WAYS | {"steps": 2}, "A0@1 B1@1 C2@1", 2, "beyond_steps"),
    ("paths", WAYS | {"start": "C"}, "A0@1 B1@1", 1, "no_mark"),
    ("paths", WAYS | {"start": "B"}, "A0@1 B1@1", 0, "outside_path"),
    ("paths", WAYS | {"end": "A"}, "A0@1 B1@1", 1, "outside_path"),
    ("paths", WAYS | {"from": "2026-10-01T12:01:00Z"}, "A0@1 B1@1", 1, "outside_range"),
    ("paths", {"nodes": [{"event": "A", "each": "path"}]}, "A0@1", 0, "no_value"),
    ("paths", WAYS, "A0", 0, "no_session"),
    ("attribution", OWED, "B0/x A1", 1, "conversion"),
    ("attribution", OWED, "B0/x A1", 0, "credited"),
    ("attribution", OWED, "B0 A1", 0, "no_property"),
    ("attribution", OWED, "A0 B1/x", 1, "no_conversion"),
    ("attribution", OWED | {"lookback": "1h"}, f"B0/x A{2 * HOUR}", 0, "before_lookback"),
    ("attribution", OWED, "B0/x B1/x A2", 0, "outdone"),
    ("attribution", OWED | {"touch": "first"}, "B0/x B1/x A2", 1, "outdone"),
    ("attribution", OWED | {"per": "session"}, "B0/x@1 B1/x@1 A2@1", 1, "same_session"),
    ("attribution", OWED | {"from": "2026-10-01T12:01:00Z"}, "A0", 0, "outside_range"),
    ("attribution", OWED | {"count": "first"}, "A0 A1", 1, "not_first"),
    ("cohort", {"person_where": [{"did": "A"}]}, "A0", 0, "condition"),
    ("cohort", {"person_where": [{"did": "A", "from": "2026-10-02"}]}, "A0", 0, "outside_range"),
]  # fmt: skip
"""Report, request, events (name, minute, /path, @session, =n), which of them, and its reason."""

GENERAL = {"before_range", "after_range", "person_where", "where", "no_step", "near_step", "not_examined"}
"""Held in test_person_timeline.py."""


def rows(text: str) -> list[Row]:
    """The events that a text stands for."""
    found = []
    for word in text.split():
        name, minute, path, session, n = re.fullmatch(
            r"([A-Z])(-?\d+)(/\w+)?(?:@(\d))?(?:=(\w+))?", word
        ).groups()  # type: ignore[union-attr]
        found.append(
            event(name, DAY + timedelta(minutes=int(minute)), path=path, session=session and int(session),
                  props=n and f'{{"n": "{n}"}}')
        )  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("report", "request_", "events", "number", "reason"),
    EXAMPLES,
    ids=[f"{report}: {events} {reason}" for report, _, events, _, reason in EXAMPLES],
)
def test_each_reason(
    context_of: ContextOf, report: str, request_: dict[str, Any], events: str, number: int, reason: str
) -> None:
    """Of this event in this report, that is why."""
    asked = {"person": "1", "report": report, "request": request_, "order": "oldest"}
    answer = explain.run(asked, context_of(rows(events)))
    assert answer["events"][number]["outcome"]["reason"] == reason


def test_every_reason_has_an_example() -> None:
    """No code is given that nothing reaches."""
    modules: Sequence[Path] = list(Path(explain.__file__).parent.glob("*.py"))
    text = "\n".join(path.read_text() for path in modules)
    codes = set(re.findall(r"(?:passed_over|ignored|chosen)\(\s*\"(\w+)\"", text))
    assert codes - GENERAL - {reason for *_, reason in EXAMPLES} == set()
