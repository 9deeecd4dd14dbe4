"""If-Match and If-None-Match, as the version of a named event that the caller last saw."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from starlette.requests import Request

from backsight.errors import InvalidRequest, shown
from backsight.store import STANDING

_ETAG: Final = re.compile(r'(?:W/)?"([1-9][0-9]{0,8})(?:-\w+)?"')
"""Proxies that compress mark the tags of what passes, nginx W/"3", Apache "3-gzip": that version is meant."""


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def expected_version(request: Request, honoured: Collection[str]) -> int | None:
    """The version that must stand for the change to be made, 0 for none, STANDING for whichever; None where
    the caller does not say.

    Raises InvalidRequest for a tag that is not one of ours.
    """
    if "If-None-Match" in honoured and "if-none-match" in request.headers:
        return _nothing(request.headers["if-none-match"])
    if "If-Match" not in honoured or "if-match" not in request.headers:
        return None
    tag = request.headers["if-match"].strip()
    if tag == "*":
        return STANDING
    found = _ETAG.fullmatch(tag)
    if not found:
        valid = 'an ETag, such as "3"; or *, for a name that there is'
        raise InvalidRequest(f"{shown(tag)} is no version", field="If-Match", value=tag, valid=valid)
    return int(found[1])


def _nothing(value: str) -> int:
    if value.strip() != "*":
        raise InvalidRequest(
            f"{shown(value)} can't be asked for",
            field="If-None-Match",
            value=value,
            valid="*, for a name that is new",
        )
    return 0
