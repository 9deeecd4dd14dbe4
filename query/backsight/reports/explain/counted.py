"""One person in reports that count: a trend, a lifecycle, how many periods they stick for.

The verdict is the report itself, of this person's events alone. An event counts in the period in which it
lies; of a trend in every series whose step it fills.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from backsight.reports import lifecycle as lifecycles
from backsight.reports import stickiness as sticking
from backsight.reports import trend as trends
from backsight.reports.explain.explanation import MAX_LISTED, MOST, Answer, Event, Explanation, no_step
from backsight.reports.explain.facts import Test
from backsight.reports.explain.outcomes import Outcome, chosen, passed_over
from backsight.reports.explain.words import either, figure, many, quoted
from backsight.reports.trend.active import last_day
from backsight.reports.trend.frame import Frame, frame_of, previous
from backsight.reports.trend.measures import value_columns
from backsight.reports.trend.request import TrendRequest
from backsight.reports.trend.request import parse as parse_trend
from backsight.rules.conditions import Conditions
from backsight.scan.context import Context
from backsight.scan.moments import Range, local_midnight
from backsight.scan.periods import Periods, cover, periods_between


def trend(request: Mapping[str, object], context: Context) -> Explanation:
    """The person of the context in a trend. Raises InvalidRequest, naming the field."""
    asked = parse_trend(request, context.now)
    answer = trends.run(request, context)
    frame, _ = frame_of(asked, context)
    earlier = previous(frame, asked.week_start) if asked.compare else None
    frames = [frame] if earlier is None else [frame, earlier]
    tests = series_of(request, context)
    days = max(each.measure.days for each in asked.series)
    first, end = frames[-1].span.closed[0], frame.span.closed[1]

    def outcomes(events: Sequence[Event]) -> list[Outcome]:
        return [_in_trend(asked, tests, frames, event, context.now) for event in events]

    cells = _cells(answer)
    return Explanation(
        asked.common,
        tests,
        Range(_back(first, days, frame), end),
        asked.mentioned,
        bool(cells),
        _trend_words(asked, answer, cells),
        {"figures": cells[:MAX_LISTED], "figures_total": len(cells), "totals": _totals(answer)},
        outcomes,
        answer["meta"]["warnings"],
        lambda conditions: _trend_columns(asked, conditions),
    )


def series_of(request: Mapping[str, object], context: Context) -> list[Test]:
    """What a trend looks for."""
    series = enumerate(parse_trend(request, context.now).series)
    return [Test(each.step, f"series[{number}]", f"series {number + 1}") for number, each in series]


def event_of(request: Mapping[str, object], context: Context) -> list[Test]:
    """What a lifecycle looks for, or stickiness."""
    return [Test(lifecycles.parse(request, context.now).step, "event", "the event")]


def lifecycle(request: Mapping[str, object], context: Context) -> Explanation:
    """The person of the context in a lifecycle. Raises InvalidRequest, naming the field."""
    asked = lifecycles.parse(request, context.now)
    answer = lifecycles.run(request, context)
    span, _ = cover(asked.common.range, asked.interval, context)
    periods = periods_between(asked.interval, asked.common.zone, span, asked.week_start)
    states = [
        {"period": label, "state": each["label"]}
        for at, label in enumerate(answer["labels"])
        for each in answer["series"]
        if each["values"][at]
    ]
    by_period = {each["period"]: each["state"] for each in states if each["state"] != "dormant"}

    def counts(label: str) -> tuple[str, Answer]:
        state = by_period.get(label, "")
        return f"the person is {state} in {label}", {"period": label, "state": state}

    words = [f"In {each['period']}: {each['state']}." for each in states[:MOST]]
    return _of_periods(
        asked, periods, span, counts, Range(None, span.end), answer,
        words or [f"In no period: no event is {quoted(asked.step.label)} in the range."],
        {"states": states[:MAX_LISTED], "states_total": len(states)}, bool(states),
    )  # fmt: skip


def stickiness(request: Mapping[str, object], context: Context) -> Explanation:
    """The person of the context among those who stick. Raises InvalidRequest, naming the field."""
    asked = lifecycles.parse(request, context.now)
    answer = sticking.run(request, context)
    span, _ = cover(asked.common.range, asked.interval, context)
    periods = periods_between(asked.interval, asked.common.zone, span, asked.week_start)
    count = next((row["periods"] for row in answer["rows"] if row["persons"]), 0)

    def counts(label: str) -> tuple[str, Answer]:
        return f"{label} is one of {many(count, asked.interval)} in which the person did it", {
            "period": label
        }

    words = [f"Did it in {many(count, asked.interval)} of {len(periods):,}."]
    return _of_periods(asked, periods, span, counts, span, answer, words, {"periods": count}, count > 0)


def _of_periods(
    asked: lifecycles.LifecycleRequest,
    periods: Periods,
    span: Range,
    counts: Callable[[str], tuple[str, Answer]],
    bounds: Range,
    answer: Answer,
    words: Sequence[str],
    verdict: Answer,
    counted: bool,
) -> Explanation:
    tests = [Test(asked.step, "event", "the event")]

    def outcome(event: Event) -> Outcome:
        seen, fact = event
        if not fact.fills:
            return no_step(tests, fact)
        period = _period(periods, seen.time)
        if period is None:
            words = "before the range: what the person did later is not the first time"
            return passed_over("before_range", words)
        what, use = counts(periods.labels[period])
        return chosen("period", f"counts: {what}", [use])

    return Explanation(
        asked.common, tests, bounds, [asked.step], counted, words, verdict,
        lambda events: [outcome(event) for event in events], answer["meta"]["warnings"],
    )  # fmt: skip


def _period(periods: Periods, time: datetime) -> int | None:
    """The number of the period in which a moment lies."""
    found = bisect_right(periods.edges, time) - 1
    return found if 0 <= found < len(periods) else None


# ── Trends ──────────────────────────────────────────────────────────────────────────────────────────────────


def _in_trend(
    asked: TrendRequest, tests: Sequence[Test], frames: Sequence[Frame], event: Event, now: datetime
) -> Outcome:
    seen, fact = event
    if not fact.fills:
        return no_step(tests, fact, "one of the series")
    uses, words, reasons = [], [], []
    for number in sorted(fact.fills):
        measure, label = asked.series[number].measure, tests[number].words
        missing = _missing(asked, number, seen.row)
        if missing:
            reasons.append((missing[0], f"fills {label}, but {missing[1]}"))
            continue
        found = _in_periods(frames, number, asked, seen.time, now)
        if not found:
            reasons.append(("before_range", f"fills {label}, but before the range"))
            continue
        uses += [{"series": number + 1, **use, **_group(asked, seen.row)} for use in found]
        what = {"persons": "the person once", "sessions": "its session once"}.get(measure.kind, measure.kind)
        labels = list(dict.fromkeys(use["period"] for use in found))
        where = labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"
        words.append(f"counts for {label} in {where} ({what})")
    if uses:
        return chosen("series", either(words, "and"), uses)
    return passed_over(reasons[0][0], either([words for _, words in reasons], "and"))


def _missing(asked: TrendRequest, number: int, row: Mapping[str, Any]) -> tuple[str, str] | None:
    """What keeps an event of a series from being measured."""
    measure = asked.series[number].measure
    if measure.name is not None and row[f"value_{number + 1}"] is None:
        what = "is no number" if row[f"set_{number + 1}"] else "is missing"
        return ("no_number" if row[f"set_{number + 1}"] else "no_value"), f"{measure.name} {what}"
    if measure.kind == "sessions" and asked.session is None and row["session"] is None:
        return "no_session", "it has no session"
    return None


def _in_periods(
    frames: Sequence[Frame], number: int, asked: TrendRequest, time: datetime, now: datetime
) -> list[Answer]:
    """The periods in which an event counts, those before the range being marked."""
    found = []
    for frame in frames:
        days = asked.series[number].measure.days
        mark = {} if frame is frames[0] else {"previous": True}
        labels = frame.periods.labels
        first, end = frame.span.closed
        if days:
            numbers = [at for at in range(len(frame.periods)) if _active(frame, at, days, time, now)]
        else:
            at = _period(frame.periods, time) if first <= time < end else None
            numbers = [] if at is None else [at]
        found += [{"period": labels[at], **mark} for at in numbers]
    return found


def _active(frame: Frame, period: int, days: int, time: datetime, now: datetime) -> bool:
    """Whether the day of an event is one of those that end with a period's last."""
    zone = frame.periods.zone
    last = last_day(frame, period, now).astimezone(zone).date()
    day = time.astimezone(zone).date()
    return last - timedelta(days=days) < day <= last


def _back(first: datetime, days: int, frame: Frame) -> datetime:
    """From where on events matter: active persons are looked for some days before the range, too."""
    if not days:
        return first
    zone = frame.periods.zone
    return local_midnight(first.astimezone(zone).date() - timedelta(days=days - 1), zone)


def _group(asked: TrendRequest, row: Mapping[str, Any]) -> Answer:
    if asked.breakdown is None:
        return {}
    return {"group": [row[alias] for alias in asked.breakdown.aliases]}


def _trend_columns(asked: TrendRequest, conditions: Conditions) -> list[tuple[str, str]]:
    columns = [] if asked.breakdown is None else asked.breakdown.columns(conditions)
    for number, each in enumerate(asked.series, 1):
        columns += value_columns(each.measure, number, conditions, f"series[{number - 1}]")
    return columns


def _cells(answer: Answer) -> list[Answer]:
    """Every figure that is not nothing."""
    return [
        {"label": each["label"], **({"group": each["group"]} if "group" in each else {}), "period": period,
         "value": value}
        for each in answer["series"]
        if "formula" not in each
        for period, value in zip(answer["labels"], each["values"], strict=True)
        if value
    ]  # fmt: skip


def _totals(answer: Answer) -> list[Answer]:
    names = ("label", "group", "total")
    return [{name: each[name] for name in names if name in each} for each in answer["series"]]


def _trend_words(asked: TrendRequest, answer: Answer, cells: Sequence[Answer]) -> list[str]:
    if not cells:
        return ["Counts nowhere: no event fills a series within the range."]
    return [
        f"{each['label']}: {figure(each['total'])}"
        + (f" for {either([quoted(value) for value in each['group']], 'and')}" if each.get("group") else "")
        + f" of this person alone, in {many(_periods_of(each), 'period')}."
        for each in answer["series"]
        if each["total"] and "formula" not in each
    ][:MOST]


def _periods_of(series: Answer) -> int:
    return sum(1 for value in series["values"] if value)
