"""Cases that contradict what Backsight means by choice: the reason, and what Backsight answers instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Contradiction:
    """Why a case's vendor and we differ; `ours` has the shape of the case's `expect`."""

    reason: str
    ours: Any


CONTRADICTIONS: dict[str, Contradiction] = {
    "posthog_trends__test_active_user_math": Contradiction(
        "Weekly active persons are those of the seven days that end with a day, whether or not anything"
        " happened on that day itself. PostHog of 2022 left days without events at zero.",
        {"points": [{"series": 0, "field": "data", "value": [3, 2, 2, 2, 2, 2, 2, 2]}]},
    ),
}
