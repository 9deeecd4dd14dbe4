"""Whose event it is: PostHog has one `distinct_id`, which is a device before somebody is identified and a
user after; we keep the two apart.

A browser tells which it is (`$is_identified`, `$device_id`). A server's event names a user, unless it says
that it makes no person; the "device" of such an event is made of the user's id, so that it is nobody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from backsight_collector.dialects.posthog_kinds import ALIASES, Unusable

MAX_DISTINCT_CHARS: Final = 200
"""As PostHog itself limits it."""
COOKIELESS: Final = "$posthog_cookieless"
"""What stands for everybody's id where a page may keep none."""
NOBODY: Final = frozenset(
    "0 [] {} anonymous distinct_id distinctid email false guest id nan nil none not_authenticated null true "
    "undefined".split()
) | {"[object object]"}
"""What programs send for want of an id, in small letters. Everybody who is "null" is not one person."""


class Who(NamedTuple):
    """Ids as our wire has them."""

    device: str
    user: str | None


def who(name: str, event: Mapping[str, Any], props: Mapping[str, Any], identity: str) -> Who:
    """Whose event it is. Raises Unusable."""
    distinct = _id(_first(event.get("distinct_id"), event.get("$distinct_id"), props.get("distinct_id")))
    if props.get("$cookieless_mode") is True or distinct == COOKIELESS:
        # Pages that may keep nothing have an id that lasts as long as they do.
        return Who(f"page {_id(props.get('$pageview_id')) or identity}"[:MAX_DISTINCT_CHARS], None)
    if distinct is None:
        raise Unusable("distinct_id: missing; an event needs who did it")
    if name in ALIASES:
        return _aliased(name, distinct, props)
    if name == "$identify":
        return _identified(distinct, props)
    return _anonymous_or_not(distinct, props)


def _aliased(name: str, distinct: str, props: Mapping[str, Any]) -> Who:
    """`$create_alias` gives somebody a further name; `$merge_dangerously` says it the other way."""
    other = _id(props.get("alias"))
    if other is None:
        raise Unusable("properties.alias: missing")
    if name == "$create_alias":
        return Who(_id(props.get("distinct_id")) or distinct, _require_somebody(other))
    return Who(other, _require_somebody(distinct))


def _identified(distinct: str, props: Mapping[str, Any]) -> Who:
    user = _require_somebody(distinct)
    former = _id(props.get("$anon_distinct_id")) or _id(props.get("$device_id"))
    return Who(former if former is not None and former != user else server_device(user), user)


def _anonymous_or_not(distinct: str, props: Mapping[str, Any]) -> Who:
    device = _id(props.get("$device_id"))
    is_anonymous = props.get("$is_identified") is False or distinct == device
    if (
        is_anonymous
        or (device is None and props.get("$process_person_profile") is False)
        or _is_nobody(distinct)
    ):
        return Who(distinct, None)
    return Who(device or server_device(distinct), distinct)


def server_device(user: str) -> str:
    """What stands for the device of an event that names a user and no device."""
    return f"user:{user}"


def _require_somebody(user: str) -> str:
    if _is_nobody(user):
        raise Unusable(f"{user[:40]!r} identifies nobody")
    return user


def _is_nobody(user: str) -> bool:
    return user.strip().lower() in NOBODY


def _first(*values: object) -> object:
    return next((value for value in values if value not in (None, "")), None)


def _id(value: object) -> str | None:
    if value is None or value == "" or isinstance(value, bool | dict | list):
        return None
    text = value if isinstance(value, str) else str(value)
    if len(text) > MAX_DISTINCT_CHARS:
        raise Unusable(f"an id of more than {MAX_DISTINCT_CHARS} characters: {text[:40]!r}…")
    return text
