"""The elements that were targets of matching events, each with its latest text.

Two scans: texts lie compressed, and to decode those of all matching events took most of a preview's time. So
the first finds the most frequent elements and when each was last one; the second reads the texts of those
days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa

from backsight.contract import ELEMENTS
from backsight.engine import Derived, Files, Relation
from backsight.rules.steps import Step
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.order import PLACE, instant_of
from backsight.scan.request import EARLIEST, Common, Range
from backsight.sql import load_sql

MAX_ELEMENTS: Final = 20

COLUMNS: Final = frozenset({"time", "sequence", "node_id"})
"""Columns of events that the first scan reads, whatever the rules ask for."""

TEXTS: Final = COLUMNS | {"text", "path"}
"""What the second scan reads, the path for another one of the same rows: so they are picked once for both."""

MICROSECONDS_A_DAY: Final = 24 * 60 * 60 * 1_000_000


@dataclass(frozen=True)
class Targets:
    """A question for the targets of the events of a step."""

    step: Step
    common: Common
    span: Range
    context: Context
    beside: Iterable[str] = ()
    """Columns that another scan of the same events reads: if this one does, rows are picked once for both."""

    def rows(self) -> list[dict[str, Any]]:
        """The most frequent ones first: tag, attributes (null where withheld), text, count."""
        frequent = self._frequent().run(self.context)
        days = {_date_of(place) for place in frequent["latest"].to_pylist()}
        query = self._texts(frequent)
        query.tables["events"] = self._of_days(query.tables["events"], days)
        return [
            {"tag": row["tag"], "attributes": dict(row["attributes"] or ()), "text": row["text"],
             "count": row["events"]}
            for row in query.run(self.context).to_pylist()
        ]  # fmt: skip

    def text(self) -> str:
        """The SQL as people read it."""
        first = self._frequent()
        return self._texts(Derived(first.sql, first.params, first.tables, "targets")).text(self.context)

    def _frequent(self) -> Query:
        columns = [("place", PLACE), ("node_id", "e.node_id")]
        return self._query("targets", columns, {}, COLUMNS | set(self.beside))

    def _texts(self, targets: pa.Table | Derived) -> Query:
        columns = [("place", PLACE), ("node_id", "e.node_id"), ("text", "e.text")]
        elements = Files(self.context.snapshot.files("elements"), ELEMENTS)
        tables = {"targets": targets, "elements": elements}
        return self._query("targets_described", columns, tables, TEXTS)

    def _query(
        self,
        name: str,
        columns: list[tuple[str, str]],
        tables: Mapping[str, Relation],
        needed: frozenset[str],
    ) -> Query:
        conditions = self.context.conditions()
        tests = [("matches", conditions.step(self.step, "rules"))]
        conditions.columns |= needed
        scan = Scan(
            self.context, self.common, conditions, columns, tests, [self.step], self.span, persons=False
        )
        sql = load_sql(name).replace("{limit}", conditions.bind(MAX_ELEMENTS))
        return scan.query(sql, {"nodes": self.context.trie.elements_of_nodes(), **tables})

    def _of_days(self, events: Relation, days: set[date]) -> Relation:
        """The events of some days alone."""
        if not isinstance(events, Files):
            return events
        of_days = {uri for day in days for uri in self.context.snapshot.files("events", day, day)}
        return replace(events, uris=[uri for uri in events.uris if uri in of_days])


def _date_of(place: int) -> date:
    return EARLIEST + timedelta(days=instant_of(place) // MICROSECONDS_A_DAY)
