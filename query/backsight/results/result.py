"""What all results have in common: the answer, its tables, its chart, its SQL and how it shows itself."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from backsight.charts import notebook
from backsight.charts.themes import Theme, themed
from backsight.errors import InvalidRequest, MissingExtra
from backsight.results.csv_lines import csv_lines
from backsight.results.tables import Table

if TYPE_CHECKING:
    import altair
    import pandas
    import polars
    import pyarrow

    from backsight.results.person import Person

Answer = dict[str, Any]
"""A report's answer as the HTTP API gives it (plain JSON values), `meta` included."""

Ask = Callable[[str, Answer], Any]
"""Takes a report's name and a request, and gives what is asked."""

Rows = Callable[[str, Answer], "tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]"]
"""Takes a report's name and a request, and gives the columns of its rows, and these part by part."""

EXPLAINED: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "funnel": ("funnel", ()),
    "funnel_persons": ("funnel", ("step", "dropped", "group", "limit", "after")),
    "retention": ("retention", ()),
    "retention_persons": ("retention", ("cell", "limit", "after")),
    "trend": ("trend", ()),
    "lifecycle": ("lifecycle", ()),
    "stickiness": ("stickiness", ()),
    "paths": ("paths", ()),
    "attribution": ("attribution", ()),
    "cohort_preview": ("cohort", ("limit", "after")),
}
"""Reports that are about persons: as which one each is explained, and what of its request is not its own."""


@dataclass(frozen=True)
class Again:
    """A question that was answered, to be asked again as of its answer, or about one person in it."""

    ask: Ask
    report: str
    request: Answer
    meta: Answer
    rows: Rows | None = None
    """Gives the raw events behind a figure."""

    def __call__(self) -> Any:
        """The same question."""
        return self.ask(self.report, {**self.request, "as_of": self.meta})

    def also(self, report: str, own: Answer) -> Any:
        """What another report says about the same question."""
        return self.ask(report, {**self.request, **own, "as_of": self.meta})

    def within(self, report: str, key: str, own: Answer) -> Any:
        """Another report, of whose request this question is a part."""
        bare = {name: value for name, value in self.request.items() if name != "as_of"}
        return self.ask(report, {key: bare, **own, "as_of": self.meta})

    def told(self, report: str, own: Answer) -> Answer:
        """The first of the raw events behind a figure of the question, as a report tells them."""
        answer: Answer = self.ask(report, self._behind(own))[0]
        return answer

    def streamed(self, report: str, own: Answer) -> tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]:
        """All of these: their columns, and the rows part by part."""
        assert self.rows is not None  # noqa: S101  # whoever asks can give them
        return self.rows(report, self._behind(own))

    def _behind(self, own: Answer) -> Answer:
        others = EXPLAINED.get(self.report, ("", ()))[1]
        request = {key: value for key, value in self.request.items() if key not in others}
        return {**request, **own, "as_of": self.meta}

    def explained(self, own: Answer) -> Any:
        """One person in the report. Raises InvalidRequest for one that is not about persons."""
        if self.report not in EXPLAINED:
            raise InvalidRequest(
                f"{self.report!r} is not about persons.",
                field="report",
                value=self.report,
                valid=", ".join(map(repr, EXPLAINED)),
            )
        report, others = EXPLAINED[self.report]
        request = {key: value for key, value in self.request.items() if key not in ("as_of", *others)}
        return self.ask("persons", {**own, "report": report, "request": request, "as_of": self.meta})


Asked = tuple[Answer, Callable[[], str], Again]
"""An answer, what gives its SQL, and what asks the same question again as of this answer."""

META_KEY = b"backsight"
"""Key of an Arrow schema's metadata under which the answer's `meta` stands, as JSON."""


class Result(ABC):
    """The answer of one report.

    `answer` is the answer as the HTTP API gives it and `meta` its part about where the figures come from. In
    a notebook a result shows its chart and its table; `print` shows the table.
    """

    report: ClassVar[str]

    def __init__(self, answer: Answer, sql: Callable[[], str], again: Again | None = None) -> None:
        self.answer = answer
        self._sql, self._again = sql, again

    @property
    def meta(self) -> dict[str, Any]:
        """Site, now, snapshot (table versions), versions of the named events and cohorts used, watermark,
        milliseconds, warnings. Any question takes it as its `as_of`.
        """
        meta: dict[str, Any] = self.answer["meta"]
        return meta

    def sql(self) -> str:
        """The SQL that answers this report, with its parameters."""
        return self._sql()

    def again(self) -> Self:
        """The same question, asked as of this answer: the same figures, whatever was captured or redefined
        since.

        Raises Gone where files that it needs were deleted.
        """
        return type(self)(*self._asked("again")())

    def explain(
        self,
        person: str | Mapping[str, Any],
        *,
        only: str | None = "considered",
        order: str = "oldest",
        limit: int = 100,
        after: str | None = None,
    ) -> Person:
        """Why one person does or does not count here, event by event; asked as of this answer.

        `person` is a row of a list of persons or its `person`, `{"user": ID}`, `{"device": ID}`, or
        `"user:ID"`. With `only=None` events are shown that the report does not look for, too. `limit` events
        at a time; `after` is the `next` of the page before. Raises InvalidRequest for a report that is not
        about persons, NotFound for a person that does not exist.
        """
        from backsight.results.person import Person, who

        own = {"person": who(person), "only": only, "order": order, "limit": limit, "after": after}
        given = {key: value for key, value in own.items() if value is not None}
        return Person(*self._asked("explain").explained(given))

    def _asked(self, field: str) -> Again:
        """The question that this answers. Raises InvalidRequest where it was not asked of a site."""
        if self._again is None:
            raise InvalidRequest(
                "this answer was not asked of a site.", field=field, valid="a result of a site's method"
            )
        return self._again

    # ── Tables ──────────────────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def _schema(self) -> pyarrow.Schema:
        """Columns of the data frame."""

    @abstractmethod
    def _rows(self) -> list[dict[str, Any]]:
        """Rows of the data frame, one per figure."""

    def to_arrow(self) -> pyarrow.Table:
        """The figures as one long table (columns: see the class); `meta` stands in the schema's metadata, as
        JSON.
        """
        import pyarrow as pa

        schema = self._schema().with_metadata({META_KEY: json.dumps(self.meta).encode()})
        return pa.Table.from_pylist(self._rows(), schema=schema)

    def to_polars(self) -> polars.DataFrame:
        """The same table as a Polars data frame."""
        import polars

        frame = polars.from_arrow(self.to_arrow())
        assert isinstance(frame, polars.DataFrame)  # noqa: S101  # from_arrow gives a Series only for an array
        return frame

    def to_pandas(self) -> pandas.DataFrame:
        """The same table as a pandas data frame. Raises MissingExtra without pandas."""
        require("pandas", "to_pandas()")
        return self.to_arrow().to_pandas()

    def to_csv(self) -> str:
        """The same table as CSV (RFC 4180).

        A text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a line break)
        gets an apostrophe in front: names come from the web. Use Arrow where texts must come through
        unchanged.
        """
        table = self.to_arrow()
        return "".join(csv_lines(table.schema, table.to_batches()))

    # ── Charts ──────────────────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def spec(self) -> dict[str, Any]:
        """The chart as a Vega-Lite specification, data included, for any page that can draw one."""

    def chart(self, theme: Theme = "light") -> altair.TopLevelMixin:
        """The chart as an Altair object, on a light or a dark ground. Raises MissingExtra without Altair."""
        require("altair", "chart()")
        import altair

        return altair.Chart.from_dict(themed(self.spec(), theme))

    # ── How it shows itself ─────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def _table(self) -> Table:
        """The table that people read."""

    def _tables(self) -> list[Table]:
        """All tables that people read."""
        return [self._table()]

    def tables_in_words(self) -> list[dict[str, Any]]:
        """The tables that people read, of texts: `title`, `header`, `rows`, `left` (numbers of the columns
        that are aligned left) and `notes`; warnings, which stand in `meta`, are no notes.
        """
        warnings = {f"Warning: {warning}" for warning in self.meta.get("warnings", [])}
        told = [table.to_json() for table in self._tables()]
        return [{**each, "notes": [note for note in each["notes"] if note not in warnings]} for each in told]

    def _notes(self) -> list[str]:
        """What the reader has to know besides, above all the warnings."""
        return [f"Warning: {warning}" for warning in self.meta.get("warnings", [])]

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return self._table().html()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """What a notebook shows: the chart, in the reader's theme, and the table under it."""
        return {"text/plain": repr(self), "text/html": notebook.html(self.spec()) + self._repr_html_()}


def _installed(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None


def require(module: str, asked: str) -> None:
    """Raises MissingExtra where the module that something asked for needs is not installed."""
    if not _installed(module):
        raise MissingExtra(f"{asked} needs {module}: pip install 'backsight[notebook]'")
