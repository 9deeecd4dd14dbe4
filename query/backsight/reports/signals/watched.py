"""Whom to compare, and for how long each was watched.

Who goes on is soon done, who leaves has the rest of the window to do this and that: counted so, whatever
anybody does would seem to keep people from going on. So those who left are watched for as long as those who
went on took, a time of theirs dealt out to each. Where nothing matters, both then do everything as often.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from backsight.parquet_rows import Integers
from backsight.reports.context import Context
from backsight.reports.funnel.attempts import NOT_REACHED, Attempts
from backsight.reports.funnel.counting import count_attempts
from backsight.reports.funnel.people import persons_of
from backsight.reports.funnel.request import FunnelRequest
from backsight.reports.funnel.scan import matched
from backsight.reports.order import place_of
from backsight.reports.retention.persons import returned_in
from backsight.reports.retention.report import find
from backsight.reports.retention.request import RetentionRequest
from backsight.timelines import SPREAD, Flags


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
    """Who got to the step before `step` (counted from 1), from there on."""
    found, warnings = matched(asked, context)
    parts, _ = count_attempts(asked, found, context)
    person, before, here = (
        np.concatenate(each) for each in zip(*(_reached(p, step) for p in parts), strict=True)
    )
    outcome = here != NOT_REACHED
    took = np.sort((here - before)[outcome])
    dealt = before + took[_dealt(person, len(took))] if len(took) else before
    last = np.minimum(np.where(outcome, here, dealt), place_of(context.now))
    return Watched(person, outcome, before, last, warnings)


def watch_retention(asked: RetentionRequest, period: int, context: Context) -> Watched:
    """Everybody of a cohort whose period is over, in the calendar period in which they (first) started."""
    found = find(asked, context)
    frame, walked = found.frame, found.walked
    over = np.array([frame.complete(row)[period] for row in range(frame.rows)], np.bool_)
    order = np.lexsort((walked.cohorts, walked.persons))
    first = np.append(True, walked.persons[order][1:] != walked.persons[order][:-1])[: len(order)]
    chosen = order[first]
    chosen = chosen[over[walked.cohorts[chosen]]]
    edges = np.array([place_of(edge) for edge in frame.periods.edges], np.int64)
    rows = walked.cohorts[chosen]
    outcome = returned_in(walked, period, asked.returned)[chosen]
    return Watched(walked.persons[chosen], outcome, edges[rows] - 1, edges[rows + 1], found.warnings)


def _reached(attempts: Attempts, step: int) -> tuple[Integers, Integers, Integers]:
    """Who got to the step before, and the places of the two."""
    got = attempts.places[step - 2] != NOT_REACHED
    return persons_of(attempts.only(got)), attempts.places[step - 2, got], attempts.places[step - 1, got]


def _dealt(person: Integers, count: int) -> Integers:
    """Which of so many each person is dealt: always the same one, whoever else is there."""
    share = (person.view(np.uint64) * SPREAD) >> np.uint64(32)
    return (share * np.uint64(count) >> np.uint64(32)).view(np.int64)
