"""The breakdown of a report: its figures once for each value of some properties.

"breakdown": {"by": ["browser", "person.plan"], "limit": 25}

A group's value is a list with one entry a property: text, or a number for a column of numbers; null where the
property is missing. Groups come largest first, then by value (null last). Those past the limit are pooled in
one last group, whose value as a whole is null; a report counts it anew, so that a person in several of them
counts once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from backsight.errors import Exceeded, nearest
from backsight.fields import below, read_list, read_object, read_whole, refuse
from backsight.parquet_rows import Integers
from backsight.rules.conditions import Conditions
from backsight.rules.predicates import parse_property

FIELDS: Final = ("by", "limit")
MAX_PROPERTIES: Final = 5
MAX_GROUPS: Final = 1_000
DEFAULT_GROUPS: Final = 25
MOST_GROUPS: Final = 2_000_000
"""Most groups, those that are pooled included: each takes some hundred bytes while they are ranked."""

Value = str | int | None
Group = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """By which properties, and how many groups stand alone."""

    by: tuple[str, ...]
    limit: int = DEFAULT_GROUPS

    @property
    def aliases(self) -> list[str]:
        """Names of the columns that hold a group's value."""
        return [f"group_{number}" for number in range(1, len(self.by) + 1)]

    def columns(self, conditions: Conditions, field: str = "breakdown") -> list[tuple[str, str]]:
        """(alias, SQL) of each property, as a scan takes them."""
        return [
            (alias, conditions.property(name, f"{below(field, 'by')}[{index}]"))
            for index, (alias, name) in enumerate(zip(self.aliases, self.by, strict=True))
        ]


def parse_breakdown(value: object, field: str = "breakdown", own: Sequence[str] = ()) -> Breakdown:
    """A breakdown, checked. `own` are the fields that a report adds to it and reads itself."""
    fields = read_object(value, field, (*FIELDS, *own))
    at = below(field, "by")
    if "by" not in fields:
        refuse("the properties are missing.", at, None, "a list of property names")
    listed = read_list(fields["by"], at, MAX_PROPERTIES)
    by = tuple(parse_property(each, f"{at}[{index}]") for index, each in enumerate(listed))
    for index, name in enumerate(by):
        if name in by[:index]:
            refuse("the property is named twice.", f"{at}[{index}]", name, "each property once")
    limit = fields.get("limit")
    if limit is None:
        return Breakdown(by)
    return Breakdown(by, read_whole(limit, below(field, "limit"), 1, MAX_GROUPS))


# ── For reports that work on rows ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Ranking:
    """Which groups stand alone, in their order, and where each group stands."""

    groups: list[Group]
    places: Integers
    """By a group's code: its index in `groups`, or their number where it is pooled or has nothing."""
    pooled: bool
    """Whether there is a last, pooled group."""

    @property
    def values(self) -> list[list[Value] | None]:
        """The groups' values as an answer has them: at each place one."""
        return [*map(list, self.groups), *([None] if self.pooled else [])]


def encoded(columns: Sequence[pa.ChunkedArray | pa.Array]) -> tuple[Integers, list[Group]]:
    """The code of each row's group, and each code's group; columns of equal length, one a property.

    Raises Exceeded for more than MOST_GROUPS of them.
    """
    codes: Integers = np.zeros(len(columns[0]), np.int64)
    groups: list[Group] = [()]
    for column in columns:
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        words = whole.dictionary_encode(null_encoding="encode")
        size = len(words.dictionary)
        found, codes = np.unique(codes * size + np.asarray(words.indices, np.int64), return_inverse=True)
        if len(found) > MOST_GROUPS:
            raise Exceeded(f"there are {len(found):,} groups.", field="by", value=len(found),
                           valid=f"at most {MOST_GROUPS:,}: properties with fewer values")  # fmt: skip
        values = words.dictionary.to_pylist()
        groups = [(*groups[pair // size], values[pair % size]) for pair in found.tolist()]
    return codes, groups


def find_group(value: Sequence[object], groups: Sequence[Sequence[object] | None]) -> int | None:
    """Where the group of this value stands; None where none has it. A number may be written as text."""
    told = [_told(each) for each in value]
    for place, group in enumerate(groups):
        if group is not None and [_told(each) for each in group] == told:
            return place
    return None


def nearest_group(value: object, groups: Sequence[Sequence[object] | None]) -> str:
    """What would be valid instead of a value that no group has: groups like it, else the first of them."""
    wanted = value if isinstance(value, (list, tuple)) else [value]
    return nearest(_in_words(wanted), [_in_words(group) for group in groups if group is not None])


def _in_words(group: Sequence[object]) -> str:
    return ", ".join(_told(each) or "null" for each in group)


def _told(value: object) -> str | None:
    return None if value is None else json.dumps(value) if isinstance(value, bool) else str(value)


def rank(groups: Sequence[Group], sizes: npt.ArrayLike, limit: int) -> Ranking:
    """The groups in order, by their sizes; those of size 0 are none."""
    counts = np.asarray(sizes)
    order = [code for code in range(len(groups)) if counts[code] > 0]
    order.sort(key=lambda code: (-counts[code], [_sortable(value) for value in groups[code]]))
    alone = order[:limit]
    places = np.full(len(groups), len(alone), np.int64)
    places[alone] = np.arange(len(alone))
    return Ranking([groups[code] for code in alone], places, len(order) > limit)


def _sortable(value: Value) -> tuple[bool, bool, Value]:
    # A column holds either texts or numbers; null, which compares with neither, is last.
    return (value is None, isinstance(value, str), "" if value is None else value)
