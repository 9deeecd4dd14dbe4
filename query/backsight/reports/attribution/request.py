"""What an attribution report is asked, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from backsight.contract import MAX_NAME_CHARS, EventType
from backsight.fields import read_choice, read_string, refuse
from backsight.reports.breakdown import Breakdown, parse_breakdown
from backsight.reports.sessions import SessionRule, reach, read_session
from backsight.rules.properties import is_bare_custom
from backsight.rules.rule import Rule
from backsight.rules.steps import Step, parse_step
from backsight.scan.moments import Range, read_duration
from backsight.scan.request import Common, read_common, read_request

FIELDS: Final = (
    "conversion", "by", "touch", "touches", "lookback", "count", "per", "property", "limit", "session",
)  # fmt: skip
TOUCHES: Final = ("last", "first", "linear")
COUNTS: Final = ("every", "first")
UNITS: Final = ("event", "session")


@dataclass(frozen=True, slots=True)
class AttributionRequest:
    """An attribution report's request, checked."""

    conversion: Step
    groups: Breakdown
    touch: str
    touches: Step
    lookback: timedelta
    count: str
    per: str
    amount: str | None
    """The property whose numbers are added up."""
    session: SessionRule | None
    common: Common

    @property
    def bounds(self) -> Range:
        """What events have to lie within: conversions in the range, touches up to a lookback before it."""
        asked = self.common.range
        reached = Range(None if asked.first is None else asked.first - self.lookback, asked.end)
        return reached if self.per == "event" else reach(reached, self.session)

    @property
    def mentioned(self) -> list[Step]:
        """Every step of the request."""
        return [self.conversion, self.touches, *(self.session.steps if self.session else ())]


def parse(request: Mapping[str, object], now: datetime) -> AttributionRequest:
    """The request, checked."""
    fields = read_request(request, FIELDS)
    if "conversion" not in fields:
        refuse("the step is missing.", "conversion", None, "a named event, or a rule")
    groups = _parse_groups(fields)
    of = fields.get("property")
    return AttributionRequest(
        parse_step(fields["conversion"], "conversion"),
        groups,
        read_choice(fields.get("touch", "last"), "touch", TOUCHES),
        parse_step(fields["touches"], "touches") if "touches" in fields else _arrivals(groups.by),
        read_duration(fields.get("lookback", "30d"), "lookback"),
        read_choice(fields.get("count", "every"), "count", COUNTS),
        _parse_unit(fields),
        None if of is None else read_string(of, "property", MAX_NAME_CHARS),
        read_session(fields),
        read_common(fields, now),
    )


def _parse_groups(fields: Mapping[str, object]) -> Breakdown:
    groups = parse_breakdown({key: fields[key] for key in ("by", "limit") if key in fields}, "")
    for index, name in enumerate(groups.by):
        if name.startswith("person."):
            refuse("a trait is no touch.", f"by[{index}]", name, "a property of the raw event")
    return groups


def _arrivals(by: tuple[str, ...]) -> Step:
    """The touches where none are named: pageviews, and what code tracked where only that has the property."""
    custom = any(name.startswith("props.") or is_bare_custom(name) for name in by)
    kinds = (EventType.PAGEVIEW, EventType.TRACK) if custom else (EventType.PAGEVIEW,)
    return Step("touch", rule=Rule(on=kinds))


def _parse_unit(fields: Mapping[str, object]) -> str:
    per = read_choice(fields.get("per", "session" if "session" in fields else "event"), "per", UNITS)
    if per == "event" and "session" in fields:
        refuse("sessions make no difference where every event is a touch.", "session", fields["session"],
               "'per': 'session', or no 'session'")  # fmt: skip
    return per
