"""`/v1/identity/…`: identity statements over HTTP, for keys with the scope `admin`.

They stand here and not in the API, because a revocation is a record of the collector's journal.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from backsight.api.endpoint import Endpoint
from backsight.api.operations import Answer, Call, Operation
from backsight.api.paths import RawRoute
from backsight.api.workers import Workers
from backsight.cli.revocation import revoke_statement
from backsight.fields import read_object, read_string
from backsight.keys import Principal
from backsight.lake import Lake
from backsight.site import DataDirectory
from backsight.statements import list_statements, require_statement

_THREADS: Final = 1
_WAITING: Final = 16


def add_identity_routes(
    api: FastAPI, data: Path, directory: DataDirectory, authenticate: Callable[[str], Principal]
) -> None:
    """Adds the operations of this module to the query API."""
    lake, workers = Lake(data / "lake"), Workers("identity", _THREADS, _WAITING)
    operations = (
        Operation(
            "revokeStatement", "POST", "/v1/identity/revoke", "admin", "Declare that a statement never held",
            partial(_revoke, data, directory, lake), "Revoke", "Revoked",
        ),
        Operation(
            "listStatements", "POST", "/v1/identity/statements", "admin", "What was said about who is who",
            partial(_list, lake), "StatementFilter", "Statements",
        ),
    )  # fmt: skip
    for operation in operations:
        endpoint = Endpoint(operation, directory.site, authenticate, workers, workers)
        route = RawRoute(operation.path, endpoint.answer, methods=[operation.method], name=operation.id)
        api.routes.append(route)


def _revoke(data: Path, directory: DataDirectory, lake: Lake, call: Call) -> Answer:
    body = read_object(call.body, "", ["statement_id"])
    statement_id = read_string(body.get("statement_id"), "statement_id")
    require_statement(lake.snapshot(call.principal.site), statement_id)
    site, actor = call.principal.site, call.principal.key_id
    revocation = revoke_statement(data, directory.store, site, statement_id, actor)
    return Answer({"revoked": statement_id, "statement_id": revocation})


def _list(lake: Lake, call: Call) -> Answer:
    body = read_object(call.body, "", ["device", "user"])
    wanted = {key: read_string(value, key) for key, value in body.items()}
    return Answer({"statements": list_statements(lake.snapshot(call.principal.site), **wanted)})
