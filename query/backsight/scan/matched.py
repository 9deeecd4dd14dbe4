"""The one scan of a report: the events that fill some step, each with its person and which steps it fills.

Everything after it works on these rows alone. Where every step asks for elements, the node ids that any of
them can match stand in the scan's own filter, so that row groups of other nodes are not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa

from backsight.contract import EVENTS
from backsight.engine import Derived, Files, Parts, Relation
from backsight.identity import TRAITS, Identity, person_sql
from backsight.parquet_rows import Integers
from backsight.rules.conditions import Conditions
from backsight.rules.rule import AnyRule, RuleOrAny
from backsight.rules.steps import Step
from backsight.scan.bursts import burst_clicks
from backsight.scan.captured import require_captured, unsaid_traits
from backsight.scan.context import PERSON_TRAITS, Context, rfc3339
from backsight.scan.node_sets import JOIN, NODE_SETS, NodeSets
from backsight.scan.request import EARLIEST, LATEST, Common, Range
from backsight.selectors import parse_selector
from backsight.sql import indented
from backsight.timelines import Timelines

FILE: Final = "e.filename"
"""SQL of the file in which an event stands. A scan that gives it reads files whole: it tests no bounds."""

ROW: Final = "e.row_id"
"""SQL of which row of which of the scan's files an event is."""

INLINE_NODES: Final = 1_024
"""Node ids up to this many stand in the scan's filter; of more, it would cost more than it saves."""


Columns: TypeAlias = Sequence[tuple[str, str]]
"""(alias, SQL) of what rows of a scan say."""


@dataclass
class Query:
    """One statement with what it needs to run."""

    sql: str
    params: Mapping[str, object]
    tables: dict[str, Relation]
    warnings: list[str] = field(default_factory=list)

    def run(self, context: Context) -> pa.Table:
        """Its answer."""
        return context.engine.query(self.sql, self.params, self.tables)

    def timelines(self, context: Context) -> Timelines:
        """Its answer, person by person."""
        return Timelines(self.run(context), context.engine.threads)

    def text(self, context: Context) -> str:
        """The SQL as people read it: what its relations and parameters stand for comes first, as comments."""
        first, lines = [], []
        for name, relation in self.tables.items():
            if isinstance(relation, Derived | Parts):
                first.append(_made(name, relation, context))
            else:
                lines.append(f"-- {name}: {_described(relation, context)}")
        lines += [f"-- ${name} = {_literal(value)}" for name, value in self.params.items()]
        return "\n".join([*first, *lines, self.sql])


@dataclass
class Scan:
    """The parts of the scan; `columns` and `tests` are (alias, SQL) pairs of the rows that it gives."""

    context: Context
    common: Common
    conditions: Conditions
    columns: Sequence[tuple[str, str]]
    tests: Sequence[tuple[str, str]]
    steps: Sequence[Step]
    bounds: Range
    """What the events of the report have to lie within."""
    persons: bool = True
    """Whether its rows say who did it."""
    joined: str = ""
    """A join of its own, whose columns the columns and tests may name."""

    def __post_init__(self) -> None:
        from backsight.scan.person_sets import PersonTests  # which are made of scans themselves

        person = person_sql(self._identity)[0]
        self.conditions.person_test = PersonTests(self.context, self.common, self.conditions, person)

    def sql(self) -> str:
        """Rows of `person`, the columns and the tests."""
        person, joins = self._person()
        who = [("person", person)] if self.persons else []
        named = [*who, *self.columns, *self.tests]
        listed = ",\n    ".join(
            f"{self._node_sets.looked_up(expression)} as {alias}" for alias, expression in named
        )
        filters = "\n  and ".join(self._filters())
        where = f"\nwhere {filters}" if filters else ""
        joins += f"\n    {JOIN}" if self._node_sets.tests else ""
        joins += f"\n    {self.joined}" if self.joined else ""
        return f"select\n    {listed}\nfrom events as e{joins}{where}"

    def query(self, sql: str, tables: Mapping[str, Relation] | None = None) -> Query:
        """A statement in which `{matched}` stands for this scan."""
        text = sql.replace("{matched}", indented(self.sql()))
        require_captured(self.conditions.customs, self.context)
        relations: dict[str, Relation] = {"events": self._files(), **self.conditions.tables}
        for rage, name in self.conditions.bursts.items():
            # Of any node, whatever the scan asks for: so may the other clicks of a burst be.
            relations[name] = burst_clicks(rage, self.context.snapshot, self.bounds, self._devices)
        identity = self.context.identity
        small = {**identity.tables, **(tables or {})}
        relations |= {name: relation for name, relation in small.items() if name in text}
        if TRAITS in text:
            relations[TRAITS] = identity.traits
        if self._node_sets.tests:
            relations[NODE_SETS] = self._node_sets.table
        used = {name: value for name, value in self.conditions.params.items() if uses(text, name)}
        unsaid = unsaid_traits(self.conditions.traits, self.context)
        return Query(text, used, relations, [*self.conditions.warnings, *unsaid])

    def _person(self) -> tuple[str, str]:
        if not (self.persons or self.needs_persons):
            return "", ""
        person, join, columns, _ = person_sql(self._identity)
        self.conditions.columns.update(columns)
        joins = f"\n    {join}" if join else ""
        if self._asks_traits():
            joins += f"\n    left join {TRAITS} as person_traits on person_traits.person = {person}"
        return person, joins

    @property
    def needs_persons(self) -> bool:
        """Whether it has to know who did an event to tell whether it is asked for, or what it gives."""
        one = self.context.person is not None
        return one or bool(self.common.person_where) or self._asks_traits()

    @property
    def _identity(self) -> Identity:
        return self.context.identity

    def _asks_traits(self) -> bool:
        selected = (sql for _, sql in (*self.columns, *self.tests))
        return any(PERSON_TRAITS in sql for sql in (*self._wheres, *selected))

    @cached_property
    def _node_sets(self) -> NodeSets:
        return NodeSets.of(self.conditions.node_sets, (sql for _, sql in (*self.columns, *self.tests)))

    @cached_property
    def _wheres(self) -> list[str]:
        wheres = [
            self.conditions.predicates(self.common.where, "where"),
            self.conditions.predicates(self.common.person_where, "person_where"),
        ]
        return [where for where in wheres if where != "true"]

    @property
    def _by_file(self) -> bool:
        return any(expression == FILE for _, expression in self.columns)

    @property
    def _numbered(self) -> bool:
        return any(expression == ROW for _, expression in self.columns)

    def _filters(self) -> list[str]:
        bounds = []
        if self.bounds.first is not None and not self._by_file:
            bounds.append(f"e.time >= {self.conditions.bind(self.bounds.first)}")
        if self.bounds.end is not None and not self._by_file:
            bounds.append(f"e.time < {self.conditions.bind(self.bounds.end)}")
        return [*self._some_step(), *bounds, *self._whose(), *self._wheres]

    def _whose(self) -> list[str]:
        """That an event is of the one person asked about; of their devices, too, to skip row groups."""
        if self.context.person is None:
            return []
        only = f"{self._person()[0]} = {self.conditions.bind(self.context.person)}"
        devices = self._devices
        return [only] if devices is None else [f"e.device in ({', '.join(map(str, devices))})", only]

    @cached_property
    def _devices(self) -> Sequence[int] | None:
        """Those of the one person asked about, where they are few."""
        if self.context.person is None:
            return None
        devices = self._identity.devices_of(self.context.person)
        return devices if len(devices) <= INLINE_NODES else None

    @cached_property
    def _nodes(self) -> Integers | None:
        return nodes_of(self.steps, self.context)

    def _some_step(self) -> list[str]:
        """A filter that every event of a step passes; it may let others pass, which then fill no step."""
        nodes = self._nodes
        if nodes is not None and len(nodes) == 0:
            return ["false"]
        if nodes is not None and len(nodes) <= INLINE_NODES:
            return [f"e.node_id in ({', '.join(map(str, nodes.tolist()))})"]
        either = list(dict.fromkeys(test for _, test in self.tests))
        return [] if "true" in either else ["(" + "\n    or ".join(either) + ")"]

    def _files(self) -> Files:
        first, end = self.bounds.first, self.bounds.end
        uris = self.context.snapshot.files(
            "events",
            EARLIEST if first is None else first.date(),
            LATEST if end is None else (end - timedelta(microseconds=1)).date(),
        )
        needed = self.conditions.columns | {"time"}
        schema = pa.schema([column for column in EVENTS if column.name in needed])
        return Files(uris, schema, self._nodes, self._by_file, self._numbered)


def nodes_of(steps: Iterable[Step], context: Context) -> Integers | None:
    """The nodes of which every event of the steps has one as its target; null where a step asks for none."""
    found: list[pa.Int64Array] = []
    for step in steps:
        rules = [step.rule] if step.rule is not None else context.names.get(step.event or "", ())
        for rule in rules:
            nodes = _nodes_of_rule(rule, context)
            if nodes is None:
                return None
            found += nodes
    return np.unique(np.concatenate([np.empty(0, np.int64), *(nodes.to_numpy() for nodes in found)]))


def _nodes_of_rule(rule: RuleOrAny, context: Context) -> list[pa.Int64Array] | None:
    if isinstance(rule, AnyRule):
        parts = [_nodes_of_rule(part, context) for part in rule.rules]
        return None if None in parts else [nodes for part in parts for nodes in part or ()]
    if rule.css is None:
        return None
    match = "target" if rule.match == "target" else "closest"
    return [context.trie.node_ids(parse_selector(rule.css), match)]  # type: ignore[arg-type]


def uses(sql: str, parameter: str) -> bool:
    """Whether the SQL names a parameter."""
    start = sql.find(f"${parameter}")
    while start >= 0:
        after = sql[start + len(parameter) + 1 : start + len(parameter) + 2]
        if not (after.isalnum() or after == "_"):
            return True
        start = sql.find(f"${parameter}", start + 1)
    return False


def _made(name: str, relation: Derived | Parts, context: Context) -> str:
    """The SQL that makes a relation; of one in parts that of the last, as they differ by their parameters."""
    parts = [relation] if isinstance(relation, Derived) else relation.parts
    many = f"-- {len(parts)} parts, each as the last, which is:\n" if len(parts) > 1 else ""
    texts = [Query(each.sql, each.params, dict(each.tables)).text(context) for each in parts[-1:]]
    return f"create temporary table {name} as\n{many}{''.join(texts) or 'select null limit 0'};\n"


def _described(relation: pa.Table | Files, context: Context) -> str:
    if isinstance(relation, Files):
        what = f"{len(relation.uris)} Parquet files of {context.snapshot.site}"
        return f"{what}: {', '.join(relation.schema.names)}"
    return f"{relation.num_rows} rows of {', '.join(relation.schema.names)}"


def _literal(value: object) -> str:
    instant = getattr(value, "astimezone", None)
    return json.dumps(rfc3339(value) if instant else value)  # type: ignore[arg-type]
