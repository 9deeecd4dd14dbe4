"""Moments, ranges and timezones of a question."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from backsight.errors import InvalidRequest
from backsight.scan.moments import MICROSECOND, read_range, read_zone
from query.rows import NOW

BERLIN = ZoneInfo("Europe/Berlin")


def test_dates_are_inclusive_in_the_timezone() -> None:
    """A range of one date is that day there, 25 hours long where clocks are set back."""
    found = read_range({"from": "2026-10-25", "to": "2026-10-25"}, BERLIN, NOW)
    assert found.closed == (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC))


def test_durations_are_inclusive_too() -> None:
    """Up to no hours ago includes this very moment, as an instant does; up to no days ago all of today."""
    moment = read_range({"from": "0h", "to": "0h"}, BERLIN, NOW)
    assert moment == read_range({"from": NOW.isoformat(), "to": NOW.isoformat()}, BERLIN, NOW)
    assert moment.closed == (NOW, NOW + MICROSECOND)
    today = read_range({"from": "0d", "to": "0d"}, BERLIN, NOW)
    assert today == read_range({"from": "2026-11-01", "to": "2026-11-01"}, BERLIN, NOW)


@pytest.mark.parametrize(
    ("first", "last"),
    [("1920-01-01", "2060-12-31"), ("1920-01-01T00:00:00Z", "2060-12-31T23:59:59.999999Z")],
    ids=["dates", "instants"],
)
def test_the_widest_range(first: str, last: str) -> None:
    """The first and the last day that a range may have are days of it."""
    found = read_range({"from": first, "to": last}, ZoneInfo("UTC"), NOW)
    assert found.closed == (datetime(1920, 1, 1, tzinfo=UTC), datetime(2061, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"from": "1919-12-31"}, "from"),
        ({"to": "1919-12-31"}, "to"),
        ({"to": "2061-01-01"}, "to"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "2026-10-01T12:00:00"}, "from"),
        ({"from": "2026-10-02", "to": "2026-10-01"}, "to"),
        ({"from": ""}, "from"),
        ({"from": 20261001}, "from"),
    ],
)
def test_what_is_no_moment_is_named(asked: dict[str, object], field: str) -> None:
    """A moment that can't be meant is refused with its field."""
    with pytest.raises(InvalidRequest) as raised:
        read_range(asked, ZoneInfo("UTC"), NOW)
    assert raised.value.field == field


@pytest.mark.parametrize(
    "name", ["Berlin", "America", "../UTC", "localtime", "right/UTC", "\0", "europe/berlin "]
)
def test_what_is_no_timezone_is_refused(name: str) -> None:
    """Only names that mean the same zone on every machine are taken."""
    with pytest.raises(InvalidRequest, match="there is no timezone"):
        read_zone(name, "timezone")
