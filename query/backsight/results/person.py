"""One person: who it is, a page of what they did, and in a report what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final
from zoneinfo import ZoneInfo

from backsight import charts
from backsight.results.result import Result
from backsight.results.tables import Table, counted

if TYPE_CHECKING:
    import pyarrow

_TEXTS: Final = (
    "type", "name", "path", "selector", "text", "names", "properties", "outcome", "reason", "words",
)  # fmt: skip


class Person(Result):
    """One person, and a page of their timeline; asked for by a report's `explain`, also why each of these
    events counts there or does not.

    Data frame: one row an event, with `time`, `type`, `name` (of a custom event), `path`, `selector` and
    `text` of the element, as JSON `names` (the named events that it bears) and `properties`; and, where a
    report is explained, `outcome` ("chosen", "passed_over" or "ignored"), `reason` (a code) and `words`.
    """

    report: ClassVar[str] = "persons"

    @property
    def person(self) -> dict[str, Any]:
        """Who it is: person, user_id, device_ids, traits, events, first_seen, last_seen, statements."""
        person: dict[str, Any] = self.answer["person"]
        return person

    @property
    def events(self) -> list[dict[str, Any]]:
        """This page of the timeline: id, time, type, page, element, properties, device, session, names, and
        where a report is explained outcome (outcome, reason, words, counts, data).
        """
        events: list[dict[str, Any]] = self.answer["events"]
        return events

    @property
    def next(self) -> str | None:
        """The `after` of the page after this one; None at the end."""
        following: str | None = self.answer["next"]
        return following

    @property
    def verdict(self) -> dict[str, Any] | None:
        """What became of the person in the report: counted, words, person_where, and the report's own."""
        verdict: dict[str, Any] | None = self.answer.get("verdict")
        return verdict

    @property
    def words(self) -> list[str]:
        """The verdict in sentences; none without a report."""
        words: list[str] = (self.verdict or {}).get("words", [])
        return words

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        return pa.schema([("time", pa.timestamp("us", tz="UTC")), *((name, pa.string()) for name in _TEXTS)])

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {
                "time": datetime.fromisoformat(event["time"]),
                "type": event["type"],
                "name": event["properties"].get("name"),
                "path": event["page"]["path"],
                "selector": (event["element"] or {}).get("selector"),
                "text": (event["element"] or {}).get("text"),
                "names": json.dumps(event["names"], ensure_ascii=False),
                "properties": json.dumps(event["properties"], ensure_ascii=False),
                **{name: event.get("outcome", {}).get(name) for name in ("outcome", "reason", "words")},
            }
            for event in self.events
        ]

    def spec(self) -> dict[str, Any]:
        """The events along the time, by type; by what became of them, where a report is explained."""
        return charts.person(self.answer)

    def _table(self) -> Table:
        explained = self.verdict is not None
        header = ["time", "event", "on", *(["outcome", "why"] if explained else ["bears"])]
        rows = []
        for event in self.events:
            why = event.get("outcome", {})
            rest = (
                [why["outcome"].replace("_", " "), why["words"]] if explained else [", ".join(event["names"])]
            )
            rows.append(
                [_moment(event["time"], self._zone), event_words(event), event["page"]["path"] or "", *rest]
            )
        last = len(header) - 1
        every = frozenset(range(len(header)))
        return Table(header, rows, every, self._title(), self._notes(), frozenset({last}))

    def _title(self) -> str:
        who = self.person["user_id"] or ", ".join(self.person["device_ids"]) or self.person["person"]
        words = " ".join(self.words)
        return f"{who}: {words}" if words else f"{who}: {counted(self.person['events'], 'event')}"

    def _notes(self) -> list[str]:
        more = [f"There are more events: after={self.next!r}."] if self.next else []
        where = [f"Times are those of {self._zone.key}."] if self._zone.key != "UTC" else []
        return [*where, *more, *super()._notes()]

    @property
    def _zone(self) -> ZoneInfo:
        """Where its days are: the report's timezone."""
        return ZoneInfo((self.verdict or {}).get("timezone", "UTC"))


def who(person: str | Mapping[str, Any]) -> object:
    """A person as a request names one: of a row of a list the number."""
    return person["person"] if isinstance(person, Mapping) and "person" in person else person


def _moment(time: str, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(time).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def event_words(event: dict[str, Any]) -> str:
    """What happened, to what."""
    properties, element = event["properties"], event["element"]
    if name := properties.get("name") or _message(event):
        return f"{event['type']} {name}"
    return f"{event['type']} {element['selector']}" if element else str(event["type"])


def _message(event: dict[str, Any]) -> str | None:
    """What an error said."""
    message = event["properties"]["props"].get("message") if event["type"] == "error" else None
    return message if isinstance(message, str) else None
