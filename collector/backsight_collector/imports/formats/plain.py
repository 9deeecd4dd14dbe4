"""Any table of events: which column says what is guessed by its name, or said by `--map`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from backsight_collector.imports.errors import ImportProblem, Refused
from backsight_collector.imports.formats.format import Options, identity
from backsight_collector.imports.mapped import (
    MAX_AGENT_CHARS,
    Fields,
    Mapped,
    Object,
    Person,
    Said,
    id_of,
    milliseconds,
    name_of,
    object_of,
    page_of,
    props_of,
    text,
)

GUESSES: Final[Mapping[str, tuple[str, ...]]] = {
    "time": (
        "time",
        "timestamp",
        "event_time",
        "event_timestamp",
        "occurred_at",
        "created_at",
        "datetime",
        "date",
        "ts",
    ),
    "event": ("event", "event_name", "name", "event_type", "action"),
    "type": (),
    "user": ("user", "user_id", "userid", "customer_id", "account_id"),
    "device": (
        "device",
        "device_id",
        "anonymous_id",
        "anonymousid",
        "visitor_id",
        "client_id",
        "distinct_id",
    ),
    "session": ("session", "session_id"),
    "id": ("event_id", "message_id", "insert_id", "uuid", "id"),
    "url": ("url", "page_url", "current_url", "page_location"),
    "referrer": ("referrer", "referer", "page_referrer"),
    "title": ("title", "page_title"),
    "user_agent": ("user_agent", "useragent"),
    "language": ("language", "locale"),
    "properties": ("properties", "props", "event_properties"),
    "traits": ("traits", "user_properties", "user_traits"),
}
"""What can be said of an event, and the columns that are taken for it where nothing else was said."""

PAGE_VIEWS: Final = frozenset({"pageview", "page_view", "page view", "$pageview"})
TYPES: Final = ("track", "pageview", "identify", "traits")
MAX_SHAPES: Final = 1_000
"""Sets of columns (in NDJSON each row may have its own) whose meaning is remembered."""
_scalar: Final = msgspec.json.Decoder(int | float | bool)


class Plain:
    """A row an event; columns that say nothing of GUESSES are its properties."""

    def __init__(self, options: Options) -> None:
        self._zone, self._said = options.zone, dict(options.columns)
        for field in self._said:
            if field not in GUESSES:
                raise ImportProblem(f"--map: there is no {field!r}. Valid: {', '.join(GUESSES)}.")
        self._columns: dict[tuple[str, ...], dict[str, str]] = {}

    @staticmethod
    def knows(fields: Fields) -> bool:
        """Whether a time and an event's name can be guessed."""
        names = {name.lower() for name in fields}
        return bool(names & set(GUESSES["time"])) and bool(names & set(GUESSES["event"]))

    def read(self, fields: Fields, place: str) -> list[Said]:
        columns = self._of(tuple(fields))
        found = {field: fields[column] for field, column in columns.items() if column in fields}
        time = milliseconds(_number(found.get("time")), columns.get("time", "time"), self._zone)
        person = _person(found)
        key = identity("plain", found["id"]) if found.get("id") else place
        page = page_of(*(found.get(each) for each in ("url", "referrer", "title", "language")))
        taken = set(columns.values())
        props = {name: _number(value) for name, value in fields.items() if name not in taken}
        props |= object_of(found.get("properties"), "properties")
        traits = props_of(object_of(found.get("traits"), "traits"))
        return self._say(found, Mapped(time, person, key, {"props": props_of(props)}, page), traits)

    def _say(self, found: Object, mapped: Mapped, traits: Object) -> list[Said]:
        kind, event = _kind(found), mapped.event
        said: list[Said] = []
        if kind == "track":
            event["name"] = name_of(found.get("event"), "event")
        elif kind == "identify":
            event["user"] = mapped.person.user
        if kind in ("identify", "traits"):
            event["traits"] = event.pop("props") | traits
        elif traits:
            said.append(mapped._replace(event={"type": "traits", "traits": traits}, sequence=1))
        return [mapped._replace(event={"type": kind, **event}), *said]

    def _of(self, names: tuple[str, ...]) -> dict[str, str]:
        """The column that says each thing, of a row with these columns."""
        known = self._columns.get(names)
        if known is None:
            lower = {name.lower(): name for name in reversed(names)}
            guessed = {
                field: lower[guess]
                for field, guesses in GUESSES.items()
                for guess in [next((each for each in guesses if each in lower), None)]
                if guess is not None
            }
            taken = set(self._said.values())
            known = {field: name for field, name in guessed.items() if name not in taken} | self._said
            if len(self._columns) < MAX_SHAPES:
                self._columns[names] = known
        return known


def _kind(found: Object) -> str:
    kind = found.get("type")
    if kind is None:
        return "pageview" if str(found.get("event")).lower() in PAGE_VIEWS else "track"
    if kind not in TYPES:
        raise Refused(f"type: {str(kind)[:40]!r}. Valid: {', '.join(TYPES)}")
    return str(kind)


def _person(found: Object) -> Person:
    user, device = id_of(found.get("user")), id_of(found.get("device"))
    who = device or user
    if who is None:
        raise Refused("user, device: missing; an event needs who did it")
    if found.get("type") == "identify" and user is None:
        raise Refused("user: missing; an identify event needs it")
    return Person(who, user, id_of(found.get("session")), text(found.get("user_agent"), MAX_AGENT_CHARS))


def _number(value: Any) -> Any:
    """CSV has text alone: what is a number or a truth value as JSON has it, is one; anything else stays
    text."""
    if not isinstance(value, str):
        return value
    try:
        return _scalar.decode(value.encode())
    except (msgspec.DecodeError, UnicodeEncodeError):
        return value
