"""What an import keeps in its journal: rows of an export, in our wire or another dialect, and what it
refused.

    {"import": KEY, "row": first of its chunk, "part": its number in the chunk,
     "entries": [{"dialect": "backsight", "rows": [17, …], "places": ["a.csv:18", …], "body": {…}}, …],
     "refused": [[19, "a.csv:20", "bad_event", "why", "the row"], …]}

`rows` and `places` say of each event, by its index in the body as sent, from where it came: so what a decoder
rejects is found in the file. All dead letters of an import are of one batch, its key, in which a row has its
number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from backsight.contract import Reason
from backsight_collector.journal.records import Capture, Erased, UnknownRecord, decode_record
from backsight_collector.wire import Batch, Decoded, MalformedBatch, Rejection

IMPORT: Final = "import"
Dialects = Mapping[str, Callable[[bytes, int], list[Decoded]]]


class Entry(msgspec.Struct, gc=False):
    """One batch in some dialect, and where its events come from."""

    dialect: str
    rows: list[int]
    places: list[str]
    body: msgspec.Raw


class Part(msgspec.Struct, gc=False):
    """One record; `row` and `part` say how far the import is once it is durable."""

    key: str = msgspec.field(name="import")
    row: int
    part: int
    entries: list[Entry]
    refused: list[tuple[int, str, Reason, str, str]]


_part: Final = msgspec.json.Decoder(Part)


def read_part(body: bytes) -> Part:
    """The record, its entries not read yet. Raises MalformedBatch."""
    try:
        return _part.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBatch(f"this is no part of an import: {error}") from error


def place_of(payload: bytes) -> Part | None:
    """How far a journal record says that an import is, also one that was erased; null where it is no part of
    one."""
    try:
        record = decode_record(payload)
        if isinstance(record, Erased):
            return read_part(record.filler.partition(b"\n")[0])
        if isinstance(record, Capture) and record.dialect == IMPORT:
            return read_part(record.body)
    except (UnknownRecord, MalformedBatch):
        pass
    return None


def without_rows(payload: bytes) -> bytes:
    """What stays of a journal record that is erased: of an import, which part it was. Or else an import that
    was killed would begin its chunk anew, however late, and other persons' rows came in twice."""
    part = place_of(payload)
    return b"" if part is None else msgspec.json.encode(Part(part.key, part.row, part.part, [], []))


def decode(body: bytes, received_at: int, dialects: Dialects) -> list[Decoded]:
    """The batches of a part. Raises MalformedBatch."""
    part = read_part(body)
    if unknown := {entry.dialect for entry in part.entries} - dialects.keys():
        raise MalformedBatch(f"this version does not speak the dialect {min(unknown)!r}", field="dialect")
    batch = f"import {part.key}"
    found = [
        _placed(decoded, entry, batch)
        for entry in part.entries
        for decoded in dialects[entry.dialect](bytes(entry.body), received_at)
    ]
    if part.refused:
        refused = [
            Rejection(row, reason, _said(place, why), raw) for row, place, reason, why, raw in part.refused
        ]
        nothing = Batch(v=1, key=IMPORT, batch=batch, device=IMPORT, pages=[], events=[])
        found.append(Decoded(nothing, [], refused, 0))
    return found


def _placed(decoded: Decoded, entry: Entry, batch: str) -> Decoded:
    """With rejections by row of the file, in the import's own batch; they are the only ones that name it."""
    decoded.batch.batch = batch
    if not decoded.rejections:
        return decoded
    known = range(len(entry.rows))
    rejections = [
        Rejection(entry.rows[index], reason, _said(entry.places[index], detail), raw) if index in known
        else Rejection(index, reason, detail, raw)
        for index, reason, detail, raw in decoded.rejections
    ]  # fmt: skip
    return decoded._replace(rejections=rejections)


def _said(place: str, detail: str) -> str:
    return f"{place}: {detail}"
