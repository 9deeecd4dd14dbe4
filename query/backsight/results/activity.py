"""The result of asking how active names are: which fell silent, and what took their place."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from backsight import charts
from backsight.results.result import Result
from backsight.results.tables import Table, count

if TYPE_CHECKING:
    import pyarrow


class Activity(Result):
    """How active each named event is. `events` is the answer's list: name, activity, repair (or null).

    Data frame: one row a name and day, with `name`, `date` and `events`.
    """

    report: ClassVar[str] = "activity"

    @property
    def events(self) -> list[dict[str, Any]]:
        """Per name: `activity` (from, daily, events, persons, last, silent_since, cause, words) and `repair`
        (rule, rules, words, why, found, before, after, overlap), null where nothing is to be repaired.
        """
        events: list[dict[str, Any]] = self.answer["events"]
        return events

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        return pa.schema([("name", pa.string()), ("date", pa.string()), ("events", pa.int64())])

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {"name": each["name"], "date": day, "events": events}
            for each in self.events
            for day, events in daily(each["activity"])
        ]

    def spec(self) -> dict[str, Any]:
        """A row a name, with the shape of its days."""
        return charts.activity(self.events)

    def _table(self) -> Table:
        header = ["name", "events", "persons", "last", "silent since"]
        rows = [
            [each["name"], count(known["events"]), count(known["persons"]), known["last"] or "never",
             known["silent_since"] or ""]
            for each in self.events
            for known in [each["activity"]]
        ]  # fmt: skip
        none = [] if rows else ["No named events yet."]
        return Table(header, rows, frozenset({0, 3, 4}), "Activity", [*none, *self._notes()])

    def _notes(self) -> list[str]:
        return [note for each in self.events for note in _said(each)] + super()._notes()


def daily(activity: dict[str, Any]) -> list[tuple[str, int]]:
    """The days with their events."""
    first = date.fromisoformat(activity["from"])
    days = (first + timedelta(days=number) for number in range(len(activity["daily"])))
    return [(day.isoformat(), events) for day, events in zip(days, activity["daily"], strict=True)]


def _said(each: dict[str, Any]) -> list[str]:
    """What happened to a name, and what would repair it."""
    words, repair = each["activity"]["words"], each["repair"]
    said = [f"{each['name']!r}: {words}"] if words else []
    if repair is not None:
        found = count(repair["found"]["events"])
        said.append(f"{each['name']!r} could be widened by {repair['words']}: {found} events since")
    return said
