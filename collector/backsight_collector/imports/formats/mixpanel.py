"""Mixpanel: the raw export API's NDJSON (`event`, `properties`), and profiles (`$distinct_id`,
`$properties`).

Times are whole seconds: UTC in projects made since 2023, the project's own clocks in older ones
(`--timezone`). Who did it depends on how the project merges ids
(https://docs.mixpanel.com/docs/tracking-methods/id-management):

    simplified  `$device_id`, and `$user_id` once someone is known; `distinct_id` is `$device:…` until then
    original    the same properties where a browser or phone sent it; `$identify` says who an anonymous id is
    legacy      `distinct_id` alone; `$create_alias` says that another id is the same person
"""

from __future__ import annotations

import re
from typing import Any, Final

from backsight_collector.imports.errors import Refused
from backsight_collector.imports.formats.format import Options, identity
from backsight_collector.imports.mapped import (
    MAX_AGENT_CHARS,
    Fields,
    Mapped,
    Person,
    Said,
    id_of,
    local_seconds,
    milliseconds,
    name_of,
    object_of,
    page_of,
    props_of,
    text,
)

PAGE_VIEWS: Final = frozenset({"$mp_web_page_view", "$mp_page_view"})
ANONYMOUS: Final = "$device:"
MADE_UP: Final = re.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-f]{10,}(?:-[0-9a-f]+){4}"
)
"""Ids that Mixpanel's libraries make: nobody is called so."""
_USED: Final = ("time", "distinct_id", "$insert_id", "$device_id", "$user_id", "$current_url", "current_url",
                "$referrer", "current_page_title", "$user_agent")  # fmt: skip


class Mixpanel:
    """Events of the raw export, and profiles as traits."""

    def __init__(self, options: Options) -> None:
        self._zone = options.zone

    @staticmethod
    def knows(fields: Fields) -> bool:
        """An event, or a profile of the engage API."""
        if "$distinct_id" in fields and "$properties" in fields:
            return True
        found = fields.get("properties")
        is_event = (
            isinstance(found, dict) and "time" in found and ("distinct_id" in found or "$insert_id" in found)
        )
        return "event" in fields and is_event

    def read(self, fields: Fields, place: str) -> list[Said]:
        if "$distinct_id" in fields:
            return [self._profile(fields)]
        props = object_of(fields.get("properties"), "properties")
        name = name_of(fields.get("event"), "event")
        time = local_seconds(props.get("time"), "properties.time", self._zone)
        insert = props.get("$insert_id")
        key = (
            identity("mixpanel", insert, name, props.get("time"), props.get("distinct_id"))
            if insert
            else place
        )
        person, event = self._said(name, props)
        page = page_of(
            props.get("$current_url") or props.get("current_url"),
            props.get("$referrer"),
            props.get("current_page_title"),
        )
        return [Mapped(time, person, key, event, page)]

    def _said(self, name: str, props: dict[str, Any]) -> tuple[Person, dict[str, Any]]:
        if name == "$identify":
            device, user = id_of(props.get("$anon_id")), id_of(props.get("$identified_id"))
            return _pair(name, device, user), {"type": "identify", "user": user}
        if name == "$create_alias":
            device, user = id_of(props.get("distinct_id")), id_of(props.get("alias"))
            return _pair(name, device, user), {"type": "identify", "user": user}
        rest = props_of({key: value for key, value in props.items() if key not in _USED})
        if name in PAGE_VIEWS:
            return _person(props), {"type": "pageview", "props": rest}
        return _person(props), {"type": "track", "name": name, "props": rest}

    def _profile(self, fields: Fields) -> Mapped:
        user = id_of(fields["$distinct_id"])
        traits = props_of(object_of(fields.get("$properties"), "$properties"))
        if user is None:
            raise Refused("$distinct_id: missing; a profile needs it")
        time = milliseconds(traits.get("$last_seen"), "$properties.$last_seen", self._zone)
        person = Person(user) if _is_anonymous(user) else Person(user, user)
        event = {"type": "traits", "traits": traits}
        return Mapped(time, person, identity("mixpanel profile", user, time), event, page_of())


def _pair(name: str, device: str | None, user: str | None) -> Person:
    if device is None or user is None:
        raise Refused(f"{name} names no two ids")
    return Person(device.removeprefix(ANONYMOUS), user)


def _person(props: dict[str, Any]) -> Person:
    distinct, device, user = (id_of(props.get(key)) for key in ("distinct_id", "$device_id", "$user_id"))
    agent = text(props.get("$user_agent"), MAX_AGENT_CHARS)
    if user is None and distinct is not None and distinct != device and not _is_anonymous(distinct):
        user = distinct
    device = device or distinct or user
    if device is None:
        raise Refused("properties.distinct_id: missing; an event needs who did it")
    return Person(device.removeprefix(ANONYMOUS), user, agent=agent)


def _is_anonymous(distinct: str) -> bool:
    return distinct.startswith(ANONYMOUS) or MADE_UP.fullmatch(distinct) is not None
