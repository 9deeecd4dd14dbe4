"""Cases that contradict what Backsight means by choice: the reason, and what Backsight answers instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Contradiction:
    """Why a case's vendor and we differ; `ours` has the shape of the case's `expect`."""

    reason: str
    ours: Any


CONTRADICTIONS: dict[str, Contradiction] = {}
