"""`/v1/identity/…`: identity statements over HTTP, for keys with the scope `admin`.

They stand here and not in the API, because a revocation is a record of the collector's journal.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from backsight.api.operations import Answer, Call, Operation
from backsight.api.schemas.parts import TEXT, Schema, array, choice, full, nullable, obj, ref
from backsight.cli.revocation import revoke_statement
from backsight.contract import StatementKind
from backsight.data_directory import DataDirectory
from backsight.fields import read_object, read_string
from backsight.lake import Lake
from backsight.statements import list_statements, require_statement

IDENTITY_SCHEMAS: Final[dict[str, Schema]] = {
    "StatementFilter": obj({"device": TEXT, "user": TEXT}),
    "Statements": full({"statements": array(ref("Statement"))}),
    "Statement": full(
        {
            "statement_id": TEXT,
            "kind": choice(*(kind.value for kind in StatementKind)),
            "time": {**TEXT, "format": "date-time"},
            "device": nullable(TEXT),
            "user": nullable(TEXT),
            "traits": nullable({"type": "object"}),
            "revokes": nullable(TEXT),
            "holds": {"type": "boolean"},
        }
    ),
    "Revoke": obj({"statement_id": TEXT}, ("statement_id",)),
    "Revoked": full(
        {
            "revoked": TEXT,
            "statement_id": {**TEXT, "description": "Of the revocation, which can be revoked too"},
        }
    ),
}
"""Of what these operations take and give."""


def identity_operations(data: Path, directory: DataDirectory) -> tuple[Operation, ...]:
    """The operations of this module, for the query API to serve and to document."""
    lake = Lake(data / "lake")
    return (
        Operation(
            "revokeStatement", "POST", "/v1/identity/revoke", "admin", "Declare that a statement never held",
            partial(_revoke, data, directory, lake), "Revoke", "Revoked",
        ),
        Operation(
            "listStatements", "POST", "/v1/identity/statements", "admin", "What was said about who is who",
            partial(_list, lake), "StatementFilter", "Statements",
        ),
    )  # fmt: skip


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
