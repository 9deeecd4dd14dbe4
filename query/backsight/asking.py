"""A question with all that its answer follows from: asked once, it can be answered at any time."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING

import pyarrow as pa

from backsight.errors import BacksightError, Gone
from backsight.held_rows import too_large
from backsight.requests import Request
from backsight.results.result import Answer
from backsight.scan.context import Context

if TYPE_CHECKING:
    from backsight.reports.behind import Behind


@dataclass(frozen=True)
class Question:
    """A report's request, and the site as it stood when it was asked."""

    report: str
    module: ModuleType | Behind
    request: Request
    context: Context
    asked: datetime
    """When; the context stands for that moment, or for an earlier one (`as_of`)."""
    again: Callable[[], Question] | None = None
    """Asks the same of the site as it stands by now; None of what was asked of an earlier moment."""

    @cached_property
    def wish(self) -> Hashable:
        """What questions share of which the latest, where none is computed yet, answers the others too."""
        if self.context.now != self.asked:
            return self.key
        return (self.report, json.dumps(self.request, sort_keys=True), self.context.snapshot.site)

    @cached_property
    def key(self) -> Hashable:
        """What questions share that differ in nothing but the moment at which they are asked."""
        context = self.context
        return (
            self.report,
            None if context.now == self.asked else context.now,
            json.dumps(self.request, sort_keys=True),
            context.snapshot.site,
            tuple(context.snapshot.versions.items()),
            frozenset(context.versions_of_names.items()),
            frozenset((name, cohort.version) for name, cohort in context.cohorts.items()),
        )

    def answer(self) -> tuple[Answer, Callable[[], str]]:
        """The answer, and what gives its SQL. Raises InvalidRequest, Gone, and what a run is ended with."""
        try:
            return self.module.run(self.request, self.context), self.sql
        except BacksightError:
            raise
        except MemoryError as error:
            raise too_large() from error
        except Exception:
            try:
                self.context.snapshot.require_files()
            except Gone:
                if self.again is None:
                    raise
                return self.again().answer()  # a deletion of persons took files away while they were read
            raise

    def parts(self) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """The columns of the rows that answer it, and these part by part: of the raw events behind a figure.

        Which they are is found first; they are read as they are asked for.
        """
        try:
            schema, parts = self.module.parts(self.request, self.context)
        except MemoryError as error:
            raise too_large() from error
        return schema, parts

    def sql(self) -> str:
        """The SQL that answers it; nothing is run."""
        return str(self.module.sql(self.request, self.context))
