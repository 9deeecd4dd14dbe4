"""The result of asking for elements that are used and have no name yet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from backsight import charts
from backsight.errors import InvalidRequest
from backsight.results.result import Result
from backsight.results.tables import Table, count

if TYPE_CHECKING:
    import pyarrow


class Elements(Result):
    """The most clicked elements without a name. `elements` is the answer's list, most events first.

    Data frame: one row an element, with `name` (suggested), `words`, `rule` (as JSON), `events`, `persons`,
    `stability` (0 to 1) and `tag`.
    """

    report: ClassVar[str] = "elements"

    @property
    def elements(self) -> list[dict[str, Any]]:
        """Per element: tag, attributes, text, label, events, persons, pages, name, rule, words, stability."""
        elements: list[dict[str, Any]] = self.answer["elements"]
        return elements

    def rule(self, number: int = 1) -> dict[str, Any]:
        """The rule of an element, by its number in the table (from 1): `site.define(NAME, rules=….rule(1))`
        names it. Raises InvalidRequest where there is no such one.
        """
        if not 1 <= number <= len(self.elements):
            valid = f"1 to {len(self.elements)}" if self.elements else "none: there are no elements"
            raise InvalidRequest("there is no such element.", field="number", value=number, valid=valid)
        rule: dict[str, Any] = self.elements[number - 1]["rule"]
        return rule

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        texts = ("name", "words", "rule", "tag")
        return pa.schema(
            [
                *((name, pa.string()) for name in texts),
                ("events", pa.int64()),
                ("persons", pa.int64()),
                ("stability", pa.float64()),
            ]
        )

    def _rows(self) -> list[dict[str, Any]]:
        kept = ("name", "words", "tag", "events", "persons", "stability")
        return [
            {**{key: each[key] for key in kept}, "rule": json.dumps(each["rule"], ensure_ascii=False)}
            for each in self.elements
        ]

    def spec(self) -> dict[str, Any]:
        """A bar an element."""
        return charts.elements(self.answer)

    def _table(self) -> Table:
        header = ["", "suggested name", "what", "events", "persons", "pages"]
        rows = [
            [str(number), each["name"], each["words"], count(each["events"]), count(each["persons"]),
             ", ".join(page["path"] for page in each["pages"])]
            for number, each in enumerate(self.elements, 1)
        ]  # fmt: skip
        none = [] if rows else ["Nothing that was clicked is without a name."]
        notes = [*none, *self._notes()]
        return Table(header, rows, frozenset({1, 2, 5}), "Elements without a name", notes)
