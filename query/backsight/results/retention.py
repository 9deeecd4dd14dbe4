"""The results of a retention report: the table, and who is in one of its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from backsight import charts
from backsight.requests import group_of
from backsight.results.person_list import PersonList
from backsight.results.raw_events import RawEvents, behind
from backsight.results.result import Result
from backsight.results.signals import Signals
from backsight.results.tables import Table, count, percent

if TYPE_CHECKING:
    import pyarrow

Json = Mapping[str, Any]


class RetentionPersons(PersonList):
    """Who is in a cell of a retention table.

    Data frame: one row a person of the page, with `person`, `user_id`, and as JSON `device_ids` and `traits`.
    """

    report: ClassVar[str] = "retention_persons"

    def events(self) -> RawEvents:
        """The raw events behind the list: the starts of who is in the cell, and what made them return."""
        asked = self._asked("events")
        return behind(asked, "retention", {"cell": asked.request["cell"]})


class Retention(Result):
    """Who came back. `rows` is the answer's list of cohorts, `average` the shares of all that are complete.

    Data frame: one row per cohort and period (or bracket of periods), with `start` (of the cohort's own
    period), `size` (persons), `period` (the column's number; 0 is the cohort's own), `label` (its name),
    `returned` (persons), `share` (of `size`) and `complete` (false while the period is not over); `value`
    where something is measured; where the table is broken down, the rows are those of the groups, and `group`
    says whose.
    """

    report: ClassVar[str] = "retention"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Per cohort: start, size, and by column returned and complete; values, where they are measured."""
        rows: list[dict[str, Any]] = self.answer["rows"]
        return rows

    @property
    def average(self) -> list[float | None]:
        """Per column: the share that returned, pooled over the cohorts for which it is over."""
        average: list[float | None] = self.answer["average"]
        return average

    @property
    def labels(self) -> list[str]:
        """The columns' names: "Day 0", or "Day 1-4" of a bracket."""
        labels: list[str] = self.answer["labels"]
        return labels

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Per group of a breakdown: value, rows, average; none where nothing is broken down."""
        groups: list[dict[str, Any]] = self.answer.get("groups", [])
        return groups

    def persons(
        self,
        start: str,
        period: int | None = None,
        *,
        returned: bool = True,
        group: str | int | Sequence[str | int | None] | Json | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> RetentionPersons:
        """Who of the cohort `start` returned in the column numbered `period`, or did not; without a `period`,
        the whole cohort.

        `group` is the value of one of the groups, alone or as a list, or `{"pooled": True}`.
        `limit` persons at a time; `after` is the `next` of the page before. Asked as of this answer. Raises
        InvalidRequest for a cell that the table does not have.
        """
        cell = {
            "start": start,
            "period": period,
            "returned": None if period is None and returned else returned,
            "group": group_of(group),
        }
        chosen = {key: each for key, each in cell.items() if each is not None}
        page = {"limit": limit} if after is None else {"limit": limit, "after": after}
        asked = self._asked("persons")
        return RetentionPersons(*asked.also("retention_persons", {"cell": chosen, **page}))

    def events(
        self,
        start: str,
        period: int | None = None,
        *,
        returned: bool = True,
        group: str | int | Sequence[str | int | None] | Json | None = None,
    ) -> RawEvents:
        """The raw events behind a cell, named as for `persons`: the starts of who is in it (`role` "start"),
        and what made them return there ("return"). Of the whole cohort (no `period`), and of those who did
        not return, the starts alone.

        With a `measure`, `value` is the number of each, and rows of the role "measured" have one that counts
        there though they make nobody a returned one.
        """
        cell = {"start": start, "period": period, "group": group_of(group),
                "returned": None if period is None and returned else returned}  # fmt: skip
        chosen = {key: each for key, each in cell.items() if each is not None}
        return behind(self._asked("events"), "retention", {"cell": chosen})

    def signals(
        self, period: int = 1, *, limit: int = 20, at_least: int = 20, confidence: float = 0.95
    ) -> Signals:
        """What nobody named, and who returned in the column numbered `period` did more often, or less, in
        their first period than who did not.

        Things done by `at_least` so many persons are compared; `confidence` is that of all comparisons
        together. Asked as of this answer.
        """
        own = {"period": period, "limit": limit, "at_least": at_least, "confidence": confidence}
        return Signals(*self._asked("signals").within("signals", "retention", own))

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        grouped = [("group", pa.string())] if "groups" in self.answer else []
        measured = [("value", pa.float64())] if any("values" in row for row in self.rows) else []
        return pa.schema(
            [
                *grouped,
                ("start", pa.string()),
                ("size", pa.int64()),
                ("period", pa.int32()),
                ("label", pa.string()),
                ("returned", pa.int64()),
                ("share", pa.float64()),
                ("complete", pa.bool_()),
                *measured,
            ]
        )

    def _rows(self) -> list[dict[str, Any]]:
        points = charts.retention_points(self.answer)
        return [{**point, "label": self.labels[point["period"]]} for point in points]

    def spec(self) -> dict[str, Any]:
        """The share that came back, a line a group; under it a heat map: a row a cohort."""
        return charts.retention(self.answer)

    def _table(self) -> Table:
        header = ["start", "size", *charts.spans(self.answer)]
        rows = [[row["start"], count(row["size"]), *map(_cell, charts.cells(row))] for row in self.rows]
        begun = max((at for row in rows for at, cell in enumerate(row, 1) if cell), default=len(header))
        lines = [_averages("average", "", self.average)]
        for group in self.groups:
            name = charts.group_text({"group": group["value"]}) or ""
            size = count(sum(row["size"] for row in group["rows"]))
            lines.append(_averages(name, size, group["average"]))
        shown = [line[:begun] for line in (header, *rows, *lines)]  # columns that have begun in some row
        return Table(shown[0], shown[1:], frozenset({0}), "Retention", self._notes())

    def _notes(self) -> list[str]:
        pending = any(not complete for row in self.rows for complete in row["complete"])
        return (["* not over yet; left out of the average"] if pending else []) + super()._notes()


def _averages(name: str, size: str, average: Sequence[float | None]) -> list[str]:
    return [name, size, *(percent(share) for share in average)]


def _cell(cell: dict[str, Any]) -> str:
    if cell["share"] is None or not charts.has_begun(cell):
        return ""
    shown = percent(cell["share"]) + ("" if cell["complete"] else "*")
    return f"{shown} {cell['value']:,.6g}" if cell.get("value") is not None else shown
