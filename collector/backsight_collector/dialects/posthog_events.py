"""One event of PostHog's, said in facts of our wire.

    facts = read_event(event, clock)      # Unusable where it says nothing that can be kept

`facts.events` are wire events without their places in a batch's tables: usually one, with its sequence number
from 0; more where PostHog puts several things into one (an event and what it says of its person, the measures
of a page). The page's id stands for the event's identity, so that a retry is the same event.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from backsight.contract import MAX_ID_CHARS, MAX_NESTING, Reason
from backsight_collector.dialects.masks import tidy
from backsight_collector.dialects.posthog_elements import Described, clean, read_chain
from backsight_collector.dialects.posthog_kinds import Unusable, said
from backsight_collector.dialects.posthog_people import Who, who
from backsight_collector.dialects.posthog_times import Clock, moment
from backsight_collector.wire.batch import MAX_INT32, MAX_TITLE_CHARS, MAX_USER_AGENT_CHARS
from backsight_collector.wire.soundness import nests_too_deep

Object = dict[str, Any]
SERVER: Final = ""
"""The user agent of what no browser sent: empty, and not that of the program that speaks for it."""


class Sender(NamedTuple):
    """What a batch of our wire has in common."""

    device: str
    user: str | None
    session: str | None
    agent: str | None
    sent_at: float | None


class Facts(NamedTuple):
    """An event: `page` is an entry of the wire's `pages`; `events` that have a `node` have the chain's."""

    sender: Sender
    page: Object
    events: list[Object]
    chain: list[Described]


def read_event(event: Mapping[str, Any], clock: Clock) -> Facts:
    """What an event says. Raises Unusable."""
    props = event.get("properties")
    props = props if isinstance(props, dict) else {}
    if nests_too_deep({"": event}):
        raise Unusable(f"nests more than {MAX_NESTING} deep", Reason.TOO_DEEP)
    name = _name(event)
    identity = _identity(event, props, clock)
    person = who(name, event, props, identity)
    time, sent_at = moment(event, props, clock)
    page = _page(name, props, identity)
    chain = read_chain(props, event)
    events = said(name, event, props, person.user, chain, page["url"])
    for seq, each in enumerate(events):
        each |= {"seq": seq, "time": time}
    return Facts(_sender(person, props, sent_at), page, events, chain)


def _name(event: Mapping[str, Any]) -> str:
    name = event.get("event")
    if isinstance(name, str) and name:
        return name
    if event.get("$set") or event.get("$set_once") or event.get("$unset"):
        return "$set"  # what old libraries sent to /engage/
    raise Unusable("event: missing; an event needs its name")


def _sender(person: Who, props: Mapping[str, Any], sent_at: float | None) -> Sender:
    session = props.get("$session_id")
    session = session if isinstance(session, str) and 0 < len(session) <= MAX_ID_CHARS else None
    agent = props.get("$raw_user_agent")
    if isinstance(agent, str):
        return Sender(person.device, person.user, session, agent[:MAX_USER_AGENT_CHARS], sent_at)
    return Sender(
        person.device, person.user, session, None if props.get("$lib") == "web" else SERVER, sent_at
    )


def _page(name: str, props: Mapping[str, Any], identity: str) -> Object:
    url, referrer = props.get("$current_url"), props.get("$referrer")
    page: Object = {"id": identity, "url": clean(url) if isinstance(url, str) else ""}
    if isinstance(referrer, str) and not referrer.startswith("$"):  # `$direct`: none
        page["referrer"] = clean(referrer)
    if name == "$pageview" and isinstance(title := props.get("title"), str):
        page["title"] = tidy(title)[:MAX_TITLE_CHARS]
    if isinstance(language := props.get("$browser_language"), str):
        page["language"] = language[:MAX_ID_CHARS]
    sizes = [props.get("$viewport_width"), props.get("$viewport_height")]
    if all(isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= MAX_INT32 for size in sizes):
        page["viewport"] = sizes
    return page


def _identity(event: Mapping[str, Any], props: Mapping[str, Any], clock: Clock) -> str:
    """The event's own id; else of what its library made one; else of all that it says, and when.

    An event without any time of its own is another each time that it is sent.
    """
    uuid = event.get("uuid")
    if isinstance(uuid, str) and uuid:
        return uuid if len(uuid) <= MAX_ID_CHARS else _digest(uuid)
    distinct = event.get("distinct_id", props.get("distinct_id"))
    if insert := props.get("$insert_id"):
        return _digest([distinct, event.get("event"), insert])
    unsent = {key: value for key, value in event.items() if key != "sent_at"}
    timed = event.get("timestamp") or ("offset" in event and clock.sent_at is not None)
    return _digest([unsent, clock.place, None if timed else clock.received])


def _digest(value: object) -> str:
    return f"posthog-{blake2b(msgspec.json.encode(value, order='sorted'), digest_size=16).hexdigest()}"
