"""The result of a trend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from backsight import charts
from backsight.results.result import Result
from backsight.results.tables import Table, count

if TYPE_CHECKING:
    import pyarrow


class Trend(Result):
    """How much, over time. `labels` are the starts of the intervals, `series` the answer's list of series.

    Data frame: one row per interval and series, with `start` (of the interval), `series` (its name),
    `measure` and `value`.
    """

    report: ClassVar[str] = "trend"

    @property
    def labels(self) -> list[str]:
        """Starts of the intervals."""
        labels: list[str] = self.answer["labels"]
        return labels

    @property
    def series(self) -> list[dict[str, Any]]:
        """Per series: label, measure, values (one per interval), total."""
        series: list[dict[str, Any]] = self.answer["series"]
        return series

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        texts = [(name, pa.string()) for name in ("start", "series", "measure")]
        return pa.schema([*texts, ("value", pa.int64())])

    def _rows(self) -> list[dict[str, Any]]:
        return charts.points(self.answer)

    def spec(self) -> dict[str, Any]:
        """A line a series."""
        return charts.trend(self.answer)

    def _table(self) -> Table:
        header = ["start", *charts.series_names(self.series)]
        columns = [self.labels, *([count(value) for value in series["values"]] for series in self.series)]
        rows = [list(row) for row in zip(*columns, strict=True)]
        total = ["total", *(count(series["total"]) for series in self.series)]
        return Table(header, [*rows, total], frozenset({0}), "Trend", self._notes())
