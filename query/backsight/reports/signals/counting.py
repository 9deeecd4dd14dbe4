"""The statements: what each of the watched did, then who did how many things, which, and what a rule says.

One scan gives what was done, each thing once a person; all else is counted over that. What has a name already
is left out, also among the steps of the report itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa

from backsight.engine import Relation
from backsight.parquet_rows import Integers
from backsight.reports.signals.candidates import USED, Rule
from backsight.reports.signals.odds import Population, Table
from backsight.reports.signals.request import SignalsRequest
from backsight.reports.signals.watched import Watched, strata_of
from backsight.rules.rule import is_telling, parse_rule
from backsight.rules.steps import Step
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.order import ORIGIN, PLACE, instant_of
from backsight.scan.request import EPOCH, Range
from backsight.selectors import parse_selector
from backsight.sql import load_sql

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

    @cached_property
    def rows(self) -> pa.Table:
        """What each person did: type and node, text, path or name."""
        return self.scan().run(self.context)

    @cached_property
    def population(self) -> Population:
        """The watched by stratum."""
        persons = np.bincount(self.stratum)
        return Population(persons, np.bincount(self.stratum[self.watched.outcome], minlength=len(persons)))

    @cached_property
    def stratum(self) -> Integers:
        """Each one's stratum: by how many things they did."""
        rows = self._query("signals_activity", {"done": self.rows, "nearest": self._nearest})
        things = np.zeros(len(self.watched.person), np.int64)
        order = np.argsort(self.watched.person)
        at = np.searchsorted(self.watched.person[order], rows["person"].to_numpy())
        things[order[at]] = rows["things"].to_numpy()
        return strata_of(things)

    def candidates(self, least: int) -> list[dict[str, Any]]:
        """Each thing that at least so many did: how many, and with the outcome, by stratum."""
        tables = {"done": self.rows, "nearest": self._nearest, "watched": self._by_stratum}
        rows: list[dict[str, Any]] = self._query("signals_candidates", tables, least=str(least)).to_pylist()
        return rows

    def tables(self, rules: Sequence[Rule]) -> list[Table]:
        """Who did what each rule says, by stratum."""
        conditions = self.context.conditions()
        numbers = range(len(rules))
        flags = [
            f"bool_or({conditions.rule(parse_rule(rule))}) as did_{number}"
            for number, rule in enumerate(rules)
        ]
        figures = [
            f"count(case when did_{number} then 1 end) as did_{number},"
            f" count(case when did_{number} and outcome then 1 end) as with_{number}"
            for number in numbers
        ]
        tables = {"done": self.rows, "watched": self._by_stratum, **conditions.tables}
        own = {"flags": ",\n        ".join(flags), "figures": ",\n    ".join(figures)}
        rows = self._query("signals_rules", tables, conditions.params, **own)
        strata = rows["stratum"].to_pylist()
        return [
            table_of(
                strata, rows[f"did_{each}"].to_pylist(), rows[f"with_{each}"].to_pylist(), self.population
            )
            for each in numbers
        ]

    def scan(self) -> Query:
        """The statement that finds what was done: of every event of the watched, whether it has a name."""
        conditions = self.context.conditions()
        conditions.columns |= {"time", "page", "sequence", *OWN}
        names = [name for name, meant in sorted(self.context.names.items()) if all(map(is_telling, meant))]
        known = [
            *(conditions.event(name, "named") for name in names),
            *(conditions.step(step, "step") for step in self.asked.steps if self._is_telling(step)),
        ]
        named = " or ".join(dict.fromkeys(known)) or "false"
        columns = [("place", PLACE), *((name, f"e.{name}") for name in OWN)]
        tests = [("named", f"({named})"), ("happened", "true")]
        common = replace(self.asked.common, range=self.bounds, person_where=())  # which the watched meet
        every = [Step("any", rule=parse_rule({"on": "any"}))]
        scan = Scan(self.context, common, conditions, columns, tests, every, self.bounds)
        return scan.query(load_sql("signals_done"), {"watched": self.watched.table})

    @cached_property
    def _by_stratum(self) -> pa.Table:
        return self.watched.table.append_column("stratum", pa.array(self.stratum))

    @cached_property
    def _nearest(self) -> pa.Table:
        """Of each node, the element that it counts for."""
        nodes, elements = self.context.trie.nearest(parse_selector(USED))
        return pa.table({"node_id": nodes, "element_id": elements})

    def _query(
        self,
        name: str,
        tables: Mapping[str, Relation],
        params: Mapping[str, object] | None = None,
        **own: str,
    ) -> pa.Table:
        text = load_sql(name)
        for key, part in own.items():
            text = text.replace(f"{{{key}}}", part)
        return self.context.engine.query(text, params or {}, tables)

    def _is_telling(self, step: Step) -> bool:
        meant = (step.rule,) if step.rule is not None else self.context.names.get(step.event or "", ())
        return bool(step.where) or all(map(is_telling, meant))


def table_of(strata: Sequence[int], did: Sequence[int], did_with: Sequence[int], among: Population) -> Table:
    """A table of what stands in some strata; in the others nobody did it."""
    whole = Table(np.zeros_like(among.persons), np.zeros_like(among.persons), among)
    whole.did[strata], whole.did_with[strata] = did, did_with
    return whole


def span(watched: Watched) -> Range:
    """From the first to the last moment at which anybody was watched."""
    if not len(watched.person):
        return Range(EPOCH, EPOCH + timedelta(microseconds=1))
    first, last = instant_of(int(watched.first.min())), instant_of(int(watched.last.max()))
    return Range(_moment(first), _moment(last + 1))


def _moment(instant: int) -> datetime:
    return EPOCH + timedelta(microseconds=instant + ORIGIN)
