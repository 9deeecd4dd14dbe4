"""Whom to compare, and for how long each was watched.

Who goes on is soon done, who leaves has the rest of the window to do this and that: counted so, whatever
anybody does would seem to keep people from going on. So those who left are watched for as long as those who
went on took, a time of theirs dealt out to each. And who goes on had to stay to get there, while many who
leave are gone at once: counted so, whatever anybody does would seem to help. So persons are compared with
those who did about as many things while they were watched (`strata_of`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from backsight.parquet_rows import Integers
from backsight.reports.funnel.attempts import NOT_REACHED, Attempts
from backsight.reports.funnel.counting import count_attempts
from backsight.reports.funnel.request import FunnelRequest
from backsight.reports.funnel.scan import matched
from backsight.reports.retention.frame import Frame
from backsight.reports.retention.persons import returned_in
from backsight.reports.retention.report import find
from backsight.reports.retention.request import RetentionRequest
from backsight.scan.context import Context
from backsight.scan.order import SEQUENCE_BITS, instant_of, place_of
from backsight.timelines import SPREAD, Flags

EACH: Final = 16
"""Up to so many things done, each number of them is a stratum of its own."""
PER_DOUBLING: Final = 8
"""Strata from one number to its double, above."""


@dataclass(frozen=True)
class Watched:
    """Each person once: the outcome, and between which places (both exclusive) they were watched."""

    person: Integers
    outcome: Flags
    first: Integers
    last: Integers
    warnings: Sequence[str]

    @property
    def table(self) -> pa.Table:
        """As a relation of a query."""
        return pa.table(
            {"person": self.person, "outcome": self.outcome, "first": self.first, "last": self.last}
        )


def watch_funnel(asked: FunnelRequest, step: int, context: Context) -> Watched:
    """Who got to the step before `step` (counted from 1) in their first attempt, from there on.

    First attempts, whatever the funnel takes, as those of who went on and who left have to begin alike: the
    best one of who went on is often a later visit. Left out are those whose window is still open.
    """
    options = replace(asked.options, entry="first", count="persons")
    first = replace(asked, options=options, breakdown=None)
    found, warnings = matched(first, context)
    parts, _ = count_attempts(first, found, context)
    open_from = asked.open_from(context.now) - asked.window_micros
    reached = [_reached(_closed(part, open_from), step, asked.optional) for part in parts]
    person, before, here = (np.concatenate(each) for each in zip(*reached, strict=True))
    outcome = here != NOT_REACHED
    took = np.sort((here - before)[outcome])
    dealt = before + took[_dealt(person, len(took))] if len(took) else before
    return Watched(person, outcome, before, np.where(outcome, here, dealt), warnings)


def watch_retention(asked: RetentionRequest, period: int, context: Context) -> Watched:
    """Everybody of a cohort whose period is over, in the calendar period in which they (first) started."""
    found = find(asked, context)
    frame, walked = found.frame, found.walked
    over = np.array([frame.complete(row)[period] for row in range(frame.rows)], np.bool_)
    order = np.lexsort((walked.cohorts, walked.persons))
    first = np.append(True, walked.persons[order][1:] != walked.persons[order][:-1])[: len(order)]
    chosen = order[first]
    chosen = chosen[over[walked.cohorts[chosen]]]
    begins, ends = _own_periods(frame)
    rows = walked.cohorts[chosen]
    outcome = returned_in(walked, period, asked.returned)[chosen]
    return Watched(walked.persons[chosen], outcome, begins[rows] - 1, ends[rows], found.warnings)


def strata_of(things: Integers) -> Integers:
    """The stratum of each person: how many things they did, many of them about."""
    wide = EACH + np.floor(PER_DOUBLING * np.log2(np.maximum(things, EACH) / EACH)).astype(np.int64)
    return np.where(things <= EACH, things, wide)


def _closed(attempts: Attempts, open_from: int) -> Attempts:
    """Those of which nothing more can come."""
    return attempts.only(instant_of(attempts.began) < open_from)


def _reached(attempts: Attempts, step: int, optional: Sequence[int]) -> tuple[Integers, Integers, Integers]:
    """Who got to the step before, which is none that may be left out, and the places of the two."""
    needed = max(each for each in range(1, step) if each not in optional)
    got = attempts.only(attempts.places[needed - 1] != NOT_REACHED)
    return got.person, got.places[: step - 1].max(axis=0), got.places[step - 1]


def _own_periods(frame: Frame) -> tuple[Integers, Integers]:
    """The places between which each row's own period lies; rolling, what of it is over before any other."""
    edges = np.array([place_of(edge) for edge in frame.periods.edges], np.int64)
    begins, ends = edges[:-1], edges[1:]
    if frame.length is not None:
        ends = np.minimum(ends, begins + (frame.length << SEQUENCE_BITS))
    return begins, ends


def _dealt(person: Integers, count: int) -> Integers:
    """Which of so many each person is dealt: always the same one, whoever else is there."""
    share = (person.view(np.uint64) * SPREAD) >> np.uint64(32)
    return (share * np.uint64(count) >> np.uint64(32)).view(np.int64)


_NONE: Final = np.empty(0, np.int64)
NOBODY: Final = Watched(_NONE, np.empty(0, np.bool_), _NONE, _NONE, ())
"""Whom nobody watches, for what only has to be written down."""
