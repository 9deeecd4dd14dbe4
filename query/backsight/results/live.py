"""What is captured right now, poll by poll."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backsight.results.event_words import element, moment, what
from backsight.results.tables import Table, counted


@dataclass(frozen=True, repr=False)
class Live:
    """The newest raw events, or what was stored after an earlier answer's `next`."""

    answer: dict[str, Any]
    """As the HTTP API gives it."""

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events, the newest first: their columns, `names`, `element`, `browser`, `os`, `device_type`."""
        events: list[dict[str, Any]] = self.answer["events"]
        return events

    @property
    def next(self) -> str:
        """The `after` of the next poll."""
        following: str = self.answer["next"]
        return following

    @property
    def more(self) -> bool:
        """Whether there is more already."""
        more: bool = self.answer["more"]
        return more

    @property
    def gap(self) -> bool:
        """Whether `after` was too long ago, or somebody was deleted since: what is known so far no longer
        fits, and these are the newest events.
        """
        gap: bool = self.answer["gap"]
        return gap

    @property
    def minutes(self) -> list[dict[str, Any]]:
        """How many events came in: `start` of each of the last 30 minutes, and `events`."""
        minutes: list[dict[str, Any]] = self.answer["minutes"]
        return minutes

    def _table(self) -> Table:
        header = ["time (UTC)", "person", "event", "page", "element", "bears", "with"]
        rows = [
            [moment(each["time"]), each["person"], what(each), each.get("path") or "", element(each),
             ", ".join(each["names"]), device_words(each)]
            for each in self.events
        ]  # fmt: skip
        every = sum(minute["events"] for minute in self.minutes)
        return Table(header, rows, frozenset(range(len(header))), f"{counted(every, 'event')} in 30 minutes")

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return self._table().html()


def device_words(event: dict[str, Any]) -> str:
    """The browser and the device, as far as they are known."""
    return " ".join(event[name] for name in ("browser", "os") if name in event)
