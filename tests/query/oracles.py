"""What reports have to answer, worked out the slow way: by trying everything, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

Row = Mapping[str, Any]

# ── Persons ─────────────────────────────────────────────────────────────────────────────────────────────────


def holds(line: str, statements: Sequence[Row]) -> bool:
    """Whether a statement holds: no holding line revokes it."""
    revoking = (row["statement_id"] for row in statements if row.get("revokes") == line)
    return not any(holds(other, statements) for other in revoking)


def persons(statements: Sequence[Row]) -> tuple[set[tuple[int, int]], dict[int, int]]:
    """Live pairs of device and user, and the first live user of each device."""
    said = [
        row
        for row in statements
        if row["kind"] in ("identify", "observed")
        and row.get("device") is not None
        and row.get("user") is not None
        and holds(row["statement_id"], statements)
    ]
    first: dict[int, int] = {}
    for row in sorted(said, key=lambda row: (row["time"], row["statement_id"])):
        first.setdefault(row["device"], row["user"])
    return {(row["device"], row["user"]) for row in said}, first


def person_of(row: Row, statements: Sequence[Row]) -> int:
    """Who is behind an event."""
    live, first = persons(statements)
    if (row["device"], row.get("user")) in live:
        return int(row["user"])
    return first.get(row["device"], row["device"])


def by_person(events: Sequence[Row], statements: Sequence[Row]) -> dict[int, list[Row]]:
    """Every person's events."""
    found: dict[int, list[Row]] = {}
    for row in events:
        found.setdefault(person_of(row, statements), []).append(row)
    return found


def before(a: Row, b: Row) -> bool:
    """Whether one event certainly came before the other."""
    if a["time"] != b["time"]:
        return bool(a["time"] < b["time"])
    return bool(a["page"] == b["page"] and a["sequence"] < b["sequence"])


# ── Funnel ──────────────────────────────────────────────────────────────────────────────────────────────────


class Window:
    """Which events a funnel may use."""

    def __init__(
        self, length: timedelta, first: datetime | None, end: datetime | None, whole: bool = False
    ) -> None:
        self.length, self.first, self.end, self.whole = length, first, end, whole

    def starts(self, row: Row) -> bool:
        return (self.first is None or row["time"] >= self.first) and (
            self.end is None or row["time"] < self.end
        )

    def continues(self, row: Row) -> bool:
        return self.starts(row) if self.whole else True


def attempts(
    events: Sequence[Row], steps: Sequence[str], window: Window, firsts: Sequence[Row]
) -> Iterator[list[Row]]:
    """Every attempt there is: one event a step, none certainly before an earlier one's, within the window."""

    def extend(chain: list[Row]) -> Iterator[list[Row]]:
        yield chain
        if len(chain) == len(steps):
            return
        for row in events:
            if (
                row["name"] == steps[len(chain)]
                and window.continues(row)
                and not any(row is used or before(row, used) for used in chain)
                and row["time"] >= chain[-1]["time"]
                and row["time"] - chain[0]["time"] <= window.length
            ):
                yield from extend([*chain, row])

    for row in firsts:
        yield from extend([row])


def counted(
    events: Sequence[Row], steps: Sequence[str], window: Window, entry: str
) -> tuple[list[datetime], datetime] | None:
    """The times of one person's attempt that counts, and when the last one that might go on began."""
    firsts = [row for row in events if row["name"] == steps[0] and window.starts(row)]
    if not firsts:
        return None
    if entry == "first":
        firsts = [row for row in firsts if not any(before(other, row) for other in firsts)]
        firsts = [row for row in firsts if row["time"] == min(each["time"] for each in firsts)]
    times = [[row["time"] for row in chain] for chain in attempts(events, steps, window, firsts)]
    furthest = [each for each in times if len(each) == max(map(len, times))]
    if entry == "first":
        chosen = min(furthest)
    else:
        soonest = [each for each in furthest if each[-1] == min(one[-1] for one in furthest)]
        chosen = max(soonest, key=lambda each: each[::-1])
    return chosen, max(row["time"] for row in firsts)


def funnel(
    people: Mapping[int, Sequence[Row]], steps: Sequence[str], window: Window, entry: str, now: datetime
) -> list[dict[str, Any]]:
    """Count, still open and seconds of each step."""
    found = [each for events in people.values() if (each := counted(events, steps, window, entry))]
    closed = window.whole and window.end is not None and window.end <= now
    answer = []
    for number in range(1, len(steps) + 1):
        reached = [chain for chain, _ in found if len(chain) >= number]
        waiting = [
            chain
            for chain, last in found
            if len(chain) == number < len(steps) and last + window.length >= now and not closed
        ]
        taken = (
            [(chain[number - 1] - chain[number - 2]).total_seconds() for chain in reached]
            if number > 1
            else []
        )
        answer.append({"count": len(reached), "still_open": len(waiting), "seconds": seconds(taken)})
    return answer


def seconds(taken: Sequence[float]) -> dict[str, float | None]:
    """Mean, median and p90; null of nothing."""
    if not taken:
        return {"mean": None, "median": None, "p90": None}
    return {
        "mean": sum(taken) / len(taken),
        "median": float(np.median(taken)),
        "p90": float(np.quantile(taken, 0.9)),
    }


# ── Periods ─────────────────────────────────────────────────────────────────────────────────────────────────


def period_of(time: datetime, kind: str, zone: ZoneInfo, week_start: str = "monday") -> str:
    """The label of the calendar period in which an instant lies."""
    local = time.astimezone(zone)
    if kind == "hour":
        return _hour_began(time, zone).isoformat(timespec="seconds")
    day = local.date()
    if kind == "week":
        while day.strftime("%A").lower() != week_start:
            day -= timedelta(days=1)
    return (day.replace(day=1) if kind == "month" else day).isoformat()


def _hour_began(time: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks began to show this hour, at this offset, going back by quarters of an hour."""
    began = time.astimezone(UTC).replace(minute=time.minute // 15 * 15, second=0, microsecond=0)
    while True:
        before, now = (began - timedelta(minutes=15)).astimezone(zone), began.astimezone(zone)
        if (before.hour, before.utcoffset()) != (now.hour, now.utcoffset()):
            return now
        began -= timedelta(minutes=15)


def labels(
    kind: str, zone: ZoneInfo, first: datetime, end: datetime, week_start: str = "monday"
) -> list[str]:
    """Every period that holds some of a stretch of time, by looking at each quarter of an hour."""
    found: dict[str, None] = {}
    moment = first.astimezone(UTC)
    while moment < end:
        found.setdefault(period_of(moment, kind, zone, week_start))
        moment += timedelta(minutes=15)
    found.setdefault(period_of(end - timedelta(microseconds=1), kind, zone, week_start))
    return list(found)


# ── Retention ───────────────────────────────────────────────────────────────────────────────────────────────


def retention(
    people: Mapping[int, Sequence[Row]],
    rows: Sequence[int],
    periods: int,
    cohort: str,
    returned: str,
    period: Callable[[Row], int],
    inside: Callable[[Row], bool],
    counts: Callable[[Row], bool],
) -> list[dict[str, Any]]:
    """Size and returned of each row, of starts "A" and returns "B".

    `period` numbers an event's period, `rows` are the numbers of the cohorts; `inside` admits starts,
    `counts` returns.
    """
    answer = {row: {"size": 0, "returned": [0] * periods} for row in rows}
    for events in people.values():
        starts = [event for event in events if event["name"] == "A"]
        back = [event for event in events if event["name"] == "B" and counts(event)]
        for row, firsts in _starts(starts, cohort, period, inside).items():
            answer[row]["size"] += 1
            reached = {period(event) for event in back if _returns(event, firsts)}
            for later in range(periods):
                wanted = row + later
                hit = (
                    any(each >= wanted for each in reached)
                    if returned == "on_or_after"
                    else wanted in reached
                )
                answer[row]["returned"][later] += hit
    return list(answer.values())


def _starts(
    starts: Sequence[Row], cohort: str, period: Callable[[Row], int], inside: Callable[[Row], bool]
) -> dict[int, list[Row]]:
    """Per cohort of a person, the starts that may have been its first."""
    ranged = [row for row in starts if inside(row)]
    if cohort == "first_ever" and starts:
        ranged = [row for row in ranged if row["time"] == min(each["time"] for each in starts)]
    if cohort != "recurring" and ranged:
        ranged = [row for row in ranged if row["time"] == min(each["time"] for each in ranged)]
    found: dict[int, list[Row]] = {}
    for row in ranged:
        found.setdefault(period(row), []).append(row)
    return {
        label: [row for row in group if row["time"] == min(each["time"] for each in group)]
        for label, group in found.items()
    }


def _returns(row: Row, firsts: Sequence[Row]) -> bool:
    """Whether an event may have come after the start."""
    return any(
        row is not first and row["time"] >= first["time"] and not before(row, first) for first in firsts
    )
