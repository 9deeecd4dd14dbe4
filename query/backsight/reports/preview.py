"""The preview: what rules would match over all of history, before anything is saved.

POST /v1/events/preview
{"rules": [RULE, …], "against": [RULE, …]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backsight.engine import Files
from backsight.fields import refuse
from backsight.reports.overlaps import KIND, Overlap, overlaps_sql
from backsight.reports.spread import Spread, latest_days
from backsight.reports.targets import COLUMNS, Targets
from backsight.rules.rule import AnyRule, parse_rules
from backsight.rules.steps import Step
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.periods import CALENDAR, Periods, cover, periods_between
from backsight.scan.request import Common, Range, read_common, read_request
from backsight.sql import load_sql

FIELDS: Final = ("rules", "description", "against")
"""`description` is taken, so that the body that saves a named event also previews it."""

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """A preview's request, checked."""

    step: Step
    common: Common
    against: Step | None
    """What stands so far, with which the rules are compared."""


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    span, warnings = cover(asked.common.range, "day", context)
    periods = periods_between("day", asked.common.zone, span)
    query = _counts(asked, context, periods, span)
    rows = query.run(context).to_pylist()
    totals = {row["figure"]: row["value"] for row in rows if row["key"] is None}
    by_day = {
        row["key"]: row["value"] for row in rows if row["figure"] == "events" and row["key"] is not None
    }
    names = sorted(context.names)
    counted = ((names[row["key"]], row["value"]) for row in rows if row["figure"] == "overlap")
    overlaps = [{"name": name, "events": events} for name, events in counted if events]
    first = latest_days(by_day, periods, context)
    latest = Range(max(span.closed[0], periods.edges[first]), span.end)
    return {
        "events": totals["events"],
        "persons": totals["persons"],
        "daily": [{"date": day, "events": by_day.get(place, 0)} for place, day in enumerate(periods.labels)],
        **Spread(asked.step, asked.common, latest, context).answer(periods.labels[first]),
        "elements": _targets(asked, context, span, query).rows(),
        "overlaps": sorted(overlaps, key=lambda each: (-each["events"], each["name"])),
        "difference": None if asked.against is None else _difference(totals),
        "meta": context.meta((), [*warnings, *query.warnings]),
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that answers a request, with its parameters: three statements."""
    asked = parse(request, context.now)
    span, _ = cover(asked.common.range, "day", context)
    counts = _counts(asked, context, periods_between("day", asked.common.zone, span), span)
    spread = Spread(asked.step, asked.common, span, context).query()
    targets = _targets(asked, context, span, counts)
    return ";\n\n".join([counts.text(context), spread.text(context), targets.text()])


def parse(request: Mapping[str, object], now: datetime) -> PreviewRequest:
    """The request, checked."""
    fields = read_request(request, FIELDS)
    if "rules" not in fields:
        refuse("the rules are missing.", "rules", None, "a list of rules")
    step = Step("preview", rule=AnyRule(parse_rules(fields["rules"], "rules")))
    against = None
    if "against" in fields:
        against = Step("against", rule=AnyRule(parse_rules(fields["against"], "against")))
    return PreviewRequest(step, read_common(fields, now), against)


def _counts(asked: PreviewRequest, context: Context, periods: Periods, span: Range) -> Query:
    conditions = context.conditions()
    tests, steps = [("matches", conditions.step(asked.step, "rules"))], [asked.step]
    asked_for = dict(conditions.customs)
    if asked.against is not None:
        tests.append(("stood", conditions.step(asked.against, "against")))
        steps.append(asked.against)
    names = [Overlap.of(number, name, conditions) for number, name in enumerate(sorted(context.names))]
    conditions.columns |= COLUMNS
    conditions.customs = asked_for  # an unknown property in what stands is not this request's fault
    columns = [("slot", periods.slot_sql()), *((name.alias, name.test) for name in names if not name.by_kind)]
    text = load_sql("preview")
    if any(name.by_kind for name in names):
        conditions.columns |= KIND
        columns += [(column, f"e.{column}") for column in sorted(KIND)]
        text = text.replace("{kinds}", f",\n{load_sql('preview_kinds').strip()}")
    if asked.against is not None:
        text = f"{text.strip()}\n{load_sql('preview_difference')}"
    scan = Scan(context, asked.common, conditions, columns, tests, steps, span)
    text = text.replace("{kinds}", "").replace("{overlaps}", overlaps_sql(names))
    return scan.query(text.strip(), {CALENDAR: periods.calendar})


def _difference(totals: Mapping[str, int]) -> Answer:
    """What the rules match and those that stand do not, and the reverse."""
    return {
        side: {"events": totals[side], "persons": totals[f"{side}_persons"]} for side in ("gained", "lost")
    }


def _targets(asked: PreviewRequest, context: Context, span: Range, counts: Query) -> Targets:
    events = counts.tables["events"]
    beside = events.schema.names if isinstance(events, Files) else ()
    return Targets(asked.step, asked.common, span, context, beside)
