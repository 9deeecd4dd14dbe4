"""How a step, a predicate or rules are written on a command line; each a type of a click parameter."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

import click

_OPERATORS: Final = {"=": "is", "!=": "is_not", "~": "contains", "!~": "not_contains",
                     ">=": "gte", "<=": "lte", ">": "gt", "<": "lt"}  # fmt: skip
_PREDICATE: Final = re.compile(r"\s*([^=!~<>]+?)\s*(!=|!~|>=|<=|=|~|>|<)(.*)", re.DOTALL)


def step(text: str) -> Any:
    """A named event's name; or a step or rule, where it is a JSON object."""
    return _json(text) if _is_object(text) else text


def predicate(text: str) -> Any:
    """`PROPERTY=VALUE` (or another operator), or a predicate as a JSON object."""
    if _is_object(text):
        return _json(text)
    found = _PREDICATE.fullmatch(text)
    if not found:
        raise click.BadParameter(
            f"{text!r} is no predicate. Valid: PROPERTY, then {' '.join(_OPERATORS)}, VALUE; or JSON."
        )
    return {"property": found[1], "op": _OPERATORS[found[2]], "value": _scalar(found[3].strip())}


def value(text: str) -> str | int | float | bool | None:
    """Numbers, true, false, null and quoted text as in JSON; anything else is text as it stands."""
    return None if text == "null" else _scalar(text)


def rules(text: str) -> Any:
    """A rule or a list of rules as JSON, or `@FILE` that holds them (`@-`: standard input)."""
    return _json(_contents(text[1:]) if text.startswith("@") else text)


def request(text: str) -> dict[str, Any]:
    """A report's request as JSON, or `@FILE` that holds it (`@-`: standard input)."""
    read = _json(_contents(text[1:]) if text.startswith("@") else text)
    if not isinstance(read, dict):
        raise click.BadParameter("this is no object. Valid: a report's request, as JSON.")
    return read


def as_of(text: str) -> Any:
    """Of an earlier answer, as JSON or in a file (`-`: standard input), what a question takes as `as_of`."""
    answer = _json(text if _is_object(text) else _contents(text))
    return answer.get("meta", answer) if isinstance(answer, dict) else answer


def _is_object(text: str) -> bool:
    return text.lstrip().startswith("{")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"this is no JSON: {error}.") from error


def _contents(path: str) -> str:
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"can't read {path}: {error}.") from error


def _scalar(text: str) -> str | int | float | bool:
    """Numbers, true, false and quoted text as in JSON; anything else is text as it stands."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, str | int | float) else text
