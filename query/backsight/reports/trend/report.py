"""The trend's answer: statements are run, their parts become values, values go through the options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from math import fsum
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from backsight.errors import shown
from backsight.reports.breakdown import Breakdown
from backsight.reports.sessions import reach, sessions_of, sessions_query
from backsight.reports.statistics import Number, left_out, rounded
from backsight.reports.trend import active
from backsight.reports.trend.formulas import LETTERS, Formula
from backsight.reports.trend.frame import Frame, frame_of, previous
from backsight.reports.trend.measures import ODD
from backsight.reports.trend.request import TrendRequest, parse
from backsight.reports.trend.statement import PART, statement
from backsight.scan.context import Context
from backsight.scan.matched import Query

Answer = dict[str, Any]

Parts = Sequence[Number]

NOTHING: Final[Parts] = (None, None, None, None)
"""The parts of a stretch of time in which there was nothing."""


@dataclass(frozen=True)
class Line:
    """What one series, or formula, gives for one group."""

    values: list[Number]
    total: Number


@dataclass(frozen=True)
class Figures:
    """The parts of every series, by place of the group, series and period (null: the whole range)."""

    parts: Mapping[tuple[int, int, int | None], Parts]
    rolling: Mapping[int, Mapping[int, list[int]]]
    """Of each series of active persons, by place, their number in each period."""
    groups: Mapping[int, list[Any] | None]
    """Values of the groups, by place and in their order; one at 0 where nothing is broken down."""
    ranked: pa.Table | None
    """The groups that stand alone, each with its place."""


def run(request: Mapping[str, object], context: Context) -> Answer:
    """The answer to a request. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    frame, warnings = frame_of(asked, context)
    query = statement(asked, frame, context, sessions=_sessions(asked, frame, context))
    figures = _figures(asked, frame, context, query)
    earlier = previous(frame, asked.week_start) if asked.compare else None
    before = None
    if earlier is not None:
        sessions = _sessions(asked, earlier, context)
        again = statement(asked, earlier, context, figures.ranked, sessions)
        before = _figures(asked, earlier, context, again, figures.ranked)
    warnings += [*query.warnings, *_left_out(asked, figures)]
    return {
        "labels": frame.periods.labels,
        "complete": [frame.periods.over(period, context.now) for period in range(len(frame.periods))],
        **({} if earlier is None else {"previous_labels": earlier.periods.labels}),
        "series": list(_entries(asked, figures, before, len(frame.periods))),
        "meta": context.meta(asked.mentioned, warnings),
    }


def sql(request: Mapping[str, object], context: Context) -> str:
    """The SQL that answers a request, with its parameters.

    A statement, one before it where sessions are decided, one more for each series of active persons, and all
    of them again for the periods before.
    """
    asked = parse(request, context.now)
    frame, _ = frame_of(asked, context)
    ranked = _no_groups(asked.breakdown)
    queries = []
    frames = [frame, previous(frame, asked.week_start)] if asked.compare else [frame]
    for each in frames:
        if asked.session is not None:
            bounds = reach(each.span, asked.session)
            queries.append(sessions_query(asked.session, asked.common, bounds, context))
        if each is frame:
            queries.append(statement(asked, each, context))
        else:
            queries.append(statement(asked, each, context, ranked))
        queries += [active.statement(asked, index, each, context, ranked) for index in _rolling(asked)]
    return ";\n\n".join(query.text(context) for query in queries)


def groups_of(
    asked: TrendRequest, frame: Frame, context: Context
) -> tuple[dict[int, list[Any] | None], pa.Table | None]:
    """The values of the groups, by place and in their order; and those that stand alone as a relation."""
    rows = statement(asked, frame, context, sessions=_sessions(asked, frame, context)).run(context)
    return _groups(asked, rows.filter(pc.is_null(rows["period"])))


def _sessions(asked: TrendRequest, frame: Frame, context: Context) -> pa.Table | None:
    """The sessions that the request's rule decides, if it has one."""
    if asked.session is None:
        return None
    return sessions_of(asked.session, asked.common, reach(frame.span, asked.session), context)


# ── What the statements give ────────────────────────────────────────────────────────────────────────────────


def _figures(
    asked: TrendRequest, frame: Frame, context: Context, query: Query, given: pa.Table | None = None
) -> Figures:
    rows = query.run(context)
    groups, ranked = _groups(asked, rows.filter(pc.is_null(rows["period"])))
    ranked = ranked if given is None else given
    rolling = {}
    for index in _rolling(asked):
        found = active.statement(asked, index, frame, context, ranked).run(context)
        rolling[index] = active.values(found, asked, index, frame, context.now)
    return Figures(_parts(asked, rows), rolling, groups, ranked)


def _rolling(asked: TrendRequest) -> list[int]:
    return [index for index, each in enumerate(asked.series) if each.measure.days]


def _parts(asked: TrendRequest, rows: pa.Table) -> dict[tuple[int, int, int | None], Parts]:
    periods = rows["period"].to_pylist()
    places = rows["place"].to_pylist() if asked.breakdown else [0] * len(periods)
    found: dict[tuple[int, int, int | None], Parts] = {}
    for index in range(len(asked.series)):
        prefix = PART.format(index + 1, "")
        names = [name for name in rows.column_names if name.startswith(prefix)]
        parts = zip(*(rows[name].to_pylist() for name in names), strict=True)
        for place, period, each in zip(places, periods, parts, strict=True):
            found[place, index, period] = each
    return found


def _groups(asked: TrendRequest, whole: pa.Table) -> tuple[dict[int, list[Any] | None], pa.Table | None]:
    """The groups in their order, and those of them that stand alone as a relation."""
    if asked.breakdown is None:
        return {0: None}, None
    ordered = whole.select([*asked.breakdown.aliases, "place"]).sort_by("place")
    values = zip(*(ordered[alias].to_pylist() for alias in asked.breakdown.aliases), strict=True)
    pooled = asked.breakdown.limit
    groups = {
        place: None if place == pooled else list(value)
        for place, value in zip(ordered["place"].to_pylist(), values, strict=True)
    }
    return groups, ordered.filter(pc.less(ordered["place"], pooled))


def _no_groups(breakdown: Breakdown | None) -> pa.Table | None:
    """In place of the groups that no statement has ranked yet."""
    if breakdown is None:
        return None
    texts = [(alias, pa.string()) for alias in breakdown.aliases]
    return pa.schema([*texts, ("place", pa.int64())]).empty_table()


# ── What is made of it ──────────────────────────────────────────────────────────────────────────────────────


def _entries(asked: TrendRequest, figures: Figures, before: Figures | None, periods: int) -> Iterator[Answer]:
    """Every series, and then every formula, with each of its groups."""
    now = {place: _lines(asked, figures, place, periods) for place in figures.groups}
    then = {place: _lines(asked, before, place, periods) for place in figures.groups} if before else {}
    described = [{"label": each.step.label, **each.measure.described} for each in asked.series]
    described += [{"label": each.label, "formula": each.text} for each in asked.formulas]
    for index, named in enumerate(described):
        for place, value in figures.groups.items():
            group = {"group": value} if asked.breakdown else {}
            earlier = {"previous": asdict(then[place][index])} if before else {}
            yield {**named, **group, **asdict(now[place][index]), **earlier}


def _lines(asked: TrendRequest, figures: Figures, place: int, periods: int) -> list[Line]:
    lines = [_line(asked, figures, place, index, periods) for index in range(len(asked.series))]
    return lines + [_calculated(each, lines, periods) for each in asked.formulas]


def _line(asked: TrendRequest, figures: Figures, place: int, index: int, periods: int) -> Line:
    measure = asked.series[index].measure
    total = measure.value(figures.parts.get((place, index, None), NOTHING))
    if index in figures.rolling:
        values: list[Number] = list(figures.rolling[index].get(place, [0] * periods))
    else:
        parts = [figures.parts.get((place, index, period), NOTHING) for period in range(periods)]
        values = [
            measure.value(each) for each in (accumulate(parts, measure.add) if asked.cumulative else parts)
        ]
    return Line(_smoothed(values, asked.smooth), total)


def _calculated(formula: Formula, lines: Sequence[Line], periods: int) -> Line:
    def value(of: Iterable[Number]) -> Number:
        return formula.value(dict(zip(LETTERS, of, strict=False)))

    values = [value(line.values[period] for line in lines) for period in range(periods)]
    return Line(values, value(line.total for line in lines))


def _smoothed(values: list[Number], over: int) -> list[Number]:
    """The means of each value and those before it, as many as there are, up to `over` in all."""
    if over == 1:
        return values
    windows = (values[max(0, at - over + 1) : at + 1] for at in range(len(values)))
    some = ([value for value in window if value is not None] for window in windows)
    return [rounded(fsum(each) / len(each)) if each else None for each in some]


def _left_out(asked: TrendRequest, figures: Figures) -> list[str]:
    """What statistics could not count: of every group, in one sentence a series."""
    found = []
    for index, each in enumerate(asked.series):
        if each.measure.name is not None:
            odd = sum(int(figures.parts[place, index, None][ODD] or 0) for place in figures.groups)
            found += [f"{shown(each.step.label)}: {left_out('event', each.measure.name, odd)}"] if odd else []
    return found
