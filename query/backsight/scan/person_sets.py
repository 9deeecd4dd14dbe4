"""The persons who meet one test, as a relation of their own: who did something so often, or is listed.

Each is a statement over its own scan, with the files and nodes of its own step, and gives persons once each.
Its rows are kept while the snapshot stays: reports asked side by side compute it once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from backsight.engine import Derived, Relation
from backsight.errors import nearest, shown
from backsight.fields import below, refuse
from backsight.identity import DEVICES
from backsight.rules.conditions import Conditions
from backsight.rules.predicates import PersonTest
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.moments import Range
from backsight.scan.periods import CALENDAR
from backsight.scan.person_conditions import (
    KEYS,
    Behaviour,
    Did,
    DidFirst,
    DidInPeriods,
    InCohort,
    chain_text,
    parse_person_where,
)
from backsight.scan.request import Common
from backsight.sql import load_sql

if TYPE_CHECKING:
    from backsight.cohorts import Meaning

MAX_SETS: Final = 50
"""Most sets of persons that one question may ask for: each is a scan."""
MAX_USES: Final = 200
"""Most places in which a question may test them: each is a join; cohorts that use cohorts multiply them."""
MAX_CHAIN: Final = 16
"""Longest chain of cohorts that use one another."""


class PersonTests:
    """Makes SQL of tests of the person behind an event, over the relations that it adds to the conditions."""

    def __init__(self, context: Context, common: Common, conditions: Conditions, person: str) -> None:
        self._context, self._common, self._conditions, self._person = context, common, conditions, person
        self._sets: set[PersonTest] = set()
        self._uses = 0
        self._chain: tuple[str, ...] = ()

    def __call__(self, test: PersonTest, field: str) -> str:
        """Boolean SQL of a test."""
        self._uses += 1
        if self._uses > MAX_USES or len(self._chain) > MAX_CHAIN:
            refuse("the question tests persons too often.", field, None,
                   f"at most {MAX_USES} tests, in cohorts up to {MAX_CHAIN} deep")  # fmt: skip
        if isinstance(test, InCohort):
            return self._in_cohort(test.name, field)
        if isinstance(test, Did) and test.least == 0:
            # Who never did can't be listed: a report's persons are those who did not do it more often.
            return f"(not {self._did(more_often(test), field)})"
        if isinstance(test, Behaviour):
            return self._did(test, field)
        raise TypeError(f"no such test of persons: {test}")

    def _in_cohort(self, name: str, field: str) -> str:
        meaning = self._meaning(name, field)
        if meaning.person_where is None:
            return self._within(name, lambda: persons_listed(meaning.members(), self._context))
        outer, self._chain = self._chain, (*self._chain, name)
        at = f"{below(field, 'cohort')}.person_where"
        conditions = parse_person_where(list(meaning.person_where), at, self._common.zone, self._context.now)
        made = self._conditions.predicates(conditions, at)
        self._chain = outer
        return made

    def _meaning(self, name: str, field: str) -> Meaning:
        cohorts = self._context.cohorts
        at = below(field, "cohort")
        if name not in cohorts:
            refuse(f"there is no cohort {shown(name)}.", at, name, nearest(name, cohorts))
        if name in self._chain:
            refuse(f"the cohort uses itself: {chain_text((*self._chain, name))}.", at, name,
                   "cohorts that do not lead back to themselves")  # fmt: skip
        self._context.cohorts_used.add(name)
        return cohorts[name]

    def _did(self, test: Behaviour, field: str) -> str:
        self._sets.add(test)
        if len(self._sets) > MAX_SETS:
            refuse("the question asks too much of what persons did.", field, None,
                   f"at most {MAX_SETS} different conditions on that")  # fmt: skip
        return self._within(test, lambda: self._persons_who(test, field))

    def _persons_who(self, test: Behaviour, field: str) -> Derived:
        query = persons_who(test, self._context, self._common, field)
        self._conditions.warnings += query.warnings
        return _kept(query, test, self._context)

    def _within(self, key: Hashable, make: Callable[[], Derived]) -> str:
        return f"{self._person} in (select person from {self._conditions.relation('persons', key, make)})"


def more_often(test: Did) -> Did:
    """The test of whom another, that bounds the times from above alone, does not hold."""
    return Did(test.step, (test.most or 0) + 1, None, test.range)


def persons_who(test: Behaviour, context: Context, common: Common, field: str) -> Query:
    """The statement that lists the persons of whom a test holds; one that needs the step to be done."""
    conditions = context.conditions()
    tests = [("did", conditions.step(test.step, f"{field}.{KEYS[type(test)]}"))]
    columns, text, tables = _statement(test, conditions)
    scan = Scan(
        context=context,
        common=replace(common, where=(), person_where=()),
        conditions=conditions,
        columns=columns,
        tests=tests,
        steps=[test.step],
        bounds=bounds_of(test),
    )
    return scan.query(text, tables)


def persons_listed(listed: pa.Int64Array, context: Context) -> Derived:
    """The persons behind ids of users and devices, by the statements of the snapshot."""
    tables = {"listed": pa.table({"person": listed}), DEVICES: context.identity.devices}
    sql, digest = load_sql("persons_listed"), blake2b(listed.to_numpy().tobytes()).digest()
    return Derived(sql, {}, tables, (digest, context.snapshot.site, *context.snapshot.files("statements")))


def bounds_of(test: Behaviour) -> Range:
    """Where the events lie that a test looks at."""
    if isinstance(test, Did):
        return test.range
    if isinstance(test, DidFirst):
        return Range(None, test.range.end)  # whatever came before the range may have been the first
    return Range(test.edges[0], test.edges[-1])


def _statement(
    test: Behaviour, conditions: Conditions
) -> tuple[list[tuple[str, str]], str, dict[str, Relation]]:
    """The columns that are needed of each event, the statement over them, and other relations."""
    if isinstance(test, DidInPeriods):
        text = load_sql("persons_did_in_periods")
        text = text.replace("{times}", conditions.bind(test.times))
        text = text.replace("{least}", conditions.bind(test.least))
        return [("slot", test.periods.slot_sql())], text, {CALENDAR: test.periods.calendar}
    columns = [("time", "e.time")] if isinstance(test, DidFirst) else []
    having = _first(test, conditions) if isinstance(test, DidFirst) else _times(test, conditions)
    listed = f"\nhaving {' and '.join(having)}" if having else ""
    return columns, load_sql("persons_did").replace("{having}", listed), {}


def _first(test: DidFirst, conditions: Conditions) -> list[str]:
    return [] if test.range.first is None else [f"min(time) >= {conditions.bind(test.range.first)}"]


def _times(test: Did, conditions: Conditions) -> list[str]:
    bounds = [f"count(*) >= {conditions.bind(test.least)}"] if test.least > 1 else []
    return bounds if test.most is None else [*bounds, f"count(*) <= {conditions.bind(test.most)}"]


def _kept(query: Query, test: Behaviour, context: Context) -> Derived:
    """With a key that tells all on which the rows depend: the SQL names neither files nor sets of nodes."""
    means = context.names.get(test.step.event or "")
    files = tuple(tuple(context.snapshot.files(table)) for table in ("events", "statements"))
    key = (query.sql, tuple(query.params.items()), test, means, files)
    return Derived(query.sql, query.params, query.tables, key)
