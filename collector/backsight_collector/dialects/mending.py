"""JSON as libraries really write it: with NaN, and with halves of characters."""

from __future__ import annotations

import re
from typing import Final

from backsight_collector.wire import MalformedBatch

_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|NaN|-?Infinity', re.DOTALL)
"""A text that never ends is one up to the body's end: looking from each of its quotes anew takes hours."""
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def mend(body: bytes) -> bytes:
    """The body with what is no JSON, and yet sent by honest programs, replaced by what can be read.

    `NaN` and `Infinity`, which Python's `json` writes, become null; half of a surrogate pair, as is left
    where JavaScript cuts a text through an emoji, becomes U+FFFD. All else stays as it is.
    """
    return _TOKEN.sub(_mend_token, body)


def _mend_token(token: re.Match[bytes]) -> bytes:
    text = token[0]
    if not text.startswith(b'"'):
        return b"null"
    return _ESCAPE.sub(_mend_escape, text) if b"\\u" in text else text


def _mend_escape(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape["lone"] else escape[0]


def require_utf8(body: bytes) -> None:
    """Raises MalformedBatch where the body is no text."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBatch(f"the body is not UTF-8: {error.reason} at byte {error.start}") from error
