"""Rows as CSV, part by part: what any spreadsheet opens, and runs nothing of."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pyarrow

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula."""


def csv_lines(schema: pyarrow.Schema, parts: Iterable[pyarrow.RecordBatch]) -> Iterator[str]:
    """The header, and then the lines of each part (RFC 4180)."""
    yield _written([schema.names])
    for part in parts:
        yield _written([csv_cell(value) for value in row.values()] for row in part.to_pylist())


def csv_cell(value: Any) -> Any:
    """A value as a cell: a text that looks like a formula gets an apostrophe in front."""
    if isinstance(value, list):
        is_map = bool(value) and isinstance(value[0], tuple)
        return json.dumps(dict(value) if is_map else value, ensure_ascii=False)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _written(rows: Iterable[Iterable[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue()
