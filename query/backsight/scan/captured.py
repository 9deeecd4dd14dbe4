"""Whether a custom property was ever captured: a bare name that never was is most likely a typing error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pyarrow as pa

from backsight.contract import COLUMN_PROPERTIES, DERIVED_PROPERTIES, EVENTS
from backsight.engine import Files
from backsight.errors import InvalidRequest, nearest, shown
from backsight.rules.properties import find_property
from backsight.scan.context import Context

SAMPLE: Final = 10_000
"""Events whose custom properties are suggested in an error."""


def require_captured(customs: Mapping[str, str], context: Context) -> None:
    """Raises InvalidRequest for the first of the names (each with its field) that no event has."""
    for name, field in customs.items():
        if name not in context.captured:
            if not _is_captured(name, context):
                raise InvalidRequest(
                    f"no event has a property {shown(name)}.",
                    field=field,
                    value=name,
                    valid=f"{nearest(name, _known(context))}; or {shown('props.' + name)}, captured or not",
                )
            context.captured.add(name)


def _is_captured(name: str, context: Context) -> bool:
    params: dict[str, object] = {}

    def bind(value: object) -> str:
        params[f"p{len(params)}"] = value
        return f"$p{len(params) - 1}"

    prop = find_property(name, "", "e", None, bind)
    sql = f"select 1 from events as e where e.props is not null and {prop.sql} is not null limit 1"
    found: int = context.engine.query(sql, params, {"events": _props(context)}).num_rows
    return found > 0


def unsaid_traits(names: Iterable[str], context: Context) -> list[str]:
    """Warnings of traits (`person.NAME`) that nobody has: a cohort may wait for one, or a letter is wrong."""
    unsaid = [name.removeprefix("person.") for name in sorted(names) if not _is_said(name, context)]
    known = _known_traits(context) if unsaid else ()
    return [f"Nobody has a trait {shown(name)}; {nearest(name, known)}." for name in unsaid]


def _is_said(name: str, context: Context) -> bool:
    params: dict[str, object] = {}

    def bind(value: object) -> str:
        params[f"p{len(params)}"] = value
        return f"$p{len(params) - 1}"

    prop = find_property(name, "", "e", "t.traits", bind)
    sql = f"select 1 from said as t where {prop.sql} is not null limit 1"
    found: int = context.engine.query(sql, params, {"said": context.identity.traits}).num_rows
    return found > 0


def _known_traits(context: Context) -> list[str]:
    sql = "select distinct unnest(json_keys(traits)) as name from said"
    found = context.engine.query(sql, {}, {"said": context.identity.traits[:SAMPLE]})
    return list(found.column("name").to_pylist())


def _known(context: Context) -> list[str]:
    sql = f"""
select distinct unnest(json_keys(props)) as name
from (select props from events where props is not null limit {SAMPLE})
"""
    found = context.engine.query(sql, {}, {"events": _props(context)})
    return [*COLUMN_PROPERTIES, *DERIVED_PROPERTIES, *found.column("name").to_pylist()]


def _props(context: Context) -> Files:
    return Files(context.snapshot.files("events"), pa.schema([EVENTS.field("props")]))
