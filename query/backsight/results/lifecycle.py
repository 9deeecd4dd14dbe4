"""The results of a lifecycle and of stickiness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from backsight import charts
from backsight.results.raw_events import RawEvents, behind
from backsight.results.result import Result
from backsight.results.tables import Table, count, percent

if TYPE_CHECKING:
    import pyarrow


class Lifecycle(Result):
    """Who is new, who came again, who came back and who stayed away, period by period.

    Data frame: one row per period and state, with `start` (of the period), `state` (new, returning,
    resurrecting or dormant), `persons` and `complete` (false while the period is not over).
    """

    report: ClassVar[str] = "lifecycle"

    @property
    def labels(self) -> list[str]:
        """Starts of the periods."""
        labels: list[str] = self.answer["labels"]
        return labels

    @property
    def series(self) -> list[dict[str, Any]]:
        """Per state: label, values (persons, one per period)."""
        series: list[dict[str, Any]] = self.answer["series"]
        return series

    def events(self, at: str, state: str | None = None) -> RawEvents:
        """The raw events, in the period `at` (one of `labels`), of those who are in a state there: "new",
        "returning", "resurrecting"; or "dormant": what these did in the period before. Without a state: of
        everybody.
        """
        return behind(self._asked("events"), "lifecycle", {"cell": _given(at=at, state=state)})

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        texts = [(name, pa.string()) for name in ("start", "state")]
        return pa.schema([*texts, ("persons", pa.int64()), ("complete", pa.bool_())])

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {"start": start, "state": each["label"], "persons": persons, "complete": complete}
            for each in self.series
            for start, persons, complete in zip(
                self.labels, each["values"], self.answer["complete"], strict=True
            )
        ]

    def spec(self) -> dict[str, Any]:
        """A bar a period; who stayed away hangs below the line."""
        return charts.lifecycle(self.answer)

    def _table(self) -> Table:
        starts = [
            start if complete else f"{start}*"
            for start, complete in zip(self.labels, self.answer["complete"], strict=True)
        ]
        columns = [starts, *([count(value) for value in each["values"]] for each in self.series)]
        header = ["start", *(each["label"] for each in self.series)]
        rows = [list(row) for row in zip(*columns, strict=True)]
        return Table(header, rows, frozenset({0}), "Lifecycle", self._notes())

    def _notes(self) -> list[str]:
        pending = not all(self.answer["complete"])
        return (["* not over yet; who is dormant may still come"] if pending else []) + super()._notes()


class Stickiness(Result):
    """In how many periods of the range persons did it. `rows` is the answer's list, by number of periods.

    Data frame: one row per number of periods, with `periods`, `persons`, `share` (of all who did it) and
    `at_least` (the share of those who did it in so many periods or more).
    """

    report: ClassVar[str] = "stickiness"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Per number of periods: periods, persons, share, at_least."""
        rows: list[dict[str, Any]] = self.answer["rows"]
        return rows

    def events(self, periods: int | None = None) -> RawEvents:
        """The raw events in the range of those who did it in so many `periods`; without, of everybody."""
        return behind(self._asked("events"), "stickiness", {"cell": _given(periods=periods)})

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        counts = [("periods", pa.int32()), ("persons", pa.int64())]
        return pa.schema([*counts, *((name, pa.float64()) for name in ("share", "at_least"))])

    def _rows(self) -> list[dict[str, Any]]:
        return self.rows

    def spec(self) -> dict[str, Any]:
        """A bar for each number of periods."""
        return charts.stickiness(self.answer)

    def _table(self) -> Table:
        header = [f"{self.answer['interval']}s", "persons", "share", "at least so many"]
        rows = [
            [str(row["periods"]), count(row["persons"]), percent(row["share"]), percent(row["at_least"])]
            for row in self.rows
        ]
        total = ["any", count(self.answer["persons"]), "", ""]
        return Table(header, [*rows, total], frozenset(), "Stickiness", self._notes())


def _given(**cell: Any) -> dict[str, Any]:
    return {key: value for key, value in cell.items() if value is not None}
