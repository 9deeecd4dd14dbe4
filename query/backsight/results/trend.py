"""The result of a trend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from backsight import charts
from backsight.requests import group_of
from backsight.results.raw_events import RawEvents, behind
from backsight.results.result import Result
from backsight.results.tables import Table, count

if TYPE_CHECKING:
    import pyarrow

Json = Mapping[str, Any]


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

    def events(
        self,
        at: str | None = None,
        *,
        series: int | str = 1,
        group: str | int | Sequence[str | int | None] | Json | None = None,
        previous: bool = False,
    ) -> RawEvents:
        """The raw events that a series counts in the interval `at` (one of `labels`); without it, in the
        whole range.

        `series` is its number, from 1, or its name; `group` the value of a group, alone or as a list, or
        `{"pooled": True}`; with `previous` it is an interval of the range before. A figure is their number,
        that of their persons or sessions, or the statistic of their `value`. Of active persons they are those
        of all days that an interval looks back on; of cumulative values, of all intervals so far; of smoothed
        ones, of those whose mean it is. Columns besides: `period`, `value`, `counted_session`, where they
        matter.
        """
        own = {"series": series, "at": at, "group": group_of(group), "previous": previous or None}
        cell = {key: value for key, value in own.items() if value is not None}
        return behind(self._asked("events"), "trend", {"cell": cell})

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
