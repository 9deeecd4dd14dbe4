"""The properties that a question may name, as a result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from backsight import charts
from backsight.errors import NotFound, nearest, shown
from backsight.results.result import Result
from backsight.results.tables import Table, count, percent

if TYPE_CHECKING:
    import pyarrow


class Properties(Result):
    """What a question may name: properties of every event, custom ones, and traits (`person.NAME`).

    Data frame: one row a property, with `name`, `kind` (captured, derived, custom, trait), `type`, `count`
    (of the events, or persons, looked at), `of` (how many those are) and `values` (the most frequent, as
    JSON).
    """

    report: ClassVar[str] = "properties"

    @property
    def properties(self) -> list[dict[str, Any]]:
        """Per property: name, kind, type (null where none has it), count, of, values."""
        properties: list[dict[str, Any]] = self.answer["properties"]
        return properties

    def __getitem__(self, name: str) -> dict[str, Any]:
        """One of them. Raises NotFound."""
        known = {each["name"]: each for each in self.properties}
        if name not in known:
            raise NotFound(
                f"no event has a property {shown(name)}.",
                field="name", value=name, valid=nearest(name, known),
            )  # fmt: skip
        return known[name]

    def _ipython_key_completions_(self) -> list[str]:
        return [each["name"] for each in self.properties]

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        texts = [(name, pa.string()) for name in ("name", "kind", "type")]
        return pa.schema([*texts, ("count", pa.int64()), ("of", pa.int64()), ("values", pa.string())])

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {**each, "values": json.dumps(each["values"], ensure_ascii=False)} for each in self.properties
        ]

    def spec(self) -> dict[str, Any]:
        """A bar a property."""
        return charts.properties(self.answer)

    def _table(self) -> Table:
        rows = [
            [each["name"], each["kind"], each["type"], count(each["count"]),
             percent(each["count"] / each["of"]), ", ".join(map(_said, each["values"]))]
            for each in self.properties
            if each["count"]
        ]  # fmt: skip
        header = ["property", "kind", "type", "count", "share", "most frequent values"]
        unused = [each["name"] for each in self.properties if not each["count"]]
        notes = [f"Never there: {', '.join(unused)}."] if unused else []
        return Table(header, rows, frozenset({0, 1, 2, 5}), "Properties", [*notes, *self._notes()])


def _said(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)
