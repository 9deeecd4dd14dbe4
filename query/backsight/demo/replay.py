"""Makes requests for the collector out of recorded batches, as other devices at other times.

A batch keeps its elements, nodes and events as they were recorded. What is made new are the ids that tell
devices, sessions, pages, users and batches apart; what is moved is time. `sent_at` is taken out: that marks a
batch as history, whose times the collector does not correct by its own clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec

from backsight.demo.recording import RecordedVisit, Recording
from backsight.demo.schedule import Appearance

UNCHANGED = frozenset({"elements", "nodes"})
"""The large tables of a batch; they are carried over as JSON, never parsed."""

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Post:
    """One request to be made."""

    user_agent: str
    body: bytes


class Replay:
    """A recording, ready to be sent: `site` is the shop's origin now, `key` its write key."""

    def __init__(self, recording: Recording, site: str, key: str) -> None:
        self._origins = recording.origin.encode(), site.encode()
        self._key = key
        self._templates = {id(visit): self._read(visit) for visit in recording.visits}

    def posts(self, appearances: Iterable[Appearance]) -> Iterator[Post]:
        """The batches of every appearance, in the order given; its visits are the recording's own objects."""
        for one in appearances:
            templates = self._templates[id(one.visit)]
            begin = min(event["time"] for template in templates for event in template["events"])
            for template in templates:
                yield Post(one.visit.user_agent, msgspec.json.encode(self._moved(template, one, begin)))

    def _read(self, visit: RecordedVisit) -> list[Fields]:
        return [self._template(batch.body.encode().replace(*self._origins)) for batch in visit.batches]

    def _template(self, body: bytes) -> Fields:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return {name: raw if name in UNCHANGED else msgspec.json.decode(raw) for name, raw in fields.items()}

    def _moved(self, template: Fields, one: Appearance, begin: float) -> Fields:
        moved = template | {
            "key": self._key,
            "batch": _fresh(template["batch"], one.device, one.number),
            "device": _fresh("device", one.device),
            "session": _fresh("session", one.device, one.number),
            "pages": [
                page | {"id": _fresh(page["id"], one.device, one.number)} for page in template["pages"]
            ],
            "events": [_moved_event(event, one, begin) for event in template["events"]],
        }
        for of_then in ("sent_at", "unsure"):
            moved.pop(of_then, None)
        return _with_user(moved, one)


def _moved_event(event: Fields, one: Appearance, begin: float) -> Fields:
    start = one.start.timestamp() * 1000
    moved = event | {"time": start + (event["time"] - begin) * one.pace}
    if "duration_ms" in event:
        moved["duration_ms"] = round(event["duration_ms"] * one.pace)
    return _with_user(moved, one)


def _with_user(fields: Fields, one: Appearance) -> Fields:
    return fields | {"user": f"visitor{one.device}@example.com"} if fields.get("user") else fields


def _fresh(*parts: object) -> str:
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()
