"""The way to a server: requests as they are sent, answers and problems as they come back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import httpx

from backsight import waiting
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
from backsight.requests import Request

if TYPE_CHECKING:
    import pyarrow as pa

ARROW: Final = "application/vnd.apache.arrow.stream"
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


class Connection:
    """To the server at `url`, with a secret key. Safe to share between threads. Raises InvalidRequest.

    Where `show` says so, what takes long is shown to take long.
    """

    def __init__(self, url: str, key: str, show: Callable[[], bool] = lambda: False) -> None:
        self._client = _client(url, key)
        self._show = show

    def close(self) -> None:
        self._client.close()

    def ask(
        self, method: str, path: str, body: Request | None = None, expected_version: int | None = None
    ) -> Any:
        """The JSON that is answered. Raises what the problem stands for, Unavailable where nobody answers."""
        response = self._sent(method, path, body, _conditions(expected_version))
        document = _document(response)
        if response.status_code == 204 or (response.is_success and document):
            return document
        raise _error(response, document)

    def table(self, path: str, body: Request) -> pa.Table:
        """The Arrow table that is answered. Raises as `ask` does."""
        import pyarrow as pa

        response = self._sent("POST", path, body, {"Accept": ARROW})
        if response.is_success and response.headers.get("content-type", "").startswith(ARROW):
            return pa.ipc.open_stream(response.content).read_all()
        raise _error(response, {} if response.is_success else _document(response))

    def stream(self, path: str, body: Request) -> httpx.Response:
        """An answer of rows as Arrow, of which nothing is read yet: whoever gets it closes it.

        Raises as `ask` does.
        """
        asked = self._client.build_request("POST", path, content=_encoded(body), headers={"Accept": ARROW})
        try:
            with waiting.for_server(show=self._show()):
                response = self._client.send(asked, stream=True)
                if not response.is_success:
                    response.read()
        except httpx.HTTPError as error:
            raise unanswered(str(self._client.base_url), error) from error
        if not response.is_success:
            raise _error(response, _document(response))
        return response

    def _sent(
        self, method: str, path: str, body: Request | None, headers: Mapping[str, str]
    ) -> httpx.Response:
        try:
            # Ctrl-C closes the connection, upon which the server calls the question off.
            with waiting.for_server(show=self._show()):
                return self._client.request(method, path, content=_encoded(body), headers=headers)
        except httpx.HTTPError as error:
            raise unanswered(str(self._client.base_url), error) from error


def unanswered(where: str, error: Exception) -> Unavailable:
    """The error of a server that does not answer, or stops halfway."""
    message, valid = f"{where} does not answer: {error}", "the address of a Backsight server"
    return Unavailable(message, field="url", value=where, valid=valid)


def path_of(name: str, kind: str = "events") -> str:
    """The path of what is called so."""
    # A dot stays a dot when quoted, and "." or ".." as a segment would be resolved away on the way.
    return f"/v1/{kind}/" + quote(name, safe="").replace(".", "%2E")


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
