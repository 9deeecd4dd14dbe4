"""The preview: what rules would match over all of history, before anything is saved.

POST /v1/events/preview
{"rules": [RULE, …]}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from backsight.contract import ELEMENTS, NODES
from backsight.engine import Files, Relation
from backsight.fields import refuse
from backsight.reports.context import Context
from backsight.reports.matched import Query, Scan, load_sql
from backsight.reports.order import PLACE
from backsight.reports.periods import CALENDAR, Periods, cover, periods_between
from backsight.reports.request import Common, Range, read_common, read_request
from backsight.rules.rule import AnyRule, parse_rules
from backsight.rules.steps import Step

FIELDS: Final = ("rules", "description")
"""`description` is taken, so that the body that saves a named event also previews it."""
MAX_ELEMENTS: Final = 20

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """A preview's request, checked."""

    step: Step
    common: Common


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
    return {
        "events": totals["events"],
        "persons": totals["persons"],
        "daily": [{"date": day, "events": by_day.get(place, 0)} for place, day in enumerate(periods.labels)],
        "elements": _described(_elements(asked, context, span).run(context)),
        "overlaps": sorted(overlaps, key=lambda each: (-each["events"], each["name"])),
        "meta": context.meta((), [*warnings, *query.warnings]),
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that answers a request, with its parameters: two statements."""
    asked = parse(request, context.now)
    span, _ = cover(asked.common.range, "day", context)
    counts = _counts(asked, context, periods_between("day", asked.common.zone, span), span)
    return f"{counts.text(context)};\n\n{_elements(asked, context, span).text(context)}"


def parse(request: Mapping[str, object], now: datetime) -> PreviewRequest:
    """The request, checked."""
    fields = read_request(request, FIELDS)
    if "rules" not in fields:
        refuse("the rules are missing.", "rules", None, "a list of rules")
    rules = parse_rules(fields["rules"], "rules")
    return PreviewRequest(Step("preview", rule=AnyRule(rules)), read_common(fields, now))


def _counts(asked: PreviewRequest, context: Context, periods: Periods, span: Range) -> Query:
    conditions = context.conditions()
    tests = [("matches", conditions.step(asked.step, "rules"))]
    asked_for = dict(conditions.customs)
    names = [
        (f"name_{index}", conditions.event(name, "names")) for index, name in enumerate(sorted(context.names))
    ]
    conditions.customs = asked_for  # another name's unknown property is not this request's fault
    columns = [("slot", periods.slot_sql()), *names]
    scan = Scan(context, asked.common, conditions, columns, tests, [asked.step], span)
    overlaps = "".join(
        f"\nunion all\nselect 'overlap', {index}, count(*) from dated where {alias}"
        for index, (alias, _) in enumerate(names)
    )
    return scan.query(
        load_sql("preview").replace("{overlaps}", overlaps).strip(), {CALENDAR: periods.calendar}
    )


def _elements(asked: PreviewRequest, context: Context, span: Range) -> Query:
    conditions = context.conditions()
    tests = [("matches", conditions.step(asked.step, "rules"))]
    conditions.columns |= {"time", "sequence", "text", "node_id"}
    columns = [("place", PLACE), ("text", "e.text"), ("node_id", "e.node_id")]
    scan = Scan(context, asked.common, conditions, columns, tests, [asked.step], span)
    tables: dict[str, Relation] = {
        name: Files(context.snapshot.files(name), schema)
        for name, schema in (("nodes", NODES), ("elements", ELEMENTS))
    }
    text = load_sql("preview_elements").replace("{limit}", conditions.bind(MAX_ELEMENTS))
    return scan.query(text.strip(), tables)


def _described(elements: pa.Table) -> list[Answer]:
    """The targets of matching events, most frequent first; an attribute whose value was withheld is null."""
    return [
        {
            "tag": row["tag"],
            "attributes": dict(row["attributes"] or ()),
            "text": row["text"],
            "count": row["events"],
        }
        for row in elements.to_pylist()
    ]
