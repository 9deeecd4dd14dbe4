"""Rows as a server sends them, a stream of Arrow, read part by part as they are asked for."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx

from backsight.remote.connection import unanswered

if TYPE_CHECKING:
    import pyarrow


def rows_of(response: httpx.Response) -> tuple[pyarrow.Schema, Iterator[pyarrow.RecordBatch]]:
    """The columns, and the rows part by part; the response is closed with the last of them, or with whoever
    stops before. Raises Unavailable where the stream is cut off.
    """
    import pyarrow as pa

    where = str(response.request.url.copy_with(path="/"))
    body = _Body(response)
    try:
        reader = pa.ipc.open_stream(io.BufferedReader(body))
    except (httpx.HTTPError, pa.ArrowException, OSError) as error:
        response.close()
        raise unanswered(where, error) from error

    def parts() -> Iterator[pyarrow.RecordBatch]:
        try:
            yield from reader
            body.readall()  # the end of the answer, so that the connection serves the next question
        except (httpx.HTTPError, pa.ArrowException, OSError) as error:
            raise unanswered(where, error) from error
        finally:
            response.close()

    return reader.schema, parts()


class _Body(io.RawIOBase):
    """The body of a response, as a file that is read while it comes."""

    def __init__(self, response: httpx.Response) -> None:
        self._chunks, self._rest = response.iter_bytes(), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        taken, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)
