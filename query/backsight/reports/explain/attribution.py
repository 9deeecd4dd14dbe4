"""One person's conversions, and the touches to which they are owed.

conversion      it counts                              credited        a conversion is owed to it
no_property     it carries none of the properties      no_conversion   none follows
before_lookback it lies too far back                   outdone         a later (or an earlier) touch is owed
same_session    only the first touch of a session is one
outside_range   conversions count within the range     not_first       only the first conversion counts
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.attribution.credit import Spans, Terms, conversions_of, spans_of, touches_of
from backsight.reports.attribution.report import coded, scan_query, terms_of
from backsight.reports.attribution.request import AttributionRequest, parse
from backsight.reports.breakdown import Group
from backsight.reports.explain.explanation import MAX_LISTED, MOST, Answer, Event, Explanation, no_step
from backsight.reports.explain.facts import Test
from backsight.reports.explain.outcomes import Outcome, chosen, passed_over
from backsight.reports.explain.rows import rows_by_tie
from backsight.reports.explain.words import either, many, moment_of, ordinal, quoted, said, span
from backsight.scan.context import Context, rfc3339
from backsight.scan.order import instant_of
from backsight.timelines import Timeline, Timelines


@dataclass(frozen=True)
class AttributionOfPerson:
    """The conversions and touches of one person."""

    asked: AttributionRequest
    terms: Terms
    timeline: Timeline
    groups: Sequence[Group]

    @cached_property
    def touches(self) -> Integers:
        """The rows of touches."""
        return touches_of(self.timeline, self.terms)

    @cached_property
    def spans(self) -> Spans:
        """Of each conversion that counts, its row and its touches."""
        rows = conversions_of(self.timeline, self.terms)
        return spans_of(self.timeline, self.touches, rows, self.terms.lookback)

    def owed(self, at: int) -> list[int]:
        """The touches, by their index, to which a conversion is owed."""
        low, high = int(self.spans.low[at]), int(self.spans.high[at])
        if low == high:
            return []
        return {"first": [low], "last": [high - 1]}.get(self.terms.touch) or list(range(low, high))

    def group(self, touch: int) -> list[str | int | None]:
        """The values that a touch carries."""
        return list(self.groups[int(self.timeline.columns["code"][self.touches[touch]])])

    def time(self, row: int) -> str:
        """When a row happened, in words."""
        return said(moment_of(int(instant_of(self.timeline.place[row]))), self.zone)

    @property
    def zone(self) -> ZoneInfo:
        """Where its days are."""
        return self.asked.common.zone

    def conversion(self, at: int) -> Answer:
        """What is said of a conversion."""
        owed = self.owed(at)
        touches = [
            {"time": _rfc3339(self.timeline, int(self.touches[each])), "group": self.group(each),
             "share": 1 / len(owed)}
            for each in owed[:MAX_LISTED]
        ]  # fmt: skip
        return {"time": _rfc3339(self.timeline, int(self.spans.rows[at])), "touches": touches}


def explain(request: Mapping[str, object], context: Context) -> Explanation:
    """The person of the context in an attribution report. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    query = scan_query(asked, context)
    known: dict[Group, int] = {}
    rows = coded(query.run(context), asked.groups.aliases, known)
    timelines = Timelines(rows, context.engine.threads).map(lambda timeline: timeline)
    of = AttributionOfPerson(asked, terms_of(asked), max(timelines, key=len), list(known))
    tests = looks_for(request, context)
    total = len(of.spans.rows)
    conversions = [of.conversion(at) for at in range(min(total, MAX_LISTED))]

    def outcomes(events: Sequence[Event]) -> list[Outcome]:
        rows = rows_by_tie(of.timeline, events)
        return [
            _outcome(of, rows[at], fact.fills) if at in rows and fact.fills else _unmatched(tests, event)
            for at, event in enumerate(events)
            for _, fact in [event]
        ]

    return Explanation(
        asked.common,
        tests,
        asked.bounds,
        asked.mentioned,
        total > 0,
        _words(of, conversions, total),
        {"conversions": conversions, "conversions_total": total},
        outcomes,
        query.warnings,
    )


def looks_for(request: Mapping[str, object], context: Context) -> list[Test]:
    """What a request looks for."""
    asked = parse(request, context.now)
    return [Test(asked.conversion, "conversion", "the conversion"), Test(asked.touches, "touches", "a touch")]


def _words(of: AttributionOfPerson, conversions: Sequence[Answer], total: int) -> list[str]:
    if not total:
        return [f"No conversion ({of.asked.conversion.label}) within the range."]
    words = [f"{many(total, 'conversion')}."]
    for at, conversion in enumerate(conversions[:MOST]):
        owed = [either([quoted(value) for value in touch["group"]], "and") for touch in conversion["touches"]]
        to = either(owed, "and") if owed else f"no touch: none within {span(of.asked.lookback)} before it"
        words.append(f"That of {of.time(int(of.spans.rows[at]))} is owed to {to}.")
    return words


def _unmatched(tests: Sequence[Test], event: Event) -> Outcome:
    _, fact = event
    if 1 in fact.fills:
        return passed_over("no_property", "arrives, but carries none of the properties")
    return no_step(tests, fact, "a conversion or a touch")


def _outcome(of: AttributionOfPerson, row: int, fills: frozenset[int]) -> Outcome:
    """What became of a conversion, a touch, or what is both."""
    uses: list[Answer] = []
    words: list[str] = []
    at = np.flatnonzero(of.spans.rows == row).tolist()
    for number in at:
        uses.append({"conversion": number + 1})
        owed = of.owed(number)
        words.append(
            f"the {_nth(number, len(of.spans.rows))}conversion, owed to {many(len(owed), 'touch')}".replace(
                "touchs", "touches"
            )
        )
    touch = np.flatnonzero(of.touches == row).tolist()
    credited = [number for each in touch for number in _credited(of, each)]
    if credited:
        uses += [{"touch_of": number + 1, "group": of.group(touch[0])} for number in credited[:MAX_LISTED]]
        words.append(
            f"{many(len(credited), 'conversion')} {'is' if len(credited) == 1 else 'are'} owed to it"
        )
    if uses:
        return chosen("conversion" if at else "credited", either(words, "and"), uses)
    if 0 in fills:
        return _no_conversion(of, row)
    return _no_credit(of, row, touch)


def _nth(number: int, total: int) -> str:
    return "" if total == 1 else f"{ordinal(number + 1)} "


def _credited(of: AttributionOfPerson, touch: int) -> list[int]:
    """The conversions that are owed to a touch."""
    low, high = of.spans.low, of.spans.high
    near = (low <= touch) & (touch < high)
    if of.terms.touch == "last":
        near &= high - 1 == touch
    elif of.terms.touch == "first":
        near &= low == touch
    found: list[int] = np.flatnonzero(near).tolist()
    return found


def _no_conversion(of: AttributionOfPerson, row: int) -> Outcome:
    place = int(of.timeline.place[row])
    if not of.terms.first <= place < of.terms.end:
        return passed_over("outside_range", "a conversion, but outside of the range")
    first = of.time(int(of.spans.rows[0])) if len(of.spans.rows) else ""
    return passed_over("not_first", f"a conversion, but only the first counts, that of {first}")


def _no_credit(of: AttributionOfPerson, row: int, touch: Sequence[int]) -> Outcome:
    """Why nothing is owed to an arrival."""
    if not touch:
        if of.timeline.columns["touches"][row]:
            return passed_over("same_session", "a touch, but not the first of its session")
        return passed_over("no_property", "arrives, but carries none of the properties")
    after = np.flatnonzero(of.spans.rows >= row)
    if not len(after):
        return passed_over("no_conversion", "a touch, but no conversion that counts follows")
    near = after[(of.spans.low[after] <= touch[0])]
    if not len(near):
        since = of.time(int(of.spans.rows[after[0]]))
        words = f"a touch, but more than {span(of.asked.lookback)} before the conversion of {since}"
        return passed_over("before_lookback", words)
    owed = int(of.touches[of.owed(int(near[0]))[0]])
    which = "a later" if of.terms.touch == "last" else "an earlier"
    conversion = of.time(int(of.spans.rows[near[0]]))
    words = f"a touch, but {which} one, of {of.time(owed)}, is owed the conversion of {conversion}"
    return passed_over("outdone", words)


def _rfc3339(timeline: Timeline, row: int) -> str:
    return rfc3339(moment_of(int(instant_of(timeline.place[row]))))
