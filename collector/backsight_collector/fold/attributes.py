"""Which attributes of a site are part of its elements.

The trie's enemy is a value that never stops changing on an ancestor: a scroll offset in a `data-` attribute
of `<html>` would multiply everything below it, event by event. So the distinct values of every attribute of a
site are counted, and past a limit the attribute is *withheld*: its value is null on every element from then
on (that it is present is still known), and an event keeps its own target's value in
`events.target_attributes`.

`class` and `id` are what most rules are written in. Their limit is ten times as high, and past it only *new*
values are withheld: a generated class name must not cost a site the rules that it has. Attribute names can be
generated too; past MAX_ATTRIBUTE_NAMES a site's new names are left out of its elements altogether.

Nothing of this is stored: the counts are taken again from `elements` at every start.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from backsight.contract import (
    KEY_ATTRIBUTES,
    KEY_FACTOR,
    MAX_ATTRIBUTE_CHARS,
    MAX_ATTRIBUTE_NAMES,
    MAX_EVENT_BYTES,
    MAX_NAME_CHARS,
    is_captured_attribute,
)

log = logging.getLogger(__name__)

Attributes = tuple[tuple[str, str | None], ...]


class Description(NamedTuple):
    """An element's attributes, sorted by name, and those of them whose values were withheld by the limit."""

    kept: Attributes
    withheld: tuple[tuple[str, str], ...]


class AttributeBound:
    """One site's counts. `generation` changes whenever what was described before may be described
    differently."""

    def __init__(self, site: str, limit: int) -> None:
        self.generation = 0
        self._site, self._limit = site, limit
        self._values: dict[str, set[int]] = {}
        self._withheld: dict[str, str] = {}

    @property
    def withheld(self) -> Mapping[str, str]:
        """Attributes past their limit, and what follows, in words."""
        return self._withheld

    def load(self, pairs: Iterable[tuple[str, str | None]]) -> None:
        """Counts the values of elements that are stored already."""
        for name, value in pairs:
            self._values.setdefault(name, set())
            if value is not None:
                self._admits(name, value)

    def describe(self, attributes: Mapping[str, str | None]) -> Description:
        """What of an element's attributes is kept; counts their values."""
        kept: list[tuple[str, str | None]] = []
        withheld: list[tuple[str, str]] = []
        for name, value in sorted(attributes.items()):
            if not _is_captured(name):
                continue
            if value is not None and len(value) > MAX_ATTRIBUTE_CHARS:
                value = None
            if not self._has_room(name):
                withheld += [(name, value)] if value is not None else []
            elif value is None or self._admits(name, value):
                kept.append((name, value))
            else:
                kept.append((name, None))
                withheld.append((name, value))
        return Description(tuple(kept), _first(withheld))

    def knows(self, attributes: Mapping[str, str | None]) -> bool:
        """Whether there is nothing among these that `describe` would have to count."""
        return all(
            len(self._values) >= MAX_ATTRIBUTE_NAMES
            if name not in self._values
            else value is None
            or len(value) > MAX_ATTRIBUTE_CHARS
            or hash(value) in self._values[name]
            or (name in self._withheld)
            for name, value in attributes.items()
            if _is_captured(name)
        )

    def _has_room(self, name: str) -> bool:
        if name in self._values:
            return True
        if len(self._values) >= MAX_ATTRIBUTE_NAMES:
            many = f"{MAX_ATTRIBUTE_NAMES} attribute names are in use"
            self._report("(new names)", f"left out of elements: {many}")
            return False
        self._values[name] = set()
        return True

    def _admits(self, name: str, value: str) -> bool:
        """Whether this value may stand on an element. The one that passes the limit still does: so that the
        stored elements themselves tell that it was passed."""
        values = self._values[name]
        key = hash(value)
        if name in KEY_ATTRIBUTES:
            return key in values or self._admits_key(name, values, key)
        if name in self._withheld:
            return False
        values.add(key)
        if len(values) > self._limit:
            values.clear()
            self._report(name, f"withheld: more than {self._limit} distinct values")
            self.generation += 1
        return True

    def _admits_key(self, name: str, values: set[int], key: int) -> bool:
        limit = self._limit * KEY_FACTOR
        if len(values) >= limit:
            self._report(name, f"new values are withheld: {limit} distinct values are in use")
            return False
        values.add(key)
        return True

    def _report(self, name: str, consequence: str) -> None:
        if name not in self._withheld:
            self._withheld[name] = consequence
            log.warning("site %s: attribute %s %s", self._site, name, consequence)


def captured(attributes: Mapping[str, str | None]) -> tuple[tuple[str, str], ...]:
    """The values that may be kept of an element that is none of the site's elements."""
    return _first(
        (name, value)
        for name, value in sorted(attributes.items())
        if value is not None and len(value) <= MAX_ATTRIBUTE_CHARS and _is_captured(name)
    )


def _first(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """As many as one event may have: an element is sent once for a thousand, and stands in each."""
    room = MAX_EVENT_BYTES
    first: list[tuple[str, str]] = []
    for name, value in pairs:
        room -= len(name) + len(value)
        if room < 0:
            break
        first.append((name, value))
    return tuple(first)


def _is_captured(name: str) -> bool:
    return len(name) <= MAX_NAME_CHARS and is_captured_attribute(name.lower())
