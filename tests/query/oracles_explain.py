"""What the reasons of an explanation claim, checked by trying: nothing here reads what reports walk over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from query.oracles import Row
from query.oracles_funnel import Asked, Event, Found, Walk, counted, events_of, orders

Told = Mapping[str, Any]
"""An event of an answer."""

AGES = timedelta(days=10_000)
IGNORED = {
    "no_step",
    "near_step",
    "before_range",
    "after_range",
    "no_session",
    "no_held_value",
    "not_first_ever",
}


def check_funnel(rows: Sequence[Row], asked: Asked, told: Sequence[Told]) -> None:
    """Every reason holds of its event."""
    by_id = {(each["time"], each["id"].split(".", 1)[1]): each["outcome"] for each in told}
    for row in rows:
        outcome = by_id[_time(row["time"]), f"{row['page']}.{row['sequence']}"]
        if outcome["outcome"] != "chosen":
            claim = Claim(rows, row, asked, outcome)
            assert (outcome["outcome"] == "ignored") == (outcome["reason"] in IGNORED)
            assert CLAIMS[outcome["reason"]](claim), (outcome, row)


@dataclass(frozen=True)
class Claim:
    """A reason, and all that it could be about."""

    rows: Sequence[Row]
    row: Row
    asked: Asked
    outcome: Mapping[str, Any]

    @property
    def step(self) -> int:
        step: int = self.outcome["data"]["step"]
        return step

    def said(self, name: str) -> datetime:
        return datetime.fromisoformat(self.outcome["data"][name])

    @property
    def kinds(self) -> set[int]:
        """The steps that the event's kind fills."""
        return {number for number, names in enumerate(self.asked.steps, 1) if self.row["kind"] in names}

    @property
    def excludes(self) -> bool:
        return any(self.row["kind"] in names for names, _, _ in self.asked.exclude)

    @property
    def events(self) -> list[Event]:
        """The events of its unit that play a part."""
        every = events_of(self.rows, self.asked)
        if self.asked.count == "sessions":
            return [event for event in every if event.row["session"] == self.row["session"]]
        return every

    def depths(self, **changed: Any) -> list[Found]:
        """What attempts with the event as its step come to, in every order of events."""
        asked = replace(
            self.asked, optional=self.asked.optional - {self.step}, entry="any", mode="attempt", **changed
        )
        if not asked.exclude:
            return list(self._chains(asked))
        events = [
            replace(each, fills=frozenset({self.step}) if each.row is self.row else each.fills - {self.step})
            for each in self.events
        ]
        found = (Walk(order, asked).any_entry() for order in orders(events))
        return [each for each in found if each is not None and self.step in each.times]

    def _chains(self, asked: Asked) -> Iterator[Found]:
        for order in orders(self.events):
            walk = Walk(order, asked)
            for start in walk.starts():
                for chain in walk.chains(start):
                    if any(step == self.step and order[at].row is self.row for step, at in chain):
                        yield Found(walk.times(chain))

    @property
    def best(self) -> Found:
        """What counts of its unit."""
        unit = [event.row for event in self.events]
        return max(counted(unit, replace(self.asked, first_ever=frozenset())), key=lambda each: each.rank)


def furthest(found: Sequence[Found]) -> tuple[int, datetime | None]:
    """How far the best of some attempts gets, and how soon."""
    depth = max((max(each.times) for each in found), default=0)
    ends = [max(each.times.values()) for each in found if max(each.times) == depth]
    return depth, min(ends, default=None)


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


# ── What each reason claims ─────────────────────────────────────────────────────────────────────────────────


def is_first(claim: Claim) -> bool:
    return claim.asked.entry == "first" or claim.asked.count == "totals"


def step_not_reached(claim: Claim) -> bool:
    """No attempt leads there, however long it may take and whatever comes between."""
    if claim.asked.held or is_first(claim):
        return claim.step in claim.kinds and claim.step > 1
    return not claim.depths(order="ordered", exclude=(), window=AGES)


def after_window(claim: Claim) -> bool:
    """A start lies further back than the window, and no attempt within one leads there."""
    began, closed = claim.said("began"), claim.said("closed")
    starts = any(row["time"] == began for row in claim.rows)
    late = closed == began + claim.asked.window < claim.row["time"] and starts
    if claim.asked.held or is_first(claim) or claim.asked.order == "any":
        return late
    return late and not claim.depths(order="ordered", exclude=())


def named_between(claim: Claim) -> bool:
    """Only a strict order keeps it from being part of an attempt."""
    if claim.asked.order != "strict":
        return False
    if claim.asked.held or is_first(claim):
        return True
    return not claim.depths(exclude=()) and bool(claim.depths(order="ordered", exclude=()))


def excluded(claim: Claim) -> bool:
    """Without exclusions it could be part of one; with them no attempt that counts has it."""
    if not claim.asked.exclude:
        return False
    if claim.asked.held or is_first(claim):
        return True
    return not claim.depths() and bool(claim.depths(exclude=()))


def outdone(by: Callable[[tuple[int, Any], tuple[int, Any]], bool]) -> Callable[[Claim], bool]:
    """Of the attempts with the event, the best compares so with the one that counts."""

    def holds(claim: Claim) -> bool:
        if claim.asked.held:
            return claim.step in claim.kinds
        return by(furthest(claim.depths()), furthest([claim.best]))

    return holds


def later_leads_there(claim: Claim) -> bool:
    """As good as what counts, whose event for the step is no earlier one."""
    data = claim.outcome["data"]
    later = "later" not in data or claim.said("later") >= claim.row["time"]
    return later and outdone(lambda own, best: own == best)(claim)


def counts_earlier(claim: Claim) -> bool:
    """Another event that fills the step, or starts, came before, or at the same time."""
    when = claim.said("when")
    names = claim.asked.steps[claim.step - 1]
    others = [row for row in claim.rows if row is not claim.row and row["kind"] in names]
    return is_first(claim) and when <= claim.row["time"] and any(row["time"] == when for row in others)


def first_ever(claim: Claim) -> bool:
    names = [claim.asked.steps[step - 1] for step in claim.kinds & claim.asked.first_ever]
    return any(
        row["kind"] in each and row["time"] <= claim.row["time"] and row is not claim.row
        for each in names
        for row in claim.rows
    )


def fills_nothing(claim: Claim) -> bool:
    return not claim.kinds and not claim.excludes


def inside_window(claim: Claim) -> bool:
    """Another attempt counts: in any order, none with the event does more steps."""
    if claim.asked.order != "any" or claim.asked.held:
        return bool(claim.kinds)
    most = 0
    for order in orders(claim.events):
        walk = Walk(order, claim.asked)
        for start in range(len(order)):
            if claim.asked.end is not None and order[start].time >= claim.asked.end:
                continue
            usable = [at for at in range(start, len(order)) if walk.within(start, at)]
            used = walk._assigned(start, usable, 1)
            own = [each for each in used if any(order[at].row is claim.row for at in each)]
            most = max([most, *map(len, own)])
    return claim.asked.entry == "first" or most <= len(claim.best.times)


CLAIMS: dict[str, Callable[[Claim], bool]] = {
    "no_step": fills_nothing,
    "near_step": fills_nothing,
    "before_range": lambda claim: claim.asked.first is not None and claim.row["time"] < claim.asked.first,
    "after_range": lambda claim: (
        claim.asked.end is not None
        and claim.row["time"] >= claim.asked.end + (timedelta() if claim.asked.whole else claim.asked.window)
    ),
    "no_session": lambda claim: claim.asked.count == "sessions" and claim.row["session"] is None,
    "no_held_value": lambda claim: claim.asked.held and not claim.row["holds"],
    "not_first_ever": first_ever,
    "step_not_reached": step_not_reached,
    "after_window": after_window,
    "starts_after_range": lambda claim: claim.asked.end is not None and claim.row["time"] >= claim.asked.end,
    "named_between": named_between,
    "excluded": excluded,
    "removed": lambda claim: claim.asked.mode == "person" and bool(claim.asked.exclude),
    "another_further": outdone(lambda own, best: 0 < own[0] < best[0]),
    "another_sooner": outdone(lambda own, best: own[0] == best[0] and own[1] > best[1]),
    "later_leads_there": later_leads_there,
    "other_value": lambda claim: claim.asked.held,
    "not_first_start": counts_earlier,
    "earliest_counts": counts_earlier,
    "named": lambda claim: claim.asked.order == "strict" and not claim.kinds and claim.row["type"] == "track",
    "exclusion": lambda claim: claim.excludes,
    "another_counts": inside_window,
}
"""By the reason's code."""
