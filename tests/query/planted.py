"""Sites on which something is known to have changed: elements, and how often each is clicked, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from backsight.contract import id64
from query.rows import SITE, Row, event

FIRST = date(2026, 8, 31)
"""A Monday."""
DAYS = 62
NOW = datetime(2026, 10, 31, 20, tzinfo=UTC)
"""In the evening of the last of the days."""
WEEK = (1.2, 1.1, 1.1, 1.1, 1.0, 0.7, 0.8)


@dataclass
class Dom:
    """A site's elements."""

    nodes: dict[int, Row] = field(default_factory=dict)
    elements: dict[int, Row] = field(default_factory=dict)

    def put(self, parent: int | None, tag: str, place: int = 1, **attributes: str) -> int:
        """The node of an element in its context; `class_` is its class, a line in a name a dash."""
        named = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        element = id64("element", tag, *(part for pair in sorted(named.items()) for part in pair))
        node = id64("node", parent, element, place)
        seen = {"site": SITE, "first_seen": datetime(2026, 8, 1, tzinfo=UTC)}
        self.elements[element] = {
            "element_id": element, "tag": tag, "namespace": "html", "attributes": list(named.items()), **seen,
        }  # fmt: skip
        depth = 0 if parent is None else self.nodes[parent]["depth"] + 1
        self.nodes[node] = {
            "node_id": node, "parent_id": parent, "element_id": element, "depth": depth, "flags": 0,
            **dict.fromkeys(("child_index", "child_last", "type_index", "type_last"), place), **seen,
        }  # fmt: skip
        return node


@dataclass(frozen=True)
class Doing:
    """Something that is done so many times a day, from one day to before another."""

    rate: float
    columns: dict[str, Any]
    first: int = 0
    end: int = DAYS
    weekdays: Sequence[int] = range(7)

    def rows(self, random: np.random.Generator) -> list[Row]:
        found = []
        for day in range(self.first, min(self.end, DAYS)):
            at = FIRST + timedelta(days=day)
            midnight = datetime(at.year, at.month, at.day, tzinfo=UTC)
            share = WEEK[at.weekday()] if at.weekday() in self.weekdays else 0
            hours = 20 if day == DAYS - 1 else 24
            for second in random.integers(0, hours * 3600, random.poisson(self.rate * share * hours / 24)):
                time = midnight + timedelta(seconds=int(second))
                found.append(
                    event("", time, **{"name": None, "device": int(random.integers(1, 60)), **self.columns})
                )
        return found


def click(node: int, path: str, said: str = "", **columns: Any) -> dict[str, Any]:
    """The columns of a click on a node."""
    return {"type": "click", "node_id": node, "path": path, "text": said, "label": "", **columns}


def view(path: str) -> dict[str, Any]:
    """The columns of a page view."""
    return {"type": "pageview", "path": path}


def rows_of(doings: Sequence[Doing], seed: int = 1) -> list[Row]:
    """All that is done."""
    random = np.random.default_rng(seed)
    return [row for doing in doings for row in doing.rows(random)]


def day(number: int) -> str:
    """The date of a day."""
    return (FIRST + timedelta(days=number)).isoformat()
