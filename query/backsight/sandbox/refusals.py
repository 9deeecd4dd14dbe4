"""Why a statement is not answered, as it is told from process to process."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["invalid", "memory", "fault"]


@dataclass
class Refusal(Exception):
    """A statement that is not answered: it is wrong (`invalid`), takes too much, or something broke."""

    message: str
    field: str = "sql"
    valid: str = ""
    kind: Kind = "invalid"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def pointed(sql: str, at: object, length: object) -> str:
    """Where something stands in a statement, with a line under it; `at` and `length` count bytes."""
    text = sql.encode()
    if not isinstance(at, int) or not isinstance(length, int) or at >= len(text):
        return ""
    before = text[:at].decode(errors="ignore")
    line = before.count("\n") + 1
    start = before.rpartition("\n")[2]
    rest = text[at:].decode(errors="ignore").partition("\n")[0]
    marked = max(1, min(length, len(rest)))
    kept = start[-60:]
    return f"line {line}\n\n  {kept}{rest[:60]}\n  {' ' * len(kept)}{'^' * min(marked, 60)}\n\n"


_PLACE = re.compile(r"\n+LINE (\d+): (.*)\n( *)(\^+)", re.DOTALL)
_PREFIX = re.compile(r"^[A-Z][A-Za-z ]* Error: ")


def from_database(error: Exception, lines_before: int = 0) -> Refusal:
    """What DuckDB says of a statement, the place first; that had some lines before it."""
    text = str(error)
    said, place = text, ""
    if found := _PLACE.search(text):
        label = len(f"LINE {found[1]}: ")
        said = text[: found.start()]
        place = f"line {int(found[1]) - lines_before}\n\n  {found[2]}\n  {found[3][label:]}{found[4]}\n\n"
    said, _, candidates = _PREFIX.sub("", said).partition("\nCandidate bindings: ")
    said = re.sub(r"\n+(?:Use SET|For more information|Possible solutions:).*", "", said, flags=re.DOTALL)
    return Refusal(f"{place}{said.strip()}", valid=candidates.strip().replace('"', "'"))
