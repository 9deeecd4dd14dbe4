"""Backsight: what `backsight export` has written.

An export holds ids as the lake does, as numbers: they stay apart as they were, but get other numbers. A
user's own id comes back as itself. Elements, traits and the events' identities come back whole."""

from __future__ import annotations

from typing import Any, Final

from backsight_collector.imports.errors import Refused
from backsight_collector.imports.formats.format import Options
from backsight_collector.imports.mapped import (
    MAX_AGENT_CHARS,
    Element,
    Fields,
    Mapped,
    Object,
    Person,
    Said,
    id_of,
    integer,
    milliseconds,
    object_of,
    page_of,
    plain,
    text,
)

_TEXTS: Final = ("text", "label", "target_text", "target_label", "href")
_NUMBERS: Final = (
    "x y duration_ms scroll_percent watched_ms dom_ms navigation_ms scroll_ms focus_ms error_ms".split()
)
_ORDINALS: Final = ("child_index", "child_last", "type_index", "type_last")
MAX: Final = 2**31 - 1


class Backsight:
    """Rows of the table `events`."""

    def __init__(self, options: Options) -> None:
        self._zone = options.zone

    @staticmethod
    def knows(fields: Fields) -> bool:
        """An event's identity and arrival, as only our own rows have them."""
        return {"type", "time", "device", "page", "sequence", "received_at"} <= fields.keys()

    def read(self, fields: Fields, place: str) -> list[Said]:
        time = milliseconds(fields.get("time"), "time", self._zone)
        device, page = id_of(fields.get("device")), id_of(fields.get("page"))
        sequence = integer(fields.get("sequence"), 0, MAX)
        if device is None or page is None or sequence is None:
            raise Refused("device, page, sequence: missing; an event needs them")
        user = id_of(fields.get("user_id") or fields.get("user"))
        agent = text(fields.get("user_agent"), MAX_AGENT_CHARS)
        person = Person(device, user, id_of(fields.get("session")), agent)
        chain = _chain(fields.get("elements"))
        return [Mapped(time, person, page, _event(fields, user), _page(fields), chain, sequence)]


def _event(fields: Fields, user: str | None) -> Object:
    event: Object = {"type": fields.get("type")}
    if (name := fields.get("name")) is not None:
        event["name"] = plain(name)
    event |= {key: plain(value) for key in _TEXTS if (value := fields.get(key)) is not None}
    event |= {key: number for key in _NUMBERS if (number := integer(fields.get(key), -MAX, MAX)) is not None}
    for key in ("props", "traits"):
        if fields.get(key) is not None:
            event[key] = object_of(fields[key], key)
    if event["type"] == "identify" and user is not None:
        event["user"] = user
    return event


def _page(fields: Fields) -> Object:
    given: dict[str, Any] = {key: fields.get(key) for key in ("host", "path", "query", "fragment")}
    host = text(given["host"], 255)
    url = f"https://{host}" if host else ""
    url += plain(given["path"] or "")
    url += f"?{plain(given['query'])}" if given["query"] is not None else ""
    url += f"#{plain(given['fragment'])}" if given["fragment"] is not None else ""
    sizes = fields.get("viewport_width"), fields.get("viewport_height")
    return page_of(url, fields.get("referrer"), fields.get("title"), fields.get("language"), *sizes)


def _chain(elements: object) -> tuple[Element, ...]:
    if elements in (None, ""):
        return ()
    listed = object_of(f'{{"of":{elements}}}', "elements")["of"] if isinstance(elements, str) else elements
    if not isinstance(listed, list):
        raise Refused("elements: expected a list")
    return tuple(_element(object_of(each, "elements")) for each in listed)


def _element(entry: Object) -> Element:
    attributes = {
        key: None if value is None else plain(value)
        for key, value in object_of(entry.get("attributes"), "attributes").items()
    }
    child, child_last, of_type, type_last = (integer(entry.get(key), 0, MAX) or 0 for key in _ORDINALS)
    flags = integer(entry.get("flags"), 0, MAX) or 0
    namespace = plain(entry.get("namespace") or "html")
    tag = plain(entry.get("tag"))
    return Element(tag, attributes, child, child_last, of_type, type_last, flags, namespace)
