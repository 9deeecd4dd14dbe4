"""SQL over a site: the question of POST /v1/sql.

{"sql": "select …", "params": {"name": value}, "limit": 10000, "as_of": META}
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from backsight.errors import BacksightError, InvalidRequest
from backsight.fields import check_text, read_list, read_object, read_string, read_whole, refuse
from backsight.results.result import META_KEY
from backsight.results.sql import TRUNCATED_KEY, TYPE_KEY
from backsight.results.tables import printable_lines
from backsight.sandbox.processes import Answered, Statement
from backsight.sandbox.refusals import Refusal
from backsight.sandbox.views import Views
from backsight.scan.context import Context

FIELDS: Final = ("sql", "params", "limit")
MAX_SQL: Final = 100_000
"""Longest statement, in characters."""
MAX_PARAMS: Final = 100
DEFAULT_ROWS: Final = 10_000
MAX_ROWS: Final = 1_000_000
MAX_BYTES: Final = 64 * 2**20
"""Largest answer, as Arrow holds it; each value counts for 8 bytes at least."""
MAX_NUMBER: Final = 2**63
"""Numbers of parameters lie below it, and no further below zero."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_FILE: Final = re.compile(r"(?:[a-z0-9]+:/)?/[^\s'\"]+")


@dataclass(frozen=True, slots=True)
class SqlRequest:
    """A statement's request, checked."""

    sql: str
    params: Mapping[str, object]
    rows: int


def run(request: Mapping[str, object], context: Context) -> dict[str, Any]:
    """The rows, as `{"table": …}`: Arrow, with `meta` and types in its schema's metadata.

    Raises InvalidRequest with what the database says of the statement, and Exceeded.
    """
    asked = parse(request)
    views = Views(context)

    statement = Statement(asked.sql, asked.params, asked.rows, MAX_BYTES)
    try:
        answered = context.engine.sandbox.run(statement, views.setup)
    except Refusal as refusal:
        raise _error(refusal) from refusal
    return {"table": _table(answered, context.meta((), views.warnings))}


def sql(request: Mapping[str, object], context: Context) -> str:
    """The statement itself."""
    return parse(request).sql


def parse(request: Mapping[str, object]) -> SqlRequest:
    """The request, checked."""
    given = {
        key: value for key, value in read_object(request, "", (*FIELDS, "as_of")).items() if value is not None
    }
    if "sql" not in given:
        refuse("the statement is missing.", "sql", None, "one SELECT statement")
    rows = read_whole(given.get("limit", DEFAULT_ROWS), "limit", 1, MAX_ROWS)
    return SqlRequest(read_string(given["sql"], "sql", MAX_SQL), _read_params(given.get("params", {})), rows)


def _read_params(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        refuse("the params are no object.", "params", value, "names, each with its value")
    if len(value) > MAX_PARAMS:
        refuse(f"there are {len(value)} params.", "params", None, f"at most {MAX_PARAMS}")
    for name in value:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            refuse("this is no name of a parameter.", f"params.{name}", name, "letters, digits and _")
    return {name: _read_param(each, f"params.{name}") for name, each in value.items()}


def _read_param(value: object, field: str) -> object:
    if isinstance(value, list):
        values = read_list(value, field, shortest=0)
        return [_read_scalar(each, f"{field}[{at}]") for at, each in enumerate(values)]
    return _read_scalar(value, field)


def _read_scalar(value: object, field: str) -> object:
    if isinstance(value, str):
        return check_text(value, field, MAX_SQL)
    is_number = isinstance(value, int | float) and -MAX_NUMBER <= value < MAX_NUMBER
    if value is not None and not is_number:
        valid = "a text, a number, true, false, null, or a list of these"
        refuse("this can't be a parameter.", field, value, valid)
    return value


def _error(refusal: Refusal) -> BacksightError:
    """What a statement is told; of a fault, which is none of its, nothing of where things stand."""
    if refusal.kind == "fault":
        message = _FILE.sub("(a file)", refusal.message)
        return BacksightError(f"the statement could not be answered: {message}", field="sql")
    # The database quotes values that it stumbles over, which may be what anybody sent from a page.
    said, valid = printable_lines(refusal.message), printable_lines(refusal.valid)
    return InvalidRequest(said, field=refusal.field, valid=valid)


def _table(answered: Answered, meta: Mapping[str, object]) -> pa.Table:
    """The rows, with all that is known of them."""
    fields = [
        field.with_metadata({TYPE_KEY: kind.encode()})
        for field, kind in zip(answered.rows.schema, answered.types, strict=True)
    ]
    known = {META_KEY: json.dumps(meta).encode(), TRUNCATED_KEY: b"true" if answered.truncated else b"false"}
    return answered.rows.cast(pa.schema(fields, known))
