"""A list of persons, page by page: what the results that list some have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from backsight import charts
from backsight.results.result import Result
from backsight.results.tables import Table, counted

if TYPE_CHECKING:
    import pyarrow


class PersonList(Result):
    """How many persons there are, and some of them.

    Data frame: one row a person of the page, with `person`, `user_id`, and as JSON `device_ids` and `traits`.
    """

    _as_json: ClassVar[tuple[str, ...]] = ("device_ids", "traits")
    """What the data frame holds as JSON."""

    @property
    def total(self) -> int:
        """Persons in all."""
        total: int = self.answer["total"]
        return total

    @property
    def persons(self) -> list[dict[str, Any]]:
        """This page of them: `person`, `user_id`, `device_ids`, `traits`."""
        persons: list[dict[str, Any]] = self.answer["persons"]
        return persons

    @property
    def next(self) -> str | None:
        """The `after` of the page after this one; None at the end."""
        following: str | None = self.answer["next"]
        return following

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        return pa.schema([(name, pa.string()) for name in ("person", "user_id", *self._as_json)])

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {**each, **{name: json.dumps(each[name], ensure_ascii=False) for name in self._as_json}}
            for each in self.persons
        ]

    def spec(self) -> dict[str, Any]:
        """The number of persons, written large."""
        return charts.cohort_preview(self.answer)

    def _table(self) -> Table:
        shown = [
            {"person": each["user_id"] or each["person"], **self._more(each)}
            | {"devices": ", ".join(each["device_ids"]), "traits": _traits(each["traits"])}
            for each in self.persons
        ]
        header = list(shown[0]) if shown else []
        rows = [list(row.values()) for row in shown]
        every = frozenset(range(len(header)))
        return Table(header, rows, every, counted(self.total, "person"), self._notes())

    def _more(self, person: dict[str, Any]) -> dict[str, str]:
        """Further columns of a person's row: header and text."""
        return {}

    def _notes(self) -> list[str]:
        more = [f"There are more persons: after={self.next!r}."] if self.next else []
        return [*more, *super()._notes()]


def _traits(traits: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in traits.items())
