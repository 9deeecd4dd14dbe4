"""An export, from beginning to end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from backsight.exports.events import SCHEMA, Events
from backsight.exports.files import appearing
from backsight.exports.request import ExportRequest
from backsight.exports.tables import rows_of, schema_of
from backsight.exports.writers import writer
from backsight.scan.context import Context

Tell = Callable[[float, int], None]
"""Hears of progress: the share that is done, and rows."""


@dataclass(frozen=True)
class Export:
    """What was written."""

    path: Path
    rows: int
    files: int
    bytes: int


def write(asked: ExportRequest, context: Context, tell: Tell = lambda share, rows: None) -> Export:
    """Writes what is asked for; it is at its place when this returns, and nothing is if it raises. Raises
    InvalidRequest where a name is not known, OSError."""
    rows = files = 0
    with appearing(asked.path, is_folder=asked.is_folder) as draft:
        for path, schema, parts in _files(asked, context, draft, tell):
            path.parent.mkdir(exist_ok=True)
            written = 0
            with writer(path, schema, asked.format) as out:
                for part in parts:
                    out.write(part)
                    written += part.num_rows
            if written or asked.table != "events" or not asked.is_folder:
                files += 1
                rows += written
            else:
                path.unlink()
                path.parent.rmdir()
    size = sum(
        each.stat().st_size
        for each in (asked.path.rglob("*.*") if asked.is_folder else [asked.path])
        if each.is_file()
    )
    return Export(asked.path, rows, files, size)


def _files(
    asked: ExportRequest, context: Context, draft: Path, tell: Tell
) -> Iterator[tuple[Path, pa.Schema, Iterable[pa.Table]]]:
    """Each file, its columns, and its rows."""
    if asked.table != "events":
        path = draft / f"{asked.table}.{asked.format}" if asked.is_folder else draft
        yield path, schema_of(asked.table), _told(rows_of(asked, context), tell)
        return
    events = Events(asked, context)
    days = events.days()
    if not asked.is_folder:
        every = (
            part for at, day in enumerate(days) for part in _told(events.rows(day), tell, at / len(days))
        )
        yield draft, SCHEMA, every
        return
    for at, day in enumerate(days):
        folder = draft / f"date={day.isoformat()}"
        yield folder / f"events.{asked.format}", SCHEMA, _told(events.rows(day), tell, at / len(days))


def _told(parts: Iterable[pa.Table], tell: Tell, share: float = 0.0) -> Iterator[pa.Table]:
    for part in parts:
        tell(share, part.num_rows)
        yield part
