"""The rows of a file, one by one, whatever it is: NDJSON, a JSON array, CSV or Parquet.

A row that can't be read is a Row all the same, with the reason in words: it is never left out silently, and
never keeps others from being read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import IO, Any, Final, NamedTuple

import msgspec
import pyarrow.parquet as pq

from backsight.contract import MAX_EVENT_BYTES
from backsight_collector.imports.files import DAMAGED, OpenFile, Stream

MAX_LINE_BYTES: Final = 2**20
"""Longest line, and longest field of CSV, that is read at all."""
MAX_ARRAY_BYTES: Final = 256 * 2**20
"""Longest JSON array that is not one row a line: it is read as a whole."""
PARQUET_ROWS: Final = 2_000
DELIMITERS: Final = ",;\t|"

_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
"""White space, and the mark that some programs begin a file with."""

_object: Final = msgspec.json.Decoder(dict[str, Any])
_array: Final = msgspec.json.Decoder(list[msgspec.Raw])


class Row(NamedTuple):
    """One row: where it stands, its fields, or why it has none; `size` in bytes, about, and `raw` as it stood
    (cut)."""

    place: str
    fields: dict[str, Any] | None
    size: int
    fault: str = ""
    raw: bytes = b""


def rows_of(file: OpenFile) -> Iterator[Row]:
    """All rows of all files in it. Where the rest can't be read, that is the last row."""
    name = file.name
    try:
        for stream in file.streams():
            name = stream.name
            yield from _rows(stream)
    except DAMAGED as error:
        words = str(error) or type(error).__name__
        yield Row(
            name or "the file", None, 0, f"the rest can't be read, as the file is cut or damaged: {words}"
        )


def _rows(stream: Stream) -> Iterator[Row]:
    if stream.is_parquet:
        return _parquet(stream)
    head = _head(stream.bytes).lstrip(_BLANK)
    if head.startswith(b"["):
        return _elements(stream)
    return _lines(stream) if head.startswith(b"{") or not head else _csv(stream)


def _head(file: IO[bytes]) -> bytes:
    head: bytes = file.peek(4_096)  # type: ignore[attr-defined]  # all are buffered readers
    return head[:4_096]


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────


def _lines(stream: Stream) -> Iterator[Row]:
    number = 0
    while line := stream.bytes.readline(MAX_LINE_BYTES):
        number += 1
        place = f"{stream.name}:{number}"
        if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            _skip_line(stream.bytes)
            yield Row(
                place, None, len(line), f"a line of more than {MAX_LINE_BYTES} bytes", line[:MAX_EVENT_BYTES]
            )
        elif text := line.strip(_BLANK):
            yield _json_row(place, text)


def _skip_line(file: IO[bytes]) -> None:
    while (part := file.readline(MAX_LINE_BYTES)) and not part.endswith(b"\n"):
        pass


def _json_row(place: str, text: bytes) -> Row:
    try:
        return Row(place, _object.decode(text), len(text), raw=text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Row(place, None, len(text), f"no JSON object: {error}", text[:MAX_EVENT_BYTES])


def _elements(stream: Stream) -> Iterator[Row]:
    """A JSON array: one object a line, as many tools write it, or else as a whole."""
    first = stream.bytes.readline(MAX_ARRAY_BYTES)
    lines = [first.strip(_BLANK).removeprefix(b"[")]
    if not lines[0].strip(_BLANK):
        first += (second := stream.bytes.readline(MAX_ARRAY_BYTES))
        lines.append(second)
    if _is_object(_entry(lines[-1])):
        yield from _array_lines(stream, lines)
    else:
        yield from _whole_array(stream, first)


def _whole_array(stream: Stream, first: bytes) -> Iterator[Row]:
    body = first + stream.bytes.read(MAX_ARRAY_BYTES - len(first))
    if len(body) >= MAX_ARRAY_BYTES:
        fault = f"a JSON array of more than {MAX_ARRAY_BYTES} bytes; write one object a line"
        yield Row(stream.name, None, 0, fault)
        return
    try:
        entries = _array.decode(body.strip(_BLANK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Row(stream.name, None, len(body), f"no JSON array: {error}", body[:MAX_EVENT_BYTES])
        return
    for number, entry in enumerate(entries, 1):
        yield _json_row(f"{stream.name}:[{number}]", bytes(entry))


def _array_lines(stream: Stream, lines: list[bytes]) -> Iterator[Row]:
    rest = iter(partial(stream.bytes.readline, MAX_LINE_BYTES), b"")
    for number, line in enumerate(chain(lines, rest), 1):
        if text := _entry(line):
            yield _json_row(f"{stream.name}:{number}", text)


def _entry(line: bytes) -> bytes:
    """An array's element on a line of its own, without what stands between elements and behind the last."""
    text = line.strip(_BLANK).rstrip(b", \t")
    if text == b"]":
        return b""
    return text[:-1].rstrip() if text.endswith(b"]") and not _is_object(text) else text


def _is_object(text: bytes) -> bool:
    try:
        _object.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


# ── CSV ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _csv(stream: Stream) -> Iterator[Row]:
    """Rows by the header's names; empty fields are absent."""
    head = _head(stream.bytes)
    text = io.TextIOWrapper(stream.bytes, "utf-8-sig", errors="surrogateescape", newline="")
    try:
        limit = csv.field_size_limit(MAX_LINE_BYTES)
        try:
            yield from _csv_rows(stream.name, csv.reader(text, delimiter=_delimiter(head)))
        finally:
            csv.field_size_limit(limit)
    finally:
        if not text.closed:
            text.detach()  # what it wraps is closed by whoever opened it


def _csv_rows(name: str, reader: Any) -> Iterator[Row]:
    header: list[str] | None = None
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(f"{name}:{reader.line_num}", None, 0, f"no row of CSV: {error}")
            continue
        if header is None:
            header = [value.strip() for value in values]
        elif values:
            yield _csv_row(f"{name}:{reader.line_num}", header, values)


def _csv_row(place: str, header: list[str], values: list[str]) -> Row:
    size = sum(map(len, values)) + len(values)
    if len(values) > len(header):
        raw = ",".join(values).encode("utf-8", "replace")[:MAX_EVENT_BYTES]
        return Row(place, None, size, f"{len(values)} fields; the header names {len(header)}", raw)
    return Row(place, {key: value for key, value in zip(header, values, strict=False) if value != ""}, size)


def _delimiter(head: bytes) -> str:
    first = head.split(b"\n", 1)[0].decode("utf-8", "replace")
    return max(DELIMITERS, key=lambda each: (first.count(each), -DELIMITERS.index(each)))


# ── Parquet ─────────────────────────────────────────────────────────────────────────────────────────────────


def _parquet(stream: Stream) -> Iterator[Row]:
    """Rows by the columns' names; nulls are absent."""
    with pq.ParquetFile(stream.bytes) as file:
        number = 0
        for batch in file.iter_batches(batch_size=PARQUET_ROWS):
            size = batch.nbytes // max(1, batch.num_rows)
            for fields in batch.to_pylist(maps_as_pydicts="lossy"):
                number += 1
                present = {key: value for key, value in fields.items() if value is not None}
                yield Row(f"{stream.name}:row {number}", present, size)
