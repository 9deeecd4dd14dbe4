"""A list of persons, page by page: what the results that list some have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from backsight import charts
from backsight.results.result import Result
from backsight.results.tables import Table, count

if TYPE_CHECKING:
    import pyarrow

_AS_JSON = ("device_ids", "traits")


class PersonList(Result):
    """How many persons there are, and some of them.

    Data frame: one row a person of the page, with `person`, `user_id`, and as JSON `device_ids` and `traits`.
    """

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

        return pa.schema([(name, pa.string()) for name in ("person", "user_id", *_AS_JSON)])

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {**each, **{name: json.dumps(each[name], ensure_ascii=False) for name in _AS_JSON}}
            for each in self.persons
        ]

    def spec(self) -> dict[str, Any]:
        """The number of persons, written large."""
        return charts.cohort_preview(self.answer)

    def _table(self) -> Table:
        rows = [
            [each["user_id"] or each["person"], ", ".join(each["device_ids"]), _traits(each["traits"])]
            for each in self.persons
        ]
        title = f"{count(self.total)} persons"
        return Table(["person", "devices", "traits"], rows, frozenset({0, 1, 2}), title, self._notes())


def _traits(traits: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in traits.items())
