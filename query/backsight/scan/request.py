"""The fields that reports have in common: time range, timezone, filters.

from, to, timezone   as in `moments`
where                predicates that every event has to meet
person_where         conditions on persons (`person_conditions`): traits, what they did, their cohorts
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from backsight.fields import read_choice, read_object, read_whole
from backsight.rules.predicates import Condition, parse_predicates
from backsight.scan.moments import (
    EARLIEST,
    EPOCH,
    LATEST,
    LONGEST,
    MICROSECOND,
    MOMENTS,
    UNITS,
    Range,
    local_midnight,
    micros,
    read_duration,
    read_range,
    read_zone,
)
from backsight.scan.person_conditions import parse_person_where

__all__ = [
    "COMMON_FIELDS",
    "EARLIEST",
    "EPOCH",
    "LATEST",
    "LONGEST",
    "MICROSECOND",
    "MOMENTS",
    "UNITS",
    "Common",
    "Range",
    "local_midnight",
    "micros",
    "read_all",
    "read_common",
    "read_duration",
    "read_range",
    "read_request",
    "read_whole",
    "read_zone",
]

COMMON_FIELDS: Final = ("from", "to", "timezone", "where", "person_where")


@dataclass(frozen=True, slots=True)
class Common:
    """The fields that every report has."""

    range: Range
    zone: ZoneInfo
    where: tuple[Condition, ...]
    person_where: tuple[Condition, ...]


def read_request(value: object, own: tuple[str, ...]) -> Mapping[str, object]:
    """A report's request: an object of the common fields and its own; one that is null counts as left out."""
    request = read_object(value, "", (*COMMON_FIELDS, *own))
    return {key: each for key, each in request.items() if each is not None}


def read_common(request: Mapping[str, object], now: datetime) -> Common:
    """The common fields of a request."""
    zone = read_zone(request.get("timezone", "UTC"), "timezone")
    return Common(
        read_range(request, zone, now),
        zone,
        parse_predicates(request.get("where", ()), "where"),
        parse_person_where(request.get("person_where", ()), "person_where", zone, now),
    )


def read_all(request: Mapping[str, object]) -> bool:
    """Whether `"range": "all"` asks for every event to lie within the range."""
    return "range" in request and read_choice(request["range"], "range", ("all",)) == "all"
