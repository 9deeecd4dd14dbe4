"""Which page of the rows behind a figure is asked for.

"limit": 100, "after": "2026-10-01.100"    how many, and after which: the `next` of the page before
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from backsight.errors import nearest, shown
from backsight.fields import read_object, read_string, read_whole, refuse

ROWS: Final = "rows"
"""What `limit` is called where the report has one of its own: of paths and attribution."""
MAX_ROWS: Final = 1_000
DEFAULT_ROWS: Final = 100

_AFTER: Final = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d{1,12})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Page:
    """So many rows, from one of a UTC day on."""

    limit: int = DEFAULT_ROWS
    day: date | None = None
    """Null: the first."""
    skip: int = 0
    """Rows of that day that came before."""


def read_page(fields: Mapping[str, object], size: str = "limit") -> Page:
    """`limit`, or as it is called, and `after` of a request."""
    limit = read_whole(fields.get(size, DEFAULT_ROWS), size, 1, MAX_ROWS)
    after = fields.get("after")
    if after is None:
        return Page(limit)
    found = _AFTER.fullmatch(after) if isinstance(after, str) else None
    try:
        day = date.fromisoformat(found[1]) if found else None
    except ValueError:
        day = None
    if found is None or day is None:
        refuse(
            f"{shown(after)} is no place in a list of events.", "after", after, "`next` of the page before"
        )
    return Page(limit, day, int(found[2]))


def cursor(day: date, skip: int) -> str:
    """The `after` of what comes then."""
    return f"{day.isoformat()}.{skip}"


def read_cell(own: Mapping[str, object], fields: tuple[str, ...]) -> dict[str, object]:
    """What the `cell` of a request says; nothing where there is none."""
    given = read_object(own.get("cell", {}), "cell", fields)
    return {key: value for key, value in given.items() if value is not None}


def read_period(value: object, field: str, labels: Sequence[str]) -> int:
    """The number of the period of a label."""
    label = read_string(value, field)
    if label not in labels:
        refuse("there is no such period.", field, label, nearest(label, labels))
    return list(labels).index(label)


def own_fields(
    request: Mapping[str, object], own: tuple[str, ...]
) -> tuple[dict[str, object], dict[str, object]]:
    """The report's request, and the fields that say which figure and page; null counts as left out."""
    mine = {key: value for key, value in request.items() if key in own and value is not None}
    return {key: value for key, value in request.items() if key not in own}, mine
