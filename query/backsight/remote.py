"""A site behind the HTTP API: the same methods and results as one whose lake is read in place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx

from backsight.cohorts import Cohort
from backsight.definer_links import DefinerLink
from backsight.errors import (
    BacksightError,
    Conflict,
    Exceeded,
    Gone,
    InvalidRequest,
    NotFound,
    Refused,
    Unavailable,
    UnsupportedSelector,
    shown,
)
from backsight.keys import SECRET_KEY
from backsight.named_events import NamedEvent
from backsight.questions import Questions
from backsight.requests import REPORT_PATHS, Request
from backsight.results.result import Answer
from backsight.rules.rule import parse_rule

TIMEOUT: Final = httpx.Timeout(10.0, read=600.0)
"""Seconds to connect and send, and to wait for an answer: a report may take its time."""

_ERRORS: Final[Mapping[str, type[BacksightError]]] = {
    "urn:backsight:problem:invalid-request": InvalidRequest,
    "urn:backsight:problem:unsupported-selector": UnsupportedSelector,
    "urn:backsight:problem:not-found": NotFound,
    "urn:backsight:problem:gone": Gone,
    "urn:backsight:problem:exceeded": Exceeded,
    "urn:backsight:problem:unauthenticated": Refused,
    "urn:backsight:problem:refused": Refused,
    "urn:backsight:problem:conflict": Conflict,
}


class RemoteSite(Questions):
    """The site that a secret key belongs to. Safe to share between threads."""

    def __init__(self, url: str, key: str) -> None:
        if not SECRET_KEY.fullmatch(key):
            # The value stays out of the message: it may be a secret with a slip of the pen.
            raise Refused("this is no secret key", field="key", valid="a secret key, sk_…")
        self._client = _client(url, key)
        try:
            self.site: str = self._ask("GET", "/v1/events")["site"]
        except BaseException:
            self._client.close()
            raise

    def events(self) -> list[NamedEvent]:
        return [_event(each) for each in self._ask("GET", "/v1/events")["events"]]

    def event(self, name: str) -> NamedEvent:
        return _event(self._ask("GET", _path(name)))

    def delete_event(self, name: str, *, expected_version: int | None = None) -> None:
        self._ask("DELETE", _path(name), expected_version=expected_version)

    def history(self, name: str) -> list[NamedEvent]:
        return [_event(each) for each in self._ask("GET", f"{_path(name)}/history")["versions"]]

    def cohorts(self) -> list[Cohort]:
        return [_cohort(each) for each in self._ask("GET", "/v1/cohorts")["cohorts"]]

    def cohort(self, name: str) -> Cohort:
        return _cohort(self._ask("GET", _path(name, "cohorts")))

    def delete_cohort(self, name: str, *, expected_version: int | None = None) -> None:
        self._ask("DELETE", _path(name, "cohorts"), expected_version=expected_version)

    def cohort_history(self, name: str) -> list[Cohort]:
        return [_cohort(each) for each in self._ask("GET", f"{_path(name, 'cohorts')}/history")["versions"]]

    def close(self) -> None:
        self._client.close()

    def _report(self, report: str, request: Request) -> tuple[Answer, Callable[[], str]]:
        path = REPORT_PATHS[report]
        answer = self._ask("POST", path, request)
        return answer, lambda: str(self._ask("POST", f"{path}/sql", request)["sql"])

    def _put_event(self, name: str, body: Request, expected_version: int | None) -> NamedEvent:
        return _event(self._ask("PUT", _path(name), body, expected_version))

    def _create_link(self, body: Request) -> DefinerLink:
        link = self._ask("POST", "/v1/definer/links", body)
        return DefinerLink(link["url"], datetime.fromisoformat(link["expires"]))

    def _put_cohort(self, name: str, body: Request, expected_version: int | None) -> Cohort:
        return _cohort(self._ask("PUT", _path(name, "cohorts"), body, expected_version))

    def _freeze(self, name: str, body: Request, expected_version: int | None) -> Cohort:
        return _cohort(self._ask("POST", f"{_path(name, 'cohorts')}/freeze", body, expected_version))

    def _key_door(self) -> RemoteKeys:
        return RemoteKeys(self._ask)

    def _audit(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        query = urlencode({name: str(value) for name, value in request.items()})
        answer: Mapping[str, Any] = self._ask("GET", f"/v1/audit?{query}")
        return answer

    def _deletion_door(self) -> RemoteDeletions:
        return RemoteDeletions(self._ask)

    def _ask(
        self, method: str, path: str, body: Request | None = None, expected_version: int | None = None
    ) -> Any:
        try:
            response = self._client.request(
                method, path, content=_encoded(body), headers=_conditions(expected_version)
            )
        except httpx.HTTPError as error:
            where = str(self._client.base_url)
            message, valid = f"{where} does not answer: {error}", "the address of a Backsight server"
            raise Unavailable(message, field="url", value=where, valid=valid) from error
        document = _document(response)
        if response.status_code == 204 or (response.is_success and document):
            return document
        raise _error(response, document)


@dataclass(frozen=True)
class RemoteDeletions:
    """Requests about deletions, taken to a server."""

    ask: Callable[..., Any]

    def delete(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._answered("POST", "/v1/deletions", body)

    def preview(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._answered("POST", "/v1/deletions/preview", body)

    def list(self) -> Mapping[str, Any]:
        return self._answered("GET", "/v1/deletions")

    def read(self, deletion: str) -> Mapping[str, Any]:
        return self._answered("GET", _path(deletion, "deletions"))

    def _answered(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.ask(method, path, body)
        return answer


@dataclass(frozen=True)
class RemoteKeys:
    """Requests about keys, taken to a server."""

    ask: Callable[..., Any]

    def list(self) -> Mapping[str, Any]:
        return self._answered("GET", "/v1/keys")

    def create(self, body: object) -> Mapping[str, Any]:
        return self._answered("POST", "/v1/keys", body)

    def change(self, key_id: str, body: object) -> Mapping[str, Any]:
        return self._answered("PATCH", _path(key_id, "keys"), body)

    def rotate(self, key_id: str, body: object) -> Mapping[str, Any]:
        return self._answered("POST", f"{_path(key_id, 'keys')}/rotate", body)

    def revoke(self, key_id: str) -> Mapping[str, Any]:
        return self._answered("DELETE", _path(key_id, "keys"))

    def _answered(self, method: str, path: str, body: object = None) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.ask(method, path, body)
        return answer


def _client(url: str, key: str) -> httpx.Client:
    headers = {
        "Authorization": f"Bearer {key}",
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    try:
        client = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT)
    except httpx.InvalidURL as error:
        raise _bad_url(url) from error
    if client.base_url.scheme not in {"http", "https"} or not client.base_url.host:
        client.close()
        raise _bad_url(url)
    return client


def _bad_url(url: str) -> InvalidRequest:
    return InvalidRequest(
        f"{shown(url)} is no URL", field="url", value=url, valid="such as 'http://127.0.0.1:8400'"
    )


def _path(name: str, kind: str = "events") -> str:
    # A dot stays a dot when quoted, and "." or ".." as a segment would be resolved away on the way.
    return f"/v1/{kind}/" + quote(name, safe="").replace(".", "%2E")


def _conditions(expected_version: int | None) -> dict[str, str]:
    if expected_version is None:
        return {}
    return {"If-Match": f'"{expected_version}"'} if expected_version else {"If-None-Match": "*"}


def _encoded(body: Request | None) -> bytes | None:
    if body is None:
        return None
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"this can't be said in JSON: {error}", valid="plain JSON values") from error


def _event(answer: Mapping[str, Any]) -> NamedEvent:
    rules = tuple(parse_rule(rule, f"rules[{index}]") for index, rule in enumerate(answer["rules"]))
    known = {field.name: answer[field.name] for field in fields(NamedEvent)}  # a later server may say more
    return NamedEvent(**{**known, "rules": rules, "at": datetime.fromisoformat(answer["at"])})


def _cohort(answer: Mapping[str, Any]) -> Cohort:
    known = {field.name: answer[field.name] for field in fields(Cohort)}
    conditions = answer["person_where"]
    return Cohort(
        **{
            **known,
            "person_where": None if conditions is None else tuple(conditions),
            "at": datetime.fromisoformat(answer["at"]),
        }
    )


def _error(response: httpx.Response, problem: Mapping[str, Any]) -> BacksightError:
    """The error that a problem document stands for, as it would have been raised in place."""
    kind = _ERRORS.get(problem.get("type", ""), Unavailable)
    message = (
        problem.get("detail") or f"{response.url} answered {response.status_code} {response.reason_phrase}"
    )
    if "instance" in problem:
        message += f" ({problem['instance']})"
    return kind(
        str(message),
        field=problem.get("field", ""),
        value=problem.get("value"),
        valid=problem.get("valid", ""),
    )


def _document(response: httpx.Response) -> Mapping[str, Any]:
    """The JSON object that was answered; an empty one where it is something else, such as a proxy's page."""
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
