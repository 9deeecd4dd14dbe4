"""One Segment message as an event of our wire: what it says, of whom, where and when.

docs/how-to/server-side-events.md has the table of what becomes of each field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from msgspec import Struct

from backsight.contract import MAX_ID_CHARS, MAX_NESTING, MAX_URL_CHARS, EventType, Reason
from backsight_collector.dialects.segment_times import Time, Unreadable, When, when
from backsight_collector.wire.batch import MAX_TITLE_CHARS, MAX_USER_AGENT_CHARS
from backsight_collector.wire.soundness import nests_too_deep

Id = str | int | None
Object = dict[str, Any] | list[Any] | None
"""PHP writes an empty object as an empty list."""
Fields = dict[str, Any]

SCREEN: Final = "$screen"
GROUP: Final = "$group"
"""Names of the tracked events that these messages become: there are no groups here, and no screens."""

_CAMPAIGN: Final = {
    "name": "utm_campaign",
    "source": "utm_source",
    "medium": "utm_medium",
    "term": "utm_term",
    "content": "utm_content",
}
_LOCATED: Final = ("url", "path", "search", "referrer", "title")
"""Of a page: what becomes columns of its own."""
_CONTEXT_ELSEWHERE: Final = frozenset("campaign locale page referrer userAgent userAgentData".split())
_CONTEXT_PERSONAL: Final = frozenset({"ip", "location", "traits"})
_DEVICE_PERSONAL: Final = frozenset({"id", "advertisingId", "token", "name"})


class Message(Struct, rename="camel"):
    """What is read of a message; any other field of it is not kept."""

    type: str | None = None
    write_key: Any = None
    message_id: Id = None
    anonymous_id: Id = None
    user_id: Id = None
    previous_id: Id = None
    group_id: Id = None
    timestamp: Time = None
    original_timestamp: Time = None
    sent_at: Time = None
    event: str | None = None
    name: Any = None
    category: Any = None
    properties: Object = None
    traits: Object = None
    context: Any = None


class Sender(NamedTuple):
    """What the events of one wire batch share."""

    device: str
    user: str | None
    user_agent: str | None
    sent_at: float | None


class Refused(Exception):
    """A message can't become an event."""

    def __init__(self, detail: str, reason: Reason = Reason.BAD_EVENT) -> None:
        super().__init__(detail)
        self.detail, self.reason = detail, reason


def moment(message: Message, sent_at: Time, received: float) -> When:
    """When it happened; `sent_at` is the request's, `received` milliseconds by our clock. Raises Refused."""
    try:
        said = message.sent_at or sent_at
        return when(message.timestamp, message.original_timestamp, said, received)
    except Unreadable as unreadable:
        raise Refused(f"timestamp: {unreadable}") from unreadable


def sender(message: Message, kind: str, moment: When) -> Sender:
    """Who sent it. Raises Refused where neither a device nor a user is named."""
    user, device = _id(message.user_id, "userId"), _id(message.anonymous_id, "anonymousId")
    if kind == "alias":
        device = _id(message.previous_id, "previousId")
        if device is None or user is None:
            raise Refused(f"{'userId' if device else 'previousId'}: missing; an alias message needs it")
    if device is None:
        if user is None:
            raise Refused("userId: missing, and so is anonymousId; a message needs one of them")
        device = device_of(user)
    agent = _text(_context(message).get("userAgent"), MAX_USER_AGENT_CHARS)
    return Sender(device, user, agent, moment.sent_at)


def device_of(user: str) -> str:
    """The device of a user's messages that name none."""
    return _named("user:", user)


def page_id(message_id: str) -> str:
    """The identity of a message's event: each is a page instance of its own, with the one number 0."""
    return _named("segment:", message_id)


def event(message: Message, kind: str, at: When) -> Fields:
    """The event of the wire. Raises Refused."""
    say = _EVENTS.get(kind)
    if say is None:
        raise Refused(f"type: {kind[:80]!r} is unknown; valid: {', '.join(_EVENTS)}", Reason.UNKNOWN_TYPE)
    said = {"seq": 0, "time": at.time, **say(message)}
    if nests_too_deep(said.get("props")) or nests_too_deep(said.get("traits")):
        detail = f"properties, traits or context: nest more than {MAX_NESTING} deep"
        raise Refused(detail, Reason.TOO_DEEP)
    return said


def page(message: Message, kind: str) -> Fields:
    """The page that it speaks of, as the wire has it but without its id; the address is empty where it names
    none. What can't be stored of it is left out, or cut: the event matters more."""
    context = _context(message)
    about = dict(_mapping(context.get("page")))
    if kind == "page":
        properties = _object(message.properties, "properties")
        about |= {key: properties[key] for key in _LOCATED if isinstance(properties.get(key), str)}
    referrer = about.get("referrer") or _mapping(context.get("referrer")).get("url")
    locale = context.get("locale")
    return {
        "url": _with_campaign(_address(about), _mapping(context.get("campaign")))[:MAX_URL_CHARS],
        "referrer": _text(referrer, MAX_URL_CHARS),
        "title": _text(about.get("title"), MAX_TITLE_CHARS),
        "language": locale if isinstance(locale, str) and len(locale) <= MAX_ID_CHARS else None,
    }


# ── What each type of message says ──────────────────────────────────────────────────────────────────────────


def _track(message: Message) -> Fields:
    if not message.event:
        raise Refused("event: missing; a track message needs it")
    return {
        "type": EventType.TRACK,
        "name": message.event,
        "props": _props(message, _object(message.properties, "properties")),
    }


def _page(message: Message) -> Fields:
    properties = _object(message.properties, "properties")
    rest = {
        key: value for key, value in properties.items() if key not in _LOCATED or not isinstance(value, str)
    }
    return {"type": EventType.PAGEVIEW, "props": _props(message, {**rest, **_naming(message)})}


def _screen(message: Message) -> Fields:
    properties = {**_object(message.properties, "properties"), **_naming(message)}
    return {"type": EventType.TRACK, "name": SCREEN, "props": _props(message, properties)}


def _group(message: Message) -> Fields:
    group = _id(message.group_id, "groupId")
    if group is None:
        raise Refused("groupId: missing; a group message needs it")
    properties = {**_object(message.traits, "traits"), "group_id": group}
    return {"type": EventType.TRACK, "name": GROUP, "props": _props(message, properties)}


def _identify(message: Message) -> Fields:
    traits, user = _object(message.traits, "traits"), _id(message.user_id, "userId")
    if user is None:
        return {"type": EventType.TRAITS, "traits": traits, "props": _props(message, {})}
    return {
        "type": EventType.IDENTIFY,
        "user": user,
        "traits": traits or None,
        "props": _props(message, {}),
    }


def _alias(message: Message) -> Fields:
    return {
        "type": EventType.IDENTIFY,
        "user": _id(message.user_id, "userId"),
        "props": _props(message, {}),
    }


_EVENTS: Final[Mapping[str, Callable[[Message], Fields]]] = {
    "track": _track,
    "identify": _identify,
    "page": _page,
    "screen": _screen,
    "group": _group,
    "alias": _alias,
}
TYPES: Final = tuple(_EVENTS)


# ── Their parts ─────────────────────────────────────────────────────────────────────────────────────────────


def _props(message: Message, properties: Fields) -> Fields | None:
    """Properties, and as `context` what the sender said of itself; properties of that name come first."""
    context = {
        key: value
        for key, value in _context(message).items()
        if key not in _CONTEXT_ELSEWHERE and key not in _CONTEXT_PERSONAL
    }
    if isinstance(device := context.get("device"), dict):
        context["device"] = {key: value for key, value in device.items() if key not in _DEVICE_PERSONAL}
    return ({"context": context} if context else {}) | properties or None


def _naming(message: Message) -> Fields:
    said = {"name": message.name, "category": message.category}
    return {key: value for key, value in said.items() if value is not None}


def _address(about: Mapping[str, Any]) -> str:
    """The URL, or what there is of one."""
    url, path, search = (about.get(key) for key in ("url", "path", "search"))
    if isinstance(url, str) and url:
        return url
    path, search = (part if isinstance(part, str) else "" for part in (path, search))
    return f"{path}?{search.removeprefix('?')}" if search else path


def _with_campaign(url: str, campaign: Mapping[str, Any]) -> str:
    """The URL with the campaign's names in its query, as a link of the campaign has them."""
    head, mark, fragment = url.partition("#")
    query = head.partition("?")[2]
    missing = {
        name: campaign[key]
        for key, name in _CAMPAIGN.items()
        if isinstance(campaign.get(key), str) and f"{name}=" not in query
    }
    if not missing:
        return url
    return f"{head}{'&' if '?' in head else '?'}{urlencode(missing)}{mark}{fragment}"


def _id(said: Id, field: str) -> str | None:
    text = "" if said is None else str(said)
    if len(text) > MAX_ID_CHARS:
        raise Refused(f"{field}: {len(text)} characters; an id has up to {MAX_ID_CHARS}")
    return text or None


def _named(prefix: str, name: str) -> str:
    whole = prefix + name
    if len(whole) <= MAX_ID_CHARS:
        return whole
    return prefix + blake2b(name.encode(), digest_size=16).hexdigest()


def _object(said: Object, field: str) -> Fields:
    if not said:
        return {}
    if isinstance(said, list):
        raise Refused(f"{field}: expected an object, got an array")
    return said


def _context(message: Message) -> Fields:
    return _mapping(message.context)


def _mapping(value: object) -> Fields:
    return value if isinstance(value, dict) else {}


def _text(value: object, most: int) -> str | None:
    return value[:most] if isinstance(value, str) and value else None
