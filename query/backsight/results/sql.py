"""The rows that a SQL statement gives."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

from backsight import charts
from backsight.errors import InvalidRequest, nearest, shown
from backsight.results.csv_lines import FORMULA_STARTS
from backsight.results.result import META_KEY, Result
from backsight.results.tables import MOST_ROWS, Table, counted

if TYPE_CHECKING:
    import altair
    import pyarrow as pa

TRUNCATED_KEY: Final = b"backsight.truncated"
"""Key of the schema's metadata: whether the statement gave more rows than are here."""
TYPE_KEY: Final = b"backsight.type"
"""Key of a field's metadata: the database's name of its type."""

EXACT: Final = 2**53
"""Whole numbers beyond it are texts in JSON: many readers take numbers for doubles, and would change them."""
EXACT_DIGITS: Final = 15
"""Of a fraction, that any double holds."""
CHUNK_ROWS: Final = 4_096
FEWEST_DRAWN: Final = 2
MOST_DRAWN: Final = 2_000
"""Rows of a chart."""


class Sql(Result):
    """The rows of a statement. Data frame: its columns, with exact types; those of one name are numbered."""

    report: ClassVar[str] = "sql"

    def __init__(
        self, table: pa.Table, sql: str, again: Callable[[Mapping[str, Any]], pa.Table] | None = None
    ) -> None:
        self._arrow, self._text, self._anew = table, sql, again

    @cached_property
    def answer(self) -> dict[str, Any]:  # type: ignore[override]  # made when it is asked for: it is large
        """The answer as the HTTP API gives it in JSON: columns, rows, truncated, meta."""
        rows = [row for batch in self._batches() for row in json_rows(batch)]
        return {"columns": self.columns, "rows": rows, "truncated": self.truncated, "meta": self.meta}

    @property
    def columns(self) -> list[dict[str, str]]:
        """The columns in their order, each with `name` and `type`, as DuckDB calls it."""
        return [
            {"name": field.name, "type": (field.metadata or {}).get(TYPE_KEY, b"").decode()}
            for field in self._arrow.schema
        ]

    @property
    def rows(self) -> list[list[Any]]:
        """The rows as JSON has them; `to_arrow` has exact types."""
        rows: list[list[Any]] = self.answer["rows"]
        return rows

    @property
    def truncated(self) -> bool:
        """Whether the statement gave more rows than these."""
        return self._known.get(TRUNCATED_KEY) == b"true"

    @property
    def meta(self) -> dict[str, Any]:
        meta: dict[str, Any] = json.loads(self._known[META_KEY])
        return meta

    def __len__(self) -> int:
        return int(self._arrow.num_rows)

    def sql(self) -> str:
        """The statement."""
        return self._text

    def again(self) -> Sql:
        """The same statement, as of this answer: over the same data, whatever was captured since.

        Raises Gone where files that it needs were deleted.
        """
        if self._anew is None:
            raise InvalidRequest("this answer was not asked of a site.", field="again", valid="site.sql(…)")
        return Sql(self._anew(self.meta), self._text, self._anew)

    # ── Tables ──────────────────────────────────────────────────────────────────────────────────────────────

    def to_arrow(self) -> pa.Table:
        return self._arrow.rename_columns(_distinct(self._arrow.column_names))

    def to_csv(self) -> str:
        return "".join(self.csv_parts())

    def csv_parts(self) -> Iterator[str]:
        """The CSV, a few thousand rows at a time."""
        yield _csv_text([self._arrow.column_names])
        for batch in self._batches():
            yield _csv_text([_csv_cell(value) for value in row] for row in json_rows(batch))

    def json_parts(self) -> Iterator[bytes]:
        """The answer's JSON text, a few thousand rows at a time."""
        yield b'{"columns": ' + _json(self.columns) + b', "rows": ['
        between = b""
        for batch in self._batches():
            yield between + b", ".join(map(_json, json_rows(batch)))
            between = b", "
        yield b'], "truncated": ' + _json(self.truncated) + b', "meta": ' + _json(self.meta) + b"}"

    def arrow_parts(self) -> Iterator[bytes]:
        """The Arrow stream, a few thousand rows at a time."""
        import pyarrow as pa

        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, self._arrow.schema) as writer:
            for batch in self._batches():
                writer.write_batch(batch)
                yield sink.getvalue()
                sink.seek(0)
                sink.truncate()
        yield sink.getvalue()

    def _batches(self) -> list[pa.RecordBatch]:
        return [batch for batch in self._arrow.to_batches(max_chunksize=CHUNK_ROWS) if batch.num_rows]

    @property
    def _known(self) -> Mapping[bytes, bytes]:
        return self._arrow.schema.metadata or {}

    def _schema(self) -> pa.Schema:
        return self.to_arrow().schema

    def _rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.to_arrow().to_pylist()
        return rows

    # ── Charts ──────────────────────────────────────────────────────────────────────────────────────────────

    def spec(self, x: str | None = None, y: str | None = None) -> dict[str, Any]:
        """A line over the time where `x` is one, else a bar for each `x`, as long as `y`.

        Left out, `x` is the first column and `y` the first of numbers after it. Raises InvalidRequest.
        """
        names = self.to_arrow().column_names
        for field, name in (("x", x), ("y", y)):
            if name is not None and name not in names:
                raise InvalidRequest(
                    f"there is no column {shown(name)}.", field=field, value=name, valid=nearest(name, names)
                )
        axes = self._axes(x, y)
        if axes is None:
            return charts.parts.nothing(
                "There is nothing to draw: a column of numbers is needed beside another."
            )
        at = [names.index(axis) for axis in axes]
        drawn = self._arrow.slice(0, MOST_DRAWN).select(at)
        rows = [row for batch in drawn.to_batches() for row in json_rows(batch)]
        return charts.sql(axes[0], axes[1], rows, _is_time(self._arrow.schema.field(at[0]).type))

    def chart(self, x: str | None = None, y: str | None = None) -> altair.TopLevelMixin:
        """The same as an Altair chart. Raises MissingExtra without Altair."""
        drawn = self.spec(x, y)
        super().chart()  # which tells what is missing
        import altair

        return altair.Chart.from_dict(drawn)

    def _axes(self, x: str | None, y: str | None) -> tuple[str, str] | None:
        schema = self.to_arrow().schema
        x = schema.names[0] if x is None else x
        numbers = [field.name for field in schema if field.name != x and _is_number(field.type)]
        y = (numbers[0] if numbers else None) if y is None else y
        return None if y is None else (x, y)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """A chart where the rows are one by themselves: a time or text first, and some number of it."""
        first = self._arrow.schema.field(0).type
        is_one = _is_time(first) or _is_text(first)
        if is_one and self._axes(None, None) and FEWEST_DRAWN <= len(self) <= MOST_DRAWN:
            return super()._repr_mimebundle_(include, exclude)
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def _table(self) -> Table:
        half = MOST_ROWS // 2
        few = len(self) <= MOST_ROWS
        parts = (
            [self._arrow] if few else [self._arrow.slice(0, half + 1), self._arrow.slice(len(self) - half)]
        )
        rows = [row for part in parts for batch in part.to_batches() for row in json_rows(batch)]
        left = frozenset(at for at, field in enumerate(self._arrow.schema) if not _is_number(field.type))
        cells = [[_cell(value) for value in row] for row in rows]
        return Table(self._arrow.column_names, cells, left, self._title(), super()._notes())

    def _title(self) -> str:
        return f"The first {counted(len(self), 'row')}" if self.truncated else counted(len(self), "row")


# ── Values ──────────────────────────────────────────────────────────────────────────────────────────────────


def json_rows(batch: pa.RecordBatch) -> list[list[Any]]:
    """The rows of a batch as JSON values."""
    columns = [[_plain(value, column.type) for value in _values(column)] for column in batch.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _values(column: pa.Array) -> Iterable[Any]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):  # infinity, or a year that Python has no date of
        return [_lenient(value) for value in column]


def _lenient(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        return None


def _plain(value: Any, kind: pa.DataType) -> Any:
    """A value as JSON has it."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if -EXACT <= value <= EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | dict):
        return _nested(value, kind)
    return _special(value)


def _nested(value: Any, kind: pa.DataType) -> Any:
    import pyarrow as pa

    if pa.types.is_map(kind):
        return {str(_plain(key, kind.key_type)): _plain(each, kind.item_type) for key, each in value}
    if isinstance(value, dict):
        return {name: _plain(each, kind.field(name).type) for name, each in value.items()}
    return [_plain(each, kind.value_type) for each in value]


def _special(value: Any) -> Any:
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return _plain(int(value), None)
        return float(value) if len(value.as_tuple().digits) <= EXACT_DIGITS else str(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def _cell(value: object) -> str:
    """A value as people read it."""
    if isinstance(value, str):
        return value
    return "" if value is None else _json(value).decode()


def _csv_cell(value: object) -> object:
    if isinstance(value, str):
        return "'" + value if value.startswith(FORMULA_STARTS) else value
    return value if value is None or isinstance(value, int | float) else _cell(value)


def _csv_text(rows: Iterable[Iterable[object]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue()


def _distinct(names: list[str]) -> list[str]:
    """The names, those that came before with a number."""
    made: list[str] = []
    for name in names:
        new, number = name, 0
        while new in made:
            number += 1
            new = f"{name}_{number}"
        made.append(new)
    return made


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_time(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_dictionary(kind))
