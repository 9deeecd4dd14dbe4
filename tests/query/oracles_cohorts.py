"""Which persons meet conditions, worked out one person and one event at a time, in plain Python."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from query.oracles import Row, by_person, holds, period_of, persons

Json = Mapping[str, Any]

SPANS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class World:
    """All that was captured and said, and when and where it is asked about."""

    events: Sequence[Row]
    statements: Sequence[Row]
    cohorts: Mapping[str, Sequence[Json] | set[int]]
    """Conditions of dynamic cohorts; users and devices of static ones."""
    zone: ZoneInfo
    now: datetime

    def members(self, conditions: Iterable[Json]) -> set[int]:
        """The persons who meet all of the conditions."""
        people, listed = by_person(self.events, self.statements), list(conditions)
        return {who for who, rows in people.items() if all(self.meets(each, who, rows) for each in listed)}

    def meets(self, condition: Json, who: int, rows: Sequence[Row]) -> bool:
        """Whether one person, with these events, meets one condition."""
        if "all" in condition:
            return all(self.meets(each, who, rows) for each in condition["all"])
        if "any" in condition:
            return any(self.meets(each, who, rows) for each in condition["any"])
        if "not" in condition:
            return not self.meets(condition["not"], who, rows)
        if "cohort" in condition:
            return self._in_cohort(condition["cohort"], who, rows)
        if "property" in condition:
            value = traits(self.statements).get(who, {}).get(condition["property"].removeprefix("person."))
            return (value == condition["value"]) == (condition["op"] == "is")
        return self._behaves(condition, rows)

    def _in_cohort(self, name: str, who: int, rows: Sequence[Row]) -> bool:
        meaning = self.cohorts[name]
        if isinstance(meaning, set):
            first = persons(self.statements)[1]
            return who in {first.get(listed, listed) for listed in meaning}
        return all(self.meets(each, who, rows) for each in meaning)

    def _behaves(self, condition: Json, rows: Sequence[Row]) -> bool:
        if "did_in_periods" in condition:
            return self._regularly(condition, rows)
        key = "did_first" if "did_first" in condition else "did"
        done = [row["time"] for row in rows if row["name"] == condition[key]]
        if key == "did_first":
            return bool(done) and self._inside(condition, min(done))
        times = sum(self._inside(condition, time) for time in done)
        if "exactly" in condition:
            return bool(times == condition["exactly"])
        most = condition.get("at_most", times)
        return bool(condition.get("at_least", 0 if "at_most" in condition else 1) <= times <= most)

    def _regularly(self, condition: Json, rows: Sequence[Row]) -> bool:
        done = [row["time"] for row in rows if row["name"] == condition["did_in_periods"]]
        kind, week = condition.get("period", "day"), condition.get("week_start", "monday")
        wanted: set[str] = set()
        last = date.fromisoformat(condition["to"]) if "to" in condition else self._day(self.now)
        while len(wanted) < condition["periods"]:
            noon = datetime(last.year, last.month, last.day, 12, tzinfo=self.zone)
            wanted.add(period_of(noon, kind, self.zone, week))
            last -= timedelta(days=1)
        counts = [sum(period_of(time, kind, self.zone, week) == each for time in done) for each in wanted]
        reached = sum(count >= condition.get("times", 1) for count in counts)
        return bool(reached >= condition.get("at_least", condition["periods"]))

    def _inside(self, condition: Json, time: datetime) -> bool:
        first = condition.get("within", condition.get("from"))
        return (first is None or self._since(first, time)) and (
            "to" not in condition or self._until(condition["to"], time)
        )

    def _since(self, first: str, time: datetime) -> bool:
        if first[-1] in SPANS and first[:-1].isdigit():
            span = timedelta(**{SPANS[first[-1]]: int(first[:-1])})
            if first[-1] in "dw":
                return self._day(time) >= self._day(self.now) - span
            return time >= self.now - span
        if len(first) == len("2026-10-25"):
            return self._day(time) >= date.fromisoformat(first)
        return time >= datetime.fromisoformat(first)

    def _until(self, last: str, time: datetime) -> bool:
        if len(last) == len("2026-10-25"):
            return self._day(time) <= date.fromisoformat(last)
        return time <= datetime.fromisoformat(last)

    def _day(self, time: datetime) -> date:
        return time.astimezone(self.zone).date()


def traits(statements: Sequence[Row]) -> dict[int, dict[str, Any]]:
    """What is known of every person: per key, what was said last."""
    live, first = persons(statements)
    known: dict[int, dict[str, Any]] = {}
    for row in sorted(statements, key=lambda row: (row["time"], row["statement_id"])):
        device, user = row.get("device"), row.get("user")
        if row.get("traits") is None or not holds(row["statement_id"], statements):
            continue
        who = user if (device, user) in live else first.get(device, device)
        known.setdefault(who, {}).update(json.loads(row["traits"]))
    return known
