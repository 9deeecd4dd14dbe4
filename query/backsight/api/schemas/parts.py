"""Building blocks of JSON schemas: objects, lists, choices, and the types that many share."""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """A reference to one of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


def schema_name(report: str) -> str:
    """The name of a report's answer in SCHEMAS: `ActiveUsers` of `active_users`; its request's adds
    `Request`.
    """
    return "".join(map(str.capitalize, report.split("_")))


def referred(value: object) -> set[str]:
    """Names of the schemas to which a schema (or anything that holds some) refers."""
    if isinstance(value, dict):
        own = {value["$ref"].rsplit("/", 1)[1]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(referred, value.values()))
    return set[str]().union(*map(referred, value)) if isinstance(value, list) else set()


def obj(properties: Schema, required: tuple[str, ...] = (), **more: Any) -> Schema:
    """An object that takes these properties and no others."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False, **more}


def full(properties: Schema, **more: Any) -> Schema:
    """An object that always has all of these properties; later versions may add others."""
    return {"type": "object", "properties": properties, "required": list(properties), **more}


def array(items: Schema, **more: Any) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": items, **more}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def either(*schemas: Schema, **more: Any) -> Schema:
    """One of these forms."""
    return {"anyOf": list(schemas), **more}


def choice(*words: str, **more: Any) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(words), **more}


TEXT: Final[Schema] = {"type": "string"}
NAME: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 200}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
SHARE: Final[Schema] = nullable({"type": "number", "minimum": 0, "maximum": 1})
VERSION: Final[Schema] = {"type": "integer", "minimum": -1}
SECONDS: Final[Schema] = nullable({"type": "number", "minimum": 0})
DURATION: Final[Schema] = {"type": "string", "pattern": "^[0-9]{1,9}[smhdw]$"}
MOMENT: Final[Schema] = {
    "type": "string",
    "description": "A date, inclusive, in `timezone`; an instant (RFC 3339); or `30d` for 30 days ago",
}
