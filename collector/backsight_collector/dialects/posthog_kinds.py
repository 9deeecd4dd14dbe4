"""What happened: PostHog's events as events of our wire, without their places in a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from backsight.contract import EventType, Reason
from backsight_collector.dialects.masks import masked, tidy
from backsight_collector.dialects.posthog_elements import Described, clean, link_of, texts_of
from backsight_collector.dialects.posthog_props import kept, traits_of

Object = dict[str, Any]
Props = Mapping[str, Any]

ALIASES: Final = frozenset({"$create_alias", "$merge_dangerously"})
AT_ELEMENT: Final = frozenset({"$autocapture", "$copy_autocapture", "$rageclick", "$dead_click"})
"""Events whose chain of elements is kept."""
_ABOUT: Final = frozenset({"$set", "$set_once", "$unset"})
"""Events that only say something about their person."""
_REPLAY: Final = frozenset({"$snapshot", "$snapshot_items", "$performance_event", "$$heatmap"})
_IN_DOM: Final = {
    "click": EventType.CLICK,
    "change": EventType.CHANGE,
    "submit": EventType.SUBMIT,
    "touch": EventType.CLICK,
}
VITALS: Final = ("LCP", "CLS", "FCP", "INP", "TTFB")


class Unusable(Exception):
    """The event can't be kept; `reason` is the dead letter's."""

    def __init__(self, detail: str, reason: Reason = Reason.BAD_EVENT) -> None:
        super().__init__(detail)
        self.detail, self.reason = detail, reason


def said(
    name: str, event: Props, props: Props, user: str | None, chain: list[Described], url: str
) -> list[Object]:
    """The events that it stands for, in order, each with `props` where something is kept. Raises Unusable."""
    if name in _REPLAY:
        raise Unusable(f"{name}: recordings and heat maps are not kept", Reason.UNKNOWN_TYPE)
    traits = traits_of(event, props)
    if name in _ABOUT:
        return [_with({"type": EventType.TRAITS, "traits": traits}, props)]
    if name in ALIASES or name == "$identify":
        return [_with({"type": EventType.IDENTIFY, "user": user, "traits": traits or None}, props, "alias")]
    events = _KINDS.get(name, _tracked)(name, props)
    if name in AT_ELEMENT:
        events = [_at_element(each, chain, url) for each in events]
    if traits:
        events.append({"type": EventType.TRAITS, "traits": traits})
    return events


def _with(event: Object, props: Props, *without: str) -> Object:
    return {**event, "props": kept(props, *without) or None}


def _at_element(event: Object, chain: list[Described], url: str) -> Object:
    event = {**event, **texts_of(chain), "href": link_of(chain, url)}
    return {**event, "node": 0} if chain else event


def _tracked(name: str, props: Props) -> list[Object]:
    return [_with({"type": EventType.TRACK, "name": name}, props)]


def _autocaptured(name: str, props: Props) -> list[Object]:
    kind = _IN_DOM.get(str(props.get("$event_type")))
    if kind is None:
        return _tracked(name, props)
    return [_with({"type": kind}, props, "$event_type")]


def _copied(name: str, props: Props) -> list[Object]:
    return [_with({"type": EventType.COPY}, props)]


def _viewed(name: str, props: Props) -> list[Object]:
    return [_with({"type": EventType.PAGEVIEW}, props, "title")]


def _left(name: str, props: Props) -> list[Object]:
    event: Object = {"type": EventType.LEAVE}
    if (seconds := _number(props.get("$prev_pageview_duration"))) is not None and 0 <= seconds < 1e9:
        event["duration_ms"] = round(seconds * 1_000)
    if (share := _number(props.get("$prev_pageview_max_content_percentage"))) is not None and 0 <= share <= 1:
        event["scroll_percent"] = round(share * 100)
    return [_with(event, props)]


def _measured(name: str, props: Props) -> list[Object]:
    """One event for each measure."""
    events: list[Object] = []
    for vital in VITALS:
        if (value := _number(props.get(f"$web_vitals_{vital}_value"))) is not None:
            more = props.get(f"$web_vitals_{vital}_event")
            rating = more.get("rating") if isinstance(more, dict) else None
            measure = {"value": value, "rating": rating if isinstance(rating, str) else None}
            known = {key: each for key, each in measure.items() if each is not None}
            events.append({"type": EventType.VITAL, "name": vital, "props": {**kept(props), **known}})
    return events or _tracked(name, props)


def _failed(name: str, props: Props) -> list[Object]:
    """An error that nobody caught; one that the site's code caught and told of is a tracked event."""
    listed = props.get("$exception_list")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    mechanism = first.get("mechanism")
    mechanism = mechanism if isinstance(mechanism, dict) else {}
    told = {**kept(props), **_failure(first, props), **_place(first)}
    told["kind"] = "rejection" if "rejection" in str(mechanism.get("type")).lower() else "error"
    if mechanism.get("handled") is True:
        return [{"type": EventType.TRACK, "name": name, "props": told}]
    return [{"type": EventType.ERROR, "props": told}]


def _failure(first: Props, props: Props) -> Object:
    kind = _first_text(first.get("type"), props.get("$exception_type"))
    value = _first_text(first.get("value"), props.get("$exception_message"))
    return {"message": tidy(": ".join(part for part in (kind, value) if part))}


def _place(first: Props) -> Object:
    trace = first.get("stacktrace")
    frames = trace.get("frames") if isinstance(trace, dict) else None
    frame = frames[-1] if isinstance(frames, list) and frames and isinstance(frames[-1], dict) else {}
    place: Object = {"line": _number(frame.get("lineno")), "column": _number(frame.get("colno"))}
    if source := _first_text(frame.get("filename"), frame.get("abs_path")):
        place["source"] = masked(clean(source))
    return {key: value for key, value in place.items() if value is not None}


def _first_text(*values: object) -> str | None:
    return next((value for value in values if isinstance(value, str) and value), None)


def _number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


_KINDS: Final[Mapping[str, Callable[[str, Props], list[Object]]]] = {
    "$autocapture": _autocaptured,
    "$copy_autocapture": _copied,
    "$pageview": _viewed,
    "$pageleave": _left,
    "$web_vitals": _measured,
    "$exception": _failed,
}
