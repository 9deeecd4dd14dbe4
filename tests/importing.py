"""Imports without a journal: what of a file would be kept, read as the committer reads it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from backsight_collector import dialects
from backsight_collector.imports.formats import Options
from backsight_collector.imports.importing import Importer, Seen, new_import, source_of
from backsight_collector.imports.progress import Progress
from backsight_collector.journal.records import Capture, decode_record
from backsight_collector.wire import Decoded, Event

HOUR = 3_600_000
NOW = time.time_ns() // 1_000_000
"""Milliseconds; history lies before it."""
SECONDS = NOW // 1_000 - 86_400
"""A day of that history, in seconds."""


class Kept:
    """What an import kept: its records, and its progress."""

    def __init__(self, records: list[bytes], progress: Progress) -> None:
        self.captures = [each for record in records if isinstance(each := decode_record(record), Capture)]
        self.progress = progress

    @property
    def batches(self) -> list[Decoded]:
        return [decoded for capture in self.captures for decoded in dialects.read(capture)]

    @property
    def events(self) -> list[tuple[Decoded, Event]]:
        """In the order of their times."""
        found = [(decoded, event) for decoded in self.batches for _, event in decoded.events]
        return sorted(found, key=lambda pair: pair[1].time)

    @property
    def said(self) -> list[dict[str, Any]]:
        """Of each event what differs most: who, what and where."""
        return [_said(decoded, event) for decoded, event in self.events]

    @property
    def refused(self) -> list[tuple[int, str, str]]:
        """Row, reason and detail of what was refused, by row."""
        return sorted(
            (index, reason.value, detail)
            for each in self.batches
            for index, reason, detail, _ in each.rejections
        )


def kept(
    path: Path, format_: str | None = None, zone: tzinfo = UTC, columns: Mapping[str, str] | None = None
) -> Kept:
    """An import of the whole file, as the command does it."""
    source = source_of(path, format_)
    progress, records = new_import(source, "shop", {}), list[bytes]()
    for _ in Importer(source, progress, Options(zone, columns or {}), Seen()).run(records.append, None):
        pass
    return Kept(records, progress)


def ndjson(path: Path, rows: list[Any]) -> Path:
    path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    return path


def iso(moment: float) -> str:
    """Seconds since 1970 as a time in UTC without an offset."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def seconds(text: str) -> int:
    """The other way round."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _said(decoded: Decoded, event: Event) -> dict[str, Any]:
    batch = decoded.batch
    page = batch.pages[event.page]
    found = {
        "type": event.type.value, "name": event.name, "time": event.time, "device": batch.device,
        "user": batch.user, "session": batch.session, "agent": batch.user_agent, "url": page.url,
        "props": event.props,
        "traits": event.traits, "identified": event.user, "identity": (page.id, event.seq),
    }  # fmt: skip
    return {key: value for key, value in found.items() if value not in (None, "")}
