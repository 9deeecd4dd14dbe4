"""The properties that a question may name: those of every event, custom ones and traits, with what they hold.

They are looked up in the newest events, so many of them; and custom ones in as many events that have any.

GET /v1/properties?sample=20000
{"sample": 20000}
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from backsight.contract import COLUMN_PROPERTIES, DERIVED_PROPERTIES, EVENTS
from backsight.engine import Files
from backsight.fields import read_object, read_whole
from backsight.rules.properties import Kind, Property, find_property, is_bare_custom
from backsight.scan.context import Context
from backsight.scan.matched import Query
from backsight.sql import load_sql

SAMPLE: Final = 20_000
MOST_SAMPLE: Final = 200_000
MOST_NAMES: Final = 1_000
"""Most custom properties, and most traits, that are told: the most used."""
MOST_VALUES: Final = 5
MOST_CHARS: Final = 200
"""Of a text that is told as a value."""
HAVING_PROPS: Final = " and e.props is not null"
TYPES: Final[tuple[tuple[type, str], ...]] = (
    (bool, "boolean"), (int, "number"), (float, "number"), (str, "text"), (list, "list"), (dict, "object"),
)  # fmt: skip
"""Of JSON values; a bool is an int, too."""

Answer = dict[str, Any]


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    sample = parse(request)
    return {
        "properties": [*_custom(sample, context), *_traits(sample, context), *_of_events(sample, context)],
        "meta": context.meta(),
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that takes both samples, with its parameters."""
    sample = parse(request)
    return ";\n\n".join(
        _query(columns, having, f"({_since(sample, having, context).sql})", sample, context).text(context)
        for columns, having in ((_columns(), ""), ({"props": "e.props"}, HAVING_PROPS))
    )


def parse(request: Mapping[str, object]) -> int:
    """The request, checked: how many events are looked at."""
    given = read_object(request, "", ("sample",)).get("sample")
    return SAMPLE if given is None else read_whole(given, "sample", 1, MOST_SAMPLE)


@dataclass
class Tally:
    """What was found of one property."""

    types: set[str] = field(default_factory=set)
    values: Counter[Any] = field(default_factory=Counter)
    count: int = 0

    def add(self, value: object, times: int = 1) -> None:
        """Some events, or a person, have this value; null is none."""
        kind = next((name for each, name in TYPES if isinstance(value, each)), None)
        if kind is None:
            return
        self.count += times
        self.types.add(kind)
        if isinstance(value, str | int | float):
            self.values[(kind, value[:MOST_CHARS] if isinstance(value, str) else value)] += times

    def to_json(self, name: str, kind: str, of: int) -> Answer:
        """As the API tells it; the most frequent values first."""
        ranked = sorted(self.values.items(), key=lambda each: (-each[1], each[0][0], str(each[0][1])))
        kinds = sorted(self.types)
        return {
            "name": name,
            "kind": kind,
            "type": kinds[0] if len(kinds) == 1 else "mixed" if kinds else None,
            "count": self.count,
            "of": of,
            "values": [value for (_, value), _ in ranked[:MOST_VALUES]],
        }


def _of_events(sample: int, context: Context) -> list[Answer]:
    rows = _newest(_columns(), "", sample, context)
    return [
        _tally_column(rows[name], name in JSON).to_json(
            name, "captured" if name in COLUMN_PROPERTIES else "derived", rows.num_rows
        )
        for name in (*COLUMN_PROPERTIES, *DERIVED_PROPERTIES)
    ]


def _tally_column(column: pa.ChunkedArray, is_json: bool) -> Tally:
    tally = Tally()
    for each in pc.value_counts(column.combine_chunks()).to_pylist():
        value = each["values"]
        tally.add(json.loads(value) if is_json and value is not None else value, each["counts"])
    return tally


def _custom(sample: int, context: Context) -> list[Answer]:
    objects = _newest({"props": "e.props"}, HAVING_PROPS, sample, context)["props"].to_pylist()
    told = _tallied(objects)
    return [
        tally.to_json(name if is_bare_custom(name) else f"props.{name}", "custom", len(objects))
        for name, tally in told
    ]


def _traits(sample: int, context: Context) -> list[Answer]:
    objects = context.identity.traits.sort_by("person")["traits"][:sample].to_pylist()
    return [tally.to_json(f"person.{name}", "trait", len(objects)) for name, tally in _tallied(objects)]


def _tallied(objects: Iterable[str]) -> list[tuple[str, Tally]]:
    """What JSON objects hold, name by name; the most used of them, by name."""
    tallies: dict[str, Tally] = {}
    for text in objects:
        for name, value in json.loads(text, parse_constant=lambda _: None).items():
            tallies.setdefault(name, Tally()).add(value)
    used = [(name, tally) for name, tally in tallies.items() if tally.count]
    return sorted(sorted(used, key=lambda each: (-each[1].count, each[0]))[:MOST_NAMES])


def _columns() -> dict[str, str]:
    return {name: prop.sql for name, prop in _PROPERTIES.items()}


def _newest(columns: Mapping[str, str], having: str, sample: int, context: Context) -> pa.Table:
    """The newest events; those of one moment are all among them, or none is."""
    found = _since(sample, having, context).run(context)["since"].to_pylist()[0]
    return _query(columns, having, "$since", sample, context, {"since": found}).run(context)


def _since(sample: int, having: str, context: Context) -> Query:
    text = load_sql("properties_since").replace("{having}", having).replace("{sample}", str(sample))
    return Query(text.strip(), {}, {"events": _files({"time", *_props(having)}, context)})


def _query(
    columns: Mapping[str, str],
    having: str,
    since: str,
    sample: int,
    context: Context,
    params: Mapping[str, object] | None = None,
) -> Query:
    listed = ",\n    ".join(f'{sql} as "{name}"' for name, sql in columns.items())
    text = load_sql("properties_newest").replace("{columns}", listed).replace("{having}", having)
    needed = {column for name in columns for column in _reads(name)}
    files = _files({"time", *needed}, context)
    return Query(text.replace("{since}", since).strip(), params or {}, {"events": files})


def _reads(name: str) -> Iterable[str]:
    return _PROPERTIES[name].columns if name in _PROPERTIES else (name,)


def _props(having: str) -> set[str]:
    return {"props"} if having else set()


def _files(columns: set[str], context: Context) -> Files:
    schema = pa.schema([column for column in EVENTS if column.name in columns])
    return Files(context.snapshot.files("events"), schema)


def _no_value(value: object) -> str:
    raise AssertionError(value)  # a property that is no custom one binds nothing


_PROPERTIES: Final[Mapping[str, Property]] = {
    name: find_property(name, "", "e", None, _no_value) for name in (*COLUMN_PROPERTIES, *DERIVED_PROPERTIES)
}
JSON: Final = frozenset(name for name, prop in _PROPERTIES.items() if prop.kind is Kind.JSON)
