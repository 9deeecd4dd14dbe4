"""The result of a preview: what a rule would match, before anything is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from backsight import charts
from backsight.results.raw_events import RawEvents, behind
from backsight.results.result import Result
from backsight.results.tables import Table, count, counted

if TYPE_CHECKING:
    import pyarrow


MOST_ELEMENTS = 5
"""Elements that a table of a preview names."""
MOST_VALUES = 3
"""Texts, and pages, that it names."""


class Preview(Result):
    """What rules match over all of history. Data frame: one row a day, with `date` and `events`."""

    report: ClassVar[str] = "preview"

    @property
    def events(self) -> int:
        """Raw events that match."""
        events: int = self.answer["events"]
        return events

    @property
    def persons(self) -> int:
        """Persons who did one of them."""
        persons: int = self.answer["persons"]
        return persons

    def raw_events(self, difference: str | None = None) -> RawEvents:
        """The raw events that match; or, against other rules, those that are "gained" or "lost"."""
        return behind(self._asked("raw_events"), "preview", {"difference": difference})

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        return pa.schema([("date", pa.string()), ("events", pa.int64())])

    def _rows(self) -> list[dict[str, Any]]:
        daily: list[dict[str, Any]] = self.answer["daily"]
        return daily

    def spec(self) -> dict[str, Any]:
        """A bar a day."""
        return charts.preview(self.answer)

    def _table(self) -> Table:
        daily = self.answer["daily"] if self.events else []
        rows = [[day["date"], count(day["events"])] for day in daily]
        title = f"{counted(self.events, 'event')} by {counted(self.persons, 'person')}"
        return Table(["date", "events"], rows, frozenset({0}), title, self._notes())

    def _notes(self) -> list[str]:
        elements = [f"{count(each['count'])} x {_described(each)}" for each in self.answer["elements"]]
        more = (
            [f"and {counted(len(elements) - MOST_ELEMENTS, 'more element')}"]
            if len(elements) > MOST_ELEMENTS
            else []
        )
        names = [f"{count(each['events'])} are {each['name']!r} already" for each in self.answer["overlaps"]]
        spread = [
            _spread(self.answer[key], value, word)
            for key, value, word in (("texts", "text", "text"), ("pages", "path", "page"))
            if self.answer[key]["distinct"]
        ]
        return [*elements[:MOST_ELEMENTS], *more, *spread, *names, *self._difference(), *super()._notes()]

    def _difference(self) -> list[str]:
        """What changes if the rules take the place of those that stand."""
        difference = self.answer["difference"]
        if difference is None:
            return []
        sides = ((word, difference[key]) for word, key in (("gains", "gained"), ("loses", "lost")))
        return [
            f"{word} {counted(side['events'], 'event')} by {counted(side['persons'], 'person')}"
            for word, side in sides
        ]


def _described(element: dict[str, Any]) -> str:
    """An element in few words: `form#signup.card "Sign up"`."""
    attributes = element["attributes"]
    own = f"#{attributes['id']}" if attributes.get("id") else ""
    classes = "".join(f".{name}" for name in (attributes.get("class") or "").split())
    text = f' "{element["text"]}"' if element["text"] else ""
    return f"{element['tag']}{own}{classes}{text}"


def _spread(found: dict[str, Any], value: str, word: str) -> str:
    """Texts or pages in few words: `12 texts since 2026-10-01: 7 x "Buy", 3 x "Buy now", …`."""
    named = [f'{count(each["events"])} x "{each[value]}"' for each in found["top"] if each[value] is not None]
    more = ["…"] if found["distinct"] > MOST_VALUES else []
    listed = ", ".join([*named[:MOST_VALUES], *more])
    return f"{counted(found['distinct'], word)} since {found['from']}: {listed}"
