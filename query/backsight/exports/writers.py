"""Rows into a file, batch by batch, in one of the formats."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

GROUP_ROWS: Final = 2**17
"""Rows of a row group of Parquet."""
_encoder: Final = msgspec.json.Encoder()


class Writer(ABC):
    """A file that is being written; `with` closes it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @abstractmethod
    def write(self, rows: pa.Table) -> None:
        """Appends rows of the schema."""

    @abstractmethod
    def close(self) -> None:
        """Ends the file."""


def writer(path: Path, schema: pa.Schema, form: str) -> Writer:
    """A writer of rows of a schema, in a new file."""
    kinds: dict[str, Callable[[Path, pa.Schema], Writer]] = {
        "parquet": _Parquet,
        "csv": _CSV,
        "ndjson": _JSON,
    }
    return kinds[form](path, schema)


class _Parquet(Writer):
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")

    def write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows, row_group_size=GROUP_ROWS)

    def close(self) -> None:
        self._writer.close()


class _CSV(Writer):
    """What CSV has no form for, lists and maps, is JSON there."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        flat = pa.schema([field.with_type(pa.string()) if _is_nested(field) else field for field in schema])
        self._writer, self._schema = pc.CSVWriter(path, flat), flat

    def write(self, rows: pa.Table) -> None:
        columns = [
            pa.array([None if each is None else _json(each) for each in column.to_pylist()], pa.string())
            if _is_nested(field)
            else column
            for field, column in zip(rows.schema, rows.columns, strict=True)
        ]
        self._writer.write_table(pa.table(columns, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


class _JSON(Writer):
    """One object a line, without what is null."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file, self._maps = (
            path.open("wb"),
            [field.name for field in schema if pa.types.is_map(field.type)],
        )

    def write(self, rows: pa.Table) -> None:
        for row in rows.to_pylist():
            present = {key: value for key, value in row.items() if value is not None}
            for name in self._maps:
                if name in present:
                    present[name] = dict(present[name])
            self._file.write(_encoder.encode(present) + b"\n")

    def close(self) -> None:
        self._file.close()


def _is_nested(field: pa.Field) -> bool:
    return bool(pa.types.is_nested(field.type))


def _json(value: Any) -> str:
    is_map = bool(value) and isinstance(value, list) and isinstance(value[0], tuple)
    return _encoder.encode(dict(value) if is_map else value).decode()
