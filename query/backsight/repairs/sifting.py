"""The scans behind repairs: what those that fell silent held of, and what came since that is like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from backsight.parquet_rows import Integers
from backsight.repairs.activity import Fallen, flat
from backsight.repairs.bits import NODE_BITS, WORD, Test, join_of, node_bits, words_of
from backsight.repairs.counting import Days
from backsight.repairs.silence import BEFORE
from backsight.repairs.things import Thing, things_of
from backsight.rules.conditions import Conditions
from backsight.rules.rule import AnyRule, Rule, is_telling
from backsight.rules.steps import EVERYTHING, Step
from backsight.scan.context import Context
from backsight.scan.matched import Scan
from backsight.scan.periods import CALENDAR
from backsight.sql import load_sql

FACTS: Final = ("type", "node_id", "text", "label", "href", "path")
MOST_ROWS: Final = 20_000
"""Different things of which those that are most frequent are looked at."""


@dataclass(frozen=True)
class Row:
    """Events that are alike: of which thing, how many, in which era, and what they bear."""

    type: str
    node: int | None
    path: str | None
    thing: Thing | None
    events: int
    day: int
    """The first of its era."""
    names: frozenset[str]
    """Names that they bear, of those that say something in particular."""
    fallen: frozenset[int]
    """Which of those that fell silent hold of them, by their places."""


@dataclass(frozen=True)
class Sifter:
    """Asks for rows of some site's days, and tells of each what it bears."""

    fallen: Sequence[Fallen]
    days: Days
    context: Context

    def held(self) -> list[Row]:
        """What those that fell silent held of before, in the days from which it is known what to expect."""
        conditions = self.context.conditions()
        edges = self.days.periods.edges
        bounds = [
            (edges[max(0, each.silence.ended - BEFORE)], edges[each.silence.ended]) for each in self.fallen
        ]
        tests = [
            (f"held_{number}", f"({each.unit.sql(conditions)} and {_within(*bound, conditions)})")
            for number, (each, bound) in enumerate(zip(self.fallen, bounds, strict=True))
        ]
        steps = [Step("held", rule=AnyRule(each.unit.rules)) for each in self.fallen]
        asked = " or ".join(name for name, _ in tests)
        return self._rows("repairs_places", conditions, tests, steps, asked)

    def alike(self, said: Sequence[str], hrefs: Sequence[str], nodes: Integers) -> list[Row]:
        """The most frequent events by era of what says the same, leads to the same or is one of the nodes."""
        conditions = self.context.conditions()
        conditions.columns |= set(FACTS)
        likes = [
            f"lower(coalesce(nullif(e.label, ''), e.text)) in ({_listed(said, conditions)})" if said else "",
            f"e.href in ({_listed(hrefs, conditions)})" if hrefs else "",
            "e.node_id in (select node_id from like_nodes)" if len(nodes) else "",
        ]
        conditions.tables["like_nodes"] = pa.table({"node_id": nodes})
        test = " or ".join(filter(None, likes)) or "false"
        tests = [("alike", f"(e.node_id is not null and ({test}))")]
        return self._rows("repairs_kinds", conditions, tests, [EVERYTHING], "alike")

    def visits(self, paths: Sequence[str]) -> dict[tuple[str, bool], Integers]:
        """By path, and whether they are page views: all events, day by day."""
        conditions = self.context.conditions()
        conditions.columns |= {"type", "path"}
        tests = [("visited", f"coalesce(e.path in ({_listed(paths, conditions)}), false)")]
        columns = [("slot", self.days.periods.slot_sql()), ("path", "e.path"), ("type", "e.type")]
        scan = Scan(self.context, self.days.common(), conditions, columns, tests, [EVERYTHING],
                    self.days.span(), persons=False)  # fmt: skip
        query = scan.query(load_sql("repairs_visits"), {CALENDAR: self.days.periods.calendar})
        found: dict[tuple[str, bool], Integers] = {}
        for row in query.run(self.context).to_pylist():
            key = (row["path"], row["viewed"])
            found.setdefault(key, np.zeros(len(self.days), np.int64))[row["period"]] = row["events"]
        return found

    @property
    def eras(self) -> pa.Table:
        """The calendar of eras: the days between which nothing fell silent count as the first of them."""
        ended = {each.silence.ended for each in self.fallen}
        edges = np.array(sorted({0, *ended, *(day - 1 for day in ended)}), np.int64)
        calendar = self.days.periods.calendar
        era = edges[np.searchsorted(edges, calendar["period"].to_numpy(), "right") - 1]
        return calendar.set_column(1, "period", pa.array(era))

    def _rows(
        self,
        name: str,
        conditions: Conditions,
        tests: list[tuple[str, str]],
        steps: Sequence[Step],
        asked: str,
    ) -> list[Row]:
        bearing = self._bearing
        rules = list(dict.fromkeys(rule for own in bearing.values() for rule in own))
        borne = [Test.of(rule, conditions) for rule in rules]
        conditions.customs = {}
        conditions.columns |= set(FACTS)
        words = words_of(borne, conditions)
        columns = [
            ("slot", self.days.periods.slot_sql()),
            *((fact, f"e.{fact}") for fact in FACTS),
            *words,
        ]
        scan = Scan(self.context, self.days.common(), conditions, columns, tests, steps, self.days.span(),
                    persons=False, joined=join_of(borne, others=True))  # fmt: skip
        text = load_sql(name).replace("{asked}", asked).replace("{limit}", str(MOST_ROWS))
        text = text.replace("{bits}", ", ".join(word for word, _ in words))
        query = scan.query(text, {CALENDAR: self.eras, NODE_BITS: node_bits(borne)})
        places = {rule: place for place, rule in enumerate(rules)}
        groups = {key: [places[rule] for rule in own] for key, own in bearing.items()}
        return self._read(query.run(self.context).to_pylist(), groups)

    @property
    def _bearing(self) -> dict[str | int, tuple[Rule, ...]]:
        """The rules of names that say something in particular, and of what fell silent, by its place."""
        found: dict[str | int, tuple[Rule, ...]] = {
            name: flat(rules)
            for name, rules in sorted(self.context.names.items())
            if all(map(is_telling, rules))
        }
        return found | {place: each.unit.rules for place, each in enumerate(self.fallen)}

    def _read(self, found: list[dict[str, Any]], groups: Mapping[str | int, Sequence[int]]) -> list[Row]:
        things = things_of(found, self.context.trie)
        known: dict[tuple[int, ...], tuple[frozenset[str], frozenset[int]]] = {}
        rows = []
        for row, thing in zip(found, things, strict=True):
            words = tuple(value for key, value in row.items() if key.startswith("bits_"))
            if words not in known:
                known[words] = _borne(words, groups)
            rows.append(Row(row["type"], row["node_id"], row["path"], thing, row["events"],
                            row.get("period", -1), *known[words]))  # fmt: skip
        return rows


def _borne(
    words: Sequence[int], groups: Mapping[str | int, Sequence[int]]
) -> tuple[frozenset[str], frozenset[int]]:
    def holds(tests: Sequence[int]) -> bool:
        return any(words[test // WORD] >> (test % WORD) & 1 for test in tests)

    held = [key for key, tests in groups.items() if holds(tests)]
    return (
        frozenset(key for key in held if isinstance(key, str)),
        frozenset(key for key in held if isinstance(key, int)),
    )


def _within(first: datetime, end: datetime, conditions: Conditions) -> str:
    return f"e.time >= {conditions.bind(first)} and e.time < {conditions.bind(end)}"


def _listed(values: Sequence[str], conditions: Conditions) -> str:
    return ", ".join(conditions.bind(value) for value in values)
