"""Amplitude: the export API's zip of gzipped NDJSON (https://amplitude.com/docs/apis/analytics/export).

Times are UTC. A row carries all user properties: they are said as traits whenever they have changed. What its
browser library captured by itself becomes the click, change or submit that it is, with its elements."""

from __future__ import annotations

from typing import Any, Final

from backsight_collector.imports.errors import Refused
from backsight_collector.imports.formats.format import Options, Told, identity
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
    name_of,
    object_of,
    page_of,
    plain,
    props_of,
    short,
    text,
)

PREFIX: Final = "[Amplitude] "
AUTOCAPTURED: Final = {"element clicked": "click", "element changed": "change", "form submitted": "submit"}
FACTS: Final = (
    "platform os_name os_version device_type device_family device_brand device_model device_manufacturer "
    "device_carrier country region city dma version_name start_version library language"
).split()
"""What a row says of the device and its place, kept as properties."""
OF_FORMS: Final = {"id": "Form ID", "name": "Form Name", "action": "Form Destination"}
OF_ELEMENTS: Final = {
    "id": "Element ID",
    "class": "Element Class",
    "href": "Element Href",
    "aria-label": "Element Aria Label",
}
"""Attributes of a target, and the properties that hold them."""
UNKNOWN: Final = 0
"""A place among siblings that was not captured."""
_ROOT: Final = 4


class Amplitude:
    """Events as the export API gives them."""

    def __init__(self, options: Options) -> None:
        self._zone, self._told = options.zone, Told()

    @staticmethod
    def knows(fields: Fields) -> bool:
        """An event type beside one of Amplitude's own columns."""
        return "event_type" in fields and bool(
            {"$insert_id", "amplitude_id", "event_properties"} & fields.keys()
        )

    def read(self, fields: Fields, place: str) -> list[Said]:
        name = name_of(fields.get("event_type"), "event_type")
        time = milliseconds(
            fields.get("event_time") or fields.get("client_event_time"), "event_time", self._zone
        )
        person, key = _person(fields), _identity(fields, place)
        props = props_of(object_of(fields.get("event_properties"), "event_properties"))
        page = page_of(
            _own(props, "Page Location") or _own(props, "Page URL"),
            props.get("referrer"),
            _own(props, "Page Title"),
            fields.get("language"),
            _own(props, "Viewport Width"),
            _own(props, "Viewport Height"),
        )
        said: list[Said] = []
        traits = props_of(object_of(fields.get("user_properties"), "user_properties"))
        if self._told.is_news(person.user or person.device, traits):
            said.append(Mapped(time, person, key, {"type": "traits", "traits": traits}, page, sequence=1))
        if name != "$identify":
            event, chain = _event(name, props)
            event["props"] |= _facts(fields)
            said.append(Mapped(time, person, key, event, page, chain))
        return said


def _person(fields: Fields) -> Person:
    user, device = id_of(fields.get("user_id")), id_of(fields.get("device_id"))
    session = fields.get("session_id")
    who = device or user or id_of(fields.get("amplitude_id"))
    if who is None:
        raise Refused("device_id, user_id: missing; an event needs who did it")
    is_session = session not in (None, -1, "-1")
    return Person(who, user, f"{who[:200]} {plain(session)[:40]}" if is_session else None, _agent(fields))


def _agent(fields: Fields) -> str | None:
    return text(fields.get("user_agent"), MAX_AGENT_CHARS)


def _identity(fields: Fields, place: str) -> str:
    """Amplitude drops a repeated `$insert_id` of one device; `uuid` is its own name for the row."""
    if insert := fields.get("$insert_id"):
        return identity("amplitude", fields.get("device_id"), fields.get("user_id"), insert)
    return identity("amplitude uuid", uuid) if (uuid := fields.get("uuid")) else place


def _facts(fields: Fields) -> Object:
    return {key: value for key in FACTS if (value := fields.get(key)) not in (None, "")}


def _own(props: Object, name: str) -> Any:
    return props.get(PREFIX + name, props.get(name))


def _event(name: str, props: Object) -> tuple[Object, tuple[Element, ...]]:
    captured = name.removeprefix(PREFIX).lower()
    if not any(key.startswith(PREFIX) for key in props):
        captured = ""
    if captured in ("page viewed", "page view"):
        return {"type": "pageview", "props": dict(props)}, ()
    kind = AUTOCAPTURED.get(captured)
    chain = _chain(captured, props) if kind else ()
    if kind is None or not chain:
        return {"type": "track", "name": name, "props": dict(props)}, ()
    event: Object = {"type": kind, "text": short(_own(props, "Element Text")), "href": _href(props)}
    event["label"] = short(_own(props, "Element Aria Label"))
    rest = {key: value for key, value in props.items() if not key.startswith(PREFIX)}
    return {key: value for key, value in event.items() if value is not None} | {"props": rest}, chain


def _href(props: Object) -> str | None:
    href = _own(props, "Element Href")
    return text(href, 2_048) if isinstance(href, str) else None


# ── Elements ────────────────────────────────────────────────────────────────────────────────────────────────


def _chain(captured: str, props: Object) -> tuple[Element, ...]:
    """The target and its ancestors, as far as they were captured; the target alone where its hierarchy was
    not."""
    try:
        hierarchy = object_of({"of": _listed(_own(props, "Element Hierarchy"))}, "Element Hierarchy")["of"]
        chain = tuple(_element(each) for each in hierarchy if isinstance(each, dict))
    except Refused:
        chain = ()
    chain = chain or _target(captured, props)
    return tuple(each._replace(flags=_ROOT) if at == len(chain) - 1 and each.tag != "html" else each
                 for at, each in enumerate(chain))  # fmt: skip


def _listed(hierarchy: object) -> list[object]:
    if isinstance(hierarchy, str):
        hierarchy = object_of('{"of":' + hierarchy + "}", "Element Hierarchy")["of"]
    return hierarchy if isinstance(hierarchy, list) else []


def _element(entry: Object) -> Element:
    attributes = {key: plain(value) for key, value in _dict(entry.get("attrs")).items() if value is not None}
    if entry.get("id"):
        attributes["id"] = plain(entry["id"])
    if isinstance(entry.get("classes"), list):
        attributes["class"] = " ".join(map(plain, entry["classes"]))
    index, of_type = (integer(entry.get(key), 0, 10**6) for key in ("index", "indexOfType"))
    child, kind = (UNKNOWN if each is None else each + 1 for each in (index, of_type))
    tag = (short(entry.get("tag")) or "unknown")[:200].lower()
    return Element(tag, attributes, child, UNKNOWN, kind, UNKNOWN)


def _target(captured: str, props: Object) -> tuple[Element, ...]:
    is_form = captured == "form submitted"
    tag = "form" if is_form else short(_own(props, "Element Tag"))
    if not tag:
        return ()
    named = OF_FORMS if is_form else OF_ELEMENTS
    attributes = {key: plain(value) for key, value in _dict(_own(props, "Element Attributes")).items()}
    attributes |= {key: plain(value) for key, name in named.items() if (value := _own(props, name))}
    return (Element(tag.lower(), attributes, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
