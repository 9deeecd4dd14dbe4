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
    `measure` and `value` (whole where all series count; null where there is none, such as the average of
    nothing); `group` where the trend is broken down; `previous`, the value of the interval just as far into
    the range before, where it is compared.
    """

    report: ClassVar[str] = "trend"

    @property
    def labels(self) -> list[str]:
        """Starts of the intervals."""
        labels: list[str] = self.answer["labels"]
        return labels

    @property
    def series(self) -> list[dict[str, Any]]:
        """Per series (and formula), and within it per group: label, measure (or formula), values (one per
        interval), total; group and previous where they were asked for.
        """
        series: list[dict[str, Any]] = self.answer["series"]
        return series

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        grouped = ("group",) if any("group" in each for each in self.series) else ()
        compared = ("previous",) if "previous_labels" in self.answer else ()
        texts = [(name, pa.string()) for name in ("start", "series", "measure", *grouped)]
        number = pa.int64() if charts.is_whole(self.answer) else pa.float64()
        return pa.schema([*texts, *((name, number) for name in ("value", *compared))])

    def _rows(self) -> list[dict[str, Any]]:
        return charts.points(self.answer)

    def spec(self) -> dict[str, Any]:
        """A line a series; of formulas alone, where there are some."""
        return charts.trend(self.answer)

    def _table(self) -> Table:
        title, names = self._named()
        columns = [["start", *self.labels, "total"]]
        for name, series in zip(names, self.series, strict=True):
            columns.append([name, *_figures(series)])
            if "previous" in series:
                columns.append(["before", *_figures(series["previous"])])
        header, *rows = zip(*columns, strict=True)
        return Table(header, rows, frozenset({0}), title, self._notes()).turned()

    def _named(self) -> tuple[str, list[str]]:
        """A title, and a name for each series: where the groups are all of one series, theirs alone."""
        labels = {each["label"] for each in self.series}
        groups = {charts.group_text(each) for each in self.series} - {None}
        if len(labels) != 1 or len(groups) != len(self.series):
            return "Trend", charts.series_names(self.series)
        return f"Trend: {labels.pop()}", [charts.group_text(each) or "" for each in self.series]


def _figures(series: dict[str, Any]) -> list[str]:
    """The values and their total."""
    return [count(value) for value in (*series["values"], series["total"])]
