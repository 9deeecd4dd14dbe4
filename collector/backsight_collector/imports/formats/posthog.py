"""PostHog: events of its batch exports (Parquet, JSON lines) and of its API and CSV exports.

What an event means is said by the dialect that the collector speaks at its own door (dialects/posthog.py). In
files an event's elements stand beside its properties (`elements_chain`, `elements`), and so do those of the
person."""

from __future__ import annotations

from typing import Any, Final

from backsight_collector.imports.errors import Refused
from backsight_collector.imports.formats.format import Options, Told, identity
from backsight_collector.imports.formats.segment import iso
from backsight_collector.imports.mapped import Fields, Said, Spoken, id_of, milliseconds, name_of, object_of

DIALECT: Final = "posthog"
_FLATTENED: Final = "properties."
"""How the columns of a CSV export begin that hold one property each."""


class PostHog:
    """Events; the person's properties are said (as `$set`) whenever they have changed."""

    def __init__(self, options: Options) -> None:
        self._zone, self._told = options.zone, Told()

    @staticmethod
    def knows(fields: Fields) -> bool:
        """An event of somebody at some time, beside one of PostHog's own columns."""
        own = {"uuid", "elements_chain", "person_id", "team_id", "$session_id", "properties"} & fields.keys()
        return {"event", "distinct_id", "timestamp"} <= fields.keys() and bool(own)

    def read(self, fields: Fields, place: str) -> list[Said]:
        distinct = id_of(fields.get("distinct_id"))
        if distinct is None:
            raise Refused("distinct_id: missing; an event needs who did it")
        time = milliseconds(fields.get("timestamp"), "timestamp", self._zone)
        uuid = fields.get("uuid") or fields.get("id")
        message: dict[str, Any] = {
            "event": name_of(fields.get("event"), "event"),
            "distinct_id": distinct,
            "timestamp": iso(time),
            "uuid": str(uuid) if uuid else identity("posthog", place),
            "properties": self._properties(fields, distinct),
        }
        return [Spoken(time, DIALECT, message)]

    def _properties(self, fields: Fields, distinct: str) -> dict[str, Any]:
        props = dict(object_of(fields.get("properties"), "properties"))
        props |= {
            key.removeprefix(_FLATTENED): value for key, value in fields.items() if key.startswith(_FLATTENED)
        }
        if (chain := fields.get("elements_chain")) and "$elements_chain" not in props:
            props["$elements_chain"] = chain
        if (elements := fields.get("elements")) and isinstance(elements, list) and "$elements" not in props:
            props["$elements"] = elements
        known = object_of(fields.get("person_properties"), "person_properties")
        if self._told.is_news(distinct, known):
            props["$set"] = {**known, **object_of(props.get("$set"), "properties.$set")}
        return props
