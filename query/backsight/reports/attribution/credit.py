"""What each touch is owed: the conversions of a timeline, each given to one touch before it or shared by all.

A conversion is owed to touches at it or before it, in the order of the person's events, that lie no further
back than the lookback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backsight.parquet_rows import Integers
from backsight.reports.sessions import SessionRule, session_numbers
from backsight.scan.order import SEQUENCE_BITS
from backsight.timelines import Timeline, changes

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Terms:
    """How credit is given; `first` and `end` are places between which conversions lie."""

    touch: str
    first_only: bool
    per_session: bool
    session: SessionRule | None
    lookback: int
    """Microseconds."""
    first: int
    end: int


@dataclass(frozen=True)
class Credits:
    """Arrays of one length: to which group how much of a conversion, and of its amount, is owed, by whom."""

    group: Integers
    person: Integers
    conversions: Numbers
    amount: Numbers

    def taken(self, rows: Integers) -> Credits:
        """Some of them."""
        return Credits(self.group[rows], self.person[rows], self.conversions[rows], self.amount[rows])


@dataclass(frozen=True)
class Credited:
    """What one chunk's conversions are owed to; those owed to nothing have group -1."""

    owed: Credits
    unowed: Credits
    persons: int
    """Who converted at all."""
    odd: int
    """Conversions without a number for an amount."""


@dataclass(frozen=True)
class Spans:
    """Per conversion, its row and which touches (from `low` to before `high`) it may be owed to."""

    rows: Integers
    low: Integers
    high: Integers


def credit(timeline: Timeline, terms: Terms) -> Credited:
    """The credits of a chunk; columns: `converts`, `touches`, `code` of the group, `amount`; with sessions
    `begins` or `session`.
    """
    touches = touches_of(timeline, terms)
    rows = conversions_of(timeline, terms)
    spans = spans_of(timeline, touches, rows, terms.lookback)
    amount = timeline.columns["amount"][rows].astype(np.float64)
    odd = np.isnan(amount)
    amount[odd] = 0
    none = spans.low == spans.high
    alone = rows[none]
    unowed = Credits(np.full(len(alone), -1), timeline.person[alone], np.ones(len(alone)), amount[none])
    owing = Spans(rows[~none], spans.low[~none], spans.high[~none])
    give = _shared if terms.touch == "linear" else _single
    owed = give(timeline, touches, owing, amount[~none], terms)
    return Credited(owed, unowed, int(changes(timeline.person[rows]).sum()), int(odd.sum()))


def join(parts: Sequence[Credits]) -> Credits:
    """Credits of several chunks, one after another."""
    return Credits(
        np.concatenate([each.group for each in parts]),
        np.concatenate([each.person for each in parts]),
        np.concatenate([each.conversions for each in parts]),
        np.concatenate([each.amount for each in parts]),
    )


def touches_of(timeline: Timeline, terms: Terms) -> Integers:
    """The rows of touches; of a session's only the first, where that is asked."""
    rows = np.flatnonzero(timeline.columns["touches"])
    if not terms.per_session:
        return rows
    if terms.session is not None:
        numbers = session_numbers(timeline, terms.session, timeline.columns["begins"].astype(np.bool_))
        return rows[changes(numbers[rows])]
    # Captured sessions of one person may overlap, on two devices: the first of each, then back in order.
    session, person = timeline.columns["session"][rows], timeline.person[rows]
    order = np.lexsort((session, person))
    return np.sort(rows[order[changes(session[order], person[order])]])


def conversions_of(timeline: Timeline, terms: Terms) -> Integers:
    """The rows of conversions that count."""
    place = timeline.place
    inside = (place >= terms.first) & (place < terms.end)
    rows = np.flatnonzero(timeline.columns["converts"].astype(np.bool_) & inside)
    return rows[changes(timeline.person[rows])] if terms.first_only else rows


def spans_of(timeline: Timeline, touches: Integers, rows: Integers, lookback: int) -> Spans:
    """Which of the touches each conversion may be owed to."""
    instants = timeline.place >> SEQUENCE_BITS
    high = np.searchsorted(touches, rows, "right")
    low = np.searchsorted(touches, timeline.first[rows], "left")
    low = _first_from(instants[touches], low, high, instants[rows] - lookback)
    return Spans(rows, low, high)


def _first_from(values: Integers, low: Integers, high: Integers, least: Integers) -> Integers:
    """Between each low and high (where `values` ascend), the first index whose value is not below `least`."""
    low, top = low.copy(), high.copy()
    while (open_ := np.flatnonzero(low < top)).size:
        middle = (low[open_] + top[open_]) // 2
        below = values[middle] < least[open_]
        low[open_[below]] = middle[below] + 1
        top[open_[~below]] = middle[~below]
    return low


def _single(timeline: Timeline, touches: Integers, spans: Spans, amount: Numbers, terms: Terms) -> Credits:
    """Each conversion to the first or the last of its touches."""
    touch = touches[spans.low if terms.touch == "first" else spans.high - 1]
    code = timeline.columns["code"][touch]
    return Credits(code, timeline.person[spans.rows], np.ones(len(touch)), amount)


def _shared(timeline: Timeline, touches: Integers, spans: Spans, amount: Numbers, terms: Terms) -> Credits:
    """Each conversion in equal parts to all of its touches."""
    parts = 1 / (spans.high - spans.low)
    owed, value = (along(len(touches), spans.low, spans.high, each) for each in (parts, parts * amount))
    some = np.flatnonzero(owed)
    rows = touches[some]
    return Credits(timeline.columns["code"][rows], timeline.person[rows], owed[some], value[some])


def along(length: int, low: Integers, high: Integers, each: Numbers) -> Numbers:
    """For each touch, the sum over the spans (from `low` to before `high`) that it lies in.

    Spans are cut into stretches of powers of two, and these into halves again and again: so sums are all that
    is taken. To take away where a span ends what was added where it began would be simpler, but beside a
    large amount small ones would be lost.
    """
    start, lengths = low.copy(), high - low
    sums = np.zeros(length)
    for level in reversed(range(int(lengths.max(initial=0)).bit_length())):
        half = 1 << level
        sums[half:] += sums[:-half].copy()
        cut = np.flatnonzero(lengths & half)
        sums += np.bincount(start[cut], each[cut], length)
        start[cut] += half
    return sums
