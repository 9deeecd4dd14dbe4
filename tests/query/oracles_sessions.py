"""Sessions and the order of one person's events, worked out event by event in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

Row = Mapping[str, Any]
Test = Callable[[Row], bool]


def bears(name: str | None) -> Test | None:
    """Whether an event is a tracked one of this name; no test where there is no name."""
    return None if name is None else lambda row: row["name"] == name


def place(row: Row) -> tuple[datetime, int]:
    """Where an event stands by time and sequence; pages don't count."""
    return row["time"], min(row["sequence"], 2_047)


def standing(row: Row) -> tuple[Any, ...]:
    """Where an event stands for certain: pages, and late sequence numbers, settle what is left."""
    return (*place(row), row["page"] >> 31, row["sequence"])


def sessions(events: Sequence[Row], gap: timedelta | None, starts: Test | None) -> list[list[Row]]:
    """One person's events, session by session, each in order."""
    found: list[list[Row]] = []
    begun = {place(row) for row in events if starts is not None and starts(row)}
    for row in sorted(events, key=standing):
        last = found[-1][-1] if found else None
        if (
            last is None
            or (gap is not None and row["time"] - last["time"] > gap)
            or (place(row) in begun and place(row) != place(last))
        ):
            found.append([])
        found[-1].append(row)
    return found


def captured(events: Sequence[Row]) -> list[list[Row]]:
    """One person's events by the session that they were captured with; those without one are left out."""
    found: dict[int, list[Row]] = {}
    for row in sorted(events, key=standing):
        if row.get("session") is not None:
            found.setdefault(row["session"], []).append(row)
    return list(found.values())


def reach(
    first: datetime | None, end: datetime | None, gap: timedelta | None, decided: bool
) -> tuple[datetime | None, datetime | None]:
    """The range in which sessions are followed; `end` is exclusive."""
    if decided and gap is None:
        return None, None
    margin = max(timedelta(days=1), gap or timedelta())
    return first and first - margin, end and end + margin


def within(events: Sequence[Row], first: datetime | None, end: datetime | None) -> list[Row]:
    """The events of a range; `end` is exclusive."""
    return [
        row
        for row in events
        if (first is None or row["time"] >= first) and (end is None or row["time"] < end)
    ]
