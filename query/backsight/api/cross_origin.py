"""What pages of the tracked site may ask of the API: the operations of the definer, with a token made for
their origin (CORS). Everything else has no CORS headers: a secret key has no place in a page.

A page whose token is no good any more may read that; a page of any other origin learns nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from starlette.requests import Request
from starlette.responses import Response

from backsight.api.headers import SECURITY_HEADERS, bearer_key
from backsight.api.operations import Operation
from backsight.api.problems import HTTPError
from backsight.errors import BacksightError, Refused
from backsight.keys import Principal

ALLOWED_HEADERS: Final = "Authorization, Content-Type, If-Match, If-None-Match"
EXPOSED_HEADERS: Final = "ETag, Retry-After"
PREFLIGHT_SECONDS: Final = 600
"""How long a browser may remember what it was told of a path; the token is checked at every request."""
MOST_AT_ONCE: Final = 16
"""Requests of one definer's token that are answered at a time: whoever takes one from a page can't take the
places of everybody else. The definer itself asks for a few.
"""
_ORIGIN: Final = re.compile(r"https?://[^/?#]+")


class Tokens(Protocol):
    """What is known of definer's tokens; called in threads."""

    def origin_of(self, token: str) -> str | None:
        """The origin of a token that is kept, live or not."""
        ...

    def has_origin(self, origin: str) -> bool:
        """Whether a token of this origin is kept, live or not."""
        ...


def shared_headers(request: Request, tokens: Tokens) -> Mapping[str, str]:
    """The headers that let the page read the answer, where it is one of the token's origin.

    That a token is unknown (the link was cut, or it is forgotten by now) may be read where others are known.
    """
    token, sent = bearer_key(request) or "", request.headers.getlist("origin")
    if len(sent) != 1 or not token.startswith("dt_"):
        return {}
    asking, origin = sent[0], tokens.origin_of(token)
    if origin != asking and (origin is not None or not tokens.has_origin(asking)):
        return {}
    return {"Access-Control-Allow-Origin": asking, "Access-Control-Expose-Headers": EXPOSED_HEADERS}


def require_page(principal: Principal, operation: Operation, request: Request) -> None:
    """Raises Refused where a definer's token is used for what pages may not do, or by another's page."""
    if principal.origin is None:
        return
    if not operation.on_page:
        valid = f"a secret key with scope {operation.scope!r}"
        raise Refused("a definer's token may not do this.", field="key", valid=valid)
    if (asking := _asking(request)) != [principal.origin]:
        raise Refused(
            "this definer's token is for pages of another origin.",
            field="Origin",
            value=", ".join(asking) or None,
            valid="the origin for which its link was made",
        )


class Places:
    """How many requests of each definer's token are being answered. Belongs to one event loop."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def of(self, principal: Principal) -> Iterator[None]:
        """A place for a request, for as long as it is answered. Raises HTTPError 503 where all are taken."""
        if principal.origin is None:
            yield
            return
        token = principal.key_id
        if self._taken[token] >= MOST_AT_ONCE:
            message = "too many questions with this token are being answered"
            raise HTTPError(503, "Busy", message, headers={"Retry-After": "2"})
        self._taken[token] += 1
        try:
            yield
        finally:
            self._taken[token] -= 1
            if not self._taken[token]:
                del self._taken[token]


def require_impersonal(principal: Principal, body: Mapping[str, Any]) -> None:
    """Raises Refused where a definer's token is used to ask who persons are: whoever is on a page of the site
    could single out a person by a trait, and read where that person was.
    """
    if principal.origin is None:
        return
    if body.get("person_where") is not None:
        raise _about_persons("person_where")
    for field in ("rules", "against", "where"):
        for name in _properties(body.get(field)):
            if name.startswith("person."):
                raise _about_persons(field)


def _properties(value: object) -> Iterator[str]:
    """Names of the properties in rules and predicates, however they nest."""
    if isinstance(value, dict):
        if isinstance(name := value.get("property"), str):
            yield name
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from _properties(each)


def _about_persons(field: str) -> Refused:
    valid = "properties of events; or a secret key"
    return Refused("a definer's token may not ask about persons.", field=field, valid=valid)


@dataclass(frozen=True)
class Preflight:
    """Answers OPTIONS on a path: tells pages of an origin for which a token was made what they may send."""

    operations: Sequence[Operation]
    """Those of the path that pages may ask for."""
    tokens: Tokens
    run: Callable[[Callable[[], bool]], Awaitable[bool]]
    """Calls something in a thread."""

    async def answer(self, request: Request) -> Response:
        """204; with CORS headers where the origin is known and the method is one for pages."""
        methods = ", ".join(sorted(operation.method for operation in self.operations))
        headers = {**SECURITY_HEADERS, "Vary": "Origin"}
        asked = request.headers.get("access-control-request-method")
        sent = request.headers.getlist("origin")
        if len(sent) == 1 and asked in methods.split(", ") and await self._is_known(sent[0]):
            headers |= {
                "Access-Control-Allow-Origin": sent[0],
                "Access-Control-Allow-Methods": methods,
                "Access-Control-Allow-Headers": ALLOWED_HEADERS,
                "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
            }
            # A public page asks a server in a private network: https://wicg.github.io/private-network-access/
            if request.headers.get("access-control-request-private-network") == "true":
                headers["Access-Control-Allow-Private-Network"] = "true"
        return Response(status_code=204, headers=headers)

    async def _is_known(self, origin: str) -> bool:
        try:
            return await self.run(lambda: self.tokens.has_origin(origin))
        except BacksightError:  # busy, or the store fails: the browser will ask again
            return False


def _asking(request: Request) -> list[str]:
    """The origin of the page that asks. Browsers leave it out where a page asks its own origin to GET: then
    it is the referrer's.
    """
    sent = request.headers.getlist("origin")
    if sent or request.method not in {"GET", "HEAD"}:
        return sent
    referrers = [_ORIGIN.match(each) for each in request.headers.getlist("referer")]
    return [found[0] for found in referrers if found]
