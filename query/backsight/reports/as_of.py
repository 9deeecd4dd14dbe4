"""What a question is asked as of: an earlier answer's `meta`, from which the same answer follows again.

    "as_of": {"now": "2026-11-01T12:00:00Z", "snapshot": {"events": 12, …}, "events": {"Signed up": 3},
              "cohorts": {}}

The snapshot says which files are read, persons follow from its statements, `now` says which windows were
still open and what `30d` means. A named event or cohort that is not listed is meant as it stood at `now`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from backsight.contract import TABLES
from backsight.errors import shown
from backsight.fields import read_object, read_string, refuse
from backsight.scan.moments import EARLIEST

META_FIELDS: Final = ("site", "now", "snapshot", "events", "cohorts", "watermark", "ms", "warnings")
"""Fields of an answer's `meta`."""

INSTANT: Final = "an instant since 1920 that has passed, such as '2026-10-01T12:00:00Z'"


@dataclass(frozen=True, slots=True)
class AsOf:
    """The moment of an earlier answer."""

    now: datetime
    snapshot: Mapping[str, int]
    """Version of every table."""
    events: Mapping[str, int]
    """Versions of named events."""
    cohorts: Mapping[str, int]
    """Versions of cohorts."""


def read_as_of(value: object, site: str, now: datetime) -> AsOf:
    """The `as_of` of a request to that site, asked at `now`; raises InvalidRequest, naming the field."""
    meta = read_object(value, "as_of", META_FIELDS)
    if meta.get("site", site) != site:
        refuse("this is of another site.", "as_of.site", meta["site"], shown(site))
    for field in ("now", "snapshot"):
        if field not in meta:
            refuse(f"{field!r} is missing.", f"as_of.{field}", None, "the `meta` of an earlier answer")
    return AsOf(
        _read_now(meta["now"], now),
        _read_snapshot(meta["snapshot"]),
        _read_versions(meta.get("events", {}), "as_of.events"),
        _read_versions(meta.get("cohorts", {}), "as_of.cohorts"),
    )


def _read_now(value: object, now: datetime) -> datetime:
    text = read_string(value, "as_of.now", 60)
    try:
        instant = datetime.fromisoformat(text)
        passed = instant.astimezone(UTC) if instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        passed = None
    if passed is None or passed.date() < EARLIEST or passed > now:
        refuse(f"{shown(value)} can't be asked as of.", "as_of.now", value, INSTANT)
    return passed


def _read_snapshot(value: object) -> Mapping[str, int]:
    tables = read_object(value, "as_of.snapshot", TABLES)
    for table in TABLES:
        if table not in tables:
            refuse("this table's version is missing.", f"as_of.snapshot.{table}", None, "a table's version")
    return {name: _whole(version, -1, f"as_of.snapshot.{name}") for name, version in tables.items()}


def _read_versions(value: object, field: str) -> Mapping[str, int]:
    if not isinstance(value, Mapping):
        refuse(f"{shown(value)} is not an object.", field, value, "versions by name")
    return {str(name): _whole(version, 1, f"{field}.{name}") for name, version in value.items()}


def _whole(value: object, least: int, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**53:
        refuse(f"{shown(value)} is no version.", field, value, f"a whole number from {least} on")
    return value
