"""Named events, and the views that SQL is asked of, as a dbt `schema.yml`: for data catalogues to read.

The views stand in it as the tables of a source, because no model makes them. All that comes from people or
from the web (names, descriptions, rules, properties) is data: quoted by the YAML library, and with nothing
left in it that dbt would take for Jinja.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from backsight.rules.rule import describe, rule_to_json

if TYPE_CHECKING:
    from backsight.named_events import NamedEvent

VIEWS: Final[Mapping[str, str]] = {
    "raw_events": "One row a captured event.",
    "named_events": "One row a raw event and a name that it bears, by the rules as they stand.",
    "persons": "One row a person, as identity statements stand.",
    "nodes": "One row an element in its place on a page.",
}
_JINJA: Final = re.compile(r"\{(?=[{%#])")
"""Where dbt would begin to read code."""

Document = dict[str, Any]


def dbt_schema(site: str, events: Sequence[NamedEvent], properties: Iterable[Mapping[str, Any]]) -> Document:
    """The document: of the site's named events, and the `properties` of that report's answer."""
    from backsight.sandbox.columns import COLUMNS

    seen: dict[str, list[Document]] = {"custom": [], "trait": []}
    for each in properties:
        if each["kind"] in seen:
            seen[each["kind"]].append({key: each[key] for key in ("name", "type", "count", "of")})
    known = {
        "raw_events": {"properties": seen["custom"]},
        "named_events": {"named_events": [_described(event) for event in events]},
        "persons": {"traits": seen["trait"]},
    }
    tables = [
        {
            "name": view,
            "description": meaning if view != "named_events" else _listed(meaning, events),
            # dbt's own schemas of 1.x and of Fusion agree on `config` here, and not within a column.
            "config": {"meta": known.get(view, {})},
            "columns": [
                {"name": column.name, "description": column.meaning, "data_type": column.type.lower()}
                for column in COLUMNS[view]
            ],
        }
        for view, meaning in VIEWS.items()
    ]
    source = {
        "name": "backsight",
        "description": f"What is captured on the site {site}, as views for SQL.",
        "config": {"meta": {"site": site}},
        "tables": tables,
    }
    document: Document = _tame({"version": 2, "sources": [source]})
    return document


def to_yaml(document: Document) -> str:
    """The document as YAML 1.1, which dbt reads; ASCII, so that no reader stumbles over a character."""
    import yaml

    text: str = yaml.safe_dump(document, sort_keys=False, width=110)
    return text


def _described(event: NamedEvent) -> Document:
    return {
        "name": event.name,
        "description": event.description,
        "rule": _words(event),
        "rules": [rule_to_json(rule) for rule in event.rules],
        "owner": event.actor,
        "version": event.version,
        "changed_at": event.at.isoformat(),
    }


def _listed(meaning: str, events: Sequence[NamedEvent]) -> str:
    """What a view means, with a line for each name."""
    said = (f"- {event.name}: {event.description or _words(event)}" for event in events)
    return "\n".join([meaning, "", *(" ".join(line.split()) for line in said)]).strip()


def _words(event: NamedEvent) -> str:
    return "; ".join(describe(rule) for rule in event.rules)


def _tame(value: Any) -> Any:
    """The value with no text in it that begins a piece of Jinja."""
    if isinstance(value, str):
        return _JINJA.sub("{ ", value)
    if isinstance(value, list):
        return [_tame(each) for each in value]
    return {_tame(key): _tame(each) for key, each in value.items()} if isinstance(value, dict) else value
