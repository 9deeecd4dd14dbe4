"""The statements: how many things each of the watched did, who did which, and who did what a rule says.

What has a name already is left out, also among the steps of the report itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa

from backsight.parquet_rows import Integers
from backsight.reports.context import Context
from backsight.reports.matched import Query, Scan, indented, load_sql
from backsight.reports.order import ORIGIN, PLACE, instant_of
from backsight.reports.request import EPOCH, Range
from backsight.reports.signals.candidates import USED, Rule
from backsight.reports.signals.odds import Population, Table
from backsight.reports.signals.request import SignalsRequest
from backsight.reports.signals.watched import Watched, strata_of
from backsight.rules.rule import AnyRule, RuleOrAny, parse_rule
from backsight.rules.steps import Step, parse_step
from backsight.selectors import parse_selector

OWN: Final = ("type", "node_id", "text", "path", "name")
"""Columns that say what was done."""


@dataclass(frozen=True)
class Done:
    """What the watched did, to be counted."""

    watched: Watched
    asked: SignalsRequest
    bounds: Range
    """Within which anybody was watched."""
    context: Context

    def population(self) -> tuple[Population, Integers]:
        """The watched by stratum, and each one's stratum: by how many things they did."""
        counted = self._things("signals_activity", np.zeros(len(self.watched.person), np.int64))
        rows = counted.run(self.context)
        things = np.zeros(len(self.watched.person), np.int64)
        order = np.argsort(self.watched.person)
        at = np.searchsorted(self.watched.person[order], rows["person"].to_numpy())
        things[order[at]] = rows["things"].to_numpy()
        stratum = strata_of(things)
        persons = np.bincount(stratum)
        outcome = np.bincount(stratum[self.watched.outcome], minlength=len(persons))
        return Population(persons, outcome), stratum

    def candidates(self, stratum: Integers, least: int) -> Query:
        """The statement that counts each thing that at least so many did, by stratum."""
        return self._things("signals_candidates", stratum, least)

    def rules(self, rules: Sequence[Rule], stratum: Integers) -> Query:
        """The statement that counts who did what each rule says, by stratum."""
        steps = [parse_step(rule, "rule") for rule in rules]
        numbers = range(len(steps))
        flags = [f"bool_or(matched.does_{number}) as did_{number}" for number in numbers]
        figures = [
            f"count(case when did_{number} then 1 end) as did_{number},"
            f" count(case when did_{number} and outcome then 1 end) as with_{number}"
            for number in numbers
        ]
        text = load_sql("signals_rules").replace("{flags}", ",\n        ".join(flags))
        text = text.replace("{figures}", ",\n    ".join(figures)).strip()
        return self._scan([], steps).query(text, {"watched": self._watched(stratum)})

    def tables(self, rules: Sequence[Rule], stratum: Integers, among: Population) -> list[Table]:
        """The tables of rules."""
        rows = self.rules(rules, stratum).run(self.context)
        strata = rows["stratum"].to_pylist()
        return [
            table_of(strata, rows[f"did_{number}"].to_pylist(), rows[f"with_{number}"].to_pylist(), among)
            for number in range(len(rules))
        ]

    def _things(self, name: str, stratum: Integers, least: int = 0) -> Query:
        nodes, elements = self.context.trie.nearest(parse_selector(USED))
        text = load_sql(name).replace("{done}", indented(load_sql("signals_done").strip()))
        tables = {"nearest": pa.table({"node_id": nodes, "element_id": elements})}
        scan = self._scan(OWN, [])
        text = text.replace("{least}", str(least)).strip()
        return scan.query(text, {"watched": self._watched(stratum), **tables})

    def _watched(self, stratum: Integers) -> pa.Table:
        return self.watched.table.append_column("stratum", pa.array(stratum))

    def _scan(self, own: Sequence[str], rules: Sequence[Step]) -> Scan:
        """Every event of the watched, whether it has a name already, and what each rule says of it."""
        conditions = self.context.conditions()
        conditions.columns |= {"time", "page", "sequence", *own}
        names = [name for name, meant in sorted(self.context.names.items()) if all(map(_tells, meant))]
        known = [
            *(conditions.event(name, "named") for name in names),
            *(conditions.step(step, "step") for step in self.asked.steps if self._is_telling(step)),
        ]
        named = " or ".join(dict.fromkeys(known)) or "false"
        columns = [("place", PLACE), *((name, f"e.{name}") for name in own)]
        does = [(f"does_{number}", conditions.step(step, "rule")) for number, step in enumerate(rules)]
        tests = [("named", f"({named})"), *does, ("happened", "true")]
        common = replace(self.asked.common, range=self.bounds, person_where=())  # which the watched meet
        every = [Step("any", rule=parse_rule({"on": "any"}))]
        return Scan(self.context, common, conditions, columns, tests, every, self.bounds)

    def _is_telling(self, step: Step) -> bool:
        meant = (step.rule,) if step.rule is not None else self.context.names.get(step.event or "", ())
        return bool(step.where) or all(map(_tells, meant))


def table_of(strata: Sequence[int], did: Sequence[int], did_with: Sequence[int], among: Population) -> Table:
    """A table of what stands in some strata; in the others nobody did it."""
    whole = Table(np.zeros_like(among.persons), np.zeros_like(among.persons), among)
    whole.did[strata], whole.did_with[strata] = did, did_with
    return whole


def _tells(rule: RuleOrAny) -> bool:
    """Whether a rule names something in particular: "any event" or "any pageview" makes nothing known."""
    if isinstance(rule, AnyRule):
        return all(map(_tells, rule.rules))
    return bool(rule.css or rule.name or rule.text or rule.label or rule.href or rule.page or rule.where)


def span(watched: Watched) -> Range:
    """From the first to the last moment at which anybody was watched."""
    if not len(watched.person):
        return Range(EPOCH, EPOCH + timedelta(microseconds=1))
    first, last = instant_of(int(watched.first.min())), instant_of(int(watched.last.max()))
    return Range(_moment(first), _moment(last + 1))


def _moment(instant: int) -> datetime:
    return EPOCH + timedelta(microseconds=instant + ORIGIN)
