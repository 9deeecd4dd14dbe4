"""A funnel's answer: one scan for the events that fill a step, then a walk over every person's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backsight.reports.funnel.attempts import Attempts
from backsight.reports.funnel.counting import count_attempts
from backsight.reports.funnel.groups import FunnelBreakdown, codes_of, ranking_of, split
from backsight.reports.funnel.histogram import durations, histogram
from backsight.reports.funnel.request import FunnelRequest, parse
from backsight.reports.funnel.scan import Matched, matched, text_of
from backsight.reports.funnel.summary import seconds, summary
from backsight.reports.funnel.survival import survival
from backsight.scan.context import Context
from backsight.scan.order import instant_of, place_of
from backsight.scan.periods import MAX_PERIODS, Periods, cover, periods_between
from backsight.scan.request import MICROSECOND

Answer = dict[str, Any]


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    found, warnings = matched(asked, context)
    periods, more = periods_of(asked, context)
    edges = [place_of(edge) for edge in periods.edges] if periods else []
    parts, over_time = count_attempts(asked, found, context, edges)
    answer = {**_counted(asked), **_figures(asked, context, parts, periods, over_time)}
    if asked.breakdown is not None:
        if found.rows_by_group is not None:
            parts, over_time = count_attempts(asked, found.by_group, context, edges)
        answer["groups"] = _groups(asked, asked.breakdown, context, found, parts, periods, over_time)
    return {**answer, "meta": context.meta(asked.steps, [*warnings, *more])}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL of the scan that answers a request, with its parameters; before it, that of its sessions."""
    return text_of(parse(request, context.now), context)


def _counted(asked: FunnelRequest) -> Answer:
    """What the figures count, where it is not persons who do the steps in their order."""
    options = asked.options
    said = {"order": options.order, "count": options.count}
    usual = {"order": "ordered", "count": "persons"}
    return {key: value for key, value in said.items() if value != usual[key]}


def periods_of(asked: FunnelRequest, context: Context) -> tuple[Periods | None, list[str]]:
    """The periods of an interval, if there is one, and warnings."""
    if asked.interval is None:
        return None, []
    span, warnings = cover(asked.common.range, asked.interval, context, MAX_PERIODS)
    return periods_between(asked.interval, asked.common.zone, span, asked.week_start), warnings


def _groups(
    asked: FunnelRequest,
    breakdown: FunnelBreakdown,
    context: Context,
    found: Matched,
    parts: Sequence[Attempts],
    periods: Periods | None,
    over_time: Sequence[Sequence[Attempts]],
) -> list[Answer]:
    """The same figures of each group."""

    def coded(each: Sequence[Attempts]) -> list[Any]:
        return [codes_of(part, breakdown, found.groups) for part in each]

    codes, count = coded(parts), asked.options.count
    ranking = ranking_of(parts, codes, found.groups, breakdown.breakdown.limit)
    whole = split(parts, codes, ranking, count)
    by_period = [split(each, coded(each), ranking, count) for each in over_time]
    return [
        {
            "value": value,
            **_figures(asked, context, whole[place], periods, [groups[place] for groups in by_period]),
        }
        for place, value in enumerate(ranking.values)
    ]


def _figures(
    asked: FunnelRequest,
    context: Context,
    parts: Sequence[Attempts],
    periods: Periods | None,
    over_time: Sequence[Sequence[Attempts]],
) -> Answer:
    """What the answer says of all, and of each group."""
    answer: Answer = {"steps": summary(asked, parts, context.now)}
    if periods is not None:
        answer["trend"] = [
            {
                "start": label,
                "complete": periods.edges[number + 1] + asked.window - MICROSECOND <= context.now,
                "steps": summary(asked, over_time[number], context.now),
            }
            for number, label in enumerate(periods.labels)
        ]
    if asked.histogram is not None:
        micros = durations(parts, asked.histogram.first, asked.histogram.last)
        answer["histogram"] = {
            "from": asked.histogram.first, "to": asked.histogram.last, "persons": len(micros),
            "seconds": seconds(micros), "bins": histogram(asked.histogram, micros),
        }  # fmt: skip
    if asked.curve:
        answer["curve"] = survival(parts, asked.window_micros, instant_of(place_of(context.now)))
    return answer
