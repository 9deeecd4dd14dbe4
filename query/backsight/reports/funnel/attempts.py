"""The attempts that count, of all persons of a timeline at once.

A run is what attempts are made in: all events of a person, or those of one session, or with one value of a
property that is held. Most runs have an order, and are walked over together; of those that have none, each
order is tried (`ties`, `arrangements`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.funnel.rules import Rules
from backsight.timelines import Columns, Flags, Timeline

NOT_REACHED: Final = -1


@dataclass(frozen=True)
class Attempts:
    """The attempts that count: of each person, session or part of one who started any, or several one after
    another. One whose every attempt is excluded is there too, and counts at no step."""

    person: Integers
    rows: Integers
    """Per step and attempt, the row of the timeline that did it; NOT_REACHED where none did.

    Of one that counts at no step, those of the attempt that would have counted. The first always has one.
    """
    places: Integers
    """Per step and attempt, the place at which it was done; NOT_REACHED where it was not.

    Where steps come in any order, `rows` and `places` are of the first step that was done, the second …
    """
    last_start: Integers
    """The place of the last event that started an attempt which may still go on, were there time;
    NOT_REACHED where there is none."""
    excluded: Flags
    """Per step and attempt, whether it would have been reached but for the exclusions."""
    killed: Flags
    """Whether an exclusion ended any of the attempts."""
    columns: Columns
    """The columns of the timeline, of which `rows` are rows: `columns.at(name, rows[step])`."""
    unhindered: Integers | None = None
    """As `rows`, those that would have done each step but for the exclusions; null where `rows` are these."""

    @property
    def began(self) -> Integers:
        """The places at which attempts began, or, where they count at no step, would have."""
        return np.where(self.places[0] == NOT_REACHED, self.columns.at("place", self.rows[0]), self.places[0])

    def only(self, kept: Integers | Flags) -> Attempts:
        """Some of them."""
        return Attempts(
            self.person[kept],
            self.rows[:, kept],
            self.places[:, kept],
            self.last_start[kept],
            self.excluded[:, kept],
            self.killed[kept],
            self.columns,
            None if self.unhindered is None else self.unhindered[:, kept],
        )


def joined(parts: Sequence[tuple[Attempts, Integers | None]], columns: Columns) -> Attempts:
    """The attempts of parts of a timeline as attempts of the whole; a part comes with its rows or has all."""

    def whole(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part, _ in parts], axis=-1)

    rows = [
        part.rows if of is None else np.where(part.rows == NOT_REACHED, NOT_REACHED, of[part.rows])
        for part, of in parts
    ]
    return Attempts(
        whole("person"),
        np.concatenate(rows, axis=1),
        whole("places"),
        whole("last_start"),
        whole("excluded"),
        whole("killed"),
        columns,
    )


def attempts_of(timeline: Timeline, rows: Integers, last_start: Integers) -> Attempts:
    """Attempts, each of at least one step, made of these rows of the timeline."""
    return Attempts(
        timeline.person[rows[0]],
        rows,
        np.where(rows == NOT_REACHED, NOT_REACHED, timeline.place[rows]),
        last_start,
        np.zeros(rows.shape, np.bool_),
        np.zeros(rows.shape[1], np.bool_),
        timeline.columns,
    )


def nobodys(timeline: Timeline, rules: Rules) -> Attempts:
    """The attempts of a timeline in which none starts."""
    none = np.empty((rules.steps, 0), np.int64)
    return Attempts(none[0], none, none, none[0], none != 0, none[0] != 0, timeline.columns)


def holding(timeline: Timeline, bits: int) -> Flags:
    """Whether each event has one of some bits."""
    found: Flags = (timeline.columns["steps"] & bits) != 0
    return found


def fills(timeline: Timeline, step: int) -> Flags:
    """Whether each event fills a step (counted from 1)."""
    return holding(timeline, 1 << (step - 1))


def starting_rows(timeline: Timeline, rules: Rules) -> Integers:
    """The rows that may start an attempt."""
    return np.flatnonzero(holding(timeline, rules.starting_bits) & (timeline.place < rules.starts_before))


def last_of_runs(run: Integers) -> Flags:
    """Whether each of them is the last one of its run."""
    return np.append(run[1:] != run[:-1], True)[: len(run)]


def next_of(sorted_rows: Integers, timeline: Timeline, rows: Integers) -> Integers:
    """For each row the next one after it, in its run, of some sorted rows; NOT_REACHED where none is."""
    if not len(sorted_rows):
        return np.full(len(rows), NOT_REACHED, np.int64)
    index = np.searchsorted(sorted_rows, rows, "right")
    found = sorted_rows[np.minimum(index, len(sorted_rows) - 1)]
    there = (index < len(sorted_rows)) & (timeline.run[found] == timeline.run[rows])
    return np.where(there, found, NOT_REACHED)
