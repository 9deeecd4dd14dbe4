"""One person in a retention table: the cohorts that they are in, since which start, and when they returned.

start               the start of a cohort               returned         a return, counted in a column
not_first_start     they are in that cohort already     starts_outside   starts count within the range
no_start            there is no start that the return could follow
before_start        it does not come after the start
after_periods       it comes after the last column      too_few          its column has too few returns
streak_broken       a period before its own was left out
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.explain.explanation import MAX_LISTED, MOST, Answer, Event, Explanation, no_step
from backsight.reports.explain.facts import Test
from backsight.reports.explain.outcomes import Outcome, chosen, passed_over
from backsight.reports.explain.rows import rows_by_tie
from backsight.reports.explain.words import either, many, moment_of, said
from backsight.reports.retention.frame import Frame, frame_of
from backsight.reports.retention.persons import returned_in
from backsight.reports.retention.report import plan_of, scan_query
from backsight.reports.retention.request import RetentionRequest, parse
from backsight.reports.retention.starts import EARLIER, RETURNS, START, Starts, starts_of
from backsight.reports.retention.walk import Plan, Walked, pairs_of, visits_of, walk
from backsight.scan.context import Context, rfc3339
from backsight.scan.order import instant_of
from backsight.timelines import Timeline


@dataclass(frozen=True)
class RetentionOfPerson:
    """A retention report of one person's events."""

    asked: RetentionRequest
    frame: Frame
    plan: Plan
    timeline: Timeline
    walked: Walked

    @cached_property
    def starts(self) -> Starts:
        """The start of each cohort that the person is in."""
        return starts_of(self.timeline, self.plan.cohort, self.plan.started, self.plan.edges)

    @cached_property
    def returned(self) -> list[list[int]]:
        """Per cohort, the columns in which the person counts."""
        columns = range(len(self.asked.lasts))
        counts = [returned_in(self.walked, column, self.asked.returned) for column in columns]
        return [[column for column in columns if counts[column][at]] for at in range(len(self.starts))]

    @cached_property
    def cohorts(self) -> list[Answer]:
        """What is said of each cohort, of the first ones only."""
        return [
            {
                "start": self.frame.labels[row],
                "since": rfc3339(self.began(at)),
                "returned": self.returned[at],
            }
            for at, row in enumerate(self.starts.cohorts[:MAX_LISTED].tolist())
        ]

    def began(self, at: int) -> datetime:
        """When a cohort began for the person."""
        return moment_of(int(instant_of(self.timeline.place[self.starts.rows[at]])))

    @property
    def zone(self) -> ZoneInfo:
        """Where its days are."""
        return self.asked.common.zone

    def pairs(self, rows: Integers) -> list[tuple[int, int, int]]:
        """A cohort, a return among some rows, and the column in which it lies: all that may count."""
        each = replace(self.plan, measured=True)  # no two returns are taken together
        visits = visits_of(self.timeline, self.starts, each)
        found: list[tuple[int, int, int]] = []
        for pairs in pairs_of(self.timeline, self.starts, visits, each):
            of = visits.rows[pairs.visits]
            kept = np.isin(of, rows)
            found += zip(
                pairs.members[kept].tolist(), of[kept].tolist(), pairs.columns[kept].tolist(), strict=True
            )
        return found


def explain(request: Mapping[str, object], context: Context) -> Explanation:
    """The person of the context in a retention table. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    frame, warnings = frame_of(asked, context)
    query = scan_query(asked, frame, context)
    plan = plan_of(frame)
    parts = query.timelines(context).map(lambda timeline: (timeline, walk(timeline, plan)))
    timeline, walked = max(parts, key=lambda part: len(part[0]))  # all of a person are in one
    of = RetentionOfPerson(asked, frame, plan, timeline, walked)
    tests = looks_for(request, context)

    def outcomes(events: Sequence[Event]) -> list[Outcome]:
        return _outcomes(of, tests, events)

    return Explanation(
        asked.common,
        tests,
        frame.bounds,
        asked.steps,
        len(of.starts) > 0,
        _words(of),
        {"cohorts": of.cohorts, "cohorts_total": len(of.starts), "labels": asked.labels},
        outcomes,
        [*warnings, *query.warnings],
        last="the last column",
    )


def looks_for(request: Mapping[str, object], context: Context) -> list[Test]:
    """What a request looks for."""
    asked = parse(request, context.now)
    return [Test(asked.start, "start", "the start"), Test(asked.back, "return", "the return")]


def _words(of: RetentionOfPerson) -> list[str]:
    if not len(of.starts):
        return [f"In no cohort: no event is a start ({of.asked.start.label}) within the range."]
    words: list[str] = []
    for cohort, returned in zip(of.cohorts[:MOST], of.returned, strict=False):
        since = said(of.began(len(words)), of.zone)
        columns = [of.asked.labels[column] for column in returned]
        counts = f"counts in {either(columns, 'and')}" if columns else "counts in no column"
        words.append(f"In the cohort of {cohort['start']}, since {since}: {counts}.")
    more = len(of.starts) - len(words)
    return [*words, f"And in {many(more, 'cohort')} more."] if more else words


def _outcomes(of: RetentionOfPerson, tests: Sequence[Test], events: Sequence[Event]) -> list[Outcome]:
    rows = rows_by_tie(of.timeline, events)
    pairs: dict[int, list[tuple[int, int]]] = {}
    for member, row, column in of.pairs(np.array(list(rows.values()), np.int64)):
        pairs.setdefault(row, []).append((member, column))
    return [
        no_step(tests, fact) if at not in rows else _outcome(of, rows[at], pairs.get(rows[at], []))
        for at, (_, fact) in enumerate(events)
    ]


def _outcome(of: RetentionOfPerson, row: int, pairs: Sequence[tuple[int, int]]) -> Outcome:
    """What became of a start, a return, or what is both."""
    bits = int(of.timeline.columns["steps"][row])
    members = np.flatnonzero(of.starts.rows == row).tolist()
    counts = [
        (member, column)
        for member, column in pairs
        if _later(of, row, member) and column in of.returned[member]
    ]
    uses: list[Answer] = [{"start_of": of.frame.labels[int(of.starts.cohorts[each])]} for each in members]
    uses += [
        {"cohort": of.frame.labels[int(of.starts.cohorts[member])], "column": column}
        for member, column in counts
    ]
    if uses:
        return chosen("start" if members else "returned", _as(of, members, counts), uses)
    if bits & RETURNS:
        return _no_return(of, row, pairs)
    return _no_start(of, row)


def _as(of: RetentionOfPerson, members: Sequence[int], counts: Sequence[tuple[int, int]]) -> str:
    label = [of.frame.labels[int(row)] for row in of.starts.cohorts]
    starts = [f"the start of the cohort of {label[member]}" for member in members]
    until = "up to " if of.asked.returned == "on_or_after" else "in "
    returns = [
        f"a return of the cohort of {label[member]}, counted {until}{of.asked.labels[column]}"
        for member, column in counts
    ]
    return either([*starts, *returns], "and")


def _later(of: RetentionOfPerson, row: int, member: int) -> bool:
    """Whether a row comes after a cohort's start."""
    return bool(row >= of.starts.after[member] or of.starts.order[row] not in (START, EARLIER))


def _no_return(of: RetentionOfPerson, row: int, pairs: Sequence[tuple[int, int]]) -> Outcome:
    returns = f"a return ({of.asked.back.label})"
    if not len(of.starts):
        return passed_over("no_start", f"{returns}, but there is no start that it could follow")
    after = [(member, column) for member, column in pairs if _later(of, row, member)]
    if not after:
        return _not_after(of, row, returns)
    member, column = after[0]
    label, cohort = of.asked.labels[column], of.frame.labels[int(of.starts.cohorts[member])]
    data = {"cohort": cohort, "column": column}
    if of.asked.returned == "streak" and _broken(of, member, column):
        words = f"{returns} in {label} of the cohort of {cohort}, but a period before it was left out"
        return passed_over("streak_broken", words, **data)
    needed = many(of.asked.minimum, "return")
    words = f"{returns} in {label} of the cohort of {cohort}, but there are too few: {needed} needed"
    return passed_over("too_few", words, **data, minimum=of.asked.minimum)


def _broken(of: RetentionOfPerson, member: int, column: int) -> bool:
    """Whether a column before it is missing."""
    return any(each not in of.returned[member] for each in range(1, column))


def _not_after(of: RetentionOfPerson, row: int, returns: str) -> Outcome:
    """Of a return that follows no start within reach."""
    begun = of.starts.first <= row
    if not begun.any() or (of.starts.order[row] == EARLIER and not (of.starts.after <= row).any()):
        since = of.began(0)
        words = f"{returns}, but before the start, of {said(since, of.zone)}"
        return passed_over("before_start", words, since=since)
    reach = many(of.asked.reach, of.asked.period)
    return passed_over("after_periods", f"{returns}, but after the last column: {reach} from the start's own")


def _no_start(of: RetentionOfPerson, row: int) -> Outcome:
    starts, instant = f"a start ({of.asked.start.label})", int(instant_of(of.timeline.place[row]))
    first, end = of.plan.started
    if not first <= instant < end:
        return passed_over("starts_outside", f"{starts}, but starts count within the range")
    if not len(of.starts):
        return passed_over(
            "not_first_start", f"{starts}, but not the first of all history, which lies before the range"
        )
    since = of.began(max(0, int(np.searchsorted(of.starts.rows, row, "right")) - 1))
    which = "the cohort of that period" if of.asked.cohort == "recurring" else "a cohort"
    words = f"{starts}, but the person is in {which} already, since {said(since, of.zone)}"
    return passed_over("not_first_start", words, since=since)
