"""A page of the rows behind a figure, or all of them, part by part."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from backsight.fields import read_whole
from backsight.reports import lifecycle as lifecycles
from backsight.reports import preview as previews
from backsight.reports import stickiness as sticking
from backsight.reports.attribution import sql as attribution_sql
from backsight.reports.behind import attribution, funnel, lifecycle, paths, preview, retention, trend
from backsight.reports.behind.request import ROWS, Page, cursor, own_fields, read_page
from backsight.reports.behind.rows import ROW_SCHEMA, Elements, conformed, shown_rows
from backsight.reports.behind.sources import Source
from backsight.reports.funnel import sql as funnel_sql
from backsight.reports.paths import sql as paths_sql
from backsight.reports.retention import sql as retention_sql
from backsight.reports.trend import sql as trend_sql
from backsight.results.result import META_KEY
from backsight.scan.context import Context

MOST_ROWS: Final = 10**12
PART_ROWS: Final = 8_192
"""Rows of a part, at most: some megabytes."""

Answer = dict[str, Any]
Request = Mapping[str, object]


@dataclass(frozen=True)
class Behind:
    """The rows behind the figures of one report."""

    fields: tuple[str, ...]
    """Which figure: what its request has besides the report's."""
    source: Callable[[Request, Request, Context], Source]
    """Finds the rows: the report's request, and those fields."""
    report_sql: Callable[[Request, Context], str]
    size: str = "limit"
    """The field that says how many rows: another one, where the report has a `limit` of its own."""

    def run(self, request: Request, context: Context) -> Answer:
        """A page of them: `total`, `persons`, `events`, `next`. Raises InvalidRequest, naming the field."""
        page, source = self._found(request, context)
        rows, following = _page(source, page)
        return {
            "total": sum(source.by_day.values()),
            "persons": source.persons,
            "events": shown_rows(rows),
            "next": following,
            "meta": context.meta(source.mentioned, source.warnings),
        }

    def parts(self, request: Request, context: Context) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """All of them in their order (with a `limit`, so many), part by part, and their columns.

        Which rows they are is found before this returns; they are read as they are asked for.
        """
        size = request.get(self.size)
        most = None if size is None else read_whole(size, self.size, 1, MOST_ROWS)
        page, source = self._found({key: each for key, each in request.items() if key != self.size}, context)
        meta = json.dumps(context.meta(source.mentioned, source.warnings)).encode()
        schema = schema_of(source).with_metadata({META_KEY: meta})
        return schema, _parts(source, page, most)

    def sql(self, request: Request, context: Context) -> str:
        """The SQL of the report whose figure it is."""
        return self.report_sql(own_fields(request, self._own)[0], context)

    @property
    def _own(self) -> tuple[str, ...]:
        return (*self.fields, self.size, "after")

    def _found(self, request: Request, context: Context) -> tuple[Page, Source]:
        asked, own = own_fields(request, self._own)
        page = read_page(own, self.size)
        return page, self.source(asked, own, context)


def _page(source: Source, page: Page) -> tuple[pa.Table, str | None]:
    """The rows of a page, and where the next one begins."""
    elements = Elements(source.context.trie)
    found, have = [schema_of(source).empty_table()], 0
    for day, count in source.by_day.items():
        if page.day is not None and day < page.day:
            continue
        skip = page.skip if day == page.day else 0
        if skip >= count:
            continue
        if have == page.limit:
            return pa.concat_tables(found), cursor(day, 0)
        rows = source.query(day, skip, page.limit - have).run(source.context)
        found.append(conformed(rows, source.own, elements))
        have += rows.num_rows
        if skip + rows.num_rows < count:
            return pa.concat_tables(found), cursor(day, skip + rows.num_rows)
    return pa.concat_tables(found), None


def _parts(source: Source, page: Page, most: int | None) -> Iterator[pa.RecordBatch]:
    elements, left = Elements(source.context.trie), MOST_ROWS if most is None else most
    for day, count in source.by_day.items():
        skip = page.skip if day == page.day else 0
        if (page.day is not None and day < page.day) or skip >= count:
            continue
        if left <= 0:
            return
        query = source.query(day, skip, min(left, count - skip))
        left -= count - skip
        for part in source.context.engine.parts(query.sql, query.params, query.tables):
            yield from conformed(part, source.own, elements).to_batches(PART_ROWS)


def schema_of(source: Source) -> pa.Schema:
    """The columns of its rows."""
    return pa.schema([*source.own, *ROW_SCHEMA])


BEHIND: Final[Mapping[str, Behind]] = {
    "funnel": Behind(funnel.FIELDS, funnel.source, funnel_sql),
    "retention": Behind(retention.FIELDS, retention.source, retention_sql),
    "trend": Behind(trend.FIELDS, trend.source, trend_sql),
    "lifecycle": Behind(lifecycle.LIFECYCLE_FIELDS, lifecycle.lifecycle, lifecycles.sql),
    "stickiness": Behind(lifecycle.STICKINESS_FIELDS, lifecycle.stickiness, sticking.sql),
    "paths": Behind(paths.FIELDS, paths.source, paths_sql, ROWS),
    "attribution": Behind(attribution.FIELDS, attribution.source, attribution_sql, ROWS),
    "preview": Behind(preview.FIELDS, preview.source, previews.sql),
}
"""By the report's name."""
