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
    "posthog_retention_new__test_retention_24h_window_rejects_cumulative": Contradiction(
        "Who came back 24 hours after the start or later is as well defined as who came back in a calendar"
        " period or later. PostHog refuses the question; Backsight answers it.",
        {"error": None},
    ),
    "posthog_trends__test_active_user_math": Contradiction(
        "Weekly active persons are those of the seven days that end with a day, whether or not anything"
        " happened on that day itself. PostHog of 2022 left days without events at zero.",
        {"points": [{"series": 0, "field": "data", "value": [3, 2, 2, 2, 2, 2, 2, 2]}]},
    ),
}
