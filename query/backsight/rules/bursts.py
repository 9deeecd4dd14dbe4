"""Bursts of clicks in one place, which `rage` in a rule asks for.

    {"on": "click", "rage": {"clicks": 3, "within": "1s", "radius": 30}}

A click completes a burst when it and the clicks just before it on its page instance, `clicks` in all, lie
within the time from the first to the last, and each within the radius of the first; a burst that goes on is
still the one. Clicks are ordered by the page's own clock, then by their sequence number. One without a place
(by keyboard, or the browser's own on a label's control) is in no burst, and ends none. What else a rule asks
for has to hold of the click that completes the burst, not of the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backsight.fields import below, read_object, read_whole, refuse
from backsight.sql import load_sql

FIELDS: Final = ("clicks", "within", "radius")
MOST_CLICKS: Final = 20
MOST_RADIUS: Final = 1_000
LONGEST_MS: Final = 60_000
BURST_COLUMNS: Final = ("type", "device", "page", "sequence", "time", "client_time", "x", "y")
"""Columns of `events` by which bursts are told."""

_SPAN: Final = re.compile(r"([0-9]{1,5})(?:\.([0-9]{1,3}))?s|([0-9]{1,5})ms")


@dataclass(frozen=True, slots=True)
class Rage:
    """So many clicks within so many milliseconds, none farther from the first than so many CSS pixels."""

    clicks: int = 3
    within_ms: int = 1_000
    radius: int = 30


def parse_rage(value: object, field: str) -> Rage:
    """What `rage` asks for; what is left out is as in a `Rage`. Raises InvalidRequest."""
    entry, usual = read_object(value, field, FIELDS), Rage()
    clicks, radius = entry.get("clicks", usual.clicks), entry.get("radius", usual.radius)
    return Rage(
        read_whole(clicks, below(field, "clicks"), 2, MOST_CLICKS),
        read_span(entry["within"], below(field, "within")) if "within" in entry else usual.within_ms,
        read_whole(radius, below(field, "radius"), 0, MOST_RADIUS),
    )


def rage_to_json(rage: Rage) -> dict[str, object]:
    """It as it stands in a rule."""
    return {"clicks": rage.clicks, "within": span_text(rage.within_ms), "radius": rage.radius}


def rage_words(rage: Rage) -> str:
    """It in a few words."""
    return f"{rage.clicks} times within {span_text(rage.within_ms)} in one place"


def read_span(value: object, field: str) -> int:
    """Milliseconds of a short duration, such as "1s", "2.5s" or "300ms"; up to a minute."""
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    span = 0
    if found is not None:
        whole, part, thousandths = found.groups()
        span = int(thousandths or 0) + int(whole or 0) * 1_000 + int((part or "").ljust(3, "0"))
    if not 0 < span <= LONGEST_MS:
        valid = "seconds or milliseconds, such as '1s', '2.5s' or '300ms'; at most '60s'"
        refuse(f"{value!r:.80} is no short duration.", field, value, valid)
    return span


def span_text(milliseconds: int) -> str:
    """The shortest way to write it."""
    if milliseconds < 1_000:
        return f"{milliseconds}ms"
    return f"{milliseconds / 1_000:.3f}".rstrip("0").rstrip(".") + "s"


def bursts_sql(rage: Rage, devices: Sequence[int] | None = None) -> tuple[str, dict[str, object]]:
    """The statement that lists the clicks that complete a burst (`page`, `sequence`), and its parameters.

    It reads BURST_COLUMNS of `events`; only those of some devices, where they are given. Of clicks after
    `$before` it tells those after `$midnight`, which are for the caller to set.
    """
    whose = "" if devices is None else f" and device in ({', '.join(map(str, devices))})"
    first = rage.clicks - 1
    near = [
        f"{_squared('x', back, first)} + {_squared('y', back, first)} <= $square" for back in range(first)
    ]
    text = load_sql("clicks_bursts").replace("{first}", str(first)).replace("{whose}", whose)
    params: dict[str, object] = {"within": rage.within_ms * 1_000, "square": float(rage.radius**2)}
    return text.replace("{near}", "\n            and ".join(near)), params


def _squared(axis: str, back: int, first: int) -> str:
    """The distance on an axis of the click so many back from the first."""
    own = f"lag({axis}, {back}) over of_page" if back else axis
    return f"power({own} - lag({axis}, {first}) over of_page, 2)"
