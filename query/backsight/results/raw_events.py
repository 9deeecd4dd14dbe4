"""The raw events behind a number of a result: a relation that is read when it is looked at, and no sooner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self

from backsight.errors import InvalidRequest
from backsight.results.csv_lines import csv_lines
from backsight.results.event_words import event_row
from backsight.results.tables import Table, counted

if TYPE_CHECKING:
    import duckdb
    import pandas
    import polars
    import pyarrow

    from backsight.results.result import Again, Answer

SIZES: Final[Mapping[str, str]] = {"paths_events": "rows", "attribution_events": "rows"}
"""What says how many rows, where the report has a `limit` of its own."""
SHOWN: Final = 20
"""Events that it shows of itself."""


class RawEvents:
    """The raw events that make one number, as rows; by time, then page and sequence.

    Nothing is read until it is asked for, and then part by part: `for row in events` and `batches()` hold a
    few thousand rows at a time. They are those of the answer whose number it is, whatever was captured or
    redefined since. Every row has the columns of the raw event (see the reference), `person` (whose it is),
    `names` (the named events that it bears), `element`, and first those that say as what it counts.

    Methods raise Gone where files that are needed were deleted since.
    """

    def __init__(self, again: Again, report: str, own: Answer, limit: int | None = None) -> None:
        self._again, self._report, self._own, self._limit = again, report, own, limit

    def count(self) -> int:
        """How many rows there are."""
        total: int = self._first["total"]
        return total if self._limit is None else min(total, self._limit)

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        return True  # to ask whether there is one at all must not take a question

    @property
    def persons(self) -> int:
        """How many persons they are of; with a `limit`, all the same of all of them."""
        persons: int = self._first["persons"]
        return persons

    @property
    def meta(self) -> dict[str, Any]:
        """Where they come from: the `meta` of the answer."""
        meta: dict[str, Any] = self._first["meta"]
        return meta

    def limit(self, rows: int) -> Self:
        """The first so many of them."""
        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
            raise InvalidRequest("no such number of rows.", field="limit", value=rows, valid="1 or more")
        least = rows if self._limit is None else min(rows, self._limit)
        return type(self)(self._again, self._report, self._own, least)

    def head(self, rows: int = SHOWN) -> list[dict[str, Any]]:
        """The first rows (up to 1,000) as the HTTP API gives them: ids as text, what is missing left out."""
        least = rows if self._limit is None else min(rows, self._limit)
        page = self._first if least <= SHOWN else self._page(least)
        events: list[dict[str, Any]] = page["events"]
        return events[:least]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for batch in self.batches():
            yield from batch.to_pylist()

    def batches(self) -> Iterator[pyarrow.RecordBatch]:
        """The rows part by part, as Arrow."""
        return self._stream()[1]

    def reader(self) -> pyarrow.RecordBatchReader:
        """The same for whatever reads a stream of Arrow; it can be read once."""
        import pyarrow as pa

        return pa.RecordBatchReader.from_batches(*self._stream())

    def to_arrow(self) -> pyarrow.Table:
        """All rows as one table; `meta` stands in the schema's metadata, as JSON."""
        import pyarrow as pa

        schema, parts = self._stream()
        return pa.Table.from_batches(list(parts), schema)

    def to_polars(self) -> polars.DataFrame:
        """The same as a Polars data frame."""
        import polars

        frame = polars.from_arrow(self.to_arrow())
        assert isinstance(frame, polars.DataFrame)  # noqa: S101  # from_arrow gives a Series only for an array
        return frame

    def to_pandas(self) -> pandas.DataFrame:
        """The same as a pandas data frame. Raises MissingExtra without pandas."""
        from backsight.results.result import require

        require("pandas", "to_pandas()")
        return self.to_arrow().to_pandas()

    def to_csv(self) -> str:
        """All rows as CSV (RFC 4180): lists and maps as JSON; a text that a spreadsheet would take for a
        formula gets an apostrophe in front.
        """
        return "".join(self.csv_lines())

    def csv_lines(self) -> Iterator[str]:
        """The same part by part, for a file or a pipe."""
        return csv_lines(*self._stream())

    def relation(self) -> duckdb.DuckDBPyRelation:
        """All rows as a relation of DuckDB: `events.relation().filter("path = '/cart'").count("*")`. The
        day of a time is that of UTC, as in `site.sql`, wherever the machine stands.
        """
        import duckdb

        # The machine's own settings would let the same statement count other days on another machine.
        database = duckdb.connect()
        database.execute("set timezone = 'UTC'")
        return database.from_arrow(self.to_arrow())

    def sql(self, query: str) -> duckdb.DuckDBPyRelation:
        """What a statement says of the rows, which it calls `events`: DuckDB's SQL."""
        told = self.relation().query("events", query)
        if told is None:
            raise InvalidRequest("this says nothing.", field="query", value=query, valid="a select")
        return told

    def _stream(self) -> tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]:
        own = self._own if self._limit is None else {**self._own, self._size: self._limit}
        return self._again.streamed(self._report, own)

    @property
    def _size(self) -> str:
        return SIZES.get(self._report, "limit")

    @cached_property
    def _first(self) -> Answer:
        return self._page(SHOWN)

    def _page(self, rows: int) -> Answer:
        answer: Answer = self._again.told(self._report, {**self._own, self._size: rows})
        return answer

    # ── How it shows itself ─────────────────────────────────────────────────────────────────────────────────

    def _table(self) -> Table:
        shown = [event_row(event) for event in self.head()]
        header = list(dict.fromkeys(name for row in shown for name in row))
        rows = [[row.get(name, "") for name in header] for row in shown]
        title = f"{counted(self.count(), 'event')} of {counted(self.persons, 'person')}"
        notes = [f"The first {len(rows)} are shown."] if self.count() > len(rows) else []
        notes += [f"Warning: {warning}" for warning in self.meta["warnings"]]
        return Table(header, rows, frozenset(range(len(header))), title, notes)

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return self._table().html()


def behind(again: Again, kind: str, own: Mapping[str, Any]) -> RawEvents:
    """The rows behind a figure of a report of that kind; of its fields, those that are not null."""
    return RawEvents(again, f"{kind}_events", {key: value for key, value in own.items() if value is not None})
