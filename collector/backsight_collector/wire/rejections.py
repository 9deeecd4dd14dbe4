"""What is refused, and in which words: a single event (Rejection) or a batch as a whole (MalformedBatch)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

from backsight.contract import MAX_EVENT_BYTES, Reason

_PLACE: Final = re.compile(r"(?P<message>.*) - at `\$\.?(?P<field>.*)`", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
SHOWN_CHARS: Final = 80
DETAIL_CHARS: Final = 240
"""A message may quote what was sent, and that is the web's."""


class Rejection(NamedTuple):
    """An event that is not kept as one: its place in the batch, why, and its JSON cut at MAX_EVENT_BYTES."""

    index: int  # type: ignore[assignment]  # a tuple's `index` method, which nobody needs here
    reason: Reason
    detail: str
    raw: str


class MalformedBatch(Exception):
    """The body is no batch. `field` is at fault (empty: the body itself), `value` its JSON as sent, cut."""

    def __init__(self, detail: str, *, field: str = "", value: str | None = None) -> None:
        super().__init__(detail)
        self.detail, self.field, self.value = detail, field, value


def field_of(error: msgspec.DecodeError) -> str:
    """The path of the field that failed, empty for the whole."""
    return _parts(error)[0]


def explain(error: msgspec.DecodeError) -> str:
    """msgspec's words, the field first: ``seq: expected `int`, got `str` ``."""
    field, message = _parts(error)
    if not message.startswith("JSON"):
        message = message[:1].lower() + message[1:]
    sentence = f"{field}: {message}" if field else message
    return sentence if len(sentence) <= DETAIL_CHARS else sentence[: DETAIL_CHARS - 1] + "…"


def _parts(error: msgspec.DecodeError) -> tuple[str, str]:
    found = _PLACE.fullmatch(str(error))
    field, message = (found["field"], found["message"]) if found else ("", str(error))
    if missing := _MISSING.fullmatch(message):
        return f"{field}.{missing[1]}".lstrip("."), "missing"
    return field, message


def cut(raw: bytes, limit: int = MAX_EVENT_BYTES) -> str:
    """The text of some JSON, cut to `limit` bytes between two characters."""
    return raw[:limit].decode("utf-8", "ignore")
