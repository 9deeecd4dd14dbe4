"""What an examination finds: one matter, in which state it is, what to do about it, and the figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["fine", "know", "act"]
"""All is well; worth knowing, and nothing to do; something to do."""


@dataclass(frozen=True)
class Finding:
    """One matter."""

    check: str
    """Which check found it."""
    state: State
    words: str
    do: tuple[str, ...] = ()
    """What to do, a sentence or a command each, the best first."""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        return {
            "check": self.check,
            "state": self.state,
            "words": self.words,
            "do": list(self.do),
            "facts": dict(self.facts),
        }
