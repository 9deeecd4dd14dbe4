"""The result of an attribution report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from backsight import charts
from backsight.requests import group_of
from backsight.results.raw_events import RawEvents, behind
from backsight.results.result import Result
from backsight.results.tables import Table, count, percent

if TYPE_CHECKING:
    import pyarrow


class Attribution(Result):
    """To what conversions are owed. `groups` is the answer's list of groups.

    Data frame: one row a group, with `group` (its values in one text), `attributed` (false for what is owed
    to nothing), `conversions` (in parts, where touches share them), `persons`, `sum` (of the property; empty
    where none was asked for) and `share` (of all conversions).
    """

    report: ClassVar[str] = "attribution"

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Per group: value (a list; null for those that are pooled), conversions, persons, sum."""
        groups: list[dict[str, Any]] = self.answer["groups"]
        return groups

    def events(
        self,
        group: str | int | Sequence[str | int | None] | Mapping[str, Any] | None = None,
        *,
        unattributed: bool = False,
    ) -> RawEvents:
        """The conversions that a group is owed, and the touches that they are owed to (`role`): each with its
        `credit`, which adds up, of either role, to the group's `conversions`, and its `amount`.

        `group` is its value, alone or as a list, or `{"pooled": True}`; without one it is all of them;
        `unattributed` are the conversions that are owed to nothing.
        """
        own = {"group": group_of(group), "unattributed": unattributed or None}
        cell = {key: value for key, value in own.items() if value is not None}
        return behind(self._asked("events"), "attribution", {"cell": cell})

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        return pa.schema(
            [
                ("group", pa.string()),
                ("attributed", pa.bool_()),
                ("conversions", pa.float64()),
                ("persons", pa.int64()),
                ("sum", pa.float64()),
                ("share", pa.float64()),
            ]
        )

    def _rows(self) -> list[dict[str, Any]]:
        return charts.credits_of(self.answer)

    def spec(self) -> dict[str, Any]:
        """A bar a group, and a faint one for what is owed to nothing."""
        return charts.attribution(self.answer)

    def _table(self) -> Table:
        summed = any(row["sum"] is not None for row in self._rows())
        header = ["touch", "conversions", "share", "persons", *(["sum"] if summed else [])]
        total = {"group": "total", **self.answer["total"], "share": None}
        rows = [_cells(row, summed) for row in [*self._rows(), total]]
        return Table(header, rows, frozenset({0}), "Attribution", self._notes())


def _cells(row: dict[str, Any], summed: bool) -> list[str]:
    cells = [row["group"], count(row["conversions"]), percent(row["share"]), count(row["persons"])]
    return [*cells, count(row["sum"])] if summed else cells
