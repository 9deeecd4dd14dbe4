"""Segment: raw messages, as its S3 destination keeps them (NDJSON, gzipped), and as its HTTP API takes them.

What a message means is said by the dialect that the collector speaks at its own door (dialects/segment.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from backsight_collector.imports.errors import Refused
from backsight_collector.imports.formats.format import Options, identity
from backsight_collector.imports.mapped import Fields, Said, Spoken, milliseconds, object_of

DIALECT: Final = "segment"
CALLS: Final = frozenset({"track", "page", "screen", "identify", "alias", "group"})
_OBJECTS: Final = ("context", "properties", "traits", "integrations")


class Segment:
    """Messages; an S3 file's `timestamp` is corrected by Segment already, so nothing is corrected again."""

    def __init__(self, options: Options) -> None:
        self._zone = options.zone

    @staticmethod
    def knows(fields: Fields) -> bool:
        """A call's name beside an id of Segment's."""
        return fields.get("type") in CALLS and bool({"messageId", "anonymousId", "userId"} & fields.keys())

    def read(self, fields: Fields, place: str) -> list[Said]:
        if fields.get("type") not in CALLS:
            said = f"{str(fields['type'])[:40]!r} is no call of Segment's" if "type" in fields else "missing"
            raise Refused(f"type: {said}. Valid: {', '.join(sorted(CALLS))}")
        moment = fields.get("timestamp") or fields.get("originalTimestamp") or fields.get("receivedAt")
        time = milliseconds(moment, "timestamp", self._zone)
        message: dict[str, Any] = {key: value for key, value in fields.items() if key != "sentAt"}
        message |= {key: object_of(fields[key], key) for key in _OBJECTS if isinstance(fields.get(key), str)}
        message["timestamp"] = iso(time)
        message["messageId"] = fields.get("messageId") or identity("segment", place)
        return [Spoken(time, DIALECT, message)]


def iso(time: float) -> str:
    """A moment in RFC 3339, UTC."""
    return datetime.fromtimestamp(time / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
