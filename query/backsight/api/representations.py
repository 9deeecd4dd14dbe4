"""The forms of an answer: JSON, and of a report's figures also Arrow and CSV."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

import msgspec
import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from backsight.api.headers import SECURITY_HEADERS, preferred
from backsight.api.operation import Answer, Operation
from backsight.api.preconditions import etag
from backsight.api.problems import HTTPError
from backsight.dbt_schema import to_yaml
from backsight.results import Result, Sql

JSON: Final = "application/json"
ARROW: Final = "application/vnd.apache.arrow.stream"
CSV: Final = "text/csv"
YAML: Final = "application/yaml"


def offered(operation: Operation) -> tuple[str, ...]:
    """The media types in which an operation answers, the default first."""
    if operation.yaml:
        return (JSON, YAML)
    return (JSON, ARROW, CSV) if operation.tabular else (JSON,)


def choose(request: Request, operation: Operation) -> str:
    """The media type that the Accept header likes most. Raises HTTPError 406 where it takes none of those
    offered.
    """
    accept = request.headers.get("accept")
    media = preferred(accept, offered(operation))
    if media is None:
        raise HTTPError(
            406,
            "Not acceptable",
            "the answer has no such form",
            field="Accept",
            value=accept,
            valid=", ".join(offered(operation)),
        )
    return media


def render(answer: Answer, media: str) -> Response:
    """The answer in that form."""
    headers = dict(SECURITY_HEADERS)
    if answer.version is not None:
        headers["ETag"] = etag(answer.version)
    if answer.content is None:
        return Response(status_code=204, headers=headers)
    headers["Vary"] = "Accept"
    if isinstance(answer.content, Sql):
        return StreamingResponse(_parts(answer.content, media), answer.status, headers, media)
    return Response(encode(answer.content, media), answer.status, headers, media)


def repeated(body: bytes, media: str) -> Response:
    """An answer that was encoded for an earlier asker."""
    return Response(body, 200, {**SECURITY_HEADERS, "Vary": "Accept"}, media)


def encode(content: dict[str, object] | Result, media: str) -> bytes:
    """The content in that form."""
    if not isinstance(content, Result):
        return to_yaml(content).encode() if media == YAML else msgspec.json.encode(content)
    if media == ARROW:
        return _arrow_stream(content.to_arrow())
    return content.to_csv().encode() if media == CSV else msgspec.json.encode(content.answer)


def _parts(rows: Sql, media: str) -> Iterator[bytes] | Iterator[str]:
    """The rows in that form, made as they are sent: as texts they take a multiple of their memory."""
    if media == ARROW:
        return rows.arrow_parts()
    return rows.csv_parts() if media == CSV else rows.json_parts()


def _arrow_stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()
