"""In which terms a row of an export is said: one event of our wire, and who did it.

Everything here is checked once more, with the wire's own limits, when the event is read out of the journal's
record. What only would be too long is cut; what would be a different fact is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from backsight.contract import MAX_ID_CHARS, MAX_NAME_CHARS, MAX_TEXT_CHARS, MAX_URL_CHARS
from backsight_collector.imports.errors import Refused

Fields = Mapping[str, Any]
Object = dict[str, Any]

MAX_TITLE_CHARS: Final = 1_024
MAX_AGENT_CHARS: Final = 1_024
MAX_LANGUAGE_CHARS: Final = MAX_ID_CHARS


class Person(NamedTuple):
    """Who did it, and where: ids as the export has them. Nobody who can't be told from others is a device."""

    device: str
    user: str | None = None
    session: str | None = None
    agent: str | None = None


class Element(NamedTuple):
    """One element of the target's chain, the target first. Ordinals as the wire's nodes have them."""

    tag: str
    attributes: Mapping[str, str | None]
    child_index: int = 1
    child_last: int = 1
    type_index: int = 1
    type_last: int = 1
    flags: int = 0
    namespace: str = "html"


class Mapped(NamedTuple):
    """One event: `event` and `page` are those of the wire without the numbers that a batch gives them.

    `identity` stands for the row for ever: an event of the same identity is the same event.
    """

    time: float  # milliseconds since 1970
    person: Person
    identity: str
    event: Object
    page: Object
    chain: tuple[Element, ...] = ()
    sequence: int = 0


class Spoken(NamedTuple):
    """One event in the words of a dialect, whose own decoder says what it means."""

    time: float
    dialect: str
    message: Object


Said = Mapped | Spoken


# ── Values ──────────────────────────────────────────────────────────────────────────────────────────────────


def text(value: object, limit: int) -> str | None:
    """A value as text, cut; null where there is none."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        value = plain(value)
    return value[:limit] or None


def plain(value: object) -> str:
    """Any value as text: `true`, `12`, or JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return msgspec.json.encode(value, enc_hook=str).decode()


def id_of(value: object) -> str | None:
    """A device's, user's or session's id; null where there is none. Refused where it is too long to be
    one."""
    found = text(value, MAX_ID_CHARS + 1)
    if found is not None and len(found) > MAX_ID_CHARS:
        raise Refused(f"an id of more than {MAX_ID_CHARS} characters: {found[:40]!r}…")
    return found


def name_of(value: object, field: str) -> str:
    """An event's name. Refused where there is none, or it is too long to be one."""
    found = text(value, MAX_NAME_CHARS + 1)
    if found is None:
        raise Refused(f"{field}: missing; an event needs its name")
    if len(found) > MAX_NAME_CHARS:
        raise Refused(f"{field}: a name of more than {MAX_NAME_CHARS} characters: {found[:40]!r}…")
    return found


def object_of(value: object, field: str) -> Object:
    """An object, also one that is written as JSON, as CSV and Parquet have it. Refused where it is none."""
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value.encode("utf-8", "surrogatepass"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refused(f"{field}: no JSON object: {error}") from error
    if not isinstance(value, dict):
        raise Refused(f"{field}: expected an object, got {type(value).__name__}")
    return value


def props_of(value: Mapping[str, Any]) -> Object:
    """Those that have a name and a value."""
    return {
        key: each for key, each in value.items() if each is not None and key and len(key) <= MAX_NAME_CHARS
    }


def integer(value: object, low: int, high: int) -> int | None:
    """A whole number within bounds, also one that is written as text; null where it is none."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(value) if low <= value <= high else None


def page_of(
    url: object = None, referrer: object = None, title: object = None, language: object = None,
    width: object = None, height: object = None,
) -> Object:  # fmt: skip
    """A page of the wire, without its id."""
    page: Object = {"url": text(url, MAX_URL_CHARS) or ""}
    if (found := text(referrer, MAX_URL_CHARS)) is not None and found.startswith(
        ("http:", "https:", "android-app:")
    ):
        page["referrer"] = found
    if (found := text(title, MAX_TITLE_CHARS)) is not None:
        page["title"] = found
    if (found := text(language, MAX_LANGUAGE_CHARS)) is not None:
        page["language"] = found
    sizes = [integer(width, 0, 2**31 - 1), integer(height, 0, 2**31 - 1)]
    if None not in sizes:
        page["viewport"] = sizes
    return page


def short(value: object) -> str | None:
    """A text of an element."""
    return text(value, MAX_TEXT_CHARS)


# ── Times ───────────────────────────────────────────────────────────────────────────────────────────────────

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_SCALES: Final = ((1e11, 1e3), (1e14, 1.0), (1e17, 1e-3), (1e20, 1e-6))
"""Numbers below are seconds, milliseconds, microseconds, nanoseconds; each times so much is milliseconds."""


def milliseconds(value: object, field: str, zone: tzinfo = UTC) -> float:
    """A moment in ms since 1970: ISO 8601, `2026-10-20 12:34:56.789`, or a number. What names no offset is in
    `zone`.

    Refused where it is none.
    """
    if isinstance(value, str):
        return _of_text(value, field, zone)
    if isinstance(value, datetime):
        return _of_datetime(value, zone)
    if isinstance(value, date):
        return _of_datetime(datetime(value.year, value.month, value.day), zone)  # it is given one
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _of_number(float(value), field)
    raise Refused(f"{field}: {'missing' if value is None else 'no time'}; an event needs its time")


def local_seconds(value: object, field: str, zone: tzinfo) -> float:
    """The same of seconds that were counted by the clocks of `zone`, as Mixpanel does."""
    instant = milliseconds(value, field)
    if zone is UTC:
        return instant
    return _of_datetime((_EPOCH + timedelta(milliseconds=instant)).replace(tzinfo=None), zone)


def _of_text(value: str, field: str, zone: tzinfo) -> float:
    try:
        return _of_datetime(datetime.fromisoformat(value.strip().removesuffix(" UTC")), zone)
    except (ValueError, OverflowError):
        pass
    try:
        return _of_number(float(value), field)
    except ValueError:
        raise Refused(f"{field}: {value[:40]!r} is no time. Valid: ISO 8601, or a number") from None


def _of_datetime(value: datetime, zone: tzinfo) -> float:
    try:
        return ((value if value.tzinfo else value.replace(tzinfo=zone)) - _EPOCH) / _MILLISECOND
    except OverflowError as error:
        raise Refused(f"a time out of range: {value}") from error


def _of_number(value: float, field: str) -> float:
    for below, scale in _SCALES:
        if 0 <= value < below:
            return value * scale
    raise Refused(f"{field}: {value:g} is no time")
