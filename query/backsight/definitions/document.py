"""An events file as it is written: YAML in, plain JSON values out, with the place of each.

YAML 1.2, whatever a loader of 1.1 would make of it: `on`, `yes` and `2026-10-01` are texts, keys are always
texts. Anchors and aliases are taken, within bounds; tags, merge keys and a key that stands twice are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isinf
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml

from backsight.errors import InvalidRequest, UnsupportedSelector, shown
from backsight.fields import below

MAX_BYTES: Final = 2_000_000
MAX_VALUES: Final = 200_000
"""Most values in a file, those that aliases repeat counted each time."""
MAX_DEPTH: Final = 40
FILE: Final = "events.yaml"
"""What a file is called that says nothing else."""
SECTIONS: Final = ("events", "cohorts")

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_FLAGS: Final = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_WHOLE: Final = re.compile(r"[-+]?[0-9]+")
NUMBER: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_JSON: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MOST_DIGITS: Final = 400


@dataclass(frozen=True)
class Document:
    """What a file says, and where."""

    value: Any
    path: str = ""
    """As errors name it; empty of what is no file."""
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Line and column of each value, by the field that an error about it names."""

    def located(self, error: InvalidRequest) -> InvalidRequest:
        """The error, with the line and column at which its field stands."""
        at, known = error.field, self.places
        while at and at not in known:
            at = _outer(at)
        if at not in known:
            return error
        line, column = known[at]
        where = f"{self.path}:{line}:{column}: {error.field}"
        return type(error)(error.message, field=where, value=error.value, valid=error.valid)


def entry_field(section: str, name: str) -> str:
    """The field of an event or a cohort: `events['Signed up']`."""
    return f"{section}[{name!r}]"


def read_document(source: str | Path | Mapping[str, Any]) -> Document:
    """The document in a file, or what a mapping says. Raises InvalidRequest with line and column, OSError."""
    if isinstance(source, Mapping):
        return Document(source)
    path = Path(source)
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    return parse_document(content, str(source))


def parse_document(content: bytes | str, path: str = FILE) -> Document:
    """The document in a file's content. Raises InvalidRequest, naming line and column."""
    encoded = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if len(encoded) > MAX_BYTES:
        _refuse(path, None, "the file is too large.", f"at most {MAX_BYTES:,} bytes")
    try:
        text = encoded.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(path, None, f"the file is no UTF-8: {error.reason} at byte {error.start:,}.", "text in UTF-8")
    return _Reader(path, text).document()


class _Reader:
    """Makes values of the parser's events one by one: nothing recurses, nothing is made of tags."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._text = text
        self._places: dict[str, tuple[int, int]] = {}
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._values = 0

    def document(self) -> Document:
        try:
            self._events = iter(yaml.parse(self._text, Loader=_LOADER))
            self._take(yaml.StreamStartEvent)
            event = next(self._events)
            if isinstance(event, yaml.StreamEndEvent):
                _refuse(self._path, None, "the file is empty.", "'version: 1' and 'events:'")
            value, _, _ = self._value(next(self._events), "", 1)
            self._take(yaml.DocumentEndEvent)
            after = next(self._events)
        except yaml.MarkedYAMLError as error:
            said = " ".join(part for part in (error.context, error.problem) if part)
            mark = error.problem_mark or error.context_mark
            _refuse(self._path, mark, f"this is no YAML: {said}.", "a YAML file")
        except yaml.YAMLError as error:  # characters that YAML does not have
            _refuse(self._path, None, f"this is no YAML: {error}.", "a YAML file")
        if not isinstance(after, yaml.StreamEndEvent):
            _refuse(self._path, after.start_mark, "a second document begins here.", "one document a file")
        return Document(value, self._path, self._places)

    def _take(self, kind: type[yaml.Event]) -> None:
        event = next(self._events)
        assert isinstance(event, kind)  # noqa: S101  # the parser's own grammar

    def _value(self, event: Any, at: str, depth: int) -> tuple[Any, int, int]:
        """The value that begins with an event, how many values that are, and how deep they nest."""
        self._places.setdefault(at, _place(event.start_mark))
        if depth > MAX_DEPTH:
            self._fail(event, at, "this nests too deeply.", f"at most {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            made = self._aliased(event, at, depth)
        elif isinstance(event, yaml.ScalarEvent):
            made = self._scalar(event, at), 1, 1
        elif isinstance(event, yaml.SequenceStartEvent):
            made = self._list(event, at, depth)
        else:
            made = self._mapping(event, at, depth)
        if isinstance(event, yaml.AliasEvent):
            self._count(made[1], event, at)
            return made
        self._count(1, event, at)
        if event.anchor is not None:
            self._anchors[event.anchor] = made
        return made

    def _count(self, values: int, event: Any, at: str) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            self._fail(event, at, "the file says too much.", f"at most {MAX_VALUES:,} values")

    def _aliased(self, event: Any, at: str, depth: int) -> tuple[Any, int, int]:
        if event.anchor not in self._anchors:  # or it stands within what it stands for
            known = ", ".join(f"*{name}" for name in self._anchors) or "none exist yet"
            self._fail(event, at, f"there is no whole value {shown(event.anchor)} before this one.", known)
        made = self._anchors[event.anchor]
        if depth + made[2] - 1 > MAX_DEPTH:
            self._fail(event, at, "this nests too deeply.", f"at most {MAX_DEPTH} levels")
        return made

    def _list(self, start: Any, at: str, depth: int) -> tuple[Any, int, int]:
        self._untagged(start, at)
        values: list[Any] = []
        counted, deepest = 1, 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            value, count, below_it = self._value(event, f"{at}[{len(values)}]", depth + 1)
            values.append(value)
            counted, deepest = counted + count, max(deepest, below_it)
        return values, counted, deepest + 1

    def _mapping(self, start: Any, at: str, depth: int) -> tuple[Any, int, int]:
        self._untagged(start, at)
        values: dict[str, Any] = {}
        counted, deepest = 1, 0
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, at, values)
            inner = entry_field(at, key) if at in SECTIONS else below(at, key)
            self._places[inner] = _place(event.start_mark)
            values[key], count, below_it = self._value(next(self._events), inner, depth + 1)
            counted, deepest = counted + count, max(deepest, below_it)
        return values, counted, deepest + 1

    def _key(self, event: Any, at: str, known: Mapping[str, Any]) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._fail(event, at, "a key is no text.", "texts as keys")
        self._untagged(event, at)
        key = str(event.value)
        if key == "<<" and event.implicit[0]:
            self._fail(event, at, "keys are not merged here ('<<').", "an alias for a whole value")
        if key in known:
            self._fail(event, at, f"the key {shown(key)} stands here twice.", "each key once")
        self._count(1, event, at)
        return key

    def _scalar(self, event: Any, at: str) -> object:
        self._untagged(event, at)
        return self._plain(event, at) if event.implicit[0] else str(event.value)

    def _plain(self, event: Any, at: str) -> object:
        """What a plain scalar is in YAML 1.2's core schema."""
        text = str(event.value)
        if text in _NULL:
            return None
        if text in _FLAGS:
            return _FLAGS[text]
        is_number = NUMBER.fullmatch(text)
        if _NO_JSON.fullmatch(text) or (is_number and (len(text) > _MOST_DIGITS or isinf(float(text)))):
            self._fail(
                event, at, f"{shown(text)} is no number that can be used.", "a finite number, or quotes"
            )
        if _WHOLE.fullmatch(text):
            return int(text)
        return float(text) if is_number else text

    def _untagged(self, event: Any, at: str) -> None:
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            self._fail(event, at, f"tags such as {shown(event.tag)} are not taken.", "plain values")

    def _fail(self, event: Any, at: str, message: str, valid: str) -> NoReturn:
        _refuse(self._path, event.start_mark, message, valid, at)


def _refuse(path: str, mark: Any, message: str, valid: str, at: str = "") -> NoReturn:
    where = path if mark is None else ":".join(map(str, (path, *_place(mark))))
    raise InvalidRequest(message, field=f"{where}: {at}" if at else where, valid=valid)


def _place(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


_LAST_PART: Final = re.compile(r"(\.[^.\[\]]*|\[(\d+|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\])$")


def _outer(at: str) -> str:
    """The field around a field; empty around the outermost."""
    found = _LAST_PART.search(at)
    return at[: found.start()] if found else ""


def several(errors: list[InvalidRequest]) -> InvalidRequest:
    """One error for all that is wrong: itself, or a list of them."""
    if len(errors) == 1:
        return errors[0]
    listed = "".join(f"\n  {error}" for error in errors[:20])
    more = f"\n  and {len(errors) - 20} more" if len(errors) > 20 else ""
    kind = (
        UnsupportedSelector
        if all(isinstance(each, UnsupportedSelector) for each in errors)
        else InvalidRequest
    )
    return kind(f"{len(errors)} things are wrong:{listed}{more}")
