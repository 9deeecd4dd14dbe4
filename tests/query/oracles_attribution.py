"""Attribution, worked out one conversion at a time in plain Python, in exact fractions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from query.oracles_sessions import Row, Test, standing

Group = tuple[str | None, ...]


@dataclass
class Asked:
    """What is asked about a person's events."""

    converts: Test
    group: Callable[[Row], Group | None]
    """The group of a touch; none of what is no touch."""
    amount: Callable[[Row], Fraction]
    touch: str
    first_only: bool
    lookback: timedelta
    first: datetime | None
    end: datetime | None


def attribution(people: Mapping[int, Iterable[Sequence[Row]]], asked: Asked) -> dict[str, Any]:
    """What each group is owed: conversions, amounts and the persons who owe it; also what is owed to nobody.

    `people` are everybody's events in parts, of each of which only the first touch counts.
    """
    owed: dict[Group | None, list[tuple[int, Fraction, Fraction]]] = {}
    converted: list[tuple[int, Fraction, Fraction]] = []
    for person, parts in people.items():
        touches = [row for part in parts for row in [r for r in part if asked.group(r) is not None][:1]]
        touches.sort(key=standing)
        for row in _conversions([row for part in parts for row in part], asked):
            before = [
                touch
                for touch in touches
                if standing(touch) <= standing(row) and row["time"] - touch["time"] <= asked.lookback
            ]
            chosen = {"first": before[:1], "last": before[-1:], "linear": before}[asked.touch]
            amount = asked.amount(row)
            converted.append((person, Fraction(1), amount))
            for touch in chosen:
                part = Fraction(1, len(chosen))
                owed.setdefault(asked.group(touch), []).append((person, part, part * amount))
            if not chosen:
                owed.setdefault(None, []).append((person, Fraction(1), amount))
    none = owed.pop(None, [])
    return {
        "groups": {group: figures(given) for group, given in owed.items()},
        "unattributed": figures(none),
        "total": figures(converted),
    }


def pooled(people: Mapping[int, Iterable[Sequence[Row]]], asked: Asked, groups: set[Group]) -> dict[str, Any]:
    """The figures of some groups taken as one."""

    def group(row: Row) -> Group | None:
        own = asked.group(row)
        return own if own is None or own not in groups else ("pooled",)

    every: dict[Group, dict[str, Any]] = attribution(people, Asked(**vars(asked) | {"group": group}))[
        "groups"
    ]
    return every[("pooled",)]


def figures(given: Sequence[tuple[int, Fraction, Fraction]]) -> dict[str, Any]:
    """Conversions, persons and the sum of amounts."""
    return {
        "conversions": sum(part for _, part, _ in given),
        "persons": len({person for person, _, _ in given}),
        "sum": sum(amount for _, _, amount in given),
    }


def _conversions(events: Sequence[Row], asked: Asked) -> list[Row]:
    found = [
        row
        for row in sorted(events, key=standing)
        if asked.converts(row)
        and (asked.first is None or row["time"] >= asked.first)
        and (asked.end is None or row["time"] < asked.end)
    ]
    return found[:1] if asked.first_only else found
