"""What a series measures.

events, persons, sessions   how many; a person or a session counts once a period
events_per_person           events by persons; null where there is nobody
active_persons              persons with an event in the days ("over": "7d") that end with each period
sum … p99                   of the numbers in a "property": numbers, and texts that are wholly one, as for
                            predicates; whatever else stands there is left out and counted in a warning

A measure is worked out from parts. Each part is gathered in one pass over the events by slot of time, then
put together by period and for the whole range; so a total is never a sum of what was counted twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backsight.errors import shown
from backsight.fields import below, read_choice, refuse
from backsight.reports.statistics import QUANTILES, STATISTICS, Number, rounded, settled
from backsight.rules.conditions import Conditions
from backsight.rules.predicates import parse_property

UNITS: Final = {
    "persons": "person",
    "sessions": "session",
    "events_per_person": "person",
    "active_persons": "person",
}
"""What is counted once, as the column of a scan."""
FOLDS: Final = {"sum": "fsum", "avg": "fsum", "min": "min", "max": "max"}
"""How the numbers of a statistic fold into one; the others need all of them."""
SUMMED: Final = ("sum", "avg")
"""Statistics that add up: the sizes of the numbers are added up beside them (see `rounded`)."""
MEASURES: Final = ("events", *UNITS, *STATISTICS)
MEASURE_FIELDS: Final = ("measure", "property", "over")

MOST_DAYS: Final = 366
ODD: Final = 2
"""Of a statistic's parts, the one that counts what is no number."""
WEIGHT: Final = 3
"""The one that adds up the sizes of the numbers."""
_DAYS: Final = re.compile(r"([0-9]{1,3})([dw])")

Gather = Callable[[Number, Number], Number]


@dataclass(frozen=True, slots=True)
class Measure:
    """What one series measures; `name` is a statistic's property, `days` of active persons."""

    kind: str = "events"
    name: str | None = None
    days: int = 0

    @property
    def unit(self) -> str | None:
        """The column of what is counted once."""
        return UNITS.get(self.kind)

    @property
    def described(self) -> dict[str, str]:
        """The measure as an answer names it."""
        of = {"property": self.name} if self.name is not None else {}
        over = {"over": f"{self.days}d"} if self.days else {}
        return {"measure": self.kind, **of, **over}

    @property
    def adds_up(self) -> bool:
        """Whether there is such a thing as the measure of all periods so far."""
        return self.kind not in QUANTILES and not self.days

    def tallies(self, number: int) -> list[tuple[str, str]]:
        """(alias, SQL) of what is gathered of the rows of one slot, for the series of that number."""
        step = f"filter (where step_{number})"
        found = [(f"events_{number}", f"count(*) {step}")]
        if self.name is None:
            return found
        value, gather = f"value_{number}", FOLDS.get(self.kind, "list")
        return [
            *found,
            (f"numbers_{number}", f"count({value}) {step}"),
            (f"odd_{number}", f"count(*) filter (where step_{number} and set_{number} and {value} is null)"),
            (f"gathered_{number}", f"{gather}({value}) filter (where step_{number} and {value} is not null)"),
            *([(f"weight_{number}", f"fsum(abs({value})) {step}")] if self.kind in SUMMED else []),
        ]

    def parts(self, number: int, first: bool) -> list[str]:
        """SQL of the parts over tallies. With `first`, a unit counts in the first of its periods alone."""
        events = f"cast(sum(events_{number}) as bigint)"
        some = f"events_{number} > 0" + (f" and period = first_{number}" if first else "")
        units = f"count(distinct {self.unit}) filter (where {some})"
        if self.name is None:
            return {"events": [events], "events_per_person": [events, units]}.get(self.kind, [units])
        gathered = f"gathered_{number}"
        fold = FOLDS.get(self.kind)
        put_together = f"{fold}({gathered})" if fold else self._quantile(gathered)
        counts = [f"cast(sum({name}_{number}) as bigint)" for name in ("numbers", "odd")]
        return [put_together, *counts, *([f"fsum(weight_{number})"] if self.kind in SUMMED else [])]

    def size(self, number: int) -> str:
        """SQL of what orders groups: what the series counts, or the events behind its statistic."""
        if self.unit is not None and self.kind != "events_per_person":
            return f"count(distinct {self.unit}) filter (where events_{number} > 0)"
        return f"sum(events_{number})"

    def add(self, one: Sequence[Number], other: Sequence[Number]) -> list[Number]:
        """The parts of two stretches of time together."""
        gather: list[Gather] = [_GATHER.get(self.kind, _sum), _sum, _sum, _sum]
        found = [each(a, b) for each, a, b in zip(gather, one, other, strict=False)]
        if self.kind in SUMMED and found[0] is not None:
            found[0] = settled(
                found[0], found[WEIGHT]
            )  # else the errors of thousands of periods would add up
        return found

    def value(self, parts: Sequence[Number]) -> Number:
        """The measure of some parts."""
        if self.name is None and self.kind != "events_per_person":
            return parts[0] or 0
        if self.kind == "events_per_person":
            return rounded((parts[0] or 0) / parts[1]) if parts[1] else None
        if self.kind not in SUMMED:
            return rounded(parts[0])
        total = rounded(parts[0] or 0.0, parts[WEIGHT])
        if self.kind == "sum" or total is None:
            return total
        return rounded(total / parts[1]) if parts[1] else None

    def _quantile(self, gathered: str) -> str:
        return f"list_aggregate(flatten(list({gathered})), 'quantile_cont', {QUANTILES[self.kind]})"


def parse_measure(fields: Mapping[str, object], field: str) -> Measure:
    """The measure among a series' fields, checked."""
    kind = read_choice(fields.get("measure", "events"), below(field, "measure"), MEASURES)
    for name, wanted in (("property", kind in STATISTICS), ("over", kind == "active_persons")):
        if (name in fields) != wanted:
            what = "needs it" if wanted else "takes none"
            refuse(f"the measure {kind!r} {what}.", below(field, name), fields.get(name), _NEEDED[name])
    if kind in STATISTICS:
        return Measure(kind, parse_property(fields["property"], below(field, "property")))
    return Measure(kind, None, _days(fields["over"], below(field, "over")) if "over" in fields else 0)


def value_columns(measure: Measure, number: int, conditions: Conditions, field: str) -> list[tuple[str, str]]:
    """(alias, SQL) of the number that a statistic takes from an event, and whether anything is there."""
    if measure.name is None:
        return []
    value, is_set = conditions.number(measure.name, below(field, "property"))
    return [(f"value_{number}", value), (f"set_{number}", is_set)]


_NEEDED: Final = {
    "property": f"the property's name, with one of {', '.join(STATISTICS)}",
    "over": "a number of days such as '7d', with active_persons",
}


def _days(value: object, field: str) -> int:
    found = _DAYS.fullmatch(value) if isinstance(value, str) else None
    days = int(found[1]) * (7 if found[2] == "w" else 1) if found else 0
    if not 1 <= days <= MOST_DAYS:
        refuse(
            f"{shown(value)} is no number of days.",
            field,
            value,
            f"'1d', '7d', '28d', … up to '{MOST_DAYS}d'",
        )
    return days


def _sum(a: Number, b: Number) -> Number:
    return b if a is None else a if b is None else a + b


def _least(a: Number, b: Number) -> Number:
    return b if a is None else a if b is None else min(a, b)


def _greatest(a: Number, b: Number) -> Number:
    return b if a is None else a if b is None else max(a, b)


_GATHER: Final[Mapping[str, Gather]] = {"min": _least, "max": _greatest}
