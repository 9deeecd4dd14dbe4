"""The result of a retention report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from backsight import charts
from backsight.results.result import Result
from backsight.results.tables import Table, count, percent

if TYPE_CHECKING:
    import pyarrow


class Retention(Result):
    """Who came back. `rows` is the answer's list of cohorts, `average` the shares of all that are complete.

    Data frame: one row per cohort and period, with `start` (of the cohort's own period), `size` (persons),
    `period` (0 is the cohort's own), `returned` (persons), `share` (of `size`) and `complete` (false while
    the period is not over).
    """

    report: ClassVar[str] = "retention"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Per cohort: start, size, returned (a list by period), complete (a list by period)."""
        rows: list[dict[str, Any]] = self.answer["rows"]
        return rows

    @property
    def average(self) -> list[float | None]:
        """Per period: the share that returned, pooled over the cohorts whose period is over."""
        average: list[float | None] = self.answer["average"]
        return average

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        return pa.schema(
            [
                ("start", pa.string()),
                ("size", pa.int64()),
                ("period", pa.int32()),
                ("returned", pa.int64()),
                ("share", pa.float64()),
                ("complete", pa.bool_()),
            ]
        )

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {"start": row["start"], "size": row["size"]} | cell
            for row in self.rows
            for cell in charts.cells(row)
        ]

    def spec(self) -> dict[str, Any]:
        """A heat map: a row a cohort, a column a period."""
        return charts.retention(self.answer)

    def _table(self) -> Table:
        header = ["start", "size", *(str(period) for period in range(len(self.average)))]
        rows = [[row["start"], count(row["size"]), *map(_cell, charts.cells(row))] for row in self.rows]
        average = ["average", "", *(percent(share) for share in self.average)]
        return Table(header, [*rows, average], frozenset({0}), "Retention", self._notes())

    def _notes(self) -> list[str]:
        pending = any(not complete for row in self.rows for complete in row["complete"])
        return (["* not over yet; left out of the average"] if pending else []) + super()._notes()


def _cell(cell: dict[str, Any]) -> str:
    if cell["share"] is None or not charts.has_begun(cell):
        return ""
    return percent(cell["share"]) + ("" if cell["complete"] else "*")
