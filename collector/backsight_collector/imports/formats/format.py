"""What a format is: made once a file, asked about one row after the other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from hashlib import blake2b
from typing import Any, Final, Protocol

import msgspec

from backsight_collector.imports.mapped import Fields, Said

TOLD: Final = 100_000
"""Persons whose last traits are remembered."""


@dataclass(frozen=True)
class Options:
    """How the rows are to be read: `zone` for times without an offset, `columns` for plain tables."""

    zone: tzinfo = UTC
    columns: Mapping[str, str] = field(default_factory=dict)


class Format(Protocol):
    """Reads rows; equal rows with equal identities say the same in every process and for ever."""

    def read(self, fields: Fields, place: str) -> list[Said]:
        """What the row says: an event, and what else it tells of the person. Raises Refused.

        `place` stands for the row (its file's contents and its number there): the identity of one that has
        none."""


class Told:
    """What exports repeat on every row of a person, and is worth saying only when it changes."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, int] = OrderedDict()

    def is_news(self, person: str, traits: Mapping[str, Any]) -> bool:
        """Whether these are others than were told of the person last; nothing is no news."""
        if not traits:
            return False
        mark = hash(msgspec.json.encode(traits, enc_hook=str, order="deterministic"))
        if self._last.get(person) == mark:
            return False
        self._last[person] = mark
        self._last.move_to_end(person)
        if len(self._last) > TOLD:
            self._last.popitem(last=False)
        return True


def identity(product: str, *parts: object) -> str:
    """Of an event that a product tells apart by these."""
    hashed = blake2b("\0".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=16)
    return f"{product} {hashed.hexdigest()}"
