"""Why an event of a funnel's is in none of the attempts that count.

step_not_reached    no attempt had reached a step from which its own can follow
after_window        one had, but its window had closed by then
starts_after_range  it could start an attempt, had the range not ended
named_between       in a strict order, another named event came between
excluded            an exclusion came between, or ended the attempt later
removed             an exclusion removed the person
another_further     attempts that it is part of get less far than the one that counts
another_sooner      they get as far, but later
later_leads_there   they get as far and as soon, by earlier events: of several ways the latest counts
other_value         the attempt that counts holds another value
not_first_start     only the first start counts, or one attempt at a time
earliest_counts     its step was done before: the earliest event counts
named, exclusion    it fills no step, but ends attempts
another_counts      another attempt counts, which does more, or as much and sooner
not_examined        there are too many events to look at this one by itself
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from backsight.parquet_rows import Integers
from backsight.reports.explain.facts import Test
from backsight.reports.explain.forced import Forced, endless, forced, free
from backsight.reports.explain.outcomes import Outcome, passed_over
from backsight.reports.explain.words import either, moment_of, said, span
from backsight.reports.funnel.attempts import NOT_REACHED, Attempts
from backsight.reports.funnel.request import FunnelRequest
from backsight.reports.funnel.rules import Rules
from backsight.reports.funnel.units import SESSION
from backsight.scan.order import instant_of
from backsight.timelines import Timeline


@dataclass(frozen=True)
class Reasons:
    """Gives reasons for events of one funnel."""

    asked: FunnelRequest
    rules: Rules
    tests: Sequence[Test]

    def of(self, timeline: Timeline, attempts: Attempts, rows: Sequence[int]) -> dict[int, Outcome]:
        """By row of the timeline, why each of some that do not count does not."""
        found: dict[int, Outcome] = {}
        asked: list[tuple[int, int]] = []
        for row, bits in zip(rows, timeline.columns["steps"][list(rows)].tolist(), strict=True):
            steps = [step for step in range(1, self.rules.steps + 1) if bits & (1 << (step - 1))]
            counts = counting(timeline, attempts, row, self.rules)
            if not steps:
                found[row] = self._no_step(bits)
            elif counts is not None and row in counts.rows[:, 0] and self.rules.entry == "first":
                found[row] = self._ended(steps[0])
            elif (
                counts is not None and self._elsewhere(timeline, row, counts) and self.rules.entry == "first"
            ):
                found[row] = self._other_value(steps[0])
            elif self.rules.order == "any":
                found[row] = self._any_order(timeline, row, steps, counts)
            elif self.rules.entry == "first":
                found[row] = self._greedy(timeline, row, steps, counts)
            elif steps == [1] and timeline.place[row] >= self.rules.starts_before:
                found[row] = self._late_start(1)
            else:
                asked += [(row, step) for step in steps]
        return found | self._possible(timeline, attempts, asked)

    # ── Attempts that any first step may open ───────────────────────────────────────────────────────────────

    def _possible(
        self, timeline: Timeline, attempts: Attempts, asked: Sequence[tuple[int, int]]
    ) -> dict[int, Outcome]:
        """The reasons of rows that do steps: of those that each could do, that which gets furthest."""
        best: dict[int, tuple[int, Outcome]] = {}
        for step in sorted({step for _, step in asked}):
            rows = np.array([row for row, each in asked if each == step], np.int64)
            could = forced(timeline, rows, step, self.rules)
            within = could.depth >= step
            for at in np.flatnonzero(within | ~could.known).tolist():
                row = int(rows[at])
                counts = counting(timeline, attempts, row, self.rules)
                if not within[at]:
                    reason = self._unknown(step)
                elif counts is not None and self._elsewhere(timeline, row, counts):
                    reason = self._other_value(step)
                else:
                    reason = self._outdone(step, could, at, counts)
                _keep(best, row, int(could.depth[at]), reason)
            stopped = np.flatnonzero(~within & could.known)
            reasons = self._impossible(timeline, rows[stopped], step, could.excluded[stopped].tolist())
            for row, reason in zip(rows[stopped].tolist(), reasons, strict=True):
                _keep(best, row, 0, reason)
        return {row: reason for row, (_, reason) in best.items()}

    def _outdone(self, step: int, could: Forced, at: int, counts: Attempts | None) -> Outcome:
        """Why another attempt counts than one with the event in it."""
        fills = self._fills(step)
        if counts is None or (counts.places == NOT_REACHED).all():
            return self._ended(step)
        places = counts.places[:, 0]
        reached, depth = int(np.flatnonzero(places != NOT_REACHED)[-1]) + 1, int(could.depth[at])
        ended, own_end = int(instant_of(places.max())), int(instant_of(could.ended[at]))
        data = {"step": step, "reached": depth, "counted": reached, "when": moment_of(ended)}
        if depth < reached:
            return passed_over(
                "another_further",
                f"{fills}, but attempts with it get to step {depth} at most; the one that counts got to step "
                f"{reached}, on {self._said(ended)}",
                **data,
            )
        if depth == reached and own_end > ended:
            return passed_over(
                "another_sooner",
                f"{fills}, but attempts with it get to step {depth} on {self._said(own_end)} at the soonest; "
                f"the one that counts did on {self._said(ended)}",
                **data,
                soonest=moment_of(own_end),
            )
        if depth > reached or own_end < ended:
            return self._other(step)
        return self._later(step, reached, int(places[step - 1]), data)

    def _later(self, step: int, reached: int, place: int, data: dict[str, Any]) -> Outcome:
        """Of an event that would do as well as that which does the step now, at a place if at all."""
        later = {} if place == NOT_REACHED else {"later": moment_of(int(instant_of(place)))}
        by = f"a later event, of {said(later['later'], self._zone)}," if later else "later events"
        lead = "still leads" if later else "still lead"
        words = f"{by} {lead} to step {reached}" if reached > step else "a later way there counts"
        return passed_over("later_leads_there", f"{self._fills(step)}, but {words}", **data, **later)

    def _impossible(
        self, timeline: Timeline, rows: Integers, step: int, excluded: Sequence[bool]
    ) -> list[Outcome]:
        """Why some rows can't be in any attempt as the step."""
        unbound = forced(timeline, rows, step, free(self.rules))
        timeless = forced(timeline, rows, step, endless(self.rules))
        return [
            self._stopped(step, out, int(timeline.place[row]), *parts)
            for row, out, *parts in zip(
                rows.tolist(), excluded, unbound.depth.tolist(), timeless.depth.tolist(),
                timeless.began.tolist(), timeless.known.tolist(), strict=True,
            )
        ]  # fmt: skip

    def _stopped(
        self, step: int, out: bool, place: int, unbound: int, timeless: int, began: int, known: bool
    ) -> Outcome:
        fills = self._fills(step)
        if out:
            return self._ended(step)
        if unbound >= step:
            words = f"{fills}, but another named event came between: the order is strict"
            return passed_over("named_between", words, step=step)
        if not known:
            return self._unknown(step)
        if timeless >= step:
            return self._after_window(step, int(instant_of(began)))
        return self._late_start(step) if step == 1 else self._not_reached(step)

    # ── Attempts of earliest events ─────────────────────────────────────────────────────────────────────────

    def _greedy(self, timeline: Timeline, row: int, steps: Sequence[int], counts: Attempts | None) -> Outcome:
        """Of a first attempt, or one after another: by the attempt that was under way."""
        place, step = int(timeline.place[row]), steps[0]
        if counts is None:
            late = step == 1 and place >= self.rules.starts_before
            return (
                self._late_start(1)
                if late
                else self._not_reached(max(steps))
                if steps != [1]
                else self._other(1)
            )
        at = np.where(counts.rows[:, 0] == NOT_REACHED, NOT_REACHED, timeline.place[counts.rows[:, 0]])
        done = [each for each in steps if at[each - 1] != NOT_REACHED and at[each - 1] <= place]
        if 1 in done:
            when = self._said(int(instant_of(at[0])))
            first = (
                "one attempt runs at a time"
                if self.rules.count == "totals"
                else "only the first start counts"
            )
            return passed_over(
                "not_first_start", f"{self._fills(1)}, but {first}: it began on {when}", step=1,
                when=moment_of(int(instant_of(at[0]))),
            )  # fmt: skip
        if done:
            moment = moment_of(int(instant_of(at[done[0] - 1])))
            return passed_over(
                "earliest_counts",
                f"{self._fills(done[0])}, which was done already on {said(moment, self._zone)}",
                step=done[0],
                when=moment,
            )
        return self._missed(timeline, row, steps, counts, at)

    def _missed(
        self, timeline: Timeline, row: int, steps: Sequence[int], counts: Attempts, at: Integers
    ) -> Outcome:
        """Why an event did not take an attempt on."""
        place, began, step = int(timeline.place[row]), int(instant_of(at[0])), steps[-1]
        if instant_of(place) - began > self.rules.window:
            return self._after_window(step, began)
        last = int(np.flatnonzero(at != NOT_REACHED)[-1]) + 1
        follows = [each for each in steps if each in self.rules.next(last)] if last < self.rules.steps else []
        if place < at[last - 1] or not follows:
            return self._not_reached(step)
        if counts.killed.any():
            return self._ended(follows[-1])
        if self.rules.strict:
            words = f"{self._fills(follows[-1])}, but another named event came between: the order is strict"
            return passed_over("named_between", words, step=follows[-1])
        return self._other(step)

    def _any_order(
        self, timeline: Timeline, row: int, steps: Sequence[int], counts: Attempts | None
    ) -> Outcome:
        if counts is None:
            return self._late_start(steps[0])
        place = int(timeline.place[row])
        began = int(instant_of(counts.places[0, 0]))
        if instant_of(place) - began > self.rules.window:
            return self._after_window(steps[0], began)
        return self._other(steps[0])

    # ── Sentences ───────────────────────────────────────────────────────────────────────────────────────────

    def _no_step(self, bits: int) -> Outcome:
        excludes = [
            number for number in range(len(self.rules.exclusions)) if bits & self.rules.exclusion_bit(number)
        ]
        if excludes:
            names = [self.tests[self.rules.steps + number].words for number in excludes]
            words = f"is of {either(names, 'and')}: it ends attempts that stand there"
            return passed_over("exclusion", words)
        return passed_over("named", "fills no step, but bears a name: in a strict order attempts end with it")

    def _not_reached(self, step: int) -> Outcome:
        before = [str(each) for each in self.rules.before(step)] if step > 1 else ["1"]
        words = f"{self._fills(step)}, but no attempt had reached step {either(before)}"
        return passed_over("step_not_reached", words, step=step)

    def _after_window(self, step: int, began: int) -> Outcome:
        closed = moment_of(began + self.rules.window)
        words = (
            f"{self._fills(step)}, but after the window: {span(self.asked.window)} from {self._said(began)} "
            f"ended on {said(closed, self._zone)}"
        )
        return passed_over("after_window", words, step=step, began=moment_of(began), closed=closed)

    def _ended(self, step: int) -> Outcome:
        if self.rules.exclude_mode == "person":
            return passed_over(
                "removed", f"{self._fills(step)}, but an exclusion removed the person", step=step
            )
        return passed_over("excluded", f"{self._fills(step)}, but an exclusion ended the attempt", step=step)

    def _other_value(self, step: int) -> Outcome:
        held = either(self.asked.options.hold, "and")
        words = f"{self._fills(step)}, but the attempt that counts holds another value of {held}"
        return passed_over("other_value", words, step=step)

    def _elsewhere(self, timeline: Timeline, row: int, counts: Attempts) -> bool:
        """Whether the attempt that counts is of another part of the person's events."""
        return self.rules.held and int(timeline.run[counts.rows[0, 0]]) != int(timeline.run[row])

    def _late_start(self, step: int) -> Outcome:
        end = self.asked.common.range.end
        until = "" if end is None else f", which ended before {said(end, self._zone)}"
        return passed_over(
            "starts_after_range",
            f"{self._fills(step)}, but attempts start within the range{until}",
            step=step,
        )

    def _other(self, step: int) -> Outcome:
        words = f"{self._fills(step)}, but another attempt counts: none with it does more, or as much sooner"
        return passed_over("another_counts", words, step=step)

    def _unknown(self, step: int) -> Outcome:
        words = f"{self._fills(step)}, but is in no attempt that counts; there are too many events to say why"
        return passed_over("not_examined", words, step=step)

    def _fills(self, step: int) -> str:
        return f"fills {self.tests[step - 1].words}"

    def _said(self, instant: int) -> str:
        return said(moment_of(instant), self._zone)

    @property
    def _zone(self) -> ZoneInfo:
        return self.asked.common.zone


def counting(timeline: Timeline, attempts: Attempts, row: int, rules: Rules) -> Attempts | None:
    """The attempt that counts of the unit that a row belongs to; of attempts one after another, that which
    began last before it."""
    mine = attempts.person == timeline.person[row]
    if rules.count == "sessions":
        mine &= attempts.columns.at(SESSION, attempts.rows[0]) == timeline.columns.at(
            SESSION, np.array([row])
        )
    found = np.flatnonzero(mine)
    if rules.count == "totals":
        run = timeline.run[attempts.rows[0, found]] == timeline.run[row]
        began = timeline.place[attempts.rows[0, found]] <= timeline.place[row]
        found = found[run & began][-1:]
    return attempts.only(found[:1]) if len(found) else None


def _keep(best: dict[int, tuple[int, Outcome]], row: int, depth: int, reason: Outcome) -> None:
    if row not in best or depth > best[row][0]:
        best[row] = (depth, reason)
