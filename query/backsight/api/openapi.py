"""The OpenAPI document, made from the operations and the schemas."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from backsight.api.examples import REQUESTS
from backsight.api.operations import PARAMETERS, Operation
from backsight.api.problems import PROBLEM_JSON
from backsight.api.representations import ARROW, CSV, JSON, YAML, offered
from backsight.api.schemas.parts import Schema, ref, referred
from backsight.keys import OF_LINKS

DESCRIPTION: Final = """Ask a site for funnels, retention and trends over all that it ever captured, and name
events after the fact.

Every request carries a secret key: `Authorization: Bearer sk_…`. Every error is a problem document (RFC 9457)
that names the field, the value and what would be valid."""

SCOPES: Final = {
    "read": "ask",
    "define": "change named events and cohorts",
    "admin": "change keys and identity, and read the audit trail",
}

_FAILURES: Final = {
    "400": "The question can't be understood; `field` says where",
    "401": "No key, or one that is unknown, expired or revoked",
    "403": "The key lacks the scope, or a definer's token is used for what it is not for",
    "404": "There is no such named event, cohort, saved report, person or statement",
    "406": "The answer has no form that `Accept` takes",
    "408": "The body came too slowly",
    "409": "What is to be changed was revoked, or another process is changing it",
    "410": "Files that an answer `as_of` an earlier one needs were deleted; a link has ended",
    "412": "Another version stands than the one that the request names",
    "413": "The body is too large",
    "415": "The body is encoded",
    "429": "Too many keys that open nothing came from this address: ask again after `Retry-After` seconds",
    "500": "A fault; `instance` is where to find it in the server's log",
    "503": "Too many questions are being answered: ask again after `Retry-After` seconds; or the answer "
    "takes more time or memory than it may: `valid` says what takes less",
}
_OF_BODIES: Final = ("408", "413", "415")

_RETRY: Final[dict[str, Any]] = {"headers": {"Retry-After": {"schema": {"type": "integer"}}}}
_FAILURE_HEADERS: Final[Mapping[str, dict[str, Any]]] = {
    "401": {"headers": {"WWW-Authenticate": {"schema": {"type": "string"}}}},
    "429": _RETRY,
    "503": _RETRY,
}
_CONDITIONS: Final = {
    "If-Match": "The ETag that was last seen, or *: nothing is changed where another version stands, or none",
    "If-None-Match": "`*`: nothing is changed where the name exists",
}
_TEXT: Final = {"type": "string"}
_TOKEN: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "A definer's token, `dt_…`, on pages of the origin that it was made for.",
}

_LINK: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "The token of a link that shares a saved report, `rt_…`.",
}

_TABLE_FORMS: Final = {
    ARROW: "The figures as one table; `meta` stands in the schema's metadata under `backsight`, as JSON.",
    CSV: "The figures as one table (RFC 4180); a text that looks like a formula gets an apostrophe in front.",
    YAML: "The same as YAML, such as a `schema.yml` is.",
}

_ROW_FORMS: Final = {
    ARROW: "All rows (with a `limit`, the first so many), as a stream that is sent while they are read.",
    CSV: "The same as CSV (RFC 4180); lists and maps as JSON, what looks like a formula after an apostrophe.",
}


def document(
    version: str,
    operations: Sequence[Operation],
    schemas: Mapping[str, Schema],
    beside: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The OpenAPI 3.1 document of an API that has these operations, at this version of Backsight.

    Paths that others answer `beside` it are described there as they are given.
    """
    paths: dict[str, dict[str, Any]] = dict(beside or {})
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    mit = {"name": "MIT", "identifier": "MIT"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Backsight", "version": version, "description": DESCRIPTION, "license": mit},
        "paths": paths,
        "components": {
            "schemas": _used(schemas, paths),
            "securitySchemes": {
                "secretKey": _security(),
                "definerToken": _TOKEN,
                "linkToken": _LINK,
            },
        },
        "security": [{"secretKey": []}],
    }


def _used(schemas: Mapping[str, Schema], paths: Schema) -> dict[str, Schema]:
    """The schemas that the operations use, and those that these refer to."""
    used: dict[str, Schema] = {}
    waiting = referred(paths)
    while waiting:
        name = waiting.pop()
        used[name] = schemas[name]
        waiting |= referred(used[name]) - used.keys()
    return dict(sorted(used.items()))


def _security() -> dict[str, Any]:
    scopes = "; ".join(f"`{scope}`: {meaning}" for scope, meaning in SCOPES.items())
    description = f"A secret key, `sk_…`. Scopes, each including those before it: {scopes}."
    return {"type": "http", "scheme": "bearer", "description": description}


def _operation(operation: Operation) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": _needs(operation),
        "tags": [operation.path.split("/")[2]],
        **({"security": [{"secretKey": []}, {"definerToken": []}]} if operation.on_page else {}),
        **({"security": [{"linkToken": []}]} if operation.scope == OF_LINKS else {}),
        "responses": {**_success(operation), **_failures(operation)},
    }
    if parameters := _parameters(operation):
        made["parameters"] = parameters
    if operation.request:
        made["requestBody"] = {"required": True, "content": {JSON: _content(operation.request)}}
    return made


def _needs(operation: Operation) -> str:
    if operation.scope == OF_LINKS:
        return "Needs the token of a link; 410 where that has ended."
    return f"Needs the scope `{operation.scope}`."


def _content(schema: str) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": ref(schema)}
    return content | ({"example": REQUESTS[schema]} if schema in REQUESTS else {})


def _success(operation: Operation) -> dict[str, Any]:
    if operation.response is None:
        return {"204": {"description": "Done"}}
    content: dict[str, Any] = {JSON: _content(operation.response)}
    for media in offered(operation)[1:]:
        words = _ROW_FORMS if operation.streams else _TABLE_FORMS
        content[media] = {"schema": {"type": "string", "description": words[media]}}
    answer: dict[str, Any] = {"description": operation.summary, "content": content}
    if operation.response in ("NamedEvent", "Cohort", "SavedReport"):
        answer["headers"] = {"ETag": {"description": "The version, for If-Match", "schema": _TEXT}}
    return {"202" if operation.accepted else "200": answer}


def _failures(operation: Operation) -> dict[str, Any]:
    content = {PROBLEM_JSON: {"schema": ref("Problem")}}
    return {
        status: {"description": meaning, "content": content, **_FAILURE_HEADERS.get(status, {})}
        for status, meaning in _FAILURES.items()
        if (operation.request or status not in _OF_BODIES)
        and (operation.preconditions or status != "412")
        and (operation.scope != "read" or status != "409")
        and (operation.is_report or status != "410")
    }


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    """What stands in the path, percent-encoded (`Added%2Fremoved`), and the conditional headers."""
    path = [
        {"name": name, "in": "path", "required": True, **_described(PARAMETERS[name])}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    query = [{"name": name, "in": "query", **_described(schema)} for name, schema in operation.query.items()]
    headers = [
        {"name": header, "in": "header", "schema": _TEXT, "description": _CONDITIONS[header]}
        for header in operation.preconditions
    ]
    return [*path, *query, *headers]


def _described(schema: Schema) -> dict[str, Any]:
    """A parameter's schema, with its description beside it."""
    own = {key: value for key, value in schema.items() if key != "description"}
    return {"schema": own} | ({"description": schema["description"]} if "description" in schema else {})
