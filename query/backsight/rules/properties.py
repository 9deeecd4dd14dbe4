"""Properties: from a name in a question to SQL over the columns of `events`.

A bare name is a column of the contract, else a derived property, else a custom one (a key of `props`);
`props.NAME` forces a custom one, `person.NAME` is a trait. Identifiers in the SQL come only from the
contract; every other name is bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

import pyarrow as pa

from backsight.contract import COLUMN_PROPERTIES, DERIVED_PROPERTIES, EFFECTS, EVENTS, MAX_NAME_CHARS
from backsight.fields import refuse

Bind = Callable[[object], str]
"""Gives a value's parameter, as it stands in SQL."""


class Kind(Enum):
    """What a property's SQL expression yields."""

    TEXT = "text"
    NUMBER = "number"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Property:
    """A property's SQL: `sql` yields NULL where it is missing; `bare` says that it is a column."""

    kind: Kind
    sql: str
    columns: tuple[str, ...] = ()
    bare: bool = False


_FROM_USER_AGENT: Final = ("browser", "browser_version", "os", "device_type", "bot_kind")
_REFERRER_HOST: Final = r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#]*)"


def find_property(name: str, field: str, events: str, traits: str | None, bind: Bind) -> Property:
    """The property of this name over the alias `events`; `traits` is the SQL of a person's traits, if joined.

    Raises InvalidRequest for a trait where no person is joined.
    """
    if name.startswith("props."):
        return _custom(name.removeprefix("props."), events, field, bind)
    if name.startswith("person."):
        if traits is None:
            refuse("a person's traits can't be used here.", field, name, "a property of the raw event")
        return Property(Kind.JSON, _json_value(traits, name.removeprefix("person."), bind))
    if name in COLUMN_PROPERTIES:
        kind = Kind.NUMBER if pa.types.is_integer(EVENTS.field(name).type) else Kind.TEXT
        return Property(kind, f"{events}.{name}", (name,), bare=True)
    if name in DERIVED_PROPERTIES:
        return _derived(name, events)
    return _custom(name, events, field, bind)


def is_bare_custom(name: str) -> bool:
    """Whether a name means a custom property without saying so: the one kind that a typing error makes."""
    return not (
        name.startswith(("props.", "person.")) or name in COLUMN_PROPERTIES or name in DERIVED_PROPERTIES
    )


def _custom(name: str, events: str, field: str, bind: Bind) -> Property:
    if len(name) > MAX_NAME_CHARS:
        refuse(f"the name has {len(name)} characters.", field, name, f"at most {MAX_NAME_CHARS}")
    return Property(Kind.JSON, _json_value(f"{events}.props", name, bind), ("props",))


def _json_value(source: str, name: str, bind: Bind) -> str:
    exact = f"json_extract({source}, {bind(_pointer([name]))})"
    if "." not in name:
        return exact
    nested = f"json_extract({source}, {bind(_pointer(name.split('.')))})"
    return f"coalesce({exact}, {nested})"


def _pointer(keys: list[str]) -> str:
    """A JSON pointer (RFC 6901): the one path syntax in which every key can be written."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


def _derived(name: str, events: str) -> Property:
    if name in _FROM_USER_AGENT:
        return Property(Kind.TEXT, f"backsight_{name}({events}.user_agent)", ("user_agent",))
    if name == "bot":  # JSON, as true and false are there; who says nothing of themselves is none
        return Property(
            Kind.JSON, f"(coalesce(backsight_bot({events}.user_agent), 'false')::json)", ("user_agent",)
        )
    if name == "referrer_host":
        host = f"regexp_extract({events}.referrer, '{_REFERRER_HOST}', 1)"
        return Property(Kind.TEXT, f"lower(nullif({host}, ''))", ("referrer",))
    if name == "url":
        return Property(Kind.TEXT, _url(events), ("host", "path", "query", "fragment"))
    if name == "effect_ms":
        return Property(Kind.NUMBER, f"least({', '.join(f'{events}.{each}' for each in EFFECTS)})", EFFECTS)
    return Property(Kind.TEXT, _query_parameter(name, events), ("query",))


def _url(events: str) -> str:
    query = f"'?' || nullif({events}.query, '')"
    fragment = f"'#' || nullif({events}.fragment, '')"
    return f"({events}.host || concat({events}.path, {query}, {fragment}))"


def _query_parameter(name: str, events: str) -> str:
    raw = f"replace(nullif(regexp_extract({events}.query, '(?:^|&){name}=([^&]*)', 1), ''), '+', ' ')"
    # What is not UTF-8 once decoded stays as it was written.
    return f"coalesce(try(url_decode({raw})), {raw})"
