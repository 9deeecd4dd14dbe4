"""One person in a funnel: the attempts that count, and of every other event why it is in none of them.

The attempts are those of the funnel's own walk over the person's events. Why another event is not in them is
asked of the same walk (`forced`): whether it could be part of any attempt, and how far that would get.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from backsight.reports.explain.explanation import MAX_LISTED, Answer, Event, Explanation, no_step
from backsight.reports.explain.facts import Fact, Test
from backsight.reports.explain.funnel_reasons import Reasons
from backsight.reports.explain.funnel_words import verdict_words
from backsight.reports.explain.outcomes import Outcome, chosen, ignored
from backsight.reports.explain.words import either, moment_of
from backsight.reports.funnel.attempts import NOT_REACHED, Attempts, fills
from backsight.reports.funnel.counting import rules_of
from backsight.reports.funnel.groups import codes_of
from backsight.reports.funnel.request import FunnelRequest, parse
from backsight.reports.funnel.rules import Rules
from backsight.reports.funnel.scan import Matched, matched, timelines
from backsight.reports.funnel.units import SESSION
from backsight.reports.funnel.walk import counted_attempts
from backsight.rules.conditions import Conditions
from backsight.scan.context import Context, rfc3339
from backsight.scan.order import SEQUENCE_BITS, instant_of
from backsight.scan.request import Range
from backsight.timelines import Timeline


@dataclass(frozen=True)
class Walked:
    """A chunk of the person's events, and the attempts that count in it."""

    timeline: Timeline
    attempts: Attempts
    offset: int
    """How many attempts other chunks before it have."""


@dataclass(frozen=True)
class FunnelOfPerson:
    """A funnel of one person's events."""

    asked: FunnelRequest
    rules: Rules
    found: Matched
    walked: Sequence[Walked]
    context: Context

    @cached_property
    def attempts(self) -> list[Answer]:
        """What is said of each attempt, the first ones only."""
        listed = (self._attempt(walked, at) for walked in self.walked for at in range(_count(walked)))
        return [each for each, _ in zip(listed, range(MAX_LISTED), strict=False)]

    @property
    def total(self) -> int:
        """How many attempts there are."""
        return sum(map(_count, self.walked))

    def _attempt(self, walked: Walked, at: int) -> Answer:
        attempts, last = walked.attempts, len(self.asked.steps)
        places = attempts.places[:, at].tolist()
        reached = max((step for step, place in enumerate(places, 1) if place != NOT_REACHED), default=0)
        closes = int(attempts.last_start[at] >> SEQUENCE_BITS) + self.rules.window
        open_from = self.asked.open_from(self.context.now)
        still_open = (
            0 < reached < last and int(attempts.last_start[at]) != NOT_REACHED and closes >= open_from
        )
        made: Answer = {
            "reached": reached,
            "steps": [None if place == NOT_REACHED else _time(place) for place in places],
            "still_open": still_open,
            "closes": _moment(closes) if still_open else None,
            "excluded": (np.flatnonzero(attempts.excluded[:, at]) + 1).tolist(),
        }
        if self.asked.options.count == "sessions" and self.asked.sessions is None:
            made["session"] = str(attempts.columns.at(SESSION, attempts.rows[:1, at])[0])
        if self.asked.breakdown is not None and self.asked.breakdown.attribution != "all":
            (code,) = codes_of(attempts.only(np.array([at])), self.asked.breakdown, self.found.groups)
            made["group"] = None if code < 0 else list(self.found.groups[code])
        return made

    @cached_property
    def counts(self) -> list[Answer]:
        """How much the person adds to the funnel's figures, step by step."""
        made = []
        for step in range(len(self.asked.steps)):
            parts = [walked.attempts for walked in self.walked]
            made.append(
                {
                    "label": self.asked.steps[step].label,
                    "count": sum(int((part.places[step] != NOT_REACHED).sum()) for part in parts),
                    "excluded": sum(int(part.excluded[step].sum()) for part in parts),
                }
            )
        return made


def explain(request: Mapping[str, object], context: Context) -> Explanation:
    """The person of the context in a funnel. Raises InvalidRequest, naming the field."""
    asked = parse(request, context.now)
    found, warnings = matched(asked, context)
    rules = rules_of(asked)
    parts = timelines(found, context).map(lambda timeline: (timeline, counted_attempts(timeline, rules)))
    offsets = np.cumsum([0, *(len(attempts.person) for _, attempts in parts)]).tolist()
    walked = [Walked(*part, offset) for part, offset in zip(parts, offsets, strict=False)]
    of = FunnelOfPerson(asked, rules, found, walked, context)
    tests = tests_of(asked)
    reasons = Reasons(asked, rules, tests)
    missing = _missing(of, reasons)
    first, bounds = asked.common.range.first, asked.bounds

    def outcomes(events: Sequence[Event]) -> list[Outcome]:
        return _outcomes(of, reasons, tests, events)

    return Explanation(
        asked.common,
        tests,
        Range(first, bounds.end),
        asked.steps,
        any(step["count"] for step in of.counts),
        verdict_words(asked, of.attempts, of.total, missing),
        {"attempts": of.attempts, "attempts_total": of.total, "steps": of.counts, "missing": missing},
        outcomes,
        warnings,
        lambda conditions: _held(asked, conditions),
        "to" if asked.whole else "the range and a window behind it",
    )


def _missing(of: FunnelOfPerson, reasons: Reasons) -> Answer | None:
    """The first step that the person did not get to: how many events fill it, and why none of them counts.

    Those are `taken` that count for another step. Of many, the last MAX_LISTED are looked at; null where
    the person got everywhere, or several attempts count.
    """
    reached = max((each["reached"] for each in of.attempts), default=0)
    if of.total > 1 or reached == len(of.asked.steps) or of.rules.order == "any":
        return None
    events, taken, found = 0, 0, Counter[str]()
    words: dict[str, str] = {}
    for walked in of.walked:
        filling = np.flatnonzero(fills(walked.timeline, reached + 1))
        counting = walked.attempts.rows[walked.attempts.places != NOT_REACHED]
        rows = filling[~np.isin(filling, counting)]
        events, taken = events + len(rows), taken + len(filling) - len(rows)
        told = reasons.of(walked.timeline, walked.attempts, rows[-MAX_LISTED:].tolist())
        found.update(outcome.reason for outcome in told.values())
        words |= {outcome.reason: outcome.words for _, outcome in sorted(told.items())}
    most = [
        {"reason": reason, "events": count, "words": words[reason]} for reason, count in found.most_common()
    ]
    return {"step": reached + 1, "events": events, "taken": taken, "reasons": most}


def looks_for(request: Mapping[str, object], context: Context) -> list[Test]:
    """What a request looks for."""
    return tests_of(parse(request, context.now))


def tests_of(asked: FunnelRequest) -> list[Test]:
    """The steps, then what excludes, then, where the order is strict, what else bears a name of its own."""
    steps = [
        Test(step, f"steps[{number - 1}]", f"step {number}") for number, step in enumerate(asked.steps, 1)
    ]
    for number, each in enumerate(asked.options.exclusions):
        name = f"the exclusion between steps {each.between.after} and {each.between.before}"
        steps.append(Test(each.step, f"exclude[{number}].event", name))
    return steps


def _outcomes(
    of: FunnelOfPerson, reasons: Reasons, tests: Sequence[Test], events: Sequence[Event]
) -> list[Outcome]:
    """What became of each event."""
    every = [_rows_of(walked, events) for walked in of.walked]
    found: list[Outcome | None] = [None] * len(events)
    for walked, rows in zip(of.walked, every, strict=True):
        counted = _counted(walked, rows, of)
        others = [numbers[0] for at, numbers in rows.items() if at not in counted]
        passed = reasons.of(walked.timeline, walked.attempts, others)
        for at, numbers in rows.items():
            found[at] = _better(found[at], counted.get(at) or passed[numbers[0]])
    return [
        each if each and not _lost(each, of, event[1]) else _unmatched(of, tests, event)
        for each, event in zip(found, events, strict=True)
    ]


def _lost(outcome: Outcome, of: FunnelOfPerson, fact: Fact) -> bool:
    """Whether an event that fills a step does none, though it may stand between."""
    steps = any(number < len(of.asked.steps) for number in fact.fills)
    return steps and outcome.reason in ("named", "exclusion")


def _rows_of(walked: Walked, events: Sequence[Event]) -> dict[int, list[int]]:
    """By an event's index, its rows of the timeline: several where it is of several parts."""
    wanted = {seen.place: at for at, (seen, _) in enumerate(events)}
    timeline = walked.timeline
    near = np.flatnonzero(np.isin(timeline.place, np.array([place for place, *_ in wanted], np.int64)))
    columns = (timeline.place[near], *(timeline.columns.at(name, near) for name in ("page", "sequence")))
    found: dict[int, list[int]] = {}
    for row, *place in zip(near.tolist(), *(column.tolist() for column in columns), strict=True):
        at = wanted.get((place[0], place[1], place[2]))
        if at is not None:
            found.setdefault(at, []).append(row)
    return found


def _counted(walked: Walked, rows: Mapping[int, Sequence[int]], of: FunnelOfPerson) -> dict[int, Outcome]:
    """The events that attempts which count are made of."""
    attempts = walked.attempts
    event_of = {row: at for at, numbers in rows.items() for row in numbers}
    here = np.isin(attempts.rows, np.array(list(event_of), np.int64)) & (attempts.places != NOT_REACHED)
    uses: dict[int, list[Answer]] = {}
    for step, attempt in np.argwhere(here).tolist():
        use = {"step": step + 1, "attempt": walked.offset + attempt + 1}
        uses.setdefault(event_of[int(attempts.rows[step, attempt])], []).append(use)
    return {at: _as_steps(each, of) for at, each in uses.items()}


def _as_steps(uses: list[Answer], of: FunnelOfPerson) -> Outcome:
    if of.rules.order == "any":
        return chosen("done", f"counts as number {either(_steps(uses), 'and')} of the steps done", uses)
    steps = [f"step {step} ({of.asked.steps[int(step) - 1].label})" for step in _steps(uses)]
    many = "the attempt that counts" if of.total == 1 else "an attempt that counts"
    return chosen("step", f"{either(steps, 'and')} of {many}", uses)


def _steps(uses: Sequence[Answer]) -> list[str]:
    return list(dict.fromkeys(str(use["step"]) for use in uses))


def _better(one: Outcome | None, other: Outcome) -> Outcome:
    """Of what became of an event in several parts: where it counts."""
    return other if one is None or other.outcome == "chosen" else one


def _unmatched(of: FunnelOfPerson, tests: Sequence[Test], event: Event) -> Outcome:
    """Why an event is none of those that attempts can be made of."""
    seen, fact = event
    steps = sorted(number + 1 for number in fact.fills if number < len(of.asked.steps))
    if not fact.fills:
        return no_step(tests, fact)
    filled = f"fills {either([f'step {step}' for step in steps], 'and')}" if steps else "would exclude"
    captured = of.asked.options.count == "sessions" and of.asked.sessions is None
    if captured and seen.row["session"] is None:
        return ignored("no_session", f"{filled}, but has no session")
    held = [name for number, name in enumerate(of.asked.options.hold) if seen.row[f"held_{number}"] is None]
    if held or any(seen.row[f"held_{number}"] == "[]" for number in range(len(of.asked.options.hold))):
        return ignored(
            "no_held_value", f"{filled}, but has no value of {either(held or of.asked.options.hold, 'and')}"
        )
    return ignored("not_first_ever", f"{filled}, but not for the first time ever, which alone counts there")


def _held(asked: FunnelRequest, conditions: Conditions) -> list[tuple[str, str]]:
    names = enumerate(asked.options.hold)
    return [(f"held_{number}", conditions.property(name, f"hold[{number}]")) for number, name in names]


def _count(walked: Walked) -> int:
    return len(walked.attempts.person)


def _time(place: int) -> str:
    return _moment(instant_of(place))


def _moment(instant: int) -> str:
    return rfc3339(moment_of(instant))
