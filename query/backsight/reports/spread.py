"""Over which texts and pages the events of a step spread: those of the latest days.

Texts lie compressed: to decode those of all history would take longer than the rest of a preview. So they are
read of as many of the latest days as keep it short, which on most sites are all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from backsight.reports.targets import TEXTS
from backsight.rules.steps import Step
from backsight.scan.context import Context
from backsight.scan.matched import Query, Scan
from backsight.scan.periods import Periods
from backsight.scan.request import MICROSECOND, Common, Range
from backsight.sql import load_sql

MAX_VALUES: Final = 10
"""Texts, and pages, that are named."""
MOST_BYTES: Final = 32 * 2**20
"""Size of the files of the days on which something matched that are looked at; one day at least."""


@dataclass(frozen=True)
class Spread:
    """A question for the texts and pages of the events of a step in a range."""

    step: Step
    common: Common
    span: Range
    context: Context

    def query(self) -> Query:
        """The statement that answers it."""
        conditions = self.context.conditions()
        tests = [("matches", conditions.step(self.step, "rules"))]
        conditions.columns |= TEXTS
        columns = [("text", "e.text"), ("path", "e.path")]
        scan = Scan(
            self.context, self.common, conditions, columns, tests, [self.step], self.span, persons=False
        )
        return scan.query(load_sql("preview_spread").replace("{limit}", conditions.bind(MAX_VALUES)).strip())

    def answer(self, since: str) -> dict[str, Any]:
        """`texts` and `pages`, each with the date since which it was looked for: how many there are, and the
        most frequent ones with their events; null is what has none.
        """
        rows = self.query().run(self.context).to_pylist()
        made: dict[str, Any] = {}
        for figure, name in (("texts", "text"), ("pages", "path")):
            own = [row for row in rows if row["figure"] == figure]
            made[figure] = {
                "from": since,
                "distinct": own[0]["numbers"] if own else 0,
                "top": [{name: row["value"], "events": row["events"]} for row in own],
            }
        return made


def latest_days(days: Collection[int], periods: Periods, context: Context) -> int:
    """The first of the days (of `periods`, on which something matched) to look at; 0 where all are."""
    sizes: Counter[date | None] = Counter()
    for file in context.snapshot.data_files("events"):
        sizes[file.date] += file.size
    room, counted, first = MOST_BYTES, set[date](), None
    for day in sorted(days, reverse=True):
        dates = _dates(periods, day) - counted
        room -= sum(sizes[each] for each in dates)
        if first is not None and room < 0:
            return first
        counted |= dates
        first = day
    return 0


def _dates(periods: Periods, day: int) -> set[date]:
    """The UTC dates over which a day lies, by which files are told apart."""
    first, last = periods.edges[day].date(), (periods.edges[day + 1] - MICROSECOND).date()
    return {first + timedelta(days=offset) for offset in range((last - first).days + 1)}
