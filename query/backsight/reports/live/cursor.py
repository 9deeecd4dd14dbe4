"""A place in the order of storage: which commits were told, and how much of the one after them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from backsight.errors import shown
from backsight.fields import refuse

_WRITTEN: Final = re.compile(r"v(\d{1,15})(?:\.(\d{1,12}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """All commits up to `version` were told; with `rows`, of that one itself only so many rows."""

    version: int
    rows: int = 0

    def __str__(self) -> str:
        # A table that nothing was written to yet has the version -1.
        return f"v{self.version + 1}" + (f".{self.rows}" if self.rows else "")


def read_cursor(value: object) -> Cursor:
    """The `after` of a request. Raises InvalidRequest."""
    found = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        refuse(f"{shown(value)} is no place among the events.", "after", value, "`next` of an earlier answer")
    return Cursor(int(found[1]) - 1, int(found[2] or 0))
