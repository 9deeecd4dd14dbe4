"""A page of one person's raw events: first where they stand, then what they are and what they fill.

The two are asked one after the other, so that whatever is worked out of an event is worked out of a page of
them, however many the person has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from backsight.contract import EFFECTS, ELEMENTS, NODES
from backsight.engine import Files
from backsight.reports.explain.elements import selector_of
from backsight.reports.explain.facts import Facts, Test
from backsight.reports.explain.request import PersonRequest, Place, cursor
from backsight.reports.explain.who import ALWAYS, EVERY_EVENT, EVERYTHING
from backsight.reports.explain.words import moment_of
from backsight.rules.conditions import Conditions
from backsight.scan.context import Context, rfc3339
from backsight.scan.matched import Query, Scan
from backsight.scan.moments import MICROSECOND, Range
from backsight.scan.order import PLACE, instant_of
from backsight.sql import load_sql

SHOWN: Final = (
    "type", "name", "node_id", "text", "label", "href", "host", "path", "query", "title", "referrer",
    "device", "session", "duration_ms", "scroll_percent", "props", "user_agent", "watched_ms", *EFFECTS,
    "error_ms",
)  # fmt: skip
"""Columns of an event that a timeline shows."""
MAX_NAMES: Final = 200
"""Named events that are looked for in a timeline; of more, the first by name."""

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of the page."""

    place: Place
    time: datetime
    row: Mapping[str, Any]
    """Its SHOWN columns, and what was asked of it, by column."""
    names: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """A page of a person's timeline."""

    events: list[Seen]
    next: str | None
    names: list[str]
    """The named events that were looked for."""
    warnings: list[str]


def read_page(
    asked: PersonRequest, context: Context, tests: Sequence[Test], facts: Facts, bounds: Range
) -> Page:
    """A page of events that lie within bounds; `tests` say what is considered, `facts` are worked out of its
    events.
    """
    places = places_query(asked, context, tests, bounds).run(context).to_pylist()
    found = [(row["place"], row["page"], row["sequence"]) for row in places]
    more, found = len(found) > asked.limit, found[: asked.limit]
    names = sorted(context.names)[:MAX_NAMES]
    if not found:
        return Page([], None, names, [])
    query = events_query(found, context, names, facts)
    rows = {(row["place"], row["page"], row["sequence"]): row for row in query.run(context).to_pylist()}
    events = [_seen(place, rows[place], names) for place in found]
    return Page(events, cursor(found[-1]) if more else None, names, query.warnings)


def places_query(
    asked: PersonRequest, context: Context, tests: Sequence[Test], bounds: Range = ALWAYS
) -> Query:
    """Where the page's events stand, and that of one more."""
    conditions = context.conditions()
    conditions.columns |= {"time", "page", "sequence"}
    columns = [("place", PLACE), ("page", "e.page"), ("sequence", "e.sequence")]
    wanted = [test.sql(conditions) for test in tests] if asked.considered else [conditions.step(EVERYTHING)]
    every = list(dict.fromkeys(wanted)) or ["false"]
    steps = [test.step for test in tests] if asked.considered else [EVERYTHING]
    named = [(f"any_{number}", sql) for number, sql in enumerate(every, 1)]
    text = load_sql("person_places")
    text = text.replace("{some}", " or ".join(alias for alias, _ in named))
    text = text.replace("{after}", _after(asked, conditions))
    text = text.replace("{way}", "desc" if asked.order == "newest" else "asc")
    text = text.replace("{limit}", conditions.bind(asked.limit + 1))
    return Scan(context, EVERY_EVENT, conditions, columns, named, steps, bounds).query(text)


def events_query(found: Sequence[Place], context: Context, names: Sequence[str], facts: Facts) -> Query:
    """What the events are that stand there, which names they bear, and the facts."""
    conditions = context.conditions()
    conditions.columns |= {"time", "page", "sequence", *SHOWN}
    columns = [("place", PLACE), ("page", "e.page"), ("sequence", "e.sequence")]
    columns += [(name, f'e."{name}"') for name in SHOWN]
    columns += facts.columns(conditions)
    columns += [(f"named_{number}", conditions.event(name, "names")) for number, name in enumerate(names)]
    conditions.customs = {}  # the report has looked up its own; those of other names are not its fault
    moments = [moment_of(instant_of(place)) for place, _, _ in found]
    bounds = Range(min(moments), max(moments) + MICROSECOND)
    tests = [("any_event", conditions.step(EVERYTHING))]
    scan = Scan(context, EVERY_EVENT, conditions, columns, tests, [EVERYTHING], bounds)
    return scan.query(load_sql("person_events"), {"places": _places(found)})


def shown_events(page: Page, context: Context) -> list[Answer]:
    """The events as an answer has them."""
    elements = _elements({seen.row["node_id"] for seen in page.events} - {None}, context)
    return [_shown(seen, elements) for seen in page.events]


def _shown(seen: Seen, elements: Mapping[int, Answer]) -> Answer:
    row = seen.row
    element = elements.get(row["node_id"])
    if element is not None:
        element = {**element, **{name: row[name] for name in ("text", "label", "href")}}
    props = json.loads(row["props"]) if row["props"] else {}
    own = ("name", "duration_ms", "scroll_percent", "user_agent", "watched_ms", *EFFECTS, "error_ms")
    return {
        "id": cursor(seen.place),
        "time": rfc3339(seen.time),
        "type": row["type"],
        "page": {name: row[name] for name in ("host", "path", "query", "title", "referrer")},
        "element": element,
        "properties": {**{name: row[name] for name in own if row[name] is not None}, "props": props},
        "device": str(row["device"]),
        "session": None if row["session"] is None else str(row["session"]),
        "names": list(seen.names),
    }


def _elements(nodes: set[int], context: Context) -> dict[int, Answer]:
    """What the nodes are."""
    if not nodes:
        return {}
    tables = {
        "asked": pa.table({"node_id": pa.array(sorted(nodes), pa.int64())}),
        "nodes": Files(context.snapshot.files("nodes"), NODES),
        "elements": Files(context.snapshot.files("elements"), ELEMENTS),
    }
    rows = context.engine.query(load_sql("person_elements"), {}, tables).to_pylist()
    return {
        row["node_id"]: {
            "tag": row["tag"],
            "attributes": dict(row["attributes"] or ()),
            "selector": selector_of(row["tag"], dict(row["attributes"] or ())),
        }
        for row in rows
    }


def _after(asked: PersonRequest, conditions: Conditions) -> str:
    """SQL of whether an event stands after the cursor."""
    if asked.after is None:
        return "true"
    place, page, sequence = map(conditions.bind, asked.after)
    sign = "<" if asked.order == "newest" else ">"
    return (
        f"(place {sign} {place} or place = {place} and "
        f"(page {sign} {page} or page = {page} and sequence {sign} {sequence}))"
    )


def _places(found: Sequence[Place]) -> pa.Table:
    columns = zip(("place", "page", "sequence"), zip(*found, strict=True), strict=True)
    return pa.table({name: pa.array(values, pa.int64()) for name, values in columns})


def _seen(place: Place, row: Mapping[str, Any], names: Sequence[str]) -> Seen:
    borne = tuple(name for number, name in enumerate(names) if row[f"named_{number}"])
    return Seen(place, moment_of(instant_of(place[0])), row, borne)
